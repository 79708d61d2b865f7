-- Who pays: customers of a contract, copied to its lines, and what may no longer change.
\ir fixture/base.psql
SELECT no_plan();

CREATE VIEW contract_customers AS
SELECT contract_id, string_agg(customer_id || CASE WHEN is_primary THEN ' primary' ELSE '' END
       || CASE WHEN is_rounding THEN ' rounding' ELSE '' END || ' ' || trim_scale(billing_split_percent) || ' %', ', '
       ORDER BY customer_id) AS customers
  FROM billing.contract_customer GROUP BY contract_id;
CREATE VIEW line_customers AS
SELECT contract_line_id, string_agg(customer_id || CASE WHEN is_rounding THEN ' rounding' ELSE '' END
       || ' ' || trim_scale(billing_split_percent) || ' %', ', ' ORDER BY customer_id) AS customers
  FROM billing.contract_line_customer GROUP BY contract_line_id;

-- --- O-35: inheritance
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (10, 1, 1, 'Contract',
    'USD');
SELECT is((SELECT customers FROM contract_customers WHERE contract_id = 10), '1 primary rounding 100 %',
    'the customer of a new contract is its primary and rounding customer and pays everything');
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent) VALUES (10, 2, 40);
UPDATE billing.contract_customer SET billing_split_percent = 60 WHERE contract_id = 10 AND customer_id = 1;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method) VALUES (10, 11, 'Line 1',
    'time_and_material');
SELECT is((SELECT customers FROM line_customers WHERE contract_line_id = 11), '1 rounding 60 %, 2 40 %',
    'O-35 a new line starts with the customers of its contract');
INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (10, 3);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method) VALUES (10, 12, 'Line 2',
    'fixed_price');
SELECT is((SELECT customers FROM line_customers WHERE contract_line_id = 11), '1 rounding 60 %, 2 40 %',
    'O-35 a customer added to the contract does not reach old lines');
SELECT is((SELECT customers FROM line_customers WHERE contract_line_id = 12), '1 rounding 60 %, 2 40 %, 3 0 %',
    'O-35 but new ones');
INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (10, 11, 4);
SELECT is((SELECT customers FROM contract_customers
  WHERE contract_id = 10), '1 primary rounding 60 %, 2 40 %, 3 0 %, 4 0 %',
    'O-35 a customer added to a line becomes a customer of the contract at 0 %');
UPDATE billing.contract SET customer_id = 5 WHERE contract_id = 10;
SELECT is((SELECT customers FROM contract_customers WHERE contract_id = 10),
    '1 rounding 60 %, 2 40 %, 3 0 %, 4 0 %, 5 primary 0 %',
    'O-35 another header customer is added as primary; the old one stays as an ordinary customer');
UPDATE billing.contract SET customer_id = 2 WHERE contract_id = 10;
SELECT is((SELECT customers FROM contract_customers WHERE contract_id = 10),
    '1 rounding 60 %, 2 primary 40 %, 3 0 %, 4 0 %, 5 0 %',
    'a header customer who is already there only becomes primary');

-- --- Exactly one primary, one rounding customer
SELECT throws_ok(
    'UPDATE billing.contract_customer SET is_primary = false WHERE contract_id = 10 AND customer_id = 2', 'ZB001', NULL,
    'the primary customer follows the header, it is not set by hand');
SELECT throws_ok(
    'INSERT INTO billing.contract_customer (contract_id, customer_id, is_primary) VALUES (10, 4, true)', '23505', NULL,
    'there is no second primary customer');
SELECT throws_ok(
    'UPDATE billing.contract_customer SET is_rounding = true WHERE contract_id = 10 AND customer_id = 3', '23505', NULL,
    'there is no second rounding customer of a contract');
SELECT throws_ok(
    'UPDATE billing.contract_line_customer SET is_rounding = true
     WHERE contract_line_id = 11 AND customer_id = 2', '23505',
    NULL, 'there is no second rounding customer of a line');
SELECT throws_ok(
    'INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (10, 3)', '23505', NULL,
    'a customer is on a contract once');
SELECT throws_ok(
    'INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
    VALUES (10, 99, 101)', '23514',
    NULL, 'a percentage is at most 100');

-- --- Deleting customers
SELECT time_and_material(20, '{1,2}', '{50,50}');
INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (20, 3);
SELECT work(201, 20);
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (21, 1, 1, 'No lines',
    'USD');
SELECT throws_ok(
    'DELETE FROM billing.contract_customer WHERE contract_id = 21', 'ZB022', NULL,
    'O-34 the primary customer cannot be deleted');
SELECT throws_ok(
    'DELETE FROM billing.contract_line_customer WHERE contract_line_id = 20 AND customer_id = 2', 'ZB022', NULL,
    'O-34 a line customer with actuals cannot be deleted');
SELECT throws_ok(
    'DELETE FROM billing.contract_customer WHERE contract_id = 20 AND customer_id = 2', '23503', NULL,
    'nor can the contract customer behind it');
SELECT lives_ok(
    'DELETE FROM billing.contract_customer WHERE contract_id = 20 AND customer_id = 3',
    'a customer without work can go');
SELECT lives_ok(
    $$UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN 100 ELSE 0 END
       WHERE contract_line_id = 20$$,
    'a customer with actuals can be set to 0 %');
SELECT work(202, 20);
SELECT results_eq(
    $$SELECT entry_id, customer_id, amount FROM billing.actual WHERE transaction_type = 'unbilled_sales'
       ORDER BY 1, 2$$,
    'VALUES (201::bigint, 1::bigint, 800.0), (201, 2, 800), (202, 1, 1600)',
    'only future work is split by new percentages');
SELECT throws_ok(
    'UPDATE billing.contract_line_customer SET in_use = false WHERE contract_line_id = 20', 'ZB001', NULL,
    'in_use is the engine''s');

SELECT throws_ok('DELETE FROM billing.contract_line WHERE contract_line_id = 20', 'ZB022', NULL,
    'a contract line with actuals cannot be deleted');
SELECT throws_ok('DELETE FROM billing.contract WHERE contract_id = 20', '23503', NULL, 'nor can its contract');
SELECT lives_ok('DELETE FROM billing.contract_line WHERE contract_line_id = 12', 'a contract line without work can go');

-- --- Product lines belong to the primary customer
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (20, 21, 'Licences', 'product', 3, 99.90);
SELECT is_empty('SELECT * FROM billing.contract_line_customer WHERE contract_line_id = 21',
    'a product line has no customers of its own');
SELECT throws_ok(
    'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id)
    VALUES (20, 21, 2)', 'ZB013',
    NULL, 'a product line cannot be split');
SELECT results_eq(
    'SELECT customer_id, quantity, unit_price, amount, product_status::text FROM billing.product_backlog
      WHERE contract_line_id = 21',
    $$VALUES (1::bigint, 3::numeric, 99.90, 299.70, 'not_ready_to_invoice')$$,
    'it stands in the product backlog with the primary customer');
SELECT throws_ok(
    $$INSERT INTO billing.contract_line (contract_id, name, billing_method)
      VALUES (20, 'What?', 'product')$$, '23514', NULL,
    'a product line needs quantity and price');
SELECT throws_ok(
    $$INSERT INTO billing.contract_line (contract_id, name, billing_method, nte_limit)
      VALUES (20, 'Fixed', 'fixed_price', 1)$$,
    '23514', NULL, 'only a time-and-material line has a not-to-exceed limit');

-- --- distribute_evenly()
SELECT time_and_material(30, '{1,2,3}', '{100,0,0}');
SELECT results_eq(
    'SELECT customer_id, billing_split_percent FROM billing.distribute_evenly(30)',
    'VALUES (1::bigint, 33.34), (2, 33.33), (3, 33.33)', 'distribute_evenly(contract) sets the defaults for new lines');
SELECT is((SELECT customers FROM line_customers WHERE contract_line_id = 30), '1 rounding 100 %, 2 0 %, 3 0 %',
    'and leaves the lines alone');
UPDATE billing.contract_line_customer SET is_rounding = false WHERE contract_line_id = 30;
SELECT throws_ok('SELECT * FROM billing.distribute_evenly(30, 30)', 'ZB011', NULL,
    'distribute_evenly needs a rounding customer');
SELECT throws_ok('SELECT * FROM billing.distribute_evenly(NULL)', '22023', NULL, 'distribute_evenly needs a contract');
SELECT throws_ok('SELECT * FROM billing.distribute_evenly(999)', 'ZB020', NULL,
    'distribute_evenly refuses unknown contracts');
SELECT throws_ok('SELECT * FROM billing.distribute_evenly(30, 20)', 'ZB020', NULL,
    'distribute_evenly refuses a line of another contract');
UPDATE billing.contract_line_customer SET is_rounding = customer_id = 2 WHERE contract_line_id = 30;
SELECT results_eq(
    'SELECT customer_id, billing_split_percent FROM billing.distribute_evenly(30, 30)',
    'VALUES (1::bigint, 33.33), (2, 33.34), (3, 33.33)', 'the rounding customer of the line takes the rest');

-- --- The internal contract
SELECT results_eq(
    $$SELECT company_id, customer_id, kind::text, contract_status::text, currency FROM billing.contract
       WHERE kind = 'internal'$$,
    $$VALUES (1::bigint, NULL::bigint, 'internal', 'active', 'USD')$$, 'a company has one contract for internal work');
SELECT throws_ok(
    $$INSERT INTO billing.contract (company_id, kind, name, currency)
      VALUES (1, 'internal', 'Another', 'USD')$$, '23505', NULL,
    'and never a second one');
SELECT throws_ok(
    $$INSERT INTO billing.contract (company_id, name, currency) VALUES (1, 'Nobody''s', 'USD')$$, '23514', NULL,
    'any other contract has a customer');
SELECT throws_ok(
    $$INSERT INTO billing.contract (company_id, customer_id, name, currency)
      VALUES (1, 1, 'Taler', 'XTL')$$, '23514', NULL,
    'and a currency that exists');
SELECT throws_ok(
    $$UPDATE billing.contract SET currency = 'EUR' WHERE contract_id = 10$$, 'ZB001', NULL,
    'which is fixed after the first save');
SELECT throws_ok(
    $$UPDATE billing.contract_line SET billing_method = 'fixed_price' WHERE contract_line_id = 11$$, 'ZB001', NULL,
    'the billing method of a line is fixed, too');

SELECT * FROM finish();
