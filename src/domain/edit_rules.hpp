#pragma once

#include "domain/decimal.hpp"
#include "domain/vocabulary.hpp"

#include <optional>
#include <string_view>

namespace billing {

// Whether the detail corrects something billed before.
constexpr bool is_correction(DetailKind kind) noexcept {
    return kind == DetailKind::correction || kind == DetailKind::milestone_correction ||
           kind == DetailKind::product_correction;
}

// What a person may want to change on a detail. `amount` is the amount typed in directly, not quantity times price.
enum class DetailField {
    billing_type,
    quantity,
    price,
    tax,
    description,
    external_description,
    task,
    category,
    role,
    resource,
    unit,
    product,
    transaction_class,
    amount,
    rest // whether what a reduced quantity leaves stays in the backlog
};

// Empty when that field may be edited while the invoice is in draft or in review; otherwise the reason why not, as a
// sentence without full stop.
// Texts and tax are free nearly everywhere; time and material also let billing type, quantity and price go; a manual
// detail is free but for its class; a correction keeps its billing type; a credited product line is credited whole.
std::optional<std::string_view> edit_refusal(DetailKind kind, DetailField field) noexcept;

// Empty when `edited` may replace the billable quantity `source`, otherwise the reason. The quantity may grow, shrink
// or become zero but not change sign: a positive or zero source refuses a negative quantity, a negative one a positive.
std::optional<std::string_view> quantity_refusal(const Decimal& source, const Decimal& edited) noexcept;

// Empty when a correction may leave a milestone billed with that quantity and amount, otherwise the reason: it is
// credited in full, or a part of the amount stands.
std::optional<std::string_view> standing_refusal(const Decimal& billed, const Decimal& quantity,
                                                 const Decimal& stands) noexcept;

// What an edit leaves unbilled of the original quantity: the difference when the quantity shrinks towards zero, with
// the sign of the original; zero when it stays or grows. Raises ZB021 when quantity_refusal has a reason.
Decimal remainder(const Decimal& original_quantity, const Decimal& edited_quantity);

} // namespace billing
