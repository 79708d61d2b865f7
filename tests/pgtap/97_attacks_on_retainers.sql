-- Attacks 130 to 139: what only the engine may write of retainers and advances, and what verify() says when somebody
-- did it all the same.
\set world_only 1
\ir 90_attacked_world.sql

SELECT no_plan();

-- --- the world, continued
-- Retainers of contract 20, customer 3, in every status: 1 open, 2 ready, 3 on a draft, 4 posted, a third used by a
-- confirmed invoice and a part held by the draft, 5 posted and staged for refund on the draft, 6 refunded.
\o /dev/null
ALTER TABLE billing.retainer ALTER COLUMN retainer_id RESTART WITH 1000;
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount)
SELECT id, 20, 3, '2026-01-01'::date + id::int, amount
  FROM unnest('{1,2,3,4,5,6}'::bigint[], '{10,20,30,3000,200,100}'::numeric[]) AS r (id, amount);
SELECT billing.mark_ready_to_invoice(retainers => '{4,5,6}');
SELECT billing.create_invoices(retainers => '{4,5,6}', invoice_date => '2026-02-01');
SELECT billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 20));
SELECT billing.stage_refunds('{6}');
SELECT billing.create_invoices(retainers => '{6}', invoice_date => '2026-02-01');
SELECT billing.mark_ready_to_invoice(actuals => attack.sales(8), retainers => '{2,3}');
SELECT billing.create_invoices(actuals => attack.sales(8), invoice_date => '2026-02-01');
SELECT billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 20 AND number IS NULL));
SELECT billing.create_invoices(retainers => '{3}', invoice_date => '2026-03-01');
SELECT billing.stage_refunds('{5}', invoice_id), billing.add_invoice_detail(invoice_id, 21, 'fee', 1, 500)
  FROM billing.invoice WHERE contract_id = 20 AND number IS NULL;
\o
INSERT INTO attack.item
SELECT 'retainer_draft', invoice_id FROM billing.invoice WHERE contract_id = 20 AND number IS NULL
UNION ALL SELECT 'retainer_invoice', invoice_id FROM billing.invoice_advance WHERE used_before IS NOT NULL
UNION ALL SELECT 'balance', open_actual_id FROM billing.retainer WHERE retainer_id = 4
UNION ALL SELECT 'retainer_billed', actual_id FROM billing.actual
           WHERE retainer_id = 4 AND transaction_type = 'billed_sales' AND amount > 0;
SELECT is_empty('SELECT * FROM billing.verify()', 'the world to attack is sound');
SELECT results_eq(
    $$SELECT retainer_id, retainer_status::text, refund_status::text, trim_scale(used_amount), trim_scale(available_amount), trim_scale(held_amount)
        FROM billing.retainers_and_advances ORDER BY 1$$,
    $$VALUES (1::bigint, 'not_ready_to_invoice', 'not_refunded', 0.0, 0.0, 0.0), (2, 'ready_to_invoice', 'not_refunded', 0, 0, 0),
             (3, 'customer_invoice_created', 'not_refunded', 0, 0, 0), (4, 'customer_invoice_posted', 'not_refunded', 1000, 2000, 500),
             (5, 'customer_invoice_posted', 'ready_to_refund', 0, 200, 0), (6, 'customer_invoice_posted', 'refunded', 0, 0, 0)$$,
    'a retainer in every status');

-- --- retainer
SELECT is(attack.sweep('billing.retainer', 'retainer_id = ' || id), free, 'attack 130: every column of retainer ' || id)
  FROM (VALUES (1, '00000: amount,attributes,customer_id,description,invoice_date'),
               (2, '00000: amount,attributes,customer_id,description,invoice_date'),
               (3, '00000: attributes,description; ZB022: amount,customer_id,invoice_date'),
               (4, '00000: attributes,description; ZB022: amount,customer_id,invoice_date'),
               (5, '00000: attributes,description; ZB022: amount,customer_id,invoice_date'),
               (6, '00000: attributes,description; ZB022: amount,customer_id,invoice_date')) AS v (id, free);
SELECT attack.refused(130, label, 'UPDATE billing.retainer SET ' || change)
  FROM (VALUES ('not ready to ready by hand', 'retainer_status = ''ready_to_invoice'' WHERE retainer_id = 1'),
               ('ready to posted', 'retainer_status = ''customer_invoice_posted'', invoice_id = {retainer_invoice} WHERE retainer_id = 2'),
               ('put on a draft by hand', 'retainer_status = ''customer_invoice_created'', invoice_id = {retainer_draft} WHERE retainer_id = 2'),
               ('posted back to ready', 'retainer_status = ''ready_to_invoice'', invoice_id = NULL WHERE retainer_id = 4'),
               ('more to use', 'used_amount = 0 WHERE retainer_id = 4'),
               ('staged for refund by hand', 'refund_status = ''ready_to_refund'' WHERE retainer_id = 4'),
               ('refunded by hand', 'refund_status = ''refunded'' WHERE retainer_id = 5'),
               ('refunded, to be used again', 'refund_status = ''not_refunded'', refund_invoice_id = NULL WHERE retainer_id = 6'),
               ('moved to another contract', 'contract_id = 10, customer_id = 1 WHERE retainer_id = 1')) AS v (label, change);
SELECT attack.refused(131, 'INSERT of a retainer with ' || columns, format($$
    INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount, %s) VALUES (20, 3, '2026-01-01', 5, %s) $$, columns, v))
  FROM (VALUES ('retainer_status', '''ready_to_invoice'''), ('retainer_status', '''customer_invoice_posted'''),
               ('refund_status', '''ready_to_refund'''), ('used_amount', '1'), ('open_actual_id', '{balance}'),
               ('invoice_id', '{retainer_draft}'), ('refund_invoice_id', '{retainer_draft}')) AS v (columns, v);
SELECT attack.refused(131, 'DELETE of retainer ' || id, 'DELETE FROM billing.retainer WHERE retainer_id = ' || id, 'ZB022|23503')
  FROM generate_series(3, 6) AS id;
SELECT attack.allowed('DELETE of a retainer that is on no invoice', 'DELETE FROM billing.retainer WHERE retainer_id IN (1, 2)');
SELECT attack.allowed('INSERT of a retainer', $$
    INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (7, 20, 3, '2026-01-01', 5) $$);
SELECT attack.refused(131, 'TRUNCATE ' || name, 'TRUNCATE billing.' || name || ' CASCADE', roles => '{superuser}')
  FROM unnest('{retainer,invoice_advance}'::text[]) AS name;

-- --- invoice_advance
SELECT is(attack.sweep('billing.invoice_advance', 'invoice_id = {' || invoice || '}'), NULL,
    'attack 132: every column of an advance of the ' || invoice)
  FROM unnest('{retainer_draft,retainer_invoice}'::text[]) AS invoice;
SELECT attack.refused(132, 'INSERT of an advance', $$
    INSERT INTO billing.invoice_advance (contract_id, invoice_id, retainer_id, amount) VALUES (20, {retainer_draft}, 5, 200) $$);
SELECT attack.refused(132, 'DELETE of an advance', 'DELETE FROM billing.invoice_advance WHERE invoice_id = {retainer_draft}');
SELECT attack.refused(132, 'an advance raised by an upsert', $$
    INSERT INTO billing.invoice_advance (contract_id, invoice_id, retainer_id, amount) VALUES (20, {retainer_draft}, 4, 1)
    ON CONFLICT (contract_id, invoice_id, retainer_id) DO UPDATE SET amount = 2000 $$);

-- --- what stands in the ledger
SELECT is(attack.sweep('billing.actual', 'actual_id = {balance}'), '00000: attributes,description,external_description',
    'attack 133: every column of a balance');
SELECT attack.refused(133, 'a balance made ready', 'UPDATE billing.actual SET billing_status = ''ready_to_invoice'', is_open = true WHERE actual_id = {balance}');

-- --- verbs
SELECT attack.refused(134, label, command, states)
  FROM (VALUES ('more than there is', 'SELECT billing.set_advance({retainer_draft}, 4, 2000.01)', 'ZB021'),
               ('an advance on a confirmed invoice', 'SELECT billing.set_advance({retainer_invoice}, 4, 1)', 'ZB022'),
               ('a refunded one applied', 'SELECT billing.set_advance({retainer_draft}, 6, 1)', 'ZB021'),
               ('not a number', 'SELECT billing.set_advance({retainer_draft}, 4, ''NaN'')', '22003'),
               ('infinity', 'SELECT billing.set_advance({retainer_draft}, 4, ''Infinity'')', '22003'),
               ('a retainer of infinity', 'SELECT billing.add_invoice_retainer({retainer_draft}, ''Infinity'')', '22003'),
               ('a retainer beyond all numbers', 'SELECT billing.add_invoice_retainer({retainer_draft}, 1e30)', '23514|22003'),
               ('a total beyond all numbers', 'SELECT billing.generate_retainers(20, 3, 1e30, ''{2026-01-01}'')', '23514|22003'),
               ('no retainers at all', 'SELECT billing.stage_refunds(NULL)', '22023'),
               ('a NULL among the ids', 'SELECT billing.cancel_refunds(ARRAY[NULL]::bigint[])', '22004'))
       AS v (label, command, states);

-- --- a customer's triggers
CREATE FUNCTION attack.swell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := NEW.amount * 2; RETURN NEW; END $$;
SELECT attack.refused(135, 'a BEFORE trigger that rewrites advances', $$
    CREATE TRIGGER swell BEFORE INSERT OR UPDATE ON billing.invoice_advance FOR EACH ROW EXECUTE FUNCTION attack.swell();
    SELECT billing.set_advance({retainer_draft}, 4, 100) $$, 'ZB003');
SELECT attack.refused(135, 'a BEFORE trigger that rewrites retainers', $$
    CREATE TRIGGER swell BEFORE INSERT OR UPDATE ON billing.retainer FOR EACH ROW EXECUTE FUNCTION attack.swell();
    SELECT billing.mark_ready_to_invoice(retainers => '{{1}}') $$, 'ZB003');
CREATE FUNCTION attack.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE billing.retainer SET used_amount = 0 WHERE retainer_id = 4; RETURN NULL; END $$;
GRANT EXECUTE ON FUNCTION attack.swell, attack.meddle TO :"owner";
SELECT attack.refused(135, 'an AFTER trigger that writes what the verb is writing', $$
    CREATE TRIGGER meddle AFTER UPDATE ON billing.retainer FOR EACH STATEMENT EXECUTE FUNCTION attack.meddle();
    SELECT billing.mark_ready_to_invoice(retainers => '{{1}}') $$, 'ZB001|54001');

-- --- what verify() finds when the guards were switched off
SELECT attack.reported(136, label, 'retainer', 'UPDATE billing.retainer SET ' || damage, check_name)
  FROM (VALUES ('more to use', 'used_amount = 0 WHERE retainer_id = 4', 'balances of retainers are those of the ledger'),
               ('a larger retainer', 'amount = 4000 WHERE retainer_id = 4', 'balances of retainers are those of the ledger'),
               ('another balance row', 'open_actual_id = NULL WHERE retainer_id = 4', 'balances of retainers are those of the ledger'),
               ('refunded, to be used again', 'refund_status = ''not_refunded'', refund_invoice_id = NULL WHERE retainer_id = 6', 'balances of retainers are those of the ledger'),
               ('used more than invoices took', 'used_amount = 1001 WHERE retainer_id = 4', 'advances fit their retainers and invoices'),
               ('staged while a draft holds it', 'refund_status = ''ready_to_refund'' WHERE retainer_id = 4', 'advances fit their retainers and invoices'),
               ('ready though on a draft', 'retainer_status = ''ready_to_invoice'' WHERE retainer_id = 3', 'retainers sit on invoices by their status'),
               ('on a draft by hand', 'retainer_status = ''customer_invoice_created'', invoice_id = {retainer_draft} WHERE retainer_id = 2', 'statuses are those of the log'),
               ('on a draft of another customer', 'customer_id = 1, contract_id = 10, invoice_id = {draft} WHERE retainer_id = 3', 'header totals are the sum of their lines'),
               ('with the id of another', 'retainer_id = 4, contract_id = 10, customer_id = 1 WHERE retainer_id = 1', 'ids are unique'),
               ('posted by hand', 'retainer_status = ''customer_invoice_posted'' WHERE retainer_id = 3', 'retainers sit on invoices by their status'),
               ('refund off its draft', 'refund_invoice_id = NULL WHERE retainer_id = 5', 'header totals are the sum of their lines'))
       AS v (label, damage, check_name);
SELECT attack.reported(137, label, 'invoice_advance', damage, check_name)
  FROM (VALUES ('an advance raised', 'UPDATE billing.invoice_advance SET amount = 501 WHERE invoice_id = {retainer_draft}', 'advances fit their retainers and invoices'),
               ('an advance lowered', 'UPDATE billing.invoice_advance SET amount = 499 WHERE invoice_id = {retainer_draft}', 'header totals are the sum of their lines'),
               ('more than there is', 'UPDATE billing.invoice_advance SET amount = 2001 WHERE invoice_id = {retainer_draft}', 'advances fit their retainers and invoices'),
               ('used on a draft', 'UPDATE billing.invoice_advance SET used_before = 0 WHERE invoice_id = {retainer_draft}', 'advances fit their retainers and invoices'),
               ('only held by a confirmed invoice', 'UPDATE billing.invoice_advance SET used_before = NULL WHERE invoice_id = {retainer_invoice}', 'advances fit their retainers and invoices'),
               ('deleted from a confirmed invoice', 'DELETE FROM billing.invoice_advance WHERE invoice_id = {retainer_invoice}', 'advances fit their retainers and invoices'))
       AS v (label, damage, check_name);
SELECT attack.reported(138, label, 'actual', damage, check_name)
  FROM (VALUES ('a balance lowered', 'UPDATE billing.actual SET amount = -1, price = 1 WHERE actual_id = {balance}', 'balances of retainers are those of the ledger'),
               ('a balance deleted', 'DELETE FROM billing.actual WHERE actual_id = {balance}', 'balances of retainers are those of the ledger'),
               ('a balance of another customer', 'UPDATE billing.actual SET customer_id = 1 WHERE actual_id = {balance}', 'balances of retainers are those of the ledger'),
               ('a balance of nobody', 'UPDATE billing.actual SET retainer_id = NULL WHERE actual_id = {balance}', 'balances of retainers are those of the ledger'),
               ('a balance in the backlog', 'UPDATE billing.actual SET is_open = true WHERE actual_id = {balance}', 'the open flag follows the statuses'),
               ('a billed retainer doubled', 'UPDATE billing.actual SET amount = 6000, price = 6000 WHERE actual_id = {retainer_billed}', 'header totals are the sum of their lines'))
       AS v (label, damage, check_name);

-- --- what corrective drafts take back
\o /dev/null
SELECT billing.revise_invoice(refund_invoice_id) FROM billing.retainer WHERE retainer_id = 6;
\o
INSERT INTO attack.item SELECT 'refund_sale', actual_id FROM billing.retainer_correction;
SELECT is(attack.sweep('billing.retainer_correction', 'actual_id = {refund_sale}'), NULL, 'attack 139: every column of a correction');
SELECT attack.refused(139, label, command)
  FROM (VALUES ('a second correction', $$INSERT INTO billing.retainer_correction SELECT contract_id, {retainer_billed}, invoice_id, 4, 'retainer' FROM billing.retainer_correction$$),
               ('a correction dropped', 'DELETE FROM billing.retainer_correction')) AS v (label, command);
SELECT attack.refused(139, 'TRUNCATE retainer_correction', 'TRUNCATE billing.retainer_correction', roles => '{superuser}');
SELECT attack.reported(139, 'a correction dropped', 'retainer_correction', 'DELETE FROM billing.retainer_correction',
    'corrections are on one draft and settled by confirming it');
SELECT attack.reported(139, 'an advance said to be given back', 'invoice_advance',
    'UPDATE billing.invoice_advance SET credit_invoice_id = {retainer_draft} WHERE invoice_id = {retainer_invoice}',
    'advances fit their retainers and invoices');
SELECT attack.reported(139, 'the helper trigger dropped', 'retainer', 'DROP TRIGGER billing_retainer_added ON billing.retainer',
    'helper triggers in place');

SELECT * FROM finish();
