#!/usr/bin/env bash
# Installs what the tests need, then checks and tests everything against real services.
#
#   scripts/test.sh                    all of it
#   scripts/test.sh -p eventlog        the same, with arguments for `cargo nextest run`
#
# Formatting, spelling, licences, lints, documentation tests, then every suite on both engine pairs.
# Needs a Rust toolchain. Fetches nats-server, PostgreSQL, cargo-nextest and typos when they are missing;
# cargo-deny is used when it is there, and built first when SHARELOG_INSTALL_DENY is set (4 minutes).
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools=$root/.tools
export PATH="$tools/bin:$PATH"

step() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }

install_crate() { # CRATE VERSION
    step "building $1 $2"
    cargo install --quiet --locked --root "$tools" --version "$2" "$1" </dev/null
}

install_typos() {
    local version=1.52.0 work wheel
    local sha256=418fd85f7fc11dec14e5482e747f6e916af56da96207cde0cdd69540a4b389f6
    [ "$(uname -sm)" = "Linux x86_64" ] || return 1
    python3 -m pip --version >/dev/null 2>&1 || return 1
    work=$(mktemp -d)
    printf 'typos==%s --hash=sha256:%s\n' "$version" "$sha256" >"$work/requirements.txt"
    python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: \
        --platform manylinux2014_x86_64 --dest "$work" -r "$work/requirements.txt" </dev/null || return 1
    wheel=$(echo "$work"/typos-*.whl)
    echo "$sha256  $wheel" | sha256sum --check --quiet || return 1
    python3 -m zipfile -e "$wheel" "$work/unpacked" || return 1
    mkdir -p "$tools/bin"
    install -m 0755 "$work"/unpacked/typos-*.data/scripts/typos "$tools/bin/typos"
    rm -rf "$work"
}

step "what the tests need"
scripts/services.sh install
cargo nextest --version >/dev/null 2>&1 || install_crate cargo-nextest 0.9.143
command -v typos >/dev/null || install_typos || echo "typos could not be fetched"
if [ -n "${SHARELOG_INSTALL_DENY:-}" ] && ! command -v cargo-deny >/dev/null; then
    install_crate cargo-deny 0.20.2
fi

step "formatting"
cargo fmt --all --check

step "spelling, licences, sources"
if command -v typos >/dev/null; then typos --config .typos.toml; else echo "skipped: no typos"; fi
if command -v cargo-deny >/dev/null; then
    cargo deny --config .deny.toml check bans licenses sources
else
    echo "skipped: no cargo-deny; the tidy suite holds the rules for drivers"
fi

step "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings

step "building the service and the suites"
# One call, so that every crate is built once: the tests of `api` bring the binary with them.
cargo nextest run --locked --workspace --no-run

step "documentation tests"
cargo test --locked --workspace --doc --quiet

step "services"
SHARELOG_SERVICES=$(mktemp -d)
export SHARELOG_SERVICES
trap 'scripts/services.sh stop; rm -rf -- "$SHARELOG_SERVICES"' EXIT
trap 'exit 130' INT TERM
scripts/services.sh start
eval "$(scripts/services.sh env)"
export SHARELOG_BIN="${CARGO_TARGET_DIR:-$root/target}/debug/sharelog"

step "all suites"
selection=("$@")
if [ ${#selection[@]} = 0 ]; then selection=(--workspace); fi
cargo nextest run --locked --profile ci --no-fail-fast "${selection[@]}"
