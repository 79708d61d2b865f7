#include "pg/sequence.hpp"

#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace billing::pg {

Sequence::Sequence(const char* name) : oid_(relation_oid(name)) {}

std::int64_t Sequence::next() const {
    Oid const sequence = oid_;
    return wall::value_of([sequence] { return nextval_internal(sequence, false); });
}

} // namespace billing::pg
