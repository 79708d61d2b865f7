# From version 1.0 to this one: the same objects as a new installation, and every row kept.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use Test::More;

# Everything that makes an object what it is, as text; what differs between the databases by nature is left out.
my $objects = <<'SQL';
SET search_path = pg_catalog;
SELECT concat_ws(' | ', 'function', p.oid::regprocedure, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), p.proacl)
  FROM pg_proc p WHERE p.pronamespace = 'billing'::regnamespace AND p.prokind <> 'a'
UNION ALL
SELECT concat_ws(' | ', 'type', t.typname, t.typtype, obj_description(t.oid, 'pg_type'),
                 (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
  FROM pg_type t WHERE t.typnamespace = 'billing'::regnamespace AND t.typtype IN ('e', 'd')
UNION ALL
SELECT concat_ws(' | ', 'member', pg_describe_object(d.classid, d.objid, d.objsubid))
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'billing' AND d.deptype = 'e'
UNION ALL
SELECT concat_ws(' | ', 'relation', c.oid::regclass, c.relkind, c.reloptions, obj_description(c.oid, 'pg_class'), c.relacl,
                 CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) WHEN 'i' THEN pg_get_indexdef(c.oid) END)
  FROM pg_class c WHERE c.relnamespace = 'billing'::regnamespace
UNION ALL
SELECT concat_ws(' | ', 'column', c.oid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                 a.attidentity, a.attgenerated, a.attstorage, pg_get_expr(f.adbin, f.adrelid), col_description(c.oid, a.attnum))
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
 WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind IN ('r', 'v')
UNION ALL
SELECT concat_ws(' | ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'billing'::regnamespace
UNION ALL
SELECT concat_ws(' | ', 'trigger', tgenabled, pg_get_triggerdef(oid))
  FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'billing'::regnamespace) AND NOT tgisinternal
 ORDER BY 1
SQL

my $node = billing_cluster('main');
billing_install($node, 'new');
my $newest = $node->safe_psql('new', "SELECT extversion FROM pg_extension WHERE extname = 'billing'");
isnt($newest, '1.0', "the newest version is $newest");
$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', "CREATE EXTENSION billing VERSION '1.0'; SELECT * FROM billing.install();");
# Set-up as far as the new library can do it on old tables; nothing that verbs write.
my ($setup) = BillingWorld::SETUP() =~ /^(.*)INSERT INTO billing\.milestone /s;
$node->safe_psql('old', $setup);
for my $call ('billing.submit(ARRAY[1])', 'billing.create_invoices()', 'billing.verify()') {
    is(sqlstate($node, 'old', "SELECT * FROM $call"), 'ZB004', "$call on old tables says what to do");
}
$node->safe_psql('old', <<'SQL');
INSERT INTO billing.entry (project_id, resource_id, entry_date, quantity, cost_price, sales_price, tax)
SELECT 1, 1, date '2024-01-01' + i, 1 + i, 50, 100.01, i FROM generate_series(1, 20) AS i;
SQL
my $rows = 'SELECT (SELECT count(*) FROM billing.entry), (SELECT count(*) FROM billing.contract_line),'
    . ' (SELECT sum(billing_split_percent) FROM billing.contract_line_customer), (SELECT sum(quantity * sales_price) FROM billing.entry),'
    . ' (SELECT count(*) FROM billing.contract_line_scope)';
my $before = $node->safe_psql('old', $rows);

is(sqlstate($node, 'old', 'ALTER EXTENSION billing UPDATE'), '', 'the extension is updated');
is($node->safe_psql('old', "SELECT extversion FROM pg_extension WHERE extname = 'billing'"), $newest, "... to $newest");
is(sqlstate($node, 'old', 'SELECT * FROM billing.install()'), '', 'install() brings the tables up to date');
is($node->safe_psql('old', "SELECT count(*) FROM billing.install() WHERE state <> 'present'"), 0, '... and again finds everything');
is(problems($node, 'old'), '', 'verify() finds nothing');

my $upgraded = $node->safe_psql('old', $objects);
my $fresh = $node->safe_psql('new', $objects);
is($upgraded, $fresh, 'every object is as in a new installation');
cmp_ok(scalar(split /\n/, $fresh), '>', 500, '... and they are many');

is($node->safe_psql('old', $rows), $before, 'every row is kept');
like($before, qr/^20\|/, '... and there were some');
$node->safe_psql('old', <<'SQL');
SELECT count(*) FROM billing.submit(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.approve(ARRAY(SELECT entry_id FROM billing.entry));
SELECT count(*) FROM billing.mark_ready_to_invoice(contracts => ARRAY(SELECT contract_id FROM billing.contract WHERE kind = 'customer'));
SELECT count(*) FROM billing.create_invoices(invoice_date => '2024-02-01');
SELECT count(*) FROM billing.confirm_invoices(ARRAY(SELECT invoice_id FROM billing.invoice));
SQL
is($node->safe_psql('old', "SELECT sum(detail_amount) FROM billing.invoice WHERE project_invoice_status = 'confirmed'") > 0, 1,
    'work entered under 1.0 is approved and billed');
is(problems($node, 'old'), '', 'verify() finds nothing');

done_testing();
