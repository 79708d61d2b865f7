-- Advances: billed retainers set against later invoices, by themselves, the oldest first, never below zero.
\ir fixture/base.psql
SELECT no_plan();

-- A posted retainer.
CREATE FUNCTION advance(id bigint, contract bigint, amount numeric, day date DEFAULT '2026-01-01', customer bigint DEFAULT 1)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, description, invoice_date, amount)
    VALUES (id, contract, customer, 'Advance ' || id, day, amount);
    SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => ARRAY[id]);
    SELECT count(*) FROM billing.create_invoices(retainers => ARRAY[id], invoice_date => '2026-02-01');
    SELECT confirmed(invoice_id) FROM billing.retainer WHERE retainer_id = id
$$;
CREATE VIEW balance AS
SELECT contract_id, retainer_id, trim_scale(used_amount) AS used, trim_scale(available_amount) AS available, trim_scale(held_amount) AS held
  FROM billing.retainers_and_advances;
CREATE VIEW applied AS
SELECT contract_id, invoice_id, retainer_id, trim_scale(amount) AS amount FROM billing.invoice_advance WHERE amount > 0;
CREATE VIEW total AS
SELECT contract_id, invoice_id, trim_scale(detail_amount) AS amount, trim_scale(total_tax) AS tax, trim_scale(total_amount) AS total FROM billing.invoice;
CREATE FUNCTION rows_of(id bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT l.fact FROM ledger l JOIN billing.actual a USING (actual_id, contract_id) WHERE a.retainer_id = id
$$;

-- --- O-57: applied in full
ALTER TABLE billing.retainer ALTER COLUMN retainer_id RESTART WITH 5000;
SELECT time_and_material(10);
SELECT advance(1, 10, 1000);
SELECT work(101, 10);
SELECT ready(101);
SELECT results_eq(
    $$SELECT outcome::text, item_count, detail_amount, total_amount FROM billing.preview_invoices('{10}', invoice_date => '2026-03-31')$$,
    $$VALUES ('changed', 1::bigint, 600.0, 600.0)$$, 'O-57 the preview knows the advance');
SELECT results_eq(
    $$SELECT outcome::text, item_count, detail_amount, total_amount FROM billing.create_invoices('{10}', invoice_date => '2026-03-31', run_key => 'march')$$,
    $$VALUES ('changed', 1::bigint, 600.0, 600.0)$$, 'O-57 it is applied by itself');
SELECT results_eq(
    $$SELECT reason, item_count, detail_amount FROM billing.create_invoices('{10}', invoice_date => '2026-03-31', run_key => 'march')$$,
    $$VALUES ('created by an earlier call with this run key', 1::bigint, 600.0)$$, 'a repeat tells the same');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, invoice_line_id, quantity, price, amount, tax, description FROM billing.invoice_line_detail
       WHERE invoice_id = invoice(10) AND transaction_class = 'retainer'$$,
    $$VALUES ('advance', 1::bigint, NULL::bigint, -1.0, 1000.0, -1000.0, 0.0, 'Advance 1')$$, 'the draft shows it');
SELECT results_eq(
    $$SELECT delivered_on, retainer_amount, used_before, applied_amount, balance_after FROM billing.applied_advances WHERE invoice_id = invoice(10)$$,
    $$VALUES ('2026-01-01'::date, 1000.0, 0.0, 1000.0, 0.0)$$, 'with the balance before and after');
SELECT results_eq('SELECT used, available, held FROM balance WHERE retainer_id = 1', 'VALUES (0.0, 1000.0, 1000.0)',
    'a draft holds it, and uses nothing');
SELECT confirmed(invoice(10));
SELECT bag_eq('SELECT fact FROM ledger WHERE invoice_id = invoice(10)',
    ARRAY['unbilled_sales time -8 @ 200 = -1600 chargeable | customer_invoice_posted | unadjustable',
          'billed_sales time 8 @ 200 = 1600 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | unadjustable',
          'billed_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable'],
    'O-57 the balance is taken back, and a negative billed sale');
SELECT results_eq('SELECT used, available, held FROM balance WHERE retainer_id = 1', 'VALUES (1000.0, 0.0, 0.0)', 'O-57 used');
SELECT is_empty('SELECT * FROM billing.available_retainers_and_advances', 'O-57 it leaves the list of available ones');
SELECT is((SELECT sum(amount) FROM billing.actual WHERE contract_id = 10 AND transaction_type = 'billed_sales'), 1600.0,
    'O-57 both invoices together bill the work');
SELECT results_eq(
    $$SELECT detail_kind::text, amount FROM billing.invoice_line_detail WHERE invoice_id = invoice(10) ORDER BY amount$$,
    $$VALUES ('advance', -1000.0), ('actual', 1600)$$, 'the confirmed invoice shows the same');
SELECT results_eq(
    $$SELECT used_before, applied_amount, balance_after FROM billing.applied_advances WHERE invoice_id = invoice(10)$$,
    'VALUES (0.0, 1000.0, 0.0)', 'balances included');
SELECT results_eq('SELECT amount, total FROM total WHERE invoice_id = invoice(10)', 'VALUES (600.0, 600.0)', 'totals are what the draft had');
SELECT results_eq('SELECT billed_amount FROM billing.contract_line_customer WHERE contract_id = 10', 'VALUES (1600.0)',
    'the line has billed its work in full');
SELECT results_eq('SELECT invoiced_to_date FROM billing.invoice_line WHERE invoice_id = invoice(10)', 'VALUES (1600.0)', 'and says so');

-- --- Applied in part, never to tax, never to what is not charged, never to another retainer
SELECT time_and_material(20);
SELECT advance(2, 20, 1000);
SELECT work(201, 20, 2, 200, tax => 100), work(202, 20, 5, 100);
SELECT ready(201, 202);
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (21, 20, 1, '2026-03-01', 5000);
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{21}');
SELECT drafted(20);
SELECT results_eq('SELECT amount, tax, total FROM total WHERE invoice_id = invoice(20)', 'VALUES (5000.0, 100.0, 5100.0)',
    'a retainer on the same draft is paid in full');
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE contract_id = 20', 'VALUES (2::bigint, 900.0)',
    'the advance pays for the work, not for its tax');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(202), billing_type => 'non_chargeable');
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE contract_id = 20', 'VALUES (2::bigint, 400.0)',
    'nor for what is not chargeable: it follows the edit');
SELECT results_eq('SELECT amount, tax, total FROM total WHERE invoice_id = invoice(20)', 'VALUES (5000.0, 100.0, 5100.0)',
    'and the total with it');
SELECT confirmed(invoice(20));
SELECT bag_eq('SELECT rows_of(2)',
    ARRAY['billed_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | unadjustable',
          'billed_sales retainer -1 @ 400 = -400 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer -1 @ 600 = -600 chargeable | customer_invoice_posted | adjustable'],
    'in part: the rest is a new balance');
SELECT results_eq('SELECT used, available FROM balance WHERE retainer_id = 2', 'VALUES (400.0, 600.0)', 'and stays available');
SELECT results_eq(
    'SELECT b.source_id = o.actual_id, n.source_id = o.actual_id
       FROM billing.actual o JOIN billing.actual b ON b.source_id = o.actual_id AND b.transaction_type = $$billed_sales$$
       JOIN billing.actual n ON n.source_id = o.actual_id AND n.transaction_type = $$unbilled_sales$$ WHERE o.retainer_id = 2',
    'VALUES (true, true)', 'both say from which balance');
SELECT work(203, 20, 10, 100);
SELECT ready(203);
SELECT drafted(20);
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE invoice_id = invoice(20) ORDER BY 1', 'VALUES (2::bigint, 600.0), (21, 400)',
    'X-43 the oldest is used up first');
SELECT results_eq('SELECT retainer_id, used_before, applied_amount, balance_after FROM billing.applied_advances WHERE invoice_id = invoice(20) ORDER BY 1',
    'VALUES (2::bigint, 400.0, 600.0, 0.0), (21, 0, 400, 4600)', 'with their balances');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(20)]);
SELECT results_eq('SELECT used, available, held FROM balance WHERE retainer_id = 2', 'VALUES (400.0, 600.0, 0.0)',
    'a deleted draft gives back what it held');

-- --- Re-capped whenever the totals change
SELECT time_and_material(30);
SELECT advance(3, 30, 1000);
SELECT work(301, 30, 10, 100), work(302, 30, 2, 100), work(303, 30, 3, 100);
SELECT ready(301, 302);
SELECT drafted(30);
SELECT results_eq('SELECT amount FROM total WHERE invoice_id = invoice(30)', 'VALUES (200.0)', 'all of it is applied');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(301), quantity => 3);
SELECT results_eq('SELECT amount FROM applied WHERE invoice_id = invoice(30)', 'VALUES (500.0)', 'edited: what there is room for');
SELECT results_eq('SELECT amount FROM total WHERE invoice_id = invoice(30)', 'VALUES (0.0)', 'the total is never below zero');
SELECT count(*) FROM billing.remove_invoice_details(actuals => sales(302));
SELECT results_eq('SELECT amount FROM applied WHERE invoice_id = invoice(30)', 'VALUES (300.0)', 'removed: less');
SELECT ready(303);
SELECT results_eq('SELECT item_count, detail_amount FROM billing.refresh_invoices(ARRAY[invoice(30)])', 'VALUES (2::bigint, 0.0)',
    'refreshed: what came is paid by the advance');
SELECT results_eq('SELECT amount FROM applied WHERE invoice_id = invoice(30)', 'VALUES (800.0)', 'which has grown');
SELECT count(*) FROM billing.add_invoice_detail(invoice(30), 30, 'fee', 1, 500);
SELECT results_eq('SELECT a.amount, t.amount FROM applied a JOIN total t USING (invoice_id) WHERE invoice_id = invoice(30)',
    'VALUES (1000.0, 300.0)', 'added by hand: up to its balance');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(301, 302, 303), billing_type => 'complimentary');
SELECT count(*) FROM billing.remove_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_detail WHERE detail_kind = 'manual'));
SELECT is_empty('SELECT * FROM billing.invoice_advance WHERE contract_id = 30', 'nothing chargeable: nothing is applied');
SELECT confirmed(invoice(30));
SELECT results_eq('SELECT used, available FROM balance WHERE retainer_id = 3', 'VALUES (0.0, 1000.0)', 'and nothing used');

-- --- Lowered by hand
SELECT time_and_material(40);
SELECT advance(4, 40, 1000), advance(5, 40, 300, '2026-01-15');
SELECT work(401, 40, 12, 100), work(402, 40, 10, 100);
SELECT ready(401);
SELECT drafted(40);
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE invoice_id = invoice(40) ORDER BY 1', 'VALUES (4::bigint, 1000.0), (5, 200)',
    'applied by themselves');
SELECT results_eq(
    'SELECT invoice_id = invoice(40), retainer_id, available_amount, amount, balance_after, detail_amount, total_amount
       FROM billing.set_advance(invoice(40), 4, 250)',
    'VALUES (true, 4::bigint, 1000.0, 250.0, 750.0, 650.0, 650.0)', 'limited by hand; the next one takes the room');
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE invoice_id = invoice(40) ORDER BY 1', 'VALUES (4::bigint, 250.0), (5, 300)',
    'up to its balance');
SELECT results_eq('SELECT amount, detail_amount FROM billing.set_advance(invoice(40), 5, 0)', 'VALUES (0.0, 950.0)', 'down to nothing');
SELECT ready(402);
SELECT results_eq('SELECT detail_amount FROM billing.refresh_invoices(ARRAY[invoice(40)])', 'VALUES (1000.0)', 'what comes later');
SELECT results_eq('SELECT retainer_id, amount FROM applied WHERE invoice_id = invoice(40) ORDER BY 1', 'VALUES (4::bigint, 250.0)',
    'does not lift the limits');
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 4, 1000.01)', 'ZB021', NULL, 'never above what is available');
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 4, -1)', '22023', NULL, 'nor below zero');
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 999, 1)', 'ZB020', NULL, 'nor of an unknown retainer');
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 2, 1)', 'ZB021', NULL, 'nor of another contract''s');
SELECT throws_ok('SELECT billing.set_advance(999, 4, 1)', 'ZB020', NULL, 'nor on an unknown invoice');
SELECT throws_ok('SELECT billing.set_advance(invoice(30), 4, 1)', 'ZB022', NULL, 'nor on a confirmed one');
SELECT throws_ok('SELECT billing.set_advance(NULL, 4, 1)', '22023', NULL, 'nor on none');
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (41, 40, 1, '2026-01-01', 10);
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 41, 1)', 'ZB021', NULL, 'nor of one that is not billed yet');
SELECT results_eq('SELECT amount FROM billing.set_advance(invoice(40), 4, NULL)', 'VALUES (1000.0)', 'NULL lifts the limit');
SELECT count(*) FROM billing.set_advance(invoice(40), 4, 100.004);
SELECT results_eq('SELECT limit_amount FROM billing.invoice_advance WHERE retainer_id = 4', 'VALUES (100.0)', 'cents are not divided');
SELECT results_eq('SELECT retainer_id, applied_amount, limit_amount FROM billing.applied_advances WHERE invoice_id = invoice(40) ORDER BY 1',
    'VALUES (4::bigint, 100.0, 100.0), (5, 0, 0)', 'the limits are kept while it is a draft');
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(40)]);
SELECT results_eq('SELECT amount FROM billing.set_advance(invoice(40), 4, 150)', 'VALUES (150.0)', 'also in review');
SELECT confirmed(invoice(40));
SELECT results_eq('SELECT retainer_id, used, available FROM balance WHERE contract_id = 40 ORDER BY 1',
    'VALUES (4::bigint, 150.0, 850.0), (5, 0, 300), (41, 0, 0)', 'confirmed as limited');
SELECT results_eq('SELECT retainer_id, applied_amount FROM billing.applied_advances WHERE invoice_id = invoice(40)',
    'VALUES (4::bigint, 150.0)', 'what was not applied is not on the confirmed invoice');

-- --- Several drafts share what is left
SELECT time_and_material(50);
SELECT advance(6, 50, 1000);
SELECT work(501, 50, 6, 100), work(502, 50, 6, 100);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{50}');
CREATE TEMP TABLE first AS SELECT invoice_id FROM billing.create_invoices(actuals => sales(501), invoice_date => '2026-03-31');
CREATE TEMP TABLE second AS SELECT invoice_id FROM billing.create_invoices(actuals => sales(502), invoice_date => '2026-03-31');
SELECT results_eq('SELECT invoice_id, amount FROM applied WHERE contract_id = 50 ORDER BY 1',
    'SELECT invoice_id, 600.0 FROM first UNION ALL SELECT invoice_id, 400 FROM second', 'what the first draft holds is not there for the second');
SELECT throws_ok('SELECT billing.set_advance(invoice_id, 6, 400.01) FROM second', 'ZB021', NULL, 'by no means');
SELECT results_eq('SELECT amount, available_amount FROM billing.set_advance((SELECT invoice_id FROM first), 6, 100)', 'VALUES (100.0, 600.0)',
    'the first gives some of it up');
SELECT results_eq('SELECT amount FROM billing.set_advance((SELECT invoice_id FROM second), 6, NULL)', 'VALUES (600.0)', 'the second takes it');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(501), description => 'x');
SELECT results_eq('SELECT invoice_id, amount FROM applied WHERE contract_id = 50 ORDER BY 1',
    'SELECT invoice_id, 100.0 FROM first UNION ALL SELECT invoice_id, 600 FROM second', 'and keeps it');
SELECT results_eq('SELECT used, available, held FROM balance WHERE retainer_id = 6', 'VALUES (0.0, 1000.0, 700.0)', 'together never more than there is');
SELECT results_eq('SELECT outcome::text, total_amount FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM first UNION SELECT invoice_id FROM second)) ORDER BY 2',
    $$VALUES ('changed', 0.0), ('changed', 500)$$, 'both confirmed in one call');
SELECT results_eq('SELECT used, available, held FROM balance WHERE retainer_id = 6', 'VALUES (700.0, 300.0, 0.0)', 'each took its part');
SELECT results_eq('SELECT used_before, balance_after FROM billing.applied_advances WHERE contract_id = 50 ORDER BY invoice_id',
    'VALUES (0.0, 900.0), (100, 300)', 'one after the other');
SELECT is((SELECT count(*) FROM billing.actual WHERE retainer_id = 6), 2 + 3 + 3::bigint, 'two balances were taken back and replaced');
SELECT work(503, 50, 2, 100), work(504, 50, 2, 100);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{50}');
CREATE TEMP TABLE third AS SELECT invoice_id FROM billing.create_invoices(actuals => sales(503), invoice_date => '2026-03-31');
CREATE TEMP TABLE fourth AS SELECT invoice_id FROM billing.create_invoices(actuals => sales(504), invoice_date => '2026-03-31');
SELECT count(*) FROM billing.delete_invoices(ARRAY(SELECT invoice_id FROM third));
SELECT results_eq('SELECT a.amount FROM applied a JOIN fourth USING (invoice_id)', 'VALUES (100.0)', 'a deleted draft gives back what it held');
SELECT results_eq('SELECT detail_amount FROM billing.refresh_invoices(ARRAY(SELECT invoice_id FROM fourth))', 'VALUES (0.0)',
    'and a refresh takes it, with the work that came back');
SELECT results_eq('SELECT a.amount, t.amount FROM applied a JOIN fourth USING (invoice_id) JOIN total t USING (invoice_id)', 'VALUES (300.0, 100.0)',
    'as far as it goes');

-- --- Billed after the draft was made
SELECT time_and_material(55);
SELECT work(551, 55, 5, 100);
SELECT ready(551);
SELECT drafted(55);
CREATE TEMP TABLE waiting AS SELECT invoice(55) AS invoice_id;
SELECT advance(551, 55, 200);
SELECT results_eq('SELECT amount FROM total JOIN waiting USING (invoice_id)', 'VALUES (500.0)', 'a draft stays as it is when a retainer is billed');
SELECT results_eq('SELECT outcome::text, item_count, detail_amount FROM billing.refresh_invoices(ARRAY(SELECT invoice_id FROM waiting))',
    $$VALUES ('changed', 0::bigint, -200.0)$$, 'a refresh sets the retainer against it');
SELECT results_eq('SELECT amount FROM total JOIN waiting USING (invoice_id)', 'VALUES (300.0)', 'in its total, too');
SELECT results_eq('SELECT outcome::text, reason, detail_amount FROM billing.refresh_invoices(ARRAY(SELECT invoice_id FROM waiting))',
    $$VALUES ('unchanged', 'nothing to add', 0.0)$$, 'once');

-- --- Customers and contracts do not mix
SELECT time_and_material(60, '{1,2}', '{60,40}');
SELECT advance(7, 60, 100, customer => 2);
SELECT time_and_material(61);
SELECT work(601, 60, 10, 100), work(611, 61, 10, 100);
SELECT ready(601, 611);
SELECT drafted(60, 61);
SELECT results_eq('SELECT contract_id, customer_id, detail_amount FROM billing.invoice WHERE contract_id IN (60, 61) AND invoice_date = $$2026-03-31$$ ORDER BY 1, 2',
    'VALUES (60::bigint, 1::bigint, 600.0), (60, 2, 300), (61, 1, 1000)', 'an advance is set against its contract and customer only');

-- --- Milestones and products take advances, too; an advance may pay for everything
SELECT fixed_price(70);
SELECT advance(8, 70, 5000);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax) VALUES (70, 70, 70, 'Half', '2026-03-01', 800, 200);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price, tax) VALUES (70, 71, 'Licence', 'product', 2, 50, 25);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{70}');
SELECT drafted(70);
SELECT results_eq('SELECT amount, tax, total FROM total WHERE invoice_id = invoice(70)', 'VALUES (0.0, 225.0, 225.0)', 'only the tax is left to pay');
SELECT count(*) FROM billing.remove_invoice_details(products => '{71}');
SELECT results_eq('SELECT amount, tax, total FROM total WHERE invoice_id = invoice(70)', 'VALUES (0.0, 200.0, 200.0)', 'the advance follows');
SELECT confirmed(invoice(70));
SELECT results_eq('SELECT used, available FROM balance WHERE retainer_id = 8', 'VALUES (800.0, 4200.0)', 'and is used for the milestone');

-- --- A negative sale leaves no room
SELECT time_and_material(80);
SELECT advance(9, 80, 100);
SELECT work(801, 80, -3, 100);
SELECT ready(801);
SELECT drafted(80);
SELECT results_eq('SELECT amount FROM total WHERE invoice_id = invoice(80)', 'VALUES (-300.0)', 'a credit takes no advance');
SELECT is_empty('SELECT * FROM billing.invoice_advance WHERE contract_id = 80', 'at all');

-- --- Each invoice bills what its ledger says
SELECT is_empty(
    $$SELECT v.invoice_id, v.detail_amount, b.amount FROM billing.invoice v
        LEFT JOIN (SELECT contract_id, invoice_id, sum(amount) AS amount FROM billing.actual
                    WHERE transaction_type = 'billed_sales' AND billing_type = 'chargeable' GROUP BY 1, 2) b USING (contract_id, invoice_id)
       WHERE v.number IS NOT NULL AND v.detail_amount <> coalesce(b.amount, 0)$$,
    'confirmed totals are the sum of the billed sales, retainers and advances among them');

-- --- Never-analyzed tables: what one contract costs does not depend on the others
SELECT count(*) FROM (SELECT time_and_material(n), advance(n, n, 1000), advance(n + 1000, n, 500) FROM generate_series(201, 320) AS n) x;
SELECT count(*) FROM (SELECT work(n * 10, n, 10, 30), work(n * 10 + 1, n, 10, 40), ready(n * 10, n * 10 + 1) FROM generate_series(201, 320) AS n) x;
CREATE FUNCTION scans(call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before_scans bigint;
BEGIN
    SELECT sum(seq_scan) INTO before_scans FROM pg_stat_xact_user_tables
     WHERE schemaname = 'billing' AND relname IN ('actual', 'invoice', 'invoice_line', 'retainer', 'invoice_advance');
    EXECUTE call;
    RETURN (SELECT sum(seq_scan) FROM pg_stat_xact_user_tables
             WHERE schemaname = 'billing' AND relname IN ('actual', 'invoice', 'invoice_line', 'retainer', 'invoice_advance')) - before_scans;
END $$;
SELECT is(scans('SELECT count(*) FROM billing.retainer'), 1::bigint, 'the measure works');
SELECT is(scans(call), 0::bigint, 'no table is read from end to end: ' || call)
  FROM (VALUES (1, $$SELECT * FROM billing.preview_invoices('{201}', invoice_date => '2026-03-31')$$),
               (2, $$SELECT * FROM billing.create_invoices(actuals => sales(2010), invoice_date => '2026-03-31')$$),
               (3, $$SELECT * FROM billing.refresh_invoices(ARRAY[invoice(201)])$$),
               (4, $$SELECT * FROM billing.set_advance(invoice(201), 201, 200)$$),
               (5, $$SELECT * FROM billing.edit_invoice_details(sales(2010), quantity => 9)$$),
               (6, $$SELECT * FROM billing.add_invoice_retainer(invoice(201), 5)$$),
               (7, $$SELECT * FROM billing.confirm_invoices(ARRAY[invoice(201)])$$),
               (8, $$SELECT * FROM billing.stage_refunds('{202}')$$),
               (9, $$SELECT * FROM billing.create_invoices('{202}', invoice_date => '2026-03-31')$$),
               (10, $$SELECT * FROM billing.cancel_refunds('{202}')$$),
               (11, $$SELECT * FROM billing.delete_invoices(ARRAY[invoice(202)])$$),
               (12, $$SELECT * FROM billing.generate_retainers(203, 1, 10, '{2026-01-01}')$$),
               (13, $$SELECT * FROM billing.invoice_line_detail WHERE contract_id = 201 AND invoice_id = invoice(201)$$),
               (14, $$SELECT * FROM billing.retainers_and_advances WHERE contract_id = 201$$)) AS v (step, call)
 ORDER BY step;

SELECT * FROM finish();
