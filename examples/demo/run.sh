#!/usr/bin/env bash
# A guided tour: a consultancy bills a year of work. Everything runs on a private server below build/ and is gone
# afterwards; it ends with an error if anything is not as promised.
# Usage: examples/demo/run.sh   (or: make demo)
set -euo pipefail

# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/support/server.sh"

DEMO=$BILLING_ROOT/examples/demo
WIDTH=106 # of what the server says, indented by four
export BILLING_DURABLE=1 # times are those of a server that keeps its promises

# Output only matters when it fails.
quietly() { # COMMAND...
    local log=$BILLING_LOGS/demo.log
    mkdir -p "$BILLING_LOGS"
    "$@" >"$log" 2>&1 || { cat "$log" >&2 && return 1; }
}

heading() { # TEXT
    printf '%s\n%s\n' "$1" "$(printf '%*s' "${#1}" '' | tr ' ' '=')"
}

# psql ends a table with an empty line; several are too many.
run() { # FILE
    billing_psql --dbname=demo --file="$DEMO/style.sql" --file="$DEMO/$1" | cat -s
}

chapter() { # TITLE FILE
    heading "$1"
    run "$2"
}

# A statement that must fail with one of our own errors, shown with what the server says.
refused() { # SQL
    local message
    printf '%s\n' "$1" | fold -s -w "$WIDTH" | sed 's/^/    /'
    if message=$(billing_psql --dbname=demo --set=VERBOSITY=verbose --command="$1" 2>&1); then
        billing_fail "the demo expected this to be refused"
        return 1
    fi
    if ! grep -q '^ERROR:  ZB' <<<"$message"; then
        billing_fail "the demo expected an error of the extension, not: $message"
        return 1
    fi
    grep -E '^(ERROR|DETAIL|HINT):' <<<"$message" | sed -E 's/^(ERROR:  )ZB...: /\1/' | fold -s -w "$WIDTH" | sed 's/^/    /'
    echo
}

sql() {
    billing_psql --dbname=demo --no-align --tuples-only "$@"
}

break_the_rules() {
    local draft_actual left
    heading "6  Custom code tries to write a status"
    draft_actual=$(sql --command="SELECT min(actual_id) FROM billing.actual WHERE billing_status = 'customer_invoice_created'")
    echo "As superuser, straight into the tables:"
    refused "UPDATE billing.actual SET billing_status = 'customer_invoice_posted' WHERE actual_id = $draft_actual"
    refused "UPDATE billing.invoice SET project_invoice_status = 'confirmed', number = 1 WHERE invoice_id = 1"
    echo "A trigger of somebody's own that waits until the engine itself writes, and then writes along:"
    sql <<'SQL'
CREATE FUNCTION demo.sneak() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing.actual SET billing_status = 'customer_invoice_posted'
     WHERE actual_id = NEW.actual_id AND billing_status <> 'customer_invoice_posted';
    RETURN NULL;
END $$;
CREATE TRIGGER sneak AFTER UPDATE ON billing.actual FOR EACH ROW EXECUTE FUNCTION demo.sneak();
SQL
    refused "SELECT * FROM billing.remove_invoice_details(actuals => ARRAY[$draft_actual])"
    sql --command="DROP TRIGGER sneak ON billing.actual"
    left=$(sql --command="SELECT billing_status FROM billing.actual WHERE actual_id = $draft_actual")
    [ "$left" = customer_invoice_created ] || billing_fail "a refused write left its mark: $left"
    echo "The trigger is dropped; nothing was changed by any of this."
    echo
}

main() {
    local start tenths
    billing_packages build
    quietly billing_build
    billing_start_server
    billing_create_database demo
    quietly billing_psql --dbname=demo --command="CREATE EXTENSION billing" --command="SELECT * FROM billing.install()"
    quietly billing_psql --dbname=demo --file="$DEMO/data.sql"
    start=$(date +%s%N)

    chapter "1  Nordavind Consulting and its contracts" contracts.sql
    chapter "2  A year is approved" approve.sql
    chapter "3  Ready to invoice" mark.sql
    chapter "4  Preview and drafts as of 30 November" draft.sql
    chapter "5  One of the drafts" document.sql
    run edit.sql
    break_the_rules
    chapter "7  Confirmed invoices" confirm.sql
    chapter "8  Every cent explained" cent.sql
    chapter "9  På norsk" labels.sql
    chapter "10  Proof" verify.sql
    tenths=$((($(date +%s%N) - start) / 100000000))
    echo "The tour took $((tenths / 10)).$((tenths % 10)) s."
}

main
