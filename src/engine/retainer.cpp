// Retainers: generate_retainers(), add_invoice_retainer(), stage_refunds(), cancel_refunds(), and what deleting and
// confirming drafts does with retainers.

#include "engine/retainer.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "domain/allocation.hpp"
#include "domain/retainer.hpp"
#include "engine/contract_book.hpp"
#include "engine/invoice_list.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/operation.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"
#include "pg/relation.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace billing::engine {

namespace {

// The rows a statement returned: contract and retainer.
void log_moved(std::int64_t operation_id, const char* column, const char* from, const char* to, const pg::Rows& rows) {
    Ids contracts;
    Ids ids;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        contracts.push_back(rows.id(i, 1));
        ids.push_back(rows.id(i, 2));
    }
    log_changes(operation_id, {0, "retainer", column, from, to}, contracts, ids);
}

} // namespace

Ids contracts_of_retainers(const Ids& retainer_ids) {
    static pg::Statement read{"SELECT DISTINCT contract_id FROM billing.retainer WHERE retainer_id = ANY ($1)",
                              {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(retainer_ids));
    Ids contracts;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        contracts.push_back(rows.id(i, 1));
    }
    return contracts;
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
    auto const write = [&](pg::Statement& statement) {
        return guard::write_returning(statement, "retainer", guard::Write::update, pg::Parameters().ids(invoice_ids));
    };
    log_moved(operation_id, "retainer_status", "customer_invoice_created", "ready_to_invoice", write(billed));
    log_moved(operation_id, "refund_status", "ready_to_refund", "not_refunded", write(refunds));
    guard::write(advances, "invoice_advance", guard::Write::remove, pg::Parameters().ids(invoice_ids));
}

Ids remove_retainers(Verb& verb, std::int64_t operation_id, const Ids& retainer_ids) {
    static pg::Statement read{R"(
        SELECT retainer_id, invoice_id, amount FROM billing.retainer
         WHERE retainer_id = ANY ($1) AND retainer_status = 'customer_invoice_created'
         ORDER BY retainer_id)",
                              {INT8ARRAYOID}};
    static pg::Statement update{R"(
        UPDATE billing.retainer SET retainer_status = 'ready_to_invoice', invoice_id = NULL
         WHERE retainer_id = ANY ($1)
        RETURNING contract_id, retainer_id)",
                                {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(retainer_ids));
    std::set<std::int64_t> missing(retainer_ids.begin(), retainer_ids.end());
    std::set<std::int64_t> invoices;
    pg::EnumOids<DetailKind> const kinds;
    pg::EnumOids<BillingType> const types;
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        missing.erase(rows.id(i, 1));
        invoices.insert(rows.id(i, 2));
        Decimal const amount = rows.decimal(i, 3);
        verb.result.add(kinds(DetailKind::retainer)).id(rows.id(i, 1)).id(rows.id(i, 2)).add_null();
        verb.result.add(types(BillingType::chargeable)).decimal(Decimal::of(1)).decimal(amount).decimal(amount);
        verb.result.decimal(Decimal()).emit();
    }
    if (!missing.empty()) {
        throw DomainError(sqlstate::not_editable,
                          "retainer " + pg::list_of(Ids(missing.begin(), missing.end())) + " is on no draft invoice",
                          "Only retainers on invoices in draft or in review can be removed.",
                          "Look at billing.retainers_and_advances.");
    }
    log_moved(operation_id, "retainer_status", "customer_invoice_created", "ready_to_invoice",
              guard::write_returning(update, "retainer", guard::Write::update, pg::Parameters().ids(retainer_ids)));
    return Ids(invoices.begin(), invoices.end());
}

// --- confirmation ---------------------------------------------------------------------------------------------------

namespace {

// What confirmations leave of one retainer.
struct RetainerState {
    std::int64_t contract_id;
    std::string status;
    std::string refund_status;
    Decimal amount;
    Decimal used;
    std::int64_t open_actual_id; // 0: nothing is left, or not billed yet

    Decimal balance() const { return amount - used; }
};

// Columns of the actuals to write.
struct NewActuals {
    Ids contracts, ids, customers, retainers, invoices, sources, reversed;
    std::vector<std::string> types, adjustments, dates;
    std::vector<Decimal> quantities, prices, amounts;

    void write() const {
        static pg::Statement insert{
            R"(
            INSERT INTO billing.actual
                (contract_id, actual_id, customer_id, retainer_id, invoice_id, source_id, reverses_id, transaction_type,
                 adjustment_status, transaction_date, quantity, price, amount, transaction_class, billing_type,
                 billing_status, description, external_description)
            SELECT d.contract_id, d.actual_id, d.customer_id, d.retainer_id, d.invoice_id, nullif(d.source_id, 0),
                   nullif(d.reverses_id, 0), d.transaction_type::billing.transaction_type,
                   d.adjustment_status::billing.adjustment_status, d.transaction_date::pg_catalog.date, d.quantity,
                   d.price, d.amount, 'retainer', 'chargeable', 'customer_invoice_posted', r.description, r.description
              FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                   AS d (contract_id, actual_id, customer_id, retainer_id, invoice_id, source_id, reverses_id,
                         transaction_type, adjustment_status, transaction_date, quantity, price, amount)
              JOIN billing.retainer r ON r.retainer_id = d.retainer_id AND r.contract_id = d.contract_id)",
            {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
             TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        pg::Parameters parameters;
        parameters.ids(contracts).ids(ids).ids(customers).ids(retainers).ids(invoices).ids(sources).ids(reversed);
        parameters.texts(types).texts(adjustments).texts(dates);
        guard::write(insert, "actual", guard::Write::insert,
                     std::move(parameters.decimals(quantities).decimals(prices).decimals(amounts)));
    }
};

class RetainerConfirmation {
public:
    RetainerConfirmation(std::int64_t operation_id, const Ids& invoice_ids)
        : operation_id_(operation_id), invoice_ids_(invoice_ids),
          actual_sequence_(pg::relation_oid("actual_actual_id_seq")) {}

    void run() {
        forget_unused_advances();
        // One retainer may stand on several of the invoices; each works with what the one before left.
        static pg::Statement read{R"(
            SELECT d.detail_kind, d.contract_id, d.invoice_id, d.customer_id, d.source_id, d.amount, d.transaction_date,
                   r.invoice_date, r.retainer_status::text, r.refund_status::text, r.amount, r.used_amount,
                   coalesce(r.open_actual_id, 0)
              FROM billing.retainer_detail d
              JOIN billing.retainer r ON r.retainer_id = d.source_id AND r.contract_id = d.contract_id
             WHERE d.invoice_id = ANY ($1)
             ORDER BY d.invoice_id, d.source_id)",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(invoice_ids_));
        if (rows.empty()) {
            return;
        }
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            take(rows, i);
        }
        actuals_.write();
        write_states();
        write_advances();
        log_changes(operation_id_,
                    {0, "retainer", "retainer_status", "customer_invoice_created", "customer_invoice_posted"},
                    billed_contracts_, billed_);
        log_changes(operation_id_, {0, "retainer", "refund_status", "ready_to_refund", "refunded"}, refunded_contracts_,
                    refunded_);
    }

private:
    // Retainers that the draft was told not to use.
    void forget_unused_advances() const {
        static pg::Statement erase{R"(
            DELETE FROM billing.invoice_advance a USING billing.invoice v
             WHERE v.invoice_id = ANY ($1) AND a.contract_id = v.contract_id AND a.invoice_id = v.invoice_id
               AND a.amount = 0)",
                                   {INT8ARRAYOID}};
        guard::write(erase, "invoice_advance", guard::Write::remove, pg::Parameters().ids(invoice_ids_));
    }

    void take(const pg::Rows& rows, std::uint64_t i) {
        RetainerState& state =
            states_
                .try_emplace(rows.id(i, 5), RetainerState{rows.id(i, 2), rows.text(i, 9), rows.text(i, 10),
                                                          rows.decimal(i, 11), rows.decimal(i, 12), rows.id(i, 13)})
                .first->second;
        switch (kinds_(rows.value(i, 1))) {
        case DetailKind::retainer:
            return bill(rows, i, state);
        case DetailKind::advance:
            return use(rows, i, state);
        case DetailKind::refund:
            return refund(rows, i, state);
        default:
            throw DomainError(sqlstate::inconsistent, "unexpected kind of detail of a retainer");
        }
    }

    void bill(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        state.open_actual_id = add_rows(rows, i, 0, bill_retainer(state.amount));
        state.status = label(RetainerStatus::customer_invoice_posted);
        billed_contracts_.push_back(state.contract_id);
        billed_.push_back(rows.id(i, 5));
    }

    void use(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        Decimal const used = -rows.decimal(i, 6);
        require_balance(rows.id(i, 5), state, used);
        advance_contracts_.push_back(state.contract_id);
        advance_invoices_.push_back(rows.id(i, 3));
        advance_retainers_.push_back(rows.id(i, 5));
        used_before_.push_back(state.used);
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, use_retainer(state.balance(), used));
        state.used += used;
    }

    void refund(const pg::Rows& rows, std::uint64_t i, RetainerState& state) {
        require_balance(rows.id(i, 5), state, -rows.decimal(i, 6));
        state.open_actual_id = add_rows(rows, i, state.open_actual_id, refund_retainer(state.balance()));
        state.refund_status = label(RefundStatus::refunded);
        refunded_contracts_.push_back(state.contract_id);
        refunded_.push_back(rows.id(i, 5));
    }

    static void require_balance(std::int64_t retainer_id, const RetainerState& state, const Decimal& wanted) {
        if (state.open_actual_id == 0 || wanted > state.balance()) {
            throw DomainError(sqlstate::inconsistent,
                              "retainer " + std::to_string(retainer_id) + " has " + state.balance().trimmed().text() +
                                  " left, an invoice takes " + wanted.trimmed().text(),
                              {}, "Run SELECT * FROM billing.verify();");
        }
    }

    std::int64_t next_actual_id() const {
        Oid const sequence = actual_sequence_;
        return wall::value_of([sequence] { return nextval_internal(sequence, false); });
    }

    // Adds the rows and returns the id of the one that holds the balance now; 0 if nothing is left.
    std::int64_t add_rows(const pg::Rows& rows, std::uint64_t i, std::int64_t open_id,
                          const std::vector<ConfirmedRow>& confirmed) {
        std::int64_t balance_id = 0;
        for (ConfirmedRow const& row : confirmed) {
            bool const is_billed = row.type == TransactionType::billed_sales;
            std::int64_t const id = next_actual_id();
            if (!is_billed && row.adjustment == AdjustmentStatus::adjustable) {
                balance_id = id;
            }
            actuals_.contracts.push_back(rows.id(i, 2));
            actuals_.ids.push_back(id);
            actuals_.customers.push_back(rows.id(i, 4));
            actuals_.retainers.push_back(rows.id(i, 5));
            actuals_.invoices.push_back(rows.id(i, 3));
            actuals_.sources.push_back(row.source == source_row ? open_id : 0);
            actuals_.reversed.push_back(row.reverses == source_row ? open_id : 0);
            actuals_.types.emplace_back(label(row.type));
            actuals_.adjustments.emplace_back(label(row.adjustment));
            // The balance keeps the date of the retainer, whatever uses it.
            actuals_.dates.push_back(pg::text_of_date(DatumGetDateADT(rows.value(i, is_billed ? 7 : 8))));
            actuals_.quantities.push_back(row.terms.quantity);
            actuals_.prices.push_back(row.terms.price);
            actuals_.amounts.push_back(row.terms.amount);
        }
        return balance_id;
    }

    void write_states() const {
        static pg::Statement update{
            R"(
            UPDATE billing.retainer r
               SET retainer_status = d.status::billing.retainer_status,
                   refund_status = d.refund_status::billing.refund_status,
                   used_amount = d.used_amount, open_actual_id = nullif(d.open_actual_id, 0)
              FROM unnest($1, $2, $3, $4, $5, $6)
                   AS d (contract_id, retainer_id, status, refund_status, used_amount, open_actual_id)
             WHERE r.retainer_id = d.retainer_id AND r.contract_id = d.contract_id)",
            {INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, INT8ARRAYOID}};
        Ids contracts;
        Ids ids;
        Ids open;
        std::vector<std::string> statuses;
        std::vector<std::string> refunds;
        std::vector<Decimal> used;
        for (auto const& [id, state] : states_) {
            contracts.push_back(state.contract_id);
            ids.push_back(id);
            open.push_back(state.open_actual_id);
            statuses.push_back(state.status);
            refunds.push_back(state.refund_status);
            used.push_back(state.used);
        }
        guard::write(update, "retainer", guard::Write::update,
                     pg::Parameters().ids(contracts).ids(ids).texts(statuses).texts(refunds).decimals(used).ids(open));
    }

    void write_advances() const {
        static pg::Statement update{R"(
            UPDATE billing.invoice_advance a SET used_before = d.used_before
              FROM unnest($1, $2, $3, $4) AS d (contract_id, invoice_id, retainer_id, used_before)
             WHERE a.contract_id = d.contract_id AND a.invoice_id = d.invoice_id AND a.retainer_id = d.retainer_id)",
                                    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID}};
        guard::write(update, "invoice_advance", guard::Write::update,
                     pg::Parameters()
                         .ids(advance_contracts_)
                         .ids(advance_invoices_)
                         .ids(advance_retainers_)
                         .decimals(used_before_));
    }

    std::int64_t operation_id_;
    const Ids& invoice_ids_;
    Oid actual_sequence_;
    pg::EnumOids<DetailKind> kinds_;
    std::map<std::int64_t, RetainerState> states_;
    NewActuals actuals_;
    Ids billed_contracts_, billed_, refunded_contracts_, refunded_;
    Ids advance_contracts_, advance_invoices_, advance_retainers_;
    std::vector<Decimal> used_before_;
};

} // namespace

void confirm_retainers(std::int64_t operation_id, const Ids& invoice_ids) {
    RetainerConfirmation(operation_id, invoice_ids).run();
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
    std::string held_by; // drafts that hold a part of it, other than the one it goes on
};

std::vector<RefundItem> read_refund_items(const Ids& ids, std::int64_t invoice_id) {
    static pg::Statement read{R"(
        SELECT i.id, r.contract_id, r.customer_id, r.refund_invoice_id, r.retainer_status::text, r.refund_status::text,
               r.amount - r.used_amount,
               (SELECT pg_catalog.string_agg(a.invoice_id::text, ', ' ORDER BY a.invoice_id)
                  FROM billing.invoice_advance a
                 WHERE a.contract_id = r.contract_id AND a.retainer_id = r.retainer_id AND a.used_before IS NULL
                   AND a.amount > 0 AND a.invoice_id <> $2)
          FROM (SELECT DISTINCT u.id FROM unnest($1) AS u (id)) i
          LEFT JOIN billing.retainer r ON r.retainer_id = i.id
         ORDER BY i.id)",
                              {INT8ARRAYOID, INT8OID}};
    std::vector<RefundItem> items;
    pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids).id(invoice_id));
    for (std::uint64_t i = 0; i < rows.count(); ++i) {
        items.push_back({rows.id(i, 1), rows.id_or(i, 2, 0), rows.id_or(i, 3, 0), rows.id_or(i, 4, 0),
                         rows.text_or_null(i, 5).value_or(""), rows.text_or_null(i, 6).value_or(""),
                         rows.decimal_or_null(i, 7).value_or(Decimal()), rows.text_or_null(i, 8).value_or("")});
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
