-- What stands in the extension's tables already, into those of schema.sql.

\set ON_ERROR_STOP on
SELECT format('INSERT INTO floor.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM billing.%1$I', c.relname,
              string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)),
       format('SELECT setval(pg_get_serial_sequence(''floor.%1$s'', %2$L), (SELECT coalesce(max(%2$I), 1) FROM floor.%1$I))',
              c.relname, min(a.attname) FILTER (WHERE a.attidentity <> ''))
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relnamespace = 'billing'::regnamespace AND c.relname IN ('actual', 'invoice', 'invoice_line', 'invoice_detail')
 GROUP BY c.relname
\gexec
