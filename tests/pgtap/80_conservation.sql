-- What must hold whatever happens: random contracts, work, edits, confirmations and deletions; then the invariants.
\ir fixture/base.psql
SELECT no_plan();
SELECT setseed(0.4711);

-- 30 contracts with one to four customers at odd percentages, in four currencies.
CREATE TABLE chosen AS
SELECT n AS id, 1 + floor(random() * 4)::int AS customers, (ARRAY['USD', 'JPY', 'KWD', 'NOK'])[1 + n % 4] AS currency,
       floor(random() * 3000)::numeric / 100 AS first, floor(random() * 300000)::numeric / 10000 AS second,
       floor(random() * 30)::numeric AS third
  FROM generate_series(101, 130) AS n;
SELECT count(time_and_material(id, (ARRAY[1, 2, 3, 4])[:customers],
                               (ARRAY[100 - CASE WHEN customers > 1 THEN first ELSE 0 END - CASE WHEN customers > 2 THEN second ELSE 0 END
                                          - CASE WHEN customers > 3 THEN third ELSE 0 END, first, second, third])[:customers], currency)::text)
  FROM chosen;
INSERT INTO billing.entry (entry_id, project_id, resource_id, category_id, transaction_class, entry_date, quantity, billable_quantity,
                           cost_price, sales_price, tax, billing_type)
SELECT e.n, 101 + e.n % 30, 1, 1, (ARRAY['time', 'time', 'expense', 'material', 'fee'])[1 + e.n % 5], '2026-03-02', e.quantity,
       CASE WHEN random() < 0.2 THEN e.quantity / 2 WHEN random() < 0.1 THEN e.quantity * 2 END, floor(random() * 1000000) / 10000,
       floor(random() * 3000000) / 10000, floor(random() * 100), CASE WHEN random() < 0.1 THEN 'complimentary' END
  FROM (SELECT n, (CASE WHEN random() < 0.1 THEN -1 ELSE 1 END) * (1 + floor(random() * 4000)::numeric) / 100 AS quantity
          FROM generate_series(1, 900) AS n) AS e;
SELECT approved(VARIADIC ARRAY(SELECT entry_id FROM billing.entry ORDER BY entry_id));

-- Three rounds: something is marked, drafted, edited; drafts are deleted or confirmed.
CREATE FUNCTION a_round(share float) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    drafts bigint[];
    ids bigint[];
BEGIN
    ids := ARRAY(SELECT actual_id FROM billing.time_and_material_backlog WHERE random() < share ORDER BY actual_id);
    PERFORM FROM billing.mark_ready_to_invoice(ids);
    PERFORM FROM billing.create_invoices(invoice_date => '2026-03-31');
    FOR i IN 1 .. 4 LOOP
        ids := ARRAY(SELECT source_id FROM billing.draft_detail WHERE detail_kind = 'actual' AND quantity > 0 AND random() < 0.1);
        PERFORM FROM billing.edit_invoice_details(ids, quantity => CASE i WHEN 1 THEN 0.37 WHEN 2 THEN 55 END,
            price => CASE WHEN i = 3 THEN 33.3333 END, billing_type => CASE i WHEN 4 THEN 'non_chargeable'::billing.billing_type END,
            tax => CASE WHEN i = 2 THEN 5 END);
    END LOOP;
    drafts := ARRAY(SELECT invoice_id FROM billing.invoice WHERE project_invoice_status = 'draft' AND random() < 0.3);
    PERFORM FROM billing.delete_invoices(drafts);
    drafts := ARRAY(SELECT invoice_id FROM billing.invoice WHERE project_invoice_status = 'draft' AND random() < 0.7);
    PERFORM FROM billing.confirm_invoices(drafts);
END $$;
SELECT a_round(0.6);
SELECT a_round(0.5);
SELECT a_round(0.5);

-- The ground is covered.
SELECT results_eq(
    $$SELECT count(*) > 500, count(*) FILTER (WHERE adjustment_status = 'adjusted') > 50, count(*) FILTER (WHERE billing_status = 'ready_to_invoice') > 20,
             count(*) FILTER (WHERE billing_status = 'customer_invoice_created') > 20, count(*) FILTER (WHERE transaction_type = 'billed_sales') > 300
        FROM billing.actual$$,
    'VALUES (true, true, true, true, true)', 'there is something of everything');

SELECT is_empty(
    $$SELECT e.entry_id FROM billing.entry e
       WHERE e.transaction_class <> 'fee' AND e.quantity <> (SELECT sum(quantity) FROM billing.actual a WHERE a.entry_id = e.entry_id AND a.transaction_type = 'cost')$$,
    'the costs of the customers add up to what was worked');
SELECT is_empty(
    $$SELECT e.entry_id FROM billing.entry e JOIN billing.contract c ON c.contract_id = e.project_id,
             LATERAL (SELECT sum(quantity) AS quantity, sum(amount) AS amount, sum(tax) AS tax FROM billing.actual a
                       WHERE a.entry_id = e.entry_id AND a.actual_id = ANY (sales(e.entry_id))) s
       WHERE s.quantity <> CASE WHEN e.billing_type IS NULL THEN greatest(abs(e.quantity), abs(coalesce(e.billable_quantity, e.quantity))) * sign(e.quantity) ELSE e.quantity END
          OR abs(s.amount - s.quantity * e.sales_price) > 1.0 / 10 ^ billing.currency_scale(c.currency)
          OR s.tax <> CASE WHEN e.billing_type IS NULL THEN e.tax ELSE 0 END$$,
    'the sales of the customers add up to what was approved, tax included');
SELECT is_empty(
    $$SELECT o.actual_id FROM billing.actual o LEFT JOIN billing.actual r ON r.reverses_id = o.actual_id AND r.contract_id = o.contract_id
       WHERE o.transaction_type = 'unbilled_sales' AND o.reverses_id IS NULL
         AND (o.billing_status IN ('customer_invoice_posted', 'canceled'))
             IS DISTINCT FROM (r.quantity = -o.quantity AND r.amount = -o.amount AND r.tax = -o.tax AND r.price = o.price
                               AND r.customer_id = o.customer_id AND r.adjustment_status = 'unadjustable')
         AND NOT (r.actual_id IS NULL AND o.billing_status NOT IN ('customer_invoice_posted', 'canceled'))$$,
    'every sale that was billed or superseded has one reversal that mirrors it, no other has one');
SELECT is_empty(
    $$SELECT b.actual_id FROM billing.actual b LEFT JOIN billing.actual s ON s.actual_id = b.source_id AND s.contract_id = b.contract_id
       WHERE b.transaction_type = 'billed_sales'
         AND (s.transaction_type, s.quantity, s.price, s.amount, s.billing_type, s.customer_id, s.billing_status)
             IS DISTINCT FROM ('unbilled_sales', b.quantity, b.price, b.amount, b.billing_type, b.customer_id, 'customer_invoice_posted')$$,
    'every billed sale bills one unbilled sale of the same quantity, price, amount and type');
SELECT is_empty(
    $$SELECT v.invoice_id FROM billing.invoice v,
             LATERAL (SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(tax), 0) AS tax FROM billing.actual a
                       WHERE a.invoice_id = v.invoice_id AND a.transaction_type = 'billed_sales' AND a.billing_type = 'chargeable') b
       WHERE v.project_invoice_status = 'confirmed'
         AND (v.detail_amount, v.total_tax, v.total_amount) IS DISTINCT FROM (b.amount, b.tax, b.amount + b.tax)$$,
    'what a confirmed invoice totals is what it billed');
SELECT is_empty(
    $$SELECT v.invoice_id FROM billing.invoice v,
             LATERAL (SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(tax), 0) AS tax FROM billing.invoice_line_detail d
                       WHERE d.invoice_id = v.invoice_id AND d.billing_type = 'chargeable') d
       WHERE (v.detail_amount, v.total_tax) IS DISTINCT FROM (d.amount, d.tax)$$,
    'the totals of every invoice are those of its details, draft or confirmed');
SELECT is_empty(
    $$SELECT s.entry_id FROM (SELECT entry_id, customer_id, sum(quantity) AS quantity, sum(amount) AS amount FROM billing.actual
                               WHERE entry_id IS NOT NULL AND transaction_type = 'unbilled_sales' AND NOT is_open
                               GROUP BY 1, 2) s WHERE s.quantity <> 0 OR s.amount <> 0$$,
    'closed unbilled sales of an entry and customer sum to zero');
SELECT is_empty(
    $$SELECT a.actual_id FROM billing.actual a JOIN billing.contract c USING (contract_id)
       WHERE a.transaction_type <> 'cost' AND (scale(trim_scale(a.amount)) > billing.currency_scale(c.currency) OR scale(trim_scale(a.tax)) > billing.currency_scale(c.currency))$$,
    'no sales amount has more decimals than its currency');
SELECT results_eq(
    $$SELECT array_agg(number ORDER BY number) FROM billing.invoice WHERE number IS NOT NULL$$,
    $$SELECT array_agg(n) FROM generate_series(1, (SELECT count(*) FROM billing.invoice WHERE project_invoice_status = 'confirmed')) AS n$$,
    'the numbers have no gap');
SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');

SELECT * FROM finish();
