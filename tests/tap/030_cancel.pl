# A bulk call is canceled: error 57014, nothing has changed, the session goes on, and memory does not grow.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = billing_cluster('main');
billing_install($node, 'work');
bulk_world($node, 'work', 8_000);
$node->safe_psql('work', 'VACUUM ANALYZE');

# Each bulk verb with the state it needs; the transaction around it keeps that state for the next one.
my @calls = (
    [ approve => 'SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry))' ],
    [ mark => 'SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract))' ],
    [ create => "SELECT count(*) FROM billing.create_invoices(invoice_date => '2024-01-31')" ],
    [ confirm => 'SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice))' ]);

my $session = $node->background_psql('work', on_error_stop => 0);
$session->query_safe('\set VERBOSITY sqlstate');
my $backend = $session->query_safe('SELECT pg_backend_pid()');
$session->set_query_timer_restart;

# Private memory of the session's process and what its memory contexts hold, in kB.
sub memory {
    my $private = slurp_file("/proc/$backend/status") =~ /RssAnon:\s+(\d+)/ ? $1 : 0;
    return ($private, $session->query_safe('SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts'));
}

# The error of a call that gets so many milliseconds. If it is done before, it fails in the end, with 22012.
sub run_for {
    my ($call, $milliseconds) = @_;
    $session->query_safe("SET statement_timeout = $milliseconds");
    $session->query($call =~ s{count\(\*\)}{1 / (count(*) - count(*))}r);
    my $error = $session->{stderr};
    $session->{stderr} = '';
    $session->query_safe('SET statement_timeout = 0');
    return $error =~ /ERROR:  (\w{5})/ ? $1 : $error;
}

sub duration {
    my ($call) = @_;
    my $start = time;
    $session->query_safe("BEGIN; $call; ROLLBACK");
    return int(1000 * (time - $start));
}

for my $case (@calls) {
    my ($name, $call) = @$case;
    my $before = fingerprint($node, 'work');
    duration($call);
    my $whole = duration($call);
    my @errors = map { run_for($call, 1 + int($whole * $_)) . ' ' } (0.02, 0.15, 0.3, 0.5, 0.7);
    like(join('', @errors), qr/^(57014 ){3,5}(22012 ){0,2}$/, "$name: canceled at five moments of $whole ms");

    my ($private, $contexts) = memory();
    run_for($call, 1 + int($whole * ($_ % 10 + 0.5) / 15)) for 1 .. 20;
    my ($private_after, $contexts_after) = memory();
    cmp_ok($private_after - $private, '<', 8192, "$name: 20 cancels leave no memory behind") or diag "$private kB, then $private_after kB";
    cmp_ok($contexts_after - $contexts, '<', 256, "$name: ... nor in memory contexts") or diag "$contexts kB, then $contexts_after kB";

    is(fingerprint($node, 'work'), $before, "$name: nothing has changed");
    is(problems($node, 'work'), '', "$name: verify() finds nothing");
    cmp_ok($session->query_safe($call), '>', 0, "$name: the same session does it then");
}

# pg_cancel_backend() while a call waits for a contract, and pg_terminate_backend() in the middle of one.
subtest 'waiting' => sub {
    my $holder = $node->background_psql('work');
    $holder->query_safe('BEGIN; SELECT FROM billing.contract ORDER BY contract_id DESC LIMIT 1 FOR UPDATE');
    my $before = fingerprint($node, 'work');
    $session->query_until(qr/started/, "\\echo started\nSELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract));\n");
    ok($node->poll_query_until('work', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $backend"), 'the call waits for a contract');
    $node->safe_psql('work', "SELECT pg_cancel_backend($backend)");
    $session->query('SELECT 1');
    like($session->{stderr}, qr/ERROR:  57014/, 'canceled');
    $session->{stderr} = '';
    is($session->query_safe('SELECT 2'), '2', 'the session goes on');
    $holder->query_safe('ROLLBACK');
    $holder->quit;
    is(fingerprint($node, 'work'), $before, 'nothing has changed');
};

subtest 'terminated' => sub {
    $node->safe_psql('work', 'INSERT INTO billing.entry (project_id, entry_date, quantity, sales_price) SELECT 1, current_date, 1, 1 FROM generate_series(1, 30000)');
    $node->safe_psql('work', "SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'draft'))");
    my $before = fingerprint($node, 'work');
    my $victim = $node->background_psql('work', on_error_stop => 0);
    my $pid = $victim->query_safe('SELECT pg_backend_pid()');
    $victim->query_until(qr/started/, "\\echo started\nSELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry WHERE entry_status = 'submitted'));\n");
    usleep(100_000);
    is($node->safe_psql('work', "SELECT pg_terminate_backend($pid, 10000)"), 't', 'terminated in the middle of approve()');
    eval { $victim->quit };
    is(fingerprint($node, 'work'), $before, 'nothing has changed');
    is(problems($node, 'work'), '', 'verify() finds nothing');
};

$session->quit;
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|server process .* exited/, 'no process died');
done_testing();
