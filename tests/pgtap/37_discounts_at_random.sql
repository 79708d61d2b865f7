-- What must hold of discounts and fees whatever happens: random percentages and prices, edits, corrections, work taken
-- back and evaluated again.
\ir fixture/base.psql
SELECT no_plan();
SELECT setseed(0.4949);

-- A dozen contracts in three currencies, half of the work so cheap that rounding decides.
CREATE TABLE chosen AS
SELECT n AS id, 1 + n % 3 AS customers, (ARRAY['USD', 'JPY', 'KWD'])[1 + n % 2 + (n / 2) % 2] AS currency
  FROM generate_series(101, 112) AS n;
SELECT count(time_and_material(id, (ARRAY[1, 2, 3])[:customers],
             CASE customers WHEN 1 THEN '{100}' WHEN 2 THEN '{66.67,33.33}' ELSE '{33.34,33.33,33.33}' END::numeric[], currency)::text)
  FROM chosen;
CREATE FUNCTION other_terms(share float) RETURNS void LANGUAGE sql AS $$
    UPDATE billing.contract_line
       SET discount_percent = CASE WHEN random() < 0.2 THEN 0 WHEN random() < 0.1 THEN 100 ELSE floor(random() * 400000) / 10000 END,
           fee_percent = CASE WHEN random() < 0.3 THEN 0 WHEN random() < 0.1 THEN 250 ELSE floor(random() * 2000) / 100 END
     WHERE random() < share AND contract_line_id <> 101
$$;
SELECT other_terms(1);
UPDATE billing.contract SET nte_limit = 20000 WHERE contract_id % 4 = 0 AND kind = 'customer';
INSERT INTO billing.entry (entry_id, project_id, resource_id, category_id, transaction_class, entry_date, quantity,
                           billable_quantity, billing_type, cost_price, sales_price, tax)
SELECT e.n, 101 + e.n % 12, 1, 1, (ARRAY['time', 'expense', 'material', 'fee'])[1 + e.n % 4], '2026-03-02', e.quantity,
       CASE WHEN random() < 0.2 THEN round(e.quantity / 2, 2) END, CASE WHEN random() < 0.1 THEN 'complimentary' END::billing.billing_type,
       1, CASE WHEN e.n % 2 = 0 THEN floor(random() * 5000) / 10000 ELSE floor(random() * 3000000) / 10000 END, floor(random() * 9)
  FROM (SELECT n, CASE WHEN random() < 0.15 THEN -1 ELSE 1 END * (1 + floor(random() * 2000)::numeric) / 100 AS quantity
          FROM generate_series(1, 400) AS n) e;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));

CREATE FUNCTION some_details(kinds billing.detail_kind[], share float) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(CASE detail_kind WHEN 'actual' THEN source_id ELSE detail_id END), '{}') FROM billing.draft_detail
     WHERE detail_kind = ANY (kinds) AND source_quantity > 0 AND random() < share
$$;
CREATE FUNCTION a_round() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    invoice bigint;
    detail bigint;
BEGIN
    PERFORM billing.submit(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status IN ('returned', 'rejected')));
    PERFORM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'submitted' AND random() < 0.8), return_actuals => false);
    PERFORM billing.mark_ready_to_invoice(ARRAY(SELECT actual_id FROM billing.time_and_material_backlog WHERE random() < 0.5));
    PERFORM billing.create_invoices(invoice_date => '2026-03-31');
    PERFORM billing.edit_invoice_details(some_details('{actual}', 0.15), quantity => 0.37);
    PERFORM billing.edit_invoice_details(some_details('{actual}', 0.1), price => 33.3333);
    PERFORM billing.edit_invoice_details(some_details('{actual}', 0.1), billing_type => 'non_chargeable');
    PERFORM billing.edit_invoice_details(some_details('{actual}', 0.05), billing_type => 'chargeable');
    FOR invoice IN SELECT invoice_id FROM billing.invoice WHERE number IS NOT NULL AND random() < 0.4 LOOP
        PERFORM billing.revise_invoice(invoice, ARRAY(SELECT billed_sale_id FROM billing.invoice_line_detail
                                                       WHERE invoice_id = invoice AND billed_sale_id IS NOT NULL AND random() < 0.5));
    END LOOP;
    PERFORM billing.edit_invoice_details(details => some_details('{correction}', 0.4), quantity => 0.5);
    PERFORM billing.edit_invoice_details(details => some_details('{correction}', 0.1), quantity => 2, price => 50);
    FOR detail IN SELECT detail_id FROM billing.draft_detail
                   WHERE detail_kind = 'correction' AND abs(source_quantity) > 0.02 AND random() < 0.3 LOOP
        PERFORM billing.edit_invoice_details(details => ARRAY[detail],
                    quantity => (SELECT source_quantity - 0.01 * sign(source_quantity) FROM billing.draft_detail WHERE detail_id = detail));
    END LOOP;
    PERFORM billing.delete_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE number IS NULL AND random() < 0.2));
    PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE number IS NULL AND random() < 0.8));
    PERFORM other_terms(0.4);
    PERFORM billing.cancel_approval(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'approved' AND random() < 0.2));
    PERFORM billing.reevaluate_work(ARRAY(SELECT id FROM chosen WHERE random() < 0.6));
END $$;
SELECT a_round();
SELECT a_round();
SELECT a_round();
SELECT a_round();
-- For this file's own queries.
ANALYZE;
SELECT results_eq(
    $$SELECT count(*) > 500, count(*) FILTER (WHERE transaction_type = 'billed_sales') > 100, count(DISTINCT discount_percent) > 10,
             count(*) FILTER (WHERE transaction_type = 'billed_sales' AND reverses_id IS NOT NULL) > 20,
             count(*) FILTER (WHERE abs(base_amount) < 0.1 AND base_amount <> 0) > 50,
             count(*) FILTER (WHERE discount_amount = base_amount AND base_amount <> 0) > 0
        FROM billing.discounts_and_fees$$,
    'VALUES (true, true, true, true, true, true)', 'there is something of everything');
SELECT is_empty('SELECT * FROM billing.verify()', 'sound after four rounds');
SELECT is_empty(
    $$SELECT v.invoice_id FROM billing.invoice v
        LEFT JOIN billing.invoice_line_detail d ON d.invoice_id = v.invoice_id AND d.contract_id = v.contract_id
              AND d.billing_type = 'chargeable'
       GROUP BY v.invoice_id, v.contract_id, v.total_amount
      HAVING v.total_amount <> coalesce(sum(d.base_amount - d.discount_amount + d.fee_amount + d.tax), 0)$$,
    'invoices total what their details show');
SELECT is_empty(
    $$SELECT contract_line_id, customer_id FROM billing.discounts_and_fees
       GROUP BY contract_id, contract_line_id, customer_id
      HAVING coalesce(sum(discount_amount) FILTER (WHERE transaction_type = 'unbilled_sales'), 0)
             <> coalesce((SELECT sum(b.discount_amount) FROM billing.time_and_material_backlog b
                           WHERE b.contract_line_id = discounts_and_fees.contract_line_id
                             AND b.customer_id = discounts_and_fees.customer_id), 0)
                + coalesce((SELECT sum(d.source_discount_amount) FROM billing.draft_detail d
                             WHERE d.contract_line_id = discounts_and_fees.contract_line_id AND d.detail_kind = 'actual'
                               AND d.customer_id = discounts_and_fees.customer_id), 0)$$,
    'what is unbilled has the discount of the backlog and of the drafts, everything else is reversed');
SELECT is_empty(
    $$SELECT e.entry_id FROM billing.entry e JOIN billing.discounts_and_fees a USING (entry_id)
       WHERE e.entry_status <> 'approved' GROUP BY 1 HAVING sum(a.discount_amount) <> 0 OR sum(a.fee_amount) <> 0$$,
    'what was taken back sums to zero');
SELECT is_empty(
    $$SELECT actual_id FROM billing.discounts_and_fees
       WHERE discount_amount <> 0 AND round(abs(discount_amount - base_amount * discount_percent / 100), 3)
             > 13 / 10 ^ (SELECT billing.currency_scale(currency) FROM billing.contract c WHERE c.contract_id = discounts_and_fees.contract_id)$$,
    'no discount is far from its percentage');
SELECT is_empty('SELECT actual_id FROM billing.actual WHERE contract_line_id = 101 AND discount_percent IS NOT NULL',
    'a line without percentages never has any');
-- Nothing changed any more: evaluating again writes nothing.
SELECT count(*) FROM billing.reevaluate_work(ARRAY(SELECT id FROM chosen));
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(ARRAY(SELECT id FROM chosen)) WHERE outcome = 'changed'$$,
    'evaluated twice, the second time changes nothing');

SELECT * FROM finish();
