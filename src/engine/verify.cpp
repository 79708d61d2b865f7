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
// is what the entry became last. A sale that was split at a limit was neither.
#define BILLING_TAKEN_BACK                                                                                             \
    "(SELECT r.entry_id, pg_catalog.max(r.actual_id) AS last_id FROM billing.actual r"                                 \
    "  WHERE r.reverses_id IS NOT NULL AND r.invoice_id IS NULL AND r.entry_id IS NOT NULL"                            \
    "    AND NOT EXISTS (SELECT 1 FROM billing.actual p WHERE p.part_of_id = r.reverses_id) GROUP BY r.entry_id)"

// What was split at a limit says the same as its parts; only these are counted.
#define BILLING_NOT_SPLIT " AND NOT EXISTS (SELECT 1 FROM billing.actual p WHERE p.part_of_id = a.actual_id) "

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
                               ('invoice_detail'), ('invoice_series'), ('operation'), ('operation_change'),
                               ('invoice_schedule'), ('invoice_run'), ('invoice_run_contract'), ('retainer'),
                               ('invoice_advance'), ('retainer_correction'), ('milestone_progress'), ('journal'),
                               ('journal_line'), ('journal_correction'), ('journal_cancellation')) n (table_name)
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
                       ('entry', 'billing_entries_removed', 'entries_removed'),
                       ('retainer', 'billing_retainer_added', 'retainer_saved'),
                       ('retainer', 'billing_retainer_changed', 'retainer_saved'),
                       ('retainer', 'billing_retainer_removed', 'retainer_removed'),
                       ('journal_line', 'billing_journal_line_added', 'journal_line_saved'),
                       ('journal_line', 'billing_journal_line_changed', 'journal_line_saved'))
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
          FROM billing.contract_line GROUP BY contract_line_id HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT NULL, 'retainer ' || retainer_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.retainer GROUP BY retainer_id HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT NULL, 'journal ' || journal_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.journal GROUP BY journal_id HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT NULL, 'journal line ' || journal_line_id, 'in ' || pg_catalog.count(*) || ' contracts'
          FROM billing.journal_line GROUP BY journal_line_id HAVING pg_catalog.count(*) > 1)"},
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
            OR (a.contract_line_id IS NOT NULL AND l.billing_method <> 'product' AND (u.customer_id IS NULL OR NOT u.in_use)
                AND NOT (a.customer_id IS NULL AND a.journal_line_id IS NOT NULL)))"},
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
                OR (r.discount_percent, r.fee_percent, r.discount_amount, r.fee_amount)
                   IS DISTINCT FROM (o.discount_percent, o.fee_percent, - o.discount_amount, - o.fee_amount)
                OR r.customer_id IS DISTINCT FROM o.customer_id OR r.contract_line_id IS DISTINCT FROM o.contract_line_id))"},
    {"what was superseded or billed is reversed once",
     R"(
        SELECT o.contract_id, 'actual ' || o.actual_id, 'is ' || o.adjustment_status || ', ' || o.billing_status || ' and has no reversal'
          FROM billing.actual o
          LEFT JOIN billing.actual r ON r.reverses_id = o.actual_id AND r.contract_id = o.contract_id
         WHERE r.actual_id IS NULL
           AND (o.adjustment_status = 'adjusted'
                OR (o.transaction_type = 'unbilled_sales' AND o.billing_status = 'customer_invoice_posted'
                    AND o.adjustment_status <> 'unadjustable' AND o.retainer_id IS NULL))
        UNION ALL
        SELECT r.contract_id, 'actual ' || r.actual_id, 'is unadjustable but reverses nothing'
          FROM billing.actual r WHERE r.adjustment_status = 'unadjustable' AND r.reverses_id IS NULL)"},
    {"what was taken back is canceled on both sides",
     R"(
        SELECT r.contract_id, 'actual ' || r.actual_id,
               r.transaction_type || ' ' || r.billing_status || ' takes back actual ' || o.actual_id || ', ' || o.billing_status || ' and ' || o.adjustment_status
          FROM billing.actual r
          JOIN billing.actual o ON o.actual_id = r.reverses_id AND o.contract_id = r.contract_id
         CROSS JOIN LATERAL (SELECT CASE WHEN o.journal_line_id IS NOT NULL AND o.transaction_type = 'billed_sales'
                                         THEN 'customer_invoice_posted' ELSE 'canceled' END::billing.billing_status AS status) k
         WHERE r.invoice_id IS NULL
           AND (r.billing_status <> k.status OR o.billing_status <> k.status OR o.adjustment_status <> 'adjusted'
                OR (r.transaction_type NOT IN ('cost', 'unbilled_sales') AND o.journal_line_id IS NULL)
                OR r.entry_id IS DISTINCT FROM o.entry_id OR r.journal_line_id IS DISTINCT FROM o.journal_line_id
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
                             AND a.customer_id IS NOT NULL
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
         WHERE b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL AND b.retainer_id IS NULL
           AND (b.invoice_id IS NOT NULL OR b.journal_line_id IS NULL)
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
        SELECT b.contract_id, 'actual ' || b.actual_id, 'quantity, price, amount, discount, fee or billing type differ from actual ' || u.actual_id || ' which it bills'
          FROM billing.actual b
          JOIN billing.actual u ON u.actual_id = b.source_id AND u.contract_id = b.contract_id
         WHERE b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL AND b.retainer_id IS NULL
           AND (b.quantity <> u.quantity OR b.price <> u.price OR b.amount <> u.amount OR b.billing_type <> u.billing_type
                OR (b.discount_percent, b.fee_percent, b.discount_amount, b.fee_amount)
                   IS DISTINCT FROM (u.discount_percent, u.fee_percent, u.discount_amount, u.fee_amount))
        UNION ALL
        SELECT NULL, 'entry ' || s.entry_id, 'tax ' || s.entry_tax || ', its chargeable sales ' || s.tax
          FROM (SELECT a.entry_id, billing.money(pg_catalog.min(e.tax), pg_catalog.min(c.currency)) AS entry_tax, pg_catalog.sum(a.tax) AS tax
                  FROM billing.actual a
                  JOIN billing.entry e ON e.entry_id = a.entry_id
                  JOIN billing.contract c ON c.contract_id = a.contract_id
                  LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                 WHERE a.transaction_type = 'unbilled_sales' AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                   AND a.source_id IS NULL AND a.billing_type = 'chargeable'
                   AND a.actual_id > coalesce(t.last_id, 0))" BILLING_NOT_SPLIT R"(
                 GROUP BY a.entry_id) s
         WHERE s.tax <> s.entry_tax
        UNION ALL
        SELECT l.contract_id, 'invoice line ' || l.invoice_line_id, 'invoiced to date ' || coalesce(l.invoiced_to_date::text, 'missing') || ', billed ' || u.billed_amount
          FROM (SELECT DISTINCT ON (i.contract_id, i.contract_line_id, i.customer_id) i.*, v.confirmed_at
                  FROM billing.invoice_line i
                  JOIN billing.invoice v ON v.invoice_id = i.invoice_id AND v.contract_id = i.contract_id AND v.number IS NOT NULL
                 ORDER BY i.contract_id, i.contract_line_id, i.customer_id, v.confirmed_at DESC, v.number DESC) l
          JOIN billing.contract_line_customer u ON u.contract_id = l.contract_id
                AND u.contract_line_id = l.contract_line_id AND u.customer_id = l.customer_id
          CROSS JOIN LATERAL (
               -- Without what journals billed, or took back, since.
               SELECT coalesce(pg_catalog.sum(b.amount), 0) AS amount
                 FROM billing.actual b
                 LEFT JOIN billing.journal_line n ON n.actual_id = b.actual_id AND n.contract_id = b.contract_id
                 LEFT JOIN billing.journal_cancellation x ON x.actual_id = b.reverses_id AND x.contract_id = b.contract_id
                       AND NOT x.is_claim
                 JOIN billing.journal j ON j.journal_id = coalesce(n.journal_id, x.journal_id) AND j.contract_id = b.contract_id
                WHERE b.contract_id = l.contract_id AND b.contract_line_id = l.contract_line_id AND b.customer_id = l.customer_id
                  AND b.transaction_type = 'billed_sales' AND b.billing_type = 'chargeable' AND b.invoice_id IS NULL
                  AND j.confirmed_at > l.confirmed_at) k
         WHERE l.invoiced_to_date IS DISTINCT FROM u.billed_amount - k.amount)"},
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
                   AND a.source_id IS NULL AND a.actual_id > coalesce(t.last_id, 0))" BILLING_NOT_SPLIT R"(
                 GROUP BY e.entry_id, e.approved_billing_type, e.approved_billable_quantity, e.billable_quantity, e.quantity) s
         WHERE s.charged <> s.approved_billable_quantity
            OR CASE s.approved_billing_type WHEN 'chargeable' THEN s.charged IS NULL AND s.billable <> 0 ELSE s.differs END)"},
    {"amounts are quantity times price",
     R"(
        SELECT s.contract_id, 'entry ' || s.entry_id, s.transaction_type || ' amounts total ' || s.amount || ' before discount and fee, not ' || s.expected
          FROM (SELECT a.contract_id, a.entry_id, a.transaction_type,
                       pg_catalog.sum(a.amount + coalesce(a.discount_amount, 0) - coalesce(a.fee_amount, 0)) AS amount,
                       billing.money(pg_catalog.sum(a.quantity) * a.price,
                           CASE a.transaction_type WHEN 'cost' THEN pg_catalog.min(o.currency) ELSE pg_catalog.min(c.currency) END) AS expected
                  FROM billing.actual a
                  JOIN billing.contract c ON c.contract_id = a.contract_id
                  JOIN billing.company o ON o.company_id = c.company_id
                  LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                 WHERE a.entry_id IS NOT NULL AND a.invoice_id IS NULL AND a.reverses_id IS NULL
                   AND a.source_id IS NULL AND a.actual_id > coalesce(t.last_id, 0))" BILLING_NOT_SPLIT R"(
                 GROUP BY a.contract_id, a.entry_id, a.transaction_type, a.billing_type, a.price) s
         WHERE s.amount <> s.expected)"},
    {"discounts and fees are those of their percentages",
     R"(
        SELECT s.contract_id, 'entry ' || s.entry_id,
               'discount ' || s.discount || ' and fee ' || s.fee || ', not ' || s.expected_discount || ' and ' || s.expected_fee
          FROM (SELECT x.contract_id, x.entry_id, x.discount, x.fee,
                       billing.money((x.amount + x.discount - x.fee) * x.discount_percent / 100, x.currency) AS expected_discount,
                       billing.money((x.amount + x.discount - x.fee) * x.fee_percent / 100, x.currency) AS expected_fee
                  FROM (SELECT a.contract_id, a.entry_id, a.discount_percent, a.fee_percent, pg_catalog.min(c.currency) AS currency,
                               pg_catalog.sum(a.amount) AS amount, pg_catalog.sum(a.discount_amount) AS discount,
                               pg_catalog.sum(a.fee_amount) AS fee
                          FROM billing.actual a
                          JOIN billing.contract c ON c.contract_id = a.contract_id
                          LEFT JOIN )" BILLING_TAKEN_BACK R"( t ON t.entry_id = a.entry_id
                         WHERE a.discount_percent IS NOT NULL AND a.billing_type = 'chargeable' AND a.entry_id IS NOT NULL
                           AND a.invoice_id IS NULL AND a.reverses_id IS NULL AND a.source_id IS NULL
                           AND a.actual_id > coalesce(t.last_id, 0))" BILLING_NOT_SPLIT R"(
                         GROUP BY a.contract_id, a.entry_id, a.price, a.discount_percent, a.fee_percent) x) s
         WHERE s.discount <> s.expected_discount OR s.fee <> s.expected_fee
        UNION ALL
        SELECT a.contract_id, 'actual ' || a.actual_id,
               a.transaction_type || ', ' || a.billing_type || ' with discount ' || coalesce(a.discount_amount::text, 'none')
               || ' (' || coalesce(a.discount_percent::text, 'no') || ' %) and fee ' || coalesce(a.fee_amount::text, 'none')
               || ' (' || coalesce(a.fee_percent::text, 'no') || ' %) on ' || a.amount
          FROM billing.actual a
         WHERE pg_catalog.num_nulls(a.discount_percent, a.fee_percent, a.discount_amount, a.fee_amount) NOT IN (0, 4)
            OR (a.discount_percent IS NOT NULL
                AND (a.transaction_type NOT IN ('unbilled_sales', 'billed_sales') OR a.retainer_id IS NOT NULL
                     OR a.milestone_split_id IS NOT NULL OR (a.discount_percent = 0 AND a.fee_percent = 0)
                     OR (a.billing_type <> 'chargeable' AND (a.discount_amount <> 0 OR a.fee_amount <> 0))
                     OR a.discount_amount * (a.amount + a.discount_amount - a.fee_amount) < 0
                     OR a.fee_amount * (a.amount + a.discount_amount - a.fee_amount) < 0
                     OR pg_catalog.abs(a.discount_amount) > pg_catalog.abs(a.amount + a.discount_amount - a.fee_amount)
                     OR (a.amount + a.discount_amount - a.fee_amount = 0 AND a.fee_amount <> 0)))
        UNION ALL
        SELECT d.contract_id, 'invoice detail ' || d.detail_id,
               'discount ' || coalesce(d.discount_amount::text, 'none') || ' and fee ' || coalesce(d.fee_amount::text, 'none')
               || ', its source was made with ' || coalesce(a.discount_percent::text, 'no') || ' % and '
               || coalesce(a.fee_percent::text, 'no') || ' %'
          FROM billing.invoice_detail d
          JOIN billing.contract c ON c.contract_id = d.contract_id
          LEFT JOIN billing.actual a ON a.actual_id = d.actual_id AND a.contract_id = d.contract_id
         WHERE (d.discount_amount IS NULL) <> (a.discount_percent IS NULL) OR (d.fee_amount IS NULL) <> (a.fee_percent IS NULL)
            OR (d.billing_type <> 'chargeable' AND (d.discount_amount <> 0 OR d.fee_amount <> 0))
            OR ((d.quantity, d.price) IS DISTINCT FROM (a.quantity, a.price) AND d.discount_amount IS NOT NULL
                AND d.amount + d.discount_amount - d.fee_amount <> billing.money(d.quantity * d.price, c.currency)))"},
    {"parts of a split sale are the sale",
     R"(
        SELECT p.contract_id, 'actual ' || p.part_of_id,
               CASE WHEN w.actual_id IS NULL THEN 'is missing, but has parts'
                    ELSE p.parts || ' parts of ' || p.quantity || ' = ' || p.amount || ' tax ' || p.tax || ', itself ' || w.quantity
                         || ' = ' || w.amount || ' tax ' || w.tax || ', ' || w.adjustment_status END
          FROM (SELECT s.contract_id, s.part_of_id, pg_catalog.count(*) AS parts, pg_catalog.sum(s.quantity) AS quantity,
                       pg_catalog.sum(s.amount) AS amount, pg_catalog.sum(s.tax) AS tax,
                       pg_catalog.array_agg(DISTINCT (s.contract_line_id, s.customer_id, s.entry_id, s.source_id, s.price,
                            s.transaction_type, s.transaction_class, s.transaction_date, s.billing_type)::text) AS kinds
                  FROM billing.actual s WHERE s.part_of_id IS NOT NULL
                 GROUP BY s.contract_id, s.part_of_id) p
          LEFT JOIN billing.actual w ON w.actual_id = p.part_of_id AND w.contract_id = p.contract_id
         WHERE w.actual_id IS NULL OR p.parts <> 2 OR w.adjustment_status <> 'adjusted'
            OR p.quantity <> w.quantity OR p.amount <> w.amount OR p.tax <> w.tax
            OR p.kinds <> ARRAY[(w.contract_line_id, w.customer_id, w.entry_id, w.source_id, w.price, w.transaction_type,
                                 w.transaction_class, w.transaction_date, w.billing_type)::text])"},

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
                       FROM (SELECT contract_id, invoice_line_id, billing_type, net_amount AS amount, net_tax AS tax FROM billing.draft_detail
                             UNION ALL
                             SELECT contract_id, invoice_line_id, billing_type, amount, tax FROM billing.actual
                              WHERE transaction_type = 'billed_sales') t
                      GROUP BY t.contract_id, t.invoice_line_id) d
            ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
         WHERE l.amount <> coalesce(d.amount, 0) OR l.tax <> coalesce(d.tax, 0))"},
    {"corrections are on one draft and settled by confirming it",
     R"(
        SELECT b.contract_id, 'actual ' || b.actual_id,
               b.adjustment_status || ', on ' || pg_catalog.count(v.invoice_id) || ' corrective drafts'
          FROM billing.actual b
          LEFT JOIN billing.invoice_detail d ON d.actual_id = b.actual_id AND d.contract_id = b.contract_id
                AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
          LEFT JOIN billing.invoice_line l ON l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id
          LEFT JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                AND v.project_invoice_status IN ('draft', 'in_review')
          LEFT JOIN billing.retainer_correction k ON k.actual_id = b.actual_id AND k.contract_id = b.contract_id
         WHERE b.transaction_type = 'billed_sales' AND (b.invoice_id IS NOT NULL OR b.journal_line_id IS NULL)
         GROUP BY b.contract_id, b.actual_id, b.adjustment_status
        HAVING pg_catalog.count(v.invoice_id) + pg_catalog.count(k.actual_id) <> CASE b.adjustment_status WHEN 'in_process' THEN 1 ELSE 0 END
        UNION ALL
        SELECT d.contract_id, 'invoice detail ' || d.detail_id, 'confirmed, but actual ' || b.actual_id || ' is ' || b.adjustment_status
          FROM billing.invoice_detail d
          JOIN billing.invoice_line l ON l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id
          JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                AND v.project_invoice_status NOT IN ('draft', 'in_review')
          JOIN billing.actual b ON b.actual_id = d.actual_id AND b.contract_id = d.contract_id
          LEFT JOIN billing.actual r ON r.reverses_id = b.actual_id AND r.contract_id = b.contract_id
         WHERE d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
           AND (b.adjustment_status <> 'adjusted' OR r.detail_id IS DISTINCT FROM d.detail_id)
        UNION ALL
        SELECT v.contract_id, 'invoice ' || v.invoice_id, 'has_corrections is ' || v.has_corrections
          FROM billing.invoice v
         WHERE v.has_corrections <> (EXISTS (
               SELECT 1 FROM billing.invoice_line l
                 JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                      AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
                WHERE l.invoice_id = v.invoice_id AND l.contract_id = v.contract_id)
               OR v.invoice_id IN (SELECT x.invoice_id FROM billing.retainer_detail x WHERE x.corrected_sale_id IS NOT NULL)))"},
    {"corrections conserve what was billed",
     R"(
        SELECT d.contract_id, 'invoice detail ' || d.detail_id,
               'of ' || b.quantity || ' billed, ' || coalesce(w.billed, 0) || ' stand and ' || coalesce(w.open, 0) || ' returned to the backlog'
          FROM billing.invoice_detail d
          JOIN billing.invoice_line l ON l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id
          JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                AND v.project_invoice_status NOT IN ('draft', 'in_review')
          JOIN billing.contract_line c ON c.contract_line_id = l.contract_line_id AND c.contract_id = l.contract_id
                AND c.billing_method = 'time_and_material'
          JOIN billing.actual b ON b.actual_id = d.actual_id AND b.contract_id = d.contract_id
          LEFT JOIN (SELECT a.contract_id, a.detail_id,
                            pg_catalog.sum(a.quantity) FILTER (WHERE a.transaction_type = 'billed_sales') AS billed,
                            pg_catalog.sum(a.quantity) FILTER (WHERE a.transaction_type = 'unbilled_sales') AS open
                       FROM billing.actual a WHERE a.detail_id IS NOT NULL AND a.reverses_id IS NULL
                        AND NOT EXISTS (SELECT 1 FROM billing.actual r
                                         WHERE r.contract_id = a.contract_id AND r.reverses_id = a.actual_id AND r.detail_id = a.detail_id)
                      GROUP BY a.contract_id, a.detail_id) w
            ON w.contract_id = d.contract_id AND w.detail_id = d.detail_id
         WHERE d.detail_kind = 'correction'
           AND (coalesce(w.billed, 0) <> d.quantity
                OR coalesce(w.open, 0) <> CASE WHEN d.quantity = 0 OR pg_catalog.abs(d.quantity) < pg_catalog.abs(b.quantity)
                                               THEN b.quantity - d.quantity ELSE 0 END))"},
    {"reduced quantities are written off or kept",
     R"(
        SELECT d.contract_id, 'invoice detail ' || d.detail_id,
               'of ' || s.quantity || ' bills ' || d.quantity || CASE WHEN d.keep_rest THEN ' and keeps the rest' ELSE ' and writes off the rest' END
               || '; written on the invoice ' || coalesce(w.on_invoice, 0) || ', kept ' || coalesce(w.kept, 0)
               || ' that come to ' || coalesce(w.kept_amount, 0)
          FROM billing.invoice_detail d
          JOIN billing.invoice_line l ON l.invoice_line_id = d.invoice_line_id AND l.contract_id = d.contract_id
          JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                AND v.project_invoice_status NOT IN ('draft', 'in_review')
          JOIN billing.actual s ON s.actual_id = d.actual_id AND s.contract_id = d.contract_id
         CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.abs(d.quantity) < pg_catalog.abs(s.quantity)
                                         THEN s.quantity - d.quantity ELSE 0 END AS quantity) r
          LEFT JOIN (SELECT a.contract_id, a.source_id, a.invoice_id,
                            pg_catalog.sum(a.quantity) FILTER (WHERE i.invoice_line_id IS NOT NULL) AS on_invoice,
                            pg_catalog.sum(a.quantity) FILTER (WHERE i.invoice_line_id IS NULL) AS kept,
                            pg_catalog.sum(a.amount + coalesce(a.discount_amount, 0) - coalesce(a.fee_amount, 0))
                                FILTER (WHERE i.invoice_line_id IS NULL) AS kept_amount
                       FROM billing.actual a
                       LEFT JOIN billing.invoice_line i ON i.invoice_line_id = a.invoice_line_id
                             AND i.contract_id = a.contract_id AND i.invoice_id = a.invoice_id
                      WHERE a.transaction_type = 'unbilled_sales' AND a.reverses_id IS NULL AND a.source_id IS NOT NULL
                        AND a.invoice_id IS NOT NULL
                      GROUP BY a.contract_id, a.source_id, a.invoice_id) w
            ON w.contract_id = d.contract_id AND w.source_id = d.actual_id AND w.invoice_id = v.invoice_id
         WHERE d.detail_kind = 'actual' AND s.adjustment_status = 'adjusted'
           AND (coalesce(w.on_invoice, 0) + coalesce(w.kept, 0) <> d.quantity + r.quantity
                OR coalesce(w.kept, 0) <> CASE WHEN d.keep_rest THEN r.quantity ELSE 0 END
                OR coalesce(w.kept_amount, 0) <> CASE WHEN d.keep_rest AND r.quantity <> 0
                                                      THEN s.amount + coalesce(s.discount_amount, 0) - coalesce(s.fee_amount, 0)
                                                           - billing.money(d.quantity * s.price, v.currency) ELSE 0 END)
        UNION ALL
        SELECT d.contract_id, 'invoice detail ' || d.detail_id, 'of kind ' || d.detail_kind || ' and quantity ' || d.quantity || ' cannot keep a rest'
          FROM billing.invoice_detail d
          LEFT JOIN billing.actual s ON s.actual_id = d.actual_id AND s.contract_id = d.contract_id
         WHERE (d.keep_rest IS NOT NULL AND d.detail_kind <> 'actual') OR (d.keep_rest AND d.quantity = 0 AND s.quantity <> 0))"},
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
                SELECT contract_id, 'journal', journal_id, 'journal_status', journal_status::text, 'draft' FROM billing.journal
                UNION ALL
                SELECT contract_id, 'retainer', retainer_id, 'retainer_status', retainer_status::text, 'not_ready_to_invoice'
                  FROM billing.retainer
                UNION ALL
                SELECT contract_id, 'retainer', retainer_id, 'refund_status', refund_status::text, 'not_refunded'
                  FROM billing.retainer
                UNION ALL
                SELECT contract_id, 'invoice', invoice_id, 'project_invoice_status', project_invoice_status::text, NULL
                  FROM billing.invoice
                UNION ALL
                SELECT contract_id, 'invoice', invoice_id, 'invoice_status', invoice_status::text, 'active'
                  FROM billing.invoice
                UNION ALL
                SELECT contract_id, 'invoice', invoice_id, 'bulk_confirmation_status', bulk_confirmation_status::text, NULL
                  FROM billing.invoice
                UNION ALL
                SELECT contract_id, 'actual', actual_id, 'adjustment_status', adjustment_status::text,
                       CASE WHEN is_open THEN 'adjustable' ELSE adjustment_status::text END
                  FROM billing.actual
                UNION ALL
                SELECT contract_id, 'contract', contract_id, 'contract_status', contract_status::text, contract_status::text
                  FROM billing.contract
                UNION ALL
                SELECT contract_id, 'invoice_schedule', schedule_id, 'run_status', run_status::text, NULL
                  FROM billing.invoice_schedule
                UNION ALL
                SELECT NULL, 'entry', entry_id, 'entry_status', entry_status::text, 'draft' FROM billing.entry
                UNION ALL
                SELECT NULL, 'entry', entry_id, 'approved_at_list_price', approved_at_list_price::text, NULL FROM billing.entry) x
          LEFT JOIN last h ON x.item = h.item AND x.id = h.id AND x.status_column = h.status_column
         WHERE x.status IS DISTINCT FROM coalesce(h.to_status, x.initial))"},
    {"bulk confirmation says what happened",
     R"(
        SELECT v.contract_id, 'invoice ' || v.invoice_id,
               v.project_invoice_status || ' with bulk confirmation status ' || v.bulk_confirmation_status
               || ', reason ' || coalesce(v.bulk_confirmation_reason, 'none')
          FROM billing.invoice v
         WHERE (v.bulk_confirmation_status = 'complete' AND v.project_invoice_status IN ('draft', 'in_review'))
            OR (v.bulk_confirmation_status IS NOT DISTINCT FROM 'failed') <> (v.bulk_confirmation_reason IS NOT NULL))"},
    {"header totals are the sum of their lines",
     R"(
        SELECT v.contract_id, 'invoice ' || v.invoice_id,
               v.total_amount || ', lines ' || coalesce(l.amount + l.tax, 0) || ', retainers ' || coalesce(d.amount, 0)
          FROM billing.invoice v
          LEFT JOIN (SELECT contract_id, invoice_id, pg_catalog.sum(amount) AS amount, pg_catalog.sum(tax) AS tax
                       FROM billing.invoice_line GROUP BY contract_id, invoice_id) l
            ON l.contract_id = v.contract_id AND l.invoice_id = v.invoice_id
          LEFT JOIN (SELECT contract_id, invoice_id, pg_catalog.sum(amount) AS amount
                       FROM billing.retainer_detail GROUP BY contract_id, invoice_id) d
            ON d.contract_id = v.contract_id AND d.invoice_id = v.invoice_id
         WHERE v.detail_amount <> coalesce(l.amount, 0) + coalesce(d.amount, 0) OR v.total_tax <> coalesce(l.tax, 0))"},
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

    // --- retainers
    // ----------------------------------------------------------------------------------------------------
    {"balances of retainers are those of the ledger",
     R"(
        SELECT r.contract_id, 'retainer ' || r.retainer_id,
               'available ' || r.available || ', open ' || coalesce(a.open, 0) || ' in ' || coalesce(a.open_rows, 0)
               || ' rows, billed ' || coalesce(a.billed, 0) || ', balance row '
               || CASE WHEN r.open_actual_id IS NOT DISTINCT FROM a.open_id THEN 'known' ELSE 'mistaken' END
          FROM (SELECT contract_id, retainer_id, open_actual_id,
                       CASE WHEN retainer_status = 'customer_invoice_posted' AND refund_status <> 'refunded'
                            THEN amount - used_amount ELSE 0 END AS available
                  FROM billing.retainer) r
          LEFT JOIN (SELECT b.contract_id, b.retainer_id,
                            pg_catalog.sum(b.amount) FILTER (WHERE b.transaction_type = 'billed_sales') AS billed,
                            - pg_catalog.sum(b.amount) FILTER (WHERE b.transaction_type = 'unbilled_sales') AS open,
                            pg_catalog.count(*) FILTER (WHERE b.transaction_type = 'unbilled_sales'
                                                          AND b.reverses_id IS NULL AND v.actual_id IS NULL) AS open_rows,
                            pg_catalog.max(b.actual_id) FILTER (WHERE b.transaction_type = 'unbilled_sales'
                                                          AND b.reverses_id IS NULL AND v.actual_id IS NULL) AS open_id
                       FROM billing.actual b
                       LEFT JOIN billing.actual v ON v.reverses_id = b.actual_id AND v.contract_id = b.contract_id
                      WHERE b.retainer_id IS NOT NULL
                      GROUP BY b.contract_id, b.retainer_id) a
            ON a.contract_id = r.contract_id AND a.retainer_id = r.retainer_id
         WHERE r.available <> coalesce(a.open, 0) OR r.available <> coalesce(a.billed, 0)
            OR r.open_actual_id IS DISTINCT FROM a.open_id
            OR coalesce(a.open_rows, 0) <> CASE WHEN r.available = 0 THEN 0 ELSE 1 END
        UNION ALL
        SELECT b.contract_id, 'actual ' || b.actual_id,
               CASE WHEN r.retainer_id IS NULL THEN 'its retainer is missing'
                    WHEN b.transaction_class <> 'retainer' THEN 'is not of class retainer'
                    ELSE 'differs from its retainer in customer, line, tax or billing type' END
          FROM billing.actual b
          LEFT JOIN billing.retainer r ON r.retainer_id = b.retainer_id AND r.contract_id = b.contract_id
         WHERE (b.retainer_id IS NOT NULL OR b.transaction_class = 'retainer')
           AND (r.retainer_id IS NULL OR b.transaction_class <> 'retainer' OR b.customer_id <> r.customer_id
                OR b.contract_line_id IS NOT NULL OR b.tax <> 0 OR b.billing_type <> 'chargeable'))"},
    {"retainers sit on invoices by their status",
     R"(
        SELECT r.contract_id, 'retainer ' || r.retainer_id,
               r.retainer_status || ', ' || r.refund_status || ' with invoice ' || coalesce(r.invoice_id::text, 'none')
               || ', refunded by ' || coalesce(r.refund_invoice_id::text, 'none')
          FROM billing.retainer r
          LEFT JOIN billing.invoice v ON v.invoice_id = r.invoice_id AND v.contract_id = r.contract_id
                AND v.customer_id = r.customer_id
          LEFT JOIN billing.invoice f ON f.invoice_id = r.refund_invoice_id AND f.contract_id = r.contract_id
                AND f.customer_id = r.customer_id
         WHERE CASE r.retainer_status WHEN 'customer_invoice_created' THEN coalesce(v.number IS NOT NULL, true)
                                      WHEN 'customer_invoice_posted' THEN coalesce(v.number IS NULL, true)
                                           -- or a journal says that it was billed elsewhere
                                           AND NOT (r.invoice_id IS NULL AND EXISTS (
                                               SELECT 1 FROM billing.journal_line j
                                                 JOIN billing.actual b ON b.actual_id = j.actual_id AND b.contract_id = j.contract_id
                                                WHERE j.contract_id = r.contract_id AND j.transaction_class = 'retainer'
                                                  AND b.retainer_id = r.retainer_id AND b.transaction_type = 'billed_sales'))
                                      ELSE r.invoice_id IS NOT NULL END
            OR CASE r.refund_status WHEN 'refunded' THEN coalesce(f.number IS NULL, true)
                                    WHEN 'ready_to_refund' THEN (r.refund_invoice_id IS NOT NULL AND coalesce(f.number IS NOT NULL, true))
                                                             OR r.retainer_status <> 'customer_invoice_posted' OR r.used_amount >= r.amount
                                    ELSE r.refund_invoice_id IS NOT NULL END)"},
    {"advances fit their retainers and invoices",
     R"(
        SELECT r.contract_id, 'retainer ' || r.retainer_id,
               'used ' || r.used_amount || ', invoices ' || a.used || '; held by drafts ' || a.held || ' of ' || (r.amount - r.used_amount)
          FROM billing.retainer r
          JOIN (SELECT x.contract_id, x.retainer_id,
                       coalesce(pg_catalog.sum(x.amount) FILTER (WHERE x.used_before IS NOT NULL AND x.credit_invoice_id IS NULL), 0) AS used,
                       coalesce(pg_catalog.sum(x.amount) FILTER (WHERE x.used_before IS NULL), 0) AS held
                  FROM billing.invoice_advance x GROUP BY x.contract_id, x.retainer_id
                UNION ALL
                SELECT n.contract_id, n.retainer_id, 0, 0 FROM billing.retainer n
                 WHERE NOT EXISTS (SELECT 1 FROM billing.invoice_advance x
                                    WHERE x.contract_id = n.contract_id AND x.retainer_id = n.retainer_id)) a
            ON a.contract_id = r.contract_id AND a.retainer_id = r.retainer_id
         WHERE r.used_amount <> a.used OR a.held > r.amount - r.used_amount
            OR (a.held > 0 AND (r.retainer_status <> 'customer_invoice_posted' OR r.refund_status <> 'not_refunded'))
        UNION ALL
        SELECT a.contract_id, 'invoice ' || a.invoice_id, 'advance of retainer ' || a.retainer_id || ' of another customer, or its state is not the invoice''s'
          FROM billing.invoice_advance a
          LEFT JOIN billing.invoice v ON v.invoice_id = a.invoice_id AND v.contract_id = a.contract_id
          LEFT JOIN billing.retainer r ON r.retainer_id = a.retainer_id AND r.contract_id = a.contract_id
         WHERE v.customer_id IS DISTINCT FROM r.customer_id OR (v.number IS NULL) <> (a.used_before IS NULL)
        UNION ALL
        SELECT a.contract_id, 'invoice ' || a.invoice_id,
               'advance of retainer ' || a.retainer_id || ' given back by invoice ' || coalesce(a.credit_invoice_id::text, 'none')
               || ', the ledger says ' || coalesce(c.invoice_id::text, 'none')
          FROM billing.invoice_advance a
          JOIN billing.actual b ON b.contract_id = a.contract_id AND b.invoice_id = a.invoice_id AND b.retainer_id = a.retainer_id
                AND b.transaction_type = 'billed_sales' AND b.source_id IS NOT NULL
          LEFT JOIN billing.actual c ON c.reverses_id = b.actual_id AND c.contract_id = b.contract_id
         WHERE a.credit_invoice_id IS DISTINCT FROM c.invoice_id
        UNION ALL
        SELECT k.contract_id, 'actual ' || k.actual_id, 'of retainer ' || k.retainer_id || ' is taken back by invoice ' || k.invoice_id || ', which is no draft, or it is not in process'
          FROM billing.retainer_correction k
          LEFT JOIN billing.invoice v ON v.invoice_id = k.invoice_id AND v.contract_id = k.contract_id
                AND v.has_corrections AND v.project_invoice_status IN ('draft', 'in_review')
          LEFT JOIN billing.actual b ON b.actual_id = k.actual_id AND b.contract_id = k.contract_id
                AND b.retainer_id = k.retainer_id AND b.transaction_type = 'billed_sales' AND b.adjustment_status = 'in_process'
         WHERE v.invoice_id IS NULL OR b.actual_id IS NULL
        UNION ALL
        SELECT v.contract_id, 'invoice ' || v.invoice_id, 'takes advances of ' || a.amount || ', charges ' || coalesce(l.amount, 0)
          FROM billing.invoice v
          JOIN (SELECT contract_id, invoice_id, pg_catalog.sum(amount) AS amount
                  FROM billing.invoice_advance GROUP BY contract_id, invoice_id) a
            ON a.contract_id = v.contract_id AND a.invoice_id = v.invoice_id
          LEFT JOIN (SELECT contract_id, invoice_id, pg_catalog.sum(amount) AS amount
                       FROM billing.invoice_line GROUP BY contract_id, invoice_id) l
            ON l.contract_id = v.contract_id AND l.invoice_id = v.invoice_id
         WHERE NOT v.has_corrections AND a.amount > greatest(coalesce(l.amount, 0), 0))"},

    // --- journals
    // ----------------------------------------------------------------------------------------------------
    {"journals are what their lines became",
     R"(
        SELECT l.contract_id, 'journal line ' || l.journal_line_id,
               CASE WHEN j.journal_type <> 'entry' THEN 'of a ' || j.journal_type || ' journal'
                    WHEN (j.journal_status = 'confirmed') <> (l.actual_id IS NOT NULL)
                    THEN 'its journal is ' || j.journal_status || ', its actual ' || coalesce(l.actual_id::text, 'missing')
                    ELSE 'differs from actual ' || l.actual_id END
          FROM billing.journal_line l
          JOIN billing.journal j ON j.journal_id = l.journal_id AND j.contract_id = l.contract_id
          LEFT JOIN billing.actual a ON a.actual_id = l.actual_id AND a.contract_id = l.contract_id
         WHERE j.journal_type <> 'entry' OR (j.journal_status = 'confirmed') <> (l.actual_id IS NOT NULL)
            OR (l.actual_id IS NOT NULL
                AND (a.journal_line_id, a.transaction_type, a.transaction_class, a.billing_type, a.transaction_date, a.customer_id,
                     a.quantity, a.price, a.amount, a.tax, a.contract_line_id)
                    IS DISTINCT FROM (l.journal_line_id, l.transaction_type, l.transaction_class, l.billing_type, l.transaction_date,
                     l.customer_id, l.quantity, l.price, l.amount, l.tax,
                     CASE WHEN l.transaction_class <> 'retainer' THEN l.contract_line_id END))
        UNION ALL
        SELECT a.contract_id, 'actual ' || a.actual_id, 'no line of a confirmed journal stands behind it'
          FROM billing.actual a
         WHERE a.journal_line_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM billing.journal_line l
                            WHERE l.journal_line_id = a.journal_line_id AND l.contract_id = a.contract_id AND l.actual_id <= a.actual_id)
        UNION ALL
        SELECT j.contract_id, 'journal ' || j.journal_id, 'confirmed and empty'
          FROM billing.journal j
         WHERE j.journal_status = 'confirmed'
           AND NOT EXISTS (SELECT 1 FROM billing.journal_line l WHERE l.contract_id = j.contract_id AND l.journal_id = j.journal_id)
           AND NOT EXISTS (SELECT 1 FROM billing.journal_correction d WHERE d.contract_id = j.contract_id AND d.journal_id = j.journal_id)
           AND NOT EXISTS (SELECT 1 FROM billing.journal_cancellation d WHERE d.contract_id = j.contract_id AND d.journal_id = j.journal_id))"},
    {"what a journal holds is in process",
     R"(
        WITH held AS (
            SELECT d.contract_id, a.actual_id
              FROM billing.journal_correction d
              JOIN billing.actual a ON a.entry_id = d.entry_id AND a.contract_id = d.contract_id
             WHERE d.is_claim AND a.reverses_id IS NULL AND a.adjustment_status IN ('adjustable', 'in_process')
               AND (a.transaction_type = 'cost' OR a.is_open)
            UNION
            SELECT d.contract_id, d.actual_id FROM billing.journal_cancellation d WHERE d.is_claim)
        SELECT h.contract_id, 'actual ' || h.actual_id, 'on a draft journal and ' || coalesce(a.adjustment_status::text, 'missing')
          FROM held h
          LEFT JOIN billing.actual a ON a.actual_id = h.actual_id AND a.contract_id = h.contract_id
         WHERE a.adjustment_status IS DISTINCT FROM 'in_process'
        UNION ALL
        SELECT a.contract_id, 'actual ' || a.actual_id, 'in process, but on no draft journal'
          FROM billing.actual a
          LEFT JOIN held h ON h.actual_id = a.actual_id AND h.contract_id = a.contract_id
         WHERE a.adjustment_status = 'in_process' AND h.actual_id IS NULL
           AND (a.transaction_type <> 'billed_sales' OR a.invoice_id IS NULL)
        UNION ALL
        SELECT d.contract_id, d.item, 'on journal ' || d.journal_id || ', which is ' || j.journal_status || ', ' || j.journal_type
          FROM (SELECT contract_id, journal_id, 'entry ' || entry_id AS item, is_claim, false AS cancels FROM billing.journal_correction
                UNION ALL
                SELECT contract_id, journal_id, 'actual ' || actual_id, is_claim, true FROM billing.journal_cancellation) d
          JOIN billing.journal j ON j.journal_id = d.journal_id AND j.contract_id = d.contract_id
         WHERE d.is_claim <> (j.journal_status = 'draft') OR d.cancels <> (j.journal_type = 'cancellation')
            OR j.journal_type = 'entry'
        UNION ALL
        SELECT d.contract_id, 'actual ' || d.actual_id, 'canceled by journal ' || d.journal_id || ' and ' || coalesce(a.adjustment_status::text, 'missing')
          FROM billing.journal_cancellation d
          LEFT JOIN billing.actual a ON a.actual_id = d.actual_id AND a.contract_id = d.contract_id
         WHERE NOT d.is_claim AND a.adjustment_status IS DISTINCT FROM 'adjusted')"},

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
    {"shares of milestones are billed as they say",
     R"(
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id, s.milestone_status || ' with ' || s.amount || ', billed ' || coalesce(b.amount, 0)
          FROM billing.milestone_split s
          LEFT JOIN (SELECT contract_id, milestone_split_id, pg_catalog.sum(amount) AS amount
                       FROM billing.actual
                      WHERE milestone_split_id IS NOT NULL AND transaction_type = 'billed_sales'
                      GROUP BY contract_id, milestone_split_id) b
            ON b.contract_id = s.contract_id AND b.milestone_split_id = s.milestone_split_id
         WHERE coalesce(b.amount, 0) <> CASE WHEN s.milestone_status = 'customer_invoice_posted' THEN s.amount ELSE 0 END
        UNION ALL
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id,
               'credited part of actual ' || s.credited_sale_id || ', which is ' || coalesce(b.adjustment_status::text, 'missing')
          FROM billing.milestone_split s
          LEFT JOIN billing.actual b ON b.actual_id = s.credited_sale_id AND b.contract_id = s.contract_id
               AND b.milestone_split_id = s.cut_from
         WHERE s.credited_sale_id IS NOT NULL AND b.adjustment_status IS DISTINCT FROM 'adjusted'
        UNION ALL
        SELECT s.contract_id, 'milestone share ' || s.milestone_split_id, 'cut from ' || s.cut_from || ', which is no older share of its customer'
          FROM billing.milestone_split s
          LEFT JOIN billing.milestone_split o ON o.milestone_split_id = s.cut_from AND o.contract_id = s.contract_id
               AND o.milestone_id = s.milestone_id AND o.customer_id = s.customer_id AND o.milestone_split_id < s.milestone_split_id
         WHERE s.cut_from IS NOT NULL AND o.milestone_split_id IS NULL)"},
    {"what is uncut of a milestone is one share for each customer",
     R"(
        SELECT s.contract_id, 'milestone ' || s.milestone_id, pg_catalog.count(*) || ' uncut shares of customer ' || s.customer_id
          FROM billing.milestone_split s
         WHERE s.milestone_status = 'not_ready_to_invoice' AND NOT s.has_billing_history
         GROUP BY s.contract_id, s.milestone_id, s.customer_id
        HAVING pg_catalog.count(*) > 1)"},
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

    // --- schedules and runs
    // -------------------------------------------------------------------------------------------
    {"schedules belong to time and material", R"(
        SELECT s.contract_id, 'schedule ' || s.schedule_id, 'its contract line ' || s.contract_line_id || ' is ' || coalesce(l.billing_method::text, 'missing')
          FROM billing.invoice_schedule s
          LEFT JOIN billing.contract_line l ON l.contract_line_id = s.contract_line_id AND l.contract_id = s.contract_id
         WHERE l.billing_method IS DISTINCT FROM 'time_and_material'
        UNION ALL
        SELECT s.contract_id, 'schedule ' || s.schedule_id, s.run_status || ' by run ' || s.run_id || ', which says ' || coalesce(r.run_status::text, 'nothing')
          FROM billing.invoice_schedule s
          LEFT JOIN billing.invoice_run_contract r ON r.run_id = s.run_id AND r.contract_id = s.contract_id
         WHERE s.run_status <> 'not_run' AND r.run_status IS DISTINCT FROM s.run_status)"},
    {"runs add up", R"(
        SELECT NULL::int8, 'run ' || v.run_id,
               v.contracts_done || ' of ' || v.contracts_total || ' contracts, ' || v.draft_count || ' drafts, ' || v.failure_count
               || ' failures, finished ' || coalesce(v.finished_at::text, 'not yet')
          FROM billing.invoice_run v
          LEFT JOIN (SELECT run_id, pg_catalog.count(*) AS total, pg_catalog.count(finished_at) AS done,
                            pg_catalog.sum(draft_count) AS drafts,
                            pg_catalog.count(*) FILTER (WHERE run_status = 'run_failed') AS failures
                       FROM billing.invoice_run_contract GROUP BY run_id) c ON c.run_id = v.run_id
         WHERE v.contracts_total <> coalesce(c.total, 0) OR v.contracts_done <> coalesce(c.done, 0)
            OR v.draft_count <> coalesce(c.drafts, 0) OR v.failure_count <> coalesce(c.failures, 0)
            OR (v.contracts_done = v.contracts_total) <> (v.finished_at IS NOT NULL)
        UNION ALL
        SELECT r.contract_id, 'run ' || r.run_id, r.draft_count || ' drafts, of which operation ' || o.operation_id || ' has ' || o.drafts
          FROM billing.invoice_run_contract r
          JOIN (SELECT contract_id, operation_id, pg_catalog.count(*) AS drafts FROM billing.invoice GROUP BY contract_id, operation_id) o
            ON o.operation_id = r.operation_id AND o.contract_id = r.contract_id
         WHERE o.drafts > r.draft_count)"},
};

#undef BILLING_TAKEN_BACK
#undef BILLING_NOT_SPLIT

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
        pg::require_current_tables();
        pg::Engine engine;
        Verb verb{"verify", Arguments(call), result, engine.caller()};
        run_checks(verb);
        engine.leave();
        return Datum{0};
    });
}
