#pragma once
// What could change or divert a write behind the guard's back: foreign BEFORE ROW triggers, rules, child tables.

#include "pg/postgres.hpp"

namespace billing::guard {

// Raises ZB003 if the relation has any of them.
void require_untampered(Oid relation);
void require_untampered(Relation relation);

// Name of the first foreign BEFORE ROW trigger on INSERT or UPDATE, or nullptr.
const char* foreign_before_row_trigger(Relation relation);

} // namespace billing::guard
