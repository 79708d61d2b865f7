// Work on its way to the ledger: submit, approve, reject.

#include <unordered_set>

#include "engine/entries.hpp"
#include "engine/nte_split.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// --- submit, reject: one status for many entries ------------------------------------------------------------------

void submit_entries(Verb& verb) {
    static pg::Statement classify{R"(
        SELECT i.id, e.entry_status IN ('draft', 'returned', 'rejected'), e.entry_status::text, 'submitted'::text
          FROM unnest($1) AS i (id)
          LEFT JOIN billing.entry e ON e.entry_id = i.id)",
                                  {INT8ARRAYOID}};
    static pg::Statement update{"UPDATE billing.entry SET entry_status = 'submitted' WHERE entry_id = ANY ($1)",
                                {INT8ARRAYOID}};
    move_entries(verb, {"submitted", "draft, returned or rejected", classify, update});
}

void reject_entries(Verb& verb) {
    static pg::Statement classify{R"(
        SELECT i.id, e.entry_status = 'submitted', e.entry_status::text,
               CASE e.transaction_class WHEN 'time' THEN 'returned'::text ELSE 'rejected'::text END
          FROM unnest($1) AS i (id)
          LEFT JOIN billing.entry e ON e.entry_id = i.id)",
                                  {INT8ARRAYOID}};
    static pg::Statement update{R"(
        UPDATE billing.entry
           SET entry_status = CASE transaction_class WHEN 'time' THEN 'returned'::billing.entry_status
                                                     ELSE 'rejected'::billing.entry_status END
         WHERE entry_id = ANY ($1))",
                                {INT8ARRAYOID}};
    move_entries(verb, {"rejected", "submitted", classify, update});
}

// --- approve ------------------------------------------------------------------------------------------------------

class Approval {
public:
    explicit Approval(Verb& verb)
        : verb_(verb), ids_(verb.arguments.required_ids(0, "entries")),
          returns_actuals_(!verb.arguments.given(3) || verb.arguments.flag(3)) {
        read_overrides();
    }

    void run() {
        operation_ = begin_operation(verb_, LoggedArguments().add("entries", ids_));
        terms_.lock_and_load(lock_entries(ids_));
        approve_all();
        totals_.write();
        log_changes(operation_, {0, "entry", "entry_status", "submitted", "approved"}, accepted_contracts_, accepted_);
    }

private:
    // Billable quantities and billing types given with the call, by position of the entry.
    void read_overrides() {
        read_override(1, NUMERICOID, "billable_quantities", quantities_);
        read_override(2, pg::type_oid("billing_type"), "billing_types", types_);
    }

    void read_override(int argument, Oid type, const char* name, std::vector<std::optional<Datum>>& into) {
        if (!verb_.arguments.given(argument)) {
            return;
        }
        into = pg::elements_of(*verb_.arguments.datum(argument), type);
        if (into.size() != ids_.size()) {
            throw DomainError(sqlstate::invalid_parameter, std::string("argument \"") + name + "\" has " +
                                                               std::to_string(into.size()) + " elements for " +
                                                               std::to_string(ids_.size()) + " entries");
        }
    }

    void approve_all() {
        static pg::Statement read{"SELECT i.position, i.id," BILLING_ENTRY_COLUMNS
                                  "  FROM unnest($1) WITH ORDINALITY AS i (id, position)"
                                  "  LEFT JOIN billing.entry e ON e.entry_id = i.id",
                                  {INT8ARRAYOID}};
        pg::query_in_batches(read, pg::Parameters().ids(ids_), entries_per_batch, [this](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                approve_row(rows, i);
            }
            write_batch();
        });
        actuals_.close();
    }

    void approve_row(const pg::Rows& rows, std::uint64_t i) {
        std::int64_t const id = rows.id(i, 2);
        auto const position = static_cast<std::size_t>(rows.id(i, 1) - 1);
        if (!rows.datum(i, 3)) {
            return refuse(id, "there is no entry with this id");
        }
        EntryStatus const status = entry_status_(rows.value(i, 3));
        if (status != EntryStatus::submitted) {
            return refuse(id,
                          "the entry is " + std::string(label(status)) + "; only submitted entries can be approved");
        }
        if (!seen_.insert(id).second) {
            return refuse(id, "the entry is listed twice");
        }
        EntryRow entry = terms_.entry_at(rows, i);
        choose(entry, position);
        std::string const problem = approve_entry(entry);
        if (!problem.empty()) {
            return refuse(id, problem);
        }
        places_.push_back(pg::place_of(rows.value(i, 18)));
        if (has_choices()) {
            chosen_quantities_.push_back(text_of_choice(quantities_, position, entry.work.billable_quantity.text()));
            chosen_types_.push_back(text_of_choice(
                types_, position, std::string(label(entry.work.chosen_type.value_or(BillingType::chargeable)))));
        }
    }

    // --- the approver's choice, which stays with the entry: it must survive when the entry is evaluated again

    bool has_choices() const { return !quantities_.empty() || !types_.empty(); }

    static bool is_chosen(const std::vector<std::optional<Datum>>& choices, std::size_t position) {
        return position < choices.size() && choices[position];
    }

    static std::optional<std::string> text_of_choice(const std::vector<std::optional<Datum>>& choices,
                                                     std::size_t position, std::string text) {
        return is_chosen(choices, position) ? std::optional<std::string>(std::move(text)) : std::nullopt;
    }

    void choose(EntryRow& entry, std::size_t position) const {
        constexpr int stored_scale = 5;
        if (is_chosen(quantities_, position)) {
            Decimal const quantity = pg::decimal_of(*quantities_[position]);
            entry.work.billable_quantity = quantity.scale() > stored_scale ? quantity.rounded(stored_scale) : quantity;
        }
        if (is_chosen(types_, position)) {
            entry.work.chosen_type = billing_type_(*types_[position]);
        }
    }

    // Writes the entry's actuals to the batch; returns the reason if it cannot be approved.
    std::string approve_entry(const EntryRow& entry) {
        if (!terms_.project(entry.project_id).is_open) {
            return "project " + std::to_string(entry.project_id) + " is closed";
        }
        if (entry.work.billable_quantity.sign() * entry.work.quantity.sign() < 0) {
            return "the billable quantity " + entry.work.billable_quantity.text() + " has the wrong sign";
        }
        if (entry.work.chosen_type == BillingType::not_available) {
            return "billing type not_available cannot be chosen";
        }
        std::string problem = terms_.judge(entry, judgement_);
        if (!problem.empty()) {
            return problem;
        }
        for (NewActual const& draft : judgement_.actuals) {
            add_fitted(entry, draft);
        }
        accept(entry.entry_id, judgement_.contract->contract_id);
        return {};
    }

    // A sale is checked against its limits; where it fits only partly and the contract says so, it becomes two.
    void add_fitted(const EntryRow& entry, const NewActual& draft) {
        bool const counts = draft.type == TransactionType::unbilled_sales &&
                            draft.billing_type == BillingType::chargeable &&
                            judgement_.line->method == BillingMethod::time_and_material;
        if (!counts) {
            return add_actual(entry, draft, {NteStatus::not_applicable, std::nullopt});
        }
        NteFit const fit = terms_.book().fit(judgement_.contract->contract_id, judgement_.line_id(), draft.customer_id,
                                             sale_of(draft));
        if (!fit.split) {
            return add_actual(entry, draft, fit.verdict);
        }
        add_actual(entry, part_of(draft, fit.split->fits), committed_verdict());
        add_actual(entry, part_of(draft, fit.split->rest), fit.verdict);
    }

    void add_actual(const EntryRow& entry, const NewActual& draft, const NteVerdict& nte) {
        std::int64_t const contract_id = judgement_.contract->contract_id;
        std::int64_t const line_id = judgement_.line_id();
        if (line_id != 0) {
            Decimal const committed = nte.status == NteStatus::committed ? draft.amount : Decimal();
            totals_.add(contract_id, line_id, draft.customer_id, committed, Decimal());
        }
        NewRow const row = actuals_.add(entry, contract_id, line_id, draft, nte);
        if (!returns_actuals_) {
            return;
        }
        verb_.result.id(entry.entry_id).add(changed_).add_null().id(row.actual_id).id(contract_id).id_or_null(line_id);
        verb_.result.id_or_null(row.customer_id).add(row.type).add(row.billing_type).add(row.nte_status);
        verb_.result.add(row.quantity).add(row.price).add(row.amount).add(row.tax).emit();
    }

    void accept(std::int64_t entry_id, std::int64_t contract_id) {
        accepted_.push_back(entry_id);
        accepted_contracts_.push_back(contract_id);
    }

    void refuse(std::int64_t entry_id, const std::string& reason) {
        verb_.result.id(entry_id).add(refused_).text(reason);
        for (int i = 0; i < 11; ++i) {
            verb_.result.add_null();
        }
        verb_.result.emit();
    }

    void write_batch() {
        if (places_.empty()) {
            return;
        }
        has_choices() ? move_entries_with_choices() : move_entries();
        actuals_.write();
        places_.clear();
        chosen_quantities_.clear();
        chosen_types_.clear();
        written_ = accepted_.size();
    }

    Ids accepted_in_batch() const {
        return Ids(accepted_.begin() + static_cast<std::ptrdiff_t>(written_), accepted_.end());
    }

    // The entries are locked, so they are where they were read, unless a customer's trigger touched them since.
    void move_entries() {
        static pg::Statement by_place{R"(
            UPDATE billing.entry SET entry_status = 'approved'
             WHERE ctid = ANY ($1) AND entry_status = 'submitted')",
                                      {TIDARRAYOID}};
        static pg::Statement by_id{R"(
            UPDATE billing.entry SET entry_status = 'approved'
             WHERE entry_id = ANY ($1) AND entry_status = 'submitted')",
                                   {INT8ARRAYOID}};
        std::uint64_t moved =
            guard::write(by_place, "entry", guard::Write::update, pg::Parameters().add(pg::array_of(places_)));
        if (moved != places_.size()) {
            moved += guard::write(by_id, "entry", guard::Write::update, pg::Parameters().ids(accepted_in_batch()));
        }
        require_all(moved);
    }

    void move_entries_with_choices() {
        static pg::Statement update{R"(
            UPDATE billing.entry e
               SET entry_status = 'approved',
                   approved_billable_quantity = d.quantity::numeric,
                   approved_billing_type = d.billing_type::billing.billing_type
              FROM unnest($1, $2, $3) AS d (entry_id, quantity, billing_type)
             WHERE e.entry_id = d.entry_id AND e.entry_status = 'submitted')",
                                    {INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};
        require_all(
            guard::write(update, "entry", guard::Write::update,
                         pg::Parameters().ids(accepted_in_batch()).texts(chosen_quantities_).texts(chosen_types_)));
    }

    void require_all(std::uint64_t moved) const {
        if (moved != places_.size()) {
            throw DomainError("40001", "entries changed during approval", {}, "Call approve() again.");
        }
    }

    Verb& verb_;
    Ids ids_;
    bool returns_actuals_;
    std::vector<std::optional<Datum>> quantities_;
    std::vector<std::optional<Datum>> types_;
    std::int64_t operation_ = 0;
    WorkTerms terms_;
    Judgement judgement_;
    NewActuals actuals_;
    LineTotals totals_;
    std::unordered_set<std::int64_t> seen_;
    Ids accepted_;           // entries, and beside each
    Ids accepted_contracts_; // the contract it went to
    std::size_t written_ = 0;
    std::vector<ItemPointerData> places_;                       // of the accepted entries not written yet,
    std::vector<std::optional<std::string>> chosen_quantities_; // and what was chosen for each
    std::vector<std::optional<std::string>> chosen_types_;
    pg::EnumOids<EntryStatus> entry_status_;
    pg::EnumOids<BillingType> billing_type_;
    Datum changed_ = pg::EnumOids<ItemOutcome>()(ItemOutcome::changed);
    Datum refused_ = pg::EnumOids<ItemOutcome>()(ItemOutcome::refused);
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum submit(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "submit", submit_entries);
}

Datum reject(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "reject", reject_entries);
}

Datum approve(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "approve", [](Verb& verb) { Approval(verb).run(); });
}
