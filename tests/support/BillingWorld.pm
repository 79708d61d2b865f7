# Data for tests/tap, and questions about it.
#
#     use BillingWorld;
#     small_world($node, 'app');                every table filled, every status present
#     customer_objects($node, 'app');           what a customer adds to our tables and builds on them
#     bulk_world($node, 'app', 20_000);         submitted entries, 20 contracts, two customers each
#     fingerprint($node, 'app');                "schema.name|rows|md5" per table and view
#     problems($node, 'app');                   what billing.verify() finds
#     sqlstate($node, 'app', $sql);             SQLSTATE of the first error, '' if there is none
package BillingWorld;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(small_world customer_objects bulk_world fingerprint problems sqlstate);

sub small_world {
    my ($node, $database, %option) = @_;
    $node->safe_psql($database, SETUP() . WORK() . BILLING_RUN() . AUTOMATIC_RUNS() . PRICES() . PARTS(), %option);
    return;
}

# Companies, customers, contracts and lines of every kind. The names are not all ASCII.
sub SETUP {
    return <<'SQL';
INSERT INTO billing.company (name, currency, attributes) VALUES ('Blåbær AS', 'NOK', '{"org": "999 888 777"}'), ('Kiwi GmbH', 'EUR', NULL);
INSERT INTO billing.customer (name) VALUES ('Ødegård'), ('O''Brien "& Sons"'), ('Third');
INSERT INTO billing.project (company_id, name) VALUES (1, 'Time'), (1, 'Fixed'), (1, 'Nobody pays'), (2, 'Abroad');
INSERT INTO billing.task (project_id, name) VALUES (1, 'Plan'), (1, 'Build'), (2, 'All');
INSERT INTO billing.task (project_id, parent_task_id, name) VALUES (1, 2, 'Build more');
INSERT INTO billing.role (name, is_chargeable) VALUES ('Consultant', true), ('Trainee', false);
INSERT INTO billing.resource (name, role_id) VALUES ('Anna', 1), ('Bo', 2);
INSERT INTO billing.category (name, is_chargeable) VALUES ('Travel', true), ('Phone', false);
INSERT INTO billing.product (name) VALUES ('Licence'), ('Screw');
INSERT INTO billing.contract (company_id, customer_id, name, currency, nte_limit, invoice_series)
VALUES (1, 1, 'Shared work', 'NOK', 45000, NULL), (1, 2, 'Fixed price', 'NOK', NULL, 'FIX'), (2, 3, 'Abroad', 'EUR', NULL, NULL);
UPDATE billing.contract_customer SET billing_split_percent = 66.6667, bill_to_name = 'Ødegård, regnskap'
 WHERE contract_id = (SELECT contract_id FROM billing.contract WHERE name = 'Shared work');
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
SELECT contract_id, 2, 33.3333 FROM billing.contract WHERE name = 'Shared work';
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT contract_id, 'Hours', 'time_and_material', 1 FROM billing.contract WHERE name = 'Shared work';
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id, contracted_amount, include_expense)
SELECT contract_id, 'House', 'fixed_price', 2, 4000, false FROM billing.contract WHERE name = 'Fixed price';
INSERT INTO billing.contract_line (contract_id, name, billing_method, product_id, quantity, unit_price, tax)
SELECT contract_id, 'Licence ' || i, 'product', 1, i, 99.99, 25 * i FROM billing.contract, generate_series(1, 4) AS i WHERE name = 'Fixed price';
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id, included_tasks)
SELECT contract_id, 'Selected', 'time_and_material', 4, 'selected_project_tasks' FROM billing.contract WHERE name = 'Abroad';
INSERT INTO billing.task (project_id, name) VALUES (4, 'Paid'), (4, 'Not paid');
INSERT INTO billing.contract_line_task (contract_id, contract_line_id, task_id)
SELECT contract_id, contract_line_id, 5 FROM billing.contract_line WHERE name = 'Selected';
INSERT INTO billing.contract_line_role (contract_id, contract_line_id, role_id, billing_type)
SELECT contract_id, contract_line_id, 2, 'chargeable' FROM billing.contract_line WHERE name = 'Hours';
INSERT INTO billing.contract_line_category (contract_id, contract_line_id, category_id, billing_type)
SELECT contract_id, contract_line_id, 1, 'non_chargeable' FROM billing.contract_line WHERE name = 'Hours';
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount, tax)
SELECT contract_id, contract_line_id, 'Part ' || i, date '2024-01-01' + i, 1000, 250 FROM billing.contract_line, generate_series(1, 4) AS i
 WHERE name = 'House';
SQL
}

# Entries in every status.
sub WORK {
    return <<'SQL';
INSERT INTO billing.entry (project_id, task_id, resource_id, entry_date, quantity, cost_price, sales_price, tax, description, attributes)
SELECT 1, 1 + i % 2, 1 + i % 2, date '2024-01-01' + i, 1 + i * 0.25, 500, 1000, 250, E'Døgn\tnr. ' || i, jsonb_build_object('i', i)
  FROM generate_series(1, 20) AS i;
INSERT INTO billing.entry (project_id, category_id, transaction_class, entry_date, quantity, cost_price, sales_price)
VALUES (1, 1, 'expense', '2024-01-10', 1, 300, 300), (1, 2, 'expense', '2024-01-10', 1, 30, 30);
INSERT INTO billing.entry (project_id, product_id, transaction_class, entry_date, quantity, cost_price, sales_price)
VALUES (1, 2, 'material', '2024-01-10', 7, 3, 5);
INSERT INTO billing.entry (project_id, transaction_class, entry_date, quantity, sales_price) VALUES (1, 'fee', '2024-01-10', 1, 777);
INSERT INTO billing.entry (project_id, task_id, entry_date, quantity, cost_price, sales_price)
VALUES (2, 3, '2024-01-05', 8, 500, 1000), (3, NULL, '2024-01-05', 2, 500, 0), (4, 5, '2024-01-05', 3.5, 50, 100), (4, 6, '2024-01-05', 1, 50, 100);
DO $$ BEGIN
    PERFORM billing.submit(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_id <> 20));
    PERFORM billing.reject(ARRAY[19, 22]);
    PERFORM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'submitted' AND entry_id <> 18 ORDER BY 1));
END $$;
SQL
}

# Two invoice runs: confirmed (one with an edit, one paid), drafts with edits and manual details, one in review.
sub BILLING_RUN {
    return <<'SQL';
DO $$
DECLARE
    shared bigint := (SELECT contract_id FROM billing.contract WHERE name = 'Shared work');
    fixed bigint := (SELECT contract_id FROM billing.contract WHERE name = 'Fixed price');
    abroad bigint := (SELECT contract_id FROM billing.contract WHERE name = 'Abroad');
    hours bigint := (SELECT contract_line_id FROM billing.contract_line WHERE name = 'Hours');
BEGIN
    PERFORM billing.mark_ready_to_invoice(actuals => ARRAY(SELECT actual_id FROM billing.actual
        WHERE transaction_type = 'unbilled_sales' AND nte_status IN ('committed', 'not_applicable') AND entry_id NOT IN (9, 10, 11)));
    PERFORM billing.mark_ready_to_invoice(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split ORDER BY 1 LIMIT 3),
        products => ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name IN ('Licence 1', 'Licence 2', 'Licence 3')));
    PERFORM billing.create_invoices(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE billing_status = 'ready_to_invoice' AND entry_id <= 5),
        milestones => ARRAY(SELECT min(milestone_split_id) FROM billing.milestone_split),
        products => ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name = 'Licence 1'), invoice_date => '2024-01-31');
    PERFORM billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual
        WHERE entry_id = 1 AND transaction_type = 'unbilled_sales'), price => 900, external_description => 'Rabatt, «lojal kunde»');
    PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice));
    PERFORM billing.mark_paid(ARRAY(SELECT min(invoice_id) FROM billing.invoice));
    PERFORM billing.create_invoices(contracts => ARRAY[shared, abroad], invoice_date => '2024-01-12', run_key => 'january');
    PERFORM billing.create_invoices(milestones => ARRAY(SELECT milestone_split_id FROM billing.milestone_split WHERE milestone_status = 'ready_to_invoice' ORDER BY 1 LIMIT 1),
        products => ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name = 'Licence 2'), invoice_date => '2024-02-29');
    PERFORM billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual
        WHERE entry_id = 6 AND billing_status = 'customer_invoice_created'), quantity => 2);
    PERFORM billing.add_invoice_detail((SELECT min(invoice_id) FROM billing.invoice WHERE contract_id = shared AND project_invoice_status = 'draft'),
        hours, 'time', 2, 50, tax => 25, description => 'By hand');
    PERFORM billing.review_invoices(ARRAY(SELECT max(invoice_id) FROM billing.invoice WHERE contract_id = shared));
    PERFORM billing.reset_nte(ARRAY(SELECT min(actual_id) FROM billing.actual WHERE entry_id = 10 AND transaction_type = 'unbilled_sales'));
    PERFORM billing.mark_ready_to_invoice(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE entry_id = 11 AND transaction_type = 'unbilled_sales'));
END $$;
SQL
}

# Schedules, a run with nothing to bill, and one that fails.
sub AUTOMATIC_RUNS {
    return <<'SQL';
SET client_min_messages = warning;
INSERT INTO billing.invoice_frequency (name, period, run_days)
VALUES ('Første og siste', 'monthly', '{1,last day}'), ('Fridays', 'weekly', '{friday}'), ('Every other Monday', 'biweekly', '{monday}');
SELECT count(*) FROM billing.generate_schedule(
    ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name IN ('Hours', 'Selected') ORDER BY 1), 1, '2024-01-01', '2024-03-31');
CALL billing.run_invoicing('2024-01-01', '{5}');
CREATE FUNCTION billing.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'Ingen faktura i dag'; END $$;
CREATE TRIGGER refuse AFTER INSERT ON billing.invoice FOR EACH ROW EXECUTE FUNCTION billing.refuse();
CALL billing.run_invoicing('2024-02-01');
DROP TRIGGER refuse ON billing.invoice;
DROP FUNCTION billing.refuse();
SQL
}

# Price lists of a contract and a company, and time priced by them.
sub PRICES {
    return <<'SQL';
INSERT INTO billing.time_unit (unit, hours) VALUES ('dag', 7.5);
INSERT INTO billing.price_list (context, currency, name) VALUES ('sales', 'EUR', 'Prisliste Ø'), ('cost', 'EUR', 'Kost');
INSERT INTO billing.price_rate (price_list_id, transaction_class, role_id, category_id, product_id, unit, price, markup_percent)
VALUES (1, 'time', 1, NULL, NULL, 'dag', 900, NULL), (1, 'material', NULL, NULL, 2, 'each', NULL, -12.5), (2, 'time', NULL, NULL, NULL, 'hour', 60, NULL);
INSERT INTO billing.contract_price_list (contract_id, price_list_id, valid)
SELECT contract_id, 1, '[2024-01-01,2025-01-01)' FROM billing.contract WHERE name = 'Abroad';
INSERT INTO billing.company_price_list (company_id, price_list_id, context) VALUES (2, 2, 'cost');
DO $$
DECLARE listed bigint;
BEGIN
    INSERT INTO billing.entry (project_id, task_id, resource_id, entry_date, quantity) VALUES (4, 5, 1, '2024-01-06', 2) RETURNING entry_id INTO listed;
    PERFORM billing.submit(ARRAY[listed]);
    PERFORM billing.approve(ARRAY[listed]);
    UPDATE billing.price_rate SET price = 930 WHERE price = 900;
    PERFORM billing.rerate(price_lists => '{1}', typed => true, from_date => '2024-01-06');
END $$;
SQL
}

# One contract with discount and fee, a sale split at its limit, a kept rest, journals confirmed and open, and a retainer
# whose invoice is being credited.
sub PARTS {
    return <<'SQL';
DO $$
DECLARE
    alt bigint; site bigint; line bigint; work bigint; draft bigint; journal bigint; paid bigint;
BEGIN
    INSERT INTO billing.project (company_id, name) VALUES (2, 'Alt') RETURNING project_id INTO site;
    INSERT INTO billing.contract (company_id, customer_id, name, currency, nte_limit, nte_partial_fit, keep_rest)
    VALUES (2, 3, 'Alt', 'EUR', 1000, true, true) RETURNING contract_id INTO alt;
    INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id, discount_percent, fee_percent)
    VALUES (alt, 'Alt', 'time_and_material', site, 10, 5) RETURNING contract_line_id INTO line;
    INSERT INTO billing.entry (project_id, entry_date, quantity, cost_price, sales_price)
    VALUES (site, '2024-02-01', 8, 100, 200) RETURNING entry_id INTO work;
    PERFORM billing.submit(ARRAY[work]);
    PERFORM billing.approve(ARRAY[work]);
    UPDATE billing.contract SET nte_limit = 1200 WHERE contract_id = alt;
    PERFORM billing.reevaluate_nte(ARRAY(SELECT actual_id FROM billing.actual WHERE contract_id = alt AND nte_status = 'failed'));
    PERFORM billing.mark_ready_to_invoice(contracts => ARRAY[alt]);
    SELECT c.invoice_id INTO draft FROM billing.create_invoices(ARRAY[alt], invoice_date => '2024-02-29') c;
    PERFORM billing.edit_invoice_details(actuals => ARRAY(SELECT min(actual_id) FROM billing.actual
        WHERE contract_id = alt AND billing_status = 'customer_invoice_created'), quantity => 2);
    PERFORM billing.confirm_invoices(ARRAY[draft]);
    INSERT INTO billing.journal (contract_id, journal_type, description) VALUES (alt, 'entry', 'Gebyr Ø') RETURNING journal_id INTO journal;
    INSERT INTO billing.journal_line (contract_id, journal_id, contract_line_id, transaction_type, transaction_class, transaction_date, quantity, price)
    VALUES (alt, journal, line, 'unbilled_sales', 'fee', '2024-02-02', 1, -50), (alt, journal, line, 'cost', 'expense', '2024-02-02', 1, 20);
    PERFORM billing.confirm_journal(journal);
    INSERT INTO billing.entry (project_id, entry_date, quantity, cost_price, sales_price)
    VALUES (site, '2024-02-03', 1, 100, 20) RETURNING entry_id INTO work;
    PERFORM billing.submit(ARRAY[work]);
    PERFORM billing.approve(ARRAY[work]);
    INSERT INTO billing.journal (contract_id, journal_type) VALUES (alt, 'time_correction') RETURNING journal_id INTO journal;
    PERFORM billing.select_for_correction(journal, entries => ARRAY[work]);
    UPDATE billing.journal_correction SET sales_price = 25 WHERE entry_id = work;
    INSERT INTO billing.retainer (contract_id, customer_id, invoice_date, amount) VALUES (alt, 3, '2024-02-01', 300) RETURNING retainer_id INTO paid;
    PERFORM billing.mark_ready_to_invoice(retainers => ARRAY[paid]);
    SELECT c.invoice_id INTO draft FROM billing.create_invoices(retainers => ARRAY[paid], invoice_date => '2024-03-01') c;
    PERFORM billing.confirm_invoices(ARRAY[draft]);
    PERFORM billing.revise_invoice(draft);
END $$;
SQL
}

# A customer's columns, index, policy, trigger and comment on our tables, and objects of their own built on our types.
sub customer_objects {
    my ($node, $database) = @_;
    $node->safe_psql($database, <<'SQL');
ALTER TABLE billing.actual ADD COLUMN cost_center text DEFAULT 'Øst';
ALTER TABLE billing.contract ADD COLUMN region text;
UPDATE billing.contract SET region = 'North ' || contract_id;
CREATE INDEX actual_by_cost_center ON billing.actual (cost_center) WHERE billing_status <> 'canceled';
CREATE INDEX actual_by_money ON billing.actual (billing.money(amount, 'NOK'));
ALTER TABLE billing.contract ADD CONSTRAINT region_named CHECK (region <> '');
COMMENT ON COLUMN billing.actual.cost_center IS 'Theirs';
ALTER TABLE billing.actual ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_center ON billing.actual USING (cost_center = current_user OR billing_status IS DISTINCT FROM 'canceled');
GRANT SELECT ON billing.actual TO PUBLIC;
CREATE SCHEMA app;
CREATE TABLE app.heard (at timestamptz NOT NULL DEFAULT now(), actual_id bigint, status billing.billing_status);
CREATE FUNCTION app.hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO app.heard (actual_id, status) VALUES (NEW.actual_id, NEW.billing_status);
    RETURN NULL;
END $$;
CREATE TRIGGER hear AFTER UPDATE ON billing.actual FOR EACH ROW
    WHEN (OLD.billing_status IS DISTINCT FROM NEW.billing_status) EXECUTE FUNCTION app.hear();
CREATE TABLE app.note (
    status billing.billing_status NOT NULL DEFAULT 'not_ready_to_invoice',
    kind billing.invoice_status,
    label text GENERATED ALWAYS AS (CASE status WHEN 'canceled' THEN 'gone' ELSE 'there' END) STORED,
    CHECK (CASE kind WHEN 'paid' THEN status = 'customer_invoice_posted' ELSE true END),
    CHECK (nullif(status, 'canceled') IS NOT NULL OR kind IS DISTINCT FROM 'paid')
) PARTITION BY LIST (status);
CREATE TABLE app.note_open PARTITION OF app.note FOR VALUES IN ('not_ready_to_invoice', 'ready_to_invoice');
CREATE TABLE app.note_rest PARTITION OF app.note DEFAULT;
CREATE INDEX ON app.note (status, kind);
INSERT INTO app.note VALUES ('ready_to_invoice', 'active'), ('customer_invoice_posted', 'paid'), ('canceled', NULL);
CREATE VIEW app.open_work AS
    SELECT a.actual_id, billing.status_label(a.billing_status, 'nb') AS status, c.region, a.cost_center,
           CASE a.nte_status WHEN 'failed' THEN 'stop' ELSE coalesce(nullif(a.nte_failed_level, 'contract')::text, 'go') END AS advice
      FROM billing.actual a JOIN billing.contract c USING (contract_id)
     WHERE a.billing_status IN ('not_ready_to_invoice', 'ready_to_invoice') AND a.billing_status IS DISTINCT FROM 'canceled';
CREATE MATERIALIZED VIEW app.backlog AS SELECT customer, billing_status, sum(amount) AS amount FROM billing.time_and_material_backlog GROUP BY 1, 2;
SQL
    return;
}

# Submitted entries for 20 contracts with two customers each, then approved and ready if asked for.
sub bulk_world {
    my ($node, $database, $entries, %option) = @_;
    $node->safe_psql($database, <<"SQL");
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
INSERT INTO billing.customer (name) VALUES ('First'), ('Second');
INSERT INTO billing.project (company_id, name) SELECT 1, 'Project ' || i FROM generate_series(1, 20) AS i;
INSERT INTO billing.contract (company_id, customer_id, name, currency) SELECT 1, 1, 'Contract ' || i, 'NOK' FROM generate_series(1, 20) AS i;
UPDATE billing.contract_customer SET billing_split_percent = 60;
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
SELECT contract_id, 2, 40 FROM billing.contract WHERE kind = 'customer';
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT contract_id, 'Hours', 'time_and_material', contract_id - 1 FROM billing.contract WHERE kind = 'customer';
INSERT INTO billing.entry (project_id, entry_date, quantity, cost_price, sales_price)
SELECT 1 + i % 20, '2024-01-15', 1 + i % 7, 500, 1000 FROM generate_series(1, $entries) AS i;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));
SQL
    if ($option{ready}) {
        $node->safe_psql($database, <<'SQL');
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract));
SQL
    }
    return;
}

# Contents of all tables and views outside the system schemas, in an order and a form that depend on nothing else.
sub fingerprint {
    my ($node, $database) = @_;
    return $node->safe_psql($database, <<'SQL');
SET timezone = 'UTC';
CREATE TEMP TABLE print (name text, rows bigint, md5 text);
DO $$
DECLARE
    tables regclass;
BEGIN
    FOR tables IN
        SELECT oid FROM pg_class WHERE relkind IN ('r', 'm', 'v') AND relnamespace::regnamespace::text IN ('billing', 'app')
    LOOP
        EXECUTE format('INSERT INTO print SELECT %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")) FROM %s t',
                       tables, tables);
    END LOOP;
END $$;
SELECT * FROM print ORDER BY name;
SQL
}

sub problems {
    my ($node, $database) = @_;
    return $node->safe_psql($database, 'SELECT * FROM billing.verify()');
}

sub sqlstate {
    my ($node, $database, $sql, %option) = @_;
    my ($status, $out, $err) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql", %option);
    return $err =~ /ERROR:  (\w{5})/ ? $1 : $err;
}

1;
