-- Whole invoices.

CREATE FUNCTION @extschema@.review_invoices(invoices bigint[])
    RETURNS TABLE (invoice_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'review_invoices';
COMMENT ON FUNCTION @extschema@.review_invoices(bigint[]) IS
    'Sends drafts to review; they stay editable.';
REVOKE ALL ON FUNCTION @extschema@.review_invoices(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.return_to_draft(invoices bigint[])
    RETURNS TABLE (invoice_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'return_to_draft';
COMMENT ON FUNCTION @extschema@.return_to_draft(bigint[]) IS
    'Takes invoices in review back to draft.';
REVOKE ALL ON FUNCTION @extschema@.return_to_draft(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.delete_invoices(invoices bigint[])
    RETURNS TABLE (invoice_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'delete_invoices';
COMMENT ON FUNCTION @extschema@.delete_invoices(bigint[]) IS
    'Deletes drafts and invoices in review; every source returns to the backlog as ready, edits and manual details are lost.';
REVOKE ALL ON FUNCTION @extschema@.delete_invoices(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.confirm_invoices(invoices bigint[])
    RETURNS TABLE (invoice_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text, invoice_number text, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'confirm_invoices';
COMMENT ON FUNCTION @extschema@.confirm_invoices(bigint[]) IS
    'Confirms drafts and invoices in review, one way: writes billed sales and reversals of unbilled sales, draws gapless legal numbers, freezes the totals. An invoice that cannot be confirmed comes back with its reason; the others are confirmed.';
REVOKE ALL ON FUNCTION @extschema@.confirm_invoices(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.mark_paid(invoices bigint[])
    RETURNS TABLE (invoice_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mark_paid';
COMMENT ON FUNCTION @extschema@.mark_paid(bigint[]) IS
    'Flags confirmed invoices as paid.';
REVOKE ALL ON FUNCTION @extschema@.mark_paid(bigint[]) FROM PUBLIC;
