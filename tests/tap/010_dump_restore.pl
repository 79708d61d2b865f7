# A database survives pg_dump and pg_restore in every format, with what a customer added to it: no message, the same
# rows, guards that guard, nothing for verify() to find, and work goes on where it stopped.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = billing_cluster('main');
my $dumps = PostgreSQL::Test::Utils::tempdir();
my @tables = qw(invoice_series contract actual entry invoice milestone contract_line);
billing_install($node, 'app');
small_world($node, 'app');
slices($node, 'app');
customer_objects($node, 'app');
is(problems($node, 'app'), '', 'the original is sound');
is(missing_statuses(), '', 'the original holds every status there is');
my $original = fingerprint($node, 'app');
my $original_objects = objects('app');

# A progress-based milestone of which a slice was billed, and credited in part, and another one with a next step.
sub slices {
    my ($cluster, $database) = @_;
    $cluster->safe_psql($database, <<'SQL');
INSERT INTO billing.project (project_id, company_id, name) VALUES (900, 1, 'Tower');
INSERT INTO billing.contract_line (contract_id, contract_line_id, name, billing_method, project_id, invoice_schedule_type)
SELECT contract_id, 900, 'Tower', 'fixed_price', 900, 'progress_based' FROM billing.contract WHERE name = 'Fixed price';
INSERT INTO billing.milestone (contract_id, milestone_id, contract_line_id, name, milestone_date, amount, tax)
SELECT contract_id, m, 900, 'Tower', '2024-12-31', 100.01, 25 FROM billing.contract, unnest('{901,902}'::bigint[]) AS m WHERE name = 'Fixed price';
DO $$ DECLARE bill bigint; BEGIN
    PERFORM billing.set_progress('{901}', percent => 33.33, ready => true);
    SELECT invoice_id INTO bill FROM billing.create_invoices(milestones => ARRAY(
        SELECT milestone_split_id FROM billing.milestone_split WHERE milestone_id = 901 AND milestone_status = 'ready_to_invoice'), invoice_date => '2024-03-01')
     WHERE outcome = 'changed' ORDER BY 1 LIMIT 1;
    PERFORM billing.confirm_invoices(ARRAY[bill]);
    PERFORM billing.revise_invoice(bill, billed_sales => ARRAY(SELECT a.actual_id FROM billing.actual a WHERE a.invoice_id = bill AND a.contract_line_id = 900));
    PERFORM billing.edit_invoice_details(details => ARRAY(SELECT detail_id FROM billing.invoice_correction WHERE contract_line_id = 900), price => 5.05);
    PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice_correction WHERE contract_line_id = 900));
    PERFORM billing.set_progress('{902}', percent => 10);
END $$;
SQL
    return;
}

# Labels of the status columns that no row of the original has. These have no verb that leads to them yet.
sub missing_statuses {
    return $node->safe_psql('app', <<'SQL');
SELECT string_agg(m.status, ', ') FROM (
    SELECT 'billing ' || unnest(enum_range(NULL::billing.billing_status)) EXCEPT SELECT 'billing ' || billing_status FROM billing.actual
    UNION ALL (SELECT 'nte ' || unnest(enum_range(NULL::billing.nte_status)) EXCEPT SELECT 'nte ' || nte_status FROM billing.actual)
    UNION ALL (SELECT 'milestone ' || unnest(enum_range(NULL::billing.milestone_status)) EXCEPT SELECT 'milestone ' || milestone_status FROM billing.milestone_split)
    UNION ALL (SELECT 'product ' || unnest(enum_range(NULL::billing.product_status)) EXCEPT SELECT 'product ' || product_status FROM billing.contract_line)
    UNION ALL (SELECT 'entry ' || unnest(enum_range(NULL::billing.entry_status)) EXCEPT SELECT 'entry ' || entry_status FROM billing.entry)
    UNION ALL (SELECT 'invoice ' || unnest(enum_range(NULL::billing.project_invoice_status)) EXCEPT SELECT 'invoice ' || project_invoice_status FROM billing.invoice)
    UNION ALL (SELECT 'adjustment ' || unnest(enum_range(NULL::billing.adjustment_status)) EXCEPT SELECT 'adjustment ' || adjustment_status FROM billing.actual)
) m (status) WHERE status NOT IN ('entry recall_requested', 'invoice posted', 'adjustment in_process')
SQL
}

# Definitions of columns, indexes, constraints, triggers, policies, comments, sequences. The text of a view may change in a
# restore; fingerprint() looks at what it shows.
sub objects {
    my ($database) = @_;
    return $node->safe_psql($database, <<'SQL');
SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull || coalesce(col_description(attrelid, attnum), '') AS o
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attnum > 0 AND relnamespace::regnamespace::text IN ('billing', 'app') AND relkind <> 'S'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname IN ('billing', 'app')
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace::regnamespace::text IN ('billing', 'app')
UNION ALL SELECT 'trigger ' || tgenabled::text || ' ' || pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT tgisinternal
UNION ALL SELECT 'policy ' || tablename || policyname || qual FROM pg_policies
UNION ALL SELECT 'sequence ' || sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'billing'
UNION ALL SELECT 'options ' || oid::regclass || reloptions::text || relrowsecurity FROM pg_class WHERE reloptions IS NOT NULL AND relnamespace::regnamespace::text = 'billing'
ORDER BY 1
SQL
}

# Lines of one text that the other one does not have, both ways.
sub difference {
    my ($found, $expected) = @_;
    my %is_found = map { $_ => 1 } split /\n/, $found;
    my %is_expected = map { $_ => 1 } split /\n/, $expected;
    return join "\n", (map { "too much: $_" } sort grep { !$is_expected{$_} } keys %is_found),
        (map { "missing: $_" } sort grep { !$is_found{$_} } keys %is_expected);
}

# Runs a program of PostgreSQL; it must succeed and say nothing.
sub quietly {
    my ($name, @command) = @_;
    my ($out, $err) = ('', '');
    my $ok = IPC::Run::run([ $node->installed_command($command[0]), @command[1 .. $#command] ], '>', \$out, '2>', \$err);
    ok($ok, "$name: $command[0] succeeds");
    is($err, '', "$name: ... and says nothing");
    return;
}

sub connection { return ('--host', $node->host, '--port', $node->port, @_) }

# Same contents, same objects, nothing to find.
sub check_contents {
    my ($name, $database) = @_;
    is(fingerprint($node, $database), $original, "$name: the same rows");
    is(difference(objects($database), $original_objects), '', "$name: the same objects");
    is(problems($node, $database), '', "$name: verify() finds nothing");
    return;
}

sub check_guards {
    my ($name, $database) = @_;
    is(sqlstate($node, $database, "UPDATE billing.actual SET billing_status = 'canceled'"), 'ZB001', "$name: a status cannot be written");
    is(sqlstate($node, $database, 'DELETE FROM billing.actual'), 'ZB001', "$name: an actual cannot be deleted");
    is(sqlstate($node, $database, 'UPDATE billing.invoice SET total_amount = 0, detail_amount = 0, total_tax = 0'), 'ZB001', "$name: a total cannot be written");
    is(sqlstate($node, $database, 'UPDATE billing.invoice_series SET issued = 0'), 'ZB001', "$name: the counter cannot be written");
    is(sqlstate($node, $database, "TRUNCATE billing.$_ CASCADE"), 'ZB001', "$name: $_ cannot be truncated") for @tables;
    return;
}

# A round from new work to a confirmed invoice, whose number is the next one.
sub check_work_goes_on {
    my ($name, $database, $role) = @_;
    my $as = $role ? "SET ROLE $role;" : '';
    my $before = $node->safe_psql($database, "SELECT start_after + issued FROM billing.invoice_series WHERE company_id = 1 AND series = 'INV'");
    my $number = $node->safe_psql($database, <<"SQL");
$as
WITH new AS (INSERT INTO billing.entry (project_id, entry_date, quantity, sales_price) VALUES (1, '2024-01-20', 1, 10) RETURNING entry_id)
SELECT entry_id AS entry FROM new
\\gset
SELECT count(*) AS submitted FROM billing.submit(ARRAY[:entry]) WHERE outcome = 'changed'
\\gset
SELECT array_agg(actual_id) AS actuals FROM billing.approve(ARRAY[:entry]) WHERE transaction_type = 'unbilled_sales'
\\gset
SELECT count(*) AS ready FROM billing.mark_ready_to_invoice(actuals => :'actuals')
\\gset
SELECT array_agg(invoice_id) AS invoices FROM billing.create_invoices(actuals => :'actuals', invoice_date => '2024-01-31')
\\gset
SELECT min(split_part(invoice_number, '-', 2)::int) FROM billing.confirm_invoices(:'invoices');
SQL
    is($number, $before + 1, "$name: legal numbers continue");
    is($node->safe_psql($database, "SELECT count(*) > 0 FROM app.heard h JOIN billing.actual USING (actual_id) WHERE entry_id = (SELECT max(entry_id) FROM billing.entry)"),
        't', "$name: the customer's trigger goes on");
    is(problems($node, $database), '', "$name: verify() finds nothing afterwards");
    return;
}

sub check_all {
    my ($name, $database, $role) = @_;
    subtest $name => sub {
        check_contents($name, $database);
        check_guards($name, $database);
        check_work_goes_on($name, $database, $role);
    };
    return;
}

# --- plain, custom, directory, INSERTs: as superuser

quietly('plain', 'pg_dump', connection('--file', "$dumps/plain.sql", 'app'));
$node->safe_psql('postgres', 'CREATE DATABASE plain');
quietly('plain', 'psql', connection('-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', 'plain', '-f', "$dumps/plain.sql"));
check_all('plain', 'plain');

quietly('inserts', 'pg_dump', connection('--rows-per-insert=7', '--file', "$dumps/inserts.sql", 'app'));
$node->safe_psql('postgres', 'CREATE DATABASE inserts');
quietly('inserts', 'psql', connection('-X', '-q', '-o', '/dev/null', '-1', '-v', 'ON_ERROR_STOP=1', '-d', 'inserts', '-f', "$dumps/inserts.sql"));
check_all('inserts, one transaction', 'inserts');

quietly('custom', 'pg_dump', connection('--format=custom', '--file', "$dumps/custom", 'app'));
$node->safe_psql('postgres', 'CREATE DATABASE custom');
quietly('custom', 'pg_restore', connection('--exit-on-error', '--dbname', 'custom', "$dumps/custom"));
check_all('custom', 'custom');

quietly('directory', 'pg_dump', connection('--format=directory', '--jobs=2', '--file', "$dumps/directory", 'app'));
$node->safe_psql('postgres', 'CREATE DATABASE directory');
quietly('directory', 'pg_restore', connection('--jobs=2', '--dbname', 'directory', "$dumps/directory"));
check_all('directory, parallel', 'directory');

# --- replacing what is there: --clean drops our guards, extension and tables in an order that works

quietly('clean', 'pg_restore', connection('--clean', '--if-exists', '--exit-on-error', '--dbname', 'custom', "$dumps/custom"));
check_contents('clean', 'custom');

# --- sections, restored one after the other

$node->safe_psql('postgres', 'CREATE DATABASE sections');
quietly('sections', 'pg_restore', connection('--section', $_, '--exit-on-error', '--dbname', 'sections', "$dumps/custom"))
    for qw(pre-data data post-data);
check_all('sections', 'sections');

# --- into the hands of a role that is no superuser

subtest 'another owner' => sub {
    $node->safe_psql('postgres', "CREATE ROLE keeper LOGIN; CREATE DATABASE kept OWNER keeper");
    # Only a superuser can create the extension; the rest is the keeper's.
    $node->safe_psql('kept', <<'SQL');
CREATE SCHEMA billing AUTHORIZATION keeper;
CREATE EXTENSION billing;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA billing TO keeper;
SQL
    my $list = $node->installed_command('pg_restore');
    my $contents = `$list --list $dumps/custom`;
    append_to_file("$dumps/list", join "\n", grep { !/ SCHEMA - billing | EXTENSION - billing | COMMENT - EXTENSION billing /} split /\n/, $contents);
    quietly('another owner', 'pg_restore', connection('--username', 'keeper', '--no-owner', '--exit-on-error', '--use-list', "$dumps/list", '--dbname', 'kept', "$dumps/custom"));
    is($node->safe_psql('kept', "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace::regnamespace::text IN ('billing', 'app') AND relkind IN ('r', 'v', 'S')"),
        'keeper', 'everything is theirs');
    check_contents('another owner', 'kept');
    check_guards('another owner', 'kept');
    check_work_goes_on('another owner', 'kept', 'keeper');
};

# --- structure without data, and data alone

subtest 'schema only' => sub {
    quietly('schema only', 'pg_dump', connection('--schema-only', '--format=custom', '--file', "$dumps/schema", 'app'));
    $node->safe_psql('postgres', 'CREATE DATABASE structure');
    quietly('schema only', 'pg_restore', connection('--exit-on-error', '--dbname', 'structure', "$dumps/schema"));
    is(difference(objects('structure'), $original_objects =~ s/^(sequence \S+) \d+$/$1 0/mgr), '', 'the same objects');
    is(problems($node, 'structure'), '', 'verify() finds nothing');
    is(sqlstate($node, 'structure', 'DELETE FROM billing.actual'), 'ZB001', 'the guards are there');
};

# The guards are there before the data then, and refuse it. A superuser can switch triggers off for the load; pg_restore
# switches them on as ordinary ones, which verify() finds and install() puts right.
subtest 'data only' => sub {
    quietly('data only', 'pg_restore', connection('--data-only', '--file', "$dumps/data.sql", "$dumps/custom"));
    is(sqlstate($node, 'structure', "BEGIN;\n" . slurp_file("$dumps/data.sql"), on_error_stop => 1), 'ZB001', 'data alone is refused by the guards');
    is($node->safe_psql('structure', 'SELECT count(*) FROM billing.actual'), 0, '... and nothing of it stays');
    quietly('triggers off', 'pg_restore', connection('--data-only', '--disable-triggers', '--exit-on-error', '--dbname', 'structure', "$dumps/custom"));
    like(problems($node, 'structure'), qr/^guard in place\|\|billing\.actual\|trigger billing_guard_update is not ENABLE ALWAYS$/m, 'verify() finds guards that are only ordinary triggers');
    is(sqlstate($node, 'structure', "UPDATE billing.actual SET billing_status = 'canceled'"), 'ZB001', 'they guard already');
    $node->safe_psql('structure', 'SELECT count(*) FROM billing.install(); REFRESH MATERIALIZED VIEW app.backlog');
    check_all('data only', 'structure');
};

# --- pg_upgrade copies the files as they are

subtest 'pg_upgrade' => sub {
    my $new = billing_cluster('new', start => 0);
    $node->stop;
    command_ok([ 'pg_upgrade', '--no-sync', '--old-datadir', $node->data_dir, '--new-datadir', $new->data_dir,
            '--old-bindir', $node->config_data('--bindir'), '--new-bindir', $new->config_data('--bindir'),
            '--socketdir', $new->host, '--old-port', $node->port, '--new-port', $new->port ], 'pg_upgrade succeeds');
    $new->start;
    $node = $new;
    check_all('pg_upgrade', 'app');
};

done_testing();
