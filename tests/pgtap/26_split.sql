-- The exact split: allocate(), split_actual(), and what approve() makes of it.
\ir fixture/base.psql
SELECT no_plan();

-- --- allocate()
SELECT results_eq($$SELECT part, amount FROM billing.allocate(100, '{1,1,1}', 2)$$,
    'VALUES (1, 33.33), (2, 33.33), (3, 33.34)', 'allocate: what does not divide goes to the last part');
SELECT results_eq($$SELECT part, amount FROM billing.allocate(100, '{1,1,1}', 2, 1)$$,
    'VALUES (1, 33.34), (2, 33.33), (3, 33.33)', 'allocate: or to the part named');
SELECT results_eq($$SELECT part, amount FROM billing.allocate(-100, '{1,1,1}', 2)$$,
    'VALUES (1, -33.33), (2, -33.33), (3, -33.34)', 'allocate: negative totals mirror positive ones');
SELECT results_eq($$SELECT part, amount FROM billing.allocate(0.05, '{50,50}', 2)$$,
    'VALUES (1, 0.03), (2, 0.02)', 'allocate: X-01 half away from zero');
SELECT results_eq($$SELECT part, amount FROM billing.allocate(10, '{0,3,0,7}', 0)$$,
    'VALUES (1, 0::numeric), (2, 3), (3, 0), (4, 7)', 'allocate: weights of zero get nothing');
SELECT results_eq($$SELECT sum(amount) FROM billing.allocate(99999999999999.9999, array_fill(0.1, ARRAY[997]), 4)$$,
    'VALUES (99999999999999.9999)', 'allocate: many parts still add up exactly');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{}', 2)$$, '22023', NULL, 'allocate: needs weights');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{0,0}', 2)$$, '22023', NULL, 'allocate: needs a positive weight');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{1,-1}', 2)$$, '22023', NULL,
    'allocate: refuses negative weights');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{1,NULL}', 2)$$, '22023', NULL, 'allocate: refuses NULL weights');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{1,1}', 2, 3)$$, '22023', NULL,
    'allocate: residue_to must be a part');
SELECT throws_ok($$SELECT * FROM billing.allocate(1, '{1,1}', 2, 0)$$, '22023', NULL, 'allocate: parts count from 1');
SELECT throws_ok($$SELECT * FROM billing.allocate(NULL, '{1,1}', 2)$$, '22023', NULL, 'allocate: needs a total');
SELECT throws_ok($$SELECT * FROM billing.allocate('NaN', '{1,1}', 2)$$, '22003', NULL, 'allocate: NaN is no total');

-- --- O-33: two customers, 60 / 40
SELECT time_and_material(10, '{1,2}', '{60,40}');
UPDATE billing.contract_customer SET billing_split_percent = 50 WHERE contract_id = 10;
INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, cost_price, sales_price)
VALUES (101, 10, '2026-03-02', 10, 80, 150);
SELECT approved(101);
SELECT bag_eq(
    $$SELECT customer_id || ': ' || fact FROM ledger WHERE entry_id = 101$$,
    ARRAY['1: cost time 6 @ 80 = 480 chargeable | not_ready_to_invoice | adjustable',
          '2: cost time 4 @ 80 = 320 chargeable | not_ready_to_invoice | adjustable',
          '1: unbilled_sales time 6 @ 150 = 900 chargeable | not_ready_to_invoice | adjustable',
          '2: unbilled_sales time 4 @ 150 = 600 chargeable | not_ready_to_invoice | adjustable'],
    'O-33 costs and sales are split by the percentages of the line; those of the contract do not matter');
SELECT results_eq(
    $$SELECT outcome::text, item_count, ids FROM billing.mark_ready_to_invoice(
          ARRAY(SELECT actual_id FROM billing.actual WHERE customer_id = 2 AND transaction_type = 'unbilled_sales'))$$,
    $$SELECT 'changed', 1::bigint, array_agg(actual_id) FROM billing.actual
       WHERE customer_id = 2 AND transaction_type = 'unbilled_sales'$$,
    'O-33 each customer''s sale is marked ready alone');
SELECT results_eq(
    $$SELECT customer_id, billing_status::text FROM billing.actual WHERE transaction_type = 'unbilled_sales'
       ORDER BY customer_id$$,
    $$VALUES (1::bigint, 'not_ready_to_invoice'), (2, 'ready_to_invoice')$$,
    'O-33 and the other one is not');

-- --- O-34: three customers, evenly; customer 1 takes what does not divide
SELECT time_and_material(20, '{1,2,3}', '{50,25,25}');
SELECT results_eq(
    'SELECT customer_id, billing_split_percent FROM billing.distribute_evenly(20, 20)',
    'VALUES (1::bigint, 33.34), (2, 33.33), (3, 33.33)',
    'O-34 distribute_evenly: 33.33, 33.33 and 33.34 for the rounding customer');
SELECT results_eq(
    'SELECT customer_id, billing_split_percent FROM billing.contract_line_customer WHERE contract_line_id = 20
      ORDER BY 1',
    'VALUES (1::bigint, 33.34), (2, 33.33), (3, 33.33)', 'O-34 and so it stands on the line');
SELECT results_eq(
    'SELECT customer_id, quantity, amount, tax FROM billing.split_actual(20, 8, 200)',
    'VALUES (1::bigint, 2.66, 532.00, 0.0), (2, 2.67, 534.00, 0), (3, 2.67, 534.00, 0)',
    'O-34 8 h @ 200: 2.67 + 2.67 + 2.66 = 8.00 and 534 + 534 + 532 = 1,600');
SELECT results_eq(
    'SELECT customer_id, quantity, amount FROM billing.split_actual(20, 10, 99.99)',
    'VALUES (1::bigint, 3.34, 333.96), (2, 3.33, 332.97), (3, 3.33, 332.97)',
    'O-34 X-22 10 h @ 99.99: the rounding customer gets 333.96, so that the total stays 999.90');
SELECT results_eq(
    'SELECT customer_id, tax FROM billing.split_actual(20, 8, 200, 10.00)',
    'VALUES (1::bigint, 3.34), (2, 3.33), (3, 3.33)', 'O-34 tax 10.00: 3.33, 3.33 and 3.34');
SELECT results_eq(
    'SELECT customer_id, quantity, amount, tax FROM billing.split_actual(20, -8, 200, -10.00)',
    'VALUES (1::bigint, -2.66, -532.00, -3.34), (2, -2.67, -534.00, -3.33), (3, -2.67, -534.00, -3.33)',
    'negative work is split with the same magnitudes');
SELECT work(201, 20, 10, 99.99, tax => 10);
SELECT bag_eq(
    $$SELECT customer_id || ': ' || fact FROM ledger WHERE entry_id = 201$$,
    ARRAY['1: cost time 3.34 @ 100 = 334 chargeable | not_ready_to_invoice | adjustable',
          '2: cost time 3.33 @ 100 = 333 chargeable | not_ready_to_invoice | adjustable',
          '3: cost time 3.33 @ 100 = 333 chargeable | not_ready_to_invoice | adjustable',
          '1: unbilled_sales time 3.34 @ 99.99 = 333.96 chargeable | not_ready_to_invoice | adjustable',
          '2: unbilled_sales time 3.33 @ 99.99 = 332.97 chargeable | not_ready_to_invoice | adjustable',
          '3: unbilled_sales time 3.33 @ 99.99 = 332.97 chargeable | not_ready_to_invoice | adjustable'],
    'O-34 approve() splits the same way');
SELECT results_eq(
    $$SELECT customer_id, tax FROM billing.actual WHERE entry_id = 201 AND transaction_type = 'unbilled_sales'
       ORDER BY 1$$,
    'VALUES (1::bigint, 3.34), (2, 3.33), (3, 3.33)', 'O-34 and the tax, too');
-- Both parts of a reduced entry are split.
SELECT entered(202, 20);
SELECT count(*) FROM billing.submit('{202}');
SELECT count(*) FROM billing.approve('{202}', '{6}');
SELECT results_eq(
    $$SELECT billing_type::text, customer_id, quantity, amount FROM billing.actual
       WHERE entry_id = 202 AND transaction_type = 'unbilled_sales' ORDER BY billing_type, customer_id$$,
    $$VALUES ('chargeable', 1::bigint, 2.00, 400.00), ('chargeable', 2, 2.00, 400), ('chargeable', 3, 2.00, 400),
             ('non_chargeable', 1, 0.66, 132), ('non_chargeable', 2, 0.67, 134), ('non_chargeable', 3, 0.67, 134)$$,
    'billable 8 -> 6 over three customers: six hours and two hours, each exact');

-- Percentages that are no whole
SELECT time_and_material(30, '{1,2}', '{50,40}');
SELECT throws_ok('SELECT * FROM billing.split_actual(30, 8, 200)', 'ZB011', NULL,
    'O-34 percentages 50 / 40 must total 100');
SELECT entered(301, 30);
SELECT count(*) FROM billing.submit('{301}');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve('{301}')$$,
    $$VALUES ('refused', 'the billing split percentages of contract line 30 must total 100, not 90')$$,
    'O-34 percentages 50 / 40: approval is refused');
UPDATE billing.contract_line_customer SET billing_split_percent = 50, is_rounding = false WHERE contract_line_id = 30;
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve('{301}')$$,
    $$VALUES ('refused', 'contract line 30 needs exactly one rounding customer')$$,
    'without rounding customer approval is refused');
SELECT throws_ok('SELECT * FROM billing.split_actual(30, 8, 200)', 'ZB011', NULL, 'and so is split_actual');
UPDATE billing.contract_line_customer SET is_rounding = true WHERE contract_line_id = 30 AND customer_id = 2;
SELECT results_eq(
    $$SELECT customer_id, transaction_type::text, amount FROM billing.approve('{301}')$$,
    $$VALUES (1::bigint, 'cost', 400.0), (2, 'cost', 400), (1, 'unbilled_sales', 800), (2, 'unbilled_sales', 800)$$,
    'put right, the same entry is approved');

-- A customer at 0 % gets no rows
SELECT time_and_material(40, '{1,2,3}', '{0,50,50}');
UPDATE billing.contract_line_customer SET is_rounding = customer_id = 3 WHERE contract_line_id = 40;
SELECT work(401, 40);
SELECT results_eq(
    'SELECT customer_id, amount FROM billing.actual WHERE entry_id = 401 ORDER BY customer_id, amount',
    'VALUES (2::bigint, 400.0), (2, 800), (3, 400), (3, 800)', 'O-34 a customer at 0 % gets no rows');
UPDATE billing.contract_line_customer SET is_rounding = false WHERE contract_line_id = 40;
UPDATE billing.contract_line_customer SET is_rounding = true WHERE contract_line_id = 40 AND customer_id = 1;
SELECT results_eq(
    'SELECT customer_id, quantity, amount FROM billing.split_actual(40, 0.01, 100)',
    'VALUES (1::bigint, -0.01, -1.00), (2, 0.01, 1.00), (3, 0.01, 1.00)',
    'X-22 a rounding customer at 0 % takes what does not divide');
SELECT results_eq(
    'SELECT customer_id, quantity, amount FROM billing.split_actual(40, 8, 100)',
    'VALUES (2::bigint, 4.0, 400.0), (3, 4.0, 400.0)', 'X-22 and nothing otherwise');

-- --- Currencies with other decimals: the sales in the contract's, the costs in the company's
SELECT time_and_material(50, '{1,2,3}', '{33.34,33.33,33.33}', 'JPY');
SELECT results_eq(
    'SELECT customer_id, quantity, amount, tax FROM billing.split_actual(50, 8, 1234, 100)',
    'VALUES (1::bigint, 2.66, 3282::numeric, 34::numeric), (2, 2.67, 3295, 33), (3, 2.67, 3295, 33)',
    'yen have no decimals');
SELECT time_and_material(60, '{1,2,3}', '{33.34,33.33,33.33}', 'KWD');
SELECT results_eq(
    'SELECT customer_id, quantity, amount, tax FROM billing.split_actual(60, 8, 12.3456, 1)',
    'VALUES (1::bigint, 2.66, 32.839, 0.334), (2, 2.67, 32.963, 0.333), (3, 2.67, 32.963, 0.333)',
    'Kuwaiti dinars have three');
INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, cost_price, sales_price)
VALUES (501, 50, '2026-03-02', 1.5, 10.01, 333);
SELECT approved(501);
SELECT results_eq(
    'SELECT transaction_type::text, customer_id, quantity, amount FROM billing.actual WHERE entry_id = 501
      ORDER BY 1, 2',
    $$VALUES ('cost', 1::bigint, 0.50, 5.00), ('cost', 2, 0.50, 5.01), ('cost', 3, 0.50, 5.01),
             ('unbilled_sales', 1, 0.50, 166), ('unbilled_sales', 2, 0.50, 167), ('unbilled_sales', 3, 0.50, 167)$$,
    'costs in dollars, sales in yen: each rounded to its own currency');

-- --- X-01: quantities are rounded to the scale of the company
INSERT INTO billing.company (company_id, name, currency, quantity_scale) VALUES (2, 'Whole hours', 'USD', 0);
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (70, 2, 1, 'Whole', 'USD');
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent) VALUES (70, 2, 50);
UPDATE billing.contract_customer SET billing_split_percent = 50 WHERE contract_id = 70;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method) VALUES (70, 70, 'Whole',
    'time_and_material');
SELECT results_eq(
    'SELECT customer_id, quantity, amount FROM billing.split_actual(70, 5, 10)',
    'VALUES (1::bigint, 2::numeric, 20::numeric), (2, 3, 30)', 'X-01 half a unit is rounded away from zero');
SELECT results_eq(
    'SELECT customer_id, quantity, amount FROM billing.split_actual(70, -5, 10)',
    'VALUES (1::bigint, -2::numeric, -20::numeric), (2, -3, -30)', 'X-01 on both sides of zero');

SELECT throws_ok('SELECT * FROM billing.split_actual(999, 8, 200)', 'ZB020', NULL,
    'split_actual needs a contract line');
SELECT throws_ok('SELECT * FROM billing.split_actual(NULL, 8, 200)', '22023', NULL,
    'split_actual: NULL is no contract line');
SELECT throws_ok('SELECT * FROM billing.split_actual(20, NULL, 200)', '22023', NULL,
    'split_actual: NULL is no quantity');

SELECT * FROM finish();
