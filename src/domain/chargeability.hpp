#pragma once

#include "domain/vocabulary.hpp"

#include <optional>

namespace billing {

// What decides whether a contract line's customers pay for a transaction. An empty line setting means the line says
// nothing about that role or category, so the master record counts.
struct ChargeabilityFacts {
    TransactionClass transaction_class;
    bool class_included;  // the contract line includes this transaction class
    bool selected_tasks;  // the line covers selected tasks only; otherwise its tasks do not count
    bool task_chargeable; // as set for the task on the line
    std::optional<bool> role_on_line;
    bool role_master;
    std::optional<bool> category_on_line;
    bool category_master;
};

// Not available when the line does not include the class; otherwise chargeable unless one factor says it is not:
// the role for time, the category for expenses, the task of a line with selected tasks for every class.
// Material and fee depend on the task only. Milestones and retainers are always chargeable, tax rows never available.
BillingType chargeability(const ChargeabilityFacts& facts) noexcept;

} // namespace billing
