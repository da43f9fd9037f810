"""Variation of weekly series before and after trend and season, by numpy's least squares; writes variation.csv."""

from pathlib import Path

import numpy as np

random = np.random.default_rng(20261123)
lines = ["weeks,values,cv,detrended_cv"]
for size, gaps in ((3, 0), (5, 0), (26, 0), (26, 4), (52, 0), (103, 0), (104, 0), (130, 0), (156, 20)):
    weeks = np.sort(random.choice(np.arange(2800, 2800 + size + gaps), size, replace=False))
    values = 1000 + 3 * (weeks - 2800) + 200 * np.sin(weeks * 2 * np.pi / 52) + random.normal(0, 60, size)
    values = np.round(values, 2)
    season = weeks % 52 if size >= 104 else np.zeros(size)
    # a column for each season that occurs, and one for the week; centred, or the fit would lose digits
    design = np.column_stack([*(season == s for s in np.unique(season)), weeks - weeks.mean()]).astype(float)
    fit, *_ = np.linalg.lstsq(design, values, rcond=None)
    rest = np.sum((values - design @ fit) ** 2)
    detrended = np.sqrt(rest / (size - design.shape[1])) / values.mean()
    cells = [" ".join(map(str, weeks)), " ".join(f"{v:.2f}" for v in values)]
    lines.append(",".join([*cells, repr(float(values.std(ddof=1) / values.mean())), repr(float(detrended))]))
(Path(__file__).parent / "variation.csv").write_text("\n".join(lines) + "\n")
