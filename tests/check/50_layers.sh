#!/usr/bin/env bash
# The architecture: includes go downward only, the domain is pure, and errors cross one wall.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

LAYERS=(domain wall pg guard engine)
FAULTS=0

fault() {
    echo "$*"
    FAULTS=$((FAULTS + 1))
}

rank() { # LAYER
    local index
    for index in "${!LAYERS[@]}"; do
        if [ "${LAYERS[index]}" = "$1" ]; then echo "$index"; fi
    done
}

sources() { # FOLDER...
    find "$@" -name '*.[ch]pp' 2>/dev/null | sort
}

# Every folder of src is a layer, and a file includes only its own layer and those below.
check_direction() {
    local file line included layer own other
    while IFS= read -r file; do
        layer=$(cut -d/ -f2 <<<"$file")
        own=$(rank "$layer")
        if [ -z "$own" ]; then
            fault "$file: src/$layer is not one of the layers ${LAYERS[*]}"
            continue
        fi
        while IFS=: read -r line included; do
            other=$(rank "${included%%/*}")
            if [ -n "$other" ] && [ "$other" -gt "$own" ]; then
                fault "$file:$line: $layer must not include $included"
            fi
        done < <(sed -nE '/^ *# *include *"[a-z]+\//{=;s/^ *# *include *"([^"]*)".*/\1/p}' "$file" | paste -d: - -)
    done < <(sources src | grep -E '^src/[^/]+/')
}

# What the domain includes is the domain's, the standard library's or Boost's.
check_domain() {
    local hit
    while IFS= read -r hit; do
        fault "$hit (not for src/domain)"
    done < <(sources src/domain | xargs -r grep -HnE '^ *# *include' |
        grep -vE '#\s*include\s*("domain/[a-z_]+\.hpp"|<[a-z_]+>|<boost/[a-z_/]+\.hpp>)' || true)
}

# Only the wall catches everything or raises errors in the server's way. (Comments don't count.)
check_wall() {
    local file hit
    while IFS= read -r file; do
        while IFS= read -r hit; do
            fault "$file:$hit (only src/wall may)"
        done < <(sed -E 's|//.*||; s|^ *\*.*||; s|/\*.*\*/||' "$file" |
            grep -nE 'PG_(TRY|CATCH|FINALLY|END_TRY) *\(|\be(report|log) *\( *(ERROR|FATAL|PANIC)|catch *\( *\.\.\. *\)' || true)
    done < <(sources src | grep -v '^src/wall/')
}

check_direction
check_domain
check_wall
[ "$FAULTS" -eq 0 ]
