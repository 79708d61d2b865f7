-- Progress billing.

CREATE TYPE @extschema@.invoice_schedule_type AS ENUM ('completed_milestones', 'progress_based');
COMMENT ON TYPE @extschema@.invoice_schedule_type IS 'how the milestones of a fixed-price line are billed: whole when they are reached, or bit by bit';
CREATE CAST (pg_catalog.text AS @extschema@.invoice_schedule_type) WITH INOUT AS ASSIGNMENT;

CREATE FUNCTION @extschema@.set_progress(milestones bigint[], percent numeric DEFAULT NULL, amount numeric DEFAULT NULL, ready boolean DEFAULT false)
    RETURNS TABLE (milestone_id bigint, contract_id bigint, outcome @extschema@.item_outcome, reason text, next_percent numeric,
        next_amount numeric, next_status @extschema@.milestone_status, invoiced_amount numeric, remaining_amount numeric)
    LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'set_progress';
COMMENT ON FUNCTION @extschema@.set_progress(bigint[], numeric, numeric, boolean) IS
    'Sets what progress-based milestones bill next: a percentage of the milestone, or an amount, both including tax; 0 takes it back. With ready the slice is marked ready to invoice at once, else mark_ready_to_invoice() does it.';
REVOKE ALL ON FUNCTION @extschema@.set_progress(bigint[], numeric, numeric, boolean) FROM PUBLIC;
