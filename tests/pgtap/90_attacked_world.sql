-- The world that the files 91 to 96 attack, and the tools they do it with. Those files include this one after
-- \set world_only 1; by itself it proves that the world is sound and holds every state that will be attacked.

\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE SCHEMA attack;

-- --- the world
-- Contract 10, customers 1 (60 %) and 2 (40 %): line 11 time and material with a limit, line 12 fixed price, product
-- lines 13 to 16. Contract 20, customer 3: line 21 time and material with a limit that one entry breaks.
-- Entry 1 is billed, 2 is billed with an edit, 3 is on a draft, 4 is ready, 5 is open; milestones 1 to 4 and product
-- lines 13 to 16 are billed, on the draft, ready and open.
INSERT INTO billing.company (company_id, name, currency) VALUES (1, 'Nordlys AS', 'NOK');
INSERT INTO billing.customer (customer_id, name) VALUES (1, 'Alfa'), (2, 'Beta'), (3, 'Gamma'), (4, 'Delta');
INSERT INTO billing.project (project_id, company_id, name)
VALUES (1, 1, 'Work'), (2, 1, 'House'), (3, 1, 'Other work'), (4, 1, 'Unpaid work'), (5, 1, 'Nothing yet');
INSERT INTO billing.task (task_id, project_id, name) VALUES (1, 1, 'Plan'), (2, 1, 'Build');
INSERT INTO billing.role (role_id, name) VALUES (1, 'Consultant');
INSERT INTO billing.resource (resource_id, name, role_id) VALUES (1, 'Kari', 1);
INSERT INTO billing.category (category_id, name) VALUES (1, 'Travel');
INSERT INTO billing.product (product_id, name) VALUES (1, 'Licence');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
VALUES (10, 1, 1, 'Main', 'NOK'), (20, 1, 3, 'Second', 'NOK');
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent) VALUES (10, 2, 40);
UPDATE billing.contract_customer SET billing_split_percent = 60 WHERE contract_id = 10 AND customer_id = 1;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, nte_limit)
VALUES (10, 11, 'Hours', 'time_and_material', 1, 1000000), (20, 21, 'Other hours', 'time_and_material', 3, 5000);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, contracted_amount)
VALUES (10, 12, 'House', 'fixed_price', 2, 4000);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, product_id, quantity,
    unit_price)
SELECT 10, id, 'Licences ' || id, 'product', 1, 2, 100 FROM generate_series(13, 16) AS id;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
SELECT 10, id, 12, 'Part ' || id, '2026-01-31', 1000 FROM generate_series(1, 4) AS id;

INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
SELECT id, 1, 1, '2026-01-10', id, 500, 1000 FROM generate_series(1, 7) AS id;
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price)
VALUES (8, 3, 1, '2026-01-10', 1, 500, 1000), (9, 3, 1, '2026-01-10', 100, 500, 1000), (10, 4, 1, '2026-01-10', 1,
    500, 0);

-- Attacks that let the tables number their rows shall not run into the ids above.
SELECT format('ALTER TABLE billing.%I ALTER COLUMN %I RESTART WITH 1000', table_name, column_name)
  FROM information_schema.columns
 WHERE table_schema = 'billing' AND is_identity = 'YES'
   AND table_name IN ('company', 'contract', 'contract_line', 'milestone', 'entry', 'customer', 'project')
\gexec

CREATE FUNCTION attack.sales(VARIADIC entries bigint[]) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(actual_id ORDER BY actual_id) FROM billing.actual
     WHERE entry_id = ANY (entries) AND transaction_type = 'unbilled_sales' AND source_id IS NULL
         AND reverses_id IS NULL
$$;
CREATE FUNCTION attack.shares(milestone bigint) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(milestone_split_id ORDER BY milestone_split_id) FROM billing.milestone_split
        WHERE milestone_id = milestone
$$;

-- Not even an answer is printed: what is not a test must not look like one.
\o /dev/null
SELECT billing.submit('{1,2,3,4,5,7,8,9,10}');
SELECT billing.approve('{1,2,3,4,5,8,9,10}');
SELECT billing.mark_ready_to_invoice(actuals => attack.sales(1, 2), milestones => attack.shares(1), products => '{13}');
SELECT billing.create_invoices(contracts => '{10}', invoice_date => '2026-02-01');
SELECT billing.edit_invoice_details(actuals => ARRAY[(attack.sales(2))[1]], quantity => 1);
SELECT billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice));
SELECT billing.mark_ready_to_invoice(actuals => attack.sales(3), milestones => attack.shares(2), products => '{14}');
SELECT billing.create_invoices(contracts => '{10}', invoice_date => '2026-03-01');
SELECT billing.add_invoice_detail(invoice_id, 11, 'fee', 1, 250) FROM billing.invoice
 WHERE customer_id = 1 AND project_invoice_status = 'draft';
SELECT billing.mark_ready_to_invoice(actuals => attack.sales(4), milestones => attack.shares(3), products => '{15}');
\o

-- --- its owner
-- An ordinary role owns the tables, hence is whom the engine acts as, and may do whatever an owner may.
SELECT 'owner_' || current_database() AS owner \gset
CREATE ROLE :"owner";
GRANT USAGE, CREATE ON SCHEMA billing, attack, public TO :"owner";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA billing TO :"owner";
GRANT pg_execute_server_program TO :"owner";
SELECT format('ALTER %s billing.%I OWNER TO %I', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relname, :'owner')
  FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind IN ('r', 'v')
\gexec
SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, :'owner') FROM pg_proc p
 WHERE pronamespace = 'billing'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
\gexec

-- --- the tools
-- Names for ids: "{posted}" in a command stands for the id of the item "posted".
CREATE TABLE attack.item (name text PRIMARY KEY, id bigint NOT NULL);
INSERT INTO attack.item
SELECT v.name, v.id FROM (VALUES
    ('posted', (attack.sales(1))[1]),
    ('canceled', (attack.sales(2))[1]),
    ('created', (attack.sales(3))[1]),
    ('created2', (attack.sales(3))[2]),
    ('ready', (attack.sales(4))[1]),
    ('ready2', (attack.sales(4))[2]),
    ('open', (attack.sales(5))[1]),
    ('open2', (attack.sales(5))[2]),
    ('other', (attack.sales(8))[1]),
    ('failed', (attack.sales(9))[1]),
    ('share_posted', (attack.shares(1))[1]),
    ('share_created', (attack.shares(2))[1]),
    ('share_ready', (attack.shares(3))[1]),
    ('share_open', (attack.shares(4))[1])) AS v (name, id)
UNION ALL
SELECT 'billed', actual_id
    FROM billing.actual WHERE transaction_type = 'billed_sales' AND entry_id = 1 AND customer_id = 1
UNION ALL
SELECT 'reversal', actual_id
    FROM billing.actual WHERE adjustment_status = 'unadjustable' AND entry_id = 1 AND customer_id = 1
UNION ALL
SELECT 'cost', actual_id FROM billing.actual WHERE transaction_type = 'cost' AND entry_id = 1 AND customer_id = 1
UNION ALL
SELECT CASE project_invoice_status WHEN 'draft' THEN 'draft' ELSE 'confirmed' END, invoice_id
  FROM billing.invoice WHERE customer_id = 1
UNION ALL
SELECT CASE project_invoice_status WHEN 'draft' THEN 'draft_line' ELSE 'confirmed_line' END, invoice_line_id
  FROM billing.invoice v JOIN billing.invoice_line l USING (invoice_id, contract_id)
 WHERE v.customer_id = 1 AND l.contract_line_id = 11
UNION ALL
SELECT CASE detail_kind WHEN 'manual' THEN 'manual_detail' ELSE 'edited_detail' END, detail_id
    FROM billing.invoice_detail
UNION ALL
SELECT 'operation', min(operation_id) FROM billing.operation;
GRANT SELECT ON attack.item TO :"owner";

CREATE FUNCTION attack.filled(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT * FROM attack.item LOOP
        command := replace(command, '{' || item.name || '}', item.id::text);
    END LOOP;
    RETURN command;
END $$;

CREATE FUNCTION attack.owner() RETURNS text LANGUAGE sql AS $$ SELECT 'owner_' || current_database() $$;

-- Runs a command (or several) as a role, tells how it went and undoes it. SQLSTATE 00000: it went through.
CREATE FUNCTION attack.try(role text, command text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE attack.filled(command);
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE EXCEPTION 'it went through' USING ERRCODE = 'XX999';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                            hint = PG_EXCEPTION_HINT;
    state := replace(state, 'XX999', '00000');
END $$;

-- One test per role: the command ends with one of the SQLSTATEs (separated by |).
CREATE FUNCTION attack.ends(name text, command text, states text,
    roles text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    role text;
    report record;
BEGIN
    FOREACH role IN ARRAY roles LOOP
        report := attack.try(CASE role WHEN 'superuser' THEN session_user ELSE attack.owner() END, command);
        RETURN NEXT ok(report.state = ANY (string_to_array(states, '|')), name || ', as ' || role);
        IF report.state <> ALL (string_to_array(states, '|')) THEN
            RETURN NEXT diag(format('wanted %s, got %s: %s', states, report.state, report.message));
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION attack.refused(number int, label text, command text, states text DEFAULT 'ZB001',
                               roles text[] DEFAULT '{owner,superuser}')
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT attack.ends('attack ' || number || ': ' || label, command, states, roles)
$$;

CREATE FUNCTION attack.allowed(label text, command text, roles text[] DEFAULT '{owner,superuser}')
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT attack.ends('allowed: ' || label, command, '00000', roles)
$$;

-- What a refusal says: message, detail and hint match.
CREATE FUNCTION attack.says(number int, label text, command text, message text, detail text, hint text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report record;
BEGIN
    report := attack.try(attack.owner(), command);
    RETURN NEXT matches(report.message, message, format('attack %s: %s: the message names row and column', number,
        label));
    RETURN NEXT matches(report.detail, detail, format('attack %s: %s: the detail tells from what to what', number,
        label));
    RETURN NEXT matches(report.hint, hint, format('attack %s: %s: the hint names the verb', number, label));
END $$;

-- A value of the column's type that differs from the present one.
CREATE FUNCTION attack.other_value(column_name name, type regtype) RETURNS text LANGUAGE sql AS $$
    SELECT CASE
        WHEN type IN ('int8', 'int4', 'int2') THEN format('coalesce(%I, 0) + 1000', column_name)
        WHEN type = 'numeric'::regtype THEN format('coalesce(%I, 0) + 1', column_name)
        WHEN type = 'text'::regtype THEN format('coalesce(%I, '''') || ''x''', column_name)
        WHEN type = 'bool'::regtype THEN format('NOT coalesce(%I, false)', column_name)
        WHEN type = 'date'::regtype THEN format('coalesce(%I, ''2026-01-01'') + 1', column_name)
        WHEN type = 'timestamptz'::regtype THEN format('coalesce(%I, now()) + interval ''1 day''', column_name)
        WHEN type = 'jsonb'::regtype THEN '''{"attack": 1}'''
        WHEN type = 'int8range'::regtype THEN 'int8range(7, 8)'
        WHEN type = 'int8[]'::regtype THEN '''{7,8,9}'''
        ELSE format('(SELECT e FROM unnest(enum_range(NULL::%s)) e WHERE e IS DISTINCT FROM %I LIMIT 1)', type,
            column_name)
    END
$$;

-- Commands that put all other triggers and most constraints of a table out of the way.
CREATE FUNCTION attack.laid_bare(relation regclass) RETURNS text LANGUAGE sql AS $$
    SELECT 'SET LOCAL session_replication_role = replica;' || coalesce(string_agg(command, ''), '')
      FROM (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE;', relation, conname) AS command
              FROM pg_constraint WHERE conrelid = relation AND contype <> 'f'
            UNION ALL
            SELECT format('DROP INDEX %s;', indexrelid::regclass) FROM pg_index
             WHERE indrelid = relation AND indisunique AND NOT EXISTS (SELECT FROM pg_constraint
                 WHERE conindid = indexrelid)) c
$$;

-- An UPDATE per column of a table.
CREATE FUNCTION attack.updates(relation regclass, condition text) RETURNS TABLE (column_name text,
    command text) LANGUAGE sql AS $$
    SELECT attname, format('UPDATE %s SET %I = %s WHERE %s', relation, attname, attack.other_value(attname,
        atttypid), condition)
      FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
          ORDER BY attname
$$;

-- Changes each column of a row in turn, when only the guard can refuse. Returns the columns by SQLSTATE; those with
-- ZB001 are left out.
CREATE FUNCTION attack.sweep(relation regclass, condition text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s', state, columns), '; ' ORDER BY state)
      FROM (SELECT t.state, string_agg(u.column_name, ',' ORDER BY u.column_name) AS columns
              FROM attack.updates(relation, condition) u,
                   LATERAL attack.try(session_user, attack.laid_bare(relation) || u.command) t
             WHERE t.state <> 'ZB001' GROUP BY t.state) s
$$;

-- What verify() finds after a role has done some damage, which is then undone.
CREATE FUNCTION attack.found(role text, damage text, OUT checks text[], OUT findings text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE attack.filled(damage);
    EXECUTE format('SET LOCAL ROLE %I', session_user);
    SELECT array_agg(DISTINCT v."check" ORDER BY v."check"), string_agg(concat_ws(': ', v."check", v.item, v.detail),
        E'\n')
      INTO checks, findings FROM billing.verify() v;
    RAISE EXCEPTION 'enough' USING ERRCODE = 'XX999';
EXCEPTION WHEN SQLSTATE 'XX999' THEN
    checks := coalesce(checks, '{}');
    findings := coalesce(findings, 'nothing');
END $$;

-- Switches the guards of a table off, or on again as they were.
CREATE FUNCTION attack.guards(relation regclass, command text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('ALTER TABLE %s %s TRIGGER %I;', relation, command, tgname), '')
      FROM pg_trigger WHERE tgrelid = relation AND tgname LIKE 'billing\_guard%'
$$;

-- One test: the owner, his guards switched off for a moment, does some damage to a table; verify() reports the check,
-- in words that match.
CREATE FUNCTION attack.reported(number int, label text, relation text, damage text, check_name text,
    finding text DEFAULT '')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report record;
    guarded regclass := 'billing.' || relation;
    wanted text := attack.filled(finding);
BEGIN
    report := attack.found(attack.owner(), attack.guards(guarded,
        'DISABLE') || damage || ';' || attack.guards(guarded, 'ENABLE ALWAYS'));
    RETURN NEXT ok(check_name = ANY (report.checks) AND report.findings ~ wanted,
                   format('attack %s: %s: verify() reports "%s"', number, label, check_name));
    IF NOT (check_name = ANY (report.checks) AND report.findings ~ wanted) THEN
        RETURN NEXT diag(format(E'wanted "%s" with /%s/, got:\n%s', check_name, wanted, report.findings));
    END IF;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA attack TO :"owner";

\if :{?world_only}
    \quit
\endif

-- --- is it sound
SELECT plan(7);
SELECT is_empty('SELECT * FROM billing.verify()', 'the world to attack is sound');
SELECT results_eq($$
    SELECT i.name, a.billing_status::text FROM attack.item i JOIN billing.actual a ON a.actual_id = i.id
     WHERE i.name IN ('posted', 'canceled', 'created', 'ready', 'open', 'failed') ORDER BY i.name $$, $$
    VALUES ('canceled', 'canceled'), ('created', 'customer_invoice_created'), ('failed', 'not_ready_to_invoice'),
           ('open', 'not_ready_to_invoice'), ('posted', 'customer_invoice_posted'), ('ready', 'ready_to_invoice') $$,
    'an actual in every billing status');
SELECT results_eq($$
    SELECT i.name, s.milestone_status::text FROM attack.item i
        JOIN billing.milestone_split s ON s.milestone_split_id = i.id
     WHERE i.name LIKE 'share%' ORDER BY i.name $$, $$
    VALUES ('share_created', 'customer_invoice_created'), ('share_open', 'not_ready_to_invoice'),
           ('share_posted', 'customer_invoice_posted'), ('share_ready', 'ready_to_invoice') $$,
    'a milestone share in every status');
SELECT results_eq('SELECT contract_line_id, product_status::text FROM billing.contract_line
    WHERE billing_method = ''product'' ORDER BY 1', $$
    VALUES (13::bigint, 'customer_invoice_posted'), (14, 'customer_invoice_created'), (15, 'ready_to_invoice'),
           (16, 'not_ready_to_invoice') $$, 'a product line in every status');
SELECT results_eq('SELECT entry_id, entry_status::text FROM billing.entry WHERE entry_id > 4 AND entry_id < 8
    ORDER BY 1', $$
    VALUES (5::bigint, 'approved'), (6, 'draft'), (7, 'submitted') $$, 'an entry in draft, submitted and approved');
SELECT is((SELECT nte_status::text || ' ' || nte_failed_level
    FROM billing.actual JOIN attack.item ON id = actual_id WHERE name = 'failed'),
    'failed contract_line', 'an actual beyond its limit');
SELECT is((SELECT count(*) FROM attack.item WHERE name IN ('draft', 'confirmed', 'draft_line', 'confirmed_line',
    'manual_detail', 'edited_detail')),
    6::bigint, 'a draft and a confirmed invoice with their lines, an edited and a manual detail');
SELECT * FROM finish();
