BEGIN;
INSERT INTO conventional.invoice (contract_id, customer_id, company_id, invoice_date, currency, name)
SELECT r.contract_id, r.customer_id, c.company_id, current_date, c.currency, c.name
  FROM (SELECT DISTINCT contract_id, customer_id FROM conventional.actual
         WHERE billing_status = 'ready_to_invoice' AND transaction_date <= current_date) r
  JOIN conventional.contract c ON c.contract_id = r.contract_id
 ORDER BY 1, 2;
INSERT INTO conventional.invoice_line (invoice_id, contract_line_id, name)
SELECT v.invoice_id, s.contract_line_id, v.name
  FROM conventional.invoice v JOIN conventional.share s USING (contract_id, customer_id)
 WHERE v.status = 'draft';
ANALYZE conventional.invoice, conventional.invoice_line;
INSERT INTO conventional.invoice_line_detail (invoice_line_id, actual_id, project_id, task_id, resource_id, role_id,
    transaction_class, billing_type, transaction_date, quantity, price, amount, tax, description, external_description)
SELECT l.invoice_line_id, a.actual_id, a.project_id, a.task_id, a.resource_id, a.role_id, a.transaction_class,
       a.billing_type, a.transaction_date, a.quantity, a.price, a.amount, a.tax, a.description, a.external_description
  FROM conventional.actual a
  JOIN conventional.invoice v ON v.contract_id = a.contract_id AND v.customer_id = a.customer_id AND v.status = 'draft'
  JOIN conventional.invoice_line l ON l.invoice_id = v.invoice_id AND l.contract_line_id = a.contract_line_id
 WHERE a.billing_status = 'ready_to_invoice' AND a.transaction_date <= current_date;
UPDATE conventional.actual a SET billing_status = 'customer_invoice_created', invoice_line_id = d.invoice_line_id
  FROM conventional.invoice_line_detail d
 WHERE d.actual_id = a.actual_id AND a.billing_status = 'ready_to_invoice';
UPDATE conventional.invoice_line l SET amount = t.amount, tax = t.tax
  FROM (SELECT invoice_line_id, sum(amount) AS amount, sum(tax) AS tax FROM conventional.invoice_line_detail
         WHERE billing_type = 'chargeable' GROUP BY invoice_line_id) t
 WHERE l.invoice_line_id = t.invoice_line_id;
UPDATE conventional.invoice v SET detail_amount = t.amount, total_tax = t.tax, total_amount = t.amount + t.tax
  FROM (SELECT invoice_id, sum(amount) AS amount, sum(tax) AS tax FROM conventional.invoice_line GROUP BY invoice_id) t
 WHERE v.invoice_id = t.invoice_id;
COMMIT;
