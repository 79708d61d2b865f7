-- Attacks 170 to 177: what only the engine may write of journals, and what verify() says when somebody did it all the
-- same.
\set world_only 1
\ir 90_attacked_world.sql

SELECT no_plan();

-- --- the world, continued
-- Journal 1: draft lines; 2: confirmed lines; 3: holds entry 5; 4: corrected entry 8; 5: holds an actual; 6: took one back;
-- 7: empty.
\o /dev/null
INSERT INTO billing.journal (journal_id, contract_id, journal_type)
VALUES (1, 10, 'entry'), (2, 10, 'entry'), (5, 10, 'cancellation'), (6, 10, 'cancellation'), (7, 20, 'entry');
ALTER TABLE billing.journal ALTER COLUMN journal_id RESTART WITH 1000;
INSERT INTO billing.journal (journal_id, contract_id, journal_type)
SELECT CASE entry_id WHEN 5 THEN 3 ELSE 4 END, min(contract_id), 'time_correction'
  FROM billing.actual WHERE entry_id IN (5, 8) GROUP BY entry_id;
INSERT INTO billing.journal_line (journal_line_id, contract_id, journal_id, contract_line_id, customer_id, transaction_type, transaction_class, transaction_date, quantity, price)
VALUES (1, 10, 1, 11, 1, 'unbilled_sales', 'fee', '2026-01-05', 1, 100), (2, 10, 2, 11, 1, 'unbilled_sales', 'fee', '2026-01-05', 1, 100),
       (3, 10, 2, 11, 1, 'cost', 'time', '2026-01-05', 1, 60), (4, 10, 2, 11, 1, 'billed_sales', 'fee', '2026-01-05', 1, 50);
ALTER TABLE billing.journal_line ALTER COLUMN journal_line_id RESTART WITH 1000;
SELECT billing.confirm_journal(2);
SELECT billing.select_for_correction(3, '{5}'), billing.select_for_correction(4, '{8}');
UPDATE billing.journal_correction SET sales_price = 1 WHERE journal_id = 4;
SELECT billing.confirm_journal(4);
SELECT billing.select_for_cancellation(5, ARRAY(SELECT actual_id FROM billing.journal_line WHERE journal_line_id = 2));
SELECT billing.select_for_cancellation(6, ARRAY(SELECT actual_id FROM billing.journal_line WHERE journal_line_id = 3));
SELECT billing.confirm_journal(6);
\o
INSERT INTO attack.item
SELECT 'typed_sale', actual_id FROM billing.journal_line WHERE journal_line_id = 2
UNION ALL SELECT 'typed_cost', actual_id FROM billing.journal_line WHERE journal_line_id = 3
UNION ALL SELECT 'typed_bill', actual_id FROM billing.journal_line WHERE journal_line_id = 4;
SELECT is_empty('SELECT * FROM billing.verify()', 'the world to attack is sound');
SELECT results_eq('SELECT journal_id, journal_status::text, line_count FROM billing.journal_summary ORDER BY 1',
    $$VALUES (1::bigint, 'draft', 1::bigint), (2, 'confirmed', 3), (3, 'draft', 1), (4, 'confirmed', 1), (5, 'draft', 1), (6, 'confirmed', 1), (7, 'draft', 0)$$,
    'journals of all kinds, draft and confirmed');

-- --- journals and their lines
SELECT is(attack.sweep('billing.journal', 'journal_id = ' || id), '00000: attributes,description', 'attack 170: every column of journal ' || id)
  FROM generate_series(1, 7) AS id;
SELECT is(attack.sweep('billing.journal_line', 'journal_line_id = 2'), '00000: attributes; ZB022: accounting_date,amount,amount_method,billing_type,category_id,contract_line_id,currency,customer_id,description,document_date,'
    || 'end_date,external_description,price,product_id,project_id,quantity,resource_id,role_id,start_date,task_id,tax,transaction_class,transaction_date,transaction_type,unit', 'attack 170: every column of a confirmed line');
SELECT is(attack.sweep('billing.journal_correction', 'journal_id = ' || id), free, 'attack 172: every column of a correction, journal ' || id)
  FROM (VALUES (3, '00000: billable_quantity,billing_type,category_id,cost_price,description,entry_date,external_description,product_id,quantity,resource_id,role_id,sales_price,task_id,tax'),
               (4, 'ZB022: billable_quantity,billing_type,category_id,cost_price,description,entry_date,external_description,product_id,quantity,resource_id,role_id,sales_price,task_id,tax')) AS v (id, free);
SELECT is(attack.sweep('billing.journal_cancellation', 'journal_id = 5'), NULL, 'attack 172: every column of a cancellation');
SELECT attack.refused(170, label, 'UPDATE billing.' || change, states)
  FROM (VALUES ('confirmed by hand', 'journal SET journal_status = ''confirmed'', confirmed_at = now() WHERE journal_id = 1', 'ZB001'),
               ('a draft again', 'journal SET journal_status = ''draft'', confirmed_at = NULL WHERE journal_id = 2', 'ZB001'),
               ('of another kind', 'journal SET journal_type = ''entry'' WHERE journal_id = 3', 'ZB001'),
               ('a line with an actual', 'journal_line SET actual_id = 9999 WHERE journal_line_id = 1', 'ZB001'),
               ('a line without its actual', 'journal_line SET actual_id = NULL WHERE journal_line_id = 2', 'ZB001'),
               ('another price', 'journal_line SET price = 1 WHERE journal_line_id = 2', 'ZB022'),
               ('another text', 'journal_line SET description = ''x'' WHERE journal_line_id = 2', 'ZB022'),
               ('a line moved into a confirmed journal', 'journal_line SET journal_id = 2 WHERE journal_line_id = 1', 'ZB001'),
               ('a combination that does not exist', 'journal_line SET transaction_class = ''milestone'' WHERE journal_line_id = 1', 'ZB013'))
       AS v (label, change, states);
SELECT attack.refused(171, label, command, states)
  FROM (VALUES ('a journal born confirmed', 'INSERT INTO billing.journal (contract_id, journal_type, journal_status, confirmed_at) VALUES (10, ''entry'', ''confirmed'', now())', 'ZB001'),
               ('a line born with an actual', 'INSERT INTO billing.journal_line (contract_id, journal_id, transaction_type, transaction_class, transaction_date, quantity, actual_id) VALUES (10, 1, ''cost'', ''time'', ''2026-01-01'', 1, 9999)', 'ZB001'),
               ('a line in a confirmed journal', 'INSERT INTO billing.journal_line (contract_id, journal_id, transaction_type, transaction_class, transaction_date, quantity) VALUES (10, 2, ''cost'', ''time'', ''2026-01-01'', 1)', 'ZB022'),
               ('a line in a cancellation journal', 'INSERT INTO billing.journal_line (contract_id, journal_id, transaction_type, transaction_class, transaction_date, quantity) VALUES (10, 5, ''cost'', ''time'', ''2026-01-01'', 1)', 'ZB013'),
               ('DELETE of a confirmed journal', 'DELETE FROM billing.journal WHERE journal_id = 2', 'ZB022'),
               ('DELETE of a journal that holds work', 'DELETE FROM billing.journal WHERE journal_id = 3', '23503'),
               ('DELETE of a confirmed line', 'DELETE FROM billing.journal_line WHERE journal_line_id = 2', 'ZB022'))
       AS v (label, command, states);
SELECT attack.refused(171, 'TRUNCATE ' || name, 'TRUNCATE billing.' || name || ' CASCADE', roles => '{superuser}')
  FROM unnest('{journal,journal_line,journal_correction,journal_cancellation}'::text[]) AS name;
SELECT attack.allowed('a draft line changed', 'UPDATE billing.journal_line SET price = 5, description = ''x'' WHERE journal_line_id = 1');
SELECT attack.allowed('a draft line deleted', 'DELETE FROM billing.journal_line WHERE journal_line_id = 1');
SELECT attack.allowed('a draft entry journal deleted', 'DELETE FROM billing.journal WHERE journal_id = 1');

-- --- claims
SELECT attack.refused(172, label, command, states)
  FROM (VALUES ('a claim by hand', 'INSERT INTO billing.journal_correction (contract_id, journal_id, entry_id, before) SELECT contract_id, 3, 9, ''[]'' FROM billing.journal WHERE journal_id = 3', 'ZB001'),
               ('a claim let go by hand', 'DELETE FROM billing.journal_correction WHERE journal_id = 3', 'ZB001'),
               ('a claim that does not hold', 'UPDATE billing.journal_correction SET is_claim = false WHERE journal_id = 3', 'ZB001'),
               ('another past', 'UPDATE billing.journal_correction SET before = ''[]'' WHERE journal_id = 4', 'ZB001'),
               ('another value afterwards', 'UPDATE billing.journal_correction SET sales_price = 2 WHERE journal_id = 4', 'ZB022'),
               ('an actual claimed by hand', 'INSERT INTO billing.journal_cancellation (contract_id, journal_id, actual_id) VALUES (10, 5, {typed_bill})', 'ZB001'),
               ('an actual let go by hand', 'DELETE FROM billing.journal_cancellation WHERE journal_id = 5', 'ZB001'),
               ('an actual in process by hand', 'UPDATE billing.actual SET adjustment_status = ''in_process'' WHERE actual_id = {failed}', 'ZB001'),
               ('an actual out of process by hand', 'UPDATE billing.actual SET adjustment_status = ''adjustable'' WHERE actual_id = {typed_sale}', 'ZB001'),
               ('an actual of another line', 'UPDATE billing.actual SET journal_line_id = 1 WHERE actual_id = {typed_sale}', 'ZB001'))
       AS v (label, command, states);
SELECT attack.allowed('new values', 'UPDATE billing.journal_correction SET quantity = 3, tax = 1 WHERE journal_id = 3');

-- --- a customer's triggers
CREATE FUNCTION attack.swell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price := 1; RETURN NEW; END $$;
GRANT EXECUTE ON FUNCTION attack.swell TO :"owner";
SELECT attack.refused(173, 'a BEFORE trigger that rewrites lines', $$
    CREATE TRIGGER swell BEFORE UPDATE ON billing.journal_line FOR EACH ROW EXECUTE FUNCTION attack.swell();
    SELECT billing.confirm_journal(1) $$, 'ZB003');

-- --- verbs
SELECT attack.refused(174, label, command, states)
  FROM (VALUES ('no journal', 'SELECT billing.confirm_journal(NULL)', '22023'), ('an unknown journal', 'SELECT billing.preview_journal(99)', 'ZB020'),
               ('nothing selected', 'SELECT billing.select_for_correction(3)', '22023'),
               ('a NULL among the ids', 'SELECT billing.select_for_cancellation(5, ARRAY[NULL]::bigint[])', '22004'),
               ('nothing released', 'SELECT billing.release_from_journal(5)', '22023'),
               ('a line beyond all numbers', 'UPDATE billing.journal_line SET price = 1e30 WHERE journal_line_id = 1', '22003'),
               ('not a number', 'UPDATE billing.journal_line SET price = ''NaN'' WHERE journal_line_id = 1; SELECT billing.confirm_journal(1)', '22003'))
       AS v (label, command, states);

-- --- what verify() finds when the guards were switched off
SELECT attack.reported(175, label, tab, damage, check_name)
  FROM (VALUES ('confirmed by hand', 'journal', 'UPDATE billing.journal SET journal_status = ''confirmed'', confirmed_at = now() WHERE journal_id = 1', 'statuses are those of the log'),
               ('a draft again', 'journal', 'UPDATE billing.journal SET journal_status = ''draft'', confirmed_at = NULL WHERE journal_id = 2', 'journals are what their lines became'),
               ('with the id of another', 'journal', 'UPDATE billing.journal SET journal_id = 2 WHERE journal_id = 7', 'ids are unique'),
               ('another price', 'journal_line', 'UPDATE billing.journal_line SET price = 99 WHERE journal_line_id = 2', 'journals are what their lines became'),
               ('without its actual', 'journal_line', 'UPDATE billing.journal_line SET actual_id = NULL WHERE journal_line_id = 2', 'journals are what their lines became'),
               ('a confirmed line deleted', 'journal_line', 'DELETE FROM billing.journal_line WHERE journal_line_id = 2', 'journals are what their lines became'),
               ('a claim lost', 'journal_correction', 'DELETE FROM billing.journal_correction WHERE journal_id = 3', 'what a journal holds is in process'),
               ('a claim that does not hold', 'journal_correction', 'UPDATE billing.journal_correction SET is_claim = false WHERE journal_id = 3', 'what a journal holds is in process'),
               ('a claim of a confirmed journal', 'journal_correction', 'UPDATE billing.journal_correction SET is_claim = true WHERE journal_id = 4', 'what a journal holds is in process'),
               ('an actual let go', 'journal_cancellation', 'DELETE FROM billing.journal_cancellation WHERE journal_id = 5', 'what a journal holds is in process'),
               ('an actual taken back on paper', 'journal_cancellation', 'UPDATE billing.journal_cancellation SET actual_id = {typed_bill} WHERE journal_id = 6', 'what a journal holds is in process'),
               ('adjustable while held', 'actual', 'UPDATE billing.actual SET adjustment_status = ''adjustable'' WHERE actual_id = {typed_sale}', 'what a journal holds is in process'),
               ('in process for nobody', 'actual', 'UPDATE billing.actual SET adjustment_status = ''in_process'' WHERE actual_id = {failed}', 'what a journal holds is in process'),
               ('an actual of no line', 'actual', 'UPDATE billing.actual SET journal_line_id = NULL WHERE actual_id = {typed_sale}', 'journals are what their lines became'),
               ('billed by nobody', 'actual', 'UPDATE billing.actual SET journal_line_id = NULL WHERE actual_id = {typed_bill}', 'billed sales have their source'),
               ('an actual of an unknown line', 'actual', 'UPDATE billing.actual SET journal_line_id = 77 WHERE actual_id = {open}', 'journals are what their lines became'))
       AS v (label, tab, damage, check_name);
SELECT attack.reported(176, 'the helper trigger dropped', 'journal_line', 'DROP TRIGGER billing_journal_line_added ON billing.journal_line',
    'helper triggers in place');

SELECT * FROM finish();
