-- run_invoicing(): what it bills on which date, what it records, and what it does about a contract that fails.
\ir fixture/base.psql
SELECT no_plan();

CREATE VIEW drafts AS
SELECT v.invoice_date, v.contract_id, v.customer_id, l.contract_line_id, l.amount
  FROM billing.invoice v JOIN billing.invoice_line l USING (contract_id, invoice_id)
 WHERE l.amount <> 0;

-- The last run as one line of text.
CREATE FUNCTION last_run() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s of %s contracts, %s drafts, %s failed, %s', contracts_done, contracts_total, draft_count,
                  failure_count, CASE WHEN finished_at IS NULL THEN 'unfinished' ELSE 'finished' END)
      FROM billing.invoice_run ORDER BY run_id DESC LIMIT 1
$$;

-- A date a line is run on.
CREATE FUNCTION scheduled(line bigint, on_date date, lead_days int DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.invoice_frequency (name, period, run_days)
    VALUES ('Each ' || extract(day FROM on_date), 'monthly', ARRAY[extract(day FROM on_date)::text])
    ON CONFLICT (name) DO NOTHING;
    SELECT count(*) FROM billing.invoice_frequency f,
           billing.generate_schedule(ARRAY[line], f.frequency_id, on_date, on_date, lead_days)
     WHERE f.name = 'Each ' || extract(day FROM on_date)
$$;

-- --- The calendar of the documentation: October and November 2020
SELECT contract_of(10, 'fixed_price', '{1}', '{100}', 'USD');
UPDATE billing.contract_line SET name = 'Prototype' WHERE contract_line_id = 10;
INSERT INTO billing.project (project_id, company_id, name) VALUES (11, 1, 'Implementation'), (12, 1, 'Expenses');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (10, 11, 'Implementation', 'time_and_material', 11), (10, 12, 'Expenses', 'time_and_material', 12);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (10, 10, 'Design', '2020-10-05', 5000), (10, 10, 'Delivery', '2020-11-03', 12000);
INSERT INTO billing.invoice_frequency (frequency_id, name, period, run_days)
VALUES (101, 'Every other Monday', 'biweekly', '{monday}'), (102, 'First Monday', 'monthly', '{first monday}');
SELECT count(*) FROM billing.generate_schedule('{11}', 101, '2020-10-05', '2020-11-16');
SELECT count(*) FROM billing.generate_schedule('{12}', 102, '2020-10-05', '2020-11-30');
-- One hour of 100 each day, 24 September to 17 November; an expense of 10 on some.
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, sales_price)
SELECT 1000 + n, 11, 1, date '2020-09-24' + n, 1, 100 FROM generate_series(0, 54) AS n;
INSERT INTO billing.entry (entry_id, project_id, category_id, transaction_class, entry_date, quantity, sales_price)
SELECT 1100 + n, 12, 1, 'expense', d, 1, 10
  FROM unnest('{2020-10-03,2020-10-04,2020-10-05,2020-11-01,2020-11-02}'::date[]) WITH ORDINALITY AS e (d, n);
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id BETWEEN 1000 AND 1199));
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id BETWEEN 1000 AND 1199));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');

CALL billing.run_invoicing('2020-10-04');
SELECT is(last_run(), '0 of 0 contracts, 0 drafts, 0 failed, finished', '4 October: nothing is due');
SELECT is_empty('SELECT 1 FROM billing.invoice', '4 October: no empty invoice');
CALL billing.run_invoicing('2020-10-05');
SELECT results_eq('SELECT contract_line_id, amount FROM drafts ORDER BY 1',
    'VALUES (10::bigint, 5000.0), (11, 1100), (12, 20)',
    '5 October: one invoice with milestone, 11 days of work and 2 expenses up to the 4th');
SELECT is((SELECT count(*) FROM billing.invoice), 1::bigint, '5 October: all due lines on one invoice');
SELECT results_eq(
    'SELECT contract_line_id, run_date, cutoff_date, run_status::text, run_id FROM billing.invoice_schedule
      WHERE run_status <> $$not_run$$ ORDER BY 1',
    $$VALUES (11::bigint, '2020-10-05'::date, '2020-10-04'::date, 'run_successful', 2::bigint),
             (12, '2020-10-05', '2020-10-04', 'run_successful', 2)$$, '5 October: both dates are run');
SELECT is((SELECT max(a.transaction_date) FROM billing.actual a WHERE a.billing_status = 'customer_invoice_created'
            AND contract_line_id = 11), '2020-10-04'::date, 'X-32 work of the cut-off day is billed, later work is not');
CALL billing.run_invoicing('2020-10-05');
SELECT is(last_run(), '0 of 0 contracts, 0 drafts, 0 failed, finished', 'the same day again: nothing is due');
DO $$
BEGIN
    FOR day IN 6..18 LOOP
        CALL billing.run_invoicing(make_date(2020, 10, day));
    END LOOP;
END $$;
SELECT is((SELECT count(*) FROM billing.invoice), 1::bigint, '6 to 18 October: nothing');
CALL billing.run_invoicing('2020-10-19');
SELECT results_eq($$SELECT contract_line_id, amount FROM drafts WHERE invoice_date = '2020-10-19' ORDER BY 1$$,
    'VALUES (11::bigint, 1400.0)', '19 October: two weeks of implementation only');
CALL billing.run_invoicing('2020-11-02');
SELECT results_eq($$SELECT contract_line_id, amount FROM drafts WHERE invoice_date = '2020-11-02' ORDER BY 1$$,
    'VALUES (11::bigint, 1400.0), (12, 20)', '2 November: implementation and expenses');
CALL billing.run_invoicing('2020-11-03');
SELECT results_eq($$SELECT contract_line_id, amount FROM drafts WHERE invoice_date = '2020-11-03' ORDER BY 1$$,
    'VALUES (10::bigint, 12000.0)', '3 November: the second milestone only');
CALL billing.run_invoicing('2020-11-16');
SELECT is((SELECT count(*) FROM billing.invoice), 5::bigint, '16 November: the last run of the schedule');
SELECT results_eq(
    $$SELECT count(*), min(transaction_date) FROM billing.actual WHERE billing_status = 'ready_to_invoice'$$,
    $$VALUES (3::bigint, '2020-11-02'::date)$$, 'what is dated after the last cut-offs stays ready');

-- --- What is due, and what never is
SELECT time_and_material(20);
SELECT fixed_price(21);
SELECT time_and_material(22, '{1,2}', '{60,40}');
SELECT time_and_material(23);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
VALUES (22, 24, 'Licence', 'product', 2, 50), (22, 25, 'Not ready', 'product', 2, 50);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (21, 21, 'Early', '2026-01-10', 100), (21, 21, 'On the day', '2026-02-01', 200),
       (21, 21, 'Late', '2026-02-02', 400), (21, 21, 'Not ready', '2026-01-10', 800);
SELECT work(201, 20, day => '2026-01-15');
SELECT work(221, 22, day => '2026-01-15');
SELECT work(222, 22, day => '2026-01-29');
SELECT work(223, 22, day => '2026-01-30');
SELECT work(224, 22, day => '2026-01-15');
SELECT work(231, 23, day => '2026-01-15');
SELECT ready(201, 221, 222, 223);
SELECT count(*) FROM billing.mark_ready_to_invoice(products => '{24}', milestones => ARRAY(
    SELECT milestone_split_id FROM billing.milestone_split JOIN billing.milestone USING (contract_id, milestone_id)
     WHERE contract_id = 21 AND name <> 'Not ready'));
SELECT scheduled(22, '2026-02-01', 3);
SELECT scheduled(23, '2026-02-01');
CALL billing.run_invoicing('2026-02-01');
SELECT is(last_run(), '3 of 3 contracts, 3 drafts, 0 failed, finished', 'three contracts have something due');
SELECT results_eq(
    $$SELECT contract_id, customer_id, contract_line_id, amount FROM drafts WHERE invoice_date = '2026-02-01'
       ORDER BY 1, 2, 3$$,
    'VALUES (21::bigint, 1::bigint, 21::bigint, 300.0), (22, 1, 22, 1920), (22, 1, 24, 100), (22, 2, 22, 1280)',
    'X-26 milestones dated by then; work up to the cut-off, one draft per customer; ready products');
SELECT is((SELECT billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(201))), 'ready_to_invoice',
    'a line without a schedule is never touched');
SELECT results_eq(
    $$SELECT contract_id, run_status::text, reason, draft_count, total_amount, finished_at IS NOT NULL
        FROM billing.invoice_run_contract WHERE run_id = (SELECT max(run_id) FROM billing.invoice_run) ORDER BY 1$$,
    $$VALUES (21::bigint, 'run_successful', NULL::text, 1::bigint, 300.0, true),
             (22, 'run_successful', NULL, 2, 3300, true), (23, 'run_successful', NULL, 0, 0, true)$$,
    'X-33 the record by contract; the one with nothing to bill is successful, without an invoice');
SELECT results_eq(
    'SELECT currency, draft_count, total_amount FROM billing.invoice_run_amount
      WHERE run_id = (SELECT max(run_id) FROM billing.invoice_run)',
    $$VALUES ('USD', 3.0, 3600.0)$$, 'and by currency');
SELECT results_eq(
    'SELECT i.contract_id, count(*) FROM billing.invoice_run_contract r
       JOIN billing.invoice i USING (contract_id, operation_id)
      WHERE r.run_id = (SELECT max(run_id) FROM billing.invoice_run) GROUP BY 1 ORDER BY 1',
    'VALUES (21::bigint, 1::bigint), (22, 2)', 'the operation leads to the drafts');
SELECT results_eq(
    $$SELECT h.item, h.from_status, h.to_status, h.item_count FROM billing.operation_change h
        JOIN billing.operation o USING (operation_id)
       WHERE o.verb = 'run_invoicing' AND h.contract_id = 22 ORDER BY h.item, h.item_count$$,
    $$VALUES ('actual', 'ready_to_invoice', 'customer_invoice_created', 2::bigint),
             ('actual', 'ready_to_invoice', 'customer_invoice_created', 2),
             ('contract_line', 'ready_to_invoice', 'customer_invoice_created', 1), ('invoice', NULL, 'draft', 2),
             ('invoice_schedule', 'not_run', 'run_successful', 1)$$, 'every status is in the log');

-- --- X-33: missed dates
SELECT time_and_material(30);
SELECT scheduled(30, '2026-03-02');
SELECT scheduled(30, '2026-03-09');
SELECT scheduled(30, '2026-03-16');
SELECT work(301, 30, day => '2026-03-01');
SELECT work(302, 30, day => '2026-03-08');
SELECT work(303, 30, day => '2026-03-15');
SELECT ready(301, 302, 303);
CALL billing.run_invoicing('2026-03-10');
SELECT results_eq('SELECT invoice_date, amount FROM drafts WHERE contract_id = 30',
    $$VALUES ('2026-03-10'::date, 3200.0)$$, 'X-33 two missed dates are made up for on one invoice');
SELECT results_eq('SELECT run_date, run_status::text FROM billing.invoice_schedule WHERE contract_id = 30 ORDER BY 1',
    $$VALUES ('2026-03-02'::date, 'run_successful'), ('2026-03-09', 'run_successful'), ('2026-03-16', 'not_run')$$,
    'X-33 both are run, the next one is not');
SELECT throws_ok($$UPDATE billing.invoice_schedule SET run_status = 'not_run', run_id = NULL WHERE contract_id = 30
                     AND run_date = '2026-03-02'$$, 'ZB001', NULL, 'nobody but the engine sets the status');
SELECT throws_ok($$UPDATE billing.invoice_schedule SET cutoff_date = '2026-03-02' WHERE contract_id = 30
                     AND run_date = '2026-03-02'$$, 'ZB022', NULL, 'a date that was run cannot be changed');
SELECT throws_ok($$DELETE FROM billing.invoice_schedule WHERE contract_id = 30 AND run_date = '2026-03-02'$$, 'ZB022',
    NULL, 'nor deleted');
SELECT throws_ok(command, 'ZB001', NULL, 'refused: ' || command)
  FROM unnest(ARRAY['UPDATE billing.invoice_run SET started_at = now()', 'DELETE FROM billing.invoice_run_contract',
                    'UPDATE billing.invoice_run_contract SET total_amount = 0', 'TRUNCATE billing.invoice_run CASCADE',
                    'INSERT INTO billing.invoice_run (run_date, request) VALUES (now(), $$x$$)']) AS command;

-- --- One bad contract never stops the rest
SELECT time_and_material(40, '{1,2}', '{60,40}');
SELECT time_and_material(41);
SELECT time_and_material(42);
SELECT time_and_material(43);
SELECT fixed_price(44);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
VALUES (44, 44, 'Only', '2026-04-01', 100);
SELECT work(n, n / 10, day => '2026-03-15'), ready(n), scheduled(n / 10, '2026-04-01')
  FROM unnest('{401,411,421,431}'::bigint[]) AS n;
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{44}');
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 40 AND customer_id = 1;
CREATE TABLE blocked (contract_id bigint, how text);
INSERT INTO blocked VALUES (41, 'at once'), (42, 'at commit'), (44, 'at once');
CREATE FUNCTION block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.blocked WHERE contract_id = NEW.contract_id AND how = TG_ARGV[0]) THEN
        RAISE 'no invoice for contract %', NEW.contract_id USING DETAIL = 'Ask ' || TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER block AFTER INSERT ON billing.invoice FOR EACH ROW EXECUTE FUNCTION block('at once');
CREATE CONSTRAINT TRIGGER block_at_commit AFTER INSERT ON billing.invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION block('at commit');
CALL billing.run_invoicing('2026-04-01');
SELECT is(last_run(), '6 of 6 contracts, 2 drafts, 4 failed, finished', 'four of six contracts fail');
SELECT results_eq(
    $$SELECT contract_id, run_status::text, reason, draft_count
        FROM billing.invoice_run_contract WHERE run_id = (SELECT max(run_id) FROM billing.invoice_run) ORDER BY 1$$,
    $$VALUES (30::bigint, 'run_successful', NULL::text, 1::bigint),
             (40, 'run_failed', 'the billing split percentages of contract line 40 must total 100, not 90', 0),
             (41, 'run_failed', 'no invoice for contract 41 (Ask at once)', 0),
             (42, 'run_failed', 'no invoice for contract 42 (Ask at commit)', 0),
             (43, 'run_successful', NULL, 1), (44, 'run_failed', 'no invoice for contract 44 (Ask at once)', 0)$$,
    'each says why; a constraint that waits for the commit fails its own contract only');
SELECT results_eq(
    'SELECT contract_line_id, run_status::text, reason FROM billing.invoice_schedule WHERE run_date = $$2026-04-01$$
      ORDER BY 1',
    $$VALUES (40::bigint, 'run_failed', 'the billing split percentages of contract line 40 must total 100, not 90'),
             (41, 'run_failed', 'no invoice for contract 41 (Ask at once)'),
             (42, 'run_failed', 'no invoice for contract 42 (Ask at commit)'), (43, 'run_successful', NULL)$$,
    'and so do their dates');
SELECT is((SELECT count(*) FROM billing.invoice WHERE contract_id IN (40, 41, 42, 44)), 0::bigint,
    'nothing is left of what they began');
SELECT results_eq(
    $$SELECT DISTINCT billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(401, 411, 421))$$,
    $$VALUES ('ready_to_invoice')$$, 'their work is still ready');

-- Retry: the failed ones alone, some contracts alone.
UPDATE billing.contract_line_customer SET billing_split_percent = 60 WHERE contract_line_id = 40 AND customer_id = 1;
DELETE FROM blocked WHERE contract_id = 41;
SELECT time_and_material(45);
SELECT work(451, 45, day => '2026-03-15'), ready(451), scheduled(45, '2026-04-01');
CALL billing.run_invoicing('2026-04-01', contracts => '{41,43}', only_failed => true);
SELECT is(last_run(), '1 of 1 contracts, 1 drafts, 0 failed, finished', 'those failed of some contracts');
CALL billing.run_invoicing('2026-04-01', only_failed => true);
SELECT is(last_run(), '3 of 3 contracts, 2 drafts, 2 failed, finished', 'the rest of the failed ones');
SELECT results_eq(
    $$SELECT s.contract_line_id, s.run_status::text, r.request FROM billing.invoice_schedule s
        LEFT JOIN billing.invoice_run r USING (run_id) WHERE s.run_date = '2026-04-01' ORDER BY 1$$,
    $$VALUES (40::bigint, 'run_successful', 'failed contracts'), (41, 'run_successful', 'those failed of 41,43'),
             (42, 'run_failed', 'failed contracts'), (43, 'run_successful', 'all contracts'), (45, 'not_run', NULL)$$,
    'what had not failed was left alone');
DELETE FROM blocked;
CALL billing.run_invoicing('2026-04-02', contracts => '{45}');
SELECT is(last_run(), '1 of 1 contracts, 1 drafts, 0 failed, finished', 'one contract alone');
CALL billing.run_invoicing('2026-04-02');
SELECT is(last_run(), '2 of 2 contracts, 2 drafts, 0 failed, finished', 'a later run takes what has failed');
SELECT results_eq(
    'SELECT contract_id, count(*), sum(amount) FROM drafts WHERE contract_id BETWEEN 40 AND 45 GROUP BY 1 ORDER BY 1',
    'VALUES (40::bigint, 2::bigint, 1600.0), (41, 1, 1600), (42, 1, 1600), (43, 1, 1600), (44, 1, 100), (45, 1, 1600)',
    'in the end everything is billed once');
SELECT results_eq(
    $$SELECT from_status, to_status FROM billing.operation_change h
       WHERE item = 'invoice_schedule' AND contract_id = 42 ORDER BY change_id$$,
    $$VALUES (NULL, 'not_run'), ('not_run', 'run_failed'), ('run_failed', 'run_successful')$$,
    'the log tells the story of a date');

-- --- A closed contract, a deleted draft
SELECT time_and_material(50);
SELECT work(501, 50, day => '2026-04-30'), ready(501), scheduled(50, '2026-05-01');
SELECT scheduled(50, '2026-06-01');
CALL billing.run_invoicing('2026-05-01');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(50)]);
CALL billing.run_invoicing('2026-05-01');
SELECT is(last_run(), '0 of 0 contracts, 0 drafts, 0 failed, finished', 'a deleted draft is not made again that day');
CALL billing.run_invoicing('2026-06-01');
SELECT results_eq('SELECT invoice_date, amount FROM drafts WHERE contract_id = 50',
    $$VALUES ('2026-06-01'::date, 1600.0)$$, 'the next date takes its work');

-- --- Calls that make no sense
SELECT throws_ok('SELECT * FROM billing.begin_invoice_run(' || arguments || ')', state, message, message)
  FROM (VALUES ('NULL', '22023', 'argument "run_date" must not be NULL'),
               ('$$infinity$$', '22023', 'argument "run_date" must lie between the years 1 and 9999'),
               ('$$2026-07-01$$, $${20,99}$$', 'ZB020', 'there is no contract 99'),
               ('$$2026-07-01$$, $${NULL}$$', '22004', 'an array of ids must not contain NULL'))
       AS v (arguments, state, message);
SELECT is_empty('SELECT * FROM billing.run_next_contract(4711)', 'a run that does not exist has no contract left');
SELECT throws_ok('CALL billing.run_invoicing($$2026-07-01$$)', '2D000', 'invalid transaction termination',
    'it commits, so it cannot run inside a transaction');
SELECT is((SELECT count(*) FROM billing.invoice_run WHERE finished_at IS NULL), 0::bigint, 'no run is left unfinished');
SELECT * FROM finish();
