"""How wrong the forecast is on companies of the generator: the table of docs/decisions/forecast.md.

    python3 forecast_scored.py ../../target/release/voronka 2000 1 2 3 4 5

generates, ingests and asks `forecast_score` of each seed, in a temporary folder.
"""
import csv
import io
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

voronka, clients, seeds = str(Path(sys.argv[1]).resolve()), sys.argv[2], sys.argv[3:]
regulation = Path(__file__).resolve().parents[2] / "sample_data" / "regulation.toml"


def run(*arguments):
    return subprocess.run([voronka, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


sums, bands = defaultdict(list), defaultdict(lambda: [0, 0])
for seed in seeds:
    with tempfile.TemporaryDirectory() as folder:
        exports, store = Path(folder) / "exports", Path(folder) / "store"
        run("generate", "--clients", clients, "--seed", seed, "--as-of", "2025-06-30", "--out", exports)
        run("ingest", "--store", store, "--mapping", exports / "mapping.toml", "--regulation", regulation, *sorted(exports.glob("*.csv")))
        asked = ["--store", store, "--regulation", regulation, "--as-of", "2025-06-30", "--format", "csv"]
        for row in csv.DictReader(io.StringIO(run("query", "forecast_score", "--from", "2025-06-01", "--to", "2025-06-30", *asked))):
            key = (row["measure"], row["ahead"])
            if row["wape"]:
                sums[key, row["method"]].append(float(row["wape"]))
            if row["banded"]:
                bands[key][0] += int(row["within"])
                bands[key][1] += int(row["banded"])

print("measure ahead forecast last_year run_rate weighted ours/best covered")
for key in bands:
    mean = {method: sum(of) / len(of) for (about, method), of in sums.items() if about == key}
    best = min(value for method, value in mean.items() if method != "forecast")
    told = " ".join(f"{mean.get(method, float('nan')):.3f}" for method in ("forecast", "last_year", "run_rate", "weighted"))
    within, banded = bands[key]
    print(*key, told, f"{mean['forecast'] / best:.2f}", f"{within}/{banded} = {within / banded:.3f}")
