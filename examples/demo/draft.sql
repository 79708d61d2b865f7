CREATE TABLE demo.preview AS
SELECT * FROM preview_invoices(invoice_date => '2025-11-30');
SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.created AS
SELECT * FROM create_invoices(invoice_date => '2025-11-30', run_key => 'November 2025');
SELECT took(:'start') AS took, count(*) AS invoices, sum(item_count) AS items FROM demo.created \gset

SELECT c.name AS "Contract", number(count(*)) AS "Drafts", number(sum(n.item_count)) AS "Items", c.currency AS "Cur.",
       figures(sum(p.total_amount), 13) AS "Preview", figures(sum(n.total_amount), 13) AS "Drafts with tax"
  FROM demo.created n
  JOIN demo.preview p USING (contract_id, customer_id)
  JOIN contract c USING (contract_id)
 GROUP BY c.contract_id
 ORDER BY c.contract_id;
\echo :invoices 'drafts, one per contract and customer, with' :items 'details in' :took
SELECT count(*) AS again FROM create_invoices(invoice_date => '2025-11-30', run_key => 'November 2025') WHERE outcome = 'unchanged' \gset
\echo 'The same call with the same run key once more:' :again 'unchanged, nothing new.'

SELECT require(count(*) = 0, 'the preview is what comes')
  FROM (SELECT contract_id, customer_id, total_amount FROM demo.preview
        EXCEPT SELECT contract_id, customer_id, total_amount FROM demo.created) d \g /dev/null
SELECT require(:again = :invoices, 'a repeated run key makes nothing new') \g /dev/null
\echo
