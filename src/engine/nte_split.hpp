#pragma once
// Sales split at a not-to-exceed limit: the sale is taken back, and its two parts are written instead, one committed,
// the other failed.

#include "engine/nte_rows.hpp"
#include "engine/reversal.hpp"

namespace billing::engine {

inline NteSale sale_of(const LedgerRow& row) {
    return {row.quantity, row.price, row.amount, row.tax, row.extension};
}

inline NteSale sale_of(const NewActual& actual) {
    return {actual.quantity, actual.price, actual.amount, actual.tax, actual.extension};
}

// The same actual, but only a part of it.
inline NewActual part_of(NewActual actual, const NteSale& part) {
    actual.quantity = part.quantity;
    actual.amount = part.amount;
    actual.tax = part.tax;
    actual.extension = part.extension;
    return actual;
}

inline NteVerdict committed_verdict() {
    return {NteStatus::committed, std::nullopt};
}

class NteSplits {
public:
    // Reversals go to `reversals`, commitments to `totals`; the caller writes both, the reversals first.
    NteSplits(LineTotals& totals, Reversals& reversals) : totals_(totals), reversals_(reversals) {}

    struct Written {
        std::int64_t reversal;
        std::int64_t fits;
        std::int64_t rest;
    };

    // Collects a sale that was split; returns the new ids.
    Written add(const LedgerRow& sale, const NteFit& fit);

    // Writes the parts. What fits stays ready if the whole was.
    void write(std::int64_t operation_id);

private:
    std::int64_t add_part(const LedgerRow& sale, const NteSale& part, BillingStatus status, const NteVerdict& verdict);

    ActualIds next_;
    LineTotals& totals_;
    Reversals& reversals_;
    Ids wholes_; // and beside each part
    Ids parts_;
    std::vector<std::string> billing_statuses_;
    std::vector<std::string> nte_statuses_;
    std::vector<std::string> levels_;
    std::vector<Decimal> quantities_;
    std::vector<Decimal> amounts_;
    std::vector<Decimal> taxes_;
    std::vector<std::optional<std::string>> discounts_;
    std::vector<std::optional<std::string>> fees_;
    Ids ready_; // parts that stay ready, and beside each
    Ids ready_contracts_;
};

} // namespace billing::engine
