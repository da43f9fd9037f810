#!/bin/sh
# Makes pictures of the pages of a running `voronka serve --http`, as a desktop and as a phone show them: for people to look at.
#   tests/clients/look_http.sh http://127.0.0.1:8080 out [lang]
# A server with users: start another one without them on the same store. Needs chromium.
set -eu
base=$1
out=$2
lang=${3:-ru}
mkdir -p "$out"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
look() {
    name=$1
    path=$2
    case $path in *\?*) url="$base$path&lang=$lang" ;; *) url="$base$path?lang=$lang" ;; esac
    # a report is made first
    for _ in $(seq 1 600); do
        [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 202 ] || break
        sleep 1
    done
    for size in wide:1280:1800 phone:390:1800; do
        kind=${size%%:*}
        rest=${size#*:}
        "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
            --window-size="${rest%%:*},${rest#*:}" --screenshot="$out/$name-$kind.png" "$url" >/dev/null 2>&1
    done
}
look front /
look today /today
look data /data
look metrics /metrics
look metric-lead_quality "/metrics/lead_quality?by=source"
look metric-revenue_weekly "/metrics/revenue_weekly"
look metric-funnel "/metrics/funnel"
look metric-single "/metrics/lead_quality"
look metric-series "/metrics/revenue_weekly?by=branch"
look report-brief /reports/brief
look report-weekly /reports/weekly
look report-whose /reports/worklist
look missing "/reports/nothing"
look wrong "/metrics/lead_quality?from=yesterday"
