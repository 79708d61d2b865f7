-- Entries without prices of their own, and a list with one per role: what approval then takes.
INSERT INTO billing.price_list (context, currency, name) VALUES ('sales', 'EUR', 'Standard');
INSERT INTO billing.price_rate (price_list_id, transaction_class, role_id, unit, price)
SELECT l.price_list_id, 'time', r.role_id, 'hour', 80 + r.role_id FROM billing.price_list l, billing.role r;
INSERT INTO billing.company_price_list (company_id, price_list_id, context)
SELECT c.company_id, l.price_list_id, 'sales' FROM billing.price_list l, billing.company c;
ALTER TABLE billing.entry DISABLE TRIGGER billing_guard_update; -- submitted entries do not change
UPDATE billing.entry SET sales_price = NULL;
ALTER TABLE billing.entry ENABLE ALWAYS TRIGGER billing_guard_update;
