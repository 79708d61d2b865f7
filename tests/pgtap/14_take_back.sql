-- recall_entries(), approve_recall(), reject_recall(), cancel_approval(): approved work on its way back.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION status_of(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT entry_status::text FROM billing.entry WHERE entry_id = id
$$;
CREATE FUNCTION canceled(VARIADIC entries bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.cancel_approval(entries)
$$;
-- What is left of an entry: sums of costs and sales.
CREATE FUNCTION net(entry bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s cost, %s unbilled, %s open',
                  trim_scale(coalesce(sum(amount) FILTER (WHERE transaction_type = 'cost'), 0)),
                  trim_scale(coalesce(sum(amount) FILTER (WHERE transaction_type = 'unbilled_sales'), 0)),
                  count(*) FILTER (WHERE is_open))
      FROM billing.actual WHERE entry_id = entry
$$;

SELECT time_and_material(10);
SELECT fixed_price(20);
SELECT time_and_material(30, '{1,2}', '{60,40}');
SELECT time_and_material(40);
INSERT INTO billing.project (project_id, company_id, name) VALUES (50, 1, 'Intranet');

-- --- O-01: nothing before approval
SELECT entered(101, 10);
SELECT entered(201, 20);
SELECT entered(501, 50);
SELECT count(*) FROM billing.submit('{101,201,501}');
SELECT results_eq(
    $$SELECT * FROM billing.recall_entries('{101,201,501}')$$,
    $$VALUES (101::bigint, 'changed'::billing.item_outcome, NULL::text), (201, 'changed', NULL), (501, 'changed', NULL)$$,
    'O-01 a submitted entry is recalled without asking');
SELECT results_eq(
    'SELECT status_of(101), status_of(201), status_of(501), count(*) FROM billing.actual',
    $$VALUES ('draft', 'draft', 'draft', 0::bigint)$$, 'O-01 recalled before approval: draft again, no actual');
SELECT lives_ok('UPDATE billing.entry SET quantity = 8 WHERE entry_id = 101', 'and open for changes');
SELECT approved(101, 201, 501);

-- --- O-06: cancel an approval
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, reverses_id, contract_id, contract_line_id, customer_id,
             transaction_type::text, billing_type::text, nte_status::text, quantity, price, amount, tax
        FROM billing.cancel_approval('{101}')$$,
    $$SELECT 101::bigint, 'changed', NULL::text, actual_id, 10::bigint, 10::bigint, 1::bigint, transaction_type::text,
             'chargeable', 'not_applicable', -8.0, price, -amount, 0.0
        FROM billing.actual WHERE entry_id = 101 AND reverses_id IS NULL ORDER BY actual_id$$,
    'O-06 cancel_approval() returns the reversals');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 101',
    ARRAY['cost time 8 @ 100 = 800 chargeable | canceled | adjusted',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
          'cost time -8 @ 100 = -800 chargeable | canceled | unadjustable',
          'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable'],
    'O-06 both originals adjusted and canceled, both reversals unadjustable and canceled');
SELECT results_eq(
    $$SELECT r.transaction_type::text, o.transaction_type::text
        FROM billing.actual r JOIN billing.actual o ON o.actual_id = r.reverses_id
       WHERE r.entry_id = 101 ORDER BY 1$$,
    $$VALUES ('cost', 'cost'), ('unbilled_sales', 'unbilled_sales')$$,
    'O-06 each reversal is linked to its own original');
SELECT is(status_of(101), 'submitted', 'O-06 the entry is submitted again');
SELECT is(net(101), '0 cost, 0 unbilled, 0 open', 'O-06 costs and unbilled sales net to zero');
SELECT is_empty('SELECT * FROM billing.backlog WHERE contract_id = 10', 'O-06 nothing is left in the backlog');
SELECT bag_eq(
    $$SELECT item, status_column, from_status, to_status, contract_id, item_count
        FROM billing.operation_history
       WHERE operation_id = (SELECT max(operation_id) FROM billing.operation WHERE verb = 'cancel_approval')$$,
    $$VALUES ('actual', 'billing_status', 'not_ready_to_invoice', 'canceled', 10::bigint, 2::bigint),
             ('actual', 'adjustment_status', 'adjustable', 'adjusted', 10, 2),
             ('entry', 'entry_status', 'approved', 'submitted', 10, 1)$$,
    'O-06 the log says what moved');

-- Approved again: one cost and one sale more, no duplicate.
SELECT count(*) FROM billing.approve('{101}');
SELECT bag_eq(
    $$SELECT fact FROM ledger WHERE entry_id = 101 AND fact LIKE '%| adjustable'$$,
    ARRAY['cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | adjustable'],
    'approved again: one cost and one sale stand');
SELECT is(net(101), '800 cost, 1600 unbilled, 1 open', 'and nothing is counted twice');
SELECT canceled(101);
SELECT count(*) FROM billing.reject('{101}');
UPDATE billing.entry SET quantity = 5, entry_date = '2026-03-03' WHERE entry_id = 101;
SELECT approved(101);
SELECT is(net(101), '500 cost, 1000 unbilled, 1 open', 'canceled, rejected, changed and approved: the new work counts');
SELECT is_empty('SELECT * FROM billing.verify()', 'the old actuals keep their old date');

-- Fixed price, internal, fee
SELECT work(102, 10, 1, 300, 'fee');
SELECT canceled(201, 501, 102);
SELECT bag_eq(
    'SELECT entry_id || $$ $$ || fact FROM ledger WHERE entry_id IN (201, 501, 102)',
    ARRAY['201 cost time 8 @ 100 = 800 chargeable | canceled | adjusted',
          '201 cost time -8 @ 100 = -800 chargeable | canceled | unadjustable',
          '501 cost time 8 @ 100 = 800 not_available | canceled | adjusted',
          '501 cost time -8 @ 100 = -800 not_available | canceled | unadjustable',
          '102 unbilled_sales fee 1 @ 300 = 300 chargeable | canceled | adjusted',
          '102 unbilled_sales fee -1 @ 300 = -300 chargeable | canceled | unadjustable'],
    'O-06 fixed price and internal work: only the pair of costs; a fee: only the pair of sales');

-- Several customers, a reduced quantity, tax, ready sales
SELECT entered(301, 30, quantity => 10, tax => 33);
SELECT count(*) FROM billing.submit('{301}');
SELECT count(*) FROM billing.approve('{301}', billable_quantities => '{7}');
SELECT ready(301);
SELECT canceled(301);
SELECT results_eq(
    $$SELECT count(*), sum(quantity), sum(amount), sum(tax), count(*) FILTER (WHERE billing_status = 'canceled')
        FROM billing.actual WHERE entry_id = 301$$,
    'VALUES (12::bigint, 0.0, 0.0, 0.0, 12::bigint)',
    'split between customers and reduced: every row has its reversal, ready sales, too');
SELECT count(*) FROM billing.approve('{301}');
SELECT results_eq(
    $$SELECT billing_type::text, sum(quantity) FROM billing.actual WHERE entry_id = 301 AND is_open GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('chargeable', 10.0)$$,
    'approved again: what the first approver chose ended with his approval');

-- --- Limits: what was committed is given back
UPDATE billing.contract SET nte_limit = 2000 WHERE contract_id = 40;
SELECT work(401, 40);
SELECT work(402, 40);
SELECT results_eq(
    'SELECT entry_id, nte_status::text FROM billing.actual WHERE entry_id IN (401, 402) AND is_open ORDER BY 1',
    $$VALUES (401::bigint, 'committed'), (402, 'failed')$$, 'the second sale breaks the limit');
SELECT canceled(401);
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_id = 40), 0.0,
    'a canceled approval gives back what it had committed');
SELECT results_eq(
    'SELECT nte_status::text FROM billing.reevaluate_nte(sales(402))', $$VALUES ('committed')$$,
    'and somebody else can have the room');
SELECT canceled(402);
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_id = 40), 0.0, 'all of it');

-- --- Refusals
SELECT entered(103, 10);
SELECT work(104, 10);
SELECT ready(104);
SELECT drafted(10);
SELECT work(105, 10);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, actual_id IS NULL FROM billing.cancel_approval('{103,104,999,105,105}')
       WHERE reverses_id IS NULL$$,
    $$VALUES (103::bigint, 'refused', 'the entry is draft; only an approval can be canceled', true),
             (104, 'refused', 'a sale of the entry is on a draft invoice', true),
             (999, 'refused', 'there is no entry with this id', true),
             (105, 'refused', 'the entry is listed twice', true)$$,
    'refused, each with its reason');
SELECT is(net(104), '800 cost, 1600 unbilled, 1 open', 'nothing happened to what is on a draft');
SELECT is(status_of(105), 'submitted', 'the others go through');
SELECT throws_ok('SELECT * FROM billing.cancel_approval(NULL)', '22023', NULL, 'NULL is no list of entries');

-- --- O-07: recall after approval
SELECT work(111, 10);
SELECT work(112, 10, 3, 50, 'expense');
SELECT work(113, 10, 4, 25, 'material');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.recall_entries('{104,111,112,113}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a draft invoice'), ('changed', NULL), ('changed', NULL),
             ('changed', NULL)$$,
    'O-07 a recall is requested, unless the sale is on a draft');
SELECT is(status_of(111), 'recall_requested', 'O-07 the entry waits');
SELECT is(net(111), '800 cost, 1600 unbilled, 1 open', 'O-07 and its actuals stand');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.recall_entries('{111}')$$,
    $$VALUES ('refused', 'the entry is recall_requested; only submitted and approved entries can be recalled')$$,
    'once is enough');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.cancel_approval('{111}')$$,
    $$VALUES ('refused', 'the entry is recall_requested; only an approval can be canceled')$$,
    'a requested recall is decided, not canceled');
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reject_recall('{111,104}')$$,
    $$VALUES (111::bigint, 'changed', NULL::text),
             (104, 'refused', 'the entry is approved; only recall_requested entries can be kept approved')$$,
    'O-07 a request is turned down');
SELECT results_eq('SELECT status_of(111), net(111)', $$VALUES ('approved', '800 cost, 1600 unbilled, 1 open')$$,
    'O-07 turned down: approved, and nothing else changed');
SELECT count(*) FROM billing.recall_entries('{111}');
SELECT results_eq(
    $$SELECT entry_id, count(*), sum(amount) FROM billing.approve_recall('{111,112,113}') GROUP BY 1 ORDER BY 1$$,
    $$VALUES (111::bigint, 2::bigint, -2400.0), (112, 2, -450.0), (113, 2, -500.0)$$,
    'O-07 a granted recall reverses the actuals');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 111',
    ARRAY['cost time 8 @ 100 = 800 chargeable | canceled | adjusted',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
          'cost time -8 @ 100 = -800 chargeable | canceled | unadjustable',
          'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable'],
    'O-07 the same four rows as a canceled approval');
SELECT results_eq('SELECT status_of(111), status_of(112), status_of(113)', $$VALUES ('returned', 'rejected', 'rejected')$$,
    'O-07 time is returned, expense and material are rejected');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve_recall('{111}')$$,
    $$VALUES ('refused', 'the entry is returned; only a requested recall can be approved')$$, 'once');
SELECT approved(111);
SELECT is(net(111), '800 cost, 1600 unbilled, 1 open', 'a recalled entry can be approved again');

-- Requested, then billed: the request is refused when it is decided.
SELECT work(114, 10);
SELECT ready(114);
SELECT count(*) FROM billing.recall_entries('{114}');
SELECT is_empty('SELECT * FROM billing.verify()', 'an entry that waits for its recall is sound');
SELECT drafted(10);
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve_recall('{114}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a draft invoice')$$, 'O-07 checked again: on a draft');
SELECT confirmed(invoice(10));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.approve_recall('{114}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'O-07 checked again: billed');
SELECT is(status_of(114), 'recall_requested', 'and still waits');
SELECT count(*) FROM billing.reject_recall('{114}');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.recall_entries('{114}')
      UNION ALL SELECT outcome::text, reason FROM billing.cancel_approval('{114}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full'),
             ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'what was billed cannot be recalled or canceled');

-- One of two customers billed holds the whole entry.
SELECT work(302, 30);
SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY[(sales(302))[1]]);
SELECT drafted(30);
SELECT confirmed(invoice(30));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.cancel_approval('{302}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'one billed share holds the entry');
-- So does an edited one.
SELECT work(303, 30);
SELECT ready(303);
SELECT drafted(30);
SELECT count(*) FROM billing.edit_invoice_details(sales(303), quantity => 1);
SELECT confirmed(invoice(30), invoice(30, 2));
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.cancel_approval('{303}')$$,
    $$VALUES ('refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'a sale edited on its invoice holds the entry, too');

-- --- History stays
SELECT work(121, 10);
SELECT canceled(121);
SELECT count(*) FROM billing.recall_entries('{121}');
SELECT is(status_of(121), 'draft', 'a canceled approval can be recalled to draft');
SELECT throws_ok('DELETE FROM billing.entry WHERE entry_id IN (103, 121)', 'ZB022', 'entry 121 can no longer be deleted',
    'an entry that was ever approved cannot be deleted');
SELECT lives_ok('DELETE FROM billing.entry WHERE entry_id = 103', 'one that never was can');
SELECT throws_ok($$UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE entry_id = 121$$, 'ZB001', NULL,
    'what was taken back stays taken back');
SELECT is_empty(
    $$SELECT * FROM billing.mark_ready_to_invoice(
        ARRAY(SELECT actual_id FROM billing.actual WHERE entry_id = 121)) WHERE outcome <> 'refused'$$,
    'and is never ready again');

-- The approver's choice is the engine's.
SELECT throws_ok('UPDATE billing.entry SET approved_billable_quantity = 1 WHERE entry_id = 111', 'ZB001', NULL,
    'what the approver chose cannot be written by hand');
SELECT throws_ok(
    $$INSERT INTO billing.entry (project_id, entry_date, quantity, approved_billing_type)
      VALUES (10, '2026-03-02', 1, 'complimentary')$$, '23514', NULL, 'not even in a new entry');

-- A bulk run that wants only the refused ones back
SELECT entered(n, 10) FROM generate_series(1001, 1200) AS n;
SELECT approved(VARIADIC ARRAY(SELECT generate_series(1001, 1200)));
SELECT is_empty(
    'SELECT * FROM billing.cancel_approval(ARRAY(SELECT generate_series(1001, 1200)), return_actuals => false)',
    'return_actuals => false: nothing refused, nothing returned');
SELECT results_eq('SELECT count(*), sum(amount) FROM billing.actual WHERE entry_id BETWEEN 1001 AND 1200',
    'VALUES (800::bigint, 0.0)', '200 approvals canceled in one call');

-- --- What verify() finds when an owner tampers with what was taken back, guards switched off
CREATE FUNCTION found(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    findings text;
    guard text;
BEGIN
    FOR guard IN SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
                   FROM pg_trigger WHERE tgname LIKE 'billing\_guard%' LOOP
        EXECUTE guard;
    END LOOP;
    EXECUTE command;
    SELECT string_agg(DISTINCT "check", '; ' ORDER BY "check") INTO findings
      FROM billing.verify() WHERE "check" NOT LIKE 'guard%';
    RAISE EXCEPTION USING ERRCODE = 'XX999';
EXCEPTION WHEN SQLSTATE 'XX999' THEN
    RETURN findings;
END $$;
SELECT matches(found(format('UPDATE billing.actual SET %s', damage)), finding, label)
  FROM (VALUES
    ('a reversal that is not canceled', $$billing_status = 'not_ready_to_invoice' WHERE entry_id = 121 AND quantity < 0$$,
     'what was taken back is canceled on both sides'),
    ('an original that is not canceled', $$billing_status = 'ready_to_invoice' WHERE entry_id = 121 AND quantity > 0$$,
     'what was taken back is canceled on both sides'),
    ('a reversal of another day', $$transaction_date = '2020-01-01' WHERE entry_id = 121 AND quantity < 0$$,
     'what was taken back is canceled on both sides'),
    ('a cost that stands in another contract', $$contract_id = 40 WHERE entry_id = 111 AND is_open$$,
     'an entry stands in one place'),
    ('an original that stands again', $$adjustment_status = 'adjustable' WHERE entry_id = 121 AND quantity > 0$$,
     'links of actuals hold')) AS v (label, damage, finding);
SELECT entered(131, 10);
SELECT entered(132, 10);
SELECT count(*) FROM billing.submit('{131,132}');
SELECT count(*) FROM billing.approve('{131,132}', '{6,NULL}', '{NULL,complimentary}');
SELECT is(found(format('UPDATE billing.entry SET %s', damage)), 'what the approver chose is in the ledger', label)
  FROM (VALUES ('another billable quantity', 'approved_billable_quantity = 7 WHERE entry_id = 131'),
               ('another billing type', $$approved_billing_type = 'non_chargeable' WHERE entry_id = 132$$)) AS v (label, damage);

SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT * FROM finish();
