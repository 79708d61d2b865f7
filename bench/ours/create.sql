SELECT count(*) FROM billing.create_invoices();
