-- Attacks 56 to 84: a customer's code that runs inside the engine's own statements, under the engine's identity:
-- triggers, defaults, constraints, index expressions, policies, rules, cursors, foreign keys.
\set world_only 1
\ir 90_attacked_world.sql

SELECT plan(284);

-- Trigger functions. keep: does nothing, but could. swallow: makes the row vanish. run: runs its argument.
CREATE FUNCTION attack.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END';
CREATE FUNCTION attack.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION attack.rewrite() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.amount := NEW.amount + 1; RETURN NEW; END';
CREATE FUNCTION attack.run() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN EXECUTE attack.filled(TG_ARGV[0]); RETURN NULL; END';
-- The same, forgiving: what the command did is undone if it fails.
CREATE FUNCTION attack.run_and_forgive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE attack.filled(TG_ARGV[0]);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
-- Runs a command once, when armed. For expressions.
CREATE FUNCTION attack.fire(command text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('attack.armed', true) = 'on' THEN
        PERFORM set_config('attack.armed', 'off', true);
        EXECUTE attack.filled(command);
    END IF;
    RETURN 1;
END $$;
CREATE FUNCTION attack.fire_immutably(command text, whatever anyelement) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN attack.fire(command);
END $$;
-- Raises unless verify() finds nothing.
CREATE FUNCTION attack.sound() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    findings text;
BEGIN
    SELECT string_agg(v::text, E'\n') INTO findings FROM billing.verify() v;
    IF findings IS NOT NULL THEN
        RAISE EXCEPTION 'verify() found %', findings;
    END IF;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA attack TO :"owner";
CREATE TABLE attack.audit (what text);
GRANT ALL ON attack.audit TO :"owner";

-- What makes the engine write each table: with these, a trap on the table is sprung.
CREATE TABLE attack.verb (relation text, event text, command text);
INSERT INTO attack.verb VALUES
    ('actual', 'INSERT', 'SELECT billing.approve(''{7}'')'),
    ('actual', 'UPDATE', 'SELECT billing.mark_ready_to_invoice(actuals => ''{{open}}'')'),
    ('entry', 'UPDATE', 'SELECT billing.submit(''{6}'')'),
    ('operation', 'INSERT', 'SELECT billing.submit(''{6}'')'),
    ('operation_change', 'INSERT', 'SELECT billing.submit(''{6}'')'),
    ('invoice', 'INSERT', 'SELECT billing.create_invoices(contracts => ''{10}'')'),
    ('invoice', 'UPDATE', 'SELECT billing.review_invoices(''{{draft}}'')'),
    ('invoice', 'DELETE', 'SELECT billing.delete_invoices(''{{draft}}'')'),
    ('invoice_line', 'INSERT', 'SELECT billing.create_invoices(contracts => ''{10}'')'),
    ('invoice_line', 'UPDATE', 'SELECT billing.edit_invoice_details(details => ''{{manual_detail}}'', price => 7)'),
    ('invoice_line', 'DELETE', 'SELECT billing.delete_invoices(''{{draft}}'')'),
    ('invoice_detail', 'INSERT', 'SELECT billing.add_invoice_detail({draft}, 11, ''fee'', 1, 1)'),
    ('invoice_detail', 'UPDATE', 'SELECT billing.edit_invoice_details(details => ''{{manual_detail}}'', price => 7)'),
    ('invoice_detail', 'DELETE', 'SELECT billing.remove_invoice_details(details => ''{{manual_detail}}'')'),
    ('invoice_series', 'UPDATE', 'SELECT billing.confirm_invoices(''{{draft}}'')'),
    ('milestone_split', 'INSERT',
        'INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (10, 12, ''m'', ''2026-01-01'', 1)'),
    ('milestone_split', 'UPDATE', 'SELECT billing.mark_ready_to_invoice(milestones => ''{{share_open}}'')'),
    ('milestone_split', 'DELETE', 'DELETE FROM billing.milestone WHERE milestone_id = 4'),
    ('contract', 'INSERT', 'INSERT INTO billing.company (name, currency) VALUES (''Another'', ''NOK'')'),
    ('contract_customer', 'INSERT', 'UPDATE billing.contract SET customer_id = 4 WHERE contract_id = 10'),
    ('contract_customer', 'UPDATE', 'UPDATE billing.contract SET customer_id = 2 WHERE contract_id = 10'),
    ('contract_line', 'UPDATE', 'SELECT billing.mark_ready_to_invoice(products => ''{16}'')'),
    ('contract_line_customer', 'INSERT',
        'INSERT INTO billing.contract_line (contract_id, name, billing_method)
        VALUES (10, ''x'', ''time_and_material'')'),
    ('contract_line_customer', 'UPDATE', 'SELECT billing.approve(''{7}'')'),
    ('contract_line_scope', 'INSERT',
        'INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
        VALUES (10, ''x'', ''time_and_material'', 5)'),
    ('contract_line_scope', 'DELETE',
        'UPDATE billing.contract_line SET include_fee = false WHERE contract_line_id = 11');
CREATE FUNCTION attack.sprung(trap_relation text, trap_event text DEFAULT 'UPDATE') RETURNS text LANGUAGE sql AS $$
    SELECT '; ' || command FROM attack.verb WHERE relation = trap_relation AND event = trap_event
$$;
GRANT SELECT ON attack.verb TO :"owner";
SELECT attack.allowed(format('%s writes %s (%s)', command, relation, event), command, '{owner}') FROM attack.verb;

-- --- BEFORE triggers
SELECT attack.refused(56, 'BEFORE trigger that rewrites the amount while a description is edited', $$
    CREATE TRIGGER a_trap BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.rewrite();
    UPDATE billing.actual SET description = 'harmless' WHERE actual_id = {open} $$, 'ZB001|ZB003');
SELECT attack.refused(56, 'the same, sorted behind the guard', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.rewrite();
    UPDATE billing.actual SET description = 'harmless' WHERE actual_id = {open} $$, 'ZB001|ZB003');
SELECT attack.refused(57, format('BEFORE %s ROW trigger on %s inside a verb', event, relation),
    format('CREATE TRIGGER zzz_trap BEFORE %s ON billing.%s FOR EACH ROW EXECUTE FUNCTION attack.%s()', event, relation,
           CASE event WHEN 'DELETE' THEN 'swallow' ELSE 'keep' END) || attack.sprung(relation, event), 'ZB003',
               '{owner}')
  FROM attack.verb;
SELECT attack.refused(57, 'BEFORE trigger that is ENABLE REPLICA or ALWAYS', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.rewrite();
    ALTER TABLE billing.actual ENABLE ALWAYS TRIGGER zzz_trap $$ || attack.sprung('actual'), 'ZB003');
SELECT attack.says(57, 'a BEFORE trigger', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.keep() $$
        || attack.sprung('actual'),
    'billing.actual: it has the BEFORE ROW trigger "zzz_trap"', 'change or divert', 'AFTER trigger');
SELECT attack.allowed('a BEFORE ROW trigger that is disabled', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.rewrite();
    ALTER TABLE billing.actual DISABLE TRIGGER zzz_trap $$ || attack.sprung('actual'));
SELECT attack.allowed('a BEFORE STATEMENT trigger', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH STATEMENT
        EXECUTE FUNCTION attack.run('INSERT INTO attack.audit VALUES (''started'')') $$ || attack.sprung('actual'));
SELECT attack.refused(57, 'BEFORE STATEMENT trigger that writes what is ours', $$
    CREATE TRIGGER zzz_trap BEFORE UPDATE ON billing.actual FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run('UPDATE billing.actual SET amount = 0 WHERE actual_id = {other}') $$
            || attack.sprung('actual'));

-- --- AFTER triggers
SELECT attack.refused(58, format('AFTER trigger on %s (%s) that updates an actual', relation, event),
    format('CREATE TRIGGER zzz_trap AFTER %s ON billing.%s FOR EACH ROW EXECUTE FUNCTION attack.run(%L)', event,
        relation,
           'UPDATE billing.actual SET amount = amount + 1 WHERE actual_id = {other}') || attack.sprung(relation, event),
    roles => '{owner}')
  FROM attack.verb;
SELECT attack.refused(59, 'AFTER trigger on actual: ' || command,
    format('CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.run(%L)',
        command)
    || attack.sprung('actual'), states)
  FROM (VALUES
    ('UPDATE billing.actual SET billing_status = ''not_ready_to_invoice'' WHERE actual_id = {open}', 'ZB001'),
    ('UPDATE billing.actual SET amount = 1 WHERE actual_id = {open}', 'ZB001'),
    ('UPDATE billing.actual SET billing_status = ''ready_to_invoice'' WHERE actual_id = {open2}', 'ZB001'),
    ('DELETE FROM billing.actual WHERE actual_id = {other}', 'ZB001'),
    ('INSERT INTO billing.actual SELECT * FROM billing.actual WHERE false', 'ZB001'),
    ('UPDATE billing.invoice SET detail_amount = 1, total_amount = 1 + total_tax WHERE invoice_id = {draft}', 'ZB001'),
    ('UPDATE billing.contract_line_customer SET committed_amount = 0', 'ZB001'),
    ('DELETE FROM billing.operation_change', 'ZB001'),
    ('TRUNCATE billing.invoice_detail', 'ZB001|55006'),
    ('ALTER TABLE billing.actual DISABLE TRIGGER billing_guard_update', '55006'),
    ('SET LOCAL session_replication_role = replica; UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}',
        'ZB001|42501')
  ) AS v (command, states);
SELECT attack.refused(60, 'AFTER STATEMENT trigger with transition tables that updates all rows of the statement', $$
    CREATE FUNCTION attack.correct() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN UPDATE billing.actual SET price = 0 WHERE actual_id IN (SELECT n.actual_id FROM theirs n); RETURN NULL;
        END $f$;
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual REFERENCING NEW TABLE AS theirs FOR EACH STATEMENT
        EXECUTE FUNCTION attack.correct() $$ || attack.sprung('actual'));
SELECT attack.refused(60, 'WHEN clause of a trigger', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW
        WHEN (attack.fire('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}') = 0)
            EXECUTE FUNCTION attack.keep();
    SET LOCAL attack.armed = on $$ || attack.sprung('actual'));
CREATE FUNCTION attack.powerful() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN UPDATE billing.actual SET amount = 1 WHERE actual_id = TG_ARGV[0]::bigint; RETURN NULL; END $$;
GRANT EXECUTE ON FUNCTION attack.powerful TO :"owner";
SELECT attack.refused(61, 'AFTER trigger of a superuser''s SECURITY DEFINER function', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.powerful({other}) $$
        || attack.sprung('actual'));
SELECT attack.refused(61, 'AFTER trigger that switches roles',
    format('CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.run(%L)',
        'SET ROLE ' || session_user)
    || attack.sprung('actual'), '42501');
SELECT attack.refused(62, 'AFTER trigger that forges settings first', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.run(
        'SELECT set_config(''billing.engine'', ''on'', true); UPDATE billing.actual SET amount = 1
            WHERE actual_id = {other}') $$ || attack.sprung('actual'));
SELECT attack.refused(62, 'deferred constraint trigger', $$
    CREATE CONSTRAINT TRIGGER zzz_trap AFTER UPDATE ON billing.actual DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION attack.run('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}') $$
            || attack.sprung('actual'));
SELECT attack.refused(62, 'deferred constraint trigger, made immediate inside the next statement of the verb', $$
    CREATE CONSTRAINT TRIGGER zzz_trap AFTER INSERT ON billing.operation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION attack.run('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}');
    CREATE TRIGGER zzz_now AFTER UPDATE ON billing.actual FOR EACH ROW
        EXECUTE FUNCTION attack.run('SET CONSTRAINTS ALL IMMEDIATE') $$
    || attack.sprung('actual'));

-- Harmless ones are welcome.
SELECT attack.allowed('an audit trigger on every table of ours, in a whole run of billing', (
    SELECT string_agg(format('CREATE TRIGGER zzz_audit AFTER INSERT OR UPDATE OR DELETE ON billing.%s FOR EACH ROW
        EXECUTE FUNCTION attack.run(%L);',
                             name, format('INSERT INTO attack.audit VALUES (%L)', name)), '')
      FROM unnest('{actual,entry,operation,operation_change,invoice,invoice_line,invoice_detail,invoice_series,
          milestone,milestone_split,contract,contract_customer,contract_line,contract_line_customer,
          contract_line_scope}'::text[]) AS name) || $$
    SELECT billing.approve('{7}');
    SELECT billing.mark_ready_to_invoice(contracts => '{10}');
    SELECT billing.create_invoices(contracts => '{10}');
    SELECT billing.edit_invoice_details(details => '{{manual_detail}}', price => 7);
    SELECT billing.delete_invoices('{{draft}}');
    SELECT billing.create_invoices();
    SELECT billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice));
    SELECT 1 / (count(*) / 50) FROM attack.audit;
    SELECT attack.sound() $$);
SELECT attack.allowed('an audit trigger per statement, with transition tables named like ours', $$
    CREATE FUNCTION attack.log_all() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN INSERT INTO attack.audit SELECT billing_status FROM new_rows; RETURN NULL; END $f$;
    CREATE TRIGGER zzz_audit AFTER UPDATE ON billing.actual REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
        EXECUTE FUNCTION attack.log_all();
    CREATE TRIGGER zzz_audit_insert AFTER INSERT ON billing.actual REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION attack.log_all();
    SELECT billing.approve('{7}') $$ || attack.sprung('actual')
        || '; SELECT 1 / count(*) FROM attack.audit; SELECT attack.sound()');
SELECT attack.allowed('an AFTER trigger that writes free columns of the same rows before our guard looks at them', $$
    CREATE TRIGGER aaa_touch AFTER UPDATE ON billing.invoice FOR EACH ROW WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run('UPDATE billing.invoice SET attributes = ''{"touched": 1}''
            WHERE invoice_id = {draft}');
    SELECT billing.review_invoices('{{draft}}'); SELECT billing.confirm_invoices('{{draft}}');
    SELECT 1 / count(*) FROM billing.invoice WHERE invoice_id = {draft} AND attributes IS NOT NULL
        AND project_invoice_status = 'confirmed';
    SELECT attack.sound() $$);
SELECT attack.allowed('an AFTER trigger that writes descriptions', $$
    CREATE TRIGGER zzz_describe AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run('UPDATE billing.actual SET description = ''touched'' WHERE actual_id = {open}');
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}');
    SELECT 1 / count(*) FROM billing.actual WHERE actual_id = {open} AND description = 'touched'
        AND billing_status = 'ready_to_invoice' $$);

-- --- expressions
SELECT attack.refused(63, 'DEFAULT of a custom column: ' || relation, format($$
    ALTER TABLE billing.%1$s ADD COLUMN theirs int DEFAULT attack.fire('UPDATE billing.actual SET amount = 1
        WHERE actual_id = {other}');
    SET LOCAL attack.armed = on $$, relation) || attack.sprung(relation, 'INSERT'), roles => '{owner}')
  FROM unnest('{actual,invoice,invoice_line,invoice_detail,operation}'::text[]) AS relation;
SELECT attack.refused(64, 'CHECK of a custom column: ' || relation, format($$
    ALTER TABLE billing.%1$s ADD COLUMN theirs int CHECK (attack.fire('UPDATE billing.actual SET amount = 1
        WHERE actual_id = {other}') + theirs > 0);
    SET LOCAL attack.armed = on $$, relation) || attack.sprung(relation), roles => '{owner}')
  FROM unnest('{actual,invoice,invoice_line,contract_line_customer,entry}'::text[]) AS relation;
SELECT attack.refused(65, 'CHECK of a domain', $$
    CREATE DOMAIN attack.theirs AS int CHECK (attack.fire('UPDATE billing.actual SET amount = 1
        WHERE actual_id = {other}') = 1);
    ALTER TABLE billing.actual ADD COLUMN theirs attack.theirs;
    ALTER TABLE billing.actual ALTER COLUMN theirs SET DEFAULT 1;
    SET LOCAL attack.armed = on $$ || attack.sprung('actual', 'INSERT'));
SELECT attack.refused(66, 'index expression that pretends to be immutable', $$
    CREATE INDEX ON billing.actual (attack.fire_immutably('UPDATE billing.actual SET tax = 1
        WHERE actual_id = {other}', amount));
    SET LOCAL attack.armed = on $$ || attack.sprung('actual', 'INSERT'), 'ZB001|0A000');
SELECT attack.refused(66, 'predicate of a partial index that pretends to be immutable', $$
    CREATE INDEX ON billing.actual (amount)
        WHERE attack.fire_immutably('UPDATE billing.actual SET tax = 1 WHERE actual_id = {other}', amount) = 1;
    SET LOCAL attack.armed = on $$ || attack.sprung('actual', 'INSERT'), 'ZB001|0A000');
SELECT attack.refused(66, 'generated column that pretends to be immutable', $$
    ALTER TABLE billing.actual ADD COLUMN theirs int GENERATED ALWAYS AS
        (attack.fire_immutably('UPDATE billing.actual SET tax = 1 WHERE actual_id = {other}', amount)) STORED;
    SET LOCAL attack.armed = on $$ || attack.sprung('actual', 'INSERT'), 'ZB001|0A000');
SELECT attack.refused(67, 'DEFAULT that is computed while our statement is being planned', $$
    INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (20, 4);
    ALTER TABLE billing.contract_line_customer ADD COLUMN theirs int;
    ALTER TABLE billing.contract_line_customer ALTER COLUMN theirs SET DEFAULT attack.fire_immutably(
        'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id, in_use,
                                                     committed_amount, theirs)
         VALUES (20, 21, 4, true, 99999, 1)', 1);
    SET LOCAL attack.armed = on;
    INSERT INTO billing.contract_line (contract_id, name, billing_method, product_id, quantity, unit_price)
    VALUES (10, 'x', 'product', 1, 1, 1) $$);
-- The same, patiently: refusals are forgiven, and the next planning tries again.
CREATE FUNCTION attack.fire_patiently(command text, then_do text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('attack.armed', true) = 'on' THEN
        BEGIN
            EXECUTE attack.filled(command);
            PERFORM set_config('attack.armed', 'off', true);
        EXCEPTION WHEN SQLSTATE 'ZB001' THEN
            EXECUTE then_do;
        END;
    END IF;
    RETURN 1;
END $$;
CREATE FUNCTION attack.fire_patiently_and_immutably(command text, then_do text) RETURNS int
IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN attack.fire_patiently(command, then_do);
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA attack TO :"owner";
SELECT attack.ends('attack 67: DEFAULT that invalidates our plan each time it is made', $$
    INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (20, 4);
    ALTER TABLE billing.contract_line_customer ADD COLUMN theirs int;
    ALTER TABLE billing.contract_line_customer ALTER COLUMN theirs SET DEFAULT attack.fire_patiently_and_immutably(
        'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id, in_use,
                                                     committed_amount, theirs)
         VALUES (20, 21, 4, true, 99999, 1)', 'ALTER TABLE billing.contract_line_customer SET (fillfactor = 50)');
    SET LOCAL attack.armed = on;
    INSERT INTO billing.contract_line (contract_id, name, billing_method, product_id, quantity, unit_price)
    VALUES (10, 'x', 'product', 1, 1, 1);
    SELECT 1 / (count(*) = 0)::int FROM billing.contract_line_customer WHERE committed_amount = 99999 $$,
    '00000|ZB003', '{owner,superuser}');
SELECT attack.ends('attack 67: DEFAULT that is computed again because plans are custom: ' || mode, format($$
    ALTER TABLE billing.invoice_series ADD COLUMN theirs int;
    ALTER TABLE billing.invoice_series ALTER COLUMN theirs SET DEFAULT attack.fire_patiently_and_immutably(
        'INSERT INTO billing.invoice_series (company_id, series, issued, theirs) VALUES (1, ''FORGED'', 5, 1)',
            'SELECT 1');
    SET LOCAL plan_cache_mode = %s;
    SET LOCAL attack.armed = on;
    SELECT billing.confirm_invoices('{{draft}}');
    SELECT 1 / (count(*) = 0)::int FROM billing.invoice_series WHERE series = 'FORGED' $$, mode),
    '00000|ZB003', '{owner,superuser}')
  FROM unnest('{auto,force_custom_plan,force_generic_plan}'::text[]) AS mode;
CREATE FUNCTION attack.inflate() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.committed_amount := 4711; RETURN NEW; END';
GRANT EXECUTE ON FUNCTION attack.inflate() TO :"owner";
SELECT attack.refused(67, 'DEFAULT that adds a BEFORE trigger while our statement is being planned', $$
    ALTER TABLE billing.contract_line_customer ADD COLUMN theirs int;
    ALTER TABLE billing.contract_line_customer ALTER COLUMN theirs SET DEFAULT attack.fire_immutably(
        'CREATE TRIGGER zzz_trap BEFORE INSERT ON billing.contract_line_customer FOR EACH ROW
            EXECUTE FUNCTION attack.inflate()', 1);
    SET LOCAL attack.armed = on;
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method)
        VALUES (10, 99, 'x', 'time_and_material') $$, 'ZB003');
SELECT attack.refused(67, 'AFTER trigger that adds a BEFORE trigger to the table that is written next', $$
    CREATE TRIGGER zzz_trap AFTER INSERT ON billing.operation FOR EACH ROW EXECUTE FUNCTION attack.run(
        'CREATE TRIGGER zzz_later BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.rewrite()') $$
    || attack.sprung('actual'), 'ZB003');
SELECT attack.refused(67, 'row policy that is computed while our statement is being planned', $$
    ALTER TABLE billing.invoice_detail ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY trap ON billing.invoice_detail USING (attack.fire_immutably('DELETE FROM billing.invoice_detail
        WHERE detail_id = {edited_detail}', 1) = 1);
    SET LOCAL attack.armed = on;
    SELECT billing.remove_invoice_details(actuals => '{{created}}') $$, 'ZB001|ZB003');

-- --- cursors
-- A cursor over an INSERT, UPDATE or DELETE with RETURNING runs when it is first fetched from, not when it is opened.
CREATE FUNCTION attack.prepare_trap(command text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    trap refcursor := 'trap';
BEGIN
    OPEN trap FOR EXECUTE attack.filled(command);
END $$;
CREATE FUNCTION attack.fetch_trap() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    trap refcursor := 'trap';
    id bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_cursors c WHERE c.name = 'trap') THEN
        FETCH trap INTO id;
        CLOSE trap;
    END IF;
    RETURN 1;
END $$;
CREATE FUNCTION attack.spring_trap() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM attack.fetch_trap(); RETURN NULL; END';
CREATE FUNCTION attack.spring_trap_bare() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    trap refcursor := 'trap';
    id bigint;
BEGIN
    FETCH trap INTO id;
    RETURN NULL;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA attack TO :"owner";
SELECT attack.refused(68, format('cursor opened before, fetched from by an AFTER trigger: %s', command), format($$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.spring_trap_bare();
    SELECT attack.prepare_trap(%L) $$, command) || attack.sprung('actual'))
  FROM unnest(ARRAY['UPDATE billing.actual SET amount = 1 WHERE actual_id = {other} RETURNING actual_id',
                    'UPDATE billing.actual SET billing_status = ''ready_to_invoice''
                        WHERE actual_id = {other} RETURNING actual_id',
                    'WITH u AS (UPDATE billing.actual SET amount = 1
                        WHERE actual_id = {other} RETURNING actual_id) SELECT * FROM u']) AS command;
SELECT attack.refused(68, 'cursor that inserts, fetched from while a verb inserts', $$
    CREATE TRIGGER zzz_trap AFTER INSERT ON billing.actual FOR EACH ROW EXECUTE FUNCTION attack.spring_trap_bare();
    SELECT attack.prepare_trap('INSERT INTO billing.actual (contract_id, transaction_type, transaction_class,
            billing_type, transaction_date, quantity, price, amount)
        VALUES (10, ''cost'', ''time'', ''chargeable'', ''2026-01-01'', 1, 1, 1) RETURNING actual_id') $$
    || attack.sprung('actual', 'INSERT'));
SELECT attack.refused(69, 'cursor fetched from by a CHECK', $$
    ALTER TABLE billing.actual ADD CHECK (actual_id <> {open} OR attack.fetch_trap() = 1);
    SELECT attack.prepare_trap('UPDATE billing.actual SET amount = 1
        WHERE actual_id = {other} RETURNING actual_id') $$ || attack.sprung('actual'));
SELECT attack.refused(69, 'cursor fetched from by a built-in function in a CHECK', $$
    ALTER TABLE billing.actual ADD COLUMN theirs int,
        ADD CHECK (billing_status <> 'ready_to_invoice' OR
                    cursor_to_xml('trap', 1, true, true, '') IS NOT NULL) NOT VALID;
    SELECT attack.prepare_trap('UPDATE billing.actual SET amount = 1
        WHERE actual_id = {other} RETURNING actual_id') $$ || attack.sprung('actual'));

-- --- foreign keys
-- Their actions' row events are queued with those of our statement.
SELECT attack.refused(70, 'self-reference with ON UPDATE CASCADE into a status', $$
    ALTER TABLE billing.actual ADD COLUMN their_id bigint, ADD UNIQUE (actual_id, billing_status);
    UPDATE billing.actual SET their_id = {open} WHERE actual_id = {other};
    ALTER TABLE billing.actual ADD FOREIGN KEY (their_id, billing_status)
        REFERENCES billing.actual (actual_id, billing_status) ON UPDATE CASCADE $$
    || attack.sprung('actual'), 'ZB001|ZB003');
-- Actual 12 happens to be the one on the draft, and 12 is also a contract line.
SELECT is(id, 12::bigint, 'attack 70: the next attack needs this coincidence') FROM attack.item WHERE name = 'created2';
SELECT attack.refused(70, 'self-reference with ON UPDATE SET NULL into a link', $$
    ALTER TABLE billing.actual ADD COLUMN theirs billing.billing_status, ADD UNIQUE (actual_id, billing_status);
    UPDATE billing.actual SET theirs = 'customer_invoice_created'
     WHERE actual_id = (SELECT min(actual_id) FROM billing.actual WHERE contract_line_id = 12);
    ALTER TABLE billing.actual ADD FOREIGN KEY (contract_line_id, theirs)
        REFERENCES billing.actual (actual_id, billing_status) ON UPDATE SET NULL;
    SELECT billing.remove_invoice_details(actuals => '{{created2}}') $$, 'ZB001|ZB003');
SELECT attack.refused(71, 'a table of theirs between two of ours, with actions', $$
    ALTER TABLE billing.actual ADD UNIQUE (actual_id, billing_status);
    CREATE TABLE public.between (id bigint, status billing.billing_status, PRIMARY KEY (id, status),
        FOREIGN KEY (id, status) REFERENCES billing.actual (actual_id, billing_status) ON UPDATE CASCADE);
    INSERT INTO public.between VALUES ({open}, 'not_ready_to_invoice');
    ALTER TABLE billing.actual ADD COLUMN their_id bigint;
    UPDATE billing.actual SET their_id = {open} WHERE actual_id = {other};
    ALTER TABLE billing.actual ADD FOREIGN KEY (their_id, billing_status) REFERENCES public.between ON UPDATE CASCADE $$
    || attack.sprung('actual'), 'ZB001|ZB003');

-- --- rules, children
SELECT attack.refused(72, 'rule ' || action || ' on ' || event,
    format('CREATE RULE trap AS ON %s TO billing.actual DO %s', event, action)
    || attack.sprung('actual', event), 'ZB003')
  FROM (VALUES ('UPDATE', 'INSTEAD NOTHING'), ('INSERT', 'ALSO INSERT INTO attack.audit VALUES (''rule'')'),
               ('UPDATE', 'ALSO UPDATE billing.invoice SET name = ''x''')) AS v (event, action);
SELECT attack.refused(72, 'rule that rewrites a harmless UPDATE into a harmful one', $$
    CREATE RULE trap AS ON UPDATE TO billing.customer DO INSTEAD
        UPDATE billing.actual SET customer_id = 2 WHERE customer_id = NEW.customer_id;
    UPDATE billing.customer SET name = 'x' WHERE customer_id = 1 $$);
SELECT attack.refused(73, 'child table', $$
    CREATE TABLE public.child () INHERITS (billing.actual);
    INSERT INTO public.child SELECT * FROM billing.actual WHERE actual_id = {open} $$
    || attack.sprung('actual'), 'ZB003');
SELECT attack.refused(73, 'billing.actual as a partition', $$
    CREATE TABLE public.parent (LIKE billing.actual) PARTITION BY LIST (contract_id);
    ALTER TABLE public.parent ATTACH PARTITION billing.actual DEFAULT $$, '55000|0A000');
SELECT attack.refused(73, 'billing.actual as a child', $$
    CREATE TABLE public.parent (contract_id bigint NOT NULL); ALTER TABLE billing.actual INHERIT public.parent $$,
        '55000|0A000');
SELECT attack.refused(74, format('UPDATE of billing.%s through a parent', name), format($$
    CREATE TABLE public.parent (%2$s bigint NOT NULL); ALTER TABLE billing.%1$s INHERIT public.parent;
    UPDATE public.parent SET %2$s = %2$s + 1000 $$, name, id), 'ZB001|23503')
  FROM (VALUES ('operation_change', 'item_count'), ('invoice_detail', 'detail_id'), ('invoice_series', 'issued'))
      AS v (name, id);
SELECT attack.refused(74, 'TRUNCATE of a parent', $$
    CREATE TABLE public.parent (item_count bigint NOT NULL); ALTER TABLE billing.operation_change INHERIT public.parent;
    TRUNCATE public.parent $$);
SELECT attack.refused(74, 'INSERT through a partitioned parent', $$
    CREATE TABLE public.parent (LIKE billing.operation_change) PARTITION BY LIST (contract_id);
    ALTER TABLE public.parent ATTACH PARTITION billing.operation_change DEFAULT;
    INSERT INTO public.parent SELECT * FROM billing.operation_change $$);

-- --- nesting
SELECT attack.allowed('a verb called from an AFTER trigger inside a verb', $$
    CREATE TRIGGER zzz_bill AFTER UPDATE ON billing.actual FOR EACH ROW
        WHEN (OLD.billing_status = 'not_ready_to_invoice' AND NEW.billing_status = 'ready_to_invoice')
        EXECUTE FUNCTION attack.run('SELECT billing.create_invoices(actuals => ARRAY[{open}])');
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}');
    SELECT 1 / count(*) FROM billing.actual WHERE actual_id = {open} AND billing_status = 'customer_invoice_created';
    SELECT attack.sound() $$);
SELECT attack.refused(75, 'forbidden UPDATE after a nested verb that did the same', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run('SELECT billing.mark_ready_to_invoice(actuals => ARRAY[{other}]);
                                     UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}') $$
    || attack.sprung('actual'));
SELECT attack.refused(75, 'forbidden UPDATE after a nested verb that failed', $$
    CREATE TRIGGER zzz_one AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run_and_forgive(
            'SELECT billing.mark_ready_to_invoice(actuals => ARRAY[{posted}], strict => true)');
    CREATE TRIGGER zzz_two AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (pg_trigger_depth() < 1)
        EXECUTE FUNCTION attack.run('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}') $$
            || attack.sprung('actual'));
SELECT attack.allowed('a trigger that tries, is refused and forgives: nothing has happened', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW
        EXECUTE FUNCTION attack.run_and_forgive('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}');
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}');
    SELECT 1 / count(*) FROM billing.actual WHERE actual_id = {other} AND amount = 1000;
    SELECT attack.sound() $$);
SELECT attack.refused(76, 'forbidden UPDATE after a trigger inside the verb was refused and forgave', $$
    CREATE TRIGGER zzz_trap AFTER UPDATE ON billing.actual FOR EACH ROW
        EXECUTE FUNCTION attack.run_and_forgive('UPDATE billing.actual SET amount = 1 WHERE actual_id = {other}');
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}');
    UPDATE billing.actual SET amount = 1 WHERE actual_id = {open} $$);
SELECT attack.refused(77, 'forbidden UPDATE after a verb was rolled back to a savepoint', $$
    DO $do$
    BEGIN
        PERFORM billing.mark_ready_to_invoice(actuals => '{{open}}');
        RAISE EXCEPTION 'back';
    EXCEPTION WHEN raise_exception THEN
        UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = {open};
    END $do$ $$);
SELECT attack.refused(77, 'forbidden UPDATE after a verb failed inside its own statement', $$
    ALTER TABLE billing.actual ADD CHECK (billing_status <> 'ready_to_invoice') NOT VALID;
    DO $do$
    BEGIN
        PERFORM billing.mark_ready_to_invoice(actuals => '{{open}}');
    EXCEPTION WHEN check_violation THEN
        UPDATE billing.actual SET nte_status = 'not_applicable' WHERE actual_id = {failed};
    END $do$ $$);
SELECT attack.refused(78, 'forbidden UPDATE in the statement that calls the verb', $$
    WITH verb AS MATERIALIZED (SELECT count(*) AS n FROM billing.mark_ready_to_invoice(actuals => '{{open}}')),
         forged AS (UPDATE billing.actual SET amount = 1 FROM verb WHERE actual_id = {other} AND n > 0 RETURNING 1)
    SELECT * FROM forged, verb $$);
SELECT attack.refused(78, 'forbidden UPDATE with the verb in its SET clause', $$
    UPDATE billing.actual SET amount = (SELECT count(*) FROM billing.mark_ready_to_invoice(actuals => '{{open}}'))
        WHERE actual_id = {other} $$);
SELECT attack.refused(78, 'forbidden UPDATE with the verb in its RETURNING clause', $$
    UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = {other}
    RETURNING (SELECT count(*) FROM billing.mark_ready_to_invoice(actuals => '{{open}}')) $$);

-- --- our own functions, misused
SELECT attack.refused(79, 'guard_row() as a BEFORE trigger, where it would swallow the engine''s rows', $$
    CREATE TRIGGER zzz_trap BEFORE INSERT ON billing.actual FOR EACH ROW EXECUTE FUNCTION billing.guard_row('actual') $$
    || attack.sprung('actual', 'INSERT'), 'ZB003');
SELECT attack.refused(79, 'contract_line_defaults() as a BEFORE trigger of another table', $$
    CREATE TRIGGER zzz_trap BEFORE INSERT ON billing.actual FOR EACH ROW
        EXECUTE FUNCTION billing.contract_line_defaults() $$
    || attack.sprung('actual', 'INSERT'), 'ZB003');
SELECT attack.refused(80, format('%s() %s on a table of theirs', name, timing), format($$
    CREATE TABLE public.x (contract_id bigint, contract_line_id bigint, customer_id bigint, milestone_id bigint,
        company_id bigint,
                           name text, currency text, amount numeric, tax numeric, billing_method billing.billing_method,
                           product_status billing.product_status, project_id bigint, task_id bigint,
                               entry_status billing.entry_status);
    CREATE TRIGGER trap %s EXECUTE FUNCTION billing.%s();
    INSERT INTO public.x VALUES (10, 12, 3, 1, 1, 'x', 'NOK', 500000, 0, 'product', NULL, 1, 1);
    DELETE FROM public.x $$, timing, call), 'ZB003')
  FROM (VALUES ('milestone_saved'), ('contract_saved'), ('contract_line_saved'), ('contract_line_task_saved'),
      ('company_created'),
               ('milestone_removed'), ('contract_line_defaults'), ('contract_line_customer_added')) AS f (name),
       LATERAL (VALUES (CASE WHEN name IN ('milestone_removed') THEN 'BEFORE DELETE ON public.x FOR EACH ROW'
                             WHEN name IN ('contract_line_defaults',
                                 'contract_line_customer_added') THEN 'BEFORE INSERT ON public.x FOR EACH ROW'
                             ELSE 'AFTER INSERT ON public.x REFERENCING NEW TABLE AS new_rows
                                 FOR EACH STATEMENT' END, name)) AS t (timing, call);
SELECT attack.refused(80, format('%s as a statement trigger', call), format($$
    CREATE TABLE public.x (contract_id bigint, billing_method billing.billing_method);
    CREATE TRIGGER trap AFTER INSERT ON public.x FOR EACH STATEMENT EXECUTE FUNCTION billing.%s;
    INSERT INTO public.x VALUES (1, 'product') $$, call), 'ZB003')
  FROM unnest('{guard_row(''entry''),guard_row(),guard_row(''actual''),contract_line_defaults(),milestone_removed(),
      contract_line_customer_added()}'::text[]) AS call;

-- --- surroundings
SELECT attack.refused(81, 'FORCE ROW LEVEL SECURITY, which would hide rows from the engine', $$
    ALTER TABLE billing.contract_line_customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY trap_read ON billing.contract_line_customer FOR SELECT USING (true);
    CREATE POLICY trap ON billing.contract_line_customer FOR UPDATE USING (false);
    SELECT billing.approve('{7}') $$, 'ZB003');
SELECT attack.allowed('row policies without FORCE', $$
    ALTER TABLE billing.actual ENABLE ROW LEVEL SECURITY;
    CREATE POLICY theirs ON billing.actual USING (customer_id = 1);
    SELECT billing.mark_ready_to_invoice(contracts => '{10}');
    SELECT billing.create_invoices(contracts => '{10}');
    SELECT attack.sound() $$);
SELECT attack.allowed('attack 82: a hostile search_path and temporary tables named like ours', $$
    CREATE SCHEMA hostile;
    CREATE FUNCTION hostile.boom(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
        $f$ BEGIN RAISE EXCEPTION 'hostile operator'; END $f$;
    CREATE OPERATOR hostile.= (leftarg = bigint, rightarg = bigint, function = hostile.boom);
    CREATE FUNCTION hostile.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS
        $f$ BEGIN RAISE EXCEPTION 'hostile unnest'; END $f$;
    CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'hostile now';
    END $f$;
    CREATE TEMP TABLE actual (LIKE billing.actual);
    CREATE TEMP TABLE new_rows (contract_id bigint);
    CREATE TEMP TABLE new_actual (contract_id bigint);
    CREATE TEMP TABLE confirmed_actual (contract_id bigint);
    SET LOCAL search_path = hostile, pg_temp, pg_catalog, billing;
    SELECT billing.approve('{7}'::bigint[]);
    SELECT billing.mark_ready_to_invoice(contracts => '{10}'::bigint[]);
    SELECT billing.create_invoices(contracts => '{10}'::bigint[]);
    SELECT billing.edit_invoice_details(details => '{{manual_detail}}'::bigint[], price => 7);
    SELECT billing.confirm_invoices('{{draft}}'::bigint[]);
    INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
        VALUES (10, 'x', 'fixed_price', 5);
    SET LOCAL search_path = pg_catalog;
    SELECT attack.sound() $$, '{superuser}');
-- What a trigger sets inside a verb stays set, but not for the engine.
SELECT attack.allowed('attack 82: a hostile search_path, set by a trigger inside a verb', $$
    CREATE SCHEMA hostile;
    GRANT USAGE ON SCHEMA hostile TO PUBLIC;
    CREATE FUNCTION hostile.boom(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
        $f$ BEGIN RAISE EXCEPTION 'hostile operator'; END $f$;
    CREATE OPERATOR hostile.= (leftarg = bigint, rightarg = bigint, function = hostile.boom);
    CREATE FUNCTION hostile.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS
        $f$ BEGIN RAISE EXCEPTION 'hostile unnest'; END $f$;
    CREATE TRIGGER zzz_trap AFTER INSERT ON billing.operation FOR EACH ROW
        EXECUTE FUNCTION attack.run('SELECT pg_catalog.set_config(''search_path'', ''hostile, pg_catalog'', false)');
    SELECT billing.approve('{7}');
    SELECT billing.mark_ready_to_invoice(contracts => '{10}');
    SELECT billing.create_invoices(contracts => '{10}');
    SELECT billing.edit_invoice_details(details => '{{manual_detail}}', price => 7);
    SELECT billing.confirm_invoices('{{draft}}');
    SET LOCAL search_path = pg_catalog;
    SELECT attack.sound() $$, '{superuser}');
SELECT attack.allowed('attack 83: unusual settings: ' || settings, format($$
    %s;
    SELECT billing.approve('{7}');
    SELECT billing.mark_ready_to_invoice(contracts => '{10}');
    SELECT billing.create_invoices(contracts => '{10}', invoice_date => '2026-02-11'::date);
    SELECT billing.edit_invoice_details(actuals => '{{created}}', quantity => 1);
    SELECT billing.add_invoice_detail({draft}, 11, 'fee', 1, 1, transaction_date => '2026-02-11'::date);
    SELECT billing.confirm_invoices('{{draft}}');
    SELECT 1 / count(*) FROM billing.actual WHERE invoice_id = {draft} AND transaction_date = '2026-02-11'::date
        AND amount = 1;
    SELECT attack.sound() $$, settings), '{superuser}')
  FROM unnest(ARRAY[
    'SET LOCAL DateStyle = ''SQL, DMY''; SET LOCAL IntervalStyle = iso_8601; SET LOCAL TimeZone = ''Pacific/Auckland''',
    'SET LOCAL DateStyle = ''German''; SET LOCAL extra_float_digits = -15; SET LOCAL lc_numeric = ''C''',
    'SET LOCAL enable_nestloop = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off;
        SET LOCAL plan_cache_mode = force_custom_plan',
    'SET LOCAL enable_sort = off; SET LOCAL jit = on; SET LOCAL jit_above_cost = 0; SET LOCAL force_parallel_mode = on',
    'SET LOCAL transform_null_equals = on; SET LOCAL array_nulls = off; SET LOCAL standard_conforming_strings = off;
        SET LOCAL quote_all_identifiers = on',
    'SET LOCAL row_security = off; SET LOCAL work_mem = 64; SET LOCAL default_transaction_deferrable = on;
        SET LOCAL from_collapse_limit = 1',
    'SET LOCAL lc_messages = ''C''; SET LOCAL check_function_bodies = off; SET LOCAL default_with_oids = off;
        SET LOCAL bytea_output = escape']) AS settings;
SELECT attack.refused(84, 'a verb in a read-only transaction',
    'SET LOCAL transaction_read_only = on; SELECT billing.submit(''{6}'')', '25006');
SELECT attack.allowed('verify() and preview in a read-only transaction',
    'SET LOCAL transaction_read_only = on; SELECT billing.verify(); SELECT billing.preview_invoices()');

SELECT is_empty('SELECT * FROM billing.verify()', 'nothing of all this left a trace');
SELECT * FROM finish();
