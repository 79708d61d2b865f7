-- What belongs to one part must hold for the others: discounts, limits that split, kept rests, price lists, journals and
-- retainers on the same contract. The runner proves with verify() what the tests here do not look at.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION discounted(contract bigint, customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}') RETURNS void LANGUAGE sql AS $$
    SELECT time_and_material(contract, customers, percents);
    UPDATE billing.contract_line SET discount_percent = 10, fee_percent = 5 WHERE contract_line_id = contract
$$;
-- Open sales of a contract: quantity = amount (discount, fee) limit status, billing status.
CREATE FUNCTION open_sales(contract bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s = %s (%s, %s) %s, %s', trim_scale(quantity), trim_scale(amount), trim_scale(discount_amount), trim_scale(fee_amount),
                  nte_status, billing_status)
      FROM billing.actual WHERE contract_id = contract AND is_open ORDER BY actual_id
$$;

-- --- a limit that splits, on a line with discount and fee: 8 h at 200 come to 1520, 190 an hour
SELECT discounted(10);
UPDATE billing.contract SET nte_limit = 1000, nte_partial_fit = true WHERE contract_id = 10;
SELECT work(101, 10);
SELECT results_eq('SELECT open_sales(10)', ARRAY['5.26 = 999.4 (105.2, 52.6) committed, not_ready_to_invoice',
    '2.74 = 520.6 (54.8, 27.4) failed, not_ready_to_invoice'], 'the part that fits takes its share of discount and fee');
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_line_id = 10), 999.4, 'and no more than the limit');
UPDATE billing.contract SET nte_limit = 1300 WHERE contract_id = 10;
SELECT results_eq($$SELECT outcome::text, nte_status::text FROM billing.reevaluate_nte(ARRAY(SELECT actual_id FROM billing.actual WHERE contract_id = 10 AND nte_status = 'failed' AND is_open)) ORDER BY 2$$,
    $$VALUES ('changed', 'committed'), ('changed', 'failed')$$, 'a raised limit splits the rest again');
SELECT results_eq('SELECT open_sales(10)', ARRAY['5.26 = 999.4 (105.2, 52.6) committed, not_ready_to_invoice',
    '1.58 = 300.2 (31.6, 15.8) committed, not_ready_to_invoice', '1.16 = 220.4 (23.2, 11.6) failed, not_ready_to_invoice'],
    'exactly, whatever it was split into');
SELECT results_eq('SELECT sum(quantity), sum(amount), sum(discount_amount), sum(fee_amount) FROM billing.actual WHERE contract_id = 10 AND is_open',
    'VALUES (8.0, 1520.0, 160.0, 80.0)', 'together they are the whole');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(contracts => '{10}') WHERE outcome = 'changed'$$, 'nothing is different from what was agreed');
UPDATE billing.contract_line SET discount_percent = 0 WHERE contract_line_id = 10;
SELECT isnt_empty($$SELECT * FROM billing.reevaluate_work(contracts => '{10}', preview => true) WHERE outcome = 'changed'$$, 'other percentages are');
UPDATE billing.contract_line SET discount_percent = 10 WHERE contract_line_id = 10;

-- --- what an invoice leaves or returns under such a limit
SELECT discounted(60);
UPDATE billing.contract SET nte_limit = 1520, nte_partial_fit = true WHERE contract_id = 60;
SELECT work(601, 60);
SELECT ready(601);
SELECT drafted(60);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(601), quantity => 2, keep_rest => true);
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 60;
SELECT confirmed(invoice(60));
SELECT results_eq('SELECT open_sales(60)', ARRAY['3.26 = 619.4 (65.2, 32.6) committed, not_ready_to_invoice',
    '2.74 = 520.6 (54.8, 27.4) failed, not_ready_to_invoice'], 'the rest is split after its discount and fee');
UPDATE billing.contract SET nte_limit = 800 WHERE contract_id = 60;
SELECT count(*) FROM billing.revise_invoice(invoice(60));
SELECT confirmed(invoice(60));
SELECT results_eq('SELECT open_sales(60) OFFSET 2', ARRAY['0.95 = 180.5 (19, 9.5) committed, not_ready_to_invoice',
    '1.05 = 199.5 (21, 10.5) failed, not_ready_to_invoice'], 'so is what a correction returns');
SELECT results_eq('SELECT sum(quantity), sum(amount), sum(discount_amount), sum(fee_amount) FROM billing.actual WHERE contract_id = 60 AND is_open',
    'VALUES (8.0, 1520.0, 160.0, 80.0)', 'and nothing is lost');

-- --- a kept rest takes its share of discount and fee, for each customer
SELECT discounted(20, '{1,2,3}', '{33.33,33.33,33.34}');
SELECT work(201, 20, 7, 99.99, tax => 10);
CREATE TABLE agreed AS SELECT customer_id, quantity, amount, tax, discount_amount, fee_amount FROM billing.actual WHERE contract_id = 20 AND is_open;
SELECT ready(201);
SELECT drafted(20);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(201), quantity => 1.11, keep_rest => true);
SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = 20));
SELECT results_eq(
    $$SELECT customer_id, sum(quantity), sum(amount), sum(tax), sum(discount_amount), sum(fee_amount) FROM billing.actual
       WHERE contract_id = 20 AND (is_open OR (transaction_type = 'billed_sales' AND adjustment_status = 'adjustable')) GROUP BY 1 ORDER BY 1$$,
    'SELECT * FROM agreed ORDER BY 1', 'what is billed and what is kept are what was agreed');

-- --- a journal's sale is split like any other when somebody marks it after a reset
SELECT time_and_material(30);
UPDATE billing.contract SET nte_limit = 1000, nte_partial_fit = true WHERE contract_id = 30;
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (1, 30, 'entry');
INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, transaction_type, transaction_class, transaction_date, quantity, price)
VALUES (30, 1, 30, 'unbilled_sales', 'fee', '2026-03-02', 10, 150);
SELECT count(*) FROM billing.confirm_journal(1);
SELECT results_eq('SELECT open_sales(30)', ARRAY['10 = 1500 (, ) failed, not_ready_to_invoice'], 'a journal writes what was typed, as a whole');
SELECT count(*) FROM billing.reset_nte(ARRAY(SELECT actual_id FROM billing.actual WHERE contract_id = 30 AND is_open));
SELECT count(*) FROM billing.mark_ready_to_invoice(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE contract_id = 30 AND is_open));
SELECT results_eq('SELECT open_sales(30)', ARRAY['6.66 = 999 (, ) committed, ready_to_invoice', '3.34 = 501 (, ) failed, not_ready_to_invoice'],
    'marking it splits it at the limit');
SELECT results_eq('SELECT DISTINCT journal_line_id IS NOT NULL FROM billing.actual WHERE contract_id = 30', 'VALUES (true)', 'its parts stem from the line, too');
SELECT drafted(30);
SELECT count(*) FROM billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE contract_id = 30 AND billing_status = 'customer_invoice_created'), quantity => 6);
SELECT confirmed(invoice(30));
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(30)', 'VALUES (900.0)', 'it is edited and billed');
SELECT count(*) FROM billing.revise_invoice(invoice(30), ARRAY(SELECT actual_id FROM billing.actual WHERE invoice_id = invoice(30) AND transaction_type = 'billed_sales' AND billing_type = 'chargeable'));
SELECT confirmed(invoice(30));
SELECT results_eq('SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(30)', 'VALUES (-900.0)', 'and credited');

-- --- a price list on a line with discount, under a limit that splits; priced anew
SELECT discounted(40);
UPDATE billing.contract SET nte_limit = 1000, nte_partial_fit = true WHERE contract_id = 40;
INSERT INTO billing.price_list (price_list_id, context, currency, name) VALUES (1, 'sales', 'USD', 'Rates');
INSERT INTO billing.price_rate (price_list_id, transaction_class, unit, price) VALUES (1, 'time', 'hour', 100);
INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (40, 1);
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity) VALUES (401, 40, 1, '2026-03-02', 8);
SELECT approved(401);
SELECT results_eq('SELECT open_sales(40)', ARRAY['8 = 760 (80, 40) committed, not_ready_to_invoice'], 'the list''s price less discount');
UPDATE billing.price_rate SET price = 200;
SELECT results_eq($$SELECT outcome::text, trim_scale(sum(difference)) FROM billing.rerate('{40}', preview => true) WHERE transaction_type = 'unbilled_sales' GROUP BY 1$$,
    $$VALUES ('changed', 760.0)$$, 'the preview tells the difference after discount');
SELECT count(*) FROM billing.rerate('{40}');
SELECT results_eq('SELECT open_sales(40)', ARRAY['5.26 = 999.4 (105.2, 52.6) committed, not_ready_to_invoice',
    '2.74 = 520.6 (54.8, 27.4) failed, not_ready_to_invoice'], 'what is dearer fits only partly');
SELECT is_empty($$SELECT * FROM billing.rerate('{40}')$$, 'a second time there is nothing to do');

-- --- a correction journal types a price where lists had overruled the typed one
INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity, cost_price, sales_price) VALUES (402, 40, 1, '2026-03-03', 1, 50, 70);
UPDATE billing.contract SET nte_limit = NULL WHERE contract_id = 40;
SELECT approved(402);
SELECT count(*) FROM billing.rerate('{40}', typed => true);
SELECT results_eq('SELECT approved_at_list_price FROM billing.entry WHERE entry_id = 402', 'VALUES (true)', 'the list counts');
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (2, 40, 'time_correction');
SELECT count(*) FROM billing.select_for_correction(2, entries => '{402}');
UPDATE billing.journal_correction SET sales_price = 90 WHERE journal_id = 2;
SELECT count(*) FROM billing.confirm_journal(2);
SELECT results_eq($$SELECT price, amount FROM billing.actual WHERE entry_id = 402 AND is_open$$, 'VALUES (90.0, 85.5)', 'what the journal types wins');
SELECT results_eq('SELECT approved_at_list_price, sales_price FROM billing.entry WHERE entry_id = 402', 'VALUES (NULL::boolean, 90.0)', 'and the entry says so');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{402}')$$, 'so that evaluating it again finds nothing');
SELECT is_empty($$SELECT * FROM billing.rerate('{40}')$$, 'nor does pricing it anew');

-- --- advances take what discounts leave; crediting the invoice gives it back
SELECT discounted(50);
INSERT INTO billing.retainer (retainer_id, contract_id, customer_id, invoice_date, amount) VALUES (5, 50, 1, '2026-01-01', 2000);
SELECT count(*) FROM billing.mark_ready_to_invoice(retainers => '{5}');
SELECT count(*) FROM billing.create_invoices(retainers => '{5}');
SELECT confirmed(invoice(50));
SELECT work(501, 50);
SELECT ready(501);
SELECT drafted(50);
SELECT results_eq('SELECT applied_amount FROM billing.applied_advances WHERE invoice_id = invoice(50)', 'VALUES (1520.0)', 'an advance pays what is owed');
SELECT confirmed(invoice(50));
SELECT count(*) FROM billing.revise_invoice(invoice(50));
SELECT confirmed(invoice(50));
SELECT results_eq('SELECT available_amount FROM billing.retainers_and_advances WHERE retainer_id = 5', 'VALUES (2000.0)', 'and has it again');
SELECT results_eq('SELECT open_sales(50)', ARRAY['8 = 1520 (160, 80) not_applicable, not_ready_to_invoice'], 'as the work is in the backlog again');

SELECT * FROM finish();
