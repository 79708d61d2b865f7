#pragma once
// Corrections of confirmed invoices, as drafts hold them. A billed sale on a corrective draft is in_process: its claim.

#include "engine/verb.hpp"

namespace billing::engine {

// The billed sales behind these details stand again; details that are no corrections are left out.
void release_corrected_sales(std::int64_t operation_id, const Ids& details);

// The same for every correction on these invoices.
void release_corrected_sales_of(std::int64_t operation_id, const Ids& invoices);

// The same for billed sales of retainers, which also leave their corrective drafts.
void release_retainer_sales(std::int64_t operation_id, const Ids& sales);

// Sets has_corrections of drafts as their details say.
void note_corrections(const Ids& invoices);

} // namespace billing::engine
