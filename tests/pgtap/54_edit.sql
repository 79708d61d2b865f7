-- Editing drafts: edit_invoice_details(), add_invoice_detail(), remove_invoice_details().
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION share(of bigint) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(milestone_split_id) FROM billing.milestone_split WHERE milestone_id = of';
-- Totals of an invoice: 'amount + tax = total'.
CREATE FUNCTION totals(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s + %s = %s', trim_scale(detail_amount), trim_scale(total_tax), trim_scale(total_amount))
      FROM billing.invoice WHERE invoice_id = id
$$;

-- A draft with time (101), expense (102), a fee (103), a milestone (104) and a product (12).
SELECT time_and_material(10);
INSERT INTO billing.project (project_id, company_id, name) VALUES (11, 1, 'Project 11');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (10, 11, 'Fixed', 'fixed_price', 11);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price, tax)
VALUES (10, 12, 'Licences', 'product', 2, 50, 25);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
VALUES (10, 104, 11, 'Design', '2026-03-01', 5000, 1250);
INSERT INTO billing.entry (entry_id, project_id, transaction_class, entry_date, quantity, sales_price, tax, description,
                           external_description)
VALUES (101, 10, 'time', '2026-03-02', 8, 200, 400, 'Internal text', 'Text for the customer'),
       (102, 10, 'expense', '2026-03-03', 3, 50, 0, 'Taxi', NULL),
       (103, 10, 'fee', '2026-03-04', 1, 300, 0, NULL, NULL);
SELECT approved(101, 102, 103);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT is(totals(invoice(10)), '7150 + 1675 = 8825', 'the draft begins with what its sources come to');

-- --- Time and material: type, quantity, price, tax, texts
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, invoice_id, billing_type::text, quantity, price, amount, tax
        FROM billing.edit_invoice_details(sales(101), quantity => 6)$$,
    $$SELECT 'actual', (sales(101))[1], invoice(10), 'chargeable', 6.0, 200.0, 1200.0, 400.0$$,
    'the quantity may be reduced');
SELECT is(totals(invoice(10)), '6750 + 1675 = 8425', 'and the totals follow');
SELECT results_eq(
    $$SELECT quantity, price, amount, tax FROM billing.edit_invoice_details(sales(101), quantity => 10, tax => 500)$$,
    'VALUES (10.0, 200.0, 2000.0, 500.0)', 'or raised, with another tax');
SELECT results_eq(
    $$SELECT quantity, price, amount, tax FROM billing.edit_invoice_details(sales(101), price => 180.555)$$,
    'VALUES (10.0, 180.555, 1805.55, 500.0)', 'or another price');
SELECT is(totals(invoice(10)), '7355.55 + 1775 = 9130.55', 'amounts are rounded to the currency');
SELECT results_eq(
    $$SELECT billing_type::text, quantity
        FROM billing.edit_invoice_details(sales(101), billing_type => 'complimentary')$$,
    $$VALUES ('complimentary', 10.0)$$, 'or another billing type');
SELECT is(totals(invoice(10)), '5550 + 1275 = 6825',
    'what is not chargeable counts neither in amount nor in tax (X-36)');
SELECT results_eq(
    $$SELECT source_id = ANY (sales(101)), source_billing_type::text, billing_type::text, source_quantity, quantity,
             source_price, price, source_amount, amount,
             source_tax, tax FROM billing.edited_transactions WHERE invoice_id = invoice(10)$$,
    $$VALUES (true, 'chargeable', 'complimentary', 8.0, 10.0, 200.0, 180.555, 1600.0, 1805.55, 400.0, 500.0)$$,
    'edited_transactions shows both sides');
SELECT count(*)
  FROM billing.edit_invoice_details(sales(101), billing_type => 'chargeable', quantity => 8, price => 200, tax => 400);
SELECT is_empty('SELECT * FROM billing.edited_transactions', 'undone edits are no edits');
SELECT is(totals(invoice(10)), '7150 + 1675 = 8825', 'and the totals are those of the sources again');
SELECT results_eq(
    $$SELECT amount
        FROM billing.edit_invoice_details(sales(101), description => 'Workshop',
             external_description => 'Workshop in Oslo')$$,
    'VALUES (1600.0)', 'texts may be edited');
SELECT results_eq(
    $$SELECT description, external_description FROM billing.invoice_line_detail
       WHERE source_id = ANY (sales(101)) AND detail_kind = 'actual'$$,
    $$VALUES ('Workshop', 'Workshop in Oslo')$$, 'and stand on the invoice');
SELECT results_eq(
    $$SELECT description, external_description FROM billing.invoice_line_detail
       WHERE source_id = ANY (sales(102)) AND detail_kind = 'actual'$$,
    $$VALUES ('Taxi', 'Taxi')$$, 'without external text the customer reads the description');
SELECT results_eq('SELECT description, external_description FROM billing.entry WHERE entry_id = 101',
    $$VALUES ('Internal text', 'Text for the customer')$$, 'the entry keeps its own');
SELECT results_eq('SELECT quantity, amount, tax, description FROM billing.actual WHERE actual_id = ANY (sales(101))',
    'VALUES (8.0, 1600.0, 400.0, NULL::text)', 'and so does the actual: an edit changes the draft alone');

-- --- X-34 milestones, products: what is refused
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(milestones => share(104), price => 4000)', 'ZB022', NULL,
    'X-34 the price of a milestone is not edited');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(milestones => share(104), quantity => 0)', 'ZB022', NULL,
    'X-34 nor its quantity');
SELECT results_eq(
    $$SELECT detail_kind::text, source_id, billing_type::text, quantity, price, amount, tax
        FROM billing.edit_invoice_details(milestones => share(104), billing_type => 'non_chargeable', tax => 1000,
             description => 'Design, revised')$$,
    $$SELECT 'milestone', (share(104))[1], 'non_chargeable', 1::numeric, 5000.0, 5000.0, 1000.0$$,
    'billing type, tax and texts of a milestone are');
SELECT is(totals(invoice(10)), '2150 + 425 = 2575', 'and the totals follow');
SELECT results_eq(
    $$SELECT source_id, tax, amount
        FROM billing.edit_invoice_details(products => '{12}', tax => 20)$$, 'VALUES (12::bigint, 20.0, 100.0)',
    'the tax of a product line may be edited');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(products => '{12}', quantity => 1)$$, 'ZB022', NULL,
    'its quantity may not');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(products => '{12}', price => 1)$$, 'ZB022', NULL,
    'nor its price');
SELECT throws_ok(
    $$SELECT * FROM billing.edit_invoice_details(products => '{12}', billing_type => 'complimentary')$$, 'ZB022', NULL,
    'nor its billing type');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(101), quantity => -1)', 'ZB022', NULL,
    'a billable quantity is not negative');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(sales(101), billing_type => 'not_available')$$, '22023',
    NULL,
    'not available is no billing type of a detail');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(101))', '22023', NULL,
    'an edit must change something');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(quantity => 1)', '22023', NULL,
    'an edit must name details');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(sales(101), quantity => 'NaN')$$, '22003', NULL,
    'NaN is no quantity');
SELECT is_empty($$SELECT * FROM billing.edit_invoice_details('{}', quantity => 1)$$, 'editing nothing does nothing');

-- --- Bulk: one change for many, all or nothing
SELECT bag_eq(
    $$SELECT detail_kind::text, source_id, price, amount
        FROM billing.edit_invoice_details(sales(101, 102) || sales(101), price => 100)$$,
    $$VALUES ('actual', (sales(101))[1], 100.0, 800.0), ('actual', (sales(102))[1], 100.0, 300.0)$$,
    'one change set for many details');
SELECT is(totals(invoice(10)), '1500 + 420 = 1920', 'totals after the bulk edit');
SELECT throws_ok(
    'SELECT * FROM billing.edit_invoice_details(sales(101, 102), milestones => share(104), price => 1)', 'ZB022', NULL,
    'where one detail refuses');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(101) || 999::bigint, price => 1)', 'ZB022', NULL,
    'or is on no draft');
SELECT is(totals(invoice(10)), '1500 + 420 = 1920', 'nothing is changed');

-- --- Nothing is billed of a quantity of 0, so it bears no tax
SELECT time_and_material(15);
SELECT work(151, 15, tax => 400);
SELECT ready(151);
SELECT drafted(15);
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(151), quantity => 0, tax => 71)', 'ZB022', NULL,
    'a quantity of 0 and a tax are refused');
SELECT results_eq('SELECT quantity, tax FROM billing.edit_invoice_details(sales(151), quantity => 0)', 'VALUES (0.0, 0.0)',
    'written off, a detail loses its tax');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(151), tax => 71)', 'ZB022', NULL,
    'and gets none as long as its quantity is 0');
SELECT confirmed(invoice(15));
SELECT is(totals(invoice(15)), '0 + 0 = 0', 'the invoice totals nothing');
SELECT is_empty('SELECT * FROM billing.verify()', 'which is what was billed');

-- --- Negative sources keep their sign
SELECT time_and_material(20);
SELECT work(201, 20, -8);
SELECT ready(201);
SELECT drafted(20);
SELECT results_eq('SELECT quantity, amount
  FROM billing.edit_invoice_details(sales(201), quantity => -6)', 'VALUES (-6.0, -1200.0)',
    'a negative source may be edited');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(sales(201), quantity => 6)', 'ZB022', NULL,
    'but does not change its sign');

-- --- The rounding customer's row: an undone edit restores the exact amount
SELECT time_and_material(30, '{1,2,3}', '{33.34,33.33,33.33}');
SELECT work(301, 30, 10, 99.99);
SELECT ready(301);
SELECT drafted(30);
SELECT results_eq(
    'SELECT quantity, amount
       FROM billing.edit_invoice_details(ARRAY[(sales(301))[1]], quantity => 3)', 'VALUES (3.0, 299.97)',
    'an edited amount is quantity times price');
SELECT results_eq(
    'SELECT quantity, amount
       FROM billing.edit_invoice_details(ARRAY[(sales(301))[1]], quantity => 3.34)', 'VALUES (3.34, 333.96)',
    'X-22 back at its quantity the rounding customer''s row is 333.96 again, not 333.97');

-- --- Manual details
SELECT results_eq(
    $$SELECT detail_kind::text, invoice_id = invoice(20), billing_type::text, quantity, price, amount, tax
        FROM billing.add_invoice_detail(invoice(20), 20, 'time', 3, 150, tax => 5, description => 'Evening work')$$,
    $$VALUES ('manual', true, 'chargeable', 3.0, 150.0, 450.0, 5.0)$$, 'a manual detail is added');
SELECT is(totals(invoice(20)), '-750 + 5 = -745', 'and counts');
SELECT results_eq(
    $$SELECT detail_kind::text, transaction_class::text, transaction_date, quantity, amount, description,
             external_description
        FROM billing.invoice_line_detail WHERE invoice_id = invoice(20) AND detail_kind = 'manual'$$,
    $$VALUES ('manual', 'time', '2026-03-31'::date, 3.0, 450.0, 'Evening work', 'Evening work')$$,
    'dated like the invoice by default');
CREATE FUNCTION manual() RETURNS bigint[] LANGUAGE sql AS
    $$SELECT array_agg(detail_id ORDER BY detail_id) FROM billing.invoice_detail WHERE detail_kind = 'manual'$$;
SELECT results_eq(
    $$SELECT source_id, quantity, price, amount, tax, billing_type::text
        FROM billing.edit_invoice_details(details => manual(), quantity => 2, price => 100, tax => 0,
             billing_type => 'non_chargeable')$$,
    $$SELECT (manual())[1], 2.0, 100.0, 200.0, 0.0, 'non_chargeable'$$, 'everything of it may be edited');
SELECT is(totals(invoice(20)), '-1200 + 0 = -1200', 'non-chargeable it counts no longer');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(details => manual(), quantity => -2)$$, 'ZB022', NULL,
    'its quantity is not negative');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(20), 20, 'time', -3, 150)$$, '22023', NULL,
    'not at the beginning either');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(20), 10, 'time', 3, 150)$$, 'ZB020', NULL,
    'a contract line of another contract is refused');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(10), 12, 'material', 3, 150)$$, 'ZB013', NULL,
    'so is a product line');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(20), 20, 'milestone', 3, 150)$$, 'ZB013', NULL,
    'and a class the line does not include');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(999, 20, 'time', 3, 150)$$, 'ZB020', NULL,
    'and an unknown invoice');
SELECT throws_ok($$SELECT * FROM billing.add_invoice_detail(invoice(20), 20, 'time', NULL, 150)$$, '22023', NULL,
    'the quantity is required');
SELECT throws_ok(
    $$SELECT * FROM billing.add_invoice_detail(invoice(20), 20, 'time', 3, 150, billing_type => 'not_available')$$,
    '22023', NULL,
    'not available is no billing type of a manual detail');
SELECT lives_ok($$SELECT * FROM billing.add_invoice_detail(invoice(10), 11, 'time', 1, 10)$$,
    'a fixed-price line takes manual details, too');

-- --- remove_invoice_details()
SELECT bag_eq(
    $$SELECT detail_kind::text, source_id
        FROM billing.remove_invoice_details(sales(101, 102) || sales(101), share(104), '{12}', ARRAY[(manual())[2]])$$,
    $$VALUES ('actual', (sales(101))[1]), ('actual', (sales(102))[1]), ('milestone', (share(104))[1]),
             ('product', 12::bigint), ('manual', (manual())[1] + 1)$$,
    'details of every kind can be removed');
SELECT results_eq(
    $$SELECT entry_id, billing_status::text, invoice_line_id FROM billing.actual
       WHERE actual_id = ANY (sales(101, 102, 103)) AND entry_id < 103 ORDER BY 1$$,
    $$VALUES (101::bigint, 'ready_to_invoice', NULL::bigint), (102, 'ready_to_invoice', NULL)$$,
    'their sources are ready again');
SELECT is(totals(invoice(10)), '300 + 0 = 300', 'the fee is left on the draft');
SELECT is_empty('SELECT * FROM billing.edited_transactions WHERE invoice_id = invoice(10)',
    'edits are lost with the details');
SELECT count(*) FROM billing.refresh_invoices(ARRAY[invoice(10)]);
SELECT is(totals(invoice(10)), '7150 + 1675 = 8825', 'taken again they come as they are');
SELECT throws_ok('SELECT * FROM billing.remove_invoice_details(sales(101) || 999::bigint)', 'ZB022', NULL,
    'what is on no draft cannot be removed');
SELECT throws_ok('SELECT * FROM billing.remove_invoice_details()', '22023', NULL, 'removing must name details');
SELECT is_empty($$SELECT * FROM billing.remove_invoice_details('{}')$$, 'removing nothing does nothing');

-- --- In review still editable
SELECT count(*) FROM billing.review_invoices(ARRAY[invoice(10)]);
SELECT results_eq('SELECT amount FROM billing.edit_invoice_details(sales(103), price => 250)', 'VALUES (250.0)',
    'an invoice in review is editable');
SELECT results_eq(
    $$SELECT outcome::text FROM billing.return_to_draft(ARRAY[invoice(10)])$$, $$VALUES ('changed')$$,
    'and goes back to draft');
SELECT bag_eq(
    $$SELECT invoice_id = invoice(10), outcome::text, reason FROM billing.return_to_draft(ARRAY[invoice(10), 999])$$,
    $$VALUES (true, 'unchanged', NULL), (false, 'refused', 'there is no invoice with this id')$$, 'where it then is');
SELECT lives_ok(
    $$UPDATE billing.invoice SET name = 'March', description = 'Work of March', invoice_date = '2026-04-01'
       WHERE invoice_id = invoice(10)$$,
    'name, description and date of a draft are free');
SELECT throws_ok(
    'UPDATE billing.invoice SET detail_amount = 0, total_amount = total_tax
     WHERE invoice_id = invoice(10)', 'ZB001', NULL, 'its total never');
SELECT throws_ok($$UPDATE billing.invoice_detail SET transaction_class = 'expense'$$, 'ZB001', NULL,
    'nor is the class of a detail');

SELECT * FROM finish();
