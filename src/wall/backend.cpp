#include "wall/backend.hpp"

extern "C" {
#include "postgres.h"
#include "utils/memutils.h"
}

namespace billing::wall {

ErrorData* run_in_backend(void (*step)(void*), void* arg) noexcept {
    MemoryContext const home = CurrentMemoryContext;
    ErrorData* volatile failure = nullptr;
    PG_TRY();
    { step(arg); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(home);
        failure = CopyErrorData();
        FlushErrorState();
    }
    PG_END_TRY();
    return failure;
}

void fail(const char* message) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg_internal("billing: %s", message)));
    pg_unreachable();
}

} // namespace billing::wall
