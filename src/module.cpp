// What the server needs of a loadable module, and nothing else.

#include "guard/guard_trigger.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

extern "C" {
#pragma GCC visibility push(default)

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "billing");
#else
PG_MODULE_MAGIC;
#endif

#define BILLING_INFO(name) PG_FUNCTION_INFO_V1(name);
BILLING_SQL_FUNCTIONS(BILLING_INFO)
#undef BILLING_INFO

void _PG_init();

#pragma GCC visibility pop
}

void _PG_init() {
    billing::guard::register_callbacks();
    billing::guard::register_transition_cache();
}
