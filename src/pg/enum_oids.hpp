#pragma once
// The enum labels of one SQL type as OIDs, and back. Looked up anew for each call, so nothing can go stale.

#include <array>
#include <optional>

#include "domain/vocabulary.hpp"
#include "pg/postgres.hpp"

namespace billing::pg {

// OID of a type in schema billing; raises ZB004 if it does not exist.
Oid type_oid(const char* name);

// Name of a type, bare and unquoted; raises 22023 for an OID that is no type.
std::string type_name(Oid type);

// OID of one label of an enum type.
Oid label_oid(Oid type, std::string_view label);

// Label of an enum value.
std::string label_of(Datum value);

// Two-way map between an enum class of the domain and its SQL type.
template <typename Enum>
class EnumOids {
public:
    EnumOids() : type_(type_oid(std::string(vocabulary_of<Enum>().type_name).c_str())) {
        for (std::size_t i = 0; i < vocabulary_of<Enum>().count; ++i) {
            oids_[i] = label_oid(type_, label(static_cast<Enum>(i)));
        }
    }

    Datum operator()(Enum value) const { return ObjectIdGetDatum(oids_[static_cast<std::size_t>(value)]); }

    Enum operator()(Datum value) const {
        Oid const oid = DatumGetObjectId(value);
        for (std::size_t i = 0; i < vocabulary_of<Enum>().count; ++i) {
            if (oids_[i] == oid) {
                return static_cast<Enum>(i);
            }
        }
        throw DomainError(sqlstate::inconsistent, "an enum value is unknown to this version of billing", {},
                          "Labels of billing's types must not be added by hand.");
    }

private:
    Oid type_;
    std::array<Oid, most_values> oids_{};
};

} // namespace billing::pg
