#pragma once
// Taking actuals back: the original becomes adjusted and canceled, a reversal with the negated values is written.
// Billed sales that a journal wrote stay posted.

#include "domain/standing.hpp"
#include "engine/contract_book.hpp"
#include "engine/new_actuals.hpp"

namespace billing::engine {

class Reversals {
public:
    // What sales had committed against limits, or billed, is given back in `totals`, which the caller writes at the
    // end. `from` is where the originals are: adjustable, or in process where a journal holds them.
    explicit Reversals(LineTotals& totals, AdjustmentStatus from = AdjustmentStatus::adjustable)
        : totals_(totals), from_(from) {}

    // Collects one actual; returns the id of its reversal.
    std::int64_t add(const LedgerRow& row);

    // Logs, closes the originals and writes the reversals collected.
    void write(std::int64_t operation_id);

private:
    void log(std::int64_t operation_id) const;

    ActualIds next_;
    LineTotals& totals_;
    AdjustmentStatus from_;
    Ids originals_; // and beside each
    Ids reversals_; // its reversal
    struct Moved {
        Ids contracts;
        Ids ids;
    };
    Moved all_;
    std::map<BillingStatus, Moved> by_status_;
};

// The result rows of the verbs that take back or write again: (entry_id, outcome, reason, actual_id, reverses_id,
// contract_id, contract_line_id, customer_id, transaction_type, billing_type, nte_status, quantity, price, amount,
// tax).
class LedgerReport {
public:
    explicit LedgerReport(Verb& verb) : verb_(verb) {}
    LedgerReport(const LedgerReport&) = delete;
    LedgerReport(LedgerReport&&) = delete;
    LedgerReport& operator=(const LedgerReport&) = delete;
    LedgerReport& operator=(LedgerReport&&) = delete;
    virtual ~LedgerReport() = default;

    // Something about an entry (0: none) or contract (0: none) without an actual.
    virtual void note(std::int64_t entry_id, std::int64_t contract_id, ItemOutcome outcome,
                      std::string_view reason = {});
    // The reversal of a row; id 0 where it is only tried.
    virtual void reversal(std::int64_t entry_id, const LedgerRow& row, std::int64_t reversal_id);
    virtual void written(std::int64_t entry_id, const NewRow& row);
    // A sale that stays, with another not-to-exceed status.
    virtual void evaluated(std::int64_t entry_id, const LedgerRow& row, NteStatus nte);
    // The end of a batch, whose memory goes: what is told together is complete.
    virtual void flush() {}

private:
    void start(std::int64_t entry_id, ItemOutcome outcome, std::string_view reason, std::int64_t actual_id,
               std::int64_t reverses_id);

    Verb& verb_;
    pg::EnumOids<ItemOutcome> outcome_;
    pg::EnumOids<TransactionType> type_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<NteStatus> nte_;
};

} // namespace billing::engine
