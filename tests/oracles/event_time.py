"""How long the event takes, of those that will have it: out of the Aalen–Johansen curves of statsmodels.

Reads durations.csv (made by survival.py). Writes event_time.csv: the quantile q of R(t) = F(t) (1 - S(end)) / F(end), NA where it is not
reached. Writes event_time_durations.csv, larger samples of the same form, and event_time_bootstrap.csv: their quantiles with the 95 %
interval of 4,000 bootstrap samples each.
"""

from pathlib import Path

import numpy as np
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

HERE = Path(__file__).parent
SAME = 1e-12


def curve(durations, outcomes):
    """Times and R(t)."""
    with np.errstate(all="ignore"):
        cumulative = CumIncidenceRight(durations, outcomes)
    share = cumulative.cinc[0]
    left = SurvfuncRight(durations, (outcomes > 0).astype(int)).surv_prob[-1]
    return cumulative.times, share * (1 - left) / share[-1] if share[-1] > 0 else share * 0


def quantile(durations, outcomes, q):
    times, reached = curve(durations, outcomes)
    over = reached > q + SAME
    return float(times[np.argmax(over)]) if over.any() else float("nan")


def cells(*values):
    return ",".join("NA" if isinstance(v, float) and np.isnan(v) else repr(v) for v in values)


def write(name, header, lines):
    (HERE / name).write_text("\n".join([header, *lines]) + "\n")


def fast_quantile(durations, outcomes, q):
    """The same in numpy alone, for the bootstrap. Durations are whole, below 1000."""
    ends = [np.bincount(durations[outcomes == kind], minlength=1000) for kind in (0, 1, 2)]
    all_ends = ends[0] + ends[1] + ends[2]
    at_risk = len(durations) - np.concatenate([[0], np.cumsum(all_ends)[:-1]])
    at_risk = np.maximum(at_risk, 1)
    left = np.cumprod(1 - (ends[1] + ends[2]) / at_risk)
    before = np.concatenate([[1.0], left[:-1]])
    share = np.cumsum(before * ends[1] / at_risk)
    reached = share * (1 - left[-1]) / share[-1]
    over = reached > q + SAME
    return float(np.argmax(over)) if over.any() else float("inf")


lines = []
for number, line in enumerate((HERE / "durations.csv").read_text().splitlines()[1:]):
    durations, outcomes = (np.array([float(x) for x in cell.split()]) for cell in line.split(","))
    for q in (0.1, 0.25, 0.5, 0.75, 0.9):
        _, reached = curve(durations, outcomes.astype(int))
        # a point on q exactly is decided by rounding; event_time.rs has tests of its own for that
        if not np.any(np.abs(reached - q) < 1e-9):
            lines.append(cells(number, q, quantile(durations, outcomes.astype(int), q)))
write("event_time.csv", "sample,q,time", lines)

random = np.random.default_rng(20261129)
samples, lines = [], []
for number, (size, win, followed) in enumerate([(1500, 0.3, 200), (1000, 0.7, 60), (1500, 0.25, 90), (1000, 0.5, 500),
                                               (2500, 0.2, 120), (2500, 0.6, 80)]):
    won = random.random(size) < win
    ends = np.where(won, random.lognormal(3.0, 0.7, size), random.lognormal(2.6, 0.9, size))
    seen = random.uniform(1, followed, size)
    durations = np.ceil(np.minimum(ends, seen)).astype(int)
    outcomes = np.where(seen < ends, 0, np.where(won, 1, 2))
    samples.append(" ".join(map(str, durations)) + "," + " ".join(map(str, outcomes)))
    for q in (0.5, 0.8):
        value = quantile(durations, outcomes, q)
        assert value == fast_quantile(durations, outcomes, q)
        drawn = (random.integers(0, size, size) for _ in range(4000))
        drawn = [fast_quantile(durations[index], outcomes[index], q) for index in drawn]
        low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
        assert np.isfinite(high)
        lines.append(cells(number, q, value, float(low), float(high)))
write("event_time_durations.csv", "durations,outcomes", samples)
write("event_time_bootstrap.csv", "sample,q,time,low,high", lines)
