// Details of drafts: edit_invoice_details(), add_invoice_detail(), remove_invoice_details().

#include "domain/confirmation.hpp"
#include "engine/contract_book.hpp"
#include "engine/correction.hpp"
#include "engine/detail_selection.hpp"
#include "engine/extension_rows.hpp"
#include "engine/invoice_list.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/list_price.hpp"
#include "engine/operation.hpp"
#include "engine/retainer.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// One change set for many details; an empty field stays as it is.
struct ChangeSet {
    std::optional<std::string> billing_type;
    std::optional<Decimal> quantity;
    std::optional<Decimal> price;
    std::optional<Decimal> tax;
    std::optional<std::string> description;
    std::optional<std::string> external_description;
    std::optional<bool> keep_rest;

    bool is_empty() const {
        return !billing_type && !quantity && !price && !tax && !description && !external_description && !keep_rest;
    }
};

std::optional<std::string> label_argument(const Verb& verb, int position) {
    return verb.arguments.given(position) ? std::optional<std::string>(pg::label_of(*verb.arguments.datum(position)))
                                          : std::nullopt;
}

void require_billable_type(const std::optional<std::string>& type) {
    if (type && *type == "not_available") {
        throw DomainError(sqlstate::invalid_parameter, "a detail cannot have billing type not_available", {},
                          "Use chargeable, non_chargeable or complimentary.");
    }
}

[[noreturn]] void refuse_edit(const DraftDetail& detail, std::string_view reason) {
    throw DomainError(sqlstate::not_editable,
                      std::string(label(detail.kind)) + " " + std::to_string(detail.source_id) + " on invoice " +
                          std::to_string(detail.invoice_id) + ": " + std::string(reason),
                      "Nothing was changed.", "See \"Editing a draft\" in the README.");
}

void require_editable(const DraftDetail& detail, DetailField field, bool is_asked) {
    if (is_asked) {
        if (auto const reason = edit_refusal(detail.kind, field)) {
            refuse_edit(detail, *reason);
        }
    }
}

// The tax of a correction follows its amount unless it is given; what is credited in full bears none.
void settle_tax_of_correction(const DraftDetail& before, const ChangeSet& change, DraftDetail& after) {
    DetailTerms const billed{BillingType::chargeable, *before.source_quantity, *before.source_price,
                             *before.source_amount, *before.source_tax};
    if (!change.tax && (change.quantity || change.price)) {
        after.tax = after.quantity.is_zero() ? Decimal() : corrected_tax(billed, after.amount, after.money_scale);
    }
    if (after.quantity.is_zero() && !after.tax.is_zero()) {
        refuse_edit(before, "what is credited in full bears no tax; give a quantity first");
    }
}

// Amount, discount and fee of the detail at its new quantity, price and billing type, with the percentages of its
// source. The rounding customer's amount is what the others left over, so an undone edit restores it exactly.
void settle_amount(const DraftDetail& before, DraftDetail& after) {
    bool const is_as_source = after.source_quantity == after.quantity && after.source_price == after.price;
    Decimal const source_base = base_amount(before.source_amount.value_or(Decimal()), before.source_extension);
    Decimal const base = is_as_source ? source_base : (after.quantity * after.price).rounded(after.money_scale);
    after.amount = base;
    if (before.source_extension.rates.any()) {
        ExtendedSale const source{*from_label<BillingType>(*before.source_billing_type), source_base,
                                  before.source_extension};
        after.extension = extend_anew(base, *from_label<BillingType>(after.billing_type), source, after.money_scale);
        after.amount += after.extension.net();
    }
}

// --- what becomes of the rest of a reduced quantity

bool keeps_rest(const DraftDetail& detail) {
    return detail.keeps_rest.value_or(false);
}

// The tax of a detail nobody gave another one: of the rest that stays in the backlog, it keeps the tax there.
Decimal tax_by_default(const DraftDetail& detail) {
    if (detail.quantity.is_zero()) {
        return Decimal();
    }
    if (!keeps_rest(detail)) {
        return *detail.source_tax;
    }
    DetailTerms const source{BillingType::chargeable, *detail.source_quantity, *detail.source_price,
                             *detail.source_amount,   *detail.source_tax,      detail.source_extension};
    return *detail.source_tax - rest_of(source, detail.quantity, detail.money_scale).tax;
}

// As asked, else as chosen before, else as the contract says when the quantity is edited.
void settle_rest(const DraftDetail& before, const ChangeSet& change, DraftDetail& after) {
    if (before.kind != DetailKind::actual) {
        return;
    }
    if (change.keep_rest) {
        after.keeps_rest = change.keep_rest;
    } else if (change.quantity && !before.keeps_rest) {
        after.keeps_rest = before.contract_keeps_rest;
    }
    if (!keeps_rest(before) && !keeps_rest(after)) {
        return;
    }
    if (keeps_rest(after) && after.quantity.is_zero() && !after.source_quantity->is_zero()) {
        refuse_edit(before, "nothing of it would be billed; take it off the draft with remove_invoice_details(), or "
                            "write it off with keep_rest => false");
    }
    if (!change.tax && before.tax == tax_by_default(before)) {
        after.tax = tax_by_default(after);
    }
}

// A milestone has no quantity to reduce: the price is what stands of it, and makes the quantity 1.
void settle_standing_milestone(const DraftDetail& before, const ChangeSet& change, DraftDetail& after) {
    after.price = after.price.rounded(before.money_scale);
    if (change.price && !change.quantity) {
        after.quantity = Decimal::of(after.price.is_zero() ? 0 : 1);
    }
    if (after.price.is_zero()) {
        after.quantity = Decimal();
        after.price = *before.source_price;
    }
    if (auto const reason = standing_refusal(*before.source_amount, after.quantity, after.price)) {
        refuse_edit(before, *reason);
    }
}

// Nothing is billed of a quantity of 0, so that nobody would bear its tax.
void settle_tax_of_nothing(const DraftDetail& before, const ChangeSet& change, DraftDetail& after) {
    if (change.tax && !after.tax.is_zero()) {
        refuse_edit(before, "a quantity of 0 bears no tax; give a quantity first");
    }
    after.tax = Decimal();
}

// The detail after the change; raises ZB022 where a rule refuses it.
DraftDetail edited(const DraftDetail& before, const ChangeSet& change) {
    require_editable(before, DetailField::billing_type, change.billing_type.has_value());
    require_editable(before, DetailField::quantity, change.quantity.has_value());
    require_editable(before, DetailField::price, change.price.has_value());
    require_editable(before, DetailField::tax, change.tax.has_value());
    require_editable(before, DetailField::description, change.description.has_value());
    require_editable(before, DetailField::external_description, change.external_description.has_value());
    require_editable(before, DetailField::rest, change.keep_rest.has_value());
    DraftDetail after = before;
    if (change.quantity) {
        if (auto const reason = quantity_refusal(before.source_quantity.value_or(Decimal()), *change.quantity)) {
            refuse_edit(before, *reason);
        }
        after.quantity = *change.quantity;
    }
    after.price = change.price.value_or(before.price);
    if (before.kind == DetailKind::milestone_correction) {
        settle_standing_milestone(before, change, after);
    }
    after.billing_type = change.billing_type.value_or(before.billing_type);
    after.tax = change.tax ? change.tax->rounded(before.money_scale) : before.tax;
    if (change.description) {
        after.description = change.description;
    }
    if (change.external_description) {
        after.external_description = change.external_description;
    }
    if (change.quantity || change.price || (change.billing_type && before.source_extension.rates.any())) {
        settle_amount(before, after);
    }
    if (before.is_correction()) {
        settle_tax_of_correction(before, change, after);
    } else if (after.quantity.is_zero()) {
        settle_tax_of_nothing(before, change, after);
    }
    settle_rest(before, change, after);
    return after;
}

// Columns of invoice_detail for many details.
struct StoredDetails {
    Ids contracts, details, lines, actuals, milestones;
    std::vector<std::string> kinds, classes, types, dates;
    std::vector<Decimal> quantities, prices, amounts, taxes;
    std::vector<std::optional<std::string>> descriptions, external_descriptions, discounts, fees, rests;

    void add(const DraftDetail& detail) {
        contracts.push_back(detail.contract_id);
        details.push_back(detail.detail_id);
        lines.push_back(detail.invoice_line_id);
        actuals.push_back(detail.kind == DetailKind::actual ? detail.source_id : 0);
        milestones.push_back(detail.kind == DetailKind::milestone ? detail.source_id : 0);
        kinds.emplace_back(label(detail.kind));
        classes.push_back(detail.transaction_class);
        types.push_back(detail.billing_type);
        dates.push_back(pg::text_of_date(detail.date));
        quantities.push_back(detail.quantity);
        prices.push_back(detail.price);
        amounts.push_back(detail.amount);
        taxes.push_back(detail.tax);
        descriptions.push_back(detail.description);
        external_descriptions.push_back(detail.external_description);
        discounts.push_back(text_if_agreed(detail.extension, detail.extension.discount));
        fees.push_back(text_if_agreed(detail.extension, detail.extension.fee));
        rests.push_back(detail.keeps_rest ? std::optional<std::string>(*detail.keeps_rest ? "true" : "false")
                                          : std::nullopt);
    }

    pg::Parameters parameters() const {
        pg::Parameters result;
        result.ids(contracts).ids(details).ids(lines).ids(actuals).ids(milestones).texts(kinds).texts(classes);
        result.texts(types).texts(dates).decimals(quantities).decimals(prices).decimals(amounts).decimals(taxes);
        result.texts(descriptions).texts(external_descriptions).texts(discounts).texts(fees).texts(rests);
        return result;
    }
};

#define BILLING_DETAIL_ROWS                                                                                            \
    " unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"                         \
    " AS d (contract_id, detail_id, invoice_line_id, actual_id, milestone_split_id, detail_kind, transaction_class,"   \
    " billing_type, transaction_date, quantity, price, amount, tax, description, external_description,"                \
    " discount_amount, fee_amount, keep_rest)"
#define BILLING_DETAIL_TYPES                                                                                           \
    {                                                                                                                  \
        INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,              \
            TEXTARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID,            \
            TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID                                       \
    }

// Stores what differs from the source: updates the details stored before, inserts the others.
void store(const StoredDetails& details) {
    static pg::Statement update{
        "UPDATE billing.invoice_detail i"
        "   SET billing_type = d.billing_type::billing.billing_type, quantity = d.quantity, price = d.price,"
        "       amount = d.amount, tax = d.tax, description = d.description,"
        "       external_description = d.external_description, discount_amount = d.discount_amount::numeric,"
        "       fee_amount = d.fee_amount::numeric, keep_rest = d.keep_rest::boolean"
        "  FROM" BILLING_DETAIL_ROWS " WHERE i.detail_id = d.detail_id AND i.contract_id = d.contract_id",
        BILLING_DETAIL_TYPES};
    static pg::Statement insert{
        "INSERT INTO billing.invoice_detail"
        "    (contract_id, invoice_line_id, detail_kind, actual_id, milestone_split_id, transaction_class,"
        "     billing_type, quantity, price, amount, tax, transaction_date, description, external_description,"
        "     discount_amount, fee_amount, keep_rest)"
        " SELECT d.contract_id, d.invoice_line_id, d.detail_kind::billing.detail_kind, nullif(d.actual_id, 0),"
        "        nullif(d.milestone_split_id, 0), d.transaction_class::billing.transaction_class,"
        "        d.billing_type::billing.billing_type, d.quantity, d.price, d.amount, d.tax,"
        "        d.transaction_date::pg_catalog.date, d.description,"
        "        d.external_description, d.discount_amount::numeric, d.fee_amount::numeric, d.keep_rest::boolean"
        "   FROM" BILLING_DETAIL_ROWS " WHERE d.detail_id = 0",
        BILLING_DETAIL_TYPES};
    guard::write(update, "invoice_detail", guard::Write::update, details.parameters());
    guard::write(insert, "invoice_detail", guard::Write::insert, details.parameters());
}

#undef BILLING_DETAIL_ROWS
#undef BILLING_DETAIL_TYPES

LoggedArguments logged_selection(const Verb& verb, int first) {
    LoggedArguments arguments;
    arguments.add("actuals", verb.arguments.ids(first)).add("milestones", verb.arguments.ids(first + 1));
    return arguments.add("products", verb.arguments.ids(first + 2)).add("details", verb.arguments.ids(first + 3));
}

std::optional<std::string> text_of(const std::optional<Decimal>& value) {
    return value ? std::optional<std::string>(value->text()) : std::nullopt;
}

// actuals, milestones, products, details, billing_type, quantity, price, tax, description, external_description,
// keep_rest
void edit_details(Verb& verb) {
    ChangeSet const change{label_argument(verb, 4),
                           verb.arguments.decimal(5),
                           verb.arguments.decimal(6),
                           verb.arguments.decimal(7),
                           verb.arguments.text(8),
                           verb.arguments.text(9),
                           verb.arguments.given(10) ? std::optional<bool>(verb.arguments.flag(10)) : std::nullopt};
    if (change.is_empty()) {
        throw DomainError(sqlstate::invalid_parameter, "nothing to change", {},
                          "Give billing_type, quantity, price, tax, description, external_description or keep_rest.");
    }
    require_billable_type(change.billing_type);
    DetailSelection const selection = DetailSelection::lock(verb, 0);
    LoggedArguments arguments = logged_selection(verb, 0);
    arguments.add("billing_type", change.billing_type).add("quantity", text_of(change.quantity));
    arguments.add("price", text_of(change.price)).add("tax", text_of(change.tax));
    if (change.keep_rest) {
        arguments.add("keep_rest", std::string_view(*change.keep_rest ? "true" : "false"));
    }
    begin_operation(verb, arguments);
    StoredDetails stored;
    std::vector<DraftDetail> results;
    for (DraftDetail const& detail : selection.all()) {
        results.push_back(edited(detail, change));
        stored.add(results.back());
    }
    store(stored);
    recompute_totals(selection.invoice_ids());
    for (DraftDetail const& detail : results) {
        emit_detail(verb, detail);
    }
}

// --- add_invoice_detail -------------------------------------------------------------------------------------------

// The invoice line of a contract line, added if the draft has none; raises what stands in the way of the detail.
std::int64_t line_for_manual_detail(const ListedInvoice& invoice, std::int64_t contract_line_id,
                                    const std::string& transaction_class) {
    static pg::Statement read{R"(
        SELECT l.billing_method = 'product',
               CASE $3 WHEN 'time' THEN l.include_time WHEN 'expense' THEN l.include_expense
                       WHEN 'material' THEN l.include_material WHEN 'fee' THEN l.include_fee ELSE false END,
               i.invoice_line_id,
               EXISTS (SELECT 1 FROM billing.contract_line_customer u WHERE u.contract_id = l.contract_id
                          AND u.contract_line_id = l.contract_line_id AND u.customer_id = $4)
          FROM billing.contract_line l
          LEFT JOIN billing.invoice_line i ON i.contract_id = l.contract_id AND i.contract_line_id = l.contract_line_id
                                          AND i.invoice_id = $5
         WHERE l.contract_line_id = $1 AND l.contract_id = $2)",
                              {INT8OID, INT8OID, TEXTOID, INT8OID, INT8OID}};
    static pg::Statement insert{R"(
        INSERT INTO billing.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
        SELECT contract_id, $2, contract_line_id, $3, name FROM billing.contract_line
         WHERE contract_line_id = $1 AND contract_id = $4
        RETURNING invoice_line_id)",
                                {INT8OID, INT8OID, INT8OID, INT8OID}};
    std::string const line_name = "contract line " + std::to_string(contract_line_id);
    pg::Rows const rows = pg::query(read, pg::Parameters()
                                              .id(contract_line_id)
                                              .id(invoice.contract_id)
                                              .text(transaction_class)
                                              .id(invoice.customer_id)
                                              .id(invoice.invoice_id));
    if (rows.empty()) {
        throw DomainError(sqlstate::unknown_item, line_name + " does not belong to the contract of invoice " +
                                                      std::to_string(invoice.invoice_id));
    }
    if (rows.flag(0, 1)) {
        throw DomainError(sqlstate::wrong_line_kind, line_name + " is a product line and takes no manual details");
    }
    if (!rows.flag(0, 2)) {
        throw DomainError(sqlstate::wrong_line_kind, line_name + " does not include " + transaction_class);
    }
    if (!rows.flag(0, 4)) {
        throw DomainError(sqlstate::refused, "the customer of invoice " + std::to_string(invoice.invoice_id) +
                                                 " does not pay for " + line_name);
    }
    if (rows.datum(0, 3)) {
        return rows.id(0, 3);
    }
    return guard::write_returning(insert, "invoice_line", guard::Write::insert,
                                  pg::Parameters()
                                      .id(contract_line_id)
                                      .id(invoice.invoice_id)
                                      .id(invoice.customer_id)
                                      .id(invoice.contract_id))
        .id(0, 1);
}

// The price given, else the price list's on the day of the detail.
Decimal price_of_detail(const Verb& verb, const ListedInvoice& invoice, const std::string& transaction_class) {
    static pg::Statement read{"SELECT invoice_date FROM billing.invoice WHERE invoice_id = $1", {INT8OID}};
    Arguments const& arguments = verb.arguments;
    if (arguments.given(4)) {
        return *arguments.decimal(4);
    }
    Datum const date =
        arguments.given(7) ? *arguments.datum(7) : pg::query(read, pg::Parameters().id(invoice.invoice_id)).value(0, 1);
    PriceQuestion question;
    question.contract_id = invoice.contract_id;
    question.date = DatumGetDateADT(date);
    question.work = {from_label<TransactionClass>(transaction_class).value_or(TransactionClass::fee),
                     arguments.id(9).value_or(0),
                     arguments.id(11).value_or(0),
                     arguments.id(10).value_or(0),
                     arguments.id(12).value_or(0),
                     {}};
    return sales_price_of(question);
}

// invoice, contract_line, transaction_class, quantity, price, tax, billing_type, transaction_date, task, role,
// category, resource, product, description, external_description
void add_detail(Verb& verb) {
    static pg::Statement insert{R"(
        INSERT INTO billing.invoice_detail
            (contract_id, invoice_line_id, detail_kind, transaction_class, billing_type, quantity, price, amount, tax,
             transaction_date, task_id, role_id, category_id, resource_id, product_id, description, external_description)
        SELECT v.contract_id, $2, 'manual', $3::billing.transaction_class, $4::billing.billing_type, $5, $6,
               billing.money($5 * $6, v.currency), billing.money($7, v.currency), coalesce($8, v.invoice_date),
               $9, $10, $11, $12, $13, $14, $15
          FROM billing.invoice v WHERE v.invoice_id = $1
        RETURNING detail_id)",
                                {INT8OID, INT8OID, TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, DATEOID,
                                 INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID}};
    std::int64_t const invoice_id = DatumGetInt64(verb.arguments.required(0, "invoice"));
    std::int64_t const contract_line_id = DatumGetInt64(verb.arguments.required(1, "contract_line"));
    std::string const transaction_class = pg::label_of(verb.arguments.required(2, "transaction_class"));
    Decimal const quantity = pg::decimal_of(verb.arguments.required(3, "quantity"));
    std::optional<std::string> const type = label_argument(verb, 6);
    require_billable_type(type);
    if (quantity.sign() < 0) {
        throw DomainError(sqlstate::invalid_parameter, "a billable quantity cannot be negative",
                          "Quantity is " + quantity.text() + ".", "Credit what was billed with a corrective invoice.");
    }
    ListedInvoice const invoice = lock_editable_invoice(invoice_id);
    Decimal const price = price_of_detail(verb, invoice, transaction_class);
    LoggedArguments arguments;
    arguments.add("invoice", std::string_view(std::to_string(invoice_id)));
    arguments.add("contract_line", std::string_view(std::to_string(contract_line_id)));
    arguments.add("quantity", std::string_view(quantity.text())).add("price", std::string_view(price.text()));
    begin_operation(verb, arguments);
    pg::Parameters parameters;
    parameters.id(invoice_id).id(line_for_manual_detail(invoice, contract_line_id, transaction_class));
    parameters.text(transaction_class).text(type.value_or("chargeable"));
    parameters.decimal(quantity).decimal(price).decimal(verb.arguments.decimal(5).value_or(Decimal()));
    for (int i = 7; i <= 12; ++i) {
        verb.arguments.given(i) ? parameters.add(*verb.arguments.datum(i)) : parameters.add_null();
    }
    parameters.text_or_null(verb.arguments.text(13)).text_or_null(verb.arguments.text(14));
    std::int64_t const detail_id =
        guard::write_returning(insert, "invoice_detail", guard::Write::insert, std::move(parameters)).id(0, 1);
    recompute_totals({invoice_id});
    for (DraftDetail const& detail : read_details({}, {}, {}, Ids{detail_id})) {
        emit_detail(verb, detail);
    }
}

// --- remove_invoice_details ---------------------------------------------------------------------------------------

struct Release {
    DetailKind kind;
    const char* table;
    const char* column;
    pg::Statement& update;
};

void release(std::int64_t operation_id, const DetailSelection& selection, const Release& release) {
    Ids contracts;
    Ids ids;
    for (DraftDetail const& detail : selection.all()) {
        if (detail.kind == release.kind) {
            contracts.push_back(detail.contract_id);
            ids.push_back(detail.source_id);
        }
    }
    if (ids.empty()) {
        return;
    }
    guard::write(release.update, release.table, guard::Write::update, pg::Parameters().ids(ids));
    log_changes(operation_id, {0, release.table, release.column, "customer_invoice_created", "ready_to_invoice"},
                contracts, ids);
}

void release_all(std::int64_t operation_id, const DetailSelection& selection) {
    static pg::Statement actuals{R"(
        UPDATE billing.actual SET billing_status = 'ready_to_invoice', invoice_line_id = NULL
         WHERE actual_id = ANY ($1))",
                                 {INT8ARRAYOID}};
    static pg::Statement milestones{R"(
        UPDATE billing.milestone_split SET milestone_status = 'ready_to_invoice', invoice_line_id = NULL
         WHERE milestone_split_id = ANY ($1))",
                                    {INT8ARRAYOID}};
    static pg::Statement products{R"(
        UPDATE billing.contract_line SET product_status = 'ready_to_invoice', invoice_line_id = NULL
         WHERE contract_line_id = ANY ($1))",
                                  {INT8ARRAYOID}};
    release(operation_id, selection, {DetailKind::actual, "actual", "billing_status", actuals});
    release(operation_id, selection, {DetailKind::milestone, "milestone_split", "milestone_status", milestones});
    release(operation_id, selection, {DetailKind::product, "contract_line", "product_status", products});
}

// actuals, milestones, products, details, retainers
void remove_details(Verb& verb) {
    static pg::Statement erase{"DELETE FROM billing.invoice_detail WHERE detail_id = ANY ($1)", {INT8ARRAYOID}};
    static pg::Statement erase_lines{R"(
        DELETE FROM billing.invoice_line l
         USING billing.contract_line p
         WHERE l.invoice_line_id = ANY ($1) AND p.contract_line_id = l.contract_line_id AND p.contract_id = l.contract_id
           AND p.billing_method = 'product')",
                                     {INT8ARRAYOID}};
    std::optional<Ids> const retainers = verb.arguments.ids(4);
    DetailSelection const selection = DetailSelection::lock(verb, 0, retainers);
    std::int64_t const operation = begin_operation(verb, logged_selection(verb, 0).add("retainers", retainers));
    Ids stored;
    Ids product_lines;
    for (DraftDetail const& detail : selection.all()) {
        if (detail.detail_id != 0) {
            stored.push_back(detail.detail_id);
        }
        if (detail.kind == DetailKind::product) {
            product_lines.push_back(detail.invoice_line_id);
        }
        emit_detail(verb, detail);
    }
    release_corrected_sales(operation, stored);
    guard::write(erase, "invoice_detail", guard::Write::remove, pg::Parameters().ids(stored));
    release_all(operation, selection);
    guard::write(erase_lines, "invoice_line", guard::Write::remove, pg::Parameters().ids(product_lines));
    Ids changed = selection.invoice_ids();
    if (retainers) {
        Ids const drafts = remove_retainers(verb, operation, *retainers);
        changed.insert(changed.end(), drafts.begin(), drafts.end());
    }
    note_corrections(changed);
    recompute_totals(changed);
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum edit_invoice_details(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "edit_invoice_details", edit_details);
}

Datum add_invoice_detail(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "add_invoice_detail", add_detail);
}

Datum remove_invoice_details(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "remove_invoice_details", remove_details);
}
