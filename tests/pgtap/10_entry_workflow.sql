-- Entries on their way from draft to approval: submit(), reject(), and what they refuse.
\ir fixture/base.psql
SELECT no_plan();

-- Four situations: time and material, fixed price, internal work, presales (a project without contract line yet).
SELECT time_and_material(10);
SELECT fixed_price(20);
INSERT INTO billing.project (project_id, company_id, name) VALUES (30, 1, 'Intranet'), (40, 1, 'Offer to Coho');
SELECT entered(project * 10 + 1, project) FROM unnest('{10,20,30,40}'::bigint[]) AS project;

SELECT is_empty('SELECT * FROM billing.actual', 'O-01 created entries write no actuals in any of the four situations');

SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.submit('{101,201,301,401}')$$,
    $$VALUES (101::bigint, 'changed', NULL), (201, 'changed', NULL), (301, 'changed', NULL), (401, 'changed', NULL)$$,
    'submit() returns a row per entry');
SELECT results_eq(
    'SELECT entry_id, entry_status::text FROM billing.entry ORDER BY entry_id',
    $$VALUES (101::bigint, 'submitted'), (201, 'submitted'), (301, 'submitted'), (401, 'submitted')$$,
    'submitted entries say so');
SELECT is_empty('SELECT * FROM billing.actual',
    'O-01 submitted entries write no actuals in any of the four situations');

SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reject('{101,201,301,401}')$$,
    $$VALUES (101::bigint, 'changed', NULL), (201, 'changed', NULL), (301, 'changed', NULL), (401, 'changed', NULL)$$,
    'reject() returns a row per entry');
SELECT is_empty('SELECT * FROM billing.actual', 'O-01 rejected entries write no actuals in any of the four situations');

-- Time comes back as returned, everything else as rejected; both may be submitted again.
SELECT entered(102, 10, class => 'expense');
SELECT entered(103, 10, class => 'material');
SELECT entered(104, 10, class => 'fee');
SELECT count(*) FROM billing.submit('{101,102,103,104}');
SELECT count(*) FROM billing.reject('{101,102,103,104}');
SELECT results_eq(
    'SELECT entry_id, entry_status::text FROM billing.entry WHERE project_id = 10 ORDER BY entry_id',
    $$VALUES (101::bigint, 'returned'), (102, 'rejected'), (103, 'rejected'), (104, 'rejected')$$,
    'reject() returns time and rejects expense, material and fee');
SELECT lives_ok(
    $$UPDATE billing.entry SET quantity = 7, sales_price = 210 WHERE entry_id = 101$$,
    'a returned entry can be corrected');
SELECT results_eq(
    $$SELECT entry_id, outcome::text FROM billing.submit('{101,102,103,104}')$$,
    $$VALUES (101::bigint, 'changed'), (102, 'changed'), (103, 'changed'), (104, 'changed')$$,
    'returned and rejected entries can be submitted again');
SELECT throws_ok(
    $$UPDATE billing.entry SET quantity = 9 WHERE entry_id = 101$$, 'ZB022', NULL,
    'a submitted entry can no longer be changed');

-- What the verbs refuse, entry by entry.
SELECT count(*) FROM billing.approve('{102}');
SELECT entered(105, 10);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.submit('{101,102,105,999}')$$,
    $$VALUES (101::bigint, 'refused',
             'the entry is submitted; only draft, returned or rejected entries can be submitted'),
             (102, 'refused', 'the entry is approved; only draft, returned or rejected entries can be submitted'),
             (105, 'changed', NULL),
             (999, 'refused', 'there is no entry with this id')$$,
    'submit() refuses submitted, approved and unknown entries and submits the others');
SELECT entered(106, 10);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reject('{102,106,105,999}')$$,
    $$VALUES (102::bigint, 'refused', 'the entry is approved; only submitted entries can be rejected'),
             (106, 'refused', 'the entry is draft; only submitted entries can be rejected'),
             (105, 'changed', NULL),
             (999, 'refused', 'there is no entry with this id')$$,
    'reject() refuses what is not submitted and rejects the others');

-- Odd arguments.
SELECT throws_ok('SELECT * FROM billing.submit(NULL)', '22023', NULL, 'submit() needs an array');
SELECT throws_ok('SELECT * FROM billing.reject(NULL)', '22023', NULL, 'reject() needs an array');
SELECT throws_ok($$SELECT * FROM billing.submit('{106,NULL}')$$, '22004', NULL, 'submit() refuses NULL as an id');
SELECT is_empty($$SELECT * FROM billing.submit('{}')$$, 'submitting nothing does nothing');
SELECT is_empty($$SELECT * FROM billing.reject('{}')$$, 'rejecting nothing does nothing');
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.submit('{106,106}')$$,
    $$VALUES (106::bigint, 'changed', NULL), (106, 'refused', 'the entry is listed twice')$$,
    'an entry listed twice is submitted once');
SELECT results_eq(
    $$SELECT item_count, ids FROM billing.operation_change WHERE ids @> '{106}' AND to_status = 'submitted'$$,
    $$VALUES (1::bigint, '{106}'::bigint[])$$,
    'an entry listed twice is logged once');
SELECT throws_ok(
    $$INSERT INTO billing.entry (project_id, entry_date, quantity, entry_status)
      VALUES (10, '2026-03-02', 8, 'submitted')$$,
    'ZB001', NULL, 'entries begin as drafts');
SELECT throws_ok(
    $$UPDATE billing.entry SET entry_status = 'approved' WHERE entry_id = 106$$, 'ZB001', NULL,
    'an entry is not approved by writing its status');

SELECT * FROM finish();
