-- Work that was taken back: it may be changed and approved again, but what the ledger knows stays.

-- The work on a project, for evaluating it again.
CREATE INDEX IF NOT EXISTS entry_by_project ON billing.entry (project_id);

CREATE OR REPLACE TRIGGER billing_entries_removed AFTER DELETE ON billing.entry
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION billing.entries_removed();
ALTER TABLE billing.entry ENABLE ALWAYS TRIGGER billing_entries_removed;

COMMENT ON COLUMN billing.entry.entry_status IS 'Moved only by submit(), approve(), reject(), cancel_approval() and the verbs of a recall.';
COMMENT ON COLUMN billing.entry.billing_type IS 'The approver''s choice; NULL: what the contract line says. Set by approve() where it is called with one.';
COMMENT ON COLUMN billing.entry.billable_quantity IS 'What the customer shall pay for; NULL: the quantity. Set by approve() where it is called with one.';
COMMENT ON COLUMN billing.operation_change.item IS 'Table of the ids: actual, milestone_split, contract_line, contract, entry or invoice.';
COMMENT ON COLUMN billing.actual.reverses_id IS 'The actual that this one takes back, by an invoice or because its entry was; an actual is reversed at most once.';
