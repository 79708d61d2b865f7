# The server is killed in the middle of a bulk call: afterwards all of it happened or nothing, verify() finds nothing, and
# the same call, repeated, succeeds.
use strict;
use warnings;
use BillingCluster;
use BillingCrash;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $entries = 30_000;
my $node = billing_cluster('main', conf => <<'CONF');
fsync = on
synchronous_commit = on
full_page_writes = on
restart_after_crash = on
autovacuum = off
max_prepared_transactions = 2
CONF
my ($create, $confirm) = (
    "SELECT count(*) FROM billing.create_invoices(invoice_date => '2024-01-31', run_key => 'january')",
    'SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice))');

billing_install($node, 'base');
bulk_world($node, 'base', $entries, ready => 1);
my $sales = $node->safe_psql('base', "SELECT count(*) FROM billing.actual WHERE billing_status = 'ready_to_invoice'");
is($sales, 2 * $entries, 'plenty of work');

# How much of it is where: what each call moves.
my $state = <<'SQL';
SELECT (SELECT count(*) FROM billing.invoice), (SELECT count(*) FROM billing.invoice_line),
       (SELECT count(*) FROM billing.operation), (SELECT count(*) FROM billing.operation_change),
       (SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (SELECT billing_status AS status, count(*) AS n FROM billing.actual GROUP BY 1) s),
       (SELECT coalesce(sum(issued), 0) FROM billing.invoice_series),
       (SELECT sum(billed_amount) FROM billing.contract_line_customer)
SQL

sub copy_of {
    my ($template, $database) = @_;
    $node->safe_psql('postgres', "DROP DATABASE IF EXISTS $database");
    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE $template");
    return $database;
}

sub wal { return $node->safe_psql('postgres', "SELECT pg_current_wal_insert_lsn() - '0/0'") }

# A rehearsal tells how much WAL the whole call writes.
sub rehearse {
    my ($template, $call) = @_;
    my $database = copy_of($template, 'rehearsal');
    $node->safe_psql($database, 'CHECKPOINT');
    my $start = wal();
    $node->safe_psql($database, $call);
    return wal() - $start;
}

# Runs the call in a session of its own and kills a process once so much WAL is written.
sub kill_at {
    my ($database, $call, $wal, $victim) = @_;
    my $watch = $node->background_psql('postgres');
    my $session = $node->background_psql($database, on_error_stop => 0);
    my $backend = $session->query_safe('SELECT pg_backend_pid()');
    $watch->query_safe('CHECKPOINT');
    my $start = $watch->query_safe("SELECT pg_current_wal_insert_lsn() - '0/0'");
    $session->query_until(qr/started/, "\\echo started\n$call;\n\\echo finished\n");
    my $is_time = "SELECT pg_current_wal_insert_lsn() - '0/0' - $start >= $wal OR (state <> 'active' AND query LIKE '%invoices(%')
                     FROM pg_stat_activity WHERE pid = $backend";
    usleep(5_000) while $watch->query_safe($is_time) ne 't';
    $victim eq 'backend' ? kill_backend($node, $backend) : kill_everything($node);
    eval { $session->quit };
    eval { $watch->quit };
    return;
}

# Kills the call at several moments, in one copy of the template while nothing has happened to it.
sub crash {
    my ($name, $template, $call) = @_;
    my $wal = rehearse($template, $call);
    my $after = $node->safe_psql('rehearsal', $state);
    my $before = $node->safe_psql($template, $state);
    my $unfinished = 0;
    copy_of($template, 'victim');
    for my $moment ([ 0.05, 'backend' ], [ 0.4, 'everything' ], [ 0.7, 'backend' ], [ 0.95, 'everything' ]) {
        my ($share, $victim) = @$moment;
        my $label = "$name: $victim killed after " . 100 * $share . ' % of the WAL';
        kill_at('victim', $call, $share * $wal, $victim);
        my $found = $node->safe_psql('victim', $state);
        $unfinished++ if $found eq $before;
        ok($found eq $before || $found eq $after, "$label: all or nothing") or diag "before $before\nfound  $found\nafter  $after";
        is(problems($node, 'victim'), '', "$label: verify() finds nothing");
        next if $found eq $before;
        copy_of($template, 'victim');
    }
    cmp_ok($unfinished, '>=', 2, "$name: kills hit the call half way");
    $node->safe_psql('victim', $call);
    is($node->safe_psql('victim', $state), $after, "$name: repeated, it does everything");
    is(problems($node, 'victim'), '', "$name: verify() finds nothing afterwards");
    return;
}

crash('create', 'base', $create);
copy_of('base', 'drafts');
$node->safe_psql('drafts', $create);
crash('confirm', 'drafts', $confirm);

# A run key answers the question a client has after a crash: did my call come through?
subtest 'run key after a crash' => sub {
    my $database = copy_of('drafts', 'again');
    my ($first, $second) = map { $node->safe_psql($database, "SELECT array_agg(invoice_id ORDER BY invoice_id) FROM billing.create_invoices(invoice_date => '2024-01-31', run_key => 'january')") } 1, 2;
    is($second, $first, 'the same invoices');
    is($node->safe_psql($database, 'SELECT count(*) FROM billing.invoice'), 40, 'and no others');
};

# A prepared confirmation survives; its numbers are drawn, and nobody gets them twice.
subtest 'prepared transaction' => sub {
    my $database = copy_of('drafts', 'prepared');
    my ($first, $second) = split /,/, $node->safe_psql($database, "SELECT string_agg(invoice_id::text, ',') FROM (SELECT invoice_id FROM billing.invoice ORDER BY contract_id LIMIT 2) i");
    my $other = $node->safe_psql($database, 'SELECT max(invoice_id) FROM billing.invoice');
    $node->safe_psql($database, "BEGIN; SELECT billing.confirm_invoices(ARRAY[$first, $second]); PREPARE TRANSACTION 'confirm'");
    kill_everything($node);
    is(problems($node, $database), '', 'verify() finds nothing while it is prepared');
    is(sqlstate($node, $database, "SET lock_timeout = '100ms'; SELECT billing.confirm_invoices(ARRAY[$other])"), '55P03', 'the next number waits for it');
    $node->safe_psql($database, "COMMIT PREPARED 'confirm'");
    is($node->safe_psql($database, "SELECT invoice_number FROM billing.confirm_invoices(ARRAY[$other])"), 'INV-000003', 'then it is the next one');
    is(problems($node, $database), '', 'verify() finds nothing');
};

done_testing();
