-- Attacks 1 to 55: plain SQL against what only the engine may write, as the owner of the tables and as superuser.
\set world_only 1
\ir 90_attacked_world.sql

SELECT plan(404);

-- --- actual
SELECT attack.refused(1, 'actual: posted back to ready',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'' WHERE actual_id = {posted}');
SELECT attack.refused(2, 'actual: ready to posted',
    'UPDATE billing.actual SET billing_status = ''customer_invoice_posted'' WHERE actual_id = {ready}');
SELECT attack.refused(3, 'actual: created back to ready',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'', invoice_line_id = NULL
        WHERE actual_id = {created}');
SELECT attack.refused(4, 'actual: not ready to ready, which the machine knows but only a verb may do',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'' WHERE actual_id = {open}');
SELECT attack.refused(4, 'actual: beyond its limit to ready',
    'UPDATE billing.actual SET billing_status = ''ready_to_invoice'', nte_status = ''committed''
        WHERE actual_id = {failed}');
SELECT attack.refused(5, 'actual: ready to canceled',
    'UPDATE billing.actual SET billing_status = ''canceled'' WHERE actual_id = {ready}');
SELECT attack.refused(5, 'actual: canceled back to not ready',
    'UPDATE billing.actual SET billing_status = ''not_ready_to_invoice'', is_open = true WHERE actual_id = {canceled}');
SELECT attack.refused(6, 'actual: adjustment status',
    'UPDATE billing.actual SET adjustment_status = ''adjusted'' WHERE actual_id = {open}');
SELECT attack.refused(6, 'actual: a reversal made adjustable',
    'UPDATE billing.actual SET adjustment_status = ''adjustable'' WHERE actual_id = {reversal}');
SELECT attack.refused(7, 'actual: not-to-exceed status',
    'UPDATE billing.actual SET nte_status = ''committed'', nte_failed_level = NULL WHERE actual_id = {failed}');
SELECT attack.refused(8, 'actual: amount', 'UPDATE billing.actual SET amount = amount + 0.01 WHERE actual_id = {open}');
SELECT attack.refused(8, 'actual: quantity and price, with the same amount',
    'UPDATE billing.actual SET quantity = quantity / 2, price = price * 2 WHERE actual_id = {open}');
SELECT attack.refused(8, 'actual: tax of a billed sale',
    'UPDATE billing.actual SET tax = 1 WHERE actual_id = {billed}');
SELECT attack.refused(9, 'actual: claimed for a draft by hand', $$
    UPDATE billing.actual SET billing_status = 'customer_invoice_created', invoice_line_id = {draft_line}
        WHERE actual_id = {ready} $$);
SELECT attack.refused(9, 'actual: billed sale moved to another invoice',
    'UPDATE billing.actual SET invoice_id = {draft}, invoice_line_id = {draft_line} WHERE actual_id = {billed}');
SELECT attack.refused(10, 'actual: reopened', 'UPDATE billing.actual SET is_open = true WHERE actual_id = {posted}');
SELECT attack.refused(11, 'actual: moved to another contract',
    'UPDATE billing.actual SET contract_id = 20, contract_line_id = 21, customer_id = 3 WHERE actual_id = {open}');
SELECT attack.refused(11, 'actual: given another id',
    'UPDATE billing.actual SET actual_id = 4711 WHERE actual_id = {open}');
SELECT attack.refused(11, 'actual: reversal pointed elsewhere',
    'UPDATE billing.actual SET reverses_id = {ready} WHERE actual_id = {reversal}');
SELECT is(attack.sweep('billing.actual', 'actual_id = {open}'), '00000: attributes,description,external_description',
    'attack 12: every column of an actual, with session_replication_role = replica');
SELECT is(attack.sweep('billing.actual', 'actual_id = {billed}'), '00000: attributes,description,external_description',
    'attack 12: every column of a billed sale, with session_replication_role = replica');

SELECT attack.refused(13, 'INSERT into billing.actual', $$
    INSERT INTO billing.actual (contract_id, transaction_type, transaction_class, billing_type, transaction_date,
        quantity, price, amount)
    VALUES (10, 'unbilled_sales', 'time', 'chargeable', '2026-01-01', 1, 1, 1) $$);
SELECT attack.refused(14, 'INSERT of a copied billed sale', $$
    INSERT INTO billing.actual (contract_id, contract_line_id, customer_id, transaction_type, transaction_class,
        billing_type,
                                transaction_date, quantity, price, amount, invoice_id, invoice_line_id)
    SELECT contract_id, contract_line_id, customer_id, transaction_type, transaction_class, billing_type,
        transaction_date,
           quantity, price, amount, invoice_id, invoice_line_id FROM billing.actual WHERE actual_id = {billed} $$);
SELECT attack.refused(14, 'INSERT of nothing', 'INSERT INTO billing.actual SELECT * FROM billing.actual WHERE false');
SELECT attack.refused(15, 'DELETE from billing.actual', 'DELETE FROM billing.actual WHERE actual_id = {open}');
SELECT attack.refused(15, 'DELETE of nothing', 'DELETE FROM billing.actual WHERE false');
SELECT attack.refused(16, 'TRUNCATE billing.actual', 'TRUNCATE billing.actual');

SELECT attack.refused(17, 'COPY into billing.actual', $$
    COPY billing.actual (contract_id, transaction_type, transaction_class, billing_type, transaction_date, quantity,
        price, amount)
    FROM PROGRAM 'echo 10,unbilled_sales,time,chargeable,2026-01-01,1,1,1' (FORMAT csv) $$);
SELECT attack.refused(17, 'COPY of nothing into billing.actual', 'COPY billing.actual FROM PROGRAM ''true''');
SELECT attack.refused(17, 'COPY of an approved entry', $$
    COPY billing.entry (project_id, entry_date, quantity, entry_status)
        FROM PROGRAM 'echo 1,2026-01-01,1,approved' (FORMAT csv) $$);
SELECT attack.refused(17, 'COPY into billing.invoice_line', $$
    COPY billing.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
        FROM PROGRAM 'echo 10,1,16,1,x' (FORMAT csv) $$);
SELECT attack.allowed('COPY of draft entries', $$
    COPY billing.entry (project_id, entry_date, quantity) FROM PROGRAM 'echo 1,2026-01-01,1' (FORMAT csv) $$);

SELECT attack.refused(18, 'MERGE that updates billing.actual', $$
    MERGE INTO billing.actual a USING (VALUES ({ready}::bigint)) v (id) ON a.actual_id = v.id
     WHEN MATCHED THEN UPDATE SET billing_status = 'customer_invoice_posted' $$);
SELECT attack.refused(18, 'MERGE that deletes', $$
    MERGE INTO billing.actual a USING (VALUES ({ready}::bigint)) v (id) ON a.actual_id = v.id
     WHEN MATCHED THEN DELETE $$);
SELECT attack.refused(18, 'MERGE that inserts', $$
    MERGE INTO billing.actual a USING (VALUES (0::bigint)) v (id) ON a.actual_id = v.id
     WHEN NOT MATCHED THEN INSERT (contract_id, transaction_type, transaction_class, billing_type, transaction_date,
         quantity, price, amount)
     VALUES (10, 'unbilled_sales', 'time', 'chargeable', '2026-01-01', 1, 1, 1) $$);
SELECT attack.refused(19, 'INSERT ... ON CONFLICT DO UPDATE on billing.actual', $$
    INSERT INTO billing.actual SELECT * FROM billing.actual WHERE actual_id = {open}
        ON CONFLICT (actual_id, contract_id) DO UPDATE SET amount = 1 $$);
SELECT attack.refused(19, 'INSERT ... ON CONFLICT DO NOTHING on billing.actual',
    'INSERT INTO billing.actual SELECT * FROM billing.actual WHERE actual_id = {open} ON CONFLICT DO NOTHING');
SELECT attack.refused(19, 'INSERT ... ON CONFLICT DO UPDATE on billing.entry', $$
    INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity) VALUES (6, 1, '2026-01-01', 1)
        ON CONFLICT (entry_id) DO UPDATE SET entry_status = 'approved' $$);
SELECT attack.refused(20, 'UPDATE through an automatically updatable view', $$
    CREATE VIEW public.mine AS SELECT * FROM billing.actual;
    UPDATE public.mine SET billing_status = 'ready_to_invoice' WHERE actual_id = {open} $$);
SELECT attack.refused(20, 'UPDATE through a view with security_invoker and a check option', $$
    CREATE VIEW public.mine WITH (security_invoker, check_option = cascaded) AS SELECT * FROM billing.actual
        WHERE amount > 0;
    UPDATE public.mine SET amount = amount * 2 WHERE actual_id = {open} $$);
SELECT attack.refused(20, 'DELETE through a view', $$
    CREATE VIEW public.mine AS SELECT actual_id FROM billing.actual;
    DELETE FROM public.mine WHERE actual_id = {open} $$);
SELECT is_empty($$ SELECT table_name FROM information_schema.views
                    WHERE table_schema = 'billing' AND (is_updatable = 'YES' OR is_insertable_into = 'YES') $$,
    'attack 20: none of billing''s own views can be written through');
SELECT attack.refused(21, 'UPDATE ... FROM', $$
    UPDATE billing.actual a SET billing_status = 'ready_to_invoice' FROM billing.contract c
     WHERE c.contract_id = a.contract_id AND a.actual_id = {open} $$);
SELECT attack.refused(22, 'UPDATE in a WITH clause', $$
    WITH u AS (UPDATE billing.actual SET amount = 0 WHERE actual_id = {open} RETURNING 1) SELECT * FROM u $$);
SELECT attack.refused(22, 'DELETE in a WITH clause', $$
    WITH d AS (DELETE FROM billing.invoice_detail RETURNING 1) SELECT count(*) FROM d $$);
SELECT attack.refused(22, 'INSERT in a WITH clause that nobody reads', $$
    WITH i AS (INSERT INTO billing.actual SELECT * FROM billing.actual WHERE actual_id = {open}) SELECT 1 $$);
SELECT attack.refused(23, 'UPDATE ... WHERE CURRENT OF a cursor', $$
    DO $do$
    DECLARE c CURSOR FOR SELECT * FROM billing.actual WHERE actual_id = {open} FOR UPDATE;
    BEGIN
        OPEN c; MOVE c; UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE CURRENT OF c;
    END $do$ $$);
SELECT attack.refused(23, 'DELETE ... WHERE CURRENT OF a cursor', $$
    DO $do$
    DECLARE c CURSOR FOR SELECT * FROM billing.invoice_detail FOR UPDATE;
    BEGIN
        OPEN c; MOVE c; DELETE FROM billing.invoice_detail WHERE CURRENT OF c;
    END $do$ $$);

PREPARE forbidden (bigint) AS UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = $1;
SELECT attack.refused(24, 'a prepared statement', 'EXECUTE forbidden ({open})');
SELECT attack.refused(24, 'a prepared statement with a generic plan, right after a verb that does the same', $$
    SET LOCAL plan_cache_mode = force_generic_plan;
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}');
    EXECUTE forbidden ({open2}) $$, roles => '{superuser}');

CREATE FUNCTION attack.wrapped(id bigint) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = id
$$;
GRANT EXECUTE ON FUNCTION attack.wrapped TO :"owner";
SELECT attack.refused(25, 'a SECURITY DEFINER function of a superuser', 'SELECT attack.wrapped({open})');
SELECT attack.refused(25, 'a SECURITY DEFINER function that first calls the verb', $$
    SELECT billing.mark_ready_to_invoice(actuals => '{{open}}'), attack.wrapped({open2}) $$);
SELECT attack.refused(26, 'a DO block that catches the refusal and tries again', $$
    DO $do$
    BEGIN
        UPDATE billing.actual SET amount = 0 WHERE actual_id = {open};
    EXCEPTION WHEN SQLSTATE 'ZB001' THEN
        UPDATE billing.actual SET amount = 0 WHERE actual_id = {open};
    END $do$ $$);
SELECT attack.refused(27, 'TRUNCATE CASCADE from a parent that is not guarded', 'TRUNCATE billing.company CASCADE');
SELECT attack.refused(27, 'TRUNCATE CASCADE from the contracts', 'TRUNCATE billing.contract CASCADE');
SELECT attack.refused(28, 'TRUNCATE of several tables at once',
    'TRUNCATE billing.invoice, billing.invoice_line, billing.invoice_detail, billing.invoice_advance, billing.retainer, billing.retainer_correction');
SELECT attack.refused(28, 'TRUNCATE ' || name, 'TRUNCATE billing.' || name || ' CASCADE', roles => '{superuser}')
  FROM unnest('{entry,milestone,milestone_split,contract,contract_customer,contract_line,contract_line_customer,
      contract_line_scope,invoice,invoice_line,invoice_detail,invoice_series,operation,
      operation_change}'::text[]) AS name;

-- A customer's own foreign keys on our tables may point at whatever, their actions may not write what is ours.
SELECT attack.refused(29, 'foreign key with ON DELETE CASCADE', $$
    CREATE TABLE public.theirs (id bigint PRIMARY KEY);
    INSERT INTO public.theirs SELECT customer_id FROM billing.customer;
    ALTER TABLE billing.actual ADD FOREIGN KEY (customer_id) REFERENCES public.theirs ON DELETE CASCADE;
    DELETE FROM public.theirs WHERE id = 3 $$, roles => '{superuser}');
SELECT attack.refused(29, 'foreign key with ON UPDATE CASCADE', $$
    CREATE TABLE public.theirs (id bigint PRIMARY KEY);
    INSERT INTO public.theirs SELECT customer_id FROM billing.customer;
    ALTER TABLE billing.actual ADD FOREIGN KEY (customer_id) REFERENCES public.theirs ON UPDATE CASCADE;
    UPDATE public.theirs SET id = 33 WHERE id = 3 $$, roles => '{superuser}');
SELECT attack.refused(29, 'foreign key with ON DELETE SET NULL', $$
    CREATE TABLE public.theirs (id bigint PRIMARY KEY);
    INSERT INTO public.theirs SELECT contract_line_id FROM billing.contract_line;
    ALTER TABLE billing.actual ADD FOREIGN KEY (contract_line_id) REFERENCES public.theirs ON DELETE SET NULL;
    DELETE FROM public.theirs WHERE id = 21 $$, roles => '{superuser}');
SELECT attack.allowed('a customer''s foreign key, with its actions, on a column of his own', $$
    CREATE TABLE public.theirs (id bigint PRIMARY KEY); INSERT INTO public.theirs VALUES (1);
    ALTER TABLE billing.actual ADD COLUMN their_id bigint REFERENCES public.theirs ON DELETE SET NULL ON UPDATE CASCADE;
    UPDATE billing.actual SET their_id = 1; UPDATE public.theirs SET id = 2;
    DELETE FROM public.theirs $$, roles => '{superuser}');

SELECT attack.allowed('both descriptions and attributes of actuals, whatever their state', $$
    UPDATE billing.actual SET description = 'x', external_description = 'y', attributes = '{"po": 1}' $$);
SELECT attack.allowed('an UPDATE that changes nothing protected',
    'UPDATE billing.actual SET amount = amount, description = NULL');
SELECT attack.allowed('a column of the customer''s own', $$
    ALTER TABLE billing.actual ADD COLUMN cost_centre text DEFAULT 'none';
    UPDATE billing.actual SET cost_centre = 'sales' $$);

-- --- invoices
SELECT is(attack.sweep('billing.invoice', 'invoice_id = {draft}'),
    '00000: accounting_date,attributes,bill_to_name,description,invoice_address,invoice_date,name,payment_terms',
    'attack 30: every column of a draft');
SELECT is(attack.sweep('billing.invoice', 'invoice_id = {confirmed}'),
    '00000: attributes; ZB022: accounting_date,bill_to_name,description,invoice_address,invoice_date,name,'
    'payment_terms',
    'attack 30: every column of a confirmed invoice');
SELECT attack.refused(31, 'confirming by writing project_invoice_status', $$
    UPDATE billing.invoice SET project_invoice_status = 'confirmed', series = 'INV', number = 99, confirmed_at = now()
     WHERE invoice_id = {draft} $$);
SELECT attack.refused(31, 'a confirmed invoice back to draft',
    'UPDATE billing.invoice SET project_invoice_status = ''draft'', series = NULL, number = NULL
        WHERE invoice_id = {confirmed}');
SELECT attack.refused(31, 'a confirmed invoice back to review',
    'UPDATE billing.invoice SET project_invoice_status = ''in_review'', series = NULL, number = NULL
        WHERE invoice_id = {confirmed}');
SELECT attack.refused(31, 'review by hand',
    'UPDATE billing.invoice SET project_invoice_status = ''in_review'' WHERE invoice_id = {draft}');
SELECT attack.refused(31, 'paid by hand',
    'UPDATE billing.invoice SET invoice_status = ''paid'' WHERE invoice_id = {confirmed}');
SELECT attack.refused(31, 'the legal number', 'UPDATE billing.invoice SET number = 77 WHERE invoice_id = {confirmed}');
SELECT attack.refused(31, 'totals',
    'UPDATE billing.invoice SET detail_amount = 1, total_amount = 1 + total_tax WHERE invoice_id = {draft}');
SELECT attack.refused(32, 'INSERT of an invoice', $$
    INSERT INTO billing.invoice (contract_id, customer_id, company_id, operation_id, invoice_date, currency, name)
    VALUES (10, 1, 1, {operation}, '2026-01-01', 'NOK', 'forged') $$);
SELECT attack.refused(32, 'DELETE of a draft', 'DELETE FROM billing.invoice WHERE invoice_id = {draft}', '23503|ZB001');
SELECT attack.refused(32, 'DELETE of a confirmed invoice with everything on it', $$
    DELETE FROM billing.invoice_detail d USING billing.invoice_line l
     WHERE l.invoice_line_id = d.invoice_line_id AND l.invoice_id = {confirmed};
    DELETE FROM billing.invoice_line WHERE invoice_id = {confirmed};
    DELETE FROM billing.invoice WHERE invoice_id = {confirmed} $$);
SELECT is(attack.sweep('billing.invoice_line', 'invoice_line_id = {draft_line}'), '00000: name',
    'attack 33: every column of a line of a draft');
SELECT is(attack.sweep('billing.invoice_line', 'invoice_line_id = {confirmed_line}'), 'ZB022: name',
    'attack 33: every column of a line of a confirmed invoice');
SELECT attack.refused(33, 'INSERT of an invoice line', $$
    INSERT INTO billing.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
    VALUES (10, {draft}, 21, 1, 'forged') $$, '23503|ZB001');
SELECT attack.refused(33, 'DELETE of an invoice line',
    'DELETE FROM billing.invoice_line WHERE invoice_line_id = {draft_line}', '23503|ZB001');
SELECT is(attack.sweep('billing.invoice_detail', 'detail_id = {manual_detail}'), NULL,
    'attack 34: every column of a manual detail, its transaction class among them');
SELECT is(attack.sweep('billing.invoice_detail', 'detail_id = {edited_detail}'), NULL,
    'attack 34: every column of a detail of a confirmed invoice');
SELECT attack.refused(34, 'transaction class of a detail on a draft',
    'UPDATE billing.invoice_detail SET transaction_class = ''expense'' WHERE detail_id = {manual_detail}');
SELECT attack.refused(34, 'a detail made a correction without an original',
    'UPDATE billing.invoice_detail SET detail_kind = ''correction'' WHERE detail_id = {manual_detail}', '23514|ZB001');
SELECT attack.refused(34, 'INSERT of a correction without an original', $$
    INSERT INTO billing.invoice_detail (contract_id, invoice_line_id, detail_kind, transaction_class, billing_type,
        quantity, price, amount, transaction_date)
    VALUES (10, {draft_line}, 'correction', 'time', 'chargeable', 1, 1, 1, '2026-01-01') $$, '23514|ZB001');
SELECT attack.refused(34, 'INSERT of a detail', $$
    INSERT INTO billing.invoice_detail (contract_id, invoice_line_id, detail_kind, transaction_class, billing_type,
        quantity, price, amount, transaction_date)
    VALUES (10, {draft_line}, 'manual', 'time', 'chargeable', 1, 1, 1, '2026-01-01') $$);
SELECT attack.refused(34, 'DELETE of a detail', 'DELETE FROM billing.invoice_detail WHERE detail_id = {manual_detail}');
SELECT attack.refused(35, 'verb: a detail of a confirmed invoice edited',
    'SELECT billing.edit_invoice_details(actuals => ''{{posted}}'', quantity => 2)', 'ZB020|ZB021|ZB022');
SELECT attack.refused(35, 'verb: a detail added to a confirmed invoice',
    'SELECT billing.add_invoice_detail({confirmed}, 11, ''fee'', 1, 1)', 'ZB022');
SELECT attack.refused(35, 'verb: a detail for a line of another contract',
    'SELECT billing.add_invoice_detail({draft}, 21, ''fee'', 1, 1)', 'ZB020');
SELECT attack.refused(35, 'verb: a detail without a contract line',
    'SELECT billing.add_invoice_detail({draft}, NULL, ''fee'', 1, 1)', '22023');
SELECT attack.refused(35, 'verb: a detail without a class',
    'SELECT billing.add_invoice_detail({draft}, 11, NULL, 1, 1)', '22023');
SELECT attack.refused(35, 'verb: a negative manual quantity',
    'SELECT billing.add_invoice_detail({draft}, 11, ''fee'', -1, 1)', '22023');
SELECT attack.refused(35, 'verb: a negative quantity for a detail',
    'SELECT billing.edit_invoice_details(actuals => ''{{created}}'', quantity => -1)', 'ZB021|ZB022|22023');
SELECT attack.allowed('name, texts and dates of a draft', $$
    UPDATE billing.invoice SET name = 'n', description = 'd', payment_terms = '30 days', invoice_date = '2026-04-01',
           attributes = '{}' WHERE invoice_id = {draft} $$);

-- --- milestones
SELECT is(attack.sweep('billing.milestone_split', 'milestone_split_id = {share_open}'), NULL,
    'attack 36: every column of an open milestone share');
SELECT is(attack.sweep('billing.milestone_split', 'milestone_split_id = {share_posted}'), NULL,
    'attack 36: every column of a posted milestone share');
SELECT attack.refused(36, 'milestone share: ready to posted', $$
    UPDATE billing.milestone_split SET milestone_status = 'customer_invoice_posted', invoice_line_id = {confirmed_line}
     WHERE milestone_split_id = {share_ready} $$);
SELECT attack.refused(36, 'milestone share: posted back to ready',
    'UPDATE billing.milestone_split SET milestone_status = ''ready_to_invoice''
        WHERE milestone_split_id = {share_posted}');
SELECT attack.refused(36, 'INSERT of a milestone share', $$
    INSERT INTO billing.milestone_split (contract_id, milestone_id, contract_line_id, customer_id, amount, tax)
        VALUES (10, 4, 12, 1, 1, 0) $$);
SELECT attack.refused(36, 'DELETE of a milestone share',
    'DELETE FROM billing.milestone_split WHERE milestone_split_id = {share_open}');
SELECT attack.refused(37, 'amount of milestone ' || id,
    'UPDATE billing.milestone SET amount = 2000 WHERE milestone_id = ' || id, 'ZB022', '{owner}')
  FROM generate_series(1, 3) AS id;
SELECT attack.refused(37, 'tax of milestone ' || id, 'UPDATE billing.milestone SET tax = 10 WHERE milestone_id = '
    || id, 'ZB022', '{owner}')
  FROM generate_series(1, 3) AS id;
SELECT attack.refused(38, 'DELETE of milestone ' || id, 'DELETE FROM billing.milestone WHERE milestone_id = ' || id,
    'ZB022')
  FROM generate_series(1, 3) AS id;
SELECT attack.refused(38, 'a milestone moved to a time-and-material line',
    'UPDATE billing.milestone SET contract_line_id = 11 WHERE milestone_id = 4', 'ZB013|ZB010');
SELECT attack.refused(38, 'a billed milestone moved to another fixed-price line', $$
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
        VALUES (10, 99, 'x', 'fixed_price', 5);
    UPDATE billing.milestone SET contract_line_id = 99 WHERE milestone_id = 1 $$, 'ZB022|23503', '{owner}');
SELECT attack.refused(39, 'a milestone on a time-and-material line', $$
    INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (10, 11, 'm', '2026-01-01', 1) $$, 'ZB013');
SELECT attack.refused(39, 'a milestone on a product line', $$
    INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (10, 16, 'm', '2026-01-01', 1) $$, 'ZB013');
SELECT attack.refused(39, 'a milestone on a line without project', $$
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method)
        VALUES (10, 99, 'x', 'fixed_price');
    INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (10, 99, 'm', '2026-01-01', 1) $$, 'ZB010');
SELECT attack.refused(39, 'a milestone of another contract''s line', $$
    INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        VALUES (20, 12, 'm', '2026-01-01', 1) $$, '23503|ZB010|ZB013|ZB020');
SELECT attack.refused(39, 'a negative milestone', 'UPDATE billing.milestone SET amount = -1 WHERE milestone_id = 4',
    '23514');
SELECT attack.allowed('amount, then DELETE of a milestone that was never ready', $$
    UPDATE billing.milestone SET amount = 500 WHERE milestone_id = 4;
    DELETE FROM billing.milestone WHERE milestone_id = 4 $$);
SELECT attack.allowed('name and date of a billed milestone',
    'UPDATE billing.milestone SET name = ''Roof'', milestone_date = ''2026-05-01'' WHERE milestone_id = 1');

-- --- contracts
SELECT is(attack.sweep('billing.contract', 'contract_id = 10'),
    '00000: attributes,customer_id,invoice_series,keep_rest,name,nte_limit,nte_partial_fit',
    'attack 40: every column of a contract');
SELECT attack.refused(40, 'currency of a contract',
    'UPDATE billing.contract SET currency = ''SEK'' WHERE contract_id = 10');
SELECT attack.refused(40, 'status of a contract',
    'UPDATE billing.contract SET contract_status = ''closed'' WHERE contract_id = 10');
SELECT attack.refused(40, 'kind of a contract',
    'UPDATE billing.contract SET kind = ''customer'', customer_id = 1 WHERE kind = ''internal''', 'ZB001|23514');
SELECT attack.refused(40, 'DELETE of a contract', 'DELETE FROM billing.contract WHERE contract_id = 10',
    '23503|ZB001|ZB022');
SELECT attack.refused(40, 'DELETE of the internal contract that holds unpaid work',
    'DELETE FROM billing.contract WHERE kind = ''internal''', 'ZB001|ZB022|23503');
SELECT is(attack.sweep('billing.contract_customer', 'contract_id = 10 AND customer_id = 1'),
    '00000: bill_to_name,billing_split_percent,invoice_address,is_rounding,nte_limit,payment_terms',
    'attack 41: every column of a contract customer');
SELECT attack.refused(41, 'the primary customer demoted',
    'UPDATE billing.contract_customer SET is_primary = false WHERE contract_id = 10');
SELECT attack.refused(41, 'DELETE of the primary customer',
    'DELETE FROM billing.contract_customer WHERE contract_id = 10 AND is_primary', 'ZB022|23503');
SELECT attack.refused(41, 'DELETE of a customer who pays a line',
    'DELETE FROM billing.contract_customer WHERE contract_id = 10 AND customer_id = 2', '23503');
SELECT attack.refused(41, 'a second primary customer',
    'INSERT INTO billing.contract_customer (contract_id, customer_id, is_primary) VALUES (10, 3, true)', '23505|ZB001');
SELECT attack.refused(41, 'a second rounding customer',
    'INSERT INTO billing.contract_customer (contract_id, customer_id, is_rounding) VALUES (10, 3, true)', '23505');
SELECT attack.refused(41, 'a split of more than 100 percent',
    'UPDATE billing.contract_customer SET billing_split_percent = 100.01 WHERE contract_id = 10', '23514');
SELECT is(attack.sweep('billing.contract_line', 'contract_line_id = 11'),
    '00000: attributes,contracted_amount,discount_percent,fee_percent,include_expense,include_fee,include_material,include_time,'
    'included_tasks,invoice_schedule_type,name,nte_limit,product_id,project_id,quantity,recorded_at,tax,unit_price',
    'attack 42: every column of a contract line');
SELECT is(attack.sweep('billing.contract_line', 'contract_line_id = 14'),
    '00000: attributes,contracted_amount,discount_percent,fee_percent,include_expense,include_fee,include_material,include_time,'
    'included_tasks,invoice_schedule_type,name,nte_limit,project_id,recorded_at; ZB022: product_id,quantity,tax,unit_price',
    'attack 42: every column of a product line on a draft');
SELECT is(attack.sweep('billing.contract_line', 'contract_line_id = 13'),
    '00000: attributes,contracted_amount,discount_percent,fee_percent,include_expense,include_fee,include_material,include_time,'
    'included_tasks,invoice_schedule_type,name,nte_limit,project_id,recorded_at; ZB022: product_id,quantity,tax,unit_price',
    'attack 42: every column of a billed product line');
SELECT attack.refused(43, 'billing method of a line',
    'UPDATE billing.contract_line SET billing_method = ''fixed_price'', nte_limit = NULL WHERE contract_line_id = 11');
SELECT attack.refused(43, 'product line: ready to posted',
    'UPDATE billing.contract_line SET product_status = ''customer_invoice_posted'' WHERE contract_line_id = 15');
SELECT attack.refused(43, 'product line: posted to not ready',
    'UPDATE billing.contract_line SET product_status = ''not_ready_to_invoice'', invoice_line_id = NULL
        WHERE contract_line_id = 13');
SELECT attack.refused(43, 'product line: put on an invoice by hand',
    'UPDATE billing.contract_line SET invoice_line_id = {draft_line} WHERE contract_line_id = 15');
SELECT attack.refused(43, 'INSERT of a product line that is ' || status, format($$
    INSERT INTO billing.contract_line (contract_id, name, billing_method, product_id, quantity, unit_price,
        product_status)
    VALUES (10, 'forged', 'product', 1, 1, 1, '%s') $$, status), roles => '{owner}')
  FROM unnest('{ready_to_invoice,customer_invoice_created,customer_invoice_posted}'::text[]) AS status;
SELECT attack.refused(44, 'DELETE of a line with actuals',
    'DELETE FROM billing.contract_line WHERE contract_line_id = 21', 'ZB022|23503');
SELECT attack.refused(44, 'DELETE of a line with milestones',
    'DELETE FROM billing.contract_line WHERE contract_line_id = 12', 'ZB022|23503');
SELECT attack.refused(44, 'DELETE of a billed product line',
    'DELETE FROM billing.contract_line WHERE contract_line_id = 13', 'ZB022|23503');
SELECT attack.allowed('DELETE of lines nothing hangs on', $$
    DELETE FROM billing.contract_line WHERE contract_line_id = 16;
    INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
        VALUES (10, 99, 'x', 'time_and_material', 5);
    DELETE FROM billing.contract_line WHERE contract_line_id = 99 $$);
SELECT is(attack.sweep('billing.contract_line_customer', 'contract_line_id = 11 AND customer_id = 1'),
    '00000: billing_split_percent,is_rounding,nte_limit', 'attack 45: every column of a line customer');
SELECT attack.refused(45, 'running totals',
    'UPDATE billing.contract_line_customer SET committed_amount = 0, billed_amount = 0');
SELECT attack.refused(45, 'in_use', 'UPDATE billing.contract_line_customer SET in_use = false');
SELECT attack.refused(45, 'DELETE of a customer in use',
    'DELETE FROM billing.contract_line_customer WHERE contract_line_id = 11 AND customer_id = 2', 'ZB022');
SELECT attack.refused(45, 'INSERT with ' || part, format(
    'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id, %s)
        VALUES (10, 11, 3, %s)', part, value))
  FROM (VALUES ('in_use', 'true'), ('committed_amount', '5'), ('billed_amount', '5')) AS v (part, value);
SELECT attack.refused(46, 'a customer on a line of another contract',
    'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (20, 11, 3)',
        '23503');
SELECT attack.refused(46, 'a customer moved to another line',
    'UPDATE billing.contract_line_customer SET contract_line_id = 12 WHERE contract_line_id = 11
        AND customer_id = 2', '23505|ZB001');
SELECT attack.refused(46, 'a second rounding customer of a line',
    'UPDATE billing.contract_line_customer SET is_rounding = true WHERE contract_line_id = 11', '23505');
SELECT attack.refused(46, 'a customer of a product line',
    'INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (10, 16, 2)',
        'ZB013');
SELECT is(attack.sweep('billing.contract_line_scope', 'contract_line_id = 11 AND transaction_class = ''time'''), NULL,
    'attack 47: every column of a scope');
SELECT attack.refused(47, 'INSERT of a scope', $$
    INSERT INTO billing.contract_line_scope (contract_id, contract_line_id, project_id, transaction_class, tasks)
    VALUES (10, 16, 5, 'time', '(,)') $$);
SELECT attack.refused(47, 'DELETE of a scope', 'DELETE FROM billing.contract_line_scope WHERE contract_line_id = 11');
SELECT attack.refused(47, 'two lines for the same work', $$
    INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
        VALUES (20, 'overlap', 'time_and_material', 1) $$, 'ZB012');
SELECT is(attack.sweep('billing.invoice_series', 'true'), NULL, 'attack 48: every column of a number series');
SELECT attack.refused(48, 'DELETE of a number series', 'DELETE FROM billing.invoice_series');
SELECT is(attack.sweep('billing.operation', 'operation_id = {operation}'), NULL, 'attack 49: every column of the log');
SELECT is(attack.sweep('billing.operation_change', 'operation_id = {operation}'), NULL,
    'attack 49: every column of logged changes');
SELECT attack.refused(49, 'INSERT into the log', $$
    INSERT INTO billing.operation (verb, role_name, session_role) VALUES ('approve', 'boss', 'boss') $$);
SELECT attack.refused(49, 'DELETE from the log', 'DELETE FROM billing.operation_change');
SELECT attack.refused(49, 'INSERT of logged changes', $$
    INSERT INTO billing.operation_change (operation_id, item, status_column, item_count, ids)
        VALUES ({operation}, 'actual', 'x', 1, '{1}') $$);
SELECT attack.allowed('what describes a contract', $$
    UPDATE billing.contract SET name = 'New name', attributes = '{"a": 1}', nte_limit = 2000000 WHERE contract_id = 10;
    UPDATE billing.contract_customer SET bill_to_name = 'Alfa AS', payment_terms = '14 days' WHERE contract_id = 10;
    UPDATE billing.contract_line SET name = 'New name', nte_limit = 2000000 WHERE contract_line_id = 11;
    UPDATE billing.contract SET customer_id = 2 WHERE contract_id = 10 $$);

-- --- entries
SELECT is(attack.sweep('billing.entry', 'entry_id = 6'),
    '00000: attributes,billable_quantity,billing_type,category_id,cost_price,currency,description,entry_date,'
    'external_description,product_id,project_id,quantity,resource_id,role_id,sales_price,task_id,tax,'
    'transaction_class,unit',
    'attack 50: every column of a draft entry');
SELECT is(attack.sweep('billing.entry', 'entry_id = 7'),
    '00000: attributes,description,external_description; ZB022: billable_quantity,billing_type,category_id,'
    'cost_price,currency,entry_date,product_id,project_id,quantity,resource_id,role_id,sales_price,task_id,tax,'
    'transaction_class,unit',
    'attack 50: every column of a submitted entry');
SELECT is(attack.sweep('billing.entry', 'entry_id = 5'),
    '00000: attributes,description,external_description; ZB022: billable_quantity,billing_type,category_id,'
    'cost_price,currency,entry_date,product_id,project_id,quantity,resource_id,role_id,sales_price,task_id,tax,'
    'transaction_class,unit',
    'attack 50: every column of an approved entry');
SELECT attack.refused(51, 'INSERT of an entry that is ' || status, format(
    'INSERT INTO billing.entry (project_id, entry_date, quantity, entry_status)
        VALUES (1, ''2026-01-01'', 1, ''%s'')', status))
  FROM unnest(enum_range('submitted'::billing.entry_status, NULL)) AS status;
SELECT attack.refused(51, 'approving by UPDATE',
    'UPDATE billing.entry SET entry_status = ''approved'' WHERE entry_id = 7');
SELECT attack.refused(51, 'submitting by UPDATE',
    'UPDATE billing.entry SET entry_status = ''submitted'' WHERE entry_id = 6');
SELECT attack.refused(51, 'taking back by UPDATE',
    'UPDATE billing.entry SET entry_status = ''draft'' WHERE entry_id = 5');
SELECT attack.refused(52, 'DELETE of a submitted entry', 'DELETE FROM billing.entry WHERE entry_id = 7', 'ZB022');
SELECT attack.refused(52, 'DELETE of an approved entry', 'DELETE FROM billing.entry WHERE entry_id = 5', 'ZB022');
SELECT attack.refused(53, 'a negative billable quantity for work done', $$
    INSERT INTO billing.entry (project_id, entry_date, quantity, billable_quantity)
        VALUES (1, '2026-01-01', 1, -1) $$, '23514');
SELECT is(format('%s: %s', outcome, actual_id), 'refused: ',
    'attack 53: a negative billable quantity given to approve()')
  FROM billing.approve('{7}', billable_quantities => '{-1}');
SELECT is(format('%s: %s', outcome, actual_id), 'refused: ', 'attack 53: billing type not_available given to approve()')
  FROM billing.approve('{7}', billing_types => '{not_available}');
SELECT attack.allowed('a draft entry may be edited and deleted', $$
    UPDATE billing.entry SET quantity = 2, sales_price = 7 WHERE entry_id = 6;
    DELETE FROM billing.entry WHERE entry_id = 6 $$);

-- --- tricks
SELECT attack.refused(54, 'forged setting ' || setting, format($$
    SELECT set_config('%1$s', 'on', true);
    UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = {open} $$, setting))
  FROM unnest('{billing.engine,billing.guard,billing.authorized,billing.write_scope}'::text[]) AS setting;
SELECT attack.refused(54, 'session_replication_role = replica', $$
    SET LOCAL session_replication_role = replica;
    UPDATE billing.actual SET billing_status = 'ready_to_invoice' WHERE actual_id = {open} $$, roles => '{superuser}');
SELECT attack.refused(54, 'session_replication_role = local', $$
    SET LOCAL session_replication_role = local; DELETE FROM billing.invoice_detail $$, roles => '{superuser}');
SELECT attack.refused(55, format('calling %s() directly', name), format('SELECT billing.%s()', name), '39P01')
  FROM unnest('{guard_row,guard_statement,company_created,contract_saved,contract_line_defaults,contract_line_saved,
      contract_line_task_saved,contract_line_customer_added,milestone_saved,milestone_removed}'::text[]) AS name;
SELECT is(billing.guard_wakes('billing.actual'::regclass, 'not_ready_to_invoice'::billing.billing_status,
    'ready_to_invoice'::billing.billing_status),
    true, 'attack 55: guard_wakes() gives nothing away outside the engine');

-- What a refusal says.
SELECT attack.says(2, 'posting',
    'UPDATE billing.actual SET billing_status = ''customer_invoice_posted'' WHERE actual_id = {ready}',
    'column "billing_status" of billing.actual row actual_id = \d+ is written only by billing',
    'From ready_to_invoice to customer_invoice_posted', 'confirm_invoices\(\)');
SELECT attack.says(8, 'an amount', 'UPDATE billing.actual SET amount = 7 WHERE actual_id = {open}',
    'column "amount" of billing.actual row actual_id', 'From 3000.00 to 7\.', 'approve\(\)');
SELECT attack.says(31, 'confirming',
    'UPDATE billing.invoice SET project_invoice_status = ''confirmed'', number = 1 WHERE invoice_id = {draft}',
    'column "project_invoice_status" of billing.invoice row invoice_id', 'From draft to confirmed',
        'confirm_invoices\(\)');
SELECT attack.says(30, 'a confirmed name', 'UPDATE billing.invoice SET name = ''x'' WHERE invoice_id = {confirmed}',
    'column "name" of billing.invoice row invoice_id = \d+ can no longer be changed', 'From Main to x', '\(\)');
SELECT attack.says(36, 'a milestone share',
    'UPDATE billing.milestone_split SET milestone_status = ''ready_to_invoice''
    WHERE milestone_split_id = {share_open}',
    'column "milestone_status" of billing.milestone_split row milestone_split_id',
        'From not_ready_to_invoice to ready_to_invoice',
    'mark_ready_to_invoice\(\)');
SELECT attack.says(50, 'a submitted entry', 'UPDATE billing.entry SET quantity = 8 WHERE entry_id = 7',
    'column "quantity" of billing.entry row entry_id = 7 can no longer be changed', 'From 7.00000 to 8.00000',
        'reject\(\)');
SELECT attack.says(40, 'a currency', 'UPDATE billing.contract SET currency = ''EUR'' WHERE contract_id = 10',
    'column "currency" of billing.contract row contract_id = 10', 'From NOK to EUR', 'currency');
SELECT attack.says(45, 'a counter',
    'UPDATE billing.contract_line_customer SET in_use = false WHERE contract_line_id = 12 AND customer_id = 2',
    'column "in_use" of billing.contract_line_customer row customer_id = 2', 'From t to f', 'billing_split_percent');
SELECT attack.says(52, 'deleting an entry', 'DELETE FROM billing.entry WHERE entry_id = 5',
    'billing.entry row entry_id = 5 can no longer be deleted', 'entry_status is approved', 'reject\(\)');
SELECT attack.says(51, 'an approved entry',
    'INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, entry_status)
    VALUES (77, 1, ''2026-01-01'', 1, ''approved'')',
    'column "entry_status" of billing.entry row entry_id = 77', 'Inserted with the value approved', 'approve\(\)');

SELECT * FROM finish();
