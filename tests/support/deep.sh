#!/usr/bin/env bash
# The slow checks: unit tests under the address and undefined-behaviour sanitizers with g++ and clang++, then the
# extension itself, compiled with them, inside a server. Everything is also written to build/log/deep.log.
# Usage: deep.sh [SUITE...]   suites for the instrumented extension; default: regress pgtap
set -euo pipefail

# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/server.sh"

unit_tests() { # COMPILER
    local directory=$BILLING_BUILD/cmake-sanitize-$1
    compgen -G "$BILLING_ROOT/tests/unit/*.cpp" >/dev/null || return 0
    echo "== unit tests, $1 -fsanitize=address,undefined"
    cmake -S "$BILLING_ROOT" -B "$directory" -G Ninja -DBILLING_SANITIZE=ON "-DCMAKE_CXX_COMPILER=$1" >/dev/null &&
        cmake --build "$directory" --target unit_tests &&
        ctest --test-dir "$directory" --parallel "$(nproc)" --output-on-failure --progress
}

extension() { # SUITE...
    echo "== extension in a server, g++ -fsanitize=address,undefined"
    BILLING_VARIANT=sanitize bash "$BILLING_ROOT/tests/run.sh" "$@" && return
    # The reports are in the newest server log.
    find "$BILLING_LOGS" -name 'server-*.log' -newer "$BILLING_BUILD/sanitize/billing.so" -exec \
        grep -h -A 40 -E 'runtime error:|ERROR: AddressSanitizer' {} + | head -n 200
    return 1
}

main() {
    local status=0
    [ $# -gt 0 ] || set -- regress pgtap
    unit_tests g++ || status=1
    unit_tests clang++ || status=1
    extension "$@" || status=1
    return "$status"
}

billing_packages build deep
mkdir -p "$BILLING_LOGS"
main "$@" 2>&1 | tee "$BILLING_LOGS/deep.log"
