#!/usr/bin/env bash
# Ten years of a software company's work log (the SiP data set) are billed in three rounds and reconciled to the cent
# with what sip/reconcile.py computes from the same files, without the database. Prints TAP, one test per fact.
# Skipped without a folder with the SiP data set.
set -euo pipefail

STORY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/sip
# shellcheck source=tests/story/log/story.sh
source "$STORY/../log/story.sh"

bill() {
    local round=0 until
    for until in $(sql --no-align --tuples-only \
        --command="SELECT jsonb_array_elements_text(doc->'rounds') FROM sip.rules"); do
        round=$((round + 1))
        sql --set=round="$round" --set=until="$until" --file="$STORY/round.sql"
    done
}

model "$STORY" "$STORY/rules.json" >"$WORK/expected"
stage
sql --set=rules="$(cat "$STORY/rules.json")" --file="$LOG/load.sql"
bill
sql --no-align --tuples-only --file="$STORY/facts.sql" >"$WORK/found"
compare "$WORK/expected" "$WORK/found"
