#pragma once
// What the verbs about entries share.

#include <algorithm>

#include "engine/verb.hpp"

namespace billing::engine {

// Entries that a verb reads and writes at a time.
inline constexpr long entries_per_batch = 5000;

// Calls take(ids) for a few thousand ids at a time.
template <typename Take>
void in_batches(const Ids& ids, Take take) {
    auto const step = static_cast<std::size_t>(entries_per_batch);
    for (std::size_t first = 0; first < ids.size(); first += step) {
        auto const begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
        take(Ids(begin, begin + static_cast<std::ptrdiff_t>(std::min(step, ids.size() - first))));
    }
}

// Locks entries in ascending order until the end of the transaction, before any contract and never in the caller's
// order, so that nobody waits in a circle. Returns their projects.
Ids lock_entries(const Ids& ids);

// Whose typed prices the price lists overrule from now on, for the log.
void log_list_prices_begin(std::int64_t operation_id, const Ids& entries);

// The same for those of them where that ends. Before the rows change.
void log_list_prices_end(std::int64_t operation_id, const Ids& entries);

// One status for many entries.
struct EntryMove {
    const char* verb;
    const char* from;        // labels, comma separated, for the log's and the reader's eyes
    pg::Statement& classify; // entry_id, may move, old status, new status
    pg::Statement& update;
};
void move_entries(Verb& verb, const EntryMove& move);

} // namespace billing::engine
