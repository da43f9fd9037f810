"""Rates of groups: directly standardised ones, and the beta-binomial of many; writes standardised.csv, beta_binomial.csv, beta.csv."""

from pathlib import Path

import numpy as np
from scipy import optimize, stats

HERE = Path(__file__).parent
random = np.random.default_rng(20261123)
Z = stats.norm.ppf(0.975)


def joined(numbers):
    return " ".join(map(str, numbers))


lines = ["weights,events,cases,rate,low,high"]
for size in (1, 2, 3, 5, 8, 13, 21, 34):
    weights, cases = random.integers(5, 500, size), random.integers(5, 120, size)
    events = np.maximum(random.binomial(cases, random.beta(2, 8, size)), np.arange(size) == 0)
    # the gradient of the weighted mean is the weights' shares; the covariance of independent cells is diagonal
    shares, rates = weights / weights.sum(), events / cases
    rate, covariance = shares @ rates, np.diag(rates * (1 - rates) / cases)
    half = Z * np.sqrt(shares @ covariance @ shares)
    numbers = [rate, max(rate - half, 0), min(rate + half, 1)]
    lines.append(",".join([joined(weights), joined(events), joined(cases), *(repr(float(n)) for n in numbers)]))
(HERE / "standardised.csv").write_text("\n".join(lines) + "\n")

lines = ["events,cases,alpha,beta"]
for groups, alpha, beta, most in (
    (5, 2, 10, 300), (12, 3, 12, 200), (12, 30, 120, 2000), (40, 0.6, 4, 60), (40, 8, 8, 500),
    (100, 5, 45, 100), (8, 20, 20, 100_000), (10, None, None, 200), (40, None, None, 1000),
):
    cases = random.integers(most // 10, most, groups)
    rates = random.beta(alpha, beta, groups) if alpha else np.full(groups, 0.2)
    events = random.binomial(cases, rates)

    def loss(parameters):
        mean, firmness = 1 / (1 + np.exp(-parameters[0])), np.exp(parameters[1])
        return -np.sum(stats.betabinom.logpmf(events, cases, mean * firmness, (1 - mean) * firmness))

    start = [np.log(events.sum() / (cases.sum() - events.sum())), 3.0]
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20_000}
    found = optimize.minimize(loss, start, method="Nelder-Mead", options=options).x
    mean, firmness = 1 / (1 + np.exp(-found[0])), np.exp(found[1])
    # beyond this the binomial is as likely: the groups scatter no more than chance lets them
    binomial = -np.sum(stats.binom.logpmf(events, cases, events.sum() / cases.sum()))
    equal = firmness > 1e6 or loss(found) > binomial - 1e-9
    numbers = ["NA", "NA"] if equal else [repr(float(mean * firmness)), repr(float((1 - mean) * firmness))]
    lines.append(",".join([joined(events), joined(cases), *numbers]))
(HERE / "beta_binomial.csv").write_text("\n".join(lines) + "\n")

lines = ["alpha,beta,low,high"]
for alpha in (0.3, 1, 2.5, 17, 240, 60_000):
    for beta in (0.4, 1, 6, 90, 5000):
        low, high = stats.beta.ppf([0.025, 0.975], alpha, beta)
        lines.append(f"{alpha},{beta},{float(low)!r},{float(high)!r}")
(HERE / "beta.csv").write_text("\n".join(lines) + "\n")
