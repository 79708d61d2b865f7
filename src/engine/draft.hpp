#pragma once
// Draft invoices of items that somebody else chose.

#include "engine/contract_book.hpp"
#include "engine/verb.hpp"

namespace billing::engine {

struct ItemsToBill {
    Ids actuals;
    Ids milestones; // shares
    Ids products;   // contract lines
    Ids retainers;

    bool empty() const { return actuals.empty() && milestones.empty() && products.empty() && retainers.empty(); }
};

struct DraftedItems {
    std::int64_t draft_count = 0;
    Decimal total_amount; // with tax
};

// Puts items of one contract, locked and loaded, on new drafts as part of an operation, as create_invoices() does with
// single items; what is not ready is left out. Raises ZB021 if the contract cannot be billed.
DraftedItems draft_items(Verb& verb, std::int64_t operation_id, ContractBook contract, const ItemsToBill& items,
                         DateADT invoice_date);

} // namespace billing::engine
