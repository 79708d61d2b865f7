#include "engine/entries.hpp"

#include <unordered_set>

#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

Ids lock_entries(const Ids& ids) {
    static pg::Statement lock{
        "SELECT project_id FROM billing.entry WHERE entry_id = ANY ($1) ORDER BY entry_id FOR NO KEY UPDATE",
        {INT8ARRAYOID}};
    std::unordered_set<std::int64_t> projects;
    pg::query_in_batches(lock, pg::Parameters().ids(ids), entries_per_batch, [&projects](const pg::Rows& rows) {
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            projects.insert(rows.id(i, 1));
        }
    });
    return Ids(projects.begin(), projects.end());
}

void log_list_prices_begin(std::int64_t operation_id, const Ids& entries) {
    log_changes(operation_id, {0, "entry", "approved_at_list_price", "", "true"}, Ids(entries.size(), 0), entries);
}

void log_list_prices_end(std::int64_t operation_id, const Ids& entries) {
    static pg::Statement read{"SELECT entry_id FROM billing.entry WHERE entry_id = ANY ($1) AND approved_at_list_price",
                              {INT8ARRAYOID}};
    Ids const ending = pg::query(read, pg::Parameters().ids(entries)).ids(1);
    log_changes(operation_id, {0, "entry", "approved_at_list_price", "true", ""}, Ids(ending.size(), 0), ending);
}

void move_entries(Verb& verb, const EntryMove& move) {
    Ids const ids = verb.arguments.required_ids(0, "entries");
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("entries", ids));
    lock_entries(ids);
    pg::Rows const rows = pg::query(move.classify, pg::Parameters().ids(ids));
    pg::EnumOids<ItemOutcome> const outcome;
    std::map<std::pair<std::string, std::string>, Ids> moved;
    Ids accepted;
    std::unordered_set<std::int64_t> seen;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const id = rows.id(i, 1);
        bool const exists = rows.datum(i, 2).has_value();
        bool const is_repeated = !seen.insert(id).second;
        bool const accepts = exists && rows.flag(i, 2) && !is_repeated;
        if (accepts) {
            accepted.push_back(id);
            moved[{rows.text(i, 3), rows.text(i, 4)}].push_back(id);
        }
        verb.result.id(id).add(outcome(accepts ? ItemOutcome::changed : ItemOutcome::refused));
        if (accepts) {
            verb.result.add_null();
        } else if (is_repeated) {
            verb.result.text("the entry is listed twice");
        } else if (exists) {
            verb.result.text("the entry is " + rows.text(i, 3) + "; only " + move.from + " entries can be " +
                             move.verb);
        } else {
            verb.result.text("there is no entry with this id");
        }
        verb.result.emit();
    }
    if (!accepted.empty()) {
        guard::write(move.update, "entry", guard::Write::update, pg::Parameters().ids(accepted));
    }
    for (auto const& [change, moved_ids] : moved) {
        log_change(operation, {0, "entry", "entry_status", change.first, change.second}, moved_ids);
    }
}

} // namespace billing::engine
