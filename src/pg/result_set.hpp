#pragma once
// The rows a set-returning function gives back, materialized in the executor's tuplestore (spills to disk by itself).

#include "pg/postgres.hpp"
#include "pg/value.hpp"

namespace billing::pg {

class ResultSet {
public:
    // Before SPI_connect: the store must live in the caller's memory.
    explicit ResultSet(FunctionCallInfo fcinfo);

    // Values of the next row, left to right; emit() ends it.
    ResultSet& add(Datum value) {
        values_[position_] = value;
        nulls_[position_++] = false;
        return *this;
    }
    ResultSet& add_null() {
        nulls_[position_++] = true;
        return *this;
    }
    ResultSet& id(std::int64_t value) { return add(Int64GetDatum(value)); }
    ResultSet& id_or_null(std::int64_t value) { return value == 0 ? add_null() : id(value); }
    ResultSet& decimal(const Decimal& value) { return add(numeric_of(value)); }
    ResultSet& text(std::string_view value) { return add(text_of(value)); }
    ResultSet& text_or_null(std::string_view value) { return value.empty() ? add_null() : text(value); }
    ResultSet& flag(bool value) { return add(BoolGetDatum(value)); }
    ResultSet& maybe(const std::optional<Datum>& value) { return value ? add(*value) : add_null(); }
    void emit();

private:
    static constexpr std::size_t most_columns = 24;
    Tuplestorestate* store_ = nullptr;
    TupleDesc columns_ = nullptr;
    Datum values_[most_columns] = {};
    bool nulls_[most_columns] = {};
    std::size_t position_ = 0;
};

} // namespace billing::pg
