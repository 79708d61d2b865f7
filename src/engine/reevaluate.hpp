#pragma once
// Evaluating approved work again: compare what stands in the ledger with what the entries would become at the terms of
// today, reverse and write again what differs, leave the rest alone.

#include <functional>
#include <memory>
#include <set>

#include "engine/entry_ledger.hpp"
#include "engine/nte_split.hpp"

namespace billing::engine {

// Which work is looked at. Of a contract: what stands in its backlog, and everything on the projects of its lines.
struct WorkSelection {
    Ids contracts;
    Ids projects;
    Ids entries;
};

// Approved entries selected, ascending.
Ids find_work(const WorkSelection& selection);

class Reevaluation {
public:
    // Changes where an entry's prices come from before it is judged, for callers that price work anew. Gets the rows
    // that the ledger has of it, and the work as the entry says: the row has what was agreed on a credited invoice.
    using Reprice = std::function<void(EntryRow&, const std::vector<LedgerRow>&, const ApprovedWork&)>;

    // With `preview`, nothing is locked or written; the result is the same but for the ids of new actuals.
    Reevaluation(Verb& verb, bool preview);
    // For pricing anew and for journals. Pricing anew tells of billed work, too, whose prices would be others now.
    // `held`: the work is held by the journal on whose behalf this is, its actuals are in process; all of it is written
    // again, whether it differs or not.
    Reevaluation(bool preview, Reprice reprice, std::unique_ptr<LedgerReport> report, bool held = false);

    // Locks the entries, then the contracts that hold them or pay for them now, and `also_lock`; reads the terms.
    void lock_and_load(const Ids& entries, const Ids& also_lock = {});

    // Leaves out what was locked but is not to be looked at.
    void keep_only(const Ids& entries);

    // Compares, writes and reports.
    void run(std::int64_t operation_id);

    // The same in two steps: compares, reporting what is refused, and returns whether anything was; then writes.
    bool compare();
    void settle(std::int64_t operation_id);

private:
    // An entry to write again.
    struct Rewrite {
        EntryRow entry;
        std::int64_t contract_id;
        std::int64_t line_id;
        bool had_room;          // some of it was committed
        std::int64_t source_id; // the credited sale it follows; 0: none
        std::vector<LedgerRow> reversed;
        std::vector<NewActual> written;
        std::vector<NteVerdict> verdicts; // beside written
    };
    // A sale that stays, to be checked against its limits.
    struct Kept {
        std::int64_t entry_id;
        DateADT date;
        LedgerRow row;
    };
    // Whose turn it is to be offered room.
    struct Bid {
        bool gives_room; // an amount of zero or less
        bool had_room;
        DateADT date;
        std::int64_t entry_id;
        std::size_t rewrite; // index, or none for a kept row
        std::size_t item;
        bool operator<(const Bid& other) const;
    };

    void consider_batch(const Ids& batch);
    void consider(EntryRow entry);
    std::vector<LedgerRow> rows_of(std::int64_t entry_id) const;
    void refuse(std::int64_t entry_id, std::int64_t contract_id, std::string_view reason);
    bool is_as_judged(const std::vector<LedgerRow>& rows, const std::string& problem, Hold hold) const;
    std::string why_not(const std::vector<LedgerRow>& standing, const std::string& problem, Hold hold);
    void rewrite(const EntryRow& entry, std::vector<LedgerRow> standing);
    void keep(const EntryRow& entry, const std::vector<LedgerRow>& standing);
    bool has_limits(std::int64_t contract_id);
    bool is_limited(const Rewrite& rewrite);

    void settle_unlimited(std::int64_t operation_id);

    void evaluate_limits();
    void release(const LedgerRow& row);
    std::vector<Bid> bids() const;
    void evaluate(const Bid& bid);
    void evaluate_rewritten(Rewrite& rewrite, std::size_t item);
    void evaluate_kept(const Kept& kept);
    void split(const Kept& kept, const NteFit& fit);

    void write(std::int64_t operation_id);
    void write_batch(std::int64_t operation_id);
    void overrule_typed_prices(std::int64_t operation_id) const;
    void write_again(const Rewrite& item);
    void report(const Rewrite& item);

    bool preview_;
    Reprice reprice_;
    bool held_;
    bool refused_ = false;
    std::unique_ptr<LedgerReport> report_;
    Ids entries_;
    WorkTerms terms_;
    Judgement judgement_;
    EntryLedger ledger_;
    std::vector<Rewrite> rewrites_;
    std::vector<Kept> kept_;
    Ids overruled_; // entries whose typed prices count no longer
    NewActuals new_actuals_;
    LineTotals totals_;
    Reversals reversals_;
    NteSplits splits_;
    NteChanges nte_changes_;
};

} // namespace billing::engine
