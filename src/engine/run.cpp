// Automatic runs: begin_invoice_run() and run_next_contract(), the steps of the procedure run_invoicing().
//
// A run lists the contracts with something due and commits after each, so that its record shows the progress, a kill
// loses one contract's work at most, and no contract waits for another. Each contract is judged anew, under its lock,
// when its turn comes: whoever billed something meanwhile leaves nothing due, so runs side by side, repeated or resumed
// bill nothing twice.

#include "engine/contract_book.hpp"
#include "engine/draft.hpp"
#include "engine/frequency.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"
#include "pg/subtransaction.hpp"

namespace billing::engine {

namespace {

// Work is due by its schedule. This is everything else that a run bills: ready, and dated by the run's date ($1). A
// slice of a progress-based milestone is due as soon as it is ready: the date is that of the whole.
// A further kind of item has its place here and in items_of().
#define BILLING_DUE_ITEMS                                                                                              \
    "SELECT s.contract_id, 'milestone' AS kind, s.milestone_split_id AS item_id"                                       \
    "  FROM billing.milestone_split s"                                                                                 \
    "  JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id"                  \
    "  JOIN billing.contract_line k ON k.contract_line_id = s.contract_line_id AND k.contract_id = s.contract_id"      \
    " WHERE s.milestone_status = 'ready_to_invoice'"                                                                   \
    "   AND (m.milestone_date <= $1 OR k.invoice_schedule_type = 'progress_based')"                                    \
    " UNION ALL "                                                                                                      \
    "SELECT l.contract_id, 'product', l.contract_line_id"                                                              \
    "  FROM billing.contract_line l WHERE l.product_status = 'ready_to_invoice'"                                       \
    " UNION ALL "                                                                                                      \
    "SELECT r.contract_id, 'retainer', r.retainer_id"                                                                  \
    "  FROM billing.retainer r WHERE r.retainer_status = 'ready_to_invoice' AND r.invoice_date <= $1"

// A schedule's date that has failed stays due.
#define BILLING_DUE_SCHEDULE " s.run_date <= $1 AND s.run_status IN ('not_run', 'run_failed')"

// Nobody waits longer for a contract that somebody else holds.
constexpr const char* patience = "1min";

void notice(const std::string& text) {
    const char* message = text.c_str();
    wall::call([message] { ereport(NOTICE, errmsg_internal("%s", message)); });
}

// --- begin_invoice_run ----------------------------------------------------------------------------------------------

struct Request {
    DateADT run_date;
    std::optional<Ids> contracts;
    bool only_failed;
    std::string name; // tells it from other requests for the same date
};

Request request_of(const Verb& verb) {
    Request request{required_date(verb, 0, "run_date"), verb.arguments.ids(1), verb.arguments.flag(2), {}};
    request.name = request.only_failed ? "failed contracts" : "all contracts";
    if (request.contracts) {
        LoggedArguments const listed = LoggedArguments().add("contracts", request.contracts);
        request.name = (request.only_failed ? "those failed of " : "contracts ") + listed.pairs().back();
    }
    return request;
}

void require_known(const std::optional<Ids>& contracts) {
    static pg::Statement read{R"(
        SELECT u.id FROM unnest($1) AS u (id)
         WHERE NOT EXISTS (SELECT 1 FROM billing.contract c WHERE c.contract_id = u.id) LIMIT 1)",
                              {INT8ARRAYOID}};
    if (!contracts) {
        return;
    }
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(*contracts));
    if (!rows.empty()) {
        throw DomainError(sqlstate::unknown_item, "there is no contract " + std::to_string(rows.id(0, 1)));
    }
}

// The unfinished run of the same request; waits for the session that is about to begin one.
struct Run {
    std::int64_t run_id;
    bool is_new;
};

Run find_or_insert(const Request& request) {
    static pg::Statement insert{R"(
        INSERT INTO billing.invoice_run (run_date, request) VALUES ($1, $2)
            ON CONFLICT (run_date, request) WHERE finished_at IS NULL DO NOTHING
        RETURNING run_id)",
                                {DATEOID, TEXTOID}};
    static pg::Statement find{R"(
        SELECT run_id FROM billing.invoice_run WHERE run_date = $1 AND request = $2 AND finished_at IS NULL)",
                              {DATEOID, TEXTOID}};
    constexpr int most_attempts = 10;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        pg::Rows const inserted = guard::write_returning(insert, "invoice_run", guard::Write::insert,
                                                         pg::Parameters().date(request.run_date).text(request.name));
        if (!inserted.empty()) {
            return {inserted.id(0, 1), true};
        }
        // It may finish in this very moment; then there is room for a new one.
        pg::Rows const found = pg::query(find, pg::Parameters().date(request.run_date).text(request.name));
        if (!found.empty()) {
            return {found.id(0, 1), false};
        }
    }
    throw DomainError("40001", "runs of this date keep finishing", {}, "Call again.");
}

// One row for each contract with something due. Reads whole tables, so the planner is free.
std::uint64_t list_contracts(const Request& request, std::int64_t run_id) {
    static pg::Statement insert{
        "INSERT INTO billing.invoice_run_contract (run_id, contract_id)"
        "SELECT $2, c.contract_id"
        "  FROM billing.contract c"
        " WHERE c.kind = 'customer' AND c.contract_status <> 'closed'"
        "   AND ($3::int8[] IS NULL OR c.contract_id = ANY ($3))"
        "   AND c.contract_id IN (SELECT s.contract_id FROM billing.invoice_schedule s WHERE" BILLING_DUE_SCHEDULE
        "                         UNION SELECT i.contract_id FROM (" BILLING_DUE_ITEMS ") i)"
        "   AND (NOT $4 OR (SELECT r.run_status = 'run_failed' FROM billing.invoice_run_contract r"
        "                    WHERE r.contract_id = c.contract_id AND r.run_status <> 'not_run'"
        "                    ORDER BY r.run_id DESC LIMIT 1))"
        " ORDER BY c.contract_id",
        {DATEOID, INT8OID, INT8ARRAYOID, BOOLOID},
        pg::Planning::free};
    pg::Parameters parameters;
    parameters.date(request.run_date).id(run_id).ids(request.contracts).add(BoolGetDatum(request.only_failed));
    return guard::write(insert, "invoice_run_contract", guard::Write::insert, std::move(parameters));
}

// A run without contracts is finished as soon as it begins.
void set_total(std::int64_t run_id, std::int64_t total) {
    static pg::Statement update{R"(
        UPDATE billing.invoice_run
           SET contracts_total = $2, finished_at = CASE WHEN $2 = 0 THEN pg_catalog.clock_timestamp() END
         WHERE run_id = $1)",
                                {INT8OID, INT8OID}};
    guard::write(update, "invoice_run", guard::Write::update, pg::Parameters().id(run_id).id(total));
}

std::int64_t total_of(std::int64_t run_id) {
    static pg::Statement read{"SELECT contracts_total FROM billing.invoice_run WHERE run_id = $1", {INT8OID}};
    return pg::query(read, pg::Parameters().id(run_id)).id(0, 1);
}

// run_date, contracts, only_failed
void begin(Verb& verb) {
    Request const request = request_of(verb);
    require_known(request.contracts);
    Run const run = find_or_insert(request);
    if (run.is_new) {
        set_total(run.run_id, static_cast<std::int64_t>(list_contracts(request, run.run_id)));
    } else {
        notice("run " + std::to_string(run.run_id) + " for " + iso_text(request.run_date) +
               " is unfinished: sharing what is left of it");
    }
    verb.result.id(run.run_id).id(total_of(run.run_id)).emit();
}

// --- run_next_contract ----------------------------------------------------------------------------------------------

struct Turn {
    std::int64_t run_id;
    std::int64_t contract_id;
    DateADT run_date;
};

// The next contract that no other session is at, locked in the run's list. By scan: the list is walked along its key,
// however long it is, and never sorted.
std::optional<Turn> take_turn(std::int64_t run_id, std::int64_t after_contract) {
    static pg::Statement take{R"(
        SELECT r.contract_id
          FROM billing.invoice_run_contract r
         WHERE r.run_id = $1 AND r.contract_id > $2 AND r.run_status = 'not_run'
         ORDER BY r.run_id, r.contract_id
         LIMIT 1
           FOR UPDATE SKIP LOCKED)",
                              {INT8OID, INT8OID},
                              pg::Planning::by_scan};
    static pg::Statement read{"SELECT run_date FROM billing.invoice_run WHERE run_id = $1", {INT8OID}};
    pg::Rows const rows = pg::query(take, pg::Parameters().id(run_id).id(after_contract));
    if (rows.empty()) {
        return std::nullopt;
    }
    pg::Rows const run = pg::query(read, pg::Parameters().id(run_id));
    return Turn{run_id, rows.id(0, 1), DatumGetDateADT(run.value(0, 1))};
}

// Due dates of the contract's lines.
struct DueDates {
    Ids not_run;
    Ids failed;
    std::map<std::int64_t, DateADT> cutoff_by_line; // the latest one

    Ids all() const {
        Ids ids = not_run;
        ids.insert(ids.end(), failed.begin(), failed.end());
        return ids;
    }
};

// Locked, because anybody may change a date that has not been run.
DueDates lock_due_dates(const Turn& turn) {
    static pg::Statement read{"SELECT s.schedule_id, s.contract_line_id, s.cutoff_date, s.run_status = 'not_run'"
                              "  FROM billing.invoice_schedule s WHERE s.contract_id = $2 AND" BILLING_DUE_SCHEDULE
                              " ORDER BY s.schedule_id FOR UPDATE",
                              {DATEOID, INT8OID}};
    DueDates due;
    pg::Rows const rows = pg::query(read, pg::Parameters().date(turn.run_date).id(turn.contract_id));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        (rows.flag(i, 4) ? due.not_run : due.failed).push_back(rows.id(i, 1));
        DateADT& cutoff = due.cutoff_by_line.try_emplace(rows.id(i, 2), first_day).first->second;
        cutoff = std::max(cutoff, DatumGetDateADT(rows.value(i, 3)));
    }
    return due;
}

Ids due_actuals(const Turn& turn, const DueDates& due) {
    static pg::Statement read{R"(
        SELECT a.actual_id
          FROM unnest($2, $3) AS d (contract_line_id, cutoff_date)
          JOIN billing.actual a ON a.contract_id = $1 AND a.contract_line_id = d.contract_line_id
         WHERE a.is_open AND a.billing_status = 'ready_to_invoice' AND a.transaction_date <= d.cutoff_date)",
                              {INT8OID, INT8ARRAYOID, DATEARRAYOID}};
    Ids lines;
    std::vector<DateADT> cutoffs;
    for (auto const& [line_id, cutoff] : due.cutoff_by_line) {
        lines.push_back(line_id);
        cutoffs.push_back(cutoff);
    }
    return pg::query(read, pg::Parameters().id(turn.contract_id).ids(lines).add(pg::array_of_dates(cutoffs))).ids(1);
}

ItemsToBill items_of(const Turn& turn, const DueDates& due) {
    static pg::Statement read{"SELECT i.kind, i.item_id FROM (" BILLING_DUE_ITEMS ") i WHERE i.contract_id = $2",
                              {DATEOID, INT8OID}};
    ItemsToBill items{due_actuals(turn, due), {}, {}, {}};
    pg::Rows const rows = pg::query(read, pg::Parameters().date(turn.run_date).id(turn.contract_id));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::string const kind = rows.text(i, 1);
        (kind == "milestone"  ? items.milestones
         : kind == "retainer" ? items.retainers
                              : items.products)
            .push_back(rows.id(i, 2));
    }
    return items;
}

std::int64_t begin_turn(const Verb& verb, const Turn& turn) {
    return begin_operation(verb, LoggedArguments()
                                     .add("run", std::string_view(std::to_string(turn.run_id)))
                                     .add("run_date", std::string_view(iso_text(turn.run_date)))
                                     .add("contract", std::string_view(std::to_string(turn.contract_id))));
}

void write_dates(std::int64_t operation_id, const Turn& turn, const DueDates& due, RunStatus status,
                 const std::string& reason) {
    static pg::Statement update{R"(
        UPDATE billing.invoice_schedule SET run_status = $3, reason = nullif($4, ''), run_id = $5
         WHERE contract_id = $1 AND schedule_id = ANY ($2))",
                                {INT8OID, INT8ARRAYOID, TEXTOID, TEXTOID, INT8OID}};
    std::string_view const to = label(status);
    pg::Parameters parameters;
    parameters.id(turn.contract_id).ids(due.all()).text(to).text(reason).id(turn.run_id);
    guard::write(update, "invoice_schedule", guard::Write::update, std::move(parameters));
    log_change(operation_id, {turn.contract_id, "invoice_schedule", "run_status", "not_run", to}, due.not_run);
    if (status != RunStatus::run_failed) {
        log_change(operation_id, {turn.contract_id, "invoice_schedule", "run_status", "run_failed", to}, due.failed);
    }
}

struct Outcome {
    RunStatus status;
    std::string reason;
    std::int64_t operation_id; // 0: none
    DraftedItems drafted;
};

Outcome bill(Verb& verb, const Turn& turn) {
    pg::limit_lock_waits(patience);
    ContractBook book = ContractBook::lock_and_load({turn.contract_id});
    Outcome outcome{RunStatus::run_successful, {}, 0, {}};
    if (book.known_contract(turn.contract_id).is_closed) {
        return outcome;
    }
    DueDates const due = lock_due_dates(turn);
    ItemsToBill const items = items_of(turn, due);
    outcome.operation_id = begin_turn(verb, turn);
    if (!items.empty()) {
        outcome.drafted = draft_items(verb, outcome.operation_id, std::move(book), items, turn.run_date);
    }
    write_dates(outcome.operation_id, turn, due, RunStatus::run_successful, {});
    // What a customer's deferred constraint has against it must fail here, not when the transaction commits.
    pg::execute_script("SET CONSTRAINTS ALL IMMEDIATE");
    return outcome;
}

// The dates of a failed contract say why. They are locked one by one: what failed may be the contract's own lock.
Outcome fail(Verb& verb, const Turn& turn, const std::string& reason) {
    Outcome outcome{RunStatus::run_failed, reason, 0, {}};
    std::int64_t operation = 0;
    auto const failure = pg::attempt([&] {
        pg::limit_lock_waits(patience);
        DueDates const due = lock_due_dates(turn);
        operation = begin_turn(verb, turn);
        write_dates(operation, turn, due, RunStatus::run_failed, reason);
    });
    outcome.operation_id = failure ? 0 : operation;
    return outcome;
}

// What the run's record says of the contract.
void record(const Turn& turn, const Outcome& outcome) {
    static pg::Statement update{R"(
        UPDATE billing.invoice_run_contract
           SET run_status = $3, reason = nullif($4, ''), operation_id = nullif($5, 0), draft_count = $6,
               total_amount = $7, finished_at = pg_catalog.clock_timestamp()
         WHERE run_id = $1 AND contract_id = $2)",
                                {INT8OID, INT8OID, TEXTOID, TEXTOID, INT8OID, INT8OID, NUMERICOID}};
    pg::Parameters parameters;
    parameters.id(turn.run_id).id(turn.contract_id).text(label(outcome.status)).text(outcome.reason);
    parameters.id(outcome.operation_id).id(outcome.drafted.draft_count).decimal(outcome.drafted.total_amount);
    guard::write(update, "invoice_run_contract", guard::Write::update, std::move(parameters));
}

// Adds to the counters of the run; with its last contract it is finished.
void count(const Turn& turn, const Outcome& outcome) {
    static pg::Statement update{R"(
        UPDATE billing.invoice_run
           SET contracts_done = contracts_done + 1, draft_count = draft_count + $2, failure_count = failure_count + $3,
               finished_at = CASE WHEN contracts_done + 1 = contracts_total THEN pg_catalog.clock_timestamp() END
         WHERE run_id = $1
        RETURNING finished_at IS NOT NULL, contracts_done, draft_count, failure_count)",
                                {INT8OID, INT8OID, INT8OID}};
    pg::Parameters parameters;
    parameters.id(turn.run_id).id(outcome.drafted.draft_count).id(outcome.status == RunStatus::run_failed ? 1 : 0);
    pg::Rows const rows = guard::write_returning(update, "invoice_run", guard::Write::update, std::move(parameters));
    if (rows.flag(0, 1)) {
        notice("run " + std::to_string(turn.run_id) + " for " + iso_text(turn.run_date) + ": " +
               std::to_string(rows.id(0, 2)) + " contracts, " + std::to_string(rows.id(0, 3)) + " drafts, " +
               std::to_string(rows.id(0, 4)) + " failed");
    }
}

// run, after_contract
void run_next(Verb& verb) {
    std::int64_t const run_id = DatumGetInt64(verb.arguments.required(0, "run"));
    std::optional<Turn> const turn = take_turn(run_id, verb.arguments.id(1).value_or(0));
    if (!turn) {
        return;
    }
    Outcome outcome{};
    auto const failure = pg::attempt([&] { outcome = bill(verb, *turn); });
    if (failure) {
        outcome = fail(verb, *turn, failure->reason);
    }
    record(*turn, outcome);
    count(*turn, outcome);
    pg::EnumOids<RunStatus> const statuses;
    verb.result.id(turn->contract_id).add(statuses(outcome.status)).text_or_null(outcome.reason);
    verb.result.id(outcome.drafted.draft_count).decimal(outcome.drafted.total_amount).emit();
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum begin_invoice_run(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "run_invoicing", begin);
}

Datum run_next_contract(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "run_invoicing", run_next);
}
