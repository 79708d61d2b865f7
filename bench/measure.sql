-- Runs the script :verb in a session of its own and prints seconds, seconds of processor time, bytes of WAL and buffer
-- accesses, tab separated. If :single, the script is about :contract, and runs for the small one first, unmeasured. The environment variable BACKEND_FILE names the file that gets the id of this process.

\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
\pset fieldsep '\t'
SET client_min_messages = warning;
\getenv backend_file BACKEND_FILE
SELECT pg_backend_pid() \g :backend_file

-- What this process has used, user and system; in ticks of 10 ms.
CREATE FUNCTION pg_temp.processor_seconds() RETURNS numeric LANGUAGE sql AS $$
SELECT sum(ticks::int) / 100.0
  FROM unnest((string_to_array(pg_read_file('/proc/self/stat'), ' '))[14:15]) AS ticks $$;

\if :single
    SELECT min(contract_id) AS contract FROM billing.contract WHERE kind = 'customer' \gset
    \o /dev/null
    \ir :verb
    \o
    SELECT max(contract_id) AS contract FROM billing.contract WHERE kind = 'customer' \gset
\endif

SELECT pg_stat_force_next_flush() \g /dev/null
SELECT blks_hit + blks_read AS blocks FROM pg_stat_database WHERE datname = current_database() \gset
SELECT pg_temp.processor_seconds() AS processor \gset
SELECT clock_timestamp() AS start, pg_current_wal_insert_lsn() AS lsn \gset
\o /dev/null
\ir :verb
\o
SELECT extract(epoch FROM clock_timestamp() - :'start') AS seconds, pg_current_wal_insert_lsn() - :'lsn' AS wal \gset
SELECT pg_temp.processor_seconds() - :processor AS processor \gset
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT :seconds, :processor, :wal, blks_hit + blks_read - :blocks
  FROM pg_stat_database WHERE datname = current_database();
