-- Progress billing: several slices of a milestone for each customer, and what is billed of it next.

ALTER TABLE billing.contract_line ADD COLUMN IF NOT EXISTS invoice_schedule_type billing.invoice_schedule_type
    NOT NULL DEFAULT 'completed_milestones'
    CONSTRAINT contract_line_progress_needs_fixed_price CHECK (invoice_schedule_type = 'completed_milestones' OR billing_method = 'fixed_price');
COMMENT ON COLUMN billing.contract_line.invoice_schedule_type IS 'Fixed price only. progress_based: its milestones are billed slice by slice, see set_progress().';

ALTER TABLE billing.milestone_split ADD COLUMN IF NOT EXISTS cut_from bigint;
ALTER TABLE billing.milestone_split ADD COLUMN IF NOT EXISTS credited_sale_id bigint;
COMMENT ON TABLE billing.milestone_split IS 'One customer''s share of a milestone, or a slice of it: the item that is marked ready, drafted and posted. Written by the engine. What has not been cut off yet is one row for each customer, not ready.';
COMMENT ON COLUMN billing.milestone_split.cut_from IS 'The share that this slice was a part of before.';
COMMENT ON COLUMN billing.milestone_split.credited_sale_id IS 'The billed sale of which a correction credited this part.';
COMMENT ON COLUMN billing.milestone_split.has_billing_history IS 'It was posted once, or was a part of what was; such a milestone is never deleted.';

CREATE TABLE IF NOT EXISTS billing.milestone_progress (
    contract_id   bigint NOT NULL,
    milestone_id  bigint NOT NULL,
    next_amount   numeric NOT NULL CHECK (next_amount > 0),
    PRIMARY KEY (milestone_id, contract_id),
    FOREIGN KEY (milestone_id, contract_id) REFERENCES billing.milestone (milestone_id, contract_id)
);
COMMENT ON TABLE billing.milestone_progress IS 'What progress-based milestones bill next, as set_progress() was told, until it is marked ready. Written by the engine.';
COMMENT ON COLUMN billing.milestone_progress.next_amount IS 'Including tax.';

CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.milestone_progress
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('milestone_progress');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.milestone_progress
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('milestone_progress');
ALTER TABLE billing.milestone_progress ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;

CREATE OR REPLACE VIEW billing.progress_milestones AS
SELECT m.contract_id, c.name AS contract, m.contract_line_id, l.name AS contract_line, m.milestone_id, m.name AS milestone,
       m.milestone_date, m.amount, m.tax, w.total_amount, c.currency, s.header_status,
       round(100 * n.next_amount / nullif(w.total_amount, 0), 4) AS next_percent, n.next_amount, s.next_status,
       round(100 * s.invoiced_amount / nullif(w.total_amount, 0), 4) AS invoiced_percent, s.invoiced_amount,
       round(100 * (w.total_amount - s.invoiced_amount) / nullif(w.total_amount, 0), 4) AS remaining_percent,
       w.total_amount - s.invoiced_amount AS remaining_amount, s.uncut_amount
  FROM billing.contract_line l
  JOIN billing.contract c ON c.contract_id = l.contract_id
  JOIN billing.milestone m ON m.contract_id = l.contract_id AND m.contract_line_id = l.contract_line_id
 CROSS JOIN LATERAL (SELECT m.amount + m.tax AS total_amount) w
 CROSS JOIN LATERAL (
       SELECT (CASE WHEN bool_and(i.milestone_status = 'customer_invoice_posted') THEN 'completed'
                    WHEN bool_and(i.milestone_status = 'not_ready_to_invoice' AND NOT i.has_billing_history) THEN 'not_started'
                    ELSE 'in_progress' END)::billing.milestone_header_status AS header_status,
              (CASE WHEN bool_or(i.milestone_status = 'customer_invoice_created') THEN 'customer_invoice_created'
                    WHEN bool_or(i.milestone_status = 'ready_to_invoice') THEN 'ready_to_invoice'
                    ELSE 'not_ready_to_invoice' END)::billing.milestone_status AS next_status,
              coalesce(sum(i.amount + i.tax) FILTER (WHERE i.milestone_status = 'customer_invoice_posted'), 0) AS invoiced_amount,
              sum(i.amount + i.tax) FILTER (WHERE i.milestone_status IN ('ready_to_invoice', 'customer_invoice_created')) AS on_the_way,
              coalesce(sum(i.amount + i.tax) FILTER (WHERE i.milestone_status = 'not_ready_to_invoice' AND NOT i.has_billing_history), 0) AS uncut_amount
         FROM billing.milestone_split i
        WHERE i.contract_id = m.contract_id AND i.milestone_id = m.milestone_id) s
  LEFT JOIN billing.milestone_progress p ON p.milestone_id = m.milestone_id AND p.contract_id = m.contract_id
 CROSS JOIN LATERAL (SELECT coalesce(p.next_amount, s.on_the_way) AS next_amount) n
 WHERE l.invoice_schedule_type = 'progress_based';
COMMENT ON VIEW billing.progress_milestones IS 'Progress-based milestones as a whole: what is billed next, what has been invoiced, what remains. Their slices are in fixed_price_milestones.';
COMMENT ON COLUMN billing.progress_milestones.total_amount IS 'Including tax, as all amounts and percentages that follow.';
COMMENT ON COLUMN billing.progress_milestones.next_amount IS 'What set_progress() was told; from marking until the last customer is invoiced, what is ready or on drafts.';
COMMENT ON COLUMN billing.progress_milestones.next_status IS 'Not ready to invoice until the next slice is marked, and again when it is posted for the last customer.';
COMMENT ON COLUMN billing.progress_milestones.invoiced_amount IS 'On confirmed invoices, at the amount and tax of the milestone. A draft counts for nothing.';
COMMENT ON COLUMN billing.progress_milestones.remaining_amount IS 'Not on a confirmed invoice.';
COMMENT ON COLUMN billing.progress_milestones.uncut_amount IS 'The most that set_progress() can ask for: neither invoiced nor on the way there.';
