-- O-71: cancellation journals take back what entry journals wrote.
\ir fixture/base.psql
SELECT no_plan();

\o /dev/null
SELECT time_and_material(10);
SELECT work(1, 10);
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (1, 10, 'entry'), (2, 10, 'cancellation'), (3, 10, 'cancellation'), (4, 10, 'cancellation');
INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, transaction_type, transaction_class, transaction_date, quantity, price)
VALUES (10, 1, 10, 'unbilled_sales', 'fee', '2026-03-02', 1, 500), (10, 1, 10, 'cost', 'expense', '2026-03-02', 1, 70),
       (10, 1, 10, 'billed_sales', 'fee', '2026-03-02', 1, 40), (10, 1, 10, 'unbilled_sales', 'time', '2026-03-02', 2, 30),
       (10, 1, 10, 'billed_sales', 'retainer', '2026-03-02', 1, 90), (10, 1, 10, 'unbilled_sales', 'retainer', '2026-03-02', -1, 90);
SELECT billing.confirm_journal(1);
\o
CREATE FUNCTION typed(type text, class text) RETURNS bigint LANGUAGE sql AS $$
    SELECT actual_id FROM billing.journal_line WHERE journal_id = 1 AND transaction_type::text = type AND transaction_class::text = class $$;
CREATE FUNCTION rows_of(actual bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT fact FROM ledger JOIN billing.actual a USING (contract_id, actual_id) WHERE actual IN (a.actual_id, a.reverses_id) ORDER BY actual_id $$;

SELECT bag_eq($$SELECT item_id, outcome::text, reason
                  FROM billing.select_for_cancellation(2, ARRAY[typed('unbilled_sales', 'fee'), (sales(1))[1], typed('billed_sales', 'retainer'), 999])$$,
    $$VALUES (typed('unbilled_sales', 'fee'), 'changed', NULL),
             ((sales(1))[1], 'refused', 'no entry journal wrote it; cancel the approval, or correct the work in a correction journal'),
             (typed('billed_sales', 'retainer'), 'refused', 'it belongs to a retainer; pay that back with stage_refunds()'),
             (999, 'refused', 'there is no actual with this id')$$,
    'O-71: only rows written by entry journals are taken');
SELECT results_eq($$SELECT actual_id FROM billing.journal_cancellation WHERE journal_id = 2$$, $$SELECT typed('unbilled_sales', 'fee')$$, 'O-71: the journal contains only the first');
SELECT results_eq($$SELECT rows_of(typed('unbilled_sales', 'fee'))$$,
    $$VALUES ('unbilled_sales fee 1 @ 500 = 500 chargeable | not_ready_to_invoice | in_process')$$, 'O-71: in process');
SELECT results_eq($$SELECT reason FROM billing.mark_ready_to_invoice(actuals => ARRAY[typed('unbilled_sales', 'fee')])$$,
    $$VALUES ('it is on a journal that is not confirmed; confirm the journal, or take it off')$$, 'meanwhile it cannot be marked');
SELECT results_eq($$SELECT reason FROM billing.select_for_cancellation(3, ARRAY[typed('unbilled_sales', 'fee')])$$,
    $$VALUES ('another correction of it has been started and is not confirmed')$$, 'nor put on another journal');
SELECT results_eq($$SELECT amount FROM billing.preview_journal(2)$$, 'VALUES (-500.00)', 'the preview');
SELECT is_empty('SELECT * FROM billing.verify()', 'held soundly');
SELECT results_eq($$SELECT reverses_id, amount FROM billing.confirm_journal(2)$$, $$SELECT typed('unbilled_sales', 'fee'), -500.00$$, 'O-71: confirmed');
SELECT results_eq($$SELECT rows_of(typed('unbilled_sales', 'fee'))$$,
    $$VALUES ('unbilled_sales fee 1 @ 500 = 500 chargeable | canceled | adjusted'),
             ('unbilled_sales fee -1 @ 500 = -500 chargeable | canceled | unadjustable')$$, 'O-71: original adjusted, reversal unadjustable');
SELECT throws_ok($$SELECT billing.select_for_cancellation(2, ARRAY[typed('cost', 'expense')])$$, 'ZB022', 'journal 2 is confirmed and final', 'O-71: edits refused');
SELECT throws_ok($$SELECT billing.release_from_journal(2, actuals => ARRAY[typed('unbilled_sales', 'fee')])$$, 'ZB022', NULL, 'O-71: also letting go');
SELECT throws_ok($$DELETE FROM billing.journal_cancellation$$, 'ZB001', NULL, 'O-71: and by hand');
SELECT results_eq($$SELECT reason FROM billing.select_for_cancellation(3, ARRAY[typed('unbilled_sales', 'fee')])$$, $$VALUES ('it was taken back before')$$, 'once is enough');

-- --- costs and billed sales
\o /dev/null
SELECT billing.select_for_cancellation(3, ARRAY[typed('cost', 'expense'), typed('billed_sales', 'fee')]);
SELECT billing.confirm_journal(3);
\o
SELECT results_eq($$SELECT rows_of(typed('cost', 'expense'))$$,
    $$VALUES ('cost expense 1 @ 70 = 70 chargeable | canceled | adjusted'), ('cost expense -1 @ 70 = -70 chargeable | canceled | unadjustable')$$, 'a cost');
SELECT results_eq($$SELECT rows_of(typed('billed_sales', 'fee'))$$,
    $$VALUES ('billed_sales fee 1 @ 40 = 40 chargeable | customer_invoice_posted | adjusted'),
             ('billed_sales fee -1 @ 40 = -40 chargeable | customer_invoice_posted | unadjustable')$$, 'what was billed stays posted');
SELECT results_eq($$SELECT billed_amount FROM billing.contract_line_customer WHERE contract_line_id = 10$$, 'VALUES (0.00)', 'and counts no longer');

-- --- letting go, invoices
\o /dev/null
SELECT billing.select_for_cancellation(4, ARRAY[typed('unbilled_sales', 'time')]);
\o
SELECT results_eq($$SELECT item, outcome::text FROM billing.release_from_journal(4, actuals => ARRAY[typed('unbilled_sales', 'time')])$$,
    $$VALUES ('actual', 'changed')$$, 'taken off');
SELECT results_eq($$SELECT reason FROM billing.confirm_journal(4)$$, $$VALUES ('the journal holds no actuals')$$, 'an empty journal');
\o /dev/null
SELECT billing.mark_ready_to_invoice(actuals => ARRAY[typed('unbilled_sales', 'time')]);
SELECT drafted(10);
\o
SELECT results_eq($$SELECT reason FROM billing.select_for_cancellation(4, ARRAY[typed('unbilled_sales', 'time')])$$, $$VALUES ('it is on a draft invoice')$$, 'on a draft');
\o /dev/null
SELECT confirmed(invoice(10));
\o
SELECT results_eq($$SELECT reason FROM billing.select_for_cancellation(4, ARRAY[typed('unbilled_sales', 'time')])$$,
    $$VALUES ('it is on a confirmed invoice; credit it there in full first')$$, 'on a confirmed invoice');
\o /dev/null
SELECT billing.revise_invoice(invoice(10));
SELECT confirmed(invoice(10));
\o
SELECT results_eq($$SELECT outcome::text FROM billing.time_and_material_backlog b, billing.select_for_cancellation(4, ARRAY[b.actual_id]) WHERE b.amount = 60$$,
    $$VALUES ('changed')$$, 'credited in full, what came back is taken');
SELECT results_eq($$SELECT amount FROM billing.confirm_journal(4)$$, 'VALUES (-60.00)', 'and taken back');
SELECT throws_ok($$SELECT billing.select_for_cancellation(1, '{1}')$$, 'ZB022', NULL, 'not on a confirmed entry journal');
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (5, 10, 'entry');
SELECT throws_ok($$SELECT billing.select_for_cancellation(5, '{1}')$$, 'ZB021', 'journal 5 is no cancellation journal', 'nor on any entry journal');
SELECT throws_ok($$SELECT billing.select_for_correction(5, '{1}')$$, 'ZB021', 'journal 5 is no correction journal', 'nor is that one for corrections');

SELECT * FROM finish();
