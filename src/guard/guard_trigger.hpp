#pragma once
// What others need to know of the triggers: their identity, and when they stand aside.

#include "pg/postgres.hpp"

namespace billing::guard {

// Whether a C function is the extension's own BEFORE ROW trigger of this table.
bool is_own_before_trigger(PGFunction function, std::string_view table);

// Whether the change comes from logical replication: such rows were checked where they were written.
bool is_replicated();

// Lets the cache of known transitions follow changes of the enum types.
void register_transition_cache();

} // namespace billing::guard
