-- Guards of retainers; what 70_guards.sql says holds here, too.

CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.retainer
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('retainer');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.invoice_advance
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('invoice_advance');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.retainer_correction
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('retainer_correction');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.retainer_correction
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('retainer_correction');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.retainer
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('retainer');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.invoice_advance
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('invoice_advance');

ALTER TABLE billing.retainer ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.invoice_advance ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.retainer_correction ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;

CREATE OR REPLACE TRIGGER billing_retainer_added AFTER INSERT ON billing.retainer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.retainer_saved();
CREATE OR REPLACE TRIGGER billing_retainer_changed AFTER UPDATE ON billing.retainer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.retainer_saved();
CREATE OR REPLACE TRIGGER billing_retainer_removed AFTER DELETE ON billing.retainer
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION billing.retainer_removed();
