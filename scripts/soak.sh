#!/usr/bin/env bash
# Runs generated tests with large counts: the same properties, kills and histories as scripts/test.sh.
#
#   scripts/soak.sh                 lists the suites, with the counts of one portion and of all
#   scripts/soak.sh SUITE           runs a suite, or goes on where it was interrupted
#   scripts/soak.sh SUITE --seed N  begins again with this seed
#
# A suite is run in portions, each with seeds of its own; all of them are done in at most 20 minutes on two
# cores. A run that has lasted that long begins no other portion; run it again to go on. What is finished is
# kept in target/soak/SUITE with the seed, for the commit that was tested. Counts are totals over all engines.
# A failed portion prints the variables that repeat it.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
minutes=20

# suite | portions | times the usual count | counted in a portion of the usual count | selection
suites() {
    cat <<'TABLE'
domain | 14 | 5 | 1500 histories against the oracle | -p domain --test properties
commands | 20 | 4 | 48 dry runs of random commands | -p commands --test handling -E test(dry_run)+test(idempotency)+test(faults)
eventlog | 10 | 1 | 6000 random histories on six configurations of the log | -p eventlog --test conformance -E test(histories)
projections | 10 | 1 | 60 histories against the oracle on two stores | -p projections --test views -E test(oracle)+test(paths_of)+test(had)+test(lost)+test(thousands)
index | 10 | 2 | 105 histories and worlds against the oracle | -p projections --test index -E test(oracle)+test(equal)+test(survive)+test(known)+test(knows)
histories | 20 | 1 | 240 random commands on two engine pairs against the model | -p tests --test acceptance -E test(random_histories)
kills | 6 | 1 | 56 kills of service, NATS and PostgreSQL on two engine pairs | -p tests --test chaos
nodes | 6 | 1 | 600 commands at two nodes | -p tests --test nodes
TABLE
}

field() { echo "$1" | cut -d '|' -f "$2" | sed 's/^ *//;s/ *$//'; }
total() { echo "$(($(field "$1" 2) * $(field "$1" 3) * $(field "$1" 4 | cut -d ' ' -f 1))) $(field "$1" 4 | cut -d ' ' -f 2-)"; }

suite=${1:-} seed=
case $# in
0)
    while read -r line; do
        printf '%-12s %s portions, in all %s\n' "$(field "$line" 1)" "$(field "$line" 2)" "$(total "$line")"
    done < <(suites)
    exit
    ;;
1) ;;
3) [ "$2" = --seed ] && seed=$3 ;;
esac
line=$(suites | grep "^$suite |" || true)
if [ -z "$line" ] || { [ $# -gt 1 ] && [ -z "$seed" ]; }; then
    sed -n '2,/^set -/{/^#/{s/^# \{0,1\}//;p}}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
portions=$(field "$line" 2) times=$(field "$line" 3)
read -r -a selection <<<"$(field "$line" 5)"

# The state: the tested commit, the seed, then the seconds of each finished portion.
target=${CARGO_TARGET_DIR:-$root/target}
state=$target/soak/$suite
mkdir -p "$target/soak"
commit=$(git describe --always --dirty --abbrev=12)
if [ -n "$seed" ] || [ ! -f "$state" ] || [ "$(sed -n 1p "$state")" != "$commit" ] ||
    [ "$(wc -l <"$state")" -ge $((portions + 2)) ]; then
    printf '%s\n%s\n' "$commit" "${seed:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}" >"$state"
fi
seed=$(sed -n 2p "$state")
finished=$(($(wc -l <"$state") - 2))
echo "$suite at $commit, seed $seed: $finished of $portions portions are done"

if [ "${selection[1]}" = tests ]; then cargo build --locked --quiet -p api --bin sharelog; fi
cargo nextest run --locked --profile soak --no-run "${selection[@]}"
scripts/services.sh install
SHARELOG_SERVICES=$(mktemp -d)
export SHARELOG_SERVICES
trap 'scripts/services.sh stop; rm -rf -- "$SHARELOG_SERVICES"' EXIT
trap 'exit 130' INT TERM
scripts/services.sh start >/dev/null
eval "$(scripts/services.sh env)"
export SHARELOG_BIN="$target/debug/sharelog" PROPTEST_CASES=$((256 * times))

begun=$SECONDS
for ((portion = finished + 1; portion <= portions; portion++)); do
    if [ $((SECONDS - begun)) -ge $((minutes * 60)) ]; then
        echo "$suite: $minutes minutes are over after $((portion - 1)) of $portions portions; run it again to go on"
        exit 3
    fi
    export PROPTEST_RNG_SEED=$((seed + portion * 1000000)) SHARELOG_SEED=$((seed + portion * 1000000))
    start=$SECONDS
    if ! cargo nextest run --locked --profile soak "${selection[@]}" </dev/null >"$state.log" 2>&1; then
        cat "$state.log"
        echo "$suite: portion $portion failed; to repeat it: PROPTEST_CASES=$PROPTEST_CASES" \
            "PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED SHARELOG_SEED=$SHARELOG_SEED" \
            "cargo nextest run --profile soak ${selection[*]@Q}"
        exit 1
    fi
    echo $((SECONDS - start)) >>"$state"
    echo "$suite: portion $portion of $portions, $((SECONDS - start)) s, $(grep -E '^ *Summary' "$state.log" | sed 's/.*\] *//')"
done
echo "$suite: all passed, $(total "$line"), seed $seed, $(awk 'NR > 2 { sum += $1 } END { print sum }' "$state") s"
