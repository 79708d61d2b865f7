// confirm_invoices(): one way, atomic per invoice. Writes the billed sales, takes back the unbilled ones, draws the
// legal numbers and freezes the totals.

#include <algorithm>
#include <set>

#include "domain/confirmation.hpp"
#include "engine/contract_book.hpp"
#include "engine/extension_rows.hpp"
#include "engine/invoice_list.hpp"
#include "engine/new_actuals.hpp"
#include "engine/nte_split.hpp"
#include "engine/operation.hpp"
#include "engine/progress.hpp"
#include "engine/retainer.hpp"
#include "guard/write_scope.hpp"
#include "pg/exports.hpp"
#include "pg/relation.hpp"
#include "pg/row_batch.hpp"
#include "wall/backend.hpp"

namespace billing::engine {

namespace {

constexpr long details_per_batch = 5000;

// Sources linked to the lines of the invoices in $1, all of contracts in $2. The contracts are scanned once, in the
// order of the table, and joined with the few invoice lines.
#define BILLING_LINKED_ACTUALS                                                                                         \
    " billing.actual a JOIN billing.invoice_line l"                                                                    \
    "   ON l.invoice_line_id = a.invoice_line_id AND l.contract_id = a.contract_id"                                    \
    " WHERE a.contract_id = ANY ($2) AND a.is_open AND l.invoice_id = ANY ($1)"

// … for which nothing is stored, so that they are billed as they are.
#define BILLING_NOT_EDITED                                                                                             \
    " AND NOT EXISTS (SELECT 1 FROM billing.invoice_detail d WHERE d.actual_id = a.actual_id"                          \
    " AND d.contract_id = a.contract_id AND d.detail_kind = 'actual')"

// Two rows for each source: its reversal and the billed sale.
#define BILLING_BILL_AS_IT_IS(SOURCES)                                                                                 \
    "INSERT INTO billing.actual"                                                                                       \
    " (contract_id, contract_line_id, customer_id, entry_id, journal_line_id, source_id, reverses_id, invoice_id, "    \
    "invoice_line_id,"                                                                                                 \
    "  transaction_type, transaction_class, billing_type, billing_status, adjustment_status, transaction_date,"        \
    "  quantity, price, amount, tax, description, external_description,"                                               \
    "  discount_percent, fee_percent, discount_amount, fee_amount)"                                                    \
    " SELECT k.contract_id, k.contract_line_id, k.customer_id, k.entry_id, k.journal_line_id,"                         \
    "        CASE WHEN k.bills THEN k.actual_id END, CASE WHEN k.bills THEN NULL ELSE k.actual_id END,"                \
    "        k.invoice_id, k.invoice_line_id,"                                                                         \
    "        CASE WHEN k.bills THEN 'billed_sales' ELSE 'unbilled_sales' END::billing.transaction_type,"               \
    "        k.transaction_class, k.billing_type, 'customer_invoice_posted',"                                          \
    "        CASE WHEN k.bills THEN 'adjustable' ELSE 'unadjustable' END::billing.adjustment_status,"                  \
    "        k.transaction_date, CASE WHEN k.bills THEN k.quantity ELSE - k.quantity END, k.price,"                    \
    "        CASE WHEN k.bills THEN k.amount ELSE - k.amount END,"                                                     \
    "        CASE WHEN k.bills THEN k.tax ELSE - k.tax END, k.description, k.external_description,"                    \
    "        k.discount_percent, k.fee_percent,"                                                                       \
    "        CASE WHEN k.bills THEN k.discount_amount ELSE - k.discount_amount END,"                                   \
    "        CASE WHEN k.bills THEN k.fee_amount ELSE - k.fee_amount END"                                              \
    "   FROM (SELECT a.contract_id, a.actual_id, a.contract_line_id, a.customer_id, a.entry_id, a.journal_line_id, "   \
    "l.invoice_id,"                                                                                                    \
    "                l.invoice_line_id, a.transaction_class, a.billing_type, a.transaction_date, a.quantity, a.price," \
    "                a.amount, a.tax, a.description, a.external_description, a.discount_percent, a.fee_percent,"       \
    "                a.discount_amount, a.fee_amount, unnest(ARRAY[false, true]) AS bills"                             \
    "           FROM" SOURCES ") k"

// Chargeable amounts of linked actuals per contract line and customer; NTE says which not-to-exceed status.
#define BILLING_AMOUNTS_OF_LINKED(NTE)                                                                                 \
    "SELECT a.contract_id, a.contract_line_id, a.customer_id, pg_catalog.sum(a.amount)"                                \
    "  FROM" BILLING_LINKED_ACTUALS " AND a.billing_type = 'chargeable' AND a.nte_status " NTE                         \
    " GROUP BY a.contract_id, a.contract_line_id, a.customer_id"

class Confirmation {
public:
    explicit Confirmation(Verb& verb)
        : verb_(verb), invoices_(InvoiceList::lock(verb.arguments.required_ids(0, "invoices"))),
          book_(ContractBook::load(invoices_.contract_ids())) {}

    void run() {
        LoggedArguments const arguments = LoggedArguments().add("invoices", verb_.arguments.ids(0));
        operation_ = begin_operation(verb_, arguments);
        accept();
        if (!accepted_.empty()) {
            read_lines();
            confirm_retainers(operation_, accepted_); // before the invoices have billed sales to look through
            bill_as_it_is();
            bill_stored_details();
            bill_milestones();
            bill_products();
            close_sources();
            write_totals();
            confirm_headers();
        }
        report();
    }

private:
    // --- who may be confirmed
    // -------------------------------------------------------------------------------------------

    void accept() {
        find_stored_details();
        std::map<std::int64_t, std::string> const problems = find_problems();
        for (ListedInvoice const& invoice : invoices_.all()) {
            auto const problem = problems.find(invoice.invoice_id);
            if (!invoice.is_editable()) {
                refused_[invoice.invoice_id] = invoice.why_not_editable();
            } else if (problem != problems.end()) {
                refused_[invoice.invoice_id] = problem->second;
            } else {
                accepted_.push_back(invoice.invoice_id);
                (with_stored_.count(invoice.invoice_id) != 0 ? edited_ : plain_).push_back(invoice.invoice_id);
            }
        }
    }

    Ids editable_ids() const {
        Ids ids;
        for (ListedInvoice const& invoice : invoices_.all()) {
            if (invoice.is_editable()) {
                ids.push_back(invoice.invoice_id);
            }
        }
        return ids;
    }

    void find_stored_details() {
        static pg::Statement read{R"(
            SELECT l.invoice_id
              FROM billing.invoice_line l
             WHERE l.invoice_id = ANY ($1)
               AND EXISTS (SELECT 1 FROM billing.invoice_detail d
                            WHERE d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id))",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(editable_ids()));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            with_stored_.insert(rows.id(i, 1));
        }
    }

    std::map<std::int64_t, std::string> find_problems() {
        std::map<std::int64_t, std::string> problems;
        find_percentage_problems(problems);
        if (!with_stored_.empty()) {
            std::vector<Change> const changes = read_changes();
            find_idle_corrections(changes, problems);
            find_limit_problems(changes, problems);
        }
        return problems;
    }

    void find_percentage_problems(std::map<std::int64_t, std::string>& problems) {
        static pg::Statement read{R"(
            SELECT l.invoice_id, l.contract_line_id
              FROM billing.invoice_line l
              JOIN billing.contract_line c ON c.contract_line_id = l.contract_line_id AND c.contract_id = l.contract_id
             WHERE l.invoice_id = ANY ($1) AND c.billing_method <> 'product' AND (l.amount <> 0 OR l.tax <> 0)
             ORDER BY l.invoice_id, l.contract_line_id)",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(editable_ids()));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            std::string problem = book_.known_line(rows.id(i, 2)).problem();
            if (!problem.empty()) {
                problems.try_emplace(rows.id(i, 1), std::move(problem));
            }
        }
    }

    // What the stored details of one invoice change on one line of one customer.
    struct Change {
        std::int64_t invoice_id;
        std::int64_t contract_id;
        std::int64_t line_id;
        std::int64_t customer_id;
        Decimal amount;               // at the limits
        std::int64_t idle_correction; // the first one that changes nothing; 0: none
    };

    std::vector<Change> read_changes() const {
        static pg::Statement read{R"(
            SELECT d.invoice_id, d.contract_id, d.contract_line_id, d.customer_id,
                   coalesce(pg_catalog.sum(CASE WHEN d.billing_type = 'chargeable' THEN d.amount ELSE 0 END
                                           - CASE WHEN d.source_billing_type = 'chargeable' THEN d.source_amount ELSE 0 END)
                                FILTER (WHERE d.detail_kind <> 'milestone_correction'), 0),
                   coalesce(pg_catalog.min(d.detail_id)
                                FILTER (WHERE d.detail_kind IN ('correction', 'milestone_correction')
                                          AND d.quantity = d.source_quantity AND d.price = d.source_price
                                          AND d.amount = d.source_amount AND d.tax = d.source_tax), 0)
              FROM billing.draft_detail d
             WHERE d.invoice_id = ANY ($1) AND d.detail_id IS NOT NULL
               AND d.detail_kind IN ('actual', 'milestone', 'manual', 'correction', 'milestone_correction')
             GROUP BY d.invoice_id, d.contract_id, d.contract_line_id, d.customer_id
             ORDER BY d.invoice_id, d.contract_line_id)",
                                  {INT8ARRAYOID},
                                  pg::Planning::as_written};
        std::vector<Change> changes;
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(Ids(with_stored_.begin(), with_stored_.end())));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            changes.push_back(
                {rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), rows.id(i, 4), rows.decimal(i, 5), rows.id(i, 6)});
        }
        return changes;
    }

    // X-38: what was right does not belong on a corrective invoice.
    static void find_idle_corrections(const std::vector<Change>& changes,
                                      std::map<std::int64_t, std::string>& problems) {
        std::map<std::int64_t, std::int64_t> first; // by invoice
        for (Change const& change : changes) {
            if (change.idle_correction != 0) {
                auto const [found, is_new] = first.try_emplace(change.invoice_id, change.idle_correction);
                found->second = std::min(found->second, change.idle_correction);
            }
        }
        for (auto const& [invoice_id, detail_id] : first) {
            problems.try_emplace(invoice_id, "detail " + std::to_string(detail_id) +
                                                 " corrects nothing; change it or take it off the draft");
        }
    }

    // What edits and manual details add must still fit the limits; the sources themselves were committed before. An
    // invoice's own reductions make room; an invoice that does not fit leaves the room as it was.
    void find_limit_problems(const std::vector<Change>& all, std::map<std::int64_t, std::string>& problems) {
        std::map<std::int64_t, std::vector<Change>> by_invoice;
        for (Change const& change : all) {
            by_invoice[change.invoice_id].push_back(change);
        }
        for (auto const& [invoice_id, changes] : by_invoice) {
            NteBook& limits = book_.limits(book_.known_contract(changes.front().contract_id));
            if (std::optional<NteLevel> const level = limits.claim_together(as_seen_by_limits(changes))) {
                problems.try_emplace(invoice_id, limit_problem(changes, *level));
            }
        }
    }

    // What is billed on a fixed-price line counts at the levels of customer and contract, like its milestones.
    std::vector<NteChange> as_seen_by_limits(const std::vector<Change>& changes) {
        std::vector<NteChange> seen;
        for (Change const& change : changes) {
            bool const is_fixed = book_.known_line(change.line_id).method == BillingMethod::fixed_price;
            seen.push_back({is_fixed ? 0 : change.line_id, change.customer_id, change.amount});
        }
        return seen;
    }

    static std::string limit_problem(const std::vector<Change>& changes, NteLevel level) {
        Decimal added;
        for (Change const& change : changes) {
            added += change.amount;
        }
        std::string name(label(level));
        std::replace(name.begin(), name.end(), '_', ' ');
        return "edits and manual details add " + added.trimmed().text() +
               ", more than the not-to-exceed limit of the " + name + " leaves";
    }

    // What corrective invoices take back.
    struct Corrected {
        Ids sales;
        Ids contracts;  // of the sales
        Ids milestones; // credited in full
        std::vector<CreditedShare> parts;
        Ids products;
    };

    // --- log and proof
    // --------------------------------------------------------------------------------------------------

    struct Line {
        std::int64_t invoice_line_id;
        std::int64_t invoice_id;
        std::int64_t contract_id;
        std::int64_t contract_line_id;
        std::int64_t customer_id;
        Decimal amount;
    };

    void read_lines() {
        static pg::Statement read{R"(
            SELECT invoice_line_id, invoice_id, contract_id, contract_line_id, customer_id, amount
              FROM billing.invoice_line WHERE invoice_id = ANY ($1) ORDER BY invoice_id, invoice_line_id)",
                                  {INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(accepted_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            lines_.push_back(
                {rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), rows.id(i, 4), rows.id(i, 5), rows.decimal(i, 6)});
        }
    }

    // One log row per line, with what its sources come to.
    void log_sources() {
        static pg::Statement insert{
            "INSERT INTO billing.operation_change"
            "    (operation_id, contract_id, item, status_column, from_status, to_status, contract_line_id, "
            "customer_id,"
            "     item_count, amount, tax, ids)"
            " SELECT $3, l.contract_id, 'actual', 'billing_status', 'customer_invoice_created',"
            "        'customer_invoice_posted', l.contract_line_id, l.customer_id, pg_catalog.count(*),"
            "        coalesce(pg_catalog.sum(a.amount) FILTER (WHERE a.billing_type = 'chargeable'), 0),"
            "        coalesce(pg_catalog.sum(a.tax) FILTER (WHERE a.billing_type = 'chargeable'), 0),"
            "        pg_catalog.array_agg(a.actual_id)"
            "   FROM" BILLING_LINKED_ACTUALS "  GROUP BY l.contract_id, l.contract_line_id, l.customer_id",
            {INT8ARRAYOID, INT8ARRAYOID, INT8OID},
            pg::Planning::by_scan};
        guard::write(insert, "operation_change", guard::Write::insert,
                     pg::Parameters().ids(accepted_).ids(book_.contract_ids()).id(operation_));
    }

    // Totals of drafts without stored details must be those of their sources; anything else is a broken invariant.
    void prove_totals() const {
        static pg::Statement read{R"(
            SELECT h.contract_line_id, h.customer_id, h.amount, t.amount
              FROM billing.operation_change h
              JOIN (SELECT l.contract_id, l.contract_line_id, l.customer_id, pg_catalog.sum(l.amount) AS amount,
                           pg_catalog.sum(l.tax) AS tax
                      FROM billing.invoice_line l WHERE l.invoice_id = ANY ($2)
                     GROUP BY l.contract_id, l.contract_line_id, l.customer_id) t
                ON t.contract_id = h.contract_id AND t.contract_line_id = h.contract_line_id AND t.customer_id = h.customer_id
              JOIN billing.contract_line c ON c.contract_id = h.contract_id AND c.contract_line_id = h.contract_line_id
                                          AND c.billing_method = 'time_and_material'
             WHERE h.operation_id = $1 AND (h.amount, h.tax) IS DISTINCT FROM (t.amount, t.tax)
               AND NOT EXISTS (SELECT 1 FROM billing.invoice_line e
                                WHERE e.invoice_id = ANY ($3) AND e.contract_line_id = h.contract_line_id
                                  AND e.customer_id = h.customer_id))",
                                  {INT8OID, INT8ARRAYOID, INT8ARRAYOID}};
        pg::Rows const rows = pg::query(read, pg::Parameters().id(operation_).ids(plain_).ids(edited_));
        if (!rows.empty()) {
            throw DomainError(sqlstate::inconsistent,
                              "the total of an invoice line differs from its details (contract line " +
                                  std::to_string(rows.id(0, 1)) + ", customer " + std::to_string(rows.id(0, 2)) + ")",
                              "Details " + rows.decimal(0, 3).text() + ", line " + rows.decimal(0, 4).text() + ".",
                              "Run SELECT * FROM billing.verify();");
        }
    }

    // --- billing
    // ----------------------------------------------------------------------------------------------------------

    void bill_as_it_is() {
        static pg::Statement plain{
            BILLING_BILL_AS_IT_IS(BILLING_LINKED_ACTUALS), {INT8ARRAYOID, INT8ARRAYOID}, pg::Planning::by_scan};
        static pg::Statement not_edited{BILLING_BILL_AS_IT_IS(BILLING_LINKED_ACTUALS BILLING_NOT_EDITED),
                                        {INT8ARRAYOID, INT8ARRAYOID},
                                        pg::Planning::by_scan};
        if (!plain_.empty()) {
            guard::write(plain, "actual", guard::Write::insert, pg::Parameters().ids(plain_).ids(book_.contract_ids()));
        }
        if (!edited_.empty()) {
            guard::write(not_edited, "actual", guard::Write::insert,
                         pg::Parameters().ids(edited_).ids(book_.contract_ids()));
        }
    }

    // What limits did not count before it is billed: sales written when there was no limit, and product lines. What
    // returns to the backlog must not get room that is not there.
    void claim_uncounted_sources() {
        static pg::Statement sales{
            BILLING_AMOUNTS_OF_LINKED("<> 'committed'"), {INT8ARRAYOID, INT8ARRAYOID}, pg::Planning::by_scan};
        static pg::Statement products{R"(
            SELECT d.contract_id, 0::int8, d.customer_id, pg_catalog.sum(d.net_amount)
              FROM billing.draft_detail d
             WHERE d.invoice_id = ANY ($1) AND d.detail_kind IN ('product', 'product_correction')
             GROUP BY d.contract_id, d.customer_id)",
                                      {INT8ARRAYOID},
                                      pg::Planning::as_written};
        Ids limited;
        for (std::int64_t const id : book_.contract_ids()) {
            if (book_.limits(book_.known_contract(id)).has_limits()) {
                limited.push_back(id);
            }
        }
        if (!limited.empty()) {
            claim_uncounted(pg::query(sales, pg::Parameters().ids(accepted_).ids(limited)));
            claim_uncounted(pg::query(products, pg::Parameters().ids(accepted_)));
        }
    }

    void claim_uncounted(const pg::Rows& rows) {
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            NteBook& limits = book_.limits(book_.known_contract(rows.id(i, 1)));
            if (rows.id(i, 2) == 0) {
                limits.release_milestone(rows.id(i, 3), -rows.decimal(i, 4));
            } else {
                limits.release(rows.id(i, 2), rows.id(i, 3), -rows.decimal(i, 4));
            }
        }
    }

    void bill_stored_details() {
        static pg::Statement read{R"(
            SELECT d.detail_kind::text, d.source_id, d.detail_id, d.contract_id, d.invoice_id, d.invoice_line_id,
                   d.contract_line_id, d.customer_id, d.entry_id, d.transaction_class, d.transaction_date,
                   d.billing_type, d.quantity, d.price, d.amount, d.tax, d.source_billing_type, d.source_quantity,
                   d.source_price, d.source_amount, d.source_tax, d.description, d.external_description,
                   d.source_description, d.source_external_description, d.milestone_split_id,
                   d.discount_percent, d.fee_percent, d.discount_amount, d.fee_amount,
                   d.discount_percent, d.fee_percent, d.source_discount_amount, d.source_fee_amount,
                   coalesce(d.keep_rest, false), d.journal_line_id
              FROM billing.draft_detail d
             WHERE d.invoice_id = ANY ($1) AND d.detail_id IS NOT NULL
               AND d.detail_kind IN ('actual', 'manual', 'correction', 'milestone_correction', 'product_correction')
             ORDER BY d.contract_id, d.transaction_date, d.detail_id)",
                                  {INT8ARRAYOID},
                                  pg::Planning::as_written};
        if (edited_.empty()) {
            return;
        }
        claim_uncounted_sources();
        pg::RowBatch batch("confirmed_actual", {{"contract_id", INT8OID},
                                                {"actual_id", INT8OID},
                                                {"contract_line_id", INT8OID},
                                                {"customer_id", INT8OID},
                                                {"entry_id", INT8OID},
                                                {"detail_id", INT8OID},
                                                {"source_id", INT8OID},
                                                {"reverses_id", INT8OID},
                                                {"invoice_id", INT8OID},
                                                {"invoice_line_id", INT8OID},
                                                {"transaction_type", pg::type_oid("transaction_type")},
                                                {"transaction_class", pg::type_oid("transaction_class")},
                                                {"billing_type", pg::type_oid("billing_type")},
                                                {"billing_status", pg::type_oid("billing_status")},
                                                {"adjustment_status", pg::type_oid("adjustment_status")},
                                                {"transaction_date", DATEOID},
                                                {"quantity", NUMERICOID},
                                                {"price", NUMERICOID},
                                                {"amount", NUMERICOID},
                                                {"tax", NUMERICOID},
                                                {"description", TEXTOID},
                                                {"external_description", TEXTOID},
                                                {"milestone_split_id", INT8OID},
                                                {"journal_line_id", INT8OID},
                                                {"nte_status", pg::type_oid("nte_status")},
                                                {"nte_failed_level", pg::type_oid("nte_level")},
                                                BILLING_EXTENSION_BATCH_COLUMNS});
        pg::query_in_batches(read, pg::Parameters().ids(edited_), details_per_batch, [&](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                bill_stored_detail(*from_label<DetailKind>(rows.text(i, 1)), rows, i, batch);
            }
            write_batch(batch);
        });
        batch.close();
    }

    void bill_stored_detail(DetailKind kind, const pg::Rows& rows, std::uint64_t i, pg::RowBatch& batch) {
        if (kind == DetailKind::manual) {
            bill_manual(rows, i, batch);
        } else if (kind == DetailKind::actual) {
            bill_edited(rows, i, batch);
        } else {
            bill_correction(kind, rows, i, batch);
        }
    }

    DetailTerms terms_at(const pg::Rows& rows, std::uint64_t i, int first, int first_of_extension) const {
        return {billing_type_(rows.value(i, first)), rows.decimal(i, first + 1),
                rows.decimal(i, first + 2),          rows.decimal(i, first + 3),
                rows.decimal(i, first + 4),          extension_at(rows, i, first_of_extension)};
    }

    DetailTerms detail_at(const pg::Rows& rows, std::uint64_t i) const { return terms_at(rows, i, 12, 27); }
    DetailTerms source_at(const pg::Rows& rows, std::uint64_t i) const { return terms_at(rows, i, 17, 31); }

    void bill_edited(const pg::Rows& rows, std::uint64_t i, pg::RowBatch& batch) {
        DetailTerms const edited = detail_at(rows, i);
        DetailTerms const source = source_at(rows, i);
        std::int64_t const actual_id = rows.id(i, 2);
        if (supersedes_source(source, edited)) {
            superseded_.push_back(actual_id);
        }
        int const money_scale = book_.known_contract(rows.id(i, 4)).money_scale;
        add_rows(rows, i, actual_id, 0, confirm_sale(source, edited, money_scale, rows.flag(i, 35)), batch);
    }

    void bill_manual(const pg::Rows& rows, std::uint64_t i, pg::RowBatch& batch) {
        bool const has_unbilled = book_.known_line(rows.id(i, 7)).method == BillingMethod::time_and_material;
        add_rows(rows, i, 0, rows.id(i, 3), confirm_manual(detail_at(rows, i), has_unbilled), batch);
    }

    void bill_correction(DetailKind kind, const pg::Rows& rows, std::uint64_t i, pg::RowBatch& batch) {
        DetailTerms const billed = source_at(rows, i);
        corrected_.contracts.push_back(rows.id(i, 4));
        corrected_.sales.push_back(rows.id(i, 2));
        DetailTerms const stands = detail_at(rows, i);
        bool const is_part = kind == DetailKind::milestone_correction && !stands.quantity.is_zero();
        if (is_part) {
            corrected_.parts.push_back({rows.id(i, 26),
                                        rows.id(i, 2),
                                        rows.id(i, 6),
                                        {billed.amount, billed.tax},
                                        {stands.amount, stands.tax}});
        }
        if (kind == DetailKind::correction || is_part) {
            bool const has_unbilled = book_.known_line(rows.id(i, 7)).method == BillingMethod::time_and_material;
            add_rows(rows, i, rows.id(i, 2), rows.id(i, 3),
                     confirm_correction(billed, stands, book_.known_contract(rows.id(i, 4)).money_scale, has_unbilled),
                     batch);
            return;
        }
        if (kind == DetailKind::milestone_correction) {
            corrected_.milestones.push_back(rows.id(i, 26));
        } else {
            corrected_.products.push_back(rows.id(i, 7));
        }
        add_rows(rows, i, rows.id(i, 2), rows.id(i, 3), {credit_in_full(billed)}, batch);
    }

    // A row to write, judged by the limits.
    struct JudgedRow {
        ConfirmedRow row;
        NteVerdict verdict;
    };

    // What a correction returns to the backlog, or an edit keeps there, is judged by the limits like new work; the
    // credit or the edit made room before. It is the last of the rows, so that two may take its place.
    std::vector<JudgedRow> judged(const std::vector<ConfirmedRow>& confirmed, std::int64_t contract_id,
                                  std::int64_t line_id, std::int64_t customer_id) {
        std::vector<JudgedRow> rows;
        for (ConfirmedRow const& row : confirmed) {
            bool const counts = row.is_open() && row.terms.billing_type == BillingType::chargeable &&
                                book_.known_line(line_id).method == BillingMethod::time_and_material;
            rows.push_back({row, {NteStatus::not_applicable, std::nullopt}});
            if (counts) {
                NteFit const fit = book_.fit(contract_id, line_id, customer_id, sale_of(row.terms));
                rows.back().verdict = fit.split ? committed_verdict() : fit.verdict;
                if (fit.split) {
                    rows.back().row.terms = part_of(row.terms, fit.split->fits);
                    rows.push_back({row, fit.verdict});
                    rows.back().row.terms = part_of(row.terms, fit.split->rest);
                }
            }
        }
        for (JudgedRow const& one : rows) {
            if (one.row.is_open()) {
                totals_.add(contract_id, line_id, customer_id,
                            one.verdict.status == NteStatus::committed ? one.row.terms.amount : Decimal(), Decimal());
            }
        }
        return rows;
    }

    static NteSale sale_of(const DetailTerms& terms) {
        return {terms.quantity, terms.price, terms.amount, terms.tax, terms.extension};
    }

    static DetailTerms part_of(const DetailTerms& terms, const NteSale& part) {
        return {terms.billing_type, part.quantity, terms.price, part.amount, part.tax, part.extension};
    }

    // Gives each row its id and resolves what it refers to.
    void add_rows(const pg::Rows& rows, std::uint64_t i, std::int64_t source_id, std::int64_t detail_id,
                  const std::vector<ConfirmedRow>& confirmed, pg::RowBatch& batch) {
        std::vector<JudgedRow> const written = judged(confirmed, rows.id(i, 4), rows.id(i, 7), rows.id(i, 8));
        Ids ids;
        for (std::size_t k = 0; k < written.size(); ++k) {
            ids.push_back(actual_ids_.next());
        }
        auto const resolve = [&](int reference) {
            return reference == no_row       ? std::int64_t{0}
                   : reference == source_row ? source_id
                                             : ids[static_cast<std::size_t>(reference)];
        };
        for (std::size_t k = 0; k < written.size(); ++k) {
            ConfirmedRow const& row = written[k].row;
            NteVerdict const& verdict = written[k].verdict;
            batch.id(rows.id(i, 4)).id(ids[k]).id(rows.id(i, 7)).id(rows.id(i, 8)).id_or_null(rows.id_or(i, 9, 0));
            batch.id_or_null(detail_id).id_or_null(resolve(row.source)).id_or_null(resolve(row.reverses));
            // What returns to the backlog is on no invoice line.
            batch.id(rows.id(i, 5)).id_or_null(row.is_open() ? 0 : rows.id(i, 6));
            batch.add(transaction_type_(row.type)).add(rows.value(i, 10));
            batch.add(billing_type_(row.terms.billing_type)).add(billing_status_(row.status));
            batch.add(adjustment_status_(row.adjustment))
                .add(rows.value(i, 11))
                .add(pg::numeric_of(row.terms.quantity));
            batch.add(pg::numeric_of(row.terms.price)).add(pg::numeric_of(row.terms.amount));
            batch.add(pg::numeric_of(row.terms.tax));
            // What takes the source back copies its texts, too; so does what an edit keeps of it in the backlog.
            bool const is_kept = row.is_open() && detail_id == 0;
            int const texts = row.reverses == source_row || is_kept ? 24 : 22;
            add_text(batch, rows.datum(i, texts));
            add_text(batch, rows.datum(i, texts + 1));
            batch.id_or_null(rows.id_or(i, 26, 0)).id_or_null(rows.id_or(i, 36, 0));
            batch.add(nte_status_(verdict.status));
            verdict.failed_level ? batch.add(nte_level_(*verdict.failed_level)) : batch.add_null();
            add_extension(batch, row.terms.extension);
            batch.emit();
        }
    }

    static void add_text(pg::RowBatch& batch, const std::optional<Datum>& text) {
        text ? batch.add(*text) : batch.add_null();
    }

    static void write_batch(pg::RowBatch& batch) {
        static pg::Statement insert{R"(
            INSERT INTO billing.actual
                (contract_id, actual_id, contract_line_id, customer_id, entry_id, detail_id, source_id, reverses_id,
                 invoice_id, invoice_line_id, transaction_type, transaction_class, billing_type, billing_status,
                 adjustment_status, transaction_date, quantity, price, amount, tax, description, external_description,
                 milestone_split_id, journal_line_id, nte_status, nte_failed_level, discount_percent, fee_percent,
                 discount_amount, fee_amount, is_open)
            SELECT contract_id, actual_id, contract_line_id, customer_id, entry_id, detail_id, source_id, reverses_id,
                   invoice_id, invoice_line_id, transaction_type, transaction_class, billing_type, billing_status,
                   adjustment_status, transaction_date, quantity, price, amount, tax, description, external_description,
                   milestone_split_id, journal_line_id, nte_status, nte_failed_level, discount_percent, fee_percent,
                   discount_amount, fee_amount, billing_status = 'not_ready_to_invoice'
              FROM confirmed_actual)",
                                    {}};
        guard::write(insert, "actual", guard::Write::insert);
        batch.clear();
    }

    void bill_milestones() {
        static pg::Statement insert{R"(
            INSERT INTO billing.actual
                (contract_id, contract_line_id, customer_id, milestone_split_id, invoice_id, invoice_line_id,
                 transaction_type, transaction_class, billing_type, billing_status, transaction_date, quantity, price,
                 amount, tax, description, external_description)
            SELECT d.contract_id, d.contract_line_id, d.customer_id, d.source_id, d.invoice_id, d.invoice_line_id,
                   'billed_sales', 'milestone', d.billing_type, 'customer_invoice_posted', d.transaction_date, 1, d.amount,
                   d.amount, d.tax, d.description, d.external_description
              FROM billing.draft_detail d
             WHERE d.invoice_id = ANY ($1) AND d.detail_kind = 'milestone')",
                                    {INT8ARRAYOID},
                                    pg::Planning::as_written};
        static pg::Statement post{R"(
            UPDATE billing.milestone_split s
               SET milestone_status = 'customer_invoice_posted', has_billing_history = true
              FROM billing.invoice_line l
             WHERE l.invoice_id = ANY ($1) AND s.contract_id = l.contract_id AND s.contract_line_id = l.contract_line_id
               AND s.customer_id = l.customer_id AND s.invoice_line_id = l.invoice_line_id
               AND s.milestone_status = 'customer_invoice_created'
            RETURNING s.contract_id, s.milestone_split_id)",
                                  {INT8ARRAYOID}};
        guard::write(insert, "actual", guard::Write::insert, pg::Parameters().ids(accepted_));
        log_posted(
            "milestone_split", "milestone_status",
            guard::write_returning(post, "milestone_split", guard::Write::update, pg::Parameters().ids(accepted_)));
    }

    void bill_products() {
        static pg::Statement insert{R"(
            INSERT INTO billing.actual
                (contract_id, contract_line_id, customer_id, invoice_id, invoice_line_id, transaction_type,
                 transaction_class, billing_type, billing_status, transaction_date, quantity, price, amount, tax,
                 description, external_description)
            SELECT d.contract_id, d.contract_line_id, d.customer_id, d.invoice_id, d.invoice_line_id, 'billed_sales',
                   'material', 'chargeable', 'customer_invoice_posted', d.transaction_date, d.quantity, d.price, d.amount,
                   d.tax, d.description, d.external_description
              FROM billing.draft_detail d
             WHERE d.invoice_id = ANY ($1) AND d.detail_kind = 'product')",
                                    {INT8ARRAYOID},
                                    pg::Planning::as_written};
        static pg::Statement post{R"(
            UPDATE billing.contract_line p
               SET product_status = 'customer_invoice_posted'
              FROM billing.invoice_line l
             WHERE l.invoice_id = ANY ($1) AND p.contract_id = l.contract_id AND p.contract_line_id = l.contract_line_id
               AND p.invoice_line_id = l.invoice_line_id AND p.product_status = 'customer_invoice_created'
            RETURNING p.contract_id, p.contract_line_id)",
                                  {INT8ARRAYOID}};
        guard::write(insert, "actual", guard::Write::insert, pg::Parameters().ids(accepted_));
        log_posted(
            "contract_line", "product_status",
            guard::write_returning(post, "contract_line", guard::Write::update, pg::Parameters().ids(accepted_)));
    }

    void log_posted(const char* item, const char* column, const pg::Rows& rows) const {
        log_moved(item, column, "customer_invoice_created", "customer_invoice_posted", rows);
    }

    void log_moved(const char* item, const char* column, const char* from, const char* to, const pg::Rows& rows) const {
        log_changes(operation_, {0, item, column, from, to}, rows.ids(1), rows.ids(2));
    }

    // --- closing
    // ----------------------------------------------------------------------------------------------------------

    // Collects, before the sources are closed, what they had committed against the limits. A total of 0 does not mean
    // that there is nothing: negative work makes up for positive.
    void release_commitments() {
        static pg::Statement read{
            BILLING_AMOUNTS_OF_LINKED("= 'committed'"), {INT8ARRAYOID, INT8ARRAYOID}, pg::Planning::by_scan};
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(accepted_).ids(book_.contract_ids()));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            totals_.add(rows.id(i, 1), rows.id(i, 2), rows.id(i, 3), -rows.decimal(i, 4), Decimal());
        }
    }

    void close_sources() {
        static pg::Statement superseded{R"(
            UPDATE billing.actual
               SET billing_status = 'canceled', adjustment_status = 'adjusted', is_open = false
             WHERE actual_id = ANY ($1))",
                                        {INT8ARRAYOID}};
        static pg::Statement posted{R"(
            UPDATE billing.actual a SET billing_status = 'customer_invoice_posted', is_open = false
              FROM billing.invoice_line l
             WHERE a.contract_id = ANY ($2) AND a.is_open AND l.invoice_id = ANY ($1)
               AND l.invoice_line_id = a.invoice_line_id AND l.contract_id = a.contract_id)",
                                    {INT8ARRAYOID, INT8ARRAYOID},
                                    pg::Planning::by_scan};
        release_commitments();
        close_corrected();
        if (!superseded_.empty()) {
            guard::write(superseded, "actual", guard::Write::update, pg::Parameters().ids(superseded_));
            log_superseded();
        }
        log_sources();
        prove_totals();
        guard::write(posted, "actual", guard::Write::update, pg::Parameters().ids(accepted_).ids(book_.contract_ids()));
    }

    // The corrected billed sales, and the milestones and product lines that are ready again.
    void close_corrected() const {
        static pg::Statement adjusted{R"(
            UPDATE billing.actual SET adjustment_status = 'adjusted'
             WHERE actual_id = ANY ($1) AND adjustment_status = 'in_process')",
                                      {INT8ARRAYOID}};
        static pg::Statement milestones{R"(
            UPDATE billing.milestone_split SET milestone_status = 'ready_to_invoice', invoice_line_id = NULL
             WHERE milestone_split_id = ANY ($1) AND milestone_status = 'customer_invoice_posted'
            RETURNING contract_id, milestone_split_id)",
                                        {INT8ARRAYOID}};
        static pg::Statement products{R"(
            UPDATE billing.contract_line SET product_status = 'ready_to_invoice', invoice_line_id = NULL
             WHERE contract_line_id = ANY ($1) AND product_status = 'customer_invoice_posted'
            RETURNING contract_id, contract_line_id)",
                                      {INT8ARRAYOID}};
        if (corrected_.sales.empty()) {
            return;
        }
        log_changes(operation_, {0, "actual", "adjustment_status", "in_process", "adjusted"}, corrected_.contracts,
                    corrected_.sales);
        guard::write(adjusted, "actual", guard::Write::update, pg::Parameters().ids(corrected_.sales));
        log_moved("milestone_split", "milestone_status", "customer_invoice_posted", "ready_to_invoice",
                  guard::write_returning(milestones, "milestone_split", guard::Write::update,
                                         pg::Parameters().ids(corrected_.milestones)));
        split_credited_shares(operation_, corrected_.parts);
        log_moved("contract_line", "product_status", "customer_invoice_posted", "ready_to_invoice",
                  guard::write_returning(products, "contract_line", guard::Write::update,
                                         pg::Parameters().ids(corrected_.products)));
    }

    void log_superseded() const {
        static pg::Statement insert{R"(
            INSERT INTO billing.operation_change
                (operation_id, contract_id, item, status_column, from_status, to_status, item_count, ids)
            SELECT $2, a.contract_id, 'actual', k.status_column, k.from_status, k.to_status, pg_catalog.count(*),
                   pg_catalog.array_agg(a.actual_id)
              FROM billing.actual a
             CROSS JOIN (VALUES ('adjustment_status', 'adjustable', 'adjusted'),
                                ('billing_status', 'customer_invoice_created', 'canceled'))
                        AS k (status_column, from_status, to_status)
             WHERE a.actual_id = ANY ($1)
             GROUP BY a.contract_id, k.status_column, k.from_status, k.to_status)",
                                    {INT8ARRAYOID, INT8OID}};
        guard::write(insert, "operation_change", guard::Write::insert,
                     pg::Parameters().ids(superseded_).id(operation_));
    }

    using LineAndCustomer = std::pair<std::int64_t, std::int64_t>;

    // What earlier invoices billed of the product lines on these: they have no line customer that would know.
    std::map<LineAndCustomer, Decimal> billed_of_products() {
        static pg::Statement read{R"(
            SELECT l.contract_line_id, l.customer_id, pg_catalog.sum(l.amount)
              FROM unnest($1, $2) AS p (contract_id, contract_line_id)
              JOIN billing.invoice v ON v.contract_id = p.contract_id AND v.number IS NOT NULL AND v.invoice_id <> ALL ($3)
              JOIN billing.invoice_line l ON l.invoice_id = v.invoice_id AND l.contract_id = v.contract_id
                                         AND l.contract_line_id = p.contract_line_id
             GROUP BY l.contract_line_id, l.customer_id)",
                                  {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}};
        std::map<std::int64_t, std::int64_t> products; // contract by line
        for (Line const& line : lines_) {
            if (book_.known_line(line.contract_line_id).customer(line.customer_id) == nullptr) {
                products[line.contract_line_id] = line.contract_id;
            }
        }
        std::map<LineAndCustomer, Decimal> billed;
        if (products.empty()) {
            return billed;
        }
        Ids contracts, lines;
        for (auto const& [line, contract] : products) {
            contracts.push_back(contract);
            lines.push_back(line);
        }
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(contracts).ids(lines).ids(accepted_));
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            billed[{rows.id(i, 1), rows.id(i, 2)}] = rows.decimal(i, 3);
        }
        return billed;
    }

    // Running totals of line customers, and each line's cumulative amount.
    void write_totals() {
        static pg::Statement update{R"(
            UPDATE billing.invoice_line l SET invoiced_to_date = d.amount
              FROM unnest($1, $2) AS d (invoice_line_id, amount)
             WHERE l.invoice_line_id = d.invoice_line_id)",
                                    {INT8ARRAYOID, NUMERICARRAYOID}};
        std::map<LineAndCustomer, Decimal> billed = billed_of_products();
        Ids ids;
        std::vector<Decimal> amounts;
        for (Line const& line : lines_) {
            LineCustomer const* customer = book_.known_line(line.contract_line_id).customer(line.customer_id);
            auto const [found, is_new] = billed.try_emplace({line.contract_line_id, line.customer_id});
            if (is_new && customer != nullptr) {
                found->second = customer->billed;
            }
            found->second += line.amount;
            ids.push_back(line.invoice_line_id);
            amounts.push_back(found->second);
            if (customer != nullptr) {
                totals_.add(line.contract_id, line.contract_line_id, line.customer_id, Decimal(), line.amount);
            }
        }
        totals_.write();
        guard::write(update, "invoice_line", guard::Write::update, pg::Parameters().ids(ids).decimals(amounts));
    }

    // Legal numbers, in the order of the invoice ids. The counter's row is held until commit: gapless, and taken last,
    // in the order of company and series, so that confirmations of other contracts wait as little as possible.
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> draw_numbers() const {
        static pg::Statement create{R"(
            INSERT INTO billing.invoice_series (company_id, series)
            SELECT * FROM unnest($1, $2)
            ON CONFLICT DO NOTHING)",
                                    {INT8ARRAYOID, TEXTARRAYOID}};
        static pg::Statement draw{R"(
            UPDATE billing.invoice_series SET issued = issued + $3
             WHERE company_id = $1 AND series = $2 RETURNING start_after + issued - $3)",
                                  {INT8OID, TEXTOID, INT8OID}};
        std::map<std::pair<std::int64_t, std::string>, std::int64_t> wanted;
        for (ListedInvoice const& invoice : invoices_.all()) {
            if (refused_.count(invoice.invoice_id) == 0) {
                ++wanted[{invoice.company_id, invoice.series}];
            }
        }
        Ids companies;
        std::vector<std::string> series;
        for (auto const& [key, count] : wanted) {
            companies.push_back(key.first);
            series.push_back(key.second);
        }
        guard::write(create, "invoice_series", guard::Write::insert, pg::Parameters().ids(companies).texts(series));
        for (auto& [key, count] : wanted) {
            count = guard::write_returning(draw, "invoice_series", guard::Write::update,
                                           pg::Parameters().id(key.first).text(key.second).id(count))
                        .id(0, 1);
        }
        return wanted;
    }

    void confirm_headers() {
        static pg::Statement update{R"(
            UPDATE billing.invoice v
               SET project_invoice_status = 'confirmed', series = d.series, number = d.number, confirmed_at = pg_catalog.clock_timestamp(),
                   accounting_date = coalesce(v.accounting_date, pg_catalog.date(pg_catalog.now()))
              FROM unnest($1, $2, $3) AS d (invoice_id, series, number)
             WHERE v.invoice_id = d.invoice_id)",
                                    {INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID}};
        auto last_numbers = draw_numbers();
        Ids ids;
        std::vector<std::string> series;
        Ids numbers;
        std::map<std::string, std::pair<Ids, Ids>> moved;
        for (ListedInvoice const& invoice : invoices_.all()) {
            if (refused_.count(invoice.invoice_id) == 0) {
                ids.push_back(invoice.invoice_id);
                series.push_back(invoice.series);
                numbers.push_back(++last_numbers[{invoice.company_id, invoice.series}]);
                moved[invoice.status].first.push_back(invoice.contract_id);
                moved[invoice.status].second.push_back(invoice.invoice_id);
            }
        }
        guard::write(update, "invoice", guard::Write::update, pg::Parameters().ids(ids).texts(series).ids(numbers));
        for (auto const& [from, contracts_and_ids] : moved) {
            log_changes(operation_, {0, "invoice", "project_invoice_status", from, "confirmed"},
                        contracts_and_ids.first, contracts_and_ids.second);
        }
    }

    void report() {
        static pg::Statement read{R"(
            SELECT i.id, v.contract_id, v.invoice_number, v.total_amount
              FROM unnest($1) AS i (id) LEFT JOIN billing.invoice v ON v.invoice_id = i.id)",
                                  {INT8ARRAYOID}};
        Ids ids;
        for (ListedInvoice const& invoice : invoices_.all()) {
            ids.push_back(invoice.invoice_id);
        }
        pg::Rows const rows = pg::query(read, pg::Parameters().ids(ids));
        pg::EnumOids<ItemOutcome> const outcomes;
        for (std::uint64_t i = 0; i < rows.count(); ++i) {
            auto const refusal = refused_.find(rows.id(i, 1));
            bool const is_refused = refusal != refused_.end();
            verb_.result.id(rows.id(i, 1)).id_or_null(rows.id_or(i, 2, 0));
            verb_.result.add(outcomes(is_refused ? ItemOutcome::refused : ItemOutcome::changed));
            verb_.result.text_or_null(is_refused ? refusal->second : "");
            verb_.result.maybe(rows.datum(i, 3)).maybe(rows.datum(i, 4)).emit();
        }
    }

    Verb& verb_;
    InvoiceList invoices_;
    ContractBook book_;
    ActualIds actual_ids_;
    std::int64_t operation_ = 0;
    std::set<std::int64_t> with_stored_;
    std::map<std::int64_t, std::string> refused_;
    Ids accepted_;
    Ids plain_;  // accepted, nothing stored: every detail is billed as it is
    Ids edited_; // accepted, with edited or manual details or corrections
    std::vector<Line> lines_;
    Ids superseded_; // sources whose detail was edited
    Corrected corrected_;
    LineTotals totals_;
    pg::EnumOids<TransactionType> transaction_type_;
    pg::EnumOids<BillingType> billing_type_;
    pg::EnumOids<BillingStatus> billing_status_;
    pg::EnumOids<AdjustmentStatus> adjustment_status_;
    pg::EnumOids<NteStatus> nte_status_;
    pg::EnumOids<NteLevel> nte_level_;
};

} // namespace

} // namespace billing::engine

using namespace billing::engine;

Datum confirm_invoices(PG_FUNCTION_ARGS) {
    return run_verb(fcinfo, "confirm_invoices", [](Verb& verb) { Confirmation(verb).run(); });
}
