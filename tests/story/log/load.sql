-- Companies, customers, contracts and projects from rules.json (psql variable "rules"), and the work log from the staging
-- tables sip.task_info and sip.task_date as draft entries.

CREATE TABLE sip.rules AS SELECT :'rules'::jsonb AS doc;

-- Which tasks something unusual happens to: those whose number leaves a certain rest.
CREATE FUNCTION sip.hits(task int, choice text) RETURNS boolean LANGUAGE sql STABLE
    RETURN (SELECT task % (doc->'choices'->choice->>0)::int = (doc->'choices'->choice->>1)::int FROM sip.rules);

-- What the verbs answered, counted.
CREATE TABLE sip.outcome (round int, verb text, outcome text, reason text, items bigint);

-- ------------------------------------------------------------------------------------------ who and what

INSERT INTO billing.company (name, currency, quantity_scale, invoice_series)
SELECT c->>'name', c->>'currency', (c->>'quantity_scale')::int, c->>'series'
  FROM sip.rules, jsonb_array_elements(doc->'companies') c;

INSERT INTO billing.role (name, is_chargeable)
SELECT key, value::boolean FROM sip.rules, jsonb_each_text(doc->'roles');

INSERT INTO billing.resource (resource_id, name)
SELECT DISTINCT developer_id, 'Developer ' || developer_id FROM sip.task_info;

CREATE VIEW sip.contract AS
SELECT position, c.value AS doc, c.value->>'name' AS name, c.value->>'currency' AS currency
  FROM sip.rules, jsonb_array_elements(sip.rules.doc->'contracts') WITH ORDINALITY AS c (value, position);

CREATE VIEW sip.party AS
SELECT c.name AS contract, p.position, p.value->>'name' AS customer, p.value->'percents' AS percents,
       coalesce(p.value->>'percent', p.value->'percents'->>0)::numeric AS percent,
       coalesce((p.value->>'is_rounding')::boolean, false) AS is_rounding, (p.value->>'nte_limit')::numeric AS nte_limit
  FROM sip.contract c, jsonb_array_elements(c.doc->'customers') WITH ORDINALITY AS p (value, position);

CREATE VIEW sip.line AS
SELECT c.name AS contract, c.position AS contract_position, l.position, l.value AS doc, l.value->>'name' AS name,
       l.value->>'method' AS method, l.value->>'project' AS project
  FROM sip.contract c, jsonb_array_elements(c.doc->'lines') WITH ORDINALITY AS l (value, position);

INSERT INTO billing.customer (name)
SELECT customer FROM sip.party GROUP BY customer ORDER BY customer;

-- A project belongs to the company of the contract that pays for it; those nobody pays for to the first company.
INSERT INTO billing.project (company_id, name)
SELECT coalesce(max(paying.company_id), (SELECT min(company_id) FROM billing.company)), t.project
  FROM sip.task_info t
  LEFT JOIN sip.line l ON l.project = t.project
  LEFT JOIN sip.contract c ON c.name = l.contract
  LEFT JOIN billing.company paying ON paying.name = c.doc->>'company'
 GROUP BY t.project
 ORDER BY t.project;

-- The breakdown codes of a project are its tasks.
INSERT INTO billing.task (project_id, name)
SELECT DISTINCT p.project_id, t.breakdown FROM sip.task_info t JOIN billing.project p ON p.name = t.project ORDER BY 1, 2;

-- ------------------------------------------------------------------------------------------ contracts

INSERT INTO billing.contract (company_id, customer_id, contract_status, name, currency, nte_limit)
SELECT m.company_id, u.customer_id, 'active', c.name, c.currency, (c.doc->>'nte_limit')::numeric
  FROM sip.contract c
  JOIN billing.company m ON m.name = c.doc->>'company'
  JOIN sip.party p ON p.contract = c.name AND p.position = 1
  JOIN billing.customer u ON u.name = p.customer
 ORDER BY c.position;

-- The first customer is there already, with everything; the others join.
UPDATE billing.contract_customer k
   SET billing_split_percent = p.percent, is_rounding = p.is_rounding, nte_limit = p.nte_limit
  FROM billing.contract c, sip.party p
 WHERE k.contract_id = c.contract_id AND p.contract = c.name AND p.position = 1;

INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent, is_rounding, nte_limit)
SELECT c.contract_id, u.customer_id, p.percent, p.is_rounding, p.nte_limit
  FROM sip.party p
  JOIN billing.contract c ON c.name = p.contract
  JOIN billing.customer u ON u.name = p.customer
 WHERE p.position > 1;

INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id, included_tasks, nte_limit, contracted_amount,
                                   quantity, unit_price, tax)
SELECT c.contract_id, l.name, l.method::billing.billing_method, p.project_id,
       (CASE WHEN l.doc ? 'tasks' THEN 'selected_project_tasks' ELSE 'all_project_tasks' END)::billing.included_tasks,
       (l.doc->>'nte_limit')::numeric, (l.doc->>'contracted_amount')::numeric,
       (l.doc->>'quantity')::numeric, (l.doc->>'unit_price')::numeric, coalesce((l.doc->>'tax')::numeric, 0)
  FROM sip.line l
  JOIN billing.contract c ON c.name = l.contract
  LEFT JOIN billing.project p ON p.name = l.project
 ORDER BY l.contract_position, l.position;

CREATE VIEW sip.line_id AS
SELECT l.*, b.contract_id, b.contract_line_id, b.project_id
  FROM sip.line l
  JOIN billing.contract c ON c.name = l.contract
  JOIN billing.contract_line b ON b.contract_id = c.contract_id AND b.name = l.name;

INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id)
SELECT l.contract_id, l.contract_line_id, t.task_id
  FROM sip.line_id l
  JOIN billing.task t ON t.project_id = l.project_id AND l.doc->'tasks' ? t.name;

INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT l.contract_id, l.contract_line_id, r.role_id, 'chargeable'
  FROM sip.line_id l
  JOIN billing.role r ON l.doc->'chargeable_roles' ? r.name;

UPDATE billing.contract_line_customer k
   SET nte_limit = (l.doc->'customer_limits'->>u.name)::numeric
  FROM sip.line_id l, billing.customer u
 WHERE k.contract_id = l.contract_id AND k.contract_line_id = l.contract_line_id AND u.customer_id = k.customer_id
   AND l.doc->'customer_limits' ? u.name;

INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount, tax)
SELECT l.contract_id, l.contract_line_id, m.value->>'name', (m.value->>'date')::date, (m.value->>'amount')::numeric,
       (m.value->>'tax')::numeric
  FROM sip.line_id l, jsonb_array_elements(l.doc->'milestones') WITH ORDINALITY AS m (value, position)
 ORDER BY l.contract_position, l.position, m.position;

-- ------------------------------------------------------------------------------------------ the work

-- The dates come once per row of the other file, so a task with several developers has several, all equal.
CREATE TABLE sip.work AS
SELECT nextval(pg_get_serial_sequence('billing.entry', 'entry_id')) AS entry_id, w.*
  FROM (SELECT t.task, t.developer_id, t.project, t.breakdown, t.category, t.summary, t.developer_hours AS hours, d.completed_on
          FROM sip.task_info t
          JOIN (SELECT task, min(to_date(completed_on, 'DD-Mon-YY')) AS completed_on
                  FROM sip.task_date WHERE completed_on <> '' GROUP BY task
                HAVING count(DISTINCT completed_on) = 1) d ON d.task = t.task
         ORDER BY d.completed_on, t.task, t.developer_id) w;
CREATE UNIQUE INDEX ON sip.work (entry_id);
ANALYZE sip.work;

INSERT INTO billing.entry (entry_id, project_id, task_id, resource_id, role_id, billing_type, entry_date, quantity,
                           billable_quantity, cost_price, sales_price, tax, currency, unit, description)
SELECT w.entry_id, p.project_id, t.task_id, w.developer_id, r.role_id,
       CASE WHEN sip.hits(w.task, 'entry_non_chargeable') THEN 'non_chargeable'::billing.billing_type END,
       w.completed_on, w.hours,
       CASE WHEN sip.hits(w.task, 'entry_three_quarters') THEN round(w.hours * 0.75, 2) END,
       (rules.doc->'cost'->>'base')::numeric + w.developer_id * (rules.doc->'cost'->>'per_developer')::numeric,
       coalesce(terms.price, 0), coalesce(round(w.hours * terms.price * terms.tax_percent / 100, billing.currency_scale(terms.currency)), 0),
       terms.currency, 'hour', w.summary
  FROM sip.work w
 CROSS JOIN sip.rules
  JOIN billing.project p ON p.name = w.project
  JOIN billing.task t ON t.project_id = p.project_id AND t.name = w.breakdown
  JOIN billing.role r ON r.name = w.category
  LEFT JOIN LATERAL (SELECT c.currency, (rules.doc->'prices'->c.currency->>w.category)::numeric AS price,
                            (c.doc->>'tax_percent')::numeric AS tax_percent
                       FROM sip.line l JOIN sip.contract c ON c.name = l.contract
                      WHERE l.project = w.project LIMIT 1) terms ON true
 ORDER BY w.entry_id;
