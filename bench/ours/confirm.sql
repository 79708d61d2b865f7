SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice
                                                     WHERE project_invoice_status = 'draft' ORDER BY invoice_id));
