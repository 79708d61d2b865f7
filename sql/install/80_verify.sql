-- Proof.

CREATE FUNCTION @extschema@.verify()
    RETURNS TABLE ("check" text, contract_id bigint, item text, detail text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'verify';
COMMENT ON FUNCTION @extschema@.verify() IS
    'Checks the guards and every invariant over the whole database; returns no row when all is sound.';
REVOKE ALL ON FUNCTION @extschema@.verify() FROM PUBLIC;
