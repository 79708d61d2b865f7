-- What reporting tools read. Plain views: filter them, the keys reach the indexes.

CREATE OR REPLACE VIEW billing.draft_detail AS
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id,
       'actual'::billing.detail_kind AS detail_kind, a.actual_id AS source_id, d.detail_id,
       a.transaction_class, coalesce(d.billing_type, a.billing_type) AS billing_type,
       coalesce(d.quantity, a.quantity) AS quantity, coalesce(d.price, a.price) AS price,
       coalesce(d.amount, a.amount) AS amount, coalesce(d.tax, a.tax) AS tax, a.transaction_date, a.entry_id,
       coalesce(d.description, a.description) AS description,
       coalesce(d.external_description, a.external_description) AS external_description,
       a.billing_type AS source_billing_type, a.quantity AS source_quantity, a.price AS source_price,
       a.amount AS source_amount, a.tax AS source_tax,
       coalesce(d.amount, a.amount) AS net_amount, coalesce(d.tax, a.tax) AS net_tax,
       a.discount_percent, coalesce(d.discount_amount, a.discount_amount) AS discount_amount,
       a.fee_percent, coalesce(d.fee_amount, a.fee_amount) AS fee_amount,
       a.discount_amount AS source_discount_amount, a.fee_amount AS source_fee_amount,
       a.description AS source_description, a.external_description AS source_external_description,
       a.milestone_split_id, a.journal_line_id, d.keep_rest
  FROM billing.invoice_line l
  JOIN billing.actual a ON a.contract_id = l.contract_id AND a.contract_line_id = l.contract_line_id
                       AND a.customer_id = l.customer_id AND a.is_open AND a.invoice_line_id = l.invoice_line_id
  LEFT JOIN billing.invoice_detail d ON d.actual_id = a.actual_id AND d.contract_id = a.contract_id AND d.detail_kind = 'actual'
UNION ALL
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id,
       'milestone', s.milestone_split_id, d.detail_id,
       'milestone', coalesce(d.billing_type, 'chargeable'), 1, s.amount, s.amount, coalesce(d.tax, s.tax), m.milestone_date, NULL,
       coalesce(d.description, m.name), coalesce(d.external_description, m.name),
       'chargeable', 1, s.amount, s.amount, s.tax, s.amount, coalesce(d.tax, s.tax), NULL, NULL, NULL, NULL, NULL, NULL,
       m.name, m.name, s.milestone_split_id, NULL, NULL
  FROM billing.invoice_line l
  JOIN billing.milestone_split s ON s.contract_id = l.contract_id AND s.contract_line_id = l.contract_line_id
                                AND s.customer_id = l.customer_id AND s.invoice_line_id = l.invoice_line_id
                                AND s.milestone_status = 'customer_invoice_created'
  JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
  LEFT JOIN billing.invoice_detail d ON d.milestone_split_id = s.milestone_split_id AND d.contract_id = s.contract_id
                                    AND d.invoice_line_id = l.invoice_line_id
UNION ALL
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id,
       'product', p.contract_line_id, d.detail_id,
       'material', 'chargeable', p.quantity, p.unit_price, billing.money(p.quantity * p.unit_price, c.currency),
       coalesce(d.tax, p.tax), v.invoice_date, NULL, p.name, p.name,
       'chargeable', p.quantity, p.unit_price, billing.money(p.quantity * p.unit_price, c.currency), p.tax,
       billing.money(p.quantity * p.unit_price, c.currency), coalesce(d.tax, p.tax), NULL, NULL, NULL, NULL, NULL, NULL,
       p.name, p.name, NULL, NULL, NULL
  FROM billing.invoice_line l
  JOIN billing.contract_line p ON p.contract_line_id = l.contract_line_id AND p.contract_id = l.contract_id
                              AND p.invoice_line_id = l.invoice_line_id AND p.product_status = 'customer_invoice_created'
  JOIN billing.contract c ON c.contract_id = l.contract_id
  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
  LEFT JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                                    AND d.detail_kind = 'product'
UNION ALL
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id,
       'manual', d.detail_id, d.detail_id,
       d.transaction_class, d.billing_type, d.quantity, d.price, d.amount, d.tax, d.transaction_date, NULL,
       d.description, d.external_description, NULL, NULL, NULL, NULL, NULL, d.amount, d.tax,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, d.keep_rest
  FROM billing.invoice_line l
  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                        AND v.project_invoice_status IN ('draft', 'in_review')
  JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                               AND d.detail_kind = 'manual'
UNION ALL
-- The outer join keeps a plan made while the tables were small from looking at all actuals of a contract first.
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id,
       d.detail_kind, d.actual_id, d.detail_id,
       d.transaction_class, d.billing_type, d.quantity, d.price, d.amount, d.tax, d.transaction_date, b.entry_id,
       d.description, d.external_description, b.billing_type, b.quantity, b.price, b.amount, b.tax,
       d.amount - b.amount, d.tax - b.tax,
       b.discount_percent, d.discount_amount, b.fee_percent, d.fee_amount, b.discount_amount, b.fee_amount,
       b.description, b.external_description, b.milestone_split_id, b.journal_line_id, d.keep_rest
  FROM billing.invoice_line l
  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                        AND v.project_invoice_status IN ('draft', 'in_review') AND v.has_corrections
  JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                               AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
  LEFT JOIN billing.actual b ON b.actual_id = d.actual_id AND b.contract_id = d.contract_id;
COMMENT ON VIEW billing.draft_detail IS 'Details of invoices not yet confirmed, edits applied, beside the values of their sources.';
COMMENT ON COLUMN billing.draft_detail.amount IS 'Quantity x price less discount_amount plus fee_amount, which are NULL where the source has neither.';
COMMENT ON COLUMN billing.draft_detail.net_amount IS 'What it adds to the invoice; of a correction the corrected amount less the billed one.';
COMMENT ON COLUMN billing.draft_detail.keep_rest IS 'Whether what a reduced quantity leaves stays in the backlog; NULL: the quantity was never edited and nothing chosen.';

CREATE OR REPLACE VIEW billing.invoice_line_detail AS
SELECT t.contract_id, t.invoice_id, t.invoice_line_id, t.contract_line_id, t.customer_id, t.detail_kind, t.source_id,
       t.transaction_class, t.billing_type, t.transaction_date,
       CASE WHEN t.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
            THEN t.quantity - t.source_quantity ELSE t.quantity END AS quantity,
       t.price, t.net_amount AS amount, t.net_tax AS tax, t.net_amount + t.net_tax AS extended_amount,
       coalesce(e.resource_id, d.resource_id) AS resource_id, coalesce(e.task_id, d.task_id) AS task_id,
       coalesce(e.role_id, r.role_id, d.role_id) AS role_id, coalesce(e.category_id, d.category_id) AS category_id,
       coalesce(t.description, e.description) AS description,
       coalesce(t.external_description, e.external_description, t.description, e.description) AS external_description,
       t.detail_id, NULL::bigint AS billed_sale_id,
       t.net_amount + x.discount_amount - x.fee_amount AS base_amount, x.discount_amount, x.fee_amount
  FROM billing.draft_detail t
 CROSS JOIN LATERAL (
       SELECT coalesce(t.discount_amount, 0) - CASE WHEN k.corrects THEN coalesce(t.source_discount_amount, 0) ELSE 0 END AS discount_amount,
              coalesce(t.fee_amount, 0) - CASE WHEN k.corrects THEN coalesce(t.source_fee_amount, 0) ELSE 0 END AS fee_amount
         FROM (SELECT t.detail_kind IN ('correction', 'milestone_correction', 'product_correction') AS corrects) k) x
  LEFT JOIN billing.entry e ON e.entry_id = t.entry_id
  LEFT JOIN billing.resource r ON r.resource_id = e.resource_id
  LEFT JOIN billing.invoice_detail d ON d.detail_id = t.detail_id AND d.contract_id = t.contract_id
UNION ALL
SELECT b.contract_id, b.invoice_id, b.invoice_line_id, b.contract_line_id, b.customer_id,
       CASE WHEN b.milestone_split_id IS NOT NULL THEN 'milestone' WHEN b.detail_id IS NOT NULL THEN 'manual'
            WHEN b.source_id IS NULL THEN 'product' ELSE 'actual' END::billing.detail_kind,
       coalesce(b.milestone_split_id, b.detail_id, b.source_id, b.contract_line_id),
       b.transaction_class, b.billing_type, b.transaction_date, b.quantity, b.price, b.amount, b.tax, b.amount + b.tax,
       coalesce(e.resource_id, d.resource_id), coalesce(e.task_id, d.task_id, m.task_id), coalesce(e.role_id, r.role_id, d.role_id),
       coalesce(e.category_id, d.category_id),
       coalesce(b.description, d.description, e.description, m.name),
       coalesce(b.external_description, d.external_description, e.external_description, b.description, d.description, e.description, m.name),
       b.detail_id, b.actual_id,
       b.amount + coalesce(b.discount_amount, 0) - coalesce(b.fee_amount, 0), coalesce(b.discount_amount, 0), coalesce(b.fee_amount, 0)
  FROM billing.invoice_line l
  JOIN billing.actual b ON b.contract_id = l.contract_id AND b.invoice_id = l.invoice_id
                       AND b.invoice_line_id = l.invoice_line_id AND b.transaction_type = 'billed_sales'
  LEFT JOIN billing.entry e ON e.entry_id = b.entry_id
  LEFT JOIN billing.resource r ON r.resource_id = e.resource_id
  LEFT JOIN billing.invoice_detail d ON d.detail_id = b.detail_id AND d.contract_id = b.contract_id
  LEFT JOIN billing.milestone_split s ON s.milestone_split_id = b.milestone_split_id AND s.contract_id = b.contract_id
  LEFT JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
 WHERE coalesce(d.detail_kind NOT IN ('correction', 'milestone_correction', 'product_correction'), true)
UNION ALL
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, l.contract_line_id, l.customer_id, d.detail_kind, d.actual_id,
       d.transaction_class, d.billing_type, d.transaction_date, d.quantity - o.quantity, d.price,
       d.amount - o.amount, d.tax - o.tax, d.amount - o.amount + d.tax - o.tax,
       coalesce(e.resource_id, d.resource_id), coalesce(e.task_id, d.task_id, m.task_id), coalesce(e.role_id, r.role_id, d.role_id),
       coalesce(e.category_id, d.category_id),
       coalesce(d.description, e.description, m.name),
       coalesce(d.external_description, e.external_description, d.description, e.description, m.name),
       d.detail_id, b.actual_id,
       d.amount - o.amount + coalesce(d.discount_amount - o.discount_amount, 0) - coalesce(d.fee_amount - o.fee_amount, 0),
       coalesce(d.discount_amount - o.discount_amount, 0), coalesce(d.fee_amount - o.fee_amount, 0)
  FROM billing.invoice_line l
  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                        AND v.project_invoice_status NOT IN ('draft', 'in_review') AND v.has_corrections
  JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                               AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
  JOIN billing.actual o ON o.actual_id = d.actual_id AND o.contract_id = d.contract_id
  LEFT JOIN billing.actual b ON b.contract_id = l.contract_id AND b.invoice_id = l.invoice_id AND b.detail_id = d.detail_id
                            AND b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL
  LEFT JOIN billing.entry e ON e.entry_id = o.entry_id
  LEFT JOIN billing.resource r ON r.resource_id = e.resource_id
  LEFT JOIN billing.milestone_split s ON s.milestone_split_id = o.milestone_split_id AND s.contract_id = o.contract_id
  LEFT JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
UNION ALL
SELECT x.contract_id, x.invoice_id, NULL, NULL, x.customer_id, x.detail_kind, x.source_id,
       'retainer', 'chargeable', x.transaction_date, x.quantity, x.price, x.amount, 0, x.amount, NULL, NULL, NULL, NULL,
       x.description, x.external_description, NULL, NULL, x.amount, 0, 0
  FROM billing.retainer_detail x;
COMMENT ON VIEW billing.invoice_line_detail IS 'Everything that stands on an invoice, draft or confirmed, one row per detail with its texts. A correction shows what it changes: the corrected values less the billed ones. Retainers billed, advances applied and refunds belong to no invoice line.';
COMMENT ON COLUMN billing.invoice_line_detail.amount IS 'base_amount less discount_amount plus fee_amount.';
COMMENT ON COLUMN billing.invoice_line_detail.base_amount IS 'Quantity x price, before discount and fee; of a correction what changes in it.';
COMMENT ON COLUMN billing.invoice_line_detail.detail_id IS 'Of details stored for this invoice: edited, manual, corrections.';
COMMENT ON COLUMN billing.invoice_line_detail.billed_sale_id IS 'The billed sale it stands for, which revise_invoice() takes; NULL on drafts and where a correction left nothing billed.';

CREATE OR REPLACE VIEW billing.invoice_correction AS
SELECT l.contract_id, l.invoice_id, l.invoice_line_id, d.detail_id, d.detail_kind, d.actual_id AS corrected_sale_id,
       o.invoice_id AS corrected_invoice_id, w.invoice_number AS corrected_invoice_number, l.contract_line_id, l.customer_id,
       d.transaction_class, d.billing_type, d.transaction_date, o.entry_id,
       o.quantity AS original_quantity, o.price AS original_price, o.amount AS original_amount, o.tax AS original_tax,
       d.quantity AS corrected_quantity, d.price AS corrected_price, d.amount AS corrected_amount, d.tax AS corrected_tax,
       d.quantity - o.quantity AS net_quantity, d.amount - o.amount AS net_amount, d.tax - o.tax AS net_tax,
       coalesce(o.discount_amount, 0) AS original_discount, coalesce(o.fee_amount, 0) AS original_fee,
       coalesce(d.discount_amount, 0) AS corrected_discount, coalesce(d.fee_amount, 0) AS corrected_fee,
       coalesce(d.discount_amount - o.discount_amount, 0) AS net_discount, coalesce(d.fee_amount - o.fee_amount, 0) AS net_fee
  FROM billing.invoice v
  JOIN billing.invoice_line l ON l.invoice_id = v.invoice_id AND l.contract_id = v.contract_id
  JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
                               AND d.detail_kind IN ('correction', 'milestone_correction', 'product_correction')
  JOIN billing.actual o ON o.actual_id = d.actual_id AND o.contract_id = d.contract_id
  JOIN billing.invoice w ON w.invoice_id = o.invoice_id AND w.contract_id = o.contract_id
 WHERE v.has_corrections;
COMMENT ON VIEW billing.invoice_correction IS 'Corrections on drafts and confirmed invoices: what was billed, what shall stand, and the difference.';

CREATE OR REPLACE VIEW billing.edited_transactions AS
SELECT t.contract_id, t.invoice_id, t.invoice_line_id, t.detail_kind, t.source_id, t.transaction_class,
       t.source_billing_type, t.billing_type, t.source_quantity, t.quantity, t.source_price, t.price,
       t.source_amount, t.amount, t.source_tax, t.tax
  FROM billing.draft_detail t
 WHERE t.detail_id IS NOT NULL AND t.detail_kind IN ('actual', 'milestone', 'product')
   AND (t.billing_type, t.quantity, t.price, t.amount, t.tax)
       IS DISTINCT FROM (t.source_billing_type, t.source_quantity, t.source_price, t.source_amount, t.source_tax)
UNION ALL
SELECT d.contract_id, l.invoice_id, d.invoice_line_id, d.detail_kind, o.source_id, d.transaction_class,
       o.billing_type, d.billing_type, o.quantity, d.quantity, o.price, d.price, o.amount, d.amount, o.tax, d.tax
  FROM billing.invoice_line l
  JOIN billing.invoice v ON v.invoice_id = l.invoice_id AND v.contract_id = l.contract_id
                        AND v.project_invoice_status NOT IN ('draft', 'in_review')
  JOIN billing.invoice_detail d ON d.contract_id = l.contract_id AND d.invoice_line_id = l.invoice_line_id
 CROSS JOIN LATERAL (
       SELECT a.actual_id AS source_id, a.billing_type, a.quantity, a.price, a.amount, a.tax
         FROM billing.actual a
        WHERE d.detail_kind = 'actual' AND a.actual_id = d.actual_id AND a.contract_id = d.contract_id
       UNION ALL
       -- Together with the parts that were credited since.
       SELECT s.milestone_split_id, 'chargeable', 1, d.amount, d.amount,
              (WITH RECURSIVE part AS (
                   SELECT s.milestone_split_id, s.tax
                   UNION ALL
                   SELECT k.milestone_split_id, k.tax
                     FROM part p
                     JOIN billing.milestone_split k ON k.contract_id = s.contract_id AND k.milestone_id = s.milestone_id
                          AND k.cut_from = p.milestone_split_id
                    WHERE k.credited_sale_id >= (
                          SELECT b.actual_id FROM billing.actual b
                           WHERE b.contract_id = l.contract_id AND b.invoice_id = l.invoice_id
                             AND b.milestone_split_id = s.milestone_split_id AND b.transaction_type = 'billed_sales'
                             AND b.reverses_id IS NULL AND b.detail_id IS NULL))
               SELECT sum(part.tax) FROM part)
         FROM billing.milestone_split s
        WHERE d.detail_kind = 'milestone' AND s.milestone_split_id = d.milestone_split_id AND s.contract_id = d.contract_id
       UNION ALL
       SELECT p.contract_line_id, 'chargeable', p.quantity, p.unit_price, d.amount, p.tax
         FROM billing.contract_line p
        WHERE d.detail_kind = 'product' AND p.contract_line_id = l.contract_line_id AND p.contract_id = l.contract_id) o
 WHERE (d.billing_type, d.quantity, d.price, d.amount, d.tax)
       IS DISTINCT FROM (o.billing_type, o.quantity, o.price, o.amount, o.tax);
COMMENT ON VIEW billing.edited_transactions IS 'Details whose quantity, price, billing type or tax differ from their source, with both values.';

CREATE OR REPLACE VIEW billing.time_and_material_backlog AS
SELECT a.contract_id, c.name AS contract, a.contract_line_id, l.name AS contract_line, a.customer_id, u.name AS customer,
       a.actual_id, a.entry_id, a.transaction_class, a.transaction_date, coalesce(e.project_id, j.project_id) AS project_id,
       coalesce(e.task_id, j.task_id) AS task_id, coalesce(e.resource_id, j.resource_id) AS resource_id,
       a.quantity, a.price, a.amount, a.tax, c.currency, a.billing_type, a.billing_status, a.nte_status, a.nte_failed_level,
       coalesce(a.description, e.description) AS description, a.invoice_line_id,
       a.amount + coalesce(a.discount_amount, 0) - coalesce(a.fee_amount, 0) AS base_amount,
       coalesce(a.discount_amount, 0) AS discount_amount, coalesce(a.fee_amount, 0) AS fee_amount
  FROM billing.actual a
  JOIN billing.contract c ON c.contract_id = a.contract_id
  JOIN billing.contract_line l ON l.contract_line_id = a.contract_line_id AND l.contract_id = a.contract_id
  JOIN billing.customer u ON u.customer_id = a.customer_id
  LEFT JOIN billing.entry e ON e.entry_id = a.entry_id
  LEFT JOIN billing.journal_line j ON j.journal_line_id = a.journal_line_id AND j.contract_id = a.contract_id
 WHERE a.is_open AND a.adjustment_status = 'adjustable'
   AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice');
COMMENT ON VIEW billing.time_and_material_backlog IS 'Unbilled sales that are on no invoice: not ready or ready.';
COMMENT ON COLUMN billing.time_and_material_backlog.amount IS 'base_amount less discount_amount plus fee_amount.';

CREATE OR REPLACE VIEW billing.fixed_price_milestones AS
SELECT m.contract_id, c.name AS contract, m.contract_line_id, l.name AS contract_line, m.milestone_id, m.name AS milestone,
       m.milestone_date, m.amount AS milestone_amount, m.tax AS milestone_tax,
       (CASE WHEN pg_catalog.bool_and(s.milestone_status = 'customer_invoice_posted') OVER w THEN 'completed'
             WHEN pg_catalog.bool_and(s.milestone_status = 'not_ready_to_invoice' AND NOT s.has_billing_history) OVER w THEN 'not_started'
             ELSE 'in_progress' END)::billing.milestone_header_status AS header_status,
       s.milestone_split_id, s.customer_id, u.name AS customer, s.amount, s.tax, c.currency, s.milestone_status, s.invoice_line_id
  FROM billing.milestone m
  JOIN billing.milestone_split s ON s.milestone_id = m.milestone_id AND s.contract_id = m.contract_id
  JOIN billing.contract c ON c.contract_id = m.contract_id
  JOIN billing.contract_line l ON l.contract_line_id = m.contract_line_id AND l.contract_id = m.contract_id
  JOIN billing.customer u ON u.customer_id = s.customer_id
WINDOW w AS (PARTITION BY m.contract_id, m.milestone_id);
COMMENT ON VIEW billing.fixed_price_milestones IS 'Milestones with each customer''s share; the status of the whole milestone follows from the shares.';

CREATE OR REPLACE VIEW billing.product_backlog AS
SELECT l.contract_id, c.name AS contract, l.contract_line_id, l.name AS product_line, l.product_id, c.customer_id,
       u.name AS customer, l.quantity, l.unit_price, billing.money(l.quantity * l.unit_price, c.currency) AS amount, l.tax,
       c.currency, l.product_status, l.invoice_line_id
  FROM billing.contract_line l
  JOIN billing.contract c ON c.contract_id = l.contract_id
  JOIN billing.customer u ON u.customer_id = c.customer_id
 WHERE l.billing_method = 'product';
COMMENT ON VIEW billing.product_backlog IS 'Product lines with their billing status; they belong to the primary customer.';

CREATE OR REPLACE VIEW billing.backlog AS
SELECT a.contract_id, a.customer_id, 'actual'::text AS item, a.actual_id AS item_id, a.contract_line_id, a.transaction_class,
       a.transaction_date AS item_date, a.billing_type, a.amount, a.tax, c.currency, a.billing_status::text AS status,
       a.nte_status IN ('failed', 'not_evaluated') AS is_blocked
  FROM billing.actual a
  JOIN billing.contract c ON c.contract_id = a.contract_id
 WHERE a.is_open AND a.adjustment_status = 'adjustable' AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice')
UNION ALL
SELECT s.contract_id, s.customer_id, 'milestone', s.milestone_split_id, s.contract_line_id, 'milestone', m.milestone_date,
       'chargeable', s.amount, s.tax, c.currency, s.milestone_status::text, false
  FROM billing.milestone_split s
  JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
  JOIN billing.contract c ON c.contract_id = s.contract_id
 WHERE s.milestone_status IN ('not_ready_to_invoice', 'ready_to_invoice')
UNION ALL
SELECT l.contract_id, c.customer_id, 'product', l.contract_line_id, l.contract_line_id, 'material', NULL,
       'chargeable', billing.money(l.quantity * l.unit_price, c.currency), l.tax, c.currency, l.product_status::text, false
  FROM billing.contract_line l
  JOIN billing.contract c ON c.contract_id = l.contract_id
 WHERE l.product_status IN ('not_ready_to_invoice', 'ready_to_invoice');
COMMENT ON VIEW billing.backlog IS 'Everything unbilled that is on no invoice, of all kinds: actuals, milestone shares (item_id is milestone_split_id) and product lines.';

CREATE OR REPLACE VIEW billing.pending_transactions AS
SELECT v.contract_id, v.invoice_id, v.customer_id, 'actual'::text AS item, a.actual_id AS item_id, a.contract_line_id,
       a.transaction_class, a.transaction_date, a.amount, a.tax, a.billing_status::text AS status
  FROM billing.invoice v
  JOIN billing.actual a ON a.contract_id = v.contract_id AND a.customer_id = v.customer_id AND a.is_open
                       AND a.adjustment_status = 'adjustable'
                       AND a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice')
 WHERE v.project_invoice_status IN ('draft', 'in_review')
UNION ALL
SELECT v.contract_id, v.invoice_id, v.customer_id, 'milestone', s.milestone_split_id, s.contract_line_id,
       'milestone', m.milestone_date, s.amount, s.tax, s.milestone_status::text
  FROM billing.invoice v
  JOIN billing.milestone_split s ON s.contract_id = v.contract_id AND s.customer_id = v.customer_id
                                AND s.milestone_status IN ('not_ready_to_invoice', 'ready_to_invoice')
  JOIN billing.milestone m ON m.milestone_id = s.milestone_id AND m.contract_id = s.contract_id
 WHERE v.project_invoice_status IN ('draft', 'in_review')
UNION ALL
SELECT v.contract_id, v.invoice_id, v.customer_id, 'product', p.contract_line_id, p.contract_line_id,
       'material', v.invoice_date, billing.money(p.quantity * p.unit_price, v.currency), p.tax, p.product_status::text
  FROM billing.invoice v
  JOIN billing.contract c ON c.contract_id = v.contract_id AND c.customer_id = v.customer_id
  JOIN billing.contract_line p ON p.contract_id = v.contract_id
                              AND p.product_status IN ('not_ready_to_invoice', 'ready_to_invoice')
 WHERE v.project_invoice_status IN ('draft', 'in_review')
UNION ALL
SELECT v.contract_id, v.invoice_id, v.customer_id, 'retainer', r.retainer_id, NULL, 'retainer', r.invoice_date,
       r.amount, 0, r.retainer_status::text
  FROM billing.invoice v
  JOIN billing.retainer r ON r.contract_id = v.contract_id AND r.customer_id = v.customer_id
                         AND r.retainer_status IN ('not_ready_to_invoice', 'ready_to_invoice')
 WHERE v.project_invoice_status IN ('draft', 'in_review');
COMMENT ON VIEW billing.pending_transactions IS 'For each invoice not yet confirmed: what could still be billed to its contract and customer and is on no invoice.';

CREATE OR REPLACE VIEW billing.operation_history AS
SELECT o.operation_id, o.started_at, o.verb, o.role_name, o.session_role, o.application_name, o.arguments, o.run_key,
       h.contract_id, h.item, h.status_column, h.from_status, h.to_status, h.item_count, h.ids
  FROM billing.operation o
  LEFT JOIN billing.operation_change h ON h.operation_id = o.operation_id;
COMMENT ON VIEW billing.operation_history IS 'Who did what when, and which rows moved from which status to which.';
