#pragma once
// What of an entry stands in the ledger, whether it may be taken back, and whether it still says what the terms say.

#include "domain/approval.hpp"

#include <cstdint>
#include <vector>

namespace billing {

// An actual of an entry that is not a reversal.
struct LedgerRow {
    std::int64_t actual_id;
    std::int64_t contract_id;
    std::int64_t line_id;     // 0: no contract line pays
    std::int64_t customer_id; // 0: no paying customer
    TransactionType type;
    BillingType billing_type;
    BillingStatus billing_status;
    AdjustmentStatus adjustment;
    NteStatus nte;
    std::int64_t source_id; // of a sale: what it replaces; 0: the entry itself wrote it
    Decimal quantity;
    Decimal price;
    Decimal amount;
    Decimal tax;
    Extension extension{};
    std::int64_t invoice_id = 0; // the invoice whose confirmation wrote it; 0: none
};

// What keeps the actuals of an entry from being taken back.
enum class Hold { none, on_draft, in_correction, on_invoice };

// A cost, or an unbilled sale on no invoice, that nothing has superseded: what is reversed when an entry is taken back.
bool stands(const LedgerRow& row) noexcept;

// An unbilled sale that is in the backlog.
bool is_in_backlog(const LedgerRow& row) noexcept;

// The strongest hold of an entry's rows. A billed sale holds until a corrective invoice has credited it; then the sale
// written for it stands in its place.
Hold hold_of(const std::vector<LedgerRow>& rows) noexcept;

// Why; empty for none.
const char* reason_of(Hold hold) noexcept;

// Whether the rows come to the actuals wanted on that contract and line, in any order and in any parts: of the same
// type, billing type, customer and price, quantity, amount and tax in total. Not-to-exceed limits do not count: they
// are checked whenever somebody asks, without writing anything anew.
bool same_terms(const std::vector<LedgerRow>& rows, std::int64_t contract_id, std::int64_t line_id,
                const std::vector<NewActual>& wanted);

// The same, but for price, amount and tax.
bool same_quantities(const std::vector<LedgerRow>& rows, std::int64_t contract_id, std::int64_t line_id,
                     const std::vector<NewActual>& wanted);

// False when the sales in the backlog were agreed at different prices on invoices, which no entry can say.
bool agreed_at_one_price(const std::vector<LedgerRow>& rows);

// The sale in the backlog that a corrective invoice put there, or that was written again instead of one; 0: none.
std::int64_t credited_sale(const std::vector<LedgerRow>& rows) noexcept;

// The work of an entry whose invoice was credited: quantity, price, tax and billing type as last agreed on the
// invoice, which the credit brought back into the backlog.
ApprovedWork as_agreed(const ApprovedWork& work, const std::vector<LedgerRow>& rows);

// Costs and sales that count, as they were before any invoice changed them: what approval wrote, or another evaluation
// since. Not what was taken back, nor sales that were credited in full.
std::vector<LedgerRow> as_written(const std::vector<LedgerRow>& rows);

// Whether the price in the backlog was agreed on an invoice: first or corrective, it billed another price than the work
// had before, and nobody has priced the work anew since.
bool was_priced_on_invoice(const std::vector<LedgerRow>& rows);

// Whether costs and sales, as they were before invoices changed them, have the prices of the actuals wanted.
bool same_prices(const std::vector<LedgerRow>& rows, const std::vector<NewActual>& wanted);

} // namespace billing
