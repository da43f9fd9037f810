"""Wilson intervals of statsmodels; writes wilson.csv beside itself."""

from pathlib import Path

from statsmodels.stats.proportion import proportion_confint

counts = [(0, 1), (1, 1), (0, 5), (1, 5), (5, 5), (1, 2), (3, 10), (7, 10), (29, 30), (15, 30), (1, 1000), (999, 1000),
          (500, 1000), (4238, 6711), (0, 1000000), (1, 1000000), (123456, 1000000), (2, 3), (8, 9), (40, 400), (399, 400)]
counts += [(k, 12) for k in range(13)]
lines = ["k,n,low,high"]
for k, n in counts:
    low, high = proportion_confint(k, n, alpha=0.05, method="wilson")
    lines.append(f"{k},{n},{float(low)!r},{float(high)!r}")
(Path(__file__).parent / "wilson.csv").write_text("\n".join(lines) + "\n")
