-- Guards and helpers. Ordinary triggers on ordinary tables that call functions of the extension: a dump restores them
-- after the data. ENABLE ALWAYS: session_replication_role does not open the door.

CREATE OR REPLACE TRIGGER billing_guard_statement BEFORE INSERT OR DELETE ON billing.actual
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('actual');
CREATE OR REPLACE TRIGGER billing_guard_update AFTER UPDATE ON billing.actual
    FOR EACH ROW WHEN (billing.guard_wakes(OLD.tableoid, OLD.billing_status, NEW.billing_status,
        OLD.adjustment_status, NEW.adjustment_status, OLD.nte_status, NEW.nte_status))
    EXECUTE FUNCTION billing.guard_row('actual');
-- Actuals are never deleted, so this trigger costs nothing; its transition table keeps the table from becoming a
-- partition or a child, where statement triggers of the parent would be asked instead of ours.
DROP TRIGGER IF EXISTS billing_guard_shape ON billing.actual;
CREATE TRIGGER billing_guard_shape AFTER DELETE ON billing.actual REFERENCING OLD TABLE AS removed
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('actual');
CREATE OR REPLACE TRIGGER billing_guard_insert AFTER INSERT ON billing.entry
    FOR EACH ROW WHEN (NEW.entry_status <> 'draft') EXECUTE FUNCTION billing.guard_row('entry');
CREATE OR REPLACE TRIGGER billing_guard_update AFTER UPDATE ON billing.entry
    FOR EACH ROW WHEN (billing.guard_wakes(OLD.tableoid, OLD.entry_status, NEW.entry_status))
    EXECUTE FUNCTION billing.guard_row('entry');
CREATE OR REPLACE TRIGGER billing_guard_delete AFTER DELETE ON billing.entry
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('entry');

CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.invoice
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('invoice');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.invoice_line
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('invoice_line');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.invoice_detail
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('invoice_detail');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.milestone_split
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('milestone_split');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.contract
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('contract');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.contract_customer
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('contract_customer');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.contract_line
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('contract_line');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.contract_line_customer
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('contract_line_customer');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.contract_line_scope
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('contract_line_scope');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.operation
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('operation');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.operation_change
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('operation_change');
CREATE OR REPLACE TRIGGER billing_guard_row AFTER INSERT OR UPDATE OR DELETE ON billing.invoice_series
    FOR EACH ROW EXECUTE FUNCTION billing.guard_row('invoice_series');

CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.actual
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('actual');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.entry
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('entry');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.invoice
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('invoice');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.invoice_line
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('invoice_line');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.invoice_detail
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('invoice_detail');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.milestone_split
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('milestone_split');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.contract
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('contract');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.contract_customer
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('contract_customer');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.contract_line
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('contract_line');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.contract_line_customer
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('contract_line_customer');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.contract_line_scope
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('contract_line_scope');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.operation
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('operation');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.operation_change
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('operation_change');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.invoice_series
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('invoice_series');
CREATE OR REPLACE TRIGGER billing_guard_truncate BEFORE TRUNCATE ON billing.milestone
    FOR EACH STATEMENT EXECUTE FUNCTION billing.guard_statement('milestone');

ALTER TABLE billing.actual ENABLE ALWAYS TRIGGER billing_guard_statement, ENABLE ALWAYS TRIGGER billing_guard_update, ENABLE ALWAYS TRIGGER billing_guard_shape, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.entry ENABLE ALWAYS TRIGGER billing_guard_insert, ENABLE ALWAYS TRIGGER billing_guard_update, ENABLE ALWAYS TRIGGER billing_guard_delete, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.invoice ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.invoice_line ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.invoice_detail ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.milestone_split ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.contract ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.contract_customer ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.contract_line ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.contract_line_customer ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.contract_line_scope ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.operation ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.operation_change ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.invoice_series ENABLE ALWAYS TRIGGER billing_guard_row, ENABLE ALWAYS TRIGGER billing_guard_truncate;
ALTER TABLE billing.milestone ENABLE ALWAYS TRIGGER billing_guard_truncate;

-- What follows from set-up data by itself.
CREATE OR REPLACE TRIGGER billing_internal_contract AFTER INSERT ON billing.company
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.company_created();
CREATE OR REPLACE TRIGGER billing_primary_customer AFTER INSERT ON billing.contract
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_saved();
CREATE OR REPLACE TRIGGER billing_primary_customer_changed AFTER UPDATE ON billing.contract
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_saved();
CREATE OR REPLACE TRIGGER billing_contract_removed BEFORE DELETE ON billing.contract
    FOR EACH ROW EXECUTE FUNCTION billing.contract_removed();
CREATE OR REPLACE TRIGGER billing_line_defaults BEFORE INSERT ON billing.contract_line
    FOR EACH ROW EXECUTE FUNCTION billing.contract_line_defaults();
CREATE OR REPLACE TRIGGER billing_line_added AFTER INSERT ON billing.contract_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_line_saved();
CREATE OR REPLACE TRIGGER billing_line_changed AFTER UPDATE ON billing.contract_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_line_saved();
CREATE OR REPLACE TRIGGER billing_line_removed BEFORE DELETE ON billing.contract_line
    FOR EACH ROW EXECUTE FUNCTION billing.contract_line_removed();
CREATE OR REPLACE TRIGGER billing_line_tasks_added AFTER INSERT ON billing.contract_line_task
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_line_task_saved();
CREATE OR REPLACE TRIGGER billing_line_tasks_changed AFTER UPDATE ON billing.contract_line_task
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_line_task_saved();
CREATE OR REPLACE TRIGGER billing_line_tasks_removed AFTER DELETE ON billing.contract_line_task
    REFERENCING OLD TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.contract_line_task_saved();
CREATE OR REPLACE TRIGGER billing_line_customer_known BEFORE INSERT ON billing.contract_line_customer
    FOR EACH ROW EXECUTE FUNCTION billing.contract_line_customer_added();
CREATE OR REPLACE TRIGGER billing_milestone_added AFTER INSERT ON billing.milestone
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.milestone_saved();
CREATE OR REPLACE TRIGGER billing_milestone_changed AFTER UPDATE ON billing.milestone
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION billing.milestone_saved();
CREATE OR REPLACE TRIGGER billing_milestone_removed BEFORE DELETE ON billing.milestone
    FOR EACH ROW EXECUTE FUNCTION billing.milestone_removed();
