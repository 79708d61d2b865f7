#pragma once
// How much drafts take of retainers that were billed before.

#include "domain/retainer.hpp"
#include "engine/verb.hpp"

namespace billing::engine {

struct AdvanceTarget {
    std::int64_t contract_id;
    std::int64_t customer_id;
    std::int64_t invoice_id; // 0: a draft that is not written yet
    Decimal room;            // what it charges, without tax and retainers
};

// What the balances of retainers give to drafts, the oldest retainer first. A draft that exists is planned anew; what
// other drafts hold stays theirs. Only reads; the contracts must be locked if it is to be written.
class AdvancePlan {
public:
    AdvancePlan() = default;
    // Drafts of one customer share in the order given.
    explicit AdvancePlan(std::vector<AdvanceTarget> targets);

    // What the target takes in all, and what it took before.
    const Decimal& total(std::size_t target) const { return totals_[target]; }
    const Decimal& total_before(std::size_t target) const { return totals_before_[target]; }

    // Writes what changed. Drafts have their ids by now: invoice_ids[i] is target i.
    void write(const Ids& invoice_ids) const;

private:
    struct Balance {
        std::int64_t retainer_id;
        Decimal free;
    };
    struct Held {
        Decimal amount;
        std::optional<Decimal> limit;
    };
    struct Row {
        std::size_t target;
        std::int64_t retainer_id;
        Decimal amount;
    };

    void read_balances();
    void read_held();
    void share(std::size_t target);
    bool stands_already(const Row& row) const;

    std::vector<AdvanceTarget> targets_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Balance>> balances_; // by contract and customer
    std::map<std::pair<std::int64_t, std::int64_t>, Held> held_;                     // by invoice and retainer
    std::vector<Row> rows_;
    std::vector<Decimal> totals_;
    std::vector<Decimal> totals_before_;
};

// Applies advances anew to drafts whose lines or retainers changed. Returns, for each, how much more it takes.
std::map<std::int64_t, Decimal> reapply_advances(const Ids& invoice_ids);

// What of a retainer is not held by drafts other than `invoice_id`; nothing if it is not posted or is (to be) refunded.
Decimal free_balance(std::int64_t retainer_id, std::int64_t contract_id, std::int64_t invoice_id);

} // namespace billing::engine
