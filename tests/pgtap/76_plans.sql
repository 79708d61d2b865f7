-- Tables that were never analyzed: the engine's statements still go through the indexes.
\ir fixture/base.psql
\ir fixture/blocks.psql
SELECT no_plan();

-- 100 contracts with 200 hours each; nothing of it is ever analyzed.
ALTER TABLE billing.actual SET (autovacuum_enabled = off);
ALTER TABLE billing.entry SET (autovacuum_enabled = off);
ALTER TABLE billing.invoice_line SET (autovacuum_enabled = off);
ALTER TABLE billing.invoice SET (autovacuum_enabled = off);
SELECT count(time_and_material(n)::text) FROM generate_series(101, 200) AS n;
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
SELECT n, 101 + n % 100, 1, '2026-03-02', 1, 100, 200 FROM generate_series(1, 20000) AS n;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry));
SELECT results_eq('SELECT count(*) FROM billing.actual', 'VALUES (40000::bigint)', 'there are 40,000 actuals');
SELECT results_eq($$SELECT reltuples FROM pg_class WHERE oid = 'billing.actual'::regclass$$, 'VALUES (-1::real)',
    'and no statistics');

-- Runs a verb in a transaction of its own and tells how often it read the big tables from end to end.
CREATE FUNCTION scans(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before_scans bigint;
    after_scans bigint;
    read_before bigint;
    read_after bigint;
BEGIN
    SELECT sum(seq_scan), sum(seq_tup_read) INTO before_scans, read_before
      FROM pg_stat_xact_user_tables WHERE schemaname = 'billing' AND relname IN ('actual', 'entry');
    EXECUTE call;
    SELECT sum(seq_scan), sum(seq_tup_read) INTO after_scans, read_after
      FROM pg_stat_xact_user_tables WHERE schemaname = 'billing' AND relname IN ('actual', 'entry');
    RETURN format('%s scans, %s rows', after_scans - before_scans, read_after - read_before);
END $$;

SELECT is(scans('SELECT count(*) FROM billing.actual'), '1 scans, 40000 rows', 'the measure works');

SELECT is(scans($$SELECT * FROM billing.mark_ready_to_invoice(contracts => '{101}')$$), '0 scans, 0 rows',
    'mark ready, by contract');
SELECT is(scans($$SELECT * FROM billing.mark_ready_to_invoice(actuals => sales(1, 101, 201))$$), '0 scans, 0 rows',
    'mark ready, by id');
SELECT is(scans($$SELECT * FROM billing.mark_not_ready_to_invoice(actuals => sales(1))$$), '0 scans, 0 rows',
    'mark not ready');
SELECT is(scans($$SELECT * FROM billing.preview_invoices('{101}', invoice_date => '2026-03-31')$$), '0 scans, 0 rows',
    'preview');
SELECT is(scans($$SELECT * FROM billing.create_invoices('{101}', invoice_date => '2026-03-31')$$), '0 scans, 0 rows',
    'create, by contract');
SELECT is((SELECT total_amount FROM billing.invoice WHERE invoice_id = invoice(101)), 40000.0, 'a draft of 200 hours');
SELECT ready(1, 2);
SELECT is(scans('SELECT * FROM billing.create_invoices(actuals => sales(1), invoice_date => $q$2026-03-31$q$)'),
    '0 scans, 0 rows', 'create, by id');
SELECT is(scans('SELECT * FROM billing.add_to_invoice(sales(2), invoice_date => $q$2026-03-31$q$)'), '0 scans, 0 rows',
    'add');
SELECT is(scans('SELECT * FROM billing.refresh_invoices(ARRAY[invoice(101)])'), '0 scans, 0 rows', 'refresh');
SELECT is(scans('SELECT * FROM billing.edit_invoice_details(sales(100, 200, 300), quantity => 0.5)'), '0 scans, 0 rows',
    'edit');
SELECT is(scans('SELECT * FROM billing.remove_invoice_details(sales(400))'), '0 scans, 0 rows', 'remove');
SELECT is(scans('SELECT * FROM billing.confirm_invoices(ARRAY[invoice(101)])'), '0 scans, 0 rows', 'confirm');
SELECT is(scans('SELECT * FROM billing.delete_invoices(ARRAY[invoice(102)])'), '0 scans, 0 rows', 'delete');
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 103;
SELECT is(scans('SELECT * FROM billing.reevaluate_nte(sales(2, 102, 202))'), '0 scans, 0 rows', 're-evaluate');
SELECT is(scans('SELECT * FROM billing.reset_nte(sales(2, 102, 202))'), '0 scans, 0 rows', 'reset');
SELECT entered(20001, 101);
SELECT is(scans($$SELECT * FROM billing.submit('{20001}')$$), '0 scans, 0 rows', 'submit');
SELECT is(scans($$SELECT * FROM billing.approve('{20001}')$$), '0 scans, 0 rows', 'approve');
SELECT is(scans($$SELECT * FROM billing.cancel_approval('{20001,105}')$$), '0 scans, 0 rows', 'cancel an approval');
SELECT is(scans($$SELECT * FROM billing.cancel_approval('{100}')$$), '0 scans, 0 rows', 'cancel what was billed: refused');
SELECT is(scans($$SELECT * FROM billing.recall_entries('{106,206}')$$), '0 scans, 0 rows', 'request a recall');
SELECT is(scans($$SELECT * FROM billing.approve_recall('{106,206}')$$), '0 scans, 0 rows', 'grant it');
INSERT INTO billing.contract_line_role VALUES (107, 107, 1, 'non_chargeable');
SELECT is(scans($$SELECT * FROM billing.reevaluate_work('{107}', preview => true)$$), '0 scans, 0 rows',
    'evaluate again, a preview');
SELECT is(scans($$SELECT * FROM billing.reevaluate_work('{107}')$$), '0 scans, 0 rows', 'evaluate again, in earnest');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
VALUES (300, 1, 1, 'Draft', 'USD'), (301, 1, 1, 'Draft', 'USD');
INSERT INTO billing.project (project_id, company_id, name) VALUES (300, 1, 'Project 300'), (301, 1, 'Project 301');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (300, 300, 'Line 300', 'time_and_material', 300), (301, 301, 'Line 301', 'time_and_material', 301);
SELECT work(20002, 300);
SELECT work(20003, 301);
INSERT INTO billing.contract_line_role VALUES (300, 300, 1, 'non_chargeable');
SELECT is(scans($$SELECT * FROM billing.confirm_contract('{300}')$$), '0 scans, 0 rows', 'confirm a contract');
SELECT is(scans($$SELECT * FROM billing.close_contract('{301}')$$), '0 scans, 0 rows', 'close a contract');

-- The views, filtered, reach the indexes, too.
SELECT is(scans('SELECT * FROM billing.time_and_material_backlog WHERE contract_id = 110'), '0 scans, 0 rows',
    'the backlog of a contract');
SELECT is(scans('SELECT * FROM billing.invoice_line_detail
  WHERE contract_id = 101 AND invoice_id = invoice(101)'), '0 scans, 0 rows', 'the details of an invoice');

-- What one contract costs does not depend on the others: block accesses, most of them index descents of the rows
-- written.
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{150}');
SELECT cmp_ok(blocks($$SELECT * FROM billing.create_invoices('{150}', invoice_date => '2026-03-31')$$), '<',
    3000::bigint,
    'a draft of 200 hours takes a few thousand block accesses');
SELECT cmp_ok(blocks('SELECT * FROM billing.confirm_invoices(ARRAY[invoice(150)])'), '<', 10000::bigint,
    'so does its confirmation, which writes 400 actuals');

SELECT * FROM finish();
