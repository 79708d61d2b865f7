#pragma once
// Totals of draft invoices.

#include "engine/verb.hpp"

namespace billing::engine {

// Computes line and header totals of drafts anew from their details: chargeable amounts and their tax.
void recompute_totals(const Ids& invoice_ids);

} // namespace billing::engine
