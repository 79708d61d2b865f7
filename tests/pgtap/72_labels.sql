-- Labels of statuses in English and Norwegian, and back.
\ir fixture/base.psql
SELECT no_plan();

-- --- O-72
SELECT results_eq(
    $$SELECT billing.status_label(s, 'nb-NO') FROM unnest(enum_range(NULL::billing.billing_status)) AS s$$,
    $$VALUES ('Ikke klar for fakturering'), ('Klar for fakturering'), ('Kundefaktura opprettet'),
             ('Kundefaktura postert'), ('Annullert')$$,
    'O-72 billing status in Norwegian');
SELECT results_eq(
    $$SELECT billing.status_label(s, 'nb-NO') FROM unnest(enum_range(NULL::billing.milestone_status)) AS s$$,
    $$VALUES ('Ikke klar for fakturering'), ('Klar for fakturering'), ('Kundefaktura opprettet'),
             ('Kundefaktura postert')$$,
    'O-72 milestone status in Norwegian');
SELECT results_eq(
    $$SELECT billing.status_label(s, 'nb-NO') FROM unnest(enum_range(NULL::billing.milestone_header_status)) AS s$$,
    $$VALUES ('Ikke startet'), ('Pågår'), ('Fullført')$$, 'O-72 status of a whole milestone in Norwegian');
SELECT results_eq(
    $$SELECT billing.status_label(s, 'nb-NO') FROM unnest(enum_range(NULL::billing.retainer_status)) AS s$$,
    $$VALUES ('Ikke klar for fakturering'), ('Klar for fakturering'), ('Kundefaktura opprettet'),
             ('Kundefaktura postert')$$,
    'retainer status in Norwegian');
SELECT results_eq(
    $$SELECT billing.status_label(s), billing.status_label(s, 'nb-NO') FROM unnest(enum_range(NULL::billing.refund_status)) AS s$$,
    $$VALUES ('Not refunded', 'Ikke refundert'), ('Ready to refund', 'Klar for refusjon'), ('Refunded', 'Refundert')$$,
    'refund status in both languages');
SELECT is(billing.status_from_label('Ready for refund', 'billing.refund_status'), 'ready_to_refund',
    'the other English wording is understood');
SELECT is(billing.status_label('failed'::billing.nte_status, 'nb-NO'), 'Mislyktes', 'O-72 not-to-exceed: failed');
SELECT is(billing.status_label('committed'::billing.nte_status, 'nb-NO'), 'Forpliktet', 'not-to-exceed: committed');
SELECT results_eq(
    $$SELECT billing.status_from_label(l, 'billing.milestone_status') FROM (VALUES ('Kundefaktura postert'),
                                                                                   ('Faktura postert'),
                                                                                   ('Customer Invoice Posted'),
                                                                                   ('Invoice posted')) AS v (l)$$,
    $$VALUES ('customer_invoice_posted'), ('customer_invoice_posted'), ('customer_invoice_posted'),
             ('customer_invoice_posted')$$,
    'O-72 both labels of posted are one value');

SELECT results_eq(
    $$SELECT billing.status_label(s) FROM unnest(enum_range(NULL::billing.billing_status)) AS s$$,
    $$VALUES ('Not ready to invoice'), ('Ready to invoice'), ('Customer Invoice Created'), ('Customer Invoice Posted'),
             ('Canceled')$$,
    'English by default');
SELECT results_eq(
    $$SELECT billing.status_label('ready_to_invoice'::billing.billing_status, lang)
        FROM unnest('{en,en-US,EN_gb,nb,nb-NO,no,NB_no.UTF-8}'::text[]) AS lang$$,
    $$VALUES ('Ready to invoice'), ('Ready to invoice'), ('Ready to invoice'), ('Klar for fakturering'),
             ('Klar for fakturering'),
             ('Klar for fakturering'), ('Klar for fakturering')$$,
    'languages are understood in the usual spellings');
SELECT throws_ok($$SELECT billing.status_label('ready_to_invoice'::billing.billing_status, 'tlh')$$, '22023', NULL,
    'other languages are refused');
CREATE TYPE mood AS ENUM ('happy');
SELECT throws_ok($$SELECT billing.status_label('happy'::mood)$$, '22023', NULL, 'and so are other enums');
SELECT is(billing.status_label(NULL::billing.billing_status), NULL, 'NULL has no label');

-- --- Back
SELECT results_eq(
    $$SELECT billing.status_from_label(l, 'billing.billing_status')::billing.billing_status::text
        FROM (VALUES ('Klar for fakturering'), ('KLAR FOR FAKTURERING'), ('ready to invoice'), ('Ready'),
                     ('ready_to_invoice'), ('Not ready'), ('Annullert'), ('Cancelled')) AS v (l)$$,
    $$VALUES ('ready_to_invoice'), ('ready_to_invoice'), ('ready_to_invoice'), ('ready_to_invoice'),
             ('ready_to_invoice'),
             ('not_ready_to_invoice'), ('canceled'), ('canceled')$$,
    'a label in any language and case, a short or old spelling, or the value itself is understood');
SELECT is(billing.status_from_label('pÅGÅR', 'billing.milestone_header_status'), 'in_progress',
    'case-insensitive beyond ASCII');
SELECT throws_ok($$SELECT billing.status_from_label('Fakturert', 'billing.billing_status')$$, '22P02', NULL,
    'what is no label is refused');
SELECT throws_ok($$SELECT billing.status_from_label('', 'billing.billing_status')$$, '22P02', NULL,
    'the empty text, too');
SELECT throws_ok($$SELECT billing.status_from_label('Not started', 'billing.product_status')$$, '22P02', NULL,
    'and a label of another vocabulary');
SELECT throws_ok($$SELECT billing.status_from_label('happy', 'mood')$$, '22023', NULL,
    'and a type that is no vocabulary');
SELECT is(billing.status_from_label(NULL, 'billing.billing_status'), NULL, 'NULL stands for nothing');

-- --- Every label leads back to its value
SELECT is_empty(
    $$SELECT vocabulary, label, text
        FROM billing.status_catalog(), unnest(ARRAY[en, nb, label, upper(en), upper(nb)]) AS text
       WHERE vocabulary IN (SELECT typname FROM pg_type WHERE typnamespace = 'billing'::regnamespace)
         AND billing.status_from_label(text, ('billing.' || vocabulary)::regtype) <> label$$,
    'every label in either language leads back to its value');

-- --- Money
SELECT results_eq(
    $$SELECT c, billing.currency_scale(c), billing.money(1234.5678, c)
        FROM unnest('{USD,NOK,JPY,KWD,CLF}'::text[]) AS c$$,
    $$VALUES ('USD', 2, 1234.57), ('NOK', 2, 1234.57), ('JPY', 0, 1235), ('KWD', 3, 1234.568), ('CLF', 4, 1234.5678)$$,
    'money() rounds to the decimals of the currency');
SELECT results_eq('SELECT billing.money(0.125, $$USD$$), billing.money(-0.125, $$USD$$)', 'VALUES (0.13, -0.13)',
    'X-01 half away from zero');
SELECT is(billing.currency_scale('XTL'), NULL, 'unknown currencies have no scale');

SELECT * FROM finish();
