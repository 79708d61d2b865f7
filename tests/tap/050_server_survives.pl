# Whatever a caller passes in, the answer is an error with a proper SQLSTATE; the server never restarts.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = billing_cluster('main', conf => "restart_after_crash = on\n");
billing_install($node, 'app');
small_world($node, 'app');
my $started = started();
my $before = fingerprint($node, 'app');

sub started { return $node->safe_psql('app', 'SELECT pg_postmaster_start_time()') . ' ' . pids() }

# Background processes are replaced when the server restarts after a crash.
sub pids { return $node->safe_psql('app', "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE backend_type IN ('checkpointer', 'walwriter')") }

# One call after the other in one session each, with the SQLSTATEs it may end in; '' is success.
sub check_call {
    my ($call, @allowed) = @_;
    my $found = sqlstate($node, 'app', "BEGIN;\n$call;\nROLLBACK;");
    ok((grep { $found eq $_ } @allowed), "$call: " . join(' or ', map { $_ eq '' ? 'fine' : $_ } @allowed)) or diag "found $found";
    return;
}

my $draft = $node->safe_psql('app', "SELECT min(invoice_id) FROM billing.invoice WHERE project_invoice_status = 'draft' AND contract_id = (SELECT contract_id FROM billing.contract WHERE name = 'Shared work')");
my $line = $node->safe_psql('app', "SELECT contract_line_id FROM billing.contract_line WHERE name = 'Hours'");

subtest 'numbers that are none' => sub {
    for my $number ("'NaN'", "'Infinity'", "'-Infinity'") {
        check_call("SELECT billing.allocate($number, '{1,2}', 2)", '22003', '22P02', '22023');
        check_call("SELECT billing.allocate(100, ARRAY[1, $number]::numeric[], 2)", '22003', '22P02', '22023');
        check_call("SELECT billing.split_actual($line, $number, 1)", '22003', '22P02', '22023');
        check_call("SELECT billing.split_actual($line, 1, $number)", '22003', '22P02', '22023');
        check_call("SELECT billing.split_actual($line, 1, 1, $number)", '22003', '22P02', '22023');
        check_call("SELECT billing.approve('{18}', ARRAY[$number]::numeric[])", '22003', '22P02', '22023');
        check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', $number, 1)", '22003', '22P02', '22023');
        check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', 1, $number)", '22003', '22P02', '22023');
        check_call("SELECT billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE billing_status = 'customer_invoice_created'), $_ => $number)", '22003', '22P02', '22023')
            for qw(quantity price tax);
        check_call("SELECT billing.money($number, 'NOK')", '');
    }
};

subtest 'numbers out of range' => sub {
    for my $number ('1e38', '1e76', '1e300', '-1e300', '1e-300', '1e1000', ('9' x 200) . '.' . ('9' x 200)) {
        my @out_of_range = ('22003', '22023', '');
        check_call("SELECT billing.allocate($number, '{1,2,3}', 2)", @out_of_range);
        check_call("SELECT billing.allocate(100, ARRAY[$number, 1, 1], 2)", @out_of_range);
        check_call("SELECT billing.split_actual($line, $number, $number, $number)", @out_of_range);
        check_call("SELECT billing.approve('{18}', ARRAY[$number])", @out_of_range, 'ZB001');
        check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', $number, $number)", @out_of_range);
        check_call("SELECT billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE billing_status = 'customer_invoice_created'), quantity => $number, price => $number)", @out_of_range);
        check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', 1, $number); SELECT billing.confirm_invoices(ARRAY[$draft])", @out_of_range);
    }
    check_call("SELECT billing.allocate(1, '{1}', $_)", '22003', '22023', '') for -2147483648, -1, 0, 38, 1000, 2147483647;
    check_call("SELECT billing.allocate(1, '{1,2}', 2, $_)", '22023') for -2147483648, -1, 0, 3, 2147483647;
    # The largest values the columns take, approved and invoiced.
    check_call("INSERT INTO billing.entry (entry_id, project_id, entry_date, quantity, cost_price, sales_price, tax) VALUES (9999, 1, '2024-01-01', 9999999999999.99999, 9999999999999999.9999, 9999999999999999.9999, 9999999999999999.9999);
SELECT billing.submit('{9999}'); SELECT billing.approve('{9999}')", '', '22003');
};

subtest 'lists' => sub {
    for my $verb (qw(submit approve reject reset_nte reevaluate_nte refresh_invoices review_invoices return_to_draft delete_invoices confirm_invoices mark_paid)) {
        check_call("SELECT * FROM billing.$verb(NULL)", '22023', '22004');
        check_call("SELECT * FROM billing.$verb('{}')", '');
        check_call("SELECT * FROM billing.$verb('{NULL,1}')", '22023', '22004');
        check_call("SELECT * FROM billing.$verb('{{1,2},{3,4}}')", '', '22023', '2202E');
        check_call("SELECT * FROM billing.$verb('[5:6]={1,2}')", '');
        check_call("SELECT * FROM billing.$verb('{0,-1,9223372036854775807,-9223372036854775808}')", '');
        check_call("SELECT * FROM billing.$verb(array_fill(-1::bigint, ARRAY[100000]))", '');
    }
    for my $verb (qw(mark_ready_to_invoice mark_not_ready_to_invoice create_invoices preview_invoices add_to_invoice)) {
        for my $kind (qw(actuals milestones products)) {
            check_call("SELECT * FROM billing.$verb($kind => '{}')", '');
            check_call("SELECT * FROM billing.$verb($kind => '{NULL,1}')", '22023', '22004');
            check_call("SELECT * FROM billing.$verb($kind => '{0,-1,9223372036854775807,-9223372036854775808}')", '');
            check_call("SELECT * FROM billing.$verb($kind => array_fill(-1::bigint, ARRAY[100000]))", '');
        }
        check_call("SELECT * FROM billing.$verb()", '', '22023');
    }
    check_call("SELECT billing.approve('{18}', '{1,2}')", '22023');
    check_call("SELECT billing.approve('{18}', '{NULL}', '{NULL}')", '');
    check_call("SELECT billing.approve('{18}', NULL, '{not_available}')", '');
    check_call("SELECT billing.create_invoices('{1}', '{1}')", '22023');
};

subtest 'dates and texts' => sub {
    check_call("SELECT * FROM billing.create_invoices(invoice_date => '$_')", '', '22008', '22023') for 'infinity', '-infinity', '5874897-12-31', '4713-01-01 BC';
    check_call("SELECT * FROM billing.create_invoices(run_key => '')", '', '22023');
    check_call("SELECT * FROM billing.create_invoices(run_key => repeat('x', $_))", '', '54000', '22023') for 2000, 1_000_000, 100_000_000;
    check_call("SELECT * FROM billing.create_invoices(run_key => (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i))", '', '54000', '22023');
    check_call("SELECT billing.status_from_label(repeat('x', 1000000), 'billing.billing_status')", '22P02');
    check_call("SELECT billing.status_from_label('Ready', 0)", '22023', '42704', '22P02');
    check_call("SELECT billing.status_from_label('Ready', 'text')", '22023', '42804', '22P02');
    check_call("SELECT billing.status_label('draft'::billing.entry_status, repeat('n', 1000000))", '', '22023');
    check_call("SELECT billing.currency_scale(repeat('N', 1000000))", '');
    check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', 1, 1, description => repeat('x', 50000000))", '');
    check_call("SELECT billing.edit_invoice_details(actuals => '{1}', description => E'\\\\x')", 'ZB020', 'ZB021', 'ZB022', 'ZB023', '22023');
    check_call("SELECT billing.add_invoice_detail(NULL, NULL, NULL, NULL, NULL)", '22023');
    check_call("SELECT billing.add_invoice_detail($draft, $line, 'time', NULL, 1)", '22023');
    check_call("SELECT billing.distribute_evenly($_)", '22023', 'ZB020') for 'NULL', -1, 'NULL, NULL';
};

subtest 'functions called as what they are not' => sub {
    check_call("SELECT billing.$_()", '0A000', '39P01') for qw(guard_row guard_statement company_created contract_saved contract_line_saved milestone_saved milestone_removed contract_line_customer_added contract_line_defaults);
    check_call("SELECT billing.guard_wakes($_)", '', '22023', '22004')
        for '0, NULL::int', "NULL, 1, 2", "'billing.actual'::regclass, 'draft'::billing.entry_status", "'billing.actual'::regclass, 1, 2, 3", "1, VARIADIC ARRAY[1,2,3]";
    check_call("CREATE TABLE x (i int); CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION billing.$_(); INSERT INTO x VALUES (1)", 'ZB003', '39P01', '42P01', '42703', 'ZB010')
        for qw(guard_row guard_statement company_created contract_saved contract_line_saved milestone_saved milestone_removed contract_line_customer_added);
    check_call("CREATE TABLE x (i int); CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION billing.guard_row('$_'); INSERT INTO x VALUES (1)", 'ZB003', 'ZB001')
        for 'actual', 'contract', 'entry', '', 'no such table', 'x' x 1000;
};

subtest 'circumstances' => sub {
    check_call("SET TRANSACTION READ ONLY; SELECT * FROM billing.create_invoices()", '25006');
    check_call("SET TRANSACTION READ ONLY; SELECT * FROM billing.preview_invoices()", '');
    check_call("SET TRANSACTION READ ONLY; SELECT * FROM billing.verify()", '');
    check_call("SET search_path = nowhere; SELECT count(*) FROM billing.verify()", '');
    check_call("SET search_path = ''; SET default_transaction_isolation = serializable; SELECT * FROM billing.create_invoices()", '');
    check_call("DROP VIEW billing.draft_detail CASCADE; SELECT * FROM billing.verify()", '42P01', 'ZB004');
    check_call("DROP TABLE billing.actual CASCADE; SELECT * FROM billing.$_", '42P01', 'ZB004') for 'create_invoices()', "approve('{18}')", 'verify()';
    check_call("ALTER TABLE billing.actual RENAME TO other; SELECT * FROM billing.$_", '42P01', 'ZB004') for 'create_invoices()', "approve('{18}')", 'verify()';
    check_call("ALTER TABLE billing.actual RENAME amount TO other; SELECT * FROM billing.$_", '42703', 'ZB003') for 'create_invoices()', "approve('{18}')", 'verify()';
    check_call("ALTER TYPE billing.billing_status RENAME VALUE 'canceled' TO 'gone'; SELECT * FROM billing.$_", '', '22P02', 'XX000', 'ZB004', 'ZB003', 'ZB040') for 'create_invoices()', 'verify()';
    # A customer's trigger that calls the verb it was called from, until the stack is full.
    check_call("CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM billing.submit(ARRAY[20]); RETURN NULL; END';
CREATE TRIGGER again AFTER INSERT ON billing.operation FOR EACH ROW EXECUTE FUNCTION again(); SELECT billing.submit('{20}')", '54001');
    check_call("DO 'BEGIN FOR i IN 1..200 LOOP BEGIN PERFORM billing.add_invoice_detail($draft, $line, ''time'', ''NaN'', i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END'; SELECT * FROM billing.review_invoices(ARRAY[$draft])", '');
};

is(fingerprint($node, 'app'), $before, 'nothing has changed');
is(problems($node, 'app'), '', 'verify() finds nothing');
is(started(), $started, 'the server has not restarted');

# A session that may take only so much more memory: out of memory is an error like any other.
subtest 'out of memory' => sub {
    plan skip_all => 'needs prlimit' if system('prlimit --version >/dev/null 2>&1') != 0;
    billing_install($node, 'bulk');
    bulk_world($node, 'bulk', 40_000);
    my $bulk = fingerprint($node, 'bulk');
    my %seen;
    for my $megabytes (4, 8, 12, 16, 24, 32, 48, 64) {
        my $session = $node->background_psql('bulk', on_error_stop => 0);
        $session->query_safe('\set VERBOSITY sqlstate');
        $session->query_safe("SET work_mem = '64MB'; SELECT count(*) FROM billing.preview_invoices()");
        my $pid = $session->query_safe('SELECT pg_backend_pid()');
        my $now = slurp_file("/proc/$pid/status") =~ /VmSize:\s+(\d+)/ ? $1 : die;
        system('prlimit', "--pid=$pid", '--as=' . ($now + 1024 * $megabytes) * 1024) == 0 or die;
        $session->query('SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry))');
        my $state = $session->{stderr} =~ /ERROR:  (\w{5})/ ? $1 : $session->{stderr} =~ s/background_psql: QUERY_SEPARATOR \d+:?\s*//gr;
        $seen{$state}++;
        $session->{stderr} = '';
        is($session->query('SELECT 1'), '1', "$megabytes MB: the session goes on after '$state'");
        $session->quit;
        last if $state eq '';
        is(fingerprint($node, 'bulk'), $bulk, "$megabytes MB: nothing has changed");
    }
    is(join(' ', grep { $_ ne '' } sort keys %seen), '53200', 'out of memory, and nothing else');
};

is(started(), $started, 'the server has not restarted');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|terminate called|server process .* exited with/, 'no process died');
done_testing();
