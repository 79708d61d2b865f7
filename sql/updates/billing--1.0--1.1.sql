\echo Use "ALTER EXTENSION billing UPDATE" to load this file. \quit

-- From 1.0 to 1.1. The build puts the pieces named by "--@" in their place (expand.awk), so an updated extension has
-- the very text that a new one has. Afterwards call billing.install(): it adds the new tables and columns.

-- What install() runs.
DROP FUNCTION @extschema@.schema_script();
--@ schema_script

-- These take retainers, too: another list of arguments is another function. Grant them again.
DROP FUNCTION @extschema@.mark_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean);
--@ function sql/install/62_backlog.sql mark_ready_to_invoice
DROP FUNCTION @extschema@.mark_not_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean);
--@ function sql/install/62_backlog.sql mark_not_ready_to_invoice
DROP FUNCTION @extschema@.preview_invoices(bigint[], bigint[], bigint[], bigint[], date);
--@ function sql/install/70_draft.sql preview_invoices
DROP FUNCTION @extschema@.create_invoices(bigint[], bigint[], bigint[], bigint[], date, text);
--@ function sql/install/70_draft.sql create_invoices
DROP FUNCTION @extschema@.add_to_invoice(bigint[], bigint[], bigint[], date);
--@ function sql/install/70_draft.sql add_to_invoice
DROP FUNCTION @extschema@.remove_invoice_details(bigint[], bigint[], bigint[], bigint[]);
--@ function sql/install/72_edit.sql remove_invoice_details

-- It takes what becomes of the rest of a reduced quantity, too. Grant it again.
DROP FUNCTION @extschema@.edit_invoice_details(bigint[], bigint[], bigint[], bigint[], @extschema@.billing_type, numeric, numeric, numeric, text, text);
--@ function sql/install/72_edit.sql edit_invoice_details

-- A manual detail may come without a price.
COMMENT ON FUNCTION @extschema@.add_invoice_detail(bigint, bigint, @extschema@.transaction_class, numeric, numeric, numeric, @extschema@.billing_type, date, bigint, bigint, bigint, bigint, bigint, text, text) IS
    'Adds a detail that nothing in the backlog stands behind; its actuals are written at confirmation. Without a price it gets the price list''s.';

--@ piece sql/install/11_retainer_types.sql
--@ piece sql/install/12_price_types.sql
--@ piece sql/install/13_journal_types.sql
--@ piece sql/install/64_take_back.sql
--@ piece sql/install/66_journal.sql
--@ piece sql/install/68_prices.sql
--@ piece sql/install/71_progress.sql
--@ piece sql/install/73_revise.sql
--@ piece sql/install/76_bulk_confirm.sql
--@ piece sql/install/78_retainer.sql
--@ piece sql/install/80_schedule.sql
