#include "domain/standing.hpp"

#include <algorithm>

namespace billing {

namespace {

Hold hold_of_sale(const LedgerRow& row) noexcept {
    return row.billing_status == BillingStatus::customer_invoice_created ? Hold::on_draft : Hold::none;
}

Hold hold_of_row(const LedgerRow& row) noexcept {
    if (row.adjustment == AdjustmentStatus::in_process)
        return Hold::in_correction;
    if (row.adjustment != AdjustmentStatus::adjustable)
        return Hold::none;
    switch (row.type) {
    case TransactionType::billed_sales:
        return Hold::on_invoice;
    case TransactionType::unbilled_sales:
        return hold_of_sale(row);
    default:
        return Hold::none;
    }
}

// What the rows and the actuals wanted of one kind come to, the one less the other. A sale may stand in parts: what an
// invoice billed of it, what it left, what fitted a limit.
struct Balance {
    NewActual kind;
    bool stands = false; // some row is of this kind
};

bool is_of_kind(const LedgerRow& row, const NewActual& kind, bool at_price) {
    return row.type == kind.type && row.billing_type == kind.billing_type && row.customer_id == kind.customer_id &&
           (!at_price || (row.price == kind.price && row.extension.rates == kind.extension.rates));
}

std::vector<Balance> balances_of(const std::vector<NewActual>& wanted, bool at_price) {
    std::vector<Balance> balances;
    for (const NewActual& actual : wanted) {
        const auto found = std::find_if(balances.begin(), balances.end(), [&](const Balance& balance) {
            return balance.kind.type == actual.type && balance.kind.billing_type == actual.billing_type &&
                   balance.kind.customer_id == actual.customer_id &&
                   (!at_price ||
                    (balance.kind.price == actual.price && balance.kind.extension.rates == actual.extension.rates));
        });
        if (found == balances.end()) {
            balances.push_back({actual});
        } else {
            found->kind.quantity += actual.quantity;
            found->kind.amount += actual.amount;
            found->kind.tax += actual.tax;
            found->kind.extension = sum(found->kind.extension, actual.extension);
        }
    }
    return balances;
}

// What the sales in the backlog come to.
struct Agreed {
    bool any = false;
    bool charges = false;
    bool one_price = true;
    BillingType other_type = BillingType::non_chargeable;
    Decimal price;
    Decimal charged;
    Decimal tax;
};

Agreed agreed_in(const std::vector<LedgerRow>& rows) {
    Agreed agreed;
    for (const LedgerRow& row : rows) {
        if (!is_in_backlog(row))
            continue;
        const bool charges = row.billing_type == BillingType::chargeable;
        // What is charged decides about the price; what is not, only where nothing is.
        if (agreed.any && charges == agreed.charges) {
            agreed.one_price = agreed.one_price && agreed.price == row.price;
        } else if (charges || !agreed.any) {
            agreed.price = row.price;
            agreed.one_price = true;
        }
        agreed.any = true;
        agreed.charges = agreed.charges || charges;
        if (charges) {
            agreed.charged += row.quantity;
            agreed.tax += row.tax;
        } else {
            agreed.other_type = row.billing_type;
        }
    }
    return agreed;
}

bool same(const std::vector<LedgerRow>& rows, std::int64_t contract_id, std::int64_t line_id,
          const std::vector<NewActual>& wanted, bool at_price) {
    std::vector<Balance> balances = balances_of(wanted, at_price);
    for (const LedgerRow& row : rows) {
        const auto found = std::find_if(balances.begin(), balances.end(),
                                        [&](const Balance& one) { return is_of_kind(row, one.kind, at_price); });
        if (found == balances.end() || row.contract_id != contract_id || row.line_id != line_id)
            return false;
        found->stands = true;
        found->kind.quantity -= row.quantity;
        found->kind.amount -= row.amount;
        found->kind.tax -= row.tax;
        found->kind.extension = remainder(found->kind.extension, row.extension);
    }
    return std::all_of(balances.begin(), balances.end(), [at_price](const Balance& balance) {
        return balance.stands && balance.kind.quantity.is_zero() &&
               (!at_price || (balance.kind.amount.is_zero() && balance.kind.tax.is_zero() &&
                              balance.kind.extension.discount.is_zero() && balance.kind.extension.fee.is_zero()));
    });
}

// What the row replaces or bills; nullptr if nothing, or nothing that is among the rows.
const LedgerRow* source_of(const std::vector<LedgerRow>& rows, const LedgerRow& row) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const LedgerRow& one) {
        return row.source_id != 0 && one.actual_id == row.source_id;
    });
    return found == rows.end() ? nullptr : &*found;
}

// What stood in the backlog before invoices made this of it.
const LedgerRow& before_invoices(const std::vector<LedgerRow>& rows, const LedgerRow& row) {
    const LedgerRow* origin = &row;
    while (origin->invoice_id != 0) {
        const LedgerRow* const source = source_of(rows, *origin);
        if (source == nullptr)
            break;
        origin = source;
    }
    return *origin;
}

// A cost, or a sale that is in the backlog, on a draft, or billed and not credited.
bool counts(const LedgerRow& row) noexcept {
    if (row.adjustment != AdjustmentStatus::adjustable && row.adjustment != AdjustmentStatus::in_process)
        return false;
    return row.type != TransactionType::unbilled_sales ||
           (row.billing_status != BillingStatus::customer_invoice_posted &&
            row.billing_status != BillingStatus::canceled);
}

} // namespace

bool is_in_backlog(const LedgerRow& row) noexcept {
    return row.type == TransactionType::unbilled_sales && row.adjustment == AdjustmentStatus::adjustable &&
           (row.billing_status == BillingStatus::not_ready_to_invoice ||
            row.billing_status == BillingStatus::ready_to_invoice);
}

bool stands(const LedgerRow& row) noexcept {
    return (row.type == TransactionType::cost && row.adjustment == AdjustmentStatus::adjustable) || is_in_backlog(row);
}

Hold hold_of(const std::vector<LedgerRow>& rows) noexcept {
    Hold strongest = Hold::none;
    for (const LedgerRow& row : rows)
        strongest = std::max(strongest, hold_of_row(row));
    return strongest;
}

const char* reason_of(Hold hold) noexcept {
    switch (hold) {
    case Hold::none:
        return "";
    case Hold::on_draft:
        return "a sale of the entry is on a draft invoice";
    case Hold::in_correction:
        return "a sale of the entry is being corrected";
    case Hold::on_invoice:
        return "a sale of the entry is on a confirmed invoice and not credited in full";
    }
    return "";
}

bool same_terms(const std::vector<LedgerRow>& rows, std::int64_t contract_id, std::int64_t line_id,
                const std::vector<NewActual>& wanted) {
    return same(rows, contract_id, line_id, wanted, true);
}

bool same_quantities(const std::vector<LedgerRow>& rows, std::int64_t contract_id, std::int64_t line_id,
                     const std::vector<NewActual>& wanted) {
    return same(rows, contract_id, line_id, wanted, false);
}

bool agreed_at_one_price(const std::vector<LedgerRow>& rows) {
    const Agreed agreed = agreed_in(rows);
    return !agreed.any || agreed.one_price;
}

std::int64_t credited_sale(const std::vector<LedgerRow>& rows) noexcept {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [](const LedgerRow& row) { return is_in_backlog(row) && row.source_id != 0; });
    return found == rows.end() ? 0 : found->actual_id;
}

ApprovedWork as_agreed(const ApprovedWork& work, const std::vector<LedgerRow>& rows) {
    const Agreed agreed = agreed_in(rows);
    if (!agreed.any)
        return work;
    ApprovedWork result = work;
    if (agreed.one_price) {
        result.sales_price = agreed.price;
        result.sales_source = PriceSource::typed;
    }
    if (!agreed.charges) {
        result.chosen_type = agreed.other_type;
        return result;
    }
    result.billable_quantity = agreed.charged;
    result.tax = agreed.tax;
    if (work.chosen_type && work.chosen_type != BillingType::chargeable)
        result.chosen_type = BillingType::chargeable;
    return result;
}

std::vector<LedgerRow> as_written(const std::vector<LedgerRow>& rows) {
    std::vector<LedgerRow> written;
    for (const LedgerRow& row : rows) {
        if (!counts(row))
            continue;
        const LedgerRow& origin = before_invoices(rows, row);
        if (std::none_of(written.begin(), written.end(),
                         [&](const LedgerRow& known) { return known.actual_id == origin.actual_id; }))
            written.push_back(origin);
    }
    return written;
}

bool was_priced_on_invoice(const std::vector<LedgerRow>& rows) {
    return std::any_of(rows.begin(), rows.end(), [&](const LedgerRow& row) {
        if (!is_in_backlog(row))
            return false;
        const LedgerRow* changed = &row;
        const LedgerRow* source = source_of(rows, row);
        while (source != nullptr && source->price == changed->price) {
            changed = source;
            source = source_of(rows, *changed);
        }
        return source != nullptr && changed->invoice_id != 0;
    });
}

bool same_prices(const std::vector<LedgerRow>& rows, const std::vector<NewActual>& wanted) {
    const std::vector<LedgerRow> written = as_written(rows);
    return std::all_of(written.begin(), written.end(), [&](const LedgerRow& row) {
        return std::none_of(wanted.begin(), wanted.end(), [&](const NewActual& actual) {
            return actual.type == row.type && actual.price != row.price;
        });
    });
}

} // namespace billing
