-- Adds actuals of all contracts whose name starts with "Contract other", straight into the ledger: costs and
-- unbilled sales in turn. Variables: rows; open, whether the sales are in the backlog or long since billed.

\set ON_ERROR_STOP on
CREATE TEMP TABLE payer AS
SELECT l.contract_id, l.contract_line_id, s.customer_id,
       row_number() OVER (ORDER BY l.contract_id, s.customer_id) - 1 AS place, count(*) OVER () AS places
  FROM billing.contract_line l
  JOIN billing.contract_line_customer s USING (contract_id, contract_line_id)
 WHERE l.name LIKE 'Work on project other%';
ANALYZE payer;
ALTER TABLE billing.actual DISABLE TRIGGER billing_guard_statement;
INSERT INTO billing.actual (contract_id, contract_line_id, customer_id, entry_id, transaction_type, transaction_class,
    billing_type, billing_status, transaction_date, is_open, quantity, price, amount, tax)
SELECT c.contract_id, c.contract_line_id, c.customer_id, 100000000 + n,
       CASE n % 2 WHEN 0 THEN 'cost' ELSE 'unbilled_sales' END::billing.transaction_type, 'time', 'chargeable',
       CASE WHEN :open THEN 'not_ready_to_invoice' ELSE 'customer_invoice_posted' END::billing.billing_status,
       date '2023-01-01' + (n % 360)::int, n % 2 = 1 AND :open, 1.25, 80.5, 100.63, CASE n % 2 WHEN 0 THEN 0 ELSE 20.13 END
  FROM generate_series(1::bigint, :rows) AS n
  JOIN payer c ON c.place = n / 2 % (SELECT max(places) FROM payer)
 ORDER BY n;
ALTER TABLE billing.actual ENABLE ALWAYS TRIGGER billing_guard_statement;
