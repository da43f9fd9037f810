#!/usr/bin/env bash
# The slowest tests of the library and of `it`, with seconds: tests/slowest.sh [FILTER]. The runner of `files` lists its own.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUST_MIN_STACK="${RUST_MIN_STACK:-33554432}"
for target in --lib "--test it"; do
  # shellcheck disable=SC2086 # two words
  binary="$(cargo test $target --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')"
  echo "slowest of cargo test $target $*:"
  # a stable test runner knows the times too, and shows them to whom it takes for a nightly one; nothing is built by this
  RUSTC_BOOTSTRAP=1 "$binary" -Z unstable-options --report-time "$@" |
    sed -n 's/^test \(.*\) \.\.\. \([a-zA-Z]*\) <\([0-9.]*\)s>$/\3 s  \1 (\2)/p' | sort -rn | head -10
done
