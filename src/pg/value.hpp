#pragma once
// Conversion between Datums and C++ values.

#include "pg/postgres.hpp"

namespace billing::pg {

// numeric <-> Decimal, exact. A NaN or infinity is refused with 22003.
Decimal decimal_of(Datum numeric);
Datum numeric_of(const Decimal& value);

// A numeric as a whole number of 10^-scale, without calling the backend and without throwing; false if it does not fit
// or has more decimals.
bool units_of(Datum numeric, int scale, __int128* units) noexcept;

std::string string_of(Datum value);
Datum text_of(std::string_view value);

// One-dimensional arrays. NULL elements of an id array are refused with 22004.
std::vector<std::int64_t> ids_of(Datum int8_array);
Datum array_of(const std::vector<std::int64_t>& values);
Datum array_of(const std::vector<Decimal>& values);
Datum array_of(const std::vector<ItemPointerData>& places);
Datum array_of(const std::vector<std::string>& values);
Datum array_of(const std::vector<std::optional<std::string>>& values);
Datum array_of_dates(const std::vector<DateADT>& values);

// An array of any element type, as its elements; nullopt for NULL elements.
std::vector<std::optional<Datum>> elements_of(Datum array, Oid element_type);

// ISO text of a date, for messages.
std::string text_of_date(DateADT date);

// Where a row version lies (ctid).
ItemPointerData place_of(Datum ctid);

// A readable list of numbers for messages: at most ten of them.
std::string list_of(const std::vector<std::int64_t>& ids);

} // namespace billing::pg
