-- confirm_in_bulk(): each invoice by itself, with a status that other sessions see.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION billed(VARIADIC contracts bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(c) FROM unnest(contracts) AS c;
    SELECT work(c, c) FROM unnest(contracts) AS c;
    SELECT ready(c) FROM unnest(contracts) AS c;
    SELECT drafted(VARIADIC contracts)
$$;
-- (CALL takes no subquery.)
CREATE FUNCTION all_above(contract bigint) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(invoice_id) FROM billing.invoice WHERE contract_id > contract';
CREATE VIEW progress AS
SELECT contract_id, project_invoice_status::text, bulk_confirmation_status::text, bulk_confirmation_reason, invoice_number
  FROM billing.invoice;

-- --- O-50
SELECT billed(10, 11, 12, 13);
SELECT results_eq('SELECT DISTINCT bulk_confirmation_status FROM billing.invoice', 'VALUES (NULL::billing.bulk_confirmation_status)',
    'O-50 at first an invoice has no bulk confirmation status');
-- One of them cannot be confirmed: its percentages no longer total 100.
UPDATE billing.contract_line_customer SET billing_split_percent = 90 WHERE contract_id = 12;
SELECT confirmed(invoice(13));
CALL billing.confirm_in_bulk(ARRAY[invoice(10), invoice(11), invoice(12), invoice(13)]);
SELECT results_eq('SELECT * FROM progress ORDER BY contract_id',
    $$VALUES (10::bigint, 'confirmed', 'complete', NULL, 'INV-000002'), (11, 'confirmed', 'complete', NULL, 'INV-000003'),
             (12, 'draft', 'failed', 'the billing split percentages of contract line 12 must total 100, not 90', NULL),
             (13, 'confirmed', NULL, NULL, 'INV-000001')$$,
    'O-50 complete and confirmed; failed, still a draft, with the reason; the one confirmed by itself stays blank');
SELECT results_eq(
    $$SELECT h.from_status, h.to_status FROM billing.operation_history h
       WHERE h.status_column = 'bulk_confirmation_status' AND invoice(10) = ANY (h.ids) ORDER BY operation_id$$,
    $$VALUES (NULL, 'scheduled'), ('scheduled', 'processing'), ('processing', 'complete')$$, 'O-50 scheduled, processing, complete');
SELECT results_eq(
    $$SELECT DISTINCT verb FROM billing.operation_history WHERE status_column = 'bulk_confirmation_status'$$,
    $$VALUES ('confirm_in_bulk')$$, 'the log names the procedure');
SELECT is((SELECT count(DISTINCT xmin::text) FROM billing.invoice WHERE contract_id IN (10, 11)), 2::bigint,
    'each was committed by itself');

-- X-13: the failed one is tried again, the others are left alone.
UPDATE billing.contract_line_customer SET billing_split_percent = 100 WHERE contract_id = 12;
CALL billing.confirm_in_bulk(all_above(0));
SELECT results_eq('SELECT * FROM progress WHERE contract_id = 12',
    $$VALUES (12::bigint, 'confirmed', 'complete', NULL::text, 'INV-000004')$$, 'X-13 a failed one is confirmed by the next call');
SELECT results_eq(
    $$SELECT h.to_status FROM billing.operation_history h
       WHERE h.status_column = 'bulk_confirmation_status' AND invoice(12) = ANY (h.ids) ORDER BY operation_id$$,
    $$VALUES ('scheduled'), ('processing'), ('failed'), ('scheduled'), ('processing'), ('complete')$$, 'X-13 all of it in the log');
SELECT is((SELECT bulk_confirmation_status FROM billing.invoice WHERE contract_id = 13), NULL,
    'the one confirmed by itself is not touched');

-- An error in a customer's trigger fails one invoice, not the run.
SELECT billed(20, 21, 22);
CREATE FUNCTION refuse_21() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.contract_id = 21 AND NEW.number IS NOT NULL THEN
        RAISE EXCEPTION 'not this month';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_21 AFTER UPDATE ON billing.invoice FOR EACH ROW EXECUTE FUNCTION refuse_21();
CALL billing.confirm_in_bulk(ARRAY[invoice(22), invoice(21), invoice(20), invoice(22)]);
SELECT results_eq('SELECT * FROM progress WHERE contract_id >= 20 ORDER BY contract_id',
    $$VALUES (20::bigint, 'confirmed', 'complete', NULL, 'INV-000005'), (21, 'draft', 'failed', 'not this month', NULL),
             (22, 'confirmed', 'complete', NULL, 'INV-000006')$$,
    'an error is the reason; numbers stay gapless, in the order of the ids');
-- A failed one may be confirmed by itself, edited, deleted; the next run finds out.
DROP TRIGGER refuse_21 ON billing.invoice;
SELECT confirmed(invoice(21));
CALL billing.confirm_in_bulk(ARRAY[invoice(21)]);
SELECT results_eq('SELECT * FROM progress WHERE contract_id = 21',
    $$VALUES (21::bigint, 'confirmed', 'complete', NULL::text, 'INV-000007')$$, 'confirmed meanwhile: complete');

-- A run that died leaves scheduled and processing behind; the next one takes them.
SELECT billed(30, 31);
SELECT bag_eq('SELECT invoice_id, is_queued FROM billing.schedule_bulk_confirmation(ARRAY[invoice(30), invoice(31), invoice(10)])',
    'VALUES (invoice(10), false), (invoice(30), true), (invoice(31), true)', 'scheduled, but for what is complete');
SELECT results_eq('SELECT is_started FROM billing.start_bulk_confirmation(invoice(30))', 'VALUES (true)', 'the first is started');
SELECT results_eq('SELECT contract_id, bulk_confirmation_status FROM progress WHERE contract_id IN (30, 31) ORDER BY 1',
    $$VALUES (30::bigint, 'processing'), (31, 'scheduled')$$, '… and everybody sees it');
SELECT results_eq('SELECT is_started FROM billing.start_bulk_confirmation(invoice(10))', 'VALUES (false)', 'what is complete is not started');
SELECT is_empty('SELECT * FROM billing.finish_bulk_confirmation(invoice(31), $$no$$)', 'nor finished before it was started');
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(31), quantity => 6);
CALL billing.confirm_in_bulk(ARRAY[invoice(30), invoice(31)]);
SELECT results_eq('SELECT contract_id, bulk_confirmation_status, invoice_number FROM progress WHERE contract_id IN (30, 31) ORDER BY 1',
    $$VALUES (30::bigint, 'complete', 'INV-000008'), (31, 'complete', 'INV-000009')$$, 'the next run confirms them');

-- --- No cap
SELECT billed(VARIADIC ARRAY(SELECT generate_series(1001, 1300)));
CALL billing.confirm_in_bulk(all_above(1000));
SELECT results_eq(
    $$SELECT bulk_confirmation_status, count(*), count(DISTINCT invoice_number) FROM progress WHERE contract_id > 1000 GROUP BY 1$$,
    $$VALUES ('complete', 300::bigint, 300::bigint)$$, '300 in one call');

-- --- By run key
SELECT billed(35, 36);
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(35), invoice(36)]);
SELECT count(*) FROM billing.create_invoices('{35,36}', invoice_date => '2026-03-31', run_key => 'march');
CALL billing.confirm_in_bulk(run_key => 'march');
SELECT results_eq('SELECT bulk_confirmation_status, count(*) FROM progress WHERE contract_id IN (35, 36) GROUP BY 1',
    $$VALUES ('complete', 2::bigint)$$, 'all drafts of a run');
SELECT is((SELECT arguments ->> 'run_key' FROM billing.operation WHERE verb = 'confirm_in_bulk' AND arguments ? 'run_key'), 'march',
    'the log has the run key');
SELECT throws_ok($$SELECT * FROM billing.schedule_bulk_confirmation(NULL, 'never')$$, 'ZB020', 'there is no run "never"', 'an unknown run');

-- --- Bad calls
SELECT throws_ok('SELECT * FROM billing.schedule_bulk_confirmation(ARRAY[999999])', 'ZB020', 'there is no invoice 999999', 'an unknown invoice');
SELECT throws_ok('SELECT * FROM billing.schedule_bulk_confirmation(NULL)', '22023', NULL, 'no list');
SELECT billed(40);
SELECT throws_ok('CALL billing.confirm_in_bulk(ARRAY[invoice(40)])', '2D000', NULL, 'inside a transaction it cannot commit');
SELECT is((SELECT bulk_confirmation_status FROM billing.invoice WHERE contract_id = 40), NULL, 'and leaves no trace');
CALL billing.confirm_in_bulk('{}');
SELECT throws_ok($$UPDATE billing.invoice SET bulk_confirmation_status = 'complete' WHERE contract_id = 40$$, 'ZB001', NULL,
    'nobody else writes the status');
SELECT throws_ok($$UPDATE billing.invoice SET bulk_confirmation_reason = 'because' WHERE contract_id = 40$$, 'ZB001', NULL,
    'nor the reason');
SELECT throws_ok('SELECT * FROM billing.start_bulk_confirmation(NULL)', '22023', NULL, 'no invoice');
SELECT is_empty(
    $$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND proname LIKE '%bulk%'
         AND has_function_privilege('public', oid, 'EXECUTE')$$,
    'granted to nobody by default');

-- --- Whatever the search path holds
CREATE SCHEMA trap;
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN trap.bool AS pg_catalog.bool CHECK (false);
CREATE DOMAIN trap.int8 AS pg_catalog.int8 CHECK (false);
CREATE FUNCTION trap.fire(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OPERATOR trap.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.fire);
SELECT billed(50);
SELECT ARRAY[invoice(50)] AS list \gset
SET search_path = trap, pg_catalog;
SET default_transaction_isolation = 'repeatable read';
CALL billing.confirm_in_bulk(:'list');
RESET search_path;
RESET default_transaction_isolation;
SELECT results_eq('SELECT * FROM progress WHERE contract_id = 50', $$VALUES (50::bigint, 'confirmed', 'complete', NULL::text, 'INV-000312')$$,
    'a hostile search path changes nothing');
SELECT * FROM finish();
