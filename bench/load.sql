-- Contracts and submitted time entries, the same in every database of the benchmark.
-- Variables: contracts, entries (over all contracts), customers (per contract: 1 or 2), name (makes names unique).
-- Entries come as they do in life: those of one day lie side by side, those of one contract are spread over the table.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

INSERT INTO billing.company (name, currency) SELECT 'Company ' || :'name', 'EUR';
INSERT INTO billing.role (name) SELECT 'Role ' || :'name' || i FROM generate_series(1, 8) AS i;
INSERT INTO billing.resource (name, role_id)
SELECT 'Resource ' || :'name' || i,
       (SELECT min(role_id) FROM billing.role WHERE name LIKE 'Role ' || :'name' || '%') + i % 8
  FROM generate_series(1, 200) AS i;

CREATE TEMP TABLE plan AS
SELECT i, (SELECT coalesce(max(contract_id), 0) FROM billing.contract) + i AS contract_id,
       (SELECT coalesce(max(customer_id), 0) FROM billing.customer) + 2 * i AS customer_id,
       (SELECT coalesce(max(project_id), 0) FROM billing.project) + i AS project_id,
       (SELECT coalesce(max(task_id), 0) FROM billing.task) + 5 * i AS task_id
  FROM generate_series(1, :contracts) AS i;

INSERT INTO billing.customer (customer_id, name)
SELECT customer_id + k, 'Customer ' || :'name' || i || '-' || k FROM plan, generate_series(0, 1) AS k;
INSERT INTO billing.project (project_id, company_id, name)
SELECT project_id, (SELECT max(company_id) FROM billing.company), 'Project ' || :'name' || i FROM plan;
INSERT INTO billing.task (task_id, project_id, name)
SELECT task_id + k, project_id, 'Task ' || k FROM plan, generate_series(0, 4) AS k;
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
SELECT contract_id, (SELECT max(company_id) FROM billing.company), customer_id, 'Contract ' || :'name' || i, 'EUR'
  FROM plan;

-- 60/40, and the awkward 33.33/66.67.
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
SELECT contract_id, customer_id + 1, CASE i % 2 WHEN 1 THEN 40 ELSE 66.67 END FROM plan WHERE :customers = 2;
UPDATE billing.contract_customer c
   SET billing_split_percent = CASE i % 2 WHEN 1 THEN 60 ELSE 33.33 END
  FROM plan p
 WHERE c.contract_id = p.contract_id AND c.customer_id = p.customer_id AND :customers = 2;
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT contract_id, 'Work on project ' || :'name' || i, 'time_and_material', project_id FROM plan;

-- Submitted entries, without the detour over drafts: only draft entries may be inserted.
ALTER TABLE billing.entry DISABLE TRIGGER billing_guard_insert;
INSERT INTO billing.entry (project_id, task_id, resource_id, role_id, entry_status, entry_date, quantity, cost_price,
    sales_price, tax, unit, description, external_description)
SELECT p.project_id, p.task_id + n % 5, r.resource_id, r.role_id, 'submitted',
       date '2024-01-01' + (n * 300 / :entries)::int, w.quantity, 40 + n % 30, w.price,
       round(w.quantity * w.price * 0.2, 2), 'hour',
       'Entry ' || n || ': ' || repeat('worked through the open points with the team; ', 2 + (n % 3)::int),
       'Consulting on ' || p.i || ', ' || repeat('as agreed in the steering group ', 1 + (n % 2)::int)
  FROM generate_series(0::bigint, :entries - 1) AS n
  JOIN plan p ON p.i = 1 + n * 7919 % :contracts
  JOIN (SELECT resource_id, role_id, row_number() OVER (ORDER BY resource_id) - 1 AS i
          FROM billing.resource WHERE name LIKE 'Resource ' || :'name' || '%') r ON r.i = n % 200
 CROSS JOIN LATERAL (SELECT (25 + n % 776) / 100.0 AS quantity, 80 + n % 97 + 0.5 * (n % 2) AS price) w
 ORDER BY n;
ALTER TABLE billing.entry ENABLE ALWAYS TRIGGER billing_guard_insert;
DROP TABLE plan;

-- Identities follow the ids given here.
SELECT setval(pg_get_serial_sequence('billing.' || t, t || '_id'), v)
  FROM (VALUES ('contract', (SELECT max(contract_id) FROM billing.contract)),
               ('customer', (SELECT max(customer_id) FROM billing.customer)),
               ('project', (SELECT max(project_id) FROM billing.project)),
               ('task', (SELECT max(task_id) FROM billing.task))) AS i (t, v) \g /dev/null
