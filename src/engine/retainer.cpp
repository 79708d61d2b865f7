// Retainers: generate_retainers(), add_invoice_retainer(), stage_refunds(), cancel_refunds(), and how retainers leave
// drafts.

#include "engine/retainer.hpp"

#include <algorithm>
#include <set>

#include "domain/allocation.hpp"
#include "engine/contract_book.hpp"
#include "engine/correction.hpp"
#include "engine/invoice_list.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// The rows a statement returned: contract and retainer.
void log_moved(std::int64_t operation_id, const char* column, const char* from, const char* to, const pg::Rows& rows) {
    log_changes(operation_id, {0, "retainer", column, from, to}, rows.ids(1), rows.ids(2));
}

} // namespace

Ids contracts_of_retainers(const Ids& retainer_ids) {
    static pg::Statement read{"SELECT DISTINCT contract_id FROM billing.retainer WHERE retainer_id = ANY ($1)",
                              {INT8ARRAYOID}};
    return pg::query(read, pg::Parameters().ids(retainer_ids)).ids(1);
}

// --- off the draft --------------------------------------------------------------------------------------------------

void release_retainers(std::int64_t operation_id, const Ids& invoice_ids) {
    static pg::Statement billed{R"(
        UPDATE billing.retainer r SET retainer_status = 'ready_to_invoice', invoice_id = NULL
          FROM billing.invoice v
         WHERE v.invoice_id = ANY ($1) AND r.contract_id = v.contract_id AND r.invoice_id = v.invoice_id
        RETURNING r.contract_id, r.retainer_id)",
                                {INT8ARRAYOID}};
    static pg::Statement refunds{R"(
        UPDATE billing.retainer r SET refund_status = 'not_refunded', refund_invoice_id = NULL
          FROM billing.invoice v
         WHERE v.invoice_id = ANY ($1) AND r.contract_id = v.contract_id AND r.refund_invoice_id = v.invoice_id
        RETURNING r.contract_id, r.retainer_id)",
                                 {INT8ARRAYOID}};
    static pg::Statement advances{R"(
        DELETE FROM billing.invoice_advance a USING billing.invoice v
         WHERE v.invoice_id = ANY ($1) AND a.contract_id = v.contract_id AND a.invoice_id = v.invoice_id)",
                                  {INT8ARRAYOID}};
    static pg::Statement corrections{R"(
        DELETE FROM billing.retainer_correction k USING billing.invoice v
         WHERE v.invoice_id = ANY ($1) AND k.contract_id = v.contract_id AND k.invoice_id = v.invoice_id)",
                                     {INT8ARRAYOID}};
    auto const write = [&](pg::Statement& statement) {
        return guard::write_returning(statement, "retainer", guard::Write::update, pg::Parameters().ids(invoice_ids));
    };
    log_moved(operation_id, "retainer_status", "customer_invoice_created", "ready_to_invoice", write(billed));
    log_moved(operation_id, "refund_status", "ready_to_refund", "not_refunded", write(refunds));
    guard::write(advances, "invoice_advance", guard::Write::remove, pg::Parameters().ids(invoice_ids));
    guard::write(corrections, "retainer_correction", guard::Write::remove, pg::Parameters().ids(invoice_ids));
}

Ids remove_retainers(Verb& verb, std::int64_t operation_id, const Ids& retainer_ids) {
    static pg::Statement read{R"(
        SELECT d.source_id, d.invoice_id, d.detail_kind, d.quantity, d.price, d.amount, coalesce(d.corrected_sale_id, 0)
          FROM billing.retainer r
          JOIN billing.invoice v ON v.contract_id = r.contract_id AND v.project_invoice_status IN ('draft', 'in_review')
          JOIN billing.retainer_detail d ON d.contract_id = v.contract_id AND d.invoice_id = v.invoice_id
                                        AND d.source_id = r.retainer_id
         WHERE r.retainer_id = ANY ($1) AND (d.detail_kind = 'retainer' OR d.corrected_sale_id IS NOT NULL)
         ORDER BY d.source_id, d.invoice_id, d.corrected_sale_id)",
                              {INT8ARRAYOID}};
    static pg::Statement update{R"(
        UPDATE billing.retainer SET retainer_status = 'ready_to_invoice', invoice_id = NULL
         WHERE retainer_id = ANY ($1) AND retainer_status = 'customer_invoice_created'
        RETURNING contract_id, retainer_id)",
                                {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(retainer_ids));
    std::set<std::int64_t> missing(retainer_ids.begin(), retainer_ids.end());
    std::set<std::int64_t> invoices;
    Ids corrected;
    pg::EnumOids<BillingType> const types;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        missing.erase(rows.id(i, 1));
        invoices.insert(rows.id(i, 2));
        if (rows.id(i, 7) != 0) {
            corrected.push_back(rows.id(i, 7));
        }
        verb.result.add(rows.value(i, 3)).id(rows.id(i, 1)).id(rows.id(i, 2)).add_null();
        verb.result.add(types(BillingType::chargeable)).decimal(rows.decimal(i, 4)).decimal(rows.decimal(i, 5));
        verb.result.decimal(rows.decimal(i, 6)).decimal(Decimal()).emit();
    }
    if (!missing.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "retainer " + pg::list_of(Ids(missing.begin(), missing.end())) + " is on no draft invoice",
                          "Only retainers on invoices in draft or in review can be removed.",
                          "Look at billing.retainers_and_advances.");
    }
    log_moved(operation_id, "retainer_status", "customer_invoice_created", "ready_to_invoice",
              guard::write_returning(update, "retainer", guard::Write::update, pg::Parameters().ids(retainer_ids)));
    release_retainer_sales(operation_id, corrected);
    return Ids(invoices.begin(), invoices.end());
}

// --- new retainers --------------------------------------------------------------------------------------------------

namespace {

std::vector<DateADT> required_dates(const Verb& verb, int position) {
    std::vector<DateADT> dates;
    for (auto const& date : pg::elements_of(verb.arguments.required(position, "dates"), DATEOID)) {
        if (!date) {
            throw DomainError(sqlstate::invalid_parameter, "a date must not be NULL");
        }
        dates.push_back(DatumGetDateADT(*date));
    }
    std::sort(dates.begin(), dates.end());
    if (dates.empty() || std::adjacent_find(dates.begin(), dates.end()) != dates.end()) {
        throw DomainError(sqlstate::invalid_parameter,
                          dates.empty() ? "there are no dates" : "a date is given more than once");
    }
    return dates;
}

const Contract& contract_for_retainers(ContractBook& book, std::int64_t contract_id, std::int64_t customer_id) {
    Contract const* contract = book.contract(contract_id);
    if (contract == nullptr) {
        throw DomainError(sqlstate::unknown_item, "there is no contract " + std::to_string(contract_id));
    }
    bool const pays =
        std::any_of(contract->customers.begin(), contract->customers.end(),
                    [&](const ContractCustomer& customer) { return customer.customer_id == customer_id; });
    if (!pays) {
        throw DomainError(sqlstate::refused, "customer " + std::to_string(customer_id) +
                                                 " is no customer of contract " + std::to_string(contract_id));
    }
    if (contract->is_closed) {
        throw DomainError(sqlstate::refused, "contract " + std::to_string(contract_id) + " is closed");
    }
    return *contract;
}

std::vector<Decimal> equal_parts(const Decimal& total, std::size_t count, const Contract& contract) {
    if (total.trimmed().scale() > contract.money_scale) {
        throw DomainError(sqlstate::invalid_parameter,
                          "the total has more decimals than " + contract.currency + " knows",
                          "Total is " + total.text() + ".");
    }
    std::vector<Decimal> parts =
        allocate(total, std::vector<Decimal>(count, Decimal::of(1)), contract.money_scale, count - 1);
    if (std::any_of(parts.begin(), parts.end(), [](const Decimal& part) { return part.sign() <= 0; })) {
        throw DomainError(sqlstate::invalid_parameter,
                          "a total of " + total.text() + " is too little for " + std::to_string(count) + " retainers");
    }
    return parts;
}

// contract, customer, total, dates, description
void generate(Verb& verb) {
    static pg::Statement insert{R"(
        INSERT INTO billing.retainer (contract_id, customer_id, description, invoice_date, amount)
        SELECT $1, $2, $3, d.invoice_date, d.amount FROM unnest($4, $5) AS d (invoice_date, amount)
        RETURNING retainer_id, invoice_date, amount)",
                                {INT8OID, INT8OID, TEXTOID, DATEARRAYOID, NUMERICARRAYOID}};
    std::int64_t const contract_id = DatumGetInt64(verb.arguments.required(0, "contract"));
    std::int64_t const customer_id = DatumGetInt64(verb.arguments.required(1, "customer"));
    Decimal const total = pg::decimal_of(verb.arguments.required(2, "total"));
    std::vector<DateADT> const dates = required_dates(verb, 3);
    ContractBook book = ContractBook::lock_and_load({contract_id});
    std::vector<Decimal> const parts =
        equal_parts(total, dates.size(), contract_for_retainers(book, contract_id, customer_id));
    LoggedArguments arguments;
    arguments.add("contract", std::string_view(std::to_string(contract_id)));
    arguments.add("customer", std::string_view(std::to_string(customer_id)));
    begin_operation(verb, arguments.add("total", std::string_view(total.text())));
    pg::Parameters parameters;
    parameters.id(contract_id).id(customer_id).text_or_null(verb.arguments.text(4));
    parameters.add(pg::array_of_dates(dates)).decimals(parts);
    pg::Rows const rows = guard::write_returning(insert, "retainer", guard::Write::insert, std::move(parameters));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        verb.result.id(rows.id(i, 1)).add(rows.value(i, 2)).decimal(rows.decimal(i, 3)).emit();
    }
}

// invoice, amount, description, invoice_date (NULL: the invoice's)
void add_to_draft(Verb& verb) {
    static pg::Statement insert{R"(
        INSERT INTO billing.retainer (contract_id, customer_id, invoice_id, retainer_status, description, invoice_date, amount)
        SELECT v.contract_id, v.customer_id, v.invoice_id, 'customer_invoice_created', $3, coalesce($4, v.invoice_date), $2
          FROM billing.invoice v WHERE v.invoice_id = $1
        RETURNING retainer_id)",
                                {INT8OID, NUMERICOID, TEXTOID, DATEOID}};
    static pg::Statement totals{"SELECT detail_amount, total_amount FROM billing.invoice WHERE invoice_id = $1",
                                {INT8OID}};
    std::int64_t const invoice_id = DatumGetInt64(verb.arguments.required(0, "invoice"));
    Decimal const amount = pg::decimal_of(verb.arguments.required(1, "amount"));
    ListedInvoice const invoice = lock_editable_invoice(invoice_id);
    if (amount.sign() <= 0) {
        throw DomainError(sqlstate::invalid_parameter, "a retainer needs an amount above zero",
                          "Amount is " + amount.text() + ".");
    }
    LoggedArguments arguments;
    arguments.add("invoice", std::string_view(std::to_string(invoice_id)));
    std::int64_t const operation = begin_operation(verb, arguments.add("amount", std::string_view(amount.text())));
    pg::Parameters parameters;
    parameters.id(invoice_id).decimal(amount).text_or_null(verb.arguments.text(2));
    verb.arguments.given(3) ? parameters.add(*verb.arguments.datum(3)) : parameters.add_null();
    std::int64_t const retainer_id =
        guard::write_returning(insert, "retainer", guard::Write::insert, std::move(parameters)).id(0, 1);
    log_change(operation, {invoice.contract_id, "retainer", "retainer_status", "", "customer_invoice_created"},
               Ids{retainer_id});
    recompute_totals({invoice_id});
    pg::Rows const rows = pg::query(totals, pg::Parameters().id(invoice_id));
    verb.result.id(retainer_id).id(invoice_id).decimal(amount).decimal(rows.decimal(0, 1)).decimal(rows.decimal(0, 2));
    verb.result.emit();
}

// --- refunds --------------------------------------------------------------------------------------------------------

// One retainer of a call, whether it exists or not.
struct RefundItem {
    std::int64_t retainer_id;
    std::int64_t contract_id; // 0: unknown id
    std::int64_t customer_id;
    std::int64_t refund_invoice_id;
    std::string status;
    std::string refund_status;
    Decimal balance;
    std::string held_by;      // drafts that hold a part of it, other than the one it goes on
    std::string corrected_by; // drafts that take back what was billed or used of it
};

std::vector<RefundItem> read_refund_items(const Ids& ids, std::int64_t invoice_id) {
    static pg::Statement read{R"(
        SELECT i.id, r.contract_id, r.customer_id, r.refund_invoice_id, r.retainer_status::text, r.refund_status::text,
               r.amount - r.used_amount,
               (SELECT pg_catalog.string_agg(a.invoice_id::text, ', ' ORDER BY a.invoice_id)
                  FROM billing.invoice_advance a
                 WHERE a.contract_id = r.contract_id AND a.retainer_id = r.retainer_id AND a.used_before IS NULL
                   AND a.amount > 0 AND a.invoice_id <> $2),
               (SELECT pg_catalog.string_agg(DISTINCT k.invoice_id::text, ', ')
                  FROM billing.retainer_correction k
                 WHERE k.contract_id = r.contract_id AND k.retainer_id = r.retainer_id)
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.retainer r ON r.retainer_id = i.id
         ORDER BY i.id)",
                              {INT8ARRAYOID, INT8OID}};
    std::vector<RefundItem> items;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids).id(invoice_id));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        items.push_back({rows.id(i, 1), rows.id_or(i, 2, 0), rows.id_or(i, 3, 0), rows.id_or(i, 4, 0),
                         rows.text_or_null(i, 5).value_or(""), rows.text_or_null(i, 6).value_or(""),
                         rows.decimal_or_null(i, 7).value_or(Decimal()), rows.text_or_null(i, 8).value_or(""),
                         rows.text_or_null(i, 9).value_or("")});
    }
    return items;
}

void emit_refund(Verb& verb, const RefundItem& item, ItemOutcome outcome, std::string_view reason) {
    pg::EnumOids<ItemOutcome> const outcomes;
    verb.result.id(item.retainer_id).id_or_null(item.contract_id).add(outcomes(outcome)).text_or_null(reason);
    item.contract_id == 0 ? verb.result.add_null() : verb.result.decimal(item.balance);
    verb.result.emit();
}

// Why the balance cannot be staged; empty if it can.
std::string staging_problem(const RefundItem& item, const std::optional<ListedInvoice>& draft) {
    if (item.contract_id == 0) {
        return "there is no retainer with this id";
    }
    if (item.status != "customer_invoice_posted") {
        return "its own invoice is not confirmed";
    }
    if (item.refund_status == "refunded") {
        return "it was refunded";
    }
    if (item.balance.is_zero()) {
        return "nothing of it is left";
    }
    if (draft && (draft->contract_id != item.contract_id || draft->customer_id != item.customer_id)) {
        return "invoice " + std::to_string(draft->invoice_id) + " is of another contract or customer";
    }
    if (!item.held_by.empty()) {
        return "draft invoice " + item.held_by + " holds a part of it; set_advance() to 0 there, or delete the draft";
    }
    if (!item.corrected_by.empty()) {
        return "draft invoice " + item.corrected_by + " corrects it; confirm or delete that first";
    }
    return {};
}

// Moves the refund status of retainers and computes the totals of the drafts concerned anew.
void move_refunds(std::int64_t operation_id, const std::vector<RefundItem>& items, const char* from, const char* to,
                  std::int64_t invoice_id) {
    static pg::Statement update{R"(
        UPDATE billing.retainer SET refund_status = $2::billing.refund_status, refund_invoice_id = nullif($3, 0)
         WHERE retainer_id = ANY ($1))",
                                {INT8ARRAYOID, TEXTOID, INT8OID}};
    Ids contracts;
    Ids ids;
    std::set<std::int64_t> drafts;
    for (RefundItem const& item : items) {
        contracts.push_back(item.contract_id);
        ids.push_back(item.retainer_id);
        for (std::int64_t const draft : {item.refund_invoice_id, invoice_id}) {
            if (draft != 0) {
                drafts.insert(draft);
            }
        }
    }
    if (ids.empty()) {
        return;
    }
    guard::write(update, "retainer", guard::Write::update, pg::Parameters().ids(ids).text(to).id(invoice_id));
    log_changes(operation_id, {0, "retainer", "refund_status", from, to}, contracts, ids);
    if (!drafts.empty()) {
        recompute_totals(Ids(drafts.begin(), drafts.end()));
    }
}

// Locks the contracts of the retainers and of the invoice (if any) in one go.
void lock_for_refunds(const Ids& ids, std::int64_t invoice_id) {
    static pg::Statement read{"SELECT contract_id FROM billing.invoice WHERE invoice_id = $1", {INT8OID}};
    Ids contracts = contracts_of_retainers(ids);
    pg::Rows const rows = pg::query(read, pg::Parameters().id(invoice_id));
    if (!rows.empty()) {
        contracts.push_back(rows.id(0, 1));
    }
    lock_contracts(contracts);
}

// retainers, invoice (NULL: the next draft of the contract and customer)
void stage(Verb& verb) {
    Ids const ids = verb.arguments.required_ids(0, "retainers");
    std::int64_t const invoice_id = verb.arguments.id(1).value_or(0);
    lock_for_refunds(ids, invoice_id);
    std::optional<ListedInvoice> draft;
    LoggedArguments arguments;
    arguments.add("retainers", ids);
    if (invoice_id != 0) {
        draft = lock_editable_invoice(invoice_id);
        arguments.add("invoice", std::string_view(std::to_string(invoice_id)));
    }
    std::int64_t const operation = begin_operation(verb, arguments);
    std::vector<RefundItem> staged;
    for (RefundItem const& item : read_refund_items(ids, invoice_id)) {
        std::string const problem = staging_problem(item, draft);
        if (!problem.empty()) {
            emit_refund(verb, item, ItemOutcome::refused, problem);
        } else if (item.refund_status == "ready_to_refund") {
            emit_refund(verb, item, ItemOutcome::unchanged, "");
        } else {
            emit_refund(verb, item, ItemOutcome::changed, "");
            staged.push_back(item);
        }
    }
    move_refunds(operation, staged, "not_refunded", "ready_to_refund", invoice_id);
}

// retainers
void cancel(Verb& verb) {
    Ids const ids = verb.arguments.required_ids(0, "retainers");
    lock_contracts(contracts_of_retainers(ids));
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("retainers", ids));
    std::vector<RefundItem> canceled;
    for (RefundItem const& item : read_refund_items(ids, 0)) {
        if (item.contract_id == 0) {
            emit_refund(verb, item, ItemOutcome::refused, "there is no retainer with this id");
        } else if (item.refund_status == "refunded") {
            emit_refund(verb, item, ItemOutcome::refused, "it was refunded");
        } else if (item.refund_status == "not_refunded") {
            emit_refund(verb, item, ItemOutcome::unchanged, "");
        } else {
            emit_refund(verb, item, ItemOutcome::changed, "");
            canceled.push_back(item);
        }
    }
    move_refunds(operation, canceled, "ready_to_refund", "not_refunded", 0);
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum generate_retainers(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "generate_retainers", generate);
}

Datum add_invoice_retainer(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "add_invoice_retainer", add_to_draft);
}

Datum stage_refunds(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "stage_refunds", stage);
}

Datum cancel_refunds(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "cancel_refunds", cancel);
}
