BEGIN;
INSERT INTO floor.invoice (contract_id, customer_id, company_id, operation_id, has_corrections, invoice_date, currency, name)
SELECT contract_id, customer_id, company_id, 1, true, current_date, currency, name
  FROM floor.invoice WHERE contract_id = :contract;
INSERT INTO floor.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, amount, tax, name)
SELECT l.contract_id, v.invoice_id, l.contract_line_id, l.customer_id, - l.amount, - l.tax, l.name
  FROM floor.invoice_line l JOIN floor.invoice v USING (contract_id)
 WHERE v.has_corrections AND v.contract_id = :contract;
INSERT INTO floor.invoice_detail (contract_id, invoice_line_id, detail_kind, actual_id, transaction_class, billing_type, quantity,
    price, amount, tax, transaction_date)
SELECT b.contract_id, l.invoice_line_id, 'correction', b.actual_id, b.transaction_class, b.billing_type, 0, b.price, 0, 0,
       b.transaction_date
  FROM floor.invoice v
  JOIN floor.invoice_line l USING (contract_id, invoice_id)
  JOIN floor.actual b ON b.contract_id = l.contract_id AND b.invoice_id <> v.invoice_id AND b.contract_line_id = l.contract_line_id
 WHERE v.has_corrections AND b.transaction_type = 'billed_sales' AND v.contract_id = :contract;
UPDATE floor.actual SET adjustment_status = 'in_process'
 WHERE transaction_type = 'billed_sales' AND contract_id = :contract;
COMMIT;
