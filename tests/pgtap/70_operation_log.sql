-- The log: who called which verb with which arguments, and which rows moved from which status to which.
\ir fixture/base.psql
SELECT no_plan();
SET application_name = 'billing office';

-- Of the latest operation: its changes as text, ids in order.
CREATE VIEW latest AS
SELECT h.item || ' ' || h.status_column || ': ' || coalesce(h.from_status, 'none') || ' -> '
       || coalesce(h.to_status, 'none') AS change,
       h.contract_id, h.item_count, (SELECT array_agg(i ORDER BY i) FROM unnest(h.ids) AS i) AS ids
  FROM billing.operation_change h WHERE h.operation_id = (SELECT max(operation_id) FROM billing.operation);
CREATE VIEW latest_call AS
SELECT verb, run_key, role_name, session_role, application_name, arguments
  FROM billing.operation WHERE operation_id = (SELECT max(operation_id) FROM billing.operation);

SELECT time_and_material(10);
UPDATE billing.contract SET nte_limit = 3000 WHERE contract_id = 10;
SELECT time_and_material(20);
SELECT entered(101, 10);
SELECT entered(102, 10);
SELECT entered(201, 20);
SELECT entered(202, 20);
SELECT is_empty('SELECT * FROM billing.operation', 'set-up and draft entries are not logged');

-- --- Entries
SELECT count(*) FROM billing.submit('{101,102,201,202,999}');
SELECT results_eq('SELECT verb, run_key, role_name, session_role, application_name, arguments FROM latest_call',
    $$VALUES ('submit', NULL::text, 'postgres', 'postgres', 'billing office',
             '{"entries": "101,102,201,202,999"}'::jsonb)$$,
    'the log names verb, people, program and arguments');
SELECT ok((SELECT started_at BETWEEN now() - interval '1 minute' AND clock_timestamp() FROM billing.operation),
    'and the time');
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$VALUES ('entry entry_status: draft -> submitted', NULL::bigint, 4::bigint, '{101,102,201,202}'::bigint[])$$,
    'submit: the entries that moved');
SELECT count(*) FROM billing.reject('{202}');
SELECT bag_eq('SELECT change, item_count, ids FROM latest',
    $$VALUES ('entry entry_status: submitted -> returned', 1::bigint, '{202}'::bigint[])$$, 'reject: returned');
SELECT count(*) FROM billing.approve('{101,102,201,202}');
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$VALUES ('entry entry_status: submitted -> approved', 10::bigint, 2::bigint, '{101,102}'::bigint[]),
             ('entry entry_status: submitted -> approved', 20, 1, '{201}')$$,
             'approve: per contract, without the refused');

-- --- Backlog
SELECT count(*) FROM billing.mark_ready_to_invoice(sales(101, 102, 201));
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$VALUES ('actual billing_status: not_ready_to_invoice -> ready_to_invoice', 10::bigint, 1::bigint, sales(101)),
             ('actual billing_status: not_ready_to_invoice -> ready_to_invoice', 20, 1, sales(201))$$,
             'mark ready: what changed');
SELECT results_eq('SELECT verb, arguments FROM latest_call',
    $$SELECT 'mark_ready_to_invoice', jsonb_build_object('actuals', array_to_string(sales(101, 102, 201), ','))$$,
    'with what was asked for');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(sales(201));
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('actual billing_status: ready_to_invoice -> not_ready_to_invoice', sales(201))$$, 'mark not ready');
SELECT count(*) FROM billing.reset_nte(sales(101, 102));
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('actual nte_status: committed -> not_evaluated', sales(101)),
             ('actual nte_status: failed -> not_evaluated', sales(102)),
             ('actual billing_status: ready_to_invoice -> not_ready_to_invoice', sales(101))$$,
             'reset: both statuses it moves');
SELECT count(*) FROM billing.reevaluate_nte(sales(101, 102));
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('actual nte_status: not_evaluated -> committed', sales(101)),
             ('actual nte_status: not_evaluated -> failed', sales(102))$$,
    're-evaluate: the verdicts');

-- --- Invoices
SELECT ready(101, 201);
SELECT count(*) FROM billing.create_invoices('{10,20}', invoice_date => '2026-03-31', run_key => 'March');
SELECT results_eq('SELECT verb, run_key, arguments FROM latest_call',
    $$VALUES ('create_invoices', 'March', '{"contracts": "10,20", "invoice_date": "2026-03-31"}'::jsonb)$$,
    'create_invoices: with its run key');
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$VALUES ('invoice project_invoice_status: none -> draft', 10::bigint, 1::bigint, ARRAY[invoice(10)]),
             ('invoice project_invoice_status: none -> draft', 20, 1, ARRAY[invoice(20)]),
             ('actual billing_status: ready_to_invoice -> customer_invoice_created', 10, 1, sales(101)),
             ('actual billing_status: ready_to_invoice -> customer_invoice_created', 20, 1, sales(201))$$,
             'the drafts and what they took');
SELECT results_eq('SELECT DISTINCT operation_id FROM billing.invoice', 'SELECT max(operation_id)
  FROM billing.operation',
    'an invoice names the operation that made it');
SELECT count(*) FROM billing.edit_invoice_details(sales(101), quantity => 6, price => 210);
SELECT results_eq('SELECT verb, arguments FROM latest_call',
    $$SELECT 'edit_invoice_details', jsonb_build_object('actuals', array_to_string(sales(101), ','), 'quantity', '6',
             'price', '210')$$,
    'an edit is logged with its values');
SELECT count(*) FROM billing.remove_invoice_details(sales(201));
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('actual billing_status: customer_invoice_created -> ready_to_invoice', sales(201))$$,
    'remove: the sources go back');
SELECT count(*) FROM billing.add_to_invoice(sales(201), invoice_date => '2026-03-31');
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('actual billing_status: ready_to_invoice -> customer_invoice_created', sales(201))$$,
    'add: and are taken again');
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(10)]);
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('invoice project_invoice_status: draft -> in_review', ARRAY[invoice(10)])$$, 'review');
CREATE TABLE deleted AS SELECT invoice(20) AS id;
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(20)]);
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$SELECT 'invoice project_invoice_status: draft -> none' AS change, 20::bigint AS contract_id,
             1::bigint AS item_count, ARRAY[id] AS ids FROM deleted
      UNION ALL SELECT 'actual billing_status: customer_invoice_created -> ready_to_invoice', 20, 1, sales(201)$$,
    'delete: the log remembers the invoice and what it had taken');
SELECT drafted(20);
SELECT count(*) FROM billing.confirm_invoices(ARRAY[invoice(10), invoice(20)]);
SELECT bag_eq('SELECT change, contract_id, item_count, ids FROM latest',
    $$VALUES ('invoice project_invoice_status: in_review -> confirmed', 10::bigint, 1::bigint, ARRAY[invoice(10)]),
             ('invoice project_invoice_status: draft -> confirmed', 20, 1, ARRAY[invoice(20)]),
             ('actual billing_status: customer_invoice_created -> canceled', 10, 1, sales(101)),
             ('actual adjustment_status: adjustable -> adjusted', 10, 1, sales(101)),
             ('actual billing_status: customer_invoice_created -> customer_invoice_posted', 20, 1, sales(201))$$,
    'confirm: what was edited is canceled and adjusted, the rest posted');
SELECT count(*) FROM billing.mark_paid(ARRAY[invoice(10)]);
SELECT bag_eq('SELECT change, ids FROM latest',
    $$VALUES ('invoice invoice_status: active -> paid', ARRAY[invoice(10)])$$, 'paid');

-- --- The log agrees with the statuses: its last word on every actual is what the actual says
SELECT is_empty($$
    SELECT a.actual_id, a.billing_status, l.to_status
      FROM billing.actual a
      JOIN LATERAL (SELECT h.to_status FROM billing.operation_change h
                     WHERE h.item = 'actual' AND h.status_column = 'billing_status' AND a.actual_id = ANY (h.ids)
                     ORDER BY h.operation_id DESC LIMIT 1) l ON l.to_status <> a.billing_status::text$$,
    'the last logged status of every actual is the one it has');
SELECT bag_eq(
    $$SELECT verb, from_status, to_status FROM billing.operation_history
       WHERE item = 'actual' AND status_column = 'billing_status' AND sales(201) <@ ids$$,
    $$VALUES ('mark_ready_to_invoice', 'not_ready_to_invoice', 'ready_to_invoice'),
             ('mark_not_ready_to_invoice', 'ready_to_invoice', 'not_ready_to_invoice'),
             ('mark_ready_to_invoice', 'not_ready_to_invoice', 'ready_to_invoice'),
             ('create_invoices', 'ready_to_invoice', 'customer_invoice_created'),
             ('remove_invoice_details', 'customer_invoice_created', 'ready_to_invoice'),
             ('add_to_invoice', 'ready_to_invoice', 'customer_invoice_created'),
             ('delete_invoices', 'customer_invoice_created', 'ready_to_invoice'),
             ('create_invoices', 'ready_to_invoice', 'customer_invoice_created'),
             ('confirm_invoices', 'customer_invoice_created', 'customer_invoice_posted')$$,
    'operation_history tells the whole life of an actual');

-- --- Milestones and products
SELECT fixed_price(30);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (30, 31, 'Licences', 'product', 1, 100);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (30, 301, 30, 'Design', '2026-03-01', 500);
CREATE FUNCTION share() RETURNS bigint[] LANGUAGE sql AS 'SELECT array_agg(milestone_split_id)
  FROM billing.milestone_split';
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{30}');
SELECT bag_eq('SELECT change, contract_id, ids FROM latest',
    $$VALUES ('milestone_split milestone_status: not_ready_to_invoice -> ready_to_invoice', 30::bigint, share()),
             ('contract_line product_status: not_ready_to_invoice -> ready_to_invoice', 30, '{31}')$$,
             'milestones and products are logged alike');
SELECT drafted(30);
SELECT confirmed(invoice(30));
SELECT bag_eq('SELECT change, contract_id, ids FROM latest',
    $$VALUES ('milestone_split milestone_status: customer_invoice_created -> customer_invoice_posted', 30::bigint,
             share()),
             ('contract_line product_status: customer_invoice_created -> customer_invoice_posted', 30, '{31}'),
             ('invoice project_invoice_status: draft -> confirmed', 30, ARRAY[invoice(30)])$$, 'to the end');

-- --- Who: the role in force and the one who logged in
CREATE ROLE billing_log_clerk;
GRANT USAGE ON SCHEMA billing TO billing_log_clerk;
GRANT EXECUTE ON FUNCTION billing.mark_not_ready_to_invoice TO billing_log_clerk;
SET ROLE billing_log_clerk;
SELECT count(*) FROM billing.mark_not_ready_to_invoice(contracts => '{30}');
SELECT throws_ok($$SELECT * FROM billing.mark_ready_to_invoice(contracts => '{30}')$$, '42501', NULL,
    'verbs need a grant');
RESET ROLE;
SELECT results_eq('SELECT verb, role_name, session_role FROM latest_call',
    $$VALUES ('mark_not_ready_to_invoice', 'billing_log_clerk', 'postgres')$$,
    'the log knows the role in force and the one who logged in');
REVOKE ALL ON FUNCTION billing.mark_not_ready_to_invoice FROM billing_log_clerk;
REVOKE ALL ON SCHEMA billing FROM billing_log_clerk;
DROP ROLE billing_log_clerk;

-- --- Failed calls leave no trace, long lists are abbreviated
CREATE TABLE before AS SELECT max(operation_id) AS id FROM billing.operation;
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(101), quantity => 1)', 'ZB022', NULL,
    'a call that fails');
SELECT results_eq('SELECT max(operation_id) FROM billing.operation', 'TABLE before', 'is not logged');
SELECT count(*) FROM billing.submit(ARRAY(SELECT generate_series(1001, 1101)::bigint));
SELECT ok((SELECT arguments ->> 'entries' LIKE '101 items%' FROM latest_call),
    'of more than a hundred ids the log keeps the number');

-- --- The log is written by the verbs alone
SELECT throws_ok('DELETE FROM billing.operation_change', 'ZB001', NULL, 'the log is not deleted');
SELECT throws_ok($$UPDATE billing.operation SET role_name = 'somebody else'$$, 'ZB001', NULL, 'nor rewritten');
SELECT throws_ok($$INSERT INTO billing.operation (verb, role_name, session_role)
                   VALUES ('approve', 'me', 'me')$$, 'ZB001', NULL, 'nor invented');
SELECT throws_ok(
    'TRUNCATE billing.operation, billing.operation_change, billing.invoice, billing.invoice_line,
              billing.invoice_detail CASCADE', 'ZB001', NULL,
    'nor emptied');

SELECT * FROM finish();
