// What follows from set-up data by itself: trigger functions on the tables that users fill with plain INSERTs.

#include "domain/allocation.hpp"
#include "domain/journal.hpp"
#include "domain/split.hpp"
#include "engine/contract_book.hpp"
#include "engine/groups.hpp"
#include "engine/progress.hpp"
#include "guard/guard_trigger.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"
#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace billing::engine {

namespace {

// How install() attaches a trigger function.
enum class Attached { after_statement, before_row };

// These functions write guarded tables on behalf of what they are told, so they work on their own table only, attached
// as install() does it.
void require_attachment(const TriggerData& trigger, const char* table, Attached attached) {
    bool const is_attached = attached == Attached::after_statement
                                 ? TRIGGER_FIRED_AFTER(trigger.tg_event) &&
                                       TRIGGER_FIRED_FOR_STATEMENT(trigger.tg_event) &&
                                       (trigger.tg_newtable != nullptr || trigger.tg_oldtable != nullptr)
                                 : TRIGGER_FIRED_BEFORE(trigger.tg_event) && TRIGGER_FIRED_FOR_ROW(trigger.tg_event);
    if (!is_attached || RelationGetRelid(trigger.tg_relation) != pg::relation_oid(table)) {
        throw DomainError(sqlstate::guard_compromised,
                          std::string("trigger \"") + trigger.tg_trigger->tgname + "\" is attached the wrong way",
                          std::string("Its function belongs to billing.") + table + ".",
                          "Drop it and run SELECT * FROM billing.install();");
    }
}

const TriggerData& trigger_of(FunctionCallInfo fcinfo, const char* table, Attached attached) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        throw DomainError("39P01", "this function can only be called as a trigger");
    }
    auto const& trigger = *reinterpret_cast<TriggerData*>(fcinfo->context);
    require_attachment(trigger, table, attached);
    return trigger;
}

// What the engine itself updates (a contract's version, a line's status) has no such consequences.
bool is_by_engine(const TriggerData& trigger) {
    return TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) &&
           guard::authorized(RelationGetRelid(trigger.tg_relation), guard::Write::update);
}

// Runs a trigger body as the engine, with the transition tables visible to its statements.
template <typename Body>
Datum run_trigger(FunctionCallInfo fcinfo, const char* table, Attached attached, Body body) {
    return wall::entry(fcinfo, [=, &body](FunctionCallInfo call) -> Datum {
        TriggerData const& trigger = trigger_of(call, table, attached);
        if (attached == Attached::after_statement && (is_by_engine(trigger) || guard::is_replicated())) {
            return PointerGetDatum(nullptr);
        }
        pg::Engine engine;
        wall::call([&trigger] { (void)SPI_register_trigger_data(const_cast<TriggerData*>(&trigger)); });
        body(trigger);
        engine.leave();
        return PointerGetDatum(attached == Attached::before_row ? trigger.tg_trigtuple : nullptr);
    });
}

std::int64_t column_of(const TriggerData& trigger, const char* name) {
    TupleDesc const columns = RelationGetDescr(trigger.tg_relation);
    HeapTuple const row = trigger.tg_trigtuple;
    bool is_null = false;
    Datum const value = SPI_getbinval(row, columns, SPI_fnumber(columns, name), &is_null);
    return is_null ? 0 : DatumGetInt64(value);
}

// --- company, contract ----------------------------------------------------------------------------------------------

// Each company has one contract that holds the work nobody pays for.
void add_internal_contracts(const TriggerData&) {
    static pg::Statement insert{R"(
        INSERT INTO billing.contract (company_id, kind, contract_status, name, currency)
        SELECT n.company_id, 'internal', 'active', 'Internal work of ' || n.name, n.currency FROM new_rows n)",
                                {}};
    guard::write(insert, "contract", guard::Write::insert);
}

// The header customer is the primary customer of the contract; the first one takes everything until others are added.
void follow_header_customer(const TriggerData&) {
    static pg::Statement demote{R"(
        UPDATE billing.contract_customer c SET is_primary = false
          FROM new_rows n
         WHERE c.contract_id = n.contract_id AND c.is_primary AND c.customer_id <> n.customer_id)",
                                {}};
    static pg::Statement promote{R"(
        INSERT INTO billing.contract_customer AS c (contract_id, customer_id, is_primary, is_rounding, billing_split_percent)
        SELECT n.contract_id, n.customer_id, true, NOT e.has_others, CASE WHEN e.has_others THEN 0 ELSE 100 END
          FROM new_rows n
          CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM billing.contract_customer o
                                              WHERE o.contract_id = n.contract_id) AS has_others) e
         WHERE n.customer_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM billing.contract_customer p
                            WHERE p.contract_id = n.contract_id AND p.customer_id = n.customer_id AND p.is_primary)
        ON CONFLICT (contract_id, customer_id) DO UPDATE SET is_primary = true WHERE NOT c.is_primary)",
                                 {}};
    guard::write(demote, "contract_customer", guard::Write::update);
    guard::write_upsert(promote, "contract_customer");
}

// --- contract lines -------------------------------------------------------------------------------------------------

// The scopes that the lines in new_rows should have.
#define BILLING_NEW_SCOPES                                                                                             \
    "SELECT l.contract_id, l.contract_line_id, l.project_id, k.class::billing.transaction_class AS transaction_class," \
    "       CASE l.included_tasks WHEN 'all_project_tasks' THEN '(,)'::int8range"                                      \
    "                             ELSE pg_catalog.int8range(t.task_id, t.task_id, '[]') END AS tasks"                  \
    "  FROM (SELECT DISTINCT contract_id, contract_line_id FROM new_rows) n"                                           \
    "  JOIN billing.contract_line l ON l.contract_id = n.contract_id AND l.contract_line_id = n.contract_line_id"      \
    "  JOIN billing.contract c ON c.contract_id = l.contract_id AND c.contract_status <> 'closed'"                     \
    " CROSS JOIN LATERAL (VALUES ('time', l.include_time), ('expense', l.include_expense),"                            \
    "                            ('material', l.include_material), ('fee', l.include_fee)) AS k (class, is_included)"  \
    "  LEFT JOIN billing.contract_line_task t ON t.contract_id = l.contract_id"                                        \
    "        AND t.contract_line_id = l.contract_line_id AND l.included_tasks = 'selected_project_tasks'"              \
    " WHERE l.project_id IS NOT NULL AND k.is_included"                                                                \
    "   AND (l.included_tasks = 'all_project_tasks' OR t.task_id IS NOT NULL)"

[[noreturn]] void refuse_overlap(const std::string& detail) {
    throw DomainError(sqlstate::mapping_overlap, "two contract lines would pay for the same work", detail,
                      "For one project and class (time, expense, material, fee) there may be one line with all tasks, "
                      "or several lines with selected tasks that do not overlap.");
}

// Says which line is in the way. The exclusion constraint decides; this finds the words for it.
void require_no_overlap() {
    static pg::Statement read{"SELECT s.contract_line_id, x.contract_line_id, x.transaction_class::text, x.project_id"
                              "  FROM (" BILLING_NEW_SCOPES ") x"
                              "  JOIN billing.contract_line_scope s ON s.project_id = x.project_id"
                              "       AND s.transaction_class = x.transaction_class AND s.tasks && x.tasks"
                              "       AND s.contract_line_id <> x.contract_line_id LIMIT 1",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        refuse_overlap("Contract line " + std::to_string(rows.id(0, 1)) + " already pays for " + rows.text(0, 3) +
                       " of project " + std::to_string(rows.id(0, 4)) + ", and so would contract line " +
                       std::to_string(rows.id(0, 2)) + ".");
    }
}

// Which work each open project line pays for; the exclusion constraint refuses overlaps.
void rebuild_scopes() {
    static pg::Statement clear{R"(
        DELETE FROM billing.contract_line_scope s USING new_rows n
         WHERE s.contract_id = n.contract_id AND s.contract_line_id = n.contract_line_id)",
                               {}};
    static pg::Statement insert{
        "INSERT INTO billing.contract_line_scope"
        " (contract_id, contract_line_id, project_id, transaction_class, tasks) " BILLING_NEW_SCOPES,
        {}};
    guard::write(clear, "contract_line_scope", guard::Write::remove);
    require_no_overlap();
    try {
        guard::write(insert, "contract_line_scope", guard::Write::insert);
    } catch (const wall::BackendError& error) {
        if (error.data->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION) {
            throw;
        }
        refuse_overlap("Lines of the same statement, or of a transaction that ended just now, overlap.");
    }
}

#undef BILLING_NEW_SCOPES

// A new project line starts with the customers of its contract.
void copy_customers() {
    static pg::Statement insert{R"(
        INSERT INTO billing.contract_line_customer
            (contract_id, contract_line_id, customer_id, billing_split_percent, is_rounding)
        SELECT n.contract_id, n.contract_line_id, c.customer_id, c.billing_split_percent, c.is_rounding
          FROM new_rows n
          JOIN billing.contract_customer c ON c.contract_id = n.contract_id
         WHERE n.billing_method <> 'product'
        ON CONFLICT DO NOTHING)",
                                {}};
    guard::write(insert, "contract_line_customer", guard::Write::insert);
}

void require_whole_cents_of_products() {
    static pg::Statement read{R"(
        SELECT n.contract_line_id, n.tax, c.currency
          FROM new_rows n JOIN billing.contract c ON c.contract_id = n.contract_id
         WHERE n.billing_method = 'product' AND n.tax <> billing.money(n.tax, c.currency) LIMIT 1)",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        throw DomainError(sqlstate::invalid_setup,
                          "the tax of product line " + std::to_string(rows.id(0, 1)) + " has more decimals than " +
                              rows.text(0, 3) + " knows",
                          "Tax " + rows.decimal(0, 2).trimmed().text() + ".");
    }
}

void follow_line(const TriggerData& trigger) {
    require_whole_cents_of_products();
    rebuild_scopes();
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        copy_customers();
    }
}

// A customer added to a line becomes a customer of the contract, at 0 %.
void make_contract_customer(const TriggerData& trigger) {
    static pg::Statement method{R"(
        SELECT billing_method = 'product' FROM billing.contract_line
         WHERE contract_id = $1 AND contract_line_id = $2)",
                                {INT8OID, INT8OID}};
    static pg::Statement insert{R"(
        INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES ($1, $2) ON CONFLICT DO NOTHING)",
                                {INT8OID, INT8OID}};
    std::int64_t const contract_id = column_of(trigger, "contract_id");
    std::int64_t const line_id = column_of(trigger, "contract_line_id");
    pg::Rows const rows = pg::query(method, pg::Parameters().id(contract_id).id(line_id));
    if (!rows.empty() && rows.flag(0, 1)) {
        throw DomainError(sqlstate::wrong_line_kind,
                          "product line " + std::to_string(line_id) + " cannot be split between customers",
                          "A product line belongs to the primary customer.");
    }
    guard::write(insert, "contract_customer", guard::Write::insert,
                 pg::Parameters().id(contract_id).id(column_of(trigger, "customer_id")));
}

// A contract line that was never used takes its scopes and customers along.
void release_line(const TriggerData& trigger) {
    static pg::Statement used{R"(
        SELECT customer_id FROM billing.contract_line_customer
         WHERE contract_id = $1 AND contract_line_id = $2 AND in_use LIMIT 1)",
                              {INT8OID, INT8OID}};
    static pg::Statement clear{
        "DELETE FROM billing.contract_line_scope WHERE contract_id = $1 AND contract_line_id = $2", {INT8OID, INT8OID}};
    std::int64_t const contract_id = column_of(trigger, "contract_id");
    std::int64_t const line_id = column_of(trigger, "contract_line_id");
    lock_contracts({contract_id});
    if (!pg::query(used, pg::Parameters().id(contract_id).id(line_id)).empty()) {
        throw DomainError(sqlstate::not_editable,
                          "contract line " + std::to_string(line_id) + " can no longer be deleted",
                          "It has actuals or milestones.", "Set include_time and the like to false to end it.");
    }
    guard::write(clear, "contract_line_scope", guard::Write::remove, pg::Parameters().id(contract_id).id(line_id));
}

// A contract without lines takes its customers along; with lines, its foreign keys refuse.
void release_contract(const TriggerData& trigger) {
    static pg::Statement lines{"SELECT 1 FROM billing.contract_line WHERE contract_id = $1 LIMIT 1", {INT8OID}};
    static pg::Statement clear{"DELETE FROM billing.contract_customer WHERE contract_id = $1", {INT8OID}};
    std::int64_t const contract_id = column_of(trigger, "contract_id");
    if (pg::query(lines, pg::Parameters().id(contract_id)).empty()) {
        guard::write(clear, "contract_customer", guard::Write::remove, pg::Parameters().id(contract_id));
    }
}

// --- milestones -----------------------------------------------------------------------------------------------------

struct MilestoneRow {
    std::int64_t milestone_id;
    std::int64_t contract_id;
    std::int64_t line_id;
    Decimal amount;
    Decimal tax;
};

std::vector<MilestoneRow> new_milestones() {
    static pg::Statement read{"SELECT milestone_id, contract_id, contract_line_id, amount, tax FROM new_rows "
                              "ORDER BY contract_id, milestone_id",
                              {}};
    std::vector<MilestoneRow> milestones;
    pg::Rows const rows = pg::query(read);
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        milestones.push_back({rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), rows.decimal(i, 4), rows.decimal(i, 5)});
    }
    return milestones;
}

void require_fixed_price(const ContractLine& line, std::int64_t line_id) {
    static pg::Statement read{"SELECT project_id IS NOT NULL FROM billing.contract_line WHERE contract_line_id = $1 "
                              "AND contract_id = $2",
                              {INT8OID, INT8OID}};
    if (line.method != BillingMethod::fixed_price) {
        throw DomainError(sqlstate::wrong_line_kind, "contract line " + std::to_string(line_id) +
                                                         " is not a fixed-price line and takes no milestones");
    }
    if (!pg::query(read, pg::Parameters().id(line_id).id(line.contract_id)).flag(0, 1)) {
        throw DomainError(sqlstate::invalid_setup,
                          "contract line " + std::to_string(line_id) + " has no project and takes no milestones", {},
                          "Set project_id on the contract line first.");
    }
    if (std::string problem = line.problem(); !problem.empty()) {
        throw DomainError(sqlstate::percentages, problem);
    }
}

// Nobody can pay a fraction of the smallest coin.
void require_whole_cents(const MilestoneRow& milestone, const Contract& contract) {
    if (milestone.amount.rounded(contract.money_scale) != milestone.amount ||
        milestone.tax.rounded(contract.money_scale) != milestone.tax) {
        throw DomainError(sqlstate::invalid_setup,
                          "milestone " + std::to_string(milestone.milestone_id) + " has more decimals than " +
                              contract.currency + " knows",
                          "Amount " + milestone.amount.text() + ", tax " + milestone.tax.text() + ".");
    }
}

// Shares of a milestone may be made anew only while none of them was ever ready.
void drop_shares(const Ids& milestones) {
    static pg::Statement used{R"(
        SELECT milestone_id, milestone_status::text FROM billing.milestone_split
         WHERE milestone_id = ANY ($1) AND (milestone_status <> 'not_ready_to_invoice' OR has_billing_history) LIMIT 1)",
                              {INT8ARRAYOID}};
    static pg::Statement erase{R"(
        DELETE FROM billing.milestone_split s USING billing.milestone m
         WHERE m.milestone_id = ANY ($1) AND s.contract_id = m.contract_id AND s.milestone_id = m.milestone_id)",
                               {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(used, pg::Parameters().ids(milestones));
    if (!rows.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "milestone " + std::to_string(rows.id(0, 1)) + " can no longer be changed or deleted",
                          "A share of it is " + rows.text(0, 2) + " or was billed before.",
                          "Use mark_not_ready_to_invoice() or delete its draft invoice first; what was billed is "
                          "credited with a corrective invoice.");
    }
    guard::write(erase, "milestone_split", guard::Write::remove, pg::Parameters().ids(milestones));
    forget_progress(milestones);
}

void insert_shares(ContractBook& book, const std::vector<MilestoneRow>& milestones) {
    static pg::Statement insert{
        R"(
        INSERT INTO billing.milestone_split (contract_id, milestone_id, contract_line_id, customer_id, amount, tax)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6))",
        {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
    Ids contracts;
    Ids ids;
    Ids lines;
    Ids customers;
    std::vector<Decimal> amounts;
    std::vector<Decimal> taxes;
    LineTotals in_use;
    std::vector<Part> parts;
    for (MilestoneRow const& milestone : milestones) {
        ContractLine const& line = book.known_line(milestone.line_id);
        require_fixed_price(line, milestone.line_id);
        require_whole_cents(milestone, book.known_contract(milestone.contract_id));
        int const scale = book.known_contract(milestone.contract_id).money_scale;
        split_amount(milestone.amount, milestone.tax, line.shares.data(), line.shares.size(), scale, parts);
        for (Part const& part : parts) {
            contracts.push_back(milestone.contract_id);
            ids.push_back(milestone.milestone_id);
            lines.push_back(milestone.line_id);
            customers.push_back(part.customer_id);
            amounts.push_back(part.amount.rounded(scale));
            taxes.push_back(part.tax.rounded(scale));
            in_use.add(milestone.contract_id, milestone.line_id, part.customer_id, Decimal(), Decimal());
        }
    }
    guard::write(insert, "milestone_split", guard::Write::insert,
                 pg::Parameters().ids(contracts).ids(ids).ids(lines).ids(customers).decimals(amounts).decimals(taxes));
    in_use.write();
}

// Only a change of amount, tax or line makes the shares anew; names and dates may change any time.
bool shares_are_current(const MilestoneRow& milestone) {
    static pg::Statement read{R"(
        SELECT coalesce(pg_catalog.sum(amount), -1) = $3 AND coalesce(pg_catalog.sum(tax), -1) = $4
               AND coalesce(pg_catalog.bool_and(contract_line_id = $5), false)
          FROM billing.milestone_split WHERE contract_id = $1 AND milestone_id = $2)",
                              {INT8OID, INT8OID, NUMERICOID, NUMERICOID, INT8OID}};
    return pg::query(read, pg::Parameters()
                               .id(milestone.contract_id)
                               .id(milestone.milestone_id)
                               .decimal(milestone.amount)
                               .decimal(milestone.tax)
                               .id(milestone.line_id))
        .flag(0, 1);
}

void follow_milestones(const TriggerData& trigger) {
    Ids contracts;
    Ids changed_ids;
    std::vector<MilestoneRow> changed;
    for (MilestoneRow const& milestone : new_milestones()) {
        contracts.push_back(milestone.contract_id);
        if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event) || !shares_are_current(milestone)) {
            changed.push_back(milestone);
            changed_ids.push_back(milestone.milestone_id);
        }
    }
    if (changed.empty()) {
        return;
    }
    ContractBook book = ContractBook::lock_and_load(contracts);
    drop_shares(changed_ids);
    insert_shares(book, changed);
}

void remove_milestone(const TriggerData& trigger) {
    lock_contracts({column_of(trigger, "contract_id")});
    drop_shares({column_of(trigger, "milestone_id")});
}

// --- entries --------------------------------------------------------------------------------------------------------

// An entry that was approved and taken back is open for changes again, but its history needs it.
void keep_entries_of_actuals(const TriggerData&) {
    static pg::Statement read{R"(
        SELECT r.entry_id FROM removed r
         WHERE EXISTS (SELECT 1 FROM billing.actual a WHERE a.entry_id = r.entry_id AND a.invoice_id IS NULL)
         LIMIT 1)",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "entry " + std::to_string(rows.id(0, 1)) + " can no longer be deleted",
                          "It was approved before; the ledger keeps its actuals and their reversals.",
                          "Leave it as it is, or change it and submit it again.");
    }
}

// --- retainers ----------------------------------------------------------------------------------------------------

void require_whole_cents_of_retainers() {
    static pg::Statement read{R"(
        SELECT n.retainer_id, n.amount, c.currency
          FROM new_rows n JOIN billing.contract c ON c.contract_id = n.contract_id
         WHERE n.amount <> billing.money(n.amount, c.currency) LIMIT 1)",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        throw DomainError(sqlstate::invalid_setup,
                          "retainer " + std::to_string(rows.id(0, 1)) + " has more decimals than " + rows.text(0, 3) +
                              " knows",
                          "Amount " + rows.decimal(0, 2).trimmed().text() + ".");
    }
}

// The ledger keeps what was billed to the customer, even if it was credited.
void keep_customers_of_billed_retainers() {
    static pg::Statement read{R"(
        SELECT n.retainer_id FROM new_rows n
         WHERE n.has_billing_history
           AND EXISTS (SELECT 1 FROM billing.actual a
                        WHERE a.contract_id = n.contract_id AND a.retainer_id = n.retainer_id
                          AND a.customer_id <> n.customer_id)
         LIMIT 1)",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "retainer " + std::to_string(rows.id(0, 1)) + " was billed to its customer before",
                          "The ledger keeps the billed sale and its credit.", "Add a retainer for the other customer.");
    }
}

void keep_billed_retainers(const TriggerData&) {
    static pg::Statement read{"SELECT r.retainer_id FROM removed r WHERE r.has_billing_history LIMIT 1", {}};
    pg::Rows const rows = pg::query(read);
    if (!rows.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "retainer " + std::to_string(rows.id(0, 1)) + " can no longer be deleted",
                          "It was billed before; the ledger keeps the billed sale and its credit.",
                          "Leave it as it is, not ready to invoice.");
    }
}

// --- journal lines ------------------------------------------------------------------------------------------------

// Lines join draft entry journals only. A line inserted while its journal is being confirmed has waited for that.
void require_open_entry_journals() {
    static pg::Statement read{R"(
        SELECT n.journal_line_id, n.journal_id, j.journal_type::text, j.journal_status = 'confirmed'
          FROM new_rows n JOIN billing.journal j ON j.journal_id = n.journal_id AND j.contract_id = n.contract_id
         WHERE j.journal_type <> 'entry' OR j.journal_status <> 'draft' LIMIT 1)",
                              {}};
    pg::Rows const rows = pg::query(read);
    if (rows.empty()) {
        return;
    }
    std::string const journal = "journal " + std::to_string(rows.id(0, 2));
    if (rows.flag(0, 4)) {
        throw DomainError(sqlstate::not_editable, journal + " is confirmed and takes no more lines", {},
                          "Insert another journal.");
    }
    throw DomainError(sqlstate::wrong_line_kind,
                      journal + " is of type " + rows.text(0, 3) + " and has no lines to type", {},
                      "Use select_for_correction() or select_for_cancellation().");
}

// A line keeps its journal, so only a new one asks whether that is open.
void check_journal_lines(const TriggerData& trigger) {
    static pg::Statement read{R"(
        SELECT l.billing_method, n.transaction_type, n.transaction_class, pg_catalog.min(n.journal_line_id)
          FROM new_rows n
          LEFT JOIN billing.contract_line l ON l.contract_line_id = n.contract_line_id AND l.contract_id = n.contract_id
         GROUP BY l.billing_method, n.transaction_type, n.transaction_class)",
                              {}};
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        require_open_entry_journals();
    }
    pg::EnumOids<BillingMethod> const methods;
    pg::EnumOids<TransactionType> const types;
    pg::EnumOids<TransactionClass> const classes;
    pg::Rows const rows = pg::query(read);
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        std::optional<Datum> const method = rows.datum(i, 1);
        BillingMethod const known = method ? methods(*method) : BillingMethod::time_and_material;
        TransactionType const type = types(rows.value(i, 2));
        TransactionClass const line_class = classes(rows.value(i, 3));
        if (!journal_allows(known, type, line_class)) {
            throw DomainError(sqlstate::wrong_line_kind,
                              "a journal has no " + std::string(label(type)) + " of class " +
                                  std::string(label(line_class)) + " on a contract line of method " +
                                  std::string(label(known)),
                              "Journal line " + std::to_string(rows.id(i, 4)) + ".",
                              "SELECT * FROM billing.journal_line_rules() lists what there is.");
        }
    }
}

// --- distribute_evenly --------------------------------------------------------------------------------------------

// contract, contract_line (NULL: the defaults of the contract)
void distribute(Verb& verb) {
    static pg::Statement of_contract{R"(
        UPDATE billing.contract_customer c SET billing_split_percent = d.percent
          FROM unnest($2, $3) AS d (customer_id, percent)
         WHERE c.contract_id = $1 AND c.customer_id = d.customer_id)",
                                     {INT8OID, INT8ARRAYOID, NUMERICARRAYOID}};
    static pg::Statement of_line{R"(
        UPDATE billing.contract_line_customer c SET billing_split_percent = d.percent
          FROM unnest($2, $3) AS d (customer_id, percent)
         WHERE c.contract_id = $1 AND c.contract_line_id = $4 AND c.customer_id = d.customer_id)",
                                 {INT8OID, INT8ARRAYOID, NUMERICARRAYOID, INT8OID}};
    static pg::Statement customers_of_contract{
        "SELECT customer_id, is_rounding FROM billing.contract_customer WHERE contract_id = $1 ORDER BY customer_id",
        {INT8OID}};
    static pg::Statement customers_of_line{R"(
        SELECT customer_id, is_rounding FROM billing.contract_line_customer
         WHERE contract_id = $1 AND contract_line_id = $2 ORDER BY customer_id)",
                                           {INT8OID, INT8OID}};
    std::int64_t const contract_id = DatumGetInt64(verb.arguments.required(0, "contract"));
    std::optional<std::int64_t> const line_id = verb.arguments.id(1);
    lock_contracts({contract_id});
    pg::Rows const rows = line_id ? pg::query(customers_of_line, pg::Parameters().id(contract_id).id(*line_id))
                                  : pg::query(customers_of_contract, pg::Parameters().id(contract_id));
    Ids customers;
    std::optional<std::size_t> rounding;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        customers.push_back(rows.id(i, 1));
        if (rows.flag(i, 2)) {
            rounding = i;
        }
    }
    if (customers.empty()) {
        throw DomainError(sqlstate::unknown_item,
                          line_id ? "there is no contract line " + std::to_string(*line_id) +
                                        " with customers in contract " + std::to_string(contract_id)
                                  : "there is no contract " + std::to_string(contract_id) + " with customers");
    }
    if (!rounding) {
        throw DomainError(sqlstate::percentages, "there is no rounding customer to take what does not divide", {},
                          "Set is_rounding on one customer.");
    }
    std::vector<Decimal> const percents = evenly(customers.size(), *rounding);
    pg::Parameters parameters;
    parameters.id(contract_id).ids(customers).decimals(percents);
    line_id ? guard::write(of_line, "contract_line_customer", guard::Write::update, std::move(parameters.id(*line_id)))
            : guard::write(of_contract, "contract_customer", guard::Write::update, std::move(parameters));
    for (std::size_t i = 0; i < customers.size(); ++i) {
        verb.result.id(customers[i]).decimal(percents[i]).emit();
    }
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum company_created(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "company", Attached::after_statement, add_internal_contracts);
}

Datum contract_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract", Attached::after_statement, follow_header_customer);
}

Datum contract_removed(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract", Attached::before_row, release_contract);
}

Datum contract_line_removed(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract_line", Attached::before_row, release_line);
}

Datum contract_line_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract_line", Attached::after_statement, follow_line);
}

Datum contract_line_task_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract_line_task", Attached::after_statement,
                       [](const TriggerData&) { rebuild_scopes(); });
}

Datum contract_line_customer_added(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "contract_line_customer", Attached::before_row, make_contract_customer);
}

Datum milestone_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "milestone", Attached::after_statement, follow_milestones);
}

Datum milestone_removed(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "milestone", Attached::before_row, remove_milestone);
}

Datum entries_removed(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "entry", Attached::after_statement, keep_entries_of_actuals);
}

Datum retainer_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "retainer", Attached::after_statement, [](const TriggerData&) {
        require_whole_cents_of_retainers();
        keep_customers_of_billed_retainers();
    });
}

Datum retainer_removed(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "retainer", Attached::after_statement, keep_billed_retainers);
}

Datum journal_line_saved(PG_FUNCTION_ARGS) {
    return run_trigger(fcinfo, "journal_line", Attached::after_statement, check_journal_lines);
}

Datum distribute_evenly(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "distribute_evenly", distribute);
}

// BEFORE INSERT: a product line starts as not ready to invoice.
Datum contract_line_defaults(PG_FUNCTION_ARGS) {
    return billing::wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        auto const* trigger =
            &billing::engine::trigger_of(call, "contract_line", billing::engine::Attached::before_row);
        HeapTuple row = trigger->tg_trigtuple;
        TupleDesc const columns = RelationGetDescr(trigger->tg_relation);
        int const method = SPI_fnumber(columns, "billing_method");
        int const status = SPI_fnumber(columns, "product_status");
        bool is_null = false;
        Datum const method_value = SPI_getbinval(row, columns, method, &is_null);
        bool const is_product = !is_null && billing::pg::label_of(method_value) == "product";
        (void)SPI_getbinval(row, columns, status, &is_null);
        if (is_product && is_null) {
            Datum const initial =
                billing::pg::EnumOids<billing::ProductStatus>()(billing::ProductStatus::not_ready_to_invoice);
            row = billing::wall::value_of([=] {
                int column = status;
                Datum value = initial;
                bool null = false;
                return heap_modify_tuple_by_cols(row, columns, 1, &column, &value, &null);
            });
        }
        return PointerGetDatum(row);
    });
}
