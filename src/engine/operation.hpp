#pragma once
// The operation log: who called which verb with what, and which rows moved from which status to which.

#include <string_view>

#include "engine/verb.hpp"

namespace billing::engine {

// A verb's arguments as the log keeps them: name, value, name, value …
class LoggedArguments {
public:
    LoggedArguments& add(std::string_view name, std::string_view value);
    LoggedArguments& add(std::string_view name, const std::optional<std::string>& value);
    // Up to a hundred ids literally, beyond that their number and a checksum.
    LoggedArguments& add(std::string_view name, const std::optional<Ids>& ids);
    const std::vector<std::string>& pairs() const { return pairs_; }

private:
    std::vector<std::string> pairs_;
};

// Starts a log entry and returns its id.
std::int64_t begin_operation(const Verb& verb, const LoggedArguments& arguments);

// The same with an idempotency key; nullopt if an operation with that key exists already (waits for one in progress).
std::optional<std::int64_t> begin_operation_once(const Verb& verb, const LoggedArguments& arguments,
                                                 const std::string& run_key);

// A group of rows that changed status together.
struct StatusChange {
    std::int64_t contract_id; // 0: not tied to one contract
    std::string_view item;    // table the ids belong to
    std::string_view column;
    std::string_view from; // empty: did not exist
    std::string_view to;   // empty: exists no longer
};

void log_change(std::int64_t operation_id, const StatusChange& change, const Ids& ids);

// The same with an array that a query made (bigint[]).
void log_change(std::int64_t operation_id, const StatusChange& change, Datum ids);

// Many groups at once, in one statement.
class ChangeGroups {
public:
    struct Group {
        std::int64_t contract_id;
        std::int64_t line_id;     // 0: not of one line
        std::int64_t customer_id; // 0: not of one customer
        std::int64_t count;
        Datum ids; // bigint[]
    };
    void add(const Group& group) { groups_.push_back(group); }
    // The contract id in `change` is not used.
    void write(std::int64_t operation_id, const StatusChange& change) const;

private:
    std::vector<Group> groups_;
};

// Rows beside the contracts they are logged under.
struct ItemsByContract {
    Ids contracts; // 0: tied to none
    Ids ids;

    void add(std::int64_t contract_id, std::int64_t id) {
        contracts.push_back(contract_id);
        ids.push_back(id);
    }
};

// Many contracts at once: ids[i] belongs to contract_ids[i] (0: to none). One log row per contract.
void log_changes(std::int64_t operation_id, const StatusChange& change, const Ids& contract_ids, const Ids& ids);

inline void log_changes(std::int64_t operation_id, const StatusChange& change, const ItemsByContract& items) {
    log_changes(operation_id, change, items.contracts, items.ids);
}

} // namespace billing::engine
