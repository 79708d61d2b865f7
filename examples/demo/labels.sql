SELECT status_label(billing_status, 'nb') AS "Faktureringsstatus", status_label(nte_status, 'nb') AS "Må ikke overskride",
       number(count(*)) AS "Antall"
  FROM actual WHERE transaction_type = 'unbilled_sales' AND reverses_id IS NULL
 GROUP BY billing_status, nte_status ORDER BY billing_status, nte_status;
