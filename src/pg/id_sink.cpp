#include "pg/id_sink.hpp"

#include <algorithm>

#include "pg/value.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace billing::pg {

namespace {

constexpr std::int64_t first_capacity = 64;

// May raise "out of memory", which leaves no C++ object behind.
void append(MemoryContext memory, KeyedIds& keyed, std::int64_t id) {
    if (keyed.count == keyed.capacity) {
        std::int64_t const capacity = keyed.capacity == 0 ? first_capacity : keyed.capacity * 2;
        auto const size = static_cast<Size>(capacity) * sizeof(std::int64_t);
        keyed.ids = static_cast<std::int64_t*>(keyed.ids == nullptr ? MemoryContextAllocHuge(memory, size)
                                                                    : repalloc_huge(keyed.ids, size));
        keyed.capacity = capacity;
    }
    keyed.ids[keyed.count++] = id;
}

constexpr std::size_t first_slots = 64;

} // namespace

std::size_t KeyTable::place_of(std::int64_t key) const noexcept {
    constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15U;
    constexpr unsigned upper_half = 32;
    std::size_t const last = slots_.size() - 1;
    std::size_t place = ((static_cast<std::uint64_t>(key) * golden_ratio) >> upper_half) & last;
    while (slots_[place].is_used && slots_[place].key != key) {
        place = (place + 1) & last;
    }
    return place;
}

void KeyTable::grow() {
    std::vector<Slot> before(std::max(first_slots, slots_.size() * 2));
    before.swap(slots_);
    for (Slot const& slot : before) {
        if (slot.is_used) {
            slots_[place_of(slot.key)] = slot;
        }
    }
}

void KeyTable::add(std::int64_t key) {
    if (2 * (used_ + 1) > slots_.size()) {
        grow();
    }
    Slot& slot = slots_[place_of(key)];
    if (!slot.is_used) {
        slot.key = key;
        slot.is_used = true;
        ++used_;
    }
}

KeyedIds* KeyTable::find(std::int64_t key) noexcept {
    if (slots_.empty()) {
        return nullptr;
    }
    Slot& slot = slots_[place_of(key)];
    return slot.is_used ? &slot.ids : nullptr;
}

bool IdSink::add_sums(TupleTableSlot* slot, KeyedIds& keyed) const {
    if (!DatumGetBool(slot->tts_values[2])) {
        return true;
    }
    __int128 amount = 0;
    __int128 tax = 0;
    bool const fits =
        units_of(slot->tts_values[3], sum_scale, &amount) && units_of(slot->tts_values[4], sum_scale, &tax);
    keyed.amount += amount;
    keyed.tax += tax;
    return fits;
}

void IdSink::receive(TupleTableSlot* slot) noexcept {
    slot_getallattrs(slot);
    KeyedIds* const found = by_key_.find(DatumGetInt64(slot->tts_values[0]));
    if (found == nullptr) {
        failed_ = true;
        return;
    }
    append(memory_, *found, DatumGetInt64(slot->tts_values[1]));
    if (sums_ && !add_sums(slot, *found)) {
        failed_ = true;
    }
}

const KeyedIds* IdSink::find(std::int64_t key) noexcept {
    KeyedIds const* const found = by_key_.find(key);
    return found == nullptr || found->count == 0 ? nullptr : found;
}

Datum array_of(const KeyedIds& keyed) {
    static_assert(FLOAT8PASSBYVAL, "int8 is passed by value on every platform supported");
    auto* elements = reinterpret_cast<Datum*>(keyed.ids);
    int const count = static_cast<int>(keyed.count);
    return wall::value_of([=] {
        return PointerGetDatum(
            construct_array(elements, count, INT8OID, sizeof(std::int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
    });
}

Decimal decimal_of_sum(__int128 sum, int scale) {
    Decimal const magnitude = Decimal::from_units(Units(sum < 0 ? -sum : sum), IdSink::sum_scale).rounded(scale);
    return sum < 0 ? -magnitude : magnitude;
}

} // namespace billing::pg
