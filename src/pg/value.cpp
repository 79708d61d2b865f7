#include "pg/value.hpp"

#include <limits>
#include <memory>

#include "wall/backend.hpp"

extern "C" {
#include "libpq/pqformat.h"
#include "utils/fmgrprotos.h"
}

namespace billing::pg {

namespace {

constexpr int digits_per_group = 4;
constexpr std::int64_t group_base = 10000;

int big_endian_int16(const char* bytes) {
    auto const* raw = reinterpret_cast<const unsigned char*>(bytes);
    return static_cast<std::int16_t>((raw[0] << 8) | raw[1]);
}

// Assembles a Decimal from numeric's documented binary form: groups of four decimal digits, first group worth
// 10000^weight.
Decimal decimal_from_wire(const char* wire) {
    int const groups = big_endian_int16(wire);
    int const weight = big_endian_int16(wire + 2);
    int const sign = big_endian_int16(wire + 4) & 0xFFFF;
    int const scale = big_endian_int16(wire + 6);
    if (sign != 0 && sign != 0x4000) {
        throw DomainError(sqlstate::numeric_out_of_range, "an amount or quantity must be a finite number");
    }
    Units units = 0;
    for (int i = 0; i < groups || i <= weight; ++i) {
        units = units * group_base + (i < groups ? big_endian_int16(wire + 8 + 2 * static_cast<std::ptrdiff_t>(i)) : 0);
    }
    int const wire_scale = groups > weight + 1 ? (groups - 1 - weight) * digits_per_group : 0;
    Decimal const value = Decimal::from_units(units, wire_scale).rounded(scale);
    return sign == 0 ? value : -value;
}

template <typename Values, typename ToDatum>
Datum make_array(const Values& values, Oid element_type, int16 length, bool by_value, char align, ToDatum to_datum) {
    std::vector<Datum> elements;
    elements.reserve(values.size());
    for (auto const& value : values) {
        elements.push_back(to_datum(value));
    }
    Datum* data = elements.data();
    int const count = static_cast<int>(elements.size());
    return wall::value_of([=] {
        ArrayType* array = construct_array(data, count, element_type, length, by_value, align);
        return PointerGetDatum(array);
    });
}

} // namespace

// --- numeric, as it lies on disk ------------------------------------------------------------------------------------
// Reading it through numeric_send() costs more than all other work on an entry together. The short form (all numbers of
// at most 63 decimals and moderate size) has been the same since 9.1, because pg_upgrade depends on it; anything else
// takes the documented way.

namespace {

constexpr std::uint16_t short_form = 0x8000;
constexpr std::uint16_t form_mask = 0xC000;
constexpr std::uint16_t negative_bit = 0x2000;
constexpr std::uint16_t scale_mask = 0x1F80;
constexpr int scale_shift = 7;
constexpr std::uint16_t weight_sign = 0x0040;
constexpr std::uint16_t weight_mask = 0x003F;
constexpr int most_groups = 8; // 32 digits: what surely fits in 127 bits

struct ShortNumeric {
    bool is_negative;
    int scale;
    int weight;
    int group_count;
    std::int16_t groups[most_groups];
};

// False if the numeric is not in short form or too long.
bool read_short(Datum numeric, ShortNumeric* out) noexcept {
    auto const* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(numeric));
    if (VARATT_IS_EXTENDED(varlena) && !VARATT_IS_SHORT(varlena)) {
        return false;
    }
    const char* data = VARDATA_ANY(varlena);
    auto const size = static_cast<int>(VARSIZE_ANY_EXHDR(varlena));
    std::uint16_t header = 0;
    memcpy(&header, data, sizeof header);
    int const count = (size - static_cast<int>(sizeof header)) / static_cast<int>(sizeof(std::int16_t));
    if ((header & form_mask) != short_form || count > most_groups) {
        return false;
    }
    out->is_negative = (header & negative_bit) != 0;
    out->scale = (header & scale_mask) >> scale_shift;
    out->weight = (header & weight_mask) - ((header & weight_sign) != 0 ? weight_mask + 1 : 0);
    out->group_count = count;
    memcpy(out->groups, data + sizeof header, static_cast<std::size_t>(count) * sizeof(std::int16_t));
    return true;
}

// The digits as one whole number; its scale is the second value. False if it would not fit.
bool whole_number(const ShortNumeric& number, __int128* units, int* scale) noexcept {
    if (number.weight >= most_groups) {
        return false;
    }
    __int128 value = 0;
    int const groups = number.weight + 1 > number.group_count ? number.weight + 1 : number.group_count;
    for (int i = 0; i < groups; ++i) {
        value = value * group_base + (i < number.group_count ? number.groups[i] : 0);
    }
    *units = number.is_negative ? -value : value;
    *scale = groups > number.weight + 1 ? (groups - 1 - number.weight) * digits_per_group : 0;
    return true;
}

Decimal decimal_by_wire(Datum numeric) {
    bytea* wire = wall::value_of([numeric] { return DatumGetByteaP(DirectFunctionCall1(numeric_send, numeric)); });
    try {
        Decimal value = decimal_from_wire(VARDATA(wire));
        pfree(wire);
        return value;
    } catch (const std::exception&) {
        throw DomainError(sqlstate::numeric_out_of_range, "numeric value out of range",
                          "Amounts and quantities have at most 38 digits.");
    }
}

} // namespace

Decimal decimal_of(Datum numeric) {
    ShortNumeric number{};
    __int128 units = 0;
    int scale = 0;
    if (!read_short(numeric, &number) || !whole_number(number, &units, &scale) || scale > Decimal::max_scale ||
        number.scale > Decimal::max_scale) {
        return decimal_by_wire(numeric);
    }
    Decimal const magnitude = Decimal::from_units(Units(units < 0 ? -units : units), scale).rounded(number.scale);
    return units < 0 ? -magnitude : magnitude;
}

bool units_of(Datum numeric, int scale, __int128* units) noexcept {
    ShortNumeric number{};
    int found_scale = 0;
    if (!read_short(numeric, &number) || !whole_number(number, units, &found_scale)) {
        return false;
    }
    for (; found_scale > scale && *units % 10 == 0; --found_scale) {
        *units /= 10;
    }
    if (found_scale > scale || (found_scale < scale && number.group_count + scale / digits_per_group >= most_groups)) {
        return false;
    }
    for (; found_scale < scale; ++found_scale) {
        *units *= 10;
    }
    return true;
}

Datum numeric_of(const Decimal& value) {
    constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max();
    if (value.units() <= limit && value.units() >= -limit) {
        auto const units = static_cast<std::int64_t>(value.units());
        int const scale = value.scale();
        return wall::value_of([units, scale] {
            return NumericGetDatum(scale == 0 ? int64_to_numeric(units) : int64_div_fast_to_numeric(units, scale));
        });
    }
    std::string const text = value.text();
    const char* digits = text.c_str();
    return wall::value_of([digits] {
        return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
                                   Int32GetDatum(-1));
    });
}

std::string string_of(Datum value) {
    const char* copy = wall::value_of([value] { return const_cast<const char*>(TextDatumGetCString(value)); });
    return copy;
}

Datum text_of(std::string_view value) {
    return wall::value_of(
        [value] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
}

std::vector<std::optional<Datum>> elements_of(Datum array, Oid element_type) {
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    wall::call([&] {
        int16 length = 0;
        bool by_value = false;
        char align = 'i';
        get_typlenbyvalalign(element_type, &length, &by_value, &align);
        deconstruct_array(DatumGetArrayTypeP(array), element_type, length, by_value, align, &elements, &nulls, &count);
    });
    std::vector<std::optional<Datum>> result(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (!nulls[i]) {
            result[i] = elements[i];
        }
    }
    return result;
}

std::vector<std::int64_t> ids_of(Datum int8_array) {
    std::vector<std::int64_t> ids;
    for (auto const& element : elements_of(int8_array, INT8OID)) {
        if (!element) {
            throw DomainError("22004", "an array of ids must not contain NULL");
        }
        ids.push_back(DatumGetInt64(*element));
    }
    return ids;
}

Datum array_of(const std::vector<std::int64_t>& values) {
    return make_array(values, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
                      [](std::int64_t v) { return Int64GetDatum(v); });
}

Datum array_of(const std::vector<Decimal>& values) {
    return make_array(values, NUMERICOID, -1, false, TYPALIGN_INT, [](const Decimal& v) { return numeric_of(v); });
}

Datum array_of(const std::vector<ItemPointerData>& places) {
    return make_array(places, TIDOID, sizeof(ItemPointerData), false, TYPALIGN_SHORT,
                      [](const ItemPointerData& place) { return PointerGetDatum(&place); });
}

ItemPointerData place_of(Datum ctid) {
    return *reinterpret_cast<ItemPointer>(DatumGetPointer(ctid));
}

Datum array_of(const std::vector<std::string>& values) {
    return make_array(values, TEXTOID, -1, false, TYPALIGN_INT, [](const std::string& v) { return text_of(v); });
}

Datum array_of(const std::vector<std::optional<std::string>>& values) {
    std::vector<Datum> elements(values.size());
    std::unique_ptr<bool[]> const nulls(new bool[values.size()]);
    for (std::size_t i = 0; i < values.size(); ++i) {
        nulls[i] = !values[i];
        elements[i] = values[i] ? text_of(*values[i]) : Datum{0};
    }
    Datum* data = elements.data();
    bool* is_null = nulls.get();
    int const count = static_cast<int>(values.size());
    return wall::value_of([=] {
        int dimensions[] = {count};
        int lower_bounds[] = {1};
        return PointerGetDatum(construct_md_array(data, is_null, count == 0 ? 0 : 1, dimensions, lower_bounds, TEXTOID,
                                                  -1, false, TYPALIGN_INT));
    });
}

Datum array_of_dates(const std::vector<DateADT>& values) {
    return make_array(values, DATEOID, 4, true, TYPALIGN_INT, [](DateADT v) { return DateADTGetDatum(v); });
}

std::string text_of_date(DateADT date) {
    return wall::value_of([date] {
        return const_cast<const char*>(DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date))));
    });
}

std::string list_of(const std::vector<std::int64_t>& ids) {
    constexpr std::size_t shown = 10;
    std::string list;
    for (std::size_t i = 0; i < ids.size() && i < shown; ++i) {
        list += (i == 0 ? "" : ", ") + std::to_string(ids[i]);
    }
    return ids.size() > shown ? list + ", and " + std::to_string(ids.size() - shown) + " more" : list;
}

} // namespace billing::pg
