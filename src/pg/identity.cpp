#include "pg/identity.hpp"

#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/plancache.h"
}

namespace billing::pg {

void pin_settings() {
    constexpr const char* path = "pg_catalog, pg_temp";
    auto const pin = [](const char* name, const char* value) {
        (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    };
    if (strcmp(namespace_search_path, path) != 0) {
        pin("search_path", path);
    }
    if (plan_cache_mode != PLAN_CACHE_MODE_AUTO) {
        pin("plan_cache_mode", "auto");
    }
    if (quote_all_identifiers) {
        pin("quote_all_identifiers", "off");
    }
}

Engine::Engine() {
    Oid const owner = engine_owner();
    wall::call([this, owner] {
        GetUserIdAndSecContext(&caller_, &security_context_);
        SetUserIdAndSecContext(owner, security_context_ | SECURITY_LOCAL_USERID_CHANGE);
        guc_level_ = NewGUCNestLevel();
        pin_settings();
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
