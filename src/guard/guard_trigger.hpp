#pragma once
// The guard triggers' identity, for those who must tell ours from others.

#include "pg/postgres.hpp"

namespace billing::guard {

// Whether a C function is one of the extension's own BEFORE trigger functions.
bool is_guard_function(PGFunction function);

// Lets the cache of known transitions follow changes of the enum types.
void register_transition_cache();

} // namespace billing::guard
