"""Random durations with ties, and what scikit-survival and statsmodels make of them.

Writes durations.csv, cuminc.csv, km.csv and km_quantile.csv beside itself. A line of durations.csv is one sample:
its durations, and how each ended (0 censored, 1 the event, 2 a competing event). The other files name a sample by
its number from 0.
"""

from pathlib import Path

import numpy as np
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

HERE = Path(__file__).parent
random = np.random.default_rng(20261123)


def sample(size, tied, open_share):
    durations = random.gamma(1.5, 20, size)
    durations = np.ceil(durations / 7) if tied else np.round(durations, 3)
    outcomes = random.choice([0, 1, 2], size, p=[open_share, (1 - open_share) * 0.4, (1 - open_share) * 0.6])
    outcomes[:2] = [1, 2]  # scikit-survival asks for at least one of each kind
    return durations, outcomes


def write(name, header, lines):
    (HERE / name).write_text("\n".join([header, *lines]) + "\n")


def cells(*values):
    return ",".join("NA" if isinstance(v, float) and np.isnan(v) else repr(v) for v in values)


sizes = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40]
samples = [sample(n, tied, share) for n in sizes for tied in (False, True) for share in (0.0, 0.3, 0.7)]
write("durations.csv", "durations,outcomes",
      [" ".join(f"{d:g}" for d in ds) + "," + " ".join(map(str, os)) for ds, os in samples])

cuminc, km, quantiles = [], [], []
for number, (durations, outcomes) in enumerate(samples):
    times, share, interval = cumulative_incidence_competing_risks(outcomes, durations, conf_type="log-log")
    # two oracles must agree before either is believed
    with np.errstate(all="ignore"):  # its variance, not asked for here, divides by zero at the last step
        second = CumIncidenceRight(durations, outcomes)
    at = np.searchsorted(times, second.times, side="right") - 1
    assert np.allclose(second.cinc[0], share[1][at], rtol=0, atol=1e-12)
    km_times, left, km_interval = kaplan_meier_estimator(outcomes == 1, durations, conf_type="log-log")
    for time in sorted(set(np.quantile(durations, [0.2, 0.4, 0.5, 0.6, 0.8, 1.0]).round(3))):
        time = min(float(time), float(durations.max()))  # later the estimators are not defined
        at = np.searchsorted(times, time, side="right") - 1
        low, high = interval[1][:, at]
        # where nothing or everything happened, or the variance vanishes, these two coincide: ours differs there
        if at >= 0 and low < share[1][at] < high:
            cuminc.append(cells(number, time, float(share[1][at]), float(low), float(high)))
        at = np.searchsorted(km_times, time, side="right") - 1
        if at >= 0 and 0 < left[at] < 1:
            low, high = km_interval[:, at]
            km.append(cells(number, time, float(1 - left[at]), float(1 - high), float(1 - low)))
    curve = SurvfuncRight(durations, (outcomes == 1).astype(int))
    for q in (0.1, 0.25, 0.5, 0.75, 0.9):
        # a point on 1 - q exactly is decided by rounding there; survival.rs has a test of its own for that
        if not np.any(np.abs(curve.surv_prob - (1 - q)) < 1e-9):
            quantiles.append(cells(number, q, float(curve.quantile(q))))
write("cuminc.csv", "sample,time,share,low,high", cuminc)
write("km.csv", "sample,time,share,low,high", km)
write("km_quantile.csv", "sample,q,time", quantiles)
