-- Partial credit of a billed milestone: on the corrective draft somebody enters the amount that shall stand; what is
-- credited becomes a slice of its own, ready to be billed again.
\ir fixture/base.psql
SELECT no_plan();

CREATE FUNCTION billed_milestone(id bigint, customers bigint[] DEFAULT '{1}', percents numeric[] DEFAULT '{100}',
                                 amount numeric DEFAULT 5000, tax numeric DEFAULT 1000) RETURNS void LANGUAGE sql AS $$
    SELECT fixed_price(id, customers, percents);
    INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
    VALUES (id, id, id, 'Go-live', '2026-03-15', amount, tax);
    SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY[id]);
    SELECT drafted(id);
    SELECT confirmed(i.invoice_id) FROM billing.invoice i WHERE i.contract_id = id
$$;
CREATE FUNCTION revised(id bigint, customer bigint DEFAULT 1) RETURNS void LANGUAGE sql AS
    'SELECT count(*) FROM billing.revise_invoice(invoice(id, customer), invoice_date => ''2026-04-30'')';
CREATE FUNCTION details(id bigint, customer bigint DEFAULT 1) RETURNS bigint[] LANGUAGE sql AS
    'SELECT array_agg(detail_id) FROM billing.invoice_correction WHERE invoice_id = invoice(id, customer)';
-- Lets an amount stand on the corrective draft.
CREATE FUNCTION stands(id bigint, amount numeric, customer bigint DEFAULT 1) RETURNS void LANGUAGE sql AS
    'SELECT count(*) FROM billing.edit_invoice_details(details => details(id, customer), price => amount)';
CREATE FUNCTION shares(of bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(trim_scale(amount) || ' + ' || trim_scale(tax) || ' ' || milestone_status, ', ' ORDER BY customer_id, milestone_status DESC, milestone_split_id)
      FROM billing.milestone_split WHERE milestone_id = of
$$;
CREATE FUNCTION facts(id bigint) RETURNS SETOF text LANGUAGE sql AS 'SELECT fact FROM ledger WHERE contract_id = id';

-- --- The draft
SELECT billed_milestone(10);
SELECT revised(10);
SELECT results_eq(
    'SELECT quantity, price, amount, tax FROM billing.draft_detail WHERE invoice_id = invoice(10)', 'VALUES (0.0, 5000.0, 0.0, 0.0)',
    'a correction begins as full credit');
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, price, amount, tax FROM billing.edit_invoice_details(details => details(10), price => 3000)$$,
    $$VALUES ('milestone_correction', 1.0, 3000.0, 3000.0, 600.0)$$, 'the price is the amount that stands; the tax follows');
SELECT results_eq(
    'SELECT detail_amount, total_tax, total_amount FROM billing.invoice WHERE invoice_id = invoice(10)', 'VALUES (-2000.0, -400.0, -2400.0)',
    'the draft totals the difference');
SELECT results_eq(
    'SELECT original_amount, original_tax, corrected_quantity, corrected_amount, corrected_tax, net_quantity, net_amount, net_tax FROM billing.invoice_correction WHERE invoice_id = invoice(10)',
    'VALUES (5000.0, 1000.0, 1.0, 3000.0, 600.0, 0.0, -2000.0, -400.0)', 'original, corrected and net');
SELECT is(shares(10), '5000 + 1000 customer_invoice_posted', 'a draft changes no share');

-- --- What cannot stand
SELECT throws_ok('SELECT stands(10, 5000.01)', 'ZB022', NULL, 'not more than was billed');
SELECT throws_ok('SELECT stands(10, -1)', 'ZB022', NULL, 'nothing negative');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(details => details(10), quantity => 0.5)', 'ZB022', NULL, 'a milestone has no half quantity');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(details => details(10), quantity => 2)', 'ZB022', NULL, 'nor two');
SELECT throws_ok($$SELECT * FROM billing.edit_invoice_details(details => details(10), billing_type => 'complimentary')$$, 'ZB022', NULL, 'the billing type stays');
SELECT stands(10, 5000);
SELECT results_eq(
    'SELECT outcome::text, reason FROM billing.confirm_invoices(ARRAY[invoice(10)])',
    $$SELECT 'refused', 'detail ' || d || ' corrects nothing; change it or take it off the draft' FROM unnest(details(10)) d$$,
    'X-38 all of it: nothing is corrected');
SELECT stands(10, 0);
SELECT results_eq(
    'SELECT quantity, price, amount, tax FROM billing.draft_detail WHERE invoice_id = invoice(10)', 'VALUES (0.0, 5000.0, 0.0, 0.0)',
    'nothing of it: full credit again');

-- --- Confirmed
SELECT stands(10, 3000);
SELECT confirmed(invoice(10));
SELECT bag_eq('SELECT facts(10)', ARRAY[
    'billed_sales milestone 1 @ 5000 = 5000 chargeable | customer_invoice_posted | adjusted',
    'billed_sales milestone -1 @ 5000 = -5000 chargeable | customer_invoice_posted | unadjustable',
    'billed_sales milestone 1 @ 3000 = 3000 chargeable | customer_invoice_posted | adjustable'],
    'credited, and 3,000 billed anew');
SELECT is(shares(10), '3000 + 600 customer_invoice_posted, 2000 + 400 ready_to_invoice', 'what was credited is a ready slice');
SELECT results_eq(
    $$SELECT has_billing_history, cut_from IS NOT NULL, credited_sale_id = (SELECT min(actual_id) FROM billing.actual WHERE contract_id = 10)
        FROM billing.milestone_split WHERE milestone_id = 10 AND milestone_status = 'ready_to_invoice'$$,
    'VALUES (true, true, true)', 'which knows the billed sale it was credited from');
SELECT results_eq('SELECT DISTINCT header_status::text FROM billing.fixed_price_milestones WHERE milestone_id = 10', $$VALUES ('in_progress')$$, 'X-09 in progress again');
SELECT results_eq('SELECT billed_amount, ready_amount FROM billing.contract_summary WHERE contract_id = 10', 'VALUES (3000.0, 2000.0)', 'the hub knows');
SELECT results_eq(
    'SELECT invoice_line_id IN (SELECT invoice_line_id FROM billing.invoice_line WHERE invoice_id = invoice(10)) FROM billing.milestone_split WHERE milestone_id = 10 AND amount = 3000',
    'VALUES (true)', 'the share sits on the invoice that bills it now');
SELECT results_eq(
    $$SELECT detail_kind::text, quantity, price, amount, tax, description, billed_sale_id IS NOT NULL FROM billing.invoice_line_detail WHERE invoice_id = invoice(10)$$,
    $$VALUES ('milestone_correction', 0.0, 3000.0, -2000.0, -400.0, 'Go-live', true)$$, 'the corrective invoice shows the difference');

-- The slice goes its own way: taken back, marked, billed.
SELECT count(*) FROM billing.mark_not_ready_to_invoice(contracts => '{10}');
SELECT is(shares(10), '3000 + 600 customer_invoice_posted, 2000 + 400 not_ready_to_invoice', 'it can wait');
SELECT throws_ok('DELETE FROM billing.milestone WHERE milestone_id = 10', 'ZB022', NULL, 'but the milestone cannot be deleted');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT drafted(10);
SELECT confirmed(invoice(10));
SELECT is(shares(10), '3000 + 600 customer_invoice_posted, 2000 + 400 customer_invoice_posted', 'and is billed again');
SELECT is((SELECT sum(amount + tax) FROM billing.actual WHERE contract_id = 10), 6000::numeric, 'all in all the milestone, once');
SELECT results_eq('SELECT DISTINCT header_status::text FROM billing.fixed_price_milestones WHERE milestone_id = 10', $$VALUES ('completed')$$, 'completed');

-- --- Corrections of corrections, of the part that stood and of the slice
SELECT billed_milestone(11);
SELECT revised(11), stands(11, 3000), confirmed(invoice(11));
SELECT revised(11), stands(11, 1000), confirmed(invoice(11));
SELECT is(shares(11), '1000 + 200 customer_invoice_posted, 2000 + 400 ready_to_invoice, 2000 + 400 ready_to_invoice', 'the correction of a correction, in part');
SELECT revised(11), confirmed(invoice(11));
SELECT is(shares(11), '1000 + 200 ready_to_invoice, 2000 + 400 ready_to_invoice, 2000 + 400 ready_to_invoice', 'and in full');
SELECT drafted(11), confirmed(invoice(11));
SELECT is((SELECT count(*) FROM billing.invoice_line_detail WHERE invoice_id = invoice(11)), 3::bigint, 'three details of one milestone on an invoice');
SELECT revised(11);
SELECT count(*) FROM billing.edit_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_correction WHERE invoice_id = invoice(11) AND original_amount = 2000), price => 500);
SELECT confirmed(invoice(11));
SELECT is(shares(11), '500 + 100 customer_invoice_posted, 500 + 100 customer_invoice_posted, 1000 + 200 ready_to_invoice, 1500 + 300 ready_to_invoice, 1500 + 300 ready_to_invoice',
    'slices of slices, one share credited in full beside them');
SELECT is_empty('SELECT * FROM billing.verify()', 'all is sound');

-- --- Deleting the draft or the detail leaves no trace
SELECT billed_milestone(12);
SELECT revised(12), stands(12, 1);
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(12)]);
SELECT is(shares(12), '5000 + 1000 customer_invoice_posted', 'draft deleted');
SELECT revised(12), stands(12, 1);
SELECT count(*) FROM billing.remove_invoice_details(details => details(12));
SELECT is(shares(12), '5000 + 1000 customer_invoice_posted', 'detail removed');

-- --- Tax
SELECT billed_milestone(20);
SELECT revised(20);
SELECT count(*) FROM billing.edit_invoice_details(details => details(20), price => 2500, tax => 700);
SELECT confirmed(invoice(20));
SELECT is(shares(20), '2500 + 700 customer_invoice_posted, 2500 + 300 ready_to_invoice', 'a given tax stands; the slice has the rest of it');
SELECT billed_milestone(21);
SELECT revised(21);
SELECT count(*) FROM billing.edit_invoice_details(details => details(21), quantity => 1, tax => 0);
SELECT confirmed(invoice(21));
SELECT is(shares(21), '5000 + 1000 customer_invoice_posted', 'tax alone leaves no slice');
SELECT is((SELECT sum(tax) FROM billing.actual WHERE contract_id = 21), 0::numeric, 'but is credited');
SELECT revised(21), stands(21, 2000), confirmed(invoice(21));
SELECT is(shares(21), '2000 + 1000 customer_invoice_posted, 3000 + 0 ready_to_invoice', 'what bore no tax returns none');
SELECT billed_milestone(22, amount => 100, tax => 33.33);
SELECT revised(22), stands(22, 33.33), confirmed(invoice(22));
SELECT is(shares(22), '33.33 + 11.11 customer_invoice_posted, 66.67 + 22.22 ready_to_invoice', 'to the cent');
SELECT revised(22), stands(22, 33.334), confirmed(invoice(22));
SELECT is(shares(22), '33.33 + 11.11 customer_invoice_posted, 66.67 + 22.22 ready_to_invoice', 'a fraction of a cent is none: nothing was corrected');
SELECT count(*) FROM billing.delete_invoices(ARRAY[invoice(22)]);

SELECT billed_milestone(23, '{1,2}', '{1,99}', 0.4, 100);
SELECT is(shares(23), '0 + 1 customer_invoice_posted, 0.4 + 99 customer_invoice_posted', 'a share of nothing that bears tax');
SELECT revised(23);
SELECT results_eq(
    'SELECT quantity, amount, tax FROM billing.edit_invoice_details(details => details(23), price => 0)', 'VALUES (0.0, 0.0, 0.0)',
    'credited in full it bears none, also when its amount is as it was');
SELECT throws_ok('SELECT * FROM billing.edit_invoice_details(details => details(23), quantity => 1, tax => 0.4)', 'ZB022', NULL, 'its price is 0: there is no part to stand');
SELECT confirmed(invoice(23));
SELECT is(shares(23), '0 + 1 ready_to_invoice, 0.4 + 99 customer_invoice_posted', 'the share is ready again');

-- --- One customer of several
SELECT billed_milestone(30, '{1,2}', '{60,40}');
SELECT revised(30, 2), stands(30, 500, 2), confirmed(invoice(30, 2));
SELECT is(shares(30), '3000 + 600 customer_invoice_posted, 500 + 100 customer_invoice_posted, 1500 + 300 ready_to_invoice', 'the other customer is not concerned');
SELECT is((SELECT sum(amount) FROM billing.milestone_split WHERE milestone_id = 30), 5000::numeric, 'the shares total the milestone');

-- --- Limits: what stands and what is ready take as much room as before
SELECT billed_milestone(31);
UPDATE billing.contract SET nte_limit = 5000 WHERE contract_id = 31;
SELECT revised(31), stands(31, 3000), confirmed(invoice(31));
SELECT results_eq($$SELECT used_amount, remaining_amount FROM billing.limit_usage WHERE contract_id = 31 AND level = 'contract'$$, 'VALUES (5000.0, 0.0)', 'the limit is used as before');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(contracts => '{31}');
SELECT results_eq($$SELECT used_amount FROM billing.limit_usage WHERE contract_id = 31 AND level = 'contract'$$, 'VALUES (3000.0)', 'a slice that waits needs none');
UPDATE billing.contract SET nte_limit = 4999 WHERE contract_id = 31;
SELECT results_eq(
    $$SELECT outcome::text, reason FROM billing.mark_ready_to_invoice(contracts => '{31}')$$,
    $$VALUES ('refused', 'exceeds the not-to-exceed limit of the contract')$$, 'and is checked like any other');

-- --- A slice of a progress-based milestone (20 % credited to 12 %, not 60 % or nothing)
SELECT fixed_price(40, '{1,2}', '{50,50}');
UPDATE billing.contract_line SET invoice_schedule_type = 'progress_based' WHERE contract_line_id = 40;
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount) VALUES (40, 40, 40, 'Tower', '2026-12-31', 1000);
SELECT count(*) FROM billing.set_progress('{40}', 20, ready => true);
SELECT drafted(40), confirmed(invoice(40, 1)), confirmed(invoice(40, 2));
SELECT revised(40), stands(40, 20), confirmed(invoice(40));
SELECT is(shares(40), '20 + 0 customer_invoice_posted, 80 + 0 ready_to_invoice, 400 + 0 not_ready_to_invoice, 100 + 0 customer_invoice_posted, 400 + 0 not_ready_to_invoice', '80 of 100 credited');
SELECT results_eq(
    'SELECT invoiced_percent, invoiced_amount, remaining_amount, uncut_amount, next_status::text FROM billing.progress_milestones WHERE milestone_id = 40',
    $$VALUES (12.0, 120.0, 880.0, 800.0, 'ready_to_invoice')$$, '12 % are invoiced, 80 ready');
SELECT results_eq($$SELECT outcome::text, next_amount FROM billing.set_progress('{40}', 10)$$, $$VALUES ('changed', 100.0)$$, 'what was credited does not stand in the way of the next step');
SELECT count(*) FROM billing.mark_not_ready_to_invoice(contracts => '{40}');
SELECT is(shares(40), '20 + 0 customer_invoice_posted, 400 + 0 not_ready_to_invoice, 80 + 0 not_ready_to_invoice, 100 + 0 customer_invoice_posted, 400 + 0 not_ready_to_invoice', 'taken back it stays a slice: it was billed once');
SELECT results_eq($$SELECT next_amount FROM billing.progress_milestones WHERE milestone_id = 40$$, 'VALUES (100.0)', 'and the next step is still what was set');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{40}');
SELECT is(shares(40), '20 + 0 customer_invoice_posted, 80 + 0 ready_to_invoice, 50 + 0 ready_to_invoice, 350 + 0 not_ready_to_invoice, 100 + 0 customer_invoice_posted, 50 + 0 ready_to_invoice, 350 + 0 not_ready_to_invoice',
    'both are marked: the slice as it is, the step by the percentages');

-- --- Yesterday's backlog
UPDATE billing.milestone SET recorded_at = NULL;
CREATE FUNCTION before(id bigint, step int) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(status || ' ' || trim_scale(amount), ', ' ORDER BY status), 'nothing')
      FROM (SELECT b.status, sum(b.amount) AS amount
              FROM billing.backlog_at((SELECT started_at FROM billing.operation o JOIN billing.operation_change h USING (operation_id)
                                        WHERE h.contract_id = id AND h.item = 'milestone_split' GROUP BY 1, operation_id
                                        ORDER BY operation_id OFFSET step LIMIT 1), ARRAY[id]) b GROUP BY b.status) x
$$;
SELECT is(before(11, 0), 'not_ready_to_invoice 5000', 'before anything was marked');
SELECT is(before(11, 1), 'ready_to_invoice 5000', 'marked');
SELECT is(before(11, 2), 'customer_invoice_created 5000', 'drafted');
SELECT is(before(11, 3), 'nothing', 'confirmed: before the first credit nothing was unbilled');
SELECT is(before(11, 4), 'ready_to_invoice 2000', 'before the second 2,000');
SELECT is(before(11, 5), 'ready_to_invoice 4000', 'before the third 4,000');

-- --- What was edited on the first invoice stays told as it was
SELECT fixed_price(50);
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax) VALUES (50, 50, 50, 'Go-live', '2026-03-15', 5000, 1000);
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{50}');
SELECT drafted(50);
SELECT count(*) FROM billing.edit_invoice_details(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split WHERE milestone_id = 50), description => 'Went live');
SELECT confirmed(invoice(50));
SELECT revised(50), stands(50, 4000), confirmed(invoice(50)), revised(50), stands(50, 1000), confirmed(invoice(50));
SELECT is_empty('SELECT * FROM billing.edited_transactions WHERE contract_id = 50', 'a text is no edited value, also after two partial credits');

-- --- Links and log
SELECT results_eq(
    $$SELECT o.origin, o.origin_id IS NOT NULL FROM billing.transaction_origin o JOIN billing.milestone_split s ON s.milestone_split_id = o.record_id
       WHERE o.record = 'milestone_split' AND s.milestone_id = 10 ORDER BY 1$$, $$VALUES ('actual', true), ('milestone_split', true)$$, 'where the slice comes from');
SELECT is_empty('SELECT * FROM billing.verify()', 'all is sound');

SELECT * FROM finish();
