#include "domain/status_machine.hpp"

namespace billing {

namespace {

template <typename E, std::size_t count>
void append(std::vector<TransitionRow>& rows, const Transition<E> (&transitions)[count]) {
    const std::string_view type_name = vocabulary_of<E>().type_name;
    for (const Transition<E>& row : transitions)
        rows.push_back({type_name, label(row.from), label(row.to), row.actor, row.verb, row.note});
}

template <typename... Enums>
std::vector<TransitionRow> rows_of(detail::EnumList<Enums...> /*machines*/) {
    std::vector<TransitionRow> rows;
    (append(rows, transitions_of(Enums{})), ...);
    return rows;
}

// Whether E is the enum of that type and its machine has the transition.
template <typename E>
bool allows(std::string_view type_name, std::string_view from, std::string_view to) noexcept {
    if (vocabulary_of<E>().type_name != type_name)
        return false;
    const std::optional<E> known_from = from_label<E>(from);
    const std::optional<E> known_to = from_label<E>(to);
    return known_from && known_to && allowed(*known_from, *known_to);
}

template <typename... Enums>
bool any_allows(detail::EnumList<Enums...> /*machines*/, std::string_view type_name, std::string_view from,
                std::string_view to) noexcept {
    return (allows<Enums>(type_name, from, to) || ...);
}

} // namespace

std::vector<TransitionRow> all_transitions() {
    return rows_of(detail::StatusEnums{});
}

bool transition_allowed(std::string_view type_name, std::string_view from, std::string_view to) noexcept {
    return any_allows(detail::StatusEnums{}, type_name, from, to);
}

bool may_start(std::string_view type_name, std::string_view label) noexcept {
    const Vocabulary* const listed = find_vocabulary(type_name);
    if (listed == nullptr)
        return false;
    const std::size_t position = detail::position_of(*listed, label);
    return position < listed->count && listed->values[position].initial;
}

} // namespace billing
