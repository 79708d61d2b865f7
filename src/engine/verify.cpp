// verify(): what must always be true, checked set by set. No row when all is sound.

#include "engine/verb.hpp"
#include "pg/exports.hpp"

namespace billing::engine {

namespace {

// A check and the query that returns its violations: contract_id, item, detail.
struct Check {
    const char* name;
    pg::Statement violations;

    // Whole tables are compared, so the planner is free to hash and scan.
    constexpr Check(const char* check_name, const char* query)
        : name(check_name), violations(query, {}, pg::Planning::free) {}
};

// The newest reversal of each entry that was taken back or written again: what is older has been settled, what is newer
// is what the entry became last.
#define BILLING_TAKEN_BACK                                                                                             \
    "(SELECT entry_id, pg_catalog.max(actual_id) AS last_id FROM billing.actual"                                       \
    "  WHERE reverses_id IS NOT NULL AND invoice_id IS NULL AND entry_id IS NOT NULL GROUP BY entry_id)"

Check checks[] = {
    // --- guards
    // -------------------------------------------------------------------------------------------------------
    {"guard in place",
     R"(
        SELECT NULL::int8, 'billing.' || g.table_name, 'trigger ' || g.trigger_name
               || CASE WHEN t.oid IS NULL THEN ' is missing' WHEN t.tgenabled <> 'A' THEN ' is not ENABLE ALWAYS'
                       ELSE ' is not as install() makes it' END
          FROM (SELECT n.table_name, k.trigger_name, k.function_name, k.type, NULL::text AS condition
                  FROM (VALUES ('contract'), ('contract_customer'), ('contract_line'), ('contract_line_customer'),
                               ('contract_line_scope'), ('milestone_split'), ('invoice'), ('invoice_line'),
                               ('invoice_detail'), ('invoice_series'), ('operation'), ('operation_change')) n (table_name)
                 CROSS JOIN (VALUES ('billing_guard_row', 'guard_row', 29), ('billing_guard_truncate', 'guard_statement', 34))
                            k (trigger_name, function_name, type)
                UNION ALL
                VALUES ('actual', 'billing_guard_statement', 'guard_statement', 14, NULL),
                       ('actual', 'billing_guard_update', 'guard_row', 17,
                        'billing.guard_wakes(old.tableoid, old.billing_status, new.billing_status, old.adjustment_status, '
                        || 'new.adjustment_status, old.nte_status, new.nte_status)') ,
                       ('actual', 'billing_guard_shape', 'guard_row', 9, NULL),
                       ('actual', 'billing_guard_truncate', 'guard_statement', 34, NULL),
                       ('entry', 'billing_guard_insert', 'guard_row', 5, '(new.entry_status <> ''draft''::billing.entry_status)'),
                       ('entry', 'billing_guard_update', 'guard_row', 17, 'billing.guard_wakes(old.tableoid, old.entry_status, new.entry_status)'),
                       ('entry', 'billing_guard_delete', 'guard_row', 9, NULL),
                       ('entry', 'billing_guard_truncate', 'guard_statement', 34, NULL),
                       ('milestone', 'billing_guard_truncate', 'guard_statement', 34, NULL)) g
          LEFT JOIN pg_catalog.pg_trigger t
            ON t.tgrelid = pg_catalog.to_regclass('billing.' || g.table_name) AND t.tgname = g.trigger_name
          LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
         WHERE t.oid IS NULL OR t.tgenabled <> 'A' OR p.proname <> g.function_name
            OR p.pronamespace <> 'billing'::pg_catalog.regnamespace OR t.tgtype <> g.type
            OR t.tgargs <> pg_catalog.convert_to(g.table_name, 'UTF8') || '\x00'::pg_catalog.bytea OR t.tgattr <> ''
            OR CASE WHEN g.condition IS NULL THEN t.tgqual IS NOT NULL
                    ELSE pg_catalog.strpos(pg_catalog.pg_get_triggerdef(t.oid),
                            'FOR EACH ROW WHEN (' || g.condition || ') EXECUTE FUNCTION ') = 0 END)"},
    {"guard functions are ours",
     R"(
        SELECT NULL::int8, 'function billing.' || f.name, 'was replaced'
          FROM (VALUES ('guard_row'), ('guard_statement'), ('guard_wakes')) f (name)
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
                             JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname = 'c'
                            WHERE p.pronamespace = 'billing'::pg_catalog.regnamespace AND p.proname = f.name
                              AND p.prosrc = f.name AND p.probin = '$libdir/billing'))"},
    {"helper triggers in place",
     R"(
        SELECT NULL::int8, 'billing.' || h.table_name, 'trigger ' || h.trigger_name || ' is missing, disabled or replaced'
          FROM (VALUES ('company', 'billing_internal_contract', 'company_created'),
                       ('contract', 'billing_primary_customer', 'contract_saved'),
                       ('contract', 'billing_primary_customer_changed', 'contract_saved'),
                       ('contract', 'billing_contract_removed', 'contract_removed'),
                       ('contract_line', 'billing_line_defaults', 'contract_line_defaults'),
                       ('contract_line', 'billing_line_added', 'contract_line_saved'),
                       ('contract_line', 'billing_line_changed', 'contract_line_saved'),
                       ('contract_line', 'billing_line_removed', 'contract_line_removed'),
                       ('contract_line_task', 'billing_line_tasks_added', 'contract_line_task_saved'),
                       ('contract_line_task', 'billing_line_tasks_changed', 'contract_line_task_saved'),
                       ('contract_line_task', 'billing_line_tasks_removed', 'contract_line_task_saved'),
                       ('contract_line_customer', 'billing_line_customer_known', 'contract_line_customer_added'),
                       ('milestone', 'billing_milestone_added', 'milestone_saved'),
                       ('milestone', 'billing_milestone_changed', 'milestone_saved'),
                       ('milestone', 'billing_milestone_removed', 'milestone_removed'),
                       ('entry', 'billing_entries_removed', 'entries_removed'))
               h (table_name, trigger_name, function_name)
          LEFT JOIN pg_catalog.pg_trigger t
            ON t.tgrelid = pg_catalog.to_regclass('billing.' || h.table_name) AND t.tgname = h.trigger_name
           AND t.tgfoid = pg_catalog.to_regprocedure('billing.' || h.function_name || '()') AND t.tgqual IS NULL
         WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A'))"},
    {"nothing rewrites guarded rows",
     R"(
        SELECT NULL::int8, c.oid::pg_catalog.regclass::text, 'BEFORE ROW trigger ' || t.tgname
          FROM pg_catalog.pg_trigger t
          JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid AND c.relnamespace = 'billing'::pg_catalog.regnamespace
          JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid AND g.tgname LIKE 'billing\_guard%' AND g.tgname <> 'billing_guard_truncate'
         WHERE (t.tgtype & 3) = 3 AND t.tgenabled <> 'D' AND NOT t.tgisinternal
           AND NOT (t.tgfoid = pg_catalog.to_regprocedure('billing.contract_line_defaults()') AND c.relname = 'contract_line')
           AND NOT (t.tgfoid = pg_catalog.to_regprocedure('billing.contract_line_customer_added()') AND c.relname = 'contract_line_customer')
           AND NOT (t.tgfoid = pg_catalog.to_regprocedure('billing.contract_line_removed()') AND c.relname = 'contract_line')
           AND NOT (t.tgfoid = pg_catalog.to_regprocedure('billing.contract_removed()') AND c.relname = 'contract')
         GROUP BY c.oid, t.tgname
        UNION ALL
        SELECT NULL, c.oid::pg_catalog.regclass::text, 'rewrite rule ' || r.rulename
          FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT NULL, i.inhparent::pg_catalog.regclass::text, 'child table ' || i.inhrelid::pg_catalog.regclass::text
          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT NULL, i.inhrelid::pg_catalog.regclass::text, 'made a child of ' || i.inhparent::pg_catalog.regclass::text
          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT NULL, c.oid::pg_catalog.regclass::text, 'FORCE ROW LEVEL SECURITY hides rows from the engine'
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'billing'::pg_catalog.regnamespace AND c.relkind = 'r' AND c.relforcerowsecurity)"},

    // --- the ledger
    // ---------------------------------------------------------------------------------------------------
    {"ids are unique",
     R"(
        SELECT NULL::int8, 'actual ' || actual_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.actual GROUP BY actual_id HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT NULL, 'invoice ' || invoice_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.invoice GROUP BY invoice_id HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT NULL, 'contract line ' || contract_line_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.contract_line GROUP BY contract_line_id HAVING pg_catalog.count(*) > 1)"},
    {"nothing is orphaned",
     R"(
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id, 'its milestone is missing'
          FROM billing.milestone_split s
         WHERE NOT EXISTS (SELECT 1 FROM billing.milestone m WHERE m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id)
        UNION ALL
        SELECT l.contract_id, 'invoice line ' || l.invoice_line_id, 'its invoice is missing'
          FROM billing.invoice_line l
         WHERE NOT EXISTS (SELECT 1 FROM billing.invoice v WHERE v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id)
        UNION ALL
        SELECT d.contract_id, 'invoice detail ' || d.detail_id, 'its invoice line is missing'
          FROM billing.invoice_detail d
         WHERE NOT EXISTS (SELECT 1 FROM billing.invoice_line l WHERE l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id)
        UNION ALL
        SELECT l.contract_id, 'contract line ' || l.contract_line_id, 'its contract is missing'
          FROM billing.contract_line l
         WHERE NOT EXISTS (SELECT 1 FROM billing.contract c WHERE c.contract_id = l.contract_id))"},
    {"links of actuals hold",
     R"(
        SELECT a.contract_id, 'actual ' || a.actual_id,
               CASE WHEN c.contract_id IS NULL THEN 'its contract is missing'
                    WHEN a.contract_line_id IS NOT NULL AND l.contract_line_id IS NULL THEN 'its contract line is missing'
                    WHEN a.entry_id IS NOT NULL AND e.entry_id IS NULL THEN 'its entry is missing'
                    WHEN e.entry_status NOT IN ('approved', 'recall_requested') AND a.adjustment_status = 'adjustable'
                         AND NOT (a.transaction_type = 'unbilled_sales' AND a.billing_status = 'customer_invoice_posted')
                    THEN 'its entry is not approved'
                    WHEN a.invoice_id IS NOT NULL AND v.invoice_id IS NULL THEN 'its invoice is missing'
                    WHEN v.project_invoice_status IN ('draft', 'in_review') THEN 'written by an invoice that is not confirmed'
                    ELSE 'a customer who does not pay for its contract line' END
          FROM billing.actual a
          LEFT JOIN billing.contract c ON c.contract_id = a.contract_id
          LEFT JOIN billing.contract_line l ON l.contract_line_id = a.contract_line_id AND l.contract_id = a.contract_id
          LEFT JOIN billing.entry e ON e.entry_id = a.entry_id
          LEFT JOIN billing.invoice v ON v.invoice_id = a.invoice_id AND v.contract_id = a.contract_id
          LEFT JOIN billing.contract_line_customer u ON u.contract_id = a.contract_id
                AND u.contract_line_id = a.contract_line_id AND u.customer_id = a.customer_id
         WHERE c.contract_id IS NULL OR (a.contract_line_id IS NOT NULL AND l.contract_line_id IS NULL)
            OR (a.entry_id IS NOT NULL AND e.entry_id IS NULL)
            OR (e.entry_status NOT IN ('approved', 'recall_requested') AND a.adjustment_status = 'adjustable'
                AND NOT (a.transaction_type = 'unbilled_sales' AND a.billing_status = 'customer_invoice_posted'))
            OR (a.invoice_id IS NOT NULL AND v.invoice_id IS NULL)
            OR v.project_invoice_status IN ('draft', 'in_review')
            OR (a.contract_line_id IS NOT NULL AND l.billing_method <> 'product' AND (u.customer_id IS NULL OR NOT u.in_use)))"},
    {"reversals mirror what they reverse",
     R"(
        SELECT r.contract_id, 'actual ' || r.actual_id,
               CASE WHEN o.actual_id IS NULL THEN 'reverses a missing actual ' || r.reverses_id
                    ELSE 'differs from actual ' || o.actual_id || ' which it reverses' END
          FROM billing.actual r
          LEFT JOIN billing.actual o ON o.actual_id = r.reverses_id AND o.contract_id = r.contract_id
         WHERE r.reverses_id IS NOT NULL
           AND (o.actual_id IS NULL OR r.adjustment_status <> 'unadjustable' OR r.transaction_type <> o.transaction_type
                OR r.quantity <> - o.quantity OR r.amount <> - o.amount OR r.tax <> - o.tax OR r.price <> o.price
                OR r.customer_id IS DISTINCT FROM o.customer_id OR r.contract_line_id IS DISTINCT FROM o.contract_line_id))"},
    {"what was superseded or billed is reversed once",
     R"(
        SELECT o.contract_id, 'actual ' || o.actual_id, 'is ' || o.adjustment_status || ', ' || o.billing_status || ' and has no reversal'
          FROM billing.actual o
          LEFT JOIN billing.actual r ON r.reverses_id = o.actual_id AND r.contract_id = o.contract_id
         WHERE r.actual_id IS NULL
           AND (o.adjustment_status = 'adjusted'
                OR (o.transaction_type = 'unbilled_sales' AND o.billing_status = 'customer_invoice_posted'
                    AND o.adjustment_status <> 'unadjustable'))
        UNION ALL
        SELECT r.contract_id, 'actual ' || r.actual_id, 'is unadjustable but reverses nothing'
          FROM billing.actual r WHERE r.adjustment_status = 'unadjustable' AND r.reverses_id IS NULL)"},
    {"what was taken back is canceled on both sides",
     R"(
        SELECT r.contract_id, 'actual ' || r.actual_id,
               r.transaction_type || ' ' || r.billing_status || ' takes back actual ' || o.actual_id || ', ' || o.billing_status || ' and ' || o.adjustment_status
          FROM billing.actual r
          JOIN billing.actual o ON o.actual_id = r.reverses_id AND o.contract_id = r.contract_id
         WHERE r.invoice_id IS NULL
           AND (r.billing_status <> 'canceled' OR o.billing_status <> 'canceled' OR o.adjustment_status <> 'adjusted'
                OR r.transaction_type NOT IN ('cost', 'unbilled_sales') OR r.entry_id IS DISTINCT FROM o.entry_id
                OR r.transaction_class <> o.transaction_class OR r.transaction_date <> o.transaction_date
                OR r.billing_type <> o.billing_type OR r.is_open))"},
    {"an entry stands in one place",
     R"(
        SELECT NULL::int8, 'entry ' || a.entry_id, 'stands in ' || pg_catalog.count(DISTINCT (a.contract_id, a.contract_line_id)) || ' contract lines'
          FROM billing.actual a
         WHERE a.entry_id IS NOT NULL AND a.adjustment_status = 'adjustable' AND (a.transaction_type = 'cost' OR a.is_open)
         GROUP BY a.entry_id
        HAVING pg_catalog.count(DISTINCT (a.contract_id, a.contract_line_id)) > 1)"},
    {"the open flag follows the statuses",
     R"(
        SELECT a.contract_id, 'actual ' || a.actual_id, 'open ' || a.is_open || ' with ' || a.billing_status || ', ' || a.adjustment_status
          FROM billing.actual a
         WHERE a.is_open <> (a.transaction_type = 'unbilled_sales' AND a.adjustment_status IN ('adjustable', 'in_process')
                             AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created')))"},
    {"ready means within limits",
     R"(
        SELECT a.contract_id, 'actual ' || a.actual_id, a.billing_status || ' with not-to-exceed status ' || a.nte_status
          FROM billing.actual a
         WHERE a.is_open AND a.billing_status IN ('ready_to_invoice', 'customer_invoice_created')
           AND a.nte_status IN ('failed', 'not_evaluated'))"},
    {"a source sits on one draft, and only if created",
     R"(
        SELECT a.contract_id, 'actual ' || a.actual_id, a.billing_status || ' with invoice line ' || coalesce(a.invoice_line_id::text, 'none')
          FROM billing.actual a
          LEFT JOIN billing.invoice_line l ON l.invoice_line_id = a.invoice_line_id AND l.contract_id = a.contract_id
                AND l.contract_line_id = a.contract_line_id AND l.customer_id = a.customer_id
          LEFT JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                AND v.project_invoice_status IN ('draft', 'in_review')
         WHERE a.is_open AND (a.billing_status = 'customer_invoice_created') <> (v.invoice_id IS NOT NULL)
        UNION ALL
        SELECT a.contract_id, 'actual ' || a.actual_id, 'linked though ' || a.billing_status
          FROM billing.actual a
         WHERE a.is_open AND a.billing_status <> 'customer_invoice_created' AND a.invoice_line_id IS NOT NULL
        UNION ALL
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id, s.milestone_status || ' with invoice line ' || coalesce(s.invoice_line_id::text, 'none')
          FROM billing.milestone_split s
          LEFT JOIN billing.invoice_line l ON l.invoice_line_id = s.invoice_line_id AND l.contract_id = s.contract_id
                AND l.contract_line_id = s.contract_line_id AND l.customer_id = s.customer_id
          LEFT JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
         WHERE CASE s.milestone_status WHEN 'customer_invoice_created' THEN coalesce(v.project_invoice_status NOT IN ('draft', 'in_review'), true)
                                       WHEN 'customer_invoice_posted' THEN coalesce(v.project_invoice_status IN ('draft', 'in_review'), true)
                                       ELSE s.invoice_line_id IS NOT NULL END
        UNION ALL
        SELECT p.contract_id, 'product line ' || p.contract_line_id, p.product_status || ' with invoice line ' || coalesce(p.invoice_line_id::text, 'none')
          FROM billing.contract_line p
          LEFT JOIN billing.invoice_line l ON l.invoice_line_id = p.invoice_line_id AND l.contract_id = p.contract_id
                AND l.contract_line_id = p.contract_line_id
          LEFT JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
         WHERE CASE p.product_status WHEN 'customer_invoice_created' THEN coalesce(v.project_invoice_status NOT IN ('draft', 'in_review'), true)
                                     WHEN 'customer_invoice_posted' THEN coalesce(v.project_invoice_status IN ('draft', 'in_review'), true)
                                     ELSE p.invoice_line_id IS NOT NULL END)"},
    {"billed sales have their source",
     R"(
        SELECT b.contract_id, 'actual ' || b.actual_id,
               CASE WHEN l.invoice_line_id IS NULL THEN 'its invoice line is missing' ELSE 'bills no unbilled sale' END
          FROM billing.actual b
          LEFT JOIN billing.invoice_line l ON l.invoice_line_id = b.invoice_line_id AND l.contract_id = b.contract_id AND l.invoice_id = b.invoice_id
          LEFT JOIN billing.contract_line c ON c.contract_line_id = b.contract_line_id AND c.contract_id = b.contract_id
          LEFT JOIN billing.actual u ON u.actual_id = b.source_id AND u.contract_id = b.contract_id AND u.transaction_type = 'unbilled_sales'
         WHERE b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL
           AND (l.invoice_line_id IS NULL OR (c.billing_method = 'time_and_material' AND u.actual_id IS NULL)))"},
    {"approved entries are in the ledger",
     R"(
        SELECT NULL::int8, 'entry ' || e.entry_id,
               'approved ' || e.quantity || ', costs ' || coalesce(s.cost_quantity::text, 'none') || ', sales ' || coalesce(s.rows, 0)
          FROM billing.entry e
          LEFT JOIN (SELECT a.entry_id, pg_catalog.count(*) AS rows,
                            pg_catalog.sum(a.quantity) FILTER (WHERE a.transaction_type = 'cost') AS cost_quantity
                       FROM billing.actual a
                      WHERE a.entry_id IS NOT NULL AND a.invoice_id IS NULL
                        AND (a.transaction_type <> 'cost' OR a.adjustment_status IN ('adjustable', 'in_process'))
                      GROUP BY a.entry_id) s ON s.entry_id = e.entry_id
         WHERE e.entry_status IN ('approved', 'recall_requested')
           AND (s.entry_id IS NULL OR (e.transaction_class <> 'fee' AND s.cost_quantity IS DISTINCT FROM e.quantity)))"},
    {"actuals say what their sources say", R"(
        SELECT a.contract_id, 'actual ' || a.actual_id, 'date or class differ from entry ' || e.entry_id
          FROM billing.actual a JOIN billing.entry e ON e.entry_id = a.entry_id
          LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
         WHERE (a.transaction_date <> e.entry_date OR a.transaction_class <> e.transaction_class)
           AND a.actual_id > coalesce(t.last_id, 0)
        UNION ALL
        SELECT b.contract_id, 'actual ' || b.actual_id, 'quantity, price, amount or billing type differ from actual ' || u.actual_id || ' which it bills'
          FROM billing.actual b
          JOIN billing.actual u ON u.actual_id = b.source_id AND u.contract_id = b.contract_id
         WHERE b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL
           AND (b.quantity <> u.quantity OR b.price <> u.price OR b.amount <> u.amount OR b.billing_type <> u.billing_type)
        UNION ALL
        SELECT NULL, 'entry ' || s.entry_id, 'tax ' || s.entry_tax || ', its chargeable sales ' || s.tax
          FROM (SELECT a.entry_id, billing.money(pg_catalog.min(e.tax), pg_catalog.min(c.currency)) AS entry_tax, pg_catalog.sum(a.tax) AS tax
                  FROM billing.actual a
                  JOIN billing.entry e ON e.entry_id = a.entry_id
                  JOIN billing.contract c ON c.contract_id = a.contract_id
                  LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                 WHERE a.transaction_type = 'unbilled_sales' AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                   AND a.source_id IS NULL AND a.billing_type = 'chargeable'
                   AND a.actual_id > coalesce(t.last_id, 0)
                 GROUP BY a.entry_id) s
         WHERE s.tax <> s.entry_tax
        UNION ALL
        SELECT l.contract_id, 'invoice line ' || l.invoice_line_id, 'invoiced to date ' || coalesce(l.invoiced_to_date::text, 'missing') || ', billed ' || u.billed_amount
          FROM (SELECT DISTINCT ON (i.contract_id, i.contract_line_id, i.customer_id) i.*
                  FROM billing.invoice_line i
                  JOIN billing.invoice v ON v.invoice_id = i.invoice_id AND v.contract_id = i.contract_id AND v.number IS NOT NULL
                 ORDER BY i.contract_id, i.contract_line_id, i.customer_id, v.confirmed_at DESC, v.number DESC) l
          JOIN billing.contract_line_customer u ON u.contract_id = l.contract_id
                AND u.contract_line_id = l.contract_line_id AND u.customer_id = l.customer_id
         WHERE l.invoiced_to_date IS DISTINCT FROM u.billed_amount)"},
    {"what the approver chose is in the ledger",
     R"(
        SELECT NULL::int8, 'entry ' || s.entry_id,
               'approved as ' || coalesce(s.approved_billing_type::text, 'its line says') || ', ' || coalesce(s.approved_billable_quantity::text, 'its quantity')
               || ' billable; chargeable sales ' || coalesce(s.charged::text, 'none')
          FROM (SELECT e.entry_id, e.approved_billing_type, e.approved_billable_quantity,
                       coalesce(e.approved_billable_quantity, e.billable_quantity, e.quantity) AS billable,
                       pg_catalog.sum(a.quantity) FILTER (WHERE a.billing_type = 'chargeable') AS charged,
                       pg_catalog.bool_or(a.billing_type <> e.approved_billing_type) AS differs
                  FROM billing.entry e
                  JOIN billing.actual a ON a.entry_id = e.entry_id
                  LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                 WHERE (e.approved_billing_type IS NOT NULL OR e.approved_billable_quantity IS NOT NULL)
                   AND a.transaction_type = 'unbilled_sales' AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                   AND a.source_id IS NULL AND a.actual_id > coalesce(t.last_id, 0)
                 GROUP BY e.entry_id, e.approved_billing_type, e.approved_billable_quantity, e.billable_quantity, e.quantity) s
         WHERE s.charged <> s.approved_billable_quantity
            OR CASE s.approved_billing_type WHEN 'chargeable' THEN s.charged IS NULL AND s.billable <> 0 ELSE s.differs END)"},
    {"amounts are quantity times price",
     R"(
        SELECT s.contract_id, 'entry ' || s.entry_id, s.transaction_type || ' amounts total ' || s.amount || ', not ' || s.expected
          FROM (SELECT a.contract_id, a.entry_id, a.transaction_type, pg_catalog.sum(a.amount) AS amount,
                       billing.money(pg_catalog.sum(a.quantity) * a.price,
                           CASE a.transaction_type WHEN 'cost' THEN pg_catalog.min(o.currency) ELSE pg_catalog.min(c.currency) END) AS expected
                  FROM billing.actual a
                  JOIN billing.contract c ON c.contract_id = a.contract_id
                  JOIN billing.company o ON o.company_id = c.company_id
                  LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                 WHERE a.entry_id IS NOT NULL AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                   AND a.source_id IS NULL AND a.actual_id > coalesce(t.last_id, 0)
                 GROUP BY a.contract_id, a.entry_id, a.transaction_type, a.billing_type, a.price) s
         WHERE s.amount <> s.expected)"},

    // --- invoices
    // -----------------------------------------------------------------------------------------------------
    {"line totals are the sum of their details",
     R"(
        SELECT l.contract_id, 'invoice line ' || l.invoice_line_id,
               l.amount || ' and tax ' || l.tax || ', details ' || coalesce(d.amount, 0) || ' and ' || coalesce(d.tax, 0)
          FROM billing.invoice_line l
          LEFT JOIN (SELECT t.contract_id, t.invoice_line_id,
                            pg_catalog.sum(t.amount) FILTER (WHERE t.billing_type = 'chargeable') AS amount,
                            pg_catalog.sum(t.tax) FILTER (WHERE t.billing_type = 'chargeable') AS tax
                       FROM (SELECT contract_id, invoice_line_id, billing_type, amount, tax FROM billing.draft_detail
                             UNION ALL
                             SELECT contract_id, invoice_line_id, billing_type, amount, tax FROM billing.actual
                              WHERE transaction_type = 'billed_sales') t
                      GROUP BY t.contract_id, t.invoice_line_id) d
            ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
         WHERE l.amount <> coalesce(d.amount, 0) OR l.tax <> coalesce(d.tax, 0))"},
    {"invoices belong together", R"(
        SELECT l.contract_id, 'invoice line ' || l.invoice_line_id, 'customer ' || l.customer_id || ', invoice of customer ' || v.customer_id
          FROM billing.invoice_line l
          JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
         WHERE l.customer_id <> v.customer_id
        UNION ALL
        SELECT v.contract_id, 'invoice ' || v.invoice_id, 'company or currency differ from its contract''s'
          FROM billing.invoice v JOIN billing.contract c ON c.contract_id = v.contract_id
         WHERE v.company_id <> c.company_id OR v.currency <> c.currency
        UNION ALL
        SELECT v.contract_id, 'invoice ' || v.invoice_id, v.project_invoice_status || ' with number ' || coalesce(v.number::text, 'none') || ', ' || v.invoice_status
          FROM billing.invoice v
         WHERE (v.project_invoice_status IN ('draft', 'in_review')) <> (v.number IS NULL)
            OR (v.project_invoice_status IN ('draft', 'in_review') AND v.invoice_status = 'paid')
        UNION ALL
        SELECT b.contract_id, 'actual ' || b.actual_id, 'contract line or customer differ from its invoice line''s'
          FROM billing.actual b
          JOIN billing.invoice_line l ON l.invoice_line_id = b.invoice_line_id AND l.contract_id = b.contract_id
         WHERE b.invoice_id IS NOT NULL AND (b.contract_line_id <> l.contract_line_id OR b.customer_id <> l.customer_id)
        UNION ALL
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id, 'posted without billing history'
          FROM billing.milestone_split s
         WHERE s.milestone_status = 'customer_invoice_posted' AND NOT s.has_billing_history)"},
    {"statuses are those of the log", R"(
        WITH last AS (
            SELECT DISTINCT ON (h.item, h.status_column, i.id) h.item, h.status_column, i.id, h.to_status
              FROM billing.operation_change h CROSS JOIN LATERAL unnest(h.ids) AS i (id)
             ORDER BY h.item, h.status_column, i.id, h.change_id DESC)
        SELECT x.contract_id, x.item || ' ' || x.id,
               x.status_column || ' is ' || x.status || ', the log says ' || coalesce(h.to_status, 'nothing')
          FROM (SELECT contract_id, 'actual' AS item, actual_id AS id, 'billing_status' AS status_column, billing_status::text AS status,
                       CASE WHEN is_open THEN 'not_ready_to_invoice' ELSE billing_status::text END AS initial
                  FROM billing.actual
                UNION ALL
                SELECT contract_id, 'milestone_split', milestone_split_id, 'milestone_status', milestone_status::text, 'not_ready_to_invoice'
                  FROM billing.milestone_split
                UNION ALL
                SELECT contract_id, 'contract_line', contract_line_id, 'product_status', product_status::text, 'not_ready_to_invoice'
                  FROM billing.contract_line WHERE product_status IS NOT NULL
                UNION ALL
                SELECT contract_id, 'invoice', invoice_id, 'project_invoice_status', project_invoice_status::text, NULL
                  FROM billing.invoice
                UNION ALL
                SELECT contract_id, 'invoice', invoice_id, 'invoice_status', invoice_status::text, 'active'
                  FROM billing.invoice
                UNION ALL
                SELECT contract_id, 'actual', actual_id, 'adjustment_status', adjustment_status::text,
                       CASE WHEN is_open THEN 'adjustable' ELSE adjustment_status::text END
                  FROM billing.actual
                UNION ALL
                SELECT contract_id, 'contract', contract_id, 'contract_status', contract_status::text, contract_status::text
                  FROM billing.contract
                UNION ALL
                SELECT NULL, 'entry', entry_id, 'entry_status', entry_status::text, 'draft' FROM billing.entry) x
          LEFT JOIN last h ON x.item = h.item AND x.id = h.id AND x.status_column = h.status_column
         WHERE x.status IS DISTINCT FROM coalesce(h.to_status, x.initial))"},
    {"header totals are the sum of their lines",
     R"(
        SELECT v.contract_id, 'invoice ' || v.invoice_id, v.total_amount || ', lines ' || coalesce(l.amount + l.tax, 0)
          FROM billing.invoice v
          LEFT JOIN (SELECT contract_id, invoice_id, pg_catalog.sum(amount) AS amount, pg_catalog.sum(tax) AS tax
                       FROM billing.invoice_line GROUP BY contract_id, invoice_id) l
            ON l.contract_id = v.contract_id AND l.invoice_id = v.invoice_id
         WHERE v.detail_amount <> coalesce(l.amount, 0) OR v.total_tax <> coalesce(l.tax, 0))"},
    {"legal numbers are gapless",
     R"(
        SELECT NULL::int8, 'series ' || s.series || ' of company ' || s.company_id,
               pg_catalog.count(v.number) || ' invoices, numbers ' || coalesce(pg_catalog.min(v.number)::text, 'none') || ' to '
               || coalesce(pg_catalog.max(v.number)::text, 'none') || ', issued ' || s.issued || ' after ' || s.start_after
          FROM billing.invoice_series s
          LEFT JOIN billing.invoice v ON v.company_id = s.company_id AND v.series = s.series
         GROUP BY s.company_id, s.series, s.start_after, s.issued
        HAVING pg_catalog.count(DISTINCT v.number) <> s.issued OR pg_catalog.count(v.number) <> s.issued
            OR coalesce(pg_catalog.min(v.number), s.start_after + 1) <> s.start_after + 1
            OR coalesce(pg_catalog.max(v.number), s.start_after) <> s.start_after + s.issued
        UNION ALL
        SELECT v.contract_id, 'invoice ' || v.invoice_id, 'its series ' || coalesce(v.series, 'is missing') || ' has no counter'
          FROM billing.invoice v
         WHERE v.number IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM billing.invoice_series s WHERE s.company_id = v.company_id AND s.series = v.series))"},

    // --- contracts
    // ----------------------------------------------------------------------------------------------------
    {"running totals of line customers",
     R"(
        SELECT u.contract_id, 'contract line ' || u.contract_line_id || ', customer ' || u.customer_id,
               'committed ' || u.committed_amount || ' (actuals ' || coalesce(a.committed, 0) || '), billed '
               || u.billed_amount || ' (actuals ' || coalesce(a.billed, 0) || ')'
          FROM billing.contract_line_customer u
          LEFT JOIN (SELECT contract_id, contract_line_id, customer_id,
                            coalesce(pg_catalog.sum(amount) FILTER (WHERE is_open AND nte_status = 'committed'), 0) AS committed,
                            coalesce(pg_catalog.sum(amount) FILTER (WHERE transaction_type = 'billed_sales'), 0) AS billed
                       FROM billing.actual WHERE billing_type = 'chargeable'
                      GROUP BY contract_id, contract_line_id, customer_id) a
            ON a.contract_id = u.contract_id AND a.contract_line_id = u.contract_line_id AND a.customer_id = u.customer_id
         WHERE u.committed_amount <> coalesce(a.committed, 0) OR u.billed_amount <> coalesce(a.billed, 0))"},
    {"percentages of lines in use total 100",
     R"(
        SELECT u.contract_id, 'contract line ' || u.contract_line_id,
               pg_catalog.sum(u.billing_split_percent) || ' %, ' || pg_catalog.count(*) FILTER (WHERE u.is_rounding) || ' rounding customers'
          FROM billing.contract_line_customer u
         GROUP BY u.contract_id, u.contract_line_id
        HAVING pg_catalog.bool_or(u.in_use)
           AND (pg_catalog.sum(u.billing_split_percent) <> 100 OR pg_catalog.count(*) FILTER (WHERE u.is_rounding) <> 1))"},
    {"each contract has its primary customer",
     R"(
        SELECT c.contract_id, 'contract ' || c.contract_id, 'customer ' || c.customer_id || ' is not its primary customer'
          FROM billing.contract c
          LEFT JOIN billing.contract_customer u ON u.contract_id = c.contract_id AND u.customer_id = c.customer_id AND u.is_primary
         WHERE c.kind = 'customer' AND u.customer_id IS NULL)"},
    {"shares of milestones total the milestone",
     R"(
        SELECT m.contract_id, 'milestone ' || m.milestone_id, m.amount || ', shares ' || coalesce(pg_catalog.sum(s.amount), 0)
          FROM billing.milestone m
          LEFT JOIN billing.milestone_split s ON s.contract_id = m.contract_id AND s.milestone_id = m.milestone_id
         GROUP BY m.contract_id, m.milestone_id, m.amount, m.tax
        HAVING m.amount <> coalesce(pg_catalog.sum(s.amount), 0) OR m.tax <> coalesce(pg_catalog.sum(s.tax), 0))"},
    {"scopes follow the contract lines",
     R"(
        SELECT coalesce(s.contract_id, x.contract_id), 'contract line ' || coalesce(s.contract_line_id, x.contract_line_id),
               coalesce(s.class, x.class) || CASE WHEN s.class IS NULL THEN ' is missing from' ELSE ' does not belong in' END || ' contract_line_scope'
          FROM (SELECT contract_id, contract_line_id, project_id, transaction_class::text AS class, tasks FROM billing.contract_line_scope) s
          FULL JOIN (SELECT l.contract_id, l.contract_line_id, l.project_id, k.class,
                            CASE l.included_tasks WHEN 'all_project_tasks' THEN '(,)'::int8range
                                                  ELSE pg_catalog.int8range(t.task_id, t.task_id, '[]') END AS tasks
                       FROM billing.contract_line l
                       JOIN billing.contract c ON c.contract_id = l.contract_id AND c.contract_status <> 'closed'
                      CROSS JOIN LATERAL (VALUES ('time', l.include_time), ('expense', l.include_expense),
                                                 ('material', l.include_material), ('fee', l.include_fee)) AS k (class, is_included)
                       LEFT JOIN billing.contract_line_task t ON t.contract_id = l.contract_id
                             AND t.contract_line_id = l.contract_line_id AND l.included_tasks = 'selected_project_tasks'
                      WHERE l.project_id IS NOT NULL AND k.is_included
                        AND (l.included_tasks = 'all_project_tasks' OR t.task_id IS NOT NULL)) x
            ON x.contract_id = s.contract_id AND x.contract_line_id = s.contract_line_id AND x.project_id = s.project_id
           AND x.class = s.class AND x.tasks = s.tasks
         WHERE s.class IS NULL OR x.class IS NULL)"},
};

#undef BILLING_TAKEN_BACK

void run_checks(Verb& verb) {
    constexpr long rows_per_batch = 1000;
    for (Check& check : checks) {
        pg::query_in_batches(check.violations, {}, rows_per_batch, [&](const pg::Rows& rows) {
            for (std::uint64_t i = 0; i < rows.count(); ++i) {
                verb.result.text(check.name)
                    .maybe(rows.datum(i, 1))
                    .maybe(rows.datum(i, 2))
                    .maybe(rows.datum(i, 3))
                    .emit();
            }
        });
    }
}

} // namespace

} // namespace billing::engine

using namespace billing;
using namespace billing::engine;

Datum verify(PG_FUNCTION_ARGS) {
    return wall::entry(fcinfo, [](FunctionCallInfo call) -> Datum {
        pg::ResultSet result(call);
        pg::Engine engine;
        Verb verb{"verify", Arguments(call), result, engine.caller()};
        run_checks(verb);
        engine.leave();
        return Datum{0};
    });
}
