-- One billing round: everything completed up to a date is approved, billed, edited and confirmed.
-- psql variables: round (1, 2, 3), until (the last day).

-- ------------------------------------------------------------------------------------------ new terms

-- Percentages that change with the round: only later work is split the new way.
UPDATE billing.contract_line_customer k
   SET billing_split_percent = (p.percents->>(:round - 1))::numeric
  FROM sip.party p
  JOIN billing.contract c ON c.name = p.contract
  JOIN billing.customer u ON u.name = p.customer
 WHERE p.percents IS NOT NULL AND k.contract_id = c.contract_id AND k.customer_id = u.customer_id;

-- Limits raised before the last round; what had failed is looked at again, oldest first.
UPDATE billing.contract_line b
   SET nte_limit = (l.doc->>'raised_limit')::numeric
  FROM sip.line_id l
 WHERE :round = 3 AND l.doc ? 'raised_limit' AND b.contract_line_id = l.contract_line_id AND b.contract_id = l.contract_id;

INSERT INTO sip.outcome
SELECT :round, 'reevaluate_nte', nte_status, NULL, count(*)
  FROM billing.reevaluate_nte(ARRAY(
           SELECT b.actual_id
             FROM billing.time_and_material_backlog b
             JOIN sip.line_id l ON l.contract_line_id = b.contract_line_id AND l.doc ? 'raised_limit'
            WHERE :round = 3 AND b.nte_status = 'failed'
            ORDER BY b.entry_id, b.customer_id))
 GROUP BY nte_status;

-- ------------------------------------------------------------------------------------------ work becomes backlog

CREATE TEMPORARY TABLE due AS
SELECT * FROM sip.work
 WHERE completed_on <= :'until' AND entry_id IN (SELECT entry_id FROM billing.entry WHERE entry_status = 'draft');

INSERT INTO sip.outcome
SELECT :round, 'submit', outcome, reason, count(*)
  FROM billing.submit(ARRAY(SELECT entry_id FROM due))
 GROUP BY outcome, reason;

-- In the order of completion; the approver changes a few.
INSERT INTO sip.outcome
SELECT :round, 'approve', a.outcome, a.reason, count(DISTINCT a.entry_id)
  FROM (SELECT array_agg(entry_id ORDER BY entry_id) AS entries,
               array_agg(CASE WHEN sip.hits(task, 'approve_nothing_billable') THEN 0
                              WHEN sip.hits(task, 'approve_half_an_hour_more') THEN hours + 0.5 END ORDER BY entry_id) AS quantities,
               array_agg(CASE WHEN sip.hits(task, 'approve_complimentary') THEN 'complimentary'::billing.billing_type END
                         ORDER BY entry_id) AS types
          FROM due) d,
       billing.approve(d.entries, d.quantities, d.types) a
 GROUP BY a.outcome, a.reason;
DROP TABLE due;

INSERT INTO sip.outcome
SELECT :round, 'mark_ready_to_invoice', outcome, reason, sum(item_count)
  FROM billing.mark_ready_to_invoice(
           actuals    => ARRAY(SELECT actual_id FROM billing.time_and_material_backlog
                                WHERE billing_status = 'not_ready_to_invoice'),
           milestones => ARRAY(SELECT milestone_split_id FROM billing.fixed_price_milestones
                                WHERE milestone_date <= :'until' AND milestone_status = 'not_ready_to_invoice'),
           products   => ARRAY(SELECT contract_line_id FROM sip.line_id WHERE doc->>'round' = :'round'))
 GROUP BY outcome, reason;

INSERT INTO sip.outcome
SELECT :round, 'mark_not_ready_to_invoice', outcome, reason, sum(item_count)
  FROM billing.mark_not_ready_to_invoice(actuals => ARRAY(
           SELECT b.actual_id FROM billing.time_and_material_backlog b JOIN sip.work w ON w.entry_id = b.entry_id
            WHERE b.billing_status = 'ready_to_invoice' AND sip.hits(w.task, 'hold_back')))
 GROUP BY outcome, reason;

-- ------------------------------------------------------------------------------------------ backlog becomes drafts

-- What the preview says is what comes.
CREATE TEMPORARY TABLE preview AS
SELECT contract_id, customer_id, item_count, detail_amount, total_tax, total_amount
  FROM billing.preview_invoices(invoice_date => :'until') WHERE outcome = 'changed';

CREATE TEMPORARY TABLE created AS
SELECT * FROM billing.create_invoices(invoice_date => :'until', run_key => 'sip round ' || :'round') WHERE outcome = 'changed';

INSERT INTO sip.outcome
SELECT :round, 'preview_invoices', 'differs', NULL, count(*)
  FROM (SELECT * FROM preview EXCEPT
        SELECT contract_id, customer_id, item_count, detail_amount, total_tax, total_amount FROM created) d
HAVING count(*) > 0;

-- The same run again changes nothing.
INSERT INTO sip.outcome
SELECT :round, 'create_invoices', outcome, reason, count(*)
  FROM billing.create_invoices(invoice_date => :'until', run_key => 'sip round ' || :'round')
 GROUP BY outcome, reason;

-- Drafts thrown away and made again.
INSERT INTO sip.outcome
SELECT :round, 'delete_invoices', outcome, reason, count(*)
  FROM billing.delete_invoices(ARRAY(
           SELECT d.invoice_id FROM created d JOIN billing.contract c USING (contract_id)
             JOIN sip.contract s ON s.name = c.name AND s.doc ? 'recreate_drafts'))
 GROUP BY outcome, reason;

INSERT INTO sip.outcome
SELECT :round, 'create_invoices again', outcome, reason, count(*)
  FROM billing.create_invoices(
           contracts => ARRAY(SELECT contract_id FROM billing.contract JOIN sip.contract s USING (name) WHERE s.doc ? 'recreate_drafts'),
           invoice_date => :'until')
 GROUP BY outcome, reason;

-- ------------------------------------------------------------------------------------------ drafts are edited

-- Details that a choice hits: only what is chargeable at its source.
CREATE FUNCTION pg_temp.on_draft(choice text) RETURNS bigint[] LANGUAGE sql
    RETURN ARRAY(SELECT d.source_id
                   FROM billing.draft_detail d
                   JOIN sip.work w ON w.entry_id = d.entry_id
                  WHERE d.detail_kind = 'actual' AND d.source_billing_type = 'chargeable' AND d.source_quantity > 0
                    AND sip.hits(w.task, choice));

-- More than a limit leaves would be refused at confirmation, so only contracts without any get more.
CREATE FUNCTION pg_temp.unlimited(actuals bigint[]) RETURNS bigint[] LANGUAGE sql
    RETURN ARRAY(SELECT a.actual_id
                   FROM billing.actual a
                   JOIN billing.contract c USING (contract_id)
                  WHERE a.actual_id = ANY (actuals) AND c.nte_limit IS NULL
                    AND NOT EXISTS (SELECT 1 FROM billing.contract_line l
                                     WHERE l.contract_id = c.contract_id AND l.nte_limit IS NOT NULL)
                    AND NOT EXISTS (SELECT 1 FROM billing.contract_customer k
                                     WHERE k.contract_id = c.contract_id AND k.nte_limit IS NOT NULL)
                    AND NOT EXISTS (SELECT 1 FROM billing.contract_line_customer k
                                     WHERE k.contract_id = c.contract_id AND k.nte_limit IS NOT NULL));

CREATE TEMPORARY TABLE edited (choice text, items bigint);
INSERT INTO edited SELECT 'edit_quarter_of_an_hour', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_quarter_of_an_hour'), quantity => 0.25);
INSERT INTO edited SELECT 'edit_price', count(*)
  FROM sip.rules, billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_price'), price => (doc->>'edited_price')::numeric);
INSERT INTO edited SELECT 'edit_complimentary', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_complimentary'), billing_type => 'complimentary');
INSERT INTO edited SELECT 'edit_three_hours', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.unlimited(pg_temp.on_draft('edit_three_hours')), quantity => 3);
INSERT INTO edited SELECT 'edit_nothing_billable', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_nothing_billable'), quantity => 0);
INSERT INTO edited SELECT 'edit_without_tax', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_without_tax'), tax => 0);
INSERT INTO edited SELECT 'edit_text', count(*)
  FROM billing.edit_invoice_details(actuals => pg_temp.on_draft('edit_text'), external_description => 'Work as agreed');
INSERT INTO edited SELECT 'take_off_draft', count(*)
  FROM billing.remove_invoice_details(actuals => pg_temp.on_draft('take_off_draft'));

-- A fee by hand on every draft of some contracts.
INSERT INTO edited SELECT 'manual_fee', count(*)
  FROM (SELECT v.invoice_id, min(l.contract_line_id) AS contract_line_id, (s.doc->>'manual_fee')::numeric AS fee
          FROM billing.invoice v
          JOIN billing.contract c USING (contract_id)
          JOIN sip.contract s ON s.name = c.name AND s.doc ? 'manual_fee'
          JOIN billing.invoice_line l USING (contract_id, invoice_id)
         WHERE v.project_invoice_status = 'draft'
         GROUP BY v.invoice_id, s.doc) d,
       billing.add_invoice_detail(d.invoice_id, d.contract_line_id, 'fee', 1, d.fee, tax => 10.01,
                                  description => 'Administration') a;

INSERT INTO sip.outcome SELECT :round, 'edit: ' || choice, 'changed', NULL, items FROM edited;

-- A detail that no limit can take.
CREATE TEMPORARY TABLE too_much AS
SELECT a.source_id AS detail_id, a.invoice_id
  FROM (SELECT min(v.invoice_id) AS invoice_id, min(l.contract_line_id) AS contract_line_id
          FROM billing.invoice v
          JOIN billing.contract c USING (contract_id)
          JOIN sip.contract s ON s.name = c.name AND s.doc ? 'manual_too_much'
          JOIN billing.invoice_line l USING (contract_id, invoice_id)
         WHERE v.project_invoice_status = 'draft') d,
       billing.add_invoice_detail(d.invoice_id, d.contract_line_id, 'time', 1000, 1000) a;

-- ------------------------------------------------------------------------------------------ drafts become invoices

INSERT INTO sip.outcome
SELECT :round, 'review_invoices', outcome, reason, count(*)
  FROM billing.review_invoices(ARRAY(
           SELECT v.invoice_id FROM billing.invoice v JOIN billing.contract c USING (contract_id)
             JOIN sip.contract s ON s.name = c.name AND s.doc ? 'reviewed'
            WHERE v.project_invoice_status = 'draft'))
 GROUP BY outcome, reason;

INSERT INTO sip.outcome
SELECT :round, 'confirm_invoices', outcome,
       regexp_replace(reason, '[0-9.]+', trim_scale(substring(reason FROM '[0-9.]+')::numeric)::text), count(*)
  FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
                                       WHERE project_invoice_status IN ('draft', 'in_review') ORDER BY invoice_id))
 GROUP BY outcome, reason;

-- The one refused goes through without that detail.
INSERT INTO sip.outcome
SELECT :round, 'remove_invoice_details', 'changed', NULL, count(*)
  FROM billing.remove_invoice_details(details => ARRAY(SELECT detail_id FROM too_much));

INSERT INTO sip.outcome
SELECT :round, 'confirm_invoices again', outcome, reason, count(*)
  FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM too_much))
 GROUP BY outcome, reason;

DROP TABLE preview, created, edited, too_much;
