// Work on its way to the ledger: submit, approve, reject.

#include <map>
#include <tuple>
#include <unordered_set>

#include "domain/approval.hpp"
#include "engine/contract_book.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"
#include "pg/relation.hpp"
#include "pg/row_batch.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace billing::engine {

namespace {

constexpr long entries_per_batch = 5000;

// Locks entries in ascending order until the end of the transaction, before any contract and never in the caller's
// order, so that nobody waits in a circle. Returns their projects.
Ids lock_entries(const Ids& ids) {
    static pg::Statement lock{
        "SELECT project_id FROM billing.entry WHERE entry_id = ANY ($1) ORDER BY entry_id FOR NO KEY UPDATE",
        {INT8ARRAYOID}};
    std::unordered_set<std::int64_t> projects;
    pg::query_in_batches(lock, pg::Parameters().ids(ids), entries_per_batch, [&projects](const pg::Rows& rows) {
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            projects.insert(rows.id(i, 1));
        }
    });
    return Ids(projects.begin(), projects.end());
}

// --- submit, reject: one status for many entries ------------------------------------------------------------------

struct EntryMove {
    const char* verb;
    const char* from;        // labels, comma separated, for the log's and the reader's eyes
    pg::Statement& classify; // entry_id, may move, old status, new status
    pg::Statement& update;
};

void move_entries(Verb& verb, const EntryMove& move) {
    Ids const ids = verb.arguments.required_ids(0, "entries");
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("entries", ids));
    lock_entries(ids);
    pg::Rows const rows = pg::query(move.classify, pg::Parameters().ids(ids));
    pg::EnumOids<ItemOutcome> const outcome;
    std::map<std::pair<std::string, std::string>, Ids> moved;
    Ids accepted;
    std::unordered_set<std::int64_t> seen;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::int64_t const id = rows.id(i, 1);
        bool const exists = rows.datum(i, 2).has_value();
        bool const is_repeated = !seen.insert(id).second;
        bool const accepts = exists && rows.flag(i, 2) && !is_repeated;
        if (accepts) {
            accepted.push_back(id);
            moved[{rows.text(i, 3), rows.text(i, 4)}].push_back(id);
        }
        verb.result.id(id).add(outcome(accepts ? ItemOutcome::changed : ItemOutcome::refused));
        if (accepts) {
            verb.result.add_null();
        } else if (is_repeated) {
            verb.result.text("the entry is listed twice");
        } else if (exists) {
            verb.result.text("the entry is " + rows.text(i, 3) + "; only " + move.from + " entries can be " +
                             move.verb);
        } else {
            verb.result.text("there is no entry with this id");
        }
        verb.result.emit();
    }
    if (!accepted.empty()) {
        guard::write(move.update, "entry", guard::Write::update, pg::Parameters().ids(accepted));
    }
    for (auto const& [change, moved_ids] : moved) {
        log_change(operation, {0, "entry", "entry_status", change.first, change.second}, moved_ids);
    }
}

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

// Which contract line pays for which work.
class Scopes {
public:
    // Reads the scopes of the projects; returns the contracts they belong to.
    Ids load(const Ids& projects) {
        static pg::Statement read{R"(
            SELECT s.project_id, s.transaction_class, s.contract_id, s.contract_line_id, pg_catalog.lower(s.tasks)
              FROM billing.contract_line_scope s
             WHERE s.project_id = ANY ($1))",
                                  {INT8ARRAYOID}};
        lines_.clear();
        Ids contracts;
        pg::EnumOids<TransactionClass> const classes;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(projects));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            contracts.push_back(rows.id(i, 3));
            lines_[{rows.id(i, 1), classes(rows.value(i, 2)), rows.id_or(i, 5, any_task)}] = rows.id(i, 4);
        }
        return contracts;
    }

    // The paying line; 0 if there is none.
    std::int64_t line_for(std::int64_t project, TransactionClass transaction_class, std::int64_t task) const {
        for (std::int64_t const key : {task, any_task}) {
            auto const found = lines_.find({project, transaction_class, key});
            if (found != lines_.end()) {
                return found->second;
            }
        }
        return 0;
    }

    static constexpr std::int64_t any_task = INT64_MIN;

private:
    std::map<std::tuple<std::int64_t, TransactionClass, std::int64_t>, std::int64_t> lines_;
};

struct Project {
    std::int64_t company_id;
    std::int64_t internal_contract;
    bool is_open;
};

// One entry as read for approval.
struct EntryRow {
    std::int64_t entry_id;
    std::int64_t project_id;
    std::int64_t task_id;
    std::int64_t role_id;
    std::int64_t category_id;
    bool role_master;
    bool category_master;
    DateADT date;
    std::optional<std::string> currency;
    ApprovedWork work;
};

class Approval {
public:
    explicit Approval(Verb& verb)
        : verb_(verb), ids_(verb.arguments.required_ids(0, "entries")),
          returns_actuals_(!verb.arguments.given(3) || verb.arguments.flag(3)),
          actual_sequence_(pg::relation_oid("actual_actual_id_seq")) {
        read_overrides();
    }

    void run() {
        operation_ = begin_operation(verb_, LoggedArguments().add("entries", ids_));
        load_terms();
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

    // Projects of the entries, the contracts that pay for them, and each company's contract for unpaid work.
    void load_terms() {
        static pg::Statement read{R"(
            SELECT p.project_id, p.company_id, c.contract_id, p.is_open
              FROM billing.project p
              LEFT JOIN billing.contract c ON c.company_id = p.company_id AND c.kind = 'internal'
             WHERE p.project_id = ANY ($1))",
                                  {INT8ARRAYOID}};
        Ids const projects = lock_entries(ids_);
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(projects));
        Ids internal;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            projects_[rows.id(i, 1)] = {rows.id(i, 2), rows.id_or(i, 3, 0), rows.flag(i, 4)};
            if (rows.datum(i, 3)) {
                internal.push_back(rows.id(i, 3));
            }
        }
        book_ = ContractBook::lock_and_load(scopes_.load(projects), internal);
        // Read again under the lock: a line may have changed its scope in between.
        for (std::int64_t const contract : scopes_.load(projects)) {
            if (book_.contract(contract) == nullptr) {
                throw DomainError("40001", "contract lines changed during approval", {}, "Call approve() again.");
            }
        }
        load_masters();
    }

    // Roles and categories are few; looking them up here saves two joins per entry.
    void load_masters() {
        static pg::Statement roles{"SELECT role_id, is_chargeable FROM billing.role", {}, pg::Planning::free};
        static pg::Statement categories{
            "SELECT category_id, is_chargeable FROM billing.category", {}, pg::Planning::free};
        static pg::Statement resources{
            "SELECT resource_id, role_id FROM billing.resource WHERE role_id IS NOT NULL", {}, pg::Planning::free};
        pg::Rows const role_rows = pg::query(roles);
        for (std::uint64_t i = 0; i < role_rows.count(); ++i) {
            role_chargeable_[role_rows.id(i, 1)] = role_rows.flag(i, 2);
        }
        pg::Rows const category_rows = pg::query(categories);
        for (std::uint64_t i = 0; i < category_rows.count(); ++i) {
            category_chargeable_[category_rows.id(i, 1)] = category_rows.flag(i, 2);
        }
        pg::Rows const resource_rows = pg::query(resources);
        for (std::uint64_t i = 0; i < resource_rows.count(); ++i) {
            role_of_resource_[resource_rows.id(i, 1)] = resource_rows.id(i, 2);
        }
    }

    void approve_all() {
        static pg::Statement read{R"(
            SELECT i.position, i.id, e.entry_status, e.transaction_class, e.project_id, e.task_id, e.role_id,
                   e.resource_id, e.category_id, e.entry_date, e.currency, e.quantity, e.billable_quantity,
                   e.billing_type, e.cost_price, e.sales_price, e.tax, e.ctid
              FROM unnest($1) WITH ORDINALITY AS i (id, position)
              LEFT JOIN billing.entry e ON e.entry_id = i.id)",
                                  {INT8ARRAYOID}};
        pg::RowBatch batch("new_actual", {{"contract_id", INT8OID},
                                          {"actual_id", INT8OID},
                                          {"contract_line_id", INT8OID},
                                          {"customer_id", INT8OID},
                                          {"entry_id", INT8OID},
                                          {"transaction_type", transaction_type_oid_},
                                          {"transaction_class", transaction_class_oid_},
                                          {"billing_type", billing_type_oid_},
                                          {"nte_status", nte_status_oid_},
                                          {"nte_failed_level", nte_level_oid_},
                                          {"transaction_date", DATEOID},
                                          {"is_open", BOOLOID},
                                          {"quantity", NUMERICOID},
                                          {"price", NUMERICOID},
                                          {"amount", NUMERICOID},
                                          {"tax", NUMERICOID}});
        batch_ = &batch;
        pg::query_in_batches(read, pg::Parameters().ids(ids_), entries_per_batch, [this](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                approve_row(rows, i);
            }
            write_batch();
        });
        batch.close();
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
        EntryRow const entry = read_entry(rows, i, position);
        std::string const problem = approve_entry(entry);
        if (!problem.empty()) {
            return refuse(id, problem);
        }
        places_.push_back(pg::place_of(rows.value(i, 18)));
    }

    EntryRow read_entry(const pg::Rows& rows, std::uint64_t i, std::size_t position) const {
        Decimal const quantity = rows.decimal(i, 12);
        std::optional<Datum> const billable = overridden(quantities_, position, rows.datum(i, 13));
        std::optional<Datum> const type = overridden(types_, position, rows.datum(i, 14));
        std::int64_t const role = rows.id_or(i, 7, found_or(role_of_resource_, rows.id_or(i, 8, 0), std::int64_t{0}));
        std::int64_t const category = rows.id_or(i, 9, 0);
        return {rows.id(i, 2),
                rows.id(i, 5),
                rows.id_or(i, 6, 0),
                role,
                category,
                found_or(role_chargeable_, role, true),
                found_or(category_chargeable_, category, true),
                DatumGetDateADT(rows.value(i, 10)),
                rows.text_or_null(i, 11),
                {class_(rows.value(i, 4)), quantity, billable ? pg::decimal_of(*billable) : quantity,
                 type ? std::optional<BillingType>(billing_type_(*type)) : std::nullopt, rows.decimal(i, 15),
                 rows.decimal(i, 16), rows.decimal(i, 17)}};
    }

    template <typename Value>
    static Value found_or(const std::unordered_map<std::int64_t, Value>& values, std::int64_t key, Value otherwise) {
        auto const found = values.find(key);
        return found == values.end() ? otherwise : found->second;
    }

    static std::optional<Datum> overridden(const std::vector<std::optional<Datum>>& overrides, std::size_t position,
                                           std::optional<Datum> otherwise) {
        return position < overrides.size() && overrides[position] ? overrides[position] : otherwise;
    }

    // Writes the entry's actuals to the batch; returns the reason if it cannot be approved.
    std::string approve_entry(const EntryRow& entry) {
        Project const& project = projects_.at(entry.project_id);
        if (!project.is_open) {
            return "project " + std::to_string(entry.project_id) + " is closed";
        }
        if (entry.work.billable_quantity.sign() * entry.work.quantity.sign() < 0) {
            return "the billable quantity " + entry.work.billable_quantity.text() + " has the wrong sign";
        }
        if (entry.work.chosen_type == BillingType::not_available) {
            return "billing type not_available cannot be chosen";
        }
        ContractLine* line =
            book_.line(scopes_.line_for(entry.project_id, entry.work.transaction_class, entry.task_id));
        return line == nullptr ? approve_unpaid(entry, project) : approve_paid(entry, *line);
    }

    std::string approve_unpaid(const EntryRow& entry, const Project& project) {
        if (entry.work.transaction_class == TransactionClass::fee) {
            return "no contract line of the project includes fees";
        }
        Contract const* contract = book_.contract(project.internal_contract);
        if (contract == nullptr) {
            return "company " + std::to_string(project.company_id) + " has no internal contract";
        }
        NewActual const cost = unpaid_cost(entry.work, contract->cost_scale);
        add_actual(entry, *contract, 0, cost, {NteStatus::not_applicable, std::nullopt});
        accept(entry.entry_id, contract->contract_id);
        return {};
    }

    std::string approve_paid(const EntryRow& entry, ContractLine& line) {
        Contract& contract = book_.known_contract(line.contract_id);
        if (std::string problem = line_problem(line); !problem.empty()) {
            return problem;
        }
        if (entry.currency && *entry.currency != contract.currency) {
            return "the entry is in " + *entry.currency + ", its contract in " + contract.currency;
        }
        if (entry.work.transaction_class == TransactionClass::fee && line.method != BillingMethod::time_and_material) {
            return "a fee needs a time-and-material contract line; contract line " + std::to_string(line.line_id) +
                   " is fixed price";
        }
        PayingLine const paying{line.method,
                                chargeability(facts_of(entry, line)),
                                line.shares.data(),
                                line.shares.size(),
                                {contract.quantity_scale, contract.money_scale},
                                {contract.quantity_scale, contract.cost_scale}};
        approve_work(entry.work, paying, parts_, drafts_);
        for (NewActual const& draft : drafts_) {
            add_actual(entry, contract, line.line_id, draft, evaluate(contract, line, draft));
        }
        accept(entry.entry_id, contract.contract_id);
        return {};
    }

    const std::string& line_problem(const ContractLine& line) {
        auto const [found, is_new] = line_problems_.try_emplace(line.line_id);
        if (is_new) {
            found->second = line.problem();
        }
        return found->second;
    }

    static ChargeabilityFacts facts_of(const EntryRow& entry, const ContractLine& line) {
        auto const on_line = [](const std::unordered_map<std::int64_t, bool>& terms, std::int64_t id) {
            auto const found = terms.find(id);
            return found == terms.end() ? std::nullopt : std::optional<bool>(found->second);
        };
        return {entry.work.transaction_class,
                true,
                line.included_tasks == IncludedTasks::selected_project_tasks,
                on_line(line.task_chargeable, entry.task_id).value_or(true),
                on_line(line.role_chargeable, entry.role_id),
                entry.role_master,
                on_line(line.category_chargeable, entry.category_id),
                entry.category_master};
    }

    NteVerdict evaluate(Contract& contract, const ContractLine& line, const NewActual& draft) {
        if (draft.type != TransactionType::unbilled_sales) {
            return {NteStatus::not_applicable, std::nullopt};
        }
        bool const counts =
            draft.billing_type == BillingType::chargeable && line.method == BillingMethod::time_and_material;
        NteVerdict const verdict =
            book_.limits(contract).evaluate(line.line_id, draft.customer_id, draft.amount, counts);
        Decimal const committed = verdict.status == NteStatus::committed ? draft.amount : Decimal();
        totals_.add(contract.contract_id, line.line_id, draft.customer_id, committed, Decimal());
        return verdict;
    }

    std::int64_t next_actual_id() const {
        Oid const sequence = actual_sequence_;
        return wall::value_of([sequence] { return nextval_internal(sequence, false); });
    }

    void add_actual(const EntryRow& entry, const Contract& contract, std::int64_t line_id, const NewActual& draft,
                    const NteVerdict& nte) {
        if (draft.type == TransactionType::cost && line_id != 0) {
            totals_.add(contract.contract_id, line_id, draft.customer_id, Decimal(), Decimal());
        }
        std::int64_t const id = next_actual_id();
        Datum const type = transaction_type_(draft.type);
        Datum const billing_type = billing_type_(draft.billing_type);
        Datum const nte_status = nte_status_(nte.status);
        Datum const quantity = pg::numeric_of(draft.quantity);
        Datum const price = pg::numeric_of(draft.price);
        Datum const amount = pg::numeric_of(draft.amount);
        Datum const tax = pg::numeric_of(draft.tax);
        batch_->id(contract.contract_id).id(id).id_or_null(line_id).id_or_null(draft.customer_id).id(entry.entry_id);
        batch_->add(type).add(class_(entry.work.transaction_class)).add(billing_type).add(nte_status);
        nte.failed_level ? batch_->add(nte_level_(*nte.failed_level)) : batch_->add_null();
        batch_->add(DateADTGetDatum(entry.date)).add(BoolGetDatum(draft.type == TransactionType::unbilled_sales));
        batch_->add(quantity).add(price).add(amount).add(tax).emit();

        if (!returns_actuals_) {
            return;
        }
        verb_.result.id(entry.entry_id).add(changed_).add_null().id(id).id(contract.contract_id).id_or_null(line_id);
        verb_.result.id_or_null(draft.customer_id).add(type).add(billing_type).add(nte_status);
        verb_.result.add(quantity).add(price).add(amount).add(tax).emit();
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
        static pg::Statement insert{R"(
            INSERT INTO billing.actual
                (contract_id, actual_id, contract_line_id, customer_id, entry_id, transaction_type, transaction_class,
                 billing_type, nte_status, nte_failed_level, transaction_date, is_open, quantity, price, amount, tax)
            SELECT contract_id, actual_id, contract_line_id, customer_id, entry_id, transaction_type, transaction_class,
                   billing_type, nte_status, nte_failed_level, transaction_date, is_open, quantity, price, amount, tax
              FROM new_actual)",
                                    {}};
        if (places_.empty()) {
            return;
        }
        move_entries();
        guard::write(insert, "actual", guard::Write::insert);
        batch_->clear();
        places_.clear();
        written_ = accepted_.size();
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
            Ids const approved(accepted_.begin() + static_cast<std::ptrdiff_t>(written_), accepted_.end());
            moved += guard::write(by_id, "entry", guard::Write::update, pg::Parameters().ids(approved));
        }
        if (moved != places_.size()) {
            throw DomainError("40001", "entries changed during approval", {}, "Call approve() again.");
        }
    }

    Verb& verb_;
    Ids ids_;
    bool returns_actuals_;
    Oid actual_sequence_;
    std::vector<std::optional<Datum>> quantities_;
    std::vector<std::optional<Datum>> types_;
    std::int64_t operation_ = 0;
    std::unordered_map<std::int64_t, Project> projects_;
    std::unordered_map<std::int64_t, bool> role_chargeable_;
    std::unordered_map<std::int64_t, bool> category_chargeable_;
    std::unordered_map<std::int64_t, std::int64_t> role_of_resource_;
    Scopes scopes_;
    ContractBook book_;
    LineTotals totals_;
    std::unordered_map<std::int64_t, std::string> line_problems_;
    std::unordered_set<std::int64_t> seen_;
    Ids accepted_;           // entries, and beside each
    Ids accepted_contracts_; // the contract it went to
    std::size_t written_ = 0;
    std::vector<ItemPointerData> places_; // of the accepted entries not written yet
    std::vector<Part> parts_;
    std::vector<NewActual> drafts_;
    pg::RowBatch* batch_ = nullptr;
    Oid transaction_type_oid_ = pg::type_oid("transaction_type");
    Oid transaction_class_oid_ = pg::type_oid("transaction_class");
    Oid billing_type_oid_ = pg::type_oid("billing_type");
    Oid nte_status_oid_ = pg::type_oid("nte_status");
    Oid nte_level_oid_ = pg::type_oid("nte_level");
    pg::EnumOids<EntryStatus> entry_status_;
    pg::EnumOids<TransactionType> transaction_type_;
    pg::EnumOids<TransactionClass> class_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<NteStatus> nte_status_;
    pg::EnumOids<NteLevel> nte_level_;
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
