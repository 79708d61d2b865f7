#!/usr/bin/env bash
# Executes the SQL examples of a Markdown file, in order, in the database PGDATABASE names, and prints TAP.
# A block fenced "```sql" must succeed; one fenced "```sql fails" must raise an error. Each runs in its own session.
# Usage: readme.sh FILE
set -euo pipefail

# Writes block N to DIRECTORY/N.(sql|fails), named after the line it starts at.
split_blocks() { # FILE DIRECTORY
    awk -v directory="$2" '
        /^ *```sql *$/       { name = sprintf("%s/%05d.sql", directory, NR); printf "" > name; next }
        /^ *```sql fails *$/ { name = sprintf("%s/%05d.fails", directory, NR); printf "" > name; next }
        /^ *```/             { if (name != "") close(name); name = ""; next }
        name != ""           { print > name }' "$1"
}

# One TAP line for a block; what psql said follows as a comment when the outcome is not the promised one.
run_block() { # NUMBER BLOCK FILE
    local verdict=ok wanted=0 status=0 output line
    line=$(basename "${2%.*}")
    [[ $2 == *.fails ]] && wanted=3
    output=$(psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$2" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] || verdict='not ok'
    echo "$verdict $1 - $3 line $((10#$line))"
    [ "$verdict" = ok ] || printf '# %s\n' "${output//$'\n'/$'\n# '}"
}

main() {
    local file=$1 number=0 block
    # shellcheck disable=SC2154 # set by the caller: a directory that is removed at exit
    local blocks=$BILLING_RUN/readme-blocks
    rm -rf "$blocks"
    mkdir -p "$blocks"
    split_blocks "$file" "$blocks"
    for block in "$blocks"/*; do
        [ -f "$block" ] || continue
        number=$((number + 1))
        run_block "$number" "$block" "$(basename "$file")"
    done
    echo "1..$number"
}

main "$@"
