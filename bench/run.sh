#!/usr/bin/env bash
# The benchmark. Builds, starts a private server, measures, prints the tables of build/bench.md, clears up.
# Usage: bench/run.sh            (README.md tells what is compared)
# Variables: SIZE, ROUNDS, BIG, DETAILS, MONTH, REVISED, RERATED, BACKLOG, BENCH_CONF='more settings',
# PARTS="verbs memory history invoice run revise rerate views"
set -euo pipefail

# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tests/support/server.sh"

BENCH=$BILLING_ROOT/bench
SIZE=${SIZE:-500000}         # unbilled sales actuals: two customers share each time entry
ROUNDS=${ROUNDS:-3}          # fresh databases per variant
BIG=${BIG:-$((SIZE * 10))}   # actuals of other contracts beside one contract's 500 items
DETAILS=${DETAILS:-$((SIZE / 5))} # details of the largest single invoice
MONTH=${MONTH:-$((SIZE / 5))}     # unbilled sales of the month that an automatic run bills, beside BIG others
REVISED=${REVISED:-$((SIZE / 50))} # details of the invoice that is revised
RERATED=${RERATED:-$((SIZE / 5))} # unbilled sales that are priced or judged anew
BACKLOG=${BACKLOG:-$((SIZE * 2 / 5))} # unbilled sales that hub and ageing look at, beside BIG others
PARTS=${PARTS:-verbs memory history invoice run revise rerate views}
CONTRACTS=1000
VERBS=(approve mark create confirm)
RESULTS=$BILLING_BUILD/bench.tsv # part, variant, verb, round, items, seconds, CPU seconds, WAL bytes, buffers, peak kB

BILLING_DURABLE=1
BILLING_SHARED_BUFFERS=2GB
BILLING_SERVER_CONF="
synchronous_commit = off
max_wal_size = 32GB
min_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off
jit = off
${BENCH_CONF:-}"

say() {
    printf '%s  %s\n' "$(date +%T)" "$*" >&2
}

sql() { # DATABASE ARGUMENT...
    billing_psql --dbname="$1" --no-align --tuples-only --field-separator=$'\t' "${@:2}"
}

# ------------------------------------------------------------------------------------------ databases

# Contracts and submitted entries.
load() { # DATABASE NAME CONTRACTS ENTRIES CUSTOMERS
    sql "$1" --set=name="$2" --set=contracts="$3" --set=entries="$4" --set=customers="$5" --file="$BENCH/load.sql"
}

new_database() { # DATABASE
    billing_create_database "$1"
    sql "$1" --output=/dev/null --command='SET client_min_messages = warning' \
        --command='CREATE EXTENSION billing' --command='CREATE EXTENSION pg_prewarm' \
        --command='SELECT * FROM billing.install()'
}

settle() { # DATABASE
    sql "$1" --command='VACUUM ANALYZE'
}

# Everything of a schema into shared buffers.
warm() { # DATABASE SCHEMA
    sql "$1" --output=/dev/null --command="
        SELECT sum(pg_prewarm(oid)) FROM pg_class
         WHERE relnamespace = '$2'::regnamespace AND relkind IN ('r', 'i')"
}

# A copy of a database. It is made by way of the WAL, so what follows needs no full-page images.
fresh_copy() { # NAME TEMPLATE SCHEMA
    billing_create_database "$1" "$2"
    warm "$1" "$3"
}

# ------------------------------------------------------------------------------------------ measuring

# Runs one script in a session of its own and notes the result. Scripts about one contract are run for a small one
# before.
measure() { # PART VARIANT VERB ROUND ITEMS DATABASE SCRIPT
    local numbers is_single=false
    [[ $1 != revise* ]] || is_single=true
    numbers=$(perl "$BENCH/with_peak.pl" psql --no-psqlrc --dbname="$6" --set=verb="$7" --set=single=$is_single \
        --file="$BENCH/measure.sql" |
        paste -s)
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$numbers" >>"$RESULTS"
    say "$1, $2, $3, round $4: $(cut -f1 <<<"$numbers") s"
}

# Verbs, one after the other, in a copy of the variant's database.
run_variant() { # PART VARIANT ROUND ITEMS VERB...
    local verb schema=$2 sum
    [ "$2" != ours ] || schema=billing
    fresh_copy bench_run "$1_$2" "$schema"
    for verb in "${@:5}"; do
        measure "$1" "$2" "$verb" "$3" "$4" bench_run "$BENCH/$2/$verb.sql"
        sql bench_run --command="ANALYZE"
    done
    sum=$(sql bench_run --set=schema="$schema" --file="$BENCH/checksum.sql")
    CHECKSUM=${CHECKSUM:-$sum}
    [ "$sum" = "$CHECKSUM" ] || billing_fail "$2 leaves another ledger than the variants before: $sum, not $CHECKSUM"
    # The other actuals of part_run have no entries behind them, which verify() would say of each.
    if [ "$2" = ours ] && [[ $1 != run* ]]; then require_sound bench_run; fi
    billing_drop_database bench_run
}

require_sound() { # DATABASE
    local faults
    faults=$(sql "$1" --command='SELECT * FROM billing.verify() LIMIT 5')
    [ -z "$faults" ] || billing_fail "verify() finds faults: $faults"
}

# Notes what probe.sql measures.
probe() { # PART VARIANT ROUND DATABASE BATCH BATCHES
    psql --no-psqlrc --dbname="$4" --set=batch="$5" --set=batches="$6" --file="$BENCH/probe.sql" |
        awk -v part="$1" -v variant="$2" -v round="$3" -v OFS='\t' -F '\t' \
            '{ print part, variant, $3, round, $2, $4, 0, $5, $6, 0 }' >>"$RESULTS"
    say "$1, $2, round $3"
}

# ------------------------------------------------------------------------------------------ the parts

# The extension, the floor and the conventional design at SIZE, in alternating order.
part_verbs() {
    unset CHECKSUM
    local -a order=(ours floor conventional)
    local round variant
    say "loading $((SIZE / 2)) entries"
    new_database verbs_ours
    load verbs_ours '' $CONTRACTS $((SIZE / 2)) 2
    settle verbs_ours
    for variant in floor conventional; do
        billing_create_database "verbs_$variant" verbs_ours
        sql "verbs_$variant" --output=/dev/null --file="$BENCH/$variant/schema.sql"
        settle "verbs_$variant"
    done
    for ((round = 1; round <= ROUNDS; round++)); do
        for variant in "${order[@]}"; do
            run_variant verbs "$variant" "$round" "$SIZE" "${VERBS[@]}"
        done
        order=("${order[@]:1}" "${order[0]}")
        fresh_copy bench_run verbs_ours billing
        measure verbs by_contract approve "$round" "$SIZE" bench_run "$BENCH/ours/approve_by_contract.sql"
        billing_drop_database bench_run
    done
    for variant in "${order[@]}"; do billing_drop_database "verbs_$variant"; done
}

# The extension at a tenth of SIZE: does memory grow with the data?
part_memory() {
    new_database memory_ours
    load memory_ours '' $CONTRACTS $((SIZE / 20)) 2
    settle memory_ours
    unset CHECKSUM
    run_variant memory ours 1 $((SIZE / 10)) "${VERBS[@]}"
    billing_drop_database memory_ours
}

# One contract's 500 items beside few and beside many actuals of other contracts; some lie before, some behind it.
part_history() {
    local rows round
    for rows in $((BIG / 25)) "$BIG"; do
        say "loading $rows other actuals"
        new_database "history_$rows"
        load "history_$rows" other $CONTRACTS 0 2
        load "history_$rows" probe $((ROUNDS * 8)) $((ROUNDS * 8 * 250)) 2
        sql "history_$rows" --set=rows=$((rows / 2)) --set=open=true --file="$BENCH/other_actuals.sql"
        sql "history_$rows" --output=/dev/null --file="$BENCH/ours/approve.sql" --command="
            SELECT count(*) FROM billing.mark_ready_to_invoice(
                contracts => ARRAY(SELECT contract_id FROM billing.contract WHERE name LIKE 'Contract probe%'))"
        sql "history_$rows" --set=rows=$((rows - rows / 2)) --set=open=true --file="$BENCH/other_actuals.sql"
        settle "history_$rows"
        warm "history_$rows" billing
    done
    for ((round = 1; round <= ROUNDS; round++)); do
        for rows in $((BIG / 25)) "$BIG"; do
            probe history "$rows" "$round" "history_$rows" $((round - 1)) "$ROUNDS"
        done
    done
    for rows in $((BIG / 25)) "$BIG"; do billing_drop_database "history_$rows"; done
}

# Single invoices of very different size; a small one first, for the session to plan its statements.
part_invoice() {
    local round details
    new_database invoice
    for details in 20 $((DETAILS / 100)) $((DETAILS / 10)) "$DETAILS"; do
        load invoice "$details" 1 "$details" 1
    done
    sql invoice --output=/dev/null --file="$BENCH/ours/approve.sql" --file="$BENCH/ours/mark.sql"
    settle invoice
    for ((round = 1; round <= ROUNDS; round++)); do
        fresh_copy bench_run invoice billing
        probe invoice one "$round" bench_run 0 1
        billing_drop_database bench_run
    done
    billing_drop_database invoice
}

# Work of a month, ready and scheduled, of 1,000 contracts in a ledger of BIG actuals.
load_run() { # DATABASE ITEMS
    load "$1" other $CONTRACTS 0 2
    sql "$1" --set=rows="$BIG" --set=open=false --file="$BENCH/other_actuals.sql"
    load "$1" '' $CONTRACTS $(($2 / 2)) 2
    sql "$1" --output=/dev/null --file="$BENCH/ours/approve.sql" --file="$BENCH/ours/mark.sql" \
        --file="$BENCH/schedule.sql"
}

# One confirmed invoice, and a small one: a connection that has revised before has its plans.
load_revise() { # DATABASE ITEMS
    load "$1" small 1 20 1
    load "$1" '' 1 "$2" 1
    sql "$1" --output=/dev/null --file="$BENCH/ours/approve.sql" --file="$BENCH/ours/mark.sql" \
        --file="$BENCH/ours/create.sql" --file="$BENCH/ours/confirm.sql"
}

# Unbilled work at list prices that were raised since.
load_rerate() { # DATABASE ITEMS
    load "$1" '' $CONTRACTS $(($2 / 2)) 2
    sql "$1" --output=/dev/null --file="$BENCH/price_list.sql" --file="$BENCH/ours/approve.sql" \
        --file="$BENCH/raised_prices.sql"
}

# The extension beside the floor; and the extension alone at a tenth of the items, to see memory grow.
against_floor() { # PART ITEMS VERB...
    local -a order=(ours floor)
    local round variant
    say "$1: loading"
    unset CHECKSUM
    new_database "$1_tenth_ours"
    "load_$1" "$1_tenth_ours" $(($2 / 10))
    settle "$1_tenth_ours"
    run_variant "$1_tenth" ours 1 $(($2 / 10)) "${@:3}"
    billing_drop_database "$1_tenth_ours"
    unset CHECKSUM
    new_database "$1_ours"
    "load_$1" "$1_ours" "$2"
    settle "$1_ours"
    billing_create_database "$1_floor" "$1_ours"
    sql "$1_floor" --output=/dev/null --file="$BENCH/floor/schema.sql" --file="$BENCH/floor/copy.sql"
    settle "$1_floor"
    for ((round = 1; round <= ROUNDS; round++)); do
        for variant in "${order[@]}"; do
            run_variant "$1" "$variant" "$round" "$2" "${@:3}"
        done
        order=("${order[1]}" "${order[0]}")
    done
    for variant in "${order[@]}"; do billing_drop_database "$1_$variant"; done
}

part_run() { against_floor run "$MONTH" run; }
part_revise() { against_floor revise "$REVISED" revise credit; }
part_rerate() { against_floor rerate "$RERATED" rerate; }

# What the hub and the ageing of the backlog read: beside few and many other actuals, and for a tenth of the backlog.
part_views() {
    local world others backlog round view
    local -a worlds=("$((BIG / 25)) $BACKLOG" "$BIG $BACKLOG" "$BIG $((BACKLOG / 10))")
    for world in "${worlds[@]}"; do
        read -r others backlog <<<"$world"
        say "views: loading $others other actuals and a backlog of $backlog"
        new_database "views_${others}_$backlog"
        load "views_${others}_$backlog" other $CONTRACTS 0 2
        sql "views_${others}_$backlog" --set=rows="$others" --set=open=false --file="$BENCH/other_actuals.sql"
        load "views_${others}_$backlog" '' $CONTRACTS $((backlog / 2)) 2
        sql "views_${others}_$backlog" --output=/dev/null --file="$BENCH/ours/approve.sql"
        settle "views_${others}_$backlog"
        warm "views_${others}_$backlog" billing
    done
    for ((round = 1; round <= ROUNDS; round++)); do
        for world in "${worlds[@]}"; do
            read -r others backlog <<<"$world"
            for view in floor hub ageing; do
                measure views "$others" "$view" "$round" "$backlog" "views_${others}_$backlog" "$BENCH/views/$view.sql"
            done
        done
    done
    for world in "${worlds[@]}"; do billing_drop_database "views_${world/ /_}"; done
}

# One line of the results: what the server ran with.
note_settings() {
    local setting
    local -a line=(settings)
    for setting in server_version shared_buffers work_mem fsync synchronous_commit full_page_writes max_wal_size \
        checkpoint_timeout autovacuum jit; do
        line+=("$setting = $(sql postgres --command="SHOW $setting")")
    done
    (IFS=$'\t' && echo "${line[*]}") >>"$RESULTS"
}

main() {
    local part
    billing_packages build
    billing_build
    billing_start_server
    : >"$RESULTS"
    note_settings
    for part in $PARTS; do "part_$part"; done
    perl "$BENCH/report.pl" "$RESULTS" | tee "$BILLING_BUILD/bench.md"
}

main "$@"
