-- Draft invoices.

CREATE FUNCTION @extschema@.preview_invoices(contracts bigint[] DEFAULT NULL, actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, invoice_date date DEFAULT NULL, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (contract_id bigint, customer_id bigint, invoice_id bigint, outcome @extschema@.item_outcome, reason text,
        item_count bigint, detail_amount numeric, total_tax numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'preview_invoices';
COMMENT ON FUNCTION @extschema@.preview_invoices(bigint[], bigint[], bigint[], bigint[], date, bigint[]) IS
    'What create_invoices() would do with the same arguments. Writes nothing, locks nothing.';
REVOKE ALL ON FUNCTION @extschema@.preview_invoices(bigint[], bigint[], bigint[], bigint[], date, bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.create_invoices(contracts bigint[] DEFAULT NULL, actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, invoice_date date DEFAULT NULL, run_key text DEFAULT NULL, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (contract_id bigint, customer_id bigint, invoice_id bigint, outcome @extschema@.item_outcome, reason text,
        item_count bigint, detail_amount numeric, total_tax numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'create_invoices';
COMMENT ON FUNCTION @extschema@.create_invoices(bigint[], bigint[], bigint[], bigint[], date, text, bigint[]) IS
    'Creates draft invoices, one per contract and customer: of everything ready of some contracts (all without arguments), or of single items. Billed retainers are set against them, the oldest first. Actuals dated after invoice_date (default today) stay in the backlog. A repeated run_key returns the invoices of the first call.';
REVOKE ALL ON FUNCTION @extschema@.create_invoices(bigint[], bigint[], bigint[], bigint[], date, text, bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.add_to_invoice(actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, invoice_date date DEFAULT NULL, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (contract_id bigint, customer_id bigint, invoice_id bigint, outcome @extschema@.item_outcome, reason text,
        item_count bigint, detail_amount numeric, total_tax numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'add_to_invoice';
COMMENT ON FUNCTION @extschema@.add_to_invoice(bigint[], bigint[], bigint[], date, bigint[]) IS
    'Adds ready items to the latest draft of their contract and customer, or to a new one.';
REVOKE ALL ON FUNCTION @extschema@.add_to_invoice(bigint[], bigint[], bigint[], date, bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.refresh_invoices(invoices bigint[])
    RETURNS TABLE (contract_id bigint, customer_id bigint, invoice_id bigint, outcome @extschema@.item_outcome, reason text,
        item_count bigint, detail_amount numeric, total_tax numeric, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'refresh_invoices';
COMMENT ON FUNCTION @extschema@.refresh_invoices(bigint[]) IS
    'Adds to drafts, or invoices in review, what became ready meanwhile for their contract and customer, up to their invoice date.';
REVOKE ALL ON FUNCTION @extschema@.refresh_invoices(bigint[]) FROM PUBLIC;
