-- A consultancy, its customers and contracts, and a year of work. Everything follows from fixed formulas; nothing is random.

-- ------------------------------------------------------------------------------------------ the company and its people

-- Four decimals of an hour keep each customer's share, and the tax on it, close to the percentage.
INSERT INTO billing.company (name, currency, quantity_scale, invoice_series) VALUES ('Nordavind Consulting AS', 'NOK', 4, 'NV');

INSERT INTO billing.customer (name) VALUES
    ('Havbris Energi AS'), ('Sørvik Shipping ASA'), ('Tindefjell kommune'), ('Lysholmen sykehus'), ('Brighton & Moss LLP'),
    ('Northgate Rail Ltd'), ('Fjordlinja AS');

INSERT INTO billing.role (name, is_chargeable) VALUES
    ('Architect', true), ('Developer', true), ('Tester', true), ('Project manager', true), ('Coordination', false);

INSERT INTO billing.resource (name, role_id)
SELECT p.name, r.role_id
  FROM (VALUES (1, 'Ingrid Solheim', 'Project manager'), (2, 'Oliver Bennett', 'Architect'), (3, 'Astrid Lindqvist', 'Developer'),
               (4, 'Håkon Myhre', 'Developer'), (5, 'Emily Carter', 'Developer'), (6, 'Mikkel Sørensen', 'Tester'),
               (7, 'Aino Virtanen', 'Architect'), (8, 'George Whitfield', 'Project manager')) AS p (position, name, role)
  JOIN billing.role r ON r.name = p.role
 ORDER BY p.position;

INSERT INTO billing.category (name, is_chargeable) VALUES ('Travel', true), ('Hotel', true), ('Meals', false);
INSERT INTO billing.product (name, unit) VALUES ('Depth sensor', 'piece'), ('Map licence', 'seat');

INSERT INTO billing.project (company_id, name)
SELECT c.company_id, p.name
  FROM billing.company c,
       unnest(ARRAY['Harbour control', 'Ferry timetable', 'Hospital logistics', 'Signalling support', 'Municipal maps',
                    'Wind farm study', 'Presales and training']) WITH ORDINALITY AS p (name, position)
 ORDER BY p.position;

-- ------------------------------------------------------------------------------------------ the contracts

INSERT INTO billing.contract (company_id, customer_id, contract_status, name, currency, nte_limit)
SELECT m.company_id, u.customer_id, 'active', c.name, c.currency, c.nte_limit
  FROM (VALUES (1, 'Harbour control',    'Havbris Energi AS',   'NOK', NULL),
               (2, 'Ferry timetable',    'Fjordlinja AS',       'NOK', NULL),
               (3, 'Hospital logistics', 'Lysholmen sykehus',   'NOK', NULL),
               (4, 'Signalling support', 'Northgate Rail Ltd',  'GBP', 160000),
               (5, 'Municipal maps',     'Tindefjell kommune',  'NOK', NULL),
               (6, 'Wind farm study',    'Havbris Energi AS',   'NOK', NULL)) AS c (position, name, customer, currency, nte_limit)
 CROSS JOIN billing.company m
  JOIN billing.customer u ON u.name = c.customer
 ORDER BY c.position;

-- The first customer of a contract is there already; the others join, and the percentages are set.
INSERT INTO billing.contract_customer (contract_id, customer_id)
SELECT c.contract_id, u.customer_id
  FROM (VALUES ('Harbour control', 'Sørvik Shipping ASA'), ('Ferry timetable', 'Sørvik Shipping ASA'),
               ('Ferry timetable', 'Tindefjell kommune'), ('Hospital logistics', 'Tindefjell kommune'),
               ('Wind farm study', 'Brighton & Moss LLP')) AS k (contract, customer)
  JOIN billing.contract c ON c.name = k.contract
  JOIN billing.customer u ON u.name = k.customer;

UPDATE billing.contract_customer k
   SET billing_split_percent = s.percent, nte_limit = s.nte_limit, payment_terms = 'Net 30',
       bill_to_name = u.name, invoice_address = s.address
  FROM (VALUES ('Harbour control',    'Havbris Energi AS',   60,      NULL,   'Kaigata 4, 4013 Stavanger'),
               ('Harbour control',    'Sørvik Shipping ASA', 40,      NULL,   'Skippergata 11, 5004 Bergen'),
               ('Ferry timetable',    'Fjordlinja AS',       33.34,   NULL,   'Ferjekaien 1, 6002 Ålesund'),
               ('Ferry timetable',    'Sørvik Shipping ASA', 33.33,   NULL,   'Skippergata 11, 5004 Bergen'),
               ('Ferry timetable',    'Tindefjell kommune',  33.33,   NULL,   'Rådhusplassen 2, 6800 Førde'),
               ('Hospital logistics', 'Lysholmen sykehus',   72.5,    NULL,   'Sykehusveien 20, 7030 Trondheim'),
               ('Hospital logistics', 'Tindefjell kommune',  27.5,    NULL,   'Rådhusplassen 2, 6800 Førde'),
               ('Signalling support', 'Northgate Rail Ltd',  100,     NULL,   '8 Station Road, York YO24 1AB'),
               ('Municipal maps',     'Tindefjell kommune',  100,     NULL,   'Rådhusplassen 2, 6800 Førde'),
               ('Wind farm study',    'Havbris Energi AS',   61.8034, NULL,   'Kaigata 4, 4013 Stavanger'),
               ('Wind farm study',    'Brighton & Moss LLP', 38.1966, 900000, '21 Marine Parade, Brighton BN2 1TL'))
            AS s (contract, customer, percent, nte_limit, address)
  JOIN billing.contract c ON c.name = s.contract
  JOIN billing.customer u ON u.name = s.customer
 WHERE k.contract_id = c.contract_id AND k.customer_id = u.customer_id;

-- A line starts with the customers of its contract.
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id, contracted_amount)
SELECT c.contract_id, c.name, m.billing_method, p.project_id, m.contracted_amount
  FROM billing.contract c
  JOIN billing.project p ON p.name = c.name
 CROSS JOIN LATERAL (SELECT CASE c.name WHEN 'Hospital logistics' THEN 'fixed_price' ELSE 'time_and_material' END::billing.billing_method,
                            CASE c.name WHEN 'Hospital logistics' THEN 1250000.00 END) AS m (billing_method, contracted_amount)
 ORDER BY c.contract_id;

INSERT INTO billing.contract_line (contract_id, name, billing_method, product_id, quantity, unit_price, tax)
SELECT c.contract_id, 'Map licences', 'product', p.product_id, 25, 1890.00, 11812.50
  FROM billing.contract c, billing.product p
 WHERE c.name = 'Municipal maps' AND p.name = 'Map licence';

-- Coordination is free of charge by default, but the harbour pays for it.
INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT l.contract_id, l.contract_line_id, r.role_id, 'chargeable'
  FROM billing.contract_line l, billing.role r
 WHERE l.name = 'Harbour control' AND r.name = 'Coordination';

INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount, tax)
SELECT l.contract_id, l.contract_line_id, m.name, m.milestone_date, m.amount, m.amount / 4
  FROM billing.contract_line l,
       (VALUES ('Requirements agreed', DATE '2025-03-14', 250000.00), ('Pilot ward live', DATE '2025-06-20', 400000.00),
               ('All wards live', DATE '2025-10-31', 350000.00), ('End of guarantee', DATE '2026-04-30', 250000.00))
            AS m (name, milestone_date, amount)
 WHERE l.name = 'Hospital logistics'
 ORDER BY m.milestone_date;

-- ------------------------------------------------------------------------------------------ a year of work

-- What people do, by project and by role.
CREATE FUNCTION pg_temp.doing(project text, role text, n int) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN (CASE project
                WHEN 'Harbour control' THEN ARRAY['Berth allocation', 'Pilot booking', 'Radar overlay', 'Quay cameras', 'Port dues']
                WHEN 'Ferry timetable' THEN ARRAY['Summer timetable', 'Connection search', 'Delay messages', 'Seat counting', 'Fare zones']
                WHEN 'Hospital logistics' THEN ARRAY['Bed transport', 'Medicine rounds', 'Linen store', 'Porter app', 'Lift control']
                WHEN 'Signalling support' THEN ARRAY['Interlocking log', 'Axle counters', 'Fault desk', 'Level crossings', 'Possession plan']
                WHEN 'Municipal maps' THEN ARRAY['Cadastre import', 'Flood zones', 'Footpaths', 'Water mains', 'Building permits']
                WHEN 'Wind farm study' THEN ARRAY['Wake model', 'Cable routes', 'Seabed survey', 'Yield forecast', 'Bird radar']
                ELSE ARRAY['Tender reply', 'Course in secure coding', 'Internal tools', 'Conference talk', 'Team day'] END)[1 + n % 5]
           || ': '
           || (CASE role
                   WHEN 'Architect' THEN ARRAY['design review', 'interface description', 'load estimate', 'decision record']
                   WHEN 'Tester' THEN ARRAY['test cases', 'regression run', 'acceptance with users', 'defect triage']
                   WHEN 'Project manager' THEN ARRAY['steering meeting', 'plan and budget', 'risk review', 'weekly report']
                   WHEN 'Coordination' THEN ARRAY['calendar and rooms', 'minutes', 'supplier contact', 'onboarding']
                   ELSE ARRAY['implementation', 'code review', 'bug fixing', 'refactoring'] END)[1 + n / 5 % 4];

-- Working days of 2025 without some holidays, numbered.
CREATE TEMPORARY TABLE working_day AS
SELECT row_number() OVER (ORDER BY day)::int AS n, day::date
  FROM generate_series(DATE '2025-01-02', DATE '2025-12-31', interval '1 day') AS day
 WHERE extract(isodow FROM day) < 6
   AND day NOT IN ('2025-04-17', '2025-04-18', '2025-04-21', '2025-05-01', '2025-05-29', '2025-06-09', '2025-12-24', '2025-12-25',
                   '2025-12-26');

-- Two entries per person and day, 7.5 hours together; everybody rotates through the projects and has four weeks off.
INSERT INTO billing.entry (project_id, resource_id, role_id, billing_type, entry_date, quantity, cost_price, sales_price, tax,
                           currency, unit, description)
SELECT p.project_id, r.resource_id, role.role_id,
       CASE WHEN w.n % 53 = 7 AND r.resource_id IN (3, 6) THEN 'complimentary'::billing.billing_type END,
       w.day, h.hours, 520 + 40 * r.resource_id, s.price, round(h.hours * s.price * s.tax_rate, 2), s.currency, 'hour',
       pg_temp.doing(p.name, role.name, (w.n * 3 + r.resource_id * 7 + slot * 11)::int)
  FROM working_day w
 CROSS JOIN billing.resource r
 CROSS JOIN generate_series(1, 2) AS slot
  JOIN billing.project p ON p.project_id = 1 + (r.resource_id + w.n / 19 + slot * (1 + r.resource_id % 3)) % 7
 CROSS JOIN LATERAL (SELECT CASE slot WHEN 1 THEN 2.5 + (w.n * 3 + r.resource_id) % 11 * 0.25
                                      ELSE 5.0 - (w.n * 3 + r.resource_id) % 11 * 0.25 END) AS h (hours)
  JOIN billing.role role ON role.name = CASE WHEN r.resource_id IN (1, 8) AND (w.n + slot) % 9 = 0 THEN 'Coordination'
                                             ELSE (SELECT o.name FROM billing.role o WHERE o.role_id = r.role_id) END
 CROSS JOIN LATERAL (
       SELECT CASE WHEN p.name = 'Signalling support' THEN 'GBP' WHEN p.name <> 'Presales and training' THEN 'NOK' END,
              CASE WHEN p.name = 'Signalling support' THEN 0.20 ELSE 0.25 END,
              CASE WHEN p.name = 'Signalling support'
                   THEN CASE role.name WHEN 'Architect' THEN 118.50 WHEN 'Tester' THEN 84.25 WHEN 'Coordination' THEN 65.00 ELSE 97.75 END
                   ELSE CASE role.name WHEN 'Architect' THEN 1590.00 WHEN 'Tester' THEN 1190.00 WHEN 'Coordination' THEN 890.00
                                       WHEN 'Project manager' THEN 1450.00 ELSE 1345.00 END END) AS s (currency, tax_rate, price)
 WHERE (w.n + r.resource_id * 31) % 250 >= 20
 ORDER BY w.day, r.resource_id, slot;

-- Expenses at cost: travel, hotel, and meals nobody is charged for.
INSERT INTO billing.entry (project_id, resource_id, category_id, transaction_class, entry_date, quantity, cost_price, sales_price,
                           tax, currency, unit, description)
SELECT p.project_id, r.resource_id, c.category_id, 'expense', w.day, q.quantity, q.price * q.rate, q.price,
       round(q.quantity * q.price * CASE currency WHEN 'GBP' THEN 0.20 ELSE 0.25 END, 2), currency, q.unit, q.text
  FROM working_day w
  JOIN billing.resource r ON (w.n + r.resource_id * 5) % 16 = 0
  JOIN billing.project p ON p.project_id = 1 + (r.resource_id + w.n / 19) % 6
  JOIN billing.category c ON c.category_id = 1 + w.n % 3
 CROSS JOIN LATERAL (SELECT CASE p.name WHEN 'Signalling support' THEN 'GBP' ELSE 'NOK' END) AS s (currency)
 CROSS JOIN LATERAL (SELECT CASE c.name WHEN 'Hotel' THEN 2 ELSE 1 END,
                            CASE currency WHEN 'GBP' THEN 1 ELSE 11 END
                            * CASE c.name WHEN 'Travel' THEN 82.40 + w.n % 37 * 3.15 WHEN 'Hotel' THEN 121.80 ELSE 23.90 END,
                            CASE currency WHEN 'GBP' THEN 13.40 ELSE 1 END,
                            CASE c.name WHEN 'Hotel' THEN 'night' ELSE 'each' END,
                            CASE c.name WHEN 'Travel' THEN 'Train to the site' WHEN 'Hotel' THEN 'Two nights at the site'
                                        ELSE 'Dinner with the team' END) AS q (quantity, price, rate, unit, text);

-- Depth sensors for the harbour and the wind farm, and a monthly hosting fee for the ferry timetable.
INSERT INTO billing.entry (project_id, product_id, transaction_class, entry_date, quantity, cost_price, sales_price, tax, currency,
                           unit, description)
SELECT p.project_id, d.product_id, 'material', w.day, 1 + w.n % 3, 2150.00, 2890.00, (1 + w.n % 3) * 722.50, 'NOK', 'piece',
       'Depth sensor, batch ' || w.n
  FROM working_day w
  JOIN billing.project p ON p.name = CASE w.n % 10 WHEN 4 THEN 'Harbour control' WHEN 9 THEN 'Wind farm study' END
  JOIN billing.product d ON d.name = 'Depth sensor';

INSERT INTO billing.entry (project_id, transaction_class, entry_date, quantity, sales_price, tax, currency, unit, description)
SELECT p.project_id, 'fee', (date_trunc('month', month) + interval '1 month - 1 day')::date, 1, 4900.00, 1225.00, 'NOK', 'month',
       'Hosting, ' || to_char(month, 'FMMonth YYYY')
  FROM billing.project p, generate_series(DATE '2025-01-01', DATE '2025-12-01', interval '1 month') AS month
 WHERE p.name = 'Ferry timetable';

DROP TABLE working_day;
ANALYZE;
