#!/usr/bin/env bash
# The shell scripts pass shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

find . -path ./build -prune -o -path ./.git -prune -o -name '*.sh' -print0 | xargs -0 shellcheck -x .ci/run
