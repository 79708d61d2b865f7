#!/usr/bin/env bash
# A random sequence of all verbs, checked after every step against model/model.py, an independent model of the business
# rules, and by billing.verify(). Prints TAP. The caller names the seed and gives a database of its own.
# Usage: model.sh SEED
set -euo pipefail

PLAY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/model/play.py

if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP no python3"
    exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "$PLAY" "$1" "${BILLING_STEPS:-400}" "${BILLING_VERIFY_EVERY:-1}"
