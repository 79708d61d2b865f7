#pragma once
// Retainers: amounts paid in advance. How much of them an invoice takes, and which actuals they become.
//
// While something of a retainer is left, one unbilled sale holds its balance as a negative amount. Whatever uses the
// balance takes that row back and, if something remains, writes a new one.

#include "domain/confirmation.hpp"

namespace billing {

// What one retainer could give to a draft.
struct AdvanceOffer {
    Decimal free;                 // its balance without what other drafts hold
    std::optional<Decimal> limit; // chosen by hand
};

// What a draft takes of each offer, in the order given: all of it up to its limit, until the room is used up. The room
// is what the draft charges for work, milestones and products, without tax.
std::vector<Decimal> apply_advances(const std::vector<AdvanceOffer>& offers, Decimal room);

// In the rows below, source_row is the unbilled sale that holds the balance, and billed_row the billed sale that a
// correction takes back.
inline constexpr int billed_row = -3;

// A retainer is billed: the billed sale, and the balance.
std::vector<ConfirmedRow> bill_retainer(const Decimal& amount);

// A part of the balance, or all of it, is set against an invoice.
std::vector<ConfirmedRow> use_retainer(const Decimal& balance, const Decimal& used);

// The whole balance is paid back.
std::vector<ConfirmedRow> refund_retainer(const Decimal& balance);

// --- corrections: the billed sale becomes adjusted, and

// … a billed retainer is credited in full, which is possible while nothing of it was used: no balance is left.
std::vector<ConfirmedRow> credit_retainer(const Decimal& amount);

// … what was set against an invoice returns to the balance.
std::vector<ConfirmedRow> credit_use(const Decimal& balance, const Decimal& used);

// … what was paid back is the balance again.
std::vector<ConfirmedRow> credit_refund(const Decimal& refunded);

} // namespace billing
