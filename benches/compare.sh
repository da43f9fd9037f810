#!/usr/bin/env bash
# Voronka, DuckDB, Polars and chdb on the same exports, in turn, in one run: exports into the store of each, the eight report questions
# from it, and what only Voronka does (weekly report, demo, second ingest, a week more).
#
#   benches/compare.sh CLIENTS [REPEATS]     e.g. benches/compare.sh 100000 3
#
# Writes benches/runs/<date>-<clients>-compare/: table.md (the table with ratios, and where answers differ by definition), raw.tsv (each
# step of each repetition) and summary.txt (versions, machine). Ends with 1 where two answers differ that must not.
#
# Environment: BINARY (target/release/voronka, under CARGO_TARGET_DIR where that is set), PYTHON (python3) with the packages of
# benches/peers/requirements.txt, WORK (../voronka-compare; of it the folder compare-run is emptied first), ENGINES (which to run),
# STEPS (`questions`: loads and the eight questions; `week`: and a week more; `all`, the default: and weekly reports and the demo),
# LABEL (a word behind the run's folder).
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,14p' "$0" >&2; exit 2; }
clients=$1
repeats=${2:-3}
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${WORK:=$here/../voronka-compare}"
work=$(cd "$WORK" && pwd)/compare-run
binary=$(realpath "${BINARY:-${CARGO_TARGET_DIR:-$here/target}/release/voronka}")
# with its whole path, but no link followed: a link is what makes a virtual environment
python=$(command -v "${PYTHON:-python3}")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
bench=$here/benches
steps=${STEPS:-all}
as_of=2025-06-30
week_ago=2025-06-23
runs="$bench/runs/$(date -u +%Y-%m-%d)-$clients-compare${LABEL:+-$LABEL}"
summary="$runs/summary.txt"
[ -x "$binary" ] || { echo "no binary at $binary: cargo build --release --locked" >&2; exit 2; }
rm -rf "$runs" "$work"
mkdir -p "$runs" "$work/answers" "$work/steps"
cd "$work"
export PYTHONDONTWRITEBYTECODE=1
. "$bench/lib.sh"
begin_summary "clients $clients, seed 1, as of $as_of; $repeats repetitions${LABEL:+; $LABEL}"

# a copy, so that a build meanwhile does not change what is measured
cp -p "$binary" voronka-measured
binary=$work/voronka-measured

engines=()
for engine in ${ENGINES:-voronka duckdb polars chdb}; do
    if [ "$engine" = voronka ]; then
        engines+=("$engine")
    elif version=$("$python" -c "import $engine; print($engine.__version__)" 2>/dev/null); then
        engines+=("$engine")
        echo "$engine $version, $("$python" --version)" | tee -a "$summary"
    else
        echo "SKIPPED: the Python package $engine is not installed" | tee -a "$summary" >&2
    fi
done
[ ${#engines[@]} -gt 0 ] || { echo "none of the programs is installed" >&2; exit 2; }
has() { [[ " ${engines[*]} " == *" $1 "* ]]; }

printf 'step\tengine\trepetition\twall_s\tuser_s\tsys_s\tpeak_mib\tdisk_mib\tstalled_s\n' >"$runs/raw.tsv"
# step NAME ENGINE DISK COMMAND …: runs a command and writes its line; DISK is what it leaves, a pattern of paths or `-`.
step() {
    local name=$1 engine=$2 disk=$3 failed=0 at="steps/$1.$2.$repetition"
    shift 3
    python3 "$bench/timed.py" "$at.time" "$@" >"$at.out" 2>"$at.err" || failed=$?
    if [ "$failed" != 0 ]; then
        echo "$name of $engine ended with $failed" | tee -a "$summary" >&2
        tail -n 20 "$at.err" >&2
        exit 1
    fi
    local bytes=-
    # shellcheck disable=SC2086 # a pattern
    [ "$disk" = - ] || bytes=$(du -scb $disk | awk 'END { printf "%.1f", $1 / 1048576 }')
    awk -v name="$name" -v engine="$engine" -v repetition="$repetition" -v bytes="$bytes" '
        { value[$1] = $2 }
        END {
            printf "%s\t%s\t%s\t%s\t%s\t%s\t%.0f\t%s\t%s\n", name, engine, repetition,
                value["wall_s"], value["user_s"], value["sys_s"], value["tree_peak_kib"] / 1024, bytes, value["stalled_s"]
        }' "$at.time" | tee -a "$runs/raw.tsv"
}
# quietly NAME COMMAND …: what is needed and not measured; speaks only where it fails
quietly() {
    if ! "${@:2}" >"$work/steps/$1.out" 2>"$work/steps/$1.err"; then
        echo "$1 failed" >&2
        tail -n 20 "$work/steps/$1.err" >&2
        exit 1
    fi
}
# peer NAME ENGINE DISK ARGUMENT …: a step of a peer's script
peer() { step "$1" "$2" "$3" "$python" "$bench/peers/eight_$2.py" "${@:4}"; }
own_store() { if [ "$1" = duckdb ]; then echo duckdb.db; else echo "$1"; fi; }
eight() { # eight NAME OUT ARGUMENT …: the eight questions as a report of the company in this folder
    step "$1" voronka - "$binary" report "$bench/peers/eight.toml" --as-of "$as_of" --lang en --format html,csv --timings --out "$2" "${@:3}"
}

repetition=0
quietly generate "$binary" generate --clients "$clients" --seed 1 --as-of "$as_of" --out exports
cp "$here/sample_data/regulation.toml" regulation.toml
{
    du -cm exports/*.csv | awk 'END { print "exports", $1, "MiB" }'
    wc -l exports/deals.csv exports/events_*.csv | awk '{ rows = $1 } END { print rows, "lines of deals and events" }'
} | tee -a "$summary"
if [ "$steps" != questions ]; then
    "$python" "$bench/week.py" exports "$week_ago" before week
    wc -l week/deals.csv week/events_*.csv | awk '{ rows = $1 } END { print "the week more:", rows, "lines of deals and events" }' | tee -a "$summary"
    if has duckdb; then "$python" "$bench/peers/eight_duckdb.py" load before before.db >/dev/null; fi
fi
if has voronka && [ "$steps" != questions ]; then
    # the company as it was a week ago, with the report of then, so with all that is kept from it
    mkdir company_before
    cp regulation.toml company_before
    cd company_before
    quietly ingest_before "$binary" ingest --mapping ../exports/mapping.toml ../before/*.csv
    [ "$steps" != all ] || quietly weekly_before "$binary" report weekly --as-of "$week_ago" --out out
    cd ..
fi

for repetition in $(seq "$repeats"); do
    echo "== repetition $repetition of $repeats" >&2
    answers=answers/$repetition
    # each repetition begins with another one
    order=("${engines[@]:$(((repetition - 1) % ${#engines[@]}))}" "${engines[@]:0:$(((repetition - 1) % ${#engines[@]}))}")
    rm -rf store* out duckdb.db* polars chdb
    for engine in "${order[@]}"; do
        case $engine in
        voronka) step load voronka 'store*' "$binary" ingest --mapping exports/mapping.toml exports/*.csv ;;
        *) peer load "$engine" "$(own_store "$engine")" load exports "$(own_store "$engine")" ;;
        esac
    done
    for engine in "${order[@]}"; do
        case $engine in
        voronka) eight eight "$answers/voronka" --fresh ;;
        *) peer eight "$engine" - ask "$(own_store "$engine")" "$answers/$engine" "$as_of" ;;
        esac
    done
    for engine in "${order[@]}"; do
        if [ "$engine" = duckdb ]; then step eight_plain duckdb - "$python" "$bench/peers/plain_duckdb.py" duckdb.db; fi
        if has voronka && [[ "$engine" =~ ^(duckdb|polars)$ ]]; then
            peer eight_of_store "$engine" - ask-store store "$answers/$engine-of-store" "$as_of"
        fi
    done
    if has duckdb; then
        peer load_again duckdb duckdb.db add exports duckdb.db
        if [ "$steps" != questions ]; then
            cp before.db week.db
            peer load_week duckdb week.db add week week.db
            "$python" "$bench/peers/eight_duckdb.py" ask week.db "$answers/duckdb-after-week" "$as_of"
            rm week.db
        fi
    fi
    has voronka || continue
    # the first time without --fresh keeps the answers, the second reads them
    quietly eight_first "$binary" report "$bench/peers/eight.toml" --as-of "$as_of" --lang en --format html,csv --out out
    eight eight_kept out
    step select_1 voronka - "$binary" sql "select 1"
    step load_again voronka 'store*' "$binary" ingest --mapping exports/mapping.toml exports/*.csv
    [ "$steps" != questions ] || continue
    if [ "$steps" = all ]; then
        step weekly voronka - "$binary" report weekly --as-of "$as_of" --lang en --fresh --out out
        step demo voronka - "$binary" demo --out demo
    fi
    rm -rf company
    cp -a company_before company
    cd company
    mkdir steps
    step load_week voronka - "$binary" ingest --mapping ../exports/mapping.toml ../week/*.csv
    [ "$steps" != all ] || step weekly_after_week voronka - "$binary" report weekly --as-of "$as_of" --lang en --out out
    quietly eight_after_week "$binary" report "$bench/peers/eight.toml" --as-of "$as_of" --lang en --format csv --fresh \
        --out "../$answers/voronka-after-week"
    mv steps/* ../steps/
    cd ..
done

echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)" | tee -a "$summary"
if has duckdb; then "$python" "$bench/peers/definitions.py" duckdb.db regulation.toml answers/definitions "$as_of"; fi
"$python" "$bench/compare.py" "$runs" answers steps
