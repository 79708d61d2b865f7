#include "wall/entry.hpp"

namespace billing::wall {

void Report::raise() const {
    if (backend != nullptr) {
        ReThrowError(backend);
    }
    ereport(ERROR,
            (errcode(sqlstate), errmsg_internal("%s", message),
             detail[0] != '\0' ? errdetail_internal("%s", detail) : 0, hint[0] != '\0' ? errhint("%s", hint) : 0));
    pg_unreachable();
}

} // namespace billing::wall
