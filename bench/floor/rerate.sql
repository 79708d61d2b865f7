-- An entry is written anew as a whole, its cost like its sales.
BEGIN;
INSERT INTO floor.actual (contract_id, contract_line_id, customer_id, entry_id, reverses_id, transaction_type,
    transaction_class, billing_type, billing_status, adjustment_status, transaction_date, is_open, quantity, price, amount, tax)
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, k.reverses_id, a.transaction_type,
       a.transaction_class, a.billing_type, k.status, k.adjustment, a.transaction_date, k.is_open, k.quantity, k.price,
       k.amount, k.tax
  FROM floor.actual a
  JOIN floor.entry e USING (entry_id)
  JOIN floor.share s USING (contract_line_id, customer_id)
 CROSS JOIN LATERAL (SELECT CASE a.transaction_type WHEN 'cost' THEN a.price ELSE a.price + 10 END AS price) p
 CROSS JOIN LATERAL (VALUES (a.actual_id, 'canceled'::billing.billing_status, 'unadjustable'::billing.adjustment_status,
                             false, - a.quantity, a.price, - a.amount, - a.tax),
                            (NULL, 'not_ready_to_invoice', 'adjustable', a.is_open, a.quantity, p.price,
                             CASE WHEN s.is_rounding
                                  THEN round(e.quantity * p.price, 2) - round((e.quantity - a.quantity) * p.price, 2)
                                  ELSE round(a.quantity * p.price, 2) END, a.tax))
            AS k (reverses_id, status, adjustment, is_open, quantity, price, amount, tax)
 WHERE a.adjustment_status = 'adjustable';
UPDATE floor.actual a SET billing_status = 'canceled', adjustment_status = 'adjusted', is_open = false
 WHERE adjustment_status = 'adjustable' AND actual_id <= (SELECT max(reverses_id) FROM floor.actual);
COMMIT;
