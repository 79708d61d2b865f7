-- Plans made while the tables were all but empty still serve when they are full: a connection keeps them, and nothing
-- analyzes the tables in between.
\ir fixture/base.psql
\ir fixture/blocks.psql
SELECT no_plan();

DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', relation);
    END LOOP;
END $$;

CREATE FUNCTION latest_detail(contract bigint) RETURNS bigint LANGUAGE sql AS
    'SELECT max(detail_id) FROM billing.invoice_detail WHERE contract_id = contract';

-- One sale goes through everything.
CREATE FUNCTION verbs(sale bigint) RETURNS TABLE (verb text, read bigint) LANGUAGE plpgsql AS $$
DECLARE
    call text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        format('SELECT ready(%s)', sale),
        'SELECT drafted(10)',
        format('SELECT * FROM billing.edit_invoice_details(actuals => sales(%s), quantity => 4)', sale),
        'SELECT * FROM billing.confirm_invoices(ARRAY[invoice(10)])',
        'SELECT * FROM billing.revise_invoice(invoice(10))',
        'SELECT * FROM billing.edit_invoice_details(details => ARRAY[latest_detail(10)], quantity => 2)',
        'SELECT * FROM billing.confirm_invoices(ARRAY[invoice(10)])',
        format('SELECT * FROM billing.reevaluate_nte(ARRAY(SELECT actual_id FROM billing.actual WHERE entry_id = %s AND is_open))', sale),
        'SELECT * FROM billing.reevaluate_work(ARRAY[10])'] LOOP
        verb := call;
        read := blocks(call);
        RETURN NEXT;
    END LOOP;
END $$;
SELECT time_and_material(10);
SELECT work(1, 10), work(2, 10);
SELECT count(*) FROM verbs(1);

-- 40 others, 100 hours each, edited, confirmed, revised.
\o /dev/null
SELECT time_and_material(n) FROM generate_series(101, 140) AS n;
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
SELECT n, 101 + n % 40, 1, '2026-03-02', 2, 100, 200 FROM generate_series(1001, 5000) AS n;
SELECT approved(VARIADIC ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id > 1000));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT generate_series(101, 140)));
SELECT drafted(VARIADIC ARRAY(SELECT generate_series(101, 140)));
SELECT count(*) FROM billing.edit_invoice_details(
    actuals => ARRAY(SELECT source_id FROM billing.draft_detail WHERE contract_id > 100), quantity => 1);
SELECT confirmed(VARIADIC ARRAY(SELECT invoice(n) FROM generate_series(101, 120) AS n));
SELECT billing.revise_invoice(invoice(n)) FROM generate_series(101, 120) AS n;
\o

SELECT cmp_ok(read, '<', 1500::bigint, format('%s reads little (%s)', verb, read)) FROM verbs(2);
SELECT * FROM finish();
