#!/usr/bin/env bash
# Runs every check of tests/check, or the named ones (their names begin with it), and sums up.
# Usage: lint.sh [NAME...]
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

chosen() { # NAME PATTERN...
    local pattern
    [ $# -gt 1 ] || return 0
    for pattern in "${@:2}"; do [[ $1 == *"$pattern"* ]] && return 0; done
    return 1
}

main() {
    local check name start verdict failed=0 log
    bash "$ROOT/tests/support/packages.sh" build lint
    mkdir -p "$ROOT/build/log"
    for check in "$ROOT"/tests/check/*.sh; do
        name=$(basename "$check" .sh)
        chosen "$name" "$@" || continue
        start=$SECONDS verdict=ok log=$ROOT/build/log/check-$name.log
        if ! bash "$check" >"$log" 2>&1; then
            verdict=FAILED failed=$((failed + 1))
        fi
        printf '%-20s %-6s %4ds\n' "$name" "$verdict" $((SECONDS - start))
        [ "$verdict" = ok ] || tail -n 100 "$log" | sed 's/^/    /'
    done
    if [ "$failed" -gt 0 ]; then
        echo "lint: $failed checks failed (output in build/log)"
        return 1
    fi
    echo "lint: all checks passed"
}

main "$@"
