// Work on its way back from the ledger: recall_entries, approve_recall, reject_recall, cancel_approval.

#include "engine/entries.hpp"
#include "engine/entry_ledger.hpp"
#include "engine/operation.hpp"
#include "engine/reversal.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// What the verbs ask about an entry, beside its actuals.
struct EntryFacts {
    EntryStatus status;
    bool is_time;
};

class EntryFactsOf {
public:
    explicit EntryFactsOf(const Ids& ids) {
        static pg::Statement read{
            "SELECT entry_id, entry_status, transaction_class = 'time' FROM billing.entry WHERE entry_id = ANY ($1)",
            {INT8ARRAYOID}};
        pg::EnumOids<EntryStatus> const status;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            facts_[rows.id(i, 1)] = {status(rows.value(i, 2)), rows.flag(i, 3)};
        }
    }

    const EntryFacts* find(std::int64_t id) const {
        auto const found = facts_.find(id);
        return found == facts_.end() ? nullptr : &found->second;
    }

private:
    std::unordered_map<std::int64_t, EntryFacts> facts_;
};

std::unordered_set<std::int64_t> closed_among(const Ids& contracts) {
    static pg::Statement read{
        "SELECT contract_id FROM billing.contract WHERE contract_id = ANY ($1) AND contract_status = 'closed'",
        {INT8ARRAYOID}};
    std::unordered_set<std::int64_t> closed;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        closed.insert(rows.id(i, 1));
    }
    return closed;
}

// Why the actuals of an entry cannot be taken back; empty if they can.
std::string_view why_not(const std::vector<LedgerRow>& rows, const std::unordered_set<std::int64_t>& closed) {
    for (LedgerRow const& row : rows) {
        if (closed.count(row.contract_id) != 0) {
            return "the contract is closed";
        }
    }
    return reason_of(hold_of(rows));
}

void set_status(const Ids& ids, EntryStatus status) {
    static pg::Statement update{
        "UPDATE billing.entry SET entry_status = (SELECT $2::billing.entry_status) WHERE entry_id = ANY ($1)",
        {INT8ARRAYOID, TEXTOID}};
    guard::write(update, "entry", guard::Write::update, pg::Parameters().ids(ids).text(label(status)));
}

// What the approver chose ends with the approval.
void end_approval(std::int64_t operation_id, const Ids& ids, EntryStatus status) {
    static pg::Statement update{R"(
        UPDATE billing.entry
           SET entry_status = (SELECT $2::billing.entry_status), approved_billable_quantity = NULL,
               approved_billing_type = NULL, approved_at_list_price = NULL
         WHERE entry_id = ANY ($1))",
                                {INT8ARRAYOID, TEXTOID}};
    log_list_prices_end(operation_id, ids);
    guard::write(update, "entry", guard::Write::update, pg::Parameters().ids(ids).text(label(status)));
}

// --- cancel_approval, approve_recall ------------------------------------------------------------------------------

class TakingBack {
public:
    // Entries in status `from` become `of_time` or `of_others`.
    TakingBack(Verb& verb, EntryStatus from, EntryStatus of_time, EntryStatus of_others, const char* what)
        : verb_(verb), report_(verb), from_(from), of_time_(of_time), of_others_(of_others), what_(what),
          ids_(verb.arguments.required_ids(0, "entries")),
          returns_actuals_(!verb.arguments.given(1) || verb.arguments.flag(1)), reversals_(totals_) {}

    void run() {
        operation_ = begin_operation(verb_, LoggedArguments().add("entries", ids_));
        lock_entries(ids_);
        closed_ = closed_among(lock_contracts(customer_contracts_of_entries(ids_)));
        in_batches(ids_, [this](const Ids& batch) { take_back(batch); });
        totals_.write();
        for (auto const& [to, moved] : moved_) {
            log_changes(operation_, {0, "entry", "entry_status", label(from_), label(to)}, moved);
        }
    }

private:
    void take_back(const Ids& batch) {
        EntryFactsOf const facts(batch);
        ledger_.read(batch);
        std::map<EntryStatus, Ids> accepted;
        for (std::int64_t const id : batch) {
            EntryFacts const* entry = facts.find(id);
            if (std::string const problem = problem_of(id, entry); !problem.empty()) {
                report_.note(id, 0, ItemOutcome::refused, problem);
            } else {
                EntryStatus const to = entry->is_time ? of_time_ : of_others_;
                moved_[to].add(reverse(id), id);
                accepted[to].push_back(id);
            }
        }
        reversals_.write(operation_);
        for (auto const& [to, ids] : accepted) {
            end_approval(operation_, ids, to);
        }
    }

    std::string problem_of(std::int64_t id, const EntryFacts* entry) {
        if (entry == nullptr) {
            return "there is no entry with this id";
        }
        if (!seen_.insert(id).second) {
            return "the entry is listed twice";
        }
        if (entry->status != from_) {
            return "the entry is " + std::string(label(entry->status)) + "; " + what_;
        }
        return std::string(why_not(ledger_.of(id), closed_));
    }

    // Returns the contract the entry stood in.
    std::int64_t reverse(std::int64_t id) {
        std::int64_t contract_id = 0;
        for (LedgerRow const& row : ledger_.of(id)) {
            if (!stands(row)) {
                continue;
            }
            contract_id = row.contract_id;
            std::int64_t const reversal = reversals_.add(row);
            if (returns_actuals_) {
                report_.reversal(id, row, reversal);
            }
        }
        return contract_id;
    }

    Verb& verb_;
    LedgerReport report_;
    EntryStatus from_;
    EntryStatus of_time_;
    EntryStatus of_others_;
    const char* what_;
    Ids ids_;
    bool returns_actuals_;
    std::int64_t operation_ = 0;
    std::unordered_set<std::int64_t> closed_;
    std::unordered_set<std::int64_t> seen_;
    EntryLedger ledger_;
    LineTotals totals_;
    Reversals reversals_;
    std::map<EntryStatus, ItemsByContract> moved_;
};

void cancel(Verb& verb) {
    TakingBack(verb, EntryStatus::approved, EntryStatus::submitted, EntryStatus::submitted,
               "only an approval can be canceled")
        .run();
}

void approve_recall_of(Verb& verb) {
    TakingBack(verb, EntryStatus::recall_requested, EntryStatus::returned, EntryStatus::rejected,
               "only a requested recall can be approved")
        .run();
}

// --- recall_entries -----------------------------------------------------------------------------------------------

// Before approval a recall needs nobody's consent; after it, it is a request. approve_recall() looks again.
class Recall {
public:
    explicit Recall(Verb& verb) : verb_(verb), ids_(verb.arguments.required_ids(0, "entries")) {}

    void run() {
        operation_ = begin_operation(verb_, LoggedArguments().add("entries", ids_));
        lock_entries(ids_);
        closed_ = closed_among(customer_contracts_of_entries(ids_));
        in_batches(ids_, [this](const Ids& batch) { recall(batch); });
        log_changes(operation_, change(EntryStatus::submitted, EntryStatus::draft), drafts_);
        log_changes(operation_, change(EntryStatus::approved, EntryStatus::recall_requested), requests_);
    }

private:
    static StatusChange change(EntryStatus from, EntryStatus to) {
        return {0, "entry", "entry_status", label(from), label(to)};
    }

    void recall(const Ids& batch) {
        EntryFactsOf const facts(batch);
        ledger_.read(batch);
        Ids drafts;
        Ids requests;
        for (std::int64_t const id : batch) {
            EntryFacts const* entry = facts.find(id);
            std::string const problem = problem_of(id, entry);
            emit(id, problem);
            if (!problem.empty()) {
                continue;
            }
            if (entry->status == EntryStatus::submitted) {
                drafts.push_back(id);
                drafts_.add(0, id);
            } else {
                requests.push_back(id);
                requests_.add(ledger_.of(id).empty() ? 0 : ledger_.of(id).front().contract_id, id);
            }
        }
        set_status(drafts, EntryStatus::draft);
        set_status(requests, EntryStatus::recall_requested);
    }

    std::string problem_of(std::int64_t id, const EntryFacts* entry) {
        if (entry == nullptr) {
            return "there is no entry with this id";
        }
        if (!seen_.insert(id).second) {
            return "the entry is listed twice";
        }
        if (entry->status == EntryStatus::submitted) {
            return {};
        }
        if (entry->status != EntryStatus::approved) {
            return "the entry is " + std::string(label(entry->status)) +
                   "; only submitted and approved entries can be recalled";
        }
        return std::string(why_not(ledger_.of(id), closed_));
    }

    void emit(std::int64_t id, const std::string& problem) {
        verb_.result.id(id).add(outcome_(problem.empty() ? ItemOutcome::changed : ItemOutcome::refused));
        verb_.result.text_or_null(problem).emit();
    }

    Verb& verb_;
    Ids ids_;
    std::int64_t operation_ = 0;
    std::unordered_set<std::int64_t> closed_;
    std::unordered_set<std::int64_t> seen_;
    EntryLedger ledger_;
    ItemsByContract drafts_;
    ItemsByContract requests_;
    pg::EnumOids<ItemOutcome> outcome_;
};

// --- reject_recall ------------------------------------------------------------------------------------------------

void reject_recall_of(Verb& verb) {
    static pg::Statement classify{R"(
        SELECT i.id, e.entry_status = 'recall_requested', e.entry_status::text, 'approved'::text
          FROM unnest($1) AS i (id)
          LEFT JOIN billing.entry e ON e.entry_id = i.id)",
                                  {INT8ARRAYOID}};
    static pg::Statement update{"UPDATE billing.entry SET entry_status = 'approved' WHERE entry_id = ANY ($1)",
                                {INT8ARRAYOID}};
    move_entries(verb, {"kept approved", "recall_requested", classify, update});
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum recall_entries(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "recall_entries", [](Verb& verb) { Recall(verb).run(); });
}

Datum cancel_approval(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "cancel_approval", cancel);
}

Datum approve_recall(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "approve_recall", approve_recall_of);
}

Datum reject_recall(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "reject_recall", reject_recall_of);
}
