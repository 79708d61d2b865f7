-- How old the backlog is, and what it was on another day: reconstructed from the log, whatever happened since.
\ir fixture/base.psql
SELECT no_plan();
CREATE FUNCTION drafted_today(VARIADIC contracts bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.create_invoices(contracts => contracts, invoice_date => current_date)
$$;

-- --- Ageing
SELECT time_and_material(10);
SELECT time_and_material(20, '{1,2}', '{50,50}');
SELECT fixed_price(30);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (30, 30, 'Next month', current_date + 30, 700), (30, 30, 'Long ago', current_date - 100, 300);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, product_id, quantity, unit_price)
VALUES (30, 31, 'Licence', 'product', 1, 1, 50);
SELECT work(n, 10, 1, 10::numeric ^ k, day => current_date - age)
  FROM (VALUES (1, 0, 0), (2, 1, 30), (3, 2, 31), (4, 3, 60), (5, 4, 61), (6, 5, 90), (7, 6, 91), (8, 7, -1)) v (n, k, age);
SELECT work(9, 20, 1, 10, day => current_date - 40);
SELECT results_eq(
    $$SELECT contract_id, contract_line_id, customer, project, item_count, amount, later, days_0_30, days_31_60, days_61_90, days_over_90,
             undated, on_drafts, oldest_date = current_date - 91
        FROM billing.backlog_ageing WHERE contract_id = 10$$,
    $$VALUES (10::bigint, 10::bigint, 'Adatum', 'Project 10', 8::bigint, 11111111.0, 10000000.0, 11.0, 1100.0, 110000.0, 1000000.0,
              0.0, 0.0, true)$$,
    'days 0, 30 | 31, 60 | 61, 90 | 91 since the work, and tomorrow''s apart');
SELECT results_eq(
    $$SELECT contract_line_id, later, days_over_90, undated FROM billing.backlog_ageing WHERE contract_id = 30 ORDER BY 1$$,
    'VALUES (30::bigint, 700.0, 300.0, 0.0), (31, 0.0, 0.0, 50.0)', 'milestones by their date, products have none');
SELECT results_eq(
    $$SELECT customer, sum(amount) FROM billing.backlog_ageing WHERE contract_id IN (10, 20) GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('Adatum', 11111116.0), ('Baldwin', 5.0)$$, 'by customer');
SELECT results_eq(
    $$SELECT project_id, sum(days_31_60) FROM billing.backlog_ageing(projects => '{10,20}') GROUP BY 1 ORDER BY 1$$,
    'VALUES (10::bigint, 1100.0), (20, 10.0)', 'by project');
SELECT bag_eq('SELECT * FROM billing.backlog_ageing()', 'SELECT * FROM billing.backlog_ageing', 'the function is the view');
SELECT results_eq('SELECT DISTINCT customer_id FROM billing.backlog_ageing(customers => $q${2}$q$)', 'VALUES (2::bigint)',
    'for a customer');
SELECT results_eq('SELECT DISTINCT contract_id FROM billing.backlog_ageing(contracts => $q${20}$q$)', 'VALUES (20::bigint)',
    'for a contract');
SELECT is_empty('SELECT * FROM billing.backlog_ageing(companies => $q${2}$q$)', 'for another company');
SELECT ready(1, 2);
SELECT drafted_today(10);
SELECT is((SELECT amount || ' / ' || on_drafts FROM billing.backlog_ageing WHERE contract_id = 10), '11111111.00 / 11.00',
    'what sits on a draft is not billed yet');
SELECT count(*) FROM billing.delete_invoices(ARRAY(SELECT invoice_id FROM billing.invoice));
SELECT is((SELECT days_0_30 || ' ' || days_31_60 FROM billing.backlog_ageing(current_date + 1, contracts => '{10}')),
    '10000001.00 110.00', 'tomorrow everything is a day older');

-- --- Another moment
-- Takes the backlog down now, to compare it later with what backlog_at() says of that moment.
CREATE TABLE moment (name text PRIMARY KEY, at timestamptz);
CREATE TABLE seen (name text, contract_id bigint, contract_line_id bigint, customer_id bigint, item text, item_id bigint,
                   item_date date, amount numeric, tax numeric, status text);
CREATE VIEW unbilled AS
SELECT contract_id, contract_line_id, customer_id, 'actual' AS item, actual_id AS item_id, transaction_date AS item_date, amount, tax,
       billing_status::text AS status
  FROM billing.actual WHERE is_open
UNION ALL
SELECT contract_id, contract_line_id, customer_id, 'milestone', milestone_split_id, milestone_date, s.amount, s.tax, milestone_status::text
  FROM billing.milestone_split s JOIN billing.milestone USING (contract_id, milestone_id, contract_line_id)
 WHERE milestone_status <> 'customer_invoice_posted'
UNION ALL
SELECT contract_id, contract_line_id, c.customer_id, 'product', contract_line_id, NULL, quantity * unit_price, tax, product_status::text
  FROM billing.contract_line l JOIN billing.contract c USING (contract_id) WHERE product_status <> 'customer_invoice_posted';
CREATE PROCEDURE remember(name text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen SELECT remember.name, u.* FROM unbilled u;
    INSERT INTO moment VALUES (remember.name, clock_timestamp());
END $$;

CALL remember('start');
SELECT work(101, 20, 3, 100);
SELECT work(102, 10, 2, 100);
SELECT entered(103, 10);
SELECT count(*) FROM billing.submit('{103}');
CALL remember('worked');
SELECT ready(101, 102);
CALL remember('ready');
SELECT count(*) FROM billing.approve('{103}');
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split),
    products => '{31}');
CALL remember('milestones ready');
SELECT drafted_today(10, 20, 30);
CALL remember('drafted');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(20, 2)]);
SELECT count(*) FROM billing.remove_invoice_details(products => '{31}');
CALL remember('a draft deleted');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(actuals => (SELECT array_agg(actual_id) FROM billing.actual
    WHERE customer_id = 2 AND is_open), products => '{31}');
CALL remember('taken back');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(102), quantity => 1);
SELECT confirmed(invoice(10), invoice(20));
CALL remember('confirmed');
SELECT drafted_today(30);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (30, 30, 'One more', current_date, 111);
SELECT work(104, 10, 2, 100);
CALL remember('more');
-- Approvals taken back, given again, evaluated again.
SELECT work(106, 20, 4, 100);
SELECT work(107, 20, 5, 100);
SELECT work(108, 20, 6, 100);
SELECT ready(106);
CALL remember('before it is taken back');
SELECT count(*) FROM billing.cancel_approval('{106,107}');
CALL remember('taken back approvals');
SELECT count(*) FROM billing.approve('{106}');
CALL remember('approved again');
SELECT count(*) FROM billing.cancel_approval('{106}');
SELECT count(*) FROM billing.approve('{106,107}');
CALL remember('and again');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{20}');
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 30 ELSE 70 END WHERE contract_id = 20;
SELECT count(*) FROM billing.reevaluate_work(contracts => '{20}');
CALL remember('evaluated again');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{20}');
CALL remember('ready again');
SELECT confirmed(invoice(30));
SELECT ready(103, 104);
SELECT drafted_today(10);
SELECT confirmed(invoice(10));
CALL remember('end');

SELECT cmp_ok((SELECT count(*) FROM seen d WHERE name = 'drafted' AND NOT EXISTS
    (SELECT FROM seen e WHERE e.name = 'end' AND (e.item, e.item_id) = (d.item, d.item_id))), '>', 5::bigint,
    'much of it has left the backlog meanwhile');
SELECT bag_eq(
    format($$SELECT contract_id, contract_line_id, customer_id, item, item_id, item_date, amount, tax, status FROM billing.backlog_at(%L)$$, at),
    format($$SELECT contract_id, contract_line_id, customer_id, item, item_id, item_date, amount, tax, status FROM seen WHERE name = %L$$, name),
    'unbilled then: ' || name)
  FROM moment ORDER BY at;
SELECT bag_eq(
    format($$SELECT contract_id, item, item_id, status FROM billing.backlog_at(%L, '{10}')$$, at),
    format($$SELECT contract_id, item, item_id, status FROM seen WHERE name = %L AND contract_id = 10$$, name),
    'of one contract: ' || name)
  FROM moment ORDER BY at;
SELECT is_empty($$SELECT * FROM billing.backlog_at('-infinity')$$, 'before anything was recorded there was nothing');
SELECT bag_eq('SELECT item, item_id, status FROM billing.backlog_as_of(current_date)', 'SELECT item, item_id, status FROM unbilled',
    'the end of today is now');
SELECT is_empty('SELECT * FROM billing.backlog_as_of(current_date - 1)', 'yesterday nothing of this existed');
SELECT is_empty('SELECT * FROM billing.backlog_ageing(current_date - 1)', 'nor was it of any age');

-- Milestones imported with their date were there before.
UPDATE billing.milestone SET recorded_at = NULL;
SELECT is((SELECT count(*) FROM billing.backlog_as_of(current_date - 1)), (SELECT count(*) FROM billing.milestone_split),
    'a milestone recorded at no time was always there');
SELECT is((SELECT later FROM billing.backlog_ageing(current_date - 101, contracts => '{30}')), 1111::numeric,
    'and not yet due 101 days ago');

-- Two calls in one transaction: the log tells them apart by the clock.
BEGIN;
SELECT work(105, 10, 2, 100);
CALL remember('half of a transaction');
SELECT ready(105);
SELECT results_eq($$SELECT status FROM billing.backlog_at((SELECT at FROM moment WHERE name = 'half of a transaction'), '{10}')
    WHERE item_id = ANY (sales(105))$$, $$VALUES ('not_ready_to_invoice')$$, 'a moment between two calls of a transaction');
COMMIT;

-- --- Pages, not seconds: 40,000 actuals, 400 of them open.
SELECT time_and_material(n) FROM generate_series(201, 300) AS n;
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
SELECT n, 201 + n % 100, 1, '2026-03-02', 1, 100, 200 FROM generate_series(10001, 30000) AS n;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id > 10000));
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id BETWEEN 10001 AND 29600));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT generate_series(201, 300)));
SELECT count(*) FROM billing.create_invoices(ARRAY(SELECT generate_series(201, 300)), invoice_date => '2026-03-31');
SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
    WHERE contract_id BETWEEN 201 AND 300));
CALL remember('bulk');
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id > 29600));
VACUUM ANALYZE billing.actual, billing.entry, billing.operation, billing.operation_change, billing.contract, billing.contract_line,
    billing.contract_line_customer;

CREATE FUNCTION blocks(call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json) ' || call INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;
CREATE FUNCTION reads_ledger(call text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    before_scans bigint := (SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'billing.actual'::regclass);
BEGIN
    EXECUTE call;
    RETURN (SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'billing.actual'::regclass) > before_scans;
END $$;
SELECT cmp_ok((SELECT relpages::bigint FROM pg_class WHERE oid = 'billing.actual'::regclass), '>', 1200::bigint,
    'the ledger has many pages');
SELECT ok(reads_ledger('SELECT sum(cost_amount) FROM billing.contract_margin'), 'the margin reads all of them');
SELECT ok(NOT reads_ledger('SELECT * FROM ' || v), v || ' does not read the ledger from end to end')
  FROM unnest('{billing.billing_hub,billing.billing_hub_line,billing.contract_summary,billing.limit_usage,billing.backlog_ageing,
    billing.backlog_ageing(),billing.backlog_at(now()),billing.backlog_as_of(current_date)}'::text[]) AS v;
SELECT ok(NOT reads_ledger(format('SELECT * FROM billing.backlog_at(%L)', at)), 'nor does another moment: ' || name)
  FROM moment WHERE name = 'bulk';
SELECT cmp_ok(blocks('SELECT * FROM ' || v || ' WHERE contract_id = 250'), '<', 60::bigint, v || ': one contract takes a few blocks')
  FROM unnest('{billing.billing_hub,billing.billing_hub_line,billing.contract_summary,billing.backlog_ageing}'::text[]) AS v;
SELECT ok(NOT reads_ledger('SELECT * FROM ' || v), v || ' does not read the ledger from end to end')
  FROM unnest('{billing.transaction_origin WHERE record_id = 20000,billing.transaction_connection WHERE id_1 = 20000}'::text[]) AS v;
SELECT * FROM finish();
