-- What the database says at a year end, into years.fact; the same facts as reconcile.py computes.
-- psql variable: year.

INSERT INTO years.fact
SELECT :'year', contract, format('%s, cost: %s', customer, years.hours_and_money(sum(quantity), sum(amount), sum(tax)))
  FROM years.item WHERE transaction_type = 'cost' AND kind = 'customer' GROUP BY contract, customer
UNION ALL
SELECT :'year', 'work nobody pays', format('project %s: %s', project, years.hours_and_money(sum(quantity), sum(amount), sum(tax)))
  FROM years.item WHERE transaction_type = 'cost' AND kind = 'internal' GROUP BY project
UNION ALL
-- As approved: what a correction returns to the backlog carries the invoice it comes from.
SELECT :'year', contract, format('%s, %s work approved: %s', customer, billing_type, years.hours_and_money(sum(quantity), sum(amount), sum(tax)))
  FROM years.item WHERE transaction_type = 'unbilled_sales' AND invoice_id IS NULL GROUP BY contract, customer, billing_type
UNION ALL
SELECT :'year', contract, format('%s, %s billed: %s', customer, kind, years.hours_and_money(sum(quantity), sum(amount), sum(tax)))
  FROM (SELECT contract, customer, quantity, amount, tax,
               CASE WHEN entry_id IS NOT NULL THEN billing_type || ' work'
                    WHEN transaction_class = 'milestone' THEN 'milestones' ELSE 'products' END AS kind
          FROM years.item WHERE transaction_type = 'billed_sales' AND retainer_id IS NULL) b
 GROUP BY contract, customer, kind
HAVING sum(quantity) <> 0 OR sum(amount) <> 0 OR sum(tax) <> 0
UNION ALL
SELECT :'year', c.name,
       format('%s, %s: %s, amount %s, tax %s, total %s', u.name, CASE WHEN v.has_corrections THEN 'corrections' ELSE 'invoices' END,
              count(*), trim_scale(sum(v.detail_amount)), trim_scale(sum(v.total_tax)), trim_scale(sum(v.total_amount)))
  FROM billing.invoice v
  JOIN billing.contract c USING (contract_id)
  JOIN billing.customer u ON u.customer_id = v.customer_id
 WHERE v.project_invoice_status = 'confirmed'
 GROUP BY c.name, u.name, v.has_corrections
UNION ALL
SELECT :'year', contract,
       format('%s, retainer of %s: %s, used %s, available %s', customer, invoice_date, trim_scale(amount), trim_scale(used_amount),
              trim_scale(available_amount))
  FROM billing.retainers_and_advances
UNION ALL
SELECT :'year', contract, format('%s, backlog %s: rows %s, %s', customer, state, count(*), years.hours_and_money(sum(quantity), sum(amount), sum(tax)))
  FROM (SELECT b.*, CASE WHEN nte_status = 'failed' THEN format('failed by %s limit', nte_failed_level)
                         WHEN billing_status = 'ready_to_invoice' THEN 'ready' ELSE 'not ready' END AS state
          FROM billing.time_and_material_backlog b) b
 GROUP BY contract, customer, state
UNION ALL
SELECT :'year', contract,
       format('%s, milestone of %s: %s %s', customer, milestone_date, trim_scale(amount),
              CASE milestone_status WHEN 'ready_to_invoice' THEN 'ready' ELSE 'waiting' END)
  FROM billing.fixed_price_milestones WHERE milestone_status <> 'customer_invoice_posted'
UNION ALL
-- The running totals against which limits are checked.
SELECT :'year', c.name, format('%s, %s: committed %s, billed %s', l.name, u.name, trim_scale(k.committed_amount), trim_scale(k.billed_amount))
  FROM billing.contract_line_customer k
  JOIN billing.contract c USING (contract_id)
  JOIN billing.contract_line l USING (contract_id, contract_line_id)
  JOIN billing.customer u ON u.customer_id = k.customer_id
 WHERE k.committed_amount <> 0 OR k.billed_amount <> 0
UNION ALL
SELECT :'year', l.contract, format('%s: %s dates to come', l.name, count(*) FILTER (WHERE s.run_status <> 'run_successful'))
  FROM billing.invoice_schedule s JOIN sip.line_id l USING (contract_id, contract_line_id)
 GROUP BY l.contract, l.name
UNION ALL
SELECT :'year', contract, format('%s: %s', what, count(*)) FROM years.decision GROUP BY contract, what
UNION ALL
SELECT :'year', 'runs', format('runs %s, drafts %s', count(*), sum(draft_count)) FROM billing.invoice_run
HAVING bool_and(finished_at IS NOT NULL AND failure_count = 0)
UNION ALL
SELECT :'year', 'invoices', format('%s: from 1 to %s without a gap', series, max(number))
  FROM billing.invoice WHERE number IS NOT NULL
 GROUP BY company_id, series
HAVING count(*) = max(number) AND count(DISTINCT number) = count(*) AND min(number) = 1;

-- ------------------------------------------------------------------------------------------ what must hold whatever the data

INSERT INTO years.fact
SELECT :'year', 'invoices', 'total of invoice ' || v.invoice_id || ' is not the sum of its details'
  FROM billing.invoice v
 WHERE v.invoice_date >= (:'year' || '-01-01')::date
   AND (v.detail_amount, v.total_tax) IS DISTINCT FROM
       (SELECT (coalesce(sum(d.amount), 0), coalesce(sum(d.tax), 0)) FROM billing.invoice_line_detail d
         WHERE d.contract_id = v.contract_id AND d.invoice_id = v.invoice_id AND d.billing_type = 'chargeable')
UNION ALL
SELECT :'year', 'invoices', count(*) || ' not confirmed' FROM billing.invoice WHERE project_invoice_status <> 'confirmed' HAVING count(*) > 0;
