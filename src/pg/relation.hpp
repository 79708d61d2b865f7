#pragma once
// Names of the extension's tables, as OIDs.

#include "pg/postgres.hpp"

namespace billing::pg {

// OID of schema billing; raises ZB004 without it.
Oid schema_oid();

// OID of a table or sequence in schema billing; raises ZB004 "not installed" without it.
Oid relation_oid(const char* name);

// Whether install() made the tables.
bool is_installed();

// Raises ZB004 if install() has not been called since the library was updated.
void require_current_tables();

// Role that owns billing.actual: the identity the engine works under.
Oid engine_owner();

} // namespace billing::pg
