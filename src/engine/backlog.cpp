// The backlog: mark_ready_to_invoice(), mark_not_ready_to_invoice().

#include <set>
#include <unordered_set>

#include "engine/groups.hpp"
#include "engine/nte_rows.hpp"
#include "engine/operation.hpp"
#include "engine/progress.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// What a query found about an actual; the numbers are those of the CASE in `classify`.
enum class Finding : std::int16_t {
    eligible = 0,
    already_there = 1,
    not_unbilled_sales = 2,
    adjusted = 3,
    on_invoice = 4,
    posted = 5,
    canceled = 6,
    fails_line_customer = 7,
    fails_line = 8,
    fails_customer = 9,
    fails_contract = 10,
    not_evaluated = 11,
    in_process = 12,
    no_customer = 13
};

const char* reason_of(Finding finding) {
    switch (finding) {
    case Finding::eligible:
    case Finding::already_there:
        return "";
    case Finding::not_unbilled_sales:
        return "only unbilled sales actuals are billed";
    case Finding::adjusted:
        return "the actual was adjusted, is being adjusted, or is a reversal";
    case Finding::on_invoice:
        return "it is on a draft invoice";
    case Finding::posted:
        return "it is on a confirmed invoice";
    case Finding::canceled:
        return "the actual was canceled";
    case Finding::fails_line_customer:
        return "exceeds the not-to-exceed limit of the customer on the contract line";
    case Finding::fails_line:
        return "exceeds the not-to-exceed limit of the contract line";
    case Finding::fails_customer:
        return "exceeds the not-to-exceed limit of the customer on the contract";
    case Finding::fails_contract:
        return "exceeds the not-to-exceed limit of the contract";
    case Finding::not_evaluated:
        return "its not-to-exceed status is not evaluated";
    case Finding::in_process:
        return "it is on a journal that is not confirmed; confirm the journal, or take it off";
    case Finding::no_customer:
        return "nobody pays for it: the journal line names none of several customers";
    }
    return "";
}

// The direction of a mark.
struct Mark {
    bool ready;
    const char* from;
    const char* to;
};

constexpr Mark ready_mark{true, "not_ready_to_invoice", "ready_to_invoice"};
constexpr Mark not_ready_mark{false, "ready_to_invoice", "not_ready_to_invoice"};

// $1: ids or contracts, $2: status to reach, $3: status to come from, $4: whether limits matter.
#define BILLING_CLASSIFY                                                                                               \
    "SELECT a.contract_id,"                                                                                            \
    "       CASE WHEN a.billing_status = $3::billing.billing_status AND a.is_open"                                     \
    "                 AND a.adjustment_status = 'adjustable'"                                                          \
    "                 AND (NOT $4 OR a.nte_status IN ('committed', 'not_applicable')) THEN 0"                          \
    "            WHEN a.transaction_type <> 'unbilled_sales' THEN 2"                                                   \
    "            WHEN a.billing_status = 'canceled' THEN 6"                                                            \
    "            WHEN a.adjustment_status = 'in_process' THEN 12"                                                      \
    "            WHEN a.adjustment_status <> 'adjustable' THEN 3"                                                      \
    "            WHEN a.customer_id IS NULL THEN 13"                                                                   \
    "            WHEN a.billing_status = $2::billing.billing_status THEN 1"                                            \
    "            WHEN a.billing_status = 'customer_invoice_created' THEN 4"                                            \
    "            WHEN a.billing_status = 'customer_invoice_posted' THEN 5"                                             \
    "            WHEN a.nte_status = 'not_evaluated' THEN 11"                                                          \
    "            WHEN a.nte_failed_level = 'contract_line_customer' THEN 7"                                            \
    "            WHEN a.nte_failed_level = 'contract_line' THEN 8"                                                     \
    "            WHEN a.nte_failed_level = 'contract_customer' THEN 9"                                                 \
    "            ELSE 10 END::int2,"                                                                                   \
    "       pg_catalog.count(*), pg_catalog.array_agg(a.actual_id)"                                                    \
    "  FROM billing.actual a "

pg::Statement classify_by_id{BILLING_CLASSIFY "WHERE a.actual_id = ANY ($1) GROUP BY 1, 2",
                             {INT8ARRAYOID, TEXTOID, TEXTOID, BOOLOID}};

// What stays behind when everything of some contracts is marked ready; the condition is that of the index
// actual_blocked.
pg::Statement classify_left_behind{
    BILLING_CLASSIFY
    "WHERE a.contract_id = ANY ($1) AND a.billing_status = $3::billing.billing_status AND $4 AND a.is_open"
    " AND (a.nte_status IN ('failed', 'not_evaluated') OR a.adjustment_status <> 'adjustable')"
    " GROUP BY 1, 2",
    {INT8ARRAYOID, TEXTOID, TEXTOID, BOOLOID}};

#undef BILLING_CLASSIFY

class Marking {
public:
    Marking(Verb& verb, const Mark& mark)
        : verb_(verb), mark_(mark), actuals_(verb.arguments.ids(0)), milestones_(verb.arguments.ids(1)),
          products_(verb.arguments.ids(2)), contracts_(verb.arguments.ids(3)), strict_(verb.arguments.flag(4)),
          retainers_(verb.arguments.ids(5)) {}

    void run() {
        if (!actuals_ && !milestones_ && !products_ && !contracts_ && !retainers_) {
            throw DomainError(sqlstate::invalid_parameter, "nothing to mark", {},
                              "Name actuals, milestones, products, retainers or contracts.");
        }
        book_ = ContractBook::lock_and_load(contracts_concerned());
        LoggedArguments arguments;
        arguments.add("actuals", actuals_).add("milestones", milestones_).add("products", products_);
        operation_ = begin_operation(verb_, arguments.add("contracts", contracts_).add("retainers", retainers_));
        if (actuals_) {
            mark_by_id(*actuals_);
        }
        mark_shares(milestones_);
        mark_products(products_);
        mark_retainers(retainers_);
        if (contracts_) {
            mark_contracts();
        }
        groups_.emit(verb_, strict_);
    }

private:
    Ids contracts_concerned() const {
        static pg::Statement read{R"(
            SELECT DISTINCT contract_id FROM billing.milestone_split WHERE milestone_split_id = ANY ($1)
            UNION SELECT DISTINCT contract_id FROM billing.contract_line WHERE contract_line_id = ANY ($2)
            UNION SELECT DISTINCT contract_id FROM billing.retainer WHERE retainer_id = ANY ($3))",
                                  {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        Ids concerned = contracts_.value_or(Ids());
        if (actuals_) {
            Ids const found = contracts_of_actuals(*actuals_);
            concerned.insert(concerned.end(), found.begin(), found.end());
        }
        if (milestones_ || products_ || retainers_) {
            Ids const found = pg::query(read, pg::Parameters().ids(milestones_).ids(products_).ids(retainers_)).ids(1);
            concerned.insert(concerned.end(), found.begin(), found.end());
        }
        return concerned;
    }

    pg::Rows classify(pg::Statement& statement, const Ids& keys) const {
        return pg::query(statement,
                         pg::Parameters().ids(keys).text(mark_.to).text(mark_.from).add(BoolGetDatum(mark_.ready)));
    }

    static Finding finding_of(const pg::Rows& rows, std::uint64_t i) {
        return static_cast<Finding>(DatumGetInt16(rows.value(i, 2)));
    }

    static std::unordered_set<std::int64_t> not_evaluated(const pg::Rows& rows) {
        std::unordered_set<std::int64_t> waiting;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            if (finding_of(rows, i) == Finding::not_evaluated) {
                Ids const ids = pg::ids_of(rows.value(i, 4));
                waiting.insert(ids.begin(), ids.end());
            }
        }
        return waiting;
    }

    // Who comes first gets the room: in the caller's order, of whole contracts the oldest work first.
    static Ids in_turn(std::unordered_set<std::int64_t> waiting, const std::optional<Ids>& asked) {
        static pg::Statement oldest_first{R"(
            SELECT pg_catalog.array_agg(a.actual_id ORDER BY a.transaction_date, a.actual_id)
              FROM billing.actual a WHERE a.actual_id = ANY ($1))",
                                          {INT8ARRAYOID}};
        Ids turn;
        if (!asked) {
            Ids const ids(waiting.begin(), waiting.end());
            return pg::ids_of(pg::query(oldest_first, pg::Parameters().ids(ids)).value(0, 1));
        }
        for (std::int64_t const id : *asked) {
            if (waiting.erase(id) != 0) {
                turn.push_back(id);
            }
        }
        return turn;
    }

    // Evaluates the rows that never were; false if there are none.
    bool evaluate_first(const pg::Rows& rows, const std::optional<Ids>& asked) {
        std::unordered_set<std::int64_t> const waiting = not_evaluated(rows);
        if (waiting.empty()) {
            return false;
        }
        for (EvaluatedRow const& row : evaluate_actuals(book_, operation_, in_turn(waiting, asked))) {
            if (row.part_of != 0) {
                parts_[row.part_of].push_back(row.actual_id);
            }
        }
        return true;
    }

    // In the place of actuals that were split while they were evaluated, their parts.
    Ids with_parts(const Ids& ids) const {
        Ids result;
        for (std::int64_t const id : ids) {
            auto const parts = parts_.find(id);
            if (parts == parts_.end()) {
                result.push_back(id);
            } else {
                result.insert(result.end(), parts->second.begin(), parts->second.end());
            }
        }
        return result;
    }

    // Runs the classification. Rows never evaluated are evaluated first; then everything is looked at again.
    pg::Rows classified(pg::Statement& statement, const Ids& keys) {
        pg::Rows rows = classify(statement, keys);
        return mark_.ready && evaluate_first(rows, std::nullopt) ? classify(statement, keys) : std::move(rows);
    }

    // The same by id; what was split while it was evaluated gives way to its parts.
    pg::Rows classified_by_id(Ids& ids) {
        pg::Rows rows = classify(classify_by_id, ids);
        if (!mark_.ready || !evaluate_first(rows, ids)) {
            return rows;
        }
        ids = with_parts(ids);
        return classify(classify_by_id, ids);
    }

    // The log is written first: a customer's AFTER trigger may call the next verb while ours moves the rows.
    void mark_by_id(const Ids& named) {
        Ids ids = named;
        pg::Rows const rows = classified_by_id(ids);
        std::int64_t found = 0;
        ChangeGroups log;
        std::vector<std::uint64_t> moving;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            found += rows.id(i, 3);
            if (outcome_of(rows, i) == ItemOutcome::changed) {
                log.add({rows.id(i, 1), 0, 0, rows.id(i, 3), rows.value(i, 4)});
                moving.push_back(i);
            }
        }
        log.write(operation_, {0, "actual", "billing_status", mark_.from, mark_.to});
        for (std::uint64_t const i : moving) {
            move_by_id(rows.value(i, 4), rows.id(i, 3));
        }
        report_missing("actual", ids, found);
    }

    // Decides about one group of actuals and reports it.
    ItemOutcome outcome_of(const pg::Rows& rows, std::uint64_t i) {
        std::int64_t const contract_id = rows.id(i, 1);
        Finding const finding = finding_of(rows, i);
        Datum const ids = rows.value(i, 4);
        std::string_view const reason =
            book_.known_contract(contract_id).is_closed ? "the contract is closed" : reason_of(finding);
        if (!reason.empty() && strict_) {
            Groups::refuse("actual", reason, pg::list_of(pg::ids_of(ids)));
        }
        ItemOutcome const outcome = !reason.empty()                ? ItemOutcome::refused
                                    : finding == Finding::eligible ? ItemOutcome::changed
                                                                   : ItemOutcome::unchanged;
        Groups::emit(verb_, "actual", contract_id, outcome, reason, rows.id(i, 3), ids);
        return outcome;
    }

    void move_by_id(Datum ids, std::int64_t count) const {
        static pg::Statement update{R"(
            UPDATE billing.actual SET billing_status = (SELECT $2::billing.billing_status)
             WHERE actual_id = ANY ($1) AND billing_status = (SELECT $3::billing.billing_status))",
                                    {INT8ARRAYOID, TEXTOID, TEXTOID}};
        pg::Parameters parameters;
        parameters.add(ids).text(mark_.to).text(mark_.from);
        expect(guard::write(update, "actual", guard::Write::update, std::move(parameters)), count);
    }

    // Everything eligible of some contracts, in one scan; the conditions are those of finding 0.
    void mark_by_contract(const Ids& contracts) {
        static pg::Statement update{R"(
            UPDATE billing.actual SET billing_status = (SELECT $2::billing.billing_status)
             WHERE contract_id = ANY ($1) AND is_open AND billing_status = (SELECT $3::billing.billing_status)
               AND adjustment_status = 'adjustable'
               AND (NOT $4 OR nte_status IN ('committed', 'not_applicable'))
            RETURNING contract_id, actual_id)",
                                    {INT8ARRAYOID, TEXTOID, TEXTOID, BOOLOID},
                                    pg::Planning::by_scan};
        pg::Rows const left_behind = classified(classify_left_behind, contracts);
        for (std::uint64_t i = 0; i < left_behind.count(); ++i) {
            outcome_of(left_behind, i);
        }
        pg::IdSink moved(false);
        for (std::int64_t const id : contracts) {
            moved.expect_key(id);
        }
        pg::Parameters parameters;
        parameters.ids(contracts).text(mark_.to).text(mark_.from).add(BoolGetDatum(mark_.ready));
        guard::write_into(update, "actual", guard::Write::update, std::move(parameters), moved);
        ChangeGroups log;
        for (std::int64_t const id : contracts) {
            if (pg::KeyedIds const* found = moved.find(id)) {
                Datum const ids = pg::array_of(*found);
                log.add({id, 0, 0, found->count, ids});
                Groups::emit(verb_, "actual", id, ItemOutcome::changed, "", found->count, ids);
            }
        }
        log.write(operation_, {0, "actual", "billing_status", mark_.from, mark_.to});
    }

    static void expect(std::uint64_t moved, std::int64_t expected) {
        if (moved != static_cast<std::uint64_t>(expected)) {
            throw DomainError(sqlstate::inconsistent,
                              "marked " + std::to_string(moved) + " items instead of " + std::to_string(expected));
        }
    }

    // Ids that name nothing are refused, too.
    void report_missing(const char* item, const Ids& ids, std::int64_t found) {
        std::unordered_set<std::int64_t> const wanted(ids.begin(), ids.end());
        if (static_cast<std::int64_t>(wanted.size()) == found) {
            return;
        }
        static pg::Statement missing{R"(
            SELECT DISTINCT i.id FROM unnest($1) AS i (id)
             WHERE NOT EXISTS (SELECT 1 FROM billing.actual a WHERE a.actual_id = i.id))",
                                     {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(missing, pg::Parameters().ids(ids));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            groups_.add(item, 0, ItemOutcome::refused, "there is no actual with this id", rows.id(i, 1));
        }
    }

    // --- items looked at one by one
    // -----------------------------------------------------------------------------------

    struct Item {
        const char* name;
        const char* table;
        const char* column;
        pg::Statement& update;
    };

    // Marks what has no problem. Rows start with id and contract id (NULL: unknown id); the status is in a column
    // given.
    template <typename Problem>
    void mark_rows(const Item& item, const pg::Rows& rows, int status_column, Problem problem_of) {
        Ids contracts;
        Ids ids;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            std::int64_t const id = rows.id(i, 1);
            std::int64_t const contract_id = rows.id_or(i, 2, 0);
            if (rows.text_or_null(i, status_column) == mark_.to) {
                groups_.add(item.name, contract_id, ItemOutcome::unchanged, "", id);
                continue;
            }
            std::string const problem = problem_of(i);
            groups_.add(item.name, contract_id, problem.empty() ? ItemOutcome::changed : ItemOutcome::refused, problem,
                        id);
            if (problem.empty()) {
                contracts.push_back(contract_id);
                ids.push_back(id);
            }
        }
        if (!ids.empty()) {
            expect(guard::write(item.update, item.table, guard::Write::update,
                                pg::Parameters().ids(ids).text(mark_.to).text(mark_.from)),
                   static_cast<std::int64_t>(ids.size()));
        }
        log_changes(operation_, {0, item.table, item.column, mark_.from, mark_.to}, contracts, ids);
    }

    // --- milestones -----------------------------------------------------------------------------------------------

    void mark_shares(const std::optional<Ids>& ids) {
        if (ids) {
            static pg::Statement read{R"(
                SELECT i.id, s.contract_id, s.contract_line_id, s.customer_id, s.milestone_status::text, s.amount,
                       l.contracted_amount,
                       (SELECT pg_catalog.sum(m.amount) FROM billing.milestone m
                         WHERE m.contract_id = s.contract_id AND m.contract_line_id = s.contract_line_id)
                  FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
                  LEFT JOIN billing.milestone_split s ON s.milestone_split_id = i.id
                  LEFT JOIN billing.contract_line l
                         ON l.contract_id = s.contract_id AND l.contract_line_id = s.contract_line_id
                 ORDER BY i.id)",
                                      {INT8ARRAYOID}};
            Ids const whole = mark_.ready ? mark_slices(book_, operation_, groups_, *ids)
                                          : merge_slices(book_, operation_, groups_, *ids);
            mark_shares_found(pg::query(read, pg::Parameters().ids(whole)));
        }
    }

    void mark_shares_found(const pg::Rows& rows) {
        static pg::Statement update{R"(
            UPDATE billing.milestone_split SET milestone_status = $2::billing.milestone_status
             WHERE milestone_split_id = ANY ($1) AND milestone_status = $3::billing.milestone_status)",
                                    {INT8ARRAYOID, TEXTOID, TEXTOID}};
        mark_rows({"milestone", "milestone_split", "milestone_status", update}, rows, 5,
                  [this, &rows](std::uint64_t i) { return share_problem(rows, i); });
    }

    // Why this share cannot be marked; empty if it can.
    std::string share_problem(const pg::Rows& rows, std::uint64_t i) {
        if (!rows.datum(i, 2)) {
            return "there is no milestone share with this id";
        }
        Contract& contract = book_.known_contract(rows.id(i, 2));
        if (contract.is_closed) {
            return "the contract is closed";
        }
        std::string const status = rows.text(i, 5);
        if (status != mark_.from) {
            return status == "customer_invoice_created" ? reason_of(Finding::on_invoice) : reason_of(Finding::posted);
        }
        if (!mark_.ready) {
            return {};
        }
        if (std::string problem =
                milestone_line_problem(book_.known_line(rows.id(i, 3)), rows.decimal_or_null(i, 7), rows.decimal(i, 8));
            !problem.empty()) {
            return problem;
        }
        NteVerdict const verdict = book_.limits(contract).evaluate_milestone(rows.id(i, 4), rows.decimal(i, 6));
        if (verdict.status == NteStatus::failed) {
            return milestone_limit_problem(*verdict.failed_level);
        }
        return {};
    }

    // --- product lines --------------------------------------------------------------------------------------------

    void mark_products(const std::optional<Ids>& ids) {
        if (ids) {
            static pg::Statement read{R"(
                SELECT i.id, l.contract_id, l.billing_method = 'product', l.product_status::text
                  FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
                  LEFT JOIN billing.contract_line l ON l.contract_line_id = i.id
                 ORDER BY i.id)",
                                      {INT8ARRAYOID}};
            mark_products_found(pg::query(read, pg::Parameters().ids(*ids)));
        }
    }

    void mark_products_found(const pg::Rows& rows) {
        static pg::Statement update{R"(
            UPDATE billing.contract_line SET product_status = $2::billing.product_status
             WHERE contract_line_id = ANY ($1) AND product_status = $3::billing.product_status)",
                                    {INT8ARRAYOID, TEXTOID, TEXTOID}};
        mark_rows({"product", "contract_line", "product_status", update}, rows, 4,
                  [this, &rows](std::uint64_t i) { return product_problem(rows, i); });
    }

    std::string product_problem(const pg::Rows& rows, std::uint64_t i) {
        if (!rows.datum(i, 2)) {
            return "there is no contract line with this id";
        }
        if (book_.known_contract(rows.id(i, 2)).is_closed) {
            return "the contract is closed";
        }
        if (!rows.flag(i, 3)) {
            return "it is not a product line; mark its actuals or milestones";
        }
        std::string const status = rows.text(i, 4);
        if (status != mark_.from) {
            return status == "customer_invoice_created" ? reason_of(Finding::on_invoice) : reason_of(Finding::posted);
        }
        return {};
    }

    // --- retainers ------------------------------------------------------------------------------------------------

    // Each is released by its id: nobody wants a year of advances billed with a month's work.
    void mark_retainers(const std::optional<Ids>& ids) {
        static pg::Statement read{R"(
            SELECT i.id, r.contract_id, r.retainer_status::text
              FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
              LEFT JOIN billing.retainer r ON r.retainer_id = i.id
             ORDER BY i.id)",
                                  {INT8ARRAYOID}};
        static pg::Statement update{R"(
            UPDATE billing.retainer SET retainer_status = $2::billing.retainer_status
             WHERE retainer_id = ANY ($1) AND retainer_status = $3::billing.retainer_status)",
                                    {INT8ARRAYOID, TEXTOID, TEXTOID}};
        if (ids) {
            pg::Rows const rows = pg::query(read, pg::Parameters().ids(*ids));
            mark_rows({"retainer", "retainer", "retainer_status", update}, rows, 3,
                      [this, &rows](std::uint64_t i) { return retainer_problem(rows, i); });
        }
    }

    std::string retainer_problem(const pg::Rows& rows, std::uint64_t i) {
        if (!rows.datum(i, 2)) {
            return "there is no retainer with this id";
        }
        if (book_.known_contract(rows.id(i, 2)).is_closed) {
            return "the contract is closed";
        }
        std::string const status = rows.text(i, 3);
        if (status != mark_.from) {
            return status == "customer_invoice_created" ? reason_of(Finding::on_invoice) : reason_of(Finding::posted);
        }
        return {};
    }

    // --- everything of some contracts -----------------------------------------------------------------------------

    void mark_contracts() {
        // Of a progress-based milestone for which nothing is set to be billed next, nothing is waiting to be marked.
        static pg::Statement find_shares{R"(
            SELECT s.milestone_split_id FROM billing.milestone_split s
             WHERE s.contract_id = ANY ($1) AND s.milestone_status = $2::billing.milestone_status
               AND (s.has_billing_history OR s.milestone_status <> 'not_ready_to_invoice'
                    OR EXISTS (SELECT 1 FROM billing.contract_line l
                                WHERE l.contract_line_id = s.contract_line_id AND l.contract_id = s.contract_id
                                  AND l.invoice_schedule_type <> 'progress_based')
                    OR EXISTS (SELECT 1 FROM billing.milestone_progress p
                                WHERE p.milestone_id = s.milestone_id AND p.contract_id = s.contract_id)))",
                                         {INT8ARRAYOID, TEXTOID}};
        static pg::Statement find_products{R"(
            SELECT contract_line_id FROM billing.contract_line
             WHERE contract_id = ANY ($1) AND product_status = $2::billing.product_status)",
                                           {INT8ARRAYOID, TEXTOID}};
        Ids open;
        for (std::int64_t const id : std::set<std::int64_t>(contracts_->begin(), contracts_->end())) {
            Contract const* contract = book_.contract(id);
            if (contract == nullptr) {
                groups_.add("contract", 0, ItemOutcome::refused, "there is no contract with this id", id);
            } else if (contract->is_closed) {
                groups_.add("contract", id, ItemOutcome::refused, "the contract is closed", id);
            } else {
                open.push_back(id);
            }
        }
        mark_by_contract(open);
        mark_shares(found_ids(find_shares, open));
        mark_products(found_ids(find_products, open));
    }

    Ids found_ids(pg::Statement& statement, const Ids& contracts) const {
        return pg::query(statement, pg::Parameters().ids(contracts).text(mark_.from)).ids(1);
    }

    Verb& verb_;
    Mark mark_;
    std::optional<Ids> actuals_;
    std::optional<Ids> milestones_;
    std::optional<Ids> products_;
    std::optional<Ids> contracts_;
    bool strict_;
    std::optional<Ids> retainers_;
    std::int64_t operation_ = 0;
    ContractBook book_;
    std::unordered_map<std::int64_t, Ids> parts_;
    Groups groups_;
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum mark_ready_to_invoice(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "mark_ready_to_invoice", [](Verb& verb) { Marking(verb, ready_mark).run(); });
}

Datum mark_not_ready_to_invoice(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "mark_not_ready_to_invoice", [](Verb& verb) { Marking(verb, not_ready_mark).run(); });
}
