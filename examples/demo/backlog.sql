SELECT contract AS "Contract", currency AS "Cur.",
       figures(sum(CASE WHEN status = 'not_ready_to_invoice' AND NOT fails THEN amount ELSE 0 END), 12) AS "Not ready",
       figures(sum(CASE WHEN status = 'ready_to_invoice' THEN amount ELSE 0 END), 12) AS "Ready",
       figures(sum(CASE WHEN fails THEN amount ELSE 0 END), 12) AS "Over a limit"
  FROM (SELECT contract_id, contract, currency, amount, billing_status::text, nte_status = 'failed'
          FROM time_and_material_backlog WHERE billing_type = 'chargeable'
        UNION ALL
        SELECT contract_id, contract, currency, amount, milestone_status::text, false
          FROM fixed_price_milestones WHERE milestone_status IN ('not_ready_to_invoice', 'ready_to_invoice')
        UNION ALL
        SELECT contract_id, contract, currency, amount, product_status::text, false
          FROM product_backlog WHERE product_status IN ('not_ready_to_invoice', 'ready_to_invoice'))
       AS item (contract_id, contract, currency, amount, status, fails)
 GROUP BY contract_id, contract, currency
 ORDER BY contract_id;
