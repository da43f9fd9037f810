#!/usr/bin/env bash
# Whether compare.sh runs and its comparison can fail: a small run, then the same answers with one cell changed, one row taken away.
#
#   benches/check.sh     (environment as for compare.sh; needs DuckDB)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
export LABEL=check STEPS=questions WORK=${WORK:-$here/../voronka-compare}
runs="$here/benches/runs/$(date -u +%Y-%m-%d)-500-compare-check"
trap 'rm -rf "$runs"' EXIT
"$here/benches/compare.sh" 500 1 >/dev/null
# with its whole path, but no link followed: a link is what makes a virtual environment
python=$(command -v "${PYTHON:-python3}")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
cd "$WORK/compare-run"
# spoiled FILE EXPRESSION: the comparison must end with 1 where sed's EXPRESSION has changed this answer
spoiled() {
    cp "$1" kept.csv
    sed -i "$2" "$1"
    if cmp -s "$1" kept.csv; then echo "nothing was spoiled in $1" >&2; exit 1; fi
    if "$python" "$here/benches/compare.py" "$runs" answers steps >/dev/null 2>&1; then
        echo "a spoiled $1 was not found out" >&2
        exit 1
    fi
    mv kept.csv "$1"
}
ours=answers/1/voronka/eight-tables
spoiled answers/1/duckdb/touch_hazard.csv '2s/.$/7/'                     # a cell of a peer
spoiled answers/1/duckdb-of-store/retention.csv '3d'                     # a row of a peer
spoiled "$ours/promo-clients.csv" '2s/,[0-9]/,9/'                        # a cell of ours
spoiled "$ours/payback.csv" '5d'                                         # a row of ours
spoiled answers/definitions/time_in_stage.csv '2s/\.[0-9]*$/.999999/'    # a cell that is ours by definition
"$python" "$here/benches/compare.py" "$runs" answers steps >/dev/null
echo "compare.sh: answers agree, and spoiled ones are found out"
