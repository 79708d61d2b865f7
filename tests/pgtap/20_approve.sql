-- approve(): which actuals an approved entry becomes.
\ir fixture/base.psql
SELECT no_plan();

SELECT time_and_material(10);
SELECT fixed_price(20);
INSERT INTO billing.project (project_id, company_id, name) VALUES (30, 1, 'Intranet'), (40, 1, 'Offer to Coho');

-- --- O-02: billable as submitted
SELECT entered(101, 10);
SELECT count(*) FROM billing.submit('{101}');
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, contract_id, contract_line_id, customer_id, transaction_type::text,
             billing_type::text, nte_status::text, quantity, price, amount, tax
        FROM billing.approve('{101}')$$,
    $$VALUES (101::bigint, 'changed', NULL::text, 10::bigint, 10::bigint, 1::bigint, 'cost',
              'chargeable', 'not_applicable', 8.0, 100.0, 800.0, 0.0),
             (101, 'changed', NULL, 10, 10, 1, 'unbilled_sales', 'chargeable', 'not_applicable', 8, 200, 1600, 0)$$,
    'O-02 approve() returns one row per actual');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 101',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | adjustable'],
    'O-02 approve as submitted: cost 800 and unbilled sales 1600');
SELECT is(
    (SELECT entry_status::text FROM billing.entry WHERE entry_id = 101), 'approved', 'O-02 the entry is approved');
SELECT results_eq(
    'SELECT DISTINCT transaction_date FROM billing.actual WHERE entry_id = 101', $$VALUES ('2026-03-02'::date)$$,
    'actuals carry the date of the work');

-- --- O-03: billable quantity reduced from 8 to 6
SELECT entered(102, 10);
SELECT count(*) FROM billing.submit('{102}');
SELECT count(*) FROM billing.approve('{102}', billable_quantities => '{6}');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 102',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 6 @ 200 = 1200 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 2 @ 200 = 400 non_chargeable | not_ready_to_invoice | adjustable'],
    'O-03 approve with billable 8 -> 6: six hours chargeable, two non-chargeable');

-- The billable quantity may stand in the entry, too.
SELECT entered(103, 10);
UPDATE billing.entry SET billable_quantity = 6 WHERE entry_id = 103;
SELECT approved(103);
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 103',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 6 @ 200 = 1200 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 2 @ 200 = 400 non_chargeable | not_ready_to_invoice | adjustable'],
    'O-03 the same with the billable quantity in the entry');

SELECT entered(104, 10);
SELECT count(*) FROM billing.submit('{104}');
SELECT count(*) FROM billing.approve('{104}', billable_quantities => '{10}');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 104',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 10 @ 200 = 2000 chargeable | not_ready_to_invoice | adjustable'],
    'approve with billable 8 -> 10: cost of 8, sales of 10');

-- --- X-14: billable 0
SELECT entered(105, 10);
SELECT count(*) FROM billing.submit('{105}');
SELECT count(*) FROM billing.approve('{105}', billable_quantities => '{0}');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 105',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 200 = 1600 non_chargeable | not_ready_to_invoice | adjustable'],
    'X-14 approve with billable 0: one non-chargeable row over the full quantity, no zero row');

-- --- O-05: fixed price, internal, presales
SELECT work(201, 20);
SELECT work(301, 30);
SELECT work(401, 40);
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 201',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable'],
    'O-05 fixed price: cost only');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 301',
    ARRAY['cost time 8 @ 100 = 800 not_available | not_ready_to_invoice | adjustable'],
    'O-05 internal work: cost only');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 401',
    ARRAY['cost time 8 @ 100 = 800 not_available | not_ready_to_invoice | adjustable'],
    'O-05 presales: cost only');
SELECT bag_eq(
    $$SELECT a.entry_id, c.kind::text, a.contract_line_id, a.customer_id
        FROM billing.actual a JOIN billing.contract c USING (contract_id) WHERE a.entry_id IN (201, 301, 401)$$,
    $$VALUES (201::bigint, 'customer', 20::bigint, 1::bigint), (301, 'internal', NULL, NULL),
             (401, 'internal', NULL, NULL)$$,
    'O-05 unpaid work is kept on the internal contract of the company');

-- --- The approver's choice
SELECT entered(111, 10);
SELECT entered(112, 10);
SELECT entered(113, 10);
UPDATE billing.entry SET billing_type = 'complimentary' WHERE entry_id = 113;
SELECT count(*) FROM billing.submit('{111,112,113}');
SELECT count(*) FROM billing.approve('{111,112,113}', billing_types => '{non_chargeable,complimentary,NULL}');
SELECT bag_eq(
    'SELECT entry_id || $$ $$ || fact FROM ledger WHERE entry_id BETWEEN 111 AND 113',
    ARRAY['111 cost time 8 @ 100 = 800 non_chargeable | not_ready_to_invoice | adjustable',
          '111 unbilled_sales time 8 @ 200 = 1600 non_chargeable | not_ready_to_invoice | adjustable',
          '112 cost time 8 @ 100 = 800 complimentary | not_ready_to_invoice | adjustable',
          '112 unbilled_sales time 8 @ 200 = 1600 complimentary | not_ready_to_invoice | adjustable',
          '113 cost time 8 @ 100 = 800 complimentary | not_ready_to_invoice | adjustable',
          '113 unbilled_sales time 8 @ 200 = 1600 complimentary | not_ready_to_invoice | adjustable'],
    'the approver picks non-chargeable or complimentary: one sale of that type; NULL keeps the choice of the entry');

-- --- Other classes
SELECT work(121, 10, 3, 50, 'expense');
SELECT work(122, 10, 4, 25, 'material');
SELECT work(123, 10, 1, 300, 'fee');
SELECT bag_eq(
    'SELECT entry_id || $$ $$ || fact FROM ledger WHERE entry_id BETWEEN 121 AND 123',
    ARRAY['121 cost expense 3 @ 100 = 300 chargeable | not_ready_to_invoice | adjustable',
          '121 unbilled_sales expense 3 @ 50 = 150 chargeable | not_ready_to_invoice | adjustable',
          '122 cost material 4 @ 100 = 400 chargeable | not_ready_to_invoice | adjustable',
          '122 unbilled_sales material 4 @ 25 = 100 chargeable | not_ready_to_invoice | adjustable',
          '123 unbilled_sales fee 1 @ 300 = 300 chargeable | not_ready_to_invoice | adjustable'],
    'expense and material behave like time; a fee (O-19) has no cost');

-- --- Zero price and negative quantity
SELECT work(131, 10, 8, 0);
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 131',
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 0 = 0 chargeable | not_ready_to_invoice | adjustable'],
    'a price of zero is legal');
SELECT work(132, 10, -8);
SELECT entered(133, 10, -8);
SELECT count(*) FROM billing.submit('{133}');
SELECT count(*) FROM billing.approve('{133}', billable_quantities => '{-6}');
SELECT bag_eq(
    'SELECT entry_id || $$ $$ || fact FROM ledger WHERE entry_id IN (132, 133)',
    ARRAY['132 cost time -8 @ 100 = -800 chargeable | not_ready_to_invoice | adjustable',
          '132 unbilled_sales time -8 @ 200 = -1600 chargeable | not_ready_to_invoice | adjustable',
          '133 cost time -8 @ 100 = -800 chargeable | not_ready_to_invoice | adjustable',
          '133 unbilled_sales time -6 @ 200 = -1200 chargeable | not_ready_to_invoice | adjustable',
          '133 unbilled_sales time -2 @ 200 = -400 non_chargeable | not_ready_to_invoice | adjustable'],
    'negative quantities mirror positive ones');

-- --- Tax stays with what is charged
SELECT entered(141, 10, tax => 300);
SELECT count(*) FROM billing.submit('{141}');
SELECT results_eq(
    $$SELECT transaction_type::text, billing_type::text, amount, tax FROM billing.approve('{141}', '{6}')$$,
    $$VALUES ('cost', 'chargeable', 800.0, 0.0), ('unbilled_sales', 'chargeable', 1200, 300),
             ('unbilled_sales', 'non_chargeable', 400, 0)$$,
    'the tax of an entry belongs to its chargeable part');

-- --- Refusals: each with its reason, and the others go through
INSERT INTO billing.project (project_id, company_id, name, is_open) VALUES (50, 1, 'Finished', false);
SELECT time_and_material(60, percents => '{90}');
SELECT entered(151, 10);
SELECT entered(152, 10);
SELECT entered(153, 50);
SELECT entered(154, 10);
SELECT entered(155, 20, class => 'fee');
SELECT entered(156, 30, class => 'fee');
SELECT entered(157, 60);
SELECT entered(158, 10);
UPDATE billing.entry SET currency = 'EUR' WHERE entry_id = 154;
SELECT count(*) FROM billing.submit('{152,153,154,155,156,157,158}');
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, transaction_type::text, amount
        FROM billing.approve('{151,101,152,152,153,154,155,156,157,158,999}', '{8,8,-1,8,8,8,8,8,8,8,8}')$$,
    $$VALUES (151::bigint, 'refused', 'the entry is draft; only submitted entries can be approved', NULL::text,
             NULL::numeric),
             (101, 'refused', 'the entry is approved; only submitted entries can be approved', NULL, NULL),
             (152, 'refused', 'the billable quantity -1 has the wrong sign', NULL, NULL),
             (152, 'refused', 'the entry is listed twice', NULL, NULL),
             (153, 'refused', 'project 50 is closed', NULL, NULL),
             (154, 'refused', 'the entry is in EUR, its contract in USD', NULL, NULL),
             (155, 'refused', 'a fee needs a time-and-material contract line; contract line 20 is fixed price', NULL,
              NULL),
             (156, 'refused', 'no contract line of the project includes fees', NULL, NULL),
             (157, 'refused', 'the billing split percentages of contract line 60 must total 100, not 90', NULL, NULL),
             (158, 'changed', NULL, 'cost', 800),
             (158, 'changed', NULL, 'unbilled_sales', 1600),
             (999, 'refused', 'there is no entry with this id', NULL, NULL)$$,
    'approve() refuses entry by entry, with reasons, and approves the rest');
SELECT is_empty(
    'SELECT * FROM billing.actual WHERE entry_id IN (151, 152, 153, 154, 155, 156, 157)',
    'refused entries write no actuals');
SELECT results_eq(
    'SELECT DISTINCT entry_status::text FROM billing.entry WHERE entry_id BETWEEN 152 AND 157',
    $$VALUES ('submitted')$$, 'refused entries stay submitted');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve('{152}', billing_types => '{not_available}')$$,
    $$VALUES ('refused', 'billing type not_available cannot be chosen')$$,
    'not available is no choice of the approver');

-- --- A customer's trigger that touches entries the running approval has read and not yet moved
SELECT count(entered(id, 10)) FROM generate_series(1001, 7000) AS id;
SELECT count(*) FROM billing.submit(ARRAY(SELECT generate_series(1001, 7000)));
CREATE FUNCTION touch_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing.entry SET attributes = '{"touched": true}' WHERE entry_id BETWEEN 6991 AND 7000 AND attributes IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_the_last AFTER UPDATE OF entry_status ON billing.entry
    FOR EACH STATEMENT EXECUTE FUNCTION touch_the_last();
SELECT is(
    (SELECT count(*) FROM billing.approve(ARRAY(SELECT generate_series(1001, 7000))) WHERE outcome = 'changed'),
    12000::bigint, 'entries moved on by a customer''s trigger are approved all the same');
SELECT results_eq(
    $$SELECT entry_status::text, count(*) FILTER (WHERE attributes ? 'touched'), count(*) FROM billing.entry
       WHERE entry_id BETWEEN 1001 AND 7000 GROUP BY 1$$,
    $$VALUES ('approved', 10::bigint, 6000::bigint)$$, 'and keep what the trigger wrote');
DROP TRIGGER touch_the_last ON billing.entry;

-- --- Odd arguments
SELECT throws_ok('SELECT * FROM billing.approve(NULL)', '22023', NULL, 'approve() needs an array');
SELECT throws_ok($$SELECT * FROM billing.approve('{152,NULL}')$$, '22004', NULL, 'approve() refuses NULL as an id');
SELECT throws_ok($$SELECT * FROM billing.approve('{152}', '{1,2}')$$, '22023', NULL,
    'billable quantities must be parallel');
SELECT throws_ok(
    $$SELECT * FROM billing.approve('{152}', billing_types => '{}')$$, '22023', NULL, 'billing types must be parallel');
SELECT throws_ok(
    $$SELECT * FROM billing.approve('{152}', '{NaN}')$$, '22003', NULL, 'NaN is no billable quantity');
SELECT throws_ok(
    $$SELECT * FROM billing.approve('{152}', '{1e40}')$$, '22003', NULL, 'a quantity beyond 38 digits is refused');
SELECT is_empty($$SELECT * FROM billing.approve('{}')$$, 'approving nothing does nothing');
SELECT is(
    (SELECT count(*) FROM billing.actual WHERE entry_id = 152), 0::bigint, 'and nothing of that wrote an actual');

SELECT * FROM finish();
