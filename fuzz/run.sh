#!/usr/bin/env bash
# Runs every fuzz target, or those named after the seconds, for so many seconds each: fuzz/run.sh [seconds] [target …]
# It needs a nightly toolchain and `cargo install cargo-fuzz --locked`.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-60}"
if [ $# -gt 1 ]; then targets="${*:2}"; else targets="$(cargo +nightly fuzz list)"; fi
# temporary tables are kept in memory where the system has such a folder
[ -w /dev/shm ] && export TMPDIR="${TMPDIR:-/dev/shm}"
# the code has no unsafe of its own: without the address sanitizer everything is several times faster
cargo +nightly fuzz build -s none
failed=""
for target in $targets; do
    # a corpus of the run: what it finds is not mixed with what is kept in the checkout
    found="$(mktemp -d)"
    longest=4096
    case "$target" in xls | xlsx | parquet | packed) longest=65536 ;; esac
    cargo +nightly fuzz run -s none "$target" "$found" "fuzz/corpus/$target" -- -max_total_time="$seconds" \
        -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=20 -max_len=$longest -print_final_stats=1 2>&1 |
        tee "$found.log" | grep -E "^(==|stat::(number_of_executed|average_exec|new_units|peak_rss)|thread |SUMMARY|artifact|Test unit)" |
        sed "s/^/$target: /" || true
    grep -q "stat::number_of_executed_units" "$found.log" && ! grep -q "^SUMMARY" "$found.log" || failed="$failed $target"
    rm -rf "$found" "$found.log"
done
[ -z "$failed" ] || { echo "found something:$failed (see fuzz/artifacts)" >&2; exit 1; }
