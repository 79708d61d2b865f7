-- What the database says happened: one fact per line, "name|values"; the same names as reconcile.py prints.

CREATE FUNCTION pg_temp.hours_and_money(hours numeric, amount numeric, tax numeric) RETURNS text LANGUAGE sql
    RETURN format('hours %s, amount %s, tax %s', trim_scale(hours), trim_scale(amount), trim_scale(tax));

CREATE TEMPORARY VIEW item AS
SELECT a.*, c.kind, c.name AS contract, l.name AS line, u.name AS customer, p.name AS project
  FROM billing.actual a
  JOIN billing.contract c ON c.contract_id = a.contract_id
  LEFT JOIN billing.contract_line l ON l.contract_line_id = a.contract_line_id AND l.contract_id = a.contract_id
  LEFT JOIN billing.customer u ON u.customer_id = a.customer_id
  LEFT JOIN billing.entry e ON e.entry_id = a.entry_id
  LEFT JOIN billing.project p ON p.project_id = e.project_id;

-- The unbilled sale as approved, before anything was edited.
CREATE TEMPORARY VIEW sale AS
SELECT * FROM item WHERE transaction_type = 'unbilled_sales' AND invoice_id IS NULL;

CREATE TEMPORARY VIEW billed AS
SELECT * FROM item WHERE transaction_type = 'billed_sales';

SELECT 'all work: cost|' || format('entries %s, hours %s', count(DISTINCT entry_id), trim_scale(sum(quantity)))
  FROM item WHERE transaction_type = 'cost';

SELECT 'project ' || project || ': cost|' || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM item WHERE transaction_type = 'cost' GROUP BY project;

SELECT 'project ' || project || ': nobody pays|' || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM item WHERE transaction_type = 'cost' AND kind = 'internal' GROUP BY project;

SELECT format('%s, %s: cost|', contract, customer) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM item WHERE transaction_type = 'cost' AND kind = 'customer' GROUP BY contract, customer;

SELECT format('%s, %s: %s work approved|', contract, customer, billing_type)
       || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM sale GROUP BY contract, customer, billing_type;

SELECT format('%s, %s: %s work billed|', contract, customer, billing_type)
       || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billed WHERE entry_id IS NOT NULL GROUP BY contract, customer, billing_type;

SELECT format('%s, %s: fees by hand|', contract, customer) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billed WHERE detail_id IS NOT NULL GROUP BY contract, customer;

SELECT format('%s, %s: milestones|', contract, customer) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billed WHERE transaction_class = 'milestone' GROUP BY contract, customer;

SELECT format('%s, %s: products|', contract, customer) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billed WHERE transaction_class = 'material' GROUP BY contract, customer;

SELECT format('%s, %s: failed by %s limit|', contract, customer, nte_failed_level)
       || format('rows %s, ', count(*)) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billing.time_and_material_backlog WHERE nte_status = 'failed' GROUP BY contract, customer, nte_failed_level;

SELECT format('%s, %s: %s|', contract, customer, billing_status)
       || format('rows %s, ', count(*)) || pg_temp.hours_and_money(sum(quantity), sum(amount), sum(tax))
  FROM billing.time_and_material_backlog WHERE nte_status <> 'failed' GROUP BY contract, customer, billing_status;

SELECT format('%s, %s: milestones not billed|', contract, customer)
       || format('shares %s, amount %s, tax %s', count(*), trim_scale(sum(amount)), trim_scale(sum(tax)))
  FROM billing.fixed_price_milestones WHERE milestone_status <> 'customer_invoice_posted' GROUP BY contract, customer;

SELECT format('%s, %s: invoices|', c.name, u.name)
       || format('invoices %s, amount %s, tax %s, total %s', count(*), trim_scale(sum(v.detail_amount)), trim_scale(sum(v.total_tax)),
                 trim_scale(sum(v.total_amount)))
  FROM billing.invoice v
  JOIN billing.contract c USING (contract_id)
  JOIN billing.customer u ON u.customer_id = v.customer_id
 WHERE v.project_invoice_status = 'confirmed'
 GROUP BY c.name, u.name;

-- The running totals against which limits are checked.
SELECT format('%s, %s, %s: limits|', c.name, l.name, u.name)
       || format('committed %s, billed %s', trim_scale(k.committed_amount), trim_scale(k.billed_amount))
  FROM billing.contract_line_customer k
  JOIN billing.contract c USING (contract_id)
  JOIN billing.contract_line l USING (contract_id, contract_line_id)
  JOIN billing.customer u ON u.customer_id = k.customer_id
 WHERE k.committed_amount <> 0 OR k.billed_amount <> 0;

SELECT format('round %s: %s%s|%s', round, verb, ' ' || outcome || coalesce(' (' || reason || ')', ''), items) FROM sip.outcome
 WHERE items > 0;

-- ------------------------------------------------------------------------------------------ what must hold whatever the data

SELECT format('series %s: numbers|', series) || format('from 1 to %s without a gap', max(number))
  FROM billing.invoice WHERE number IS NOT NULL
 GROUP BY company_id, series
HAVING count(*) = max(number) AND count(DISTINCT number) = count(*) AND min(number) = 1;

SELECT 'invoices whose total is not the sum of their details|' || count(*)
  FROM billing.invoice v
 WHERE (v.detail_amount, v.total_tax) IS DISTINCT FROM
       (SELECT (coalesce(sum(d.amount), 0), coalesce(sum(d.tax), 0)) FROM billing.invoice_line_detail d
         WHERE d.contract_id = v.contract_id AND d.invoice_id = v.invoice_id AND d.billing_type = 'chargeable')
HAVING count(*) > 0;

SELECT 'invoices not confirmed|' || count(*) FROM billing.invoice WHERE project_invoice_status <> 'confirmed' HAVING count(*) > 0;

SELECT 'entries not approved and due|' || count(*) FROM billing.entry WHERE entry_status <> 'approved' HAVING count(*) > 0;

-- Whatever is not in the backlog has been taken back to zero.
SELECT 'unbilled sales left over: contract ' || contract_id || '|' || sum(quantity) || ' ' || sum(amount)
  FROM billing.actual WHERE transaction_type = 'unbilled_sales' AND NOT is_open
 GROUP BY contract_id HAVING sum(quantity) <> 0 OR sum(amount) <> 0;

SELECT 'verify: ' || v."check" || ' ' || coalesce(v.item, '') || '|' || coalesce(v.detail, '') FROM billing.verify() v;
