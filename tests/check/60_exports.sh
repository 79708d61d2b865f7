#!/usr/bin/env bash
# The module exports its entry points and nothing else: modules are loaded globally, so any other symbol could
# collide with another extension's.
set -euo pipefail
# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/server.sh"

expected_symbols() { # SCRIPT
    printf '%s\n' Pg_magic_func _PG_init
    perl -I "$BILLING_ROOT/tests/support" -MSqlScript -e '
        print map { "$_\npg_finfo_$_\n" } grep { defined } map { c_symbol($_) } statements(slurp($ARGV[0]))' "$1"
}

main() {
    local script=$BILLING_BUILD/check/billing--
    compgen -G "$BILLING_ROOT/src/*.cpp" >/dev/null || return 0
    billing_locked billing_make check -j "$(nproc)" all WERROR=1 with_llvm=no >/dev/null
    script+=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$BILLING_ROOT/billing.control").sql
    # Left: what the scripts promise; right: what the module has.
    diff <(expected_symbols "$script" | sort -u) \
        <(nm --dynamic --defined-only "$BILLING_BUILD/check/billing.so" | awk '{ print $3 }' | sort)
}

main
