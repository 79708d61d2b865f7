SELECT count(*) FROM billing.rerate(price_lists => ARRAY(SELECT price_list_id FROM billing.price_list));
