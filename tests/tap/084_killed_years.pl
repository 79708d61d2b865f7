# Months of the SiP work log, as the story of the years bills them, in two databases. In one the server is killed in the
# middle of automatic runs: while a run waits for its next contract, and when the drafts of a contract are half written.
# Called again, the runs end with the same invoices, details and actuals to the cent, and so do the months after them.
# Where a kill hits is decided by locks, not by the clock. Skipped without a folder with the SiP data set.
use strict;
use warnings;
use BillingCluster;
use BillingCrash;
use BillingWorld;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $story = abs_path(dirname(__FILE__) . "/../story");
my $data = dirname(dirname($story)) . "/../shared/data/sip";
plan skip_all => 'no SiP data set' unless -r "$data/Sip-task-info.csv" && -r "$data/est-act-dates.csv";

my $node = billing_cluster('main', conf => <<'CONF');
fsync = on
synchronous_commit = on
full_page_writes = on
restart_after_crash = on
CONF

# The contracts, the work log, schedules and retainers; nothing is approved yet.
billing_install($node, 'base');
{
    local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'base', BILLING_SHARED => dirname(dirname($data)));
    system_or_bail('bash', '-c', <<'SH', $story);
set -euo pipefail
source "$0/log/story.sh"
stage
sql --set=rules="$(cat "$0/sip/rules.json")" --file="$LOG/load.sql"
sql --set=terms="$(cat "$0/years/terms.json")" --file="$0/years/setup.sql"
SH
}

sub script {
    my ($database, $until, $name) = @_;
    $node->safe_psql($database, "SET client_min_messages = warning;\n\\set until $until\n\\i $story/years/$name.sql\n");
    return;
}

sub run { return "SET client_min_messages = warning; CALL billing.run_invoicing('$_[0]')" }

sub month {
    my ($database, $until) = @_;
    script($database, $until, 'release');
    $node->safe_psql($database, run($until));
    script($database, $until, 'post');
    return;
}

# Everything but the ids and times that a run draws.
my $state = <<'SQL';
SELECT v.series, v.number, v.contract_id, v.customer_id, v.invoice_date, v.project_invoice_status, v.has_corrections,
       v.detail_amount, v.total_tax, v.total_amount
  FROM billing.invoice v ORDER BY v.company_id, 1, 2, 3, 4;
SELECT v.series, v.number, d.contract_id, d.customer_id, d.contract_line_id, d.detail_kind, d.transaction_date, d.billing_type,
       d.quantity, d.price, d.amount, d.tax, d.description
  FROM billing.invoice_line_detail d JOIN billing.invoice v USING (contract_id, invoice_id)
 ORDER BY v.company_id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13;
SELECT a.contract_id, a.contract_line_id, a.customer_id, a.entry_id, a.milestone_split_id, a.retainer_id, a.transaction_type,
       a.transaction_class, a.billing_type, a.billing_status, a.adjustment_status, a.nte_status, a.is_open, a.transaction_date,
       a.quantity, a.price, a.amount, a.tax, v.number, s.transaction_type, r.transaction_type
  FROM billing.actual a
  LEFT JOIN billing.invoice v ON v.contract_id = a.contract_id AND v.invoice_id = a.invoice_id
  LEFT JOIN billing.actual s ON s.contract_id = a.contract_id AND s.actual_id = a.source_id
  LEFT JOIN billing.actual r ON r.contract_id = a.contract_id AND r.actual_id = a.reverses_id
 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21;
SELECT contract_id, contract_line_id, customer_id, committed_amount, billed_amount FROM billing.contract_line_customer ORDER BY 1, 2, 3;
SELECT retainer_id, retainer_status, used_amount FROM billing.retainer ORDER BY 1;
SELECT milestone_split_id, milestone_status FROM billing.milestone_split ORDER BY 1;
SELECT contract_line_id, run_date, run_status, reason FROM billing.invoice_schedule ORDER BY 1, 2;
SELECT r.run_date, c.contract_id, c.run_status, c.reason, c.draft_count, c.total_amount
  FROM billing.invoice_run_contract c JOIN billing.invoice_run r USING (run_id) ORDER BY 1, 2;
SELECT run_date, contracts_total, contracts_done, draft_count, failure_count, finished_at IS NOT NULL FROM billing.invoice_run ORDER BY 1;
SQL

sub same_state {
    my ($name) = @_;
    my ($calm, $victim) = map { [ split /\n/, $node->safe_psql($_, $state) ] } qw(calm victim);
    my @different = grep { ($calm->[$_] // '') ne ($victim->[$_] // '') } 0 .. (@$calm > @$victim ? $#$calm : $#$victim);
    ok(!@different, $name . ' (' . @$calm . ' rows)')
        or diag map { "undisturbed: " . ($calm->[$_] // '') . "\n     killed: " . ($victim->[$_] // '') . "\n" } @different[ 0 .. ($#different > 4 ? 4 : $#different) ];
    return;
}

# Where a run stops: in a lock that another session holds.
my %obstacle = (
    'before a contract' => {
        prepare => '',
        hold    => sub { "BEGIN; SELECT FROM billing.contract WHERE contract_id = $_[0] FOR UPDATE" },
        waiting => 'transactionid|tuple',
    },
    'inside a contract' => {
        prepare => <<'SQL',
CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(NEW.contract_id); RETURN NULL; END $$;
CREATE TRIGGER stop_here AFTER UPDATE ON billing.actual FOR EACH ROW
    WHEN (NEW.billing_status = 'customer_invoice_created') EXECUTE FUNCTION stop_here();
SQL
        hold    => sub { "SELECT pg_advisory_lock($_[0])" },
        waiting => 'advisory',
        clear   => 'DROP TRIGGER stop_here ON billing.actual; DROP FUNCTION stop_here()',
    });

# Starts the run, waits until it stops at the contract, kills the server.
sub kill_run_at {
    my ($until, $contract, $place) = @_;
    my $obstacle = $obstacle{$place};
    $node->safe_psql('victim', $obstacle->{prepare}) if $obstacle->{prepare};
    my $holder = $node->background_psql('victim');
    $holder->query_safe($obstacle->{hold}->($contract));
    my $watch = $node->background_psql('victim');
    my $session = $node->background_psql('victim', on_error_stop => 0);
    my $backend = $session->query_safe('SELECT pg_backend_pid()');
    $session->query_until(qr/started/, "\\echo started\n" . run($until) . ";\n");
    my $stopped = "SELECT count(*) FROM pg_stat_activity WHERE pid = $backend AND wait_event_type = 'Lock' AND wait_event ~ '$obstacle->{waiting}'";
    usleep(2_000) while $watch->query_safe($stopped) == 0;
    kill_everything($node);
    eval { $_->quit } for $session, $watch, $holder;
    $node->safe_psql('victim', $obstacle->{clear}) if $obstacle->{clear};
    return;
}

# Seven months in peace, then six with kills.
my @months = split /\n/, $node->safe_psql('base', <<'SQL');
SELECT (m + interval '1 month - 1 day')::date FROM generate_series(timestamp '2004-06-01', '2005-06-01', '1 month') m
SQL
month('base', $_) for splice @months, 0, 7;

# The checkpoint keeps kills from setting back the sequences of the copies: nextval() writes WAL only now and then, and
# counts what the template wrote as its own.
for my $database (qw(calm victim)) {
    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE base");
    $node->safe_psql($database, 'CHECKPOINT');
}

my %kills = (
    '2005-02-28' => [ [ 'Claims system', 'before a contract' ] ],
    '2005-03-31' => [ [ 'Nordic roll-out', 'inside a contract' ] ],
    '2005-05-31' => [ [ 'Underwriting platform', 'inside a contract' ], [ 'Pricing engine', 'before a contract' ], [ 'Support', 'inside a contract' ] ],
);
for my $until (@months) {
    month('calm', $until);
    script('victim', $until, 'release');
    for my $kill (@{ $kills{$until} // [] }) {
        my ($name, $place) = @$kill;
        my $contract = $node->safe_psql('victim', "SELECT contract_id FROM billing.contract WHERE name = '$name'");
        my $drafts = "SELECT coalesce(sum(c.draft_count), 0) FROM billing.invoice_run_contract c JOIN billing.invoice_run USING (run_id) WHERE run_date = '$until'";
        my $before = $node->safe_psql('calm', "$drafts AND c.contract_id < $contract");
        kill_run_at($until, $contract, $place);
        is($node->safe_psql('victim', "SELECT contracts_done = (SELECT count(*) FROM billing.invoice_run_contract c WHERE c.run_id = r.run_id AND c.contract_id < $contract),
                finished_at IS NULL FROM billing.invoice_run r WHERE run_date = '$until'"), 't|t', "$until: killed $place, $name");
        is($node->safe_psql('victim', $drafts), $before, "$until: the contracts before it have their $before drafts");
        is($node->safe_psql('victim', "SELECT count(*) FROM billing.invoice WHERE project_invoice_status = 'draft'"), $before, "$until: and nobody else has any");
        is(problems($node, 'victim'), '', "$until: verify() finds nothing");
    }
    $node->safe_psql('victim', run($until));
    script('victim', $until, 'post');
    same_state("$until: killed and resumed, the same invoices, details and actuals as undisturbed") if $kills{$until};
}
same_state('a month later');
is(problems($node, $_), '', "verify() finds nothing: $_") for qw(calm victim);
cmp_ok($node->safe_psql('calm', 'SELECT count(*) FROM billing.invoice'), '>', 80, 'plenty of invoices was compared');

done_testing();
