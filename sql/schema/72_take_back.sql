-- Work that was taken back: it may be changed and approved again, but what the ledger knows stays.

-- What the approver chose in the call of approve(): it must survive another evaluation, and ends with the approval.
ALTER TABLE billing.entry
    ADD COLUMN IF NOT EXISTS approved_billable_quantity numeric(18,5)
        CONSTRAINT entry_approved_quantity_needs_approval
        CHECK (approved_billable_quantity IS NULL OR entry_status IN ('approved', 'recall_requested')),
    ADD COLUMN IF NOT EXISTS approved_billing_type billing.billing_type
        CONSTRAINT entry_approved_type_needs_approval
        CHECK (approved_billing_type IS NULL OR entry_status IN ('approved', 'recall_requested'));
COMMENT ON COLUMN billing.entry.approved_billable_quantity IS 'Billable quantity given to approve(), instead of billable_quantity. Written by the engine; NULL when the approval is taken back.';
COMMENT ON COLUMN billing.entry.approved_billing_type IS 'Billing type given to approve(), instead of billing_type. Written by the engine; NULL when the approval is taken back.';

-- The work on a project, for evaluating it again.
CREATE INDEX IF NOT EXISTS entry_by_project ON billing.entry (project_id);

CREATE OR REPLACE TRIGGER billing_entries_removed AFTER DELETE ON billing.entry
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION billing.entries_removed();
ALTER TABLE billing.entry ENABLE ALWAYS TRIGGER billing_entries_removed;

COMMENT ON COLUMN billing.entry.entry_status IS 'Moved only by submit(), approve(), reject(), cancel_approval() and the verbs of a recall.';
COMMENT ON COLUMN billing.operation_change.item IS 'Table of the ids: actual, milestone_split, contract_line, contract, entry or invoice.';
COMMENT ON COLUMN billing.actual.reverses_id IS 'The actual that this one takes back, by an invoice or because its entry was; an actual is reversed at most once.';
