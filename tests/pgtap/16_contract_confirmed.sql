-- confirm_contract(), close_contract(), reevaluate_work(): work evaluated again, or given up.
\ir fixture/base.psql
SELECT no_plan();

-- What stands of an entry.
CREATE FUNCTION standing(VARIADIC entries bigint[]) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s line %s customer %s: %s @ %s = %s %s', entry_id, transaction_type,
                  coalesce(contract_line_id::text, 'none'), coalesce(customer_id::text, 'none'), trim_scale(quantity),
                  trim_scale(price), trim_scale(amount), billing_type)
      FROM billing.actual
     WHERE entry_id = ANY (entries) AND reverses_id IS NULL AND adjustment_status = 'adjustable'
$$;
CREATE FUNCTION actuals() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM billing.actual';
-- A contract still in draft.
CREATE FUNCTION draft_contract(id bigint, customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}')
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
    VALUES (id, 1, customers[1], 'Contract ' || id, 'USD');
    INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
    SELECT id, c.customer, c.percent FROM unnest(customers[2:], percents[2:]) AS c (customer, percent);
    UPDATE billing.contract_customer SET billing_split_percent = percents[1]
     WHERE contract_id = id AND customer_id = customers[1];
    INSERT INTO billing.project (project_id, company_id, name) VALUES (id, 1, 'Project ' || id);
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
    VALUES (id, id, 'Line ' || id, 'time_and_material', id)
$$;
CREATE FUNCTION set_percents(line bigint, first numeric, second numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE billing.contract_line_customer SET billing_split_percent = CASE customer_id WHEN 1 THEN first ELSE second END
     WHERE contract_line_id = line
$$;

-- --- X-15: nothing changed, nothing written
SELECT draft_contract(10);
SELECT work(101, 10);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, contract_id, actual_id FROM billing.confirm_contract('{10}')$$,
    $$VALUES (NULL::bigint, 'changed', NULL::text, 10::bigint, NULL::bigint)$$, 'X-15 the contract is confirmed');
SELECT results_eq('SELECT actuals(), contract_status::text FROM billing.contract WHERE contract_id = 10',
    $$VALUES (2::bigint, 'active')$$, 'X-15 and no actual is written where nothing changed');
SELECT results_eq(
    $$SELECT contract_id, outcome::text, reason FROM billing.confirm_contract('{10,999,1}') ORDER BY 1$$,
    $$VALUES (1::bigint, 'refused', 'a contract for internal work has no customer'), (10, 'unchanged', NULL),
             (999, 'refused', 'there is no contract with this id')$$,
    'confirmed once; unknown and internal contracts are refused');

-- --- O-09: the terms changed since approval
SELECT draft_contract(11);
SELECT work(111, 11);
SELECT ready(111);
INSERT INTO billing.contract_line_role VALUES (11, 11, 1, 'non_chargeable');
SELECT results_eq(
    $$SELECT entry_id, reverses_id IS NOT NULL, transaction_type::text, billing_type::text, quantity, price, amount
        FROM billing.confirm_contract('{11}') WHERE actual_id IS NOT NULL$$,
    $$VALUES (111::bigint, true, 'cost', 'chargeable', -8.0, 100.0, -800.0),
             (111, true, 'unbilled_sales', 'chargeable', -8, 200, -1600),
             (111, false, 'cost', 'non_chargeable', 8, 100, 800),
             (111, false, 'unbilled_sales', 'non_chargeable', 8, 200, 1600)$$,
    'O-09 confirm_contract() returns what it wrote');
SELECT bag_eq(
    'SELECT fact FROM ledger WHERE entry_id = 111',
    ARRAY['cost time 8 @ 100 = 800 chargeable | canceled | adjusted',
          'unbilled_sales time 8 @ 200 = 1600 chargeable | canceled | adjusted',
          'cost time -8 @ 100 = -800 chargeable | canceled | unadjustable',
          'unbilled_sales time -8 @ 200 = -1600 chargeable | canceled | unadjustable',
          'cost time 8 @ 100 = 800 non_chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 8 @ 200 = 1600 non_chargeable | not_ready_to_invoice | adjustable'],
    'O-09 originals adjusted, reversals unadjustable, new cost and sale at the terms of today');
SELECT results_eq(
    $$SELECT item, status_column, from_status, to_status, item_count
        FROM billing.operation_history
       WHERE operation_id = (SELECT max(operation_id) FROM billing.operation) ORDER BY 1, 2, 3$$,
    $$VALUES ('actual', 'adjustment_status', 'adjustable', 'adjusted', 2::bigint),
             ('actual', 'billing_status', 'not_ready_to_invoice', 'canceled', 1),
             ('actual', 'billing_status', 'ready_to_invoice', 'canceled', 1),
             ('contract', 'contract_status', 'draft', 'active', 1)$$,
    'O-09 the log');

-- Fixed price: cost only.
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (12, 1, 1, 'Fixed', 'USD');
INSERT INTO billing.contract_customer (contract_id, customer_id) VALUES (12, 2);
INSERT INTO billing.project (project_id, company_id, name) VALUES (12, 1, 'Fixed');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (12, 12, 'Fixed', 'fixed_price', 12);
SELECT work(121, 12);
SELECT set_percents(12, 75, 25);
SELECT count(*) FROM billing.confirm_contract('{12}');
SELECT bag_eq(
    'SELECT fact || $$ of $$ || customer_id FROM ledger WHERE entry_id = 121',
    ARRAY['cost time 8 @ 100 = 800 chargeable | canceled | adjusted of 1',
          'cost time -8 @ 100 = -800 chargeable | canceled | unadjustable of 1',
          'cost time 6 @ 100 = 600 chargeable | not_ready_to_invoice | adjustable of 1',
          'cost time 2 @ 100 = 200 chargeable | not_ready_to_invoice | adjustable of 2'],
    'O-09 fixed price: the pair of costs and the new costs');

-- --- What is on an invoice is left alone
SELECT draft_contract(13, '{1,2}', '{50,50}');
SELECT work(n, 13) FROM generate_series(131, 134) AS n;
SELECT ready(131);
SELECT drafted(13);
SELECT confirmed(invoice(13), invoice(13, 2));
SELECT ready(132);
SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY[(sales(133))[1]]);
SELECT drafted(13);
SELECT set_percents(13, 60, 40);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason, count(*) FROM billing.confirm_contract('{13}')
       WHERE entry_id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1$$,
    $$VALUES (132::bigint, 'refused', 'a sale of the entry is on a draft invoice', 1::bigint),
             (133, 'refused', 'a sale of the entry is on a draft invoice', 1),
             (134, 'changed', NULL, 8)$$,
    'billed work is passed over, drafted work comes back with its reason, the rest is written again');
SELECT bag_eq('SELECT * FROM standing(134)',
    ARRAY['134 cost line 13 customer 1: 4.8 @ 100 = 480 chargeable',
          '134 cost line 13 customer 2: 3.2 @ 100 = 320 chargeable',
          '134 unbilled_sales line 13 customer 1: 4.8 @ 200 = 960 chargeable',
          '134 unbilled_sales line 13 customer 2: 3.2 @ 200 = 640 chargeable'], 'split by the new percentages');
SELECT count(*) FROM billing.delete_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
                                                    WHERE contract_id = 13 AND project_invoice_status = 'draft'));
SELECT results_eq(
    $$SELECT DISTINCT entry_id, outcome::text FROM billing.reevaluate_work('{13}') ORDER BY 1$$,
    $$VALUES (132::bigint, 'changed'), (133, 'changed')$$, 'once the draft is gone, so is its work');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{13}')$$, 'again: nothing to do');
SELECT results_eq(
    'SELECT sum(quantity), sum(amount) FROM billing.actual WHERE contract_id = 13 AND transaction_type = $$cost$$',
    'VALUES (32.0, 3200.0)', 'no cost is lost or counted twice');

-- One customer billed already: the split of the entry is settled.
SELECT work(135, 13);
SELECT count(*) FROM billing.mark_ready_to_invoice(ARRAY[(sales(135))[1]]);
SELECT drafted(13);
SELECT confirmed(invoice(13));
SELECT set_percents(13, 30, 70);
SELECT results_eq(
    $$SELECT DISTINCT entry_id, outcome::text, reason FROM billing.reevaluate_work(entries => '{135}')$$,
    $$VALUES (135::bigint, 'refused', 'a sale of the entry is on a confirmed invoice and not credited in full')$$,
    'an entry that one customer was billed for is left alone');
SELECT set_percents(13, 60, 40);
SELECT is_empty($$SELECT * FROM billing.reevaluate_work(entries => '{135}')$$, 'and not mentioned where nothing changed');

-- --- The approver's choice survives
SELECT draft_contract(14);
SELECT entered(141, 14);
SELECT entered(142, 14);
SELECT count(*) FROM billing.submit('{141,142}');
SELECT count(*) FROM billing.approve('{141,142}', billable_quantities => '{6,NULL}',
                                     billing_types => '{NULL,complimentary}');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{14}')$$, 'what the approver chose is no difference');
INSERT INTO billing.contract_line_role VALUES (14, 14, 1, 'non_chargeable');
SELECT results_eq(
    $$SELECT entry_id, billing_type::text, quantity FROM billing.reevaluate_work('{14}')
       WHERE reverses_id IS NULL AND transaction_type = 'unbilled_sales'$$,
    $$VALUES (141::bigint, 'non_chargeable', 8.0)$$,
    'a role that no longer counts makes its work non-chargeable, but not what the approver gave away');
DELETE FROM billing.contract_line_role WHERE contract_id = 14;
SELECT results_eq(
    $$SELECT entry_id, billing_type::text, quantity FROM billing.reevaluate_work('{14}')
       WHERE reverses_id IS NULL AND transaction_type = 'unbilled_sales' ORDER BY 3$$,
    $$VALUES (141::bigint, 'non_chargeable', 2.0), (141, 'chargeable', 6.0)$$,
    'back again: six of eight hours, as approved');

-- --- Preview
SELECT draft_contract(15, '{1,2}', '{50,50}');
SELECT work(n, 15, 8, 200, 'time', '2026-03-02', 100) FROM generate_series(151, 153) AS n;
SELECT set_percents(15, 80, 20);
CREATE TABLE foreseen AS SELECT * FROM billing.reevaluate_work('{15}', preview => true);
SELECT results_eq('SELECT count(*), count(actual_id), sum(amount), sum(tax) FROM foreseen',
    'VALUES (24::bigint, 0::bigint, 0.0, 0.0)', 'a preview returns every row, without ids');
SELECT results_eq($$SELECT count(*) FROM billing.actual WHERE entry_id IN (151, 152, 153) AND adjustment_status <> 'adjustable'$$,
    'VALUES (0::bigint)', 'and writes nothing');
SELECT is((SELECT count(*) FROM billing.operation WHERE verb = 'reevaluate_work' AND arguments @> '{"contracts": "15"}'),
    0::bigint, 'not even in the log');
CREATE TABLE happened AS SELECT * FROM billing.reevaluate_work('{15}');
ALTER TABLE foreseen DROP actual_id;
ALTER TABLE happened DROP actual_id;
SELECT bag_eq('SELECT * FROM happened', 'SELECT * FROM foreseen', 'what happens is what was foreseen');

-- --- Limits
SELECT draft_contract(16);
UPDATE billing.contract SET nte_limit = 3000 WHERE contract_id = 16;
SELECT work(161, 16, day => '2026-03-04');
SELECT work(162, 16, day => '2026-03-01');
SELECT is_empty($$SELECT * FROM billing.reevaluate_work('{16}')$$,
    'who had room keeps it, though the failed work is older');
UPDATE billing.contract SET nte_limit = 3200 WHERE contract_id = 16;
SELECT results_eq(
    $$SELECT entry_id, reason, nte_status::text, amount FROM billing.confirm_contract('{16}') WHERE entry_id IS NOT NULL$$,
    $$VALUES (162::bigint, 'not-to-exceed status was failed', 'committed', NULL::numeric)$$,
    'a higher limit: the sale that failed is committed, nothing is written again');
SELECT ready(161, 162);
UPDATE billing.contract SET nte_limit = 1600 WHERE contract_id = 16;
SELECT results_eq(
    $$SELECT entry_id, nte_status::text FROM billing.reevaluate_work('{16}')$$,
    $$VALUES (161::bigint, 'failed')$$, 'a lower limit: the oldest work keeps its room');
SELECT results_eq('SELECT entry_id, billing_status::text FROM billing.actual WHERE contract_id = 16 AND is_open ORDER BY 1',
    $$VALUES (161::bigint, 'not_ready_to_invoice'), (162, 'ready_to_invoice')$$, 'what failed is no longer ready');
INSERT INTO billing.contract_line_role VALUES (16, 16, 1, 'non_chargeable');
SELECT count(*) FROM billing.reevaluate_work('{16}');
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_id = 16), 0.0,
    'non-chargeable work needs no room');
DELETE FROM billing.contract_line_role WHERE contract_id = 16;
SELECT results_eq(
    $$SELECT entry_id, nte_status::text FROM billing.reevaluate_work('{16}')
       WHERE transaction_type = 'unbilled_sales' AND reverses_id IS NULL$$,
    $$VALUES (161::bigint, 'failed'), (162, 'committed')$$, 'written again, the oldest work comes first');
SELECT is((SELECT committed_amount FROM billing.contract_line_customer WHERE contract_id = 16), 1600.0,
    'and what it commits is counted once');

-- --- Work whose paying line appeared, vanished, or is another one
INSERT INTO billing.project (project_id, company_id, name) VALUES (17, 1, 'Study');
SELECT work(171, 17);
SELECT work(172, 17, 2, 50, 'expense');
SELECT bag_eq('SELECT * FROM standing(171, 172)',
    ARRAY['171 cost line none customer none: 8 @ 100 = 800 not_available',
          '172 cost line none customer none: 2 @ 100 = 200 not_available'], 'presales: internal work');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (17, 1, 1, 'Won', 'USD');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, include_expense)
VALUES (17, 17, 'Won', 'time_and_material', 17, false);
SELECT count(*) FROM billing.confirm_contract('{17}');
SELECT bag_eq('SELECT * FROM standing(171, 172)',
    ARRAY['171 cost line 17 customer 1: 8 @ 100 = 800 chargeable',
          '171 unbilled_sales line 17 customer 1: 8 @ 200 = 1600 chargeable',
          '172 cost line none customer none: 2 @ 100 = 200 not_available'],
    'a line appeared: its work moves to the contract, with a sale; what it does not include stays');
SELECT results_eq(
    $$SELECT c.kind::text, sum(a.amount) FROM billing.actual a JOIN billing.contract c USING (contract_id)
       WHERE a.entry_id = 171 AND a.transaction_type = 'cost' GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('customer', 800.0), ('internal', 0.0)$$, 'the internal contract is rid of it');
SELECT ready(171);
UPDATE billing.contract_line SET include_expense = true, include_time = false WHERE contract_line_id = 17;
SELECT count(*) FROM billing.reevaluate_work('{17}');
SELECT bag_eq('SELECT * FROM standing(171, 172)',
    ARRAY['171 cost line none customer none: 8 @ 100 = 800 not_available',
          '172 cost line 17 customer 1: 2 @ 100 = 200 chargeable',
          '172 unbilled_sales line 17 customer 1: 2 @ 50 = 100 chargeable'],
    'a line vanished: its work is internal again');
-- The project goes to another contract; that it left this one shows by its backlog, or by its name.
UPDATE billing.contract_line SET project_id = NULL WHERE contract_line_id = 17;
SELECT draft_contract(18);
UPDATE billing.contract_line SET project_id = 17 WHERE contract_line_id = 18;
SELECT count(*) FROM billing.reevaluate_work(projects => '{17}');
SELECT bag_eq('SELECT * FROM standing(171, 172)',
    ARRAY['171 cost line 18 customer 1: 8 @ 100 = 800 chargeable',
          '171 unbilled_sales line 18 customer 1: 8 @ 200 = 1600 chargeable',
          '172 cost line 18 customer 1: 2 @ 100 = 200 chargeable',
          '172 unbilled_sales line 18 customer 1: 2 @ 50 = 100 chargeable'],
    'another line pays: its work moves there');
-- A task taken from the line
INSERT INTO billing.task (task_id, project_id, name) VALUES (1, 18, 'Build'), (2, 18, 'Test');
UPDATE billing.contract_line SET project_id = 18, included_tasks = 'selected_project_tasks' WHERE contract_line_id = 18;
INSERT INTO billing.contract_line_task VALUES (18, 18, 1), (18, 18, 2);
SELECT entered(181, 18);
UPDATE billing.entry SET task_id = 1 WHERE entry_id = 181;
SELECT approved(181);
DELETE FROM billing.contract_line_task WHERE task_id = 1;
SELECT count(*) FROM billing.reevaluate_work('{18}');
SELECT bag_eq('SELECT * FROM standing(181, 171)',
    ARRAY['181 cost line none customer none: 8 @ 100 = 800 not_available',
          '171 cost line none customer none: 8 @ 100 = 800 not_available'],
    'a task without its line, and the backlog of a project that left: both internal');

-- --- What cannot be evaluated is refused, the rest goes on
SELECT draft_contract(19, '{1,2}', '{50,50}');
SELECT work(191, 19);
SELECT work(192, 19, 1, 300, 'fee');
SELECT set_percents(19, 50, 40);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reevaluate_work('{19}', NULL, '{999,101}') ORDER BY 1$$,
    $$VALUES (191::bigint, 'refused', 'the billing split percentages of contract line 19 must total 100, not 90'),
             (192, 'refused', 'the billing split percentages of contract line 19 must total 100, not 90'),
             (999, 'refused', 'there is no entry with this id')$$,
    'unsound percentages and unknown entries come back with their reason');
SELECT set_percents(19, 50, 50);
UPDATE billing.contract_line SET include_fee = false WHERE contract_line_id = 19;
SELECT results_eq(
    $$SELECT entry_id, outcome::text, reason FROM billing.reevaluate_work('{19}')$$,
    $$VALUES (192::bigint, 'refused', 'no contract line of the project includes fees')$$,
    'a fee that nobody would pay stays where it is');
SELECT throws_ok('SELECT * FROM billing.reevaluate_work()', '22023', 'nothing to evaluate again', 'something must be named');

-- --- A contract lost
SELECT draft_contract(21, '{1,2}', '{50,50}');
SELECT work(n, 21) FROM generate_series(211, 213) AS n;
SELECT ready(211);
SELECT drafted(21);
SELECT ready(212);
SELECT results_eq(
    $$SELECT entry_id, outcome::text, contract_id, count(*), sum(amount) FROM billing.close_contract('{21}')
       GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST$$,
    $$VALUES (NULL::bigint, 'changed', 21::bigint, 1::bigint, NULL::numeric), (212, 'changed', 21, 2, -1600.0),
             (213, 'changed', 21, 2, -1600.0)$$,
    'a lost contract: every sale on no invoice is reversed, nothing is written again');
SELECT results_eq('SELECT contract_status::text FROM billing.contract WHERE contract_id = 21', $$VALUES ('closed')$$,
    'and it is closed');
SELECT bag_eq('SELECT DISTINCT fact FROM ledger WHERE entry_id IN (211, 212)',
    ARRAY['cost time 4 @ 100 = 400 chargeable | not_ready_to_invoice | adjustable',
          'unbilled_sales time 4 @ 200 = 800 chargeable | customer_invoice_created | adjustable',
          'unbilled_sales time 4 @ 200 = 800 chargeable | canceled | adjusted',
          'unbilled_sales time -4 @ 200 = -800 chargeable | canceled | unadjustable'],
    'the costs were made and stay; what is on a draft stays');
SELECT is_empty('SELECT * FROM billing.contract_line_scope WHERE contract_id = 21', 'its lines pay for nothing any more');
SELECT work(214, 21);
SELECT bag_eq('SELECT * FROM standing(214)', ARRAY['214 cost line none customer none: 8 @ 100 = 800 not_available'],
    'new work on the project is internal');
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.cancel_approval('{212}')
      UNION ALL SELECT outcome::text, reason FROM billing.recall_entries('{212}')$$,
    $$VALUES ('refused', 'the contract is closed'), ('refused', 'the contract is closed')$$,
    'a closed contract accepts nothing');
SELECT results_eq(
    $$SELECT DISTINCT outcome::text, reason FROM billing.reevaluate_work('{21}')$$,
    $$VALUES ('refused', 'the contract is closed')$$, 'not even another evaluation');
SELECT results_eq(
    $$SELECT contract_id, customer_id, invoice_id = invoice(21), outcome::text, reason
        FROM billing.refresh_invoices(ARRAY[invoice(21), invoice(21, 2)]) ORDER BY 2$$,
    $$VALUES (21::bigint, 1::bigint, true, 'refused', 'the contract is closed'), (21, 2, false, 'refused', 'the contract is closed')$$,
    'nor more on its drafts');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(21), invoice(21, 2)]);
SELECT is_empty('SELECT * FROM billing.reevaluate_nte(sales(211))', 'nor another look at its limits');
SELECT results_eq(
    $$SELECT entry_id, outcome::text, sum(amount) FROM billing.close_contract('{21}') GROUP BY 1, 2 ORDER BY 1 NULLS FIRST$$,
    $$VALUES (NULL::bigint, 'unchanged', NULL::numeric), (211, 'changed', -1600.0)$$,
    'closed again: what a deleted draft returned is taken back, too');
SELECT results_eq(
    $$SELECT contract_id, outcome::text, reason FROM billing.close_contract('{10}')
      UNION ALL SELECT contract_id, outcome::text, reason FROM billing.confirm_contract('{21}')$$,
    $$VALUES (10::bigint, 'refused', 'the contract is active; only draft contracts can be closed'),
             (21, 'refused', 'the contract is closed; only draft contracts can be confirmed')$$,
    'active and closed are final');
SELECT throws_ok($$UPDATE billing.contract SET contract_status = 'draft' WHERE contract_id = 21$$, 'ZB001', NULL,
    'whoever writes the status');

SELECT is_empty('SELECT * FROM billing.verify()', 'verify() agrees');
SELECT * FROM finish();
