#!/usr/bin/env bash
# Files are clean: nothing of the machine they were written on, no stray whitespace, one version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

FAULTS=0

# The files of the project; a source archive has no git.
project_files() {
    git ls-files --cached --others --exclude-standard 2>/dev/null ||
        find . \( -path ./build -o -path ./.git \) -prune -o -type f -printf '%P\n'
}

forbid() { # MESSAGE GREP_ARGUMENT...
    local message=$1
    shift
    if grep -HnI "$@" -- "${FILES[@]}"; then
        echo "^ $message"
        FAULTS=$((FAULTS + 1))
    fi
}

main() {
    local -a FILES
    mapfile -t FILES < <(project_files | grep -vE '\.out$')
    [ ${#FILES[@]} -gt 0 ] || return 0
    forbid "a path of this machine" -F "$PWD/"
    case $(dirname "$PWD") in
    / | /tmp | /var/tmp | /opt | /srv | /usr/src) ;; # too common to tell
    *) forbid "a path of this machine" -F "$(dirname "$PWD")/" ;;
    esac
    forbid "somebody's home" -E '/(home|Users)/[a-z]|/root/[a-z]'
    forbid "trailing whitespace" -E '[[:space:]]+$'
    forbid "carriage return" -F $'\r'
    forbid "left-over of a merge" -E '^(<<<<<<<|>>>>>>>) '
    check_version
    [ "$FAULTS" -eq 0 ]
}

# PGXN wants three numbers; they are those of the control file and a patch level.
check_version() {
    local version
    version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" billing.control)
    if grep '"version": "' META.json | grep -vE "\"version\": \"$version\.[0-9]+\"|meta-spec"; then
        echo "^ META.json is of another version than billing.control ($version)"
        FAULTS=$((FAULTS + 1))
    fi
}

main
