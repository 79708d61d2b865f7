# Many sessions call verbs at random, on contracts, entries and invoices in random order, while others set up contracts:
# no deadlock, no internal error, legal numbers without gaps, and nothing for verify() to find.
use strict;
use warnings;
use BillingCluster;
use BillingWorld;
use Test::More;

my $sessions = 6;
my $seconds = $ENV{BILLING_SOAK_SECONDS} // 12;
my $node = billing_cluster('main', conf => "deadlock_timeout = '200ms'\n");
billing_install($node, 'soak');

$node->safe_psql('soak', <<'SQL');
INSERT INTO billing.company (name, currency) VALUES ('Company', 'NOK');
INSERT INTO billing.customer (name) VALUES ('First'), ('Second');
INSERT INTO billing.project (company_id, name) SELECT 1, 'Project ' || i FROM generate_series(1, 14) AS i;
INSERT INTO billing.contract (contract_id, company_id, customer_id, name, currency, nte_limit, invoice_series)
SELECT 10 + i, 1, 1, 'Contract ' || i, 'NOK', CASE WHEN i % 2 = 0 THEN 3000 END, CASE WHEN i % 3 = 0 THEN 'EXP' END FROM generate_series(1, 6) AS i;
UPDATE billing.contract_customer SET billing_split_percent = 60;
INSERT INTO billing.contract_customer (contract_id, customer_id, billing_split_percent) SELECT 10 + i, 2, 40 FROM generate_series(1, 6) AS i;
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT 10 + i, 'Hours', 'time_and_material', i FROM generate_series(1, 6) AS i;
INSERT INTO billing.contract_line (contract_id, name, billing_method, project_id)
SELECT 10 + i, 'House', 'fixed_price', 6 + i FROM generate_series(1, 6) AS i;

CREATE SCHEMA soak;
CREATE TABLE soak.outcome (session int, action text, state text, message text);
-- Some ids of a table in random order, that is what a user has on the screen: it may be out of date already.
CREATE FUNCTION soak.some(what text, wanted int) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(id) FROM (SELECT id FROM (%s) AS s (id) ORDER BY random() LIMIT %s) x', what, wanted) INTO ids;
    RETURN coalesce(ids, '{}');
END $$;
CREATE PROCEDURE soak.act(action text) LANGUAGE plpgsql AS $$
DECLARE
    contracts bigint[] := soak.some('SELECT contract_id FROM billing.contract WHERE kind = ''customer''', 1 + (random() * 4)::int);
    drafts text := 'SELECT invoice_id FROM billing.invoice WHERE project_invoice_status IN (''draft'', ''in_review'')';
    sales text := 'SELECT actual_id FROM billing.actual WHERE is_open AND billing_status = ';
    new bigint[];
BEGIN
    CASE action
    WHEN 'work' THEN
        WITH inserted AS (INSERT INTO billing.entry (project_id, entry_date, quantity, cost_price, sales_price)
            SELECT 1 + (random() * 6)::int, '2024-01-15', 1 + (random() * 5)::int, 50, 100 FROM generate_series(1, 20) RETURNING entry_id)
        SELECT array_agg(entry_id ORDER BY random()) INTO new FROM inserted;
        PERFORM billing.submit(new);
    WHEN 'approve' THEN PERFORM billing.approve(soak.some('SELECT entry_id FROM billing.entry WHERE entry_status = ''submitted''', 15));
    WHEN 'reject' THEN PERFORM billing.reject(soak.some('SELECT entry_id FROM billing.entry WHERE entry_status = ''submitted''', 3));
    WHEN 'resubmit' THEN PERFORM billing.submit(soak.some('SELECT entry_id FROM billing.entry WHERE entry_status = ''returned''', 5));
    WHEN 'ready' THEN PERFORM billing.mark_ready_to_invoice(contracts => contracts);
    WHEN 'ready items' THEN PERFORM billing.mark_ready_to_invoice(actuals => soak.some(sales || quote_literal('not_ready_to_invoice'), 10));
    WHEN 'not ready' THEN PERFORM billing.mark_not_ready_to_invoice(actuals => soak.some(sales || quote_literal('ready_to_invoice'), 5));
    WHEN 'create' THEN PERFORM billing.create_invoices(contracts => contracts, invoice_date => '2024-01-31');
    WHEN 'create items' THEN PERFORM billing.create_invoices(actuals => soak.some(sales || quote_literal('ready_to_invoice'), 10), invoice_date => '2024-01-31');
    WHEN 'create once' THEN PERFORM billing.create_invoices(contracts => ARRAY[11, 12, 13], invoice_date => '2024-01-31', run_key => 'run ' || (random() * 20)::int);
    WHEN 'add' THEN PERFORM billing.add_to_invoice(actuals => soak.some(sales || quote_literal('ready_to_invoice'), 10), invoice_date => '2024-01-31');
    WHEN 'refresh' THEN PERFORM billing.refresh_invoices(soak.some(drafts, 4));
    WHEN 'edit' THEN PERFORM billing.edit_invoice_details(actuals => soak.some(sales || quote_literal('customer_invoice_created'), 3), price => 1 + (random() * 100)::int);
    WHEN 'remove' THEN PERFORM billing.remove_invoice_details(actuals => soak.some(sales || quote_literal('customer_invoice_created'), 2));
    WHEN 'manual' THEN PERFORM billing.add_invoice_detail(l.invoice_id, l.contract_line_id, 'time', 1, 10) FROM billing.invoice_line l
        JOIN billing.invoice v USING (invoice_id) JOIN billing.contract_line c USING (contract_line_id)
       WHERE v.project_invoice_status = 'draft' AND c.billing_method = 'time_and_material' ORDER BY random() LIMIT 1;
    WHEN 'review' THEN PERFORM billing.review_invoices(soak.some(drafts, 2));
    WHEN 'delete' THEN PERFORM billing.delete_invoices(soak.some(drafts, 1));
    WHEN 'confirm' THEN PERFORM billing.confirm_invoices(soak.some(drafts, 3));
    WHEN 'limits' THEN PERFORM billing.reevaluate_nte(soak.some('SELECT actual_id FROM billing.actual WHERE is_open AND nte_status <> ''not_applicable''', 10));
    WHEN 'reset' THEN PERFORM billing.reset_nte(soak.some('SELECT actual_id FROM billing.actual WHERE is_open AND nte_status = ''committed''', 3));
    WHEN 'milestone' THEN INSERT INTO billing.milestone (contract_id, contract_line_id, name, milestone_date, amount)
        SELECT contract_id, contract_line_id, 'Part', '2024-01-20', 10 + (random() * 100)::int FROM billing.contract_line WHERE billing_method = 'fixed_price' ORDER BY random() LIMIT 2;
    WHEN 'change milestone' THEN UPDATE billing.milestone SET amount = amount + 1 WHERE milestone_id IN (SELECT milestone_id FROM billing.milestone_split
        GROUP BY 1 HAVING bool_and(milestone_status = 'not_ready_to_invoice') ORDER BY random() LIMIT 1);
    WHEN 'product' THEN INSERT INTO billing.contract_line (contract_id, name, billing_method, quantity, unit_price) VALUES (contracts[1], 'Licence', 'product', 1, 50);
    WHEN 'change product' THEN UPDATE billing.contract_line SET quantity = quantity + 1 WHERE contract_line_id =
        (SELECT contract_line_id FROM billing.contract_line WHERE product_status IN ('not_ready_to_invoice', 'ready_to_invoice') ORDER BY random() LIMIT 1);
    WHEN 'customers' THEN UPDATE billing.contract_line SET name = 'Hours ' || clock_timestamp() WHERE contract_id = contracts[1] AND name LIKE 'Hours%';
    WHEN 'limit' THEN UPDATE billing.contract SET nte_limit = nte_limit + 500 WHERE contract_id = contracts[1];
    END CASE;
END $$;
CREATE PROCEDURE soak.run(session int, until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    actions text[] := '{work,work,approve,approve,approve,reject,resubmit,ready,ready items,not ready,create,create items,create once,add,refresh,edit,edit,
        remove,manual,review,delete,confirm,confirm,limits,reset,milestone,change milestone,product,change product,customers,limit}';
    action text;
BEGIN
    PERFORM setseed(session / 100.0);
    WHILE clock_timestamp() < until LOOP
        action := trim(actions[1 + (random() * (cardinality(actions) - 1))::int], E' \n');
        BEGIN
            CALL soak.act(action);
            INSERT INTO soak.outcome VALUES (session, action, '', '');
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO soak.outcome VALUES (session, action, SQLSTATE, SQLERRM);
        END;
        COMMIT;
    END LOOP;
END $$;
SQL

my @psql = ($node->installed_command('psql'), '-X', '-q', '--dbname', $node->connstr('soak'));
my @runs = map { my $err = ''; [ IPC::Run::start([ @psql, '-c', "CALL soak.run($_, now() + '$seconds s')" ], '2>', \$err), \$err ] } 1 .. $sessions;
for my $run (@runs) {
    $run->[0]->finish;
    is(${ $run->[1] }, '', 'a session came to its end');
}

my $total = $node->safe_psql('soak', 'SELECT count(*) FROM soak.outcome');
cmp_ok($total, '>', 20 * $seconds, "$total calls");
is($node->safe_psql('soak', "SELECT string_agg(DISTINCT action, ', ') FROM soak.outcome GROUP BY action HAVING count(*) FILTER (WHERE state = '') = 0"), '', 'every kind of call succeeded');
# What is on the screen may be gone or final by now: the caller is told so.
is($node->safe_psql('soak', "SELECT state, action, min(message), count(*) FROM soak.outcome WHERE state NOT IN ('', 'ZB020', 'ZB022') GROUP BY 1, 2 ORDER BY 1, 2"), '', 'no deadlock, no internal error');
diag($node->safe_psql('soak', "SELECT state, count(*), min(message) FROM soak.outcome GROUP BY 1 ORDER BY 1")) if $ENV{BILLING_SOAK_SECONDS};
is(problems($node, 'soak'), '', 'verify() finds nothing');
is($node->safe_psql('soak', "SELECT count(*) FROM (SELECT c.contract_id FROM billing.contract c JOIN billing.contract_line_customer l USING (contract_id) GROUP BY 1, c.nte_limit HAVING sum(l.committed_amount) > c.nte_limit) x"), 0, 'no limit is exceeded');
cmp_ok($node->safe_psql('soak', 'SELECT sum(issued) FROM billing.invoice_series'), '>', 5, 'invoices were confirmed');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/deadlock detected|terminated by signal|PANIC/, 'nor does the log know of any');
done_testing();
