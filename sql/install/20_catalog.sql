-- The vocabularies and the status machine, straight from C++ (src/domain), and money.

CREATE FUNCTION @extschema@.status_catalog()
    RETURNS TABLE (vocabulary text, label text, en text, nb text, is_initial boolean, is_terminal boolean, meaning text)
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'status_catalog';
COMMENT ON FUNCTION @extschema@.status_catalog() IS
    'Every value of every vocabulary with its labels in English and Norwegian.';

CREATE FUNCTION @extschema@.status_transitions()
    RETURNS TABLE (vocabulary text, from_label text, to_label text, actor text, verb text, note text)
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'status_transitions';
COMMENT ON FUNCTION @extschema@.status_transitions() IS
    'Every status change there is, who takes it and in which verb. What is not listed is refused.';

CREATE FUNCTION @extschema@.status_label(status anyenum, lang text DEFAULT 'en')
    RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'status_label';
COMMENT ON FUNCTION @extschema@.status_label(anyenum, text) IS
    'Label of a status in a language: en or nb (also no, nb-NO, en-US and the like).';

CREATE FUNCTION @extschema@.status_from_label(label text, vocabulary regtype)
    RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'status_from_label';
COMMENT ON FUNCTION @extschema@.status_from_label(text, regtype) IS
    'The value a label stands for, in any language and case, old spellings included; cast the result to the vocabulary. Raises 22P02 for anything else.';

CREATE FUNCTION @extschema@.currency_scale(currency text)
    RETURNS integer
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT
    AS 'MODULE_PATHNAME', 'currency_scale';
COMMENT ON FUNCTION @extschema@.currency_scale(text) IS
    'Decimals of a currency by ISO 4217; NULL for an unknown code.';

CREATE FUNCTION @extschema@.money(amount numeric, currency text)
    RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.round(amount, @extschema@.currency_scale(currency));
COMMENT ON FUNCTION @extschema@.money(numeric, text) IS
    'Rounds to the decimals of a currency, half away from zero.';
