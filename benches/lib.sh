# What the benchmarks share: each step is timed as a whole process, and what is kept says of which revision and machine it is.
# Wants set: here, work, runs, summary, binary, python.

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

# Begins the summary; the arguments say what is run.
begin_summary() {
    {
        "$binary" --version
        echo "revision $(git -C "$here" rev-parse HEAD)$([ -z "$(git -C "$here" status --porcelain -- . ':!benches/runs')" ] || echo ', with changes that are not committed')"
        echo "binary built $(date -u -r "$binary" +%Y-%m-%dT%H:%MZ), $(rustc --version 2>/dev/null || echo 'rustc unknown')"
        echo "run $(date -u +%Y-%m-%dT%H:%MZ)"
        echo "$*"
        echo "machine: $(nproc) cores,$(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr), $(stat -f -c %T "$work") file system"
        echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
    } >"$summary"
    cat "$summary"
}

# The peers that are installed, on the events of a folder of exports.
peers() {
    local exports=$1 peer version
    for peer in duckdb polars; do
        if version=$("$python" -c "import $peer; print($peer.__version__)" 2>/dev/null); then
            echo "peer $peer $version, $("$python" --version)" | tee -a "$summary"
            timed "peer_$peer" "$python" "$here/benches/peers/events_to_parquet_$peer.py" "$exports" "events_$peer.parquet"
        else
            echo "SKIPPED: the Python package $peer is not installed" | tee -a "$summary" >&2
        fi
    done
}
