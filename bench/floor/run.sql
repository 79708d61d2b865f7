-- Contract by contract, each committed by itself, as the automatic run does.
DO $$
DECLARE
    contract bigint;
BEGIN
    FOREACH contract IN ARRAY ARRAY(SELECT DISTINCT contract_id FROM floor.actual WHERE is_open AND billing_status = 'ready_to_invoice') LOOP
        INSERT INTO floor.invoice (contract_id, customer_id, company_id, operation_id, invoice_date, currency, name)
        SELECT s.contract_id, s.customer_id, c.company_id, 1, date '2024-12-31', c.currency, c.name
          FROM floor.share s JOIN billing.contract c USING (contract_id) WHERE s.contract_id = contract;
        INSERT INTO floor.invoice_line (contract_id, invoice_id, contract_line_id, customer_id, name)
        SELECT v.contract_id, v.invoice_id, s.contract_line_id, v.customer_id, v.name
          FROM floor.invoice v JOIN floor.share s USING (contract_id, customer_id) WHERE v.contract_id = contract;
        UPDATE floor.actual a SET billing_status = 'customer_invoice_created', invoice_line_id = l.invoice_line_id
          FROM floor.invoice_line l
         WHERE l.contract_id = contract AND a.contract_id = contract AND a.contract_line_id = l.contract_line_id
           AND a.customer_id = l.customer_id AND a.is_open AND a.billing_status = 'ready_to_invoice';
        COMMIT;
    END LOOP;
END $$;
