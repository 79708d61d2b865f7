-- revise_invoice(): confirmed invoices are corrected by corrective drafts, never edited.
\ir fixture/base.psql
SELECT no_plan();

-- One entry of a contract of its own, billed on a confirmed invoice.
CREATE FUNCTION billed(contract bigint, quantity numeric DEFAULT 8, price numeric DEFAULT 200,
                       class billing.transaction_class DEFAULT 'time',
                       tax numeric DEFAULT 0) RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(contract);
    SELECT work(contract, contract, quantity, price, class, tax => tax);
    SELECT ready(contract);
    SELECT drafted(contract);
    SELECT confirmed(invoice(contract))
$$;
-- A corrective draft of the latest invoice.
CREATE FUNCTION revised(contract bigint) RETURNS void LANGUAGE sql AS
    'SELECT count(*) FROM billing.revise_invoice(invoice(contract))';
-- The details of the latest invoice.
CREATE FUNCTION details(contract bigint) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(detail_id ORDER BY detail_id) FROM billing.invoice_line_detail WHERE invoice_id = invoice(contract)
$$;
CREATE FUNCTION facts(contract bigint) RETURNS SETOF text LANGUAGE sql AS
    'SELECT fact FROM ledger WHERE contract_id = contract';
-- What the confirmation of the latest invoice wrote.
CREATE FUNCTION written(contract bigint) RETURNS SETOF text LANGUAGE sql AS
    'SELECT fact FROM ledger WHERE contract_id = contract AND invoice_id = invoice(contract)';
CREATE FUNCTION total(contract bigint) RETURNS numeric LANGUAGE sql AS
    'SELECT trim_scale(total_amount) FROM billing.invoice WHERE invoice_id = invoice(contract)';

-- --- O-15: full credit
SELECT billed(10, tax => 320);
SELECT results_eq(
    'SELECT invoice_id, detail_id IS NOT NULL, billed_sale_id, outcome::text, reason FROM billing.revise_invoice(1)',
    $$SELECT invoice(10), true, actual_id, 'changed', NULL::text FROM billing.actual WHERE transaction_type = 'billed_sales'$$,
    'revise_invoice() names draft, detail and billed sale');
SELECT isnt(invoice(10), 1::bigint, 'the corrective draft is an invoice of its own');
SELECT results_eq(
    $$SELECT project_invoice_status::text, has_corrections, number IS NULL, total_amount FROM billing.invoice
       WHERE invoice_id = invoice(10)$$,
    $$VALUES ('draft', true, true, -1920.0)$$, 'its total is what changes: everything credited');
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, price, amount, tax FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)$$,
    $$VALUES ('correction', -8.0, 200.0, -1600.0, -320.0)$$, 'invoice_line_detail shows the change');
SELECT results_eq(
    $$SELECT corrected_invoice_id, corrected_invoice_number, original_quantity, original_amount, original_tax,
             corrected_quantity, corrected_amount, corrected_tax, net_quantity, net_amount, net_tax
        FROM billing.invoice_correction WHERE invoice_id = invoice(10)$$,
    $$VALUES (1::bigint, 'INV-000001', 8.0, 1600.0, 320.0, 0.0, 0.0, 0.0, -8.0, -1600.0, -320.0)$$,
    'X-39 invoice_correction shows original, corrected and net');
SELECT is((SELECT count(*) FROM billing.actual WHERE contract_id = 10), 4::bigint, 'a corrective draft writes no actual');
SELECT is(
    (SELECT adjustment_status::text FROM billing.actual WHERE transaction_type = 'billed_sales'), 'in_process',
    'the billed sale is in process');
SELECT is_empty('SELECT * FROM billing.edited_transactions WHERE contract_id = 10',
    'a correction is no edited transaction');
SELECT confirmed(invoice(10));
SELECT bag_eq('SELECT facts(10)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjusted',
    'billed_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | adjustable'],
    'O-15 full credit: two rows, the original sale and its reversal unchanged');
SELECT results_eq(
    $$SELECT amount, tax, entry_id, billing_status::text FROM billing.time_and_material_backlog WHERE contract_id = 10$$,
    $$VALUES (1600.0, 320.0, 10::bigint, 'not_ready_to_invoice')$$, 'O-15 the backlog shows 1,600 again');
SELECT results_eq(
    $$SELECT invoice_number, total_amount, detail_amount, total_tax FROM billing.invoice WHERE invoice_id = invoice(10)$$,
    $$VALUES ('INV-000002', -1920.0, -1600.0, -320.0)$$, 'the credit note has a number and a negative total');
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, amount, tax, billed_sale_id FROM billing.invoice_line_detail
       WHERE invoice_id = invoice(10)$$,
    $$VALUES ('correction', -8.0, -1600.0, -320.0, NULL::bigint)$$, 'confirmed, it shows the same');
SELECT results_eq(
    $$SELECT r.reverses_id = b.actual_id, n.source_id = b.actual_id, r.detail_id = n.detail_id
        FROM billing.actual b
        JOIN billing.actual r ON r.transaction_type = 'billed_sales' AND r.quantity < 0 AND r.contract_id = 10
        JOIN billing.actual n ON n.is_open AND n.contract_id = 10
       WHERE b.contract_id = 10 AND b.transaction_type = 'billed_sales' AND b.quantity > 0$$,
    'VALUES (true, true, true)', 'the credit reverses the billed sale, the open sale comes from it');
SELECT results_eq(
    $$SELECT verb, item, from_status, to_status, item_count FROM billing.operation_history
       WHERE status_column = 'adjustment_status' ORDER BY operation_id$$,
    $$VALUES ('revise_invoice', 'actual', 'adjustable', 'in_process', 1::bigint),
             ('confirm_invoices', 'actual', 'in_process', 'adjusted', 1)$$,
    'the log has both steps');
-- ... and billed again
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT is(
    (SELECT sum(amount) FROM billing.actual WHERE contract_id = 10 AND transaction_type = 'billed_sales'), 1600::numeric,
    'credited work is billed again like any other');
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_id = 10',
    'VALUES (0.0, 1600.0)', 'running totals follow');
SELECT billed(11, 3, 50, 'expense');
SELECT revised(11);
SELECT confirmed(invoice(11));
SELECT bag_eq('SELECT written(11)', ARRAY[
    'billed_sales expense -3 @ 50 = -150 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales expense 3 @ 50 = 150 chargeable | not_ready_to_invoice | adjustable'], 'O-15 expense alike');
SELECT billed(12, 4, 25, 'material');
SELECT revised(12);
SELECT confirmed(invoice(12));
SELECT bag_eq('SELECT written(12)', ARRAY[
    'billed_sales material -4 @ 25 = -100 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales material 4 @ 25 = 100 chargeable | not_ready_to_invoice | adjustable'], 'O-15 material alike');

-- --- O-16: 8 -> 6
SELECT billed(20, tax => 320);
SELECT revised(20);
SELECT results_eq(
    'SELECT detail_kind::text, quantity, price, amount, tax FROM billing.edit_invoice_details(details => details(20), quantity => 6)',
    $$VALUES ('correction', 6.0, 200.0, 1200.0, 240.0)$$, 'the tax of a correction follows its amount');
SELECT is(total(20), -480::numeric, 'O-16 the draft totals the difference: 400 and its tax');
SELECT confirmed(invoice(20));
SELECT bag_eq('SELECT facts(20)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjusted',
    'billed_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time 2 @ 200 = 400 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable'],
    'O-16 correction decreasing: five rows, the rest chargeable and unbilled');
SELECT results_eq(
    $$SELECT amount, tax FROM billing.time_and_material_backlog WHERE contract_id = 20$$, 'VALUES (400.0, 80.0)',
    'O-16 the backlog is 400, with its part of the tax');
SELECT is(
    (SELECT sum(amount) FROM billing.actual WHERE contract_id = 20 AND transaction_type = 'billed_sales'), 1200::numeric,
    'O-16 billed sales sum to 1,200');

-- --- a correction of the correction
SELECT results_eq(
    $$SELECT quantity, billed_sale_id IS NOT NULL FROM billing.invoice_line_detail WHERE invoice_id = invoice(20)$$,
    'VALUES (-2.0, true)', 'the corrected sale can be revised again');
SELECT revised(20);
SELECT count(*) FROM billing.edit_invoice_details(details => details(20), quantity => 7, tax => 250);
SELECT is(total(20), 210::numeric, 'from 6 to 7 hours: 200, and 10 of tax');
SELECT confirmed(invoice(20));
SELECT bag_eq('SELECT written(20)', ARRAY[
    'billed_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 7 @ 200 = 1400 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -7 @ 200 = -1400 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 7 @ 200 = 1400 chargeable | customer_invoice_posted | adjustable'],
    'a correction is corrected like a first invoice');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.revise_invoice((SELECT min(invoice_id) FROM billing.invoice WHERE contract_id = 20))$$,
    $$VALUES ('refused', 'it was corrected before; revise the invoice of the correction')$$,
    'what was corrected is not corrected on its old invoice');

-- --- O-17: 8 -> 10
SELECT billed(30);
SELECT revised(30);
SELECT count(*) FROM billing.edit_invoice_details(details => details(30), quantity => 10);
SELECT confirmed(invoice(30));
SELECT bag_eq('SELECT written(30)', ARRAY[
    'billed_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 10 @ 200 = 2000 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -10 @ 200 = -2000 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 10 @ 200 = 2000 chargeable | customer_invoice_posted | adjustable'],
    'O-17 correction increasing: four rows');
SELECT is(
    (SELECT sum(amount) FROM billing.actual WHERE contract_id = 30 AND transaction_type = 'billed_sales'), 2000::numeric,
    'O-17 billed sales sum to 2,000');

-- --- X-16: a lower price
SELECT billed(31);
SELECT revised(31);
SELECT count(*) FROM billing.edit_invoice_details(details => details(31), quantity => 8, price => 180);
SELECT confirmed(invoice(31));
SELECT bag_eq('SELECT written(31)', ARRAY[
    'billed_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 8 @ 180 = 1440 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 180 = -1440 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 180 = 1440 chargeable | customer_invoice_posted | adjustable'],
    'X-16 a price decrease returns nothing to the backlog');

-- --- O-19: a fee, 300 -> 200 by quantity of a unit price of 1 (X-20)
SELECT time_and_material(32);
UPDATE billing.contract_line SET include_fee = true WHERE contract_line_id = 32;
SELECT work(32, 32, 300, 1, 'fee');
SELECT ready(32);
SELECT drafted(32);
SELECT confirmed(invoice(32));
SELECT revised(32);
SELECT count(*) FROM billing.edit_invoice_details(details => details(32), quantity => 200);
SELECT confirmed(invoice(32));
SELECT bag_eq('SELECT written(32)', ARRAY[
    'billed_sales fee -300 @ 1 = -300 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales fee 200 @ 1 = 200 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales fee -200 @ 1 = -200 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales fee 200 @ 1 = 200 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales fee 100 @ 1 = 100 chargeable | not_ready_to_invoice | adjustable'],
    'O-19 X-20 partial credit of a fee returns the rest');

-- --- O-18: a milestone
SELECT fixed_price(40);
SELECT work(40, 40);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (40, 40, 'Go-live', '2026-03-15', 5000);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{40}');
SELECT drafted(40);
SELECT confirmed(invoice(40));
SELECT revised(40);
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, amount, description FROM billing.invoice_line_detail WHERE invoice_id = invoice(40)$$,
    $$VALUES ('milestone_correction', -1.0, -5000.0, 'Go-live')$$, 'O-18 the draft credits the milestone');
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(details => details(40), quantity => 0.5)', 'ZB022', NULL,
    'O-18 any partial amount is refused');
SELECT confirmed(invoice(40));
SELECT bag_eq('SELECT facts(40)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'billed_sales milestone 1 @ 5000 = 5000 chargeable | customer_invoice_posted | adjusted',
    'billed_sales milestone -1 @ 5000 = -5000 chargeable | customer_invoice_posted | unadjustable'],
    'O-18 credit of a milestone; the cost never changes');
SELECT results_eq(
    $$SELECT milestone_status::text, has_billing_history, invoice_line_id FROM billing.milestone_split WHERE contract_id = 40$$,
    $$VALUES ('ready_to_invoice', true, NULL::bigint)$$, 'O-18 the milestone is ready again');
SELECT results_eq(
    'SELECT header_status::text FROM billing.fixed_price_milestones WHERE contract_id = 40', $$VALUES ('in_progress')$$,
    'X-09 its header goes back from completed to in progress');
SELECT throws_ok(
    'DELETE FROM billing.milestone WHERE contract_id = 40', NULL, NULL, 'a credited milestone is never deleted');
SELECT drafted(40);
SELECT confirmed(invoice(40));
SELECT is(
    (SELECT sum(amount) FROM billing.actual WHERE contract_id = 40 AND transaction_type = 'billed_sales'), 5000::numeric,
    'it is billed again');

-- --- a product line, which is credited in full
SELECT time_and_material(41);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price, tax)
VALUES (41, 410, 'Map licence', 'product', 2, 250, 50);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{410}');
SELECT drafted(41);
SELECT confirmed(invoice(41));
SELECT revised(41);
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(details => details(41), tax => 10)', 'ZB022', NULL,
    'a product line is credited as a whole');
SELECT confirmed(invoice(41));
SELECT bag_eq('SELECT written(41)', ARRAY[
    'billed_sales material -2 @ 250 = -500 chargeable | customer_invoice_posted | unadjustable'],
    'a product line is credited by one row');
SELECT results_eq(
    'SELECT product_status::text, invoice_line_id FROM billing.contract_line WHERE contract_line_id = 410',
    $$VALUES ('ready_to_invoice', NULL::bigint)$$, 'and is ready again');
SELECT is(total(41), -550::numeric, 'with its tax');

-- --- manual details, on a time-and-material and on a fixed-price line
SELECT billed(42);
SELECT fixed_price(43);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (43, 43, 'Start', '2026-03-15', 100);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{43}');
SELECT drafted(43);
SELECT count(*) FROM billing.add_invoice_detail(invoice(43), 43, 'time', 3, 150, description => 'Overtime', role => 1);
SELECT confirmed(invoice(43));
SELECT count(*) FROM billing.revise_invoice(invoice(43), billed_sales => ARRAY(
    SELECT actual_id FROM billing.actual WHERE contract_id = 43 AND transaction_class = 'time'));
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, role_id, description FROM billing.invoice_line_detail WHERE invoice_id = invoice(43)$$,
    $$VALUES ('correction', -3.0, 1::bigint, 'Overtime')$$, 'selected sales only; a manual detail keeps who and what');
SELECT count(*) FROM billing.edit_invoice_details(details => details(43), quantity => 2);
SELECT confirmed(invoice(43));
SELECT bag_eq('SELECT written(43)', ARRAY[
    'billed_sales time -3 @ 150 = -450 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 2 @ 150 = 300 chargeable | customer_invoice_posted | adjustable'],
    'on a fixed-price line nothing returns to the backlog');

-- --- X-39: one open correction
SELECT revised(42);
SELECT results_eq(
    $$SELECT invoice_id, detail_id, outcome::text, reason FROM billing.revise_invoice(
          (SELECT min(invoice_id) FROM billing.invoice WHERE contract_id = 42))$$,
    $$SELECT NULL::bigint, NULL::bigint, 'refused', 'invoice ' || invoice(42) || ' corrects it already'$$,
    'X-39 a source is in one open correction');
SELECT is((SELECT count(*) FROM billing.invoice WHERE contract_id = 42), 2::bigint, 'and no empty draft is made');
SELECT throws_ok(
    $$UPDATE billing.actual SET adjustment_status = 'adjustable' WHERE adjustment_status = 'in_process'$$, 'ZB001', NULL,
    'nobody else frees a sale in process');

-- --- X-38: a correction that changes nothing
SELECT count(*) FROM billing.edit_invoice_details(details => details(42), quantity => 8);
SELECT results_eq(
    'SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(42)])',
    $$SELECT 'refused', 'detail ' || (details(42))[1] || ' corrects nothing; change it or take it off the draft'$$,
    'X-38 an unchanged correction refuses the confirmation');
SELECT throws_ok(
    $$SELECT * FROM billing.edit_invoice_details(details => details(42), billing_type => 'complimentary')$$, 'ZB022', NULL,
    'a correction keeps its billing type');
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(details => details(42), quantity => -1)', 'ZB022', NULL,
    'a corrected quantity is not negative');
SELECT lives_ok(
    'SELECT * FROM billing.edit_invoice_details(details => details(42), quantity => 0)', 'but can be 0 again');
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(details => details(42), tax => 5)', 'ZB022', NULL,
    'a full credit bears no tax');

-- --- taking a correction off, deleting the draft
SELECT count(*) FROM billing.remove_invoice_details(details => details(42));
SELECT results_eq(
    $$SELECT adjustment_status::text, (SELECT has_corrections FROM billing.invoice WHERE invoice_id = invoice(42)), total(42)
        FROM billing.actual WHERE contract_id = 42 AND transaction_type = 'billed_sales'$$,
    $$VALUES ('adjustable', false, 0::numeric)$$, 'a correction taken off leaves the billed sale as it was');
SELECT count(*) FROM billing.revise_invoice(
    (SELECT min(invoice_id) FROM billing.invoice WHERE contract_id = 42), into_invoice => invoice(42));
SELECT is((SELECT count(*) FROM billing.invoice WHERE contract_id = 42), 2::bigint, 'into_invoice takes an existing draft');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(42)]);
SELECT bag_eq('SELECT facts(42)', ARRAY[
    'cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
    'unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable'],
    'a deleted corrective draft never existed');

-- --- ordinary and correction details side by side, on a paid invoice too
SELECT billed(50);
SELECT count(*) FROM billing.mark_paid(ARRAY[invoice(50)]);
SELECT work(51, 50, 2);
SELECT ready(51);
SELECT drafted(50);
SELECT count(*) FROM billing.revise_invoice(
    (SELECT min(invoice_id) FROM billing.invoice WHERE contract_id = 50), into_invoice => invoice(50));
SELECT is(total(50), -1200::numeric, 'a draft holds new work of 400 and a credit of 1,600 side by side');
SELECT confirmed(invoice(50));
SELECT bag_eq('SELECT written(50)', ARRAY[
    'unbilled_sales time -2 @ 200 = -400 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales time 2 @ 200 = 400 chargeable | customer_invoice_posted | adjustable',
    'billed_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
    'unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | adjustable'], 'and confirms both');

-- --- two customers: each corrects its own share, cents conserved
SELECT time_and_material(60, '{1,2,3}', '{33.34,33.33,33.33}');
SELECT work(60, 60, 10, 99.99, tax => 10);
SELECT ready(60);
SELECT drafted(60);
SELECT confirmed(invoice(60, 1), invoice(60, 2), invoice(60, 3));
SELECT revised(60);
SELECT is(total(60), -337.30, 'the rounding customer''s odd cents are credited as they were billed');
SELECT count(*) FROM billing.edit_invoice_details(details => details(60), quantity => 1);
SELECT confirmed(invoice(60));
SELECT results_eq(
    $$SELECT trim_scale(sum(amount) FILTER (WHERE transaction_type = 'billed_sales')),
             trim_scale(sum(amount) FILTER (WHERE is_open)),
             trim_scale(sum(tax) FILTER (WHERE transaction_type = 'billed_sales' OR is_open))
        FROM billing.actual WHERE contract_id = 60 AND customer_id = 1$$,
    'VALUES (99.99, 233.97, 3.34)', 'what is billed and what is open add up to 333.96 and its tax');

-- --- a cent that did not divide, of no quantity
SELECT time_and_material(61, '{1,2,3}', '{0,50,50}');
SELECT work(61, 61, 0.04, 0.75);
SELECT ready(61);
SELECT drafted(61);
SELECT confirmed(invoice(61, 1));
SELECT results_eq(
    $$SELECT quantity, amount FROM billing.actual WHERE contract_id = 61 AND transaction_type = 'billed_sales'$$,
    'VALUES (0.0, -0.01)', 'the rounding customer at 0 % has the cent');
SELECT revised(61);
SELECT results_eq(
    'SELECT outcome::text, total_amount FROM billing.confirm_invoices(ARRAY[invoice(61)])',
    $$VALUES ('changed', 0.01)$$, 'X-38 to credit its amount is a correction');

-- --- limits: what returns to the backlog is judged, what is added must fit
SELECT time_and_material(70);
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 70;
SELECT work(70, 70);
SELECT ready(70);
SELECT drafted(70);
SELECT confirmed(invoice(70));
SELECT revised(70);
SELECT count(*) FROM billing.edit_invoice_details(details => details(70), quantity => 11);
SELECT results_eq(
    'SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(70)])',
    $$VALUES ('refused', 'edits and manual details add 600, more than the not-to-exceed limit of the contract leaves')$$,
    'X-35 an increase must fit the limit');
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 70;
SELECT count(*) FROM billing.edit_invoice_details(details => details(70), quantity => 4);
SELECT confirmed(invoice(70));
SELECT results_eq(
    $$SELECT trim_scale(amount), nte_status::text, nte_failed_level::text FROM billing.time_and_material_backlog WHERE contract_id = 70$$,
    $$VALUES (800::numeric, 'failed', 'contract')$$, 'the rest is evaluated, not blindly committed');
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 70;
SELECT count(*) FROM billing.reevaluate_nte(ARRAY(SELECT actual_id FROM billing.time_and_material_backlog WHERE contract_id = 70));
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_id = 70',
    'VALUES (800.0, 800.0)', 'and fits once the limit is renegotiated');

-- --- refusals
SELECT throws_ok('SELECT * FROM billing.revise_invoice(NULL)', '22023', NULL, 'an invoice is needed');
SELECT throws_ok('SELECT * FROM billing.revise_invoice(99999)', 'ZB020', 'there is no invoice 99999', 'it must exist');
SELECT work(71, 60, 1, 1);
SELECT ready(71);
SELECT drafted(60);
SELECT throws_ok('SELECT * FROM billing.revise_invoice(invoice(60))', 'ZB021', NULL, 'a draft is edited, not revised');
SELECT throws_ok(
    'SELECT * FROM billing.revise_invoice(invoice(50), into_invoice => invoice(60))', 'ZB021', NULL,
    'into_invoice must be of the same contract and customer');
SELECT results_eq(
    $$SELECT billed_sale_id, outcome::text, reason FROM billing.revise_invoice(invoice(50), '{1}')$$,
    $$VALUES (1::bigint, 'refused', 'it is no billed sale of this invoice')$$, 'and the sales must be of the invoice');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() finds nothing');

-- --- Work given away for a price of 0, with a tax: the tax stays with what stands
SELECT billed(95, 8, 0, tax => 40);
SELECT revised(95);
SELECT results_eq('SELECT quantity, amount, tax FROM billing.edit_invoice_details(details => details(95), quantity => 8)',
    'VALUES (8.0, 0.0, 40.0)', 'all of it stands, with its tax');
SELECT results_eq('SELECT quantity, amount, tax FROM billing.edit_invoice_details(details => details(95), quantity => 0)',
    'VALUES (0.0, 0.0, 0.0)', 'and can be credited again');

SELECT * FROM finish();
