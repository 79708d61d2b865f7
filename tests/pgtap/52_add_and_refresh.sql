-- add_to_invoice() and refresh_invoices(): more for a draft that exists already.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION on_invoice(entry bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT l.invoice_id FROM billing.actual a JOIN billing.invoice_line l USING (invoice_line_id)
     WHERE a.actual_id = ANY (sales(entry))
$$;

-- --- add_to_invoice(): the latest draft of the contract and customer, or a new one
SELECT time_and_material(10);
SELECT work(entry, 10) FROM generate_series(101, 106) AS entry;
SELECT ready(101, 102, 103, 104, 105, 106);
SELECT results_eq(
    $$SELECT contract_id, customer_id, invoice_id = invoice(10), outcome::text, reason, item_count, detail_amount,
             total_amount
        FROM billing.add_to_invoice(sales(101), invoice_date => '2026-03-31')$$,
    $$VALUES (10::bigint, 1::bigint, true, 'changed', NULL::text, 1::bigint, 1600.0, 1600.0)$$,
    'without draft one is made');
CREATE TABLE first_draft AS SELECT invoice(10) AS id;
SELECT results_eq(
    $$SELECT invoice_id = id, outcome::text, item_count
        FROM first_draft, billing.add_to_invoice(sales(102), invoice_date => '2026-03-31')$$,
    $$VALUES (true, 'changed', 1::bigint)$$, 'with one draft it grows');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(10)), 3200.0, 'and so does its total');
SELECT count(*) FROM billing.create_invoices(actuals => sales(103), invoice_date => '2026-03-31');
SELECT isnt(invoice(10), (SELECT id FROM first_draft), 'a second draft of the same contract');
SELECT count(*) FROM billing.add_to_invoice(sales(104), invoice_date => '2026-03-31');
SELECT is(on_invoice(104), invoice(10), 'of several drafts the latest grows');
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(10)]);
SELECT count(*) FROM billing.add_to_invoice(sales(105), invoice_date => '2026-03-31');
SELECT is(on_invoice(105), (SELECT id FROM first_draft), 'an invoice in review is no draft');
SELECT results_eq(
    'SELECT invoice_id = invoice(10), total_amount FROM billing.invoice WHERE contract_id = 10 ORDER BY invoice_id',
    'VALUES (false, 4800.0), (true, 3200.0)', 'two invoices with their items');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.add_to_invoice(sales(101), invoice_date => '2026-03-31')$$,
    $$SELECT 'refused',
             'actual ' || (sales(101))[1] || ': not ready to invoice, dated after the invoice date, or on an invoice'$$,
    'what is on an invoice cannot be added again');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.add_to_invoice(sales(106), invoice_date => '2026-03-01')$$,
    $$SELECT 'refused',
             'actual ' || (sales(106))[1] || ': not ready to invoice, dated after the invoice date, or on an invoice'$$,
    'nor what is dated after the invoice date');
SELECT throws_ok('SELECT * FROM billing.add_to_invoice()', '22023', NULL, 'add_to_invoice() wants to know what');
SELECT is_empty($$SELECT * FROM billing.add_to_invoice('{}')$$, 'adding nothing does nothing');

-- A line that the contract got after the draft is added to it.
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (10, 11, 'Licences', 'product', 1, 99);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{11}');
SELECT results_eq(
    $$SELECT invoice_id = id, outcome::text
        FROM first_draft, billing.add_to_invoice(products => '{11}', invoice_date => '2026-03-31')$$,
    $$VALUES (true, 'changed')$$, 'a product is added to the draft');
SELECT results_eq(
    $$SELECT contract_line_id, amount FROM billing.invoice_line JOIN first_draft ON invoice_id = id ORDER BY 1$$,
    'VALUES (10::bigint, 4800.0), (11, 99)', 'with an invoice line of its own');

-- --- O-46: refresh
SELECT time_and_material(20, '{1,2}', '{50,50}');
SELECT work(201, 20);
SELECT ready(201);
SELECT drafted(20);
SELECT work(202, 20);
SELECT work(203, 20);
SELECT work(204, 20, day => '2026-04-01');
SELECT work(205, 20);
SELECT ready(202, 204, 205);
SELECT count(*) FROM billing.mark_not_ready_to_invoice(sales(205));
SELECT results_eq(
    $$SELECT contract_id, customer_id, invoice_id = invoice(20), outcome::text, reason, item_count, detail_amount
        FROM billing.refresh_invoices(ARRAY[invoice(20)])$$,
    $$VALUES (20::bigint, 1::bigint, true, 'changed', NULL::text, 1::bigint, 800.0)$$,
    'O-46 refresh takes what became ready, up to the date of the invoice');
SELECT results_eq(
    $$SELECT outcome::text, reason, item_count FROM billing.refresh_invoices(ARRAY[invoice(20)])$$,
    $$VALUES ('unchanged', 'nothing to add', 0::bigint)$$, 'O-46 refreshed twice: added once');
SELECT results_eq(
    'SELECT customer_id, detail_amount FROM billing.invoice WHERE contract_id = 20
      ORDER BY 1', 'VALUES (1::bigint, 1600.0), (2, 800)',
    'O-46 only the draft asked for has grown');
SELECT results_eq(
    'SELECT count(*) FROM billing.invoice_line WHERE contract_id = 20', 'VALUES (2::bigint)',
    'O-46 and has no more lines than before');
SELECT results_eq(
    $$SELECT entry_id, customer_id, billing_status::text FROM billing.actual
       WHERE contract_id = 20 AND transaction_type = 'unbilled_sales' ORDER BY 1, 2$$,
    $$VALUES (201::bigint, 1::bigint, 'customer_invoice_created'), (201, 2, 'customer_invoice_created'),
             (202, 1, 'customer_invoice_created'), (202, 2, 'ready_to_invoice'),
             (203, 1, 'not_ready_to_invoice'), (203, 2, 'not_ready_to_invoice'),
             (204, 1, 'ready_to_invoice'), (204, 2, 'ready_to_invoice'),
             (205, 1, 'not_ready_to_invoice'), (205, 2, 'not_ready_to_invoice')$$,
    'O-46 the rest of the backlog is as it was');
-- Edits of what is already there survive.
SELECT count(*) FROM billing.edit_invoice_details(ARRAY[(sales(201))[1]], quantity => 3);
SELECT ready(203);
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(20)]);
SELECT results_eq(
    $$SELECT outcome::text, item_count FROM billing.refresh_invoices(ARRAY[invoice(20)])$$,
    $$VALUES ('changed', 1::bigint)$$,
    'an invoice in review can be refreshed');
SELECT results_eq(
    'SELECT quantity, amount FROM billing.invoice_line_detail WHERE invoice_id = invoice(20) ORDER BY quantity',
    'VALUES (3.0, 600.0), (4, 800), (4, 800)', 'edited details keep their edits');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(20)), 2200.0, 'and the total follows');

-- Two drafts of one contract and customer: the first one named takes it.
SELECT time_and_material(30);
SELECT work(301, 30);
SELECT work(302, 30);
SELECT work(303, 30);
SELECT ready(301);
SELECT drafted(30);
SELECT ready(302);
SELECT drafted(30);
SELECT ready(303);
SELECT results_eq(
    $$SELECT count(*), sum(item_count)
        FROM billing.refresh_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 30))$$,
    'VALUES (2::bigint, 1::numeric)', 'of two drafts refreshed together one takes the item');
SELECT is((SELECT sum(total_amount) FROM billing.invoice WHERE contract_id = 30), 4800.0, 'which is billed once');

-- --- pending_transactions: what a draft could still take
SELECT fixed_price(40);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
VALUES (40, 401, 40, 'One', '2026-03-01', 500, 0), (40, 402, 40, 'Two', '2026-06-01', 700, 7);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (40, 41, 'Licences', 'product', 2, 30);
INSERT INTO billing.project (project_id, company_id, name) VALUES (42, 1, 'Project 42');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (40, 42, 'Hours', 'time_and_material', 42);
SELECT work(421, 42);
SELECT count(*) FROM billing.mark_ready_to_invoice(milestones => ARRAY(SELECT milestone_split_id
  FROM billing.milestone_split WHERE milestone_id = 401));
SELECT drafted(40);
SELECT results_eq(
    $$SELECT item, contract_line_id, transaction_class::text, transaction_date, amount, tax, status
        FROM billing.pending_transactions WHERE invoice_id = invoice(40) ORDER BY contract_line_id$$,
    $$VALUES ('milestone', 40::bigint, 'milestone', '2026-06-01'::date, 700.0, 7.0, 'not_ready_to_invoice'),
             ('product', 41, 'material', '2026-03-31', 60, 0, 'not_ready_to_invoice'),
             ('actual', 42, 'time', '2026-03-02', 1600, 0, 'not_ready_to_invoice')$$,
    'pending transactions are what the contract and customer could still be billed');
SELECT confirmed(invoice(40));
SELECT is_empty('SELECT * FROM billing.pending_transactions WHERE invoice_id = invoice(40)',
    'a confirmed invoice has none');

-- --- Refusals
SELECT bag_eq(
    $$SELECT invoice_id = invoice(40), outcome::text, reason
        FROM billing.refresh_invoices(ARRAY[invoice(40), 999, 999])$$,
    $$VALUES (true, 'refused', 'the invoice is confirmed; only drafts can be refreshed'),
             (false, 'refused', 'there is no invoice with this id')$$,
    'confirmed and unknown invoices are not refreshed');
SELECT throws_ok('SELECT * FROM billing.refresh_invoices(NULL)', '22023', NULL, 'refresh_invoices() needs an array');
SELECT is_empty($$SELECT * FROM billing.refresh_invoices('{}')$$, 'refreshing nothing does nothing');

SELECT * FROM finish();
