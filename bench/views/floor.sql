-- The least that looks at every row of the backlog.
SELECT contract_id, contract_line_id, customer_id, sum(amount) FROM billing.actual WHERE is_open GROUP BY 1, 2, 3;
