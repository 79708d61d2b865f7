// Whole invoices: review_invoices(), return_to_draft(), mark_paid(), delete_invoices().

#include "engine/contract_book.hpp"
#include "engine/correction.hpp"
#include "engine/invoice_list.hpp"
#include "engine/operation.hpp"
#include "engine/retainer.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

struct InvoiceMove {
    const char* column;
    std::vector<std::string_view> from; // project invoice statuses it starts from
    const char* to;
    const char* already; // value of `column` that means there is nothing to do
    const char* refusal; // "only … "
    pg::Statement& update;
};

bool holds(const std::vector<std::string_view>& labels, const std::string& label) {
    for (std::string_view const candidate : labels) {
        if (candidate == label) {
            return true;
        }
    }
    return false;
}

void move_invoices(Verb& verb, const InvoiceMove& move) {
    Ids const ids = verb.arguments.required_ids(0, "invoices");
    InvoiceList const invoices = InvoiceList::lock(ids);
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("invoices", ids));
    bool const is_payment = std::string_view(move.column) == "invoice_status";
    Ids moved;
    std::map<std::pair<std::int64_t, std::string>, Ids> changes;
    for (ListedInvoice const& invoice : invoices.all()) {
        std::string const& current = is_payment ? invoice.payment : invoice.status;
        if (!invoice.exists) {
            emit_invoice(verb, invoice, ItemOutcome::refused, "there is no invoice with this id");
        } else if (current == move.already) {
            emit_invoice(verb, invoice, ItemOutcome::unchanged, "");
        } else if (!holds(move.from, invoice.status)) {
            emit_invoice(verb, invoice, ItemOutcome::refused, "the invoice is " + invoice.status + "; " + move.refusal);
        } else {
            moved.push_back(invoice.invoice_id);
            changes[{invoice.contract_id, current}].push_back(invoice.invoice_id);
            emit_invoice(verb, invoice, ItemOutcome::changed, "");
        }
    }
    if (!moved.empty()) {
        guard::write(move.update, "invoice", guard::Write::update, pg::Parameters().ids(moved));
    }
    for (auto const& [key, changed] : changes) {
        log_change(operation, {key.first, "invoice", move.column, key.second, move.to}, changed);
    }
}

void review(Verb& verb) {
    static pg::Statement update{
        "UPDATE billing.invoice SET project_invoice_status = 'in_review' WHERE invoice_id = ANY ($1)", {INT8ARRAYOID}};
    move_invoices(verb,
                  {"project_invoice_status", {"draft"}, "in_review", "in_review", "only drafts go to review", update});
}

void back_to_draft(Verb& verb) {
    static pg::Statement update{
        "UPDATE billing.invoice SET project_invoice_status = 'draft' WHERE invoice_id = ANY ($1)", {INT8ARRAYOID}};
    move_invoices(verb, {"project_invoice_status",
                         {"in_review"},
                         "draft",
                         "draft",
                         "a confirmed invoice is final, correct it with a corrective invoice",
                         update});
}

void pay(Verb& verb) {
    static pg::Statement update{"UPDATE billing.invoice SET invoice_status = 'paid' WHERE invoice_id = ANY ($1)",
                                {INT8ARRAYOID}};
    move_invoices(
        verb, {"invoice_status", {"confirmed", "posted"}, "paid", "paid", "only confirmed invoices are paid", update});
}

// --- delete_invoices
// --------------------------------------------------------------------------------------------------

// Every source of the drafts returns to the backlog as ready.
void release_sources(std::int64_t operation_id, const Ids& invoices) {
    static pg::Statement log_actuals{R"(
        INSERT INTO billing.operation_change
            (operation_id, contract_id, item, status_column, from_status, to_status, item_count, ids)
        SELECT $1, d.contract_id,
               CASE d.detail_kind WHEN 'actual' THEN 'actual' WHEN 'milestone' THEN 'milestone_split' ELSE 'contract_line' END,
               CASE d.detail_kind WHEN 'actual' THEN 'billing_status' WHEN 'milestone' THEN 'milestone_status'
                    ELSE 'product_status' END,
               'customer_invoice_created', 'ready_to_invoice', pg_catalog.count(*), pg_catalog.array_agg(d.source_id)
          FROM billing.draft_detail d
         WHERE d.invoice_id = ANY ($2) AND d.detail_kind IN ('actual', 'milestone', 'product')
         GROUP BY d.contract_id, d.detail_kind)",
                                     {INT8OID, INT8ARRAYOID},
                                     pg::Planning::as_written};
    static pg::Statement actuals{R"(
        UPDATE billing.actual a SET billing_status = 'ready_to_invoice', invoice_line_id = NULL
          FROM billing.invoice_line l
         WHERE l.invoice_id = ANY ($1) AND a.contract_id = l.contract_id AND a.contract_line_id = l.contract_line_id
           AND a.customer_id = l.customer_id AND a.is_open AND a.invoice_line_id = l.invoice_line_id)",
                                 {INT8ARRAYOID}};
    static pg::Statement milestones{R"(
        UPDATE billing.milestone_split s SET milestone_status = 'ready_to_invoice', invoice_line_id = NULL
          FROM billing.invoice_line l
         WHERE l.invoice_id = ANY ($1) AND s.contract_id = l.contract_id AND s.contract_line_id = l.contract_line_id
           AND s.customer_id = l.customer_id AND s.invoice_line_id = l.invoice_line_id
           AND s.milestone_status = 'customer_invoice_created')",
                                    {INT8ARRAYOID}};
    static pg::Statement products{R"(
        UPDATE billing.contract_line p SET product_status = 'ready_to_invoice', invoice_line_id = NULL
          FROM billing.invoice_line l
         WHERE l.invoice_id = ANY ($1) AND p.contract_id = l.contract_id AND p.contract_line_id = l.contract_line_id
           AND p.invoice_line_id = l.invoice_line_id AND p.product_status = 'customer_invoice_created')",
                                  {INT8ARRAYOID}};
    guard::write(log_actuals, "operation_change", guard::Write::insert,
                 pg::Parameters().id(operation_id).ids(invoices));
    guard::write(actuals, "actual", guard::Write::update, pg::Parameters().ids(invoices));
    guard::write(milestones, "milestone_split", guard::Write::update, pg::Parameters().ids(invoices));
    guard::write(products, "contract_line", guard::Write::update, pg::Parameters().ids(invoices));
}

void delete_rows(const Ids& invoices) {
    static pg::Statement details{R"(
        DELETE FROM billing.invoice_detail d USING billing.invoice_line l
         WHERE l.invoice_id = ANY ($1) AND d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id)",
                                 {INT8ARRAYOID}};
    static pg::Statement lines{"DELETE FROM billing.invoice_line WHERE invoice_id = ANY ($1)", {INT8ARRAYOID}};
    static pg::Statement headers{"DELETE FROM billing.invoice WHERE invoice_id = ANY ($1)", {INT8ARRAYOID}};
    guard::write(details, "invoice_detail", guard::Write::remove, pg::Parameters().ids(invoices));
    guard::write(lines, "invoice_line", guard::Write::remove, pg::Parameters().ids(invoices));
    guard::write(headers, "invoice", guard::Write::remove, pg::Parameters().ids(invoices));
}

void remove_invoices(Verb& verb) {
    Ids const ids = verb.arguments.required_ids(0, "invoices");
    InvoiceList const invoices = InvoiceList::lock(ids);
    std::int64_t const operation = begin_operation(verb, LoggedArguments().add("invoices", ids));
    Ids removed;
    std::map<std::pair<std::int64_t, std::string>, Ids> changes;
    for (ListedInvoice const& invoice : invoices.all()) {
        if (invoice.is_editable()) {
            removed.push_back(invoice.invoice_id);
            changes[{invoice.contract_id, invoice.status}].push_back(invoice.invoice_id);
            emit_invoice(verb, invoice, ItemOutcome::changed, "");
        } else {
            emit_invoice(verb, invoice, ItemOutcome::refused, invoice.why_not_editable());
        }
    }
    if (removed.empty()) {
        return;
    }
    release_sources(operation, removed);
    release_corrected_sales_of(operation, removed);
    release_retainers(operation, removed);
    delete_rows(removed);
    for (auto const& [key, deleted] : changes) {
        log_change(operation, {key.first, "invoice", "project_invoice_status", key.second, ""}, deleted);
    }
}

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum review_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "review_invoices", review);
}

Datum return_to_draft(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "return_to_draft", back_to_draft);
}

Datum mark_paid(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "mark_paid", pay);
}

Datum delete_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "delete_invoices", remove_invoices);
}
