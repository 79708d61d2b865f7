SELECT * FROM billing.backlog_ageing;
