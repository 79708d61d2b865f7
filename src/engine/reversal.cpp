#include "engine/reversal.hpp"

#include "engine/operation.hpp"
#include "guard/write_scope.hpp"

namespace billing::engine {

std::int64_t Reversals::add(const LedgerRow& row) {
    std::int64_t const id = next_.next();
    originals_.push_back(row.actual_id);
    reversals_.push_back(id);
    for (Moved* moved : {&all_, &by_status_[row.billing_status]}) {
        moved->contracts.push_back(row.contract_id);
        moved->ids.push_back(row.actual_id);
    }
    if (row.type == TransactionType::billed_sales && row.billing_type == BillingType::chargeable) {
        totals_.add(row.contract_id, row.line_id, row.customer_id, Decimal(), -row.amount);
    }
    if (row.nte == NteStatus::committed) {
        totals_.add(row.contract_id, row.line_id, row.customer_id, -row.amount, Decimal());
    }
    return id;
}

void Reversals::log(std::int64_t operation_id) const {
    for (auto const& [status, moved] : by_status_) {
        if (status == BillingStatus::customer_invoice_posted) {
            continue;
        }
        log_changes(operation_id, {0, "actual", "billing_status", label(status), label(BillingStatus::canceled)},
                    moved.contracts, moved.ids);
    }
    log_changes(operation_id, {0, "actual", "adjustment_status", label(from_), label(AdjustmentStatus::adjusted)},
                all_.contracts, all_.ids);
}

// The log is written first: a customer's AFTER trigger may call the next verb while ours moves the rows.
void Reversals::write(std::int64_t operation_id) {
    static pg::Statement close{R"(
        UPDATE billing.actual
           SET billing_status = CASE billing_status WHEN 'customer_invoice_posted' THEN billing_status ELSE 'canceled' END,
               adjustment_status = 'adjusted', is_open = false
         WHERE actual_id = ANY ($1) AND adjustment_status = (SELECT $2::billing.adjustment_status))",
                               {INT8ARRAYOID, TEXTOID}};
    static pg::Statement reverse{R"(
        INSERT INTO billing.actual
            (contract_id, actual_id, contract_line_id, customer_id, entry_id, journal_line_id, reverses_id, transaction_type,
             transaction_class, billing_type, billing_status, adjustment_status, transaction_date, quantity, price,
             amount, tax, description, external_description, discount_percent, fee_percent, discount_amount,
             fee_amount)
        SELECT a.contract_id, d.reversal_id, a.contract_line_id, a.customer_id, a.entry_id, a.journal_line_id, a.actual_id,
               a.transaction_type, a.transaction_class, a.billing_type, a.billing_status, 'unadjustable', a.transaction_date,
               - a.quantity, a.price, - a.amount, - a.tax, a.description, a.external_description,
               a.discount_percent, a.fee_percent, - a.discount_amount, - a.fee_amount
          FROM unnest($1, $2) AS d (actual_id, reversal_id)
          JOIN billing.actual a ON a.actual_id = d.actual_id)",
                                 {INT8ARRAYOID, INT8ARRAYOID}};
    if (originals_.empty()) {
        return;
    }
    log(operation_id);
    std::uint64_t const closed =
        guard::write(close, "actual", guard::Write::update, pg::Parameters().ids(originals_).text(label(from_)));
    if (closed != originals_.size()) {
        throw DomainError("40001", "actuals changed meanwhile", {}, "Call the verb again.");
    }
    guard::write(reverse, "actual", guard::Write::insert, pg::Parameters().ids(originals_).ids(reversals_));
    originals_.clear();
    reversals_.clear();
    all_ = {};
    by_status_.clear();
}

void LedgerReport::start(std::int64_t entry_id, ItemOutcome outcome, std::string_view reason, std::int64_t actual_id,
                         std::int64_t reverses_id) {
    verb_.result.id_or_null(entry_id).add(outcome_(outcome)).text_or_null(reason);
    verb_.result.id_or_null(actual_id).id_or_null(reverses_id);
}

void LedgerReport::note(std::int64_t entry_id, std::int64_t contract_id, ItemOutcome outcome, std::string_view reason) {
    constexpr int columns_left = 9;
    start(entry_id, outcome, reason, 0, 0);
    verb_.result.id_or_null(contract_id);
    for (int i = 0; i < columns_left; ++i) {
        verb_.result.add_null();
    }
    verb_.result.emit();
}

void LedgerReport::reversal(std::int64_t entry_id, const LedgerRow& row, std::int64_t reversal_id) {
    start(entry_id, ItemOutcome::changed, {}, reversal_id, row.actual_id);
    verb_.result.id(row.contract_id).id_or_null(row.line_id).id_or_null(row.customer_id).add(type_(row.type));
    verb_.result.add(billing_type_(row.billing_type)).add(nte_(NteStatus::not_applicable));
    verb_.result.decimal(-row.quantity).decimal(row.price).decimal(-row.amount).decimal(-row.tax).emit();
}

void LedgerReport::written(std::int64_t entry_id, const NewRow& row) {
    start(entry_id, ItemOutcome::changed, {}, row.actual_id, 0);
    verb_.result.id(row.contract_id).id_or_null(row.line_id).id_or_null(row.customer_id).add(row.type);
    verb_.result.add(row.billing_type).add(row.nte_status).add(row.quantity).add(row.price).add(row.amount);
    verb_.result.add(row.tax).emit();
}

void LedgerReport::evaluated(std::int64_t entry_id, const LedgerRow& row, NteStatus nte) {
    start(entry_id, ItemOutcome::changed, "not-to-exceed status was " + std::string(label(row.nte)), row.actual_id, 0);
    verb_.result.id(row.contract_id).id_or_null(row.line_id).id_or_null(row.customer_id).add(type_(row.type));
    verb_.result.add(billing_type_(row.billing_type)).add(nte_(nte));
    verb_.result.add_null().add_null().add_null().add_null().emit();
}

} // namespace billing::engine
