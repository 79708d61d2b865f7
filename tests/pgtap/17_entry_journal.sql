-- Entry journals: one actual for each line, exactly as typed, and what becomes of it.
\ir fixture/base.psql
SELECT no_plan();

\o /dev/null
SELECT time_and_material(10);
SELECT time_and_material(20, '{1,2}', '{60,40}');
SELECT fixed_price(30);
SELECT time_and_material(40, '{1}', '{100}', 'EUR');
\o

-- A journal with lines given as rows of: contract line, type, class, quantity, price.
CREATE FUNCTION journaled(id bigint, contract bigint, type text DEFAULT 'entry') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (id, contract, type::billing.journal_type)
    RETURNING journal_id
$$;
CREATE FUNCTION typed(journal bigint, line bigint, type text, class text, quantity numeric, price numeric,
                      customer bigint DEFAULT NULL, day date DEFAULT '2026-03-02') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, customer_id, transaction_type, transaction_class,
                                      quantity, price, transaction_date)
    SELECT j.contract_id, j.journal_id, line, customer, type::billing.transaction_type, class::billing.transaction_class, quantity, price, day
      FROM billing.journal j WHERE j.journal_id = journal RETURNING journal_line_id
$$;

-- --- O-70: the matrix
SELECT results_eq(
    $$SELECT billing_method::text, count(*), count(*) FILTER (WHERE is_allowed) FROM billing.journal_line_rules() GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('fixed_price', 30::bigint, 10::bigint), ('time_and_material', 30, 17)$$,
    'O-70: 60 combinations, 10 and 17 of them allowed');
CREATE FUNCTION accepts(line bigint, type text, class text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM typed((SELECT journal_id FROM billing.journal WHERE contract_id = line AND journal_status = 'draft' LIMIT 1), line, type, class, 1, 1);
    RETURN true;
EXCEPTION WHEN SQLSTATE 'ZB013' THEN RETURN false;
END $$;
\o /dev/null
SELECT journaled(1, 10), journaled(3, 30);
\o
SELECT is_empty(
    $$SELECT r.* FROM billing.journal_line_rules() r
       WHERE accepts(CASE r.billing_method WHEN 'fixed_price' THEN 30 ELSE 10 END, r.transaction_type::text, r.transaction_class::text)
             <> r.is_allowed$$,
    'O-70: a line is taken if and only if the matrix says so');
SELECT results_eq('SELECT count(*) FROM billing.journal_line', 'VALUES (27::bigint)', 'O-70: 27 lines are there');
SELECT throws_ok($$SELECT typed(3, 30, 'unbilled_sales', 'time', 1, 1)$$, 'ZB013',
    'a journal has no unbilled_sales of class time on a contract line of method fixed_price', 'and the others are refused when typed');
SELECT results_eq($$SELECT journal_id, outcome::text, reason FROM billing.delete_journals('{1,3,99}') ORDER BY 1$$,
    $$VALUES (1::bigint, 'changed', NULL), (3, 'changed', NULL), (99, 'refused', 'there is no journal with this id')$$,
    'drafts are deleted with their lines');
SELECT is_empty('SELECT 1 FROM billing.journal_line', 'and nothing of them is left');

-- --- as typed
\o /dev/null
SELECT journaled(10, 10);
INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, transaction_type, transaction_class, transaction_date, quantity, price,
    amount_method, amount, tax, billing_type, description, project_id, currency)
VALUES (10, 10, 10, 'cost', 'time', '2026-03-02', 8, 100, DEFAULT, NULL, 0, NULL, 'Survey', 10, 'USD'),
       (10, 10, 10, 'unbilled_sales', 'time', '2026-03-02', 8, 200, DEFAULT, 1600, 320, NULL, 'Survey', 10, NULL),
       (10, 10, 10, 'unbilled_sales', 'fee', '2026-03-03', 1, 0, 'fixed_price', 500, 0, NULL, 'Fee', NULL, NULL),
       (10, 10, 10, 'unbilled_sales', 'expense', '2026-03-04', 2, 50, DEFAULT, NULL, 0, 'complimentary', NULL, NULL, NULL),
       (10, 10, 10, 'billed_sales', 'material', '2026-01-04', 3, 10, DEFAULT, NULL, 6, NULL, 'Before our time', NULL, NULL),
       (10, 10, NULL, 'resourcing_unit_cost', 'time', '2026-03-02', 8, 90, DEFAULT, NULL, 0, NULL, NULL, 10, NULL);
\o
SELECT results_eq($$SELECT count(*), count(actual_id), sum(amount) FROM billing.preview_journal(10)$$,
    $$VALUES (6::bigint, 0::bigint, 3750.0)$$, 'the preview shows what would be written');
SELECT is_empty('SELECT 1 FROM billing.actual', 'and writes nothing');
SELECT results_eq(
    $$SELECT transaction_type::text, billing_type::text, quantity, price, amount, tax, customer_id FROM billing.confirm_journal(10)$$,
    $$VALUES ('cost', 'chargeable', 8.00, 100.00, 800.00, 0.00, 1::bigint), ('unbilled_sales', 'chargeable', 8.00, 200.00, 1600.00, 320.00, 1),
             ('unbilled_sales', 'chargeable', 1.00, 0.00, 500.00, 0.00, 1), ('unbilled_sales', 'complimentary', 2.00, 50.00, 100.00, 0.00, 1),
             ('billed_sales', 'chargeable', 3.00, 10.00, 30.00, 6.00, 1), ('resourcing_unit_cost', 'not_available', 8.00, 90.00, 720.00, 0.00, NULL)$$,
    'one actual per line, exactly as typed');
SELECT results_eq($$SELECT fact FROM ledger WHERE contract_id = 10 ORDER BY actual_id$$,
    $$VALUES ('cost time 8 @ 100 = 800 chargeable | not_ready_to_invoice | adjustable'),
             ('unbilled_sales time 8 @ 200 = 1600 chargeable | not_ready_to_invoice | adjustable'),
             ('unbilled_sales fee 1 @ 0 = 500 chargeable | not_ready_to_invoice | adjustable'),
             ('unbilled_sales expense 2 @ 50 = 100 complimentary | not_ready_to_invoice | adjustable'),
             ('billed_sales material 3 @ 10 = 30 chargeable | customer_invoice_posted | adjustable'),
             ('resourcing_unit_cost time 8 @ 90 = 720 not_available | not_ready_to_invoice | adjustable')$$,
    'in the ledger');
SELECT results_eq(
    $$SELECT document_date, start_date, end_date, accounting_date, external_description, customer_id, actual_id IS NOT NULL
        FROM billing.journal_line WHERE journal_id = 10 ORDER BY journal_line_id LIMIT 1$$,
    $$VALUES ('2026-03-02'::date, '2026-03-02'::date, '2026-03-02'::date, '2026-03-02'::date, 'Survey', 1::bigint, true)$$,
    'what was not typed is filled in: dates, text, customer');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.confirm_journal(10)$$,
    $$VALUES ('refused', 'the journal is confirmed; what it wrote is taken back by another journal')$$, 'a journal is confirmed once');
SELECT throws_ok($$UPDATE billing.journal_line SET price = 1 WHERE journal_id = 10$$, 'ZB022', NULL, 'its lines never change');
SELECT throws_ok($$DELETE FROM billing.journal_line WHERE journal_id = 10$$, 'ZB022', NULL, 'nor go away');
SELECT throws_ok($$DELETE FROM billing.journal WHERE journal_id = 10$$, 'ZB022', NULL, 'nor does it');
SELECT throws_ok($$SELECT typed(10, 10, 'cost', 'time', 1, 1)$$, 'ZB022', 'journal 10 is confirmed and takes no more lines', 'nor are there more');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.delete_journals('{10}')$$,
    $$VALUES ('refused', 'the journal is confirmed; what it wrote is taken back by another journal')$$, 'not even by the verb');
SELECT results_eq(
    $$SELECT item, from_status, to_status, ids FROM billing.operation_history WHERE verb = 'confirm_journal'$$,
    $$VALUES ('journal', 'draft', 'confirmed', '{10}'::bigint[])$$, 'the log knows');
SELECT results_eq($$SELECT line_count, cost_amount, unbilled_amount, billed_amount, tax FROM billing.journal_summary WHERE journal_id = 10$$,
    $$VALUES (6::bigint, 800.00, 2200.00, 30.00, 326.0000)$$, 'totals');
SELECT results_eq($$SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_id = 10$$,
    'VALUES (0::numeric, 30.00)', 'what it billed counts as billed');

-- --- sales of a journal are billed like any other
CREATE FUNCTION of_journal(journal bigint) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(actual_id ORDER BY actual_id) FROM billing.journal_line WHERE journal_id = journal AND transaction_type = 'unbilled_sales' $$;
SELECT results_eq($$SELECT item_id, description FROM billing.backlog LEFT JOIN billing.time_and_material_backlog ON actual_id = item_id
    WHERE backlog.contract_id = 10 ORDER BY 1$$, $$SELECT unnest(of_journal(10)), unnest('{Survey,Fee,NULL}'::text[])$$, 'they are in the backlog');
\o /dev/null
SELECT billing.mark_ready_to_invoice(actuals => of_journal(10));
SELECT drafted(10);
SELECT billing.edit_invoice_details(actuals => (of_journal(10))[1:1], quantity => 6);
\o
SELECT results_eq($$SELECT detail_amount, total_tax FROM billing.invoice WHERE invoice_id = invoice(10)$$, 'VALUES (1700.00, 320.00)', 'drafted');
\o /dev/null
SELECT confirmed(invoice(10));
\o
SELECT results_eq(
    $$SELECT fact FROM ledger WHERE invoice_id = invoice(10) AND fact LIKE 'billed%' ORDER BY 1$$,
    $$VALUES ('billed_sales expense 2 @ 50 = 100 complimentary | customer_invoice_posted | adjustable'),
             ('billed_sales fee 1 @ 0 = 500 chargeable | customer_invoice_posted | adjustable'),
             ('billed_sales time 2 @ 200 = 400 non_chargeable | customer_invoice_posted | adjustable'),
             ('billed_sales time 6 @ 200 = 1200 chargeable | customer_invoice_posted | adjustable')$$, 'confirmed');
SELECT is_empty($$SELECT 1 FROM billing.actual WHERE invoice_id = invoice(10) AND journal_line_id IS NULL$$, 'everything knows its journal line');
SELECT results_eq(
    $$SELECT DISTINCT origin FROM billing.transaction_origin o JOIN billing.actual a ON o.record = 'actual' AND a.actual_id = o.record_id
       WHERE a.invoice_id = invoice(10) AND a.transaction_type = 'billed_sales' ORDER BY 1$$,
    $$VALUES ('invoice'), ('invoice_line'), ('invoice_line_detail'), ('journal_line')$$, 'and the links show it');
\o /dev/null
SELECT billing.revise_invoice(invoice(10));
SELECT confirmed(invoice(10));
\o
SELECT results_eq($$SELECT sum(amount) FROM billing.time_and_material_backlog WHERE contract_id = 10 AND billing_type = 'chargeable'$$,
    'VALUES (1700.00)', 'credited in full, it is in the backlog again');
SELECT is_empty('SELECT * FROM billing.verify()', 'so far all is sound');

-- --- several customers
\o /dev/null
SELECT journaled(20, 20);
SELECT typed(20, 20, 'unbilled_sales', 'time', 4, 100), typed(20, 20, 'unbilled_sales', 'time', 5, 100, 2), typed(20, 20, 'cost', 'time', 9, 50);
SELECT billing.confirm_journal(20);
\o
SELECT results_eq($$SELECT customer_id, amount FROM billing.time_and_material_backlog WHERE contract_id = 20$$, 'VALUES (2::bigint, 500.00)',
    'a sale that names none of several customers is in nobody''s backlog');
SELECT results_eq($$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(actuals => (of_journal(20))[1:1])$$,
    $$VALUES ('refused', 'nobody pays for it: the journal line names none of several customers')$$, 'and never invoiced');
SELECT results_eq($$SELECT item_count FROM billing.mark_ready_to_invoice(contracts => '{20}') WHERE item = 'actual'$$, 'VALUES (1::bigint)', 'not with the contract either');

-- --- whole or not at all
\o /dev/null
SELECT journaled(30, 20), journaled(31, 40), journaled(32, 10);
SELECT typed(30, 20, 'unbilled_sales', 'time', 4, 100, 2), typed(30, 20, 'unbilled_sales', 'time', 4, 100, 3), typed(30, 20, 'billed_sales', 'time', 1, 1),
       typed(30, NULL, 'unbilled_sales', 'time', 1, 1), typed(30, NULL, 'cost', 'time', 1, 1, 1), typed(30, 20, 'unbilled_sales', 'retainer', 1, 1, 1);
UPDATE billing.journal_line SET amount = 399 WHERE journal_id = 30 AND customer_id = 2;
INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, transaction_type, transaction_class, transaction_date, quantity, price, currency, amount_method)
VALUES (40, 31, 40, 'unbilled_sales', 'time', '2026-03-02', 1, 1, 'USD', DEFAULT), (40, 31, 40, 'cost', 'time', '2026-03-02', 1, 1, 'EUR', DEFAULT),
       (40, 31, 40, 'cost', 'time', '2026-03-02', 1, 1, NULL, 'fixed_price');
\o
SELECT bag_eq($$SELECT outcome::text, regexp_replace(reason, '^line \d+: ', '') FROM billing.confirm_journal(30)$$,
    $$VALUES ('refused', 'the amount 399 is not quantity times price, which is 400'), ('refused', 'customer 3 does not pay for contract line 20'),
             ('refused', 'a billed sale needs its customer'), ('refused', 'unbilled sales of class time needs a contract line'),
             ('refused', 'without a contract line there is no paying customer'),
             ('refused', 'a retainer needs two lines of the same customer and date: a billed sale, and an unbilled sale of the negative amount that holds its balance')$$,
    'every line that cannot be written says why');
SELECT bag_eq($$SELECT outcome::text, regexp_replace(reason, '^line \d+: ', '') FROM billing.confirm_journal(31)$$,
    $$VALUES ('refused', 'it is in USD, its contract in EUR'), ('refused', 'it is in EUR, its company in USD'),
             ('refused', 'a fixed price needs an amount')$$, 'the currency is the contract''s');
SELECT results_eq($$SELECT reason FROM billing.confirm_journal(32)$$, $$VALUES ('the journal has no lines')$$, 'an empty journal');
SELECT throws_ok('SELECT billing.confirm_journal(99)', 'ZB020', 'there is no journal 99', 'no journal');
SELECT is_empty($$SELECT 1 FROM billing.journal_line WHERE journal_id IN (30, 31) AND actual_id IS NOT NULL$$, 'nothing was written');

-- --- limits
\o /dev/null
UPDATE billing.contract_line SET nte_limit = 1000 WHERE contract_line_id = 40;
SELECT journaled(40, 40);
SELECT typed(40, 40, 'unbilled_sales', 'time', 1, 600, 1, '2026-03-05'), typed(40, 40, 'unbilled_sales', 'time', 1, 500, 1, '2026-03-04'),
       typed(40, 40, 'billed_sales', 'time', 1, 300, 1, '2026-03-06');
\o
SELECT results_eq($$SELECT amount, nte_status::text FROM billing.confirm_journal(40)$$,
    $$VALUES (600.00, 'failed'), (500.00, 'committed'), (300.00, 'not_applicable')$$,
    'what was billed elsewhere uses the limit, then the oldest sale comes first');
SELECT results_eq($$SELECT committed_amount, billed_amount FROM billing.contract_line_customer WHERE contract_id = 40$$,
    'VALUES (500.00, 300.00)', 'the running totals follow');

\o /dev/null
SELECT time_and_material(60);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method) VALUES (60, 61, 'Line 61', 'fixed_price');
UPDATE billing.contract SET nte_limit = 1000 WHERE contract_id = 60;
SELECT journaled(45, 60);
SELECT typed(45, 61, 'billed_sales', 'milestone', 1, 800, 1), typed(45, 60, 'unbilled_sales', 'time', 1, 300, 1);
\o
SELECT results_eq($$SELECT amount, nte_status::text FROM billing.confirm_journal(45)$$, $$VALUES (800.00, 'not_applicable'), (300.00, 'failed')$$,
    'so does a milestone that was billed elsewhere');

-- --- retainers
\o /dev/null
SELECT journaled(50, 20);
SELECT typed(50, 20, 'billed_sales', 'retainer', 1, 300, 2), typed(50, 20, 'unbilled_sales', 'retainer', -1, 300, 2);
SELECT billing.confirm_journal(50);
\o
SELECT results_eq($$SELECT customer_id, retainer_status::text, amount, available_amount, invoice_id FROM billing.retainers_and_advances WHERE contract_id = 20$$,
    $$VALUES (2::bigint, 'customer_invoice_posted', 300.0000, 300.0000, NULL::bigint)$$, 'a pair is a retainer that was billed elsewhere');
\o /dev/null
SELECT drafted(20);
\o
SELECT results_eq($$SELECT detail_amount FROM billing.invoice WHERE invoice_id = invoice(20, 2)$$, 'VALUES (200.00)', 'drafts use it up');
\o /dev/null
SELECT confirmed(invoice(20, 2));
\o
SELECT is_empty('SELECT * FROM billing.verify()', 'its balance is that of the ledger');

-- --- what journals billed before and after an invoice that bills nothing
\o /dev/null
SELECT time_and_material(50);
SELECT journaled(70, 50), journaled(71, 50);
SELECT typed(70, 50, 'billed_sales', 'time', 1, 618), typed(71, 50, 'billed_sales', 'time', 1, 7), typed(71, 50, 'unbilled_sales', 'time', 1, 20);
SELECT billing.confirm_journal(70);
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (72, 50, 'entry'), (73, 50, 'cancellation');
SELECT typed(72, 50, 'unbilled_sales', 'time', 1, 5);
SELECT billing.confirm_journal(72);
SELECT billing.mark_ready_to_invoice(actuals => of_journal(72));
SELECT drafted(50);
SELECT billing.remove_invoice_details(actuals => of_journal(72));
SELECT confirmed(invoice(50));
\o
SELECT results_eq($$SELECT invoiced_to_date FROM billing.invoice_line WHERE invoice_id = invoice(50)$$, 'VALUES (618.00)',
    'an invoice that bills nothing says what was billed to date, by journals, too');
SELECT is_empty('SELECT * FROM billing.verify()', 'and verify() agrees');
\o /dev/null
SELECT billing.confirm_journal(71);
SELECT billing.select_for_cancellation(73, ARRAY(SELECT actual_id FROM billing.journal_line WHERE journal_id = 70));
SELECT billing.confirm_journal(73);
\o
SELECT is_empty('SELECT * FROM billing.verify()', 'also when journals bill more and take it back since');

-- --- the backlog of a moment
\o /dev/null
SELECT journaled(60, 10);
SELECT typed(60, 10, 'unbilled_sales', 'time', 1, 77);
CREATE TABLE moment AS SELECT clock_timestamp() AS at;
SELECT billing.confirm_journal(60);
\o
SELECT results_eq($$SELECT count(*) FROM moment, billing.backlog_at(at, '{10}') WHERE amount = 77$$, 'VALUES (0::bigint)', 'before: not in the backlog');
SELECT results_eq($$SELECT count(*) FROM billing.backlog_at(clock_timestamp(), '{10}') WHERE amount = 77$$, 'VALUES (1::bigint)', 'afterwards: in it');

SELECT * FROM finish();
