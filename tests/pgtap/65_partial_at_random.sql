-- Rests kept and sales split, in whatever order: verify() is silent after every step, evaluating work twice moves
-- nothing, and the backlog of any moment is the backlog of then.
\ir fixture/base.psql
SELECT no_plan();

SELECT floor(extract(epoch FROM clock_timestamp())) % 1000 / 1000.0 AS seed \gset
\echo # seed :seed
SELECT setseed(:seed) \g /dev/null
SELECT time_and_material(10, '{1,2}', '{60,40}'), time_and_material(20) \g /dev/null
UPDATE billing.contract SET nte_limit = 3000, nte_partial_fit = true, keep_rest = contract_id = 10 WHERE contract_id IN (10, 20);
UPDATE billing.contract_customer SET nte_limit = 2000 WHERE contract_id = 10 AND customer_id = 2;

CREATE TABLE snapshot (taken_at timestamptz, rows text[]);
CREATE FUNCTION any_number(low numeric, high numeric) RETURNS numeric LANGUAGE sql VOLATILE AS
    'SELECT round(low + random()::numeric * (high - low), 2)';
CREATE FUNCTION some_open(n int, statuses text) RETURNS bigint[] LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(array_agg(actual_id), '{}')
      FROM (SELECT actual_id FROM billing.actual WHERE is_open AND billing_status::text ~ statuses ORDER BY random() LIMIT n) a
$$;
CREATE FUNCTION open_now() RETURNS text[] LANGUAGE sql VOLATILE AS $$
    SELECT array_agg(concat_ws(' ', actual_id, customer_id, billing_type, trim_scale(amount), trim_scale(tax), billing_status) ORDER BY actual_id)
      FROM billing.actual WHERE is_open
$$;
CREATE FUNCTION open_then(moment timestamptz) RETURNS text[] LANGUAGE sql VOLATILE AS $$
    SELECT array_agg(concat_ws(' ', item_id, customer_id, billing_type, trim_scale(amount), trim_scale(tax), status) ORDER BY item_id)
      FROM billing.backlog_at(moment) WHERE item = 'actual'
$$;

-- Edits of some details of drafts: their quantity, perhaps their price or tax, and what becomes of the rest.
CREATE FUNCTION edited_some() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    FOR d IN SELECT * FROM billing.draft_detail WHERE detail_kind IN ('actual', 'correction') ORDER BY random() LIMIT 3 LOOP
        IF d.detail_kind = 'correction' THEN
            PERFORM billing.edit_invoice_details(details => ARRAY[d.detail_id], quantity => d.source_quantity * any_number(0, 1));
        ELSE
            PERFORM billing.edit_invoice_details(ARRAY[d.source_id], quantity => round(d.source_quantity * any_number(0.01, 1.1), 2),
                price => CASE WHEN random() < 0.2 THEN round(d.source_price * any_number(0.5, 1.5), 2) END,
                tax => CASE WHEN random() < 0.1 THEN 3.33 * sign(d.source_quantity) END,
                keep_rest => CASE WHEN random() < 0.6 THEN random() < 0.8 END);
        END IF;
    END LOOP;
END $$;

-- One random step; what the engine refuses is a step, too.
CREATE FUNCTION step(n bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE floor(random() * 14)::int
    WHEN 0, 1, 2 THEN
        PERFORM work(n, CASE WHEN random() < 0.6 THEN 10 ELSE 20 END, any_number(0.1, 10) * CASE WHEN random() < 0.1 THEN -1 ELSE 1 END,
                     any_number(0, 150), tax => any_number(0, 20));
    WHEN 3 THEN
        UPDATE billing.contract SET nte_limit = any_number(500, 6000) WHERE contract_id IN (10, 20);
        PERFORM billing.reevaluate_nte(some_open(20, 'ready'));
    WHEN 4 THEN PERFORM billing.reevaluate_nte(some_open(5, 'ready'));
    WHEN 5 THEN PERFORM billing.reset_nte(some_open(3, 'ready'));
    WHEN 6 THEN PERFORM billing.mark_ready_to_invoice(some_open(5, 'not_ready'));
    WHEN 7 THEN PERFORM billing.mark_ready_to_invoice(contracts => '{10,20}');
    WHEN 8 THEN PERFORM billing.create_invoices(invoice_date => '2026-03-31');
    WHEN 9 THEN PERFORM edited_some();
    WHEN 10 THEN
        PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE number IS NULL ORDER BY random() LIMIT 2));
    WHEN 11 THEN
        PERFORM billing.revise_invoice(i.invoice_id)
           FROM (SELECT invoice_id FROM billing.invoice WHERE number IS NOT NULL ORDER BY random() LIMIT 1) i;
    WHEN 12 THEN
        PERFORM billing.cancel_approval(ARRAY(SELECT entry_id FROM billing.entry e
             WHERE NOT EXISTS (SELECT FROM billing.actual a WHERE a.entry_id = e.entry_id AND a.transaction_type = 'billed_sales')
             ORDER BY random() LIMIT 3));
        PERFORM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'submitted'));
    ELSE
        PERFORM billing.reevaluate_work('{10,20}');
        IF EXISTS (SELECT FROM billing.reevaluate_work('{10,20}') WHERE outcome = 'changed') THEN
            RAISE EXCEPTION 'work evaluated twice moved';
        END IF;
    END CASE;
EXCEPTION WHEN SQLSTATE 'ZB021' OR SQLSTATE 'ZB022' THEN
    NULL;
END $$;

-- What is wrong after some steps; stops at the first.
CREATE FUNCTION played(steps int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    problem text;
BEGIN
    FOR n IN 1..steps LOOP
        PERFORM step(1000 + n);
        SELECT string_agg(v::text, '; ') INTO problem FROM billing.verify() v;
        IF problem IS NOT NULL THEN
            RETURN format('step %s: %s', n, problem);
        END IF;
        INSERT INTO snapshot VALUES (clock_timestamp(), open_now());
    END LOOP;
    RETURN NULL;
END $$;
SELECT is(played(120), NULL, 'nothing is lost in any of 120 steps');
SELECT is_empty(
    $$SELECT s.taken_at, s.rows, open_then(s.taken_at) FROM (SELECT * FROM snapshot ORDER BY random() LIMIT 20) s
       WHERE s.rows IS DISTINCT FROM open_then(s.taken_at)$$, 'backlog_at() knows what was open at any moment');

SELECT * FROM finish();
