-- confirm_invoices(): which actuals a confirmed invoice writes, case by case, and that it is one-way.
\ir fixture/base.psql
SELECT no_plan();

-- One ready entry on a draft of a contract of its own.
CREATE FUNCTION billed(contract bigint, quantity numeric DEFAULT 8, price numeric DEFAULT 200,
                       class billing.transaction_class DEFAULT 'time',
                       tax numeric DEFAULT 0) RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(contract);
    SELECT work(contract, contract, quantity, price, class, tax => tax);
    SELECT ready(contract);
    SELECT drafted(contract)
$$;
CREATE FUNCTION facts(contract bigint) RETURNS SETOF text LANGUAGE sql AS
    'SELECT fact FROM ledger WHERE contract_id = contract';
CREATE FUNCTION total(contract bigint) RETURNS numeric LANGUAGE sql AS
    'SELECT trim_scale(total_amount) FROM billing.invoice WHERE invoice_id = invoice(contract)';

-- --- O-11: as drafted
SELECT billed(10);
SELECT results_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason, invoice_number, total_amount
        FROM billing.confirm_invoices(ARRAY[invoice(10)])$$,
    $$SELECT invoice(10), 10::bigint, 'changed', NULL::text, 'INV-000001', 1600.0$$,
    'confirm_invoices() returns number and total');
SELECT bag_eq('SELECT facts(10)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable'],
    'O-11 time, no edit: the sale is posted and reversed, a billed sale written');
SELECT results_eq(
    $$SELECT project_invoice_status::text, detail_amount, total_tax, total_amount FROM billing.invoice
       WHERE contract_id = 10$$,
    $$VALUES ('confirmed', 1600.0, 0.0, 1600.0)$$, 'O-11 the invoice is confirmed, total 1,600');
SELECT results_eq(
    $$SELECT transaction_type::text, source_id = ANY (sales(10)), reverses_id = ANY (sales(10)), entry_id, customer_id,
             contract_line_id,
             invoice_id = invoice(10), transaction_date
        FROM billing.actual WHERE invoice_id IS NOT NULL AND contract_id = 10 ORDER BY 1 DESC$$,
    $$VALUES ('unbilled_sales', NULL::boolean, true, 10::bigint, 1::bigint, 10::bigint, true, '2026-03-02'::date),
             ('billed_sales', true, NULL, 10, 1, 10, true, '2026-03-02')$$,
    'O-11 the reversal names what it reverses, the billed sale what it bills, both keep the date of the work');
SELECT billed(11, 3, 50, 'expense');
SELECT confirmed(invoice(11));
SELECT bag_eq('SELECT facts(11)', ARRAY[
    'cost expense 3 @ 100 = 300 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales expense 3 @ 50 = 150 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales expense -3 @ 50 = -150 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales expense 3 @ 50 = 150 chargeable | customer_invoice_posted | adjustable'],
    'O-11 expense, no edit: the same');
SELECT billed(12, 4, 25, 'material');
SELECT confirmed(invoice(12));
SELECT bag_eq('SELECT facts(12)', ARRAY[
    'cost material 4 @ 100 = 400 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales material 4 @ 25 = 100 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales material -4 @ 25 = -100 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales material 4 @ 25 = 100 chargeable | customer_invoice_posted | adjustable'],
    'O-11 material, no edit: the same');

-- --- O-12: 8 -> 6
SELECT billed(20);
SELECT count(*) FROM billing.edit_invoice_details(sales(20), quantity => 6);
SELECT confirmed(invoice(20));
SELECT bag_eq('SELECT facts(20)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time -2 @ 200 = -400 non_chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable',
    'billed_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | adjustable'],
    'O-12 confirm after reducing 8 to 6: seven rows, the remainder non-chargeable and billed');
SELECT is(total(20), 1200::numeric, 'O-12 the invoice totals 1,200');
SELECT results_eq(
    $$SELECT sum(amount) FILTER (WHERE transaction_type = 'unbilled_sales'),
             sum(amount) FILTER (WHERE transaction_type = 'billed_sales'),
             sum(amount) FILTER (WHERE transaction_type = 'billed_sales' AND billing_type = 'chargeable')
        FROM billing.actual WHERE contract_id = 20$$,
    'VALUES (0.0, 1600.0, 1200.0)', 'O-12 unbilled sales sum to 0, billed sales to 1,600, of them 1,200 chargeable');
SELECT results_eq(
    $$SELECT trim_scale(o.quantity), trim_scale(r.quantity), r.reverses_id = o.actual_id
        FROM billing.actual o JOIN billing.actual r ON r.reverses_id = o.actual_id AND r.contract_id = o.contract_id
       WHERE o.contract_id = 20 ORDER BY 1 DESC$$,
    'VALUES (8::numeric, -8::numeric, true), (6, -6, true), (2, -2, true)',
    'O-12 every reversal belongs to its own original');
SELECT results_eq(
    $$SELECT transaction_type::text, trim_scale(quantity), source_id = ANY (sales(20)) AS replaces,
             (SELECT trim_scale(s.quantity) FROM billing.actual s WHERE s.actual_id = a.source_id) AS source
        FROM billing.actual a WHERE contract_id = 20 AND source_id IS NOT NULL ORDER BY 1, 2 DESC$$,
    $$VALUES ('billed_sales', 6::numeric, false, 6::numeric), ('billed_sales', 2, false, 2),
             ('unbilled_sales', 6, true, 8), ('unbilled_sales', 2, true, 8)$$,
    'O-12 the new sales replace the original, the billed ones bill the new ones');
SELECT results_eq(
    $$SELECT billing_status::text, adjustment_status::text FROM billing.actual WHERE actual_id = ANY (sales(20))
      UNION ALL SELECT billing_status::text, adjustment_status::text FROM billing.actual
       WHERE reverses_id = ANY (sales(20))$$,
    $$VALUES ('canceled', 'adjusted'), ('canceled', 'unadjustable')$$,
    'X-04 an edited original is canceled and adjusted, its reversal canceled');

-- --- O-13: 8 -> 10
SELECT billed(30);
SELECT count(*) FROM billing.edit_invoice_details(sales(30), quantity => 10);
SELECT confirmed(invoice(30));
SELECT bag_eq('SELECT facts(30)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 10 @ 200 = 2000 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -10 @ 200 = -2000 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 10 @ 200 = 2000 chargeable | customer_invoice_posted | adjustable'],
    'O-13 confirm after increasing 8 to 10: four rows, no remainder');
SELECT is(total(30), 2000::numeric, 'O-13 the invoice totals 2,000');

-- --- Other edits
SELECT billed(31);
SELECT count(*) FROM billing.edit_invoice_details(sales(31), billing_type => 'non_chargeable');
SELECT confirmed(invoice(31));
SELECT bag_eq('SELECT facts(31)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 8 @ 200 = 1600 non_chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 non_chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 non_chargeable | customer_invoice_posted | adjustable'],
    'billing type changed: the same with the new type');
SELECT is(total(31), 0::numeric, 'and nothing to pay');
SELECT billed(32);
SELECT count(*) FROM billing.edit_invoice_details(sales(32), price => 180);
SELECT confirmed(invoice(32));
SELECT bag_eq('SELECT facts(32)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 8 @ 180 = 1440 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 180 = -1440 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 180 = 1440 chargeable | customer_invoice_posted | adjustable'],
    'X-16 price 200 -> 180: no remainder');
SELECT billed(33);
SELECT count(*) FROM billing.edit_invoice_details(sales(33), quantity => 6, price => 180);
SELECT confirmed(invoice(33));
SELECT bag_eq('SELECT facts(33)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 6 @ 180 = 1080 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -6 @ 180 = -1080 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time -2 @ 200 = -400 non_chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 6 @ 180 = 1080 chargeable | customer_invoice_posted | adjustable',
    'billed_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | adjustable'],
    'X-16 8 -> 6 and 200 -> 180: the remainder at the original price');
SELECT billed(34);
SELECT count(*) FROM billing.edit_invoice_details(sales(34), quantity => 0);
SELECT confirmed(invoice(34));
SELECT bag_eq('SELECT facts(34)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
    'unbilled_sales time 8 @ 200 = 1600 non_chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 non_chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 non_chargeable | customer_invoice_posted | adjustable'],
    'quantity -> 0: only the non-chargeable remainder');
SELECT is(total(34), 0::numeric, 'and nothing to pay');
SELECT billed(35, -8);
SELECT count(*) FROM billing.edit_invoice_details(sales(35), quantity => -6);
SELECT confirmed(invoice(35));
SELECT bag_eq('SELECT facts(35)', ARRAY[
    'cost time -8 @ 100 = -800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | adjusted',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | unadjustable',
    'unbilled_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -2 @ 200 = -400 non_chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | adjustable',
    'billed_sales time -2 @ 200 = -400 non_chargeable | customer_invoice_posted | adjustable'],
    'a negative source mirrors O-12');
SELECT billed(36, 8, 0);
SELECT confirmed(invoice(36));
SELECT bag_eq('SELECT facts(36)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 0 = 0 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 0 = 0 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 0 = 0 chargeable | customer_invoice_posted | adjustable'],
    'a price of zero does not block confirmation');

-- --- X-17: tax and texts
SELECT billed(37, tax => 400);
SELECT count(*)
  FROM billing.edit_invoice_details(sales(37), tax => 320, description => 'Agreed tax',
       external_description => 'See contract');
SELECT confirmed(invoice(37));
SELECT results_eq(
    $$SELECT fact, tax, description, external_description FROM ledger JOIN billing.actual USING (actual_id)
       WHERE ledger.contract_id = 37 ORDER BY actual_id$$,
    $$VALUES ('cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable', 0.0, NULL::text, NULL::text),
             ('unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable', 400, NULL, NULL),
             ('unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable', -400, NULL,
              NULL),
             ('billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable', 320, 'Agreed tax',
              'See contract')$$,
    'X-17 tax and texts only: as without edit, the billed sale carries the new ones');
SELECT is(total(37), 1920::numeric, 'X-17 and so does the total');

-- --- O-19: a fee
SELECT billed(38, 1, 300, 'fee');
SELECT confirmed(invoice(38));
SELECT bag_eq('SELECT facts(38)', ARRAY[
    'unbilled_sales fee 1 @ 300 = 300 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales fee -1 @ 300 = -300 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales fee 1 @ 300 = 300 chargeable | customer_invoice_posted | adjustable'],
    'O-19 a fee: reversed and billed, without cost');

-- --- O-21: manual details
SELECT billed(40);
SELECT fixed_price(41);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (41, 411, 41, 'Design', '2026-03-01', 500);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{41}');
SELECT drafted(41);
SELECT count(*)
  FROM billing.add_invoice_detail(invoice(40), 40, 'time', 3, 150, task => NULL, description => 'Evening work');
SELECT count(*) FROM billing.add_invoice_detail(invoice(41), 41, 'time', 3, 150);
SELECT is((SELECT count(*) FROM billing.actual WHERE contract_id IN (40, 41)), 2::bigint,
    'O-21 on the draft a manual detail has no actuals');
SELECT confirmed(invoice(40), invoice(41));
SELECT bag_eq('SELECT facts(40)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time 3 @ 150 = 450 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -3 @ 150 = -450 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 3 @ 150 = 450 chargeable | customer_invoice_posted | adjustable'],
    'O-21 time and material, 3 @ 150: sale, reversal and billed sale');
SELECT bag_eq('SELECT facts(41)', ARRAY[
    'billed_sales milestone 1 @ 500 = 500 chargeable | customer_invoice_posted | adjustable',
    'billed_sales time 3 @ 150 = 450 chargeable | customer_invoice_posted | adjustable'],
    'O-21 fixed price, 3 @ 150: billed sale only');
SELECT results_eq('SELECT total(40), total(41)', 'VALUES (2050::numeric, 950::numeric)', 'O-21 both totals count it');
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, price, amount, billing_type::text, description
        FROM billing.invoice_line_detail
       WHERE invoice_id = invoice(40) ORDER BY 1$$,
    $$VALUES ('actual', 8.0, 200.0, 1600.0, 'chargeable', NULL::text),
             ('manual', 3, 150, 450, 'chargeable', 'Evening work')$$,
    'O-21 the confirmed invoice still shows what is manual');

-- --- O-33, O-34 on an invoice: each customer's part
SELECT time_and_material(45, '{1,2,3}', '{33.34,33.33,33.33}');
SELECT work(45, 45, 10, 99.99, tax => 10);
SELECT ready(45);
SELECT drafted(45);
SELECT confirmed(invoice(45, 1), invoice(45, 2), invoice(45, 3));
SELECT results_eq(
    $$SELECT customer_id, quantity, amount, tax FROM billing.actual
       WHERE contract_id = 45 AND transaction_type = 'billed_sales' ORDER BY 1$$,
    'VALUES (1::bigint, 3.34, 333.96, 3.34), (2, 3.33, 332.97, 3.33), (3, 3.33, 332.97, 3.33)',
    'billing keeps the exact parts');
SELECT results_eq(
    $$SELECT customer_id, quantity, amount, tax FROM billing.actual WHERE contract_id = 45 AND reverses_id IS NOT NULL
       ORDER BY 1$$,
    'VALUES (1::bigint, -3.34, -333.96, -3.34), (2, -3.33, -332.97, -3.33), (3, -3.33, -332.97, -3.33)',
    'a reversal copies, it never splits anew');

-- --- Two drafts of one contract, confirmed together
SELECT billed(50);
SELECT work(502, 50);
SELECT ready(502);
SELECT drafted(50);
SELECT count(*) FROM billing.edit_invoice_details(sales(502), quantity => 6);
SELECT results_eq(
    $$SELECT outcome::text, total_amount
        FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 50
       ORDER BY 1))$$,
    $$VALUES ('changed', 1600.0), ('changed', 1200)$$, 'two drafts of one contract are confirmed together');
SELECT results_eq(
    $$SELECT i.invoice_id = invoice(50), trim_scale(a.quantity), a.billing_type::text FROM billing.actual a
        JOIN billing.invoice i USING (invoice_id)
       WHERE a.contract_id = 50 AND a.transaction_type = 'billed_sales' ORDER BY 1, 2 DESC$$,
    $$VALUES (false, 8::numeric, 'chargeable'), (true, 6, 'chargeable'), (true, 2, 'non_chargeable')$$,
    'each bills its own details');

-- --- What was edited stays visible
SELECT fixed_price(52);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (52, 521, 52, 'Design', '2026-03-01', 500);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{52}');
SELECT drafted(52);
SELECT count(*) FROM billing.edit_invoice_details(
    milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split WHERE milestone_id = 521), tax => 125);
SELECT confirmed(invoice(52));
SELECT results_eq(
    $$SELECT contract_id, detail_kind::text, source_billing_type::text, billing_type::text, source_quantity, quantity,
             source_price, price, source_amount, amount, source_tax, tax
        FROM billing.edited_transactions WHERE contract_id IN (10, 31, 33, 52) ORDER BY contract_id$$,
    $$VALUES (31::bigint, 'actual', 'chargeable', 'non_chargeable', 8.0, 8.0, 200.0, 200.0, 1600.0, 1600.0, 0.0, 0.0),
             (33, 'actual', 'chargeable', 'chargeable', 8, 6, 200, 180, 1600, 1080, 0, 0),
             (52, 'milestone', 'chargeable', 'chargeable', 1, 1, 500, 500, 500, 500, 0, 125)$$,
    'edited_transactions still shows what was edited before confirmation');

-- --- In review; accounting date
SELECT billed(51);
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(51)]);
UPDATE billing.invoice SET accounting_date = '2026-04-05' WHERE contract_id = 51;
SELECT confirmed(invoice(51));
SELECT results_eq(
    $$SELECT contract_id, project_invoice_status::text, accounting_date, confirmed_at IS NOT NULL FROM billing.invoice
       WHERE contract_id IN (50, 51) AND invoice_id IN (invoice(50), invoice(51)) ORDER BY 1$$,
    $$VALUES (50::bigint, 'confirmed', current_date, true), (51, 'confirmed', '2026-04-05', true)$$,
    'an invoice in review is confirmed, too; the accounting date is the day of confirmation unless given');

-- --- X-35: limits are checked for what edits and manual details add
SELECT time_and_material(60);
UPDATE billing.contract_line SET nte_limit = 2000 WHERE contract_line_id = 60;
SELECT work(601, 60);
SELECT ready(601);
SELECT drafted(60);
SELECT count(*) FROM billing.edit_invoice_details(sales(601), quantity => 10.01);
SELECT billed(61);
SELECT results_eq(
    $$SELECT contract_id, outcome::text, reason, invoice_number IS NULL
        FROM billing.confirm_invoices(ARRAY[invoice(60), invoice(61), 999]) ORDER BY 1$$,
    $$VALUES (60::bigint, 'refused',
             'edits and manual details add 402, more than the not-to-exceed limit of the contract line leaves', true),
             (61, 'changed', NULL, false), (NULL, 'refused', 'there is no invoice with this id', true)$$,
    'X-35 a raised quantity that breaks a limit refuses the invoice; the others are confirmed');
SELECT bag_eq('SELECT facts(60)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_created | adjustable'],
    'X-35 a refused invoice writes nothing');
SELECT is((SELECT project_invoice_status::text FROM billing.invoice WHERE contract_id = 60), 'draft',
    'X-35 and stays a draft');
SELECT count(*) FROM billing.edit_invoice_details(sales(601), quantity => 8);
SELECT count(*) FROM billing.add_invoice_detail(invoice(60), 60, 'time', 1, 400.01);
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(60)])$$,
    $$VALUES ('refused',
             'edits and manual details add 400.01, more than the not-to-exceed limit of the contract line leaves')$$,
    'X-35 so does a manual detail');
SELECT count(*) FROM billing.edit_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_detail
  WHERE detail_kind = 'manual' AND contract_id = 60), price => 400);
SELECT results_eq(
    $$SELECT outcome::text, total_amount FROM billing.confirm_invoices(ARRAY[invoice(60)])$$,
    $$VALUES ('changed', 2000.0)$$,
    'X-35 exactly at the limit it is confirmed');
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 60',
    'VALUES (0.0, 2000.0)', 'X-35 and the whole limit is billed');
-- A non-chargeable sale made chargeable adds its whole amount.
SELECT time_and_material(62);
UPDATE billing.contract_line SET nte_limit = 1599 WHERE contract_line_id = 62;
SELECT entered(621, 62);
SELECT count(*) FROM billing.submit('{621}');
SELECT count(*) FROM billing.approve('{621}', billing_types => '{non_chargeable}');
SELECT ready(621);
SELECT drafted(62);
SELECT count(*) FROM billing.edit_invoice_details(sales(621), billing_type => 'chargeable');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(62)])$$,
    $$VALUES ('refused',
             'edits and manual details add 1600, more than the not-to-exceed limit of the contract line leaves')$$,
    'X-35 and what an edit makes chargeable');

-- What one edit gives up another may use, also on another line of the contract.
SELECT time_and_material(64);
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 64;
INSERT INTO billing.project (project_id, company_id, name) VALUES (65, 1, 'Project 65');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (64, 65, 'Line 65', 'time_and_material', 65);
SELECT work(641, 64);
SELECT work(651, 65, 1);
SELECT ready(641, 651);
SELECT drafted(64);
SELECT count(*) FROM billing.edit_invoice_details(sales(641), quantity => 6);
SELECT count(*) FROM billing.edit_invoice_details(sales(651), quantity => 3);
SELECT results_eq(
    'SELECT outcome::text, reason, total_amount FROM billing.confirm_invoices(ARRAY[invoice(64)])',
    $$VALUES ('changed', NULL::text, 1800.0)$$, 'X-35 what one edit gives up another may use');

-- A limit that is exceeded already refuses only what adds to it.
SELECT time_and_material(67);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method) VALUES (67, 68, 'Line 68', 'time_and_material');
UPDATE billing.contract SET nte_limit = 5000 WHERE contract_id = 67;
SELECT work(671, 67), work(672, 67);
SELECT ready(671), ready(672);
SELECT drafted(67);
SELECT count(*) FROM billing.edit_invoice_details(sales(671), quantity => 1);
SELECT count(*) FROM billing.add_invoice_detail(invoice(67), 68, 'time', 1, 50);
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 67;
SELECT results_eq(
    'SELECT outcome::text, reason, total_amount FROM billing.confirm_invoices(ARRAY[invoice(67)])',
    $$VALUES ('changed', NULL::text, 1850.0)$$, 'X-35 what an invoice gives up on one line it may use on another, whatever is spent');

-- On a fixed-price line the limits of customer and contract count, as for its milestones.
SELECT fixed_price(66);
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 66;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (66, 661, 66, 'Design', '2026-03-01', 800);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{66}');
SELECT drafted(66);
SELECT count(*) FROM billing.add_invoice_detail(invoice(66), 66, 'time', 3, 150);
SELECT results_eq(
    'SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(66)])',
    $$VALUES ('refused', 'edits and manual details add 450, more than the not-to-exceed limit of the contract leaves')$$,
    'X-35 a manual detail on a fixed-price line must fit, too');
SELECT count(*) FROM billing.edit_invoice_details(
    milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split WHERE milestone_id = 661),
    billing_type => 'complimentary');
SELECT results_eq(
    'SELECT outcome::text, reason, total_amount FROM billing.confirm_invoices(ARRAY[invoice(66)])',
    $$VALUES ('changed', NULL::text, 450.0)$$, 'X-35 and may use what a milestone gives up');

-- --- Percentages that no longer total 100
SELECT time_and_material(63, '{1,2}', '{50,50}');
SELECT work(631, 63);
SELECT ready(631);
SELECT drafted(63);
UPDATE billing.contract_line_customer SET billing_split_percent = 40 WHERE contract_line_id = 63 AND customer_id = 2;
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(63, 1)])$$,
    $$VALUES ('refused', 'the billing split percentages of contract line 63 must total 100, not 90')$$,
    'wrong percentages refuse confirmation');
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 63 AND customer_id = 2;

-- --- O-24: one-way. What the verbs refuse afterwards
SELECT results_eq(
    $$SELECT outcome::text, reason, invoice_number FROM billing.confirm_invoices(ARRAY[invoice(10), invoice(10)])$$,
    $$VALUES ('refused', 'the invoice is confirmed and final; correct it with a corrective invoice', 'INV-000001')$$,
    'O-24 a confirmed invoice is not confirmed again');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.return_to_draft(ARRAY[invoice(10)])$$,
    $$VALUES ('refused',
             'the invoice is confirmed; a confirmed invoice is final, correct it with a corrective invoice')$$,
    'O-24 it does not return to draft');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.review_invoices(ARRAY[invoice(10)])$$,
    $$VALUES ('refused', 'the invoice is confirmed; only drafts go to review')$$, 'O-24 nor to review');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.delete_invoices(ARRAY[invoice(10)])$$,
    $$VALUES ('refused', 'the invoice is confirmed and final; correct it with a corrective invoice')$$,
    'O-24 it is not deleted');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(10), quantity => 1)', 'ZB022', NULL,
    'O-24 its details are not edited');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(sales(10), billing_type => 'non_chargeable')$$, 'ZB022',
    NULL,
    'O-24 not their billing type either');
SELECT throws_ok('SELECT * FROM billing.remove_invoice_details(sales(10))', 'ZB022', NULL, 'O-24 nor removed');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(10), 10, 'time', 1, 1)$$, 'ZB022', NULL,
    'O-24 nothing is added to it');
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_detail
      WHERE contract_id = 40), quantity => 1)',
    'ZB022', NULL, 'O-24 its manual details are final, too');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(sales(10))$$,
    $$VALUES ('refused', 'it is on a confirmed invoice')$$, 'O-24 what was billed is not ready again');
SELECT results_eq(
    $$SELECT outcome::text FROM billing.create_invoices(actuals => sales(10), invoice_date => '2026-03-31')$$,
    $$VALUES ('refused')$$, 'O-24 and not billed again');
SELECT is_empty('SELECT * FROM billing.reset_nte(sales(10))', 'O-24 its not-to-exceed status is frozen');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve('{10}')$$,
    $$VALUES ('refused', 'the entry is approved; only submitted entries can be approved')$$,
    'O-24 the work is not approved again');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.reject('{10}')$$,
    $$VALUES ('refused', 'the entry is approved; only submitted entries can be rejected')$$, 'O-24 nor rejected');
SELECT throws_ok(
    $$UPDATE billing.invoice SET project_invoice_status = 'draft', number = NULL
       WHERE contract_id = 10$$, 'ZB001', NULL,
    'O-24 its status is not written by hand');
SELECT throws_ok($$UPDATE billing.invoice SET name = 'Other' WHERE contract_id = 10$$, 'ZB022', NULL,
    'O-24 nor its name');
SELECT lives_ok($$UPDATE billing.actual SET external_description = 'Explained' WHERE contract_id = 10$$,
    'O-24 descriptions of actuals stay free');
SELECT bag_eq('SELECT facts(10)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable'],
    'O-24 after all of that the actuals are those of O-11');

-- --- Odd arguments
SELECT throws_ok('SELECT * FROM billing.confirm_invoices(NULL)', '22023', NULL, 'confirm_invoices() needs an array');
SELECT throws_ok($$SELECT * FROM billing.confirm_invoices('{1,NULL}')$$, '22004', NULL, 'NULL is no invoice');
SELECT is_empty($$SELECT * FROM billing.confirm_invoices('{}')$$, 'confirming nothing does nothing');

SELECT * FROM finish();
