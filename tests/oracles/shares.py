"""Whether shares differ, by scipy and statsmodels; writes shares.csv, shares_equal.csv and tails.csv beside itself."""

from pathlib import Path

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

here = Path(__file__).parent
random = np.random.default_rng(20261128)

# two shares: Fisher's exact test, Newcombe's interval
tables = [(3, 4, 1, 4), (0, 5, 0, 7), (5, 5, 7, 7), (0, 5, 7, 7), (1, 10, 9, 2000), (56, 70, 48, 80), (9, 10, 3, 10), (0, 12, 6, 9),
          (4238, 6711, 900, 1500), (120, 1000, 150, 1000), (86, 1000, 261, 1000), (1, 1, 0, 1), (2, 100000, 9, 100000), (0, 3, 500, 1000)]
for _ in range(120):
    n1, n2 = (int(10 ** random.uniform(0.3, 3.2)) for _ in range(2))
    share = random.uniform(0.01, 0.9)
    tables.append((int(random.binomial(n1, share)), n1, int(random.binomial(n2, min(1, share * random.uniform(0.6, 1.4)))), n2))
lines = ["k1,n1,k2,n2,p,low,high"]
for k1, n1, k2, n2 in tables:
    p = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue
    low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff")
    lines.append(f"{k1},{n1},{k2},{n2},{float(p)!r},{float(low)!r},{float(high)!r}")
(here / "shares.csv").write_text("\n".join(lines) + "\n")

# many groups: Pearson's chi-squared, scaled to Haldane's moments given the margins; with few cases Bonferroni over Fisher's tests of each beside the rest
lines = ["events,cases,p"]
for number in range(40):
    groups = int(random.integers(3, 12))
    n = random.integers(3, 40 if number % 2 else 900, groups)
    share = random.uniform(0.05, 0.6) * random.uniform(0.7, 1.3, groups)
    k = random.binomial(n, np.minimum(share, 1))
    table = np.array([k, n - k])
    if k.sum() in (0, n.sum()):
        continue
    expected = stats.contingency.expected_freq(table)
    if expected.min() >= 5:
        N, chi2 = int(n.sum()), stats.chi2_contingency(table, correction=False).statistic
        mu = [(N * (1 / margin).sum() - len(margin) ** 2) / (N - 2) for margin in (n, table.sum(axis=1))]
        nu = [(size - 1) * (N - size) / (N - 1) for size in (groups, 2)]
        variance = 2 * N / (N - 3) * (nu[0] - mu[0]) * (nu[1] - mu[1]) + N * N / (N - 1) * mu[0] * mu[1]
        mean = (groups - 1) * N / (N - 1)
        p = stats.chi2.sf(chi2 * 2 * mean / variance, 2 * mean**2 / variance)
    else:
        rest = [stats.fisher_exact([[a, b - a], [k.sum() - a, n.sum() - b - k.sum() + a]]).pvalue for a, b in zip(k, n)]
        p = min(1, min(rest) * groups)
    lines.append(f"{' '.join(map(str, k))},{' '.join(map(str, n))},{float(p)!r}")
(here / "shares_equal.csv").write_text("\n".join(lines) + "\n")

# tails: of the normal (NA degrees of freedom), two-sided, and of chi-squared
lines = ["freedom,value,p"]
for z in [*np.arange(0.05, 4, 0.13), 1.959963984540054, 2.1213203, 2.12132034355964, 2.1213204, 5, 6.5, 8, 10, 20, 37]:
    lines.append(f"NA,{float(z)!r},{float(special.erfc(z / np.sqrt(2)))!r}")
for freedom in (1, 2, 3, 5, 10, 35, 200):
    for factor in (0.01, 0.2, 0.5, 0.9, 1, 1.1, 1.5, 2, 3, 6):
        lines.append(f"{freedom},{float(freedom * factor)!r},{float(stats.chi2.sf(freedom * factor, freedom))!r}")
(here / "tails.csv").write_text("\n".join(lines) + "\n")
