-- Progress billing: a milestone is invoiced slice by slice, by percentage or amount, until nothing is left of it.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION progress(id bigint, customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}',
                         amount numeric DEFAULT 1000, tax numeric DEFAULT 0, currency text DEFAULT 'USD') RETURNS void LANGUAGE sql AS $$
    SELECT fixed_price(id, customers, percents, currency);
    UPDATE billing.contract_line SET invoice_schedule_type = 'progress_based' WHERE contract_line_id = id;
    INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
    VALUES (id, id, id, 'Tower', '2026-12-31', amount, tax)
$$;
-- 'header, next status: 200 ready_to_invoice, 800 not_ready_to_invoice'
CREATE FUNCTION standing(of bigint) RETURNS text LANGUAGE sql AS $$
    SELECT min(p.header_status::text) || ', ' || min(p.next_status::text) || ': '
           || string_agg(trim_scale(s.amount + s.tax) || ' ' || s.milestone_status, ', ' ORDER BY s.customer_id, s.milestone_status DESC, s.milestone_split_id)
      FROM billing.progress_milestones p JOIN billing.milestone_split s USING (contract_id, milestone_id) WHERE milestone_id = of
$$;
CREATE FUNCTION slices(of bigint, status text DEFAULT 'ready_to_invoice', of_customer bigint DEFAULT NULL) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(milestone_split_id ORDER BY customer_id, milestone_split_id) FROM billing.milestone_split
     WHERE milestone_id = of AND milestone_status::text = status AND (of_customer IS NULL OR customer_id = of_customer)
$$;
CREATE FUNCTION stepped(of bigint, percent numeric) RETURNS text LANGUAGE sql AS $$
    SELECT outcome || coalesce(': ' || reason, '') FROM billing.set_progress(ARRAY[of], percent => percent, ready => true)
$$;

-- --- O-28: one customer
SELECT progress(10);
SELECT is(standing(10), 'not_started, not_ready_to_invoice: 1000 not_ready_to_invoice', 'O-28 one share, the whole');
SELECT results_eq(
    $$SELECT milestone_id, contract_id, outcome::text, reason, next_percent, next_amount, next_status::text, invoiced_amount, remaining_amount
        FROM billing.set_progress('{10}', percent => 20)$$,
    $$VALUES (10::bigint, 10::bigint, 'changed', NULL, 20.0, 200.0, 'not_ready_to_invoice', 0.0, 1000.0)$$,
    'O-28 next 20 % is next amount 200');
SELECT results_eq(
    $$SELECT outcome::text, next_percent, next_amount FROM billing.set_progress('{10}', amount => 250)$$,
    $$VALUES ('changed', 25.0, 250.0)$$, 'next amount 250 is next 25 %');
SELECT results_eq(
    $$SELECT outcome::text, next_amount FROM billing.set_progress('{10}', percent => 25)$$, $$VALUES ('unchanged', 250.0)$$,
    'the same number once more changes nothing');
SELECT count(*) FROM billing.set_progress('{10}', percent => 20);
SELECT results_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count FROM billing.mark_ready_to_invoice(milestones => slices(10, 'not_ready_to_invoice'))$$,
    $$VALUES ('milestone', 10::bigint, 'changed', NULL, 1::bigint)$$, 'O-28 marked ready');
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 ready_to_invoice, 800 not_ready_to_invoice', 'O-28 200 ready, 800 not ready');
SELECT results_eq(
    'SELECT next_percent, next_amount, invoiced_amount, remaining_amount, uncut_amount FROM billing.progress_milestones WHERE milestone_id = 10',
    'VALUES (20.0, 200.0, 0.0, 1000.0, 800.0)', 'what is ready is not invoiced');
SELECT drafted(10);
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, price, amount, tax FROM billing.invoice_line_detail WHERE contract_id = 10$$,
    $$VALUES ('milestone', 1.0, 200.0, 200.0, 0.0)$$, 'O-28 the draft has one detail of 200');
SELECT is(standing(10), 'in_progress, customer_invoice_created: 200 customer_invoice_created, 800 not_ready_to_invoice', 'O-28 drafted');
SELECT results_eq(
    'SELECT invoiced_percent, invoiced_amount FROM billing.progress_milestones WHERE milestone_id = 10', 'VALUES (0.0, 0.0)',
    'a draft never counts as invoiced');
SELECT confirmed(invoice(10));
SELECT is(standing(10), 'in_progress, not_ready_to_invoice: 200 customer_invoice_posted, 800 not_ready_to_invoice', 'O-28 confirmed: 200 posted, next status not ready again');
SELECT results_eq(
    'SELECT invoiced_percent, invoiced_amount, remaining_percent, remaining_amount, next_percent, next_amount FROM billing.progress_milestones WHERE milestone_id = 10',
    'VALUES (20.0, 200.0, 80.0, 800.0, NULL::numeric, NULL::numeric)', 'O-28 invoiced to date 200 (20 %), remaining 800');
SELECT is(stepped(10, 20), 'changed', 'set and marked in one call');
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 200 ready_to_invoice, 600 not_ready_to_invoice', 'O-28 200 more');

-- --- X-11: un-readying merges the slice back
SELECT results_eq(
    $$SELECT item, outcome::text, item_count FROM billing.mark_not_ready_to_invoice(milestones => slices(10))$$,
    $$VALUES ('milestone', 'changed', 1::bigint)$$, 'X-11 taken back');
SELECT is(standing(10), 'in_progress, not_ready_to_invoice: 200 customer_invoice_posted, 800 not_ready_to_invoice', 'X-11 the slice is part of the rest again');
SELECT results_eq('SELECT next_percent, next_amount FROM billing.progress_milestones WHERE milestone_id = 10', 'VALUES (20.0, 200.0)', 'and still what is billed next');
SELECT results_eq(
    $$SELECT item, outcome::text, item_count FROM billing.mark_ready_to_invoice(contracts => '{10}')$$,
    $$VALUES ('milestone', 'changed', 1::bigint)$$, 'so the contract can be marked as a whole');
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 200 ready_to_invoice, 600 not_ready_to_invoice', 'the slice is there again');

-- --- Deleting the draft or the detail makes the slice ready again
SELECT drafted(10);
SELECT count(*) FROM billing.remove_invoice_details(milestones => slices(10, 'customer_invoice_created'));
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 200 ready_to_invoice, 600 not_ready_to_invoice', 'detail removed: ready');
SELECT count(*) FROM billing.refresh_invoices(ARRAY[invoice(10)]);
SELECT is(standing(10), 'in_progress, customer_invoice_created: 200 customer_invoice_posted, 200 customer_invoice_created, 600 not_ready_to_invoice', 'refreshed: on the draft');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10)]);
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 200 ready_to_invoice, 600 not_ready_to_invoice', 'draft deleted: ready');
SELECT drafted(10);
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.set_progress('{10}', percent => 10)$$,
    $$VALUES ('refused', 'a slice of it is ready to invoice or on a draft')$$, 'one step at a time');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => slices(10, 'not_ready_to_invoice'))$$,
    $$VALUES ('refused', 'a slice of it is ready to invoice or on a draft')$$, 'a repeated call cuts nothing twice');
SELECT is_empty($$SELECT * FROM billing.mark_ready_to_invoice(contracts => '{10}')$$, 'nor does marking the contract');
SELECT confirmed(invoice(10));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => slices(10, 'not_ready_to_invoice'))$$,
    $$VALUES ('refused', 'nothing of it is set to be billed next; call set_progress()')$$, 'a rest is marked only when somebody says how much of it');

-- --- Never more than what remains; the last slice takes exactly what is left
SELECT is(stepped(10, 60.01), 'refused: only 600 of it (60 %) is left to bill', 'not more than 100 %');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.set_progress('{10}', amount => 600.01)$$,
    $$VALUES ('refused', 'only 600 of it (60 %) is left to bill')$$, 'nor more than the amount');
SELECT is(stepped(10, 60), 'changed', 'the rest');
SELECT is(standing(10), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 200 customer_invoice_posted, 600 ready_to_invoice', 'nothing is left');
SELECT results_eq(
    $$SELECT outcome::text FROM billing.mark_not_ready_to_invoice(contracts => '{10}')$$, $$VALUES ('changed')$$, 'the last slice can be taken back, too');
SELECT is(standing(10), 'in_progress, not_ready_to_invoice: 200 customer_invoice_posted, 200 customer_invoice_posted, 600 not_ready_to_invoice', 'it is the rest again');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT is(standing(10), 'completed, not_ready_to_invoice: 600 customer_invoice_posted, 200 customer_invoice_posted, 200 customer_invoice_posted', 'O-28 all posted: completed, next status not ready');
SELECT results_eq('SELECT invoiced_percent, remaining_amount, uncut_amount FROM billing.progress_milestones WHERE milestone_id = 10', 'VALUES (100.0, 0.0, 0.0)', '100 % invoiced');
SELECT is(stepped(10, 1), 'refused: only 0 of it (0 %) is left to bill', '200 % is not to be had');
SELECT is((SELECT sum(amount) FROM billing.actual WHERE contract_id = 10), 1000::numeric, 'the ledger has the milestone, once');
SELECT throws_ok('UPDATE billing.milestone SET amount = 2000 WHERE milestone_id = 10', 'ZB022', NULL, 'a billed milestone is fixed');

-- --- Several customers
SELECT progress(20, '{1,2,3}', '{33.34,33.33,33.33}', 100.01, 25);
SELECT is(stepped(20, 33.33), 'changed', 'a third of 125.01');
SELECT results_eq(
    $$SELECT customer_id, amount, tax FROM billing.milestone_split WHERE milestone_id = 20 AND milestone_status = 'ready_to_invoice' ORDER BY 1$$,
    'VALUES (1::bigint, 11.12, 2.77), (2, 11.11, 2.78), (3, 11.11, 2.78)', 'by the percentages, the rounding customer takes what does not divide');
SELECT is((SELECT sum(amount + tax) FROM billing.milestone_split WHERE milestone_id = 20 AND milestone_status = 'ready_to_invoice'), 41.67, 'percent of the amount including tax');
SELECT drafted(20);
SELECT is((SELECT next_status::text FROM billing.progress_milestones WHERE milestone_id = 20), 'customer_invoice_created', 'three drafts');
SELECT confirmed(invoice(20, 1));
SELECT confirmed(invoice(20, 3));
SELECT is((SELECT next_status::text FROM billing.progress_milestones WHERE milestone_id = 20), 'customer_invoice_created', 'X-10 created until the last customer''s slice is posted');
SELECT is(stepped(20, 10), 'refused: a slice of it is ready to invoice or on a draft', 'until then there is no next step');
SELECT confirmed(invoice(20, 2));
SELECT is((SELECT header_status || ', ' || next_status FROM billing.progress_milestones WHERE milestone_id = 20), 'in_progress, not_ready_to_invoice', 'X-10 then it is not ready again');
SELECT stepped(20, 33.33), drafted(20), confirmed(invoice(20, 1)), confirmed(invoice(20, 2)), confirmed(invoice(20, 3));
SELECT results_eq(
    $$SELECT outcome::text, next_amount FROM billing.set_progress('{20}', percent => (SELECT remaining_percent FROM billing.progress_milestones WHERE milestone_id = 20))$$,
    $$VALUES ('changed', 41.67)$$, 'the percentage that is shown as remaining is all that remains');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{20}');
SELECT drafted(20), confirmed(invoice(20, 1)), confirmed(invoice(20, 2)), confirmed(invoice(20, 3));
SELECT results_eq(
    'SELECT customer_id, sum(amount), sum(tax) FROM billing.actual WHERE contract_id = 20 GROUP BY 1 ORDER BY 1',
    'VALUES (1::bigint, 33.35, 8.34), (2, 33.33, 8.33), (3, 33.33, 8.33)', 'in the end each customer has paid its share to the cent');
SELECT is((SELECT header_status::text FROM billing.progress_milestones WHERE milestone_id = 20), 'completed', 'completed');

-- Many small slices: rounding never takes a customer beyond its share.
SELECT progress(21, '{1,2,3,4}', '{25,25,25,25}', 0.10);
DO $$
DECLARE n int;
BEGIN
    FOR n IN 1..5 LOOP
        PERFORM billing.set_progress('{21}', amount => 0.02, ready => true);
        PERFORM billing.create_invoices(contracts => '{21}');
        PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 21 AND number IS NULL));
    END LOOP;
END $$;
SELECT results_eq(
    'SELECT customer_id, sum(amount), min(amount) >= 0 FROM billing.actual WHERE contract_id = 21 GROUP BY 1 ORDER BY 1',
    'VALUES (1::bigint, 0.01, true), (2, 0.03, true), (3, 0.03, true), (4, 0.03, true)', 'five times two cents for four customers');
SELECT is((SELECT header_status::text FROM billing.progress_milestones WHERE milestone_id = 21), 'completed', 'and nothing is left over');

-- One customer's slice taken back while another's is on a draft.
SELECT progress(22, '{1,2}', '{60,40}');
SELECT is(stepped(22, 20), 'changed', '120 and 80');
SELECT count(*) FROM billing.create_invoices(milestones => slices(22, of_customer => 1));
SELECT count(*) FROM billing.mark_not_ready_to_invoice(milestones => slices(22));
SELECT is(standing(22), 'in_progress, customer_invoice_created: 120 customer_invoice_created, 480 not_ready_to_invoice, 400 not_ready_to_invoice', 'customer 2 is back, customer 1 on its draft');
SELECT confirmed(invoice(22, 1));
SELECT is(stepped(22, 88), 'changed', 'all the rest');
SELECT is(standing(22), 'in_progress, ready_to_invoice: 120 customer_invoice_posted, 480 ready_to_invoice, 400 ready_to_invoice', 'each customer is left with its own');

-- A rounding customer of 0 % whose share is less than nothing, taken back when all others have paid theirs.
SELECT progress(24, '{1,2,3}', '{0,50,50}', 1.01);
SELECT is(stepped(24, 100), 'changed', '-0.01, 0.51 and 0.51');
SELECT count(*) FROM billing.create_invoices(milestones => slices(24, of_customer => 2) || slices(24, of_customer => 3));
SELECT count(*) FROM billing.mark_not_ready_to_invoice(milestones => slices(24));
SELECT confirmed(invoice(24, 2)), confirmed(invoice(24, 3));
SELECT is(stepped(24, 1), 'refused: only -0.01 of it (-0.9901 %) is left to bill', 'there is nothing to set');
SELECT results_eq($$SELECT outcome::text FROM billing.set_progress('{24}', percent => 0) UNION ALL SELECT outcome::text FROM billing.set_progress('{24}', amount => 0)$$,
    $$VALUES ('unchanged'), ('unchanged')$$, 'nor to take back');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(milestones => slices(24, 'not_ready_to_invoice'))$$,
    $$VALUES ('changed', NULL::text)$$, 'but what is left is marked as it is');
SELECT drafted(24), confirmed(invoice(24, 1));
SELECT is((SELECT header_status || ', ' || remaining_amount FROM billing.progress_milestones WHERE milestone_id = 24), 'completed, 0.0000', 'so that nothing remains');

-- Percentages changed on the way: each customer still pays no more than its share.
SELECT progress(23, '{1,2}', '{50,50}');
SELECT stepped(23, 40), drafted(23), confirmed(invoice(23, 1)), confirmed(invoice(23, 2));
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 90 ELSE 10 END WHERE contract_line_id = 23;
SELECT is(stepped(23, 50), 'changed', '500 at 90 / 10');
SELECT is(standing(23), 'in_progress, ready_to_invoice: 200 customer_invoice_posted, 300 ready_to_invoice, 200 customer_invoice_posted, 200 ready_to_invoice, 100 not_ready_to_invoice',
    'customer 1 has 300 left, not 450; customer 2 takes the rest');

-- --- Tax
SELECT progress(25, amount => 1000, tax => 250);
SELECT results_eq($$SELECT next_percent, next_amount FROM billing.set_progress('{25}', percent => 20, ready => true)$$, 'VALUES (20.0, 250.0)', '20 % of 1,250');
SELECT results_eq('SELECT amount, tax FROM billing.milestone_split WHERE milestone_split_id = ANY (slices(25))', 'VALUES (200.0, 50.0)', 'are 200 and 50 tax');

-- --- Limits: checked when marked, of all customers or none
SELECT progress(30, '{1,2}', '{60,40}');
UPDATE billing.contract SET nte_limit = 500 WHERE contract_id = 30;
UPDATE billing.contract_customer SET nte_limit = 100 WHERE contract_id = 30 AND customer_id = 2;
SELECT is(stepped(30, 30), 'refused: exceeds the not-to-exceed limit of the customer on the contract', 'customer 2 would exceed its limit');
SELECT is(standing(30), 'not_started, not_ready_to_invoice: 600 not_ready_to_invoice, 400 not_ready_to_invoice', 'nothing was cut');
SELECT results_eq('SELECT next_amount FROM billing.progress_milestones WHERE milestone_id = 30', 'VALUES (NULL::numeric)', 'nor set');
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount) VALUES (30, 31, 30, 'Roof', '2026-12-31', 1000);
SELECT results_eq(
    $$SELECT milestone_id, outcome::text FROM billing.set_progress('{30,31}', percent => 25, ready => true)$$,
    $$VALUES (30::bigint, 'changed'), (31, 'refused')$$, '250 fit, 250 more do not: customer 2 has none left');
UPDATE billing.contract_customer SET nte_limit = NULL WHERE contract_id = 30;
SELECT is(stepped(31, 25.01), 'refused: exceeds the not-to-exceed limit of the contract', 'what is ready counts as used');
SELECT is(stepped(31, 25), 'changed', 'the limit itself may be reached');

-- --- What the contract line says
SELECT fixed_price(40);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount) VALUES (40, 40, 40, 'Whole', '2026-03-01', 100);
SELECT is(stepped(40, 10), 'refused: contract line 40 bills completed milestones; set its invoice_schedule_type to progress_based', 'a line bills completed milestones unless it says otherwise');
SELECT is_empty('SELECT * FROM billing.progress_milestones WHERE milestone_id = 40', 'such a milestone is not in the view');
SELECT time_and_material(41);
SELECT throws_ok($$UPDATE billing.contract_line SET invoice_schedule_type = 'progress_based' WHERE contract_line_id = 41$$, '23514', NULL, 'progress is for fixed prices');
SELECT progress(42);
UPDATE billing.contract_line SET contracted_amount = 5000 WHERE contract_line_id = 42;
SELECT is(stepped(42, 10), 'refused: the milestones of contract line 42 total 1000, its contracted amount is 5000', 'the milestones must total what was contracted');
UPDATE billing.contract_line SET contracted_amount = 1000 WHERE contract_line_id = 42;
SELECT is(stepped(42, 10), 'changed', 'when they do, they can be billed');
UPDATE billing.contract_line SET invoice_schedule_type = 'completed_milestones' WHERE contract_line_id = 42;
SELECT results_eq(
    $$SELECT outcome::text, item_count FROM billing.mark_ready_to_invoice(contracts => '{42}')$$, $$VALUES ('changed', 1::bigint)$$,
    'after a change to completed milestones the rest is marked as a whole');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(contracts => '{42}');
SELECT is((SELECT string_agg(trim_scale(amount) || ' ' || milestone_status, ', ') FROM billing.milestone_split WHERE milestone_id = 42), '1000 not_ready_to_invoice', 'and everything taken back is one share');

-- The whole marked while a slice of it is: taken back, the slice is the rest, and the whole merges into it.
UPDATE billing.contract_line SET invoice_schedule_type = 'progress_based' WHERE contract_line_id = 42;
SELECT is(stepped(42, 10), 'changed', 'a slice');
UPDATE billing.contract_line SET invoice_schedule_type = 'completed_milestones' WHERE contract_line_id = 42;
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{42}');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(milestones => (slices(42))[2:2]);
SELECT count(*) FROM billing.mark_not_ready_to_invoice(milestones => slices(42));
SELECT results_eq('SELECT trim_scale(amount), milestone_status::text, cut_from FROM billing.milestone_split WHERE milestone_id = 42',
    $$VALUES (1000.0, 'not_ready_to_invoice', NULL::bigint)$$, 'in the end there is one share');

-- --- What is not possible
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}')$$, '22023', NULL, 'neither percent nor amount');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}', 1, 1)$$, '22023', NULL, 'both');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}', 100.01)$$, '22023', NULL, 'more than 100 %');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}', -1)$$, '22023', NULL, 'a negative percentage');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}', amount => -1)$$, '22023', NULL, 'a negative amount');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{42}', 0, ready => true)$$, '22023', NULL, 'nothing, to be marked');
SELECT throws_ok($$SELECT * FROM billing.set_progress(NULL, 10)$$, '22023', NULL, 'no milestones');
SELECT progress(43);
SELECT results_eq(
    $$SELECT milestone_id, outcome::text, reason FROM billing.set_progress('{43,999,43}', amount => 0.005)$$,
    $$VALUES (43::bigint, 'refused', '0.005 has more decimals than USD knows'), (999, 'refused', 'there is no milestone with this id')$$,
    'decimals, and an unknown milestone');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.set_progress('{43}', percent => 0.0001)$$,
    $$VALUES ('refused', '0.0001 % of it is nothing to bill')$$, 'a percentage of which no cent is left');
SELECT count(*) FROM billing.set_progress('{43}', 50);
SELECT results_eq($$SELECT outcome::text, next_amount FROM billing.set_progress('{43}', 0)$$, $$VALUES ('changed', NULL::numeric)$$, '0 takes back what was set');
SELECT count(*) FROM billing.set_progress('{43}', 50);
UPDATE billing.milestone SET amount = 300 WHERE milestone_id = 43;
SELECT results_eq('SELECT amount, next_amount FROM billing.progress_milestones WHERE milestone_id = 43', 'VALUES (300.0, NULL::numeric)', 'another amount is another milestone: what comes next is open again');
SELECT count(*) FROM billing.set_progress('{43}', 50);
SELECT lives_ok('DELETE FROM billing.milestone WHERE milestone_id = 43', 'a milestone that was never ready can be deleted');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (44, 1, 1, 'Offer', 'USD');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, invoice_schedule_type, include_time,
                                   include_expense, include_material, include_fee)
VALUES (44, 44, 'Lost', 'fixed_price', 43, 'progress_based', false, false, false, false);
UPDATE billing.contract_line_customer SET billing_split_percent = 100 WHERE contract_line_id = 44;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount) VALUES (44, 44, 44, 'Late', '2026-03-01', 100);
SELECT count(*) FROM billing.close_contract('{44}');
SELECT is(stepped(44, 10), 'refused: the contract is closed', 'nothing on a closed contract');
SELECT progress(45, currency => 'JPY', amount => 1000);
SELECT is(stepped(45, 12.34), 'changed', 'yen have no decimals');
SELECT is((SELECT amount FROM billing.milestone_split WHERE milestone_split_id = ANY (slices(45))), 123::numeric, 'so 12.34 % are 123');

-- --- The rest of the system goes on with slices
SELECT progress(50, '{1,2}', '{60,40}');
SELECT stepped(50, 25), drafted(50), confirmed(invoice(50, 1));
SELECT bag_eq(
    $$SELECT customer_id, amount, status FROM billing.backlog WHERE contract_id = 50$$,
    $$VALUES (1::bigint, 450.0, 'not_ready_to_invoice'), (2, 300, 'not_ready_to_invoice')$$, 'the backlog has what is uncut; a draft is not in it');
SELECT results_eq(
    'SELECT contract_value, billed_amount, on_drafts_amount, ready_amount, not_ready_amount FROM billing.contract_summary WHERE contract_id = 50',
    'VALUES (NULL::numeric, 150.0, 100.0, 0.0, 750.0)', 'the hub adds slices up');
SELECT results_eq('SELECT sum(amount), sum(on_drafts) FROM billing.backlog_ageing WHERE contract_id = 50', 'VALUES (850.0, 100.0)', 'so does the ageing');
-- What was unbilled before each operation, by status.
CREATE FUNCTION before(step int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(status || ' ' || trim_scale(amount), ', ' ORDER BY status)
      FROM (SELECT b.status, sum(b.amount) AS amount
              FROM billing.backlog_at((SELECT started_at FROM billing.operation o JOIN billing.operation_change h USING (operation_id)
                                        WHERE h.contract_id = 50 AND h.item = 'milestone_split' GROUP BY 1, operation_id
                                        ORDER BY operation_id OFFSET step LIMIT 1), '{50}') b GROUP BY b.status) x
$$;
UPDATE billing.milestone SET recorded_at = NULL;
SELECT is(before(0), 'not_ready_to_invoice 1000', 'before the slices were cut everything was one backlog');
SELECT is(before(1), 'not_ready_to_invoice 750, ready_to_invoice 250', 'then 250 were ready');
SELECT is(before(2), 'customer_invoice_created 250, not_ready_to_invoice 750', 'then on drafts');
SELECT is((SELECT sum(amount) FROM billing.backlog_at(clock_timestamp(), '{50}')), 850::numeric, 'and now 850 are unbilled');
SELECT results_eq(
    $$SELECT o.origin FROM billing.transaction_origin o
       WHERE o.record = 'milestone_split' AND o.contract_id = 50 ORDER BY 1$$, $$VALUES ('milestone_split'), ('milestone_split')$$, 'a slice knows what it was cut from');

-- Automatic runs bill slices as soon as they are ready: the date is that of the whole milestone.
SELECT progress(60);
SELECT stepped(60, 10);
CALL billing.run_invoicing('2026-01-31', contracts => '{60}');
SELECT is(standing(60), 'in_progress, customer_invoice_created: 100 customer_invoice_created, 900 not_ready_to_invoice', 'a run bills ready slices');
CALL billing.run_invoicing('2026-02-28', contracts => '{60}');
SELECT is((SELECT count(*) FROM billing.invoice WHERE contract_id = 60), 1::bigint, 'and nothing else');

-- Generated milestones are billed by progress, each by itself.
SELECT fixed_price(61);
UPDATE billing.contract_line SET invoice_schedule_type = 'progress_based', contracted_amount = 1000 WHERE contract_line_id = 61;
INSERT INTO billing.invoice_frequency (name, period, run_days) VALUES ('Ultimo', 'monthly', '{last day}');
SELECT count(*) FROM billing.generate_milestones(61, frequency => 1, from_date => '2026-01-01', count => 3);
SELECT results_eq(
    $$SELECT s.outcome::text, s.next_amount FROM billing.set_progress(ARRAY(SELECT milestone_id FROM billing.milestone WHERE contract_id = 61), 50, ready => true) s$$,
    $$VALUES ('changed', 166.67), ('changed', 166.67), ('changed', 166.67)$$, 'generated milestones, several in one call');

-- --- Text, tax and billing type of a slice are edited as those of a milestone; its price is not
SELECT drafted(25);
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(milestones => slices(25, ''customer_invoice_created''), price => 10)', 'ZB022', NULL, 'the amount is set by progress');
SELECT count(*) FROM billing.edit_invoice_details(milestones => slices(25, 'customer_invoice_created'), tax => 40, description => 'Tower, 20 %');
SELECT confirmed(invoice(25));
SELECT results_eq('SELECT amount, tax, description FROM billing.invoice_line_detail WHERE invoice_id = invoice(25)', $$VALUES (200.0, 40.0, 'Tower, 20 %')$$, 'tax and text are');

-- --- The log says what happened to every slice
SELECT is_empty('SELECT * FROM billing.verify()', 'all is sound');
SELECT results_eq(
    $$SELECT verb, arguments ->> 'percent', from_status, to_status, item_count FROM billing.operation_history WHERE contract_id = 60 AND verb = 'set_progress'$$,
    $$VALUES ('set_progress', '10', NULL, 'ready_to_invoice', 1::bigint)$$, 'who set which progress is in the log');

SELECT * FROM finish();
