SELECT contract AS "Contract", customer AS "Customer", currency AS "Cur.",
       money(coalesce(sum(amount) FILTER (WHERE billing_status = 'not_ready_to_invoice' AND coalesce(nte_status, 'committed') <> 'failed'), 0)) AS "Not ready",
       money(coalesce(sum(amount) FILTER (WHERE billing_status = 'ready_to_invoice'), 0)) AS "Ready",
       money(coalesce(sum(amount) FILTER (WHERE nte_status = 'failed'), 0)) AS "Over a limit"
  FROM (SELECT contract_id, contract, customer, currency, amount, billing_status::text, nte_status
          FROM time_and_material_backlog WHERE billing_type = 'chargeable'
        UNION ALL
        SELECT contract_id, contract, customer, currency, amount, milestone_status::text, NULL
          FROM fixed_price_milestones WHERE milestone_status IN ('not_ready_to_invoice', 'ready_to_invoice')
        UNION ALL
        SELECT contract_id, contract, customer, currency, amount, product_status::text, NULL
          FROM product_backlog WHERE product_status IN ('not_ready_to_invoice', 'ready_to_invoice')) b
 GROUP BY contract_id, contract, customer, currency
 ORDER BY contract_id, customer;
