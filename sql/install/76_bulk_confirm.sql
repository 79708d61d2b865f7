-- Many invoices, each confirmed and committed by itself.

CREATE TYPE @extschema@.bulk_confirmation_status AS ENUM ('scheduled', 'processing', 'complete', 'failed');
COMMENT ON TYPE @extschema@.bulk_confirmation_status IS 'how far a bulk confirmation has come with an invoice';
CREATE CAST (pg_catalog.text AS @extschema@.bulk_confirmation_status) WITH INOUT AS ASSIGNMENT;

CREATE FUNCTION @extschema@.schedule_bulk_confirmation(invoices bigint[], run_key text DEFAULT NULL)
    RETURNS TABLE (invoice_id bigint, is_queued boolean)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'schedule_bulk_confirmation';
COMMENT ON FUNCTION @extschema@.schedule_bulk_confirmation(bigint[], text) IS
    'First step of confirm_in_bulk(): schedules invoices, or those that create_invoices() made under a run key; those that failed before again. What is confirmed already is not queued.';
REVOKE ALL ON FUNCTION @extschema@.schedule_bulk_confirmation(bigint[], text) FROM PUBLIC;

CREATE FUNCTION @extschema@.start_bulk_confirmation(invoice bigint)
    RETURNS TABLE (invoice_id bigint, is_started boolean)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'start_bulk_confirmation';
COMMENT ON FUNCTION @extschema@.start_bulk_confirmation(bigint) IS
    'Step of confirm_in_bulk(): a scheduled invoice is being processed from now on. False if it no longer waits.';
REVOKE ALL ON FUNCTION @extschema@.start_bulk_confirmation(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.finish_bulk_confirmation(invoice bigint, problem text)
    RETURNS TABLE (invoice_id bigint, status @extschema@.bulk_confirmation_status)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'finish_bulk_confirmation';
COMMENT ON FUNCTION @extschema@.finish_bulk_confirmation(bigint, text) IS
    'Step of confirm_in_bulk(): complete if the invoice is confirmed now, else failed with the problem.';
REVOKE ALL ON FUNCTION @extschema@.finish_bulk_confirmation(bigint, text) FROM PUBLIC;

-- It commits, and therefore can pin no search_path: every name in it is qualified, and there is no operator. A snapshot
-- older than a lock it waits for would fail it, whatever isolation level the session prefers.
CREATE PROCEDURE @extschema@.confirm_in_bulk(invoices pg_catalog.int8[] DEFAULT NULL, run_key pg_catalog.text DEFAULT NULL)
    LANGUAGE plpgsql
    AS $$
DECLARE
    queue pg_catalog.int8[];
    next_invoice pg_catalog.int8;
    is_mine pg_catalog.bool;
    problem pg_catalog.text;
BEGIN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    queue := ARRAY(SELECT s.invoice_id FROM @extschema@.schedule_bulk_confirmation(invoices, run_key) AS s WHERE s.is_queued);
    FOREACH next_invoice IN ARRAY queue LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        SELECT s.is_started INTO is_mine FROM @extschema@.start_bulk_confirmation(next_invoice) AS s;
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        IF is_mine THEN
            BEGIN
                SELECT c.reason INTO problem FROM @extschema@.confirm_invoices(ARRAY[next_invoice]) AS c;
            EXCEPTION WHEN OTHERS THEN
                problem := SQLERRM;
            END;
            PERFORM @extschema@.finish_bulk_confirmation(next_invoice, problem);
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE @extschema@.confirm_in_bulk(bigint[], text) IS
    'Confirms any number of invoices, listed or made by create_invoices() under a run key, one by one, each in a transaction of its own; invoice.bulk_confirmation_status tells every session how far it is. What cannot be confirmed is failed with its reason, and tried again by the next call. Call it outside a transaction block.';
REVOKE ALL ON PROCEDURE @extschema@.confirm_in_bulk(bigint[], text) FROM PUBLIC;
