-- delete_invoices(): as if the invoice had never been.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION share(of bigint) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(milestone_split_id) FROM billing.milestone_split WHERE milestone_id = of';

-- Two customers; time, a milestone and a product, all ready; one sale is not.
SELECT time_and_material(10, '{1,2}', '{60,40}');
UPDATE billing.contract SET nte_limit = 10000 WHERE contract_id = 10;
INSERT INTO billing.project (project_id, company_id, name) VALUES (11, 1, 'Project 11');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (10, 11, 'Fixed', 'fixed_price', 11);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price, tax)
VALUES (10, 12, 'Licences', 'product', 2, 50, 25);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (10, 104, 11, 'Design', '2026-03-01', 5000);
SELECT work(101, 10);
SELECT work(102, 10);
SELECT count(*) FROM billing.mark_ready_to_invoice(sales(101), share(104), '{12}');

CREATE TABLE actual_before AS TABLE billing.actual;
CREATE TABLE share_before AS TABLE billing.milestone_split;
CREATE TABLE line_before AS TABLE billing.contract_line;
CREATE TABLE line_customer_before AS TABLE billing.contract_line_customer;

SELECT drafted(10);
SELECT results_eq(
    'SELECT customer_id, total_amount FROM billing.invoice ORDER BY 1', 'VALUES (1::bigint, 4085.0), (2, 2640)',
    'two drafts');
SELECT count(*) FROM billing.edit_invoice_details(sales(101), quantity => 1, description => 'Edited');
SELECT count(*) FROM billing.edit_invoice_details(milestones => share(104), tax => 7);
SELECT count(*) FROM billing.edit_invoice_details(products => '{12}', tax => 1);
SELECT count(*) FROM billing.add_invoice_detail(invoice(10, 2), 10, 'time', 3, 150);
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(10, 2)]);
CREATE TABLE deleted AS SELECT invoice_id FROM billing.invoice;
SELECT bag_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason
        FROM billing.delete_invoices(ARRAY[invoice(10, 1), invoice(10, 2), invoice(10, 1), 999])$$,
    $$SELECT invoice_id, 10::bigint AS contract_id, 'changed' AS outcome, NULL::text AS reason FROM deleted
      UNION ALL VALUES (999, NULL::bigint, 'refused', 'there is no invoice with this id')$$,
    'drafts and invoices in review can be deleted');

SELECT is_empty('SELECT * FROM billing.invoice', 'no invoice is left');
SELECT is_empty('SELECT * FROM billing.invoice_line', 'no invoice line');
SELECT is_empty('SELECT * FROM billing.invoice_detail', 'no edited or manual detail');
SELECT bag_eq('TABLE billing.actual', 'TABLE actual_before', 'every actual is as it was, and there is none more');
SELECT bag_eq('TABLE billing.milestone_split', 'TABLE share_before', 'so is every share of a milestone');
SELECT bag_eq('TABLE billing.contract_line', 'TABLE line_before', 'every product line');
SELECT bag_eq('TABLE billing.contract_line_customer', 'TABLE line_customer_before',
    'and what is committed against limits');

-- The work can be billed again.
SELECT drafted(10);
SELECT results_eq(
    'SELECT customer_id, total_amount FROM billing.invoice ORDER BY 1', 'VALUES (1::bigint, 4085.0), (2, 2640)',
    'the next draft is the same as the first, without the edits');

-- Of two drafts of one contract and customer the other stays.
SELECT ready(102);
SELECT drafted(10);
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10, 1)]);
SELECT results_eq(
    'SELECT customer_id, total_amount FROM billing.invoice ORDER BY 1, 2', 'VALUES (1::bigint, 4085.0), (2, 640),
                                                                                   (2, 2640)',
    'deleting one draft leaves the others alone');
SELECT results_eq(
    $$SELECT customer_id, billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(102)) ORDER BY 1$$,
    $$VALUES (1::bigint, 'ready_to_invoice'), (2, 'customer_invoice_created')$$,
    'only its own sources are ready again');

-- Confirmed is final.
SELECT confirmed(invoice(10, 1));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.delete_invoices(ARRAY[invoice(10, 1)])$$,
    $$VALUES ('refused', 'the invoice is confirmed and final; correct it with a corrective invoice')$$,
    'a confirmed invoice cannot be deleted');
SELECT is((SELECT project_invoice_status::text FROM billing.invoice WHERE invoice_id = invoice(10, 1)), 'confirmed',
    'and is still there');
SELECT throws_ok('SELECT * FROM billing.delete_invoices(NULL)', '22023', NULL, 'delete_invoices() needs an array');
SELECT throws_ok($$SELECT * FROM billing.delete_invoices('{1,NULL}')$$, '22004', NULL, 'NULL is no invoice');
SELECT is_empty($$SELECT * FROM billing.delete_invoices('{}')$$, 'deleting nothing does nothing');

SELECT * FROM finish();
