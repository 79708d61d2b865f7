-- Billing a part: what a quantity reduced on a draft leaves is written off, or stays in the backlog.
\ir fixture/base.psql
\ir fixture/tampering.psql
SELECT no_plan();

-- A draft of one entry.
CREATE FUNCTION drafted_work(entry bigint, contract bigint, tax numeric DEFAULT 0, price numeric DEFAULT 200)
    RETURNS void LANGUAGE sql AS $$
    SELECT work(entry, contract, 8, price, tax => tax);
    SELECT ready(entry);
    SELECT drafted(contract)
$$;
-- What of an entry is in the backlog.
CREATE FUNCTION waiting(entry bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s @ %s = %s tax %s %s %s %s', trim_scale(quantity), trim_scale(price), trim_scale(amount), trim_scale(tax),
                  billing_type, billing_status, nte_status)
      FROM billing.time_and_material_backlog WHERE entry_id = entry ORDER BY actual_id
$$;
-- The sale kept in the backlog, which may be on a draft again.
CREATE FUNCTION rest(entry bigint) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(actual_id ORDER BY actual_id) FROM billing.actual
     WHERE entry_id = entry AND is_open
$$;
CREATE FUNCTION moment() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';

-- --- The reference product's rule is the default
SELECT time_and_material(10);
SELECT drafted_work(101, 10, 400);
SELECT count(*) FROM billing.edit_invoice_details(sales(101), quantity => 6);
SELECT results_eq(
    $$SELECT actual_id, rest_quantity, rest_amount, rest_tax, rest_billing_type::text, keep_rest FROM billing.draft_rest$$,
    $$SELECT (sales(101))[1], 2.0, 400.0, 0.0, 'non_chargeable', false$$, 'the draft says that the rest will be written off');
SELECT results_eq('SELECT tax FROM billing.draft_detail WHERE invoice_id = invoice(10)', 'VALUES (400.0)',
    'and the tax is a matter of the invoice alone');

-- --- Kept: chosen for a detail
SELECT results_eq(
    $$SELECT quantity, amount, tax FROM billing.edit_invoice_details(sales(101), keep_rest => true)$$,
    'VALUES (6.0, 1200.0, 300.0)', 'chosen afterwards, the rest takes its tax along');
SELECT results_eq(
    $$SELECT source_quantity, billed_quantity, rest_quantity, price, rest_amount, rest_tax, rest_billing_type::text, keep_rest
        FROM billing.draft_rest WHERE invoice_id = invoice(10)$$,
    $$VALUES (8.0, 6.0, 2.0, 200.0, 400.0, 100.0, 'chargeable', true)$$, 'the draft says that the rest will stay');
SELECT results_eq(
    $$SELECT tax FROM billing.edit_invoice_details(sales(101), keep_rest => false)$$, 'VALUES (400.0)', 'and back again');
SELECT results_eq(
    $$SELECT quantity, amount, tax FROM billing.edit_invoice_details(sales(101), quantity => 5, keep_rest => true)$$,
    'VALUES (5.0, 1000.0, 250.0)', 'with the quantity in one call');
SELECT results_eq(
    $$SELECT quantity, amount, tax FROM billing.edit_invoice_details(sales(101), quantity => 6)$$,
    'VALUES (6.0, 1200.0, 300.0)', 'what was chosen stays when the quantity is edited again');
SELECT results_eq(
    $$SELECT total_tax, total_amount FROM billing.invoice WHERE invoice_id = invoice(10)$$, 'VALUES (300.0, 1500.0)',
    'the invoice charges the tax of what it bills');
SELECT results_eq(
    $$SELECT arguments ->> 'keep_rest', arguments ->> 'quantity' FROM billing.operation
       WHERE verb = 'edit_invoice_details' ORDER BY operation_id DESC OFFSET 1 LIMIT 1$$,
    $$VALUES ('true', '5')$$, 'the choice is in the log');
CREATE TEMPORARY TABLE before_confirmation AS SELECT moment() AS at;
SELECT confirmed(invoice(10));
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 101',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
          'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
          'unbilled_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales time -6 @ 200 = -1200 chargeable | customer_invoice_posted | unadjustable',
          'billed_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales time 2 @ 200 = 400 chargeable | not_ready_to_invoice | adjustable'],
    'reduced 8 to 6 and kept: the six are billed, the two are an unbilled sale of their own, not ready, nothing is written off');
SELECT results_eq('SELECT * FROM waiting(101)', ARRAY['2 @ 200 = 400 tax 100 chargeable not_ready_to_invoice not_applicable'],
    'the rest is in the backlog with its tax');
SELECT results_eq(
    $$SELECT item, amount, status FROM billing.backlog WHERE contract_id = 10$$,
    $$VALUES ('actual', 400.0, 'not_ready_to_invoice')$$, 'the view of everything unbilled shows it');
SELECT results_eq(
    $$SELECT not_ready_to_invoice, ready_to_invoice, spent_amount FROM billing.billing_hub WHERE contract_id = 10$$,
    'VALUES (1::bigint, 0::bigint, 1200.0)', 'so does the hub');
SELECT results_eq(
    $$SELECT item_count, amount, oldest_date FROM billing.backlog_ageing WHERE contract_id = 10$$,
    $$VALUES (1::bigint, 400.0, '2026-03-02'::date)$$, 'it ages from the day of the work');
SELECT results_eq(
    $$SELECT amount, tax, status FROM billing.backlog_at((SELECT at FROM before_confirmation), '{10}')$$,
    $$VALUES (1600.0, 400.0, 'customer_invoice_created')$$, 'before the confirmation the whole was on the draft');
SELECT results_eq(
    $$SELECT amount, tax, status FROM billing.backlog_at(moment(), '{10}')$$,
    $$VALUES (400.0, 100.0, 'not_ready_to_invoice')$$, 'after it the rest waits');
SELECT bag_eq(
    $$SELECT event, role_1, id_2 FROM billing.transaction_connection WHERE id_1 = (rest(101))[1]$$,
    $$SELECT 'replacement' AS event, 'replacing' AS role_1, (sales(101))[1]$$, 'it is connected with the sale it is the rest of');
SELECT bag_eq(
    $$SELECT origin, origin_id FROM billing.transaction_origin WHERE record = 'actual' AND record_id = (rest(101))[1]$$,
    $$SELECT 'entry', 101::bigint UNION ALL SELECT 'invoice', invoice(10)
      UNION ALL SELECT 'invoice_line', invoice_line_id FROM billing.invoice_line WHERE invoice_id = invoice(10)
      UNION ALL SELECT 'invoice_line_detail', (sales(101))[1]$$, 'and comes from the invoice that left it');
SELECT is_empty('SELECT * FROM billing.draft_rest', 'on a confirmed invoice nothing is to be decided any more');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{10}')$$, 'evaluated again nothing differs');
SELECT results_eq($$SELECT reason FROM billing.cancel_approval('{101}')$$,
    $$VALUES ('a sale of the entry is on a confirmed invoice and not credited in full')$$, 'the approval holds');

-- --- The rest is billed like any sale
CREATE FUNCTION lines_of(invoice bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s = %s tax %s %s', detail_kind, trim_scale(quantity), trim_scale(amount), trim_scale(tax), billing_type)
      FROM billing.invoice_line_detail WHERE invoice_id = invoice ORDER BY source_id
$$;
SELECT is_empty($$SELECT * FROM billing.create_invoices('{10}', invoice_date => '2026-04-30') WHERE outcome = 'changed'$$,
    'nobody bills it before it is ready');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT results_eq('SELECT * FROM lines_of(invoice(10))', ARRAY['actual 2 = 400 tax 100 chargeable'],
    'ready, the next run takes it');
SELECT count(*) FROM billing.edit_invoice_details(rest(101), quantity => 0.5, keep_rest => true);
SELECT confirmed(invoice(10));
SELECT results_eq('SELECT * FROM waiting(101)',
    ARRAY['1.5 @ 200 = 300 tax 75 chargeable not_ready_to_invoice not_applicable'], 'and of the rest there may be a rest');
SELECT count(*) FROM billing.mark_ready_to_invoice(rest(101));
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT results_eq(
    $$SELECT sum(quantity), sum(amount), sum(tax), count(*) FROM billing.actual
       WHERE entry_id = 101 AND transaction_type = 'billed_sales'$$,
    'VALUES (8.0, 1600.0, 400.0, 3::bigint)', 'three invoices bill the whole, to the cent');
SELECT is_empty('SELECT * FROM waiting(101)', 'nothing is left');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT bag_eq(
    $$SELECT event FROM billing.transaction_connection
       WHERE role_2 = 'unbilled_sales' AND id_2 = (SELECT source_id FROM billing.actual WHERE entry_id = 101 AND transaction_type = 'billed_sales'
                       AND quantity = 1.5)$$,
    $$VALUES ('draft'), ('confirmation')$$, 'a billed rest stays connected with its detail');

-- --- Revising an invoice that kept a rest
SELECT drafted_work(102, 10, 400);
SELECT count(*) FROM billing.edit_invoice_details(sales(102), quantity => 6, price => 180, keep_rest => true);
SELECT results_eq('SELECT amount, tax FROM billing.draft_detail WHERE invoice_id = invoice(10)', 'VALUES (1080.0, 300.0)',
    'X-16 another price concerns what is billed alone');
SELECT confirmed(invoice(10));
SELECT results_eq('SELECT * FROM waiting(102)',
    ARRAY['2 @ 200 = 400 tax 100 chargeable not_ready_to_invoice not_applicable'], 'X-16 the rest keeps the original price');
SELECT billing.confirm_invoices(ARRAY[(SELECT max(r.invoice_id) FROM billing.revise_invoice(invoice(10)) r)]);
SELECT results_eq('SELECT * FROM waiting(102)',
    ARRAY['2 @ 200 = 400 tax 100 chargeable not_ready_to_invoice not_applicable',
          '6 @ 180 = 1080 tax 300 chargeable not_ready_to_invoice not_applicable'], 'a full credit returns the rest of it');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{102}')$$,
    'what was agreed on the invoice is no difference');
SELECT results_eq(
    $$SELECT transaction_type::text, sum(quantity), sum(amount), count(*) FROM billing.cancel_approval('{102}') GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('cost', -8.0, -800.0, 1::bigint), ('unbilled_sales', -8, -1480, 2)$$,
    'credited in full, the approval can be canceled: rest and credited sale are taken back');
SELECT results_eq(
    $$SELECT transaction_type::text, sum(quantity), sum(amount), sum(tax) FROM billing.actual WHERE entry_id = 102 GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('billed_sales', 0.0, 0.0, 0.0), ('cost', 0, 0, 0), ('unbilled_sales', 0, 0, 0)$$, 'everything nets to zero');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

-- --- Credited, but the price was the same: one sale of the whole or two parts of it are the same terms
SELECT drafted_work(103, 10);
SELECT count(*) FROM billing.edit_invoice_details(sales(103), quantity => 6, keep_rest => true);
SELECT confirmed(invoice(10));
SELECT billing.confirm_invoices(ARRAY[(SELECT max(r.invoice_id) FROM billing.revise_invoice(invoice(10)) r)]);
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{103}')$$, 'two parts of the whole are left as they are');
INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (10, 10, 2);
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 10;
SELECT bag_eq(
    $$SELECT customer_id, quantity, amount FROM billing.reevaluate_work(entries => '{103}')
       WHERE reverses_id IS NULL AND transaction_type = 'unbilled_sales'$$,
    $$VALUES (1::bigint, 4.0, 800.0), (2, 4, 800)$$, 'with another split all of them are written again');
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 100 ELSE 0 END
 WHERE contract_line_id = 10;

-- --- Credited at another price than the rest: no entry can say both
SELECT drafted_work(105, 10);
SELECT count(*) FROM billing.edit_invoice_details(sales(105), quantity => 6, price => 180, keep_rest => true);
SELECT confirmed(invoice(10));
SELECT billing.confirm_invoices(ARRAY[(SELECT max(r.invoice_id) FROM billing.revise_invoice(invoice(10)) r)]);
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 10;
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.reevaluate_work(entries => '{105}')$$,
    $$VALUES ('refused', 'its sales were agreed at different prices; cancel the approval to have it written again')$$,
    'what was agreed is not written again at one price');
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 100 ELSE 0 END
 WHERE contract_line_id = 10;
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{105}')$$, 'with the old split nothing differs');

-- --- Not credited: what waits is left alone, and said so only if the terms differ
SELECT drafted_work(104, 10);
SELECT count(*) FROM billing.edit_invoice_details(sales(104), quantity => 6, keep_rest => true);
SELECT confirmed(invoice(10));
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{104}')$$, 'nothing differs from what was approved');
UPDATE billing.contract_line SET include_time = false WHERE contract_line_id = 10;
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reevaluate_work(entries => '{104}')$$,
    $$VALUES (104::bigint, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'billed in part, it can no longer move');
UPDATE billing.contract_line SET include_time = true WHERE contract_line_id = 10;

-- --- The contract's default
SELECT time_and_material(20);
UPDATE billing.contract SET keep_rest = true WHERE contract_id = 20;
SELECT drafted_work(201, 20);
SELECT count(*) FROM billing.edit_invoice_details(sales(201), description => 'Workshop');
SELECT is_empty('SELECT * FROM billing.draft_rest', 'without a reduced quantity there is no rest');
SELECT count(*) FROM billing.edit_invoice_details(sales(201), quantity => 3);
UPDATE billing.contract SET keep_rest = false WHERE contract_id = 20;
SELECT results_eq('SELECT rest_quantity, keep_rest FROM billing.draft_rest', 'VALUES (5.0, true)',
    'the contract decides when the quantity is edited, not later');
SELECT confirmed(invoice(20));
SELECT results_eq(
    $$SELECT quantity, b.description FROM billing.time_and_material_backlog b WHERE entry_id = 201$$,
    $$VALUES (5.0, NULL::text)$$, 'the rest keeps its own text');
UPDATE billing.contract SET keep_rest = true WHERE contract_id = 20;
SELECT drafted_work(202, 20);
SELECT count(*) FROM billing.edit_invoice_details(sales(202), quantity => 3, keep_rest => false);
SELECT confirmed(invoice(20));
SELECT is_empty('SELECT * FROM waiting(202)', 'written off if somebody says so');

-- --- What cannot be
SELECT drafted_work(203, 20);
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(203), quantity => 0)', 'ZB022',
    'actual ' || (sales(203))[1] || ' on invoice ' || invoice(20) || ': nothing of it would be billed; take it off the draft with remove_invoice_details(), or write it off with keep_rest => false',
    'quantity 0 would bill nothing and keep all');
SELECT lives_ok('SELECT * FROM billing.edit_invoice_details(sales(203), quantity => 0, keep_rest => false)',
    'written off it may be');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(203), keep_rest => true)', 'ZB022', NULL,
    'but then not kept');
SELECT results_eq('SELECT rest_quantity, keep_rest FROM billing.draft_rest', 'VALUES (8.0, false)', 'nothing was changed');
SELECT count(*) FROM billing.edit_invoice_details(sales(203), quantity => 8, keep_rest => true);
SELECT is_empty('SELECT * FROM billing.draft_rest', 'the whole quantity leaves no rest');
SELECT count(*) FROM billing.edit_invoice_details(sales(203), quantity => 9);
SELECT is_empty('SELECT * FROM billing.draft_rest', 'nor does a raised one');
SELECT count(*) FROM billing.add_invoice_detail(invoice(20), 20, 'time', 3, 150);
SELECT throws_ok(
    $$SELECT * FROM billing.edit_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_detail WHERE detail_kind = 'manual'), keep_rest => true)$$,
    'ZB022', NULL, 'a manual detail has no rest');
SELECT confirmed(invoice(20));
SELECT count(*) FROM billing.revise_invoice(invoice(20));
SELECT throws_ok(
    $$SELECT * FROM billing.edit_invoice_details(details => ARRAY(SELECT min(detail_id) FROM billing.draft_detail WHERE detail_kind = 'correction'), keep_rest => false)$$,
    'ZB022', NULL, 'what a correction takes off always returns');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(20)]);
SELECT throws_ok('UPDATE billing.invoice_detail SET keep_rest = true', 'ZB001', NULL, 'the choice is made with the verb');

-- --- Taken off the draft: nothing is remembered
SELECT drafted_work(204, 20);
SELECT count(*) FROM billing.edit_invoice_details(sales(204), quantity => 6);
SELECT count(*) FROM billing.remove_invoice_details(sales(204));
SELECT results_eq('SELECT * FROM waiting(204)', ARRAY['8 @ 200 = 1600 tax 0 chargeable ready_to_invoice not_applicable'],
    'a detail removed leaves the whole in the backlog');

-- --- Several customers: cents of rounding stay with the sale
SELECT time_and_material(30, '{1,2,3}', '{33.34,33.33,33.33}');
SELECT work(301, 30, 10, 99.99, tax => 10);
SELECT ready(301);
SELECT drafted(30);
SELECT count(*) FROM billing.edit_invoice_details(ARRAY[(sales(301))[1]], quantity => 1.11, keep_rest => true);
SELECT confirmed(VARIADIC ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 30));
SELECT results_eq('SELECT * FROM waiting(301)', ARRAY['2.23 @ 99.99 = 222.97 tax 2.23 chargeable not_ready_to_invoice not_applicable'],
    'X-22 billed 110.99 and kept 222.97 are the rounding customer''s 333.96, not 333.97');
SELECT ready(301);
SELECT count(*) FROM billing.mark_ready_to_invoice(rest(301));
SELECT drafted(30);
SELECT confirmed(invoice(30));
SELECT results_eq(
    $$SELECT sum(quantity), sum(amount), sum(tax) FROM billing.actual WHERE entry_id = 301 AND transaction_type = 'billed_sales'$$,
    'VALUES (10.0, 999.9, 10.0)', 'all invoices together bill the whole');

-- --- Negative and non-chargeable sales
SELECT time_and_material(40);
SELECT work(401, 40, -8, tax => -80);
SELECT entered(402, 40);
UPDATE billing.entry SET billing_type = 'complimentary' WHERE entry_id = 402;
SELECT approved(402);
SELECT ready(401, 402);
SELECT drafted(40);
SELECT count(*) FROM billing.edit_invoice_details(sales(401), quantity => -6, keep_rest => true);
SELECT count(*) FROM billing.edit_invoice_details(sales(402), quantity => 6, keep_rest => true);
SELECT confirmed(invoice(40));
SELECT results_eq('SELECT * FROM waiting(401) UNION ALL SELECT * FROM waiting(402)',
    ARRAY['-2 @ 200 = -400 tax -20 chargeable not_ready_to_invoice not_applicable',
          '2 @ 200 = 400 tax 0 complimentary not_ready_to_invoice not_applicable'],
    'a rest keeps sign and billing type of its sale');

-- --- Limits
SELECT time_and_material(50);
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 50;
SELECT drafted_work(501, 50);
SELECT count(*) FROM billing.edit_invoice_details(sales(501), quantity => 6, keep_rest => true);
SELECT confirmed(invoice(50));
SELECT results_eq('SELECT * FROM waiting(501)', ARRAY['2 @ 200 = 400 tax 0 chargeable not_ready_to_invoice committed'],
    'the rest is evaluated anew: it fits what it had before');
SELECT results_eq(
    'SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 50',
    'VALUES (400.0, 1200.0)', 'and is committed');
SELECT count(*) FROM billing.mark_ready_to_invoice(rest(501));
SELECT drafted(50);
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 50;
SELECT count(*) FROM billing.edit_invoice_details(rest(501), quantity => 1, price => 600, keep_rest => true);
SELECT confirmed(invoice(50));
SELECT results_eq('SELECT * FROM waiting(501)', ARRAY['1 @ 200 = 200 tax 0 chargeable not_ready_to_invoice committed'],
    'with 1,800 billed of 2,000 the rest of 200 just fits');
UPDATE billing.contract SET nte_limit = 3600 WHERE contract_id = 50;
SELECT drafted_work(502, 50);
SELECT count(*) FROM billing.edit_invoice_details(sales(502), quantity => 4, price => 350, keep_rest => true);
SELECT confirmed(invoice(50));
SELECT results_eq('SELECT * FROM waiting(502)', ARRAY['4 @ 200 = 800 tax 0 chargeable not_ready_to_invoice failed'],
    'a higher price may have taken its room');

-- --- verify() finds a rest that was lost
SELECT is(found_when('UPDATE billing.actual SET quantity = 3 WHERE actual_id = ANY (rest(502))'),
    '{reduced quantities are written off or kept}', 'another quantity');
SELECT is(found_when('UPDATE billing.actual SET amount = 600 WHERE actual_id = ANY (rest(502))'),
    '{reduced quantities are written off or kept}', 'another amount');
SELECT is(found_when('UPDATE billing.invoice_detail SET keep_rest = false WHERE actual_id = ANY (sales(502))'),
    '{reduced quantities are written off or kept}', 'a rest that nobody meant to keep');

SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT * FROM finish();
