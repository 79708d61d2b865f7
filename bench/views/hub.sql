SELECT * FROM billing.billing_hub;
