-- When the contracts of the first story are invoiced by themselves, and who pays in advance: terms.json (psql variable
-- "terms"). What release.sql, post.sql and facts.sql share.

CREATE SCHEMA years;
CREATE TABLE years.terms AS SELECT :'terms'::jsonb AS doc;

-- What happened to a contract, once per row.
CREATE TABLE years.decision (contract text, what text);

-- Invoices of work as they were confirmed, counted: every so many of them is corrected.
CREATE TABLE years.confirmed (position int PRIMARY KEY, invoice_id bigint);

CREATE TABLE years.fact (year text, subject text, fact text);

CREATE TABLE years.fault (until date, finding text);

INSERT INTO billing.invoice_frequency (name, period, run_days)
SELECT key, (value->>'period')::billing.frequency_period, ARRAY(SELECT jsonb_array_elements_text(value->'run_days'))
  FROM years.terms, jsonb_each(doc->'frequencies');

SELECT count(*)
  FROM years.terms t, jsonb_array_elements(t.doc->'schedules') s
  JOIN sip.line_id l ON l.contract = s->>'contract' AND l.name = s->>'line'
  JOIN billing.invoice_frequency f ON f.name = s->>'frequency',
       billing.generate_schedule(ARRAY[l.contract_line_id], f.frequency_id, (t.doc->'months'->>0 || '-01')::date,
                                 ((t.doc->'months'->>1 || '-01')::date + interval '1 month - 1 day')::date,
                                 (s->>'lead_days')::int) \g /dev/null

SELECT count(*)
  FROM years.terms, jsonb_array_elements(doc->'retainers') r
  JOIN billing.contract c ON c.name = r->>'contract'
  JOIN billing.customer u ON u.name = r->>'customer'
  JOIN billing.invoice_frequency f ON f.name = r->>'frequency',
       billing.generate_retainers(
           c.contract_id, u.customer_id, (r->>'total')::numeric,
           ARRAY(SELECT d.run_date FROM billing.frequency_dates(f.frequency_id, (r->>'from')::date, until_date => (r->>'until')::date) d)) \g /dev/null

-- Billed sales on an invoice that a correction of the kind concerns. A retainer or an advance is never one of them.
CREATE FUNCTION years.sales_to_correct(invoice bigint, what text) RETURNS bigint[] LANGUAGE sql STABLE
    RETURN ARRAY(SELECT b.actual_id
                   FROM billing.invoice v
                   JOIN billing.actual b ON b.contract_id = v.contract_id AND b.invoice_id = v.invoice_id
                   LEFT JOIN sip.work w ON w.entry_id = b.entry_id
                   JOIN years.terms ON true
                  WHERE v.invoice_id = invoice AND b.transaction_type = 'billed_sales' AND b.retainer_id IS NULL
                    AND b.adjustment_status = 'adjustable' AND b.quantity <> 0
                    AND CASE what
                        WHEN 'credited' THEN true
                        WHEN 'reduced' THEN w.task % 2 = 0 AND b.billing_type = 'chargeable'
                                        AND b.quantity > (doc->'corrections'->>'quantity')::numeric
                        WHEN 'repriced' THEN w.task % 3 = 0 AND b.billing_type = 'chargeable'
                                         AND b.price > (doc->'corrections'->'prices'->>v.currency)::numeric
                        END);

-- Corrects an invoice and confirms the correction; NULL if nothing on it is concerned.
CREATE FUNCTION years.correct(invoice bigint, what text, on_day date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    sales bigint[] := years.sales_to_correct(invoice, what);
    correction bigint;
    terms jsonb := (SELECT doc->'corrections' FROM years.terms);
    refusal text;
BEGIN
    IF sales = '{}' THEN
        RETURN NULL;
    END IF;
    SELECT max(r.invoice_id), max(r.reason) INTO correction, refusal FROM billing.revise_invoice(invoice, sales, invoice_date => on_day) r;
    IF refusal IS NOT NULL THEN
        RAISE 'invoice % cannot be revised: %', invoice, refusal;
    END IF;
    IF what = 'reduced' THEN
        PERFORM billing.edit_invoice_details(
            details => ARRAY(SELECT detail_id FROM billing.draft_detail WHERE invoice_id = correction),
            quantity => (terms->>'quantity')::numeric);
    ELSIF what = 'repriced' THEN
        PERFORM billing.edit_invoice_details(details => d.details, quantity => d.source_quantity,
                                             price => (terms->'prices'->>d.currency)::numeric)
           FROM (SELECT t.source_quantity, v.currency, array_agg(t.detail_id) AS details
                   FROM billing.draft_detail t JOIN billing.invoice v USING (contract_id, invoice_id)
                  WHERE t.invoice_id = correction
                  GROUP BY t.source_quantity, v.currency) d;
    END IF;
    SELECT c.reason INTO refusal FROM billing.confirm_invoices(ARRAY[correction]) c;
    IF refusal IS NOT NULL THEN
        RAISE 'correction % cannot be confirmed: %', correction, refusal;
    END IF;
    INSERT INTO years.decision SELECT c.name, what FROM billing.invoice v JOIN billing.contract c USING (contract_id) WHERE v.invoice_id = correction;
    RETURN correction;
END $$;

-- Some work waits a while before it is released.
CREATE FUNCTION years.is_held_back(task int, completed_on date, until date) RETURNS boolean LANGUAGE sql STABLE
    RETURN sip.hits(task, 'hold_back')
           AND (date_part('year', until) - date_part('year', completed_on)) * 12 + date_part('month', until) - date_part('month', completed_on)
               < (SELECT (doc->>'held_back_months')::int FROM years.terms);

CREATE FUNCTION years.hours_and_money(hours numeric, amount numeric, tax numeric) RETURNS text LANGUAGE sql
    RETURN format('hours %s, amount %s, tax %s', trim_scale(hours), trim_scale(amount), trim_scale(tax));

CREATE VIEW years.item AS
SELECT a.*, c.kind, c.name AS contract, l.name AS line, u.name AS customer, p.name AS project
  FROM billing.actual a
  JOIN billing.contract c ON c.contract_id = a.contract_id
  LEFT JOIN billing.contract_line l ON l.contract_line_id = a.contract_line_id AND l.contract_id = a.contract_id
  LEFT JOIN billing.customer u ON u.customer_id = a.customer_id
  LEFT JOIN billing.entry e ON e.entry_id = a.entry_id
  LEFT JOIN billing.project p ON p.project_id = e.project_id;
