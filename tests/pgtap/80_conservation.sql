-- What must hold whatever happens: random contracts, work, edits, confirmations and deletions; then the invariants.
\ir fixture/base.psql
SELECT no_plan();
SELECT setseed(0.4711);

-- 30 contracts with one to four customers at odd percentages, in four currencies. Every third has limits that some of
-- its work will break.
CREATE TABLE chosen AS
SELECT n AS id, 1 + n % 4 AS customers, (ARRAY['USD', 'JPY', 'KWD', 'NOK'])[1 + n % 3] AS currency,
       CASE WHEN n % 4 > 0 THEN floor(random() * 3000)::numeric / 100 ELSE 0 END AS second,
       CASE WHEN n % 4 > 1 THEN floor(random() * 300000)::numeric / 10000 ELSE 0 END AS third,
       CASE WHEN n % 4 > 2 THEN floor(random() * 30)::numeric ELSE 0 END AS fourth
  FROM generate_series(101, 130) AS n;
SELECT count(time_and_material(id, (ARRAY[1, 2, 3, 4])[:customers],
                               (ARRAY[100 - second - third - fourth, second, third, fourth])[:customers],
                               currency)::text)
  FROM chosen;
UPDATE billing.contract SET nte_limit = 30000 WHERE contract_id % 3 = 0 AND kind = 'customer';
UPDATE billing.contract_line SET nte_limit = 25000 WHERE contract_id % 3 = 0;
UPDATE billing.contract_customer SET nte_limit = 8000 WHERE contract_id % 3 = 0 AND customer_id = 2;

-- 900 entries of all classes: some negative, some with another billable quantity, some complimentary.
INSERT INTO billing.entry (entry_id, project_id, resource_id, category_id, transaction_class, entry_date, quantity,
                           cost_price, sales_price, tax)
SELECT n, 101 + n % 30, 1, 1, (ARRAY['time', 'time', 'expense', 'material', 'fee'])[1 + n % 5], '2026-03-02',
       CASE WHEN random() < 0.1 THEN -1 ELSE 1 END * (1 + floor(random() * 4000)::numeric) / 100,
       floor(random() * 1000000) / 10000, floor(random() * 3000000) / 10000, floor(random() * 100)
  FROM generate_series(1, 900) AS n;
UPDATE billing.entry SET billable_quantity = quantity / 2 WHERE random() < 0.2;
UPDATE billing.entry SET billable_quantity = quantity * 2 WHERE random() < 0.1;
UPDATE billing.entry SET billing_type = 'complimentary' WHERE random() < 0.1;
SELECT approved(VARIADIC ARRAY(SELECT entry_id FROM billing.entry ORDER BY entry_id));

-- A round: something is marked, drafted, edited; then some drafts are deleted, others confirmed.
CREATE FUNCTION some_details() RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(source_id) FROM billing.draft_detail
     WHERE detail_kind = 'actual' AND quantity > 0 AND random() < 0.1
$$;
CREATE FUNCTION some_drafts(share float) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(invoice_id ORDER BY invoice_id) FROM billing.invoice
     WHERE project_invoice_status = 'draft' AND random() < share
$$;
CREATE FUNCTION a_round() RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.mark_ready_to_invoice(
        ARRAY(SELECT actual_id FROM billing.time_and_material_backlog WHERE random() < 0.5 ORDER BY actual_id));
    SELECT count(*) FROM billing.create_invoices(invoice_date => '2026-03-31');
    SELECT count(*) FROM billing.edit_invoice_details(some_details(), quantity => 0.37);
    SELECT count(*) FROM billing.edit_invoice_details(some_details(), quantity => 55, tax => 5);
    SELECT count(*) FROM billing.edit_invoice_details(some_details(), price => 33.3333);
    SELECT count(*) FROM billing.edit_invoice_details(some_details(), billing_type => 'non_chargeable');
    SELECT count(*) FROM billing.delete_invoices(some_drafts(0.3));
    SELECT count(*) FROM billing.confirm_invoices(some_drafts(0.7))
$$;
SELECT a_round();
SELECT a_round();
SELECT a_round();
-- For this file's own queries: without statistics some take minutes.
ANALYZE;

SELECT results_eq(
    $$SELECT count(*) FILTER (WHERE transaction_type = 'billed_sales') > 300,
             count(*) FILTER (WHERE adjustment_status = 'adjusted') > 50,
             count(*) FILTER (WHERE billing_status = 'ready_to_invoice') > 20,
             count(*) FILTER (WHERE billing_status = 'customer_invoice_created') > 20,
             count(*) FILTER (WHERE nte_status = 'committed') > 50,
             count(*) FILTER (WHERE nte_status = 'failed') > 50
        FROM billing.actual$$,
    'VALUES (true, true, true, true, true, true)', 'there is something of everything');

-- --- Approval
SELECT is_empty(
    $$SELECT e.entry_id FROM billing.entry e
       WHERE e.quantity <> (SELECT sum(a.quantity) FROM billing.actual a
                             WHERE a.entry_id = e.entry_id AND a.transaction_type = 'cost')$$,
    'the costs of the customers add up to what was worked');
SELECT is_empty(
    $$SELECT e.entry_id
        FROM billing.entry e
        JOIN billing.contract c ON c.contract_id = e.project_id
       CROSS JOIN LATERAL (SELECT CASE WHEN abs(e.billable_quantity) > abs(e.quantity) AND e.billing_type IS NULL
                                       THEN e.billable_quantity ELSE e.quantity END AS quantity,
                                  CASE WHEN e.billing_type IS NULL THEN e.tax ELSE 0 END AS tax) w
       CROSS JOIN LATERAL (SELECT sum(quantity) AS quantity, sum(amount) AS amount, sum(tax) AS tax
                             FROM billing.actual a WHERE a.actual_id = ANY (sales(e.entry_id))) s
       WHERE s.quantity <> w.quantity OR s.tax <> w.tax
          OR abs(s.amount - w.quantity * e.sales_price) > 1.0 / 10 ^ billing.currency_scale(c.currency)$$,
    'the sales of the customers add up to what was approved, tax included');

-- --- Confirmation
SELECT is_empty(
    $$SELECT o.actual_id
        FROM billing.actual o
        LEFT JOIN billing.actual r ON r.reverses_id = o.actual_id AND r.contract_id = o.contract_id
       WHERE o.transaction_type = 'unbilled_sales' AND o.reverses_id IS NULL
         AND CASE WHEN o.billing_status IN ('customer_invoice_posted', 'canceled')
                  THEN (r.quantity, r.price, r.amount, r.tax, r.customer_id, r.adjustment_status)
                       IS DISTINCT FROM (-o.quantity, o.price, -o.amount, -o.tax, o.customer_id, 'unadjustable')
                  ELSE r.actual_id IS NOT NULL END$$,
    'every sale that was billed or superseded has one reversal that mirrors it, no other has one');
SELECT is_empty(
    $$SELECT b.actual_id
        FROM billing.actual b
        LEFT JOIN billing.actual s ON s.actual_id = b.source_id AND s.contract_id = b.contract_id
       WHERE b.transaction_type = 'billed_sales'
         AND (s.transaction_type, s.billing_status, s.customer_id, s.quantity, s.price, s.amount, s.billing_type)
             IS DISTINCT FROM ('unbilled_sales', 'customer_invoice_posted', b.customer_id, b.quantity, b.price,
                               b.amount, b.billing_type)$$,
    'every billed sale bills one unbilled sale of the same quantity, price, amount and type');
SELECT is_empty(
    $$SELECT entry_id, customer_id FROM billing.actual
       WHERE entry_id IS NOT NULL AND transaction_type = 'unbilled_sales' AND NOT is_open
       GROUP BY entry_id, customer_id HAVING sum(quantity) <> 0 OR sum(amount) <> 0$$,
    'closed unbilled sales of an entry and customer sum to zero');
SELECT is_empty(
    $$SELECT v.invoice_id
        FROM billing.invoice v
       CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(tax), 0) AS tax
                             FROM billing.actual a
                            WHERE a.invoice_id = v.invoice_id AND a.transaction_type = 'billed_sales'
                              AND a.billing_type = 'chargeable') b
       WHERE v.project_invoice_status = 'confirmed'
         AND (v.detail_amount, v.total_tax, v.total_amount) IS DISTINCT FROM (b.amount, b.tax, b.amount + b.tax)$$,
    'what a confirmed invoice totals is what it billed');
SELECT is_empty(
    $$SELECT v.invoice_id
        FROM billing.invoice v
       CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(tax), 0) AS tax
                             FROM billing.invoice_line_detail d
                            WHERE d.invoice_id = v.invoice_id AND d.billing_type = 'chargeable') d
       WHERE (v.detail_amount, v.total_tax) IS DISTINCT FROM (d.amount, d.tax)$$,
    'the totals of every invoice are those of its details, draft or confirmed');
SELECT results_eq(
    'SELECT array_agg(number ORDER BY number) FROM billing.invoice WHERE number IS NOT NULL',
    $$SELECT array_agg(n) FROM generate_series(1, (SELECT count(*) FROM billing.invoice
                                                    WHERE project_invoice_status = 'confirmed')) AS n$$,
    'the numbers have no gap');

-- --- Money and limits
SELECT is_empty(
    $$SELECT a.actual_id FROM billing.actual a JOIN billing.contract c USING (contract_id)
       WHERE a.transaction_type <> 'cost'
         AND greatest(scale(trim_scale(a.amount)), scale(trim_scale(a.tax))) > billing.currency_scale(c.currency)$$,
    'no sales amount has more decimals than its currency');
SELECT is_empty(
    $$SELECT c.contract_id, u.customer_id
        FROM billing.contract c
        JOIN billing.contract_line l USING (contract_id)
        JOIN billing.contract_customer u USING (contract_id)
       CROSS JOIN LATERAL (SELECT sum(t.committed_amount + t.billed_amount) AS line,
                                  sum(t.committed_amount + t.billed_amount)
                                      FILTER (WHERE t.customer_id = u.customer_id) AS customer
                             FROM billing.contract_line_customer t WHERE t.contract_id = l.contract_id) t
       WHERE t.line > least(l.nte_limit, c.nte_limit) OR t.customer > u.nte_limit$$,
    'no limit is exceeded by what is committed or billed');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

SELECT * FROM finish();
