BEGIN;
INSERT INTO conventional.actual (contract_id, contract_line_id, customer_id, entry_id, project_id, task_id,
    resource_id, role_id, transaction_type, transaction_class, billing_type, transaction_date, quantity, price, amount,
    tax, currency, unit, description, external_description)
SELECT s.contract_id, s.contract_line_id, s.customer_id, e.entry_id, e.project_id, e.task_id, e.resource_id,
       e.role_id, k.type, e.transaction_class, 'chargeable', e.entry_date, p.quantity, k.price,
       CASE WHEN s.is_rounding THEN round(e.quantity * k.price, 2) - round(p.rest * k.price, 2)
            ELSE round(p.quantity * k.price, 2) END,
       CASE WHEN k.type = 'cost' THEN 0
            WHEN s.is_rounding THEN e.tax - round(e.tax * s.other / 100, 2)
            ELSE round(e.tax * s.percent / 100, 2) END,
       c.currency, e.unit, e.description, e.external_description
  FROM conventional.entry e
  JOIN conventional.share s ON s.project_id = e.project_id
  JOIN conventional.contract c ON c.contract_id = s.contract_id
 CROSS JOIN LATERAL (VALUES ('cost'::billing.transaction_type, e.cost_price), ('unbilled_sales', e.sales_price))
            AS k (type, price)
 CROSS JOIN LATERAL (SELECT CASE WHEN s.is_rounding THEN e.quantity - round(e.quantity * s.other / 100, 2)
                                 ELSE round(e.quantity * s.percent / 100, 2) END AS quantity,
                            round(e.quantity * s.other / 100, 2) AS rest) AS p
 WHERE e.entry_status = 'submitted';
UPDATE conventional.entry SET entry_status = 'approved' WHERE entry_status = 'submitted';
COMMIT;
