#include "pg/identity.hpp"

#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace billing::pg {

Engine::Engine() {
    Oid const owner = engine_owner();
    wall::call([this, owner] {
        GetUserIdAndSecContext(&caller_, &security_context_);
        SetUserIdAndSecContext(owner, security_context_ | SECURITY_LOCAL_USERID_CHANGE);
        guc_level_ = NewGUCNestLevel();
        (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                0, false);
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
