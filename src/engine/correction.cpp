// revise_invoice(): confirmed invoices are never edited; a corrective draft says what shall finally stand.
//
// Each billed sale taken is copied as a detail with quantity 0 (credited in full) for somebody to enter what shall
// stand; what retainers put on the invoice can only be taken back in full, which needs no detail. The billed sale
// itself is the claim: in_process while a draft holds it. What confirming writes is in confirm.

#include "engine/correction.hpp"

#include <set>

#include "domain/edit_rules.hpp"
#include "engine/contract_book.hpp"
#include "engine/invoice_list.hpp"
#include "engine/invoice_totals.hpp"
#include "engine/operation.hpp"
#include "engine/retainer_correction.hpp"
#include "guard/write_scope.hpp"
#include "pg/enum_oids.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// A billed sale of the invoice to be revised.
struct BilledSale {
    std::int64_t actual_id;
    std::int64_t contract_line_id;
    DetailKind kind; // of the correction
    bool is_retainer;
    std::string problem;
};

DetailKind correction_of(bool is_milestone, bool is_product) {
    return is_milestone ? DetailKind::milestone_correction
           : is_product ? DetailKind::product_correction
                        : DetailKind::correction;
}

// Why a billed sale cannot be corrected; empty if it can.
std::string problem_of(const std::string& adjustment, std::int64_t draft) {
    if (adjustment == "adjusted") {
        return "it was corrected before; revise the invoice of the correction";
    }
    if (adjustment == "in_process") {
        return "invoice " + std::to_string(draft) + " corrects it already";
    }
    if (adjustment == "unadjustable") {
        return "it is itself a credit";
    }
    return {};
}

class Revision {
public:
    explicit Revision(Verb& verb)
        : verb_(verb), invoice_id_(DatumGetInt64(verb.arguments.required(0, "invoice"))),
          selected_(verb.arguments.ids(1)), into_(verb.arguments.id(2)) {}

    void run() {
        lock();
        read_sales();
        LoggedArguments arguments;
        arguments.add("invoice", std::string_view(std::to_string(invoice_id_))).add("billed_sales", selected_);
        if (into_) {
            arguments.add("into_invoice", std::string_view(std::to_string(*into_)));
        }
        operation_ = begin_operation(verb_, arguments);
        Ids const taken = accepted();
        if (!taken.empty()) {
            into_ ? check_target() : create_draft();
            add_lines();
            claim(taken);
            add_details(taken);
            hold_retainer_sales(target_, retainers_);
            note_corrections({target_});
            recompute_totals({target_});
        }
        report();
    }

private:
    void lock() {
        Ids wanted{invoice_id_};
        if (into_) {
            wanted.push_back(*into_);
        }
        InvoiceList const list = InvoiceList::lock(wanted);
        for (ListedInvoice const& invoice : list.all()) {
            (invoice.invoice_id == invoice_id_ ? revised_ : into_invoice_) = invoice;
        }
        if (!revised_->exists) {
            throw DomainError(sqlstate::unknown_item, "there is no invoice " + std::to_string(invoice_id_));
        }
        if (revised_->is_editable()) {
            throw DomainError(sqlstate::refused,
                              "invoice " + std::to_string(invoice_id_) + " is " + revised_->status +
                                  "; only confirmed invoices are revised",
                              {}, "Edit it with edit_invoice_details().");
        }
    }

    // Everything billed on the invoice, or what was selected. Ids of other invoices have no row.
    void read_sales() {
        static pg::Statement read{R"(
            SELECT b.actual_id, coalesce(b.contract_line_id, 0), b.adjustment_status::text, b.retainer_id IS NOT NULL,
                   b.milestone_split_id IS NOT NULL, coalesce(l.billing_method = 'product', false),
                   coalesce((SELECT pg_catalog.max(i.invoice_id)
                               FROM billing.invoice_detail d
                               JOIN billing.invoice_line i ON i.invoice_line_id = d.invoice_line_id
                                                          AND i.contract_id = d.contract_id
                               JOIN billing.invoice v ON v.invoice_id = i.invoice_id AND v.contract_id = i.contract_id
                              WHERE b.adjustment_status = 'in_process' AND v.contract_id = b.contract_id
                                AND v.project_invoice_status IN ('draft', 'in_review')
                                AND v.has_corrections AND d.actual_id = b.actual_id),
                            (SELECT k.invoice_id FROM billing.retainer_correction k
                              WHERE k.actual_id = b.actual_id AND k.contract_id = b.contract_id), 0)
              FROM billing.actual b
              LEFT JOIN billing.contract_line l ON l.contract_line_id = b.contract_line_id AND l.contract_id = b.contract_id
             WHERE b.contract_id = $1 AND b.invoice_id = $2 AND b.transaction_type = 'billed_sales'
               AND ($3 IS NULL OR b.actual_id = ANY ($3)) AND ($3 IS NOT NULL OR b.adjustment_status <> 'unadjustable')
             ORDER BY b.actual_id)",
                                  {INT8OID, INT8OID, INT8ARRAYOID}};
        pg::Rows const rows =
            pg::query(read, pg::Parameters().id(revised_->contract_id).id(invoice_id_).ids(selected_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            sales_.push_back({rows.id(i, 1), rows.id(i, 2), correction_of(rows.flag(i, 5), rows.flag(i, 6)),
                              rows.flag(i, 4), problem_of(rows.text(i, 3), rows.id(i, 7))});
        }
        read_retainer_sales();
    }

    void read_retainer_sales() {
        for (RetainerSale& retainer : retainer_sales_of(revised_->contract_id, invoice_id_)) {
            auto const sale = std::find_if(sales_.begin(), sales_.end(), [&](const BilledSale& candidate) {
                return candidate.actual_id == retainer.actual_id && candidate.problem.empty();
            });
            if (sale == sales_.end()) {
                continue;
            }
            sale->problem = retainer.problem;
            if (retainer.problem.empty()) {
                retainers_.push_back(std::move(retainer));
            }
        }
    }

    Ids accepted() const {
        Ids ids;
        for (BilledSale const& sale : sales_) {
            if (sale.problem.empty()) {
                ids.push_back(sale.actual_id);
            }
        }
        return ids;
    }

    // --- the corrective draft
    // -----------------------------------------------------------------------------------------

    void check_target() {
        std::string problem;
        if (!into_invoice_ || !into_invoice_->exists) {
            problem = "there is no invoice with this id";
        } else if (into_invoice_->status != "draft") {
            problem = "the invoice is " + into_invoice_->status + "; only drafts take corrections";
        } else if (into_invoice_->contract_id != revised_->contract_id ||
                   into_invoice_->customer_id != revised_->customer_id) {
            problem = "it is for another contract or customer than invoice " + std::to_string(invoice_id_);
        }
        if (!problem.empty()) {
            throw DomainError(sqlstate::refused, "invoice " + std::to_string(*into_) + ": " + problem, {},
                              "Leave into_invoice out for a draft of its own.");
        }
        target_ = *into_;
    }

    void create_draft() {
        static pg::Statement insert{R"(
            INSERT INTO billing.invoice
                (contract_id, customer_id, company_id, operation_id, has_corrections, invoice_date, currency, name,
                 description, bill_to_name, invoice_address, payment_terms)
            SELECT v.contract_id, v.customer_id, v.company_id, $2, true, coalesce($3, pg_catalog.date(pg_catalog.now())),
                   v.currency, v.name, v.description, v.bill_to_name, v.invoice_address, v.payment_terms
              FROM billing.invoice v WHERE v.invoice_id = $1
            RETURNING invoice_id)",
                                    {INT8OID, INT8OID, DATEOID}};
        pg::Parameters parameters;
        parameters.id(invoice_id_).id(operation_);
        verb_.arguments.given(3) ? parameters.add(*verb_.arguments.datum(3)) : parameters.add_null();
        target_ = guard::write_returning(insert, "invoice", guard::Write::insert, std::move(parameters)).id(0, 1);
        log_change(operation_, {revised_->contract_id, "invoice", "project_invoice_status", "", "draft"}, Ids{target_});
    }

    // From the lines of the revised invoice, not from its thousands of details.
    void add_lines() const {
        static pg::Statement insert{R"(
            INSERT INTO billing.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
            SELECT o.contract_id, $2, o.contract_line_id, o.customer_id, o.name
              FROM billing.invoice_line o
             WHERE o.invoice_id = $1 AND o.contract_line_id = ANY ($3)
               AND NOT EXISTS (SELECT 1 FROM billing.invoice_line l
                                WHERE l.invoice_id = $2 AND l.contract_id = o.contract_id
                                  AND l.contract_line_id = o.contract_line_id))",
                                    {INT8OID, INT8OID, INT8ARRAYOID}};
        std::set<std::int64_t> lines;
        for (BilledSale const& sale : sales_) {
            if (sale.problem.empty()) {
                lines.insert(sale.contract_line_id);
            }
        }
        guard::write(insert, "invoice_line", guard::Write::insert,
                     pg::Parameters().id(invoice_id_).id(target_).ids(Ids(lines.begin(), lines.end())));
    }

    void claim(const Ids& taken) {
        static pg::Statement update{R"(
            UPDATE billing.actual SET adjustment_status = 'in_process'
             WHERE actual_id = ANY ($1) AND adjustment_status = 'adjustable')",
                                    {INT8ARRAYOID}};
        log_change(operation_, {revised_->contract_id, "actual", "adjustment_status", "adjustable", "in_process"},
                   taken);
        if (guard::write(update, "actual", guard::Write::update, pg::Parameters().ids(taken)) != taken.size()) {
            throw DomainError(sqlstate::inconsistent, "a billed sale changed while it was being revised");
        }
    }

    // A manual detail has nothing but its own row to say who worked on what; the correction takes that along. Retainers
    // stand on no line and get no detail.
    void add_details(const Ids& taken) {
        static pg::Statement insert{R"(
            INSERT INTO billing.invoice_detail
                (contract_id, invoice_line_id, detail_kind, actual_id, transaction_class, billing_type, quantity, price,
                 amount, tax, transaction_date, task_id, role_id, category_id, resource_id, product_id, description,
                 external_description, discount_amount, fee_amount)
            SELECT b.contract_id, l.invoice_line_id, k.kind::billing.detail_kind, b.actual_id, b.transaction_class,
                   b.billing_type, 0, b.price, 0, 0, b.transaction_date, d.task_id, d.role_id, d.category_id,
                   d.resource_id, d.product_id, coalesce(b.description, d.description),
                   coalesce(b.external_description, d.external_description), 0 * b.discount_amount, 0 * b.fee_amount
              FROM unnest($1, $2) AS k (actual_id, kind)
              JOIN billing.actual b ON b.actual_id = k.actual_id
              JOIN billing.invoice_line l ON l.invoice_id = $3 AND l.contract_id = b.contract_id
                                         AND l.contract_line_id = b.contract_line_id
              LEFT JOIN billing.invoice_detail d ON d.detail_id = b.detail_id AND d.contract_id = b.contract_id
            RETURNING actual_id, detail_id)",
                                    {INT8ARRAYOID, TEXTARRAYOID, INT8OID}};
        std::vector<std::string> kinds;
        for (BilledSale const& sale : sales_) {
            if (sale.problem.empty()) {
                kinds.emplace_back(label(sale.kind));
                detail_of_[sale.actual_id] = 0;
            }
        }
        pg::Rows const rows = guard::write_returning(insert, "invoice_detail", guard::Write::insert,
                                                     pg::Parameters().ids(taken).texts(kinds).id(target_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            detail_of_[rows.id(i, 1)] = rows.id(i, 2);
        }
    }

    // --- reporting
    // ----------------------------------------------------------------------------------------------------

    void report() {
        for (BilledSale const& sale : sales_) {
            emit(sale.actual_id, sale.problem);
        }
        if (selected_) {
            std::set<std::int64_t> unknown(selected_->begin(), selected_->end());
            for (BilledSale const& sale : sales_) {
                unknown.erase(sale.actual_id);
            }
            for (std::int64_t const id : unknown) {
                emit(id, "it is no billed sale of this invoice");
            }
        }
    }

    void emit(std::int64_t actual_id, const std::string& problem) {
        auto const detail = detail_of_.find(actual_id);
        bool const is_taken = detail != detail_of_.end();
        verb_.result.id_or_null(is_taken ? target_ : 0).id_or_null(is_taken ? detail->second : 0).id(actual_id);
        verb_.result.add(outcomes_(is_taken ? ItemOutcome::changed : ItemOutcome::refused));
        verb_.result.text_or_null(problem).emit();
    }

    Verb& verb_;
    std::int64_t invoice_id_;
    std::optional<Ids> selected_;
    std::optional<std::int64_t> into_;
    std::optional<ListedInvoice> revised_;
    std::optional<ListedInvoice> into_invoice_;
    std::vector<BilledSale> sales_;
    std::vector<RetainerSale> retainers_;            // accepted
    std::map<std::int64_t, std::int64_t> detail_of_; // by billed sale taken; 0: of a retainer
    std::int64_t operation_ = 0;
    std::int64_t target_ = 0;
    pg::EnumOids<ItemOutcome> outcomes_;
};

// What the released sales belong to is logged per contract, before the rows change.
void release(std::int64_t operation_id, pg::Statement& find, const Ids& keys) {
    static pg::Statement update{R"(
        UPDATE billing.actual SET adjustment_status = 'adjustable'
         WHERE actual_id = ANY ($1) AND adjustment_status = 'in_process')",
                                {INT8ARRAYOID}};
    pg::Rows const rows = pg::query(find, pg::Parameters().ids(keys));
    if (rows.empty()) {
        return;
    }
    Ids const contracts = rows.ids(1);
    Ids const sales = rows.ids(2);
    log_changes(operation_id, {0, "actual", "adjustment_status", "in_process", "adjustable"}, contracts, sales);
    guard::write(update, "actual", guard::Write::update, pg::Parameters().ids(sales));
}

} // namespace

void release_corrected_sales(std::int64_t operation_id, const Ids& details) {
    static pg::Statement find{R"(
        SELECT contract_id, actual_id FROM billing.invoice_detail
         WHERE detail_id = ANY ($1)
           AND detail_kind IN ('correction', 'milestone_correction', 'product_correction'))",
                              {INT8ARRAYOID}};
    release(operation_id, find, details);
}

void release_corrected_sales_of(std::int64_t operation_id, const Ids& invoices) {
    static pg::Statement find{R"(
        SELECT d.contract_id, d.actual_id
          FROM billing.invoice_line l
          JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
         WHERE l.invoice_id = ANY ($1)
           AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
        UNION ALL
        SELECT k.contract_id, k.actual_id
          FROM billing.invoice v
          JOIN billing.retainer_correction k ON k.contract_id = v.contract_id AND k.invoice_id = v.invoice_id
         WHERE v.invoice_id = ANY ($1))",
                              {INT8ARRAYOID}};
    release(operation_id, find, invoices);
}

void release_retainer_sales(std::int64_t operation_id, const Ids& sales) {
    static pg::Statement find{"SELECT contract_id, actual_id FROM billing.actual WHERE actual_id = ANY ($1)",
                              {INT8ARRAYOID}};
    static pg::Statement erase{"DELETE FROM billing.retainer_correction WHERE actual_id = ANY ($1)", {INT8ARRAYOID}};
    if (!sales.empty()) {
        release(operation_id, find, sales);
        guard::write(erase, "retainer_correction", guard::Write::remove, pg::Parameters().ids(sales));
    }
}

void note_corrections(const Ids& invoices) {
    static pg::Statement update{R"(
        UPDATE billing.invoice v SET has_corrections = k.found
          FROM (SELECT i.invoice_id,
                       EXISTS (SELECT 1 FROM billing.invoice_line l
                                 JOIN billing.invoice_detail d ON d.contract_id = l.contract_id
                                                              AND d.invoice_line_id = l.invoice_line_id
                                WHERE l.invoice_id = i.invoice_id AND l.contract_id = i.contract_id
                                  AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction'))
                       OR EXISTS (SELECT 1 FROM billing.retainer_correction c
                                   WHERE c.invoice_id = i.invoice_id AND c.contract_id = i.contract_id)
                       AS found
                  FROM billing.invoice i WHERE i.invoice_id = ANY ($1)) k
         WHERE v.invoice_id = k.invoice_id AND v.has_corrections <> k.found)",
                                {INT8ARRAYOID}};
    guard::write(update, "invoice", guard::Write::update, pg::Parameters().ids(invoices));
}

} // namespace billing::engine

using namespace billing::engine;

Datum revise_invoice(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "revise_invoice", [](Verb& verb) { Revision(verb).run(); });
}
