#include "pg/enum_oids.hpp"

#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "catalog/pg_enum.h"
#include "utils/syscache.h"
}

namespace billing::pg {

Oid type_oid(const char* name) {
    Oid const schema = schema_oid();
    return wall::value_of([=] {
        return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));
    });
}

std::string type_name(Oid type) {
    const char* name = wall::value_of([type]() -> const char* {
        HeapTuple const tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
        if (!HeapTupleIsValid(tuple)) {
            return nullptr;
        }
        char* copy = pstrdup(NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typname));
        ReleaseSysCache(tuple);
        return copy;
    });
    if (name == nullptr) {
        throw DomainError(sqlstate::invalid_parameter, std::to_string(type) + " is no type");
    }
    return name;
}

Oid label_oid(Oid type, std::string_view label) {
    std::string const text(label);
    const char* name = text.c_str();
    Oid const oid = wall::value_of([=] {
        return GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid, ObjectIdGetDatum(type), CStringGetDatum(name));
    });
    if (!OidIsValid(oid)) {
        throw DomainError(sqlstate::inconsistent, "enum label \"" + text + "\" does not exist", {},
                          "Run ALTER EXTENSION billing UPDATE.");
    }
    return oid;
}

std::string label_of(Datum value) {
    const char* name = wall::value_of([value] {
        HeapTuple const tuple = SearchSysCache1(ENUMOID, value);
        if (!HeapTupleIsValid(tuple)) {
            wall::fail("an enum value is not in the catalog");
        }
        char* copy = pstrdup(NameStr(reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel));
        ReleaseSysCache(tuple);
        return const_cast<const char*>(copy);
    });
    return name;
}

} // namespace billing::pg
