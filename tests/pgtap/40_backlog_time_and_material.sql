-- The backlog of time and material: what is in it, marking ready and not ready, one by one and in bulk.
\ir fixture/base.psql
SELECT no_plan();

-- What a mark verb reports, ids in order.
CREATE FUNCTION sorted(ids bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS
    'SELECT array_agg(i ORDER BY i) FROM unnest(ids) AS i';

-- --- O-25: one row in each state
SELECT time_and_material(10);
UPDATE billing.contract SET nte_limit = 100000 WHERE contract_id = 10;
CREATE TABLE row_of (letter text PRIMARY KEY, actual_id bigint);
SELECT work(entry, 10) FROM generate_series(101, 106) AS entry;
SELECT work(107, 10, 1, 1000000);
SELECT ready(104, 105);
SELECT drafted(10);
SELECT count(*) FROM billing.edit_invoice_details(sales(104), quantity => 6);
SELECT confirmed(invoice(10));
SELECT ready(102, 106);
SELECT count(*) FROM billing.create_invoices(actuals => sales(106), invoice_date => '2026-03-31');
INSERT INTO row_of VALUES
('a', (sales(101))[1]),  -- not ready, committed
('b', (sales(102))[1]),  -- ready
('c', (sales(107))[1]),  -- not-to-exceed failed
('d', (sales(104))[1]),  -- adjusted
('e', (SELECT actual_id FROM billing.actual WHERE reverses_id = ANY (sales(104)))),  -- unadjustable
('f', (sales(106))[1]),  -- on a draft
('g', (sales(105))[1]),  -- posted
('h', (SELECT actual_id FROM billing.actual WHERE reverses_id = ANY (sales(105)))),  -- the reversal of g
('i', (sales(103))[1]);  -- like a, left alone
SELECT results_eq(
    $$SELECT letter, billing_status::text, adjustment_status::text, nte_status::text
        FROM row_of JOIN billing.actual USING (actual_id) ORDER BY letter$$,
    $$VALUES ('a', 'not_ready_to_invoice', 'adjustable', 'committed'),
             ('b', 'ready_to_invoice', 'adjustable', 'committed'),
             ('c', 'not_ready_to_invoice', 'adjustable', 'failed'), ('d', 'canceled', 'adjusted', 'committed'),
             ('e', 'canceled', 'unadjustable', 'not_applicable'),
             ('f', 'customer_invoice_created', 'adjustable', 'committed'),
             ('g', 'customer_invoice_posted', 'adjustable', 'committed'),
             ('h', 'customer_invoice_posted', 'unadjustable', 'not_applicable'),
             ('i', 'not_ready_to_invoice', 'adjustable', 'committed')$$,
    'O-25 there is a row in every state');
SELECT results_eq(
    'SELECT letter FROM billing.time_and_material_backlog JOIN row_of USING (actual_id) ORDER BY letter',
    $$VALUES ('a'), ('b'), ('c'), ('i')$$, 'O-25 the open backlog is what is neither adjusted nor on an invoice');
SELECT results_eq(
    $$SELECT contract, contract_line, customer, entry_id, transaction_class::text, transaction_date, project_id,
             resource_id,
             quantity, price, amount, tax, currency, billing_type::text, billing_status::text, nte_status::text,
             nte_failed_level::text, invoice_line_id
        FROM billing.time_and_material_backlog WHERE entry_id = 107$$,
    $$VALUES ('Contract 10', 'Line 10', 'Adatum', 107::bigint, 'time', '2026-03-02'::date, 10::bigint, 1::bigint, 1.0,
             1000000.0,
              1000000.0, 0.0, 'USD', 'chargeable', 'not_ready_to_invoice', 'failed', 'contract', NULL::bigint)$$,
    'the backlog shows what a person needs to decide');

SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, (SELECT string_agg(letter, '' ORDER BY letter)
        FROM row_of WHERE actual_id = ANY (ids))
        FROM billing.mark_ready_to_invoice(ARRAY(SELECT actual_id FROM row_of WHERE letter < 'i'))$$,
    $$VALUES ('actual', 10::bigint, 'changed', NULL, 1::bigint, 'a'),
             ('actual', 10, 'unchanged', NULL, 1, 'b'),
             ('actual', 10, 'refused', 'exceeds the not-to-exceed limit of the contract', 1, 'c'),
             ('actual', 10, 'refused', 'the actual was canceled', 2, 'de'),
             ('actual', 10, 'refused', 'it is on a draft invoice', 1, 'f'),
             ('actual', 10, 'refused', 'it is on a confirmed invoice', 1, 'g'),
             ('actual', 10, 'refused', 'the actual was adjusted, is being adjusted, or is a reversal', 1, 'h')$$,
    'O-25 mark ready: a changes, b already is, c to h are refused with reasons (X-06)');
SELECT results_eq(
    'SELECT letter, billing_status::text FROM row_of JOIN billing.actual USING (actual_id) ORDER BY letter',
    $$VALUES ('a', 'ready_to_invoice'), ('b', 'ready_to_invoice'), ('c', 'not_ready_to_invoice'), ('d', 'canceled'),
             ('e', 'canceled'),
             ('f', 'customer_invoice_created'), ('g', 'customer_invoice_posted'), ('h', 'customer_invoice_posted'),
             ('i', 'not_ready_to_invoice')$$,
    'O-25 only a has changed');
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, (SELECT string_agg(letter, '' ORDER BY letter)
        FROM row_of WHERE actual_id = ANY (ids))
        FROM billing.mark_not_ready_to_invoice(ARRAY(SELECT actual_id FROM row_of WHERE letter <> 'a'))$$,
    $$VALUES ('actual', 10::bigint, 'changed', NULL, 1::bigint, 'b'),
             ('actual', 10, 'unchanged', NULL, 2, 'ci'),
             ('actual', 10, 'refused', 'the actual was canceled', 2, 'de'),
             ('actual', 10, 'refused', 'it is on a draft invoice', 1, 'f'),
             ('actual', 10, 'refused', 'it is on a confirmed invoice', 1, 'g'),
             ('actual', 10, 'refused', 'the actual was adjusted, is being adjusted, or is a reversal', 1, 'h')$$,
    'O-25 mark not ready: b goes back, what is on an invoice stays');
SELECT is((SELECT billing_status::text FROM billing.actual JOIN row_of USING (actual_id) WHERE letter = 'b'),
    'not_ready_to_invoice', 'O-25 b is not ready again');

-- --- Bulk: several contracts, unknown ids, costs, repeated ids
SELECT time_and_material(20);
SELECT work(201, 20);
SELECT work(202, 20, 1, 50, 'expense');
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, sorted(ids)
        FROM billing.mark_ready_to_invoice(
             sales(201, 202, 201, 103) || ARRAY[999, 998, 999] ||
             (SELECT actual_id FROM billing.actual WHERE entry_id = 201 AND transaction_type = 'cost'))$$,
    $$VALUES ('actual', 10::bigint, 'changed', NULL, 1::bigint, sales(103)),
             ('actual', 20, 'changed', NULL, 2, sorted(sales(201, 202))),
             ('actual', 20, 'refused', 'only unbilled sales actuals are billed', 1,
              (SELECT array_agg(actual_id) FROM billing.actual WHERE entry_id = 201 AND transaction_type = 'cost')),
             ('actual', NULL, 'refused', 'there is no actual with this id', 2, '{998,999}')$$,
    'X-06 results are grouped by contract, outcome and reason; an id listed twice counts once');
SELECT is_empty($$SELECT * FROM billing.mark_ready_to_invoice('{}')$$, 'marking an empty list does nothing');
SELECT throws_ok('SELECT * FROM billing.mark_ready_to_invoice()', '22023', NULL, 'mark-ready wants to know what');
SELECT throws_ok('SELECT * FROM billing.mark_not_ready_to_invoice(NULL, NULL, NULL, NULL)', '22023', NULL,
    'mark-not-ready, too');
SELECT throws_ok('SELECT * FROM billing.mark_ready_to_invoice(sales(201) || NULL::bigint)', '22004', NULL,
    'NULL is no id');

-- --- X-06: strict
SELECT count(*) FROM billing.mark_not_ready_to_invoice(sales(201, 202));
SELECT throws_ok(
    'SELECT * FROM billing.mark_ready_to_invoice(sales(201, 202) || sales(107), strict => true)', 'ZB021', NULL,
    'X-06 strict: one refusal fails the call');
SELECT throws_ok(
    $$SELECT * FROM billing.mark_ready_to_invoice(sales(201, 202) || 999::bigint, strict => true)$$, 'ZB021', NULL,
    'X-06 strict: so does an unknown id');
SELECT results_eq(
    'SELECT entry_id, billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(201, 202)) ORDER BY 1',
    $$VALUES (201::bigint, 'not_ready_to_invoice'), (202, 'not_ready_to_invoice')$$,
    'X-06 strict: and nothing was changed');
SELECT results_eq(
    'SELECT outcome::text, item_count FROM billing.mark_ready_to_invoice(sales(201, 202), strict => true)',
    $$VALUES ('changed', 2::bigint)$$, 'X-06 strict: without refusal everything changes');

-- --- Everything open of a contract: actuals, milestones, products
SELECT time_and_material(30);
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 30;
INSERT INTO billing.project (project_id, company_id, name) VALUES (31, 1, 'Project 31');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (30, 31, 'Fixed', 'fixed_price', 31);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (30, 32, 'Licences', 'product', 2, 10);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (30, 301, 31, 'Design', '2026-03-01', 100);
SELECT work(301, 30);
SELECT work(302, 30);
SELECT bag_eq(
    $$SELECT item, contract_id, outcome::text, reason, item_count, sorted(ids)
        FROM billing.mark_ready_to_invoice(contracts => '{30,999}')$$,
    $$VALUES ('actual', 30::bigint, 'changed', NULL, 1::bigint, sales(301)),
             ('actual', 30, 'refused', 'exceeds the not-to-exceed limit of the contract', 1, sales(302)),
             ('milestone', 30, 'changed', NULL, 1, (SELECT array_agg(milestone_split_id) FROM billing.milestone_split)),
             ('product', 30, 'changed', NULL, 1, '{32}'),
             ('contract', NULL, 'refused', 'there is no contract with this id', 1, '{999}')$$,
    'contracts => marks everything open of a contract');
SELECT bag_eq(
    $$SELECT item, outcome::text, item_count FROM billing.mark_not_ready_to_invoice(contracts => '{30}')
       WHERE outcome = 'changed'$$,
    $$VALUES ('actual', 'changed', 1::bigint), ('milestone', 'changed', 1), ('product', 'changed', 1)$$,
    'and back');

-- --- X-45: draft contracts may be billed, closed ones not
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
VALUES (40, 1, 1, 'Draft contract', 'USD');
INSERT INTO billing.project (project_id, company_id, name) VALUES (40, 1, 'Project 40');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (40, 40, 'Line 40', 'time_and_material', 40);
SELECT work(401, 40);
SELECT results_eq(
    'SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(sales(401))', $$VALUES ('changed', NULL)$$,
    'X-45 the work of a draft contract can be marked ready');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, contract_status)
VALUES (50, 1, 1, 'Lost contract', 'USD', 'closed');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (50, 50, 'Licence', 'product', 1, 100);
SELECT results_eq(
    $$SELECT item, outcome::text, reason FROM billing.mark_ready_to_invoice(products => '{50}')$$,
    $$VALUES ('product', 'refused', 'the contract is closed')$$, 'X-45 that of a closed contract cannot');

-- --- Statuses are not written by hand
SELECT throws_ok(
    $$UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE entry_id = 301$$, 'ZB001', NULL,
    'ready is not a value to write');
SELECT lives_ok(
    $$UPDATE billing.actual
         SET description = 'Workshop', external_description = 'Workshop in Oslo', attributes = '{"po": 7}'
       WHERE entry_id = 301$$,
    'descriptions and attributes are');

SELECT * FROM finish();
