-- Attacks 121 to 130: roles. Who may call what, and what a role needs and does not need.
\set world_only 1
\ir 90_attacked_world.sql

SELECT no_plan();

SELECT 'clerk_' || current_database() AS clerk, 'reader_' || current_database() AS reader, 'nobody_'
    || current_database() AS nobody \gset
CREATE ROLE :"clerk";
CREATE ROLE :"reader";
CREATE ROLE :"nobody";
GRANT USAGE ON SCHEMA billing, attack TO :"clerk", :"reader", :"nobody";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA attack TO :"clerk", :"reader", :"nobody";
GRANT SELECT ON attack.item TO :"clerk", :"reader", :"nobody";

CREATE FUNCTION attack.as_role(kind text, number int, label text, command text,
    states text DEFAULT '42501') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report record;
BEGIN
    report := attack.try(kind || '_' || current_database(), command);
    RETURN NEXT ok(report.state = ANY (string_to_array(states, '|')),
                   format('%s: %s, as %s', CASE number WHEN 0 THEN 'allowed' ELSE 'attack ' || number END, label,
                       kind));
    RETURN NEXT diag(format('wanted %s, got %s: %s', states, report.state, report.message))
        WHERE report.state <> ALL (string_to_array(states, '|'));
END $$;

-- --- nobody in particular
-- Vocabularies, labels and arithmetic are for everybody, and so is what the guards' WHEN clauses call.
SELECT set_eq($$
    SELECT p.proname::text FROM pg_proc p
     WHERE p.pronamespace = 'billing'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE') $$,
    '{status_catalog,status_transitions,status_label,status_from_label,currency_scale,money,allocate,guard_wakes,journal_line_rules,
        schema_script,is_frequency}'::text[],
    'attack 121: PUBLIC may call what neither reads nor writes tables, and nothing else');
SELECT attack.as_role('nobody', 121, label, command)
  FROM (VALUES ('approve()', 'SELECT billing.approve(''{7}'')'), ('submit()', 'SELECT billing.submit(''{6}'')'),
               ('mark_ready_to_invoice()', 'SELECT billing.mark_ready_to_invoice(actuals => ''{{open}}'')'),
               ('create_invoices()', 'SELECT billing.create_invoices()'), ('confirm_invoices()',
                   'SELECT billing.confirm_invoices(''{{draft}}'')'),
               ('preview_invoices()', 'SELECT billing.preview_invoices()'), ('delete_invoices()',
                   'SELECT billing.delete_invoices(''{{draft}}'')'),
               ('split_actual()', 'SELECT billing.split_actual(11, 1, 1)'), ('verify()', 'SELECT billing.verify()'),
               ('a step of an automatic run', 'SELECT billing.begin_invoice_run(current_date)'),
               ('an automatic run', 'CALL billing.run_invoicing()'),
               ('install()', 'SELECT billing.install()'), ('SELECT of actuals', 'SELECT 1 FROM billing.actual'),
               ('SELECT of the backlog', 'SELECT 1 FROM billing.time_and_material_backlog'),
               ('UPDATE of actuals', 'UPDATE billing.actual SET description = ''x'''),
               ('a guard function in a trigger of his own',
                   'CREATE TEMP TABLE t (a int); CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW
                   EXECUTE FUNCTION billing.guard_row(''actual'')'),
               ('a helper function in a trigger of his own',
                   'CREATE TEMP TABLE t (a int); CREATE TRIGGER t AFTER INSERT ON t FOR EACH STATEMENT
                   EXECUTE FUNCTION billing.milestone_saved()'))
       AS v (label, command);
SELECT attack.as_role('nobody', 0, 'vocabularies, labels, money and the exact split', $$
    SELECT * FROM billing.status_catalog(), billing.status_transitions();
    SELECT billing.status_label('draft'::billing.entry_status, 'nb'), billing.status_from_label('Draft',
        'billing.entry_status'),
           billing.currency_scale('JPY'), billing.money(1.005, 'NOK');
    SELECT * FROM billing.allocate(10, '{1,1,1}', 2) $$, '00000');

-- --- a clerk
-- EXECUTE on verbs, no right on any table: verbs work, tables stay closed.
SELECT format('GRANT EXECUTE ON ROUTINE %s TO %I', oid::regprocedure, :'clerk') FROM pg_proc
 WHERE pronamespace = 'billing'::regnamespace AND prorettype <> 'trigger'::regtype AND proname <> 'install'
\gexec
SELECT attack.as_role('clerk', 0, 'a whole run of billing with EXECUTE alone', $$
    SELECT billing.submit('{6}');
    SELECT billing.approve('{6,7}');
    SELECT billing.reset_nte('{{open}}'); SELECT billing.reevaluate_nte('{{open}}');
    SELECT billing.mark_ready_to_invoice(contracts => '{10}');
    SELECT billing.mark_not_ready_to_invoice(actuals => '{{open}}');
    SELECT billing.preview_invoices(); SELECT billing.create_invoices(contracts => '{10}');
    SELECT billing.add_to_invoice(actuals => '{{open}}'); SELECT billing.refresh_invoices('{{draft}}');
    SELECT billing.edit_invoice_details(details => '{{manual_detail}}', price => 7);
    SELECT billing.add_invoice_detail({draft}, 11, 'fee', 1, 1);
    SELECT billing.remove_invoice_details(details => '{{manual_detail}}');
    SELECT billing.review_invoices('{{draft}}'); SELECT billing.return_to_draft('{{draft}}');
    SELECT billing.confirm_invoices('{{draft}}'); SELECT billing.mark_paid('{{draft}}');
    SELECT billing.split_actual(11, 1, 1); SELECT billing.distribute_evenly(10);
    SELECT billing.run_next_contract(run_id) FROM billing.begin_invoice_run(current_date);
    SELECT billing.verify() $$, '00000');
SELECT attack.as_role('clerk', 122, label, command)
  FROM (VALUES ('SELECT', 'SELECT 1 FROM billing.actual'), ('UPDATE', 'UPDATE billing.actual SET description = ''x'''),
               ('INSERT', 'INSERT INTO billing.entry (project_id, entry_date, quantity) VALUES (1, ''2026-01-01'', 1)'),
               ('DELETE', 'DELETE FROM billing.operation'), ('TRUNCATE', 'TRUNCATE billing.actual'),
               ('install()', 'SELECT billing.install()'),
               ('CREATE TRIGGER', 'CREATE TRIGGER t AFTER UPDATE ON billing.actual FOR EACH ROW
                   EXECUTE FUNCTION attack.keep()'),
               ('SELECT after a verb', 'SELECT billing.submit(''{6}''); SELECT 1 FROM billing.entry')) AS v (label,
                   command);
CREATE FUNCTION attack.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT is((attack.try(:'clerk',
    'SELECT billing.submit(''{6}'');
    DO $$ BEGIN ASSERT current_user = ''clerk_'' || current_database(), current_user; END $$')).state,
    '00000', 'attack 123: after a verb the caller is himself again');
SELECT is((attack.try(:'clerk', $$
    DO $do$
    BEGIN
        PERFORM billing.mark_ready_to_invoice(actuals => '{{posted}}', strict => true);
        ASSERT false, 'was not refused';
    EXCEPTION WHEN SQLSTATE 'ZB021' THEN
        ASSERT current_user = 'clerk_' || current_database(), current_user;
        ASSERT current_setting('search_path') !~ 'pg_temp', current_setting('search_path');
        ASSERT current_setting('enable_seqscan') = 'on', 'planner settings stay';
        PERFORM 1 FROM billing.actual;
    END $do$ $$)).state, '42501', 'attack 123: after a failed verb the caller is himself again, settings and all');

-- What the log says of whom: the role that called, not the one the engine runs as.
SELECT format('SET ROLE %I', :'clerk') \gexec
\o /dev/null
SELECT billing.review_invoices(ARRAY(SELECT id FROM attack.item WHERE name = 'draft'));
\o
RESET ROLE;
SELECT results_eq('SELECT verb, role_name, session_role FROM billing.operation ORDER BY operation_id DESC LIMIT 1',
    format('VALUES (''review_invoices'', %L, %L)', :'clerk', session_user),
        'attack 124: the log names the caller and his session');
SELECT is((attack.try(:'clerk', 'SET LOCAL application_name = ''payroll''; SELECT billing.submit(''{6}'')')).state,
    '00000', 'the log takes the application''s name');

-- A clerk who may also write entries and set-up data, but owns nothing.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA billing TO :"clerk";
SELECT attack.as_role('clerk', 125, 'direct status change with UPDATE granted',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'' WHERE actual_id = {open}', 'ZB001');
SELECT attack.as_role('clerk', 125, 'DELETE with DELETE granted', 'DELETE FROM billing.invoice_detail', 'ZB001');
SELECT attack.as_role('clerk', 125, 'INSERT with INSERT granted',
    'INSERT INTO billing.operation (verb, role_name, session_role) VALUES (''x'', ''x'', ''x'')', 'ZB001');
SELECT attack.as_role('clerk', 125, 'switching a guard off',
    'ALTER TABLE billing.actual DISABLE TRIGGER billing_guard_update');
SELECT attack.as_role('clerk', 125, 'replica role', 'SET LOCAL session_replication_role = replica');
SELECT attack.as_role('clerk', 0, 'work and set-up data with ordinary rights, helpers included', $$
    INSERT INTO billing.company (name, currency) VALUES ('Clerk''s', 'NOK');
    INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (77, 1, 2, 'c', 'NOK');
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
        VALUES (77, 78, 'l', 'fixed_price', 5);
    INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (77, 78, 'm', '2026-01-01', 100);
    UPDATE billing.milestone SET amount = 200 WHERE contract_id = 77;
    DELETE FROM billing.milestone WHERE contract_id = 77;
    INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (77, 78, 3);
    UPDATE billing.contract SET customer_id = 1 WHERE contract_id = 77;
    INSERT INTO billing.entry (project_id, entry_date, quantity) VALUES (1, '2026-01-01', 1) $$, '00000');

-- --- a reader
-- SELECT on views is enough for reporting; the tables below them stay closed.
SELECT format('GRANT SELECT ON billing.%I TO %I', relname, :'reader') FROM pg_class
 WHERE relnamespace = 'billing'::regnamespace AND relkind = 'v'
\gexec
SELECT attack.as_role('reader', 0, 'SELECT from ' || relname,
    format('SELECT count(*) FROM (SELECT * FROM billing.%I) v', relname), '00000')
  FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind = 'v' ORDER BY relname;
SELECT attack.as_role('reader', 126, 'the tables below the views', 'SELECT 1 FROM billing.actual');
SELECT attack.as_role('reader', 126, 'verbs', 'SELECT billing.create_invoices()');

-- --- an owner from the start
-- A role that is no superuser installs everything itself.
SELECT 'founder_' || current_database() AS founder \gset
CREATE ROLE :"founder";
GRANT USAGE, CREATE ON SCHEMA billing TO :"founder";
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA billing TO :"founder";
GRANT USAGE ON SCHEMA attack TO :"founder";
GRANT SELECT ON attack.item TO :"founder";
CREATE FUNCTION attack.founded(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    dropped text;
    report record;
BEGIN
    SELECT string_agg(format('DROP %s IF EXISTS billing.%I CASCADE',
        CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relname), ';' ORDER BY relkind DESC)
      INTO dropped FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind IN ('r', 'v');
    SELECT dropped || coalesce(string_agg(';DROP ROUTINE ' || p.oid::regprocedure, ''), '') INTO dropped FROM pg_proc p
     WHERE pronamespace = 'billing'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
    report := attack.try(session_user, dropped || format('; SET LOCAL ROLE %I; ',
        'founder_' || current_database()) || command);
    RETURN report.state || coalesce(' ' || nullif(report.message, 'it went through'), '');
END $$;
SELECT is(attack.founded($$
    SELECT billing.install();
    INSERT INTO billing.company (name, currency) VALUES ('Founder''s', 'NOK');
    INSERT INTO billing.customer (name) VALUES ('c');
    INSERT INTO billing.project (company_id, name) VALUES (1, 'p');
    INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (9, 1, 1, 'c', 'NOK');
    INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
        VALUES (9, 'l', 'time_and_material', 1);
    INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, sales_price)
        VALUES (1, 1, '2026-01-01', 1, 100);
    SELECT billing.submit('{1}'); SELECT billing.approve('{1}');
    SELECT billing.mark_ready_to_invoice(contracts => '{9}'); SELECT billing.create_invoices();
    SELECT billing.confirm_invoices('{1}');
    SELECT 1 / (SELECT count(*) FROM billing.invoice WHERE invoice_number = 'INV-000001');
    SELECT 1 / (1 - sign((SELECT count(*) FROM billing.verify()))) $$), '00000',
        'allowed: install() and a whole run of billing as an ordinary owner');
SELECT alike(attack.founded('SELECT billing.install(); UPDATE billing.actual
    SET description = NULL; INSERT INTO billing.actual DEFAULT VALUES'),
    'ZB001%', 'attack 127: his tables are guarded as any others');

-- --- definitions
-- (A procedure that commits cannot pin anything; lint sees to it that it needs no search_path.)
SELECT is_empty($$
    SELECT oid::regprocedure FROM pg_proc
     WHERE pronamespace = 'billing'::regnamespace AND provolatile = 'v' AND prorettype <> 'trigger'::regtype
         AND proname <> 'guard_wakes' AND prokind <> 'p'
       AND NOT coalesce(proconfig::text ~ 'search_path=pg_catalog, pg_temp', false) $$,
    'attack 128: every verb pins its search_path; the procedure cannot, and has nothing to look up');
SELECT is_empty($$
    SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND prosecdef
        AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') $$,
    'attack 129: no SECURITY DEFINER function whose body could be hijacked');
SELECT is_empty($$
    SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND provolatile = 'v'
        AND proparallel <> 'u' $$,
    'attack 130: nothing that writes runs in parallel workers');
SELECT * FROM finish();
