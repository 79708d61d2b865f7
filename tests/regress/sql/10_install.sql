-- From nothing to a database that bills: the extension brings code, install() makes the tables.
\set SHOW_CONTEXT never
CREATE EXTENSION billing;

-- Before install() every verb says what is missing.
SELECT * FROM billing.create_invoices();
SELECT * FROM billing.verify();

-- Functions that need no tables work already.
SELECT * FROM billing.allocate(100, '{1,1,1}', 2);
SELECT billing.status_label('ready_to_invoice'::billing.billing_status, lang) FROM unnest('{en,nb}'::text[]) AS lang;

SELECT kind, state, count(*) > 0 AS some FROM billing.install() GROUP BY 1, 2 ORDER BY 1, 2;
SELECT name FROM billing.install() WHERE kind = 'table' ORDER BY 1;
SELECT name FROM billing.install() WHERE kind = 'view' ORDER BY 1;

-- Again, it finds everything there and changes nothing.
SELECT DISTINCT state FROM billing.install();
SELECT * FROM billing.verify();

-- A guard that was switched off is found, and install() puts it back.
ALTER TABLE billing.actual DISABLE TRIGGER billing_guard_update;
DROP TRIGGER billing_guard_row ON billing.invoice;
SELECT * FROM billing.verify() ORDER BY item, detail;
SELECT * FROM billing.install() WHERE state <> 'present';
SELECT * FROM billing.verify();

-- The guards keep the extension where it is. What belongs to it and what to the database:
\set VERBOSITY terse
DROP EXTENSION billing;
\set VERBOSITY default
SELECT count(*) AS tables_of_the_extension FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
 WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'billing');

-- Nobody may call what writes unless it was granted.
SELECT proname FROM pg_proc WHERE pronamespace = 'billing'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1;
