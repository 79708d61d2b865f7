-- What must hold however often work is taken back, changed, moved and evaluated again, with billing in between.
\ir fixture/base.psql
SELECT no_plan();
SELECT setseed(0.1947);

-- Twelve contracts in three currencies, every third with limits; a few projects nobody pays for.
CREATE TABLE chosen AS
SELECT n AS id, 1 + n % 3 AS customers, (ARRAY['USD', 'JPY', 'KWD'])[1 + n % 3] AS currency
  FROM generate_series(101, 112) AS n;
SELECT count(time_and_material(id, '{1}', '{100}', currency)::text) FROM chosen WHERE customers = 1;
SELECT count(time_and_material(id, '{1,2}', '{66.67,33.33}', currency)::text) FROM chosen WHERE customers = 2;
SELECT count(time_and_material(id, '{1,2,3}', '{33.34,33.33,33.33}', currency)::text) FROM chosen WHERE customers = 3;
UPDATE billing.contract SET nte_limit = 20000 WHERE contract_id % 3 = 0 AND kind = 'customer';
INSERT INTO billing.project (project_id, company_id, name) VALUES (121, 1, 'Nobody pays'), (122, 1, 'Nobody pays yet');
INSERT INTO billing.entry (entry_id, project_id, resource_id, category_id, transaction_class, entry_date, quantity,
                           cost_price, sales_price, tax)
SELECT n, CASE WHEN n % 20 = 0 THEN 121 + n % 2 ELSE 101 + n % 12 END, 1, 1,
       CASE WHEN n % 20 = 0 THEN 'time' ELSE (ARRAY['time', 'expense', 'material', 'fee'])[1 + n % 4] END,
       date '2026-03-02' + n % 7, (1 + floor(random() * 4000)::numeric) / 100, floor(random() * 1000000) / 10000,
       floor(random() * 3000000) / 10000, floor(random() * 100)
  FROM generate_series(1, 400) AS n;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));

CREATE FUNCTION some_entries(status billing.entry_status, share float) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(entry_id ORDER BY random()), '{}') FROM billing.entry
     WHERE entry_status = status AND random() < share
$$;
CREATE FUNCTION choices(entries bigint[]) RETURNS numeric[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(CASE WHEN random() < 0.2 THEN quantity * round(random()::numeric * 2, 1) END ORDER BY n), '{}')
      FROM unnest(entries) WITH ORDINALITY AS i (id, n) JOIN billing.entry ON entry_id = id
$$;
-- Billing, then everything that may happen to work; terms change at random.
CREATE FUNCTION a_round() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entries bigint[] := some_entries('submitted', 0.9);
BEGIN
    PERFORM billing.approve(entries, choices(entries));
    PERFORM billing.mark_ready_to_invoice(
        ARRAY(SELECT actual_id FROM billing.time_and_material_backlog WHERE random() < 0.4));
    PERFORM billing.create_invoices(invoice_date => '2026-03-31') WHERE random() < 0.7;
    PERFORM billing.edit_invoice_details(ARRAY(SELECT source_id FROM billing.draft_detail
                                                WHERE detail_kind = 'actual' AND quantity > 0 AND random() < 0.1), quantity => 3)
      WHERE EXISTS (SELECT FROM billing.draft_detail);
    PERFORM billing.recall_entries(some_entries('approved', 0.2));
    PERFORM billing.cancel_approval(some_entries('approved', 0.2));
    PERFORM billing.approve_recall(some_entries('recall_requested', 0.5));
    PERFORM billing.reject_recall(some_entries('recall_requested', 0.5));
    UPDATE billing.entry SET quantity = quantity + 1, entry_date = entry_date + 1,
                             project_id = CASE WHEN random() < 0.2 THEN 122 ELSE project_id END
     WHERE entry_status IN ('returned', 'rejected', 'draft') AND transaction_class <> 'fee';
    PERFORM billing.submit(ARRAY(SELECT entry_id FROM billing.entry
                                  WHERE entry_status IN ('returned', 'rejected', 'draft')));
    UPDATE billing.contract_line_customer u SET billing_split_percent = p.percent
      FROM (SELECT contract_line_id, customer_id,
                   CASE count(*) OVER w WHEN 1 THEN 100
                        WHEN 2 THEN CASE row_number() OVER v WHEN 1 THEN 41.5 ELSE 58.5 END
                        ELSE CASE row_number() OVER v WHEN 1 THEN 0 WHEN 2 THEN 12.34 ELSE 87.66 END END AS percent
              FROM billing.contract_line_customer
            WINDOW w AS (PARTITION BY contract_line_id), v AS (PARTITION BY contract_line_id ORDER BY customer_id)) p
     WHERE u.contract_line_id = p.contract_line_id AND u.customer_id = p.customer_id AND u.contract_line_id % 4 = 1;
    UPDATE billing.contract_line SET include_expense = NOT include_expense WHERE contract_line_id IN (103, 104);
    UPDATE billing.role SET is_chargeable = NOT is_chargeable WHERE role_id = 1;
    UPDATE billing.contract SET nte_limit = nte_limit + 4000 WHERE nte_limit IS NOT NULL;
    PERFORM billing.reevaluate_work(ARRAY(SELECT id FROM chosen WHERE random() < 0.7), projects => '{122}');
    PERFORM billing.delete_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
                                           WHERE number IS NULL AND random() < 0.3));
    PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
                                            WHERE number IS NULL AND random() < 0.5));
END $$;
SELECT a_round();
SELECT is_empty('SELECT * FROM billing.verify()', 'sound after a round');
SELECT a_round();
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
VALUES (110, 122, 'Somebody pays', 'time_and_material', 122);
SELECT a_round();
SELECT a_round();
-- For this file's own queries.
ANALYZE;

SELECT results_eq(
    $$SELECT count(*) FILTER (WHERE reverses_id IS NOT NULL AND invoice_id IS NULL) > 200,
             count(*) FILTER (WHERE transaction_type = 'billed_sales') > 50,
             count(DISTINCT entry_id) FILTER (WHERE reverses_id IS NOT NULL AND transaction_type = 'cost') > 100,
             count(*) FILTER (WHERE nte_status = 'failed') > 5
        FROM billing.actual$$,
    'VALUES (true, true, true, true)', 'there is something of everything');
SELECT is_empty('SELECT * FROM billing.verify()', 'sound after four rounds');
SELECT is_empty(
    $$SELECT e.entry_id, e.entry_status FROM billing.entry e
        LEFT JOIN billing.actual a ON a.entry_id = e.entry_id AND a.transaction_type = 'cost'
       WHERE e.transaction_class <> 'fee'
       GROUP BY e.entry_id
      HAVING coalesce(sum(a.quantity), 0)
             <> CASE WHEN e.entry_status IN ('approved', 'recall_requested') THEN e.quantity ELSE 0 END$$,
    'the costs of an entry add up to its work while it is approved, and to nothing when it is not');
SELECT is_empty(
    $$SELECT e.entry_id FROM billing.entry e JOIN billing.actual a USING (entry_id)
       WHERE e.entry_status NOT IN ('approved', 'recall_requested')
       GROUP BY 1 HAVING sum(a.amount) <> 0 OR sum(a.tax) <> 0 OR sum(a.quantity) <> 0 OR bool_or(a.is_open)$$,
    'what was taken back sums to zero in every respect');
SELECT is_empty(
    $$SELECT entry_id FROM billing.actual WHERE reverses_id IS NULL AND invoice_id IS NULL AND adjustment_status = 'adjustable'
       GROUP BY entry_id HAVING count(DISTINCT contract_id) > 1$$,
    'no entry stands in two contracts');
-- Nothing changed any more: evaluating again writes nothing.
SELECT count(*) FROM billing.reevaluate_work(ARRAY(SELECT id FROM chosen), projects => '{121,122}');
CREATE TABLE before AS SELECT count(*) AS actuals, max(actual_id) AS last FROM billing.actual;
SELECT is_empty(
    $$SELECT * FROM billing.reevaluate_work(ARRAY(SELECT id FROM chosen), projects => '{121,122}')
       WHERE outcome = 'changed'$$, 'evaluated twice, the second time changes nothing');
SELECT results_eq('SELECT count(*), max(actual_id) FROM billing.actual', 'SELECT * FROM before', 'and writes nothing');

SELECT * FROM finish();
