-- What reduced quantities on drafts leave.

CREATE OR REPLACE VIEW billing.draft_rest AS
SELECT r.contract_id, r.invoice_id, r.invoice_line_id, r.contract_line_id, r.customer_id, r.actual_id, r.detail_id,
       r.transaction_class, r.transaction_date, r.source_quantity, r.billed_quantity, r.source_quantity - r.billed_quantity AS rest_quantity,
       r.price, CASE WHEN r.keep_rest THEN r.source_amount - r.billed_amount
                     ELSE billing.money((r.source_quantity - r.billed_quantity) * r.price, r.currency) END AS rest_amount,
       CASE WHEN r.keep_rest AND sign(r.source_tax - r.billed_tax) = sign(r.source_tax)
            THEN r.source_tax - r.billed_tax ELSE 0 END AS rest_tax,
       CASE WHEN r.keep_rest THEN r.source_billing_type ELSE 'non_chargeable' END AS rest_billing_type, r.keep_rest
  FROM (SELECT k.*, CASE WHEN k.billed_amount = k.source_amount THEN k.source_tax WHEN k.source_amount = 0 THEN 0
                         ELSE billing.money(k.source_tax * k.billed_amount / k.source_amount, k.currency) END AS billed_tax
          FROM (SELECT t.contract_id, t.invoice_id, t.invoice_line_id, t.contract_line_id, t.customer_id, t.source_id AS actual_id,
                       t.detail_id, t.transaction_class, t.transaction_date, t.source_quantity, t.quantity AS billed_quantity,
                       t.source_price AS price, t.source_amount, t.source_tax, t.source_billing_type, c.currency,
                       coalesce(t.keep_rest, false) AS keep_rest,
                       billing.money(t.quantity * t.source_price, c.currency) AS billed_amount
                  FROM billing.draft_detail t
                  JOIN billing.contract c ON c.contract_id = t.contract_id
                 WHERE t.detail_kind = 'actual' AND abs(t.quantity) < abs(t.source_quantity)) k) r;
COMMENT ON VIEW billing.draft_rest IS 'What confirming a draft will do with the rest of each detail whose quantity was reduced: keep it in the backlog, not ready, or write it off as non-chargeable.';
COMMENT ON COLUMN billing.draft_rest.keep_rest IS 'True: it stays in the backlog. Chosen with edit_invoice_details(keep_rest => …), else by contract.keep_rest.';
