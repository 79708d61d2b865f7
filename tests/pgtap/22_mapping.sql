-- Which contract line pays for which work, and that there is never more than one.
\ir fixture/base.psql
SELECT no_plan();

-- --- O-36: two lines for one project. Each case has a contract and a project of its own.
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
SELECT n, 1, 1, 'Contract ' || n, 'USD' FROM generate_series(11, 19) AS n;
INSERT INTO billing.project (project_id, company_id, name) SELECT n, 1, 'Project ' || n
  FROM generate_series(11, 19) AS n;
INSERT INTO billing.task (task_id, project_id, name)
SELECT n * 10 + k, n, 'Task ' || k FROM generate_series(11, 19) AS n, generate_series(1, 3) AS k;

-- A line n * 10 + k of contract and project n, with some of the classes T, E, M, F and, if given, only some tasks.
CREATE FUNCTION line(n bigint, k bigint, classes text, tasks bigint[] DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, included_tasks,
                                       include_time, include_expense, include_material, include_fee)
    VALUES (n, n * 10 + k, 'Line ' || k, 'time_and_material', n,
            CASE WHEN tasks IS NULL THEN 'all_project_tasks' ELSE 'selected_project_tasks' END::text,
            classes LIKE '%T%', classes LIKE '%E%', classes LIKE '%M%', classes LIKE '%F%');
    INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id)
    SELECT n, n * 10 + k, n * 10 + t FROM unnest(tasks) AS t
$$;

SELECT line(11, 1, 'TEMF');
SELECT throws_ok($$SELECT line(11, 2, 'TEMF')$$, 'ZB012', 'two contract lines would pay for the same work',
    'O-36 all tasks, all classes twice: invalid');
SELECT line(12, 1, 'TMF');
SELECT throws_ok($$SELECT line(12, 2, 'TEMF')$$, 'ZB012', NULL, 'O-36 all tasks, T M F and T E M F: invalid');
SELECT line(13, 1, 'TMF');
SELECT lives_ok($$SELECT line(13, 2, 'E')$$, 'O-36 all tasks, T M F and E: valid');
SELECT line(14, 1, 'TEMF', '{1}');
SELECT throws_ok($$SELECT line(14, 2, 'TEMF')$$, 'ZB012', NULL, 'O-36 selected tasks and all tasks: invalid');
SELECT line(15, 1, 'TEMF', '{1}');
SELECT lives_ok($$SELECT line(15, 2, 'TEMF', '{2}')$$, 'O-36 disjoint selected tasks: valid');
SELECT throws_ok($$SELECT line(15, 3, 'TEMF', '{3,2}')$$, 'ZB012', NULL, 'O-36 overlapping selected tasks: invalid');
SELECT lives_ok($$SELECT line(16, 1, 'T', '{1,2}'); SELECT line(16, 2, 'EM', '{1,2}')$$,
    'the same selected tasks for other classes: valid');

-- The rule holds for changes, too.
SELECT throws_ok(
    $$UPDATE billing.contract_line SET include_time = true WHERE contract_line_id = 132$$, 'ZB012', NULL,
    'including another class is refused where it overlaps');
SELECT throws_ok(
    $$INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id)
      VALUES (15, 151, 152)$$, 'ZB012', NULL,
    'selecting another task is refused where it overlaps');
SELECT throws_ok(
    $$UPDATE billing.contract_line SET included_tasks = 'all_project_tasks'
       WHERE contract_line_id = 151$$, 'ZB012', NULL,
    'taking all tasks is refused where another line has some');
SELECT lives_ok(
    $$DELETE FROM billing.contract_line_task WHERE contract_line_id = 151;
      INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id) VALUES (15, 152, 151)$$,
    'a task given up by one line may go to another');

-- --- X-23: across contracts, draft or active; not where the other contract is closed
SELECT throws_ok(
    $$INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
      VALUES (17, 'Poacher', 'time_and_material', 11)$$,
    'ZB012', NULL, 'X-23 a line of another contract cannot pay for the same work');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, contract_status)
VALUES (20, 1, 1, 'Lost', 'USD', 'closed');
SELECT lives_ok(
    $$INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
      VALUES (20, 'Lost line', 'time_and_material', 11)$$,
    'X-23 lines of a closed contract pay for nothing and disturb nobody');
SELECT lives_ok(
    $$INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method)
      VALUES (17, 171, 'To be agreed', 'time_and_material'), (17, 172, 'To be agreed', 'time_and_material')$$,
    'lines without project do not overlap');
SELECT throws_ok(
    $$UPDATE billing.contract_line SET project_id = 11 WHERE contract_line_id = 171$$, 'ZB012', NULL,
    'X-23 naming the project of another contract later is refused');

-- --- Work finds its line by project, class and task
SELECT line(18, 1, 'TEM', '{1}');
SELECT line(18, 2, 'T', '{2}');
INSERT INTO billing.entry (entry_id, project_id, task_id, transaction_class, entry_date, quantity, sales_price)
VALUES (1, 18, 181, 'time', '2026-03-02', 1, 10), (2, 18, 182, 'time', '2026-03-02', 1, 10),
       (3, 18, 183, 'time', '2026-03-02', 1, 10), (4, 18, NULL, 'time', '2026-03-02', 1, 10),
       (5, 18, 182, 'expense', '2026-03-02', 1, 10), (6, 18, 181, 'material', '2026-03-02', 1, 10),
       (7, 13, 131, 'expense', '2026-03-02', 1, 10), (8, 13, NULL, 'material', '2026-03-02', 1, 10),
       (9, 12, NULL, 'expense', '2026-03-02', 1, 10);
SELECT approved(1, 2, 3, 4, 5, 6, 7, 8, 9);
SELECT results_eq(
    $$SELECT entry_id, contract_line_id, transaction_type::text, billing_type::text FROM billing.actual
       ORDER BY entry_id, actual_id$$,
    $$VALUES (1::bigint, 181::bigint, 'cost', 'chargeable'), (1, 181, 'unbilled_sales', 'chargeable'),
             (2, 182, 'cost', 'chargeable'), (2, 182, 'unbilled_sales', 'chargeable'),
             (3, NULL, 'cost', 'not_available'),
             (4, NULL, 'cost', 'not_available'),
             (5, NULL, 'cost', 'not_available'),
             (6, 181, 'cost', 'chargeable'), (6, 181, 'unbilled_sales', 'chargeable'),
             (7, 132, 'cost', 'chargeable'), (7, 132, 'unbilled_sales', 'chargeable'),
             (8, 131, 'cost', 'chargeable'), (8, 131, 'unbilled_sales', 'chargeable'),
             (9, NULL, 'cost', 'not_available')$$,
    'work goes to the line with its task, else to the line with all tasks, else nobody pays (not available)');

SELECT * FROM finish();
