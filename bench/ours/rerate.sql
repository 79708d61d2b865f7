SELECT count(*) FROM billing.reevaluate_work(ARRAY(SELECT contract_id FROM billing.contract WHERE kind = 'customer'));
