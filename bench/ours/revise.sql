SELECT count(*) FROM billing.revise_invoice((SELECT invoice_id FROM billing.invoice WHERE contract_id = :contract));
