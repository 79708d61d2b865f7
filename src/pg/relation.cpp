#include "pg/relation.hpp"

#include "wall/backend.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "utils/syscache.h"
}

namespace billing::pg {

namespace {

// The last table that the schema script makes.
constexpr const char* newest_table = "invoice_run_contract";

[[noreturn]] void not_installed() {
    throw DomainError(sqlstate::not_installed, "billing's tables are not installed in this database", {},
                      "Run SELECT * FROM billing.install();");
}

Oid find_relation(const char* name) {
    Oid const schema = schema_oid();
    return wall::value_of([=] { return get_relname_relid(name, schema); });
}

} // namespace

Oid schema_oid() {
    Oid const oid = wall::value_of([] { return get_namespace_oid("billing", true); });
    if (!OidIsValid(oid)) {
        not_installed();
    }
    return oid;
}

Oid relation_oid(const char* name) {
    Oid const oid = find_relation(name);
    if (!OidIsValid(oid)) {
        not_installed();
    }
    return oid;
}

bool is_installed() {
    return OidIsValid(find_relation("actual"));
}

void require_current_tables() {
    if (is_installed() && !OidIsValid(find_relation(newest_table))) {
        throw DomainError(sqlstate::not_installed, "billing's tables are of an earlier version", {},
                          "Run ALTER EXTENSION billing UPDATE; and then SELECT * FROM billing.install();");
    }
}

Oid engine_owner() {
    Oid const relation = relation_oid("actual");
    return wall::value_of([relation] {
        HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
        if (!HeapTupleIsValid(tuple)) {
            wall::fail("billing.actual is not in the catalog");
        }
        Oid const owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
        ReleaseSysCache(tuple);
        return owner;
    });
}

} // namespace billing::pg
