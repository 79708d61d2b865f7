// Correction journals: approved work gets other values. The work stays an entry: its actuals are reversed and written
// again from the corrected entry, as when it is evaluated again.

#include <algorithm>
#include <set>

#include "engine/entries.hpp"
#include "engine/journal.hpp"
#include "engine/operation.hpp"
#include "engine/reevaluate.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// --- select_for_correction ------------------------------------------------------------------------------------------

class CorrectionSelection {
public:
    explicit CorrectionSelection(Verb& verb)
        : verb_(verb), report_(verb), journal_(find_journal(DatumGetInt64(verb.arguments.required(0, "journal")))) {}

    void run() {
        std::optional<Ids> const entries = verb_.arguments.ids(1);
        std::optional<Ids> const actuals = verb_.arguments.ids(2);
        if (!entries && !actuals) {
            throw DomainError(sqlstate::invalid_parameter, "nothing to select", {}, "Name entries or actuals.");
        }
        std::set<std::int64_t> wanted;
        add(wanted, entries.value_or(Ids()));
        add(wanted, entries_of_actuals(actuals.value_or(Ids())));
        Ids const ids(wanted.begin(), wanted.end());
        lock_entries(ids);
        lock_contracts({journal_.contract_id});
        journal_ = lock_draft(journal_.journal_id);
        require_correction();
        LoggedArguments logged = journal_.logged();
        logged.add("entries", entries).add("actuals", actuals);
        std::int64_t const operation = begin_operation(verb_, logged);
        read_held();
        in_batches(ids, [this](const Ids& batch) { select(batch); });
        move_held(operation, held_, AdjustmentStatus::adjustable, AdjustmentStatus::in_process);
        write_claims();
    }

private:
    static void add(std::set<std::int64_t>& into, const Ids& ids) { into.insert(ids.begin(), ids.end()); }

    // Entries behind the actuals; what has none is refused.
    Ids entries_of_actuals(const Ids& actuals) {
        static pg::Statement read{R"(
            SELECT DISTINCT i.id, a.actual_id IS NOT NULL, a.entry_id
              FROM unnest($1) AS i (id) LEFT JOIN billing.actual a ON a.actual_id = i.id
             ORDER BY i.id)",
                                  {INT8ARRAYOID}};
        Ids entries;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(actuals));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            if (rows.datum(i, 3)) {
                entries.push_back(rows.id(i, 3));
            } else {
                report_.add("actual", rows.id(i, 1), ItemOutcome::refused,
                            rows.flag(i, 2) ? "no approved work is behind it; take it back with a cancellation journal"
                                            : "there is no actual with this id");
            }
        }
        return entries;
    }

    void require_correction() const {
        if (!corrected_class(journal_.type)) {
            throw DomainError(sqlstate::refused, journal_.name() + " is no correction journal",
                              "It is of type " + std::string(label(journal_.type)) + ".",
                              "Insert a journal of type time_correction, expense_correction or material_correction.");
        }
    }

    void read_held() {
        add(on_journal_, entries_of({journal_.journal_id}));
        is_closed_ = ContractBook::load({journal_.contract_id}).known_contract(journal_.contract_id).is_closed;
    }

    void select(const Ids& batch) {
        static pg::Statement read{R"(
            SELECT i.id, e.entry_status, e.transaction_class
              FROM unnest($1) AS i (id) LEFT JOIN billing.entry e ON e.entry_id = i.id)",
                                  {INT8ARRAYOID}};
        ledger_.read(batch);
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(batch));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            std::int64_t const id = rows.id(i, 1);
            if (on_journal_.count(id) != 0) {
                report_.add("entry", id, ItemOutcome::unchanged);
                continue;
            }
            std::string const problem = problem_of(rows, i);
            report_.add("entry", id, problem.empty() ? ItemOutcome::changed : ItemOutcome::refused, problem);
            if (problem.empty()) {
                accept(id);
            }
        }
    }

    std::string problem_of(const pg::Rows& rows, std::uint64_t i) const {
        if (!rows.datum(i, 2)) {
            return "there is no entry with this id";
        }
        EntryStatus const status = status_(rows.value(i, 2));
        if (status != EntryStatus::approved) {
            return "the entry is " + std::string(label(status)) + "; only approved work is corrected";
        }
        TransactionClass const entry_class = class_(rows.value(i, 3));
        if (entry_class != *corrected_class(journal_.type)) {
            return "the entry is of class " + std::string(label(entry_class)) + ", the journal a " +
                   std::string(label(journal_.type));
        }
        return is_closed_ ? "the contract is closed" : ledger_problem(ledger_.of(rows.id(i, 1)));
    }

    std::string ledger_problem(const std::vector<LedgerRow>& rows) const {
        if (Hold const hold = hold_of(rows); hold != Hold::none) {
            return reason_of(hold);
        }
        auto const found = std::find_if(rows.begin(), rows.end(), stands);
        if (found == rows.end()) {
            return "nothing of the entry stands in the ledger";
        }
        return found->contract_id == journal_.contract_id
                   ? ""
                   : "the entry stands in contract " + std::to_string(found->contract_id) +
                         ", the journal is of contract " + std::to_string(journal_.contract_id);
    }

    void accept(std::int64_t id) {
        accepted_.push_back(id);
        for (LedgerRow const& row : ledger_.of(id)) {
            if (stands(row)) {
                held_.add(row.contract_id, row.actual_id);
            }
        }
    }

    void write_claims() const {
        static pg::Statement insert{R"(
            INSERT INTO billing.journal_correction (contract_id, journal_id, entry_id, before)
            SELECT $1, $2, e.entry_id, pg_catalog.to_jsonb(e) FROM billing.entry e WHERE e.entry_id = ANY ($3))",
                                    {INT8OID, INT8OID, INT8ARRAYOID}};
        if (!accepted_.empty()) {
            guard::write(insert, "journal_correction", guard::Write::insert,
                         pg::Parameters().id(journal_.contract_id).id(journal_.journal_id).ids(accepted_));
        }
    }

    Verb& verb_;
    SelectionReport report_;
    Journal journal_;
    bool is_closed_ = false;
    std::set<std::int64_t> on_journal_;
    EntryLedger ledger_;
    Ids accepted_;
    ItemsByContract held_;
    pg::EnumOids<EntryStatus> status_;
    pg::EnumOids<TransactionClass> class_;
};

// --- confirm --------------------------------------------------------------------------------------------------------

// What a line of the journal makes of its entry.
struct Correction {
    CorrectedValues values;
    DateADT date;
    std::int64_t task_id;
    std::int64_t role_id;
    std::int64_t category_id;
    bool role_master;
    bool category_master;
    std::int64_t resource_id;
    std::int64_t product_id;
};

class CorrectionJournal {
public:
    CorrectionJournal(Verb& verb, const Journal& journal, bool preview)
        : verb_(verb), journal_(journal), preview_(preview), report_(verb),
          work_(
              preview, [this](EntryRow& entry, const std::vector<LedgerRow>&, const ApprovedWork&) { correct(entry); },
              std::make_unique<LedgerReport>(verb), true) {}

    void run() {
        Ids const entries = entries_of({journal_.journal_id});
        work_.lock_and_load(entries, {journal_.contract_id});
        if (!preview_) {
            journal_ = lock_journals({journal_.journal_id}).at(0);
        }
        if (!journal_.is_draft()) {
            return note(confirmed_reason);
        }
        if (read_corrections() != entries) {
            throw DomainError("40001", "the journal changed meanwhile", {}, "Call the verb again.");
        }
        if (entries.empty()) {
            return note("the journal holds no work");
        }
        // Both look at every entry, so that everything that is wrong is said at once.
        if (bool const is_refused = work_.compare(); is_refused || has_problems_) {
            return;
        }
        if (preview_) {
            return work_.settle(0);
        }
        std::int64_t const operation = begin_confirmation(verb_, journal_);
        log_confirmation(operation, journal_);
        work_.settle(operation);
        log_list_prices_end(operation, with_typed_prices());
        correct_entries();
        finish_confirmation(journal_);
    }

private:
    void note(std::string_view reason) { report_.note(0, journal_.contract_id, ItemOutcome::refused, reason); }

#define BILLING_CORRECTIONS                                                                                            \
    "SELECT d.entry_id, d.quantity, d.billable_quantity, d.cost_price, d.sales_price, d.tax, d.billing_type,"          \
    "       coalesce(d.entry_date, e.entry_date), coalesce(d.task_id, e.task_id), w.role_id,"                          \
    "       coalesce(d.category_id, e.category_id), coalesce(r.is_chargeable, true), coalesce(g.is_chargeable, true)," \
    "       coalesce(t.project_id = e.project_id, true),"                                                              \
    "       num_nonnulls(d.quantity, d.billable_quantity, d.cost_price, d.sales_price, d.tax, d.billing_type,"         \
    "                    d.entry_date, d.task_id, d.resource_id, d.role_id, d.category_id, d.product_id,"              \
    "                    d.description, d.external_description) > 0,"                                                  \
    "       coalesce(d.resource_id, e.resource_id), coalesce(d.product_id, e.product_id)"                              \
    "  FROM billing.journal_correction d"                                                                              \
    "  JOIN billing.entry e ON e.entry_id = d.entry_id"                                                                \
    "  LEFT JOIN billing.resource p ON p.resource_id = coalesce(d.resource_id, e.resource_id)"                         \
    " CROSS JOIN LATERAL (SELECT coalesce(d.role_id, e.role_id, p.role_id) AS role_id) w"                              \
    "  LEFT JOIN billing.role r ON r.role_id = w.role_id"                                                              \
    "  LEFT JOIN billing.category g ON g.category_id = coalesce(d.category_id, e.category_id)"                         \
    "  LEFT JOIN billing.task t ON t.task_id = d.task_id"                                                              \
    " WHERE d.contract_id = $1 AND d.journal_id = $2 AND d.is_claim ORDER BY d.entry_id"

    // Reads the new values and reports what makes no sense; returns the entries.
    Ids read_corrections() {
        static pg::Statement read{BILLING_CORRECTIONS, {INT8OID, INT8OID}};
        static pg::Statement lock{BILLING_CORRECTIONS " FOR UPDATE OF d", {INT8OID, INT8OID}};
        pg::EnumOids<BillingType> const types;
        pg::Rows const rows =
            pg::query(preview_ ? read : lock, pg::Parameters().id(journal_.contract_id).id(journal_.journal_id));
        Ids entries;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            std::optional<Datum> const type = rows.datum(i, 7);
            CorrectedValues const values{
                rows.decimal_or_null(i, 2), rows.decimal_or_null(i, 3),
                rows.decimal_or_null(i, 4), rows.decimal_or_null(i, 5),
                rows.decimal_or_null(i, 6), type ? std::optional<BillingType>(types(*type)) : std::nullopt};
            entries.push_back(rows.id(i, 1));
            corrections_[rows.id(i, 1)] = {values,
                                           DatumGetDateADT(rows.value(i, 8)),
                                           rows.id_or(i, 9, 0),
                                           rows.id_or(i, 10, 0),
                                           rows.id_or(i, 11, 0),
                                           rows.flag(i, 12),
                                           rows.flag(i, 13),
                                           rows.id_or(i, 16, 0),
                                           rows.id_or(i, 17, 0)};
            require(rows.flag(i, 14), rows.id(i, 1), "its new task belongs to another project");
            require(rows.flag(i, 15), rows.id(i, 1),
                    "nothing is to be changed; set new values or take it off the journal");
        }
        return entries;
    }

#undef BILLING_CORRECTIONS

    void require(bool holds, std::int64_t entry_id, std::string_view reason) {
        if (!holds) {
            has_problems_ = true;
            report_.note(entry_id, journal_.contract_id, ItemOutcome::refused, reason);
        }
    }

    void correct(EntryRow& entry) {
        Correction const& correction = corrections_.at(entry.entry_id);
        entry.work = corrected(entry.work, correction.values);
        require(entry.work.billable_quantity.sign() * entry.work.quantity.sign() >= 0, entry.entry_id,
                "the billable quantity has another sign than the quantity");
        entry.date = correction.date;
        entry.task_id = correction.task_id;
        entry.role_id = correction.role_id;
        entry.category_id = correction.category_id;
        entry.role_master = correction.role_master;
        entry.category_master = correction.category_master;
        entry.resource_id = correction.resource_id;
        entry.product_id = correction.product_id;
    }

    // Entries that the journal gives a price.
    Ids with_typed_prices() const {
        Ids entries;
        for (auto const& [entry_id, correction] : corrections_) {
            if (correction.values.cost_price || correction.values.sales_price) {
                entries.push_back(entry_id);
            }
        }
        return entries;
    }

    // The entry says from now on what its actuals say, so that evaluating it again finds nothing to do. A choice of the
    // approver ends where the journal says otherwise. Where the price lists overruled typed prices and the journal
    // types one of them, the other counts as typed from then on, as it is in the ledger.
    void correct_entries() const {
        static pg::Statement update{R"(
            UPDATE billing.entry e
               SET entry_date = coalesce(d.entry_date, e.entry_date),
                   task_id = coalesce(d.task_id, e.task_id), resource_id = coalesce(d.resource_id, e.resource_id),
                   role_id = coalesce(d.role_id, e.role_id), category_id = coalesce(d.category_id, e.category_id),
                   product_id = coalesce(d.product_id, e.product_id),
                   billing_type = coalesce(d.billing_type, e.billing_type),
                   approved_billing_type = CASE WHEN d.billing_type IS NULL THEN e.approved_billing_type END,
                   quantity = coalesce(d.quantity, e.quantity),
                   billable_quantity = coalesce(d.billable_quantity, CASE WHEN NOT k.follows THEN e.billable_quantity END),
                   approved_billable_quantity = CASE WHEN d.billable_quantity IS NULL AND NOT k.follows
                                                     THEN e.approved_billable_quantity END,
                   cost_price = coalesce(d.cost_price, CASE WHEN NOT k.keeps_prices THEN p.cost_price END, e.cost_price),
                   sales_price = coalesce(d.sales_price, CASE WHEN NOT k.keeps_prices THEN p.sales_price END, e.sales_price),
                   approved_at_list_price = CASE WHEN d.cost_price IS NULL AND d.sales_price IS NULL
                                                 THEN e.approved_at_list_price END, tax = coalesce(d.tax, e.tax),
                   description = coalesce(d.description, e.description),
                   external_description = coalesce(d.external_description, e.external_description)
              FROM billing.journal_correction d
              JOIN billing.entry o ON o.entry_id = d.entry_id
             CROSS JOIN LATERAL (SELECT d.quantity IS NOT NULL
                                    AND coalesce(o.approved_billable_quantity, o.billable_quantity, o.quantity) = o.quantity
                                        AS follows,
                                coalesce(o.approved_at_list_price, false) IS FALSE
                                    OR num_nonnulls(d.cost_price, d.sales_price) = 0 AS keeps_prices) k
             CROSS JOIN LATERAL (SELECT pg_catalog.max(a.price) FILTER (WHERE a.transaction_type = 'cost') AS cost_price,
                                        pg_catalog.max(a.price) FILTER (WHERE a.transaction_type = 'unbilled_sales') AS sales_price
                                   FROM billing.actual a
                                  WHERE NOT k.keeps_prices AND a.entry_id = o.entry_id AND a.invoice_id IS NULL
                                    AND a.adjustment_status = 'adjustable') p
             WHERE d.contract_id = $1 AND d.journal_id = $2 AND d.is_claim AND e.entry_id = d.entry_id)",
                                    {INT8OID, INT8OID}};
        guard::write(update, "entry", guard::Write::update,
                     pg::Parameters().id(journal_.contract_id).id(journal_.journal_id));
    }

    Verb& verb_;
    Journal journal_;
    bool preview_;
    LedgerReport report_;
    std::unordered_map<std::int64_t, Correction> corrections_;
    bool has_problems_ = false;
    Reevaluation work_;
};

} // namespace

void confirm_correction(Verb& verb, const Journal& journal, bool preview) {
    CorrectionJournal(verb, journal, preview).run();
}

} // namespace billing::engine

using namespace billing::engine;

Datum select_for_correction(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "select_for_correction", [](Verb& verb) { CorrectionSelection(verb).run(); });
}
