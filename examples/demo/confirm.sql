SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.confirmed AS
SELECT * FROM confirm_invoices(ARRAY(SELECT invoice_id FROM invoice WHERE project_invoice_status = 'draft' ORDER BY invoice_id));
SELECT took(:'start') AS took, count(*) AS invoices FROM demo.confirmed WHERE outcome = 'changed' \gset
SELECT count(*) AS actuals FROM actual WHERE invoice_id IS NOT NULL \gset

SELECT v.invoice_number AS "Number", c.name AS "Contract", u.name AS "Customer", v.currency AS "Cur.", figures(v.detail_amount, 13) AS "Net",
       figures(v.total_tax, 12) AS "Tax", figures(v.total_amount, 13) AS "Total"
  FROM demo.confirmed f
  JOIN invoice v USING (contract_id, invoice_id)
  JOIN contract c USING (contract_id)
  JOIN customer u ON u.customer_id = v.customer_id
 ORDER BY v.number;
\echo :invoices 'invoices confirmed in' :took '-' :actuals 'actuals written: sales billed, and unbilled sales taken back.'

SELECT require(count(*) = max(number) AND min(number) = 1, 'numbers have no gap') FROM invoice \g /dev/null
SELECT require(bool_and(outcome = 'changed'), 'every invoice is confirmed') FROM demo.confirmed \g /dev/null
\echo
