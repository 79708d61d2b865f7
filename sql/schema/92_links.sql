-- Links: what came from what. Nothing is stored for them; they follow from the links that entries, actuals, details and
-- invoices hold anyway.

-- Of the reference product's connections these are ours: approval, draft, confirmation, and their corrections. Ours has
-- no journal lines, so there is no connection at submission.
CREATE OR REPLACE VIEW billing.transaction_connection AS
SELECT a.contract_id, 'approval'::text AS event, 'actual'::text AS record_1, a.actual_id AS id_1, 'unbilled_sales'::text AS role_1,
       'actual'::text AS record_2, k.actual_id AS id_2, 'cost'::text AS role_2
  FROM billing.actual a
 CROSS JOIN LATERAL (
       -- An entry approved again has costs of each approval; those of this one were written just before its sales.
       SELECT c.actual_id
         FROM billing.actual c
        WHERE c.entry_id = a.entry_id AND c.contract_id = a.contract_id AND c.customer_id = a.customer_id
          AND c.invoice_id IS NULL AND c.entry_id IS NOT NULL AND c.transaction_type = 'cost' AND c.reverses_id IS NULL
          AND c.actual_id < a.actual_id
        ORDER BY c.actual_id DESC LIMIT 1) k
 WHERE a.transaction_type = 'unbilled_sales' AND a.reverses_id IS NULL AND a.invoice_id IS NULL AND a.entry_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'draft', 'invoice_line_detail', a.actual_id, 'billed_sales', 'actual', a.actual_id, 'unbilled_sales'
  FROM billing.actual a
 WHERE a.transaction_type = 'unbilled_sales' AND a.reverses_id IS NULL AND a.invoice_line_id IS NOT NULL
   AND (a.invoice_id IS NULL OR a.is_open
        OR a.invoice_id <> (SELECT i.invoice_id FROM billing.invoice_line i
                             WHERE i.invoice_line_id = a.invoice_line_id AND i.contract_id = a.contract_id))
UNION ALL
SELECT d.contract_id, 'draft correction', 'invoice_line_detail', d.detail_id, 'replacing', 'actual', d.actual_id, 'original'
  FROM billing.invoice_detail d
 WHERE d.detail_kind IN ('correction', 'milestone_correction', 'product_correction') AND d.actual_id IS NOT NULL
UNION ALL
SELECT r.contract_id, 'reversal', 'actual', r.actual_id, 'reversing', 'actual', r.reverses_id, 'original'
  FROM billing.actual r
 WHERE r.reverses_id IS NOT NULL
UNION ALL
SELECT b.contract_id, 'confirmation', 'actual', b.actual_id, 'billed_sales', 'actual', b.source_id, 'unbilled_sales'
  FROM billing.actual b
 WHERE b.transaction_type = 'billed_sales' AND b.reverses_id IS NULL AND b.source_id IS NOT NULL
UNION ALL
SELECT n.contract_id, 'replacement', 'actual', n.actual_id, 'replacing', 'actual', n.source_id, 'original'
  FROM billing.actual n
 WHERE n.transaction_type <> 'billed_sales' AND n.reverses_id IS NULL AND n.source_id IS NOT NULL
UNION ALL
SELECT n.contract_id, 'split', 'actual', n.actual_id, 'part', 'actual', n.part_of_id, 'original'
  FROM billing.actual n
 WHERE n.part_of_id IS NOT NULL;
COMMENT ON VIEW billing.transaction_connection IS 'Which two records belong together, and in which roles: sale and cost of an approval, detail and the sale it bills, reversal and original, billed and unbilled sale, replacement and original.';
COMMENT ON COLUMN billing.transaction_connection.event IS 'approval, draft, confirmation, reversal (at confirmation or cancellation), replacement, draft correction, split (at a not-to-exceed limit). Look up by id_1; by id_2 the whole contract is read.';
COMMENT ON COLUMN billing.transaction_connection.record_1 IS 'actual, or invoice_line_detail: then id_1 is the source_id of that view, and for corrections the detail_id.';

-- Of the reference product's origins ours has all but the journal lines of a submission, which we do not have; the lines
-- of entry journals are origins here.
CREATE OR REPLACE VIEW billing.transaction_origin AS
SELECT a.contract_id, 'entry'::text AS origin, a.entry_id AS origin_id, 'actual'::text AS record, a.actual_id AS record_id
  FROM billing.actual a
 WHERE a.entry_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'journal_line', a.journal_line_id, 'actual', a.actual_id
  FROM billing.actual a
 WHERE a.journal_line_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'journal_line', a.journal_line_id, 'invoice_line_detail', a.actual_id
  FROM billing.actual a
 WHERE a.transaction_type = 'unbilled_sales' AND a.reverses_id IS NULL AND a.invoice_line_id IS NOT NULL
   AND (a.invoice_id IS NULL OR a.is_open) AND a.journal_line_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'entry', a.entry_id, 'invoice_line_detail', a.actual_id
  FROM billing.actual a
 WHERE a.transaction_type = 'unbilled_sales' AND a.reverses_id IS NULL AND a.invoice_line_id IS NOT NULL
   AND (a.invoice_id IS NULL OR a.is_open
        OR a.invoice_id <> (SELECT i.invoice_id FROM billing.invoice_line i
                             WHERE i.invoice_line_id = a.invoice_line_id AND i.contract_id = a.contract_id)) AND a.entry_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'milestone_split', a.milestone_split_id, 'actual', a.actual_id
  FROM billing.actual a
 WHERE a.milestone_split_id IS NOT NULL
UNION ALL
SELECT s.contract_id, k.origin, k.origin_id, 'milestone_split', s.milestone_split_id
  FROM billing.milestone_split s
 CROSS JOIN LATERAL (VALUES ('milestone_split', s.cut_from), ('actual', s.credited_sale_id))
       AS k (origin, origin_id)
 WHERE k.origin_id IS NOT NULL
UNION ALL
SELECT a.contract_id, 'contract_line', a.contract_line_id, 'actual', a.actual_id
  FROM billing.actual a
  JOIN billing.contract_line l ON l.contract_line_id = a.contract_line_id AND l.contract_id = a.contract_id AND l.billing_method = 'product'
 WHERE a.transaction_type = 'billed_sales'
UNION ALL
-- What a confirmation bills or rewrites comes from its invoice; the reversal of a billed sale from the invoice that it
-- takes back, and what replaces a billed sale from both.
SELECT a.contract_id, k.origin, k.origin_id, 'actual', a.actual_id
  FROM billing.actual a
 CROSS JOIN LATERAL (
       -- What a correction returned to the backlog is on no line; its detail is.
       -- What an edit kept there is on no line, either, until it is billed on another invoice's; the sale it is the rest of is.
       SELECT a.invoice_id, coalesce((SELECT i.invoice_line_id FROM billing.invoice_line i
                                       WHERE i.invoice_line_id = a.invoice_line_id AND i.contract_id = a.contract_id
                                         AND i.invoice_id = a.invoice_id),
                                     (SELECT d.invoice_line_id FROM billing.invoice_detail d
                                       WHERE d.detail_id = a.detail_id AND d.contract_id = a.contract_id),
                                     (SELECT s.invoice_line_id FROM billing.actual s
                                       WHERE s.actual_id = a.source_id AND s.contract_id = a.contract_id)) AS invoice_line_id,
              coalesce(a.milestone_split_id, a.detail_id, a.source_id, a.contract_line_id) AS detail
        WHERE a.reverses_id IS NULL
       UNION ALL
       SELECT b.invoice_id, b.invoice_line_id, coalesce(b.milestone_split_id, b.detail_id, b.source_id, b.contract_line_id)
         FROM billing.actual b
        WHERE b.actual_id = coalesce(a.reverses_id, a.source_id) AND b.contract_id = a.contract_id
          AND b.transaction_type = 'billed_sales') o
 CROSS JOIN LATERAL (VALUES ('invoice', o.invoice_id), ('invoice_line', o.invoice_line_id), ('invoice_line_detail', o.detail))
       AS k (origin, origin_id)
 WHERE a.invoice_id IS NOT NULL AND (a.transaction_type = 'billed_sales' OR a.reverses_id IS NULL);
COMMENT ON VIEW billing.transaction_origin IS 'Where every actual comes from: the entry, journal line, milestone share or product line, and for what a confirmation wrote the invoice, its line and detail. And where slices of milestones come from: the share they were cut from, the billed sale of which they are the credited part.';
COMMENT ON COLUMN billing.transaction_origin.origin IS 'entry, journal_line, milestone_split, actual, contract_line (a product line), invoice, invoice_line, invoice_line_detail (origin_id is the source_id of that view).';
