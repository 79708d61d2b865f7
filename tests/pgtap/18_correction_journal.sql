-- Correction journals: approved work gets other values.
\ir fixture/base.psql
SELECT no_plan();

\o /dev/null
SELECT time_and_material(10);
SELECT time_and_material(20, '{1,2}', '{60,40}');
SELECT fixed_price(30);
SELECT work(1, 10), work(2, 10), work(3, 10, class => 'expense'), work(4, 20), work(5, 30), entered(6, 10), work(7, 10), work(8, 10);
INSERT INTO billing.journal (journal_id, contract_id, journal_type)
VALUES (1, 10, 'time_correction'), (2, 10, 'expense_correction'), (3, 20, 'time_correction'), (4, 30, 'time_correction'), (5, 10, 'time_correction');
\o
CREATE FUNCTION all_rows(entry bigint) RETURNS SETOF text LANGUAGE sql AS
    'SELECT fact FROM ledger WHERE entry_id = entry ORDER BY actual_id';

-- --- selecting is a claim
SELECT bag_eq($$SELECT item, item_id, outcome::text, reason FROM billing.select_for_correction(1, '{1,3,4,6,99}', (sales(2))[1:1] || 999::bigint)$$,
    $$VALUES ('actual', 999::bigint, 'refused', 'there is no actual with this id'), ('entry', 1, 'changed', NULL), ('entry', 2, 'changed', NULL),
             ('entry', 3, 'refused', 'the entry is of class expense, the journal a time_correction'),
             ('entry', 4, 'refused', 'the entry stands in contract 20, the journal is of contract 10'),
             ('entry', 6, 'refused', 'the entry is draft; only approved work is corrected'),
             ('entry', 99, 'refused', 'there is no entry with this id')$$,
    'approved work of the contract and class is selected, by entry or by actual');
SELECT results_eq($$SELECT all_rows(1)$$,
    $$VALUES ('cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | in_process'),
             ('unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | in_process')$$, 'its actuals are in process');
SELECT results_eq($$SELECT outcome::text FROM billing.select_for_correction(1, '{1}')$$, $$VALUES ('unchanged')$$, 'once more is no matter');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.select_for_correction(5, '{1}')$$,
    $$VALUES ('refused', 'a sale of the entry is being corrected')$$, 'an entry is on one open journal');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(actuals => sales(1))$$,
    $$VALUES ('refused', 'it is on a journal that is not confirmed; confirm the journal, or take it off')$$, 'it cannot be marked');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(contracts => '{10}') WHERE outcome = 'refused'$$,
    $$VALUES ('refused', 'it is on a journal that is not confirmed; confirm the journal, or take it off')$$, 'nor with its contract');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.cancel_approval('{1}')$$, $$VALUES ('refused', 'a sale of the entry is being corrected')$$, 'nor canceled');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.recall_entries('{1}')$$, $$VALUES ('refused', 'a sale of the entry is being corrected')$$, 'nor recalled');
SELECT is_empty($$SELECT 1 FROM billing.time_and_material_backlog WHERE entry_id = 1$$, 'it is not in the backlog');
SELECT is_empty($$SELECT 1 FROM billing.reset_nte(sales(1))$$, 'its limits stay as they are');
\o /dev/null
UPDATE billing.contract_line_customer SET nte_limit = 1 WHERE contract_line_id = 10;
\o
SELECT is_empty($$SELECT 1 FROM billing.reevaluate_nte(sales(1))$$, 'whatever the limits');
\o /dev/null
UPDATE billing.contract_line_customer SET nte_limit = NULL WHERE contract_line_id = 10;
UPDATE billing.contract_line SET include_time = false WHERE contract_line_id = 10;
\o
SELECT results_eq($$SELECT outcome::text, reason FROM billing.reevaluate_work(entries => '{1}')$$,
    $$VALUES ('refused', 'a sale of the entry is being corrected')$$, 'nor evaluated again');
\o /dev/null
UPDATE billing.contract_line SET include_time = true WHERE contract_line_id = 10;
\o
SELECT throws_ok($$DELETE FROM billing.journal WHERE journal_id = 1$$, '23503', NULL, 'a journal that holds work does not just vanish');
SELECT is_empty('SELECT * FROM billing.verify()', 'held soundly');

-- --- X-07: letting go
SELECT results_eq($$SELECT item_id, outcome::text, reason FROM billing.release_from_journal(1, '{2,7}') ORDER BY 1$$,
    $$VALUES (2::bigint, 'changed', NULL), (7, 'refused', 'it is not on the journal')$$, 'taken off the journal');
SELECT results_eq($$SELECT DISTINCT adjustment_status::text FROM billing.actual WHERE entry_id = 2$$, $$VALUES ('adjustable')$$, 'adjustable again');
\o /dev/null
SELECT ready(7);
SELECT billing.select_for_correction(5, '{7}');
\o
SELECT results_eq($$SELECT DISTINCT adjustment_status::text, count(*) FROM billing.actual WHERE entry_id = 7 GROUP BY 1$$, $$VALUES ('in_process', 2::bigint)$$, 'what is ready can be selected');
SELECT is_empty($$SELECT 1 FROM billing.create_invoices(actuals => sales(7)) WHERE invoice_id IS NOT NULL$$, 'but is not invoiced meanwhile');
SELECT results_eq($$SELECT outcome::text FROM billing.delete_journals('{5}')$$, $$VALUES ('changed')$$, 'X-07: the journal is deleted');
SELECT results_eq($$SELECT adjustment_status::text, billing_status::text FROM billing.actual WHERE actual_id = ANY (sales(7))$$,
    $$VALUES ('adjustable', 'ready_to_invoice')$$, 'X-07: in process becomes adjustable, and it is as ready as before');

-- --- new values, preview, confirmation
SELECT results_eq($$SELECT entry_id, outcome::text, reason FROM billing.confirm_journal(1)$$,
    $$VALUES (1::bigint, 'refused', 'nothing is to be changed; set new values or take it off the journal')$$, 'nothing to change');
UPDATE billing.journal_correction SET quantity = 6, sales_price = 150, entry_date = '2026-03-03' WHERE journal_id = 1;
SELECT throws_ok($$UPDATE billing.journal_correction SET is_claim = false WHERE journal_id = 1$$, 'ZB001', NULL, 'the claim is not ours');
SELECT results_eq($$SELECT old_quantity, quantity, old_sales_price, sales_price, old_entry_date, entry_date, billable_quantity FROM billing.journal_correction_detail WHERE journal_id = 1$$,
    $$VALUES (8.00000, 6.00000, 200.0000, 150.0000, '2026-03-02'::date, '2026-03-03'::date, 6.00000)$$, 'old and new side by side');
CREATE TABLE foreseen AS
SELECT reverses_id, transaction_type, customer_id, quantity, price, amount, tax, nte_status FROM billing.preview_journal(1);
SELECT results_eq('SELECT transaction_type::text, quantity, amount, reverses_id IS NOT NULL FROM foreseen',
    $$VALUES ('cost', -8.00, -800.00, true), ('unbilled_sales', -8.00, -1600.00, true), ('cost', 6.00, 600.00, false), ('unbilled_sales', 6.00, 900.00, false)$$,
    'the preview shows reversals and replacements');
SELECT results_eq($$SELECT count(*) FROM billing.actual WHERE entry_id = 1$$, 'VALUES (2::bigint)', 'and writes nothing');
SELECT bag_eq('SELECT reverses_id, transaction_type, customer_id, quantity, price, amount, tax, nte_status FROM billing.confirm_journal(1)',
    'SELECT * FROM foreseen', 'confirmed, it does what the preview said');
SELECT results_eq($$SELECT all_rows(1)$$,
    $$VALUES ('cost time 8 @ 100 = 800 chargeable | canceled | adjusted'),
             ('unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted'),
             ('cost time -8 @ 100 = -800 chargeable | canceled | unadjustable'),
             ('unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable'),
             ('cost time 6 @ 100 = 600 chargeable | not_ready_to_invoice | adjustable'),
             ('unbilled_sales time 6 @ 150 = 900 chargeable | not_ready_to_invoice | adjustable')$$,
    'originals adjusted, reversals unadjustable, replacements fresh');
SELECT results_eq($$SELECT quantity, sales_price, entry_date FROM billing.entry WHERE entry_id = 1$$, $$VALUES (6.00000, 150.0000, '2026-03-03'::date)$$, 'the entry says so, too');
SELECT is_empty($$SELECT 1 FROM billing.reevaluate_work(entries => '{1}')$$, 'so evaluating it again finds nothing to do');
SELECT throws_ok($$UPDATE billing.journal_correction SET quantity = 5 WHERE journal_id = 1$$, 'ZB022', NULL, 'a confirmed journal refuses edits');
SELECT throws_ok($$SELECT billing.select_for_correction(1, '{2}')$$, 'ZB022', 'journal 1 is confirmed and final', 'and selections');
SELECT throws_ok($$SELECT billing.release_from_journal(1, '{1}')$$, 'ZB022', 'journal 1 is confirmed and final', 'and lets nothing go');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.confirm_journal(1)$$,
    $$VALUES ('refused', 'the journal is confirmed; what it wrote is taken back by another journal')$$, 'and is confirmed once');
SELECT is_empty('SELECT * FROM billing.verify()', 'corrected soundly');

-- --- split, and limits
\o /dev/null
UPDATE billing.contract_line_customer SET nte_limit = CASE customer_id WHEN 1 THEN 1000 END WHERE contract_line_id = 20;
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 20;
SELECT billing.select_for_correction(3, '{4}');
UPDATE billing.journal_correction SET quantity = 11, billing_type = 'chargeable', tax = 22, role_id = 1 WHERE journal_id = 3;
\o
SELECT results_eq($$SELECT customer_id, quantity, amount, tax, nte_status::text FROM billing.confirm_journal(3) WHERE transaction_type = 'unbilled_sales' AND reverses_id IS NULL ORDER BY 1$$,
    $$VALUES (1::bigint, 5.50, 1100.00, 11.00, 'failed'), (2, 5.50, 1100.00, 11.00, 'not_applicable')$$, 'freshly split, and checked against the limits');
SELECT results_eq($$SELECT customer_id, committed_amount FROM billing.contract_line_customer WHERE contract_line_id = 20 ORDER BY 1$$,
    'VALUES (1::bigint, 0.00), (2, 0)', 'the running totals follow');

-- --- fixed price: the cost side only
\o /dev/null
SELECT billing.select_for_correction(4, '{5}');
UPDATE billing.journal_correction SET cost_price = 90 WHERE journal_id = 4;
\o
SELECT results_eq($$SELECT transaction_type::text, amount FROM billing.confirm_journal(4)$$, $$VALUES ('cost', -800.00), ('cost', 720.00)$$, 'fixed price: costs alone');

-- --- invoiced work: not before it is credited in full
\o /dev/null
SELECT ready(8);
SELECT drafted(10);
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (6, 10, 'time_correction'), (7, 10, 'time_correction');
\o
SELECT results_eq($$SELECT reason FROM billing.select_for_correction(6, '{8}')$$, $$VALUES ('a sale of the entry is on a draft invoice')$$, 'on a draft');
\o /dev/null
SELECT confirmed(invoice(10));
\o
SELECT results_eq($$SELECT reason FROM billing.select_for_correction(6, '{8}')$$,
    $$VALUES ('a sale of the entry is on a confirmed invoice and not credited in full')$$, 'on a confirmed invoice');
\o /dev/null
SELECT billing.revise_invoice(invoice(10));
SELECT confirmed(invoice(10));
\o
SELECT results_eq($$SELECT outcome::text FROM billing.select_for_correction(6, '{8}')$$, $$VALUES ('changed')$$, 'credited in full');
UPDATE billing.journal_correction SET quantity = 5, sales_price = 180 WHERE journal_id = 6;
SELECT results_eq($$SELECT transaction_type::text, quantity, amount FROM billing.confirm_journal(6)$$,
    $$VALUES ('cost', -8.00, -800.00), ('unbilled_sales', -8.00, -1600.00), ('cost', 5.00, 500.00), ('unbilled_sales', 5.00, 900.00)$$, 'it is corrected');
SELECT is_empty($$SELECT 1 FROM billing.reevaluate_work(entries => '{8}')$$, 'and stays so');

-- --- whole or not at all
\o /dev/null
SELECT billing.select_for_correction(7, '{1,2}');
UPDATE billing.journal_correction SET quantity = 7 WHERE journal_id = 7;
UPDATE billing.journal_correction SET billable_quantity = -1 WHERE journal_id = 7 AND entry_id = 2;
\o
SELECT results_eq($$SELECT entry_id, outcome::text, reason FROM billing.confirm_journal(7)$$,
    $$VALUES (2::bigint, 'refused', 'the billable quantity has another sign than the quantity')$$, 'one line is wrong');
SELECT results_eq($$SELECT quantity FROM billing.entry WHERE entry_id = 1$$, 'VALUES (6.00000)', 'the others wait');
UPDATE billing.journal_correction SET billable_quantity = 3 WHERE journal_id = 7 AND entry_id = 2;
SELECT results_eq($$SELECT entry_id, transaction_type::text, billing_type::text, quantity FROM billing.confirm_journal(7) WHERE reverses_id IS NULL ORDER BY 1, 2, 3$$,
    $$VALUES (1::bigint, 'cost', 'chargeable', 7.00), (1, 'unbilled_sales', 'chargeable', 7.00),
             (2, 'cost', 'chargeable', 7.00), (2, 'unbilled_sales', 'chargeable', 3.00), (2, 'unbilled_sales', 'non_chargeable', 4.00)$$, 'and go together');
SELECT results_eq($$SELECT outcome::text, quantity FROM billing.cancel_approval('{2}') WHERE transaction_type = 'cost'$$, $$VALUES ('changed', -7.00)$$, 'corrected work can be taken back');

-- --- a quantity that turns its sign: what counts is what would be billable
\o /dev/null
SELECT time_and_material(50);
SELECT entered(50, 50), work(51, 50);
UPDATE billing.entry SET billable_quantity = quantity WHERE entry_id = 50;
SELECT billing.submit('{50}'), billing.approve('{50}');
SELECT ready(51);
SELECT drafted(50);
SELECT billing.edit_invoice_details(actuals => sales(51), quantity => 3);
SELECT confirmed(invoice(50));
SELECT billing.revise_invoice(invoice(50));
SELECT confirmed(invoice(50));
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (50, 50, 'time_correction'), (51, 50, 'time_correction');
SELECT billing.select_for_correction(50, '{50}'), billing.select_for_correction(51, '{51}');
UPDATE billing.journal_correction SET quantity = -4 WHERE journal_id IN (50, 51);
\o
SELECT results_eq($$SELECT quantity, amount FROM billing.confirm_journal(50) WHERE transaction_type = 'unbilled_sales' AND reverses_id IS NULL$$,
    $$VALUES (-4.00, -800.00)$$, 'all of it was billable and is');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.confirm_journal(51)$$,
    $$VALUES ('refused', 'the billable quantity has another sign than the quantity')$$, 'what an invoice agreed on does not turn');

-- --- the backlog of a moment
SELECT results_eq($$SELECT DISTINCT to_status FROM billing.operation_history WHERE verb = 'confirm_journal' AND item = 'actual' ORDER BY 1$$,
    $$VALUES ('adjusted'), ('canceled')$$, 'the log has every change');

SELECT * FROM finish();
