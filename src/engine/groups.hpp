#pragma once
// What a verb did with many items, one row per item kind, contract, outcome and reason: (item, contract_id, outcome,
// reason, item_count, ids).

#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

class Groups {
public:
    void add(std::string_view item, std::int64_t contract_id, ItemOutcome outcome, std::string_view reason,
             std::int64_t id) {
        groups_[{std::string(item), contract_id, outcome, std::string(reason)}].push_back(id);
    }

    // Emits a group whose ids a query already gathered.
    static void emit(Verb& verb, std::string_view item, std::int64_t contract_id, ItemOutcome outcome,
                     std::string_view reason, std::int64_t count, Datum ids);

    // Emits all groups; with `strict`, raises ZB021 instead if anything was refused.
    void emit(Verb& verb, bool strict) const;

    [[noreturn]] static void refuse(std::string_view item, std::string_view reason, const std::string& ids);

private:
    struct Key {
        std::string item;
        std::int64_t contract_id;
        ItemOutcome outcome;
        std::string reason;
        bool operator<(const Key& other) const {
            return std::tie(item, contract_id, outcome, reason) <
                   std::tie(other.item, other.contract_id, other.outcome, other.reason);
        }
    };
    std::map<Key, Ids> groups_;
};

} // namespace billing::engine
