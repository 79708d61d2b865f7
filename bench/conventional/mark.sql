UPDATE conventional.actual SET billing_status = 'ready_to_invoice'
 WHERE transaction_type = 'unbilled_sales' AND billing_status = 'not_ready_to_invoice'
   AND adjustment_status = 'adjustable';
