-- Discount and fee percentages of a time-and-material line: from approval to corrective invoice.
\ir fixture/base.psql
SELECT no_plan();

-- A contract whose line gives a discount and adds a fee, and one entry of 8 h at 200 on it.
CREATE FUNCTION discounted(contract bigint, discount numeric DEFAULT 10, fee numeric DEFAULT 5,
                           customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}') RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(contract, customers, percents);
    UPDATE billing.contract_line SET discount_percent = discount, fee_percent = fee WHERE contract_line_id = contract;
    SELECT work(contract, contract)
$$;
CREATE FUNCTION billed(contract bigint) RETURNS void LANGUAGE sql AS $$
    SELECT ready(contract);
    SELECT drafted(contract);
    SELECT confirmed(invoice(contract))
$$;
-- Sales of a contract as: what quantity @ price = amount (base, discount, fee) billing type.
CREATE FUNCTION facts_from(contract bigint, first bigint DEFAULT 0) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s @ %s = %s (%s, %s, %s) %s', transaction_type, trim_scale(quantity), trim_scale(price), trim_scale(amount),
                  trim_scale(base_amount), trim_scale(discount_amount), trim_scale(fee_amount), billing_type)
      FROM billing.discounts_and_fees WHERE contract_id = contract AND actual_id > first ORDER BY actual_id
$$;
CREATE FUNCTION last_actual() RETURNS bigint LANGUAGE sql AS 'SELECT max(actual_id) FROM billing.actual';
-- The draft of a contract: its details and totals.
CREATE FUNCTION draft_of(contract bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s @ %s = %s (%s, %s, %s) %s, total %s', trim_scale(d.quantity), trim_scale(d.price), trim_scale(d.amount),
                  trim_scale(d.base_amount), trim_scale(d.discount_amount), trim_scale(d.fee_amount), d.billing_type,
                  trim_scale(v.total_amount))
      FROM billing.invoice_line_detail d JOIN billing.invoice v USING (invoice_id, contract_id)
     WHERE d.invoice_id = invoice(contract)
$$;

-- --- set-up
SELECT time_and_material(2);
SELECT fixed_price(3);
SELECT results_eq('SELECT discount_percent, fee_percent FROM billing.contract_line WHERE contract_line_id = 2',
    'VALUES (0.0, 0.0)', 'a line has neither unless somebody says so');
SELECT throws_matching('UPDATE billing.contract_line SET discount_percent = 10 WHERE contract_line_id = 3',
    'contract_line_discount_needs_time_and_material', 'no discount on a fixed-price line');
SELECT throws_matching('UPDATE billing.contract_line SET fee_percent = 10 WHERE contract_line_id = 3',
    'contract_line_fee_needs_time_and_material', 'no fee on a fixed-price line');
SELECT throws_matching($$INSERT INTO billing.contract_line (contract_id, name, billing_method, quantity, unit_price, fee_percent)
                         VALUES (2, 'Licence', 'product', 1, 100, 5)$$,
    'contract_line_fee_needs_time_and_material', 'nor on a product line');
SELECT throws_ok('UPDATE billing.contract_line SET discount_percent = 100.01 WHERE contract_line_id = 2', '23514', NULL,
    'a discount is at most everything');
SELECT throws_ok('UPDATE billing.contract_line SET discount_percent = -1 WHERE contract_line_id = 2', '23514', NULL,
    'and not negative');
SELECT throws_ok('UPDATE billing.contract_line SET fee_percent = -1 WHERE contract_line_id = 2', '23514', NULL,
    'a fee is not negative');
SELECT lives_ok('UPDATE billing.contract_line SET fee_percent = 150 WHERE contract_line_id = 2', 'but may be more than the work');
UPDATE billing.contract_line SET fee_percent = 0 WHERE contract_line_id = 2;
SELECT work(2, 2);
SELECT is_empty('SELECT * FROM billing.discounts_and_fees WHERE contract_id = 2', 'sales of a line without them have none');
SELECT results_eq(
    $$SELECT num_nulls(discount_percent, fee_percent, discount_amount, fee_amount), amount FROM billing.actual
       WHERE contract_id = 2 AND transaction_type = 'unbilled_sales'$$, 'VALUES (4, 1600.0)', 'their columns stay empty');

-- --- O-49: approval
SELECT discounted(10);
SELECT results_eq('SELECT facts_from(10)', ARRAY['unbilled_sales 8 @ 200 = 1520 (1600, 160, 80) chargeable'],
    'O-49 10 % discount and 5 % fee of 1,600 are 160 and 80; the sale comes to 1,520');
SELECT results_eq(
    $$SELECT amount, num_nonnulls(discount_percent, fee_percent, discount_amount, fee_amount) FROM billing.actual
       WHERE contract_id = 10 AND transaction_type = 'cost'$$, 'VALUES (800.0, 0)', 'a cost has neither');
SELECT results_eq(
    'SELECT base_amount, discount_amount, fee_amount, amount, tax FROM billing.time_and_material_backlog WHERE contract_id = 10',
    'VALUES (1600.0, 160.0, 80.0, 1520.0, 0.0)', 'the backlog shows both');

-- --- … counted everywhere
SELECT results_eq('SELECT sum(amount) FROM billing.backlog WHERE contract_id = 10', 'VALUES (1520.0)', 'view backlog');
SELECT results_eq('SELECT not_ready_amount FROM billing.contract_summary WHERE contract_id = 10', 'VALUES (1520.0)', 'view contract_summary');
SELECT results_eq('SELECT sum(amount) FROM billing.backlog_ageing WHERE contract_id = 10', 'VALUES (1520.0)', 'view backlog_ageing');
SELECT results_eq($$SELECT sum(amount) FROM billing.backlog_at(clock_timestamp(), '{10}')$$, 'VALUES (1520.0)', 'backlog_at()');
SELECT results_eq('SELECT time_amount FROM billing.billing_hub_line WHERE contract_id = 10', 'VALUES (1520.0)', 'view billing_hub_line');

-- --- … on a draft: a change of quantity or price works out both
SELECT ready(10);
SELECT results_eq($$SELECT total_amount FROM billing.preview_invoices(contracts => '{10}')$$, 'VALUES (1520.0)', 'the preview');
SELECT drafted(10);
SELECT is(draft_of(10), '8 @ 200 = 1520 (1600, 160, 80) chargeable, total 1520', 'a draft shows and totals them');
SELECT results_eq('SELECT quantity, amount FROM billing.edit_invoice_details(actuals => sales(10), quantity => 6)',
    'VALUES (6.0, 1140.0)', 'O-49 6 h come to 1,140');
SELECT is(draft_of(10), '6 @ 200 = 1140 (1200, 120, 60) chargeable, total 1140', 'O-49 with a discount of 120 and a fee of 60');
SELECT results_eq(
    'SELECT source_quantity, quantity, source_amount, amount FROM billing.edited_transactions WHERE contract_id = 10',
    'VALUES (8.0, 6.0, 1520.0, 1140.0)', 'an edited transaction');
SELECT results_eq(
    $$SELECT discount_percent, discount_amount, source_discount_amount, fee_percent, fee_amount, source_fee_amount
        FROM billing.draft_detail WHERE contract_id = 10$$,
    'VALUES (10.0, 120.0, 160.0, 5.0, 60.0, 80.0)', 'draft_detail shows both beside those of the source');
UPDATE billing.contract_line SET discount_percent = 50 WHERE contract_line_id = 10;
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(10), quantity => 8, price => 100);
SELECT is(draft_of(10), '8 @ 100 = 760 (800, 80, 40) chargeable, total 760', 'a price, too, with the percentages of the approval');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(10), billing_type => 'complimentary');
SELECT is(draft_of(10), '8 @ 100 = 800 (800, 0, 0) complimentary, total 0', 'what is not charged has neither');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(10), billing_type => 'chargeable', price => 200);
SELECT is(draft_of(10), '8 @ 200 = 1520 (1600, 160, 80) chargeable, total 1520', 'an undone edit restores both');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(10), tax => 304);
SELECT is(draft_of(10), '8 @ 200 = 1520 (1600, 160, 80) chargeable, total 1824', 'tax stays as given');

-- --- O-49: confirmation
CREATE TEMP TABLE mark AS SELECT last_actual() AS id;
SELECT confirmed(invoice(10));
SELECT results_eq('SELECT facts_from(10, (SELECT id FROM mark))', ARRAY[
    'unbilled_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable',
    'billed_sales 8 @ 200 = 1520 (1600, 160, 80) chargeable'],
    'O-49 the reversal carries negative discount and fee, the billed sale its own');
SELECT is(draft_of(10), '8 @ 200 = 1520 (1600, 160, 80) chargeable, total 1824', 'the confirmed invoice shows the same');
SELECT results_eq('SELECT billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 10', 'VALUES (1520.0)',
    'what limits count as billed');
SELECT results_eq('SELECT billed_amount FROM billing.contract_summary WHERE contract_id = 10', 'VALUES (1520.0)', 'the summary, too');
SELECT results_eq('SELECT billed_amount, cost_amount FROM billing.contract_margin WHERE contract_id = 10', 'VALUES (1520.0, 800.0)',
    'and the margin');

SELECT discounted(11);
SELECT ready(11);
SELECT drafted(11);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(11), quantity => 6);
UPDATE mark SET id = last_actual();
SELECT confirmed(invoice(11));
SELECT results_eq('SELECT facts_from(11, (SELECT id FROM mark))', ARRAY[
    'unbilled_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable',
    'unbilled_sales 6 @ 200 = 1140 (1200, 120, 60) chargeable',
    'unbilled_sales -6 @ 200 = -1140 (-1200, -120, -60) chargeable',
    'billed_sales 6 @ 200 = 1140 (1200, 120, 60) chargeable',
    'unbilled_sales 2 @ 200 = 400 (400, 0, 0) non_chargeable',
    'unbilled_sales -2 @ 200 = -400 (-400, 0, 0) non_chargeable',
    'billed_sales 2 @ 200 = 400 (400, 0, 0) non_chargeable'],
    'a reduced detail bills what was worked out again; what is written off has neither');

-- --- what is not charged, zero, negative
SELECT time_and_material(12);
UPDATE billing.contract_line SET discount_percent = 10, fee_percent = 5 WHERE contract_line_id = 12;
SELECT count(entered(id, 12)) FROM generate_series(120, 122) AS id;
SELECT entered(123, 12, price => 0);
SELECT entered(124, 12, quantity => -8, class => 'expense');
SELECT count(*) FROM billing.submit('{120,121,122,123,124}');
SELECT count(*) FROM billing.approve('{120,121,122,123,124}', billable_quantities => '{6,NULL,NULL,NULL,NULL}',
                                     billing_types => '{NULL,non_chargeable,complimentary,NULL,NULL}');
SELECT results_eq('SELECT facts_from(12)', ARRAY[
    'unbilled_sales 6 @ 200 = 1140 (1200, 120, 60) chargeable',
    'unbilled_sales 2 @ 200 = 400 (400, 0, 0) non_chargeable',
    'unbilled_sales 8 @ 200 = 1600 (1600, 0, 0) non_chargeable',
    'unbilled_sales 8 @ 200 = 1600 (1600, 0, 0) complimentary',
    'unbilled_sales 8 @ 0 = 0 (0, 0, 0) chargeable',
    'unbilled_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable'],
    'O-49 non-chargeable and complimentary rows have neither, nothing has a fee of nothing, a negative sale both negative');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{12}');
SELECT drafted(12);
SELECT results_eq('SELECT total_amount FROM billing.invoice WHERE contract_id = 12', 'VALUES (-380.0)', 'the draft totals what is charged');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(121), billing_type => 'chargeable');
SELECT results_eq('SELECT amount, discount_amount, fee_amount FROM billing.draft_detail WHERE source_id = (sales(121))[1]',
    'VALUES (1520.0, 160.0, 80.0)', 'who charges it after all charges at the percentages of the line then');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(124), quantity => -4);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(120), quantity => 0);
SELECT confirmed(invoice(12));
SELECT results_eq('SELECT total_amount FROM billing.invoice WHERE contract_id = 12', 'VALUES (760.0)',
    'what is charged after all, less half of the negative sale');

-- --- several customers: the sums are exact, the rounding customer takes the residue
SELECT time_and_material(13, '{1,2,3}', '{33.34,33.33,33.33}');
UPDATE billing.contract_line SET discount_percent = 7.5, fee_percent = 3.3333 WHERE contract_line_id = 13;
SELECT work(13, 13, 10, 99.99);
SELECT results_eq(
    'SELECT customer_id, base_amount, discount_amount, fee_amount FROM billing.discounts_and_fees WHERE contract_id = 13 ORDER BY 1',
    'VALUES (1::bigint, 333.96, 25.05, 11.13), (2, 332.97, 24.97, 11.10), (3, 332.97, 24.97, 11.10)',
    'each rounded by itself, the rounding customer has what is left of 74.99 and 33.33');
SELECT results_eq('SELECT sum(base_amount), sum(discount_amount), sum(fee_amount), sum(amount) FROM billing.discounts_and_fees WHERE contract_id = 13',
    'VALUES (999.90, 74.99, 33.33, 958.24)', 'nothing is lost');

-- --- limits count what is owed (X-40)
SELECT time_and_material(14);
SELECT time_and_material(15);
UPDATE billing.contract_line SET discount_percent = 10, fee_percent = 5 WHERE contract_line_id IN (14, 15);
UPDATE billing.contract SET nte_limit = 1520 WHERE contract_id = 14;
UPDATE billing.contract SET nte_limit = 1519.99 WHERE contract_id = 15;
SELECT work(14, 14);
SELECT work(15, 15);
SELECT results_eq(
    $$SELECT contract_id, nte_status::text FROM billing.actual WHERE contract_id IN (14, 15) AND transaction_type = 'unbilled_sales' ORDER BY 1$$,
    $$VALUES (14::bigint, 'committed'), (15, 'failed')$$, 'X-40 after discount and fee');
SELECT results_eq('SELECT committed_amount FROM billing.contract_line_customer WHERE contract_line_id = 14', 'VALUES (1520.0)', 'and commit it');
SELECT ready(14);
SELECT drafted(14);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(14), quantity => 9);
SELECT results_eq('SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(14)])',
    $$VALUES ('refused', 'edits and manual details add 190, more than the not-to-exceed limit of the contract leaves')$$,
    'so does what an edit adds');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(14), quantity => 8);
SELECT confirmed(invoice(14));
SELECT results_eq('SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 14',
    'VALUES (0.0, 1520.0)', 'billed');

-- --- an advance takes no more than is charged
SELECT discounted(16);
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, description, invoice_date, amount)
VALUES (1001, 16, 1, 'Advance', '2026-01-01', 2000);
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{1001}');
SELECT count(*) FROM billing.create_invoices(retainers => '{1001}', invoice_date => '2026-01-01');
SELECT confirmed(invoice(16));
SELECT ready(16);
SELECT drafted(16);
SELECT results_eq('SELECT amount FROM billing.invoice_advance WHERE contract_id = 16', 'VALUES (1520.0)', 'room is what is owed');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(16), quantity => 6);
SELECT results_eq('SELECT amount FROM billing.invoice_advance WHERE contract_id = 16', 'VALUES (1140.0)', 'also after an edit');
SELECT results_eq(
    $$SELECT detail_kind::text, amount, base_amount, discount_amount, fee_amount FROM billing.invoice_line_detail
       WHERE invoice_id = invoice(16) ORDER BY 1$$,
    $$VALUES ('actual', 1140.0, 1200.0, 120.0, 60.0), ('advance', -1140.0, -1140.0, 0.0, 0.0)$$, 'an advance has neither itself');
SELECT confirmed(invoice(16));

-- --- taken back
SELECT discounted(17);
UPDATE mark SET id = last_actual();
SELECT count(*) FROM billing.cancel_approval('{17}');
SELECT results_eq('SELECT facts_from(17, (SELECT id FROM mark))',
    ARRAY['unbilled_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable'], 'a canceled approval takes both back');

-- --- the percentages change: only later work, until it is evaluated again
SELECT discounted(18);
UPDATE billing.contract_line SET discount_percent = 20, fee_percent = 0 WHERE contract_line_id = 18;
SELECT work(180, 18);
SELECT results_eq('SELECT facts_from(18)', ARRAY[
    'unbilled_sales 8 @ 200 = 1520 (1600, 160, 80) chargeable', 'unbilled_sales 8 @ 200 = 1280 (1600, 320, 0) chargeable'],
    'new percentages count for later work');
SELECT results_eq(
    $$SELECT entry_id, quantity, amount FROM billing.reevaluate_work('{18}', preview => true) WHERE transaction_type = 'unbilled_sales'$$,
    'VALUES (18::bigint, -8.0, -1520.0), (18, 8.0, 1280.0)', 'the preview shows the difference');
SELECT results_eq('SELECT count(*) FROM billing.discounts_and_fees WHERE contract_id = 18', 'VALUES (2::bigint)', 'and writes nothing');
UPDATE mark SET id = last_actual();
SELECT count(*) FROM billing.reevaluate_work('{18}');
SELECT results_eq('SELECT facts_from(18, (SELECT id FROM mark))', ARRAY[
    'unbilled_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable', 'unbilled_sales 8 @ 200 = 1280 (1600, 320, 0) chargeable'],
    'evaluated again, the work has them, too');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{18}')$$, 'and once is enough');
UPDATE billing.contract_line SET discount_percent = 10, fee_percent = 10 WHERE contract_line_id = 18;
SELECT count(*) FROM billing.reevaluate_work('{18}');
SELECT results_eq('SELECT amount FROM billing.time_and_material_backlog WHERE contract_id = 18', 'VALUES (1600.0), (1600.0)', 'discount and fee may cancel out');
UPDATE billing.contract_line SET discount_percent = 0, fee_percent = 0 WHERE contract_line_id = 18;
SELECT isnt_empty($$SELECT * FROM billing.reevaluate_work('{18}')$$, 'which is not the same as none');
SELECT results_eq('SELECT amount, discount_amount FROM billing.time_and_material_backlog WHERE contract_id = 18',
    'VALUES (1600.0, 0.0), (1600.0, 0.0)', 'without percentages the work is as if there had been none');

-- --- corrections: with the percentages of the billed sale
SELECT discounted(20);
SELECT billed(20);
UPDATE billing.contract_line SET discount_percent = 50, fee_percent = 0 WHERE contract_line_id = 20;
SELECT count(*) FROM billing.revise_invoice(invoice(20));
SELECT is(draft_of(20), '-8 @ 200 = -1520 (-1600, -160, -80) chargeable, total -1520', 'a corrective draft credits everything');
SELECT count(*) FROM billing.edit_invoice_details(
    details => ARRAY(SELECT detail_id FROM billing.invoice_correction WHERE invoice_id = invoice(20)), quantity => 6);
SELECT is(draft_of(20), '-2 @ 200 = -380 (-400, -40, -20) chargeable, total -380', 'net is corrected less billed');
SELECT results_eq(
    $$SELECT original_amount, original_discount, original_fee, corrected_amount, corrected_discount, corrected_fee,
             net_amount, net_discount, net_fee FROM billing.invoice_correction WHERE invoice_id = invoice(20)$$,
    'VALUES (1520.0, 160.0, 80.0, 1140.0, 120.0, 60.0, -380.0, -40.0, -20.0)', 'invoice_correction shows all of it');
UPDATE mark SET id = last_actual();
SELECT confirmed(invoice(20));
SELECT results_eq('SELECT facts_from(20, (SELECT id FROM mark))', ARRAY[
    'billed_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable',
    'unbilled_sales 6 @ 200 = 1140 (1200, 120, 60) chargeable',
    'unbilled_sales -6 @ 200 = -1140 (-1200, -120, -60) chargeable',
    'billed_sales 6 @ 200 = 1140 (1200, 120, 60) chargeable',
    'unbilled_sales 2 @ 200 = 380 (400, 40, 20) chargeable'],
    'the billed sale is credited, what stands is billed, the rest returns, all at the old percentages');
SELECT is(draft_of(20), '-2 @ 200 = -380 (-400, -40, -20) chargeable, total -380', 'the confirmed correction shows the same');
SELECT results_eq('SELECT billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 20', 'VALUES (1140.0)', 'which counts as billed');
SELECT count(*) FROM billing.revise_invoice(invoice(20));
SELECT confirmed(invoice(20));
SELECT results_eq('SELECT sum(amount), sum(base_amount), sum(discount_amount), sum(fee_amount) FROM billing.time_and_material_backlog WHERE contract_id = 20',
    'VALUES (1520.0, 1600.0, 160.0, 80.0)', 'credited in full, everything is in the backlog again');
SELECT count(*) FROM billing.reevaluate_work('{20}');
SELECT results_eq('SELECT sum(amount), sum(discount_amount), sum(fee_amount) FROM billing.time_and_material_backlog WHERE contract_id = 20',
    'VALUES (800.0, 800.0, 0.0)', 'and evaluated again has the terms of today');

SELECT discounted(21);
SELECT billed(21);
SELECT count(*) FROM billing.revise_invoice(invoice(21));
SELECT count(*) FROM billing.edit_invoice_details(
    details => ARRAY(SELECT detail_id FROM billing.invoice_correction WHERE invoice_id = invoice(21)), quantity => 6, price => 180);
UPDATE mark SET id = last_actual();
SELECT confirmed(invoice(21));
SELECT results_eq('SELECT facts_from(21, (SELECT id FROM mark))', ARRAY[
    'billed_sales -8 @ 200 = -1520 (-1600, -160, -80) chargeable',
    'unbilled_sales 6 @ 180 = 1026 (1080, 108, 54) chargeable',
    'unbilled_sales -6 @ 180 = -1026 (-1080, -108, -54) chargeable',
    'billed_sales 6 @ 180 = 1026 (1080, 108, 54) chargeable',
    'unbilled_sales 2 @ 200 = 380 (400, 40, 20) chargeable'],
    'with another price, the rest returns at the original one');

-- --- a manual detail is priced by hand
SELECT discounted(22);
SELECT ready(22);
SELECT drafted(22);
SELECT results_eq($$SELECT amount FROM billing.add_invoice_detail(invoice(22), 22, 'expense', 1, 100)$$, 'VALUES (100.0)',
    'neither is taken off nor added to it');
SELECT confirmed(invoice(22));
SELECT results_eq('SELECT total_amount FROM billing.invoice WHERE contract_id = 22', 'VALUES (1620.0)', 'it stands beside what has both');

-- --- guards and proof
SELECT throws_ok('UPDATE billing.actual SET discount_amount = 0 WHERE contract_id = 22', 'ZB001', NULL, 'nobody writes a discount');
SELECT throws_ok('UPDATE billing.actual SET fee_percent = 0 WHERE contract_id = 22', 'ZB001', NULL, 'or the percentage of a sale');
SELECT throws_ok('UPDATE billing.invoice_detail SET fee_amount = 0 WHERE contract_id = 20', 'ZB001', NULL, 'or the fee of a detail');
CREATE FUNCTION found_by_verify(tampering text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    EXECUTE 'ALTER TABLE billing.actual DISABLE TRIGGER USER';
    EXECUTE 'ALTER TABLE billing.invoice_detail DISABLE TRIGGER USER';
    EXECUTE tampering;
    found := ARRAY(SELECT DISTINCT v."check" FROM billing.verify() v WHERE v."check" <> 'guard in place' ORDER BY 1);
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = found::text;
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN QUERY SELECT unnest(found);
END $$;
SELECT results_eq($$SELECT found_by_verify('UPDATE billing.actual SET fee_amount = -80, amount = 1360 WHERE contract_id = 2 AND transaction_type = ''unbilled_sales''')$$,
    ARRAY['amounts are quantity times price', 'discounts and fees are those of their percentages'], 'verify() finds a fee without percentage');
SELECT results_eq($$SELECT found_by_verify('UPDATE billing.actual SET discount_amount = 161, amount = 1519 WHERE contract_id = 15 AND transaction_type = ''unbilled_sales''')$$,
    ARRAY['discounts and fees are those of their percentages'], 'a wrong discount');
SELECT results_eq($$SELECT found_by_verify('UPDATE billing.actual SET discount_amount = -1, amount = amount - 1 WHERE contract_id = 12 AND is_open = false
                                              AND billing_type = ''complimentary'' AND invoice_id IS NULL')$$,
    ARRAY['actuals say what their sources say', 'amounts are quantity times price',
          'discounts and fees are those of their percentages', 'reversals mirror what they reverse'], 'a discount on what is not charged');
SELECT results_eq($$SELECT found_by_verify('UPDATE billing.actual SET discount_percent = 11 WHERE contract_id = 10 AND reverses_id IS NOT NULL')$$,
    ARRAY['reversals mirror what they reverse'], 'a reversal with other percentages');
SELECT results_eq($$SELECT found_by_verify('UPDATE billing.invoice_detail SET fee_amount = NULL WHERE contract_id = 11')$$,
    ARRAY['discounts and fees are those of their percentages'], 'an edited detail that forgot its fee');

SELECT * FROM finish();
