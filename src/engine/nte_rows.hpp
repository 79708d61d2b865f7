#pragma once
// Evaluating the not-to-exceed status of actuals that exist.

#include <tuple>

#include "engine/contract_book.hpp"

namespace billing::engine {

// Evaluates the actuals in the order given: what they had committed is released first, then each is offered room
// greedily. Rows that turn out failed are no longer ready to invoice; on contracts with partial fit a row that fits
// only partly is replaced by two. Actuals that do not exist, are on an invoice or are not chargeable unbilled sales are
// passed over. Returns what was found for each actual evaluated, or for its two parts.
struct EvaluatedRow {
    std::int64_t actual_id;
    NteStatus before;
    NteVerdict verdict;
    std::int64_t part_of; // the actual that was evaluated, where this is a part of it; otherwise 0
};
std::vector<EvaluatedRow> evaluate_actuals(ContractBook& book, std::int64_t operation_id, const Ids& actual_ids);

// An unbilled sale on no invoice, as its limits see it.
struct NteRow {
    std::int64_t actual_id;
    std::int64_t contract_id;
    std::int64_t line_id;
    std::int64_t customer_id;
    BillingStatus status;
    NteStatus nte;
    Decimal amount;
};

// Collects changes of not-to-exceed status and writes rows, totals and log together.
class NteChanges {
public:
    void add(const NteRow& row, const NteVerdict& verdict);
    void write(std::int64_t operation_id) const;

private:
    struct Move {
        std::int64_t contract_id;
        NteStatus from;
        NteStatus to;
        bool operator<(const Move& other) const {
            return std::tie(contract_id, from, to) < std::tie(other.contract_id, other.from, other.to);
        }
    };
    Ids ids_;
    std::vector<std::string> statuses_;
    std::vector<std::string> levels_;
    LineTotals totals_;
    std::map<Move, Ids> moved_;
    std::map<std::int64_t, Ids> unready_;
};

// Contracts of the given actuals.
Ids contracts_of_actuals(const Ids& actual_ids);

} // namespace billing::engine
