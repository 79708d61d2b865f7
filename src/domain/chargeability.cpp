#include "domain/chargeability.hpp"

namespace billing {

namespace {

// The factor that belongs to the class: role for time, category for expense, none for the others.
bool class_factor(const ChargeabilityFacts& facts) noexcept {
    switch (facts.transaction_class) {
    case TransactionClass::time:
        return facts.role_on_line.value_or(facts.role_master);
    case TransactionClass::expense:
        return facts.category_on_line.value_or(facts.category_master);
    default:
        return true;
    }
}

bool task_factor(const ChargeabilityFacts& facts) noexcept {
    return !facts.selected_tasks || facts.task_chargeable;
}

} // namespace

BillingType chargeability(const ChargeabilityFacts& facts) noexcept {
    const TransactionClass transaction_class = facts.transaction_class;
    if (transaction_class == TransactionClass::milestone || transaction_class == TransactionClass::retainer)
        return BillingType::chargeable;
    if (transaction_class == TransactionClass::tax || !facts.class_included)
        return BillingType::not_available;
    return class_factor(facts) && task_factor(facts) ? BillingType::chargeable : BillingType::non_chargeable;
}

} // namespace billing
