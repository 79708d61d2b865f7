-- A small world for the tests of concurrent sessions. Each permutation calls scene.reset(), which empties all tables and
-- restarts the ids, so that results do not depend on what ran before.
--
--     CALL scene.reset();                          company 1, customers 1 and 2
--     CALL scene.contract(10, '{60,40}');          contract 10, project 10, time-and-material line 11 for both customers
--     CALL scene.submitted(10, 101, 103);          entries 101 to 103, one hour of 100 each
--     CALL scene.approved(10, 101, 103);           ... approved
--     CALL scene.ready(10, 101, 103);              ... and ready to invoice
CREATE SCHEMA scene;

-- Emptying guarded tables takes an owner who switches the guards off for a moment.
CREATE PROCEDURE scene.reset() LANGUAGE plpgsql AS $$
DECLARE
    tables text;
    command text;
BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO tables
      FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind = 'r';
    FOR command IN
        SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
          FROM pg_trigger WHERE tgname = 'billing_guard_truncate'
    LOOP
        EXECUTE command;
    END LOOP;
    EXECUTE format('TRUNCATE %s RESTART IDENTITY', tables);
    FOR command IN
        SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
          FROM pg_trigger WHERE tgname = 'billing_guard_truncate'
    LOOP
        EXECUTE command;
    END LOOP;
    INSERT INTO billing.company (company_id, name, currency) VALUES (1, 'Company', 'NOK');
    INSERT INTO billing.customer (customer_id, name) VALUES (1, 'First'), (2, 'Second');
END $$;

CREATE PROCEDURE scene.contract(id bigint, percents numeric[] DEFAULT '{100}', nte_limit numeric DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing.project (project_id, company_id, name) VALUES (id, 1, 'Project ' || id);
    INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, nte_limit)
    VALUES (id, 1, 1, 'Contract ' || id, 'NOK', contract.nte_limit);
    UPDATE billing.contract_customer SET billing_split_percent = percents[1] WHERE contract_id = id;
    INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
    SELECT id, 2, percents[2] WHERE cardinality(percents) = 2;
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
    VALUES (id, id + 1, 'Work ' || id, 'time_and_material', id);
END $$;

CREATE PROCEDURE scene.submitted(project bigint, first bigint, last bigint, price numeric DEFAULT 100)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, cost_price, sales_price)
    SELECT id, project, '2024-01-15', 1, price / 2, price FROM generate_series(first, last) AS id;
    PERFORM billing.submit(ARRAY(SELECT generate_series(first, last)));
END $$;

CREATE PROCEDURE scene.approved(project bigint, first bigint, last bigint, price numeric DEFAULT 100)
LANGUAGE plpgsql AS $$
BEGIN
    CALL scene.submitted(project, first, last, price);
    PERFORM billing.approve(ARRAY(SELECT generate_series(first, last)));
END $$;

CREATE PROCEDURE scene.ready(project bigint, first bigint, last bigint, price numeric DEFAULT 100)
LANGUAGE plpgsql AS $$
BEGIN
    CALL scene.approved(project, first, last, price);
    PERFORM billing.mark_ready_to_invoice(actuals => scene.sales(first, last));
END $$;

-- Ids of the unbilled sales of some entries.
CREATE FUNCTION scene.sales(first bigint, last bigint) RETURNS bigint[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(actual_id ORDER BY actual_id) FROM billing.actual
     WHERE entry_id BETWEEN first AND last AND transaction_type = 'unbilled_sales' AND invoice_id IS NULL
$$;

-- What every permutation ends with: no source on two invoices or billed twice, and nothing for verify() to find.
CREATE VIEW scene.proof AS
SELECT (SELECT count(*) FROM (SELECT FROM billing.invoice_line_detail WHERE detail_kind <> 'advance' AND (detail_kind <> 'retainer' OR quantity > 0)
                               GROUP BY detail_kind, source_id HAVING count(*) > 1) d)
           AS on_two_invoices,
       (SELECT count(*) FROM (SELECT FROM billing.actual WHERE transaction_type = 'billed_sales'
                               GROUP BY source_id, milestone_split_id, detail_id, contract_line_id HAVING count(*) > 1
                                  AND coalesce(source_id, milestone_split_id, detail_id) IS NOT NULL) d) AS billed_twice,
       (SELECT count(*) FROM billing.verify()) AS problems;
