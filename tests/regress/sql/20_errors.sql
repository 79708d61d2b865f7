-- What people read when something is refused: which row, from what to what, and what to do instead.
\set SHOW_CONTEXT never
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
INSERT INTO billing.customer (name) VALUES ('First'), ('Second');
INSERT INTO billing.project (company_id, name) VALUES (1, 'Project'), (1, 'Fixed'), (1, 'Closed');
UPDATE billing.project SET is_open = false WHERE name = 'Closed';
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) VALUES (10, 1, 1, 'Contract', 'NOK');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id) VALUES (10, 11, 'Hours', 'time_and_material', 1);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, contracted_amount) VALUES (10, 12, 'House', 'fixed_price', 2, 100);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price) VALUES (10, 13, 'Licence', 'product', 1, 100);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount) VALUES (10, 12, 'Half', '2024-01-31', 50);
INSERT INTO billing.entry (project_id, entry_date, quantity, sales_price) VALUES (1, '2024-01-15', 1, 100), (1, '2024-01-15', 2, 100), (3, '2024-01-15', 1, 100), (1, '2024-01-15', 1, 100);
SELECT count(*) FROM billing.submit('{1,2,3}');

-- Verbs answer item by item.
SELECT * FROM billing.submit('{2,4,99}');
SELECT entry_id, outcome, reason, transaction_type FROM billing.approve('{1,1,2,3,4,99}');
SELECT * FROM billing.reject('{1}');
SELECT * FROM billing.mark_ready_to_invoice(actuals => '{1,2,99}', milestones => '{1,99}', products => '{12,13,99}') ORDER BY item, outcome, reason;
SELECT * FROM billing.mark_ready_to_invoice(contracts => '{10,99}') ORDER BY item, outcome, reason;
SELECT contract_id, outcome, reason FROM billing.create_invoices(contracts => '{1,10,99}', invoice_date => '2024-01-31', run_key => 'january') ORDER BY 1;
SELECT outcome, reason FROM billing.create_invoices(actuals => '{1,2,99}', invoice_date => '2024-01-31');
SELECT * FROM billing.return_to_draft('{1,99}');
SELECT * FROM billing.mark_paid('{1}');

-- Whole calls that make no sense.
SELECT * FROM billing.approve(NULL);
SELECT * FROM billing.approve('{4}', '{1,2}');
SELECT * FROM billing.mark_ready_to_invoice();
SELECT * FROM billing.mark_ready_to_invoice(actuals => '{1}', strict => true);
SELECT * FROM billing.create_invoices(contracts => '{10}', actuals => '{1}');
SELECT * FROM billing.create_invoices(contracts => '{10}', invoice_date => '2024-02-29', run_key => 'january');
SELECT * FROM billing.edit_invoice_details(actuals => '{1}', quantity => 2);
SELECT * FROM billing.edit_invoice_details(actuals => '{2}', quantity => -2);
SELECT * FROM billing.edit_invoice_details(actuals => '{2}', billing_type => 'not_available');
SELECT * FROM billing.edit_invoice_details(actuals => '{2}');
SELECT * FROM billing.edit_invoice_details();
SELECT * FROM billing.add_invoice_detail(1, 12, 'time', 1, 1);
SELECT * FROM billing.add_invoice_detail(1, 99, 'time', 1, 1);
SELECT * FROM billing.add_invoice_detail(99, 11, 'time', 1, 1);
SELECT * FROM billing.add_invoice_detail(1, 11, 'time', 'NaN', 1);
SELECT * FROM billing.split_actual(99, 1, 1);
SELECT * FROM billing.split_actual(13, 1, 1);
SELECT * FROM billing.distribute_evenly(10, 99);
SELECT * FROM billing.allocate(100, '{}', 2);
SELECT * FROM billing.allocate(100, '{1,-1}', 2);
SELECT billing.status_from_label('Nonsense', 'billing.billing_status');
SELECT billing.status_label('ready_to_invoice'::billing.billing_status, 'fr');

-- Set-up that contradicts itself.
INSERT INTO billing.company (name, currency) VALUES ('Other', 'XYZ');
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id) VALUES (10, 'Twice', 'time_and_material', 1);
INSERT INTO billing.contract_line (contract_id, name, billing_method, recorded_at) VALUES (10, 'Product of nothing', 'product', NULL);
INSERT INTO billing.contract_line_customer (contract_id, contract_line_id, customer_id) VALUES (10, 13, 2);
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount) VALUES (10, 11, 'Wrong line', '2024-01-31', 50);
INSERT INTO billing.contract_customer (contract_id, customer_id, is_primary) VALUES (10, 2, true);

-- What only the engine writes.
UPDATE billing.actual SET billing_status = 'customer_invoice_posted' WHERE actual_id = 2;
UPDATE billing.actual SET amount = 1 WHERE actual_id = 2;
DELETE FROM billing.actual;
TRUNCATE billing.actual;
INSERT INTO billing.invoice (contract_id, customer_id, company_id, operation_id, invoice_date, currency, name) VALUES (10, 1, 1, 1, '2024-01-31', 'NOK', 'By hand');
UPDATE billing.invoice SET project_invoice_status = 'confirmed' WHERE invoice_id = 1;
UPDATE billing.milestone_split SET milestone_status = 'customer_invoice_posted';
UPDATE billing.contract_line SET product_status = 'customer_invoice_posted' WHERE contract_line_id = 13;
UPDATE billing.contract_line SET quantity = 2 WHERE contract_line_id = 13;
UPDATE billing.contract_line SET billing_method = 'fixed_price' WHERE contract_line_id = 11;
UPDATE billing.contract SET currency = 'EUR' WHERE contract_id = 10;
UPDATE billing.entry SET entry_status = 'approved' WHERE entry_id = 3;
UPDATE billing.entry SET quantity = 9 WHERE entry_id = 1;
DELETE FROM billing.entry WHERE entry_id = 1;
DELETE FROM billing.contract_line WHERE contract_line_id = 11;
DELETE FROM billing.milestone;
DELETE FROM billing.operation_change;

-- Final is final.
SELECT invoice_id, outcome, invoice_number FROM billing.confirm_invoices('{1}');
SELECT invoice_id, outcome, reason FROM billing.confirm_invoices('{1,99}');
SELECT * FROM billing.delete_invoices('{1}');
SELECT * FROM billing.return_to_draft('{1}');
UPDATE billing.invoice SET name = 'Another' WHERE invoice_id = 1;
UPDATE billing.invoice_series SET issued = 0;

-- A customer's trigger that could rewrite our rows.
CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := 0; RETURN NEW; END $$;
CREATE TRIGGER zz BEFORE UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION rewrite();
SELECT * FROM billing.mark_ready_to_invoice(contracts => '{10}');
SELECT * FROM billing.verify();
DROP TRIGGER zz ON billing.actual;
SELECT * FROM billing.verify();
