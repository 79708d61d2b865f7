# The extension as an object among others: updates, drops, several databases, an owner who is no superuser.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use Test::More;

my $node = billing_cluster('main');
billing_install($node, 'app');
small_world($node, 'app');

subtest 'update' => sub {
    my $before = fingerprint($node, 'app');
    my ($status, $out, $err) = $node->psql('app', 'ALTER EXTENSION billing UPDATE');
    is($status, 0, 'ALTER EXTENSION UPDATE succeeds');
    like($err, qr/^\S*\s*NOTICE:  version "[\d.]+" of extension "billing" is already installed$/, '... and has nothing to do');
    $node->safe_psql('app', 'SELECT count(*) FROM billing.install()');
    is($node->safe_psql('app', "SELECT count(*) FROM billing.install() WHERE state <> 'present'"), 0, 'install() again finds everything');
    is(fingerprint($node, 'app'), $before, 'no row has changed');
    is(problems($node, 'app'), '', 'verify() finds nothing');
};

subtest 'drop' => sub {
    my $before = fingerprint($node, 'app');
    is(sqlstate($node, 'app', 'DROP EXTENSION billing'), '2BP01', 'refused while guards exist');
    is(sqlstate($node, 'app', 'DROP FUNCTION billing.guard_row() CASCADE'), '2BP01', 'so is its trigger function');
    is(sqlstate($node, 'app', 'DROP TYPE billing.billing_status CASCADE'), '2BP01', '... and its types');
    is(sqlstate($node, 'app', 'ALTER EXTENSION billing SET SCHEMA public'), '0A000', 'it stays in its schema');
    is(fingerprint($node, 'app'), $before, 'nothing has changed');
};

subtest 'several databases' => sub {
    $node->safe_psql('postgres', 'CREATE DATABASE second');
    is(sqlstate($node, 'second', 'CREATE EXTENSION billing'), '', 'created in another database');
    is(sqlstate($node, 'second', 'SELECT * FROM billing.verify()'), 'ZB004', 'before install() a call says so');
    is(sqlstate($node, 'second', 'SELECT * FROM billing.create_invoices()'), 'ZB004', '... each of them');
    is(sqlstate($node, 'second', 'DROP EXTENSION billing'), '', 'without guards it can be dropped');
    is(sqlstate($node, 'second', 'CREATE EXTENSION billing; SELECT * FROM billing.install(); SELECT * FROM billing.verify()'), '', 'and created again');
    is(problems($node, 'second'), '', 'verify() finds nothing');
    is($node->safe_psql('second', 'SELECT count(*) FROM billing.actual'), 0, 'its tables are its own');
    is(sqlstate($node, 'postgres', 'CREATE EXTENSION billing SCHEMA public'), '0A000', 'the schema is fixed');
    is(sqlstate($node, 'postgres', 'CREATE DATABASE third TEMPLATE app'), '', 'a database is copied whole');
    is(fingerprint($node, 'third'), fingerprint($node, 'app'), '... with its rows');
    is(problems($node, 'third'), '', '... and sound');
};

# One session that uses several installations of the tables: plans and caches must follow.
subtest 'dropped and made again within one session' => sub {
    $node->safe_psql('second', <<'SQL');
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
SELECT count(*) FROM billing.create_invoices();
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind = 'r' LOOP
        EXECUTE 'DROP TABLE IF EXISTS ' || name || ' CASCADE';
    END LOOP;
END $$;
SELECT count(*) FROM billing.install();
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
SELECT count(*) FROM billing.create_invoices();
DROP EXTENSION billing CASCADE;
DROP SCHEMA billing CASCADE;
CREATE EXTENSION billing;
SELECT count(*) FROM billing.install();
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
SELECT count(*) FROM billing.create_invoices();
SQL
    is(problems($node, 'second'), '', 'verify() finds nothing');
};

# A superuser creates the extension; tables, verbs and data belong to a plain role, and others work for it.
subtest 'owner without superuser rights' => sub {
    $node->safe_psql('postgres', <<'SQL');
CREATE ROLE owner LOGIN;
CREATE ROLE clerk LOGIN;
CREATE ROLE reader LOGIN;
CREATE DATABASE owned OWNER owner;
SQL
    is(sqlstate($node, 'owned', 'SET ROLE owner; CREATE EXTENSION billing'), '42501', 'the owner cannot create the extension');
    $node->safe_psql('owned', 'CREATE EXTENSION billing');
    is(sqlstate($node, 'owned', 'SET ROLE owner; SELECT * FROM billing.install()'), '42501', 'nor install without leave');
    $node->safe_psql('owned', <<'SQL');
GRANT EXECUTE ON FUNCTION billing.install() TO owner;
GRANT CREATE, USAGE ON SCHEMA billing TO owner WITH GRANT OPTION;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA billing TO owner WITH GRANT OPTION;
SQL
    is(sqlstate($node, 'owned', 'SET ROLE owner; SELECT * FROM billing.install()'), '', 'install() with leave');
    is($node->safe_psql('owned', "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'billing'::regnamespace AND relkind IN ('r', 'v', 'S')"), 'owner', 'everything is the owner\'s');
    is($node->safe_psql('owned', "SELECT count(*) FROM billing.install() WHERE state <> 'present'", extra_params => [ '-U', 'owner' ]), 0, 'idempotent for the owner, too');
    small_world_as($node, 'owned', 'owner');
    is($node->safe_psql('owned', 'SELECT * FROM billing.verify()', extra_params => [ '-U', 'owner' ]), '', 'verify() finds nothing');
    is(sqlstate($node, 'owned', "UPDATE billing.actual SET billing_status = 'canceled'", extra_params => [ '-U', 'owner' ]), 'ZB001', 'the owner is guarded');
    is(sqlstate($node, 'owned', "UPDATE billing.actual SET billing_status = 'canceled'"), 'ZB001', 'and so is the superuser');

    $node->safe_psql('owned', <<'SQL', extra_params => [ '-U', 'owner' ]);
GRANT USAGE ON SCHEMA billing TO clerk, reader;
GRANT SELECT ON ALL TABLES IN SCHEMA billing TO reader;
GRANT EXECUTE ON FUNCTION billing.create_invoices, billing.confirm_invoices TO clerk;
SQL
    is(sqlstate($node, 'owned', 'SELECT * FROM billing.actual', extra_params => [ '-U', 'clerk' ]), '42501', 'a clerk cannot read tables');
    is(sqlstate($node, 'owned', 'SELECT * FROM billing.approve(ARRAY[18])', extra_params => [ '-U', 'clerk' ]), '42501', '... nor call what was not granted');
    is($node->safe_psql('owned', "SELECT count(*) > 0 FROM billing.create_invoices(invoice_date => '2024-06-30')", extra_params => [ '-U', 'clerk' ]), 't', '... but create invoices');
    is($node->safe_psql('owned', "SELECT role_name || ' ' || session_role FROM billing.operation ORDER BY operation_id DESC LIMIT 1"), 'clerk clerk', '... under the clerk\'s own name');
    is(sqlstate($node, 'owned', 'SELECT * FROM billing.time_and_material_backlog; SELECT * FROM billing.invoice_line_detail', extra_params => [ '-U', 'reader' ]), '', 'a reader reads');
    is(sqlstate($node, 'owned', 'SELECT * FROM billing.create_invoices()', extra_params => [ '-U', 'reader' ]), '42501', '... and no more');
    is(problems($node, 'owned'), '', 'verify() finds nothing for the superuser, too');
};

sub small_world_as {
    my ($owned, $database, $role) = @_;
    small_world($owned, $database, extra_params => [ '-U', $role ]);
    return;
}

done_testing();
