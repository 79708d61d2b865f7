-- Attacks 140 and 141: that list prices count instead of those typed is said by rerate() alone. Price lists themselves are
-- configuration: whoever may write them may, and no actual moves.
\set world_only 1
\ir 90_attacked_world.sql

SELECT no_plan();

SELECT attack.refused(140, 'list prices instead of those typed',
    'UPDATE billing.entry SET approved_at_list_price = true WHERE entry_id = 5');
SELECT attack.refused(140, 'list prices of an entry that is not approved',
    'UPDATE billing.entry SET approved_at_list_price = true WHERE entry_id = 6', 'ZB001|23514');
SELECT attack.refused(140, 'an entry that comes with it',
    'INSERT INTO billing.entry (project_id, entry_date, quantity, approved_at_list_price) VALUES (1, ''2026-01-01'', 1, true)',
    'ZB001|23514');
SELECT attack.refused(140, 'the typed price taken away after approval',
    'UPDATE billing.entry SET sales_price = NULL WHERE entry_id = 5', 'ZB022');
SELECT attack.refused(140, 'rerate() told from inside a trigger of an actual', $$
    CREATE FUNCTION pg_temp.again() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN UPDATE billing.entry SET approved_at_list_price = true WHERE entry_id = 5; RETURN NULL; END $f$;
    CREATE TRIGGER again AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION pg_temp.again();
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}') $$);
SELECT attack.allowed('a price list, its rates and where it is in force', $$
    INSERT INTO billing.price_list (price_list_id, context, currency, name) VALUES (1000, 'sales', 'NOK', 'List');
    INSERT INTO billing.price_rate (price_list_id, transaction_class, unit, price) VALUES (1000, 'time', 'hour', 1);
    INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (10, 1000);
    INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (1, 1000, 'sales');
    UPDATE billing.price_rate SET price = 2 WHERE price_list_id = 1000;
    UPDATE billing.contract_price_list SET valid = '[2026-01-01,)' WHERE price_list_id = 1000;
    DELETE FROM billing.price_rate WHERE price_list_id = 1000 $$);

-- Nobody calls the verb without being granted it.
SELECT is(has_function_privilege('public', oid, 'EXECUTE'), false, 'attack 141: ' || proname || ' is not for PUBLIC')
  FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND proname IN ('rerate', 'price_for', 'explain_prices');
SELECT is_empty('SELECT * FROM billing.verify()', 'the world is sound after all that');

SELECT * FROM finish();
