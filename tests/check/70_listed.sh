#!/usr/bin/env bash
# No test is forgotten: whatever lies below tests/ and expected/ is picked up by a suite.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

FAULTS=0

fault() {
    echo "$*"
    FAULTS=$((FAULTS + 1))
}

# Every file on the left has its counterpart on the right, and the other way round.
check_pairs() { # INPUTS_FOLDER SUFFIX EXPECTED_FOLDER
    local file name
    for file in "$1"/*"$2"; do
        name=$(basename "$file" "$2")
        [ -f "$3/$name.out" ] || fault "$file has no expected result $3/$name.out"
    done
    for file in "$3"/*; do
        name=$(basename "$file" .out)
        # pg_regress also takes alternatives: name_1.out
        [ -f "$1/$name$2" ] || [ -f "$1/${name%_[0-9]}$2" ] || fault "$file belongs to no test"
    done
}

# Folders hold only what their suite runs.
check_names() { # FOLDER REGULAR_EXPRESSION
    local file
    for file in "$1"/*; do
        [[ $(basename "$file") =~ $2 ]] || fault "$file is not run by its suite (wanted: $2)"
    done
}

check_pairs tests/regress/sql .sql expected
check_pairs tests/isolation/specs .spec tests/isolation/expected
check_names tests/regress '^(sql|README\.md)$'
check_names tests/isolation '^(specs|expected|README\.md)$'
check_names tests/pgtap '^([0-9]{2,3}_[a-z0-9_]+\.sql|fixture)$'
check_names tests/tap '^[0-9]{2,3}_[a-z0-9_]+\.pl$'
check_names tests/story '^([a-z0-9_]+\.sh|log|sip|years)$'
check_names tests/model '^[a-z_]+\.py$'
check_names tests/unit '^[a-z0-9_]+\.[ch]pp$|^README\.md$'
check_names tests '^(run\.sh|README\.md|support|check|unit|regress|pgtap|isolation|tap|story|model|model\.sh|data)$'
[ "$FAULTS" -eq 0 ]
