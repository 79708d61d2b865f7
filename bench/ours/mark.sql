SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract
                                                                       WHERE kind = 'customer'));
