#!/usr/bin/env bash
# Installs the Debian packages that building, testing and checking need, if any is missing.
# Usage: packages.sh build|test|lint|deep ...
set -euo pipefail

declare -A PACKAGES=(
    [build]="make g++ perl postgresql-15 postgresql-server-dev-15 libboost-dev"
    [test]="cmake ninja-build libgtest-dev postgresql-15-pgtap postgresql-15-cron libipc-run-perl python3"
    [lint]="cmake ninja-build libgtest-dev clang clang-format clang-tidy shellcheck"
    [deep]="cmake ninja-build libgtest-dev postgresql-15-pgtap clang libclang-rt-dev"
)
LOG=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/log/packages.log
CLUSTER_CONF=/etc/postgresql-common/createcluster.d/billing-no-main-cluster.conf

fail() {
    echo "$1" >&2
    exit 1
}

# The packages of the named sets that are not installed.
missing_packages() {
    local set package
    for set in "$@"; do
        [ -n "${PACKAGES[$set]:-}" ] || fail "unknown package set: $set (know: ${!PACKAGES[*]})"
        for package in ${PACKAGES[$set]}; do
            dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
        done
    done | sort -u
}

# Runs a command as root, through sudo when there is no other way.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# apt's chatter goes to a log; only a failure is worth reading.
apt() {
    if ! as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get --yes --quiet "$@" >>"$LOG" 2>&1; then
        tail -n 30 "$LOG" >&2
        fail "apt-get failed: $* (all of it: $LOG)"
    fi
}

apt_install() {
    apt --no-install-recommends install "$@"
}

remove_cluster_conf() {
    as_root rm -f "$CLUSTER_CONF"
    as_root rmdir --ignore-fail-on-non-empty "$(dirname "$CLUSTER_CONF")"
}

# Debian's server package makes a cluster "main" and starts it; nobody asked for that. Its own configuration,
# which comes with postgresql-common, can say no.
forbid_main_cluster() {
    apt_install postgresql-common
    trap remove_cluster_conf EXIT
    as_root mkdir -p "$(dirname "$CLUSTER_CONF")"
    echo "create_main_cluster = false" | as_root tee "$CLUSTER_CONF" >/dev/null
}

main() {
    local -a missing
    command -v apt-get >/dev/null || fail "only Debian is known here; install by hand: ${PACKAGES[*]}"
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        fail "missing packages: ${missing[*]} - run as root, or: apt-get install ${missing[*]}"
    echo "installing: ${missing[*]}"
    mkdir -p "$(dirname "$LOG")"
    apt update
    if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
        forbid_main_cluster
    fi
    apt_install "${missing[@]}"
}

main "$@"
