#!/usr/bin/env bash
# Ten years of a software company's work log (the SiP data set) are billed in three rounds and reconciled to the cent
# with what sip/reconcile.py computes from the same files, without the database. Prints TAP, one test per fact.
# Skipped without a folder with the SiP data set.
set -euo pipefail

STORY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/sip
DATA=${BILLING_SHARED:-}/data/sip
TASKS=$DATA/Sip-task-info.csv
DATES=$DATA/est-act-dates.csv
WORK=$(mktemp -d "${BILLING_RUN:-${TMPDIR:-/tmp}}/sip.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}

sql() {
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"
}

# The files as they are: Windows encoding, dates like 16-Nov-04, numbers as text where "NA" occurs.
stage() {
    sql <<SQL
CREATE SCHEMA sip;
CREATE TABLE sip.task_info (task int, summary text, priority text, raised_by text, assigned_to text, authorised_by text,
    status text, project text, breakdown text, category text, subcategory text, hours_estimate text, hours text,
    developer_id int, developer_hours numeric, task_performance text, developer_performance text);
CREATE TABLE sip.task_date (task int, estimated_on text, started_on text, completed_on text);
\copy sip.task_info FROM '$TASKS' WITH (FORMAT csv, HEADER, ENCODING 'WIN1252')
\copy sip.task_date FROM '$DATES' WITH (FORMAT csv, HEADER, ENCODING 'WIN1252', FORCE_NOT_NULL (completed_on))
SQL
}

bill() {
    local round=0 until
    for until in $(sql --no-align --tuples-only \
        --command="SELECT jsonb_array_elements_text(doc->'rounds') FROM sip.rules"); do
        round=$((round + 1))
        sql --set=round="$round" --set=until="$until" --file="$STORY/round.sql"
    done
}

# Two files of "name|values" become one test per name.
compare() { # EXPECTED FOUND
    local name expected found number=0
    local -A wanted=() got=()
    while IFS='|' read -r name expected; do wanted[$name]=$expected; done <"$1"
    while IFS='|' read -r name found; do got[$name]=$found; done <"$2"
    while IFS= read -r name; do
        number=$((number + 1))
        if [ "${wanted[$name]:-nothing}" = "${got[$name]:-nothing}" ]; then
            echo "ok $number - $name"
        else
            echo "not ok $number - $name"
            echo "# expected: ${wanted[$name]:-nothing}"
            echo "#    found: ${got[$name]:-nothing}"
        fi
    done < <(printf '%s\n' "${!wanted[@]}" "${!got[@]}" | LC_ALL=C sort -u)
    echo "1..$number"
}

if ! [ -f "$TASKS" ] || ! [ -f "$DATES" ]; then skip "no SiP data set"; fi
command -v python3 >/dev/null || skip "no python3"

python3 "$STORY/reconcile.py" "$STORY/rules.json" "$TASKS" "$DATES" >"$WORK/expected"
stage
sql --set=rules="$(cat "$STORY/rules.json")" --file="$STORY/load.sql"
bill
sql --no-align --tuples-only --file="$STORY/facts.sql" >"$WORK/found"
compare "$WORK/expected" "$WORK/found"
