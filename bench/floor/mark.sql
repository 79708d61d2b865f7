UPDATE floor.actual SET billing_status = 'ready_to_invoice'
 WHERE is_open AND billing_status = 'not_ready_to_invoice';
