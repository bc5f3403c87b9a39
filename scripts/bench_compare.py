#!/usr/bin/env python3
"""Compares two folders of benchmark executables, row by row, in alternating rounds.

Called by scripts/bench.sh. A ratio says how fast new is beside old: below 1 is slower, whether a row counts
calls a second or time. The spread of a row is that of old against old: the slowest and the fastest round of
old beside its median. A row is as fast as before when its median ratio reaches the goal or lies inside the
spread.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys

FIGURE = re.compile(r"\s*(?:p50 )?([0-9][0-9.,]*)\s*(/s|ms|s|ns|µs|us|bytes|grants/s|rows/s)?")
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def speed(text):
    """What a row says of ours as a number that is greater when it is better, if it has one."""
    found = FIGURE.match(text)
    if not found:
        return None
    number, unit = float(found[1].replace(",", "")), found[2] or ""
    if unit.endswith("/s"):
        return number
    return 1 / (number * SECONDS.get(unit, 1.0)) if number else None


def rows(output):
    """The rows of one run: name and speed. Sizes in names differ from run to run: they stand as `#`."""
    found = {}
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if cells[0] != "bench" or len(cells) < 3:
            continue
        name, number = re.sub(r"[0-9][0-9,.]*", "#", cells[1]), speed(cells[2])
        if name in found:
            name += f" ({sum(known.startswith(name) for known in found) + 1})"
        if number is not None:
            found[name] = number
    return found


def run(folder, binary, bench, options):
    """Runs one executable and answers its rows; what it wrote is shown when it fails."""
    program = pathlib.Path(folder) / bench.replace(":", ".")
    if not program.is_file():
        return {}
    settings = dict(os.environ, SHARELOG_BIN=str(binary))
    try:
        done = subprocess.run(
            [program.resolve(), "--bench", *options.arguments],
            env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=options.limit,
        )
    except subprocess.TimeoutExpired:
        print(f"{program}: not done after {options.limit} s", file=sys.stderr)
        return {}
    if done.returncode:
        print(f"{program} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)
    return rows(done.stdout)


def measure(options):
    """All rounds: row -> list of (old, new)."""
    old_binary = pathlib.Path(options.old, "sharelog").resolve()
    new_binary = pathlib.Path(options.binary or pathlib.Path(options.new, "sharelog")).resolve()
    sides = {"old": (options.old, old_binary), "new": (options.new, new_binary)}
    wanted = re.compile(options.rows)
    seen = {}
    for bench in options.benches.split():
        for number in range(options.rounds):
            order = ["old", "new"] if number % 2 == 0 else ["new", "old"]
            found = {side: run(*sides[side], bench, options) for side in order}
            both = [name for name in found["old"] if name in found["new"] and wanted.search(name)]
            for name in both:
                seen.setdefault((bench, name), []).append((found["old"][name], found["new"][name]))
            print(f"{bench}: round {number + 1} of {options.rounds}, {len(both)} rows", flush=True)
            if number == 0:
                for name in sorted(found["old"].keys() ^ found["new"].keys()):
                    print(f"  only in {'old' if name in found['old'] else 'new'}: {name}")
            if not both:
                break
    return seen


def report(seen, goal):
    """Prints the table; answers whether every row is as fast as before."""
    good = True
    print("\nbench | row | rounds | new/old, median | old against old | verdict")
    for (bench, name), pairs in seen.items():
        middle = statistics.median(old for old, _ in pairs)
        spread = [old / middle for old, _ in pairs]
        ratio = statistics.median(new / old for old, new in pairs)
        fine = ratio >= goal or (len(pairs) > 2 and ratio >= min(spread))
        good &= fine
        verdict = "ok" if fine else "SLOWER"
        print(f"{bench} | {name} | {len(pairs)} | {ratio:.3f} | {min(spread):.2f} to {max(spread):.2f} | {verdict}")
    return good and bool(seen)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--binary", help="the service that new is run with, instead of its own")
    parser.add_argument("--benches", required=True)
    parser.add_argument("--rows", default=".")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--goal", type=float, default=0.95)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    sys.exit(0 if report(measure(options), options.goal) else 1)


if __name__ == "__main__":
    main()
