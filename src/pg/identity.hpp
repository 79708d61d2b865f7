#pragma once
// Under whose name the engine's statements run.

#include "pg/postgres.hpp"

namespace billing::pg {

// While it lives: SPI is connected, the current user is the owner of billing's tables, and search_path is pinned. Call
// leave() on success; on an error the backend restores everything when the (sub)transaction aborts.
// Sets search_path and the settings that decide which plan runs, if something changed them since: a customer's trigger
// may, in the middle of a verb.
void pin_settings();

class Engine {
public:
    Engine();
    void leave();

    // Role that called the verb.
    Oid caller() const { return caller_; }

private:
    Oid caller_ = InvalidOid;
    int security_context_ = 0;
    int guc_level_ = 0;
};

} // namespace billing::pg
