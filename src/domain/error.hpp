#pragma once

#include <exception>
#include <string>
#include <utility>

namespace billing {

// SQLSTATEs the domain layer raises. Class ZB is this extension's own; the others are standard.
namespace sqlstate {

// A number does not fit, or a scale is outside what can be represented.
inline constexpr const char* numeric_out_of_range = "22003";
// An argument makes no sense whatever the data (no weights, negative weight, index out of range).
inline constexpr const char* invalid_parameter = "22023";
// Text that is not a number in plain decimal notation.
inline constexpr const char* invalid_text = "22P02";

// A column or row that only the engine may write was written by somebody else.
inline constexpr const char* engine_owned = "ZB001";
// A status change that the status machine does not know.
inline constexpr const char* invalid_transition = "ZB002";
// A guard is missing, disabled or no longer the last trigger, so nothing may be written.
inline constexpr const char* guard_compromised = "ZB003";
// The tables have not been made yet.
inline constexpr const char* not_installed = "ZB004";

// Contract, line or customer set-up contradicts itself.
inline constexpr const char* invalid_setup = "ZB010";
// Billing percentages do not total 100, or there is not exactly one rounding customer.
inline constexpr const char* percentages = "ZB011";
// The same project, class and task would map to more than one contract line.
inline constexpr const char* mapping_overlap = "ZB012";
// The operation does not exist for this billing method or kind of line.
inline constexpr const char* wrong_line_kind = "ZB013";

// An id that names nothing.
inline constexpr const char* unknown_item = "ZB020";
// A rule refuses what was asked of this item.
inline constexpr const char* refused = "ZB021";
// The field or row cannot be edited in its present state.
inline constexpr const char* not_editable = "ZB022";
// A run key was used again for a different request.
inline constexpr const char* run_key_conflict = "ZB023";

// Stored data breaks an invariant that the engine itself maintains.
inline constexpr const char* inconsistent = "ZB099";

} // namespace sqlstate

// The only exception of the domain layer: a SQLSTATE and the three texts an error report is made of.
// The message starts in lower case and has no full stop; detail and hint are whole sentences or empty.
struct DomainError final : std::exception {
    const char* sqlstate;
    std::string message;
    std::string detail;
    std::string hint;

    DomainError(const char* state, std::string message_text, std::string detail_text = {}, std::string hint_text = {})
        : sqlstate(state), message(std::move(message_text)), detail(std::move(detail_text)),
          hint(std::move(hint_text)) {}

    const char* what() const noexcept override { return message.c_str(); }
};

} // namespace billing
