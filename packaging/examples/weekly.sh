#!/bin/sh
# Loads the exports and makes the report of last week: weekly.sh [COMPANY-FOLDER], by default the folder that this file lies in.
# Ends with 0 if all is well, 1 if a file of exports gave no row, 2 if there is no report.
set -u
cd "${1:-$(dirname "$0")}" || exit 2

voronka ingest --mapping mapping.toml exports
loaded=$?
# nothing was stored: the report would show old numbers under a new date
[ "$loaded" -le 1 ] || exit "$loaded"

voronka report weekly --out "out/$(date +%F)" || exit
exit "$loaded"
