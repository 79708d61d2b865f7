BEGIN;
INSERT INTO floor.actual (contract_id, contract_line_id, customer_id, entry_id, detail_id, source_id, reverses_id, invoice_id,
    invoice_line_id, transaction_type, transaction_class, billing_type, billing_status, adjustment_status, transaction_date,
    is_open, quantity, price, amount, tax)
SELECT b.contract_id, b.contract_line_id, b.customer_id, b.entry_id, d.detail_id, k.source_id, k.reverses_id, l.invoice_id,
       k.invoice_line_id, k.type, b.transaction_class, b.billing_type, k.status, k.adjustment, b.transaction_date, k.is_open,
       k.quantity, b.price, k.amount, k.tax
  FROM floor.invoice_detail d
  JOIN floor.invoice_line l USING (invoice_line_id, contract_id)
  JOIN floor.actual b ON b.actual_id = d.actual_id AND b.contract_id = d.contract_id
 CROSS JOIN LATERAL (VALUES (NULL, b.actual_id, l.invoice_line_id, 'billed_sales'::billing.transaction_type,
                             'customer_invoice_posted'::billing.billing_status, 'unadjustable'::billing.adjustment_status, false,
                             - b.quantity, - b.amount, - b.tax),
                            (b.actual_id, NULL, NULL, 'unbilled_sales', 'not_ready_to_invoice', 'adjustable', true,
                             b.quantity, b.amount, b.tax))
            AS k (source_id, reverses_id, invoice_line_id, type, status, adjustment, is_open, quantity, amount, tax)
 WHERE d.contract_id = :contract;
UPDATE floor.actual SET adjustment_status = 'adjusted'
 WHERE adjustment_status = 'in_process' AND contract_id = :contract;
UPDATE floor.invoice SET project_invoice_status = 'confirmed', series = 'INV', number = 2, confirmed_at = now(),
       accounting_date = current_date
 WHERE has_corrections AND contract_id = :contract;
COMMIT;
