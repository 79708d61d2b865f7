-- Attacks 85 to 120: what PostgreSQL lets an owner do to his own tables. It cannot be refused, so verify() must say it:
-- guards switched off, dropped or replaced, and every kind of damage done meanwhile. install() puts the guards back.
\set world_only 1
\ir 90_attacked_world.sql

SELECT plan(205);

-- --- the guards
-- Triggers of ours that verify() misses when a command has been run on each; {table} and {trigger} stand for it.
CREATE FUNCTION attack.unnoticed(command text, names text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    item record;
    report record;
    result text[] := '{}';
BEGIN
    FOR item IN SELECT tgname, relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                 WHERE c.relnamespace = 'billing'::regnamespace AND NOT tgisinternal AND tgname ~ names
                     ORDER BY relname, tgname LOOP
        report := attack.found(attack.owner(), replace(replace(command, '{table}', 'billing.' || item.relname),
            '{trigger}', item.tgname));
        IF report.findings !~ format('billing.%s: trigger %s ', item.relname, item.tgname) THEN
            result := result || format('%s on %s', item.tgname, item.relname);
        END IF;
    END LOOP;
    RETURN result;
END $$;
CREATE FUNCTION public.guard_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT cmp_ok((SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'billing\_guard%'), '>=', 33::bigint,
    'there are guards to attack');

SELECT is(attack.unnoticed('ALTER TABLE {table} DISABLE TRIGGER {trigger}', '^billing_guard'), '{}',
    'attack 85: DISABLE TRIGGER');
SELECT is(attack.unnoticed('ALTER TABLE {table} DISABLE TRIGGER USER', '^billing_guard'), '{}',
    'attack 85: DISABLE TRIGGER USER');
SELECT is(attack.unnoticed('ALTER TABLE {table} ENABLE TRIGGER {trigger}', '^billing_guard'), '{}',
    'attack 86: ENABLE TRIGGER, which is not ALWAYS');
SELECT is(attack.unnoticed('ALTER TABLE {table} ENABLE REPLICA TRIGGER {trigger}', '^billing_guard'), '{}',
    'attack 86: ENABLE REPLICA TRIGGER');
SELECT is(attack.unnoticed('DROP TRIGGER {trigger} ON {table}', '^billing_guard'), '{}', 'attack 87: DROP TRIGGER');
SELECT is(attack.unnoticed('ALTER TRIGGER {trigger} ON {table} RENAME TO gone', '^billing_guard'), '{}',
    'attack 87: RENAME of a trigger');
SELECT is(attack.unnoticed('DROP TRIGGER {trigger} ON {table};
    CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
        EXECUTE FUNCTION public.guard_row();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}', '^billing_guard'), '{}',
    'attack 88: a guard replaced by one that calls a function of the same name in another schema');
SELECT is(attack.unnoticed('DROP TRIGGER {trigger} ON {table};
    CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
        EXECUTE FUNCTION billing.guard_row(''milestone'');
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}', '^billing_guard'), '{}',
    'attack 88: a guard that asks for the policy of another table');

-- A guard made again, a little different from install()'s.
CREATE FUNCTION attack.weakened(number int, label text, relation text, trigger_name text, definition text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report record;
BEGIN
    report := attack.found(attack.owner(), format('DROP TRIGGER %2$I ON billing.%1$I; CREATE TRIGGER %2$I %3$s;
        ALTER TABLE billing.%1$I ENABLE ALWAYS TRIGGER %2$I', relation, trigger_name, definition));
    RETURN NEXT ok(report.findings ~ format('guard in place: billing.%s: trigger %s ', relation, trigger_name),
                   format('attack %s: %s: verify() reports it', number, label));
    RETURN NEXT diag(report.findings) WHERE report.findings !~ 'guard in place';
END $$;
SELECT attack.weakened(89, 'guard with WHEN (false)', 'invoice', 'billing_guard_row',
    'AFTER INSERT OR UPDATE OR DELETE ON billing.invoice FOR EACH ROW WHEN (false)
        EXECUTE FUNCTION billing.guard_row(''invoice'')');
SELECT attack.weakened(89, 'guard for UPDATE alone', 'invoice', 'billing_guard_row',
    'AFTER UPDATE ON billing.invoice FOR EACH ROW EXECUTE FUNCTION billing.guard_row(''invoice'')');
SELECT attack.weakened(89, 'guard for one column', 'invoice', 'billing_guard_row',
    'AFTER INSERT OR UPDATE OF name OR DELETE ON billing.invoice FOR EACH ROW
        EXECUTE FUNCTION billing.guard_row(''invoice'')');
SELECT attack.weakened(89, 'guard per statement', 'invoice', 'billing_guard_row',
    'AFTER INSERT OR UPDATE OR DELETE ON billing.invoice FOR EACH STATEMENT
        EXECUTE FUNCTION billing.guard_row(''invoice'')');
SELECT attack.weakened(90, 'guard of actual with a condition added to its own', 'actual', 'billing_guard_update', $$
    AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (billing.guard_wakes(OLD.tableoid, OLD.billing_status,
        NEW.billing_status,
        OLD.adjustment_status, NEW.adjustment_status, OLD.nte_status, NEW.nte_status) AND OLD.actual_id < 0)
    EXECUTE FUNCTION billing.guard_row('actual') $$);
SELECT attack.weakened(90, 'guard of actual that looks at fewer statuses', 'actual', 'billing_guard_update', $$
    AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (billing.guard_wakes(OLD.tableoid, OLD.billing_status,
        NEW.billing_status))
    EXECUTE FUNCTION billing.guard_row('actual') $$);
SELECT attack.weakened(90, 'guard of actual that sees the new status only', 'actual', 'billing_guard_update', $$
    AFTER UPDATE ON billing.actual FOR EACH ROW WHEN (billing.guard_wakes(OLD.tableoid, NEW.billing_status,
        NEW.billing_status,
        OLD.adjustment_status, NEW.adjustment_status, OLD.nte_status, NEW.nte_status))
    EXECUTE FUNCTION billing.guard_row('actual') $$);
SELECT attack.weakened(90, 'guard of entry that lets approved ones in', 'entry', 'billing_guard_insert', $$
    AFTER INSERT ON billing.entry FOR EACH ROW WHEN (NEW.entry_status <> 'draft' AND NEW.entry_status <> 'approved')
    EXECUTE FUNCTION billing.guard_row('entry') $$);
SELECT attack.weakened(90, 'guard of entry that looks for another status', 'entry', 'billing_guard_insert', $$
    AFTER INSERT ON billing.entry FOR EACH ROW WHEN (NEW.entry_status <> 'approved')
        EXECUTE FUNCTION billing.guard_row('entry') $$);
SELECT ok((attack.found(session_user, 'CREATE OR REPLACE FUNCTION billing.'
    || definition)).findings ~ 'guard functions are ours',
    'attack 91: verify() reports a superuser''s replacement of ' || definition)
  FROM unnest(ARRAY['guard_row() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
                    'guard_statement() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
                    'guard_wakes(relation oid, VARIADIC statuses "any") RETURNS boolean
                     LANGUAGE internal AS ''boolne''']) AS definition;

-- Triggers that keep set-up data in step.
SELECT is((attack.found(attack.owner(),
    'ALTER TABLE billing.milestone DISABLE TRIGGER billing_milestone_changed')).checks,
    '{helper triggers in place}', 'attack 92: a helper disabled: verify() reports "helper triggers in place"');
SELECT is(attack.unnoticed('ALTER TABLE {table} DISABLE TRIGGER {trigger}', '^billing_(?!guard)'), '{}',
    'attack 92: a helper disabled');
SELECT is(attack.unnoticed('DROP TRIGGER {trigger} ON {table}', '^billing_(?!guard)'), '{}',
    'attack 92: a helper dropped');
SELECT is(attack.unnoticed('DROP TRIGGER {trigger} ON {table};
    CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT
        EXECUTE FUNCTION public.guard_row()',
    '^billing_(?!guard)'), '{}', 'attack 92: a helper replaced by one that does nothing');

-- --- the tables
CREATE FUNCTION attack.shaped(number int, label text, command text,
    finding text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report record;
BEGIN
    report := attack.found(attack.owner(), command);
    RETURN NEXT ok(report.findings ~ ('nothing rewrites guarded rows: ' || finding),
        format('attack %s: verify() reports %s', number, label));
    RETURN NEXT diag(report.findings) WHERE report.findings !~ finding;
END $$;
CREATE FUNCTION attack.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END';
SELECT attack.shaped(93, format('a BEFORE %s ROW trigger on %s', event, name),
    format('CREATE TRIGGER zzz BEFORE %s ON billing.%s FOR EACH ROW EXECUTE FUNCTION attack.keep()', event, name),
    format('billing.%s: BEFORE ROW trigger zzz', name))
  FROM unnest('{INSERT,UPDATE,DELETE}'::text[]) AS event,
      unnest('{actual,invoice,entry,milestone_split,contract_line_customer}'::text[]) AS name;
SELECT attack.shaped(93, 'a BEFORE ROW trigger that calls ' || call,
    format('CREATE TRIGGER zzz BEFORE INSERT ON billing.actual FOR EACH ROW EXECUTE FUNCTION billing.%s', call),
    'billing.actual: BEFORE ROW trigger zzz')
  FROM unnest('{guard_row(''actual''),contract_line_defaults(),contract_line_customer_added(),
      contract_removed()}'::text[]) AS call;
SELECT attack.shaped(94, 'a rule, even a disabled one',
    'CREATE RULE trap AS ON UPDATE TO billing.actual DO INSTEAD NOTHING; ALTER TABLE billing.actual DISABLE RULE trap',
    'billing.actual: rewrite rule trap');
SELECT attack.shaped(94, 'a child table', 'CREATE TABLE public.child () INHERITS (billing.actual)',
    'billing.actual: child table');
SELECT attack.shaped(94, 'a table made a child',
    'CREATE TABLE public.parent (item_count bigint NOT NULL);
     ALTER TABLE billing.operation_change INHERIT public.parent',
    'billing.operation_change: made a child of');
SELECT attack.shaped(94, 'FORCE ROW LEVEL SECURITY', 'ALTER TABLE billing.actual FORCE ROW LEVEL SECURITY',
    'billing.actual: FORCE ROW LEVEL');
SELECT is((attack.found(attack.owner(), $$
    ALTER TABLE billing.actual RENAME TO put_aside;
    CREATE TABLE billing.actual (LIKE billing.put_aside INCLUDING ALL) $$)).checks @> '{guard in place}',
    true, 'attack 95: verify() reports a table put in the place of billing.actual');
SELECT attack.refused(95, 'a protected column renamed: its guard refuses all', $$
    ALTER TABLE billing.invoice_series RENAME COLUMN issued TO counted;
    UPDATE billing.invoice_series SET counted = 0 $$, 'ZB003');
SELECT attack.refused(95, 'a protected column dropped: its guard refuses all', $$
    ALTER TABLE billing.contract_line_customer DROP COLUMN committed_amount CASCADE;
    UPDATE billing.contract_line_customer SET nte_limit = 7 $$, 'ZB003');
SELECT attack.refused(95, 'a table renamed away: its guard goes with it', $$
    ALTER TABLE billing.operation_change RENAME TO put_aside; DELETE FROM billing.put_aside $$);

-- --- damage
SELECT attack.reported(96, 'an id in two contracts', 'actual', $$
    INSERT INTO billing.actual (contract_id, actual_id, transaction_type, transaction_class, billing_type,
        transaction_date, quantity, price, amount)
    SELECT 20, actual_id, transaction_type, transaction_class, billing_type, transaction_date, 0, 0, 0
        FROM billing.actual WHERE actual_id = {cost} $$,
    'ids are unique', 'actual {cost}');
SELECT attack.reported(97, label, 'actual', 'UPDATE billing.actual SET ' || damage, 'links of actuals hold', finding)
  FROM (VALUES ('a contract that is not there', 'contract_id = 30 WHERE actual_id = {cost}', 'its contract is missing'),
               ('a contract line that is not there', 'contract_line_id = 99 WHERE actual_id = {cost}',
                   'its contract line is missing'),
               ('an entry that is not there', 'entry_id = 99 WHERE actual_id = {open}', 'its entry is missing'),
               ('an invoice that is not there', 'invoice_id = 99 WHERE actual_id = {billed}', 'its invoice is missing'),
               ('a draft', 'invoice_id = {draft} WHERE actual_id = {reversal}', 'not confirmed'),
               ('a customer who does not pay', 'customer_id = 3 WHERE actual_id = {open}', 'does not pay'))
                   AS v (label, damage, finding);
SELECT attack.reported(97, 'an entry taken back behind its actuals', 'entry',
    'UPDATE billing.entry SET entry_status = ''draft'' WHERE entry_id = 5', 'links of actuals hold',
        'its entry is not approved');
SELECT attack.reported(98, 'a reversal with another ' || part, 'actual',
    format('UPDATE billing.actual SET %s WHERE actual_id = {reversal}', part), 'reversals mirror what they reverse')
  FROM unnest(ARRAY['amount = amount - 1', 'quantity = quantity * 2', 'tax = 5', 'price = 7', 'customer_id = 2',
      'contract_line_id = 12',
                    'reverses_id = {open}', 'reverses_id = 4711']) AS part;
SELECT attack.reported(99, 'a reversal deleted', 'actual', 'DELETE FROM billing.actual WHERE actual_id = {reversal}',
    'what was superseded or billed is reversed once', 'has no reversal');
SELECT attack.reported(99, 'an actual canceled by hand', 'actual',
    'UPDATE billing.actual SET billing_status = ''canceled'', adjustment_status = ''adjusted'', is_open = false
        WHERE actual_id = {open}',
    'what was superseded or billed is reversed once', 'has no reversal');
SELECT attack.reported(99, 'an actual posted by hand', 'actual',
    'UPDATE billing.actual SET billing_status = ''customer_invoice_posted'', is_open = false WHERE actual_id = {ready}',
    'what was superseded or billed is reversed once', 'has no reversal');
SELECT attack.reported(99, 'a reversal of nothing', 'actual',
    'UPDATE billing.actual SET reverses_id = NULL WHERE actual_id = {reversal}',
    'what was superseded or billed is reversed once', 'reverses nothing');
SELECT attack.reported(100, 'a billed actual open again', 'actual',
    'UPDATE billing.actual SET is_open = true WHERE actual_id = {posted}',
    'the open flag follows the statuses');
SELECT attack.reported(100, 'an open actual hidden', 'actual',
    'UPDATE billing.actual SET is_open = false WHERE actual_id = {open}',
    'the open flag follows the statuses');
SELECT attack.reported(101, 'an actual beyond its limit made ready', 'actual',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'' WHERE actual_id = {failed}',
        'ready means within limits');
SELECT attack.reported(102, label, relation, format('UPDATE billing.%s SET %s', relation, damage),
    'a source sits on one draft, and only if created')
  FROM (VALUES ('ready, but on a draft', 'actual', 'billing_status = ''ready_to_invoice'' WHERE actual_id = {created}'),
               ('created, but on no draft', 'actual', 'invoice_line_id = NULL WHERE actual_id = {created}'),
               ('created by hand', 'actual', 'billing_status = ''customer_invoice_created'' WHERE actual_id = {ready}'),
               ('on another customer''s draft', 'actual',
                   'invoice_line_id = {draft_line} WHERE actual_id = {created2}'),
               ('on a confirmed invoice', 'actual', 'invoice_line_id = {confirmed_line} WHERE actual_id = {created}'),
               ('milestone share: posted by hand', 'milestone_split',
                   'milestone_status = ''customer_invoice_posted'' WHERE milestone_split_id = {share_created}'),
               ('milestone share: ready again though billed', 'milestone_split',
                   'milestone_status = ''ready_to_invoice'' WHERE milestone_split_id = {share_posted}'),
               ('milestone share: created, but on no draft', 'milestone_split',
                   'invoice_line_id = NULL WHERE milestone_split_id = {share_created}'),
               ('product line: posted by hand', 'contract_line',
                   'product_status = ''customer_invoice_posted'' WHERE contract_line_id = 14'),
               ('product line: ready again though billed', 'contract_line',
                   'product_status = ''ready_to_invoice'' WHERE contract_line_id = 13'),
               ('product line: on a draft by hand', 'contract_line',
                   'product_status = ''customer_invoice_created'' WHERE contract_line_id = 15')) AS v (label,
                   relation, damage);
SELECT attack.reported(103, 'a billed sale without source', 'actual',
    'UPDATE billing.actual SET source_id = NULL WHERE actual_id = {billed}',
    'billed sales have their source', 'bills no unbilled sale');
SELECT attack.reported(103, 'a billed sale without invoice line', 'actual',
    'UPDATE billing.actual SET invoice_line_id = NULL WHERE actual_id = {billed}',
    'billed sales have their source', 'its invoice line is missing');
SELECT attack.reported(104, 'a cost deleted', 'actual', 'DELETE FROM billing.actual WHERE actual_id = {cost}',
    'approved entries are in the ledger');
SELECT attack.reported(104, 'a cost invented', 'actual', $$
    INSERT INTO billing.actual (contract_id, contract_line_id, customer_id, entry_id, transaction_type,
        transaction_class, billing_type, transaction_date, quantity, price, amount)
    SELECT contract_id, contract_line_id, customer_id, entry_id, transaction_type, transaction_class, billing_type,
        transaction_date, quantity, price, amount
      FROM billing.actual WHERE actual_id = {cost} $$, 'approved entries are in the ledger');
SELECT attack.reported(104, 'an entry approved by hand', 'entry',
    'UPDATE billing.entry SET entry_status = ''approved'' WHERE entry_id = 6',
    'approved entries are in the ledger');
SELECT attack.reported(105, 'an amount', 'actual',
    'UPDATE billing.actual SET amount = amount + 0.01 WHERE actual_id = {open}',
    'amounts are quantity times price');
SELECT attack.reported(105, 'a price', 'actual',
    'UPDATE billing.actual SET price = price * 2 WHERE actual_id = {cost}', 'amounts are quantity times price');
SELECT attack.reported(105, 'a counter rewritten by ALTER COLUMN TYPE', 'invoice_series',
    'ALTER TABLE billing.invoice_series ALTER COLUMN issued TYPE bigint USING issued + 1',
    'legal numbers are gapless');
SELECT attack.reported(106, 'the amount of a billed sale', 'actual',
    'UPDATE billing.actual SET amount = amount + 1 WHERE actual_id = {billed}',
    'line totals are the sum of their details', 'invoice line {confirmed_line}');
SELECT attack.reported(106, 'a detail edited behind its line', 'invoice_detail',
    'UPDATE billing.invoice_detail SET amount = 1 WHERE detail_id = {manual_detail}',
        'line totals are the sum of their details');
SELECT attack.reported(106, 'a detail deleted', 'invoice_detail',
    'DELETE FROM billing.invoice_detail WHERE detail_id = {manual_detail}',
    'line totals are the sum of their details');
SELECT attack.reported(106, 'a line total', 'invoice_line',
    'UPDATE billing.invoice_line SET tax = 1 WHERE invoice_line_id = {confirmed_line}',
    'line totals are the sum of their details');
SELECT attack.reported(107, 'an invoice total', 'invoice',
    'UPDATE billing.invoice SET detail_amount = detail_amount + 1, total_amount = total_amount + 1
        WHERE invoice_id = {confirmed}',
    'header totals are the sum of their lines');
SELECT attack.reported(108, label, relation, damage, 'legal numbers are gapless')
  FROM (VALUES ('a number skipped', 'invoice', 'UPDATE billing.invoice SET number = 77 WHERE invoice_id = {confirmed}'),
               ('the same number twice', 'invoice',
                   'UPDATE billing.invoice SET number = 1 WHERE project_invoice_status = ''confirmed'''),
               ('a number in another series', 'invoice',
                   'UPDATE billing.invoice SET series = ''X'' WHERE invoice_id = {confirmed}'),
               ('confirmed by hand', 'invoice',
                   'UPDATE billing.invoice SET project_invoice_status = ''confirmed'', series = ''INV'', number = 3
                   WHERE invoice_id = {draft}'),
               ('the counter turned back', 'invoice_series', 'UPDATE billing.invoice_series SET issued = 0'),
               ('the counter moved', 'invoice_series', 'UPDATE billing.invoice_series SET start_after = 5'),
               ('the counter deleted', 'invoice_series', 'DELETE FROM billing.invoice_series')) AS v (label,
                   relation, damage);
SELECT attack.reported(109, label, 'contract_line_customer', 'UPDATE billing.contract_line_customer SET ' || damage,
    'running totals of line customers')
  FROM (VALUES ('committed amount', 'committed_amount = 0 WHERE contract_line_id = 11'),
               ('billed amount', 'billed_amount = billed_amount - 1 WHERE contract_line_id = 12')) AS v (label, damage);
SELECT attack.reported(109, 'a not-to-exceed status', 'actual',
    'UPDATE billing.actual SET nte_status = ''not_applicable'' WHERE actual_id = {open}',
        'running totals of line customers');
SELECT attack.reported(110, 'a customer deleted from a line in use', 'contract_line_customer',
    'ALTER TABLE billing.milestone_split DROP CONSTRAINT milestone_split_contract_id_contract_line_id_customer_id_fkey;
     DELETE FROM billing.contract_line_customer WHERE contract_line_id = 11 AND customer_id = 2',
         'percentages of lines in use total 100');
SELECT ok((attack.found(attack.owner(), damage)).checks = '{percentages of lines in use total 100}',
    'attack 111: verify() reports ' || label)
  FROM (VALUES ('percentages that anybody may set',
      'UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 11
      AND customer_id = 1'),
               ('a line without rounding customer',
                   'UPDATE billing.contract_line_customer SET is_rounding = false WHERE contract_line_id = 12'))
                   AS v (label, damage);
SELECT attack.reported(112, 'a contract without primary customer', 'contract_customer',
    'UPDATE billing.contract_customer SET is_primary = false WHERE contract_id = 10',
        'each contract has its primary customer');
SELECT attack.reported(113, 'a milestone share', 'milestone_split',
    'UPDATE billing.milestone_split SET amount = 1 WHERE milestone_split_id = {share_open}',
    'shares of milestones total the milestone');
SELECT attack.reported(113, 'a milestone share deleted', 'milestone_split',
    'DELETE FROM billing.milestone_split WHERE milestone_split_id = {share_open}',
    'shares of milestones total the milestone');
SELECT attack.reported(113, 'a milestone changed behind its helper', 'milestone',
    'ALTER TABLE billing.milestone DISABLE TRIGGER billing_milestone_changed; UPDATE billing.milestone SET amount = 1
        WHERE milestone_id = 1;
     ALTER TABLE billing.milestone ENABLE TRIGGER billing_milestone_changed',
         'shares of milestones total the milestone');
SELECT attack.reported(114, 'a scope deleted', 'contract_line_scope',
    'DELETE FROM billing.contract_line_scope WHERE transaction_class = ''time''',
    'scopes follow the contract lines', 'time is missing from');
SELECT attack.reported(114, 'a scope invented', 'contract_line_scope',
    'INSERT INTO billing.contract_line_scope VALUES (10, 16, 5, ''time'', ''(,)'')',
        'scopes follow the contract lines', 'does not belong in');
SELECT attack.reported(115, label, relation, damage, 'nothing is orphaned', finding)
  FROM (VALUES ('a milestone deleted under its shares', 'milestone',
                'ALTER TABLE billing.milestone_split DROP CONSTRAINT milestone_split_milestone_id_contract_id_fkey;
                 ALTER TABLE billing.milestone DISABLE TRIGGER billing_milestone_removed; DELETE
                     FROM billing.milestone WHERE milestone_id = 1;
                 ALTER TABLE billing.milestone ENABLE TRIGGER billing_milestone_removed',
                     'milestone share \d+: its milestone is missing'),
               ('an invoice deleted over its lines', 'invoice',
                'ALTER TABLE billing.invoice_line DROP CONSTRAINT invoice_line_invoice_id_contract_id_fkey;
                 DELETE FROM billing.invoice WHERE invoice_id = {draft}', 'invoice line \d+: its invoice is missing'),
               ('an invoice line deleted over its details', 'invoice_line',
                'DELETE FROM billing.invoice_line WHERE invoice_line_id = {draft_line}',
                     'invoice detail \d+: its invoice line is missing'),
               ('a contract deleted over its lines', 'contract',
                'ALTER TABLE billing.contract_line DROP CONSTRAINT contract_line_contract_id_fkey;
                 ALTER TABLE billing.contract_customer DROP CONSTRAINT contract_customer_contract_id_fkey;
                 ALTER TABLE billing.invoice DROP CONSTRAINT invoice_contract_id_fkey;
                 ALTER TABLE billing.contract DISABLE TRIGGER billing_contract_removed;
                 DELETE FROM billing.contract WHERE contract_id = 10;
                 ALTER TABLE billing.contract ENABLE TRIGGER billing_contract_removed',
                     'contract line 11: its contract is missing'))
       AS v (label, relation, damage, finding);

SELECT attack.reported(116, label, relation, format('UPDATE billing.%s SET %s', relation, damage),
    'statuses are those of the log')
  FROM (VALUES
    ('actual made ready', 'actual', 'billing_status = ''ready_to_invoice'' WHERE actual_id = {open}'),
    ('actual made not ready', 'actual', 'billing_status = ''not_ready_to_invoice'' WHERE actual_id = {ready}'),
    ('actual in correction', 'actual', 'adjustment_status = ''in_process'' WHERE actual_id = {open}'),
    ('milestone share made ready', 'milestone_split',
     'milestone_status = ''ready_to_invoice'' WHERE milestone_split_id = {share_open}'),
    ('product line made ready', 'contract_line', 'product_status = ''ready_to_invoice'' WHERE contract_line_id = 16'),
    ('entry submitted', 'entry', 'entry_status = ''submitted'' WHERE entry_id = 6'),
    ('invoice sent to review', 'invoice', 'project_invoice_status = ''in_review'' WHERE invoice_id = {draft}'),
    ('invoice paid', 'invoice', 'invoice_status = ''paid'' WHERE invoice_id = {confirmed}'),
    ('invoice confirmed and given the next number', 'invoice',
     'project_invoice_status = ''confirmed'', series = ''INV'', number = 3 WHERE invoice_id = {draft};
      ALTER TABLE billing.invoice_series DISABLE TRIGGER billing_guard_row;
      UPDATE billing.invoice_series SET issued = issued + 1;
      ALTER TABLE billing.invoice_series ENABLE ALWAYS TRIGGER billing_guard_row')) AS v (label, relation, damage);
SELECT attack.reported(117, label, relation, format('UPDATE billing.%s SET %s', relation, damage),
    'invoices belong together')
  FROM (VALUES
    ('a draft for another customer', 'invoice', 'customer_id = 2 WHERE invoice_id = {draft}'),
    ('a confirmed invoice for another customer', 'invoice', 'customer_id = 2 WHERE invoice_id = {confirmed}'),
    ('a confirmed invoice in another currency', 'invoice', 'currency = ''SEK'' WHERE invoice_id = {confirmed}'),
    ('a draft that is paid', 'invoice', 'invoice_status = ''paid'' WHERE invoice_id = {draft}'),
    ('a confirmed line for another customer', 'invoice_line',
     'customer_id = 2 WHERE invoice_line_id = {confirmed_line}'),
    ('a confirmed line of another contract line', 'invoice_line',
     'contract_line_id = 16 WHERE invoice_line_id = {confirmed_line}'),
    ('a posted milestone share without history', 'milestone_split',
     'has_billing_history = false WHERE milestone_split_id = {share_posted}')) AS v (label, relation, damage);
SELECT attack.reported(117, label, relation, format('UPDATE billing.%s SET %s', relation, damage),
    'actuals say what their sources say')
  FROM (VALUES
    ('tax of an open actual', 'actual', 'tax = 5 WHERE actual_id = {open}'),
    ('date of an actual', 'actual', 'transaction_date = ''2025-01-01'' WHERE actual_id = {cost}'),
    ('class of an actual', 'actual', 'transaction_class = ''fee'' WHERE actual_id = {open}'),
    ('quantity and price of a billed sale, with the same amount', 'actual',
     'quantity = quantity * 2, price = price / 2 WHERE actual_id = {billed}'),
    ('what was invoiced to date', 'invoice_line',
     'invoiced_to_date = 1 WHERE invoice_line_id = {confirmed_line}')) AS v (label, relation, damage);

-- Which protected columns can be changed behind the guards without verify() noticing? Only those without a second
-- witness: what is listed here, and nothing else.
CREATE FUNCTION attack.silent(relation regclass, condition text, without_witness text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(u.column_name, ',' ORDER BY u.column_name)
      FROM attack.updates(relation, condition) u
     WHERE u.column_name <> ALL (string_to_array(without_witness, ','))
       AND (attack.try(session_user, attack.laid_bare(relation) || u.command)).state = 'ZB001'
       AND (attack.found(session_user, attack.laid_bare(relation) || attack.guards(relation,
           'DISABLE') || u.command || ';'
                                       || attack.guards(relation, 'ENABLE ALWAYS'))).findings = 'nothing'
$$;
SELECT is(attack.silent(('billing.' || relation)::regclass, condition, without_witness), NULL,
          format('attack 118: verify() notices a change of every other protected column of %s where %s', relation,
              condition))
  FROM (VALUES
    ('actual', 'actual_id = {open}',
     'actual_id,detail_id,milestone_split_id,nte_failed_level,source_id'),
    ('actual', 'actual_id = {created}',
     'detail_id,milestone_split_id,nte_failed_level,source_id'),
    ('actual', 'actual_id = {posted}',
     'adjustment_status,detail_id,invoice_line_id,milestone_split_id,nte_failed_level,nte_status,source_id'),
    ('actual', 'actual_id = {canceled}',
     'billing_type,detail_id,invoice_line_id,milestone_split_id,nte_failed_level,nte_status,source_id'),
    ('actual', 'actual_id = {reversal}',
     'actual_id,billing_status,billing_type,detail_id,invoice_line_id,milestone_split_id,nte_failed_level,'
     'nte_status,source_id'),
    ('actual', 'actual_id = {billed}',
     'actual_id,adjustment_status,billing_status,detail_id,milestone_split_id,nte_failed_level,nte_status'),
    ('actual', 'actual_id = {cost}',
     'actual_id,adjustment_status,billing_status,billing_type,detail_id,invoice_line_id,'
     'milestone_split_id,nte_failed_level,nte_status,source_id,tax'),
    ('invoice', 'invoice_id = {draft}',
     'confirmed_at,created_at,has_corrections,operation_id,series,total_amount'),
    ('invoice', 'invoice_id = {confirmed}',
     'confirmed_at,created_at,has_corrections,operation_id,total_amount'),
    ('invoice_line', 'invoice_line_id = {draft_line}',
     'invoiced_to_date'),
    ('invoice_line', 'invoice_line_id = {confirmed_line}', ''),
    ('invoice_detail', 'detail_id = {manual_detail}',
     'actual_id,category_id,description,detail_id,external_description,milestone_split_id,price,'
     'product_id,quantity,resource_id,role_id,task_id,transaction_class,transaction_date'),
    ('milestone_split', 'milestone_split_id = {share_open}',
     'contract_line_id,customer_id,has_billing_history,milestone_split_id'),
    ('milestone_split', 'milestone_split_id = {share_posted}', ''),
    ('contract', 'contract_id = 10',
     'contract_status,kind,version'),
    ('contract_customer', 'contract_id = 10 AND customer_id = 1', ''),
    ('contract_line', 'contract_line_id = 11',
     'billing_method,product_status'),
    ('contract_line', 'contract_line_id = 13', ''),
    ('contract_line_customer', 'contract_line_id = 11', ''),
    ('contract_line_scope', 'contract_line_id = 11', ''),
    ('invoice_series', 'true', ''),
    ('entry', 'entry_id = 5', 'approved_billing_type')) AS v (relation, condition, without_witness);

-- Verbs that meet such damage say so, and leave the server alone.
SELECT ok((attack.try(session_user, attack.guards('billing.actual', 'DISABLE') || 'UPDATE billing.actual SET '
    || damage || ';'
                                    || attack.guards('billing.actual', 'ENABLE ALWAYS') || verb)).state IN ('00000',
                                        'ZB099', '40001', 'ZB020', 'ZB021'),
          format('attack 119: %s with %s', verb, damage))
  FROM unnest(ARRAY['contract_id = 30 WHERE actual_id = {open}', 'contract_line_id = 99 WHERE actual_id = {open}',
                    'contract_line_id = NULL, customer_id = NULL WHERE actual_id = {open}',
                        'customer_id = 99 WHERE actual_id = {open}',
                    'contract_line_id = 13 WHERE actual_id = {open}']) AS damage,
       unnest(ARRAY['SELECT billing.mark_ready_to_invoice(actuals => ''{{open}}'')',
           'SELECT billing.reevaluate_nte(''{{open}}'')',
                    'SELECT billing.reset_nte(''{{open}}'')',
                        'SELECT billing.mark_ready_to_invoice(contracts => ''{10}'');
                     SELECT billing.create_invoices(contracts => ''{10}'')',
                    'SELECT billing.create_invoices(actuals => ''{{open}}'')', 'SELECT billing.verify()']) AS verb;

-- --- install() again
SELECT is((attack.found(session_user, damage || '; SELECT billing.install()')).findings, 'nothing',
    'attack 120: install() puts back ' || label)
  FROM (VALUES
    ('guards that were dropped', (SELECT string_agg(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass), ';')
        FROM pg_trigger WHERE tgname LIKE 'billing\_%')),
    ('guards that were disabled', (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass,
        tgname), ';') FROM pg_trigger WHERE tgname LIKE 'billing\_%')),
    ('guards that were not ALWAYS', (SELECT string_agg(format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I',
        tgrelid::regclass, tgname), ';') FROM pg_trigger WHERE tgname LIKE 'billing\_%')),
    ('a guard that called another function', 'DROP TRIGGER billing_guard_row ON billing.invoice;
        CREATE TRIGGER billing_guard_row AFTER UPDATE ON billing.invoice FOR EACH ROW WHEN (false)
            EXECUTE FUNCTION public.guard_row()')) AS v (label, damage);
SELECT is((attack.found(attack.owner(),
    'ALTER TABLE billing.invoice DISABLE TRIGGER USER; SELECT billing.install()')).findings, 'nothing',
    'attack 120: install() by the owner, who is no superuser, puts his guards back');
SELECT is_empty('SELECT kind, name FROM billing.install() WHERE state <> ''present''', 'install() finds nothing to do');
SELECT is_empty('SELECT * FROM billing.verify()', 'all damage is repaired');
SELECT * FROM finish();
