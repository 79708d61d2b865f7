#include "engine/groups.hpp"

namespace billing::engine {

void Groups::emit(Verb& verb, std::string_view item, std::int64_t contract_id, ItemOutcome outcome,
                  std::string_view reason, std::int64_t count, Datum ids) {
    pg::EnumOids<ItemOutcome> const outcomes;
    verb.result.text(item)
        .id_or_null(contract_id)
        .add(outcomes(outcome))
        .text_or_null(reason)
        .id(count)
        .add(ids)
        .emit();
}

void Groups::refuse(std::string_view item, std::string_view reason, const std::string& ids) {
    throw DomainError(sqlstate::refused, std::string(item) + " " + ids + " refused: " + std::string(reason),
                      "Called with strict => true: nothing was changed.",
                      "Call without strict to change the others and get the refused ones back with their reasons.");
}

void Groups::emit(Verb& verb, bool strict) const {
    for (auto const& [key, ids] : groups_) {
        if (strict && key.outcome == ItemOutcome::refused) {
            refuse(key.item, key.reason, pg::list_of(ids));
        }
        emit(verb, key.item, key.contract_id, key.outcome, key.reason, static_cast<std::int64_t>(ids.size()),
             pg::array_of(ids));
    }
}

} // namespace billing::engine
