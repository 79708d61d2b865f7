#pragma once
// Which actuals the confirmation of an invoice detail writes.

#include "domain/decimal.hpp"
#include "domain/extended.hpp"
#include "domain/vocabulary.hpp"

#include <vector>

namespace billing {

// What a detail bills, or what its source says.
struct DetailTerms {
    BillingType billing_type;
    Decimal quantity;
    Decimal price;
    Decimal amount; // after discount and fee
    Decimal tax;
    Extension extension{};
};

// What a written row refers to: nothing, the source of the detail, or an earlier row of the same list.
inline constexpr int no_row = -2;
inline constexpr int source_row = -1;

// One actual to write. Rows that take something back carry the negated quantity, amount, tax, discount
// and fee of what they reverse.
struct ConfirmedRow {
    TransactionType type;
    AdjustmentStatus adjustment;
    BillingStatus status;
    DetailTerms terms;
    int reverses; // the row it takes back
    int source;   // the row it bills or replaces

    // Whether it is backlog again.
    bool is_open() const { return status == BillingStatus::not_ready_to_invoice; }
};

// Whether an edit changes what is billed, so that the source must be superseded. Tax and texts alone do not.
bool supersedes_source(const DetailTerms& source, const DetailTerms& edited);

// What of a sale is left when only `quantity` of it is billed, as a sale of its own: billing type and price of the
// source, amount and tax so that both parts add up to the source exactly at its price, whatever price and tax the
// billed part was given. The quantity is zero when nothing is left.
DetailTerms rest_of(const DetailTerms& source, const Decimal& quantity, int money_scale);

// Rows for a detail backed by an unbilled sale.
// Not superseded: the sale is reversed and billed, with the tax of the detail.
// Superseded: the sale is reversed as canceled; what is billed becomes an unbilled sale of its own, reversed and
// billed; what a reduced quantity leaves is written, reversed and billed as non-chargeable, at the original price, or,
// with `keeps_rest`, stays in the backlog as an open sale of its own.
std::vector<ConfirmedRow> confirm_sale(const DetailTerms& source, const DetailTerms& edited, int money_scale,
                                       bool keeps_rest = false);

// Rows for a detail typed in on the draft: an unbilled sale, its reversal and the billed sale; on a line without
// unbilled sales (fixed price) only the billed sale.
std::vector<ConfirmedRow> confirm_manual(const DetailTerms& terms, bool has_unbilled_sales);

// Rows for the correction of a billed sale; the source is that sale, `corrected` is what shall finally stand.
// The billed sale is reversed. A quantity that stays is billed anew, through an unbilled sale of its own where the line
// has such. What a reduced quantity leaves returns to the backlog: an open unbilled sale with the billing type of the
// billed one, at its original price, never non-chargeable as after an edit of a first invoice.
// Credited and returned amounts and taxes add up to the billed ones exactly while the price stays.
std::vector<ConfirmedRow> confirm_correction(const DetailTerms& billed, const DetailTerms& corrected, int money_scale,
                                             bool has_unbilled_sales);

// The row that credits a billed sale in full and returns nothing to the backlog: a milestone or product line is ready
// again itself.
ConfirmedRow credit_in_full(const DetailTerms& billed);

// The tax that goes with a corrected amount unless somebody enters another: in proportion, all of it for the whole.
Decimal corrected_tax(const DetailTerms& billed, const Decimal& corrected_amount, int money_scale);

} // namespace billing
