CALL billing.run_invoicing('2024-12-31');
