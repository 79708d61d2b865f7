-- Whatever is done in whatever order: no balance below zero, no cent lost, verify() silent after every step.
\ir fixture/base.psql
SELECT no_plan();

SELECT setseed((extract(epoch FROM clock_timestamp())::bigint % 1000) / 1000.0) \g /dev/null
SELECT time_and_material(10, '{1,2}', '{60,40}'), fixed_price(20), time_and_material(30) \g /dev/null
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
SELECT 20, g, 20, 'Part ' || g, '2026-03-01', 10 * g, g FROM generate_series(1, 20) AS g;

CREATE FUNCTION one_of(ids bigint[]) RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT ids[1 + floor(random() * cardinality(ids))::int]';
CREATE FUNCTION some_draft() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT one_of(array_agg(invoice_id)) FROM billing.invoice WHERE number IS NULL';
CREATE FUNCTION some_retainer() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT one_of(array_agg(retainer_id)) FROM billing.retainer';

-- One random step; what the engine refuses with a reason or an error of its own is a step, too.
CREATE FUNCTION step(n bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    contract bigint := 10 * (1 + floor(random() * 3));
    what int := floor(random() * 12);
    draft bigint := some_draft();
    retainer bigint := some_retainer();
BEGIN
    CASE what
    WHEN 0 THEN
        INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount)
        SELECT contract, one_of(array_agg(customer_id)), '2026-01-01'::date + (random() * 60)::int, 1 + round((random() * 300)::numeric, 2)
          FROM billing.contract_customer c WHERE c.contract_id = contract;
    WHEN 1 THEN PERFORM billing.mark_ready_to_invoice(retainers => ARRAY[retainer]);
    WHEN 2, 3 THEN
        IF contract <> 20 THEN
            PERFORM work(1000 + n, contract, 1 + floor(random() * 5)::numeric, 10 + floor(random() * 50)::numeric, tax => 1);
        END IF;
        PERFORM billing.mark_ready_to_invoice(contracts => ARRAY[contract]);
    WHEN 4 THEN PERFORM billing.create_invoices(contracts => ARRAY[contract], invoice_date => '2026-03-31');
    WHEN 5 THEN
        PERFORM billing.edit_invoice_details(actuals => ARRAY[d.source_id], quantity => floor(random() * 6)::numeric)
           FROM (SELECT source_id FROM billing.draft_detail WHERE detail_kind = 'actual' AND invoice_id = draft LIMIT 1) d;
    WHEN 6 THEN
        PERFORM billing.set_advance(draft, a.retainer_id, CASE WHEN random() < 0.8 THEN round((random() * 200)::numeric, 2) END)
           FROM (SELECT retainer_id FROM billing.available_retainers_and_advances ORDER BY random() LIMIT 1) a;
    WHEN 7 THEN PERFORM billing.stage_refunds(ARRAY[retainer], CASE WHEN random() < 0.5 THEN draft END);
    WHEN 8 THEN PERFORM CASE WHEN random() < 0.5 THEN (SELECT count(*) FROM billing.cancel_refunds(ARRAY[retainer]))
                             ELSE (SELECT count(*) FROM billing.add_invoice_retainer(draft, round((1 + random() * 50)::numeric, 2))) END;
    WHEN 9 THEN PERFORM CASE WHEN random() < 0.3 THEN (SELECT count(*) FROM billing.delete_invoices(ARRAY[draft]))
                             ELSE (SELECT count(*) FROM billing.refresh_invoices(ARRAY[draft])) END;
    WHEN 10 THEN PERFORM billing.remove_invoice_details(retainers => ARRAY[retainer]);
    WHEN 11 THEN PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE number IS NULL AND random() < 0.5));
    END CASE;
    RETURN NULL;
EXCEPTION WHEN SQLSTATE 'ZB020' OR SQLSTATE 'ZB021' OR SQLSTATE 'ZB022' OR SQLSTATE '22023'
       OR SQLSTATE '22004' THEN
    RETURN NULL;
END $$;

-- What is wrong after a step; NULL if nothing.
CREATE FUNCTION wrong() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(': ', "check", item, detail), E'\n') FROM billing.verify()
$$;
CREATE TABLE trace (step bigint, problem text);
DO $$
BEGIN
    FOR n IN 1 .. 400 LOOP
        PERFORM step(n);
        IF n % 20 = 0 THEN
            INSERT INTO trace VALUES (n, wrong());
        END IF;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM trace WHERE problem IS NOT NULL', 'verify() was silent all the time');
SELECT isnt_empty('SELECT 1 FROM billing.invoice_advance WHERE used_before IS NOT NULL', 'advances were used');
SELECT is_empty(
    $$SELECT v.invoice_id, v.detail_amount, b.amount FROM billing.invoice v
        LEFT JOIN (SELECT contract_id, invoice_id, sum(amount) AS amount FROM billing.actual
                    WHERE transaction_type = 'billed_sales' AND billing_type = 'chargeable' GROUP BY 1, 2) b USING (contract_id, invoice_id)
       WHERE v.number IS NOT NULL AND v.detail_amount <> coalesce(b.amount, 0)$$,
    'each confirmed invoice bills what its billed sales say');
SELECT is_empty(
    $$SELECT r.retainer_id FROM billing.retainers_and_advances r
       WHERE r.available_amount < 0 OR r.held_amount > r.available_amount$$, 'no balance is below zero, none is promised twice');
SELECT is(
    (SELECT sum(detail_amount) FROM billing.invoice WHERE number IS NOT NULL),
    (SELECT coalesce(sum(l.amount), 0) FROM billing.invoice_line l JOIN billing.invoice v USING (contract_id, invoice_id) WHERE v.number IS NOT NULL)
        + (SELECT coalesce(sum(available_amount), 0) FROM billing.retainers_and_advances),
    'what customers were billed is their work and what is left of their advances');

SELECT * FROM finish();
