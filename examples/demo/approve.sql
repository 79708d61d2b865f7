SELECT clock_timestamp() AS start \gset
SELECT count(*) FILTER (WHERE outcome = 'changed') AS submitted, took(:'start') AS took
  FROM submit(ARRAY(SELECT entry_id FROM entry)) \gset
\echo :submitted 'entries submitted in' :took

SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.approved AS
SELECT * FROM approve(ARRAY(SELECT entry_id FROM entry ORDER BY entry_date, entry_id));
SELECT count(DISTINCT entry_id) AS entries, count(*) AS actuals, took(:'start') AS took FROM demo.approved \gset
\echo :entries 'entries approved in one call in' :took '-' :actuals 'actuals written:'

SELECT replace(transaction_type::text, '_', ' ') AS "Actuals", replace(billing_type::text, '_', ' ') AS "Billing type",
       number(count(*)) AS "Rows", figures(sum(quantity), 10) AS "Quantity",
       figures(sum(amount) FILTER (WHERE coalesce(c.currency, 'NOK') = 'NOK' OR transaction_type = 'cost'), 14) AS "Amount NOK",
       figures(sum(amount) FILTER (WHERE c.currency = 'GBP' AND transaction_type <> 'cost'), 12) AS "Amount GBP"
  FROM demo.approved a
  LEFT JOIN contract c USING (contract_id)
 GROUP BY transaction_type, billing_type ORDER BY transaction_type, billing_type;

SELECT require(count(*) = 0, 'every entry is approved') FROM entry WHERE entry_status <> 'approved' \g /dev/null
SELECT require((SELECT sum(quantity) FROM actual WHERE transaction_type = 'cost')
               = (SELECT sum(quantity) FROM entry WHERE transaction_class <> 'fee'), 'split work adds up to the work') \g /dev/null
\echo
