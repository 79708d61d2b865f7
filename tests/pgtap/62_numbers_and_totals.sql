-- Legal numbers without gaps, and the totals of lines and invoices.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION billed(contract bigint, entry bigint, quantity numeric DEFAULT 8,
  tax numeric DEFAULT 0) RETURNS void LANGUAGE sql AS $$
    SELECT work(entry, contract, quantity, tax => tax);
    SELECT ready(entry);
    SELECT drafted(contract)
$$;
CREATE FUNCTION numbers() RETURNS SETOF text LANGUAGE sql AS
    'SELECT invoice_number FROM billing.invoice WHERE number IS NOT NULL ORDER BY company_id, series, number';

-- --- Numbers are drawn at confirmation, in the order of the invoices
SELECT time_and_material(n) FROM generate_series(11, 16) AS n;
SELECT billed(n, n) FROM generate_series(11, 16) AS n;
SELECT is_empty('SELECT numbers()', 'drafts have no number');
SELECT results_eq(
    $$SELECT contract_id, invoice_number FROM billing.confirm_invoices(ARRAY[invoice(13), invoice(11), invoice(12)])
       ORDER BY 1$$,
    $$VALUES (11::bigint, 'INV-000001'), (12, 'INV-000002'), (13, 'INV-000003')$$,
    'invoices confirmed together are numbered in their order');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(14)]);
SELECT confirmed(invoice(15));
SELECT results_eq('SELECT numbers()', $$VALUES ('INV-000001'), ('INV-000002'), ('INV-000003'), ('INV-000004')$$,
    'a deleted draft leaves no gap');
SELECT throws_ok(
    $$SELECT confirmed(invoice(16)); SELECT 1 / 0$$, '22012', NULL, 'a transaction that fails after confirmation');
SELECT ready(14);
SELECT drafted(14);
SELECT confirmed(invoice(14));
SELECT results_eq(
    $$SELECT contract_id, invoice_number FROM billing.invoice WHERE contract_id IN (14, 16) ORDER BY 1$$,
    $$VALUES (14::bigint, 'INV-000005'), (16, NULL)$$, 'leaves no gap either');
SELECT results_eq(
    $$SELECT outcome::text, invoice_number FROM billing.confirm_invoices(ARRAY[invoice(14), 999, invoice(16)])
       ORDER BY 2$$,
    $$VALUES ('refused', 'INV-000005'), ('changed', 'INV-000006'), ('refused', NULL)$$, 'nor do refused invoices');

-- --- One series per company, or per contract
INSERT INTO billing.company (company_id, name, currency, invoice_series) VALUES (2, 'Fabrikam', 'NOK', 'F');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, invoice_series)
VALUES (21, 2, 1, 'By the company', 'NOK', NULL), (22, 2, 1, 'Own series', 'NOK', 'EXPORT');
INSERT INTO billing.project (project_id, company_id, name) VALUES (21, 2, 'Project 21'), (22, 2, 'Project 22');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (21, 21, 'Line 21', 'time_and_material', 21), (22, 22, 'Line 22', 'time_and_material', 22);
INSERT INTO billing.invoice_series (company_id, series, start_after) VALUES (2, 'EXPORT', 999999);
SELECT billed(21, 211);
SELECT billed(22, 221);
SELECT confirmed(invoice(21), invoice(22));
SELECT billed(21, 212);
SELECT billed(22, 222);
SELECT confirmed(invoice(21), invoice(22));
SELECT results_eq(
    'SELECT company_id, series, number, invoice_number FROM billing.invoice WHERE company_id = 2 ORDER BY 2, 3',
    $$VALUES (2::bigint, 'EXPORT', 1000000::bigint, 'EXPORT-1000000'), (2, 'EXPORT', 1000001, 'EXPORT-1000001'),
             (2, 'F', 1, 'F-000001'), (2, 'F', 2, 'F-000002')$$,
    'each company and series counts for itself; a series may begin where another system ended');
SELECT throws_ok($$UPDATE billing.invoice_series SET issued = 0$$, 'ZB001', NULL, 'counters are not set back');
SELECT throws_ok($$INSERT INTO billing.invoice_series (company_id, series, issued)
                   VALUES (2, 'NEW', 5)$$, 'ZB001', NULL, 'nor forward');

-- --- X-36: line tax counts chargeable details only; invoiced to date is cumulative per line and customer
SELECT time_and_material(30, '{1,2}', '{75,25}');
SELECT entered(301, 30, tax => 400);
SELECT entered(302, 30, tax => 100);
SELECT count(*) FROM billing.submit('{301,302}');
SELECT count(*) FROM billing.approve('{301,302}');
SELECT ready(301, 302);
SELECT drafted(30);
SELECT count(*) FROM billing.edit_invoice_details(
    ARRAY(SELECT actual_id FROM billing.actual
     WHERE entry_id = 302 AND transaction_type = 'unbilled_sales'), billing_type => 'complimentary');
SELECT results_eq(
    $$SELECT customer_id, amount, tax, extended_amount, invoiced_to_date FROM billing.invoice_line
       WHERE contract_id = 30 ORDER BY 1$$,
    'VALUES (1::bigint, 1200.0, 300.0, 1500.0, NULL::numeric), (2, 400, 100, 500, NULL)',
    'X-36 amount and tax of a line are those of its chargeable details');
SELECT results_eq(
    'SELECT customer_id, detail_amount, total_tax, total_amount FROM billing.invoice WHERE contract_id = 30 ORDER BY 1',
    'VALUES (1::bigint, 1200.0, 300.0, 1500.0), (2, 400, 100, 500)',
    'the totals of the invoice are the sums of its lines');
SELECT confirmed(invoice(30, 1), invoice(30, 2));
SELECT billed(30, 303);
SELECT confirmed(invoice(30, 1));
SELECT results_eq(
    $$SELECT customer_id, amount, invoiced_to_date FROM billing.invoice_line WHERE contract_id = 30
       ORDER BY customer_id, invoice_line_id$$,
    'VALUES (1::bigint, 1200.0, 1200.0), (1, 1200, 2400), (2, 400, 400), (2, 400, NULL)',
    'X-36 invoiced to date adds up, and is set at confirmation');
-- Two invoices confirmed in one call add up in their order.
SELECT time_and_material(31);
SELECT billed(31, 311);
SELECT billed(31, 312, 2);
SELECT confirmed(VARIADIC ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 31));
SELECT results_eq(
    'SELECT amount, invoiced_to_date FROM billing.invoice_line WHERE contract_id = 31
      ORDER BY invoice_line_id', 'VALUES (1600.0, 1600.0), (400, 2000)',
    'X-36 also within one call');

-- A product line belongs to no line customer; it adds up all the same.
SELECT time_and_material(40);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (40, 41, 'Licence', 'product', 2, 50), (40, 42, 'Support', 'product', 1, 70);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{41,42}');
SELECT drafted(40);
SELECT confirmed(invoice(40));
SELECT count(*) FROM billing.revise_invoice(invoice(40));
SELECT count(*) FROM billing.remove_invoice_details(details => ARRAY(
    SELECT detail_id FROM billing.draft_detail WHERE invoice_id = invoice(40) AND contract_line_id = 42));
SELECT confirmed(invoice(40));
SELECT drafted(40);
SELECT confirmed(invoice(40));
SELECT results_eq(
    $$SELECT invoice_id, contract_line_id, amount, invoiced_to_date FROM billing.invoice_line
       WHERE contract_line_id IN (41, 42) ORDER BY dense_rank() OVER (ORDER BY invoice_id), 2$$,
    $$SELECT i.id, l.line, l.amount, l.billed
        FROM (SELECT array_agg(invoice_id ORDER BY invoice_id) AS ids FROM billing.invoice WHERE contract_id = 40) v
       CROSS JOIN (VALUES (1, 41::bigint, 100.0, 100.0), (1, 42, 70, 70), (2, 41, -100, 0), (2, 42, 0, 70), (3, 41, 100, 100))
             AS l (n, line, amount, billed)
       CROSS JOIN LATERAL (SELECT v.ids[l.n] AS id) i ORDER BY l.n, l.line$$,
    'X-36 a product line billed, credited and billed again');

SELECT * FROM finish();
