#!/usr/bin/env bash
# Runs the README's walk-through line by line, as printed, against a freshly started service.
#
#   scripts/walkthrough.sh              on the embedded engines
#   scripts/walkthrough.sh production   on NATS (deploy/nats/single.conf) and PostgreSQL of its own; shows
#                                       the messages, the rows, and what the service's user is refused
#
# The code blocks after a line `<!-- walkthrough -->` are run, statement by statement, in one shell. A
# statement fails when it fails, and when a `curl` in it is answered with anything but 2xx. A line
# `# -> words` says that the output before it holds these words. What starts the service is skipped: it
# runs already, on a free port in the place of 8080.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
mode=${1:-embedded}
case $mode in embedded | production) ;; *)
    sed -n '2,/^set -/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

say() { printf '%s\n' "$*"; }
fail() {
    say "walkthrough.sh: $*" >&2
    exit 1
}

if [ -z "${SHARELOG_BIN:-}" ]; then
    (cd "$root" && cargo build --quiet --locked --release -p api --bin sharelog)
    SHARELOG_BIN=${CARGO_TARGET_DIR:-$root/target}/release/sharelog
fi
binary=$SHARELOG_BIN
while read -r name; do unset "$name"; done < <(compgen -e SHARELOG_ | grep -v '^SHARELOG_NATS_SERVER$')

place=$(mktemp -d "${TMPDIR:-/tmp}/sharelog-walkthrough.XXXXXX")
service='' subscriber=''
finish() {
    [ -z "$subscriber" ] || kill "$subscriber" 2>/dev/null || true
    [ -z "$service" ] || kill "$service" 2>/dev/null || true
    [ -z "$service" ] || wait "$service" 2>/dev/null || true
    if [ "$mode" = production ]; then
        SHARELOG_SERVICES=$place/services "$root/scripts/services.sh" stop || true
    fi
    rm -rf -- "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- the service ------------------------------------------------------------------------------------

speak() { # opens a plain connection to NATS as the service's user on descriptor 3
    exec 3<>"/dev/tcp/127.0.0.1/$nats_port"
    printf 'CONNECT {"verbose":false,"pedantic":false,"user":"%s","pass":"%s"}\r\n' \
        "${nats_user:-}" "${nats_password:-}" >&3
}

subscribe() { # FILE: writes everything below the prefix that is published, as plain text
    speak
    printf 'SUB sharelog.log.> 1\r\nPING\r\n' >&3
    local line
    while IFS= read -r line <&3; do
        case $line in
        PING*) printf 'PONG\r\n' >&3 ;;
        *) printf '%s\n' "${line%$'\r'}" >>"$1" ;;
        esac
    done
}

if [ "$mode" = production ]; then
    services=$(SHARELOG_SERVICES=$place/services "$root/scripts/services.sh" start)
    eval "$services"
    nats_port=${SHARELOG_TEST_NATS##*:}
    nats_user=${SHARELOG_TEST_NATS_USER:-}
    nats_password=${SHARELOG_TEST_NATS_PASSWORD:-}
    superuser=$SHARELOG_TEST_POSTGRES
    psql() { PATH="$PATH:$SHARELOG_PG_BIN" command psql -X -v ON_ERROR_STOP=1 "$@"; }
    psql "$superuser" --quiet -c 'CREATE ROLE sharelog LOGIN CREATEROLE' \
        -c 'CREATE DATABASE sharelog OWNER sharelog'
    database=${superuser%/*}/sharelog
    export SHARELOG_LOG=$SHARELOG_TEST_NATS SHARELOG_DB=${database/postgres@/sharelog@}
    if [ -n "$nats_user" ]; then
        (umask 077 && printf '%s' "$nats_password" >"$place/nats.password")
        export SHARELOG_NATS_USER=$nats_user SHARELOG_NATS_PASSWORD_FILE=$place/nats.password
    fi
    subscribe "$place/messages" &
    subscriber=$!
fi

cd "$place"
for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done
"$binary" serve --listen "127.0.0.1:$port" </dev/null >"$place/service.log" 2>&1 &
service=$!
for _ in $(seq 300); do
    command curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz" && break
    kill -0 "$service" 2>/dev/null || {
        cat "$place/service.log" >&2
        fail "the service ended"
    }
    sleep 0.1
done
command curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz" || {
    cat "$place/service.log" >&2
    fail "the service is not ready"
}

# --- the README, as printed -------------------------------------------------------------------------

# A refusal is remembered in a file: the statement may go on after it, or be a pipe.
curl() { command curl --silent --show-error --fail-with-body "$@" || touch "$place/refused"; }
sharelog() { "$binary" "$@"; }
cargo() { # cargo run … -- ARGUMENTS
    while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
    shift || true
    "$binary" "$@"
}

mapfile -t lines < <(awk '
    /<!-- walkthrough -->/ { wanted = 1; next }
    /^```/ { if (inside) { inside = 0; wanted = 0 } else if (wanted) { inside = 1 }; next }
    inside { print }' "$root/README.md")
[ ${#lines[@]} -gt 0 ] || fail "README.md has no block after <!-- walkthrough -->"

statements=0 statement='' output=$place/output
: >"$output"

run_statement() {
    local code=$1 status=0
    case $code in
    *'serve'* | 'git clone'* | 'cd '* | 'cargo build'*)
        say "  (done already) $code"
        return
        ;;
    esac
    code=${code//127.0.0.1:8080/127.0.0.1:$port}
    code=${code//localhost:8080/127.0.0.1:$port}
    say "\$ $code"
    eval "$code" >"$output" 2>"$place/errors" || status=$?
    cut -c 1-400 "$output"
    if [ "$status" != 0 ] || [ -e "$place/refused" ]; then
        cat "$place/errors" >&2
        fail "refused, or exit status $status: $1"
    fi
    statements=$((statements + 1))
}

for line in "${lines[@]}"; do
    case $line in
    '# -> '*)
        words=${line#'# -> '}
        grep --quiet --fixed-strings -- "$words" "$output" || fail "expected in the output: $words"
        say "  (as promised: $words)"
        continue
        ;;
    '#'*) [ -n "$statement" ] || continue ;;
    '') [ -n "$statement" ] || continue ;;
    esac
    statement+=${statement:+$'\n'}$line
    case $line in *\\) continue ;; esac
    bash -n -c "$statement" 2>/dev/null || continue # a quotation goes on in the next line
    run_statement "$statement"
    statement=''
done
[ -z "$statement" ] || fail "an unfinished statement: $statement"
say "== $statements statements of the README ran on the $mode engines"

# --- what stands on the servers ---------------------------------------------------------------------

[ "$mode" = production ] || exit 0

say "== messages that a plain subscriber saw"
grep --text -A 1 '^H\?MSG sharelog' "$place/messages" | grep --text '^H\?MSG' | cut -d ' ' -f 2 | sort | uniq -c
grep --text --quiet 'grant.given' "$place/messages" || fail "no grant.given among the messages"
grep --text -m 3 -o '{"f":1.*' "$place/messages" | cut -c 1-300

say "== rows that the reader role sees"
for view in access_list published_catalog audit_trail freshness; do
    say "-- sharelog.$view"
    psql "$database" -P pager=off -c 'SET ROLE sharelog_reader' \
        -c "SELECT * FROM sharelog.$view LIMIT 5" | tail -n +2 | cut -c 1-160
done
for schema in sharelog_data sharelog_vault; do
    may=$(psql "$database" -At -c "SELECT has_schema_privilege('sharelog_reader', '$schema', 'USAGE')")
    [ "$may" = f ] || fail "the reader role may use schema $schema"
    say "-- schema $schema is closed to it"
done

say "== what the service's user is refused"
speak
for act in STREAM.DELETE.SHARELOG STREAM.PURGE.SHARELOG STREAM.UPDATE.SHARELOG \
    STREAM.RESTORE.SHARELOG STREAM.MSG.DELETE.SHARELOG; do
    printf 'PUB $JS.API.%s 2\r\n{}\r\n' "$act" >&3
    refused=''
    while IFS= read -r -t 5 line <&3; do
        case $line in
        *"Permissions Violation"*"$act"*)
            refused=$line
            break
            ;;
        esac
    done
    [ -n "$refused" ] || fail "$act was not refused"
    say "${refused%$'\r'}"
done
say "== the walk-through works on the $mode engines"
