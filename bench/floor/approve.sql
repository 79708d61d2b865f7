BEGIN;
INSERT INTO floor.actual (contract_id, contract_line_id, customer_id, entry_id, transaction_type, transaction_class,
    billing_type, transaction_date, is_open, quantity, price, amount, tax)
SELECT s.contract_id, s.contract_line_id, s.customer_id, e.entry_id, k.type, e.transaction_class, 'chargeable',
       e.entry_date, k.type = 'unbilled_sales', p.quantity, k.price,
       CASE WHEN s.is_rounding THEN round(e.quantity * k.price, 2) - round(p.rest * k.price, 2)
            ELSE round(p.quantity * k.price, 2) END,
       CASE WHEN k.type = 'cost' THEN 0
            WHEN s.is_rounding THEN e.tax - round(e.tax * s.other / 100, 2)
            ELSE round(e.tax * s.percent / 100, 2) END
  FROM floor.entry e
  JOIN floor.share s ON s.project_id = e.project_id
 CROSS JOIN LATERAL (VALUES ('cost'::billing.transaction_type, e.cost_price), ('unbilled_sales', e.sales_price))
            AS k (type, price)
 CROSS JOIN LATERAL (SELECT CASE WHEN s.is_rounding THEN e.quantity - round(e.quantity * s.other / 100, 2)
                                 ELSE round(e.quantity * s.percent / 100, 2) END AS quantity,
                            round(e.quantity * s.other / 100, 2) AS rest) AS p
 WHERE e.entry_status = 'submitted';
UPDATE floor.entry SET entry_status = 'approved' WHERE entry_status = 'submitted';
COMMIT;
