#!/usr/bin/env bash
# The C++ sources are formatted as .clang-format says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
while IFS= read -r source; do
    if ! clang-format --dry-run -Werror "$source" 2>/dev/null; then
        echo "$source is not formatted (make format)"
        status=1
    fi
done < <(find src tests/unit -name '*.[ch]pp' 2>/dev/null | sort)
exit "$status"
