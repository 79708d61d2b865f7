-- Price lists: which rate counts, what it makes of a unit, where entries and manual details get their prices.
\ir fixture/base.psql
SELECT no_plan();

INSERT INTO billing.company (company_id, name, currency) VALUES (2, 'Fabrikam', 'NOK');
INSERT INTO billing.resource (resource_id, name, role_id) VALUES (2, 'Ann Beebe', 1), (3, 'Carlos', 2), (4, 'Nobody', NULL);
INSERT INTO billing.category (category_id, name) VALUES (3, 'Mileage');
INSERT INTO billing.product (product_id, name, unit) VALUES (2, 'Cable', 'metre');
INSERT INTO billing.time_unit (unit, hours) VALUES ('day', 8), ('minute', 1.0 / 60);

CREATE FUNCTION price_list(id bigint, context billing.price_context, currency text DEFAULT 'USD') RETURNS void
    LANGUAGE sql AS $$
    INSERT INTO billing.price_list (price_list_id, context, currency, name) VALUES (id, context, currency, 'List ' || id)
$$;
CREATE FUNCTION time_rate(list bigint, price numeric, role bigint DEFAULT NULL, resource bigint DEFAULT NULL,
                          unit text DEFAULT 'hour', markup numeric DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.price_rate (price_list_id, transaction_class, role_id, resource_id, unit, price, markup_percent)
    VALUES (list, 'time', role, resource, unit, price, markup)
$$;
CREATE FUNCTION sales_price(contract bigint, class billing.transaction_class, day date DEFAULT '2026-03-02',
                            role bigint DEFAULT NULL, resource bigint DEFAULT NULL, category bigint DEFAULT NULL,
                            product bigint DEFAULT NULL, unit text DEFAULT NULL, cost numeric DEFAULT NULL)
    RETURNS text LANGUAGE sql AS $$
    SELECT trim_scale(p.price) || ': ' || reason
      FROM billing.price_for(contract, class, day, role, resource, category, product, unit, cost) p
     WHERE context = 'sales'
$$;

-- --- Set-up
SELECT time_and_material(10);
SELECT price_list(1, 'sales');
SELECT price_list(2, 'sales');
SELECT price_list(3, 'cost');
INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid)
VALUES (10, 1, '[2026-01-01,2026-07-01)'), (10, 2, '[2026-08-01,)');
SELECT throws_ok($$INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid)
                   VALUES (10, 2, '[2026-06-30,2026-07-02)')$$, '23P01', NULL,
    'two lists of a contract on one day are refused');
SELECT throws_ok($$INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid)
                   VALUES (10, 3, '[2025-01-01,2025-02-01)')$$, '23503', NULL,
    'a cost list is no sales list of a contract');
SELECT throws_ok($$INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid) VALUES (10, 1, 'empty')$$,
    '23514', NULL, 'a list is in force on some day');
INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (1, 3, 'cost'), (1, 1, 'sales');
SELECT throws_ok($$INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (1, 2, 'sales')$$,
    '23P01', NULL, 'nor may a company have two of one context');
DELETE FROM billing.company_price_list WHERE context = 'sales';
SELECT throws_ok('SELECT time_rate(1, 10, markup => 5)', '23514', NULL, 'a rate is a price or a mark-up, not both');
SELECT throws_ok('SELECT time_rate(1, NULL)', '23514', NULL, 'and one of them');
SELECT throws_ok('SELECT time_rate(1, NULL, markup => -101)', '23514', NULL, 'nothing is marked down by more than all');
SELECT throws_ok($$INSERT INTO billing.price_rate (price_list_id, transaction_class, unit, price)
                   VALUES (1, 'expense', 'each', 1)$$, '23514', NULL, 'an expense is priced by its category');
SELECT throws_ok($$INSERT INTO billing.time_unit VALUES ('hour', 2)$$, '23514', NULL, 'an hour is an hour');

-- --- O-41 prices
SELECT time_rate(1, 800, role => 1, unit => 'day');
SELECT throws_ok($$SELECT time_rate(1, 100, role => 1, unit => 'hour')$$, '23505', NULL,
    'one rate of time for a role, whatever its unit');
INSERT INTO billing.price_rate (price_list_id, transaction_class, category_id, unit, price) VALUES (1, 'expense', 3, 'mile', 10);
INSERT INTO billing.price_rate (price_list_id, transaction_class, product_id, unit, price, markup_percent)
VALUES (1, 'material', 1, 'each', NULL, 0), (1, 'material', 2, 'metre', NULL, 10), (1, 'material', 2, 'roll', 200, NULL);
SELECT is(sales_price(10, 'time', role => 1), '100: price list "List 1": 800 per day for role 1, 8 hours a day: 100 per hour',
    'O-41 800 a day of 8 hours is 100 an hour');
SELECT is(sales_price(10, 'time', role => 1, unit => 'minute'),
    '1.6667: price list "List 1": 800 per day for role 1, 8 hours a day: 1.6667 per minute', 'O-41 and so for any unit of time');
SELECT is(sales_price(10, 'time', role => 1, unit => 'day'), '800: price list "List 1": 800 per day for role 1',
    'O-41 a day is a day');
SELECT matches(sales_price(10, 'time', role => 1, unit => 'week'),
    '^0: price rate \d+ is per day, the work in week; billing.time_unit has no week$', 'a unit nobody knows has no price');
SELECT is(sales_price(10, 'expense', category => 3, unit => 'mile'), '10: price list "List 1": 10 per mile for category 3',
    'O-41 mileage');
SELECT is(sales_price(10, 'expense', category => 3, unit => 'kilometre'),
    '0: price list "List 1" has no rate for this expense per kilometre', 'O-41 a unit that is not on the list: 0');
SELECT is(sales_price(10, 'material', product => 1, cost => 100), '100: price list "List 1": at cost, 100 for product 1',
    'O-41 at cost');
SELECT is(sales_price(10, 'material', product => 2, cost => 100),
    '110: price list "List 1": 10 % mark-up on the cost, 100 for product 2', 'O-41 mark-up; the unit is the product''s');
SELECT is(sales_price(10, 'material', product => 2, unit => 'roll', cost => 100),
    '200: price list "List 1": 200 per roll for product 2', 'O-41 price per unit');
SELECT is(sales_price(10, 'time', '2026-07-15', role => 1), '0: no price list is in force', 'O-41 a day without list: 0');
SELECT is(sales_price(10, 'time', '2026-06-30', role => 1), sales_price(10, 'time', role => 1), 'the last day counts');
SELECT is(sales_price(10, 'time', '2026-07-01', role => 1), '0: no price list is in force', 'the day after does not');
SELECT is(sales_price(10, 'fee'), '0: a fee has no rate', 'fees are typed');
SELECT throws_ok($$SELECT * FROM billing.price_for(999, 'time', '2026-03-02')$$, 'ZB020', NULL, 'an unknown contract');

-- --- The order of fallback
SELECT time_and_material(11);
SELECT price_list(4, 'sales');
INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (11, 4);
SELECT is(sales_price(11, 'time', role => 1, resource => 1), '0: price list "List 4" has no rate for this time per hour', 'no rate: 0');
SELECT time_rate(4, 10);
SELECT is(sales_price(11, 'time', role => 1, resource => 1), '10: price list "List 4": 10 per hour for any role and resource',
    'neither role nor resource');
SELECT time_rate(4, 20, role => 1);
SELECT is(sales_price(11, 'time', role => 1, resource => 1), '20: price list "List 4": 20 per hour for role 1', 'before it: the role');
SELECT time_rate(4, 30, resource => 1);
SELECT is(sales_price(11, 'time', role => 1, resource => 1), '30: price list "List 4": 30 per hour for resource 1', 'before it: the resource');
SELECT time_rate(4, 40, role => 1, resource => 1);
SELECT is(sales_price(11, 'time', role => 1, resource => 1),
    '40: price list "List 4": 40 per hour for role 1 and resource 1', 'before it: both');
SELECT is(sales_price(11, 'time', role => 2, resource => 1), '30: price list "List 4": 30 per hour for resource 1', 'in another role: the resource');
SELECT is(sales_price(11, 'time', resource => 2), '20: price list "List 4": 20 per hour for role 1', 'the role of the resource');
SELECT is(sales_price(11, 'time', resource => 4), '10: price list "List 4": 10 per hour for any role and resource', 'who has no role');

-- --- The company's lists
SELECT time_and_material(12);
SELECT is(sales_price(12, 'time', role => 1), '0: no price list is in force', 'neither contract nor company has a list');
SELECT price_list(5, 'sales');
SELECT time_rate(5, 55);
INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (1, 5, 'sales');
SELECT is(sales_price(12, 'time', role => 1), '55: price list "List 5": 55 per hour for any role and resource',
    'a contract without lists has its company''s');
SELECT is(sales_price(10, 'time', '2026-07-15', role => 1), '0: no price list is in force',
    'a contract with lists has its own alone');

-- --- Entries get their price when they are approved
SELECT time_rate(3, 50, role => 1);
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
VALUES (101, 10, 1, '2026-03-02', 3, NULL, NULL), (102, 10, 1, '2026-03-02', 3, NULL, 77), (103, 10, 1, '2026-03-02', 3, 0, 0),
       (104, 10, 1, '2026-07-15', 3, NULL, NULL);
INSERT INTO billing.entry (entry_id, project_id, product_id, transaction_class, entry_date, quantity, cost_price)
VALUES (105, 10, 2, 'material', '2026-03-02', 2, 100);
SELECT approved(101, 102, 103, 104, 105);
CREATE VIEW priced AS
SELECT entry_id, transaction_type::text, trim_scale(price) AS price, trim_scale(amount) AS amount FROM billing.actual
 WHERE reverses_id IS NULL AND adjustment_status = 'adjustable';
SELECT bag_eq('SELECT * FROM priced WHERE entry_id < 200',
    $$VALUES (101::bigint, 'cost', 50::numeric, 150::numeric), (101, 'unbilled_sales', 100, 300),
             (102, 'cost', 50, 150), (102, 'unbilled_sales', 77, 231), (103, 'cost', 0, 0), (103, 'unbilled_sales', 0, 0),
             (104, 'cost', 50, 150), (104, 'unbilled_sales', 0, 0),
             (105, 'cost', 100, 200), (105, 'unbilled_sales', 110, 220)$$,
    'O-41 the list prices what has no price; a typed price wins, also 0; without a list the price is 0');
SELECT results_eq(
    $$SELECT entry_id, context::text, trim_scale(price), price_list_id, price_rate_id IS NOT NULL, reason
        FROM billing.explain_prices('{101,102,103}')$$,
    $$VALUES (101::bigint, 'cost', 50::numeric, 3::bigint, true, 'price list "List 3": 50 per hour for role 1'),
             (101, 'sales', 100, 1, true, 'price list "List 1": 800 per day for role 1, 8 hours a day: 100 per hour'),
             (102, 'cost', 50, 3, true, 'price list "List 3": 50 per hour for role 1'),
             (102, 'sales', 77, NULL, false, 'typed with the entry'),
             (103, 'cost', 0, NULL, false, 'typed with the entry'), (103, 'sales', 0, NULL, false, 'typed with the entry')$$,
    'explain_prices() says where each price comes from');

-- Work nobody pays for, and fixed price: the cost alone.
SELECT fixed_price(13);
INSERT INTO billing.project (project_id, company_id, name) VALUES (99, 1, 'Internal');
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity) VALUES (110, 13, 1, '2026-03-02', 2), (111, 99, 1, '2026-03-02', 2);
SELECT approved(110, 111);
SELECT bag_eq('SELECT * FROM priced WHERE entry_id IN (110, 111)',
    $$VALUES (110::bigint, 'cost', 50::numeric, 100::numeric), (111, 'cost', 50, 100)$$, 'costs come from the company''s list');
SELECT results_eq($$SELECT entry_id, context::text FROM billing.explain_prices('{110,111}')$$,
    $$VALUES (110::bigint, 'cost'), (111, 'cost')$$, 'and have no sales price to explain');

-- --- Currencies
SELECT time_and_material(14, currency => 'EUR');
INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (14, 1);
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity) VALUES (120, 14, 1, '2026-03-02', 2);
SELECT count(*) FROM billing.submit('{120}');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.approve('{120}')$$,
    $$VALUES ('refused', 'price list 1 is in USD, not in EUR')$$, 'a list in another currency prices nothing');
SELECT price_list(6, 'sales', 'EUR');
INSERT INTO billing.price_rate (price_list_id, transaction_class, unit, markup_percent) VALUES (6, 'time', 'hour', 20);
UPDATE billing.contract_price_list SET price_list_id = 6 WHERE contract_id = 14;
SELECT matches((SELECT reason FROM billing.approve('{120}')), 'is a mark-up, and there is no cost in the currency of the list',
    'nor is a cost marked up into another currency');
SELECT is((SELECT count(*) FROM billing.actual WHERE entry_id = 120), 0::bigint, 'nothing is written');

-- --- Manual details
SELECT time_and_material(15);
INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (15, 1);
SELECT work(150, 15);
SELECT ready(150);
SELECT count(*) FROM billing.create_invoices(contracts => '{15}', invoice_date => '2026-03-31');
SELECT results_eq(
    $$SELECT trim_scale(price), trim_scale(amount)
        FROM billing.add_invoice_detail((SELECT max(invoice_id) FROM billing.invoice), 15, 'time', 3, NULL, role => 1)$$,
    $$VALUES (100::numeric, 300::numeric)$$, 'a manual detail without a price has the list''s');
SELECT results_eq(
    $$SELECT trim_scale(price) FROM billing.add_invoice_detail((SELECT max(invoice_id) FROM billing.invoice), 15, 'time', 3, 0, role => 1)$$,
    'VALUES (0::numeric)', 'a price of 0 is a price');

-- --- Changing lists changes no actual
CREATE TABLE before AS SELECT * FROM billing.actual;
UPDATE billing.price_rate SET price = price * 2;
DELETE FROM billing.price_rate WHERE price_list_id = 3;
SELECT bag_eq('SELECT * FROM billing.actual', 'SELECT * FROM before', 'changing and deleting rates touches no actual');

SELECT * FROM finish();
