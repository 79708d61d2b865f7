SELECT v.invoice_id, v.contract_id, v.bill_to_name, v.invoice_address, v.payment_terms, v.currency, v.invoice_date, v.name,
       m.name AS company, status_label(v.project_invoice_status) AS status,
       money(v.detail_amount, 13) AS net, money(v.total_tax, 13) AS tax, money(v.total_amount, 13) AS total
  FROM invoice v
  JOIN company m USING (company_id)
  JOIN customer u USING (customer_id)
 WHERE v.name = 'Ferry timetable' AND u.name = 'Fjordlinja AS' \gset

\echo '   ' :company '                                        INVOICE (' :status ')'
\echo '   '
\echo '    Bill to  ' :bill_to_name
\echo '             ' :invoice_address
\echo '    For      ' :name '   Date' :invoice_date '   Terms' :payment_terms '   Currency' :currency
\echo

SELECT what AS "    What", dates AS "Dates", money(sum(quantity), 8) AS "Quantity", money(price, 9) AS "Price",
       CASE billing_type WHEN 'chargeable' THEN money(sum(amount)) ELSE lpad('no charge', 12) END AS "Amount",
       CASE billing_type WHEN 'chargeable' THEN money(sum(tax), 10) ELSE '' END AS "Tax"
  FROM (SELECT '    ' || coalesce(r.name || ', ' || lower(o.name), g.name, 'Hosting') AS what, d.transaction_class, d.billing_type,
               CASE WHEN d.transaction_class <> 'expense' THEN d.price END AS price, d.quantity, d.amount, d.tax,
               to_char(min(d.transaction_date) OVER w, 'DD Mon') || ' - ' || to_char(max(d.transaction_date) OVER w, 'DD Mon') AS dates
          FROM invoice_line_detail d
          LEFT JOIN resource r ON r.resource_id = d.resource_id AND d.transaction_class = 'time'
          LEFT JOIN role o USING (role_id)
          LEFT JOIN category g USING (category_id)
         WHERE d.invoice_id = :invoice_id
        WINDOW w AS (PARTITION BY d.transaction_class, d.billing_type, r.resource_id, d.role_id, g.category_id)) d
 GROUP BY transaction_class, what, dates, price, billing_type
 ORDER BY transaction_class, billing_type, what;

\echo '                                                                   Net  ' :net :currency
\echo '                                                                   Tax  ' :tax :currency
\echo '                                                                   Total' :total :currency
\echo
\echo '    Its latest details, as they are enclosed with the invoice:'
\echo

SELECT '    ' || d.transaction_date AS "    Date", coalesce(r.name, '') AS "Person", d.external_description AS "Work",
       money(d.quantity, 6) AS "Hours", money(d.price, 9) AS "Rate", money(d.amount, 9) AS "Amount", money(d.tax, 8) AS "Tax"
  FROM invoice_line_detail d
  LEFT JOIN resource r USING (resource_id)
 WHERE d.invoice_id = :invoice_id AND d.transaction_class = 'time' AND d.billing_type = 'chargeable'
 ORDER BY d.transaction_date DESC, r.name, d.source_id
 LIMIT 4;
SELECT require(v.detail_amount = sum(d.amount) AND v.total_tax = sum(d.tax), 'the total is the sum of the details')
  FROM invoice v JOIN invoice_line_detail d USING (contract_id, invoice_id)
 WHERE v.invoice_id = :invoice_id AND d.billing_type = 'chargeable'
 GROUP BY v.detail_amount, v.total_tax \g /dev/null
