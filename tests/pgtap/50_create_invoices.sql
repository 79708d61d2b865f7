-- create_invoices() and preview_invoices(): which drafts come of what is ready.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION backlog(entries bigint[]) RETURNS TABLE (entry_id bigint, billing_status text) LANGUAGE sql AS $$
    SELECT a.entry_id, a.billing_status::text FROM billing.actual a
     WHERE a.entry_id = ANY (entries) AND transaction_type = 'unbilled_sales' ORDER BY 1
$$;

-- --- O-43: every contract line gets an invoice line, even if empty
SELECT time_and_material(10);
INSERT INTO billing.project (project_id, company_id, name) VALUES (11, 1, 'Project 11');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (10, 11, 'Fixed', 'fixed_price', 11), (10, 12, 'Later', 'time_and_material', NULL);
SELECT work(101, 10);
SELECT work(102, 10, 1, 50, 'expense', tax => 12.5);
SELECT work(103, 10);
SELECT ready(101, 102);
SELECT results_eq(
    $$SELECT contract_id, customer_id, invoice_id = invoice(10), outcome::text, reason, item_count, detail_amount,
             total_tax, total_amount
        FROM billing.create_invoices('{10}', invoice_date => '2026-03-31')$$,
    $$VALUES (10::bigint, 1::bigint, true, 'changed', NULL::text, 2::bigint, 1650.0, 12.5, 1662.5)$$,
    'create_invoices() returns a row per draft');
SELECT results_eq(
    'SELECT contract_line_id, customer_id, name, amount, tax, extended_amount FROM billing.invoice_line
      WHERE contract_id = 10 ORDER BY 1',
    $$VALUES (10::bigint, 1::bigint, 'Line 10', 1650.0, 12.5, 1662.5), (11, 1, 'Fixed', 0, 0, 0),
             (12, 1, 'Later', 0, 0, 0)$$,
    'O-43 three contract lines, one with ready items: three invoice lines, two of them empty');
SELECT results_eq('SELECT * FROM backlog($${101,102,103}$$)',
    $$VALUES (101::bigint, 'customer_invoice_created'), (102, 'customer_invoice_created'),
             (103, 'not_ready_to_invoice')$$,
    'ready sales are on the draft; what was not ready stays');
SELECT results_eq(
    $$SELECT project_invoice_status::text, invoice_date, currency, name, bill_to_name, invoice_status::text,
             has_corrections,
             invoice_number, accounting_date FROM billing.invoice WHERE invoice_id = invoice(10)$$,
    $$VALUES ('draft', '2026-03-31'::date, 'USD', 'Contract 10', 'Adatum', 'active', false, NULL::text, NULL::date)$$,
    'a draft is active, named after the contract, and has no number');
SELECT results_eq(
    $$SELECT detail_kind::text, transaction_class::text, quantity, price, amount, tax, extended_amount
        FROM billing.invoice_line_detail WHERE invoice_id = invoice(10) ORDER BY source_id$$,
    $$VALUES ('actual', 'time', 8.0, 200.0, 1600.0, 0.0, 1600.0), ('actual', 'expense', 1, 50, 50, 12.5, 62.5)$$,
    'its details are the sales themselves');
SELECT is((SELECT count(*) FROM billing.actual WHERE invoice_id IS NOT NULL), 0::bigint, 'a draft writes no actuals');
SELECT results_eq(
    $$SELECT contract_id, customer_id, invoice_id, outcome::text, reason, item_count, total_amount
        FROM billing.create_invoices('{10}', invoice_date => '2026-03-31')$$,
    $$VALUES (10::bigint, NULL::bigint, NULL::bigint, 'unchanged', 'nothing to invoice', 0::bigint, 0.0)$$,
    'calling it twice makes no second draft');

-- --- O-46, X-25: what is dated after the invoice date stays
SELECT time_and_material(20);
SELECT work(201, 20, day => current_date - 1);
SELECT work(202, 20, day => current_date);
SELECT work(203, 20, day => current_date + 1);
SELECT ready(201, 202, 203);
SELECT results_eq(
    $$SELECT outcome::text, item_count, total_amount FROM billing.create_invoices('{20}')$$,
    $$VALUES ('changed', 2::bigint, 3200.0)$$, 'O-46 X-25 without date: work of yesterday and today');
SELECT results_eq('SELECT * FROM backlog($${201,202,203}$$)',
    $$VALUES (201::bigint, 'customer_invoice_created'), (202, 'customer_invoice_created'), (203, 'ready_to_invoice')$$,
    'O-46 tomorrow''s stays in the backlog, ready');
SELECT is((SELECT invoice_date FROM billing.invoice WHERE contract_id = 20), current_date,
    'O-46 the invoice is dated today');

-- --- One draft per contract and customer
SELECT time_and_material(30, '{1,2}', '{60,40}');
INSERT INTO billing.project (project_id, company_id, name) VALUES (31, 1, 'Project 31');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (30, 31, 'Only Adatum', 'time_and_material', 31);
DELETE FROM billing.contract_line_customer WHERE contract_line_id = 31 AND customer_id = 2;
UPDATE billing.contract_line_customer SET billing_split_percent = 100 WHERE contract_line_id = 31;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (30, 32, 'Licences', 'product', 2, 50);
UPDATE billing.contract_customer
   SET bill_to_name = 'Baldwin Accounting', invoice_address = 'Box 1', payment_terms = 'Net 30'
 WHERE contract_id = 30 AND customer_id = 2;
SELECT work(301, 30);
SELECT work(302, 31);
SELECT ready(301, 302);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{32}');
SELECT results_eq(
    $$SELECT customer_id, outcome::text, item_count, detail_amount
        FROM billing.create_invoices('{30}', invoice_date => '2026-03-31') ORDER BY 1$$,
    $$VALUES (1::bigint, 'changed', 3::bigint, 2660.0), (2, 'changed', 1, 640)$$, 'two customers, two drafts');
SELECT results_eq(
    $$SELECT customer_id, contract_line_id, amount FROM billing.invoice_line WHERE contract_id = 30 ORDER BY 1, 2$$,
    $$VALUES (1::bigint, 30::bigint, 960.0), (1, 31, 1600), (1, 32, 100), (2, 30, 640)$$,
    'X-27 the second customer gets only the lines it pays for; the product goes to the first');
SELECT results_eq(
    $$SELECT bill_to_name, invoice_address, payment_terms FROM billing.invoice WHERE contract_id = 30
       ORDER BY customer_id$$,
    $$VALUES ('Adatum', NULL, NULL), ('Baldwin Accounting', 'Box 1', 'Net 30')$$,
    'each with the address of its customer');

-- --- X-28: nothing chargeable; zero price
SELECT time_and_material(40);
SELECT entered(401, 40);
SELECT count(*) FROM billing.submit('{401}');
SELECT count(*) FROM billing.approve('{401}', billing_types => '{complimentary}');
SELECT ready(401);
SELECT results_eq(
    $$SELECT outcome::text, item_count, detail_amount, total_amount
        FROM billing.create_invoices('{40}', invoice_date => '2026-03-31')$$,
    $$VALUES ('changed', 1::bigint, 0.0, 0.0)$$, 'X-28 a draft with only complimentary work is made and totals 0');
SELECT time_and_material(41);
SELECT work(411, 41, 8, 0);
SELECT ready(411);
SELECT results_eq(
    $$SELECT outcome::text, item_count, total_amount
        FROM billing.create_invoices('{41}', invoice_date => '2026-03-31')$$,
    $$VALUES ('changed', 1::bigint, 0.0)$$, 'a price of zero is legal');
SELECT time_and_material(42);
SELECT work(421, 42, -8);
SELECT ready(421);
SELECT results_eq(
    $$SELECT outcome::text, item_count, total_amount
        FROM billing.create_invoices('{42}', invoice_date => '2026-03-31')$$,
    $$VALUES ('changed', 1::bigint, -1600.0)$$, 'a credit makes a negative total');

-- --- Selected items only
SELECT time_and_material(50);
SELECT fixed_price(51);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (50, 52, 'Licences', 'product', 1, 70);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (51, 511, 51, 'One', '2030-01-01', 500), (51, 512, 51, 'Two', '2030-01-01', 700);
SELECT work(501, 50);
SELECT work(502, 50);
SELECT work(503, 50);
SELECT work(504, 50, day => '2026-04-01');
SELECT ready(501, 502, 504);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{52}', contracts => '{51}');
CREATE FUNCTION share(of bigint) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(milestone_split_id) FROM billing.milestone_split WHERE milestone_id = of';
SELECT results_eq(
    $$SELECT contract_id, customer_id, outcome::text, item_count, detail_amount
        FROM billing.create_invoices(actuals => sales(501), milestones => share(511), invoice_date => '2026-03-31')$$,
    $$VALUES (50::bigint, 1::bigint, 'changed', 1::bigint, 1600.0), (51, 1, 'changed', 1, 500)$$,
    'single items are billed alone; X-26 a milestone whatever its date');
SELECT results_eq('SELECT * FROM backlog($${501,502,503,504}$$)',
    $$VALUES (501::bigint, 'customer_invoice_created'), (502, 'ready_to_invoice'), (503, 'not_ready_to_invoice'),
             (504, 'ready_to_invoice')$$,
    'the others stay');
SELECT bag_eq(
    $$SELECT contract_id, customer_id, outcome::text, item_count, detail_amount
        FROM billing.create_invoices(actuals => sales(501, 502, 503, 504) || sales(502) || 999::bigint,
             products => '{52,10}',
                                     invoice_date => '2026-03-31')$$,
    $$VALUES (50::bigint, 1::bigint, 'changed', 2::bigint, 1670.0), (NULL, NULL, 'refused', 0, 0),
             (NULL, NULL, 'refused', 0, 0)$$,
    'of selected items the eligible are billed, each once; the others are refused');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.create_invoices(actuals => sales(503), invoice_date => '2026-03-31')$$,
    $$SELECT 'refused',
             'actual ' || (sales(503))[1] || ': not ready to invoice, dated after the invoice date, or on an invoice'$$,
    'X-05 an actual that is not ready is refused by name');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.create_invoices(products => '{52}', invoice_date => '2026-03-31')$$,
    $$VALUES ('refused', 'contract_line 52: not ready to invoice, or on an invoice')$$,
    'so is a product that is on a draft');
SELECT results_eq(
    $$SELECT outcome::text, reason
        FROM billing.create_invoices(milestones => share(511), invoice_date => '2026-03-31')$$,
    $$SELECT 'refused', 'milestone_split ' || (share(511))[1] || ': not ready to invoice, or on an invoice'$$,
    'and a milestone');

-- --- One bad contract does not stop the others
SELECT time_and_material(60);
SELECT time_and_material(61, '{1,2}', '{50,50}');
SELECT work(601, 60);
SELECT work(611, 61);
SELECT ready(601, 611);
UPDATE billing.contract_line_customer SET billing_split_percent = 40 WHERE contract_line_id = 61 AND customer_id = 2;
SELECT results_eq(
    $$SELECT contract_id, customer_id, outcome::text, reason, item_count
        FROM billing.create_invoices('{61,60,999,10}', invoice_date => '2026-03-31')
       ORDER BY contract_id$$,
    $$VALUES (10::bigint, NULL::bigint, 'unchanged', 'nothing to invoice', 0::bigint), (60, 1, 'changed', NULL, 1),
             (61, NULL, 'refused', 'the billing split percentages of contract line 61 must total 100, not 90', 0),
             (999, NULL, 'refused', 'there is no contract with this id', 0)$$,
    'wrong percentages refuse one contract; the others are invoiced');
SELECT results_eq('SELECT * FROM backlog($${611}$$)', $$VALUES (611::bigint, 'ready_to_invoice'),
                                                               (611, 'ready_to_invoice')$$,
    'the refused contract is untouched');
SELECT bag_eq(
    $$SELECT contract_id, outcome::text, reason
        FROM billing.create_invoices(actuals => sales(611) || 999::bigint, invoice_date => '2026-03-31')$$,
    $$VALUES (61::bigint, 'refused', 'the billing split percentages of contract line 61 must total 100, not 90'),
             (NULL, 'refused', 'actual 999: not ready to invoice, dated after the invoice date, or on an invoice')$$,
    'a refused contract does not hide an unknown item');
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 61;

-- --- Currencies
SELECT time_and_material(70, currency => 'JPY');
SELECT time_and_material(71, currency => 'KWD');
SELECT work(701, 70, 1.5, 333);
SELECT work(711, 71, 1.5, 12.3456);
SELECT ready(701, 711);
SELECT results_eq(
    $$SELECT contract_id, detail_amount, total_amount
        FROM billing.create_invoices('{70,71}', invoice_date => '2026-03-31')$$,
    'VALUES (70::bigint, 500::numeric, 500::numeric), (71, 18.518, 18.518)',
    'totals have the decimals of their currency');
SELECT results_eq('SELECT contract_id, currency FROM billing.invoice WHERE contract_id IN (70, 71) ORDER BY 1',
    $$VALUES (70::bigint, 'JPY'), (71, 'KWD')$$, 'and say which it is');

-- --- X-45 and everything at once
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
VALUES (80, 1, 1, 'Draft contract', 'USD');
INSERT INTO billing.project (project_id, company_id, name) VALUES (80, 1, 'Project 80');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (80, 80, 'Line 80', 'time_and_material', 80);
SELECT work(801, 80);
SELECT ready(801);
SELECT results_eq(
    $$SELECT contract_id, customer_id, outcome::text, item_count
        FROM billing.create_invoices(invoice_date => '2026-03-31') ORDER BY 1, 2$$,
    $$VALUES (51::bigint, 1::bigint, 'changed', 1::bigint), (61, 1, 'changed', 1), (61, 2, 'changed', 1),
             (80, 1, 'changed', 1)$$,
    'X-45 without arguments: whatever is ready, draft contracts included');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, contract_status)
VALUES (81, 1, 1, 'Lost contract', 'USD', 'closed');
SELECT results_eq(
    $$SELECT contract_id, outcome::text, reason FROM billing.create_invoices('{81}')$$,
    $$VALUES (81::bigint, 'refused', 'the contract is closed')$$, 'X-45 a closed contract is not billed');
SELECT is_empty($$SELECT * FROM billing.create_invoices(invoice_date => '2026-03-31')$$,
    'with nothing left, nothing happens');
SELECT is_empty($$SELECT * FROM billing.create_invoices('{}')$$, 'an empty list of contracts means none');
SELECT is_empty($$SELECT * FROM billing.create_invoices(actuals => '{}')$$, 'an empty list of actuals means none');
SELECT throws_ok($$SELECT * FROM billing.create_invoices('{10}', actuals => '{1}')$$, '22023', NULL,
    'contracts or items, not both');
SELECT throws_ok($$SELECT * FROM billing.create_invoices('{10,NULL}')$$, '22004', NULL, 'NULL is no contract');

-- --- preview_invoices(): the same answer, nothing written
SELECT time_and_material(90, '{1,2}', '{60,40}');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price, tax)
VALUES (90, 92, 'Licences', 'product', 2, 50, 25);
SELECT time_and_material(91, percents => '{90}');
SELECT work(901, 90, tax => 10);
SELECT work(902, 90);
SELECT ready(901);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{92}');
CREATE TABLE before AS
SELECT (SELECT count(*) FROM billing.invoice) AS invoices, (SELECT count(*) FROM billing.operation) AS operations,
       (SELECT count(*) FROM billing.operation_change) AS changes;
CREATE TABLE preview AS
SELECT contract_id, customer_id, invoice_id, outcome::text, reason, item_count, detail_amount, total_tax, total_amount
  FROM billing.preview_invoices('{90,91,10,999}', invoice_date => '2026-03-31');
SELECT bag_eq('TABLE preview',
    $$VALUES (90::bigint, 1::bigint, NULL::bigint, 'changed', NULL, 2::bigint, 1060.0, 31.0, 1091.0),
             (90, 2, NULL, 'changed', NULL, 1, 640, 4, 644),
             (91, NULL, NULL, 'unchanged', 'nothing to invoice', 0, 0, 0, 0),
             (10, NULL, NULL, 'unchanged', 'nothing to invoice', 0, 0, 0, 0),
             (999, NULL, NULL, 'refused', 'there is no contract with this id', 0, 0, 0, 0)$$,
    'a preview shows the drafts that would be');
SELECT results_eq(
    $$SELECT (SELECT count(*) FROM billing.invoice), (SELECT count(*) FROM billing.operation),
             (SELECT count(*) FROM billing.operation_change)$$,
    'TABLE before', 'and writes neither invoices nor log');
SELECT results_eq('SELECT * FROM backlog($${901}$$)', $$VALUES (901::bigint, 'ready_to_invoice'),
                                                               (901, 'ready_to_invoice')$$,
    'nor statuses');
SELECT bag_eq(
    $$SELECT contract_id, customer_id, NULL::bigint, outcome::text, reason, item_count, detail_amount, total_tax,
             total_amount
        FROM billing.create_invoices('{90,91,10,999}', invoice_date => '2026-03-31')$$,
    'TABLE preview', 'create_invoices() with the same arguments does what the preview said');

-- --- run_key: a repeated call returns the invoices of the first
SELECT time_and_material(95, '{1,2}', '{50,50}');
SELECT work(951, 95);
SELECT ready(951);
CREATE TABLE first_run AS
SELECT * FROM billing.create_invoices('{95}', invoice_date => '2026-03-31', run_key => 'March 2026');
SELECT results_eq('SELECT customer_id, outcome::text, item_count, total_amount FROM first_run ORDER BY 1',
    $$VALUES (1::bigint, 'changed', 1::bigint, 800.0), (2, 'changed', 1, 800)$$, 'the first run makes drafts');
SELECT work(952, 95);
SELECT ready(952);
SELECT bag_eq(
    $$SELECT contract_id, customer_id, invoice_id, outcome::text, reason, item_count, detail_amount, total_tax,
             total_amount
        FROM billing.create_invoices('{95}', invoice_date => '2026-03-31', run_key => 'March 2026')$$,
    $$SELECT contract_id, customer_id, invoice_id, 'unchanged' AS outcome,
             'created by an earlier call with this run key' AS reason,
             1::bigint AS item_count, detail_amount, total_tax, total_amount FROM first_run$$,
    'the same run key returns the same invoices');
SELECT results_eq('SELECT DISTINCT billing_status FROM backlog($${952}$$)', $$VALUES ('ready_to_invoice')$$,
    'and takes nothing more');
SELECT throws_ok(
    $$SELECT * FROM billing.create_invoices('{95}', invoice_date => '2026-04-30', run_key => 'March 2026')$$, 'ZB023',
    NULL,
    'the same run key with another date is a conflict');
SELECT throws_ok(
    $$SELECT * FROM billing.create_invoices('{95,90}', invoice_date => '2026-03-31', run_key => 'March 2026')$$,
    'ZB023', NULL,
    'the same run key with other contracts is a conflict');
SELECT throws_ok(
    $$SELECT * FROM billing.create_invoices(actuals => sales(952), invoice_date => '2026-03-31',
             run_key => 'March 2026')$$, 'ZB023',
    NULL, 'the same run key with items is a conflict');
SELECT results_eq(
    $$SELECT customer_id, outcome::text
        FROM billing.create_invoices('{95}', invoice_date => '2026-03-31', run_key => 'March 2026, second')
       ORDER BY 1$$,
    $$VALUES (1::bigint, 'changed'), (2, 'changed')$$, 'another run key is another run');
SET datestyle = 'German, DMY';
SELECT lives_ok(
    $$SELECT * FROM billing.create_invoices('{95}', invoice_date => '31.03.2026', run_key => 'March 2026')$$,
    'a session that writes its dates otherwise means the same run');
RESET datestyle;
SELECT count(*) FROM billing.create_invoices('{95}', run_key => 'undated');
SELECT results_eq(
    $$SELECT arguments FROM billing.operation WHERE run_key = 'undated'$$, $$VALUES ('{"contracts": "95"}'::jsonb)$$,
    'a run without date is still the same run when it is repeated on another day');
-- A long list of ids is not confused with another of the same length.
SELECT count(*)
  FROM billing.create_invoices(ARRAY(SELECT generate_series(1000, 1200)::bigint), invoice_date => '2026-03-31',
       run_key => 'long');
SELECT throws_ok(
    $$SELECT * FROM billing.create_invoices(ARRAY(SELECT generate_series(2000, 2200)::bigint),
             invoice_date => '2026-03-31', run_key => 'long')$$,
    'ZB023', NULL, 'the same run key with other contracts is a conflict even if there are many');

SELECT * FROM finish();
