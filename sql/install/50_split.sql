-- The exact split, usable alone.

CREATE FUNCTION @extschema@.allocate(total numeric, weights numeric[], scale integer, residue_to integer DEFAULT NULL)
    RETURNS TABLE (part integer, amount numeric)
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'allocate';
COMMENT ON FUNCTION @extschema@.allocate(numeric, numeric[], integer, integer) IS
    'Divides a total in proportion to weights; the parts, rounded to scale, add up to the total exactly. What does not divide goes to the part residue_to (from 1; default the last).';

CREATE FUNCTION @extschema@.split_actual(contract_line bigint, quantity numeric, price numeric, tax numeric DEFAULT 0)
    RETURNS TABLE (customer_id bigint, quantity numeric, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'split_actual';
COMMENT ON FUNCTION @extschema@.split_actual(bigint, numeric, numeric, numeric) IS
    'Splits work between the customers of a contract line as approve() would; quantity, amount and tax each add up exactly.';
REVOKE ALL ON FUNCTION @extschema@.split_actual(bigint, numeric, numeric, numeric) FROM PUBLIC;
