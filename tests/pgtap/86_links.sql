-- Connections and origins: what came from what, from the links of the rows themselves.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION connections(contract bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s %s %s - %s %s %s', c.event, c.record_1, coalesce(trim_scale(a.quantity)::text, ''), c.role_1,
                  c.record_2, trim_scale(b.quantity), c.role_2)
      FROM billing.transaction_connection c
      LEFT JOIN billing.actual a ON a.actual_id = c.id_1 AND c.record_1 = 'actual'
      JOIN billing.actual b ON b.actual_id = c.id_2
     WHERE c.contract_id = contract
$$;
CREATE FUNCTION origins(contract bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s -> %s %s', o.origin, CASE WHEN o.record = 'actual' THEN a.transaction_type::text ELSE o.record END,
                  trim_scale(a.quantity))
      FROM billing.transaction_origin o JOIN billing.actual a ON a.actual_id = o.record_id
     WHERE o.contract_id = contract
$$;

-- --- O-23: one entry's life. The rows of the journal lines at submission (1 connection; 2 + 2 + 1 + 2 origins) are not ours.
SELECT time_and_material(10);
SELECT entered(1, 10);
SELECT count(*) FROM billing.submit('{1}');
SELECT is_empty('SELECT connections(10) UNION ALL SELECT origins(10)', 'O-23 submission writes no journal lines');
SELECT count(*) FROM billing.approve('{1}');
SELECT bag_eq('SELECT connections(10)', $$VALUES ('approval: actual 8 unbilled_sales - actual 8 cost')$$,
    'O-23 approval: 1 connection');
SELECT bag_eq('SELECT origins(10)', $$VALUES ('entry -> unbilled_sales 8'), ('entry -> cost 8')$$, 'O-23 approval: 2 origins');
SELECT ready(1);
SELECT drafted(10);
SELECT is((SELECT count(*) FROM connections(10)), 2::bigint, 'O-23 draft: 1 more');
SELECT results_eq(
    $$SELECT record_1, id_1 = ANY (sales(1)), role_1, record_2, id_2 = ANY (sales(1)), role_2
        FROM billing.transaction_connection WHERE contract_id = 10 AND event = 'draft'$$,
    $$VALUES ('invoice_line_detail', true, 'billed_sales', 'actual', true, 'unbilled_sales')$$,
    'O-23 draft: the detail and the sale it bills');
SELECT is((SELECT count(*) FROM origins(10)), 3::bigint, 'O-23 draft: 1 more origin');
SELECT confirmed(invoice(10));
SELECT bag_eq('SELECT connections(10)',
    $$VALUES ('approval: actual 8 unbilled_sales - actual 8 cost'), ('draft: invoice_line_detail  billed_sales - actual 8 unbilled_sales'),
             ('reversal: actual -8 reversing - actual 8 original'), ('confirmation: actual 8 billed_sales - actual 8 unbilled_sales')$$,
    'O-23 confirm: 2 more, 4 of the 5');
SELECT bag_eq('SELECT origins(10)',
    $$VALUES ('entry -> unbilled_sales 8'), ('entry -> cost 8'), ('entry -> invoice_line_detail 8'),
             ('entry -> billed_sales 8'), ('invoice -> billed_sales 8'), ('invoice_line -> billed_sales 8'),
             ('invoice_line_detail -> billed_sales 8'), ('entry -> unbilled_sales -8')$$,
    'O-23 confirm: 5 more of the 7');
SELECT results_eq(
    $$SELECT o.origin, o.origin_id FROM billing.transaction_origin o JOIN billing.actual a ON a.actual_id = o.record_id
       WHERE a.contract_id = 10 AND a.transaction_type = 'billed_sales' ORDER BY 1$$,
    $$SELECT * FROM (SELECT 'entry', 1::bigint UNION ALL SELECT 'invoice', invoice(10)
        UNION ALL SELECT 'invoice_line', invoice_line_id FROM billing.invoice_line WHERE invoice_id = invoice(10)
        UNION ALL SELECT 'invoice_line_detail', source_id FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)) v
       ORDER BY 1$$,
    'O-23 the origins of the billed sale by id');

-- O-23 goes on: a draft correction, confirmed as a full credit.
SELECT count(*) FROM billing.revise_invoice(invoice(10));
SELECT bag_eq($$SELECT event, role_1, role_2 FROM billing.transaction_connection WHERE contract_id = 10 AND role_1 = 'replacing'$$,
    $$VALUES ('draft correction', 'replacing', 'original')$$, 'O-23 draft correction: 1 more');
SELECT confirmed(invoice(10));
SELECT is((SELECT count(*) FROM connections(10)), 7::bigint, 'O-23 confirmed full credit: 2 more, 7 of the 8');
SELECT results_eq(
    $$SELECT c.event, c.role_1, b.transaction_type::text, c.role_2 FROM billing.transaction_connection c
        JOIN billing.actual b ON b.actual_id = c.id_2
       WHERE c.contract_id = 10 AND c.record_1 = 'actual' AND b.transaction_type = 'billed_sales' ORDER BY 1$$,
    $$VALUES ('replacement', 'replacing', 'billed_sales', 'original'), ('reversal', 'reversing', 'billed_sales', 'original')$$,
    'O-23 the credit and the open sale belong to the billed sale');
SELECT results_eq(
    $$SELECT a.transaction_type::text, count(*) FROM billing.transaction_origin o
        JOIN billing.actual a ON a.actual_id = o.record_id AND o.record = 'actual'
       WHERE a.contract_id = 10 AND a.invoice_id = invoice(10) GROUP BY 1 ORDER BY 1 DESC$$,
    $$VALUES ('unbilled_sales', 7::bigint), ('billed_sales', 4)$$,
    'O-23 origins without journal lines: 4 of the 5 of the credit, 7 of the 8 of the open sale');

-- An edited detail: the parts replace the original and are billed.
SELECT time_and_material(20);
SELECT work(2, 20);
SELECT ready(2);
SELECT drafted(20);
SELECT count(*) FROM billing.edit_invoice_details(sales(2), quantity => 6);
SELECT confirmed(invoice(20));
SELECT bag_eq('SELECT connections(20)',
    $$VALUES ('approval: actual 8 unbilled_sales - actual 8 cost'), ('draft: invoice_line_detail  billed_sales - actual 8 unbilled_sales'),
             ('reversal: actual -8 reversing - actual 8 original'),
             ('replacement: actual 6 replacing - actual 8 original'), ('replacement: actual 2 replacing - actual 8 original'),
             ('reversal: actual -6 reversing - actual 6 original'), ('reversal: actual -2 reversing - actual 2 original'),
             ('confirmation: actual 6 billed_sales - actual 6 unbilled_sales'),
             ('confirmation: actual 2 billed_sales - actual 2 unbilled_sales')$$,
    'O-12 edited: replacements and their reversals are connected, too');

-- Several customers: each sale belongs to the cost of its own customer.
SELECT time_and_material(30, '{1,2}', '{60,40}');
SELECT work(3, 30);
SELECT bag_eq(
    $$SELECT a.customer_id, k.customer_id AS of_cost, event FROM billing.transaction_connection c
        JOIN billing.actual a ON a.actual_id = c.id_1 JOIN billing.actual k ON k.actual_id = c.id_2 WHERE c.contract_id = 30$$,
    $$VALUES (1::bigint, 1::bigint, 'approval'), (2, 2, 'approval')$$, 'split: customer by customer');

-- Milestone, product, manual detail.
SELECT fixed_price(40);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (40, 40, 40, 'Done', '2026-03-01', 1000);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, product_id, quantity, unit_price)
VALUES (40, 41, 'Licence', 'product', 1, 1, 50);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{40}');
SELECT drafted(40);
SELECT count(*) FROM billing.add_invoice_detail(invoice(40), 40, 'fee', 1, 25);
SELECT confirmed(invoice(40));
SELECT bag_eq(
    $$SELECT a.amount, o.origin FROM billing.transaction_origin o JOIN billing.actual a ON a.actual_id = o.record_id
       WHERE o.contract_id = 40$$,
    $$VALUES (1000.0, 'milestone_split'), (1000, 'invoice'), (1000, 'invoice_line'), (1000, 'invoice_line_detail'),
             (50, 'contract_line'), (50, 'invoice'), (50, 'invoice_line'), (50, 'invoice_line_detail'),
             (25, 'invoice'), (25, 'invoice_line'), (25, 'invoice_line_detail')$$,
    'milestone share, product line and manual detail are origins');
SELECT bag_eq(
    $$SELECT DISTINCT o.origin_id FROM billing.transaction_origin o WHERE o.contract_id = 40 AND o.origin = 'invoice_line_detail'$$,
    'SELECT source_id FROM billing.invoice_line_detail WHERE contract_id = 40', 'details go by the ids of invoice_line_detail');

-- Every actual has an origin, and each link ends at a row.
SELECT is_empty(
    $$SELECT actual_id FROM billing.actual a WHERE NOT EXISTS
        (SELECT FROM billing.transaction_origin o WHERE o.record = 'actual' AND o.record_id = a.actual_id)$$,
    'every actual comes from somewhere');
SELECT is_empty(
    $$SELECT * FROM billing.transaction_connection c
       WHERE (c.record_1 = 'actual' AND NOT EXISTS (SELECT FROM billing.actual a WHERE a.actual_id = c.id_1 AND a.contract_id = c.contract_id))
          OR NOT EXISTS (SELECT FROM billing.actual a WHERE a.actual_id = c.id_2 AND a.contract_id = c.contract_id)$$,
    'every connection joins two records');
SELECT is_empty('SELECT origin, origin_id, record, record_id FROM billing.transaction_origin GROUP BY 1, 2, 3, 4 HAVING count(*) > 1',
    'no origin twice');
SELECT * FROM finish();
