# Unattended: pg_cron calls run_invoicing() by itself, in a database that is not its own, and the invoices appear, once.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = billing_cluster('main', conf => <<'CONF');
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = on
max_worker_processes = 20
cron.timezone = 'UTC'
timezone = 'UTC'
CONF
billing_install($node, 'app');
$node->safe_psql('app', <<'SQL');
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
INSERT INTO billing.customer (name) VALUES ('First');
INSERT INTO billing.project (company_id, name) VALUES (1, 'Project');
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency) SELECT i, 1, 1, 'Contract', 'NOK' FROM unnest('{10,20}'::int[]) AS i;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id) VALUES (10, 11, 'Hours', 'time_and_material', 1);
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price) VALUES (20, 21, 'Licence', 'product', 1, 99);
INSERT INTO billing.entry (project_id, entry_date, quantity, sales_price) VALUES (1, current_date - 2, 8, 100), (1, current_date, 1, 100);
SELECT count(*) FROM billing.submit('{1,2}');
SELECT count(*) FROM billing.approve('{1,2}');
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => '{10,20}');
INSERT INTO billing.invoice_frequency (name, period, run_days)
VALUES ('Today', 'monthly', ARRAY[extract(day FROM current_date)::text]);
SELECT count(*) FROM billing.generate_schedule('{11}', 1, current_date, current_date);

-- The clerk who owns the job may run it, and nothing else.
CREATE ROLE clerk LOGIN;
GRANT USAGE ON SCHEMA billing TO clerk;
GRANT EXECUTE ON PROCEDURE billing.run_invoicing TO clerk;
GRANT EXECUTE ON FUNCTION billing.begin_invoice_run, billing.run_next_contract TO clerk;
SQL
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
# Three jobs that go off in the same moment, as overlapping schedulers do.
$node->safe_psql('postgres', <<'SQL');
SELECT cron.schedule_in_database('invoices ' || i, '* * * * *', 'CALL billing.run_invoicing(current_date)', 'app', 'clerk')
  FROM generate_series(1, 3) AS i;
SQL

# Waits for a query to return true.
sub wait_for {
    my ($database, $query, $seconds) = @_;
    for (1 .. 10 * $seconds) {
        return 1 if $node->safe_psql($database, $query) eq 't';
        usleep(100_000);
    }
    return 0;
}

ok(wait_for('postgres', "SELECT count(*) = 3 FROM cron.job_run_details WHERE status = 'succeeded'", 150), 'the jobs run by themselves, and pg_cron calls them a success')
    or diag $node->safe_psql('postgres', 'SELECT status, return_message FROM cron.job_run_details');
is($node->safe_psql('app', 'SELECT max(contracts_total), sum(draft_count), sum(failure_count), bool_and(finished_at IS NOT NULL) FROM billing.invoice_run'),
    '2|2|0|t', 'they bill both contracts once');
is($node->safe_psql('app', 'SELECT contract_id, invoice_date = current_date, round(total_amount, 2) FROM billing.invoice ORDER BY 1'),
    "10|t|800.00\n20|t|99.00", 'scheduled work up to yesterday, and the product');
is($node->safe_psql('app', "SELECT DISTINCT role_name FROM billing.operation WHERE verb = 'run_invoicing'"), 'clerk', 'in the name of their owner');
is(problems($node, 'app'), '', 'verify() finds nothing');

done_testing();
