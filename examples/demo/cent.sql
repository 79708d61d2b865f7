-- A piece of work whose hours do not divide by three.
SELECT e.entry_id
  FROM entry e
  JOIN project p USING (project_id)
  JOIN actual a ON a.entry_id = e.entry_id AND a.transaction_type = 'billed_sales' AND a.billing_type = 'chargeable'
 WHERE p.name = 'Ferry timetable' AND e.transaction_class = 'time'
   AND NOT EXISTS (SELECT 1 FROM edited_transactions t JOIN actual s ON s.actual_id = t.source_id WHERE s.entry_id = e.entry_id)
 GROUP BY e.entry_id
HAVING count(DISTINCT a.quantity) > 1
 ORDER BY e.entry_date DESC, e.entry_id DESC LIMIT 1 \gset

\pset format unaligned
\pset tuples_only on
SELECT format(E'%s, %s, "%s"\n%s hours at %s = %s, tax %s\n', r.name, e.entry_date, e.description, trim_scale(e.quantity),
              figures(e.sales_price), figures(round(e.quantity * e.sales_price, 2)), figures(e.tax))
  FROM entry e JOIN resource r USING (resource_id) WHERE e.entry_id = :entry_id;
\pset format aligned
\pset tuples_only off

SELECT replace(a.transaction_type::text, '_', ' ') || CASE WHEN a.reverses_id IS NULL THEN '' ELSE ', taken back' END AS "Actual",
       u.name AS "Customer", quantity(a.quantity, 7) AS "Hours", figures(a.price, 9) AS "Price", figures(a.amount, 10) AS "Amount",
       figures(a.tax, 10) AS "Tax", coalesce(v.invoice_number, '') AS "Invoice"
  FROM actual a
  JOIN customer u ON u.customer_id = a.customer_id
  LEFT JOIN invoice v ON v.contract_id = a.contract_id AND v.invoice_id = a.invoice_id
 WHERE a.entry_id = :entry_id AND a.transaction_type <> 'cost'
 ORDER BY a.transaction_type, a.reverses_id IS NOT NULL, a.customer_id;

SELECT replace(a.transaction_type::text, '_', ' ') AS "Sum of", quantity(sum(a.quantity), 7) AS "Hours",
       figures(sum(a.amount), 10) AS "Amount", figures(sum(a.tax), 10) AS "Tax"
  FROM actual a WHERE a.entry_id = :entry_id
 GROUP BY a.transaction_type ORDER BY a.transaction_type;
SELECT require((sum(a.quantity), sum(a.amount), sum(a.tax)) = (e.quantity, round(e.quantity * e.sales_price, 2), e.tax),
               'what was billed is what was worked')
  FROM entry e JOIN actual a USING (entry_id)
 WHERE e.entry_id = :entry_id AND a.transaction_type = 'billed_sales'
 GROUP BY e.quantity, e.sales_price, e.tax \g /dev/null
