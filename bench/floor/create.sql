BEGIN;
INSERT INTO floor.invoice (contract_id, customer_id, company_id, operation_id, invoice_date, currency, name)
SELECT DISTINCT s.contract_id, s.customer_id, c.company_id, 1, current_date, c.currency, c.name
  FROM floor.share s JOIN billing.contract c USING (contract_id)
 ORDER BY 1, 2;
INSERT INTO floor.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
SELECT v.contract_id, v.invoice_id, s.contract_line_id, v.customer_id, v.name
  FROM floor.invoice v JOIN floor.share s USING (contract_id, customer_id);
UPDATE floor.actual a SET billing_status = 'customer_invoice_created', invoice_line_id = l.invoice_line_id
  FROM floor.invoice_line l
 WHERE a.contract_id = l.contract_id AND a.contract_line_id = l.contract_line_id AND a.customer_id = l.customer_id
   AND a.is_open AND a.billing_status = 'ready_to_invoice';
COMMIT;
