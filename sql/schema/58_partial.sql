-- Billing a part: what a reduced quantity on a draft leaves, and sales that fit a not-to-exceed limit only partly.

ALTER TABLE billing.contract ADD COLUMN IF NOT EXISTS keep_rest boolean NOT NULL DEFAULT false;
ALTER TABLE billing.contract ADD COLUMN IF NOT EXISTS nte_partial_fit boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN billing.contract.keep_rest IS 'What a quantity reduced on a draft means unless edit_invoice_details() says: false, the rest is written off as non-chargeable; true, it stays in the backlog.';
COMMENT ON COLUMN billing.contract.nte_partial_fit IS 'What happens to a sale that fits its not-to-exceed limits only partly: false, it fails as a whole; true, it is split at the limit, one part committed, the other failed. Counts from the next evaluation on.';

ALTER TABLE billing.invoice_detail ADD COLUMN IF NOT EXISTS keep_rest boolean;
COMMENT ON COLUMN billing.invoice_detail.keep_rest IS 'Whether what a reduced quantity leaves stays in the backlog; NULL: the quantity was never edited and nothing chosen.';

ALTER TABLE billing.actual ADD COLUMN IF NOT EXISTS part_of_id bigint;
CREATE INDEX IF NOT EXISTS actual_by_whole ON billing.actual (part_of_id, contract_id) WHERE part_of_id IS NOT NULL;
COMMENT ON COLUMN billing.actual.part_of_id IS 'The actual that was split in two at a not-to-exceed limit, and of which this is a part.';
