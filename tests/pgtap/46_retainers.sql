-- Retainers: agreed, generated, marked, billed on an invoice of their own, refunded.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION status_of(id bigint) RETURNS text LANGUAGE sql AS
    'SELECT retainer_status || $$, $$ || refund_status FROM billing.retainer WHERE retainer_id = id';
CREATE FUNCTION available(id bigint) RETURNS numeric LANGUAGE sql AS
    'SELECT available_amount FROM billing.retainers_and_advances WHERE retainer_id = id';
CREATE FUNCTION rows_of(id bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT l.fact FROM ledger l JOIN billing.actual a USING (actual_id, contract_id) WHERE a.retainer_id = id
$$;

-- --- Ad hoc
ALTER TABLE billing.retainer ALTER COLUMN retainer_id RESTART WITH 1000;
SELECT time_and_material(10, '{1,2}', '{50,50}');
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, description, invoice_date, amount)
VALUES (1, 10, 1, 'Advance', '2026-01-01', 1000), (2, 10, 2, 'Advance of the other', '2026-01-01', 500);
SELECT is(status_of(1), 'not_ready_to_invoice, not_refunded', 'a retainer starts as not ready');
SELECT is(available(1), 0.0, 'nothing of it is available');
SELECT throws_ok(
    $$INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount) VALUES (10, 1, '2026-01-01', 0.005)$$,
    'ZB010', NULL, 'an amount with more decimals than the currency is refused');
SELECT throws_ok(
    $$INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount) VALUES (10, 1, '2026-01-01', 0)$$,
    '23514', NULL, 'an amount of zero, too');
SELECT throws_ok(
    $$INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount) VALUES (10, 3, '2026-01-01', 1)$$,
    '23503', NULL, 'and a customer who is not the contract''s');
SELECT throws_ok(
    $$INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount, retainer_status)
      VALUES (10, 1, '2026-01-01', 1, 'customer_invoice_posted')$$,
    'ZB001', NULL, 'nobody inserts a posted one');

-- --- O-55: a total over dates
SELECT time_and_material(20);
SELECT results_eq(
    $$SELECT invoice_date, amount FROM billing.generate_retainers(20, 1, 12000, '{2026-03-01,2026-01-01,2026-02-01}', 'Quarter')$$,
    $$VALUES ('2026-01-01'::date, 4000.0), ('2026-02-01', 4000), ('2026-03-01', 4000)$$,
    'O-55 a retainer per date, equal parts');
SELECT results_eq(
    $$SELECT invoice_date, amount
        FROM billing.generate_retainers(20, 1, 12000, ARRAY(SELECT d::date FROM generate_series('2026-01-01'::timestamp, '2026-06-01', '1 month') d))$$,
    $$SELECT d::date, 2000.0 FROM generate_series('2026-01-01'::timestamp, '2026-06-01', '1 month') d$$,
    'O-55 six dates');
SELECT results_eq(
    $$SELECT amount FROM billing.generate_retainers(20, 1, 100, '{2026-01-01,2026-02-01,2026-03-01}')$$,
    'VALUES (33.33), (33.33), (33.34)', 'X-31 what does not divide is on the last one');
SELECT bag_eq(
    'SELECT DISTINCT retainer_status::text, customer_id FROM billing.retainer WHERE contract_id = 20',
    $$VALUES ('not_ready_to_invoice', 1::bigint)$$, 'generated ones start as not ready, too');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 0.02, '{2026-01-01,2026-02-01,2026-03-01}')$$, '22023',
    NULL, 'each needs at least the smallest coin');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 0.05, ARRAY(SELECT '2026-01-01'::date + g FROM generate_series(0, 9) g))$$, '22023',
    NULL, 'none becomes negative');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 100.005, '{2026-01-01}')$$, '22023', NULL,
    'a total with more decimals than the currency is refused');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 100, '{}')$$, '22023', NULL, 'no dates, too');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 100, '{2026-01-01,2026-01-01}')$$, '22023', NULL,
    'and a date that comes twice');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 1, 100, ARRAY[NULL]::date[])$$, '22023', NULL,
    'and a date that is NULL');
SELECT throws_ok($$SELECT billing.generate_retainers(20, 2, 100, '{2026-01-01}')$$, 'ZB021', NULL,
    'and a customer who is not the contract''s');
SELECT throws_ok($$SELECT billing.generate_retainers(99, 1, 100, '{2026-01-01}')$$, 'ZB020', NULL,
    'and a contract that does not exist');

-- --- Marked
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, ids FROM billing.mark_ready_to_invoice(retainers => '{1,2,999,1}')$$,
    $$VALUES ('retainer', 10::bigint, 'changed', NULL, 2::bigint, '{1,2}'::bigint[]),
             ('retainer', NULL, 'refused', 'there is no retainer with this id', 1, '{999}')$$,
    'retainers are marked by id');
SELECT is(status_of(1), 'ready_to_invoice, not_refunded', 'marked: ready');
SELECT results_eq($$SELECT outcome::text FROM billing.mark_ready_to_invoice(retainers => '{1}')$$,
    $$VALUES ('unchanged')$$, 'marked twice: nothing to do');
SELECT results_eq($$SELECT outcome::text FROM billing.mark_not_ready_to_invoice(retainers => '{1}')$$,
    $$VALUES ('changed')$$, 'and back');
SELECT lives_ok($$UPDATE billing.retainer SET amount = 1000, invoice_date = '2026-01-02' WHERE retainer_id = 1$$,
    'amount and date can still be changed');
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{1}');
SELECT is_empty($$SELECT * FROM billing.mark_ready_to_invoice(contracts => '{20}')$$,
    'marking a whole contract leaves its retainers alone');
SELECT throws_ok($$SELECT billing.mark_ready_to_invoice(retainers => '{1,999}', strict => true)$$, 'ZB021', NULL,
    'strict: one refusal fails the call');

-- --- On a draft
SELECT results_eq(
    $$SELECT contract_id, customer_id, outcome::text, item_count, detail_amount, total_tax, total_amount
        FROM billing.preview_invoices('{10}', invoice_date => '2026-03-31') ORDER BY 2$$,
    $$VALUES (10::bigint, 1::bigint, 'changed', 1::bigint, 1000.0, 0.0, 1000.0), (10, 2, 'changed', 1, 500, 0, 500)$$,
    'a preview shows what whole contracts would bill, ready retainers among it');
SELECT results_eq(
    $$SELECT contract_id, customer_id, outcome::text, reason, item_count, detail_amount, total_amount
        FROM billing.create_invoices(retainers => '{1,999}', invoice_date => '2026-03-31')$$,
    $$VALUES (10::bigint, 1::bigint, 'changed', NULL, 1::bigint, 1000.0, 1000.0),
             (NULL, NULL, 'refused', 'retainer 999: neither ready to invoice nor ready to refund, or on an invoice', 0, 0, 0)$$,
    'a retainer on a draft of its customer');
SELECT is(status_of(1), 'customer_invoice_created, not_refunded', 'drafted: created');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, invoice_line_id, contract_line_id, transaction_class::text, billing_type::text,
             transaction_date, quantity, price, amount, tax, extended_amount, description
        FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)$$,
    $$VALUES ('retainer', 1::bigint, NULL::bigint, NULL::bigint, 'retainer', 'chargeable', '2026-01-02'::date, 1.0,
              1000.0, 1000.0, 0.0, 1000.0, 'Advance')$$,
    'it stands on no invoice line, and without tax');
SELECT results_eq('SELECT contract_line_id, amount FROM billing.invoice_line WHERE invoice_id = invoice(10)',
    'VALUES (10::bigint, 0.0)', 'the lines of the contract are there, empty');
SELECT throws_ok($$UPDATE billing.retainer SET amount = 5 WHERE retainer_id = 1$$, 'ZB022', NULL,
    'its amount is fixed now');
SELECT throws_ok($$DELETE FROM billing.retainer WHERE retainer_id = 1$$, 'ZB022', NULL, 'and it cannot be deleted');
SELECT results_eq($$SELECT reason FROM billing.mark_not_ready_to_invoice(retainers => '{1}')$$,
    $$VALUES ('it is on a draft invoice')$$, 'nor taken back');
SELECT is(available(1), 0.0, 'nothing of it is available before its invoice is confirmed');
SELECT work(101, 10);
SELECT ready(101);
SELECT results_eq(
    $$SELECT outcome::text, item_count, detail_amount FROM billing.refresh_invoices(ARRAY[invoice(10)])$$,
    $$VALUES ('changed', 1::bigint, 800.0)$$, 'work that became ready meanwhile joins it');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, invoice_line_id, quantity, amount FROM billing.remove_invoice_details(retainers => '{1}')$$,
    $$VALUES ('retainer', 1::bigint, NULL::bigint, 1.0, 1000.0)$$, 'a retainer can be removed');
SELECT is(status_of(1), 'ready_to_invoice, not_refunded', 'removed: ready');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(10)), 800.0, 'the total follows');
SELECT throws_ok($$SELECT billing.remove_invoice_details(retainers => '{1}')$$, 'ZB022', NULL,
    'what is on no draft cannot be removed');
SELECT results_eq(
    $$SELECT invoice_id = invoice(10), item_count, detail_amount FROM billing.add_to_invoice(retainers => '{1}')$$,
    'VALUES (true, 1::bigint, 1000.0)', 'and can be added again');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10)]);
SELECT is(status_of(1), 'ready_to_invoice, not_refunded', 'draft deleted: ready');
SELECT is((SELECT count(*) FROM billing.actual WHERE retainer_id = 1), 0::bigint, 'and no actual was ever written');

-- --- O-56
SELECT count(*) FROM billing.create_invoices(retainers => '{1}', invoice_date => '2026-03-31');
SELECT confirmed(invoice(10));
SELECT bag_eq('SELECT rows_of(1)',
    ARRAY['billed_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable'],
    'O-56 a billed sale, and the balance as a negative unbilled sale');
SELECT is(status_of(1), 'customer_invoice_posted, not_refunded', 'O-56 posted');
SELECT is(available(1), 1000.0, 'O-56 available');
SELECT results_eq('SELECT retainer_id, available_amount FROM billing.available_retainers_and_advances',
    'VALUES (1::bigint, 1000.0)', 'O-56 in the list of available ones');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(10)), 1000.0, 'billed');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, quantity, amount, tax, description FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)$$,
    $$VALUES ('retainer', 1::bigint, 1.0, 1000.0, 0.0, 'Advance')$$, 'a confirmed invoice still shows it');
SELECT is_empty(
    $$SELECT item_id FROM billing.backlog WHERE transaction_class = 'retainer'
      UNION ALL SELECT actual_id FROM billing.time_and_material_backlog WHERE transaction_class = 'retainer'$$,
    'the balance is in no backlog');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(
          actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE retainer_id = 1 AND transaction_type = 'unbilled_sales'))$$,
    $$VALUES ('refused', 'it is on a confirmed invoice')$$, 'and cannot be marked');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(retainers => '{1}')$$,
    $$VALUES ('refused', 'it is on a confirmed invoice')$$, 'nor can a posted retainer');
SELECT results_eq(
    $$SELECT item, status_column, from_status, to_status FROM billing.operation_change WHERE item = 'retainer' AND ids @> '{1}'
       ORDER BY change_id DESC LIMIT 3$$,
    $$VALUES ('retainer', 'retainer_status', 'customer_invoice_created', 'customer_invoice_posted'),
             ('retainer', 'retainer_status', 'ready_to_invoice', 'customer_invoice_created'),
             ('retainer', 'retainer_status', 'customer_invoice_created', 'ready_to_invoice')$$,
    'every move is in the log');
SELECT is((SELECT sum(billed_amount) + sum(committed_amount) FROM billing.contract_line_customer WHERE contract_id = 10), 0.0,
    'a retainer counts against no limit');

-- --- With a limit of zero
SELECT time_and_material(25);
UPDATE billing.contract SET nte_limit = 0 WHERE contract_id = 25;
SELECT count(*) FROM billing.generate_retainers(25, 1, 70, '{2026-01-01}');
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => ARRAY(SELECT retainer_id FROM billing.retainer WHERE contract_id = 25));
SELECT drafted(25);
SELECT confirmed(invoice(25));
SELECT results_eq('SELECT total_amount FROM billing.invoice WHERE contract_id = 25', 'VALUES (70.0)',
    'not-to-exceed limits do not stop a retainer');

-- --- Created inside a draft
SELECT time_and_material(30);
SELECT work(301, 30);
SELECT ready(301);
SELECT drafted(30);
SELECT results_eq(
    $$SELECT invoice_id = invoice(30), amount, detail_amount, total_amount FROM billing.add_invoice_retainer(invoice(30), 250, 'Next phase')$$,
    'VALUES (true, 250.0, 1850.0, 1850.0)', 'a retainer can be created on a draft');
SELECT results_eq(
    $$SELECT customer_id, description, invoice_date, retainer_status::text FROM billing.retainer WHERE contract_id = 30$$,
    $$VALUES (1::bigint, 'Next phase', '2026-03-31'::date, 'customer_invoice_created')$$, 'for its contract, customer and date');
SELECT throws_ok('SELECT billing.add_invoice_retainer(invoice(30), 0)', '22023', NULL, 'an amount of zero is refused');
SELECT throws_ok('SELECT billing.add_invoice_retainer(invoice(30), 0.005)', 'ZB010', NULL, 'half a cent, too');
SELECT throws_ok('SELECT billing.add_invoice_retainer(999, 5)', 'ZB020', NULL, 'and an unknown invoice');
SELECT throws_ok('SELECT billing.add_invoice_retainer(invoice(10), 5)', 'ZB022', NULL, 'and a confirmed one');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(30)]);
SELECT results_eq('SELECT retainer_status::text FROM billing.retainer WHERE contract_id = 30',
    $$VALUES ('ready_to_invoice')$$, 'the draft deleted, it stays on the contract, ready');

-- --- A contract without lines
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (40, 1, 1, 'Nothing sold yet', 'JPY');
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (401, 40, 1, '2026-01-01', 90000);
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{401}');
SELECT drafted(40);
SELECT confirmed(invoice(40));
SELECT results_eq('SELECT detail_amount, total_tax, total_amount FROM billing.invoice WHERE contract_id = 40',
    'VALUES (90000.0, 0.0, 90000.0)', 'a retainer can be billed before anything is sold');

-- --- Refunds
SELECT results_eq(
    $$SELECT retainer_id, contract_id, outcome::text, reason, amount FROM billing.stage_refunds('{2,1,999}')$$,
    $$VALUES (1::bigint, 10::bigint, 'changed', NULL, 1000.0), (2, 10, 'refused', 'its own invoice is not confirmed', 500),
             (999, NULL, 'refused', 'there is no retainer with this id', NULL)$$,
    'a balance is staged for refund, whole');
SELECT is(status_of(1), 'customer_invoice_posted, ready_to_refund', 'ready to refund');
SELECT results_eq($$SELECT outcome::text FROM billing.stage_refunds('{1}')$$, $$VALUES ('unchanged')$$, 'staged twice: nothing to do');
SELECT results_eq($$SELECT outcome::text, amount FROM billing.cancel_refunds('{1}')$$, $$VALUES ('changed', 1000.0)$$, 'and canceled');
SELECT is(status_of(1), 'customer_invoice_posted, not_refunded', 'blank again');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.cancel_refunds('{1,999}')$$,
    $$VALUES ('unchanged', NULL), ('refused', 'there is no retainer with this id')$$, 'canceled twice: nothing to do');
SELECT count(*) FROM billing.stage_refunds('{1}');
SELECT results_eq(
    $$SELECT customer_id, outcome::text, item_count, detail_amount FROM billing.preview_invoices(retainers => '{1}')$$,
    $$VALUES (1::bigint, 'changed', 1::bigint, -1000.0)$$, 'the next draft would pay it back');
SELECT results_eq(
    $$SELECT customer_id, outcome::text, item_count, detail_amount, total_amount
        FROM billing.create_invoices('{10}', invoice_date => '2026-04-30') ORDER BY 1$$,
    $$VALUES (1::bigint, 'changed', 2::bigint, -200.0, -200.0), (2, 'changed', 2, 1300, 1300)$$,
    'it goes on the next draft of its customer; nothing of it is applied there');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, quantity, price, amount FROM billing.invoice_line_detail
       WHERE invoice_id = invoice(10, 1) AND transaction_class = 'retainer'$$,
    $$VALUES ('refund', 1::bigint, -1.0, 1000.0, -1000.0)$$, 'the draft shows the refund');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.create_invoices(retainers => '{1}')$$,
    $$VALUES ('refused', 'retainer 1: neither ready to invoice nor ready to refund, or on an invoice')$$, 'and no other draft gets it');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10, 1), invoice(10, 2)]);
SELECT is(status_of(1), 'customer_invoice_posted, not_refunded', 'X-12 draft deleted: blank');
SELECT is(available(1), 1000.0, 'X-12 and available');
SELECT results_eq($$SELECT status_column, from_status, to_status FROM billing.operation_change WHERE item = 'retainer' AND status_column = 'refund_status' ORDER BY change_id DESC LIMIT 1$$,
    $$VALUES ('refund_status', 'ready_to_refund', 'not_refunded')$$, 'X-12 logged');

-- Nothing else on the draft.
SELECT count(*) FROM billing.stage_refunds('{1}');
SELECT count(*) FROM billing.create_invoices(retainers => '{1}', invoice_date => '2026-04-30');
SELECT results_eq(
    $$SELECT outcome::text, total_amount FROM billing.confirm_invoices(ARRAY[invoice(10)])$$,
    $$VALUES ('changed', -1000.0)$$, 'a draft may hold nothing but a refund, and its total be negative');
SELECT is(status_of(1), 'customer_invoice_posted, refunded', 'confirmed: refunded');
SELECT is(available(1), 0.0, 'nothing is available any more');
SELECT bag_eq('SELECT rows_of(1)',
    ARRAY['billed_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable',
          'unbilled_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | unadjustable',
          'billed_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable'],
    'X-19 the balance is taken back, and a negative billed sale');
SELECT is_empty('SELECT * FROM billing.available_retainers_and_advances WHERE retainer_id = 1', 'it leaves the list of available ones');
SELECT results_eq($$SELECT detail_kind::text, amount FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)$$,
    $$VALUES ('refund', -1000.0)$$, 'the confirmed invoice shows it as refund');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.stage_refunds('{1}')$$, $$VALUES ('refused', 'it was refunded')$$, 'once');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.cancel_refunds('{1}')$$, $$VALUES ('refused', 'it was refunded')$$, 'and for good');
SELECT drafted(10);
SELECT is((SELECT count(*) FROM billing.invoice_advance WHERE retainer_id = 1), 0::bigint, 'refunded ones are not applied anywhere');

-- Staged on a draft that exists.
SELECT count(*) FROM billing.stage_refunds('{401}');
SELECT count(*) FROM billing.cancel_refunds('{401}');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (40, 41, 'Licence', 'product', 1, 100);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{41}');
SELECT results_eq(
    $$SELECT detail_amount FROM billing.create_invoices('{40}')$$, 'VALUES (0.0)', 'the advance pays for the licence');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.stage_refunds('{401}')$$,
    format($$VALUES ('refused', 'draft invoice %s holds a part of it; set_advance() to 0 there, or delete the draft')$$, invoice(40)),
    'what a draft holds of a retainer keeps it from being refunded elsewhere');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.stage_refunds('{401}', invoice(10))$$,
    format($$VALUES ('refused', 'invoice %s is of another contract or customer')$$, invoice(10)), 'nor on somebody else''s draft');
SELECT throws_ok('SELECT billing.stage_refunds($${401}$$, 999)', 'ZB020', NULL, 'nor on an unknown one');
SELECT results_eq($$SELECT outcome::text, amount FROM billing.stage_refunds('{401}', invoice(40))$$,
    $$VALUES ('changed', 90000.0)$$, 'on the draft itself the refund takes the place of the advance');
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(40)', 'VALUES (-89900.0)', 'in its total');
SELECT count(*) FROM billing.cancel_refunds('{401}');
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(40)', 'VALUES (0.0)', 'canceled, it is applied again');
SELECT count(*) FROM billing.stage_refunds('{401}', invoice(40));
SELECT throws_ok('SELECT billing.set_advance(invoice(40), 401, 5)', 'ZB021', NULL, 'what is staged for refund is not applied');
SELECT confirmed(invoice(40));
SELECT is(status_of(401), 'customer_invoice_posted, refunded', 'confirmed: refunded');
SELECT throws_ok('SELECT billing.stage_refunds($${1}$$, invoice(40))', 'ZB022', NULL, 'confirmed invoices take no refunds');

-- --- Negative totals together with a new retainer
SELECT time_and_material(50);
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount)
VALUES (501, 50, 1, '2026-01-01', 300), (502, 50, 1, '2026-02-01', 100);
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{501}');
SELECT drafted(50);
SELECT confirmed(invoice(50));
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{502}'), billing.stage_refunds('{501}');
SELECT drafted(50);
SELECT results_eq('SELECT outcome::text, total_amount FROM billing.confirm_invoices(ARRAY[invoice(50)])',
    $$VALUES ('changed', -200.0)$$, 'a refund and a new retainer on one invoice');
SELECT results_eq('SELECT retainer_id, available_amount FROM billing.retainers_and_advances WHERE contract_id = 50 ORDER BY 1',
    'VALUES (501::bigint, 0.0), (502, 100)', 'each for itself');

-- --- A closed contract
SELECT time_and_material(60);
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (601, 60, 1, '2026-01-01', 10);
DELETE FROM billing.retainer WHERE retainer_id = 601;
SELECT is(status_of(601), NULL, 'a retainer not yet billed can be deleted');

SELECT ok(
    bool_and((h.advances, h.available_advances) = (
        SELECT count(*), count(*) FILTER (WHERE r.available_amount > 0)
          FROM billing.retainers_and_advances r WHERE r.contract_id = h.contract_id)),
    'the billing hub counts retainers and those of which something is left')
  FROM billing.billing_hub h;

SELECT * FROM finish();
