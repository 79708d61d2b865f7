-- Trigger functions of the guard. The triggers themselves are made by install().

CREATE FUNCTION @extschema@.guard_row()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'guard_row';
COMMENT ON FUNCTION @extschema@.guard_row() IS
    'AFTER ... FOR EACH ROW on a guarded table (its argument): refuses changes that belong to the engine, and status changes the machine does not know.';
REVOKE ALL ON FUNCTION @extschema@.guard_row() FROM PUBLIC;

CREATE FUNCTION @extschema@.guard_statement()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'guard_statement';
COMMENT ON FUNCTION @extschema@.guard_statement() IS
    'BEFORE ... FOR EACH STATEMENT on a guarded table: refuses INSERT, DELETE and TRUNCATE by anybody but the engine.';
REVOKE ALL ON FUNCTION @extschema@.guard_statement() FROM PUBLIC;

CREATE FUNCTION @extschema@.guard_wakes(relation oid, VARIADIC statuses "any")
    RETURNS boolean
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'guard_wakes';
COMMENT ON FUNCTION @extschema@.guard_wakes(oid, VARIADIC "any") IS
    'For WHEN clauses of guard triggers: false where the engine writes and every pair of old and new status is a known transition.';
