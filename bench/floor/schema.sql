-- The floor: the extension's own tables, columns, indexes and fill factors in a schema without guards, checks, foreign
-- keys or triggers. The statements beside this file write the same rows into them, and nothing else.

\set ON_ERROR_STOP on
CREATE SCHEMA floor;

SELECT format('CREATE TABLE floor.%I (LIKE billing.%1$I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY '
              'INCLUDING INDEXES INCLUDING STORAGE) WITH (%s)',
              relname, coalesce(array_to_string(reloptions, ', '), 'fillfactor = 100'))
  FROM pg_class
 WHERE relnamespace = 'billing'::regnamespace AND relname IN ('entry', 'actual', 'invoice', 'invoice_line', 'invoice_detail')
\gexec

-- Whom an entry's project is split between; "other" is the percentage of the other customer, 0 if there is none.
CREATE TABLE floor.share AS
SELECT l.project_id, s.contract_id, s.contract_line_id, s.customer_id, s.billing_split_percent AS percent,
       s.is_rounding, 100 - s.billing_split_percent AS other
  FROM billing.contract_line l
  JOIN billing.contract_line_customer s USING (contract_id, contract_line_id);

INSERT INTO floor.entry OVERRIDING SYSTEM VALUE SELECT * FROM billing.entry ORDER BY entry_id;
