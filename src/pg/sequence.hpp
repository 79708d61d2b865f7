#pragma once
// Ids of rows that are known before the rows are written.

#include "pg/postgres.hpp"

namespace billing::pg {

// A sequence in schema billing. Raises ZB004 "not installed" without it.
class Sequence {
public:
    explicit Sequence(const char* name);
    std::int64_t next() const;

private:
    Oid oid_;
};

} // namespace billing::pg
