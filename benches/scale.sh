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

# paths of this machine are not for the record
record() { sed -e "s|$binary|voronka|g" -e "s|$work/||g" -e "s|$here/||g" -e "s|$(command -v "$python")|python3|g"; }

timed() {
    local name=$1 failed=0
    shift
    echo "== $name" >&2
    python3 "$here/benches/timed.py" "$name.time" "$@" >"$name.out" 2>"$name.err" || failed=$?
    for part in out err time; do record <"$name.$part" >"$runs/$name.$part"; done
    if [ "$failed" != 0 ]; then
        echo "$name ended with $failed" | tee -a "$summary" >&2
        cat "$name.err" >&2
        exit 1
    fi
    awk -v name="$name" '
        { value[$1] = $2 }
        END {
            printf "%-16s wall %7.2f s  user %7.2f s  sys %6.2f s  peak %5.0f MiB\n",
                name, value["wall_s"], value["user_s"], value["sys_s"], value["peak_kib"] / 1024
        }' "$name.time" | tee -a "$summary"
}

{
    "$binary" --version
    echo "revision $(git -C "$here" rev-parse HEAD)$([ -z "$(git -C "$here" status --porcelain -- . ':!benches/runs')" ] || echo ', with changes that are not committed')"
    echo "binary built $(date -u -r "$binary" +%Y-%m-%dT%H:%MZ), $(rustc --version 2>/dev/null || echo 'rustc unknown')"
    echo "run $(date -u +%Y-%m-%dT%H:%MZ)"
    echo "clients $clients, seed 1, as of $as_of"
    echo "machine: $(nproc) cores,$(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr), $(stat -f -c %T "$work") file system"
    echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
} >"$summary"
cat "$summary"

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

for peer in duckdb polars; do
    if version=$("$python" -c "import $peer; print($peer.__version__)" 2>/dev/null); then
        echo "peer $peer $version, $("$python" --version)" | tee -a "$summary"
        timed "peer_$peer" "$python" "$here/benches/peers/events_to_parquet_$peer.py" exports "events_$peer.parquet"
    else
        echo "SKIPPED: the Python package $peer is not installed" | tee -a "$summary" >&2
    fi
done
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)" | tee -a "$summary"
