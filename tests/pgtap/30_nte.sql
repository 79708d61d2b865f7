-- Not-to-exceed limits: evaluation at approval, reset_nte(), reevaluate_nte(), and what mark-ready makes of it.
\ir fixture/base.psql
SELECT no_plan();

-- --- O-30: not applicable
SELECT time_and_material(10);
UPDATE billing.contract SET nte_limit = 100000 WHERE contract_id = 10;
SELECT time_and_material(20);
SELECT entered(101, 10);
SELECT entered(102, 10);
SELECT entered(103, 10);
SELECT entered(104, 10);
UPDATE billing.entry SET billing_type = 'non_chargeable' WHERE entry_id = 104;
SELECT count(*) FROM billing.submit('{101,102,103,104}');
SELECT count(*) FROM billing.approve('{101,102,103,104}', billing_types => '{NULL,non_chargeable,complimentary,NULL}');
SELECT work(201, 20);
SELECT bag_eq(
    'SELECT entry_id, transaction_type::text, nte_status::text, nte_failed_level::text FROM billing.actual',
    $$VALUES (101::bigint, 'cost', 'not_applicable', NULL), (101, 'unbilled_sales', 'committed', NULL),
             (102, 'cost', 'not_applicable', NULL), (102, 'unbilled_sales', 'not_applicable', NULL),
             (103, 'cost', 'not_applicable', NULL), (103, 'unbilled_sales', 'not_applicable', NULL),
             (104, 'cost', 'not_applicable', NULL), (104, 'unbilled_sales', 'not_applicable', NULL),
             (201, 'cost', 'not_applicable', NULL), (201, 'unbilled_sales', 'not_applicable', NULL)$$,
    'O-30 not applicable: costs, non-chargeable (also at submission) and complimentary sales, no limit at any level');
SELECT ready(101);
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT bag_eq(
    'SELECT transaction_type::text, nte_status::text FROM billing.actual WHERE invoice_id IS NOT NULL',
    $$VALUES ('unbilled_sales', 'not_applicable'), ('billed_sales', 'not_applicable')$$,
    'O-30 not applicable: billed sales and reversals');

-- --- O-31: levels in order, and the boundary
SELECT time_and_material(30, '{1,2}', '{100,0}');
INSERT INTO billing.project (project_id, company_id, name) VALUES (31, 1, 'Project 31');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (30, 31, 'Line 2', 'time_and_material', 31);
UPDATE billing.contract SET nte_limit = 10000 WHERE contract_id = 30;
UPDATE billing.contract_customer SET nte_limit = 8000 WHERE contract_id = 30 AND customer_id = 1;
UPDATE billing.contract_line SET nte_limit = 6000 WHERE contract_line_id = 30;
UPDATE billing.contract_line_customer SET nte_limit = 5000 WHERE contract_line_id = 30 AND customer_id = 1;

-- Works one unit of an amount and tells what the limits say.
CREATE FUNCTION verdict(entry bigint, project bigint, amount numeric) RETURNS text LANGUAGE sql AS $$
    SELECT work(entry, project, 1, amount);
    SELECT concat_ws(' ', customer_id, nte_status, nte_failed_level) FROM billing.actual
     WHERE entry_id = entry AND transaction_type = 'unbilled_sales'
$$;

SELECT is(verdict(301, 30, 4000), '1 committed', 'O-31 1: CL1/A 4,000 fits');
SELECT is(verdict(302, 30, 1000), '1 committed', 'O-31 2: CL1/A 1,000 reaches the limit of 5,000 exactly');
SELECT is(verdict(303, 30, 1), '1 failed contract_line_customer', 'O-31 3: CL1/A 1 exceeds the customer on the line');
UPDATE billing.contract_line_customer SET nte_limit = 10000 WHERE contract_line_id = 30 AND customer_id = 1;
SELECT results_eq(
    'SELECT nte_status::text FROM billing.actual WHERE actual_id = ANY (sales(303))', $$VALUES ('failed')$$,
    'O-31 a raised limit does not evaluate by itself');
SELECT results_eq(
    $$SELECT outcome::text, nte_status::text, nte_failed_level::text FROM billing.reevaluate_nte(sales(303))$$,
    $$VALUES ('changed', 'committed', NULL)$$, 'O-31 limit raised, 3 evaluated again: 5,001 fits the line');
SELECT is(verdict(304, 30, 1000), '1 failed contract_line', 'O-31 4: CL1/A 6,001 exceeds the line');
SELECT is(verdict(305, 31, 3000), '1 failed contract_customer', 'O-31 5: CL2/A 8,001 exceeds the customer');
SELECT is(verdict(306, 31, 2999), '1 committed', 'O-31 6: CL2/A 8,000 fits the customer exactly');
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 2 THEN 100 ELSE 0 END
 WHERE contract_line_id = 31;
SELECT is(verdict(307, 31, 2001), '2 failed contract', 'O-31 7: CL2/B 10,001 exceeds the contract');
SELECT is(verdict(308, 31, 2000), '2 committed', 'O-31 8: CL2/B 10,000 fits the contract exactly');
SELECT results_eq(
    'SELECT contract_line_id, customer_id, committed_amount FROM billing.contract_line_customer WHERE contract_id = 30
      ORDER BY 1, 2',
    'VALUES (30::bigint, 1::bigint, 5001.0), (30, 2, 0), (31, 1, 2999), (31, 2, 2000)',
    'O-31 the running totals hold what is committed');

-- --- X-02: empty and zero; X-40: what counts
SELECT time_and_material(40);
UPDATE billing.contract_line SET nte_limit = 0 WHERE contract_line_id = 40;
SELECT is(verdict(401, 40, 0.01), '1 failed contract_line', 'X-02 with limit 0 nothing may be billed');
SELECT is(verdict(402, 40, 0), '1 committed', 'X-40 an amount of zero always commits');
SELECT is(verdict(403, 40, -5), '1 committed', 'X-40 a negative amount always commits');
SELECT is(verdict(404, 40, 5), '1 committed', 'X-40 and gives room');
SELECT is(verdict(405, 20, 1000000), '1 not_applicable', 'X-02 an empty limit is none');
SELECT time_and_material(41);
UPDATE billing.contract SET nte_limit = 100 WHERE contract_id = 41;
SELECT work(411, 41, 1, 100, tax => 25);
SELECT results_eq(
    'SELECT nte_status::text, amount, tax FROM billing.actual WHERE actual_id = ANY (sales(411))',
    $$VALUES ('committed', 100.0, 25.0)$$, 'X-40 limits are without tax');

-- --- reset_nte(): gives back what was committed
SELECT time_and_material(50);
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 50;
SELECT work(501, 50);
SELECT work(502, 50);
SELECT ready(501);
SELECT results_eq(
    $$SELECT actual_id = ANY (sales(501)) AS first, outcome::text, nte_status::text, nte_failed_level::text
        FROM billing.reset_nte(sales(501, 502)) ORDER BY actual_id$$,
    $$VALUES (true, 'changed', 'not_evaluated', NULL), (false, 'changed', 'not_evaluated', NULL)$$,
    'reset_nte() resets committed and failed rows');
SELECT results_eq(
    $$SELECT entry_id, nte_status::text, nte_failed_level::text, billing_status::text FROM billing.actual
       WHERE actual_id = ANY (sales(501, 502)) ORDER BY entry_id$$,
    $$VALUES (501::bigint, 'not_evaluated', NULL::text, 'not_ready_to_invoice'),
             (502, 'not_evaluated', NULL, 'not_ready_to_invoice')$$,
    'X-03 a row that is reset is no longer ready');
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_line_id = 50), 0::numeric,
    'and claims nothing any more');

-- --- X-42: the caller's order decides
SELECT results_eq(
    $$SELECT actual_id, outcome::text, nte_status::text, nte_failed_level::text
        FROM billing.reevaluate_nte(sales(502) || sales(501))$$,
    $$SELECT (sales(502))[1], 'changed', 'committed', NULL::text
      UNION ALL SELECT (sales(501))[1], 'changed', 'failed', 'contract'$$,
    'X-42 reevaluate_nte() serves first who is named first');
SELECT results_eq(
    $$SELECT actual_id, outcome::text, nte_status::text, nte_failed_level::text
        FROM billing.reevaluate_nte(sales(501, 502))$$,
    $$SELECT (sales(501))[1], 'changed', 'committed', NULL::text
      UNION ALL SELECT (sales(502))[1], 'changed', 'failed', 'contract'$$,
    'X-42 and all rows of a call are taken back before the first is evaluated');
SELECT results_eq(
    $$SELECT outcome::text, nte_status::text FROM billing.reevaluate_nte(sales(501) || sales(501))$$,
    $$VALUES ('unchanged', 'committed')$$, 'a row named twice counts once');

-- --- X-03: mark-ready evaluates first
SELECT count(*) FROM billing.reset_nte(sales(501, 502));
SELECT results_eq(
    $$SELECT outcome::text, reason, ids FROM billing.mark_ready_to_invoice(sales(501)) ORDER BY outcome$$,
    $$SELECT 'changed', NULL::text, sales(501)$$, 'X-03 mark-ready evaluates a row that fits and marks it');
SELECT results_eq(
    $$SELECT outcome::text, reason, ids FROM billing.mark_ready_to_invoice(sales(502))$$,
    $$SELECT 'refused', 'exceeds the not-to-exceed limit of the contract', sales(502)$$,
    'X-03 and refuses one that does not');
SELECT results_eq(
    $$SELECT entry_id, nte_status::text, nte_failed_level::text, billing_status::text FROM billing.actual
       WHERE actual_id = ANY (sales(501, 502)) ORDER BY entry_id$$,
    $$VALUES (501::bigint, 'committed', NULL, 'ready_to_invoice'),
             (502, 'failed', 'contract', 'not_ready_to_invoice')$$,
    'X-03 both now have a verdict');

-- --- X-42: several rows that wait: in the caller's order, of a whole contract the oldest first, wherever they are stored
SELECT time_and_material(55);
SELECT work(n, 55, day => date '2026-04-01' - n::int % 10) FROM unnest('{551,552,553}'::bigint[]) AS n;
UPDATE billing.contract SET nte_limit = 3200 WHERE contract_id = 55;
SELECT count(*) FROM billing.reevaluate_nte(sales(551, 552, 553));
CREATE FUNCTION verdicts() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(entry_id || ' ' || nte_status, ', ' ORDER BY entry_id) FROM billing.actual
     WHERE actual_id = ANY (sales(551, 552, 553))
$$;
SELECT count(*) FROM unnest(sales(552) || sales(551) || sales(553)) AS id, billing.reset_nte(ARRAY[id]);
SELECT count(*) FROM billing.mark_ready_to_invoice(sales(551) || sales(553) || sales(552));
SELECT is(verdicts(), '551 committed, 552 failed, 553 committed', 'X-42 marked by id: who is named first');
SELECT count(*) FROM unnest(sales(551) || sales(553) || sales(552)) AS id, billing.reset_nte(ARRAY[id]);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{55}');
SELECT is(verdicts(), '551 failed, 552 committed, 553 committed', 'X-42 a whole contract: the oldest work');

-- --- A limit that was lowered or removed
UPDATE billing.contract SET nte_limit = 1599.99 WHERE contract_id = 50;
SELECT results_eq(
    $$SELECT outcome::text, nte_status::text, nte_failed_level::text FROM billing.reevaluate_nte(sales(501))$$,
    $$VALUES ('changed', 'failed', 'contract')$$, 'a lowered limit fails what was committed');
SELECT is((SELECT billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(501))), 'not_ready_to_invoice',
    'which is then no longer ready');
UPDATE billing.contract SET nte_limit = NULL WHERE contract_id = 50;
SELECT results_eq(
    $$SELECT nte_status::text FROM billing.reevaluate_nte(sales(501, 502))$$,
    $$VALUES ('not_applicable'), ('not_applicable')$$, 'without limit nothing is to be checked');
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 50;
SELECT results_eq(
    $$SELECT nte_status::text FROM billing.reevaluate_nte(sales(501, 502))$$,
    $$VALUES ('committed'), ('failed')$$, 'a limit added later is checked when asked');

-- --- Rows that do not take part
SELECT work(601, 20);
SELECT results_eq(
    $$SELECT count(*) FROM billing.reset_nte(ARRAY(SELECT actual_id FROM billing.actual
         WHERE entry_id IN (101, 102, 103, 601) OR invoice_id IS NOT NULL) || 999::bigint)$$,
    'VALUES (0::bigint)',
            'reset leaves out costs, posted and non-chargeable rows, those without limit, and unknown ids');
SELECT results_eq(
    $$SELECT count(*) FROM billing.reevaluate_nte(ARRAY(SELECT actual_id FROM billing.actual
         WHERE entry_id IN (101, 102, 103) OR invoice_id IS NOT NULL) || 999::bigint)$$,
    'VALUES (0::bigint)', 'so does re-evaluation');
SELECT ready(501);
SELECT drafted(50);
SELECT is_empty('SELECT * FROM billing.reset_nte(sales(501))', 'what is on a draft cannot be reset');
SELECT is_empty('SELECT * FROM billing.reevaluate_nte(sales(501))', 'nor evaluated again');
SELECT throws_ok('SELECT * FROM billing.reset_nte(NULL)', '22023', NULL, 'reset_nte() needs an array');
SELECT throws_ok('SELECT * FROM billing.reevaluate_nte(NULL)', '22023', NULL, 'reevaluate_nte() needs an array');
SELECT is_empty($$SELECT * FROM billing.reset_nte('{}')$$, 'resetting nothing does nothing');
SELECT is_empty($$SELECT * FROM billing.reevaluate_nte('{}')$$, 'evaluating nothing does nothing');

-- --- What is billed counts; what an edit gave up does not
SELECT time_and_material(70);
UPDATE billing.contract_line SET nte_limit = 1600 WHERE contract_line_id = 70;
SELECT work(701, 70);
SELECT ready(701);
SELECT drafted(70);
SELECT count(*) FROM billing.edit_invoice_details(sales(701), quantity => 6);
SELECT confirmed(invoice(70));
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 70',
    'VALUES (0.0, 1200.0)', 'after confirmation the invoiced amount takes the place of the commitment');
SELECT is(verdict(702, 70, 400.01), '1 failed contract_line', 'billed 1,200 leaves no room for 400.01');
SELECT is(verdict(703, 70, 400), '1 committed', 'but for 400');

-- Work and its negative commit nothing together; billing one of them must not forget the other.
SELECT time_and_material(71);
UPDATE billing.contract SET nte_limit = 5000 WHERE contract_id = 71;
SELECT work(711, 71);
SELECT work(712, 71, -8);
SELECT ready(711);
SELECT drafted(71);
SELECT confirmed(invoice(71));
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 71',
    'VALUES (-1600.0, 1600.0)', 'of work and its negative, billed apart, each keeps its commitment');

-- X-35 An invoice is judged as a whole: what adds on one line while more is given up on another is let through even where
-- the limit was lowered below what is used.
SELECT time_and_material(72);
INSERT INTO billing.project (project_id, company_id, name) VALUES (720, 1, 'Second');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (72, 720, 'Second', 'time_and_material', 720);
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 72;
SELECT work(721, 72);
SELECT ready(721);
SELECT drafted(72);
UPDATE billing.contract SET nte_limit = 500 WHERE contract_id = 72;
SELECT count(*) FROM billing.edit_invoice_details(sales(721), quantity => 6);
SELECT count(*) FROM billing.add_invoice_detail(invoice(72), 720, 'fee', 1, 400.01);
SELECT results_eq('SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(72)])',
    $$VALUES ('refused', 'edits and manual details add 0.01, more than the not-to-exceed limit of the contract leaves')$$,
    'X-35 more than before is too much');
SELECT count(*) FROM billing.add_invoice_detail(invoice(72), 72, 'fee', 0, 1);
SELECT count(*) FROM billing.edit_invoice_details(sales(721), quantity => 5);
SELECT results_eq('SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(72)])', $$VALUES ('changed', NULL)$$,
    'X-35 less than before is let through');

-- What returns to the backlog gets no room that what is billed takes, counted before or not.
SELECT time_and_material(73);
SELECT work(731, 73);
SELECT ready(731);
SELECT drafted(73);
SELECT count(*) FROM billing.edit_invoice_details(sales(731), quantity => 4, keep_rest => true);
UPDATE billing.contract SET nte_limit = 1500 WHERE contract_id = 73;
SELECT confirmed(invoice(73));
SELECT results_eq(
    'SELECT amount, nte_status::text FROM billing.actual WHERE contract_id = 73 AND is_open', $$VALUES (800.0, 'failed')$$,
    'a sale older than the limit counts from the moment it is billed');
SELECT time_and_material(74);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (74, 740, 'Licence', 'product', 1, 600);
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 74;
SELECT work(741, 74);
SELECT ready(741);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{740}');
SELECT drafted(74);
SELECT count(*) FROM billing.edit_invoice_details(sales(741), quantity => 4, keep_rest => true);
SELECT confirmed(invoice(74));
SELECT results_eq(
    'SELECT amount, nte_status::text FROM billing.actual WHERE contract_id = 74 AND is_open', $$VALUES (800.0, 'failed')$$,
    'so does a product line');

-- --- Milestones obey the limits of customer and contract
SELECT fixed_price(80);
UPDATE billing.contract_customer SET nte_limit = 900 WHERE contract_id = 80;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (80, 801, 80, 'Design', '2026-03-01', 600), (80, 802, 80, 'Build', '2026-04-01', 400),
       (80, 803, 80, 'Test', '2026-05-01', 300);
CREATE FUNCTION share(milestone bigint) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(milestone_split_id) FROM billing.milestone_split WHERE milestone_id = milestone';
SELECT results_eq(
    $$SELECT ids = share(801), outcome::text, reason
        FROM billing.mark_ready_to_invoice(milestones => share(801) || share(802)) ORDER BY 1 DESC$$,
    $$VALUES (true, 'changed', NULL),
             (false, 'refused', 'exceeds the not-to-exceed limit of the customer on the contract')$$,
    'X-08 milestones over the limit of the customer cannot be marked ready');
SELECT drafted(80);
SELECT confirmed(invoice(80));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => share(802))$$,
    $$VALUES ('refused', 'exceeds the not-to-exceed limit of the customer on the contract')$$,
    'X-08 billed milestones count as spent');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => share(803))$$,
    $$VALUES ('changed', NULL)$$, 'X-08 what still fits is marked');

SELECT * FROM finish();
