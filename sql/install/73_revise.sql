-- Corrections of confirmed invoices.

CREATE FUNCTION @extschema@.revise_invoice(invoice bigint, billed_sales bigint[] DEFAULT NULL, into_invoice bigint DEFAULT NULL, invoice_date date DEFAULT NULL)
    RETURNS TABLE (invoice_id bigint, detail_id bigint, billed_sale_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'revise_invoice';
COMMENT ON FUNCTION @extschema@.revise_invoice(bigint, bigint[], bigint, date) IS
    'Puts billed sales of a confirmed invoice (all, or those named) on a corrective draft, a new one or into_invoice, credited in full: quantity 0. Enter what shall stand with edit_invoice_details(details => …), remove what was right, confirm.';
REVOKE ALL ON FUNCTION @extschema@.revise_invoice(bigint, bigint[], bigint, date) FROM PUBLIC;
