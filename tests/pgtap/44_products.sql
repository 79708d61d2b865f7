-- Product lines: not ready, ready, created, posted; always billed to the primary customer.
\ir fixture/base.psql
SELECT no_plan();

SELECT time_and_material(10, '{1,2}', '{50,50}');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, product_id, quantity,
                                   unit_price, tax)
VALUES (10, 11, 'Licences', 'product', 1, 3, 99.99, 75), (10, 12, 'Support', 'product', NULL, 1, 500, 0),
       (10, 13, 'Trial', 'product', NULL, 1, 0, 0);
CREATE FUNCTION status_of(line bigint) RETURNS text LANGUAGE sql AS
    'SELECT product_status::text FROM billing.contract_line WHERE contract_line_id = line';

SELECT is(status_of(11), 'not_ready_to_invoice', 'a product line starts as not ready');
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, ids
        FROM billing.mark_ready_to_invoice(products => '{11,11,13,10,999}')$$,
    $$VALUES ('product', 10::bigint, 'changed', NULL, 2::bigint, '{11,13}'::bigint[]),
             ('product', 10, 'refused', 'it is not a product line; mark its actuals or milestones', 1, '{10}'),
             ('product', NULL, 'refused', 'there is no contract line with this id', 1, '{999}')$$,
    'product lines are marked; project lines and unknown ones are refused');
SELECT is(status_of(11), 'ready_to_invoice', 'marked: ready');
SELECT results_eq(
    $$SELECT outcome::text FROM billing.mark_not_ready_to_invoice(products => '{11}')$$, $$VALUES ('changed')$$,
    'and back');
SELECT is(status_of(11), 'not_ready_to_invoice', 'not ready again');
SELECT lives_ok($$UPDATE billing.contract_line SET quantity = 4 WHERE contract_line_id = 11$$,
    'the quantity can still be changed');
SELECT throws_ok($$UPDATE billing.contract_line SET tax = 75.005 WHERE contract_line_id = 11$$, 'ZB010', NULL,
    'a tax with more decimals than the currency is refused');
SELECT throws_ok(
    $$INSERT INTO billing.contract_line (contract_id, name, billing_method, quantity, unit_price, tax)
      VALUES (10, 'Odd', 'product', 1, 1, 0.005)$$,
    'ZB010', NULL, 'on a new line, too');
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{11}');

-- --- Draft
SELECT work(101, 10);
SELECT ready(101);
SELECT bag_eq(
    $$SELECT contract_id, customer_id, outcome::text, reason, item_count, detail_amount, total_tax, total_amount
        FROM billing.create_invoices('{10}', invoice_date => '2026-03-31')$$,
    $$VALUES (10::bigint, 1::bigint, 'changed', NULL, 3::bigint, 1199.96, 75.0, 1274.96),
             (10, 2, 'changed', NULL, 1, 800, 0, 800)$$,
    'product lines go to the primary customer alone, whole');
SELECT is(status_of(11), 'customer_invoice_created', 'drafted: created');
SELECT results_eq(
    $$SELECT customer_id, contract_line_id, amount, tax FROM billing.invoice_line WHERE contract_id = 10
       ORDER BY 1, 2$$,
    $$VALUES (1::bigint, 10::bigint, 800.0, 0.0), (1, 11, 399.96, 75), (1, 13, 0, 0), (2, 10, 800, 0)$$,
    'a product line that is not ready has no invoice line');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, transaction_class::text, billing_type::text, quantity, price, amount, tax
        FROM billing.invoice_line_detail WHERE detail_kind = 'product' ORDER BY source_id$$,
    $$VALUES ('product', 11::bigint, 'material', 'chargeable', 4.0, 99.99, 399.96, 75.0),
             ('product', 13, 'material', 'chargeable', 1, 0, 0, 0)$$,
    'its detail is of class material');
SELECT throws_ok(
    $$UPDATE billing.contract_line SET quantity = 5 WHERE contract_line_id = 11$$, 'ZB022', NULL,
    'on a draft the quantity is fixed');
SELECT throws_ok(
    $$UPDATE billing.contract_line SET product_status = 'customer_invoice_posted'
       WHERE contract_line_id = 12$$, 'ZB001', NULL,
    'the status is written by billing itself');
SELECT results_eq(
    $$SELECT reason FROM billing.mark_not_ready_to_invoice(products => '{11}')$$,
    $$VALUES ('it is on a draft invoice')$$,
    'a product line on a draft cannot be taken back');

-- --- Removed from the draft: ready again, and on the next invoice
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, amount FROM billing.remove_invoice_details(products => '{11}')$$,
    $$VALUES ('product', 11::bigint, 399.96)$$, 'a product detail can be removed');
SELECT is(status_of(11), 'ready_to_invoice', 'removed: ready');
SELECT is_empty('SELECT * FROM billing.invoice_line WHERE contract_line_id = 11', 'its invoice line goes with it');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(10, 1)), 800.0,
    'and so does its amount');
SELECT count(*) FROM billing.refresh_invoices(ARRAY[invoice(10, 1)]);
SELECT is(status_of(11), 'customer_invoice_created', 'refreshed: created again');

-- --- Confirmed
SELECT results_eq(
    $$SELECT source_id, tax
        FROM billing.edit_invoice_details(products => '{11}', tax => 80)$$, 'VALUES (11::bigint, 80.0)',
    'the tax of a product line can be edited');
SELECT confirmed(invoice(10, 1));
SELECT is(status_of(11), 'customer_invoice_posted', 'confirmed: posted');
SELECT bag_eq(
    'SELECT contract_line_id || $$ $$ || fact FROM ledger WHERE contract_line_id IN (11, 12, 13)',
    ARRAY['11 billed_sales material 4 @ 99.99 = 399.96 chargeable | customer_invoice_posted | adjustable',
          '13 billed_sales material 1 @ 0 = 0 chargeable | customer_invoice_posted | adjustable'],
    'a product line becomes one billed sale of class material, nothing else');
SELECT results_eq(
    'SELECT customer_id, tax, entry_id, source_id FROM billing.actual WHERE contract_line_id = 11',
    'VALUES (1::bigint, 80.0, NULL::bigint, NULL::bigint)', 'with the edited tax, without project or source');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_not_ready_to_invoice(products => '{11}')$$,
    $$VALUES ('refused', 'it is on a confirmed invoice')$$, 'posted is the end');

SELECT * FROM finish();
