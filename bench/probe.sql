-- Creates and confirms the invoices of each contract that has ready items, one contract after the other, fewest items
-- first, in one session. Prints contract, items, verb, seconds, bytes of WAL and buffer accesses, tab separated.

\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
\pset fieldsep '\t'
SET client_min_messages = warning;

CREATE TEMP TABLE probe AS
SELECT contract_id, count(*) AS items FROM billing.actual
 WHERE is_open AND billing_status = 'ready_to_invoice' GROUP BY contract_id;
CREATE TEMP TABLE reading (contract_id bigint, verb text, at timestamptz, lsn pg_lsn, blocks bigint);
PREPARE take_reading (bigint, text) AS
INSERT INTO reading
SELECT $1, $2, clock_timestamp(), pg_current_wal_insert_lsn(), blks_hit + blks_read
  FROM pg_stat_database WHERE datname = current_database();

\o /dev/null
SELECT 'SELECT pg_stat_force_next_flush()',
       format('EXECUTE take_reading(%s, ''start'')', contract_id),
       format('SELECT count(*) FROM billing.create_invoices(contracts => ARRAY[%s])', contract_id),
       'SELECT pg_stat_force_next_flush()',
       format('EXECUTE take_reading(%s, ''create'')', contract_id),
       format('SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = %s))',
              contract_id),
       'SELECT pg_stat_force_next_flush()',
       format('EXECUTE take_reading(%s, ''confirm'')', contract_id)
  FROM probe ORDER BY items, contract_id
\gexec
\o

SELECT contract_id, items, verb, extract(epoch FROM at - before), lsn - before_lsn, blocks - before_blocks
  FROM (SELECT *, lag(at) OVER w AS before, lag(lsn) OVER w AS before_lsn, lag(blocks) OVER w AS before_blocks
          FROM reading WINDOW w AS (PARTITION BY contract_id ORDER BY at)) r
  JOIN probe USING (contract_id)
 WHERE verb <> 'start'
 ORDER BY items, contract_id, at;
