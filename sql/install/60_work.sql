-- Work on its way to the ledger.

CREATE FUNCTION @extschema@.submit(entries bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'submit';
COMMENT ON FUNCTION @extschema@.submit(bigint[]) IS
    'Submits draft, returned or rejected entries for approval.';
REVOKE ALL ON FUNCTION @extschema@.submit(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.approve(entries bigint[], billable_quantities numeric[] DEFAULT NULL, billing_types @extschema@.billing_type[] DEFAULT NULL, return_actuals boolean DEFAULT true)
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text, actual_id bigint, contract_id bigint, contract_line_id bigint,
        customer_id bigint, transaction_type @extschema@.transaction_type, billing_type @extschema@.billing_type,
        nte_status @extschema@.nte_status, quantity numeric, price numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'approve';
COMMENT ON FUNCTION @extschema@.approve(bigint[], numeric[], @extschema@.billing_type[], boolean) IS
    'Approves submitted entries in the order given: writes cost and unbilled sales actuals, split per customer, and returns them; a refused entry comes back with its reason and changes nothing. The optional arrays, parallel to entries, override billable quantity and billing type. With return_actuals false only refused entries come back, which is what a bulk run wants.';
REVOKE ALL ON FUNCTION @extschema@.approve(bigint[], numeric[], @extschema@.billing_type[], boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.reject(entries bigint[])
    RETURNS TABLE (entry_id bigint, outcome @extschema@.item_outcome, reason text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reject';
COMMENT ON FUNCTION @extschema@.reject(bigint[]) IS
    'Sends submitted entries back: time as returned, expense, material and fee as rejected.';
REVOKE ALL ON FUNCTION @extschema@.reject(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.reset_nte(actuals bigint[])
    RETURNS TABLE (actual_id bigint, outcome @extschema@.item_outcome, nte_status @extschema@.nte_status, nte_failed_level @extschema@.nte_level)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reset_nte';
COMMENT ON FUNCTION @extschema@.reset_nte(bigint[]) IS
    'Gives back what actuals had committed against not-to-exceed limits: they become not evaluated and not ready. Actuals on an invoice and those without limit are left out.';
REVOKE ALL ON FUNCTION @extschema@.reset_nte(bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.reevaluate_nte(actuals bigint[])
    RETURNS TABLE (actual_id bigint, outcome @extschema@.item_outcome, nte_status @extschema@.nte_status, nte_failed_level @extschema@.nte_level)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'reevaluate_nte';
COMMENT ON FUNCTION @extschema@.reevaluate_nte(bigint[]) IS
    'Checks actuals against the not-to-exceed limits anew, in the order given: first come, first served.';
REVOKE ALL ON FUNCTION @extschema@.reevaluate_nte(bigint[]) FROM PUBLIC;
