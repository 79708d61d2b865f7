-- One run date for the work of every contract that has any.
INSERT INTO billing.invoice_frequency (name, period, run_days) VALUES ('Ultimo', 'monthly', '{last day}');
SELECT count(*)
  FROM billing.generate_schedule(ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name NOT LIKE 'Work on project other%'),
                                 1, '2024-12-01', '2024-12-31');
