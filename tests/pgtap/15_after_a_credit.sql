-- Taking back what was billed and credited in full: the cost and the sale that the credit put back into the backlog.
\ir fixture/base.psql
SELECT no_plan();

-- Everything billed of an entry, credited in full.
CREATE PROCEDURE credited(entry bigint) LANGUAGE plpgsql AS $$
DECLARE
    billed record;
BEGIN
    FOR billed IN SELECT invoice_id, array_agg(actual_id) AS sales FROM billing.actual
                   WHERE entry_id = entry AND transaction_type = 'billed_sales' AND adjustment_status = 'adjustable'
                   GROUP BY invoice_id LOOP
        PERFORM billing.confirm_invoices(ARRAY[(
            SELECT max(r.invoice_id) FROM billing.revise_invoice(billed.invoice_id, billed.sales) AS r)]);
    END LOOP;
END $$;
CREATE FUNCTION billed(contract bigint, VARIADIC entries bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY(SELECT actual_id FROM billing.actual
                                                              WHERE entry_id = ANY (entries) AND is_open));
    SELECT drafted(contract);
    SELECT count(*) FROM billing.confirm_invoices(
        ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = contract AND number IS NULL))
$$;
CREATE FUNCTION standing(entry bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s customer %s: %s @ %s = %s %s', transaction_type, customer_id, trim_scale(quantity),
                  trim_scale(price), trim_scale(amount), billing_type)
      FROM billing.actual
     WHERE entry_id = entry AND reverses_id IS NULL AND adjustment_status = 'adjustable'
       AND (transaction_type = 'cost' OR is_open)
$$;

SELECT time_and_material(10);
SELECT time_and_material(20, '{1,2}', '{50,50}');

-- --- Credited in full
SELECT work(101, 10);
SELECT billed(10, 101);
SELECT results_eq($$SELECT reason FROM billing.cancel_approval('{101}')$$,
    $$VALUES ('a sale of the entry is on a confirmed invoice and not credited in full')$$, 'billed: refused');
CALL credited(101);
SELECT is_empty('SELECT * FROM billing.verify()', 'the credit is sound');
SELECT results_eq(
    $$SELECT transaction_type::text, quantity, amount FROM billing.cancel_approval('{101}') ORDER BY 1$$,
    $$VALUES ('cost', -8.0, -800.0), ('unbilled_sales', -8, -1600)$$,
    'O-06 after a full credit: the cost and the sale that the credit wrote');
SELECT results_eq(
    $$SELECT o.source_id IS NOT NULL, o.billing_status::text FROM billing.actual r
        JOIN billing.actual o ON o.actual_id = r.reverses_id
       WHERE r.entry_id = 101 AND r.transaction_type = 'unbilled_sales' AND r.invoice_id IS NULL$$,
    $$VALUES (true, 'canceled')$$, 'not the sale that was billed');
SELECT results_eq(
    $$SELECT transaction_type::text, sum(amount), count(*) FILTER (WHERE is_open) FROM billing.actual
       WHERE entry_id = 101 GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('billed_sales', 0.0, 0::bigint), ('cost', 0, 0), ('unbilled_sales', 0, 0)$$, 'everything nets to zero');
SELECT is_empty('SELECT * FROM billing.verify()', 'and is sound');
-- Approved, billed and credited again, and again
SELECT count(*) FROM billing.approve('{101}');
SELECT billed(10, 101);
CALL credited(101);
SELECT billed(10, 101);
SELECT results_eq($$SELECT outcome::text, reason FROM billing.recall_entries('{101}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'O-07 credited, but billed again: refused');
CALL credited(101);
SELECT results_eq($$SELECT outcome::text FROM billing.recall_entries('{101}')$$, $$VALUES ('changed')$$,
    'O-07 after a full credit the recall is allowed');
SELECT results_eq($$SELECT count(*), sum(amount) FROM billing.approve_recall('{101}')$$, 'VALUES (2::bigint, -2400.0)',
    'O-07 and granted');
SELECT is_empty('SELECT * FROM billing.verify()', 'sound after two rounds');
UPDATE billing.entry SET quantity = 4, entry_date = '2026-03-09' WHERE entry_id = 101;
SELECT approved(101);
SELECT bag_eq('SELECT * FROM standing(101)',
    ARRAY['cost customer 1: 4 @ 100 = 400 chargeable', 'unbilled_sales customer 1: 4 @ 200 = 800 chargeable'],
    'changed and approved once more');

-- --- One of two customers credited
SELECT work(201, 20, tax => 10);
SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY[(sales(201))[1]]);
SELECT drafted(20);
SELECT confirmed(invoice(20));
CALL credited(201);
SELECT billed(20, 201);
SELECT results_eq($$SELECT reason FROM billing.cancel_approval('{201}')$$,
    $$VALUES ('a sale of the entry is on a confirmed invoice and not credited in full')$$, 'the other one was not');
CALL credited(201);

-- --- Credited because the split was wrong: evaluated again, then billed anew
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 75 ELSE 25 END
 WHERE contract_line_id = 20;
SELECT count(*) FROM billing.reevaluate_work('{20}');
SELECT bag_eq('SELECT * FROM standing(201)',
    ARRAY['cost customer 1: 6 @ 100 = 600 chargeable', 'cost customer 2: 2 @ 100 = 200 chargeable',
          'unbilled_sales customer 1: 6 @ 200 = 1200 chargeable', 'unbilled_sales customer 2: 2 @ 200 = 400 chargeable'],
    'credited work is split by the percentages of today');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{20}')$$, 'once');

-- --- What was agreed on the credited invoice is not undone
SELECT work(102, 10);
SELECT ready(102);
SELECT drafted(10);
SELECT count(*) FROM billing.edit_invoice_details(sales(102), quantity => 6, tax => 7);
SELECT confirmed(invoice(10));
CALL credited(102);
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{10}')$$, 'a reduced quantity is no difference');
INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (10, 10, 2);
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 10;
SELECT bag_eq(
    $$SELECT transaction_type::text, billing_type::text, customer_id, quantity, tax FROM billing.reevaluate_work(entries => '{102}')
       WHERE reverses_id IS NULL$$,
    $$VALUES ('cost', 'chargeable', 1::bigint, 4.0, 0.0), ('cost', 'chargeable', 2, 4, 0),
             ('unbilled_sales', 'chargeable', 1, 3, 3.5), ('unbilled_sales', 'chargeable', 2, 3, 3.5),
             ('unbilled_sales', 'non_chargeable', 1, 1, 0), ('unbilled_sales', 'non_chargeable', 2, 1, 0)$$,
    'split anew: quantity and tax as agreed');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{102}')$$, 'once');
SELECT is_empty('SELECT * FROM billing.verify()', 'and sound, though the entry says otherwise');
UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 100 ELSE 0 END
 WHERE contract_line_id = 10;
SELECT count(*) FROM billing.reevaluate_work(entries => '{102}');
SELECT results_eq(
    $$SELECT transaction_type::text, billing_type::text, quantity FROM billing.cancel_approval('{102}') ORDER BY 1, 2$$,
    $$VALUES ('cost', 'chargeable', -8.0), ('unbilled_sales', 'chargeable', -6.0), ('unbilled_sales', 'non_chargeable', -2.0)$$,
    'and all of it is taken back');

SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT * FROM finish();
