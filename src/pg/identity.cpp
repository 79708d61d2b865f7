#include "pg/identity.hpp"

#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace billing::pg {

namespace {

struct Setting {
    const char* name;
    const char* value;
};

// Statements join tables that may have been filled a moment ago, in the same transaction, without statistics.
// Nested loops over the keys handed in cost the same whatever the planner believes.
constexpr Setting always[] = {{"search_path", "pg_catalog, pg_temp"}, {"jit", "off"}};

constexpr Setting by_keys[] = {
    {"enable_seqscan", "off"},
    {"enable_hashjoin", "off"},
    {"enable_mergejoin", "off"},
    {"enable_material", "off"},
    {"max_parallel_workers_per_gather", "0"},
};

void apply(const Setting& setting) {
    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace

Engine::Engine(Planning planning) {
    Oid const owner = engine_owner();
    wall::call([this, owner, planning] {
        GetUserIdAndSecContext(&caller_, &security_context_);
        SetUserIdAndSecContext(owner, security_context_ | SECURITY_LOCAL_USERID_CHANGE);
        guc_level_ = NewGUCNestLevel();
        for (Setting const& setting : always) {
            apply(setting);
        }
        for (Setting const& setting : by_keys) {
            if (planning == Planning::by_keys) {
                apply(setting);
            }
        }
        if (SPI_connect() != SPI_OK_CONNECT) {
            wall::fail("SPI_connect failed");
        }
    });
}

void Engine::leave() {
    wall::call([this] {
        SPI_finish();
        AtEOXact_GUC(false, guc_level_);
        SetUserIdAndSecContext(caller_, security_context_);
    });
}

} // namespace billing::pg
