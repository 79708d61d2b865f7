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
-- Contract n with project n, task n and line n for each row, and beside it (n + 100) the same with role and category
-- unlisted on the line, so that the masters decide: roles and categories 3 (chargeable) and 4 (not).
INSERT INTO billing.role (role_id, name, is_chargeable) VALUES (3, 'Master yes', true), (4, 'Master no', false);
INSERT INTO billing.category (category_id, name, is_chargeable) VALUES (3, 'Master yes', true), (4, 'Master no', false);
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
SELECT contract_id + k, 1, 1, row_name, 'USD' FROM truth, (VALUES (0), (100)) AS v (k);
INSERT INTO billing.project (project_id, company_id, name)
SELECT contract_id + k, 1, row_name FROM truth, (VALUES (0), (100)) AS v (k);
INSERT INTO billing.task (task_id, project_id, name)
SELECT contract_id + k, contract_id + k, row_name FROM truth, (VALUES (0), (100)) AS v (k);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, included_tasks,
                                   include_time, include_expense, include_material)
SELECT contract_id + k, contract_id + k, row_name, 'time_and_material', contract_id + k,
       CASE tasks WHEN 'entire' THEN 'all_project_tasks' ELSE 'selected_project_tasks' END::text, t, e, m
  FROM truth, (VALUES (0), (100)) AS v (k);
INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id, billing_type)
SELECT contract_id + k, contract_id + k, contract_id + k, type_of(task)
  FROM truth, (VALUES (0), (100)) AS v (k) WHERE tasks = 'selected';
-- Listed on the line against the master: role and category 4 where chargeable, 3 where not.
INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT contract_id, contract_id, CASE role WHEN 'C' THEN 4 ELSE 3 END, type_of(role) FROM truth WHERE role IS NOT NULL;
INSERT INTO billing.contract_line_category (contract_id, contract_line_id, category_id, billing_type)
SELECT contract_id, contract_id, CASE category WHEN 'C' THEN 4 ELSE 3 END, type_of(category)
  FROM truth WHERE category IS NOT NULL;

INSERT INTO billing.entry (entry_id, project_id, task_id, transaction_class, role_id, category_id, entry_date, quantity, sales_price)
SELECT (contract_id + k) * 10 + c, contract_id + k, contract_id + k, class,
       CASE WHEN role = 'C' THEN 4 ELSE 3 END * (1 - k / 100) + CASE WHEN role = 'N' THEN 4 ELSE 3 END * (k / 100),
       CASE WHEN category = 'C' THEN 4 ELSE 3 END * (1 - k / 100) + CASE WHEN category = 'N' THEN 4 ELSE 3 END * (k / 100),
       '2026-03-02', 1, 10
  FROM truth, (VALUES (0), (100)) AS v (k), (VALUES (1, 'time'), (2, 'expense'), (3, 'material')) AS w (c, class);
SELECT approved(VARIADIC array_agg(entry_id ORDER BY entry_id)) FROM billing.entry;

-- What came out: the billing type of the sale, or of the cost where no line pays.
CREATE VIEW outcome AS
SELECT t.row_name, e.project_id >= 200 AS by_master, e.transaction_class::text AS class,
       string_agg(CASE a.billing_type WHEN 'chargeable' THEN 'C' WHEN 'non_chargeable' THEN 'N' WHEN 'not_available' THEN 'NA' END
                  || CASE a.transaction_type WHEN 'cost' THEN ' (no sale)' ELSE '' END, ', ') AS billing_type
  FROM billing.entry e
  JOIN truth t ON t.contract_id = e.project_id OR t.contract_id = e.project_id - 100
  JOIN billing.actual a ON a.entry_id = e.entry_id
 WHERE a.transaction_type = 'unbilled_sales'
    OR NOT EXISTS (SELECT 1 FROM billing.actual s WHERE s.entry_id = e.entry_id AND s.transaction_type = 'unbilled_sales')
 GROUP BY 1, 2, 3;

SELECT results_eq(
    format('SELECT class, billing_type FROM outcome WHERE row_name = %L AND NOT by_master ORDER BY class DESC', row_name),
    format('VALUES (%L, %L), (%L, %L), (%L, %L)', 'time', replace(on_time, 'NA', 'NA (no sale)'),
           'material', replace(on_material, 'NA', 'NA (no sale)'), 'expense', replace(on_expense, 'NA', 'NA (no sale)')),
    'O-37 ' || row_name || ': role and category listed on the line')
  FROM truth ORDER BY row_name;
SELECT results_eq(
    format('SELECT class, billing_type FROM outcome WHERE row_name = %L AND by_master ORDER BY class DESC', row_name),
    format('VALUES (%L, %L), (%L, %L), (%L, %L)', 'time', replace(on_time, 'NA', 'NA (no sale)'),
           'material', replace(on_material, 'NA', 'NA (no sale)'), 'expense', replace(on_expense, 'NA', 'NA (no sale)')),
    'O-37 ' || row_name || ': role and category as in the masters')
  FROM truth ORDER BY row_name;

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
