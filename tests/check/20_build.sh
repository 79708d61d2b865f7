#!/usr/bin/env bash
# The extension and the unit tests compile without a warning, with g++ and with clang++ (and the JIT bitcode, too).
set -euo pipefail
# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/server.sh"

build_unit_tests() { # DIRECTORY OPTION...
    cmake -S "$BILLING_ROOT" -B "$BILLING_BUILD/$1" -G Ninja -DBILLING_WERROR=ON "${@:2}"
    if compgen -G "$BILLING_ROOT/tests/unit/*.cpp" >/dev/null; then
        cmake --build "$BILLING_BUILD/$1" --target unit_tests
    fi
}

build_all() {
    set -e
    if compgen -G "$BILLING_ROOT/src/*.cpp" >/dev/null; then
        billing_make check -j "$(nproc)" all WERROR=1 with_llvm=no
        billing_make clang -j "$(nproc)" all WERROR=1 CXX=clang++
    fi
    build_unit_tests cmake
    build_unit_tests cmake-clang -DCMAKE_CXX_COMPILER=clang++
}

billing_locked build_all
