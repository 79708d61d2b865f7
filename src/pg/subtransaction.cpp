#include "pg/subtransaction.hpp"

extern "C" {
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/resowner.h"
}

namespace billing::pg {

namespace {

constexpr const char* query_canceled = "57014";

} // namespace

// The inner SPI connection matters on an error: it takes along what the failed statements registered in it.
Subtransaction::Subtransaction() : memory_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
    wall::call([] {
        BeginInternalSubTransaction(nullptr);
        if (SPI_connect() != SPI_OK_CONNECT) {
            wall::fail("SPI_connect failed");
        }
    });
}

void Subtransaction::commit() const {
    wall::call([this] {
        SPI_finish();
        ReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(memory_);
        CurrentResourceOwner = owner_;
    });
}

void Subtransaction::roll_back() const {
    wall::call([this] {
        RollbackAndReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(memory_);
        CurrentResourceOwner = owner_;
    });
}

Failure failure_of(const wall::BackendError& error) {
    ErrorData const& data = *error.data;
    std::string const message = data.message == nullptr ? "unknown failure" : data.message;
    if (data.sqlerrcode == ERRCODE_QUERY_CANCELED || data.sqlerrcode == ERRCODE_ADMIN_SHUTDOWN) {
        throw DomainError(query_canceled, message);
    }
    return {data.detail == nullptr ? message : message + " (" + data.detail + ")"};
}

void limit_lock_waits(const char* duration) {
    wall::call([duration] {
        if (LockTimeout == 0) {
            (void)set_config_option("lock_timeout", duration, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                                    false);
        }
    });
}

} // namespace billing::pg
