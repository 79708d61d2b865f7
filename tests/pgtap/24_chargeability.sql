-- Chargeable, non-chargeable or not available: O-37, every row for time, expense and material.
\ir fixture/base.psql
SELECT no_plan();

-- The conditions of the twelve rows: classes included, task selection, and the billing type of role, category and task
-- on the contract line (C chargeable, N non-chargeable, empty where it cannot be set).
CREATE TABLE truth (row_name text, contract_id bigint, t boolean, e boolean, m boolean, tasks text, role text,
                    category text, task text, on_time text, on_expense text, on_material text);
INSERT INTO truth VALUES
('a', 101, true, true, true, 'entire', 'C', 'C', NULL, 'C', 'C', 'C'),
('b', 102, true, true, true, 'selected', 'C', 'C', 'C', 'C', 'C', 'C'),
('c', 103, true, true, true, 'selected', 'N', 'C', 'C', 'N', 'C', 'C'),
('d', 104, true, true, true, 'selected', 'C', 'C', 'N', 'N', 'N', 'N'),
('e', 105, true, true, true, 'selected', 'N', 'C', 'N', 'N', 'N', 'N'),
('f', 106, true, true, true, 'selected', 'N', 'N', 'C', 'N', 'N', 'C'),
('g', 107, false, true, true, 'entire', NULL, 'C', NULL, 'NA', 'C', 'C'),
('h', 108, false, true, true, 'entire', NULL, 'N', NULL, 'NA', 'N', 'C'),
('i', 109, true, false, true, 'entire', 'C', NULL, NULL, 'C', 'NA', 'C'),
('j', 110, true, false, true, 'entire', 'N', NULL, NULL, 'N', 'NA', 'C'),
('k', 111, true, true, false, 'entire', 'C', 'C', NULL, 'C', 'C', 'NA'),
('l', 112, true, true, false, 'entire', 'N', 'N', NULL, 'N', 'N', 'NA');

CREATE FUNCTION type_of(letter text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE letter WHEN 'C' THEN 'chargeable' WHEN 'N' THEN 'non_chargeable' END
$$;

-- Role and category 3 are chargeable by themselves, 4 are not.
INSERT INTO billing.role (role_id, name, is_chargeable) VALUES (3, 'Yes', true), (4, 'No', false);
INSERT INTO billing.category (category_id, name, is_chargeable) VALUES (3, 'Yes', true), (4, 'No', false);

-- Each row twice, with contract, project, task and line of one number: as it is, where the contract line lists role and
-- category, against what they are by themselves; and 100 higher, where the line lists neither, so that they decide.
CREATE VIEW cases AS
SELECT row_name, contract_id + CASE WHEN by_itself THEN 100 ELSE 0 END AS id, by_itself, t, e, m, tasks, role,
       category, task,
       CASE WHEN (role IS NOT DISTINCT FROM 'N') = by_itself THEN 4 ELSE 3 END AS role_id,
       CASE WHEN (category IS NOT DISTINCT FROM 'N') = by_itself THEN 4 ELSE 3 END AS category_id,
       on_time, on_expense, on_material
  FROM truth, (VALUES (false), (true)) AS v (by_itself);

INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
SELECT id, 1, 1, row_name, 'USD' FROM cases;
INSERT INTO billing.project (project_id, company_id, name) SELECT id, 1, row_name FROM cases;
INSERT INTO billing.task (task_id, project_id, name) SELECT id, id, row_name FROM cases;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, included_tasks,
                                   include_time, include_expense, include_material)
SELECT id, id, row_name, 'time_and_material', id,
       CASE tasks WHEN 'entire' THEN 'all_project_tasks' ELSE 'selected_project_tasks' END::text, t, e, m
  FROM cases;
INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id, billing_type)
SELECT id, id, id, type_of(task) FROM cases WHERE tasks = 'selected';
INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT id, id, role_id, type_of(role) FROM cases WHERE role IS NOT NULL AND NOT by_itself;
INSERT INTO billing.contract_line_category (contract_id, contract_line_id, category_id, billing_type)
SELECT id, id, category_id, type_of(category) FROM cases WHERE category IS NOT NULL AND NOT by_itself;

INSERT INTO billing.entry (entry_id, project_id, task_id, transaction_class, role_id, category_id, entry_date, quantity,
                           sales_price)
SELECT id * 10 + n, id, id, class, role_id, category_id, '2026-03-02', 1, 10
  FROM cases, (VALUES (1, 'time'), (2, 'expense'), (3, 'material')) AS c (n, class);
SELECT approved(VARIADIC array_agg(entry_id ORDER BY entry_id)) FROM billing.entry;

-- What came out: the billing type of the sale; not available where there is only a cost that says so.
CREATE FUNCTION came_out(entry bigint) RETURNS text LANGUAGE sql AS $$
    SELECT CASE string_agg(transaction_type || ' ' || billing_type, ', ' ORDER BY actual_id)
           WHEN 'cost chargeable, unbilled_sales chargeable' THEN 'C'
           WHEN 'cost non_chargeable, unbilled_sales non_chargeable' THEN 'N'
           WHEN 'cost not_available' THEN 'NA'
           ELSE 'unexpected: ' || string_agg(transaction_type || ' ' || billing_type, ', ' ORDER BY actual_id) END
      FROM billing.actual WHERE entry_id = entry
$$;

SELECT results_eq(
    format('SELECT came_out(%s1), came_out(%1$s2), came_out(%1$s3)', id),
    format('VALUES (%L, %L, %L)', on_time, on_expense, on_material),
    format('O-37 %s: time %s, expense %s, material %s, role and category %s', row_name, on_time, on_expense,
           on_material, CASE WHEN by_itself THEN 'by themselves' ELSE 'listed on the line' END))
  FROM cases ORDER BY by_itself, row_name;

-- --- A time entry without role has the role of its resource
SELECT time_and_material(10);
INSERT INTO billing.resource (resource_id, name, role_id) VALUES (2, 'Tina Trainee', 2), (3, 'Machine', NULL);
INSERT INTO billing.entry (entry_id, project_id, resource_id, role_id, entry_date, quantity, sales_price)
VALUES (11, 10, 2, NULL, '2026-03-02', 1, 10), (12, 10, 2, 1, '2026-03-02', 1, 10),
       (13, 10, 3, NULL, '2026-03-02', 1, 10), (14, 10, NULL, NULL, '2026-03-02', 1, 10);
SELECT approved(11, 12, 13, 14);
SELECT results_eq(
    $$SELECT entry_id, billing_type::text FROM billing.actual
       WHERE entry_id BETWEEN 11 AND 14 AND transaction_type = 'unbilled_sales' ORDER BY entry_id$$,
    $$VALUES (11::bigint, 'non_chargeable'), (12, 'chargeable'), (13, 'chargeable'), (14, 'chargeable')$$,
    'the role of the resource decides where the entry names none');

-- --- X-24: a fee is chargeable like material
INSERT INTO billing.project (project_id, company_id, name) VALUES (20, 1, 'Fees');
INSERT INTO billing.task (task_id, project_id, name) VALUES (21, 20, 'Chargeable'), (22, 20, 'Not chargeable');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (20, 1, 1, 'Fees', 'USD');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, included_tasks)
VALUES (20, 20, 'Fees', 'time_and_material', 20, 'selected_project_tasks');
INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id, billing_type)
VALUES (20, 20, 21, 'chargeable'), (20, 20, 22, 'non_chargeable');
INSERT INTO billing.entry (entry_id, project_id, task_id, transaction_class, role_id, entry_date, quantity, sales_price)
VALUES (21, 20, 21, 'fee', 2, '2026-03-02', 1, 300), (22, 20, 22, 'fee', 1, '2026-03-02', 1, 300);
SELECT approved(21, 22);
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id IN (21, 22)',
    ARRAY['unbilled_sales fee 1 @ 300 = 300 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales fee 1 @ 300 = 300 non_chargeable | not_ready_to_invoice | adjustable'],
    'X-24 a fee follows the task like material; roles do not matter');

SELECT * FROM finish();
