#!/usr/bin/env bash
# The ingest of one large export, timed as a whole process with its peak memory, beside what DuckDB (COPY) and Polars
# (sink_parquet) need merely to turn the same file into zstd Parquet.
#
#   benches/export.sh GIB WORK_DIR [BINARY]     e.g. benches/export.sh 1 ../scale
#
# The file is the synthetic company's log of events, as many whole rows of it as are GIB GiB. Writes
# benches/runs/<date>-export-<GIB>gib/. Of WORK_DIR the folder export-run is emptied first. Else as scale.sh; with PEERS=no the
# peers are left out.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
gib=$1
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)/export-run
binary=$(realpath "${3:-${CARGO_TARGET_DIR:-$here/target}/release/voronka}")
python=${PYTHON:-python3}
runs="$here/benches/runs/$(date -u +%Y-%m-%d)-export-${gib}gib"
summary="$runs/summary.txt"
[ -x "$binary" ] || { echo "no binary at $binary: cargo build --release --locked" >&2; exit 2; }
rm -rf "$runs" "$work"
mkdir -p "$runs" "$work/exports"
cd "$work"

. "$here/benches/lib.sh"
# a million clients make 1.1 GiB of events
clients=$((gib * 1000000))
begin_summary "$gib GiB of the events of $clients clients, seed 1"

timed generate "$binary" generate --clients "$clients" --seed 1 --as-of 2025-06-30 --out made
cp made/mapping.toml .
{ head -n 1 made/events_2023.csv; for year in made/events_*.csv; do tail -n +2 "$year"; done; } |
    head -c $((gib << 30)) | sed '$d' >exports/events_all.csv || true # the last row is cut
rm -r made
du -m exports/events_all.csv | awk '{ print "export", $1, "MiB" }' | tee -a "$summary"
wc -l exports/events_all.csv >>"$summary"
timed ingest "$binary" ingest --mapping mapping.toml exports/events_all.csv
du -sm store | awk '{ print "store", $1, "MiB" }' | tee -a "$summary"
if [ "${PEERS:-yes}" = yes ]; then peers exports; fi
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)" | tee -a "$summary"
