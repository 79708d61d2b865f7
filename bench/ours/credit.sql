SELECT count(*)
  FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = :contract AND has_corrections));
