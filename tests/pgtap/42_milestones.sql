-- Fixed price: milestones, each customer's share of them, and the status of the whole.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION share(of bigint, for_customer bigint DEFAULT 1) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(milestone_split_id) FROM billing.milestone_split
      WHERE milestone_id = of AND customer_id = for_customer';
-- 'header: share of customer 1, share of customer 2'
CREATE FUNCTION status_of(of bigint) RETURNS text LANGUAGE sql AS $$
    SELECT min(header_status::text) || ': ' || string_agg(milestone_status::text, ', ' ORDER BY customer_id)
      FROM billing.fixed_price_milestones WHERE milestone_id = of
$$;

-- --- O-26: one customer
SELECT fixed_price(10);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
VALUES (10, 101, 10, 'Design', '2026-05-01', 5000, 1000);
SELECT is(status_of(101), 'not_started: not_ready_to_invoice', 'O-26 contract: not ready');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => share(101))$$,
    $$VALUES ('changed', NULL)$$,
    'O-26 the milestone is marked');
SELECT is(status_of(101), 'in_progress: ready_to_invoice', 'O-26 marked: ready');
SELECT drafted(10);
SELECT is(status_of(101), 'in_progress: customer_invoice_created',
    'O-26 X-26 draft: created, whatever the date of the milestone');
SELECT confirmed(invoice(10));
SELECT is(status_of(101), 'completed: customer_invoice_posted', 'O-26 confirmed: posted');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE contract_id = 10',
    ARRAY['billed_sales milestone 1 @ 5000 = 5000 chargeable | customer_invoice_posted | adjustable'],
    'O-18 X-18 confirming a milestone writes one billed sale of quantity 1, no unbilled side');
SELECT results_eq(
    'SELECT amount, tax, transaction_date, milestone_split_id = ANY (share(101)) FROM billing.actual
      WHERE contract_id = 10',
    $$VALUES (5000.0, 1000.0, '2026-05-01'::date, true)$$, 'O-18 with the tax and the date of the milestone');
SELECT results_eq(
    'SELECT detail_amount, total_tax, total_amount, project_invoice_status::text FROM billing.invoice
      WHERE contract_id = 10',
    $$VALUES (5000.0, 1000.0, 6000.0, 'confirmed')$$, 'O-18 the invoice totals 5,000 and tax');

SELECT results_eq(
    $$SELECT contract, contract_line, milestone, milestone_date, milestone_amount, milestone_tax, header_status::text,
             customer, amount, tax, currency, milestone_status::text, invoice_line_id IS NOT NULL
        FROM billing.fixed_price_milestones WHERE milestone_id = 101$$,
    $$VALUES ('Contract 10', 'Line 10', 'Design', '2026-05-01'::date, 5000.0, 1000.0, 'completed', 'Adatum', 5000.0,
              1000.0, 'USD', 'customer_invoice_posted', true)$$,
    'the view of milestones shows the whole and each share');

-- Costs on a fixed-price line exist beside it and never change.
SELECT fixed_price(11);
SELECT work(111, 11);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (11, 111, 11, 'Design', '2026-05-01', 5000);
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => share(111));
SELECT drafted(11);
SELECT confirmed(invoice(11));
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE contract_id = 11',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'billed_sales milestone 1 @ 5000 = 5000 chargeable | customer_invoice_posted | adjustable'],
    'O-18 the cost 800 stays as it is');

-- --- O-27: two customers, 60 / 40
SELECT fixed_price(20, '{1,2}', '{60,40}');
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (20, 201, 20, 'Go-live', '2026-03-01', 10000);
SELECT results_eq(
    'SELECT customer_id, amount, tax FROM billing.milestone_split WHERE milestone_id = 201 ORDER BY 1',
    'VALUES (1::bigint, 6000.0, 0.0), (2, 4000, 0)', 'O-27 10,000 are split 6,000 / 4,000');
SELECT is(status_of(201), 'not_started: not_ready_to_invoice, not_ready_to_invoice', 'O-27 not started');
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => share(201, 1));
SELECT is(status_of(201), 'in_progress: ready_to_invoice, not_ready_to_invoice', 'O-27 A marked ready');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(milestones => share(201, 1));
SELECT is(status_of(201), 'not_started: not_ready_to_invoice, not_ready_to_invoice', 'marked back: not started again');
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => share(201, 1) || share(201, 2));
SELECT is(status_of(201), 'in_progress: ready_to_invoice, ready_to_invoice', 'O-27 both ready');
SELECT drafted(20);
SELECT is(status_of(201), 'in_progress: customer_invoice_created, customer_invoice_created', 'O-27 both drafted');
SELECT confirmed(invoice(20, 1));
SELECT is(status_of(201), 'in_progress: customer_invoice_posted, customer_invoice_created',
    'O-27 A confirmed: still in progress');
SELECT confirmed(invoice(20, 2));
SELECT is(status_of(201), 'completed: customer_invoice_posted, customer_invoice_posted', 'O-27 B confirmed: completed');
SELECT results_eq(
    'SELECT customer_id, total_amount FROM billing.invoice WHERE contract_id = 20 ORDER BY 1',
    'VALUES (1::bigint, 6000.0), (2, 4000)', 'O-27 two invoices, 6,000 and 4,000');

-- --- Splitting what does not divide
SELECT fixed_price(30, '{1,2,3}', '{33.34,33.33,33.33}');
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
VALUES (30, 301, 30, 'A third', '2026-03-01', 100.01, 10);
SELECT results_eq(
    'SELECT customer_id, amount, tax FROM billing.milestone_split WHERE milestone_id = 301 ORDER BY 1',
    'VALUES (1::bigint, 33.35, 3.34), (2, 33.33, 3.33), (3, 33.33, 3.33)',
    'the rounding customer takes what does not divide');
UPDATE billing.milestone SET amount = 200, tax = 0 WHERE milestone_id = 301;
SELECT results_eq(
    'SELECT customer_id, amount, tax FROM billing.milestone_split WHERE milestone_id = 301 ORDER BY 1',
    'VALUES (1::bigint, 66.68, 0.0), (2, 66.66, 0), (3, 66.66, 0)', 'another amount is split anew');
UPDATE billing.contract_line_customer
   SET billing_split_percent = CASE customer_id WHEN 1 THEN 50 WHEN 2 THEN 50 ELSE 0 END
 WHERE contract_line_id = 30;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (30, 302, 30, 'Halves', '2026-03-01', 50);
SELECT results_eq(
    'SELECT customer_id, amount FROM billing.milestone_split WHERE milestone_id = 302 ORDER BY 1',
    'VALUES (1::bigint, 25.0), (2, 25)', 'a customer at 0 % gets no share');

-- --- The milestones of a line must total its contracted amount before any of them is billed
SELECT fixed_price(40);
UPDATE billing.contract_line SET contracted_amount = 1000 WHERE contract_line_id = 40;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (40, 401, 40, 'First', '2026-03-01', 600);
SELECT results_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count
        FROM billing.mark_ready_to_invoice(milestones => share(401))$$,
    $$VALUES ('milestone', 40::bigint, 'refused',
             'the milestones of contract line 40 total 600, its contracted amount is 1000', 1::bigint)$$,
    'milestones that do not total the contracted amount cannot be marked');
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (40, 402, 40, 'Second', '2026-04-01', 400);
SELECT results_eq(
    $$SELECT outcome::text, item_count FROM billing.mark_ready_to_invoice(milestones => share(401))$$,
    $$VALUES ('changed', 1::bigint)$$, 'when they do, they can');

-- --- What marking refuses
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, ids
        FROM billing.mark_ready_to_invoice(milestones => share(401) || share(401) || share(101) || 999::bigint)$$,
    $$VALUES ('milestone', 40::bigint, 'unchanged', NULL, 1::bigint, share(401)),
             ('milestone', 10, 'refused', 'it is on a confirmed invoice', 1, share(101)),
             ('milestone', NULL, 'refused', 'there is no milestone share with this id', 1, '{999}')$$,
    'ready shares stay, posted and unknown ones are refused');
SELECT drafted(40);
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_not_ready_to_invoice(milestones => share(401))$$,
    $$VALUES ('refused', 'it is on a draft invoice')$$, 'a share on a draft cannot be taken back');
SELECT throws_ok(
    $$SELECT * FROM billing.mark_ready_to_invoice(milestones => share(402) || share(401), strict => true)$$, 'ZB021',
    NULL,
    'strict refuses all');
SELECT is(status_of(402), 'not_started: not_ready_to_invoice', 'and changes nothing');

-- --- Milestones that may no longer change
SELECT throws_ok('UPDATE billing.milestone SET amount = 1 WHERE milestone_id = 401', 'ZB022', NULL,
    'the amount of a drafted milestone is fixed');
SELECT throws_ok('DELETE FROM billing.milestone WHERE milestone_id = 401', 'ZB022', NULL,
    'a drafted milestone cannot be deleted');
SELECT throws_ok('UPDATE billing.milestone SET tax = 1 WHERE milestone_id = 101', 'ZB022', NULL,
    'nor can a posted one be changed');
SELECT throws_ok('DELETE FROM billing.milestone WHERE milestone_id = 101', 'ZB022', NULL, 'or deleted');
SELECT throws_ok(
    $$UPDATE billing.milestone_split SET milestone_status = 'ready_to_invoice'
       WHERE milestone_id = 402$$, 'ZB001', NULL,
    'shares are written by billing itself');
SELECT lives_ok('DELETE FROM billing.milestone WHERE milestone_id = 402',
    'a milestone that was never ready can be deleted');
SELECT is_empty('SELECT * FROM billing.milestone_split WHERE milestone_id = 402', 'its shares go with it');

-- --- Where milestones cannot be
SELECT time_and_material(50);
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
      VALUES (50, 50, 'M', '2026-03-01', 1)$$,
    'ZB013', NULL, 'not on a time-and-material line');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method)
VALUES (50, 51, 'No project', 'fixed_price');
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
      VALUES (50, 51, 'M', '2026-03-01', 1)$$,
    'ZB010', NULL, 'not on a line without project');
SELECT fixed_price(60, '{1,2}', '{50,40}');
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
      VALUES (60, 60, 'M', '2026-03-01', 1)$$,
    'ZB011', NULL, 'not where percentages do not total 100');
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount, tax)
      VALUES (10, 10, 'M', '2026-03-01', 0, 1)$$,
    '23514', NULL, 'tax without amount is refused');
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
      VALUES (10, 10, 'M', '2026-03-01', -1)$$,
    '23514', NULL, 'a milestone is not negative');
SELECT throws_ok(
    $$INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
      VALUES (10, 10, 'M', '2026-03-01', 1.005)$$,
    'ZB010', NULL, 'a milestone has no more decimals than its currency');

SELECT * FROM finish();
