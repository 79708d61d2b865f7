-- rerate(): approved work on no invoice is priced anew from the price lists, with a preview of the differences.
\ir fixture/base.psql
SELECT no_plan();

INSERT INTO billing.price_list (price_list_id, context, currency, name)
VALUES (1, 'sales', 'USD', 'Sales'), (2, 'cost', 'USD', 'Cost'), (3, 'sales', 'USD', 'Company');
INSERT INTO billing.price_rate (price_list_id, price_rate_id, transaction_class, role_id, unit, price)
VALUES (1, 1, 'time', 1, 'hour', 200), (2, 2, 'time', 1, 'hour', 100), (3, 3, 'time', 1, 'hour', 200);
INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (1, 2, 'cost'), (1, 3, 'sales');

-- Approved work of Bob without a price.
CREATE FUNCTION listed(id bigint, project bigint, quantity numeric DEFAULT 8, day date DEFAULT '2026-03-02')
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.entry (entry_id, project_id, resource_id, entry_date, quantity) VALUES (id, project, 1, day, quantity);
    SELECT approved(id)
$$;
CREATE FUNCTION priced(id bigint, contract bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.contract_price_list (contract_id, price_list_id) VALUES (contract, 1)
$$;
CREATE FUNCTION sales_rate(new_price numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE billing.price_rate SET price = new_price WHERE price_rate_id = 1
$$;
CREATE FUNCTION actuals() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM billing.actual';
CREATE FUNCTION standing(entry bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s customer %s: %s @ %s = %s', transaction_type, customer_id, trim_scale(quantity), trim_scale(price),
                  trim_scale(amount))
      FROM billing.actual
     WHERE entry_id = entry AND reverses_id IS NULL AND adjustment_status = 'adjustable'
       AND (transaction_type = 'cost' OR is_open) ORDER BY 1
$$;
CREATE FUNCTION billed(contract bigint, VARIADIC entries bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY(SELECT actual_id FROM billing.actual
                                                              WHERE entry_id = ANY (entries) AND is_open));
    SELECT drafted(contract);
    SELECT confirmed(invoice(contract))
$$;

-- --- The difference, before and after
SELECT time_and_material(10, '{1,2}', '{60,40}');
SELECT priced(1, 10);
SELECT listed(101, 10);
SELECT listed(102, 10, 4, '2026-03-20');
SELECT work(103, 10, price => 150);
SELECT ready(101);
SELECT is((SELECT count(*) FROM billing.rerate('{10}')), 0::bigint, 'X-15 nothing differs, nothing is written');
SELECT is(actuals(), 12::bigint, 'X-15 no actual');
SELECT sales_rate(210);
SELECT is(actuals(), 12::bigint, 'a changed list alone does nothing');
CREATE TABLE preview AS SELECT * FROM billing.rerate('{10}', preview => true);
SELECT is(actuals(), 12::bigint, 'a preview writes nothing');
SELECT is((SELECT count(*) FROM billing.operation WHERE verb = 'rerate' AND arguments ->> 'preview' IS NOT NULL), 0::bigint, 'and logs nothing');
SELECT bag_eq(
    'SELECT entry_id, customer_id, transaction_type::text, quantity, old_price, new_price, old_amount, new_amount, difference
       FROM preview',
    $$VALUES (101::bigint, 1::bigint, 'cost', 4.8, 100.0, 100.0, 480.0, 480.0, 0.0),
             (101, 2, 'cost', 3.2, 100, 100, 320, 320, 0),
             (101, 1, 'unbilled_sales', 4.8, 200, 210, 960, 1008, 48), (101, 2, 'unbilled_sales', 3.2, 200, 210, 640, 672, 32),
             (102, 1, 'cost', 2.4, 100, 100, 240, 240, 0), (102, 2, 'cost', 1.6, 100, 100, 160, 160, 0),
             (102, 1, 'unbilled_sales', 2.4, 200, 210, 480, 504, 24), (102, 2, 'unbilled_sales', 1.6, 200, 210, 320, 336, 16)$$,
    'O-09 the preview tells old and new price and amount of each actual; a typed price is not among them');
SELECT results_eq('SELECT trim_scale(sum(old_amount)), trim_scale(sum(new_amount)), trim_scale(sum(difference)) FROM preview
                    WHERE transaction_type = ''unbilled_sales''', 'VALUES (2400.0, 2520.0, 120.0)', 'and the totals');
SELECT is_empty('SELECT 1 FROM preview WHERE old_actual_id IS NULL OR new_actual_id IS NOT NULL OR outcome <> ''changed''',
    'each is an actual that would be written anew');

-- From a date
SELECT bag_eq($$SELECT DISTINCT entry_id FROM billing.rerate('{10}', from_date => '2026-03-20')$$, 'VALUES (102::bigint)',
    'work from a date on');
SELECT bag_eq('SELECT standing(101)', $$VALUES ('cost customer 1: 4.8 @ 100 = 480'), ('cost customer 2: 3.2 @ 100 = 320'),
    ('unbilled_sales customer 1: 4.8 @ 200 = 960'), ('unbilled_sales customer 2: 3.2 @ 200 = 640')$$, 'earlier work stands');
CREATE TABLE result AS SELECT * FROM billing.rerate('{10}');
SELECT bag_eq('SELECT entry_id, customer_id, old_actual_id, old_price, new_price, difference FROM result',
    'SELECT entry_id, customer_id, old_actual_id, old_price, new_price, difference FROM preview WHERE entry_id = 101',
    'the verb returns what its preview said');
SELECT bag_eq('SELECT standing(101)', $$VALUES ('cost customer 1: 4.8 @ 100 = 480'), ('cost customer 2: 3.2 @ 100 = 320'),
    ('unbilled_sales customer 1: 4.8 @ 210 = 1008'), ('unbilled_sales customer 2: 3.2 @ 210 = 672')$$, 'and writes it');
SELECT is_empty($$SELECT 1 FROM result r JOIN billing.actual a ON a.actual_id = r.new_actual_id
                   WHERE a.billing_status <> 'not_ready_to_invoice' OR a.price <> r.new_price OR a.amount <> r.new_amount$$,
    'what was ready is to be looked at again');
SELECT is_empty($$SELECT 1 FROM result r JOIN billing.actual a ON a.actual_id = r.old_actual_id
                   WHERE (a.adjustment_status, a.billing_status) <> ('adjusted', 'canceled')$$, 'the originals are adjusted');
SELECT is((SELECT sum(amount) FROM billing.actual WHERE entry_id = 101 AND transaction_type = 'unbilled_sales'), 1680.0,
    'conservation: the ledger adds up to the new amount');
SELECT is((SELECT count(*) FROM billing.rerate('{10}')), 0::bigint, 'X-15 again: nothing');
SELECT is_empty('SELECT * FROM billing.verify()', 'sound');

-- --- On a draft, on a confirmed invoice
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT sales_rate(220);
SELECT results_eq($$SELECT DISTINCT entry_id, outcome::text, reason FROM billing.rerate('{10}') ORDER BY 1$$,
    $$VALUES (101::bigint, 'refused', 'a sale of the entry is on a draft invoice'), (102, 'refused', 'a sale of the entry is on a draft invoice')$$,
    'X-15 what is on a draft is reported and left alone');
SELECT confirmed(invoice(10, 1));
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(10, 2)]);
SELECT results_eq($$SELECT DISTINCT entry_id, outcome::text, reason FROM billing.rerate('{10}') ORDER BY 1$$,
    $$VALUES (101::bigint, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full'),
             (102, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'X-15 so is work that one customer was billed for');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT confirmed(invoice(10, 2));
SELECT results_eq($$SELECT DISTINCT entry_id, outcome::text, reason FROM billing.rerate('{10}') ORDER BY 1$$,
    $$VALUES (101::bigint, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full'),
             (102, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'X-15 and work billed in full, which has another price today');
SELECT is_empty($$SELECT * FROM billing.rerate('{10}', from_date => '2026-05-01')$$, 'not before the date');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{10}')$$, 'reevaluate_work() says nothing of billed work');
SELECT sales_rate(210);
SELECT is_empty($$SELECT * FROM billing.rerate('{10}')$$, 'billed at the price of today: nothing to tell');

-- --- Credited: the price of the list again, but not if somebody agreed on another one
SELECT time_and_material(11);
SELECT priced(1, 11);
SELECT listed(111, 11);
SELECT listed(112, 11);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{11}');
SELECT drafted(11);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(112), price => 190);
SELECT confirmed(invoice(11));
SELECT count(*) FROM billing.revise_invoice(invoice(11));
SELECT confirmed(invoice(11));
SELECT sales_rate(230);
SELECT is_empty($$SELECT 1 FROM billing.reevaluate_work('{11}') WHERE outcome = 'changed'$$, 'reevaluate_work() keeps what was agreed');
SELECT results_eq($$SELECT entry_id, trim_scale(old_price), trim_scale(new_price) FROM billing.rerate('{11}', preview => true)
                     WHERE transaction_type = 'unbilled_sales'$$,
    $$VALUES (111::bigint, 210.0, 230.0)$$, 'what was credited has the price of today, unless it was edited on the invoice');
SELECT results_eq($$SELECT entry_id, trim_scale(old_price), trim_scale(new_price) FROM billing.rerate('{11}', typed => true)
                     WHERE transaction_type = 'unbilled_sales' ORDER BY 1$$,
    $$VALUES (111::bigint, 210.0, 230.0), (112, 190, 230)$$, 'or typed prices are to be overruled');
SELECT is_empty($$SELECT 1 FROM billing.reevaluate_work('{11}') WHERE outcome = 'changed'$$, 'evaluated again it stays');
SELECT is_empty('SELECT * FROM billing.verify()', 'sound');

-- --- Typed prices
SELECT time_and_material(12);
SELECT priced(1, 12);
SELECT work(121, 12, price => 150);
SELECT work(122, 12, price => 160, class => 'expense');
SELECT is_empty($$SELECT * FROM billing.rerate('{12}')$$, 'typed prices stay');
SELECT results_eq($$SELECT entry_id, transaction_type::text, trim_scale(old_price), trim_scale(new_price)
                      FROM billing.rerate('{12}', typed => true)$$,
    $$VALUES (121::bigint, 'cost', 100.0, 100.0), (121, 'unbilled_sales', 150, 230)$$,
    'overruled where a list has a price; without a rate the typed one stays');
SELECT results_eq('SELECT sales_price, approved_at_list_price FROM billing.entry WHERE entry_id IN (121, 122) ORDER BY entry_id',
    'VALUES (150.0, true), (160, NULL)', 'the entry says so and keeps what was typed');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{12}')$$, 'it survives another evaluation');
SELECT sales_rate(240);
SELECT results_eq($$SELECT trim_scale(new_price) FROM billing.rerate('{12}') WHERE transaction_type = 'unbilled_sales'$$,
    'VALUES (240.0)', 'from then on the list counts');
SELECT count(*) FROM billing.cancel_approval('{121}');
SELECT results_eq('SELECT approved_at_list_price FROM billing.entry WHERE entry_id = 121', 'VALUES (NULL::boolean)',
    'it ends with the approval');
SELECT count(*) FROM billing.approve('{121}');
SELECT results_eq('SELECT standing(121)', $$VALUES ('cost customer 1: 8 @ 100 = 800'), ('unbilled_sales customer 1: 8 @ 150 = 1200')$$,
    'then the typed price counts');
SELECT throws_ok('UPDATE billing.entry SET approved_at_list_price = true WHERE entry_id = 121', 'ZB001', NULL,
    'only rerate() sets it');

-- --- Limits
SELECT time_and_material(13);
SELECT priced(1, 13);
UPDATE billing.contract SET nte_limit = 4000 WHERE contract_id = 13;
SELECT listed(131, 13);
SELECT listed(132, 13, 8, '2026-03-03');
SELECT results_eq($$SELECT nte_status::text FROM billing.actual WHERE contract_id = 13 AND is_open ORDER BY entry_id$$,
    $$VALUES ('committed'), ('committed')$$, 'room for both');
SELECT sales_rate(300);
SELECT results_eq($$SELECT entry_id, nte_status::text, trim_scale(difference) FROM billing.rerate('{13}') WHERE transaction_type = 'unbilled_sales' ORDER BY 1$$,
    $$VALUES (131::bigint, 'committed', 480.0), (132, 'failed', 480)$$, 'at the new price only for one');
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_id = 13), 2400.0, 'the total is right');
SELECT sales_rate(250);
SELECT results_eq($$SELECT nte_status::text FROM billing.rerate('{13}') WHERE transaction_type = 'unbilled_sales' ORDER BY entry_id$$,
    $$VALUES ('committed'), ('committed')$$, 'room again');

-- --- All contracts of a list
SELECT time_and_material(14);
SELECT listed(141, 14);
UPDATE billing.price_rate SET price = 205 WHERE price_rate_id = 3;
SELECT sales_rate(260);
SELECT results_eq($$SELECT DISTINCT contract_id FROM billing.rerate(price_lists => '{3}', preview => true)$$, 'VALUES (14::bigint)',
    'the list of the company: contracts without one of their own');
SELECT bag_eq($$SELECT DISTINCT contract_id FROM billing.rerate(price_lists => '{1}', preview => true) WHERE outcome = 'changed'$$,
    'VALUES (11::bigint), (13)', 'the list of contracts');
UPDATE billing.price_rate SET price = 110 WHERE price_rate_id = 2;
SELECT bag_eq($$SELECT DISTINCT contract_id FROM billing.rerate(price_lists => '{2}', preview => true)
                 WHERE outcome = 'changed' AND transaction_type = 'cost' AND old_price <> new_price$$,
    'VALUES (11::bigint), (13), (14)', 'a cost list: every contract of the company');
SELECT throws_ok('SELECT * FROM billing.rerate()', '22023', NULL, 'nothing named');

-- --- Work that was taken back from a contract is no longer work of it
SELECT time_and_material(17);
SELECT listed(171, 17);
UPDATE billing.contract_line SET include_time = false WHERE contract_line_id = 17;
SELECT count(*) FROM billing.reevaluate_work('{17}');
SELECT results_eq('SELECT standing(171)', $$VALUES ('cost customer : 8 @ 110 = 880')$$, 'work that moved to the internal contract');
UPDATE billing.price_rate SET price = 115 WHERE price_rate_id = 2;
SELECT is_empty($$SELECT * FROM billing.rerate('{17}')$$, 'is not priced anew with the contract it was in');
UPDATE billing.price_rate SET price = 110 WHERE price_rate_id = 2;
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (18, 1, 1, 'Lost', 'USD');
INSERT INTO billing.project (project_id, company_id, name) VALUES (18, 1, 'Lost');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id) VALUES (18, 18, 'Lost', 'time_and_material', 18);
SELECT work(181, 18, class => 'fee');
SELECT count(*) FROM billing.close_contract('{18}');
SELECT is_empty($$SELECT * FROM billing.rerate('{18}')$$, 'nor is anything told of fees of a contract that was lost');

-- --- Fixed price: the cost alone
SELECT fixed_price(15);
SELECT listed(151, 15);
UPDATE billing.price_rate SET price = 120 WHERE price_rate_id = 2;
SELECT results_eq($$SELECT transaction_type::text, trim_scale(old_price), trim_scale(new_price) FROM billing.rerate('{15}')$$,
    $$VALUES ('cost', 110.0, 120.0)$$, 'O-09 fixed price: the cost side only');

-- --- O-09 a contract is confirmed: its work has the prices of that day
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (16, 1, 1, 'Offer', 'USD');
INSERT INTO billing.project (project_id, company_id, name) VALUES (16, 1, 'Offer');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (16, 16, 'Offer', 'time_and_material', 16);
UPDATE billing.price_rate SET price = 200 WHERE price_rate_id = 3;
UPDATE billing.price_rate SET price = 100 WHERE price_rate_id = 2;
SELECT listed(161, 16);
UPDATE billing.price_rate SET price = 210 WHERE price_rate_id = 3;
SELECT results_eq(
    $$SELECT transaction_type::text, trim_scale(quantity), trim_scale(price), trim_scale(amount) FROM billing.confirm_contract('{16}')
       WHERE entry_id IS NOT NULL$$,
    $$VALUES ('cost', -8.0, 100.0, -800.0), ('unbilled_sales', -8, 200, -1600), ('cost', 8, 100, 800), ('unbilled_sales', 8, 210, 1680)$$,
    'O-09 the price changed from 200 to 210');

-- --- A list that cannot price
UPDATE billing.price_list SET currency = 'EUR' WHERE price_list_id = 3;
SELECT results_eq($$SELECT entry_id, outcome::text, reason FROM billing.rerate('{16}')$$,
    $$VALUES (161::bigint, 'refused', 'price list 3 is in EUR, not in USD')$$, 'work that has no price today is reported');
SELECT is((SELECT count(*) FROM billing.operation WHERE verb = 'rerate' AND arguments ->> 'from_date' = '2026-03-20'), 1::bigint,
    'the log keeps the call');

-- --- Priced anew after a credit, billed and credited again: the list's price was never agreed on an invoice
CREATE FUNCTION credited(contract bigint) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM billing.revise_invoice(invoice(contract));
    SELECT confirmed(invoice(contract))
$$;
CREATE FUNCTION repriced(contract bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT coalesce(trim_scale(old_price) || ' ' || trim_scale(new_price), reason) FROM billing.rerate(ARRAY[contract])
     WHERE transaction_type IS DISTINCT FROM 'cost'
$$;
SELECT time_and_material(21);
SELECT priced(1, 21);
SELECT sales_rate(200);
SELECT listed(211, 21);
SELECT billed(21, 211);
SELECT credited(21);
SELECT sales_rate(210);
SELECT results_eq('SELECT repriced(21)', ARRAY['200 210'], 'what was credited has the price of today');
SELECT billed(21, 211);
SELECT is_empty('SELECT repriced(21)', 'billed at it: nothing to tell');
SELECT credited(21);
SELECT sales_rate(220);
SELECT results_eq('SELECT repriced(21)', ARRAY['210 220'], 'credited once more it has the price of that day');

SELECT time_and_material(22);
SELECT priced(1, 22);
SELECT listed(221, 22);
SELECT billed(22, 221);
SELECT credited(22);
SELECT count(*) FROM billing.cancel_approval('{221}');
SELECT sales_rate(250);
SELECT count(*) FROM billing.approve('{221}');
SELECT billed(22, 221);
SELECT credited(22);
SELECT sales_rate(260);
SELECT results_eq('SELECT repriced(22)', ARRAY['250 260'], 'nor was a price that another approval changed');

SELECT time_and_material(23);
SELECT priced(1, 23);
SELECT listed(231, 23);
SELECT ready(231);
SELECT drafted(23);
SELECT count(*) FROM billing.edit_invoice_details(actuals => sales(231), price => 190);
SELECT confirmed(invoice(23));
SELECT credited(23);
INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (23, 2);
INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (23, 23, 2) ON CONFLICT DO NOTHING;
UPDATE billing.contract_line_customer SET billing_split_percent = 50 WHERE contract_line_id = 23;
SELECT count(*) FROM billing.reevaluate_work('{23}');
SELECT is_empty('SELECT repriced(23)', 'a price agreed on an invoice survives another split');
SELECT count(*) FROM billing.rerate('{23}', typed => true);
SELECT sales_rate(270);
SELECT results_eq('SELECT repriced(23)', ARRAY['260 270', '260 270'], 'once overruled the list counts');

SELECT is_empty('SELECT * FROM billing.verify()', 'sound');

-- --- a journal that types only the cost of overruled work: without a sale in the ledger, the typed sales price stays
SELECT fixed_price(60);
SELECT approved(entered(601, 60, price => 250));
UPDATE billing.price_rate SET price = 130 WHERE price_rate_id = 2;
SELECT count(*) FROM billing.rerate('{60}', typed => true);
INSERT INTO billing.journal (journal_id, contract_id, journal_type) VALUES (60, 60, 'time_correction');
SELECT count(*) FROM billing.select_for_correction(60, '{601}');
UPDATE billing.journal_correction SET cost_price = 90 WHERE journal_id = 60;
SELECT count(*) FROM billing.confirm_journal(60);
SELECT results_eq('SELECT cost_price, sales_price, approved_at_list_price FROM billing.entry WHERE entry_id = 601',
    'VALUES (90.0, 250.0, NULL::boolean)', 'nothing is lost');

SELECT * FROM finish();
