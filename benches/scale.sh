#!/usr/bin/env bash
# The whole main job at a given size, each step timed as a whole process with its peak memory.
#
#   benches/scale.sh CLIENTS WORK_DIR     e.g. benches/scale.sh 1000000 ../scale
#
# Raw results go to benches/runs/<date>-<clients>/. Needs GNU time; the peers need the Python packages duckdb and polars,
# and are left out, loudly, where those are absent.
set -euo pipefail
clients=$1
work=$2
here=$(cd "$(dirname "$0")/.." && pwd)
binary="${CARGO_TARGET_DIR:-$here/target}/release/voronka"
as_of=2025-06-30
runs="$here/benches/runs/$(date -u +%Y-%m-%d)-$clients"
mkdir -p "$runs" "$work"
cd "$work"
rm -rf exports store out

timed() {
    local name=$1
    shift
    echo "== $name: $*" >&2
    /usr/bin/time -v -o "$runs/$name.time" "$@" >"$runs/$name.out" 2>"$runs/$name.err"
    awk -v name="$name" '
        /Elapsed/ { wall = $NF } /Maximum resident/ { kib = $NF } /User time/ { user = $NF } /System time/ { sys = $NF }
        END { printf "%-16s wall %s  user %s s  sys %s s  peak %.0f MiB\n", name, wall, user, sys, kib / 1024 }
    ' "$runs/$name.time" | tee -a "$runs/summary.txt"
}

{
    "$binary" --version
    echo "clients $clients, seed 1, as of $as_of"
    echo "$(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr)"
    awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo
} >"$runs/summary.txt"

timed generate "$binary" generate --clients "$clients" --seed 1 --as-of "$as_of" --out exports
cp "$here/sample_data/regulation.toml" regulation.toml
du -m exports/*.csv | awk '{ mib += $1 } END { print "exports", mib, "MiB" }' | tee -a "$runs/summary.txt"
wc -l exports/*.csv >>"$runs/summary.txt"
timed ingest "$binary" ingest --mapping exports/mapping.toml exports/*.csv
du -sm store | awk '{ print "store", $1, "MiB" }' | tee -a "$runs/summary.txt"
timed ingest_again "$binary" ingest --mapping exports/mapping.toml exports/*.csv
timed report "$binary" report weekly --as-of "$as_of" --lang ru --out out
timed query "$binary" query lead_quality --by contractor --as-of "$as_of" --format csv

for peer in duckdb polars; do
    if python3 -c "import $peer" 2>/dev/null; then
        timed "peer_$peer" python3 "$here/benches/peers/events_to_parquet_$peer.py" exports "$work/events_$peer.parquet"
    else
        echo "SKIPPED: the Python package $peer is not installed" | tee -a "$runs/summary.txt" >&2
    fi
done
