-- Frequencies, generate_schedule() and generate_milestones().
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION frequency(label text, period billing.frequency_period, VARIADIC days text[]) RETURNS bigint
LANGUAGE sql AS $$
    INSERT INTO billing.invoice_frequency (name, period, run_days) VALUES (label, period, days) RETURNING frequency_id
$$;
SELECT frequency('Every other Monday', 'biweekly', 'Monday') AS biweekly,
       frequency('First Monday', 'monthly', 'first monday') AS first_monday,
       frequency('First of the month', 'monthly', '1') AS first_day,
       frequency('Seventh and last', 'monthly', '7', 'last day') AS seventh_and_last,
       frequency('Ultimo', 'monthly', '31') AS ultimo,
       frequency('Fridays', 'weekly', 'friday') AS fridays \gset

-- --- Frequencies
SELECT throws_ok(format('SELECT frequency(%L, %L, VARIADIC %L::text[])', days, period, days), 'ZB010', message,
                 format('refused: %s on %s', period, days))
  FROM (VALUES ('weekly', '{first monday}', '"first monday" is no day of a weekly frequency'),
               ('weekly', '{monday,friday}', 'a weekly frequency runs on exactly one weekday'),
               ('biweekly', '{}', 'a biweekly frequency runs on exactly one weekday'),
               ('monthly', '{}', 'a monthly frequency runs on one to four days'),
               ('monthly', '{1,2,3,4,5}', 'a monthly frequency runs on one to four days'),
               ('monthly', '{32}', '"32" is no day of a monthly frequency'),
               ('monthly', '{monday}', '"monday" is no day of a monthly frequency'),
               ('monthly', '{fifth monday}', '"fifth monday" is no day of a monthly frequency'),
               ('monthly', '{15,15}', 'the frequency names "15" twice'),
               ('monthly', '{NULL}', 'a day of a frequency must not be NULL')) AS v (period, days, message);
SELECT throws_ok('SELECT frequency($$Fridays$$, $$weekly$$, $$friday$$)', '23505', NULL, 'names are unique');
SELECT throws_ok('UPDATE billing.invoice_frequency SET run_days = $${32}$$ WHERE name = $$Ultimo$$', 'ZB010', NULL,
    'an UPDATE is checked, too');

CREATE FUNCTION dates(frequency bigint, from_date date, until_date date, count int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(run_date::text, ',') FROM billing.frequency_dates($1, $2, $3, $4)
$$;
SELECT is(dates(:biweekly, '2020-10-05', '2020-11-16', NULL), '2020-10-05,2020-10-19,2020-11-02,2020-11-16', 'O-52 biweekly Mondays');
SELECT is(dates(:biweekly, '2020-10-06', '2020-11-16', NULL), '2020-10-12,2020-10-26,2020-11-09', 'X-29 counted from the first Monday in the span');
SELECT is(dates(:first_monday, '2020-10-05', '2020-11-30', NULL), '2020-10-05,2020-11-02', 'O-52 first Monday of the month');
SELECT is(dates(:ultimo, '2024-01-01', '2024-04-30', NULL), '2024-01-31,2024-02-29,2024-03-31,2024-04-30', 'X-29 day 31 of a short month');
SELECT is(dates(:seventh_and_last, '2023-02-01', '2023-03-07', NULL), '2023-02-07,2023-02-28,2023-03-07', 'the seventh and the last day');
SELECT is(dates(:first_day, '2026-01-01', NULL, 3), '2026-01-01,2026-02-01,2026-03-01', 'a number of dates instead of an end');
SELECT is(dates(:first_day, '2026-01-01', '2026-03-31', 6), '2026-01-01,2026-02-01,2026-03-01,2026-04-01,2026-05-01,2026-06-01',
    'O-55 the number wins over the end');
SELECT is_empty(format('SELECT * FROM billing.frequency_dates(%s, $$2026-01-03$$, $$2026-01-05$$)', :fridays),
    'a span without a date');
SELECT throws_ok(format('SELECT * FROM billing.frequency_dates(%s, %s)', frequency, arguments), state, message, message)
  FROM (VALUES (99, '$$2026-01-01$$, $$2026-02-01$$', 'ZB020', 'there is no frequency 99'),
               (:fridays, '$$2026-01-01$$', '22023', 'the dates need an end'),
               (:fridays, '$$2026-01-01$$, count => 0', '22023', 'the number of dates must be at least 1, not 0'),
               (:fridays, 'NULL, $$2026-01-01$$', '22023', 'argument "from_date" must not be NULL'),
               (:fridays, '$$-infinity$$, $$2026-01-01$$', '22023',
                'argument "from_date" must lie between the years 1 and 9999'),
               (:fridays, '$$2026-01-01$$, $$infinity$$', '22023',
                'argument "until_date" must lie between the years 1 and 9999'),
               (:fridays, '$$9999-12-01$$, count => 100', '22023',
                'dates of a frequency lie between the years 1 and 9999')) AS v (frequency, arguments, state, message);

-- --- generate_schedule
SELECT time_and_material(10);
SELECT time_and_material(20);
SELECT fixed_price(30);
SELECT results_eq(
    format($$SELECT contract_id, contract_line_id, outcome::text, reason, run_date, cutoff_date
               FROM billing.generate_schedule('{10}', %s, '2020-10-05', '2020-11-16')$$, :biweekly),
    $$VALUES (10::bigint, 10::bigint, 'changed', NULL::text, '2020-10-05'::date, '2020-10-04'::date),
             (10, 10, 'changed', NULL, '2020-10-19', '2020-10-18'), (10, 10, 'changed', NULL, '2020-11-02', '2020-11-01'),
             (10, 10, 'changed', NULL, '2020-11-16', '2020-11-15')$$,
    'O-52 run dates and cut-offs; X-30 one day between them');
SELECT results_eq(
    format($$SELECT run_date, cutoff_date FROM billing.generate_schedule('{20}', %s, '2020-10-01', '2020-11-30')$$,
        :first_monday),
    $$VALUES ('2020-10-05'::date, '2020-10-04'::date), ('2020-11-02', '2020-11-01')$$, 'O-52 first Monday');
SELECT results_eq(
    'SELECT DISTINCT run_status::text, reason, run_id FROM billing.invoice_schedule',
    $$VALUES ('not_run', NULL::text, NULL::bigint)$$, 'O-52 none has been run');
SELECT results_eq(
    format($$SELECT contract_line_id, outcome::text, reason, run_date, cutoff_date
               FROM billing.generate_schedule('{10,20}', %s, '2020-10-05', '2020-10-19', lead_days => 3)$$, :biweekly),
    $$VALUES (10::bigint, 'unchanged', 'the line has this date already', '2020-10-05'::date, '2020-10-04'::date),
             (10, 'unchanged', 'the line has this date already', '2020-10-19', '2020-10-18'),
             (20, 'unchanged', 'the line has this date already', '2020-10-05', '2020-10-04'),
             (20, 'changed', NULL, '2020-10-19', '2020-10-16')$$,
    'again: what is there stays, only a new date is added, with its own lead days');
SELECT is((SELECT count(*) FROM billing.invoice_schedule), 7::bigint, 'no date twice');
SELECT results_eq(
    format($$SELECT contract_id, contract_line_id, outcome::text, reason, schedule_id, run_date
               FROM billing.generate_schedule('{30,99}', %s, '2020-10-05', '2020-10-19')$$, :biweekly),
    $$VALUES (30::bigint, 30::bigint, 'refused', 'only time-and-material lines have a schedule', NULL::bigint, NULL::date),
             (NULL, 99, 'refused', 'there is no contract line with this id', NULL, NULL)$$,
    'fixed-price and unknown lines are refused');
SELECT throws_ok(
    format('SELECT * FROM billing.generate_schedule($${10}$$, %s, $$2020-10-05$$, $$2020-10-19$$, %s)', :biweekly, days),
    '22023', NULL, format('%s lead days are refused', days))
  FROM unnest('{-1,367,NULL::int}'::text[]) AS days;
SELECT results_eq(
    $$SELECT h.item, h.from_status, h.to_status, h.contract_id, h.item_count, o.arguments ->> 'lead_days'
        FROM billing.operation_change h JOIN billing.operation o USING (operation_id)
       WHERE o.verb = 'generate_schedule' ORDER BY h.change_id$$,
    $$VALUES ('invoice_schedule', NULL::text, 'not_run', 10::bigint, 4::bigint, '1'),
             ('invoice_schedule', NULL, 'not_run', 20, 2, '1'), ('invoice_schedule', NULL, 'not_run', 20, 1, '3')$$,
    'the log says who made which dates');

-- --- What is left to everybody, and what is not
SELECT lives_ok($$UPDATE billing.invoice_schedule SET run_date = '2020-10-20', cutoff_date = '2020-10-20'
                   WHERE contract_line_id = 20 AND run_date = '2020-10-19'$$, 'a date not yet run may be moved');
SELECT throws_ok($$UPDATE billing.invoice_schedule SET run_date = '2020-10-05', cutoff_date = '2020-10-05'
                   WHERE run_date = '2020-10-20'$$, '23505', NULL,
    'but not onto another one of its line');
SELECT throws_ok($$UPDATE billing.invoice_schedule SET cutoff_date = '2020-10-21' WHERE run_date = '2020-10-20'$$,
    '23514', NULL, 'nor its cut-off behind it');
SELECT lives_ok($$DELETE FROM billing.invoice_schedule WHERE run_date = '2020-10-20'$$, 'and it may be deleted');
SELECT throws_ok(
    $$INSERT INTO billing.invoice_schedule (contract_id, contract_line_id, run_date, cutoff_date)
      VALUES (10, 10, '2021-01-01', '2021-01-01')$$, 'ZB001', NULL, 'rows come from generate_schedule()');
SELECT throws_ok('TRUNCATE billing.invoice_schedule', 'ZB001', NULL, 'no TRUNCATE');
SELECT lives_ok('DELETE FROM billing.contract_line WHERE contract_line_id = 20',
    'an unused line goes with the dates that have not been run');
SELECT is_empty('SELECT 1 FROM billing.invoice_schedule WHERE contract_line_id = 20', 'they are gone');

-- --- O-54: generated milestones
UPDATE billing.contract_line SET contracted_amount = 10000 WHERE contract_line_id = 30;
SELECT results_eq(
    format($$SELECT name, milestone_date, amount, tax
               FROM billing.generate_milestones(30, %s, '2026-01-01', '2026-03-31', total_tax => 1000)$$, :first_day),
    $$VALUES ('2026-01-01', '2026-01-01'::date, 3333.33, 333.33), ('2026-02-01', '2026-02-01', 3333.33, 333.33),
             ('2026-03-01', '2026-03-01', 3333.34, 333.34)$$,
    'O-54 X-31 three instalments named after their dates; what does not divide is on the last');
SELECT is((SELECT sum(amount) FROM billing.milestone WHERE contract_line_id = 30), 10000.0,
    'O-54 they add up to the contracted amount');
SELECT results_eq(
    $$SELECT customer_id, sum(amount), sum(tax), count(*) FROM billing.milestone_split WHERE contract_line_id = 30
       GROUP BY 1$$, $$VALUES (1::bigint, 10000.0, 1000.0, 3::bigint)$$, 'O-54 each has its shares');
SELECT throws_ok(format('SELECT * FROM billing.generate_milestones(30, %s, $$2026-01-01$$, count => 2)', :first_day),
    'ZB021', 'contract line 30 has milestones already', 'a repeat changes nothing');
DELETE FROM billing.milestone WHERE contract_line_id = 30 AND milestone_date = '2026-02-01';
SELECT results_eq(
    'SELECT outcome::text, count(*) FROM billing.mark_ready_to_invoice(contracts => $${30}$$) GROUP BY 1',
    $$VALUES ('refused', 1::bigint)$$, 'O-54 with one deleted the line is not billed');
DELETE FROM billing.milestone WHERE contract_line_id = 30;
SELECT results_eq(
    format($$SELECT count(*), sum(amount) FROM billing.generate_milestones(30, %s, '2026-01-01', '2026-01-31', 7)$$,
        :ultimo),
    'VALUES (7::bigint, 10000.0)', 'a number of instalments');
SELECT fixed_price(31, '{1,2}', '{66.67,33.33}', 'JPY');
UPDATE billing.contract_line SET contracted_amount = 1000 WHERE contract_line_id = 31;
SELECT results_eq(
    format($$SELECT amount, tax FROM billing.generate_milestones(31, %s, '2026-01-01', count => 3, total_tax => 100)$$,
        :first_day),
    'VALUES (333.0, 33.0), (333, 33), (334, 34)', 'in whole yen');
SELECT results_eq(
    'SELECT customer_id, sum(amount), sum(tax) FROM billing.milestone_split WHERE contract_line_id = 31 GROUP BY 1
      ORDER BY 1',
    'VALUES (1::bigint, 667.0, 67.0), (2, 333, 33)', 'split between the customers');

SELECT time_and_material(40);
SELECT fixed_price(41);
SELECT fixed_price(42);
SELECT fixed_price(43);
UPDATE billing.contract_line SET contracted_amount = 100 WHERE contract_line_id = 42;
UPDATE billing.contract_line SET contracted_amount = 0.05 WHERE contract_line_id = 43;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, contracted_amount)
VALUES (42, 44, 'No project yet', 'fixed_price', 100);
SET datestyle = 'German, DMY';
SELECT throws_ok(format('SELECT * FROM billing.generate_milestones(%s, %s, %s)', line, :first_day, arguments), state,
                 message, message)
  FROM (VALUES (40, 'date $$2026-01-01$$, count => 3', 'ZB013',
                'contract line 40 is not a fixed-price line and takes no milestones'),
               (44, 'date $$2026-01-01$$, count => 3', 'ZB010', 'contract line 44 has no project and takes no milestones'),
               (41, 'date $$2026-01-01$$, count => 3', 'ZB010', 'contract line 41 has no contracted amount to divide'),
               (99, 'date $$2026-01-01$$, count => 3', 'ZB020', 'there is no contract line 99'),
               (42, 'date $$2026-01-02$$, $$2026-01-05$$', '22023', 'the frequency has no date in this span'),
               (42, 'date $$2026-01-02$$', '22023', 'the dates need an end'),
               (43, 'date $$2026-01-01$$, count => 10', '22023', '0.05 cannot be divided into 10 instalments'))
       AS v (line, arguments, state, message);
SELECT results_eq(format('SELECT name FROM billing.generate_milestones(42, %s, date $$2026-01-02$$, count => 1)', :first_day),
    $$VALUES ('2026-02-01')$$, 'names do not depend on the session''s DateStyle');
SELECT is((SELECT count(*) FROM billing.milestone WHERE contract_line_id IN (40, 41, 43, 44)), 0::bigint,
    'what was refused wrote nothing');
SELECT * FROM finish();
