#include "engine/nte_split.hpp"

#include "engine/extension_rows.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"

namespace billing::engine {

NteSplits::Written NteSplits::add(const LedgerRow& sale, const NteFit& fit) {
    Written written{};
    written.reversal = reversals_.add(sale);
    written.fits = add_part(sale, fit.split->fits, sale.billing_status, committed_verdict());
    written.rest = add_part(sale, fit.split->rest, BillingStatus::not_ready_to_invoice, fit.verdict);
    totals_.add(sale.contract_id, sale.line_id, sale.customer_id, fit.split->fits.amount, Decimal());
    return written;
}

std::int64_t NteSplits::add_part(const LedgerRow& sale, const NteSale& part, BillingStatus status,
                                 const NteVerdict& verdict) {
    std::int64_t const id = next_.next();
    wholes_.push_back(sale.actual_id);
    parts_.push_back(id);
    billing_statuses_.emplace_back(label(status));
    nte_statuses_.emplace_back(label(verdict.status));
    levels_.emplace_back(verdict.failed_level ? label(*verdict.failed_level) : "");
    quantities_.push_back(part.quantity);
    amounts_.push_back(part.amount);
    taxes_.push_back(part.tax);
    discounts_.push_back(text_if_agreed(part.extension, part.extension.discount));
    fees_.push_back(text_if_agreed(part.extension, part.extension.fee));
    if (status == BillingStatus::ready_to_invoice) {
        ready_.push_back(id);
        ready_contracts_.push_back(sale.contract_id);
    }
    return id;
}

// Parts say what the whole said, jointly: they replace what it replaced, and what an invoice wrote they only divide.
void NteSplits::write(std::int64_t operation_id) {
    static pg::Statement insert{R"(
        INSERT INTO billing.actual
            (contract_id, actual_id, contract_line_id, customer_id, entry_id, journal_line_id, source_id, part_of_id, transaction_type,
             transaction_class, billing_type, billing_status, nte_status, nte_failed_level, transaction_date, is_open,
             quantity, price, amount, tax, description, external_description, attributes, discount_percent, fee_percent,
             discount_amount, fee_amount)
        SELECT a.contract_id, d.part_id, a.contract_line_id, a.customer_id, a.entry_id, a.journal_line_id, a.source_id, a.actual_id,
               a.transaction_type, a.transaction_class, a.billing_type, d.billing_status::billing.billing_status,
               d.nte_status::billing.nte_status, nullif(d.level, '')::billing.nte_level, a.transaction_date, true,
               d.quantity, a.price, d.amount, d.tax, a.description, a.external_description, a.attributes,
               a.discount_percent, a.fee_percent, d.discount::numeric, d.fee::numeric
          FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               AS d (actual_id, part_id, billing_status, nte_status, level, quantity, amount, tax, discount, fee)
          JOIN billing.actual a ON a.actual_id = d.actual_id)",
                                {INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID,
                                 NUMERICARRAYOID, NUMERICARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};
    if (parts_.empty()) {
        return;
    }
    log_changes(operation_id,
                {0, "actual", "billing_status", label(BillingStatus::not_ready_to_invoice),
                 label(BillingStatus::ready_to_invoice)},
                ready_contracts_, ready_);
    pg::Parameters parameters;
    parameters.ids(wholes_).ids(parts_).texts(billing_statuses_).texts(nte_statuses_).texts(levels_);
    guard::write(
        insert, "actual", guard::Write::insert,
        std::move(parameters.decimals(quantities_).decimals(amounts_).decimals(taxes_).texts(discounts_).texts(fees_)));
}

} // namespace billing::engine
