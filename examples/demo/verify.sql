SELECT clock_timestamp() AS start \gset
CREATE TABLE demo.faults AS SELECT * FROM verify();
SELECT count(*) AS faults, took(:'start') AS took FROM demo.faults \gset
SELECT count(*) AS actuals FROM actual \gset
\echo 'verify() checked every guard, sum, link and status of' :actuals 'actuals in' :took 'and found' :faults 'faults.'
SELECT require(count(*) = 0, 'verify() finds nothing, not: ' || coalesce(string_agg(item || ' ' || detail, '; '), '')) FROM demo.faults \g /dev/null
