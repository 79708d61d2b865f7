SELECT invoice_id FROM invoice v JOIN customer u USING (customer_id)
 WHERE v.name = 'Ferry timetable' AND u.name = 'Fjordlinja AS' \gset

\pset format unaligned
\pset tuples_only on
SELECT format(E'    %s%s\n    Bill to   %s\n              %s\n    For       %s     Date %s     Terms %s     Currency %s\n',
              rpad(m.name, 74), 'INVOICE (' || status_label(v.project_invoice_status) || ')', v.bill_to_name, v.invoice_address,
              v.name, v.invoice_date, v.payment_terms, v.currency)
  FROM invoice v JOIN company m USING (company_id)
 WHERE v.invoice_id = :invoice_id;
\pset format aligned
\pset tuples_only off

SELECT what AS "    Who or what", dates AS "Dates", quantity(sum(quantity), 9) AS "Quantity", figures(price, 9) AS "Price",
       CASE WHEN is_charged THEN figures(sum(amount), 12) ELSE lpad('no charge', 12) END AS "Amount",
       CASE WHEN is_charged THEN figures(sum(tax), 10) ELSE '' END AS "Tax"
  FROM (SELECT d.transaction_class, d.billing_type = 'chargeable' AS is_charged, d.quantity, d.amount, d.tax,
               CASE WHEN d.billing_type = 'chargeable' AND d.transaction_class <> 'expense' THEN d.price END AS price,
               '    ' || CASE WHEN d.billing_type = 'chargeable' THEN coalesce(r.name || ', ' || lower(o.name), g.name, 'Hosting')
                              WHEN d.billing_type = 'complimentary' THEN 'Complimentary work'
                              ELSE coalesce(o.name, g.name) END AS what,
               to_char(min(d.transaction_date) OVER w, 'DD Mon') || ' - ' || to_char(max(d.transaction_date) OVER w, 'DD Mon') AS dates
          FROM invoice_line_detail d
          LEFT JOIN resource r ON r.resource_id = d.resource_id AND d.transaction_class = 'time'
          LEFT JOIN role o ON o.role_id = coalesce(d.role_id, r.role_id)
          LEFT JOIN category g ON g.category_id = d.category_id
         WHERE d.invoice_id = :invoice_id
        WINDOW w AS (PARTITION BY d.transaction_class, d.billing_type, g.category_id,
                                  CASE WHEN d.billing_type = 'chargeable' THEN r.resource_id END)) d
 GROUP BY transaction_class, what, dates, price, is_charged
 ORDER BY is_charged DESC, transaction_class, what;

\pset format unaligned
\pset tuples_only on
SELECT format(E'    %s without tax %s %s\n    %s tax         %s\n    %s to pay      %s\n', repeat(' ', 42), figures(v.detail_amount, 14),
              v.currency, repeat(' ', 42), figures(v.total_tax, 14), repeat(' ', 42), figures(v.total_amount, 14))
  FROM invoice v WHERE v.invoice_id = :invoice_id;
\pset format aligned
\pset tuples_only off

SELECT require((v.detail_amount, v.total_tax, v.total_amount) = (sum(d.amount), sum(d.tax), sum(d.extended_amount)),
               'the totals are the sums of the details')
  FROM invoice v JOIN invoice_line_detail d USING (contract_id, invoice_id)
 WHERE v.invoice_id = :invoice_id AND d.billing_type = 'chargeable'
 GROUP BY v.contract_id, v.invoice_id \g /dev/null
