// Journals: what all kinds share, confirm_journal(), preview_journal(), release_from_journal(), delete_journals().

#include "engine/journal.hpp"

#include <set>

#include "engine/entries.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

std::vector<Journal> journals_in(const pg::Rows& rows) {
    pg::EnumOids<JournalType> const types;
    pg::EnumOids<JournalStatus> const statuses;
    std::vector<Journal> journals;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        journals.push_back({rows.id(i, 1), rows.id(i, 2), types(rows.value(i, 3)), statuses(rows.value(i, 4))});
    }
    return journals;
}

} // namespace

#define BILLING_JOURNALS                                                                                               \
    "SELECT journal_id, contract_id, journal_type, journal_status FROM billing.journal"                                \
    " WHERE journal_id = ANY ($1) ORDER BY journal_id"

std::vector<Journal> read_journals(const Ids& ids) {
    static pg::Statement read{BILLING_JOURNALS, {INT8ARRAYOID}};
    return journals_in(pg::query(read, pg::Parameters().ids(ids)));
}

// FOR UPDATE: a line being inserted holds the journal's key, so nothing can join a journal while it is confirmed.
std::vector<Journal> lock_journals(const Ids& ids) {
    static pg::Statement lock{BILLING_JOURNALS " FOR UPDATE", {INT8ARRAYOID}};
    return journals_in(pg::query(lock, pg::Parameters().ids(ids)));
}

#undef BILLING_JOURNALS

Journal find_journal(std::int64_t id) {
    std::vector<Journal> const found = read_journals({id});
    if (found.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no journal " + std::to_string(id));
    }
    return found.front();
}

Journal lock_draft(std::int64_t id) {
    std::vector<Journal> const found = lock_journals({id});
    if (found.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no journal " + std::to_string(id));
    }
    if (!found.front().is_draft()) {
        throw DomainError(sqlstate::not_editable, found.front().name() + " is confirmed and final", {},
                          "Use a new journal: what it wrote is taken back, never edited.");
    }
    return found.front();
}

Ids entries_of(const Ids& journals) {
    static pg::Statement read{R"(
        SELECT d.entry_id FROM billing.journal j
          JOIN billing.journal_correction d ON d.contract_id = j.contract_id AND d.journal_id = j.journal_id AND d.is_claim
         WHERE j.journal_id = ANY ($1) ORDER BY d.entry_id)",
                              {INT8ARRAYOID}};
    return pg::query(read, pg::Parameters().ids(journals)).ids(1);
}

Ids actuals_of(const Ids& journals) {
    static pg::Statement read{R"(
        SELECT d.actual_id FROM billing.journal j
          JOIN billing.journal_cancellation d ON d.contract_id = j.contract_id AND d.journal_id = j.journal_id AND d.is_claim
         WHERE j.journal_id = ANY ($1) ORDER BY d.actual_id)",
                              {INT8ARRAYOID}};
    return pg::query(read, pg::Parameters().ids(journals)).ids(1);
}

bool is_held(const LedgerRow& row) {
    return row.adjustment == AdjustmentStatus::in_process && row.type != TransactionType::billed_sales;
}

void move_held(std::int64_t operation_id, const ItemsByContract& actuals, AdjustmentStatus from, AdjustmentStatus to) {
    static pg::Statement update{R"(
        UPDATE billing.actual SET adjustment_status = (SELECT $2::billing.adjustment_status)
         WHERE actual_id = ANY ($1) AND adjustment_status = (SELECT $3::billing.adjustment_status))",
                                {INT8ARRAYOID, TEXTOID, TEXTOID}};
    if (actuals.ids.empty()) {
        return;
    }
    log_changes(operation_id, {0, "actual", "adjustment_status", label(from), label(to)}, actuals);
    pg::Parameters parameters;
    parameters.ids(actuals.ids).text(label(to)).text(label(from));
    if (guard::write(update, "actual", guard::Write::update, std::move(parameters)) != actuals.ids.size()) {
        throw DomainError("40001", "actuals changed meanwhile", {}, "Call the verb again.");
    }
}

void log_confirmation(std::int64_t operation_id, const Journal& journal) {
    log_change(operation_id,
               {journal.contract_id, "journal", "journal_status", label(JournalStatus::draft),
                label(JournalStatus::confirmed)},
               Ids{journal.journal_id});
}

void finish_confirmation(const Journal& journal) {
    static pg::Statement settle{R"(
        UPDATE billing.journal SET journal_status = 'confirmed', confirmed_at = pg_catalog.clock_timestamp()
         WHERE journal_id = $1 AND contract_id = $2)",
                                {INT8OID, INT8OID}};
    static pg::Statement corrections{
        "UPDATE billing.journal_correction SET is_claim = false WHERE contract_id = $2 AND journal_id = $1",
        {INT8OID, INT8OID}};
    static pg::Statement cancellations{
        "UPDATE billing.journal_cancellation SET is_claim = false WHERE contract_id = $2 AND journal_id = $1",
        {INT8OID, INT8OID}};
    auto const write = [&journal](pg::Statement& statement, const char* table) {
        guard::write(statement, table, guard::Write::update,
                     pg::Parameters().id(journal.journal_id).id(journal.contract_id));
    };
    write(settle, "journal");
    if (corrected_class(journal.type)) {
        write(corrections, "journal_correction");
    } else if (journal.type == JournalType::cancellation) {
        write(cancellations, "journal_cancellation");
    }
}

std::int64_t begin_confirmation(Verb& verb, const Journal& journal) {
    return begin_operation(verb, journal.logged());
}

namespace {

void confirm(Verb& verb, bool preview) {
    Journal const journal = find_journal(DatumGetInt64(verb.arguments.required(0, "journal")));
    if (journal.type == JournalType::entry) {
        confirm_entry_journal(verb, journal, preview);
    } else if (journal.type == JournalType::cancellation) {
        confirm_cancellation(verb, journal, preview);
    } else {
        confirm_correction(verb, journal, preview);
    }
}

// --- letting go -----------------------------------------------------------------------------------------------------

// Takes entries and actuals off the drafts that hold them; their actuals are adjustable again.
void let_go(std::int64_t operation_id, const Ids& journals, const Ids& entries, const Ids& actuals) {
    static pg::Statement forget_entries{R"(
        DELETE FROM billing.journal_correction WHERE journal_id = ANY ($1) AND entry_id = ANY ($2) AND is_claim)",
                                        {INT8ARRAYOID, INT8ARRAYOID}};
    static pg::Statement forget_actuals{R"(
        DELETE FROM billing.journal_cancellation WHERE journal_id = ANY ($1) AND actual_id = ANY ($2) AND is_claim)",
                                        {INT8ARRAYOID, INT8ARRAYOID}};
    static pg::Statement contracts_of{
        "SELECT actual_id, contract_id FROM billing.actual WHERE actual_id = ANY ($1) ORDER BY actual_id",
        {INT8ARRAYOID}};
    ItemsByContract held;
    EntryLedger ledger;
    in_batches(entries, [&](const Ids& batch) {
        ledger.read(batch);
        for (std::int64_t const entry : batch) {
            for (LedgerRow const& row : ledger.of(entry)) {
                if (is_held(row)) {
                    held.add(row.contract_id, row.actual_id);
                }
            }
        }
    });
    if (!actuals.empty()) {
        pg::Rows const rows = pg::query(contracts_of, pg::Parameters().ids(actuals));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            held.add(rows.id(i, 2), rows.id(i, 1));
        }
    }
    move_held(operation_id, held, AdjustmentStatus::in_process, AdjustmentStatus::adjustable);
    if (!entries.empty()) {
        guard::write(forget_entries, "journal_correction", guard::Write::remove,
                     pg::Parameters().ids(journals).ids(entries));
    }
    if (!actuals.empty()) {
        guard::write(forget_actuals, "journal_cancellation", guard::Write::remove,
                     pg::Parameters().ids(journals).ids(actuals));
    }
}

// What of the ids the journal holds; the others are refused.
Ids held_among(const Ids& wanted, const Ids& held, const char* item, SelectionReport& report) {
    std::set<std::int64_t> const all(held.begin(), held.end());
    std::set<std::int64_t> found;
    for (std::int64_t const id : wanted) {
        if (all.count(id) == 0) {
            report.add(item, id, ItemOutcome::refused, "it is not on the journal");
        } else if (found.insert(id).second) {
            report.add(item, id, ItemOutcome::changed);
        }
    }
    return Ids(found.begin(), found.end());
}

void release(Verb& verb) {
    std::optional<Ids> const entries = verb.arguments.ids(1);
    std::optional<Ids> const actuals = verb.arguments.ids(2);
    Journal const journal = find_journal(DatumGetInt64(verb.arguments.required(0, "journal")));
    if (!entries && !actuals) {
        throw DomainError(sqlstate::invalid_parameter, "nothing to release", {}, "Name entries or actuals.");
    }
    lock_entries(entries.value_or(Ids()));
    lock_contracts({journal.contract_id});
    (void)lock_draft(journal.journal_id);
    LoggedArguments logged = journal.logged();
    logged.add("entries", entries).add("actuals", actuals);
    std::int64_t const operation = begin_operation(verb, logged);
    SelectionReport report(verb);
    Ids const found_entries = held_among(entries.value_or(Ids()), entries_of({journal.journal_id}), "entry", report);
    Ids const found_actuals = held_among(actuals.value_or(Ids()), actuals_of({journal.journal_id}), "actual", report);
    let_go(operation, {journal.journal_id}, found_entries, found_actuals);
}

// --- delete_journals ------------------------------------------------------------------------------------------------

class Deletion {
public:
    explicit Deletion(Verb& verb) : verb_(verb), ids_(verb.arguments.required_ids(0, "journals")) {}

    void run() {
        Ids const entries = entries_of(ids_);
        lock_entries(entries);
        lock_contracts(contracts_of(read_journals(ids_)));
        decide(lock_journals(ids_));
        // Whoever was faster may have put other work on them, which is not locked.
        if (entries_of(ids_) != entries) {
            throw DomainError("40001", "journals changed meanwhile", {}, "Call delete_journals() again.");
        }
        if (drafts_.ids.empty()) {
            return;
        }
        std::int64_t const operation = begin_operation(verb_, LoggedArguments().add("journals", ids_));
        let_go(operation, drafts_.ids, entries_of(drafts_.ids), actuals_of(drafts_.ids));
        log_changes(operation, {0, "journal", "journal_status", label(JournalStatus::draft), ""}, drafts_);
        erase();
    }

private:
    static Ids contracts_of(const std::vector<Journal>& journals) {
        Ids contracts;
        for (Journal const& journal : journals) {
            contracts.push_back(journal.contract_id);
        }
        return contracts;
    }

    void decide(const std::vector<Journal>& journals) {
        std::set<std::int64_t> missing(ids_.begin(), ids_.end());
        for (Journal const& journal : journals) {
            missing.erase(journal.journal_id);
            if (journal.is_draft()) {
                drafts_.add(journal.contract_id, journal.journal_id);
            }
            emit(journal.journal_id, journal.contract_id, journal.is_draft() ? "" : confirmed_reason);
        }
        for (std::int64_t const id : missing) {
            emit(id, 0, "there is no journal with this id");
        }
    }

    void emit(std::int64_t id, std::int64_t contract_id, std::string_view reason) {
        verb_.result.id(id).id_or_null(contract_id);
        verb_.result.add(outcome_(reason.empty() ? ItemOutcome::changed : ItemOutcome::refused));
        verb_.result.text_or_null(reason).emit();
    }

    void erase() const {
        static pg::Statement lines{
            "DELETE FROM billing.journal_line WHERE contract_id = ANY ($2) AND journal_id = ANY ($1)",
            {INT8ARRAYOID, INT8ARRAYOID}};
        static pg::Statement journals{"DELETE FROM billing.journal WHERE journal_id = ANY ($1)", {INT8ARRAYOID}};
        guard::write(lines, "journal_line", guard::Write::remove,
                     pg::Parameters().ids(drafts_.ids).ids(drafts_.contracts));
        guard::write(journals, "journal", guard::Write::remove, pg::Parameters().ids(drafts_.ids));
    }

    Verb& verb_;
    Ids ids_;
    ItemsByContract drafts_; // journals
    pg::EnumOids<ItemOutcome> outcome_;
};

// --- journal_line_rules ---------------------------------------------------------------------------------------------

void list_rules(FunctionCallInfo call) {
    pg::ResultSet result(call);
    pg::EnumOids<BillingMethod> const methods;
    pg::EnumOids<TransactionType> const types;
    pg::EnumOids<TransactionClass> const classes;
    for (JournalRule const& rule : journal_rules()) {
        result.add(methods(rule.method)).add(types(rule.type)).add(classes(rule.transaction_class));
        result.flag(rule.is_allowed).emit();
    }
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum journal_line_rules(PG_FUNCTION_ARGS) {
    return billing::wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        list_rules(call);
        return Datum{0};
    });
}

Datum preview_journal(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "preview_journal", [](Verb& verb) { confirm(verb, true); });
}

Datum confirm_journal(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "confirm_journal", [](Verb& verb) { confirm(verb, false); });
}

Datum release_from_journal(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "release_from_journal", release);
}

Datum delete_journals(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "delete_journals", [](Verb& verb) { Deletion(verb).run(); });
}
