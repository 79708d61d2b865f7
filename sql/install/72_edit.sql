-- Editing drafts and invoices in review.

CREATE FUNCTION @extschema@.edit_invoice_details(actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, details bigint[] DEFAULT NULL, billing_type @extschema@.billing_type DEFAULT NULL, quantity numeric DEFAULT NULL, price numeric DEFAULT NULL, tax numeric DEFAULT NULL, description text DEFAULT NULL, external_description text DEFAULT NULL, keep_rest boolean DEFAULT NULL)
    RETURNS TABLE (detail_kind @extschema@.detail_kind, source_id bigint, invoice_id bigint, invoice_line_id bigint,
        billing_type @extschema@.billing_type, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'edit_invoice_details';
COMMENT ON FUNCTION @extschema@.edit_invoice_details(bigint[], bigint[], bigint[], bigint[], @extschema@.billing_type, numeric, numeric, numeric, text, text, boolean) IS
    'Makes one change to many details, all or nothing: details are named by actual, milestone share, product line or manual detail; NULL leaves a field as it is. keep_rest says what a quantity below that of the actual means: true, the rest stays in the backlog; false, it is written off as non-chargeable; NULL, as chosen before, else as the contract says.';
REVOKE ALL ON FUNCTION @extschema@.edit_invoice_details(bigint[], bigint[], bigint[], bigint[], @extschema@.billing_type, numeric, numeric, numeric, text, text, boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.add_invoice_detail(invoice bigint, contract_line bigint, transaction_class @extschema@.transaction_class, quantity numeric, price numeric, tax numeric DEFAULT 0, billing_type @extschema@.billing_type DEFAULT 'chargeable', transaction_date date DEFAULT NULL, task bigint DEFAULT NULL, role bigint DEFAULT NULL, category bigint DEFAULT NULL, resource bigint DEFAULT NULL, product bigint DEFAULT NULL, description text DEFAULT NULL, external_description text DEFAULT NULL)
    RETURNS TABLE (detail_kind @extschema@.detail_kind, source_id bigint, invoice_id bigint, invoice_line_id bigint,
        billing_type @extschema@.billing_type, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'add_invoice_detail';
COMMENT ON FUNCTION @extschema@.add_invoice_detail(bigint, bigint, @extschema@.transaction_class, numeric, numeric, numeric, @extschema@.billing_type, date, bigint, bigint, bigint, bigint, bigint, text, text) IS
    'Adds a detail that nothing in the backlog stands behind; its actuals are written at confirmation. Without a price it gets the price list''s.';
REVOKE ALL ON FUNCTION @extschema@.add_invoice_detail(bigint, bigint, @extschema@.transaction_class, numeric, numeric, numeric, @extschema@.billing_type, date, bigint, bigint, bigint, bigint, bigint, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.remove_invoice_details(actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, details bigint[] DEFAULT NULL, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (detail_kind @extschema@.detail_kind, source_id bigint, invoice_id bigint, invoice_line_id bigint,
        billing_type @extschema@.billing_type, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'remove_invoice_details';
COMMENT ON FUNCTION @extschema@.remove_invoice_details(bigint[], bigint[], bigint[], bigint[], bigint[]) IS
    'Takes details off a draft: sources return to the backlog as ready, manual details vanish.';
REVOKE ALL ON FUNCTION @extschema@.remove_invoice_details(bigint[], bigint[], bigint[], bigint[], bigint[]) FROM PUBLIC;
