#pragma once
// The triggers' identity, for those who must tell ours from others.

#include "pg/postgres.hpp"

namespace billing::guard {

// Whether a C function is the extension's own BEFORE ROW trigger of this table.
bool is_own_before_trigger(PGFunction function, std::string_view table);

// Lets the cache of known transitions follow changes of the enum types.
void register_transition_cache();

} // namespace billing::guard
