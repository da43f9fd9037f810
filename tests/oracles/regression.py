"""Student's t of scipy and slopes of statsmodels; writes student.csv and regression.csv beside itself."""

from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

HERE = Path(__file__).parent
random = np.random.default_rng(20261123)

lines = ["freedom,t"]
for freedom in [*range(1, 221), 300, 500, 1000, 10_000, 1_000_000]:
    lines.append(f"{freedom},{float(stats.t.ppf(0.975, freedom))!r}")
(HERE / "student.csv").write_text("\n".join(lines) + "\n")

lines = ["x,y,slope,low,high"]
for size in (3, 4, 5, 8, 13, 26, 52):
    for shift, noise in ((0, 0.1), (0, 3), (1000, 1)):
        x = np.round(random.normal(shift, 2, size), 3)
        y = np.round(0.7 * x + random.normal(0, noise, size), 3)
        fit = sm.OLS(y, sm.add_constant(x)).fit()
        low, high = fit.conf_int(0.05)[1]
        # two oracles must agree before either is believed
        assert abs(stats.linregress(x, y).slope - fit.params[1]) < 1e-9
        numbers = [" ".join(f"{v:.3f}" for v in x), " ".join(f"{v:.3f}" for v in y)]
        lines.append(",".join([*numbers, *(repr(float(v)) for v in (stats.linregress(x, y).slope, low, high))]))
(HERE / "regression.csv").write_text("\n".join(lines) + "\n")
