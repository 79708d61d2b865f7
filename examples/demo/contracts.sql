SELECT c.name AS "Contract", replace(l.billing_method::text, '_', ' ') AS "Billed by",
       coalesce(string_agg(trim_scale(k.billing_split_percent) || ' % ' || u.name, ', '
                           ORDER BY k.billing_split_percent DESC, u.name), h.name) AS "Who pays",
       CASE WHEN c.nte_limit IS NOT NULL THEN money(c.nte_limit, 1) || ' ' || c.currency || ', contract'
            WHEN count(b.nte_limit) > 0
            THEN money(max(b.nte_limit), 1) || ' ' || c.currency || ', ' || max(u.name) FILTER (WHERE b.nte_limit IS NOT NULL)
            WHEN l.billing_method = 'fixed_price' THEN money(l.contracted_amount, 1) || ' ' || c.currency || ' agreed'
            WHEN l.billing_method = 'product' THEN trim_scale(l.quantity) || ' x ' || money(l.unit_price, 1) || ' ' || c.currency
            ELSE 'none' END AS "Limit or price"
  FROM contract c
  JOIN contract_line l USING (contract_id)
  JOIN customer h ON h.customer_id = c.customer_id
  LEFT JOIN contract_line_customer k USING (contract_id, contract_line_id)
  LEFT JOIN contract_customer b USING (contract_id, customer_id)
  LEFT JOIN customer u ON u.customer_id = k.customer_id
 GROUP BY c.contract_id, c.name, c.nte_limit, c.currency, l.contract_line_id, l.billing_method, l.contracted_amount, l.quantity,
          l.unit_price, h.name
 ORDER BY c.contract_id, l.contract_line_id;

\echo 'Presales and training has no contract: its work is kept as cost, in a contract that each company has for that.'
\echo
SELECT transaction_class AS "Work in 2025", number(count(*)) AS "Entries", money(sum(quantity), 10) AS "Quantity",
       money(sum(quantity * cost_price), 14) AS "Cost NOK", min(entry_date) AS "From", max(entry_date) AS "To"
  FROM entry GROUP BY transaction_class ORDER BY transaction_class;
