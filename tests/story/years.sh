#!/usr/bin/env bash
# Ten and a half years of a software company's work log (the SiP data set) are billed month by month by the automatic
# run: schedules, advances, milestones, limits that are hit and renegotiated, corrections. At each year end the database
# is reconciled to the cent with what years/reconcile.py computes from the files without it. Prints TAP.
# Variable: BILLING_STORY_VERIFY, after how many months verify() is asked, a divisor of 12; default 1, after every run.
set -euo pipefail

STORY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/years
# shellcheck source=tests/story/log/story.sh
source "$STORY/../log/story.sh"
RULES=$STORY/../sip/rules.json
VERIFY=${BILLING_STORY_VERIFY:-1}

# The last days of all months, from the first to the last one of the log.
month_ends() {
    sql --no-align --tuples-only --command="
        SELECT (m + interval '1 month - 1 day')::date
          FROM years.terms, generate_series((doc->'months'->>0 || '-01')::date, (doc->'months'->>1 || '-01')::date, interval '1 month') m"
}

# The script of all months, for one session.
script() {
    local until
    echo 'SET client_min_messages = warning;'
    while read -r until; do
        cat <<SQL
\\set until $until
\\i $STORY/release.sql
CALL billing.run_invoicing(:'until');
\\i $STORY/post.sql
SQL
        if [[ $until = *-12-31 ]]; then printf '%s\n' "\\set year ${until%%-*}" "\\i $STORY/facts.sql"; fi
        if [ $((10#${until:5:2} % VERIFY)) -eq 0 ]; then
            echo "INSERT INTO years.fault SELECT :'until', v::text FROM billing.verify() v;"
        fi
    done
}

model "$STORY" "$RULES" "$STORY/terms.json" >"$WORK/expected"
stage
sql --set=rules="$(cat "$RULES")" --file="$LOG/load.sql"
sql --set=terms="$(cat "$STORY/terms.json")" --file="$STORY/setup.sql"
month_ends | script >"$WORK/script.sql"
sql --output=/dev/null --file="$WORK/script.sql"
sql --no-align --tuples-only --command="SELECT year || ', ' || subject || '|' || fact FROM years.fact" \
    --command="SELECT 'verify() finds nothing|' || until || ' ' || finding FROM years.fault" >"$WORK/found"
compare "$WORK/expected" "$WORK/found"
