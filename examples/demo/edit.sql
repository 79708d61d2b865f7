-- The two latest details of the ferry's first invoice: fewer hours for one, a better price for the other.
SELECT invoice_id, contract_line_id, figures(v.total_amount) AS before, v.currency,
       (array_agg(d.source_id ORDER BY d.transaction_date DESC, d.source_id))[1] AS first,
       (array_agg(d.source_id ORDER BY d.transaction_date DESC, d.source_id))[2] AS second
  FROM invoice_line_detail d
  JOIN invoice v USING (contract_id, invoice_id, customer_id)
  JOIN customer u USING (customer_id)
 WHERE v.name = 'Ferry timetable' AND u.name = 'Fjordlinja AS' AND d.transaction_class = 'time' AND d.billing_type = 'chargeable'
 GROUP BY invoice_id, contract_line_id, v.total_amount, v.currency \gset

\echo 'The manager cuts one detail to half an hour, gives a discount on another, and adds a workshop by hand:'
SELECT count(*) FROM edit_invoice_details(actuals => ARRAY[:first], quantity => 0.5,
    tax => (SELECT 0.5 * price * 0.25 FROM actual WHERE actual_id = :first)) \g /dev/null
SELECT count(*) FROM edit_invoice_details(actuals => ARRAY[:second], price => 1200,
    tax => (SELECT quantity * 1200 * 0.25 FROM actual WHERE actual_id = :second)) \g /dev/null
SELECT count(*) FROM add_invoice_detail(:invoice_id, :contract_line_id, 'time', 4, 1590, tax => 1590,
                                        description => 'Workshop on board') \g /dev/null

SELECT d.description AS "Edited transaction", quantity(t.source_quantity, 6) || ' -> ' || quantity(t.quantity) AS "Hours",
       figures(t.source_price, 8) || ' -> ' || figures(t.price) AS "Rate",
       figures(t.source_amount, 8) || ' -> ' || figures(t.amount) AS "Amount",
       figures(t.source_tax, 6) || ' -> ' || figures(t.tax) AS "Tax"
  FROM edited_transactions t
  JOIN invoice_line_detail d USING (contract_id, invoice_id, detail_kind, source_id)
 WHERE t.invoice_id = :invoice_id;
SELECT figures(total_amount) AS after FROM invoice WHERE invoice_id = :invoice_id \gset
SELECT count(*) AS pending FROM pending_transactions WHERE invoice_id = :invoice_id \gset
\echo 'Total' :before '->' :after :currency '- still pending for this customer:' :pending 'transactions of December.'
\echo
