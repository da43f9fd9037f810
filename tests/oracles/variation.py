"""Variation of weekly series before and after trend and season, by numpy's least squares; writes variation.csv.

Trend and season are learnt from all weeks; the last `judged` of them are judged. The matrix that turns values into residuals,
1 - design (design' design)^-1 design', says on its diagonal how much of a week's own deviation is left to it.
"""

from pathlib import Path

import numpy as np

random = np.random.default_rng(20261123)
lines = ["weeks,values,judged,cv,detrended_cv,seasons"]
sizes = ((3, 0), (5, 0), (26, 0), (26, 4), (52, 0), (103, 0), (104, 0), (130, 0), (156, 20))
for size, gaps in sizes:
    weeks = np.sort(random.choice(np.arange(2800, 2800 + size + gaps), size, replace=False))
    values = 1000 + 3 * (weeks - 2800) + 200 * np.sin(weeks * 2 * np.pi / 52) + random.normal(0, 60, size)
    values = np.round(values, 2)
    season = weeks % 52 if size >= 104 else np.zeros(size)
    # a column for each season that occurs, and one for the week; centred, or the fit would lose digits
    design = np.column_stack([*(season == s for s in np.unique(season)), weeks - weeks.mean()]).astype(float)
    rest = np.eye(size) - design @ np.linalg.pinv(design)
    residuals = rest @ values
    # two ways to the residuals must agree before either is believed
    fit, *_ = np.linalg.lstsq(design, values, rcond=None)
    assert np.allclose(residuals, values - design @ fit, atol=1e-8)
    for judged in sorted({size, min(size, 26), min(size, 4)}):
        free = np.trace(rest[-judged:, -judged:])
        assert judged < size or np.isclose(free, size - design.shape[1])
        detrended = np.sqrt(np.sum(residuals[-judged:] ** 2) / free) / values[-judged:].mean()
        cells = [" ".join(map(str, weeks)), " ".join(f"{v:.2f}" for v in values), str(judged)]
        numbers = [repr(float(values.std(ddof=1) / values.mean())), repr(float(detrended)), str(design.shape[1] - 1)]
        lines.append(",".join(cells + numbers))
(Path(__file__).parent / "variation.csv").write_text("\n".join(lines) + "\n")
