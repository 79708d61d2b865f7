-- Insight: what is waiting to be billed, how old it is, what was waiting on another day, what is left of a deal.
-- Views go from the contract to its open actuals (index actual_open), never the other way: what they read grows with
-- the backlog, not with the ledger.

-- Since when these exist the log does not say, because users insert them.
ALTER TABLE billing.milestone ADD COLUMN IF NOT EXISTS recorded_at timestamptz;
ALTER TABLE billing.milestone ALTER COLUMN recorded_at SET DEFAULT pg_catalog.clock_timestamp();
COMMENT ON COLUMN billing.milestone.recorded_at IS 'Since when backlog_as_of() knows it; NULL: always. Yours to set for what you import.';
ALTER TABLE billing.contract_line ADD COLUMN IF NOT EXISTS recorded_at timestamptz;
ALTER TABLE billing.contract_line ALTER COLUMN recorded_at SET DEFAULT pg_catalog.clock_timestamp();
COMMENT ON COLUMN billing.contract_line.recorded_at IS 'Product lines: since when backlog_as_of() knows it; NULL: always. Yours to set for what you import.';
CREATE INDEX IF NOT EXISTS operation_by_time ON billing.operation (started_at);

-- --- contracts

CREATE OR REPLACE VIEW billing.contract_summary AS
SELECT c.contract_id, c.name AS contract, c.company_id, c.customer_id, u.name AS customer, c.contract_status, c.currency,
       l.contract_value,
       t.billed_amount + l.billed_amount AS billed_amount,
       a.on_drafts_amount + m.on_drafts_amount + l.on_drafts_amount AS on_drafts_amount,
       a.ready_amount + m.ready_amount + l.ready_amount AS ready_amount,
       a.not_ready_amount + m.not_ready_amount + l.not_ready_amount AS not_ready_amount,
       a.blocked_amount,
       l.contract_value - t.billed_amount - l.billed_amount AS remaining_amount,
       a.on_drafts_count + m.on_drafts_count + l.on_drafts_count AS on_drafts_count,
       a.ready_count + m.ready_count + l.ready_count AS ready_count,
       a.not_ready_count + m.not_ready_count + l.not_ready_count AS not_ready_count,
       a.blocked_count,
       l.product_count
  FROM billing.contract c
  JOIN billing.customer u ON u.customer_id = c.customer_id
 CROSS JOIN LATERAL (
       SELECT sum(coalesce(p.contracted_amount, p.amount)) AS contract_value,
              count(*) FILTER (WHERE p.billing_method = 'product') AS product_count,
              coalesce(sum(p.amount) FILTER (WHERE p.product_status = 'customer_invoice_posted'), 0) AS billed_amount,
              coalesce(sum(p.amount) FILTER (WHERE p.product_status = 'customer_invoice_created'), 0) AS on_drafts_amount,
              coalesce(sum(p.amount) FILTER (WHERE p.product_status = 'ready_to_invoice'), 0) AS ready_amount,
              coalesce(sum(p.amount) FILTER (WHERE p.product_status = 'not_ready_to_invoice'), 0) AS not_ready_amount,
              count(*) FILTER (WHERE p.product_status = 'customer_invoice_created') AS on_drafts_count,
              count(*) FILTER (WHERE p.product_status = 'ready_to_invoice') AS ready_count,
              count(*) FILTER (WHERE p.product_status = 'not_ready_to_invoice') AS not_ready_count
         FROM (SELECT i.billing_method, i.product_status, i.contracted_amount,
                      CASE WHEN i.billing_method = 'product'
                           THEN billing.money(i.quantity * i.unit_price, c.currency) END AS amount
                 FROM billing.contract_line i WHERE i.contract_id = c.contract_id) p) l
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(x.billed_amount), 0) AS billed_amount
         FROM billing.contract_line_customer x WHERE x.contract_id = c.contract_id) t
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(s.amount) FILTER (WHERE s.milestone_status = 'customer_invoice_created'), 0) AS on_drafts_amount,
              coalesce(sum(s.amount) FILTER (WHERE s.milestone_status = 'ready_to_invoice'), 0) AS ready_amount,
              coalesce(sum(s.amount) FILTER (WHERE s.milestone_status = 'not_ready_to_invoice'), 0) AS not_ready_amount,
              count(*) FILTER (WHERE s.milestone_status = 'customer_invoice_created') AS on_drafts_count,
              count(*) FILTER (WHERE s.milestone_status = 'ready_to_invoice') AS ready_count,
              count(*) FILTER (WHERE s.milestone_status = 'not_ready_to_invoice') AS not_ready_count
         FROM billing.milestone_split s WHERE s.contract_id = c.contract_id) m
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(o.amount) FILTER (WHERE o.billing_status = 'customer_invoice_created'
                                           AND o.is_chargeable), 0) AS on_drafts_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.billing_status = 'ready_to_invoice' AND o.is_chargeable), 0) AS ready_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.billing_status = 'not_ready_to_invoice' AND NOT o.is_blocked
                                           AND o.is_chargeable), 0) AS not_ready_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.billing_status = 'not_ready_to_invoice' AND o.is_blocked
                                           AND o.is_chargeable), 0) AS blocked_amount,
              count(*) FILTER (WHERE o.billing_status = 'customer_invoice_created') AS on_drafts_count,
              count(*) FILTER (WHERE o.billing_status = 'ready_to_invoice') AS ready_count,
              count(*) FILTER (WHERE o.billing_status = 'not_ready_to_invoice' AND NOT o.is_blocked) AS not_ready_count,
              count(*) FILTER (WHERE o.billing_status = 'not_ready_to_invoice' AND o.is_blocked) AS blocked_count
         FROM (SELECT i.billing_status, i.amount, i.billing_type = 'chargeable' AS is_chargeable,
                      i.nte_status = 'failed' AS is_blocked
                 FROM billing.actual i WHERE i.contract_id = c.contract_id AND i.is_open) o) a;
COMMENT ON VIEW billing.contract_summary IS 'The money of each deal, without tax: agreed, billed, on drafts, ready, not ready, blocked by a limit, left. Chargeable amounts; counts include what is not charged.';
COMMENT ON COLUMN billing.contract_summary.contract_value IS 'Contracted amounts of the lines and the price of products; NULL where no line has any. Lines without one count as 0.';
COMMENT ON COLUMN billing.contract_summary.billed_amount IS 'On confirmed invoices.';
COMMENT ON COLUMN billing.contract_summary.on_drafts_amount IS 'Amounts of the items that sit on drafts, before edits.';
COMMENT ON COLUMN billing.contract_summary.not_ready_amount IS 'Not marked ready, and no limit forbids it.';
COMMENT ON COLUMN billing.contract_summary.blocked_amount IS 'Failed a not-to-exceed limit.';
COMMENT ON COLUMN billing.contract_summary.remaining_amount IS 'Contract value less what is billed.';

CREATE OR REPLACE VIEW billing.billing_hub AS
SELECT s.contract_id, s.contract, s.company_id, s.customer_id, s.customer, s.contract_status, s.currency,
       s.contract_value AS total_amount, s.billed_amount AS spent_amount, s.ready_count AS ready_to_invoice, s.product_count AS products,
       s.not_ready_count AS not_ready_to_invoice, s.blocked_count AS blocked_by_limit, s.on_drafts_count AS on_drafts,
       r.advances, r.available_advances
  FROM billing.contract_summary s
 CROSS JOIN LATERAL (
       SELECT count(*) AS advances,
              count(*) FILTER (WHERE x.retainer_status = 'customer_invoice_posted' AND x.refund_status = 'not_refunded'
                                 AND x.used_amount < x.amount) AS available_advances
         FROM billing.retainer x WHERE x.contract_id = s.contract_id) r;
COMMENT ON VIEW billing.billing_hub IS 'Where to start billing, one row per contract. The last columns but the amounts are counts: of transactions (actuals, milestone shares and product lines), and of retainers.';

CREATE OR REPLACE VIEW billing.billing_hub_line AS
SELECT l.contract_id, l.contract_line_id, l.name AS contract_line, l.project_id, p.name AS project, l.billing_method, c.currency,
       CASE l.billing_method WHEN 'product' THEN 1 ELSE t.customers END AS customers,
       m.milestones, m.milestone_amount, a.time_amount, a.material_amount, a.expense_amount, a.fee_amount,
       k.product_amount,
       m.milestone_amount + a.amount + k.product_amount AS backlog_amount,
       m.milestone_amount + a.amount + k.product_amount - a.blocked_amount AS invoiceable_amount,
       a.blocked_amount,
       CASE WHEN l.product_status = 'customer_invoice_posted' THEN k.amount ELSE t.billed_amount END AS spent_amount
  FROM billing.contract_line l
  JOIN billing.contract c ON c.contract_id = l.contract_id
  LEFT JOIN billing.project p ON p.project_id = l.project_id
 CROSS JOIN LATERAL (
       SELECT i.amount, CASE WHEN l.product_status IN ('not_ready_to_invoice', 'ready_to_invoice') THEN i.amount
                             ELSE 0 END AS product_amount
         FROM (SELECT CASE WHEN l.billing_method = 'product' THEN billing.money(l.quantity * l.unit_price, c.currency) END AS amount) i) k
 CROSS JOIN LATERAL (
       SELECT count(*) AS customers, coalesce(sum(x.billed_amount), 0) AS billed_amount
         FROM billing.contract_line_customer x
        WHERE x.contract_id = l.contract_id AND x.contract_line_id = l.contract_line_id) t
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT s.milestone_id) AS milestones, coalesce(sum(s.amount), 0) AS milestone_amount
         FROM billing.milestone_split s
        WHERE s.contract_id = l.contract_id AND s.contract_line_id = l.contract_line_id
          AND s.milestone_status IN ('not_ready_to_invoice', 'ready_to_invoice')) m
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(o.amount) FILTER (WHERE o.transaction_class = 'time'), 0) AS time_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.transaction_class = 'material'), 0) AS material_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.transaction_class = 'expense'), 0) AS expense_amount,
              coalesce(sum(o.amount) FILTER (WHERE o.transaction_class = 'fee'), 0) AS fee_amount,
              coalesce(sum(o.amount), 0) AS amount,
              coalesce(sum(o.amount) FILTER (WHERE o.nte_status = 'failed'), 0) AS blocked_amount
         FROM billing.actual o
        WHERE o.contract_id = l.contract_id AND o.contract_line_id = l.contract_line_id AND o.is_open
          AND o.adjustment_status = 'adjustable' AND o.billing_type = 'chargeable'
          AND o.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice')) a;
COMMENT ON VIEW billing.billing_hub_line IS 'The backlog of each contract line by class, chargeable and without tax. What sits on drafts is no longer in it.';
COMMENT ON COLUMN billing.billing_hub_line.milestones IS 'Milestones of which at least one customer''s share is on no invoice.';
COMMENT ON COLUMN billing.billing_hub_line.invoiceable_amount IS 'The backlog without what failed a not-to-exceed limit.';
COMMENT ON COLUMN billing.billing_hub_line.spent_amount IS 'On confirmed invoices.';

-- The only one here that reads the ledger from end to end: costs leave the backlog the day they are written.
CREATE OR REPLACE VIEW billing.contract_margin AS
SELECT s.contract_id, s.contract, s.company_id, s.customer_id, s.customer, s.currency, s.billed_amount,
       coalesce(k.cost_amount, 0) AS cost_amount, o.currency AS cost_currency,
       CASE WHEN o.currency = s.currency AND s.billed_amount <> 0
            THEN (s.billed_amount - coalesce(k.cost_amount, 0)) / s.billed_amount END AS gross_margin
  FROM billing.contract_summary s
  JOIN billing.company o ON o.company_id = s.company_id
  LEFT JOIN (SELECT a.contract_id, sum(a.amount) AS cost_amount
               FROM billing.actual a WHERE a.transaction_type = 'cost' GROUP BY a.contract_id) k ON k.contract_id = s.contract_id;
COMMENT ON VIEW billing.contract_margin IS 'Cost incurred and gross margin of each contract. A report: it adds up every cost in the ledger.';
COMMENT ON COLUMN billing.contract_margin.gross_margin IS '(billed - cost) / billed; NULL before anything is billed, and where contract and company use different currencies.';

CREATE OR REPLACE VIEW billing.limit_usage AS
WITH other AS (
    SELECT l.contract_id, c.customer_id, billing.money(l.quantity * l.unit_price, c.currency) AS amount
      FROM billing.contract_line l JOIN billing.contract c ON c.contract_id = l.contract_id
     WHERE l.product_status = 'customer_invoice_posted'
    UNION ALL
    SELECT s.contract_id, s.customer_id, s.amount
      FROM billing.milestone_split s WHERE s.milestone_status IN ('ready_to_invoice', 'customer_invoice_created'))
SELECT k.contract_id, k.level, k.contract_line_id, k.customer_id, k.nte_limit, u.used_amount,
       k.nte_limit - u.used_amount AS remaining_amount
  FROM (SELECT t.contract_id, 'contract_line_customer'::billing.nte_level AS level, t.contract_line_id, t.customer_id, t.nte_limit
          FROM billing.contract_line_customer t
        UNION ALL
        SELECT l.contract_id, 'contract_line', l.contract_line_id, NULL, l.nte_limit FROM billing.contract_line l
        UNION ALL
        SELECT y.contract_id, 'contract_customer', NULL, y.customer_id, y.nte_limit FROM billing.contract_customer y
        UNION ALL
        SELECT c.contract_id, 'contract', NULL, NULL, c.nte_limit FROM billing.contract c) k
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(x.amount), 0) AS used_amount
         FROM (SELECT t.committed_amount + t.billed_amount AS amount
                 FROM billing.contract_line_customer t
                WHERE t.contract_id = k.contract_id
                  AND (k.contract_line_id IS NULL OR t.contract_line_id = k.contract_line_id)
                  AND (k.customer_id IS NULL OR t.customer_id = k.customer_id)
               UNION ALL
               SELECT o.amount FROM other o
                WHERE o.contract_id = k.contract_id AND k.contract_line_id IS NULL
                  AND (k.customer_id IS NULL OR o.customer_id = k.customer_id)) x) u
 WHERE k.nte_limit IS NOT NULL;
COMMENT ON VIEW billing.limit_usage IS 'Every not-to-exceed limit with what is used and what is left of it, at its four levels.';
COMMENT ON COLUMN billing.limit_usage.used_amount IS 'Committed and billed; for customer and contract also billed products and milestone shares that are ready or on a draft.';
COMMENT ON COLUMN billing.limit_usage.remaining_amount IS 'Negative where a limit was lowered afterwards.';

-- --- age

CREATE OR REPLACE VIEW billing.backlog_ageing AS
SELECT c.company_id, c.contract_id, c.name AS contract, x.contract_line_id, x.customer_id, u.name AS customer, l.project_id, p.name AS project,
       c.currency, x.item_count, x.amount, x.later, x.days_0_30, x.days_31_60, x.days_61_90, x.days_over_90, x.undated, x.on_drafts, x.oldest_date
  FROM billing.contract c
 CROSS JOIN LATERAL (
       SELECT i.contract_line_id, i.customer_id, count(*) AS item_count, sum(i.amount) AS amount,
              coalesce(sum(i.amount) FILTER (WHERE i.age < 0), 0) AS later,
              coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 0 AND 30), 0) AS days_0_30,
              coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 31 AND 60), 0) AS days_31_60,
              coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 61 AND 90), 0) AS days_61_90,
              coalesce(sum(i.amount) FILTER (WHERE i.age > 90), 0) AS days_over_90,
              coalesce(sum(i.amount) FILTER (WHERE i.age IS NULL), 0) AS undated,
              coalesce(sum(i.amount) FILTER (WHERE i.is_on_draft), 0) AS on_drafts,
              min(i.item_date) AS oldest_date
         FROM (SELECT a.contract_line_id, a.customer_id, a.amount, a.transaction_date AS item_date,
                      CURRENT_DATE - a.transaction_date AS age, a.billing_status = 'customer_invoice_created' AS is_on_draft
                 FROM billing.actual a
                WHERE a.contract_id = c.contract_id AND a.is_open AND a.billing_type = 'chargeable'
               UNION ALL
               SELECT s.contract_line_id, s.customer_id, s.amount, m.milestone_date,
                      CURRENT_DATE - m.milestone_date, s.milestone_status = 'customer_invoice_created'
                 FROM billing.milestone_split s
                 JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
                WHERE s.contract_id = c.contract_id AND s.milestone_status <> 'customer_invoice_posted'
               UNION ALL
               SELECT o.contract_line_id, c.customer_id, billing.money(o.quantity * o.unit_price, c.currency), NULL, NULL,
                      o.product_status = 'customer_invoice_created'
                 FROM billing.contract_line o
                WHERE o.contract_id = c.contract_id AND o.product_status <> 'customer_invoice_posted') i
        GROUP BY i.contract_line_id, i.customer_id) x
  JOIN billing.contract_line l ON l.contract_line_id = x.contract_line_id AND l.contract_id = c.contract_id
  JOIN billing.customer u ON u.customer_id = x.customer_id
  LEFT JOIN billing.project p ON p.project_id = l.project_id;
COMMENT ON VIEW billing.backlog_ageing IS 'How long chargeable work has waited to be billed, by contract line and customer: amounts without tax by days since the transaction date. Add them up by customer or project. Includes what sits on drafts, which is not billed either.';
COMMENT ON COLUMN billing.backlog_ageing.project_id IS 'The project that the contract line pays for.';
COMMENT ON COLUMN billing.backlog_ageing.later IS 'Dated later than today, as milestones to come.';
COMMENT ON COLUMN billing.backlog_ageing.undated IS 'Product lines, which have no date.';
COMMENT ON COLUMN billing.backlog_ageing.on_drafts IS 'How much of the amount sits on drafts.';

-- --- another day
-- Backwards from today: what the log says has happened since is undone. Reading starts at the open actuals and at what
-- was logged since, so a recent day costs little however long the history is.

CREATE OR REPLACE FUNCTION billing.backlog_at(moment timestamptz, contracts bigint[] DEFAULT NULL)
    RETURNS TABLE (contract_id bigint, contract_line_id bigint, customer_id bigint, item text, item_id bigint,
                   transaction_class billing.transaction_class, item_date date, billing_type billing.billing_type,
                   amount numeric, tax numeric, currency text, status text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET jit = off
    AS $$
WITH RECURSIVE since AS (
    SELECT h.item, h.status_column, h.from_status, h.to_status, h.operation_id, h.change_id, i.id
      FROM billing.operation o
      JOIN billing.operation_change h ON h.operation_id = o.operation_id
     CROSS JOIN LATERAL unnest(h.ids) AS i (id)
     WHERE o.started_at >= moment
       AND (h.item, h.status_column) IN (('actual', 'billing_status'), ('actual', 'adjustment_status'),
               ('milestone_split', 'milestone_status'), ('contract_line', 'product_status'), ('entry', 'entry_status'),
               ('invoice', 'project_invoice_status'), ('journal', 'journal_status'))
       AND (contracts IS NULL OR h.contract_id = ANY (contracts) OR h.to_status = 'canceled')),
-- The status an item had is the one its first change since then started from.
moved AS (
    SELECT DISTINCT ON (s.item, s.id) s.item, s.id, s.from_status, s.change_id
      FROM since s WHERE s.status_column IN ('billing_status', 'milestone_status', 'product_status')
     ORDER BY s.item, s.id, s.change_id),
chosen AS (
    SELECT c.contract_id, c.customer_id, c.currency FROM billing.contract c
     WHERE contracts IS NULL OR c.contract_id = ANY (contracts)),
-- A slice cut since then was a part of another share, with the status of that one.
share AS (
    SELECT s.contract_id, s.milestone_split_id, s.milestone_split_id AS was_id
      FROM chosen c JOIN billing.milestone_split s ON s.contract_id = c.contract_id
    UNION ALL
    SELECT h.contract_id, h.milestone_split_id, p.cut_from
      FROM share h
      JOIN moved m ON m.item = 'milestone_split' AND m.id = h.was_id AND m.from_status IS NULL
      JOIN billing.milestone_split p ON p.milestone_split_id = h.was_id AND p.contract_id = h.contract_id),
-- An approval since then wrote the sales of its entry, but for those that had moved before it.
approved AS (
    SELECT s.id, min(s.change_id) AS change_id FROM since s
     WHERE s.item = 'entry' AND s.from_status = 'submitted' AND s.to_status = 'approved' GROUP BY s.id),
canceled AS (
    SELECT s.id, s.operation_id, s.change_id, s.from_status FROM since s
     WHERE s.item = 'actual' AND s.status_column = 'billing_status' AND s.to_status = 'canceled'),
-- So did the operation that took older sales or costs of the entry out of the backlog without taking these along;
-- splitting a sale at a limit touches that sale alone.
superseded AS (
    SELECT a.entry_id, a.actual_id, k.operation_id, k.change_id
      FROM canceled k
      JOIN billing.actual a ON a.actual_id = k.id
     WHERE k.from_status IN ('not_ready_to_invoice', 'ready_to_invoice') AND a.entry_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM billing.actual p WHERE p.part_of_id = a.actual_id)),
-- Sales that replace another actual, or are a part of it, were written when that one was adjusted, those of an invoice at its confirmation.
adjusted AS (
    SELECT DISTINCT s.id FROM since s
     WHERE s.item = 'actual' AND s.status_column = 'adjustment_status' AND s.to_status = 'adjusted'),
confirmed AS (
    SELECT DISTINCT s.id FROM since s WHERE s.item = 'invoice' AND s.to_status = 'confirmed'),
-- What stems from a journal line was written when its journal was confirmed, or later.
journaled AS (
    SELECT l.journal_line_id FROM since s
      JOIN billing.journal j ON j.journal_id = s.id
      JOIN billing.journal_line l ON l.contract_id = j.contract_id AND l.journal_id = j.journal_id
     WHERE s.item = 'journal' AND s.to_status = 'confirmed'),
sale AS (
    SELECT a.contract_id, a.contract_line_id, a.customer_id, a.actual_id, a.entry_id, a.journal_line_id, a.source_id, a.part_of_id, a.invoice_id, a.transaction_class,
           a.transaction_date, a.billing_type, a.amount, a.tax, coalesce(m.from_status, a.billing_status::text) AS status,
           m.change_id AS moved_at
      FROM chosen c
      JOIN billing.actual a ON a.contract_id = c.contract_id AND a.is_open
      LEFT JOIN moved m ON m.item = 'actual' AND m.id = a.actual_id
    UNION ALL
    SELECT a.contract_id, a.contract_line_id, a.customer_id, a.actual_id, a.entry_id, a.journal_line_id, a.source_id, a.part_of_id, a.invoice_id, a.transaction_class,
           a.transaction_date, a.billing_type, a.amount, a.tax, m.from_status, m.change_id
      FROM moved m
      JOIN billing.actual a ON a.actual_id = m.id
     WHERE m.item = 'actual' AND NOT a.is_open AND a.transaction_type = 'unbilled_sales'
       AND m.from_status IN ('not_ready_to_invoice', 'ready_to_invoice', 'customer_invoice_created'))
SELECT s.contract_id, s.contract_line_id, s.customer_id, 'actual', s.actual_id, s.transaction_class, s.transaction_date, s.billing_type,
       s.amount, s.tax, c.currency, s.status
  FROM sale s
  JOIN chosen c ON c.contract_id = s.contract_id
  LEFT JOIN approved p ON p.id = s.entry_id
  LEFT JOIN canceled k ON k.id = s.actual_id
 WHERE (p.id IS NULL OR s.moved_at < p.change_id)
   AND NOT EXISTS (SELECT FROM superseded o
                    WHERE o.entry_id = s.entry_id AND o.actual_id < s.actual_id
                      AND (s.moved_at IS NULL OR (o.operation_id IS DISTINCT FROM k.operation_id AND o.change_id < s.moved_at)))
   AND NOT EXISTS (SELECT FROM adjusted d WHERE d.id = s.source_id)
   AND NOT EXISTS (SELECT FROM adjusted d WHERE d.id = s.part_of_id)
   AND NOT EXISTS (SELECT FROM confirmed v WHERE v.id = s.invoice_id)
   AND NOT EXISTS (SELECT FROM journaled j WHERE j.journal_line_id = s.journal_line_id)
UNION ALL
SELECT s.contract_id, s.contract_line_id, s.customer_id, 'milestone', s.milestone_split_id, 'milestone', t.milestone_date, 'chargeable',
       s.amount, s.tax, c.currency, x.status
  FROM chosen c
  JOIN billing.milestone_split s ON s.contract_id = c.contract_id
  JOIN billing.milestone t ON t.milestone_id = s.milestone_id AND t.contract_id = s.contract_id
  JOIN share h ON h.contract_id = s.contract_id AND h.milestone_split_id = s.milestone_split_id
  LEFT JOIN moved m ON m.item = 'milestone_split' AND m.id = h.was_id
  LEFT JOIN billing.milestone_split w ON w.milestone_split_id = h.was_id AND w.contract_id = h.contract_id
 CROSS JOIN LATERAL (SELECT coalesce(m.from_status, w.milestone_status::text, 'not_ready_to_invoice') AS status) x
 WHERE (m.id IS NULL OR m.from_status IS NOT NULL) AND x.status <> 'customer_invoice_posted' AND coalesce(t.recorded_at < moment, true)
UNION ALL
SELECT l.contract_id, l.contract_line_id, c.customer_id, 'product', l.contract_line_id, 'material', NULL, 'chargeable',
       billing.money(l.quantity * l.unit_price, c.currency), l.tax, c.currency, coalesce(m.from_status, l.product_status::text)
  FROM chosen c
  JOIN billing.contract_line l ON l.contract_id = c.contract_id AND l.product_status IS NOT NULL
  LEFT JOIN moved m ON m.item = 'contract_line' AND m.id = l.contract_line_id
 WHERE coalesce(m.from_status, l.product_status::text) <> 'customer_invoice_posted' AND coalesce(l.recorded_at < moment, true)
$$;
COMMENT ON FUNCTION billing.backlog_at(timestamptz, bigint[]) IS
    'What was unbilled just before a moment: the backlog and what sat on drafts (status customer_invoice_created), from the log. What a verb did counts from the moment it was called. Actuals are exact; milestones and product lines have the status of then and the terms of now, those deleted since are missing, and slices merged since are not ready.';
REVOKE ALL ON FUNCTION billing.backlog_at(timestamptz, bigint[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION billing.backlog_as_of(day date, contracts bigint[] DEFAULT NULL)
    RETURNS TABLE (contract_id bigint, contract_line_id bigint, customer_id bigint, item text, item_id bigint,
                   transaction_class billing.transaction_class, item_date date, billing_type billing.billing_type,
                   amount numeric, tax numeric, currency text, status text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
SELECT b.contract_id, b.contract_line_id, b.customer_id, b.item, b.item_id, b.transaction_class, b.item_date, b.billing_type,
       b.amount, b.tax, b.currency, b.status
  FROM billing.backlog_at((day + 1)::timestamptz, contracts) b
$$;
COMMENT ON FUNCTION billing.backlog_as_of(date, bigint[]) IS
    'backlog_at() the end of a day in the session''s time zone.';
REVOKE ALL ON FUNCTION billing.backlog_as_of(date, bigint[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION billing.backlog_ageing(as_of date DEFAULT CURRENT_DATE, companies bigint[] DEFAULT NULL,
                                                  contracts bigint[] DEFAULT NULL, customers bigint[] DEFAULT NULL,
                                                  projects bigint[] DEFAULT NULL)
    RETURNS TABLE (company_id bigint, contract_id bigint, contract text, contract_line_id bigint, customer_id bigint, customer text,
                   project_id bigint, project text, currency text, item_count bigint, amount numeric, later numeric,
                   days_0_30 numeric, days_31_60 numeric, days_61_90 numeric, days_over_90 numeric, undated numeric,
                   on_drafts numeric, oldest_date date)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET jit = off
    AS $$
WITH today AS (
    SELECT v.company_id, v.contract_id, v.contract, v.contract_line_id, v.customer_id, v.customer, v.project_id, v.project,
           v.currency, v.item_count, v.amount, v.later, v.days_0_30, v.days_31_60, v.days_61_90, v.days_over_90, v.undated,
           v.on_drafts, v.oldest_date
      FROM billing.backlog_ageing v
     WHERE as_of = CURRENT_DATE
       AND (companies IS NULL OR v.company_id = ANY (companies)) AND (contracts IS NULL OR v.contract_id = ANY (contracts))),
another_day AS (
    SELECT i.contract_id, i.contract_line_id, i.customer_id, count(*) AS item_count, sum(i.amount) AS amount,
           coalesce(sum(i.amount) FILTER (WHERE i.age < 0), 0) AS later,
           coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 0 AND 30), 0) AS days_0_30,
           coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 31 AND 60), 0) AS days_31_60,
           coalesce(sum(i.amount) FILTER (WHERE i.age BETWEEN 61 AND 90), 0) AS days_61_90,
           coalesce(sum(i.amount) FILTER (WHERE i.age > 90), 0) AS days_over_90,
           coalesce(sum(i.amount) FILTER (WHERE i.age IS NULL), 0) AS undated,
           coalesce(sum(i.amount) FILTER (WHERE i.is_on_draft), 0) AS on_drafts,
           min(i.item_date) AS oldest_date
      FROM (SELECT b.contract_id, b.contract_line_id, b.customer_id, b.amount, b.item_date, as_of - b.item_date AS age,
                   b.status = 'customer_invoice_created' AS is_on_draft
              FROM billing.backlog_as_of(as_of, contracts) b
             WHERE as_of <> CURRENT_DATE AND b.billing_type = 'chargeable') i
     GROUP BY i.contract_id, i.contract_line_id, i.customer_id)
SELECT t.* FROM today t
 WHERE (customers IS NULL OR t.customer_id = ANY (customers)) AND (projects IS NULL OR t.project_id = ANY (projects))
UNION ALL
SELECT c.company_id, d.contract_id, c.name, d.contract_line_id, d.customer_id, u.name, l.project_id, p.name, c.currency,
       d.item_count, d.amount, d.later, d.days_0_30, d.days_31_60, d.days_61_90, d.days_over_90, d.undated, d.on_drafts,
       d.oldest_date
  FROM another_day d
  JOIN billing.contract c ON c.contract_id = d.contract_id
  JOIN billing.contract_line l ON l.contract_line_id = d.contract_line_id AND l.contract_id = d.contract_id
  JOIN billing.customer u ON u.customer_id = d.customer_id
  LEFT JOIN billing.project p ON p.project_id = l.project_id
 WHERE (companies IS NULL OR c.company_id = ANY (companies)) AND (customers IS NULL OR d.customer_id = ANY (customers))
   AND (projects IS NULL OR l.project_id = ANY (projects))
$$;
COMMENT ON FUNCTION billing.backlog_ageing(date, bigint[], bigint[], bigint[], bigint[]) IS
    'The view backlog_ageing for a company, contracts, customers or projects, and for other days: then the backlog is that of the day, too.';
REVOKE ALL ON FUNCTION billing.backlog_ageing(date, bigint[], bigint[], bigint[], bigint[]) FROM PUBLIC;
