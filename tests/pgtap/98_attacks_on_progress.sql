-- Attacks 140 to 149: what only the engine may write of progress billing and slices of milestones, and what verify()
-- says when somebody did it all the same.
\set world_only 1
\ir 90_attacked_world.sql

SELECT no_plan();

-- --- the world, continued
-- Milestone 50 of a progress-based line of contract 10: a posted slice that was credited in part, the credited part, the
-- next step under way, and the rest. Of milestone 51 it is set what is billed next.
\o /dev/null
INSERT INTO billing.project (project_id, company_id, name) VALUES (50, 1, 'Tower');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, invoice_schedule_type)
VALUES (10, 50, 'Tower', 'fixed_price', 50, 'progress_based');
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount)
VALUES (10, 50, 50, 'Tower', '2026-12-31', 1000), (10, 51, 50, 'Roof', '2026-12-31', 1000);
SELECT billing.set_progress('{50}', 20, ready => true);
SELECT billing.create_invoices(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split
                                                    WHERE milestone_id = 50 AND milestone_status = 'ready_to_invoice'), invoice_date => '2026-02-01');
SELECT billing.confirm_invoices(ARRAY(SELECT i.invoice_id FROM billing.invoice_line i WHERE i.contract_line_id = 50));
SELECT billing.revise_invoice(min(i.invoice_id)) FROM billing.invoice_line i WHERE i.contract_line_id = 50 AND i.customer_id = 1;
SELECT billing.edit_invoice_details(details => ARRAY(SELECT c.detail_id FROM billing.invoice_correction c WHERE c.contract_line_id = 50), price => 10);
SELECT billing.confirm_invoices(ARRAY(SELECT c.invoice_id FROM billing.invoice_correction c WHERE c.contract_line_id = 50));
SELECT billing.set_progress('{50}', 30, ready => true);
SELECT billing.set_progress('{51}', 10);
\o
INSERT INTO attack.item
SELECT 'slice_' || CASE WHEN credited_sale_id IS NOT NULL THEN 'credited' ELSE milestone_status::text END, milestone_split_id
  FROM billing.milestone_split WHERE milestone_id = 50 AND customer_id = 1;
SELECT is_empty('SELECT * FROM billing.verify()', 'the world to attack is sound');
SELECT results_eq(
    $$SELECT name FROM attack.item WHERE name LIKE 'slice%' ORDER BY 1$$,
    $$VALUES ('slice_credited'), ('slice_customer_invoice_posted'), ('slice_not_ready_to_invoice'), ('slice_ready_to_invoice')$$,
    'a slice of every kind');

-- --- by plain SQL
SELECT is(attack.sweep('billing.milestone_split', 'milestone_split_id = {' || name || '}'), NULL, 'attack 140: every column of ' || name)
  FROM attack.item WHERE name LIKE 'slice%' ORDER BY 1;
SELECT is(attack.sweep('billing.milestone_progress', 'milestone_id = 51'), NULL, 'attack 140: every column of what is billed next');
SELECT attack.refused(141, label, command)
  FROM (VALUES ('a slice made larger', 'UPDATE billing.milestone_split SET amount = amount + 1 WHERE milestone_split_id = {slice_ready_to_invoice}'),
               ('a slice moved into the rest', 'UPDATE billing.milestone_split SET milestone_status = ''not_ready_to_invoice'' WHERE milestone_split_id = {slice_ready_to_invoice}'),
               ('a slice deleted', 'DELETE FROM billing.milestone_split WHERE milestone_split_id = {slice_ready_to_invoice}'),
               ('a slice of nothing', 'INSERT INTO billing.milestone_split (contract_id, milestone_id, contract_line_id, customer_id, amount, tax, milestone_status)
                                       VALUES (10, 50, 50, 1, 0, 0, ''ready_to_invoice'')'),
               ('a credited part that forgets where it comes from', 'UPDATE billing.milestone_split SET credited_sale_id = NULL WHERE milestone_split_id = {slice_credited}'),
               ('more to be billed next', 'UPDATE billing.milestone_progress SET next_amount = 1000000 WHERE milestone_id = 51'),
               ('something to be billed next', 'INSERT INTO billing.milestone_progress VALUES (10, 50, 10)'),
               ('what is next forgotten', 'DELETE FROM billing.milestone_progress'),
               ('what is next truncated', 'TRUNCATE billing.milestone_progress')) AS v (label, command);
SELECT attack.refused(142, 'the amount of a milestone that is billed by progress', 'UPDATE billing.milestone SET amount = 2000 WHERE milestone_id = 50', 'ZB022', '{owner}');
SELECT attack.refused(142, 'the milestone deleted', 'DELETE FROM billing.milestone WHERE milestone_id = 50', 'ZB022', '{owner}');

-- --- verify() sees it
SELECT attack.reported(143, label, 'milestone_split', 'UPDATE billing.milestone_split SET ' || change, found)
  FROM (VALUES ('a slice made larger', 'amount = amount + 1 WHERE milestone_split_id = {slice_ready_to_invoice}', 'shares of milestones total the milestone'),
               ('moved from one to the other', 'amount = amount + CASE milestone_split_id WHEN {slice_customer_invoice_posted} THEN 1 ELSE -1 END
                   WHERE milestone_split_id IN ({slice_customer_invoice_posted}, {slice_ready_to_invoice})', 'shares of milestones are billed as they say'),
               ('a credited part of another sale', 'credited_sale_id = {posted} WHERE milestone_split_id = {slice_credited}', 'shares of milestones are billed as they say'),
               ('cut from another milestone', 'cut_from = {share_open} WHERE milestone_split_id = {slice_credited}', 'shares of milestones are billed as they say'),
               ('a slice that is a rest, too', 'milestone_status = ''not_ready_to_invoice'' WHERE milestone_split_id = {slice_ready_to_invoice}', 'what is uncut of a milestone is one share for each customer'),
               ('a credited part without history', 'has_billing_history = false, milestone_status = ''not_ready_to_invoice'' WHERE milestone_split_id = {slice_credited}',
                'what is uncut of a milestone is one share for each customer')) AS v (label, change, found);
SELECT is((attack.found(attack.owner(), 'ALTER TABLE billing.milestone_progress DISABLE TRIGGER billing_guard_row')).checks, '{"guard in place"}'::text[],
    'attack 144: a guard switched off');

-- --- from inside a verb
SELECT lives_ok($$
    CREATE FUNCTION attack.grab() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN UPDATE billing.milestone_split SET milestone_status = ''customer_invoice_posted'' WHERE milestone_split_id = NEW.milestone_split_id; RETURN NULL; END';
    CREATE TRIGGER grab AFTER INSERT ON billing.milestone_split FOR EACH ROW EXECUTE FUNCTION attack.grab() $$, 'a trigger of somebody''s');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{51}', 10, ready => true)$$, 'ZB001', NULL, 'attack 145: that posts a slice while it is cut');
SELECT lives_ok('DROP TRIGGER grab ON billing.milestone_split', 'the trigger is gone');
SELECT lives_ok($$CREATE TRIGGER zz BEFORE INSERT ON billing.milestone_progress FOR EACH ROW EXECUTE FUNCTION attack.grab()$$, 'one before the row');
SELECT throws_ok($$SELECT * FROM billing.set_progress('{51}', 20)$$, 'ZB003', NULL, 'attack 146: that could change what is set');
SELECT lives_ok('DROP TRIGGER zz ON billing.milestone_progress', 'the trigger is gone, too');
SELECT is_empty('SELECT * FROM billing.verify()', 'the world is as sound as before');

SELECT * FROM finish();
