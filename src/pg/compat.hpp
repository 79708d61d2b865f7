#pragma once
// Differences between the supported PostgreSQL versions (14 to 18), in one place.

#include "pg/postgres.hpp"

namespace billing::pg {

// Prepares fcinfo for materialize mode with the declared result columns.
void init_result_set(FunctionCallInfo fcinfo);

} // namespace billing::pg
