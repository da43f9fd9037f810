"""Poisson regression of statsmodels with HC3, quasi-Poisson or Poisson errors, whichever is largest; writes poisson.csv beside itself."""

from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

HERE = Path(__file__).parent
random = np.random.default_rng(20261128)

lines = ["x,number,slope,low,high"]
for size in (3, 4, 5, 8, 13, 26, 52):
    for level, slope, scatter in ((2.5, 1.0, 0.0), (1.5, 0.4, 0.5), (3.0, -0.7, 0.2)):
        while True:
            x = np.round(random.normal(0, 1.2, size), 3)
            number = random.poisson(np.exp(level + slope * x + random.normal(0, scatter, size)))
            if number.sum() >= 10:
                break
        design = sm.add_constant(x)
        fit = sm.GLM(number, design, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200)
        # HC3 by its definition: GLM's own leaves the leverage out
        expected = fit.mu
        bread = np.linalg.inv(design.T @ (design * expected[:, None]))
        leverage = np.minimum(expected * np.einsum("ij,jk,ik->i", design, bread, design), 0.99)
        # of the slope alone, its information taken as that of the slope given the level
        scores = design * ((number - expected) / (1 - leverage))[:, None]
        robust = (bread @ (scores.T @ scores) @ bread)[1, 1]
        proportional = bread[1, 1] * ((number - expected) ** 2 / expected).sum() / (size - 2)
        error = np.sqrt(max(robust, proportional, bread[1, 1]))
        half = stats.t.ppf(0.975, size - 2) * error
        numbers = [" ".join(f"{v:.3f}" for v in x), " ".join(str(v) for v in number)]
        values = (fit.params[1], fit.params[1] - half, fit.params[1] + half)
        lines.append(",".join([*numbers, *(repr(float(v)) for v in values)]))
(HERE / "poisson.csv").write_text("\n".join(lines) + "\n")
