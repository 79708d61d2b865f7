# session_replication_role does not open the guard; logical replication applies rows that were checked where they were
# written, and the subscriber refuses direct writes of its own.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use Test::More;

my $publisher = billing_cluster('publisher', allows_streaming => 'logical');
my $subscriber = billing_cluster('subscriber');
billing_install($publisher, 'app');
billing_install($subscriber, 'app');
small_world($publisher, 'app');

# What nobody but the engine does, whatever the session says it is.
my %forbidden = (
    'a status' => "UPDATE billing.actual SET billing_status = 'ready_to_invoice'",
    'an amount' => 'UPDATE billing.actual SET amount = amount + 1',
    'deleting actuals' => 'DELETE FROM billing.actual',
    'emptying actuals' => 'TRUNCATE billing.actual CASCADE',
    'inserting actuals' => "INSERT INTO billing.actual (contract_id, transaction_type, transaction_class, billing_type, transaction_date, quantity, price, amount) VALUES (1, 'cost', 'time', 'chargeable', '2024-01-01', 1, 1, 1)",
    'confirming by hand' => "UPDATE billing.invoice SET project_invoice_status = 'confirmed', series = 'INV', number = 99 WHERE project_invoice_status = 'draft'",
    'a milestone share' => "UPDATE billing.milestone_split SET milestone_status = 'ready_to_invoice'",
    'a running total' => 'UPDATE billing.contract_line_customer SET billed_amount = 0, committed_amount = 1',
    'the counter' => 'UPDATE billing.invoice_series SET issued = issued + 1',
    'the log' => 'DELETE FROM billing.operation_change',
    'an approved entry' => "UPDATE billing.entry SET quantity = 99 WHERE entry_status = 'approved'");

sub check_refused {
    my ($name, $node, $before) = @_;
    for my $what (sort keys %forbidden) {
        like(sqlstate($node, 'app', $before . $forbidden{$what}), qr/^ZB\d\d\d$/, "$name: $what is refused");
    }
    return;
}

subtest 'session_replication_role' => sub {
    my $original = fingerprint($publisher, 'app');
    check_refused('replica', $publisher, 'SET session_replication_role = replica; ');
    check_refused('local', $publisher, 'SET session_replication_role = local; ');
    is(fingerprint($publisher, 'app'), $original, 'nothing has changed');
    is(sqlstate($publisher, 'app', "SET session_replication_role = replica; SELECT billing.create_invoices(contracts => ARRAY(SELECT contract_id FROM billing.contract), invoice_date => '2024-01-01')"), '', 'verbs work all the same');
};

# Everything, first as a copy of what is there, then change by change.
subtest 'all tables' => sub {
    my $everything = $publisher->connstr . ' dbname=app';
    $publisher->safe_psql('app', 'CREATE PUBLICATION everything FOR TABLES IN SCHEMA billing');
    $subscriber->safe_psql('app', "CREATE SUBSCRIPTION everything CONNECTION '$everything' PUBLICATION everything");
    $subscriber->wait_for_subscription_sync($publisher, 'everything', 'app');
    is(fingerprint($subscriber, 'app'), fingerprint($publisher, 'app'), 'the copy has the same rows');
    is(problems($subscriber, 'app'), '', 'verify() finds nothing there');

    $publisher->safe_psql('app', <<'SQL');
INSERT INTO billing.contract (company_id, customer_id, name, currency) VALUES (1, 1, 'New', 'NOK');
INSERT INTO billing.project (company_id, name) VALUES (1, 'New');
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT max(contract_id), 'New', 'time_and_material', (SELECT max(project_id) FROM billing.project) FROM billing.contract;
UPDATE billing.contract_line SET include_fee = false WHERE name = 'New';
INSERT INTO billing.entry (project_id, entry_date, quantity, sales_price) SELECT max(project_id), '2024-01-01', 1, 100 FROM billing.project;
DO $$
DECLARE
    entry bigint := (SELECT max(entry_id) FROM billing.entry);
BEGIN
    PERFORM billing.submit(ARRAY[entry]);
    PERFORM billing.approve(ARRAY[entry]);
    PERFORM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract));
    PERFORM billing.create_invoices(contracts => ARRAY(SELECT contract_id FROM billing.contract), invoice_date => '2024-03-31');
    PERFORM billing.edit_invoice_details(actuals => ARRAY(SELECT actual_id FROM billing.actual WHERE entry_id = entry AND is_open), price => 50);
    PERFORM billing.delete_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE project_invoice_status = 'in_review'));
    PERFORM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice WHERE project_invoice_status = 'draft'));
END $$;
SQL
    $publisher->wait_for_catchup('everything');
    is(fingerprint($subscriber, 'app'), fingerprint($publisher, 'app'), 'every change arrives');
    is(problems($subscriber, 'app'), '', 'verify() finds nothing there');
    check_refused('subscriber', $subscriber, '');
    check_refused('subscriber as replica', $subscriber, 'SET session_replication_role = replica; ');
    $publisher->safe_psql('app', "UPDATE billing.actual SET description = 'Still here' WHERE actual_id = 1");
    $publisher->wait_for_catchup('everything');
    is($subscriber->safe_psql('app', 'SELECT description FROM billing.actual WHERE actual_id = 1'), 'Still here', 'replication goes on');
    $subscriber->safe_psql('app', 'DROP SUBSCRIPTION everything');
};

# Only the ledger, for reporting: its guards see the apply worker as well.
subtest 'the ledger alone' => sub {
    my $source = $publisher->connstr . ' dbname=app';
    billing_install($subscriber, 'ledger');
    $publisher->safe_psql('app', 'CREATE PUBLICATION ledger FOR TABLE billing.actual WITH (publish = \'insert, update\')');
    $subscriber->safe_psql('ledger', "CREATE SUBSCRIPTION ledger CONNECTION '$source' PUBLICATION ledger");
    $subscriber->wait_for_subscription_sync($publisher, 'ledger', 'ledger');
    $publisher->safe_psql('app', "UPDATE billing.actual SET description = 'Again' WHERE actual_id = 2");
    $publisher->wait_for_catchup('ledger');
    my $rows = 'SELECT count(*), md5(string_agg(a::text, E\'\n\' ORDER BY actual_id)) FROM billing.actual a';
    is($subscriber->safe_psql('ledger', $rows), $publisher->safe_psql('app', $rows), 'the same rows');
    is(sqlstate($subscriber, 'ledger', "UPDATE billing.actual SET billing_status = 'canceled'"), 'ZB001', 'and no others may write them');
    $subscriber->safe_psql('ledger', 'DROP SUBSCRIPTION ledger');
};

unlike(PostgreSQL::Test::Utils::slurp_file($subscriber->logfile), qr/logical replication apply worker.*ERROR|terminated by signal/, 'no worker failed');
done_testing();
