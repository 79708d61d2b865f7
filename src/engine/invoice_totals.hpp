#pragma once
// Totals of draft invoices.

#include "engine/verb.hpp"

namespace billing::engine {

// Computes line and header totals of drafts anew from their details: chargeable amounts and their tax, and what
// retainers add and take. Returns, for each draft, how much more of retainers it takes than before.
std::map<std::int64_t, Decimal> recompute_totals(const Ids& invoice_ids);

// The same where the totals of the lines are right already.
std::map<std::int64_t, Decimal> recompute_headers(const Ids& invoice_ids);

} // namespace billing::engine
