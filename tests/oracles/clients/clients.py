"""BG/NBD and gamma-gamma of lifetimes on CDNOW's clients, and their formulas in 50 digits of mpmath.

Writes cdnow.csv, cdnow_spending.csv, bgnbd.csv, outlook.csv, gamma_gamma.csv and gamma.csv beside itself.
"""

from pathlib import Path

import mpmath as mp
import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.datasets import load_dataset
from scipy.optimize import minimize

HERE = Path(__file__).parent
mp.mp.dps = 50


def write(name, header, lines):
    (HERE / name).write_text("\n".join([header, *(",".join(map(str, line)) for line in lines)]) + "\n")


def real(value):
    return repr(float(value))


def digits(value):
    return mp.nstr(value, 17)


def polished(loss, start):
    """lifetimes stops at 1e-7; the same likelihood, followed to its summit."""
    at = np.log(start)
    for _ in range(4):
        options = dict(xatol=1e-12, fatol=1e-12, maxiter=20000, maxfev=20000)
        at = minimize(loss, at, method="Nelder-Mead", options=options).x
    return np.exp(at), -loss(at)


# the 2,357 clients of the paper, in weeks
clients = load_dataset("cdnow_customers_summary.csv")
write("cdnow.csv", "frequency,recency,age",
      zip(clients["frequency"], map(real, clients["recency"]), map(real, clients["T"])))


def bgnbd_loss(at):
    # lifetimes' own loss is a mean, and its fit rescales the time; this is the sum in weeks
    columns = [clients[name].values for name in ("frequency", "recency", "T")]
    return BetaGeoFitter._negative_log_likelihood(at, *columns, np.ones(len(clients)), 0.0) * len(clients)


fitted = BetaGeoFitter(penalizer_coef=0.0).fit(clients["frequency"], clients["recency"], clients["T"])
summit, highest = polished(bgnbd_loss, fitted.params_.values)
assert np.allclose(summit, fitted.params_.values, rtol=1e-4)
write("bgnbd.csv", "r,alpha,a,b,log_likelihood", [[*map(real, summit), real(highest)]])


def expected(r, alpha, a, b, x, t, age, ahead):
    # at a = 1 the formula is 0/0; its limit is as near as 1e-30
    a += mp.mpf(10) ** -25 if a == 1 else 0
    series = mp.hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead))
    stayed = 1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * series
    return (a + b + x - 1) / (a - 1) * stayed * alive(r, alpha, a, b, x, t, age)


def alive(r, alpha, a, b, x, t, age):
    return 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t)) ** (r + x)) if x > 0 else mp.mpf(1)


models = ["0.243 4.414 0.793 2.426", "2.1 60 1 5", "0.05 0.7 0.2 0.3", "12 30 8 40", "0.3 5 200 900", "90 400 0.01 3"]
seen = ["0 0 38.86", "0 0 0", "1 1.71 38.86", "2 30.43 38.86", "7 29.43 38.86", "10 15 38.86", "29 10 38", "100 100 104",
        "500 510 520"]
lines = []
published = BetaGeoFitter()
for model in models:
    r, alpha, a, b = map(mp.mpf, model.split())
    published.params_ = pd.Series(dict(r=float(r), alpha=float(alpha), a=float(a), b=float(b)))
    for client in seen:
        x, t, age = map(mp.mpf, client.split())
        for ahead in ("0.5", "39", "520"):
            golden = expected(r, alpha, a, b, x, t, age, mp.mpf(ahead))
            lines.append([*model.split(), *client.split(), ahead, digits(golden), digits(alive(r, alpha, a, b, x, t, age))])
            if model == models[0]:
                # two oracles must agree before either is believed
                theirs = published.conditional_expected_number_of_purchases_up_to_time(
                    float(ahead), float(x), float(t), float(age))
                assert abs(float(theirs) / float(golden) - 1) < 1e-9, (client, ahead)
write("outlook.csv", "r,alpha,a,b,frequency,recency,age,horizon,expected,alive", lines)

# spending: purchases of a day are one; without the first day; to the end of the paper's 39 weeks
bought = load_dataset("CDNOW_sample.txt", header=None, names=["all_id", "client", "day", "discs", "amount"], sep=r"\s+")
bought = bought[bought["day"] <= 19970930]
bought["cents"] = (bought["amount"] * 100).round().astype(int)
days = bought.groupby(["client", "day"], as_index=False)["cents"].sum()
repeated = days[days["day"] > days.groupby("client")["day"].transform("min")]
spending = repeated.groupby("client")["cents"].agg(["size", "sum"])
spending = spending[spending["sum"] > 0]
write("cdnow_spending.csv", "frequency,cents", spending.values.tolist())
purchases = spending["size"].values.astype(float)
mean = spending["sum"].values / 100 / purchases


def gamma_gamma_loss(at):
    return GammaGammaFitter._negative_log_likelihood(at, purchases, mean, np.ones(len(mean)), 0.0) * len(mean)


spent = GammaGammaFitter(penalizer_coef=0.0).fit(purchases, mean)
summit, highest = polished(gamma_gamma_loss, spent.params_.values)
assert np.allclose(summit, spent.params_.values, rtol=1e-4)
lines = [[*map(real, summit), real(highest), "NA", "NA", "NA"]]
spent.params_ = pd.Series(dict(p=6.25, q=3.74, v=15.44))
for x, m in [(0, 0.0), (1, 5.0), (1, 35.0), (1, 300.0), (2, 23.725), (2, 60.5), (3, 14.99), (4, 40.1), (7, 73.74),
             (10, 35.0), (15, 18.4), (29, 47.08), (100, 30.0)]:
    golden = spent.conditional_expected_average_profit(np.array([x]), np.array([m]))[0]
    lines.append(["6.25", "3.74", "15.44", "NA", x, m, real(golden)])
write("gamma_gamma.csv", "p,q,v,log_likelihood,frequency,monetary,expected", lines)

places = ["1e-6", "0.001", "0.1", "0.5", "1", "1.25", "1.4616321", "1.5", "2", "2.5", "3", "3.74", "5", "7.9", "8", "10.1",
          "11.99", "12", "12.5", "20", "33.3", "100", "1234.5", "1e5", "1e7"]
write("gamma.csv", "x,ln_gamma,digamma,trigamma",
      [[x, digits(mp.loggamma(mp.mpf(x))), digits(mp.digamma(mp.mpf(x))), digits(mp.psi(1, mp.mpf(x)))] for x in places])
