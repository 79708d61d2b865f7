-- Partial fit: a sale that fits its not-to-exceed limits only partly is split there, one part committed, the other failed.
\ir fixture/base.psql
\ir fixture/tampering.psql
SELECT no_plan();

-- Contract with partial fit and a limit of its own.
CREATE FUNCTION limited(id bigint, most numeric, customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}')
    RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(id, customers, percents);
    UPDATE billing.contract SET nte_limit = most, nte_partial_fit = true WHERE contract_id = id
$$;
-- The open sales of entries.
CREATE FUNCTION open_sales(VARIADIC entries bigint[]) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(actual_id ORDER BY actual_id) FROM billing.actual WHERE entry_id = ANY (entries) AND is_open
$$;
CREATE FUNCTION standing(VARIADIC entries bigint[]) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', entry_id, 'customer', customer_id, trim_scale(quantity), '@', trim_scale(price), '=', trim_scale(amount),
                     'tax', trim_scale(tax), billing_status, nte_status, nte_failed_level)
      FROM billing.actual WHERE entry_id = ANY (entries) AND is_open ORDER BY actual_id
$$;
CREATE FUNCTION committed(contract bigint) RETURNS numeric LANGUAGE sql AS
    'SELECT sum(committed_amount) FROM billing.contract_line_customer WHERE contract_id = contract';

-- --- Without it, all or nothing, as before
SELECT time_and_material(5);
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 5;
SELECT work(51, 5);
SELECT results_eq('SELECT * FROM standing(51)',
    ARRAY['51 customer 1 8 @ 200 = 1600 tax 0 not_ready_to_invoice failed contract'], 'by default a sale fails as a whole');
UPDATE billing.contract SET nte_partial_fit = true WHERE contract_id = 5;
SELECT results_eq('SELECT * FROM standing(51)',
    ARRAY['51 customer 1 8 @ 200 = 1600 tax 0 not_ready_to_invoice failed contract'],
    'the setting counts from the next evaluation on');

-- --- At approval
SELECT limited(10, 1000);
SELECT entered(101, 10, tax => 400);
SELECT count(*) FROM billing.submit('{101}');
SELECT results_eq(
    $$SELECT transaction_type::text, nte_status::text, quantity, price, amount, tax FROM billing.approve('{101}') ORDER BY actual_id$$,
    $$VALUES ('cost', 'not_applicable', 8.0, 100.0, 800.0, 0.0), ('unbilled_sales', 'committed', 5, 200, 1000, 250),
             ('unbilled_sales', 'failed', 3, 200, 600, 150)$$,
    'approval writes what fits and the rest as two sales; nothing is to be taken back');
SELECT results_eq('SELECT * FROM standing(101)',
    ARRAY['101 customer 1 5 @ 200 = 1000 tax 250 not_ready_to_invoice committed',
          '101 customer 1 3 @ 200 = 600 tax 150 not_ready_to_invoice failed contract'], 'the rest names the limit');
SELECT is(committed(10), 1000.0, 'the limit is used up exactly');
SELECT results_eq(
    'SELECT used_amount, remaining_amount FROM billing.limit_usage WHERE contract_id = 10', 'VALUES (1000.0, 0.0)',
    'limit_usage agrees');
SELECT work(102, 10);
SELECT results_eq('SELECT * FROM standing(102)',
    ARRAY['102 customer 1 8 @ 200 = 1600 tax 0 not_ready_to_invoice failed contract'], 'where nothing is left all of it fails');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{10}')$$, 'two parts are no difference from what was approved');
SELECT bag_eq(
    $$SELECT outcome::text, reason, item_count FROM billing.mark_ready_to_invoice(contracts => '{10}')$$,
    $$VALUES ('changed', NULL, 1::bigint), ('refused', 'exceeds the not-to-exceed limit of the contract', 2)$$,
    'what fits can be billed');
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT results_eq('SELECT detail_amount, total_tax FROM billing.invoice WHERE contract_id = 10', 'VALUES (1000.0, 250.0)',
    'the invoice reaches the limit exactly, as Oracle bills 940 of 1,000');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- A raised limit: the rest commits, or is split again
UPDATE billing.contract SET nte_limit = 1250 WHERE contract_id = 10;
CREATE TEMPORARY TABLE before AS SELECT clock_timestamp() AS at, (open_sales(101))[1] AS whole;
SELECT results_eq(
    $$SELECT actual_id IN (SELECT whole FROM before), outcome::text, nte_status::text, nte_failed_level::text
        FROM billing.reevaluate_nte(open_sales(101, 102))$$,
    $$VALUES (false, 'changed', 'committed', NULL), (false, 'changed', 'failed', 'contract'),
             (false, 'unchanged', 'failed', 'contract')$$, 'evaluated again the rest is split again, in the caller''s order');
SELECT results_eq('SELECT * FROM standing(101)',
    ARRAY['101 customer 1 1.25 @ 200 = 250 tax 62.5 not_ready_to_invoice committed',
          '101 customer 1 1.75 @ 200 = 350 tax 87.5 not_ready_to_invoice failed contract'], 'in exact parts');
SELECT bag_eq(
    $$SELECT fact FROM ledger JOIN before ON actual_id = whole
      UNION ALL SELECT fact FROM ledger l JOIN billing.actual a USING (actual_id) JOIN before ON a.reverses_id = whole$$,
    ARRAY['unbilled_sales time 3 @ 200 = 600 chargeable | canceled | adjusted',
          'unbilled_sales time -3 @ 200 = -600 chargeable | canceled | unadjustable'],
    'the sale that was split is adjusted and reversed');
SELECT bag_eq(
    $$SELECT part_of_id = whole, source_id, invoice_id, description FROM billing.actual CROSS JOIN before
       WHERE actual_id = ANY (open_sales(101))$$,
    'VALUES (true, NULL::bigint, NULL::bigint, NULL::text), (true, NULL, NULL, NULL)', 'its parts say what they are parts of');
SELECT bag_eq(
    $$SELECT event, role_1, id_2 = whole AS whole FROM billing.transaction_connection CROSS JOIN before
       WHERE id_1 = (open_sales(101))[1] AND event <> 'approval'$$,
    $$VALUES ('split', 'part', true)$$, 'so do the links');
SELECT is(committed(10), 250.0, 'what fits is committed beside what was billed');
SELECT bag_eq(
    $$SELECT amount, tax, status FROM billing.backlog_at((SELECT at FROM before), '{10}')$$,
    $$VALUES (600.0, 150.0, 'not_ready_to_invoice'), (1600.0, 0.0, 'not_ready_to_invoice')$$,
    'before that moment the backlog held the whole, and the other entry');
SELECT bag_eq(
    $$SELECT amount, tax, status FROM billing.backlog_at(clock_timestamp(), '{10}')$$,
    $$VALUES (250.0, 62.5, 'not_ready_to_invoice'), (350.0, 87.5, 'not_ready_to_invoice'),
             (1600.0, 0.0, 'not_ready_to_invoice')$$, 'after it the parts');
SELECT is_empty('SELECT * FROM billing.reevaluate_nte(open_sales(101)) WHERE outcome <> ''unchanged''',
    'once: another evaluation finds nothing to split');
SELECT bag_eq(
    $$SELECT from_status, to_status, status_column FROM billing.operation_change
       JOIN before ON whole = ANY (ids) WHERE to_status IN ('canceled', 'adjusted')$$,
    $$VALUES ('not_ready_to_invoice', 'canceled', 'billing_status'), ('adjustable', 'adjusted', 'adjustment_status')$$,
    'the log tells it');
UPDATE billing.contract SET nte_limit = 5000 WHERE contract_id = 10;
SELECT results_eq('SELECT outcome::text, nte_status::text FROM billing.reevaluate_nte(open_sales(101))',
    $$VALUES ('unchanged', 'committed'), ('changed', 'committed')$$, 'with room enough the rest commits as it is');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT results_eq(
    $$SELECT reason FROM billing.cancel_approval('{101}')$$,
    $$VALUES ('a sale of the entry is on a confirmed invoice and not credited in full')$$, 'billed in part, the approval holds');
SELECT billing.confirm_invoices(ARRAY[(SELECT max(r.invoice_id) FROM billing.revise_invoice(invoice(10)) r)]);
SELECT results_eq(
    $$SELECT transaction_type::text, sum(quantity), sum(amount), count(*) FROM billing.cancel_approval('{101}') GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('cost', -8.0, -800.0, 1::bigint), ('unbilled_sales', -8, -1600, 3)$$,
    'credited in full it can be canceled: every part is taken back');
SELECT is(committed(10), 0.0, 'and gives its room back');
SELECT count(*) FROM billing.approve('{101}');
SELECT results_eq('SELECT * FROM standing(101)',
    ARRAY['101 customer 1 8 @ 200 = 1600 tax 400 not_ready_to_invoice committed'], 'approved again it is one sale');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- A lowered limit: what was ready and still fits stays ready
SELECT limited(20, 1600);
SELECT work(201, 20);
SELECT ready(201);
UPDATE billing.contract SET nte_limit = 500 WHERE contract_id = 20;
SELECT bag_eq(
    $$SELECT outcome::text, nte_status::text, nte_failed_level::text FROM billing.reevaluate_nte(open_sales(201))$$,
    $$VALUES ('changed', 'committed', NULL), ('changed', 'failed', 'contract')$$, 'a lowered limit splits what was committed');
SELECT results_eq('SELECT * FROM standing(201)',
    ARRAY['201 customer 1 2.5 @ 200 = 500 tax 0 ready_to_invoice committed',
          '201 customer 1 5.5 @ 200 = 1100 tax 0 not_ready_to_invoice failed contract'], 'one part stays ready, the other does not');
SELECT is(committed(20), 500.0, 'the running total follows');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- Mark ready evaluates first, and marks what fits
SELECT count(*) FROM billing.reset_nte(open_sales(201));
UPDATE billing.contract SET nte_limit = 700 WHERE contract_id = 20;
CREATE TEMPORARY TABLE named AS SELECT open_sales(201) AS ids;
SELECT bag_eq(
    $$SELECT outcome::text, reason, item_count, ids && (SELECT ids FROM named) AS as_named
        FROM billing.mark_ready_to_invoice((SELECT ids FROM named))$$,
    $$VALUES ('changed', NULL, 2::bigint, true), ('refused', 'exceeds the not-to-exceed limit of the contract', 1, false)$$,
    'X-03 of two rows one fits, the other is split: the part that fits is marked, the rest refused');
SELECT results_eq('SELECT * FROM standing(201)',
    ARRAY['201 customer 1 2.5 @ 200 = 500 tax 0 ready_to_invoice committed',
          '201 customer 1 1 @ 200 = 200 tax 0 ready_to_invoice committed',
          '201 customer 1 4.5 @ 200 = 900 tax 0 not_ready_to_invoice failed contract'], 'X-03 as the ledger says');
SELECT count(*) FROM billing.reset_nte(open_sales(201));
SELECT throws_ok('SELECT * FROM billing.mark_ready_to_invoice(open_sales(201), strict => true)', 'ZB021', NULL,
    'in strict mode a rest fails the call');
SELECT is((SELECT count(*) FROM billing.actual WHERE entry_id = 201 AND is_open), 3::bigint, 'and nothing is split');
UPDATE billing.contract SET nte_limit = 900 WHERE contract_id = 20;
SELECT bag_eq(
    $$SELECT outcome::text, reason, item_count FROM billing.mark_ready_to_invoice(contracts => '{20}')$$,
    $$VALUES ('changed', NULL, 3::bigint), ('refused', 'exceeds the not-to-exceed limit of the contract', 1)$$,
    'everything of a contract likewise');
SELECT is(committed(20), 900.0, 'the limit is used up');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- The tightest of four levels, and several customers
SELECT limited(30, 3000, '{1,2}', '{50,50}');
UPDATE billing.contract_customer SET nte_limit = 700 WHERE contract_id = 30 AND customer_id = 1;
UPDATE billing.contract_line_customer SET nte_limit = 900 WHERE contract_line_id = 30 AND customer_id = 1;
UPDATE billing.contract_line SET nte_limit = 1000 WHERE contract_line_id = 30;
SELECT work(301, 30, 10);
SELECT results_eq('SELECT * FROM standing(301)',
    ARRAY['301 customer 1 3.5 @ 200 = 700 tax 0 not_ready_to_invoice committed',
          '301 customer 1 1.5 @ 200 = 300 tax 0 not_ready_to_invoice failed contract_customer',
          '301 customer 2 1.5 @ 200 = 300 tax 0 not_ready_to_invoice committed',
          '301 customer 2 3.5 @ 200 = 700 tax 0 not_ready_to_invoice failed contract_line'],
    'each customer''s sale is split at the limit that leaves the least to it');
-- One customer's sale is split again; the entry still stands in one piece.
UPDATE billing.contract_customer SET nte_limit = 800 WHERE contract_id = 30 AND customer_id = 1;
UPDATE billing.contract_line SET nte_limit = NULL WHERE contract_line_id = 30;
SELECT results_eq(
    $$SELECT entry_id, reverses_id IS NULL, nte_status::text, quantity FROM billing.reevaluate_work('{30}', preview => true)$$,
    $$VALUES (301::bigint, false, 'not_applicable', -1.5), (301, true, 'committed', 0.5), (301, true, 'failed', 1.0),
             (301, true, 'committed', NULL)$$, 'a preview of evaluating the work again tells what would be split');
SELECT is((SELECT count(*) FROM billing.actual WHERE entry_id = 301 AND is_open), 4::bigint, 'and writes nothing');
SELECT results_eq(
    $$SELECT entry_id, reverses_id IS NULL, nte_status::text, quantity FROM billing.reevaluate_work('{30}')$$,
    $$VALUES (301::bigint, false, 'not_applicable', -1.5), (301, true, 'committed', 0.5), (301, true, 'failed', 1.0),
             (301, true, 'committed', NULL)$$, 'evaluated again the rests take their turn');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{30}')$$, 'once');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
-- Other terms: everything is written again, and split as it is written.
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 100 ELSE 0 END
 WHERE contract_line_id = 30;
SELECT results_eq(
    $$SELECT transaction_type::text, nte_status::text, quantity, amount FROM billing.reevaluate_work('{30}')
       WHERE reverses_id IS NULL ORDER BY actual_id$$,
    $$VALUES ('cost', 'not_applicable', 10.0, 1000.0), ('unbilled_sales', 'committed', 4, 800), ('unbilled_sales', 'failed', 6, 1200)$$,
    'work written again is split at the limit, too');
SELECT is(committed(30), 800.0, 'the running total follows');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- What cannot be divided fails as a whole
SELECT limited(40, 199);
SELECT work(401, 40, 1, 20000);
SELECT results_eq('SELECT * FROM standing(401)',
    ARRAY['401 customer 1 1 @ 20000 = 20000 tax 0 not_ready_to_invoice failed contract'],
    'less room than the smallest quantity costs');
UPDATE billing.contract SET nte_limit = 0 WHERE contract_id = 40;
SELECT work(402, 40, 1, 0.01);
SELECT results_eq('SELECT nte_status::text FROM billing.actual WHERE actual_id = ANY (open_sales(402))', $$VALUES ('failed')$$,
    'X-02 limit 0 lets nothing through');
SELECT work(403, 40, -1, 100);
SELECT work(404, 40, 2, 100);
SELECT results_eq('SELECT * FROM standing(403, 404)',
    ARRAY['403 customer 1 -1 @ 100 = -100 tax 0 not_ready_to_invoice committed',
          '404 customer 1 1 @ 100 = 100 tax 0 not_ready_to_invoice committed',
          '404 customer 1 1 @ 100 = 100 tax 0 not_ready_to_invoice failed contract'], 'X-40 a negative amount gives room');

-- --- What gives room is offered first, so that nothing moves when work is evaluated again
SELECT limited(47, 1000);
SELECT work(471, 47, 5, day => '2026-03-01');
SELECT work(472, 47, 5, day => '2026-03-02');
SELECT work(473, 47, -1, day => '2026-03-03');
SELECT results_eq(
    $$SELECT nte_status::text, quantity FROM billing.reevaluate_work('{47}') WHERE reverses_id IS NULL ORDER BY actual_id$$,
    $$VALUES ('committed', 1.0), ('failed', 4.0)$$, 'the room that negative work gave is used');
SELECT is(committed(47), 1000.0, 'up to the limit');
UPDATE billing.contract SET nte_limit = 999 WHERE contract_id = 47;
SELECT results_eq(
    $$SELECT nte_status::text, quantity FROM billing.reevaluate_work('{47}') WHERE reverses_id IS NULL ORDER BY actual_id$$,
    $$VALUES ('committed', 0.99), ('failed', 0.01)$$, 'a lower limit takes from who came last');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{47}')$$, 'and then nothing moves any more');

-- --- The scale of quantities
SELECT limited(45, 333.33);
UPDATE billing.company SET quantity_scale = 0 WHERE company_id = 1;
SELECT work(451, 45, 10, 100);
UPDATE billing.company SET quantity_scale = 2 WHERE company_id = 1;
SELECT results_eq('SELECT * FROM standing(451)',
    ARRAY['451 customer 1 3 @ 100 = 300 tax 0 not_ready_to_invoice committed',
          '451 customer 1 7 @ 100 = 700 tax 0 not_ready_to_invoice failed contract'], 'only whole hours are sold');
SELECT results_eq('SELECT nte_status::text FROM billing.reevaluate_nte(open_sales(451))',
    $$VALUES ('committed'), ('committed'), ('failed')$$, 'or hundredths of them');
SELECT results_eq('SELECT amount FROM billing.actual WHERE actual_id = ANY (open_sales(451)) ORDER BY actual_id',
    'VALUES (300.0), (33.0), (667.0)', 'as far as the limit goes');

-- --- What an invoice leaves or returns is split when it is written
SELECT limited(50, 2000);
SELECT work(501, 50, tax => 160);
SELECT ready(501);
SELECT drafted(50);
SELECT count(*) FROM billing.edit_invoice_details(open_sales(501), quantity => 4, price => 420, keep_rest => true);
SELECT confirmed(invoice(50));
SELECT results_eq('SELECT * FROM standing(501)',
    ARRAY['501 customer 1 1.6 @ 200 = 320 tax 32 not_ready_to_invoice committed',
          '501 customer 1 2.4 @ 200 = 480 tax 48 not_ready_to_invoice failed contract'],
    'of the rest of a reduced quantity a part fits');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 50;
SELECT count(*) FROM billing.reset_nte(open_sales(501));
SELECT billing.confirm_invoices(ARRAY[(SELECT max(r.invoice_id) FROM billing.revise_invoice(invoice(50)) r)]);
SELECT results_eq('SELECT * FROM standing(501) OFFSET 2',
    ARRAY['501 customer 1 2.38 @ 420 = 999.6 tax 47.6 not_ready_to_invoice committed',
          '501 customer 1 1.62 @ 420 = 680.4 tax 32.4 not_ready_to_invoice failed contract'],
    'so is what a correction returns');
UPDATE billing.contract SET nte_limit = 1200 WHERE contract_id = 50;
SELECT count(*) FROM billing.reevaluate_nte(open_sales(501));
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT results_eq(
    $$SELECT sum(quantity), sum(tax) FROM billing.actual WHERE actual_id = ANY (open_sales(501))$$, 'VALUES (8.0, 160.0)',
    'nothing is lost on the way');
SELECT results_eq(
    $$SELECT sum(quantity) FROM billing.cancel_approval('{501}') WHERE transaction_type = 'unbilled_sales'$$, 'VALUES (-8.0)',
    'and all of it is taken back');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- The setting belongs to the user, the split to the engine
SELECT throws_ok('UPDATE billing.actual SET part_of_id = 1 WHERE actual_id = (open_sales(404))[1]', 'ZB001', NULL,
    'nobody else says what is a part of what');
SELECT throws_ok($$UPDATE billing.contract SET nte_partial_fit = NULL$$, '23502', NULL, 'a contract has it or not');

-- --- verify() finds parts that are not the whole
CREATE FUNCTION some_part() RETURNS bigint LANGUAGE sql AS
    'SELECT min(actual_id) FROM billing.actual WHERE part_of_id IS NOT NULL AND is_open';
SELECT is(found_when('UPDATE billing.actual SET part_of_id = NULL WHERE actual_id = some_part()') @> '{parts of a split sale are the sale}',
    true, 'a part that was disowned');
SELECT is(found_when('UPDATE billing.actual SET quantity = quantity + 1 WHERE actual_id = some_part()') @> '{parts of a split sale are the sale}',
    true, 'a part that grew');
SELECT is(found_when('UPDATE billing.actual SET tax = tax + 1 WHERE actual_id = some_part()') @> '{parts of a split sale are the sale}',
    true, 'another tax');

SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT * FROM finish();
