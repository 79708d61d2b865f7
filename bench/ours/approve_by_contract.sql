-- One call, and one transaction, per contract.
SELECT format('SELECT count(*) FROM billing.approve(%L)', array_agg(entry_id ORDER BY entry_id))
  FROM billing.entry WHERE entry_status = 'submitted' GROUP BY project_id
\gexec
