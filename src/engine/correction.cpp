// revise_invoice(): confirmed invoices are never edited; a corrective draft says what shall finally stand.
//
// Each billed sale taken is copied as a detail with quantity 0 (credited in full) for somebody to enter what shall
// stand; what retainers put on the invoice can only be taken back in full, which needs no detail. The billed sale
// itself is the claim: in_process while a draft holds it. What confirming writes is in confirm.

#include "engine/correction.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

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
    std::int64_t contract_line_id; // 0: of a retainer
    bool has_detail;               // billed from a detail of its own
    std::string problem;
};

// What corrections take from an invoice line.
struct LineSum {
    Decimal amount;
    Decimal tax;
};

// Why a billed sale cannot be corrected; empty if it can.
std::string problem_of(const std::string& adjustment) {
    if (adjustment == "adjusted") {
        return "it was corrected before; revise the invoice of the correction";
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
          selected_(verb.arguments.ids(1)), into_(verb.arguments.id(2)) {
        if (selected_) {
            selected_ = sorted_unique(std::move(*selected_));
        }
    }

    void run() {
        lock();
        read_sales();
        LoggedArguments arguments;
        arguments.add("invoice", std::string_view(std::to_string(invoice_id_)))
            .add("billed_sales", verb_.arguments.ids(1));
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
            take_from_lines();
            hold_retainer_sales(target_, retainers_);
            note_corrections({target_});
            recompute_headers({target_});
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
#define BILLING_SALE                                                                                                   \
    "SELECT b.actual_id, coalesce(b.contract_line_id, 0), b.detail_id IS NOT NULL, b.adjustment_status::text,"         \
    "       b.billing_type = 'chargeable', b.amount, b.tax FROM "
        static pg::Statement all{BILLING_SALE
                                 "billing.actual b"
                                 " WHERE b.contract_id = $1 AND b.invoice_id = $2"
                                 "   AND b.transaction_type = 'billed_sales' AND b.adjustment_status <> 'unadjustable'"
                                 " ORDER BY b.actual_id",
                                 {INT8OID, INT8OID}};
        static pg::Statement some{BILLING_SALE "unnest($3) AS k (actual_id)"
                                               " JOIN billing.actual b ON b.actual_id = k.actual_id"
                                               "                      AND b.contract_id = $1 AND b.invoice_id = $2"
                                               "                      AND b.transaction_type = 'billed_sales'"
                                               " ORDER BY b.actual_id",
                                  {INT8OID, INT8OID, INT8ARRAYOID}};
#undef BILLING_SALE
        pg::Parameters parameters;
        parameters.id(revised_->contract_id).id(invoice_id_);
        pg::Rows const rows =
            selected_ ? pg::query(some, std::move(parameters.ids(selected_))) : pg::query(all, std::move(parameters));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            std::string const adjustment = rows.text(i, 4);
            sales_.push_back({rows.id(i, 1), rows.id(i, 2), rows.flag(i, 3),
                              adjustment == "in_process" ? held_problem(rows.id(i, 1)) : problem_of(adjustment)});
            if (sales_.back().problem.empty() && sales_.back().contract_line_id != 0) {
                LineSum& sum = lines_[sales_.back().contract_line_id];
                if (rows.flag(i, 5)) {
                    sum.amount += rows.decimal(i, 6);
                    sum.tax += rows.decimal(i, 7);
                }
            }
        }
        if (std::any_of(sales_.begin(), sales_.end(), [](const BilledSale& s) { return s.contract_line_id == 0; })) {
            read_retainer_sales();
        }
    }

    std::string held_problem(std::int64_t actual_id) {
        if (holders_.empty()) {
            read_holders();
        }
        return "invoice " + std::to_string(holders_[actual_id]) + " corrects it already";
    }

    // The drafts that correct something of this contract, by what they correct.
    void read_holders() {
        static pg::Statement read{R"(
            SELECT d.actual_id, v.invoice_id
              FROM billing.invoice v
              JOIN billing.invoice_line i ON i.invoice_id = v.invoice_id AND i.contract_id = v.contract_id
              JOIN billing.invoice_detail d ON d.invoice_line_id = i.invoice_line_id AND d.contract_id = i.contract_id
                                           AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
             WHERE v.contract_id = $1 AND v.project_invoice_status IN ('draft', 'in_review') AND v.has_corrections
            UNION ALL
            SELECT k.actual_id, k.invoice_id FROM billing.retainer_correction k WHERE k.contract_id = $1)",
                                  {INT8OID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().id(revised_->contract_id));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            holders_[rows.id(i, 1)] = rows.id(i, 2);
        }
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
        Ids lines;
        for (auto const& [line_id, sum] : lines_) {
            lines.push_back(line_id);
        }
        guard::write(insert, "invoice_line", guard::Write::insert,
                     pg::Parameters().id(invoice_id_).id(target_).ids(lines));
    }

    // A whole invoice is gone through once; selected sales are looked up.
    void claim(const Ids& taken) {
        static pg::Statement selected{R"(
            UPDATE billing.actual SET adjustment_status = 'in_process'
             WHERE actual_id = ANY ($1) AND adjustment_status = 'adjustable')",
                                      {INT8ARRAYOID}};
        static pg::Statement whole{R"(
            UPDATE billing.actual b SET adjustment_status = 'in_process'
              FROM unnest($1) AS k (actual_id)
             WHERE b.actual_id = k.actual_id AND b.contract_id = $2 AND b.invoice_id = $3
               AND b.adjustment_status = 'adjustable')",
                                   {INT8ARRAYOID, INT8OID, INT8OID},
                                   pg::Planning::by_scan};
        log_change(operation_, {revised_->contract_id, "actual", "adjustment_status", "adjustable", "in_process"},
                   taken);
        pg::Parameters parameters;
        parameters.ids(taken);
        if (!selected_) {
            parameters.id(revised_->contract_id).id(invoice_id_);
        }
        if (guard::write(selected_ ? selected : whole, "actual", guard::Write::update, std::move(parameters)) !=
            taken.size()) {
            throw DomainError(sqlstate::inconsistent, "a billed sale changed while it was being revised");
        }
    }

    // A manual detail has nothing but its own row to say who worked on what; the correction takes that along. Retainers
    // stand on no line and get no detail.
    void add_details(const Ids& taken) {
#define BILLING_INSERT_DETAIL                                                                                          \
    "INSERT INTO billing.invoice_detail"                                                                               \
    "    (contract_id, invoice_line_id, detail_kind, actual_id, transaction_class, billing_type, quantity, price,"     \
    "     amount, tax, transaction_date, discount_amount, fee_amount, description, external_description, task_id,"     \
    "     role_id, category_id, resource_id, product_id) "                                                             \
    "SELECT b.contract_id, l.invoice_line_id,"                                                                         \
    "       CASE WHEN b.milestone_split_id IS NOT NULL THEN 'milestone_correction'"                                    \
    "            WHEN c.billing_method = 'product' THEN 'product_correction'"                                          \
    "            ELSE 'correction' END::billing.detail_kind,"                                                          \
    "       b.actual_id, b.transaction_class, b.billing_type, 0, b.price, 0, 0, b.transaction_date,"                   \
    "       0 * b.discount_amount, 0 * b.fee_amount,"
#define BILLING_SALES_ON_LINES                                                                                         \
    " FROM unnest($2) AS k (actual_id)"                                                                                \
    " JOIN billing.actual b ON b.actual_id = k.actual_id AND b.contract_id = $3 AND b.invoice_id = $4"                 \
    " JOIN billing.contract_line c ON c.contract_id = b.contract_id AND c.contract_line_id = b.contract_line_id"       \
    " JOIN billing.invoice_line l ON l.invoice_id = $1 AND l.contract_id = b.contract_id"                              \
    "                            AND l.contract_line_id = b.contract_line_id "
#define BILLING_RETURN_DETAIL " RETURNING actual_id, detail_id"
        static pg::Statement whole{BILLING_INSERT_DETAIL
                                   " b.description, b.external_description, NULL, NULL, NULL, NULL, NULL" //
                                   BILLING_SALES_ON_LINES "WHERE b.detail_id IS NULL" BILLING_RETURN_DETAIL,
                                   {INT8OID, INT8ARRAYOID, INT8OID, INT8OID},
                                   pg::Planning::by_scan};
        static pg::Statement selected{
            BILLING_INSERT_DETAIL
            " coalesce(b.description, d.description),"
            " coalesce(b.external_description, d.external_description),"
            " d.task_id, d.role_id, d.category_id, d.resource_id, d.product_id" //
            BILLING_SALES_ON_LINES
            "LEFT JOIN billing.invoice_detail d ON d.detail_id = b.detail_id AND d.contract_id = b.contract_id" //
            BILLING_RETURN_DETAIL,
            {INT8OID, INT8ARRAYOID, INT8OID, INT8OID}};
#undef BILLING_INSERT_DETAIL
#undef BILLING_SALES_ON_LINES
#undef BILLING_RETURN_DETAIL
        detail_of_.reserve(taken.size());
        Ids looked_up;
        for (BilledSale const& sale : sales_) {
            if (sale.problem.empty()) {
                detail_of_[sale.actual_id] = 0;
                if (selected_ || sale.has_detail) {
                    looked_up.push_back(sale.actual_id);
                }
            }
        }
        if (!selected_) {
            add_details(whole, taken);
        }
        if (!looked_up.empty()) {
            add_details(selected, looked_up);
        }
    }

    void add_details(pg::Statement& insert, const Ids& sales) {
        pg::Rows const rows =
            guard::write_returning(insert, "invoice_detail", guard::Write::insert,
                                   pg::Parameters().id(target_).ids(sales).id(revised_->contract_id).id(invoice_id_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            detail_of_[rows.id(i, 1)] = rows.id(i, 2);
        }
    }

    // With quantity 0 a correction takes all that was billed. Sums of what is known already: reading the details back
    // would cost as much as writing them.
    void take_from_lines() const {
        static pg::Statement update{R"(
            UPDATE billing.invoice_line l SET amount = l.amount - k.amount, tax = l.tax - k.tax
              FROM unnest($2, $3, $4) AS k (contract_line_id, amount, tax)
             WHERE l.invoice_id = $1 AND l.contract_line_id = k.contract_line_id)",
                                    {INT8OID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID}};
        Ids lines;
        std::vector<Decimal> amounts;
        std::vector<Decimal> taxes;
        for (auto const& [line_id, sum] : lines_) {
            lines.push_back(line_id);
            amounts.push_back(sum.amount);
            taxes.push_back(sum.tax);
        }
        guard::write(update, "invoice_line", guard::Write::update,
                     pg::Parameters().id(target_).ids(lines).decimals(amounts).decimals(taxes));
    }

    // --- reporting
    // ----------------------------------------------------------------------------------------------------

    void report() {
        for (BilledSale const& sale : sales_) {
            emit(sale.actual_id, sale.problem);
        }
        if (selected_) {
            Ids known;
            for (BilledSale const& sale : sales_) {
                known.push_back(sale.actual_id);
            }
            Ids unknown;
            std::set_difference(selected_->begin(), selected_->end(), known.begin(), known.end(),
                                std::back_inserter(unknown));
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
    std::vector<RetainerSale> retainers_;                      // accepted
    std::map<std::int64_t, LineSum> lines_;                    // contract lines of what is accepted
    std::unordered_map<std::int64_t, std::int64_t> holders_;   // drafts by the billed sale they correct
    std::unordered_map<std::int64_t, std::int64_t> detail_of_; // by billed sale taken; 0: of a retainer
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
