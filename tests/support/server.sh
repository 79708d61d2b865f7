# shellcheck shell=bash
# A private PostgreSQL 15 server with the extension in it. A library: source it, then
#
#     billing_packages build test     installs missing Debian packages
#     billing_build                   builds below build/ and stages the installation in build/stage
#     billing_start_server            starts a server on a private socket, exports PGHOST, PGPORT, PGUSER
#     billing_create_database NAME [TEMPLATE]
#     billing_create_template         the database billing_template: billing and pgtap installed, billing.install() run
#     billing_psql ...                psql without the user's settings, stopping at the first error
#     billing_stop_server             called at exit by itself
#
# Everything is below build/ and gone at exit, except the logs in build/log. PostgreSQL refuses to run as root, so
# root's server runs as the account "postgres" of the Debian package; client programs run as the caller.
#
# Variables the caller may set before billing_start_server:
#     BILLING_DURABLE=1               keep fsync and friends on (benchmarks, crash tests)
#     BILLING_SHARED_BUFFERS=256MB
#     BILLING_SERVER_CONF='...'       more lines for postgresql.conf
#     BILLING_SERVER_ENV=(A=b ...)    environment of the server process
# and before sourcing this file:
#     BILLING_VARIANT=sanitize        the extension is compiled with the sanitizers (build/sanitize, build/stage-sanitize)
#
# A script with an EXIT trap of its own calls billing_cleanup in it.

BILLING_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BILLING_BUILD=$BILLING_ROOT/build
BILLING_LOGS=$BILLING_BUILD/log
BILLING_RUN=$BILLING_BUILD/run-$$ # data, sockets and results of this process
BILLING_VARIANT=${BILLING_VARIANT:-check}
BILLING_STAGE=$BILLING_BUILD/stage
BILLING_SOCKET_LIMIT=90 # 107 bytes are allowed; the socket's own name takes 14
BILLING_TEMPLATE=billing_template
declare -a BILLING_AS=()         # prefix that runs a command as the server's user
declare -a BILLING_SERVER_ENV=() # may be filled by the caller
declare -a BILLING_MAKE=(WERROR=1 with_llvm=no) # bitcode serves only the JIT compiler and doubles the time
declare -a BILLING_AWAY=()       # temporary directories outside build/, removed at exit

if [ "$BILLING_VARIANT" = sanitize ]; then
    BILLING_STAGE=$BILLING_BUILD/stage-sanitize
    BILLING_MAKE+=(SANITIZE=1)
fi

# Nothing of the caller's own PostgreSQL settings may reach the private server, and files must be readable by it.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGOPTIONS PGDATA \
    PGCLIENTENCODING PGTZ PGDATESTYLE PGSSLMODE PGREQUIREPEER
export PSQL_HISTORY=/dev/null PSQLRC=/dev/null LC_ALL=C.UTF-8 BILLING_STAGE
umask 022

billing_fail() {
    echo "$*" >&2
    return 1
}

billing_packages() {
    bash "$BILLING_ROOT/tests/support/packages.sh" "$@"
}

# ------------------------------------------------------------------------------------------ build and stage

# The pg_config the Makefile takes, too.
billing_pg_config() {
    local debian=/usr/lib/postgresql/15/bin/pg_config
    if [ -n "${PG_CONFIG:-}" ]; then
        echo "$PG_CONFIG"
    elif [ -x "$debian" ]; then
        echo "$debian"
    else
        command -v pg_config || billing_fail "pg_config not found"
    fi
}

# Runs a command while no other of our commands builds.
billing_locked() {
    mkdir -p "$BILLING_BUILD"
    (
        flock 9
        "$@" 9>&-
    ) 9>"$BILLING_BUILD/.lock"
}

# Runs the PGXS makefile in build/NAME, named as one would by hand: by another name its folder is another -I flag, and
# everything is compiled anew. A surrounding make's flags would set its job server upon us.
billing_make() { # NAME ARGUMENT...
    local directory=$BILLING_BUILD/$1
    shift
    mkdir -p "$directory"
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES \
        make --silent --no-print-directory -C "$directory" -f ../../Makefile "PG_CONFIG=$(billing_pg_config)" "$@"
}

# Installs build/NAME into STAGE; a stage in use is left alone when nothing changed.
billing_stage() { # NAME STAGE MAKE_VARIABLE...
    local name=$1 stage=$2 fresh=$2.new
    shift 2
    rm -rf "$fresh"
    billing_make "$name" install "DESTDIR=$fresh" "$@" >/dev/null || return
    if diff -rq "$fresh" "$stage" >/dev/null 2>&1; then
        rm -rf "$fresh"
    else
        rm -rf "$stage" && mv "$fresh" "$stage"
    fi
}

billing_build_unlocked() { # NAME STAGE MAKE_VARIABLE...
    billing_make "$1" -j "$(nproc)" all "${@:3}" && billing_stage "$@"
}

# Warnings are errors.
billing_build() {
    billing_locked billing_build_unlocked "$BILLING_VARIANT" "$BILLING_STAGE" "${BILLING_MAKE[@]}" || return
    if [ "$BILLING_VARIANT" = sanitize ]; then billing_preload_sanitizers; fi
}

# The sanitizers' libraries must be in the server before the module is. PostgreSQL never frees what lives as long as
# its process, so leaks are not looked for.
billing_preload_sanitizers() {
    local first=$BILLING_BUILD/sanitize/asan_first.so
    gcc -shared -fPIC -Wl,-z,initfirst -o "$first" "$BILLING_ROOT/tests/support/asan_first.c" || return
    BILLING_SERVER_ENV+=(
        "LD_PRELOAD=$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so) $first"
        ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1
        UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    )
}

# ------------------------------------------------------------------------------------------ the server's user

# Opens a file, because access(2), hence test -r, ignores the capability below.
billing_can_read() {
    "${BILLING_AS[@]}" cat "$BILLING_ROOT/billing.control" >/dev/null 2>&1
}

# Sets BILLING_AS. Where the account can't reach the checkout (/root/...), it gets the one capability it lacks.
billing_choose_user() {
    BILLING_AS=()
    [ "$(id -u)" -eq 0 ] || return 0
    id postgres >/dev/null 2>&1 || billing_fail "no account \"postgres\" to run the server as" || return
    BILLING_AS=(setpriv --reuid=postgres --regid=postgres --init-groups)
    ! billing_can_read || return 0
    BILLING_AS+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
    billing_can_read ||
        billing_fail "the account \"postgres\" can't be given access to $BILLING_ROOT; move the checkout"
}

# Runs a command as the server's user, with a HOME of its own.
billing_as() {
    (cd "$BILLING_RUN" && HOME=$BILLING_RUN exec "${BILLING_AS[@]}" "$@")
}

# Makes directories, or lets files exist, that belong to the server's user.
billing_give() {
    [ "$(id -u)" -ne 0 ] || chown postgres: "$@"
}

# A private directory for sockets: below build/ when the path is short enough. Sets the variable NAME.
billing_socket_directory() { # VARIABLE NAME
    local path=$BILLING_RUN/$2
    if [ ${#path} -le $BILLING_SOCKET_LIMIT ]; then
        mkdir -p "$path"
    else
        path=$(mktemp -d /tmp/billing.XXXXXX)
        BILLING_AWAY+=("$path")
    fi
    chmod 700 "$path"
    billing_give "$path"
    printf -v "$1" %s "$path"
}

# ------------------------------------------------------------------------------------------ start and stop

# What a killed run left behind: its directory is named after its process.
billing_remove_stale() {
    local directory
    for directory in "$BILLING_BUILD"/run-*; do
        if [ ! -d "$directory" ] || [ -d "/proc/${directory##*-}" ]; then continue; fi
        if [ -f "$directory/data/postmaster.pid" ]; then
            billing_as "$BILLING_BIN/pg_ctl" stop --silent --mode=immediate --pgdata="$directory/data" >/dev/null 2>&1 ||
                true
        fi
        rm -rf "$directory"
    done
    # The ten newest server logs are enough.
    find "$BILLING_LOGS" -maxdepth 1 -name 'server-*.log' -printf '%T@ %p\n' | sort -rn | sed 1,10d | cut -d' ' -f2- |
        while IFS= read -r directory; do rm -f "$directory"; done
}

# The run directory, its owner, and the promise to clear up.
billing_prepare_run() {
    [ ! -d "$BILLING_RUN" ] || return 0
    mkdir -p "$BILLING_RUN" "$BILLING_LOGS"
    trap billing_cleanup EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    BILLING_BIN=$("$(billing_pg_config)" --bindir)
    export PATH=$BILLING_BIN:$PATH
    billing_choose_user
    billing_give "$BILLING_RUN"
    billing_remove_stale
}

billing_configuration() { # SOCKET_DIRECTORY
    cat <<CONF
listen_addresses = ''
unix_socket_directories = '$1'
extension_destdir = '$BILLING_STAGE'
shared_buffers = ${BILLING_SHARED_BUFFERS:-256MB}
max_connections = 50
max_prepared_transactions = 10
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %d '
CONF
    if [ "${BILLING_DURABLE:-0}" != 1 ]; then
        printf '%s = off\n' fsync synchronous_commit full_page_writes
    fi
    printf '%s\n' "${BILLING_SERVER_CONF:-}"
}

billing_start_server() {
    local socket data=$BILLING_RUN/data log=$BILLING_LOGS/server-$$.log
    billing_prepare_run
    billing_socket_directory socket socket
    : >"$log"
    billing_give "$log"
    billing_as "$BILLING_BIN/initdb" --pgdata="$data" --username=postgres --auth=trust --locale=C.UTF-8 \
        --encoding=UTF8 --no-sync --no-instructions >>"$log" 2>&1 || { cat "$log" >&2 && return 1; }
    billing_configuration "$socket" >>"$data/postgresql.conf"
    billing_as env "${BILLING_SERVER_ENV[@]}" "$BILLING_BIN/pg_ctl" start --wait --silent --pgdata="$data" \
        --log="$log" || { cat "$log" >&2 && return 1; }
    export PGHOST=$socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

# The data directory is thrown away, so the shutdown needn't be a clean one.
billing_stop_server() {
    [ -f "$BILLING_RUN/data/postmaster.pid" ] || return 0
    billing_as "$BILLING_BIN/pg_ctl" stop --silent --mode=immediate --pgdata="$BILLING_RUN/data" >/dev/null 2>&1 || true
    rm -rf "$BILLING_RUN/data"
}

billing_cleanup() {
    local status=$?
    trap - EXIT HUP INT TERM
    billing_stop_server
    rm -rf "$BILLING_RUN" "${BILLING_AWAY[@]}"
    exit "$status"
}

# ------------------------------------------------------------------------------------------ databases

billing_psql() {
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"
}

# After a crash the server needs a moment to come back.
billing_wait_ready() {
    local attempt
    for attempt in {1..100}; do
        pg_isready --quiet && return 0
        sleep 0.2
    done
    billing_fail "the server did not come back after $attempt attempts"
}

# A fresh database, empty or a copy of TEMPLATE.
billing_create_database() { # NAME [TEMPLATE]
    billing_drop_database "$1"
    billing_psql --dbname=postgres --command="CREATE DATABASE \"$1\" TEMPLATE \"${2:-template0}\""
}

billing_drop_database() { # NAME
    billing_psql --dbname=postgres --command="SET client_min_messages = warning" \
        --command="DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)"
}

billing_create_template() {
    billing_create_database "$BILLING_TEMPLATE" || return
    billing_psql --dbname="$BILLING_TEMPLATE" --output=/dev/null --command="SET client_min_messages = warning" \
        --command="CREATE EXTENSION billing" --command="CREATE EXTENSION pgtap" \
        --command="SELECT * FROM billing.install()"
}
