#!/usr/bin/env bash
# A store in a bucket on moto (https://github.com/getmoto/moto), a server that is not ours: the same rows as in a folder, kills, races.
#
#   pip install 'moto[server]'
#   tests/clients/s3_moto.sh target/release/voronka [KILLS]
#
# Ends with 0 if all holds. moto looks at a condition and writes in two steps, so it is run on one thread: then they are one.
set -euo pipefail
voronka=$(realpath "$1")
kills=${2:-12}
checkout=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

cat > server.py <<'PY'
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
WSGIRequestHandler.log_request = lambda *a, **k: None
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.port, flush=True)
server.serve_forever()
PY
python3 server.py > port 2> server.log &
server=$!
until [ -s port ]; do sleep 0.1; kill -0 $server; done
export AWS_ENDPOINT_URL=http://127.0.0.1:$(cat port) AWS_ALLOW_HTTP=true AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
export AWS_REGION=us-east-1 XDG_CACHE_HOME=$work/cache VORONKA_LANG=en
python3 - <<'PY'
import os, urllib.request
urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/acme", method="PUT",
    headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"}))
PY

cp "$checkout"/sample_data/{mapping.toml,regulation.toml,staff.csv} .
mkdir a b
for name in deals.csv events_2025.csv clients.csv; do
    lines=$(wc -l < "$checkout/sample_data/$name"); half=$((lines / 2))
    head -n $half "$checkout/sample_data/$name" > a/$name
    { head -n 1 "$checkout/sample_data/$name"; tail -n +$((half + 1)) "$checkout/sample_data/$name" | sed 's/;исх;/;вх;/'; } > b/$name
done
A="ingest --mapping mapping.toml a/deals.csv a/events_2025.csv a/clients.csv staff.csv"
B="ingest --mapping mapping.toml b/deals.csv b/events_2025.csv b/clients.csv"
rows="SELECT 'deals' AS of, concat_ws('|', deal_id, client_id, stage, manager, amount, created_at, closed_at) AS holds FROM deals
UNION ALL SELECT 'events', concat_ws('|', event_id, deal_id, client_id, kind, at, direction, stage) FROM events
UNION ALL SELECT 'journeys', concat_ws('|', deal_id, amount, events, cardinality(touch_at), response_at) FROM journeys
UNION ALL SELECT 'clients', concat_ws('|', client_id, segment, branch, first_seen) FROM clients
UNION ALL SELECT 'quarantine', concat_ws('|', file, line, reason) FROM quarantine ORDER BY of, holds"
holds() { "$voronka" sql "$rows" --format csv --store "$1" | sha256sum; }
newest() { "$voronka" log --format csv --store "$1" | sed -n 2p | cut -d, -f1; }

echo "1. the same rows as in a folder"
"$voronka" $A --store folder > told.folder; "$voronka" $A --store s3://acme/one > told.bucket
cmp told.folder told.bucket
before=$(holds folder); [ "$before" = "$(holds s3://acme/one)" ]
"$voronka" $B --store folder > told.folder; "$voronka" $B --store s3://acme/one > told.bucket
cmp told.folder told.bucket
after=$(holds folder); [ "$after" = "$(holds s3://acme/one)" ]
"$voronka" report weekly --as-of 2025-06-30 --format html --store folder --out here > /dev/null
"$voronka" report weekly --as-of 2025-06-30 --format html --store s3://acme/one --out there > /dev/null
for page in here/*.html; do cmp "$page" "there/${page#here/}"; done
[ "$("$voronka" sql 'SELECT count(*) FROM deals' --format csv --version 1 --store folder)" = \
  "$("$voronka" sql 'SELECT count(*) FROM deals' --format csv --version 1 --store s3://acme/one)" ]
"$voronka" check --store s3://acme/one

echo "2. $kills kills"
"$voronka" $A --store s3://acme/two > /dev/null
through=0
for n in $(seq 1 "$kills"); do
    version=$(newest s3://acme/two)
    timeout -s KILL "$(printf '%d.%02d' $((n % 3)) $((5 + n * 83 % 90)))" "$voronka" $B --store s3://acme/two > /dev/null 2>&1 || true
    now=$(newest s3://acme/two)
    [ "$now" = "$version" ] || [ "$now" = $((version + 1)) ]
    through=$((through + now - version))
    held=$(holds s3://acme/two); [ "$held" = "$before" ] || [ "$held" = "$after" ]
done
"$voronka" $B --store s3://acme/two > /dev/null
[ "$(holds s3://acme/two)" = "$after" ]
"$voronka" check --store s3://acme/two
echo "   $through got through before they were killed"

echo "3. three at once, four times"
"$voronka" $A --store s3://acme/three > /dev/null
for round in 1 2 3 4; do
    version=$(newest s3://acme/three); pids=()
    for writer in 1 2 3; do "$voronka" $B --store s3://acme/three > /dev/null 2> err.$writer & pids+=($!); done
    through=0
    for writer in 1 2 3; do
        if wait ${pids[$((writer - 1))]}; then through=$((through + 1)); else grep -q "another ingest was quicker" err.$writer; fi
    done
    [ "$(newest s3://acme/three)" = $((version + through)) ]; [ $through -ge 1 ]
    [ "$(holds s3://acme/three)" = "$after" ]
    echo "   $through of 3 got through"
done
"$voronka" check --store s3://acme/three
echo "all holds"
