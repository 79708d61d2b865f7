-- What the ledger holds in the end; equal for all variants. Variable: schema.
SELECT md5(string_agg(t::text, ' ' ORDER BY t)), (SELECT count(*) FROM :schema.invoice WHERE number IS NOT NULL)
  FROM (SELECT transaction_type::text, billing_status::text, adjustment_status::text, count(*),
               sum(quantity)::numeric(30, 5), sum(amount)::numeric(30, 4), sum(tax)::numeric(30, 4)
          FROM :schema.actual GROUP BY 1, 2, 3) AS t;
