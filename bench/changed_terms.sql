-- What was chargeable is no longer: by today's terms every cost and every unbilled sale is another one.
INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT l.contract_id, l.contract_line_id, r.role_id, 'non_chargeable' FROM billing.contract_line l, billing.role r;
