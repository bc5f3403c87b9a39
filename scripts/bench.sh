#!/usr/bin/env bash
# Builds release and runs every benchmark; prints ours beside a ceiling measured in the same run.
#
#   scripts/bench.sh           under five minutes once built
#   scripts/bench.sh --full    the big ones
#
# A benchmark prints lines `bench | what | ours | ceiling | ratio | reach`; the table at the end is those
# lines. Real servers are started on loopback and ended again.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
full=()
case ${1:-} in
--full) full=(--full) ;;
'') ;;
*)
    sed -n '2,/^set -/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

scripts/services.sh install
benches=(eventlog:embedded eventlog:replay commands:commands projections:projector tests:http tests:checks tests:sizes tests:start tests:visible)
present=()
for bench in "${benches[@]}"; do
    if grep -q "^name = \"${bench#*:}\"" "${bench%:*}/Cargo.toml"; then present+=("$bench"); else
        echo "no benchmark ${bench#*:} in ${bench%:*}"
    fi
done

printf '\n== building (%s)\n' "$(date +%T)"
cargo build --locked --release -p api --bin sharelog
for bench in "${present[@]}"; do
    cargo bench --quiet --locked -p "${bench%:*}" --bench "${bench#*:}" --no-run
done

SHARELOG_SERVICES=$(mktemp -d)
export SHARELOG_SERVICES
lines=$(mktemp)
trap 'scripts/services.sh stop; rm -rf -- "$SHARELOG_SERVICES" "$lines"' EXIT
trap 'exit 130' INT TERM
SHARELOG_NATS_CONFIG=none scripts/services.sh start
eval "$(scripts/services.sh env)"
export SHARELOG_BIN="${CARGO_TARGET_DIR:-$root/target}/release/sharelog"

for bench in "${present[@]}"; do
    printf '\n== %s (%s)\n' "$bench" "$(date +%T)"
    cargo bench --quiet --locked -p "${bench%:*}" --bench "${bench#*:}" -- "${full[@]}" </dev/null |
        tee -a "$lines" || echo "$bench failed" | tee -a "$lines"
done

printf '\n== all (%s)\n' "$(date +%T)"
{
    echo 'bench | what | ours | ceiling | ratio | reach'
    grep '^bench |' "$lines" || true
} | cut -d '|' -f 2- | column -t -s '|' -o ' | '
grep ' failed$' "$lines" && exit 1 || true
