# shellcheck shell=bash
# What the stories of the SiP work log have in common. Source it; it skips the story where there is no data.
#     stage                      the two files as tables of the schema sip
#     sql ARGUMENT...            psql that stops at the first error
#     model FOLDER ARGUMENT...   the independent computation FOLDER/reconcile.py over the two files
#     compare EXPECTED FOUND     prints TAP
# Sets LOG (this folder), WORK (a scratch folder).

LOG=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DATA=${BILLING_SHARED:-}/data/sip
TASKS=$DATA/Sip-task-info.csv
DATES=$DATA/est-act-dates.csv
WORK=$(mktemp -d "${BILLING_RUN:-${TMPDIR:-/tmp}}/story.XXXXXX")
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
    sql --file=- <<SQL
CREATE SCHEMA sip;
CREATE TABLE sip.task_info (task int, summary text, priority text, raised_by text, assigned_to text, authorised_by text,
    status text, project text, breakdown text, category text, subcategory text, hours_estimate text, hours text,
    developer_id int, developer_hours numeric, task_performance text, developer_performance text);
CREATE TABLE sip.task_date (task int, estimated_on text, started_on text, completed_on text);
\copy sip.task_info FROM '$TASKS' WITH (FORMAT csv, HEADER, ENCODING 'WIN1252')
\copy sip.task_date FROM '$DATES' WITH (FORMAT csv, HEADER, ENCODING 'WIN1252', FORCE_NOT_NULL (completed_on))
SQL
}

model() { # FOLDER ARGUMENT...
    PYTHONPATH=$LOG PYTHONDONTWRITEBYTECODE=1 python3 "$1/reconcile.py" "${@:2}" "$TASKS" "$DATES"
}

# Lines "test|fact" become one test per name: all facts of it must be the same.
compare() { # EXPECTED FOUND
    local name fact number=0
    local -A wanted=() got=()
    while IFS='|' read -r name fact; do wanted[$name]+=$fact$'\n'; done < <(LC_ALL=C sort "$1")
    while IFS='|' read -r name fact; do got[$name]+=$fact$'\n'; done < <(LC_ALL=C sort "$2")
    while IFS= read -r name; do
        number=$((number + 1))
        if [ "${wanted[$name]:-}" = "${got[$name]:-}" ]; then
            echo "ok $number - $name"
        else
            echo "not ok $number - $name"
            echo "# - expected, + found"
            diff <(echo -n "${wanted[$name]:-}") <(echo -n "${got[$name]:-}") | sed -n 's/^</# -/p; s/^>/# +/p' ||
                true
        fi
    done < <(printf '%s\n' "${!wanted[@]}" "${!got[@]}" | LC_ALL=C sort -u)
    echo "1..$number"
}

if ! [ -f "$TASKS" ] || ! [ -f "$DATES" ]; then skip "no SiP data set"; fi
command -v python3 >/dev/null || skip "no python3"
