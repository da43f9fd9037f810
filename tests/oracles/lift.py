"""Net lift over a baseline of weekday and trend, by the Poisson GLM of statsmodels; writes lift.csv.

Parts: 0 ordinary, 1 before, 2 during, 3 after, -1 none of these. The scale is Pearson's chi-squared by the degrees of freedom.
"""

from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

random = np.random.default_rng(20261123)
FIRST = 20_000
lines = ["values,parts,before,during,after,net,low,high"]
for size, rate, money in ((60, 6, 1), (90, 2, 1), (120, 0.7, 1), (365, 12, 1), (365, 3, 1), (200, 3, 1850.5), (365, 9, 990)):
    for closed in ((), (6,)):
        day = FIRST + np.arange(size)
        weekday = day % 7
        level = rate * np.array([1, 1.1, 1.3, 0.9, 0.8, 0.5, 0.4])[weekday] * np.exp(0.001 * (day - FIRST))
        level[np.isin(weekday, closed)] = 0
        parts = np.zeros(size)
        start = size // 2
        parts[start - 14 : start], parts[start : start + 10], parts[start + 10 : start + 24] = 1, 2, 3
        parts[3:9] = -1
        level = level * np.array([1, 0.7, 2.0, 0.8, 1])[parts.astype(int)]
        values = np.round(random.poisson(level) * money * random.uniform(0.8, 1.2, size if money > 1 else 1), 2)
        values = np.round(values) if money == 1 else values
        # a weekday without a sale has no finite level: it is expected to bring nothing, and is left out of the fit
        base = (parts == 0) & ~np.isin(weekday, closed)
        kinds = [w for w in range(7) if w not in closed]
        design = np.column_stack([*(weekday == w for w in kinds), (day - day.mean()) / size]).astype(float)
        fit = sm.GLM(values[base], design[base], family=sm.families.Poisson()).fit(scale="X2", tol=1e-14, maxiter=200)
        asked = (parts > 0) & ~np.isin(weekday, closed)
        expected = np.where(asked, np.exp(design @ fit.params), 0)
        gradient = design[asked].T @ expected[asked]
        variance = fit.scale * expected.sum() + gradient @ fit.cov_params() @ gradient
        half = stats.t.ppf(0.975, base.sum() - design.shape[1]) * np.sqrt(variance)
        net = values[parts > 0].sum() - expected.sum()
        numbers = [*(expected[parts == p].sum() for p in (1, 2, 3)), net, net - half, net + half]
        cells = [" ".join(f"{v:g}" if money == 1 else f"{v:.2f}" for v in values), " ".join(f"{p:.0f}" for p in parts)]
        lines.append(",".join([*cells, *(repr(float(n)) for n in numbers)]))
(Path(__file__).parent / "lift.csv").write_text("\n".join(lines) + "\n")
