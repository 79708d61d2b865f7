BEGIN;
INSERT INTO floor.actual (contract_id, contract_line_id, customer_id, entry_id, source_id, reverses_id, invoice_id,
    invoice_line_id, transaction_type, transaction_class, billing_type, billing_status, adjustment_status,
    transaction_date, quantity, price, amount, tax)
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, k.source_id, k.reverses_id, l.invoice_id,
       a.invoice_line_id, k.type, a.transaction_class, a.billing_type, 'customer_invoice_posted', k.adjustment,
       a.transaction_date, k.quantity, a.price, k.amount, k.tax
  FROM floor.actual a
  JOIN floor.invoice_line l USING (invoice_line_id, contract_id)
 CROSS JOIN LATERAL (VALUES (NULL, a.actual_id, 'unbilled_sales'::billing.transaction_type,
                             'unadjustable'::billing.adjustment_status, - a.quantity, - a.amount, - a.tax),
                            (a.actual_id, NULL, 'billed_sales', 'adjustable', a.quantity, a.amount, a.tax))
            AS k (source_id, reverses_id, type, adjustment, quantity, amount, tax)
 WHERE a.is_open AND a.billing_status = 'customer_invoice_created';
UPDATE floor.actual SET billing_status = 'customer_invoice_posted', is_open = false
 WHERE is_open AND billing_status = 'customer_invoice_created';
UPDATE floor.invoice v SET project_invoice_status = 'confirmed', series = 'INV', number = n.number,
       confirmed_at = now(), accounting_date = current_date
  FROM (SELECT invoice_id, row_number() OVER (ORDER BY invoice_id) AS number FROM floor.invoice) n
 WHERE v.invoice_id = n.invoice_id;
COMMIT;
