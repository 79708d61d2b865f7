-- Installation, and what follows from set-up data by itself.

CREATE FUNCTION @extschema@.install()
    RETURNS TABLE (kind text, name text, state text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'install';
COMMENT ON FUNCTION @extschema@.install() IS
    'Makes the tables, indexes, views and guards in schema billing as ordinary objects owned by the caller. Idempotent: run it again after an upgrade or to restore guards.';
REVOKE ALL ON FUNCTION @extschema@.install() FROM PUBLIC;

CREATE FUNCTION @extschema@.company_created()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'company_created';
COMMENT ON FUNCTION @extschema@.company_created() IS
    'Trigger: gives a new company its contract for internal work.';
REVOKE ALL ON FUNCTION @extschema@.company_created() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_saved';
COMMENT ON FUNCTION @extschema@.contract_saved() IS
    'Trigger: keeps the primary customer of a contract in step with contract.customer_id.';
REVOKE ALL ON FUNCTION @extschema@.contract_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_line_defaults()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_line_defaults';
COMMENT ON FUNCTION @extschema@.contract_line_defaults() IS
    'Trigger: starts a product line as not ready to invoice.';
REVOKE ALL ON FUNCTION @extschema@.contract_line_defaults() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_line_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_line_saved';
COMMENT ON FUNCTION @extschema@.contract_line_saved() IS
    'Trigger: copies the customers of the contract to a new line and derives which work it pays for.';
REVOKE ALL ON FUNCTION @extschema@.contract_line_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_line_task_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_line_task_saved';
COMMENT ON FUNCTION @extschema@.contract_line_task_saved() IS
    'Trigger: derives anew which work the line pays for.';
REVOKE ALL ON FUNCTION @extschema@.contract_line_task_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_line_customer_added()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_line_customer_added';
COMMENT ON FUNCTION @extschema@.contract_line_customer_added() IS
    'Trigger: makes a customer added to a line a customer of the contract.';
REVOKE ALL ON FUNCTION @extschema@.contract_line_customer_added() FROM PUBLIC;

CREATE FUNCTION @extschema@.milestone_saved()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'milestone_saved';
COMMENT ON FUNCTION @extschema@.milestone_saved() IS
    'Trigger: splits a milestone between the customers of its line.';
REVOKE ALL ON FUNCTION @extschema@.milestone_saved() FROM PUBLIC;

CREATE FUNCTION @extschema@.milestone_removed()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'milestone_removed';
COMMENT ON FUNCTION @extschema@.milestone_removed() IS
    'Trigger: removes the shares of a milestone that was never ready.';
REVOKE ALL ON FUNCTION @extschema@.milestone_removed() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_removed()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_removed';
COMMENT ON FUNCTION @extschema@.contract_removed() IS
    'Trigger: lets a contract without lines go together with its customers.';
REVOKE ALL ON FUNCTION @extschema@.contract_removed() FROM PUBLIC;

CREATE FUNCTION @extschema@.contract_line_removed()
    RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'contract_line_removed';
COMMENT ON FUNCTION @extschema@.contract_line_removed() IS
    'Trigger: lets a contract line that was never used go.';
REVOKE ALL ON FUNCTION @extschema@.contract_line_removed() FROM PUBLIC;

CREATE FUNCTION @extschema@.distribute_evenly(contract bigint, contract_line bigint DEFAULT NULL)
    RETURNS TABLE (customer_id bigint, billing_split_percent numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'distribute_evenly';
COMMENT ON FUNCTION @extschema@.distribute_evenly(bigint, bigint) IS
    'Gives the customers of a contract (the defaults for new lines) or of one line equal percentages with two decimals; the rounding customer takes what is left of 100.';
REVOKE ALL ON FUNCTION @extschema@.distribute_evenly(bigint, bigint) FROM PUBLIC;
