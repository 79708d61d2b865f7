#pragma once
// Under whose name, and with which settings, the engine's statements run.

#include "pg/postgres.hpp"

namespace billing::pg {

// Whether plans are tied to keys (the verbs' way) or left to the planner's statistics.
enum class Planning { by_keys, free };

// While it lives: SPI is connected, the current user is the owner of billing's tables, search_path is pinned, and the
// planner settings are such that plans depend on keys, not on statistics. Call leave() on success; on an error the
// backend restores everything when the (sub)transaction aborts.
class Engine {
public:
    explicit Engine(Planning planning = Planning::by_keys);
    void leave();

    // Role that called the verb.
    Oid caller() const { return caller_; }

private:
    Oid caller_ = InvalidOid;
    int security_context_ = 0;
    int guc_level_ = 0;
};

} // namespace billing::pg
