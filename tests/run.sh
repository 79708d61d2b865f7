#!/usr/bin/env bash
# Runs the test suites on a private server. Installs missing packages, builds, stages, tests, clears up.
# Usage: tests/run.sh [--list | SUITE...]
# The last line is "N passed, N failed"; the exit status is 1 when anything failed.
set -euo pipefail

# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/support/server.sh"

SUITES=(unit regress pgtap isolation tap readme model story)
TESTS=$BILLING_ROOT/tests
RESULTS=$BILLING_RUN/results # NN.counts ("passed failed") by name; raw output beside it
JOBS=${BILLING_JOBS:-$(nproc)}
PASSED=0
FAILED=0

# ------------------------------------------------------------------------------------------ counting

# One line per suite, and the sums.
record() { # SUITE PASSED FAILED SECONDS
    printf '%-16s %5d passed  %5d failed  %4ds\n' "$1" "$2" "$3" "$4"
    PASSED=$((PASSED + $2))
    FAILED=$((FAILED + $3))
}

finish() {
    echo "$PASSED passed, $FAILED failed"
    if [ "$FAILED" -gt 0 ] || [ "$PASSED" -eq 0 ]; then exit 1; fi
    exit 0
}

# Shows a file indented; long ones from the end, where the reason is.
show() { # FILE
    if [ -s "$1" ]; then
        tail -n "${BILLING_SHOW_LINES:-60}" "$1" | sed 's/^/    /'
    fi
}

# Runs a preparing command quietly; its failure is one failed test.
prepare() { # NAME COMMAND...
    local log=$BILLING_LOGS/$1.log
    mkdir -p "$BILLING_LOGS"
    if ! "${@:2}" >"$log" 2>&1; then
        show "$log"
        record "$1" 0 1 0
        return 1
    fi
}

# Sums the files COUNTS of a suite and shows the failed ones.
record_files() { # SUITE START [LABEL]
    local passed=0 failed=0 file p f
    for file in "$RESULTS/$1"/*.counts; do
        [ -f "$file" ] || continue
        read -r p f <"$file"
        passed=$((passed + p))
        failed=$((failed + f))
        [ "$f" -eq 0 ] || show_failed "${file%.counts}"
    done
    record "${3:-$1}" "$passed" "$failed" $((SECONDS - $2))
}

# The lines of a TAP file that matter: failures with their diagnostics, and what came out on standard error.
show_failed() { # RESULT
    local log=$BILLING_LOGS/failed
    mkdir -p "$log"
    cp "$1".* "$log/"
    echo "  failed: $(basename "$(dirname "$1")")/$(basename "$1")  (all of it: build/log/failed/)"
    [ ! -f "$1.tap" ] || grep -A 20 '^not ok' "$1.tap" | grep -v '^ok' | sed 's/^/    /' | head -n 60 || true
    show "$1.err"
}

# ------------------------------------------------------------------------------------------ running TAP

# Runs one command that prints TAP and counts it.
run_tap() { # SUITE NAME COMMAND...
    local result=$RESULTS/$1/$2 status=0
    mkdir -p "$RESULTS/$1"
    echo 0 1 >"$result.counts" # stays if we never get to the end
    "${@:3}" >"$result.tap" 2>"$result.err" </dev/null || status=$?
    perl "$TESTS/support/tap_count.pl" "$result.tap" "$status" >"$result.counts"
}

# Calls FUNCTION once per file, a few at a time.
for_each_file() { # FUNCTION FILE...
    local function=$1 file
    shift
    for file in "$@"; do
        while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
        "$function" "$file" &
    done
    wait
}

# billing.verify() must find nothing, whatever a test did; that counts as one more test.
check_verify() { # SUITE NAME DATABASE
    local result=$RESULTS/$1/$2.verify
    if billing_psql --dbname="$3" --command="SELECT * FROM billing.verify()" >"$result.tap" 2>"$result.err" &&
        grep -q '^(0 rows)$' "$result.tap"; then
        echo 1 0 >"$result.counts"
    else
        sed -i '1i not ok - billing.verify() finds nothing' "$result.tap"
        echo 0 1 >"$result.counts"
    fi
}

# A database of its own for one file, from the template, and verify() afterwards.
in_database() { # SUITE NAME COMMAND...
    local database="$1_$2"
    mkdir -p "$RESULTS/$1"
    echo 0 1 >"$RESULTS/$1/$2.counts"
    billing_wait_ready && billing_create_database "$database" "$BILLING_TEMPLATE" || return
    PGDATABASE=$database run_tap "$@"
    check_verify "$1" "$2" "$database"
    billing_drop_database "$database"
}

# ------------------------------------------------------------------------------------------ unit

# C++ tests of src/domain, plain and under the sanitizers.
suite_unit() {
    local start=$SECONDS
    unit_variant unit cmake -DBILLING_WERROR=ON "$start"
    start=$SECONDS
    unit_variant "unit sanitized" cmake-sanitize -DBILLING_SANITIZE=ON "$start"
}

unit_variant() { # NAME DIRECTORY OPTION START
    local log passed failed total
    log=$BILLING_LOGS/$2-ctest.log
    prepare "$2" billing_locked cmake_build "$BILLING_BUILD/$2" "$3" || return 0
    ctest --test-dir "$BILLING_BUILD/$2" --parallel "$JOBS" --output-on-failure >"$log" 2>&1 || true
    read -r failed total < <(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$log") ||
        { failed=1 && total=1; }
    passed=$((total - failed))
    [ "$failed" -eq 0 ] || show "$log"
    record "$1" "$passed" "$failed" $((SECONDS - $4))
}

cmake_build() { # DIRECTORY OPTION
    cmake -S "$BILLING_ROOT" -B "$1" -G Ninja "$2" && cmake --build "$1" --target unit_tests
}

# ------------------------------------------------------------------------------------------ pg_regress

# Counts the lines of pg_regress: "test name ... ok 12 ms".
count_regress() { # SUITE LOG OUTPUT_DIRECTORY START TESTS
    local passed failed
    passed=$(grep -cE '\.\.\. +ok' "$2" || true)
    failed=$(grep -cE '\.\.\. +FAILED' "$2" || true)
    # It stops at a test without expected results, or doesn't even start.
    [ $((passed + failed)) -ge "$5" ] || failed=$(($5 - passed))
    if [ "$failed" -gt 0 ]; then
        grep -E '\.\.\. +FAILED' "$2" | sed 's/^/  /' || show "$2"
        show_diffs "$1" "$3"
    fi
    record "$1" "$passed" "$failed" $((SECONDS - $4))
}

show_diffs() { # SUITE OUTPUT_DIRECTORY
    [ -f "$2/regression.diffs" ] || return 0
    rm -rf "${BILLING_LOGS:?}/$1"
    cp -r "$2" "$BILLING_LOGS/$1"
    head -n 200 "$2/regression.diffs"
    echo "  (all of it: build/log/$1/regression.diffs, results beside it)"
}

suite_regress() {
    local start=$SECONDS output=$BILLING_RUN/regress log=$BILLING_LOGS/regress.log
    local -a names
    mapfile -t names < <(basename -s .sql "$TESTS"/regress/sql/*.sql)
    mkdir -p "$output"
    ln -sfn "$TESTS/regress/sql" "$output/sql"
    ln -sfn "$BILLING_ROOT/expected" "$output/expected"
    (cd "$output" && "$PGXS_TEST/regress/pg_regress" --inputdir=. --outputdir=. --bindir="$BILLING_BIN" \
        --dbname=contrib_regression "${names[@]}") >"$log" 2>&1 || true
    count_regress regress "$log" "$output" "$start" "${#names[@]}"
}

suite_isolation() {
    local start=$SECONDS output=$BILLING_RUN/isolation log=$BILLING_LOGS/isolation.log
    local -a names
    mapfile -t names < <(basename -s .spec "$TESTS"/isolation/specs/*.spec)
    mkdir -p "$output"
    billing_create_database isolation "$BILLING_TEMPLATE"
    billing_psql --dbname=isolation --file="$TESTS/support/scene.sql"
    (cd "$output" && "$PGXS_TEST/isolation/pg_isolation_regress" --inputdir="$TESTS/isolation" --outputdir=. \
        --bindir="$BILLING_BIN" --use-existing --dbname=isolation "${names[@]}") >"$log" 2>&1 || true
    count_regress isolation "$log" "$output" "$start" "${#names[@]}"
    mkdir -p "$RESULTS/isolation"
    check_verify isolation all isolation
    record_files isolation "$SECONDS" "isolation verify"
    billing_drop_database isolation
}

# ------------------------------------------------------------------------------------------ TAP suites

pgtap_file() { # FILE
    in_database pgtap "$(basename "$1" .sql)" psql --no-psqlrc --quiet --no-align --tuples-only --pset=pager=off \
        --set=ON_ERROR_STOP=1 --set=ON_ERROR_ROLLBACK=0 --file="$1"
}

suite_pgtap() {
    local start=$SECONDS
    for_each_file pgtap_file "$TESTS"/pgtap/*.sql
    record_files pgtap "$start"
}

# PostgreSQL::Test starts clusters of its own, hence runs as the server's user.
tap_file() { # FILE
    local name directory
    name=$(basename "$1" .pl)
    directory=$BILLING_RUN/tap/$name
    mkdir -p "$directory"
    billing_give "$directory"
    run_tap tap "$name" billing_as env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE "TESTDIR=$directory" \
        "PG_REGRESS=$PGXS_TEST/regress/pg_regress" "PG_TEST_PORT_DIR=$BILLING_RUN/tap" "TMPDIR=$TAP_SOCKETS" \
        perl -I "$PGXS_TEST/perl" -I "$TESTS/support" "$1"
    read -r _ failed <"$RESULTS/tap/$name.counts"
    if [ "$failed" -gt 0 ] && [ -d "$directory/tmp_check/log" ]; then
        mkdir -p "$BILLING_LOGS/failed/$name"
        cp -r "$directory/tmp_check/log/." "$BILLING_LOGS/failed/$name/"
    fi
    rm -rf "$directory"
}

suite_tap() {
    local start=$SECONDS
    mkdir -p "$BILLING_RUN/tap"
    billing_give "$BILLING_RUN/tap"
    billing_socket_directory TAP_SOCKETS t
    for_each_file tap_file "$TESTS"/tap/*.pl
    record_files tap "$start"
}

suite_readme() {
    local start=$SECONDS
    billing_create_database readme
    export BILLING_RUN
    PGDATABASE=readme run_tap readme README bash "$TESTS/support/readme.sh" "$BILLING_ROOT/README.md"
    record_files readme "$start"
    billing_drop_database readme
}

model_seed() { # SEED
    in_database model "$1" bash "$TESTS/model.sh" "$1"
}

# Fixed seeds, so that every run tests the same; or those of BILLING_SEED; or BILLING_SOAK new ones.
model_seeds() {
    local first=1
    [ -z "${BILLING_SOAK:-}" ] || first=$(date +%s)
    if [ -n "${BILLING_SEED:-}" ]; then
        tr ' ' '\n' <<<"$BILLING_SEED"
    else
        seq "$first" $((first + ${BILLING_SOAK:-12} - 1))
    fi
}

suite_model() {
    local start=$SECONDS
    local -a seeds
    mapfile -t seeds < <(model_seeds)
    for_each_file model_seed "${seeds[@]}"
    record_files model "$start"
}

story_file() { # FILE
    in_database story "$(basename "$1" .sh)" bash "$1"
}

suite_story() {
    local start=$SECONDS shared
    shared=$(dirname "$BILLING_ROOT")/shared
    export BILLING_ROOT BILLING_RUN BILLING_TEMPLATE BILLING_SHARED=
    [ ! -d "$shared" ] || BILLING_SHARED=$shared
    for_each_file story_file "$TESTS"/story/*.sh
    record_files story "$start"
}

# ------------------------------------------------------------------------------------------ main

# Files whose absence means that a suite has nothing to do.
suite_files() { # SUITE
    case $1 in
    unit) echo "$TESTS/unit/*.cpp" ;;
    regress) echo "$TESTS/regress/sql/*.sql" ;;
    isolation) echo "$TESTS/isolation/specs/*.spec" ;;
    pgtap) echo "$TESTS/pgtap/*.sql" ;;
    tap) echo "$TESTS/tap/*.pl" ;;
    readme) echo "$BILLING_ROOT/README.md" ;;
    model) echo "$TESTS/model.sh" ;;
    story) echo "$TESTS/story/*.sh" ;;
    *) billing_fail "unknown suite: $1 (know: ${SUITES[*]})" ;;
    esac
}

has_files() { # SUITE
    compgen -G "$(suite_files "$1")" >/dev/null
}

# Only unit tests can do without a server.
start_server() {
    prepare build billing_build || finish
    billing_start_server
    PGXS_TEST=$(dirname "$("$(billing_pg_config)" --pgxs)")/../test
    PGXS_TEST=$(cd "$PGXS_TEST" && pwd)
    prepare template billing_create_template || finish
}

main() {
    local suite
    local -a chosen=("$@")
    [ $# -gt 0 ] || chosen=("${SUITES[@]}")
    for suite in "${chosen[@]}"; do suite_files "$suite" >/dev/null; done
    billing_packages build test
    rm -rf "$BILLING_LOGS/failed"
    mkdir -p "$BILLING_LOGS"
    [ "${chosen[*]}" = unit ] || start_server
    for suite in "${chosen[@]}"; do
        if has_files "$suite"; then "suite_$suite"; fi
    done
    finish
}

if [ "${1:-}" = --list ]; then
    printf '%s\n' "${SUITES[@]}"
else
    main "$@"
fi
