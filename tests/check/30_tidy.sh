#!/usr/bin/env bash
# clang-tidy finds nothing. A file is looked at again only when it, a header it includes, or the rules changed.
set -euo pipefail
# shellcheck source=tests/support/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/server.sh"

DATABASE=$BILLING_BUILD/cmake-clang
CACHE=$BILLING_BUILD/tidy

# The project's files that SOURCE includes; all headers as long as nothing has been compiled.
inputs() { # SOURCE
    local dependencies=$BILLING_BUILD/clang/${1%.cpp}.d
    if [ -f "$dependencies" ]; then
        grep -oE '[^ ]*/src/[^ ]*\.hpp' "$dependencies" | sed -E 's|.*/src/|src/|' | sort -u
    else
        find src -name '*.hpp' | sort
    fi
}

fingerprint() { # SOURCE
    local -a headers
    mapfile -t headers < <(inputs "$1")
    # A header that has gone changes the fingerprint, too.
    { clang-tidy --version && cat .clang-tidy CMakeLists.txt "$1" "${headers[@]}" 2>&1; } | sha256sum | cut -d' ' -f1
}

# Checks one file; its complaints go to a file of their own, not to get mixed up.
tidy() { # SOURCE
    local mark output
    mark=$CACHE/$(fingerprint "$1")
    [ ! -f "$mark" ] || return 0
    output=$CACHE/${1//\//_}.txt
    if clang-tidy --quiet -p "$DATABASE" "$1" >"$output" 2>&1; then
        touch "$mark" && rm -f "$output"
    fi
}

main() {
    local source
    cd "$BILLING_ROOT"
    compgen -G "src/*/*.cpp" >/dev/null || return 0
    mkdir -p "$CACHE"
    find "$CACHE" -name '*.txt' -delete
    [ -f "$DATABASE/compile_commands.json" ] ||
        cmake -S . -B "$DATABASE" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DBILLING_WERROR=ON >/dev/null
    for source in src/*.cpp src/*/*.cpp; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
        tidy "$source" &
    done
    wait
    # Marks of former versions of the files.
    find "$CACHE" -type f -mtime +14 -delete
    ! grep -hE '(error|warning):' -A 6 "$CACHE"/*.txt 2>/dev/null
}

main
