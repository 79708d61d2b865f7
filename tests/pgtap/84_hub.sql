-- The billing hub: what each contract and line has waiting, billed and left, and what is left of every limit.
\ir fixture/base.psql
SELECT no_plan();

-- Contract 10: time and material for two customers; a fixed-price line and a product beside it.
SELECT time_and_material(10, '{1,2}', '{60,40}');
INSERT INTO billing.project (project_id, company_id, name) VALUES (11, 1, 'Study');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, contracted_amount)
VALUES (10, 11, 'Study', 'fixed_price', 11, 3000);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, product_id, quantity, unit_price)
VALUES (10, 12, 'Licence', 'product', 1, 2, 250);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (10, 1, 11, 'Draft report', '2026-03-01', 1000), (10, 2, 11, 'Report', '2026-06-01', 2000);
UPDATE billing.contract_line SET contracted_amount = 5000 WHERE contract_line_id = 10;

SELECT results_eq(
    $$SELECT contract_value, billed_amount, on_drafts_amount, ready_amount, not_ready_amount, blocked_amount, remaining_amount
        FROM billing.contract_summary WHERE contract_id = 10$$,
    'VALUES (8500.0, 0.0, 0.0, 0.0, 3500.0, 0.0, 8500.0)', 'before any work: milestones and the product wait');
SELECT work(1, 10, 10, 100);
SELECT work(2, 10, 5, 100, 'expense');
SELECT work(3, 10, 2, 50, 'material');
SELECT work(4, 10, 1, 80, 'fee');
SELECT results_eq(
    $$SELECT contract_line_id, billing_method::text, project, customers, milestones, milestone_amount, time_amount, expense_amount,
             material_amount, fee_amount, product_amount, backlog_amount, invoiceable_amount, spent_amount
        FROM billing.billing_hub_line WHERE contract_id = 10 ORDER BY 1$$,
    $$VALUES (10::bigint, 'time_and_material', 'Project 10', 2::bigint, 0::bigint, 0.0, 1000.0, 500.0, 100.0, 80.0, 0.0, 1680.0, 1680.0, 0.0),
             (11, 'fixed_price', 'Study', 2, 2, 3000.0, 0, 0, 0, 0, 0, 3000, 3000, 0),
             (12, 'product', NULL, 1, 0, 0, 0, 0, 0, 0, 500, 500, 500, 0)$$,
    'each line: its backlog by class, milestones and product');
SELECT results_eq(
    $$SELECT total_amount, spent_amount, ready_to_invoice, products, not_ready_to_invoice, blocked_by_limit, on_drafts
        FROM billing.billing_hub WHERE contract_id = 10$$,
    'VALUES (8500.0, 0.0, 0::bigint, 1::bigint, 13::bigint, 0::bigint, 0::bigint)',
    'the contract: 8 sales, 4 milestone shares and a product, none of them ready');

-- Mark, draft, confirm: every amount moves from one column to the next.
SELECT ready(1, 2);
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split
    WHERE milestone_id = 1), products => '{12}');
SELECT results_eq(
    $$SELECT on_drafts_amount, ready_amount, not_ready_amount, on_drafts_count, ready_count, not_ready_count
        FROM billing.contract_summary WHERE contract_id = 10$$,
    'VALUES (0.0, 3000.0, 2180.0, 0::bigint, 7::bigint, 6::bigint)', 'ready');
SELECT drafted(10);
SELECT results_eq(
    $$SELECT on_drafts_amount, ready_amount, not_ready_amount, on_drafts_count, ready_count, not_ready_count, billed_amount
        FROM billing.contract_summary WHERE contract_id = 10$$,
    'VALUES (3000.0, 0.0, 2180.0, 7::bigint, 0::bigint, 6::bigint, 0.0)', 'on drafts');
SELECT confirmed(invoice(10), invoice(10, 2));
SELECT results_eq(
    $$SELECT on_drafts_amount, ready_amount, not_ready_amount, billed_amount, remaining_amount
        FROM billing.contract_summary WHERE contract_id = 10$$,
    'VALUES (0.0, 0.0, 2180.0, 3000.0, 5500.0)', 'billed');
SELECT results_eq(
    $$SELECT contract_line_id, spent_amount, backlog_amount FROM billing.billing_hub_line WHERE contract_id = 10 ORDER BY 1$$,
    'VALUES (10::bigint, 1500.0, 180.0), (11, 1000.0, 2000.0), (12, 500.0, 0.0)', 'by line');
SELECT is((SELECT billed_amount FROM billing.contract_summary WHERE contract_id = 10),
    (SELECT sum(detail_amount) FROM billing.invoice WHERE contract_id = 10 AND number IS NOT NULL),
    'what is billed is the sum of the confirmed invoices');

-- What is not charged is counted, but is no money.
SELECT entered(5, 10);
SELECT count(*) FROM billing.submit('{5}');
SELECT count(*) FROM billing.approve('{5}', billing_types => '{complimentary}');
SELECT results_eq(
    'SELECT not_ready_amount, not_ready_count FROM billing.contract_summary WHERE contract_id = 10',
    'VALUES (2180.0, 8::bigint)', 'complimentary work: counted, no amount');
SELECT is((SELECT time_amount FROM billing.billing_hub_line WHERE contract_line_id = 10), 0::numeric,
    'and none in the backlog of the line');

-- --- Limits
SELECT time_and_material(20, '{1,2}', '{100,0}');
UPDATE billing.contract SET nte_limit = 10000 WHERE contract_id = 20;
UPDATE billing.contract_customer SET nte_limit = 8000 WHERE contract_id = 20 AND customer_id = 1;
UPDATE billing.contract_line SET nte_limit = 6000 WHERE contract_line_id = 20;
UPDATE billing.contract_line_customer SET nte_limit = 5000 WHERE contract_line_id = 20 AND customer_id = 1;
SELECT work(21, 20, 1, 4000);
SELECT work(22, 20, 1, 1000);
SELECT work(23, 20, 1, 1);
SELECT results_eq(
    $$SELECT level::text AS at, contract_line_id, customer_id, nte_limit, used_amount, remaining_amount
        FROM billing.limit_usage WHERE contract_id = 20 ORDER BY level$$,
    $$VALUES ('contract_line_customer', 20::bigint, 1::bigint, 5000.0, 5000.0, 0.0), ('contract_line', 20, NULL, 6000, 5000, 1000),
             ('contract_customer', NULL, 1, 8000, 5000, 3000), ('contract', NULL, NULL, 10000, 5000, 5000)$$,
    'O-31 what is left of the limits at four levels');
SELECT results_eq(
    'SELECT blocked_amount, blocked_count, not_ready_amount FROM billing.contract_summary WHERE contract_id = 20',
    'VALUES (1.0, 1::bigint, 5000.0)', 'O-31 the third sale is blocked');
SELECT is((SELECT blocked_by_limit FROM billing.billing_hub WHERE contract_id = 20), 1::bigint, 'in the hub, too');
SELECT results_eq(
    'SELECT backlog_amount, blocked_amount, invoiceable_amount FROM billing.billing_hub_line WHERE contract_line_id = 20',
    'VALUES (5001.0, 1.0, 5000.0)', 'it is in the backlog, but cannot be invoiced');
SELECT ready(21);
SELECT drafted(20);
SELECT confirmed(invoice(20));
SELECT is((SELECT sum(used_amount) FROM billing.limit_usage WHERE contract_id = 20), 20000::numeric,
    'what is billed stays used');
UPDATE billing.contract SET nte_limit = 4000 WHERE contract_id = 20;
SELECT is((SELECT remaining_amount FROM billing.limit_usage WHERE contract_id = 20 AND level = 'contract'), -1000::numeric,
    'a limit lowered below what is used');
-- Each customer has his own.
SELECT time_and_material(21, '{1,2}', '{60,40}');
UPDATE billing.contract_customer SET nte_limit = 1000 WHERE contract_id = 21;
UPDATE billing.contract_line_customer SET nte_limit = 900 WHERE contract_id = 21;
SELECT work(24, 21, 1, 1000);
SELECT bag_eq('SELECT level::text, customer_id, used_amount, remaining_amount FROM billing.limit_usage WHERE contract_id = 21',
    $$VALUES ('contract_line_customer', 1::bigint, 600.0, 300.0), ('contract_line_customer', 2, 400, 500),
             ('contract_customer', 1, 600, 400), ('contract_customer', 2, 400, 600)$$, 'by customer');
-- Milestones and products count against customer and contract.
UPDATE billing.contract SET nte_limit = 9000 WHERE contract_id = 10;
SELECT count(*) FROM billing.reevaluate_nte(sales(3, 4));
SELECT is((SELECT used_amount FROM billing.limit_usage WHERE contract_id = 10), 3180::numeric,
    'billed 3,000, of them a product of 500, and committed 180');
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split
    WHERE milestone_id = 2));
SELECT is((SELECT used_amount FROM billing.limit_usage WHERE contract_id = 10), 5180::numeric,
    'a milestone that is ready claims its amount');

-- --- Margin
SELECT results_eq(
    $$SELECT billed_amount, cost_amount, cost_currency, round(gross_margin, 4)
        FROM billing.contract_margin WHERE contract_id IN (10, 20) ORDER BY contract_id$$,
    $$SELECT 3000.0, sum(amount), 'USD', round((3000 - sum(amount)) / 3000, 4) FROM billing.actual
       WHERE contract_id = 10 AND transaction_type = 'cost'
      UNION ALL VALUES (4000.0, 300.0, 'USD', 0.925)$$,
    'gross margin is (billed - cost) / billed');
SELECT time_and_material(30, currency => 'NOK');
SELECT work(31, 30);
SELECT results_eq('SELECT cost_amount, cost_currency, gross_margin FROM billing.contract_margin WHERE contract_id = 30',
    $$VALUES (800.0, 'USD', NULL::numeric)$$, 'no margin between two currencies');

-- --- Who may look
SELECT is_empty(
    $$SELECT contract_id FROM billing.contract_summary s JOIN billing.contract c USING (contract_id) WHERE c.kind = 'internal'$$,
    'the container of unpaid work is no deal');
SELECT is_empty(
    $$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND proname LIKE 'backlog\_%'
         AND has_function_privilege('public', oid, 'EXECUTE')$$,
    'the functions that read are granted to nobody by default');
SELECT * FROM finish();
