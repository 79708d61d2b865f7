BEGIN;
INSERT INTO conventional.actual (contract_id, contract_line_id, customer_id, entry_id, project_id, task_id,
    resource_id, role_id, invoice_line_id, reverses_id, transaction_type, transaction_class, billing_type,
    billing_status, adjustment_status, transaction_date, quantity, price, amount, tax, currency,
    unit, description, external_description)
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, a.project_id, a.task_id, a.resource_id,
       a.role_id, d.invoice_line_id, k.reverses_id, k.type, a.transaction_class, d.billing_type,
       'customer_invoice_posted', k.adjustment, a.transaction_date, k.quantity, d.price, k.amount, k.tax,
       a.currency, a.unit, d.description, d.external_description
  FROM conventional.invoice v
  JOIN conventional.invoice_line l ON l.invoice_id = v.invoice_id
  JOIN conventional.invoice_line_detail d ON d.invoice_line_id = l.invoice_line_id
  JOIN conventional.actual a ON a.actual_id = d.actual_id
 CROSS JOIN LATERAL (VALUES (a.actual_id, 'unbilled_sales'::billing.transaction_type,
                             'unadjustable'::billing.adjustment_status, - a.quantity, - a.amount, - a.tax),
                            (NULL, 'billed_sales', 'adjustable', d.quantity, d.amount, d.tax))
            AS k (reverses_id, type, adjustment, quantity, amount, tax)
 WHERE v.status = 'draft';
UPDATE conventional.actual a SET billing_status = 'customer_invoice_posted'
  FROM conventional.invoice_line_detail d
 WHERE d.actual_id = a.actual_id AND a.billing_status = 'customer_invoice_created';
UPDATE conventional.invoice v SET status = 'confirmed', number = n.number, confirmed_at = now(),
       detail_amount = t.amount, total_tax = t.tax, total_amount = t.amount + t.tax
  FROM (SELECT invoice_id, row_number() OVER (ORDER BY invoice_id) AS number
          FROM conventional.invoice WHERE status = 'draft') n
  JOIN (SELECT invoice_id, sum(amount) AS amount, sum(tax) AS tax FROM conventional.invoice_line GROUP BY invoice_id) t
    ON t.invoice_id = n.invoice_id
 WHERE v.invoice_id = n.invoice_id;
COMMIT;
