#!/usr/bin/env bash
# Builds and runs the benchmarks; prints ours beside a ceiling measured in the same run.
#
#   scripts/bench.sh                   under five minutes once built (release profile)
#   scripts/bench.sh --full            the big ones
#   scripts/bench.sh --dist            built as packages are, for published figures
#   scripts/bench.sh --save DIR [CHECKOUT]
#                                      builds the executables with the dist profile, of this or of another
#                                      checkout, and keeps them in DIR
#   scripts/bench.sh --compare OLD_DIR [NEW_DIR]
#                                      runs saved executables and new ones (saved, or built now) in
#                                      alternating rounds; prints per row new against old, and the spread of
#                                      old against old
#   scripts/bench.sh --first-command   compares the binary of the README's first command with dist: checks
#                                      and commands, goal 0.8
#
#   --rounds N      rounds of a comparison (7)
#   --benches LIST  run these only: "tests:checks tests:http"
#   --rows PATTERN  compare rows that match only; a benchmark without such a row is run once
#
# A benchmark prints lines `bench | what | ours | ceiling | ratio | reach`; the table at the end is those
# lines. Real servers are started on loopback and ended again. Every executable has a time limit.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cd "$root"
usage() {
    sed -n '2,/^set -/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

action=run profile=release limit=600 rounds=7 rows=. full=() folders=()
benches="eventlog:embedded eventlog:replay commands:commands projections:projector tests:http tests:checks tests:sizes tests:start tests:visible"
while [ $# -gt 0 ]; do
    case $1 in
    --full) full=(--full) limit=3600 ;;
    --dist) profile=dist ;;
    --save | --compare | --first-command) action=${1#--} ;;
    --rounds) rounds=${2:?} && shift ;;
    --rows) rows=${2:?} && shift ;;
    --benches) benches=${2:?} && shift ;;
    -*) usage ;;
    *) folders+=("$1") ;;
    esac
    shift
done

# Builds the binary and the benchmarks of a checkout with a profile, and links or copies them to a folder.
build() { # FOLDER CHECKOUT PROFILE
    local folder=$1 checkout=$2 profile=$3 bench options=(--locked --profile "$3")
    if [ "$profile" = dist ] && ! grep -q '^\[profile.dist\]' "$checkout/Cargo.toml"; then
        # A checkout from before that profile: as its release was.
        options+=(--config 'profile.dist.inherits="release"' --config 'profile.dist.lto="thin"')
        options+=(--config profile.dist.codegen-units=4 --config profile.dist.debug=false)
    fi
    printf '\n== building %s, %s (%s)\n' "$checkout" "$profile" "$(date +%T)"
    mkdir -p "$folder"
    (
        cd "$checkout"
        if [[ "$benches" == *tests:* ]]; then
            cargo build "${options[@]}" -p api --bin sharelog
            cp -- "${CARGO_TARGET_DIR:-$checkout/target}/$profile/sharelog" "$folder/"
        fi
        for bench in $benches; do
            if ! grep -q "^name = \"${bench#*:}\"" "${bench%:*}/Cargo.toml"; then
                echo "no benchmark ${bench#*:} in ${bench%:*}"
                continue
            fi
            cargo bench --quiet "${options[@]}" -p "${bench%:*}" --bench "${bench#*:}" --no-run \
                --message-format=json-render-diagnostics >"$folder/built.json"
            cp -- "$(sed -n 's/.*"kind":\["bench"\].*"executable":"\([^"]*\)".*/\1/p' "$folder/built.json")" \
                "$folder/${bench%:*}.${bench#*:}"
        done
        rm -f -- "$folder/built.json"
    )
}

start_services() {
    scripts/services.sh install
    SHARELOG_SERVICES=$(mktemp -d)
    export SHARELOG_SERVICES
    trap 'scripts/services.sh stop; rm -rf -- "$SHARELOG_SERVICES"' EXIT
    trap 'exit 130' INT TERM
    SHARELOG_NATS_CONFIG=none scripts/services.sh start >/dev/null
    eval "$(scripts/services.sh env)"
}

compare() {
    python3 scripts/bench_compare.py --rounds "$rounds" --rows "$rows" --limit "$limit" --benches "$benches" \
        "$@" -- "${full[@]}"
}

case $action in
save)
    [ ${#folders[@]} -ge 1 ] || usage
    mkdir -p "${folders[0]}"
    build "$(cd -- "${folders[0]}" && pwd)" "$(cd -- "${folders[1]:-$root}" && pwd)" dist
    exit
    ;;
compare)
    [ ${#folders[@]} -ge 1 ] || usage
    new=${folders[1]:-$target/benches/dist}
    if [ ${#folders[@]} = 1 ]; then build "$new" "$root" dist; fi
    start_services
    compare --goal 0.95 "${folders[0]}" "$new"
    exit
    ;;
first-command)
    benches="tests:checks tests:http"
    build "$target/benches/dist" "$root" dist
    cargo build --locked --release -p api --bin sharelog
    start_services
    compare --goal 0.8 --binary "$target/release/sharelog" "$target/benches/dist" "$target/benches/dist"
    exit
    ;;
esac

build "$target/benches/$profile" "$root" "$profile"
start_services
lines=$(mktemp)
trap 'scripts/services.sh stop; rm -rf -- "$SHARELOG_SERVICES" "$lines"' EXIT
export SHARELOG_BIN="$target/benches/$profile/sharelog"
for bench in $benches; do
    [ -x "$target/benches/$profile/${bench/:/.}" ] || continue
    printf '\n== %s (%s)\n' "$bench" "$(date +%T)"
    timeout --kill-after 30 "$limit" "$target/benches/$profile/${bench/:/.}" --bench "${full[@]}" </dev/null |
        tee -a "$lines" || echo "$bench failed" | tee -a "$lines"
done

printf '\n== all (%s)\n' "$(date +%T)"
{
    echo 'bench | what | ours | ceiling | ratio | reach'
    grep '^bench |' "$lines" || true
} | cut -d '|' -f 2- | column -t -s '|' -o ' | '
grep ' failed$' "$lines" && exit 1 || true
