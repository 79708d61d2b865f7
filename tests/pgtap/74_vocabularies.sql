-- The vocabularies in SQL are those of the engine; the status machine uses nothing else; everything shipped is
-- described.
\ir fixture/base.psql
SELECT no_plan();

-- --- Enums and catalog
SELECT results_eq(
    $$SELECT (vocabulary || ': ' || string_agg(label, ', ' ORDER BY position)) COLLATE "C"
        FROM billing.status_catalog() WITH ORDINALITY AS c (vocabulary, label, en, nb, is_initial, is_terminal, meaning,
             position)
       GROUP BY vocabulary ORDER BY vocabulary COLLATE "C"$$,
    $$SELECT (typname || ': ' || (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum
       WHERE enumtypid = t.oid)) COLLATE "C"
        FROM pg_type t WHERE typnamespace = 'billing'::regnamespace AND typtype = 'e' ORDER BY typname COLLATE "C"$$,
    'each enum is a vocabulary of status_catalog() with the same labels in the same order, and the other way round');
SELECT is_empty(
    $$SELECT vocabulary, label FROM billing.status_catalog()
       WHERE en = '' OR nb = '' OR meaning = '' OR en IS NULL OR nb IS NULL OR meaning IS NULL$$,
    'every value has a label in both languages and a meaning');
SELECT is_empty(
    $$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_type t ON t.oid = a.atttypid
       WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind = 'r' AND a.attname LIKE '%\_status'
         AND t.typtype <> 'e' AND NOT a.attisdropped
         AND c.relname NOT IN ('operation_change')$$,
    'every status column of a table is an enum');

-- --- The machine
SELECT is_empty(
    $$SELECT * FROM billing.status_transitions() t WHERE NOT EXISTS (
          SELECT 1 FROM pg_enum e JOIN pg_type y ON y.oid = e.enumtypid
           WHERE y.typnamespace = 'billing'::regnamespace AND y.typname = t.vocabulary AND e.enumlabel = t.from_label)
       OR NOT EXISTS (
          SELECT 1 FROM pg_enum e JOIN pg_type y ON y.oid = e.enumtypid
           WHERE y.typnamespace = 'billing'::regnamespace AND y.typname = t.vocabulary AND e.enumlabel = t.to_label)$$,
    'transitions use labels of the enums only');
SELECT is_empty(
    $$SELECT * FROM billing.status_transitions() WHERE actor NOT IN ('user', 'system') OR from_label = to_label$$,
    'each is taken by a user or the system, and leads somewhere else');
SELECT is_empty(
    'SELECT vocabulary, from_label, to_label, verb FROM billing.status_transitions()
      GROUP BY 1, 2, 3, 4 HAVING count(*) > 1',
    'none is listed twice for one verb');
SELECT is_empty(
    $$SELECT c.vocabulary, c.label FROM billing.status_catalog() c
       WHERE c.is_terminal AND EXISTS (SELECT 1 FROM billing.status_transitions() t
       WHERE t.vocabulary = c.vocabulary AND t.from_label = c.label)$$,
    'nothing leads away from a terminal value');
SELECT is_empty(
    $$SELECT c.vocabulary, c.label FROM billing.status_catalog() c
       WHERE c.vocabulary IN (SELECT vocabulary FROM billing.status_transitions()) AND NOT c.is_terminal
         AND NOT EXISTS (SELECT 1 FROM billing.status_transitions() t
          WHERE t.vocabulary = c.vocabulary AND t.from_label = c.label)$$,
    'and something away from every other');
SELECT is_empty(
    $$SELECT c.vocabulary, c.label FROM billing.status_catalog() c
       WHERE c.vocabulary IN (SELECT vocabulary FROM billing.status_transitions()) AND NOT c.is_initial
         AND NOT EXISTS (SELECT 1 FROM billing.status_transitions() t
          WHERE t.vocabulary = c.vocabulary AND t.to_label = c.label)$$,
    'every value can be reached');
SELECT bag_eq(
    $$SELECT DISTINCT from_label, to_label FROM billing.status_transitions() WHERE vocabulary = 'billing_status'$$,
    $$VALUES ('not_ready_to_invoice', 'ready_to_invoice'), ('ready_to_invoice', 'not_ready_to_invoice'),
             ('ready_to_invoice', 'customer_invoice_created'), ('customer_invoice_created', 'ready_to_invoice'),
             ('customer_invoice_created', 'customer_invoice_posted'), ('customer_invoice_created', 'canceled'),
             ('not_ready_to_invoice', 'canceled'), ('ready_to_invoice', 'canceled')$$,
    'the moves of a billing status, and no others');
SELECT bag_eq(
    $$SELECT DISTINCT from_label, to_label FROM billing.status_transitions()
       WHERE vocabulary = 'project_invoice_status'$$,
    $$VALUES ('draft', 'in_review'), ('in_review', 'draft'), ('draft', 'confirmed'), ('in_review', 'confirmed'),
             ('confirmed', 'posted')$$,
    'the moves of an invoice: one way after confirmation');
SELECT bag_eq(
    $$SELECT DISTINCT from_label, to_label FROM billing.status_transitions() WHERE vocabulary = 'milestone_status'$$,
    $$VALUES ('not_ready_to_invoice', 'ready_to_invoice'), ('ready_to_invoice', 'not_ready_to_invoice'),
             ('ready_to_invoice', 'customer_invoice_created'), ('customer_invoice_created', 'ready_to_invoice'),
             ('customer_invoice_created', 'customer_invoice_posted'), ('customer_invoice_posted', 'ready_to_invoice')$$,
    'the moves of a milestone');
SELECT bag_eq(
    $$SELECT DISTINCT from_label, to_label FROM billing.status_transitions() WHERE vocabulary = 'retainer_status'$$,
    $$VALUES ('not_ready_to_invoice', 'ready_to_invoice'), ('ready_to_invoice', 'not_ready_to_invoice'),
             ('ready_to_invoice', 'customer_invoice_created'), ('customer_invoice_created', 'ready_to_invoice'),
             ('customer_invoice_created', 'customer_invoice_posted'), ('customer_invoice_posted', 'ready_to_invoice')$$,
    'the moves of a retainer');
SELECT bag_eq(
    $$SELECT DISTINCT from_label, to_label FROM billing.status_transitions() WHERE vocabulary = 'refund_status'$$,
    $$VALUES ('not_refunded', 'ready_to_refund'), ('ready_to_refund', 'not_refunded'), ('ready_to_refund', 'refunded'),
             ('refunded', 'not_refunded')$$,
    'the moves of a refund');

-- --- Everything shipped has a comment
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p
       WHERE p.pronamespace = 'billing'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL$$,
    'every function has a comment');
SELECT is_empty(
    $$SELECT t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
       WHERE t.typnamespace = 'billing'::regnamespace AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
         AND obj_description(t.oid, 'pg_type') IS NULL$$,
    'every type has a comment');
SELECT is_empty(
    $$SELECT c.relname FROM pg_class c
       WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
         AND obj_description(c.oid, 'pg_class') IS NULL$$,
    'every table and view has a comment');
SELECT is_empty(
    $$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
         AND a.attname IN ('is_rounding', 'is_primary', 'nte_limit', 'committed_amount', 'billed_amount', 'in_use',
                           'product_status', 'is_open', 'source_id', 'reverses_id', 'has_billing_history', 'run_key',
                           'number', 'used_amount', 'used_before', 'limit_amount', 'open_actual_id', 'retainer_id')
         AND a.attrelid::regclass::text || '.' || a.attname NOT IN ('billing.retainer.retainer_id', 'billing.invoice_advance.retainer_id')
         AND col_description(a.attrelid, a.attnum) IS NULL$$,
    'columns that need explanation have a comment');
SELECT isnt(obj_description((SELECT oid FROM pg_extension WHERE extname = 'billing'), 'pg_extension'), NULL,
    'the extension has a comment');

-- --- Nothing is open to everybody, nothing can be fooled by a search path
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc p
       WHERE p.pronamespace = 'billing'::regnamespace AND p.provolatile = 'v'
         AND has_function_privilege('public', p.oid, 'EXECUTE')
         AND p.proname NOT IN ('guard_wakes')$$,
    'verbs are granted to nobody by default');

SELECT * FROM finish();
