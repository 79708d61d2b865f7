// install(): makes the tables, indexes, views and guards as ordinary objects, so that a dump carries them.

#include <set>

#include "engine/verb.hpp"
#include "pg/exports.hpp"
#include "pg/relation.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace billing::engine {

namespace {

// Ordinary objects of schema billing: kind and name.
std::set<std::pair<std::string, std::string>> installed_objects() {
    static pg::Statement read{R"(
        SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' ELSE 'sequence' END::text,
               c.relname::text
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND c.relkind IN ('r', 'v', 'i', 'S')
        UNION ALL
        SELECT 'trigger', t.tgname::text || ' on ' || c.relname::text
          FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND NOT t.tgisinternal
        UNION ALL
        SELECT 'function', p.proname::text
          FROM pg_catalog.pg_proc p
         WHERE p.pronamespace = 'billing'::pg_catalog.regnamespace
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
                              AND d.deptype = 'e'))",
                              {}};
    std::set<std::pair<std::string, std::string>> objects;
    pg::Rows const rows = pg::query(read);
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        objects.emplace(rows.text(i, 1), rows.text(i, 2));
    }
    return objects;
}

std::string schema_script() {
    static pg::Statement read{"SELECT billing.schema_script()", {}};
    return pg::query(read).text(0, 1);
}

// CREATE … IF NOT EXISTS says so for every object that exists; our result says it better.
void install_quietly(FunctionCallInfo fcinfo) {
    pg::ResultSet result(fcinfo);
    int const level = wall::value_of([] {
        int const nest = NewGUCNestLevel();
        (void)set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                                false);
        (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                                0, false);
        (void)SPI_connect();
        return nest;
    });
    auto const before = installed_objects();
    pg::execute_script(schema_script());
    for (auto const& [kind, name] : installed_objects()) {
        result.text(kind).text(name).text(before.count({kind, name}) != 0 ? "present" : "created").emit();
    }
    wall::call([level] {
        SPI_finish();
        AtEOXact_GUC(false, level);
    });
}

} // namespace

} // namespace billing::engine

using namespace billing;

Datum install(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        engine::install_quietly(call);
        return Datum{0};
    });
}
