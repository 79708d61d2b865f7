-- Invoice schedules and automatic runs.

CREATE TYPE @extschema@.frequency_period AS ENUM ('weekly', 'biweekly', 'monthly');
COMMENT ON TYPE @extschema@.frequency_period IS 'how often a frequency comes round';
CREATE CAST (pg_catalog.text AS @extschema@.frequency_period) WITH INOUT AS ASSIGNMENT;

CREATE TYPE @extschema@.run_status AS ENUM ('not_run', 'run_successful', 'run_failed');
COMMENT ON TYPE @extschema@.run_status IS 'whether a date of an invoice schedule, or a contract of an automatic run, has been run';
CREATE CAST (pg_catalog.text AS @extschema@.run_status) WITH INOUT AS ASSIGNMENT;

CREATE FUNCTION @extschema@.is_frequency(period @extschema@.frequency_period, run_days text[])
    RETURNS boolean
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT
    AS 'MODULE_PATHNAME', 'is_frequency';
COMMENT ON FUNCTION @extschema@.is_frequency(@extschema@.frequency_period, text[]) IS
    'True for days that a frequency may run on; raises ZB010 and says what is wrong with others. Weekly and biweekly: one weekday. Monthly: one to four of 1 to 31, last day, first monday to fourth sunday, last friday.';

CREATE FUNCTION @extschema@.frequency_dates(frequency bigint, from_date date, until_date date DEFAULT NULL, count integer DEFAULT NULL)
    RETURNS TABLE (number integer, run_date date)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'frequency_dates';
COMMENT ON FUNCTION @extschema@.frequency_dates(bigint, date, date, integer) IS
    'The dates of a frequency from a day on: up to until_date, or the first count dates, which wins if both are given. A biweekly frequency starts with its first weekday in the span; a day that a month does not have is its last day.';
REVOKE ALL ON FUNCTION @extschema@.frequency_dates(bigint, date, date, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.generate_schedule(contract_lines bigint[], frequency bigint, from_date date, until_date date, lead_days integer DEFAULT 1)
    RETURNS TABLE (contract_id bigint, contract_line_id bigint, outcome @extschema@.item_outcome, reason text, schedule_id bigint, run_date date, cutoff_date date)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'generate_schedule';
COMMENT ON FUNCTION @extschema@.generate_schedule(bigint[], bigint, date, date, integer) IS
    'Gives time-and-material lines the run dates of a frequency; each run bills work up to lead_days before its date. A date that a line has already stays as it is.';
REVOKE ALL ON FUNCTION @extschema@.generate_schedule(bigint[], bigint, date, date, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.generate_milestones(contract_line bigint, frequency bigint, from_date date, until_date date DEFAULT NULL, count integer DEFAULT NULL, total_tax numeric DEFAULT 0)
    RETURNS TABLE (milestone_id bigint, name text, milestone_date date, amount numeric, tax numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'generate_milestones';
COMMENT ON FUNCTION @extschema@.generate_milestones(bigint, bigint, date, date, integer, numeric) IS
    'Divides the contracted amount of a fixed-price line, and the tax on it, into equal milestones on the dates of a frequency; the last one takes what does not divide. Each is named after its date.';
REVOKE ALL ON FUNCTION @extschema@.generate_milestones(bigint, bigint, date, date, integer, numeric) FROM PUBLIC;

CREATE FUNCTION @extschema@.begin_invoice_run(run_date date, contracts bigint[] DEFAULT NULL, only_failed boolean DEFAULT false)
    RETURNS TABLE (run_id bigint, contracts_total bigint)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'begin_invoice_run';
COMMENT ON FUNCTION @extschema@.begin_invoice_run(date, bigint[], boolean) IS
    'First step of run_invoicing(): lists the contracts with something due, or finds the unfinished run of the same request.';
REVOKE ALL ON FUNCTION @extschema@.begin_invoice_run(date, bigint[], boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.run_next_contract(run bigint, after_contract bigint DEFAULT 0)
    RETURNS TABLE (contract_id bigint, run_status @extschema@.run_status, reason text, draft_count bigint, total_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'run_next_contract';
COMMENT ON FUNCTION @extschema@.run_next_contract(bigint, bigint) IS
    'Next step of run_invoicing(): bills what is due of the next contract of a run that no other session is at; no row when none is left.';
REVOKE ALL ON FUNCTION @extschema@.run_next_contract(bigint, bigint) FROM PUBLIC;

-- A procedure that commits can pin no search_path. It needs none: its body has no operator and no unqualified name.
-- Whatever isolation the session prefers, each contract is to be seen as it is once its lock is there.
CREATE PROCEDURE @extschema@.run_invoicing(run_date date DEFAULT CURRENT_DATE, contracts bigint[] DEFAULT NULL, only_failed boolean DEFAULT false)
    LANGUAGE plpgsql
    AS $procedure$
DECLARE
    run bigint;
    contract bigint := 0;
BEGIN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT b.run_id INTO run FROM @extschema@.begin_invoice_run(run_date, contracts, only_failed) AS b;
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        SELECT n.contract_id INTO contract FROM @extschema@.run_next_contract(run, contract) AS n;
        EXIT WHEN contract IS NULL;
    END LOOP;
END
$procedure$;
COMMENT ON PROCEDURE @extschema@.run_invoicing(date, bigint[], boolean) IS
    'Makes the draft invoices due on a date: scheduled time and material up to the cut-off, ready milestones dated by then, ready products. Commits contract by contract. What was killed is finished by calling it again.';
REVOKE ALL ON PROCEDURE @extschema@.run_invoicing(date, bigint[], boolean) FROM PUBLIC;
