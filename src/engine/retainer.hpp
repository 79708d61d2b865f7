#pragma once
// Retainers on invoices: what the verbs about drafts and confirmation do with them.

#include "engine/verb.hpp"

namespace billing::engine {

// Contracts of the given retainers.
Ids contracts_of_retainers(const Ids& retainer_ids);

// Drafts are being deleted: retainers on them are ready again, staged refunds are off, advances and corrections gone.
void release_retainers(std::int64_t operation_id, const Ids& invoice_ids);

// Takes retainers off their drafts, ready again, and what corrective drafts take back of them; reports them and returns
// the drafts. The contracts must be locked.
// Raises ZB022 for one that is on no draft.
Ids remove_retainers(Verb& verb, std::int64_t operation_id, const Ids& retainer_ids);

// Drafts are being confirmed: bills retainers, uses what was applied, pays back what was staged, takes back what is
// corrected. The contracts must be locked.
void confirm_retainers(std::int64_t operation_id, const Ids& invoice_ids);

} // namespace billing::engine
