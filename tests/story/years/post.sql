-- A month after its run: drafts are confirmed, every so many invoices corrected.
-- psql variable: until (the last day of the month).

-- Contracts without a schedule, which no run touches.
SELECT count(*)
  FROM (SELECT array_agg(c.contract_id) AS contracts
          FROM years.terms, jsonb_array_elements_text(doc->'quarterly_by_hand') h
          JOIN billing.contract c ON c.name = h
         WHERE date_part('month', date :'until')::int % 3 = 0) q,
       billing.create_invoices(contracts => q.contracts, invoice_date => :'until')
 WHERE q.contracts IS NOT NULL \g /dev/null

CREATE TEMPORARY TABLE draft AS
SELECT row_number() OVER (ORDER BY s.name IN (SELECT jsonb_array_elements_text(t.doc->'quarterly_by_hand') FROM years.terms t), s.position, u.name) AS position,
       v.invoice_id, s.position % 2 = 0 AS is_bulk
  FROM billing.invoice v
  JOIN billing.contract c USING (contract_id)
  JOIN sip.contract s ON s.name = c.name
  JOIN billing.customer u ON u.customer_id = v.customer_id
 WHERE v.project_invoice_status = 'draft';

-- Half of the contracts in bulk, the others one by one.
SELECT coalesce(array_agg(invoice_id ORDER BY position), '{}') AS bulk FROM draft WHERE is_bulk \gset
CALL billing.confirm_in_bulk(:'bulk');
SELECT format('SELECT count(*) FROM billing.confirm_invoices(ARRAY[%s])', invoice_id) FROM draft WHERE NOT is_bulk ORDER BY position \gexec

INSERT INTO years.confirmed
SELECT (SELECT coalesce(max(position), 0) FROM years.confirmed) + position, invoice_id FROM draft;

-- One after the other: a correction makes room for the next one.
DO $$
DECLARE
    chosen record;
    correction bigint;
BEGIN
    FOR chosen IN
        SELECT c.position, c.invoice_id, k.what, v.invoice_date
          FROM draft d
          JOIN years.confirmed c USING (invoice_id)
          JOIN billing.invoice v USING (invoice_id),
               years.terms t, unnest(ARRAY['reduced', 'credited', 'repriced']) AS k (what)
         WHERE c.position % (t.doc->'corrections'->>'every')::int = (t.doc->'corrections'->>k.what)::int
         ORDER BY c.position
    LOOP
        correction := years.correct(chosen.invoice_id, chosen.what, chosen.invoice_date);
        -- Some corrections are corrected themselves.
        IF chosen.what = 'reduced' AND chosen.position % 2 = 0 AND correction IS NOT NULL THEN
            PERFORM years.correct(correction, 'credited', chosen.invoice_date);
        END IF;
    END LOOP;
END $$;

DROP TABLE draft;
