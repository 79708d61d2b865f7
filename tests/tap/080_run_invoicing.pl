# The server is killed in the middle of an automatic run over many contracts, several times; the run is called again until
# it gets through. The invoices are those of an undisturbed run in another database.
use strict;
use warnings;
use BillingCluster;
use BillingCrash;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $contracts = 60;
my $node = billing_cluster('main', conf => <<'CONF');
fsync = on
synchronous_commit = on
full_page_writes = on
restart_after_crash = on
autovacuum = off
CONF
my $run = "SET client_min_messages = warning; CALL billing.run_invoicing('2024-02-01')";

# Sixty contracts with two customers: hours on a schedule, a milestone, a product; every tenth one has lost a rounding
# customer and cannot be billed.
billing_install($node, 'base');
$node->safe_psql('base', <<"SQL");
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
INSERT INTO billing.customer (name) VALUES ('First'), ('Second');
INSERT INTO billing.project (company_id, name) SELECT 1, 'Project ' || i FROM generate_series(1, 2 * $contracts) AS i;
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency)
SELECT 100 + i, 1, 1, 'Contract ' || i, 'NOK' FROM generate_series(1, $contracts) AS i;
UPDATE billing.contract_customer SET billing_split_percent = 66.67;
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent)
SELECT contract_id, 2, 33.33 FROM billing.contract WHERE kind = 'customer';
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
SELECT 100 + i, 1000 + i, 'Hours', 'time_and_material', i FROM generate_series(1, $contracts) AS i;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id)
SELECT 100 + i, 2000 + i, 'House', 'fixed_price', $contracts + i FROM generate_series(1, $contracts) AS i;
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, quantity, unit_price)
SELECT 100 + i, 3000 + i, 'Licence', 'product', 1, 99 FROM generate_series(1, $contracts) AS i;
INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
SELECT contract_id, contract_line_id, 'Roof', '2024-01-31', 1000 FROM billing.contract_line WHERE name = 'House';
INSERT INTO billing.entry (project_id, entry_date, quantity, cost_price, sales_price)
SELECT 1 + i % $contracts, date '2024-01-01' + i % 40, 1 + i % 7, 500, 999.99 FROM generate_series(1, 50 * $contracts) AS i;
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract WHERE kind = 'customer'));
INSERT INTO billing.invoice_frequency (name, period, run_days) VALUES ('First', 'monthly', '{1}');
SELECT count(*) FROM billing.generate_schedule(ARRAY(SELECT contract_line_id FROM billing.contract_line WHERE name = 'Hours'), 1, '2024-01-01', '2024-06-01');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
    IF NEW.contract_id % 10 = 0 THEN RAISE 'no invoice for contract %', NEW.contract_id; END IF;
    RETURN NULL;
END \$\$;
CREATE TRIGGER refuse AFTER INSERT ON billing.invoice FOR EACH ROW EXECUTE FUNCTION refuse();
SQL

# Without the checkpoint a kill could set back the sequences of the copy: nextval() writes WAL only now and then, and counts
# what the template wrote as its own.
sub copy_of {
    my ($template, $database) = @_;
    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE $template");
    $node->safe_psql($database, 'CHECKPOINT');
    return $database;
}

# Invoices, what is on them and what became of everything, without ids that a run draws.
my $result = <<'SQL';
SELECT v.contract_id, v.customer_id, v.invoice_date, v.project_invoice_status, v.total_amount, l.contract_line_id, l.amount
  FROM billing.invoice v JOIN billing.invoice_line l USING (contract_id, invoice_id) ORDER BY 1, 2, 6;
SELECT d.contract_id, d.customer_id, d.detail_kind, d.source_id, d.amount FROM billing.invoice_line_detail d ORDER BY 1, 2, 3, 4;
SELECT contract_line_id, run_date, run_status, reason FROM billing.invoice_schedule ORDER BY 1, 2;
SELECT contract_id, run_status, reason, draft_count, total_amount FROM billing.invoice_run_contract ORDER BY 1;
SELECT contracts_done, contracts_total, draft_count, failure_count, finished_at IS NOT NULL FROM billing.invoice_run;
SELECT billing_status, count(*) FROM billing.actual GROUP BY 1 ORDER BY 1;
SQL

# Starts the run in a session of its own and kills a process once so many contracts are done. Returns how many were done
# when the server was back.
sub kill_at {
    my ($database, $done, $victim) = @_;
    my $watch = $node->background_psql($database);
    my $session = $node->background_psql($database, on_error_stop => 0);
    my $backend = $session->query_safe('SELECT pg_backend_pid()');
    $session->query_until(qr/started/, "\\echo started\n$run;\n\\echo finished\n");
    usleep(500) while $watch->query_safe('SELECT coalesce(max(contracts_done), 0) FROM billing.invoice_run') < $done;
    $victim eq 'backend' ? kill_backend($node, $backend) : kill_everything($node);
    eval { $session->quit };
    eval { $watch->quit };
    return $node->safe_psql($database, 'SELECT contracts_done FROM billing.invoice_run');
}

my $calm = copy_of('base', 'calm');
$node->safe_psql($calm, $run);
my $expected = $node->safe_psql($calm, $result);
is($node->safe_psql($calm, 'SELECT contracts_done, contracts_total, draft_count, failure_count FROM billing.invoice_run'),
    "$contracts|$contracts|108|6", 'an undisturbed run: 54 contracts billed to two customers, six fail');
is(problems($node, $calm), '', 'verify() finds nothing');

my $victim = copy_of('base', 'victim');
my $unfinished = 0;
for my $moment ([ 5, 'backend' ], [ 20, 'everything' ], [ 35, 'backend' ], [ 50, 'everything' ]) {
    my ($done, $what) = @$moment;
    my $found = kill_at($victim, $done, $what);
    $unfinished++ if $found < $contracts;
    cmp_ok($found, '>=', $done, "$what killed at $done contracts: $found are done");
    is($node->safe_psql($victim, 'SELECT count(*) FROM billing.invoice') - 0,
        $node->safe_psql($victim, 'SELECT sum(draft_count) FROM billing.invoice_run_contract') - 0,
        'as many drafts as the record says');
    is(problems($node, $victim), '', 'verify() finds nothing');
}
cmp_ok($unfinished, '>=', 2, 'kills hit the run half way');
$node->safe_psql($victim, $run);
is($node->safe_psql($victim, $result), $expected, 'called again, it ends with the same invoices');
is(problems($node, $victim), '', 'verify() finds nothing');
$node->safe_psql($victim, $run);
is($node->safe_psql($victim, 'SELECT count(*) FROM billing.invoice'), 108, 'once more: no further invoices');

# Several sessions at once share one run.
my $shared = copy_of('base', 'shared');
my @sessions = map { $node->background_psql($shared, on_error_stop => 0) } 1 .. 3;
$_->query_until(qr/started/, "\\echo started\n$run;\n") for @sessions;
$_->query_safe('SELECT 1') for @sessions;
$_->quit for @sessions;
is($node->safe_psql($shared, $result =~ s/SELECT contracts_done[^;]*;//r), $expected =~ s/^$contracts\|$contracts\|.*\n//mr,
    'three sessions at once: the same invoices') or diag $node->safe_psql($shared, 'SELECT * FROM billing.invoice_run');
is(problems($node, $shared), '', 'verify() finds nothing');

# A canceled run stops between two contracts, or inside one of which nothing is left.
my $canceled = copy_of('base', 'canceled');
my ($status, undef, $error) = $node->psql($canceled, "SET statement_timeout = '100ms'; $run");
like($error, qr/canceling statement due to statement timeout/, 'a run can be canceled');
is($node->safe_psql($canceled, "SELECT count(*) FROM billing.invoice_run_contract WHERE reason LIKE '%timeout%'"), 0,
    'no contract is blamed for it');
is(problems($node, $canceled), '', 'verify() finds nothing');
$node->safe_psql($canceled, $run);
is($node->safe_psql($canceled, $result), $expected, 'called again, it ends with the same invoices');

done_testing();
