#include "domain/edit_rules.hpp"

namespace billing {

namespace {

using Reason = std::optional<std::string_view>;

constexpr std::string_view from_source = "the value comes from the source and cannot be changed on the invoice";

bool is_text(DetailField field) noexcept {
    return field == DetailField::description || field == DetailField::external_description;
}

Reason allowed() noexcept {
    return std::nullopt;
}

Reason actual_refusal(DetailField field) noexcept {
    switch (field) {
    case DetailField::billing_type:
    case DetailField::quantity:
    case DetailField::price:
    case DetailField::tax:
        return allowed();
    case DetailField::amount:
        return "the amount is quantity times price; edit those";
    default:
        return from_source;
    }
}

Reason milestone_refusal(DetailField field) noexcept {
    switch (field) {
    case DetailField::billing_type:
    case DetailField::tax:
        return allowed();
    case DetailField::quantity:
    case DetailField::price:
    case DetailField::amount:
        return "a milestone is invoiced at its agreed amount; use progress-based billing for a part of it";
    default:
        return from_source;
    }
}

Reason product_refusal(DetailField field) noexcept {
    if (field == DetailField::tax)
        return allowed();
    return "only the tax of a product line can be changed on the invoice";
}

Reason manual_refusal(DetailField field) noexcept {
    if (field != DetailField::transaction_class)
        return allowed();
    return "the transaction class of a manual detail is fixed; delete the detail and add it again";
}

Reason correction_refusal(DetailField field) noexcept {
    switch (field) {
    case DetailField::quantity:
    case DetailField::price:
    case DetailField::tax:
        return allowed();
    case DetailField::billing_type:
        return "a correction keeps the billing type of the billed transaction";
    case DetailField::amount:
        return "the amount is quantity times price; edit those";
    default:
        return from_source;
    }
}

Reason milestone_correction_refusal(DetailField field) noexcept {
    if (field == DetailField::amount)
        return "enter the amount that shall stand as the price";
    return correction_refusal(field);
}

Reason full_credit_refusal() noexcept {
    return "a billed product line can only be credited in full";
}

Reason rest_refusal(DetailKind kind) noexcept {
    if (kind == DetailKind::actual)
        return allowed();
    if (is_correction(kind))
        return "what a correction takes off the invoice returns to the backlog in any case";
    if (kind == DetailKind::manual)
        return "nothing in the backlog stands behind a manual detail, so nothing of it can stay there";
    return "it is billed as a whole, so it has no rest to keep";
}

} // namespace

std::optional<std::string_view> edit_refusal(DetailKind kind, DetailField field) noexcept {
    if (field == DetailField::rest)
        return rest_refusal(kind);
    switch (kind) {
    case DetailKind::actual:
        return is_text(field) ? allowed() : actual_refusal(field);
    case DetailKind::milestone:
        return is_text(field) ? allowed() : milestone_refusal(field);
    case DetailKind::product:
        return product_refusal(field);
    case DetailKind::manual:
        return manual_refusal(field);
    case DetailKind::correction:
        return is_text(field) ? allowed() : correction_refusal(field);
    case DetailKind::retainer:
    case DetailKind::advance:
    case DetailKind::refund:
        return "a retainer is billed at its amount; set_advance() limits what an invoice takes of it";
    case DetailKind::milestone_correction:
        return is_text(field) ? allowed() : milestone_correction_refusal(field);
    case DetailKind::product_correction:
        break;
    }
    return full_credit_refusal();
}

std::optional<std::string_view> quantity_refusal(const Decimal& source, const Decimal& edited) noexcept {
    if (source.sign() >= 0 && edited.sign() < 0)
        return "billable quantity must not be negative";
    if (source.sign() < 0 && edited.sign() > 0)
        return "billable quantity of a negative source must not be positive";
    return std::nullopt;
}

std::optional<std::string_view> standing_refusal(const Decimal& billed, const Decimal& quantity,
                                                 const Decimal& stands) noexcept {
    if (!quantity.is_zero() && quantity != Decimal::of(1))
        return "the quantity of a milestone is 1, or 0 to credit it in full; enter the amount that shall stand as the "
               "price";
    const bool is_between = stands.sign() * billed.sign() >= 0 && stands.magnitude() <= billed.magnitude();
    if (!is_between)
        return "what stands of a milestone lies between nothing and what was billed";
    return std::nullopt;
}

Decimal remainder(const Decimal& original_quantity, const Decimal& edited_quantity) {
    if (const Reason reason = quantity_refusal(original_quantity, edited_quantity))
        throw DomainError(sqlstate::refused, std::string(*reason),
                          "The source has " + original_quantity.text() + ", the edit " + edited_quantity.text() + ".");
    const Decimal rest = original_quantity - edited_quantity;
    return rest.sign() == original_quantity.sign() ? rest : Decimal::of(0, rest.scale());
}

} // namespace billing
