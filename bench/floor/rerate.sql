BEGIN;
INSERT INTO floor.actual (contract_id, contract_line_id, customer_id, entry_id, reverses_id, transaction_type,
    transaction_class, billing_type, billing_status, adjustment_status, transaction_date, is_open, quantity, price, amount, tax)
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, k.reverses_id, a.transaction_type,
       a.transaction_class, k.billing_type, k.status, k.adjustment, a.transaction_date, k.is_open, k.quantity, a.price,
       k.amount, k.tax
  FROM floor.actual a
 CROSS JOIN LATERAL (VALUES (a.actual_id, a.billing_type, 'canceled'::billing.billing_status,
                             'unadjustable'::billing.adjustment_status, false, - a.quantity, - a.amount, - a.tax),
                            (NULL, 'non_chargeable', 'not_ready_to_invoice', 'adjustable', a.is_open, a.quantity, a.amount, 0))
            AS k (reverses_id, billing_type, status, adjustment, is_open, quantity, amount, tax)
 WHERE a.adjustment_status = 'adjustable';
UPDATE floor.actual a SET billing_status = 'canceled', adjustment_status = 'adjusted', is_open = false
 WHERE adjustment_status = 'adjustable' AND billing_type = 'chargeable';
COMMIT;
