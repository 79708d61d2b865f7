-- The two latest details of the ferry's first invoice: fewer hours for one, a better price for the other.
SELECT invoice_id, contract_line_id, money(v.total_amount, 1) AS before, v.currency,
       (array_agg(d.source_id ORDER BY d.transaction_date DESC, d.source_id))[1] AS first,
       (array_agg(d.source_id ORDER BY d.transaction_date DESC, d.source_id))[2] AS second
  FROM invoice_line_detail d
  JOIN invoice v USING (contract_id, invoice_id, customer_id)
  JOIN customer u USING (customer_id)
 WHERE v.name = 'Ferry timetable' AND u.name = 'Fjordlinja AS' AND d.transaction_class = 'time' AND d.billing_type = 'chargeable'
 GROUP BY invoice_id, contract_line_id, v.total_amount, v.currency \gset

\echo 'The manager takes half an hour off one detail, gives a discount on another, and adds a workshop by hand.'
\echo
SELECT count(*) FROM edit_invoice_details(actuals => ARRAY[:first], quantity => 0.50) \g /dev/null
SELECT count(*) FROM edit_invoice_details(actuals => ARRAY[:second], price => 1200, tax => 300) \g /dev/null
SELECT count(*) FROM add_invoice_detail(:invoice_id, :contract_line_id, 'time', 4, 1590, tax => 1590,
                                        description => 'Workshop on board') \g /dev/null

SELECT d.description AS "Edited transaction", money(t.source_quantity, 5) || ' -> ' || money(t.quantity, 1) AS "Hours",
       money(t.source_price, 8) || ' -> ' || money(t.price, 1) AS "Rate",
       money(t.source_amount, 9) || ' -> ' || money(t.amount, 1) AS "Amount", money(t.source_tax, 7) || ' -> ' || money(t.tax, 1) AS "Tax"
  FROM edited_transactions t
  JOIN invoice_line_detail d USING (contract_id, invoice_id, detail_kind, source_id)
 WHERE t.invoice_id = :invoice_id;
SELECT money(total_amount, 1) AS after FROM invoice WHERE invoice_id = :invoice_id \gset
SELECT count(*) AS pending FROM pending_transactions WHERE invoice_id = :invoice_id \gset
\echo 'Total' :before '->' :after :currency '   Not yet on this invoice:' :pending 'transactions (December, mostly).'
