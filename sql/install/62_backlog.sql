-- The backlog.

CREATE FUNCTION @extschema@.mark_ready_to_invoice(actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, contracts bigint[] DEFAULT NULL, strict boolean DEFAULT false, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (item text, contract_id bigint, outcome @extschema@.item_outcome, reason text, item_count bigint, ids bigint[])
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mark_ready_to_invoice';
COMMENT ON FUNCTION @extschema@.mark_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean, bigint[]) IS
    'Marks unbilled sales actuals, milestone shares, product lines, retainers, or everything open of some contracts but their retainers, ready to invoice. Returns what happened, grouped: eligible items change, the others come back with their reason; with strict one refusal fails the call.';
REVOKE ALL ON FUNCTION @extschema@.mark_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean, bigint[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.mark_not_ready_to_invoice(actuals bigint[] DEFAULT NULL, milestones bigint[] DEFAULT NULL, products bigint[] DEFAULT NULL, contracts bigint[] DEFAULT NULL, strict boolean DEFAULT false, retainers bigint[] DEFAULT NULL)
    RETURNS TABLE (item text, contract_id bigint, outcome @extschema@.item_outcome, reason text, item_count bigint, ids bigint[])
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mark_not_ready_to_invoice';
COMMENT ON FUNCTION @extschema@.mark_not_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean, bigint[]) IS
    'Takes items that are ready, and on no invoice, back to not ready. Returns as mark_ready_to_invoice().';
REVOKE ALL ON FUNCTION @extschema@.mark_not_ready_to_invoice(bigint[], bigint[], bigint[], bigint[], boolean, bigint[]) FROM PUBLIC;
