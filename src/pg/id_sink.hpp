#pragma once
// Receives the rows of a RETURNING clause while the statement runs, gathered by key, without keeping them as tuples.

#include <vector>

#include "pg/postgres.hpp"

namespace billing::pg {

// What belongs to one key.
struct KeyedIds {
    std::int64_t* ids = nullptr; // palloc'd
    std::int64_t count = 0;
    std::int64_t capacity = 0;
    __int128 amount = 0; // chargeable, in units of 10^-sum_scale
    __int128 tax = 0;
};

// Keys to what belongs to them. One look-up per row of a bulk statement: std::unordered_map took twice the time.
class KeyTable {
public:
    void add(std::int64_t key);
    KeyedIds* find(std::int64_t key) noexcept;

private:
    struct Slot {
        std::int64_t key = 0;
        bool is_used = false;
        KeyedIds ids;
    };

    // Open addressing with linear probing; at most half of the slots are used, and their number is a power of two.
    std::size_t place_of(std::int64_t key) const noexcept;
    void grow();

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

// Columns: key int8, id int8 and, if it sums, is_chargeable bool, amount numeric, tax numeric.
// Only keys announced before the statement runs are expected; anything else, or an amount that does not fit, marks the
// sink as failed, because nothing may be thrown through the executor.
class IdSink {
public:
    static constexpr int sum_scale = 6;

    explicit IdSink(bool sums) : sums_(sums), memory_(CurrentMemoryContext) {}

    void expect_key(std::int64_t key) { by_key_.add(key); }
    void receive(TupleTableSlot* slot) noexcept;

    bool failed() const { return failed_; }
    const KeyedIds* find(std::int64_t key) noexcept;

private:
    bool add_sums(TupleTableSlot* slot, KeyedIds& keyed) const;

    bool sums_;
    bool failed_ = false;
    MemoryContext memory_;
    KeyTable by_key_;
};

// The ids of a key as bigint[].
Datum array_of(const KeyedIds& keyed);

// A sum of the sink at the given number of decimals.
Decimal decimal_of_sum(__int128 sum, int scale);

} // namespace billing::pg
