-- Guards of journals; what 70_guards.sql says holds here, too.

CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.journal
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('journal');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.journal_line
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('journal_line');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.journal_correction
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('journal_correction');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.journal_cancellation
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('journal_cancellation');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.journal
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('journal');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.journal_line
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('journal_line');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.journal_correction
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('journal_correction');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.journal_cancellation
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('journal_cancellation');

ALTER TABLE billing.journal ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.journal_line ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.journal_correction ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.journal_cancellation ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;

CREATE OR REPLACE TRIGGER billing_journal_line_added AFTER INSERT ON billing.journal_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.journal_line_saved();
CREATE OR REPLACE TRIGGER billing_journal_line_changed AFTER UPDATE ON billing.journal_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.journal_line_saved();
ALTER TABLE billing.journal_line ENABLE ALWAYS TRIGGER billing_journal_line_added, ENABLE ALWAYS TRIGGER billing_journal_line_changed;
