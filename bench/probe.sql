-- Creates and confirms the invoices of each contract that has ready items, one contract after the other, fewest items
-- first, in one session. Prints contract, items, verb, seconds, bytes of WAL and buffer accesses, tab separated.
-- Variables: batch and batches take a part of the contracts (0 and 1: all).

\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
\pset fieldsep '\t'
SET client_min_messages = warning;

CREATE TEMP TABLE probe AS
SELECT contract_id, count(*) AS items FROM billing.actual
 WHERE is_open AND billing_status = 'ready_to_invoice' AND contract_id % :batches = :batch GROUP BY contract_id;
CREATE TEMP TABLE reading (contract_id bigint, verb text, edge text, at timestamptz, lsn pg_lsn, blocks bigint);
PREPARE note_time (bigint, text, text) AS
INSERT INTO reading VALUES ($1, $2, $3, clock_timestamp(), pg_current_wal_insert_lsn());
PREPARE note_blocks (bigint, text, text) AS
INSERT INTO reading
SELECT $1, $2, $3, NULL, NULL, blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database();

\o /dev/null
SELECT 'SELECT pg_stat_force_next_flush()',
       format('EXECUTE note_blocks(%s, %L, ''before'')', contract_id, verb),
       format('EXECUTE note_time(%s, %L, ''before'')', contract_id, verb),
       format(call, contract_id),
       format('EXECUTE note_time(%s, %L, ''after'')', contract_id, verb),
       'SELECT pg_stat_force_next_flush()',
       format('EXECUTE note_blocks(%s, %L, ''after'')', contract_id, verb)
  FROM probe,
       (VALUES (1, 'create', 'SELECT count(*) FROM billing.create_invoices(contracts => ARRAY[%s])'),
               (2, 'confirm', 'SELECT count(*) FROM billing.confirm_invoices('
                              'ARRAY(SELECT invoice_id FROM billing.invoice WHERE contract_id = %s))'))
       AS v (place, verb, call)
 ORDER BY items, contract_id, place
\gexec
\o

SELECT contract_id, items, verb,
       extract(epoch FROM max(at) FILTER (WHERE edge = 'after') - max(at) FILTER (WHERE edge = 'before')),
       max(lsn) FILTER (WHERE edge = 'after') - max(lsn) FILTER (WHERE edge = 'before'),
       max(blocks) FILTER (WHERE edge = 'after') - max(blocks) FILTER (WHERE edge = 'before')
  FROM reading
  JOIN probe USING (contract_id)
 GROUP BY contract_id, items, verb
 ORDER BY items, contract_id, verb DESC;
