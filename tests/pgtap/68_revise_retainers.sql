-- Corrective invoices take back what retainers put on an invoice: in full, one draft at a time (X-21).
\ir fixture/base.psql
SELECT no_plan();

-- A posted retainer, and the invoice that billed it.
CREATE FUNCTION advance(id bigint, contract bigint, amount numeric, customer bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, description, invoice_date, amount)
    VALUES (id, contract, customer, 'Advance ' || id, '2026-01-01', amount);
    SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => ARRAY[id]);
    SELECT count(*) FROM billing.create_invoices(retainers => ARRAY[id], invoice_date => '2026-02-01');
    SELECT confirmed(invoice_id) FROM billing.retainer WHERE retainer_id = id
$$;
CREATE VIEW state AS
SELECT r.retainer_id, r.retainer_status::text AS status, r.refund_status::text AS refund, trim_scale(r.used_amount) AS used,
       trim_scale(r.available_amount) AS available, r.invoice_id IS NOT NULL AS is_billed FROM billing.retainers_and_advances r;
CREATE FUNCTION rows_of(id bigint, from_invoice bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT l.fact FROM ledger l JOIN billing.actual a USING (actual_id, contract_id) WHERE a.retainer_id = id AND a.invoice_id = from_invoice
$$;
CREATE FUNCTION outcome(invoice bigint, sale bigint DEFAULT NULL, into_invoice bigint DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT outcome || coalesce(': ' || reason, '') FROM billing.revise_invoice(invoice, CASE WHEN sale IS NOT NULL THEN ARRAY[sale] END, into_invoice)
$$;
-- The billed sale of a retainer on an invoice.
CREATE FUNCTION sale_of(retainer bigint, invoice bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT actual_id FROM billing.actual WHERE retainer_id = retainer AND invoice_id = invoice AND transaction_type = 'billed_sales'
$$;
CREATE FUNCTION corrective(contract bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT invoice_id FROM billing.invoice WHERE contract_id = contract AND has_corrections ORDER BY invoice_id DESC LIMIT 1
$$;

-- --- X-21: a billed retainer is credited in full while nothing of it is used, and is ready again
SELECT time_and_material(10);
SELECT advance(1, 10, 1000);
CREATE TABLE first_invoice AS SELECT invoice_id AS id FROM billing.retainer WHERE retainer_id = 1;
SELECT results_eq(
    'SELECT invoice_id IS NOT NULL, detail_id, outcome::text, reason FROM billing.revise_invoice((SELECT id FROM first_invoice))',
    $$VALUES (true, NULL::bigint, 'changed', NULL::text)$$, 'X-21 a retainer goes on a corrective draft, without a detail of its own');
SELECT results_eq(
    'SELECT detail_kind::text, source_id, quantity, price, amount FROM billing.invoice_line_detail WHERE invoice_id = corrective(10)',
    $$VALUES ('retainer', 1::bigint, -1.0, 1000.0, -1000.0)$$, 'the draft shows what it takes back');
SELECT results_eq('SELECT has_corrections, detail_amount, total_amount FROM billing.invoice WHERE invoice_id = corrective(10)',
    'VALUES (true, -1000.0, -1000.0)', 'and its total');
SELECT results_eq('SELECT outcome((SELECT id FROM first_invoice))',
    format($$VALUES ('refused: invoice %s corrects it already')$$, corrective(10)), 'X-39 one open correction per billed sale');
SELECT work(101, 10);
SELECT ready(101);
SELECT results_eq($$SELECT detail_amount FROM billing.create_invoices('{10}')$$, 'VALUES (1600.0)',
    'what is being credited is not applied to anything');
SELECT throws_like(format($$SELECT billing.set_advance(%s, 1, 10)$$, invoice(10)), '%has 0 available%', 'nor by hand');
SELECT results_eq($$SELECT reason FROM billing.stage_refunds('{1}')$$,
    format($$VALUES ('draft invoice %s corrects it; confirm or delete that first')$$, corrective(10)), 'nor refunded');
SELECT count(*) FROM billing.delete_invoices(ARRAY[corrective(10)]);
SELECT results_eq('SELECT adjustment_status::text FROM billing.actual WHERE actual_id = sale_of(1, (SELECT id FROM first_invoice))',
    $$VALUES ('adjustable')$$, 'X-07 a deleted draft lets go of it');
SELECT is_empty('SELECT * FROM billing.retainer_correction', 'and leaves nothing');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10)]);

SELECT count(*) FROM billing.revise_invoice((SELECT id FROM first_invoice));
SELECT results_eq($$SELECT detail_kind::text, source_id, amount FROM billing.remove_invoice_details(retainers => '{1}')$$,
    $$VALUES ('retainer', 1::bigint, -1000.0)$$, 'it can be taken off the draft');
SELECT results_eq('SELECT has_corrections, total_amount FROM billing.invoice WHERE contract_id = 10 ORDER BY invoice_id DESC LIMIT 1',
    'VALUES (false, 0.0)', 'which corrects nothing then');
SELECT count(*) FROM billing.delete_invoices((SELECT array_agg(invoice_id) FROM billing.invoice WHERE contract_id = 10 AND number IS NULL));

SELECT count(*) FROM billing.revise_invoice((SELECT id FROM first_invoice));
SELECT confirmed(corrective(10));
SELECT bag_eq('SELECT rows_of(1, corrective(10))',
    ARRAY['billed_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | unadjustable',
          'unbilled_sales retainer 1 @ 1000 = 1000 chargeable | customer_invoice_posted | unadjustable'],
    'X-21 the billed sale and the balance are taken back');
SELECT results_eq('SELECT status, refund, used, available, is_billed FROM state WHERE retainer_id = 1',
    $$VALUES ('ready_to_invoice', 'not_refunded', 0.0, 0.0, false)$$, 'X-21 the retainer is ready again');
SELECT results_eq('SELECT detail_kind::text, amount FROM billing.invoice_line_detail WHERE invoice_id = corrective(10)',
    $$VALUES ('retainer', -1000.0)$$, 'the confirmed corrective invoice shows the credit');
SELECT results_eq('SELECT detail_kind::text, amount FROM billing.invoice_line_detail WHERE invoice_id = (SELECT id FROM first_invoice)',
    $$VALUES ('retainer', 1000.0)$$, 'and the first invoice what it always showed');
SELECT results_eq('SELECT outcome((SELECT id FROM first_invoice))',
    $$VALUES ('refused: it was corrected before; revise the invoice of the correction')$$, 'it is credited once');
SELECT results_eq('SELECT outcome(corrective(10), sale_of(1, corrective(10)))', $$VALUES ('refused: it is itself a credit')$$, 'a credit is final');
SELECT results_eq($$SELECT status_column, from_status, to_status FROM billing.operation_change
    WHERE operation_id = (SELECT max(operation_id) FROM billing.operation WHERE verb = 'confirm_invoices') AND item IN ('retainer', 'actual') ORDER BY change_id$$,
    $$VALUES ('retainer_status', 'customer_invoice_posted', 'ready_to_invoice'), ('adjustment_status', 'in_process', 'adjusted')$$, 'the log tells it');

-- What was billed stays, with its customer; but it can be billed again, also for another amount.
SELECT count(*) FROM billing.mark_not_ready_to_invoice(retainers => '{1}');
SELECT throws_ok('DELETE FROM billing.retainer WHERE retainer_id = 1', 'ZB022', 'retainer 1 can no longer be deleted', 'it has billing history');
INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (10, 2);
SELECT throws_ok('UPDATE billing.retainer SET customer_id = 2 WHERE retainer_id = 1', 'ZB022', 'retainer 1 was billed to its customer before', 'and a customer');
SELECT lives_ok('UPDATE billing.retainer SET amount = 400 WHERE retainer_id = 1', 'the amount may change');
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{1}');
SELECT count(*) FROM billing.create_invoices(retainers => '{1}');
SELECT confirmed((SELECT invoice_id FROM billing.retainer WHERE retainer_id = 1));
SELECT results_eq('SELECT status, available FROM state WHERE retainer_id = 1', $$VALUES ('customer_invoice_posted', 400.0)$$, 'and it is billed again');

-- --- X-21: an applied advance is given back; the work on the invoice is corrected or not
SELECT time_and_material(20);
SELECT advance(2, 20, 1000);
SELECT work(201, 20, 3, 200), work(202, 20, 1, 100);
SELECT ready(201, 202);
SELECT drafted(20);
CREATE TABLE worked AS SELECT invoice(20) AS id;
SELECT confirmed((SELECT id FROM worked));
SELECT results_eq('SELECT used, available FROM state WHERE retainer_id = 2', 'VALUES (700.0, 300.0)', '700 of it is used');
SELECT results_eq('SELECT outcome((SELECT invoice_id FROM billing.retainer WHERE retainer_id = 2))',
    $$VALUES ('refused: 700 of it was used; revise the invoices that used it first')$$, 'X-21 a used retainer is not credited');
SELECT results_eq('SELECT outcome FROM outcome((SELECT id FROM worked))', $$VALUES ('changed'), ('changed'), ('changed')$$, 'everything on an invoice is revised');
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = corrective(20)', 'VALUES (0.0)', 'the credit of work and advance cancel out');
SELECT results_eq($$SELECT reason FROM billing.stage_refunds('{2}')$$,
    format($$VALUES ('draft invoice %s corrects it; confirm or delete that first')$$, corrective(20)), 'the rest is not refunded meanwhile');
SELECT confirmed(corrective(20));
SELECT bag_eq('SELECT rows_of(2, corrective(20))',
    ARRAY['billed_sales retainer 1 @ 700 = 700 chargeable | customer_invoice_posted | unadjustable',
          'unbilled_sales retainer 1 @ 300 = 300 chargeable | customer_invoice_posted | unadjustable',
          'unbilled_sales retainer -1 @ 1000 = -1000 chargeable | customer_invoice_posted | adjustable'],
    'X-21 the balance row is replaced by one of rest and what came back');
SELECT results_eq('SELECT used, available FROM state WHERE retainer_id = 2', 'VALUES (0.0, 1000.0)', 'all of it is available again');
SELECT results_eq('SELECT applied_amount, credit_invoice_id = corrective(20) FROM billing.applied_advances WHERE invoice_id = (SELECT id FROM worked)',
    'VALUES (700.0, true)', 'the first invoice keeps what it applied, and says who gave it back');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{20}');
SELECT results_eq($$SELECT item_count, detail_amount FROM billing.create_invoices('{20}')$$, 'VALUES (2::bigint, 0.0)', 'the credited work can be billed again, with the advance');
SELECT confirmed(invoice(20));
SELECT results_eq('SELECT used, available FROM state WHERE retainer_id = 2', 'VALUES (700.0, 300.0)', 'which is used again');
-- Now that a draft holds the rest, and some is used, neither goes.
SELECT work(203, 20, 1, 100);
SELECT ready(203);
SELECT drafted(20);
SELECT is((SELECT held_amount FROM billing.retainers_and_advances WHERE retainer_id = 2), 100.0, 'a draft holds some');
SELECT results_eq(format('SELECT outcome(%s, sale_of(2, %1$s))', (SELECT max(invoice_id) FROM billing.invoice WHERE contract_id = 20 AND number IS NOT NULL)),
    $$VALUES ('changed')$$, 'a use is given back whatever drafts hold of the rest');
SELECT confirmed(corrective(20));
SELECT confirmed((SELECT invoice_id FROM billing.invoice WHERE contract_id = 20 AND number IS NULL));
SELECT results_eq('SELECT used, available FROM state WHERE retainer_id = 2', 'VALUES (100.0, 900.0)', 'and both add up');

-- --- X-21: a refund is taken back, the balance is there again
SELECT time_and_material(30);
SELECT advance(3, 30, 500);
SELECT work(301, 30, 1, 200);
SELECT ready(301);
SELECT drafted(30);
CREATE TABLE used_by AS SELECT invoice(30) AS id;
SELECT confirmed((SELECT id FROM used_by));
SELECT count(*) FROM billing.stage_refunds('{3}');
SELECT results_eq('SELECT outcome FROM outcome((SELECT id FROM used_by), sale_of(3, (SELECT id FROM used_by)))',
    $$VALUES ('refused: retainer 3 is staged for refund; call cancel_refunds() first')$$, 'a staged refund stands in the way');
SELECT count(*) FROM billing.create_invoices('{30}');
CREATE TABLE refunding AS SELECT invoice(30) AS id;
SELECT confirmed((SELECT id FROM refunding));
SELECT results_eq('SELECT refund, available FROM state WHERE retainer_id = 3', $$VALUES ('refunded', 0.0)$$, 'refunded');
SELECT results_eq('SELECT outcome FROM outcome((SELECT id FROM used_by), sale_of(3, (SELECT id FROM used_by)))',
    $$VALUES ('refused: retainer 3 was refunded; revise the invoice that refunded it first')$$, 'a refunded retainer takes nothing back');
SELECT count(*) FROM billing.revise_invoice((SELECT id FROM refunding));
SELECT results_eq('SELECT detail_kind::text, amount FROM billing.invoice_line_detail WHERE invoice_id = corrective(30)',
    $$VALUES ('refund', 300.0)$$, 'the money comes back');
SELECT confirmed(corrective(30));
SELECT bag_eq('SELECT rows_of(3, corrective(30))',
    ARRAY['billed_sales retainer 1 @ 300 = 300 chargeable | customer_invoice_posted | unadjustable',
          'unbilled_sales retainer -1 @ 300 = -300 chargeable | customer_invoice_posted | adjustable'], 'X-21 the balance is a row again');
SELECT results_eq('SELECT refund, used, available FROM state WHERE retainer_id = 3', $$VALUES ('not_refunded', 200.0, 300.0)$$, 'X-21 and available');
SELECT results_eq('SELECT outcome FROM outcome((SELECT id FROM used_by), sale_of(3, (SELECT id FROM used_by)))', $$VALUES ('changed')$$, 'now the use can be given back');
SELECT confirmed(corrective(30));
SELECT results_eq('SELECT outcome FROM outcome((SELECT invoice_id FROM billing.retainer WHERE retainer_id = 3))', $$VALUES ('changed')$$, 'and then the retainer be credited');
SELECT confirmed(corrective(30));
SELECT results_eq('SELECT status, used, available FROM state WHERE retainer_id = 3', $$VALUES ('ready_to_invoice', 0.0, 0.0)$$, 'down to nothing');
SELECT is((SELECT sum(amount) FROM billing.actual WHERE retainer_id = 3), 0.0, 'and the ledger with it');

-- --- Several at once, and into an existing draft
SELECT time_and_material(40);
SELECT advance(4, 40, 100), advance(5, 40, 50);
SELECT work(401, 40, 1, 120), work(402, 40, 1, 70);
SELECT ready(401);
SELECT drafted(40);
CREATE TABLE two AS SELECT invoice(40) AS id;
SELECT confirmed((SELECT id FROM two));
SELECT results_eq('SELECT retainer_id, used FROM state WHERE retainer_id IN (4, 5) ORDER BY 1', 'VALUES (4::bigint, 100.0), (5, 20.0)', 'two were used');
SELECT ready(402);
SELECT drafted(40);
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(40)', 'VALUES (40.0)', 'an ordinary draft takes an advance');
SELECT results_eq(format('SELECT outcome(%s, sale_of(4, %1$s), invoice(40))', (SELECT id FROM two)), $$VALUES ('changed')$$, 'X-39 into that draft');
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = corrective(40)', 'VALUES (170.0)', 'which takes no advance any more');
SELECT throws_like(format($$INSERT INTO billing.retainer_correction VALUES (40, %s, %s, 5, 'advance')$$, sale_of(5, (SELECT id FROM two)), corrective(40)),
    '%only by billing itself', 'claims are the engine''s');
SELECT confirmed(corrective(40));
SELECT results_eq('SELECT retainer_id, used, available FROM state WHERE retainer_id IN (4, 5) ORDER BY 1', 'VALUES (4::bigint, 0.0, 100.0), (5, 20.0, 30.0)', 'one came back');

SELECT * FROM finish();
