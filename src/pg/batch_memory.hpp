#pragma once
// Memory of one batch out of many.

#include "pg/postgres.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace billing::pg {

// What is allocated between enter() and leave() is given back by leave(). Plans, results and row batches live
// elsewhere. On an error the enclosing SPI context takes it along.
class BatchMemory {
public:
    BatchMemory()
        : context_(wall::value_of(
              [] { return AllocSetContextCreate(CurrentMemoryContext, "billing batch", ALLOCSET_DEFAULT_SIZES); })) {}

    void enter() { outer_ = MemoryContextSwitchTo(context_); }
    void leave() {
        MemoryContextSwitchTo(outer_);
        MemoryContextReset(context_);
    }

private:
    MemoryContext context_;
    MemoryContext outer_ = nullptr;
};

} // namespace billing::pg
