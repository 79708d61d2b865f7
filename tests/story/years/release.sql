-- A month up to its run: new terms, the month's work submitted and approved, whatever is due marked ready.
-- psql variable: until (the last day of the month).

-- ------------------------------------------------------------------------------------------ new terms

CREATE TEMPORARY TABLE renegotiated AS
SELECT c.contract_id, c.name, l.contract_line_id, u.customer_id, (n->>'nte_limit')::numeric AS nte_limit
  FROM years.terms, jsonb_array_elements(doc->'renegotiations') n
  JOIN billing.contract c ON c.name = n->>'contract'
  LEFT JOIN billing.contract_line l ON l.contract_id = c.contract_id AND l.name = n->>'line'
  LEFT JOIN billing.customer u ON u.name = n->>'customer'
 WHERE n->>'month' = left(:'until', 7);

UPDATE billing.contract c SET nte_limit = r.nte_limit
  FROM renegotiated r WHERE c.contract_id = r.contract_id AND r.contract_line_id IS NULL AND r.customer_id IS NULL;

UPDATE billing.contract_line l SET nte_limit = r.nte_limit
  FROM renegotiated r WHERE l.contract_id = r.contract_id AND l.contract_line_id = r.contract_line_id;

UPDATE billing.contract_customer k SET nte_limit = r.nte_limit
  FROM renegotiated r WHERE k.contract_id = r.contract_id AND k.customer_id = r.customer_id;

-- What had failed is looked at again, oldest first.
INSERT INTO years.decision
SELECT c.name, 'looked at again, ' || e.nte_status
  FROM billing.reevaluate_nte(ARRAY(
           SELECT b.actual_id
             FROM billing.time_and_material_backlog b
             JOIN renegotiated r ON r.contract_id = b.contract_id AND coalesce(r.contract_line_id, b.contract_line_id) = b.contract_line_id
                                    AND coalesce(r.customer_id, b.customer_id) = b.customer_id
            WHERE b.nte_status = 'failed'
            ORDER BY b.entry_id, b.customer_id)) e
  JOIN billing.actual a USING (actual_id)
  JOIN billing.contract c ON c.contract_id = a.contract_id;

DROP TABLE renegotiated;

-- ------------------------------------------------------------------------------------------ work becomes backlog

CREATE TEMPORARY TABLE due AS
SELECT w.entry_id, w.task, w.hours
  FROM sip.work w
 WHERE w.completed_on <= :'until' AND w.completed_on > (date_trunc('month', date :'until') - interval '1 day')::date;

SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM due)) WHERE outcome = 'changed' \g /dev/null

-- In the order of completion; the approver changes a few.
SELECT count(*)
  FROM (SELECT array_agg(entry_id ORDER BY entry_id) AS entries,
               array_agg(CASE WHEN sip.hits(task, 'approve_nothing_billable') THEN 0
                              WHEN sip.hits(task, 'approve_half_an_hour_more') THEN hours + 0.5 END ORDER BY entry_id) AS quantities,
               array_agg(CASE WHEN sip.hits(task, 'approve_complimentary') THEN 'complimentary'::billing.billing_type END
                         ORDER BY entry_id) AS types
          FROM due) d,
       billing.approve(d.entries, d.quantities, d.types, false) a
 WHERE d.entries IS NOT NULL \g /dev/null
DROP TABLE due;

-- ------------------------------------------------------------------------------------------ backlog is released

SELECT count(*) FROM billing.mark_ready_to_invoice(
    actuals    => ARRAY(SELECT b.actual_id
                          FROM billing.time_and_material_backlog b JOIN sip.work w USING (entry_id)
                         WHERE b.billing_status = 'not_ready_to_invoice' AND NOT years.is_held_back(w.task, w.completed_on, :'until')),
    milestones => ARRAY(SELECT milestone_split_id FROM billing.fixed_price_milestones
                         WHERE milestone_date <= :'until' AND milestone_status = 'not_ready_to_invoice'
                         ORDER BY milestone_split_id),
    products   => ARRAY(SELECT l.contract_line_id
                          FROM years.terms t, jsonb_array_elements(t.doc->'products') p
                          JOIN sip.line_id l ON l.contract = p->>'contract' AND l.name = p->>'line'
                         WHERE p->>'month' = left(:'until', 7)),
    retainers  => ARRAY(SELECT retainer_id FROM billing.retainer
                         WHERE invoice_date <= :'until' AND retainer_status = 'not_ready_to_invoice')) \g /dev/null
