#pragma once
// Retainers on invoices that are revised.

#include "domain/vocabulary.hpp"
#include "engine/verb.hpp"

namespace billing::engine {

// A billed sale of a retainer on an invoice to be revised: the retainer billed, an advance applied, or a refund.
struct RetainerSale {
    std::int64_t actual_id;
    std::int64_t retainer_id;
    std::int64_t contract_id;
    DetailKind kind;
    std::string problem; // why it cannot be taken back; empty if it can
};

std::vector<RetainerSale> retainer_sales_of(std::int64_t contract_id, std::int64_t invoice_id);

// Puts them on a corrective draft, which takes them back in full. The claim on the billed sales is the caller's.
void hold_retainer_sales(std::int64_t draft_id, const std::vector<RetainerSale>& sales);

} // namespace billing::engine
