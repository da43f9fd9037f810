#!/usr/bin/env bash
# The whole main job at a given size, each step timed as a whole process with its peak memory.
#
#   benches/scale.sh CLIENTS WORK_DIR [BINARY]     e.g. benches/scale.sh 1000000 ../scale
#
# Writes benches/runs/<date>-<clients>/, which is what gets committed, whole: summary.txt, and of each step .out, .err and
# .time. WORK_DIR takes the exports, the store and the report; of it the folder scale-run is emptied first.
#
# The binary is target/release/voronka (under CARGO_TARGET_DIR where that is set) unless one is named. It must be of the
# revision that is checked out: the summary says which that is, and whether anything was changed.
# The peers need the Python packages duckdb and polars, and are left out, loudly, where those are absent; PYTHON names the
# Python that has them. Needs Linux, bash and python3, nothing else: timed.py stands for GNU time, which new machines lack.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
clients=$1
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)/scale-run
binary=$(realpath "${3:-${CARGO_TARGET_DIR:-$here/target}/release/voronka}")
python=${PYTHON:-python3}
as_of=2025-06-30
runs="$here/benches/runs/$(date -u +%Y-%m-%d)-$clients"
summary="$runs/summary.txt"
[ -x "$binary" ] || { echo "no binary at $binary: cargo build --release --locked" >&2; exit 2; }
rm -rf "$runs" "$work"
mkdir -p "$runs" "$work"
cd "$work"

. "$here/benches/lib.sh"
begin_summary "clients $clients, seed 1, as of $as_of"

timed generate "$binary" generate --clients "$clients" --seed 1 --as-of "$as_of" --out exports
cp "$here/sample_data/regulation.toml" regulation.toml
du -cm exports/*.csv | awk 'END { print "exports", $1, "MiB" }' | tee -a "$summary"
wc -l exports/*.csv >>"$summary"
timed ingest "$binary" ingest --mapping exports/mapping.toml exports/*.csv
du -sm store | awk '{ print "store", $1, "MiB" }' | tee -a "$summary"
timed ingest_again "$binary" ingest --mapping exports/mapping.toml exports/*.csv
timed report "$binary" report weekly --as-of "$as_of" --lang ru --out out
timed query "$binary" query lead_quality --by contractor --as-of "$as_of" --format csv
# what must not need memory for all its rows
timed sql_all_events sh -c 'exec "$0" sql "SELECT event_id, at, kind, deal_id, manager FROM events" --format parquet >all.parquet' "$binary"
du -m all.parquet | awk '{ print "all events as Parquet", $1, "MiB" }' | tee -a "$summary"

peers exports
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)" | tee -a "$summary"
