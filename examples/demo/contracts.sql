SELECT CASE WHEN k.is_first IS NOT FALSE THEN l.name ELSE '' END AS "Contract line",
       CASE WHEN k.is_first IS NOT FALSE THEN replace(l.billing_method::text, '_', ' ') ELSE '' END AS "Billed by",
       lpad(coalesce(trim_scale(k.percent), 100) || ' %', 9) AS "Share", u.name AS "Customer",
       CASE WHEN c.nte_limit IS NOT NULL THEN 'at most ' || figures(c.nte_limit) || ' ' || c.currency
            WHEN b.nte_limit IS NOT NULL THEN 'at most ' || figures(b.nte_limit) || ' ' || c.currency || ' for this customer'
            WHEN k.is_first IS FALSE THEN ''
            WHEN l.billing_method = 'fixed_price' THEN figures(l.contracted_amount) || ' ' || c.currency
            WHEN l.billing_method = 'product' THEN trim_scale(l.quantity) || ' at ' || figures(l.unit_price) || ' ' || c.currency
            ELSE '' END AS "Price or limit"
  FROM contract c
  JOIN contract_line l USING (contract_id)
  LEFT JOIN LATERAL (SELECT customer_id, billing_split_percent AS percent,
                            row_number() OVER (ORDER BY billing_split_percent DESC, customer_id) = 1 AS is_first
                       FROM contract_line_customer x
                      WHERE x.contract_id = l.contract_id AND x.contract_line_id = l.contract_line_id) k ON true
  JOIN customer u ON u.customer_id = coalesce(k.customer_id, c.customer_id)
  LEFT JOIN contract_customer b ON b.contract_id = c.contract_id AND b.customer_id = k.customer_id
 ORDER BY c.contract_id, l.contract_line_id, k.percent DESC, k.customer_id;

\echo 'Nobody pays for the project "Presales and training"; a contract of the company itself keeps its cost.'
SELECT transaction_class AS "Work in 2025", number(count(*)) AS "Entries", figures(sum(quantity), 10) AS "Quantity",
       figures(sum(quantity * cost_price), 14) AS "Cost NOK", min(entry_date) AS "From", max(entry_date) AS "To"
  FROM entry GROUP BY transaction_class ORDER BY transaction_class;
