#pragma once
// Evaluating the not-to-exceed status of actuals that exist.

#include "engine/contract_book.hpp"

namespace billing::engine {

// Evaluates the actuals in the order given: what they had committed is released first, then each is offered room
// greedily. Rows that turn out failed are no longer ready to invoice. Actuals that do not exist, are on an invoice or
// are not chargeable unbilled sales are passed over. Returns what was found for each actual evaluated.
struct EvaluatedRow {
    std::int64_t actual_id;
    NteStatus before;
    NteVerdict verdict;
};
std::vector<EvaluatedRow> evaluate_actuals(ContractBook& book, std::int64_t operation_id, const Ids& actual_ids);

// Contracts of the given actuals.
Ids contracts_of_actuals(const Ids& actual_ids);

} // namespace billing::engine
