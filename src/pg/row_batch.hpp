#pragma once
// Rows made in C++ that a statement reads like a table: an ephemeral named relation, as transition tables are.

#include <initializer_list>

#include "pg/postgres.hpp"

namespace billing::pg {

struct BatchColumn {
    const char* name;
    Oid type;
};

class RowBatch {
public:
    static constexpr std::size_t most_columns = 32;

    // Makes `name` visible to the statements of this SPI connection until close().
    RowBatch(const char* name, std::initializer_list<BatchColumn> columns);
    RowBatch(const RowBatch&) = delete;
    RowBatch& operator=(const RowBatch&) = delete;
    RowBatch(RowBatch&&) = delete;
    RowBatch& operator=(RowBatch&&) = delete;
    ~RowBatch() = default;

    RowBatch& add(Datum value) {
        values_[position_] = value;
        nulls_[position_++] = false;
        return *this;
    }
    RowBatch& add_null() {
        nulls_[position_++] = true;
        return *this;
    }
    RowBatch& id(std::int64_t value) { return add(Int64GetDatum(value)); }
    RowBatch& id_or_null(std::int64_t value) { return value == 0 ? add_null() : id(value); }
    void emit();

    std::uint64_t count() const { return count_; }
    bool empty() const { return count_ == 0; }

    // Forgets the rows; the relation stays.
    void clear();
    void close();

private:
    const char* name_;
    Tuplestorestate* store_ = nullptr;
    TupleDesc columns_ = nullptr;
    Datum values_[most_columns] = {};
    bool nulls_[most_columns] = {};
    std::size_t position_ = 0;
    std::uint64_t count_ = 0;
};

} // namespace billing::pg
