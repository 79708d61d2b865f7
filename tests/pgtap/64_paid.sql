-- review_invoices(), return_to_draft(), mark_paid(): flags of a whole invoice.
\ir fixture/base.psql
SELECT no_plan();

SELECT time_and_material(n) FROM generate_series(11, 13) AS n;
SELECT work(n, n) FROM generate_series(11, 13) AS n;
SELECT ready(11, 12, 13);
SELECT drafted(11, 12, 13);

-- --- Review
SELECT bag_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason
        FROM billing.review_invoices(ARRAY[invoice(11), invoice(12), 999, invoice(11)])$$,
    $$VALUES (invoice(11), 11::bigint, 'changed', NULL), (invoice(12), 12, 'changed', NULL),
             (999, NULL, 'refused', 'there is no invoice with this id')$$,
    'drafts go to review');
SELECT bag_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason
        FROM billing.review_invoices(ARRAY[invoice(11), invoice(13)])$$,
    $$VALUES (invoice(11), 11::bigint, 'unchanged', NULL), (invoice(13), 13, 'changed', NULL)$$,
    'those in review stay there');
SELECT bag_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason FROM billing.return_to_draft(ARRAY[invoice(13)])$$,
    $$VALUES (invoice(13), 13::bigint, 'changed', NULL)$$, 'and come back');
SELECT results_eq('SELECT contract_id, project_invoice_status::text FROM billing.invoice ORDER BY 1',
    $$VALUES (11::bigint, 'in_review'), (12, 'in_review'), (13, 'draft')$$, 'as their status says');
SELECT results_eq(
    $$SELECT billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(11, 13))$$,
    $$VALUES ('customer_invoice_created'), ('customer_invoice_created')$$, 'the work on them is not touched');

-- --- Paid
SELECT bag_eq(
    $$SELECT contract_id, outcome::text, reason FROM billing.mark_paid(ARRAY[invoice(11), invoice(13), 999])$$,
    $$VALUES (11::bigint, 'refused', 'the invoice is in_review; only confirmed invoices are paid'),
             (13, 'refused', 'the invoice is draft; only confirmed invoices are paid'),
             (NULL, 'refused', 'there is no invoice with this id')$$,
    'what is not confirmed cannot be paid');
SELECT confirmed(invoice(11), invoice(12));
CREATE TABLE actual_before AS TABLE billing.actual;
SELECT bag_eq(
    $$SELECT invoice_id, contract_id, outcome::text, reason FROM billing.mark_paid(ARRAY[invoice(11)])$$,
    $$VALUES (invoice(11), 11::bigint, 'changed', NULL)$$, 'a confirmed invoice is paid');
SELECT bag_eq(
    $$SELECT contract_id, outcome::text, reason FROM billing.mark_paid(ARRAY[invoice(11), invoice(12)])$$,
    $$VALUES (11::bigint, 'unchanged', NULL), (12, 'changed', NULL)$$, 'once');
SELECT results_eq(
    'SELECT contract_id, project_invoice_status::text, invoice_status::text, invoice_number FROM billing.invoice
      ORDER BY 1',
    $$VALUES (11::bigint, 'confirmed', 'paid', 'INV-000001'), (12, 'confirmed', 'paid', 'INV-000002'),
             (13, 'draft', 'active', NULL)$$,
    'paid is a flag beside confirmed');
SELECT bag_eq('TABLE billing.actual', 'TABLE actual_before', 'nothing else moves');
SELECT throws_ok($$UPDATE billing.invoice SET invoice_status = 'active' WHERE contract_id = 11$$, 'ZB001', NULL,
    'and nothing leads back');
SELECT results_eq(
    $$SELECT outcome::text FROM billing.delete_invoices(ARRAY[invoice(11)])$$, $$VALUES ('refused')$$,
    'a paid invoice is not deleted');

-- --- Odd arguments
SELECT throws_ok('SELECT * FROM billing.review_invoices(NULL)', '22023', NULL, 'review_invoices() needs an array');
SELECT throws_ok('SELECT * FROM billing.return_to_draft(NULL)', '22023', NULL, 'return_to_draft() needs an array');
SELECT throws_ok('SELECT * FROM billing.mark_paid(NULL)', '22023', NULL, 'mark_paid() needs an array');
SELECT throws_ok($$SELECT * FROM billing.mark_paid('{1,NULL}')$$, '22004', NULL, 'NULL is no invoice');
SELECT is_empty($$SELECT * FROM billing.review_invoices('{}')$$, 'reviewing nothing does nothing');
SELECT is_empty($$SELECT * FROM billing.return_to_draft('{}')$$, 'returning nothing does nothing');
SELECT is_empty($$SELECT * FROM billing.mark_paid('{}')$$, 'paying nothing does nothing');

SELECT * FROM finish();
