"""Golden numbers for `src/functions/statistics/forecast`: chances to win by an independent way, and gamma quantiles.

The hazards are counted day by day in plain loops; the chance to win is the mass that a cohort put at one age of one state has brought to
"won", pushed forward day by day through every (state, age) cell. The Rust code goes backwards through convolutions instead.
"""
import csv
import numpy as np
from scipy import stats

rng = np.random.default_rng(20261129)
AGES, UNTIL, HALF_LIFE, PRIOR_EVENTS, PRIOR_EXITS = 180, 400, 270.0, 3.0, 6.0
BANDS = [0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 37, 49, 65, 86, 114, 150]
STATES = 4

deals = []
for _ in range(400):
    entered = int(rng.integers(0, 420))
    day, entries, end, ended = entered, [], 0, None
    for stage in (1, 2, 3):
        day += int(rng.geometric(0.2) - 1) if rng.random() > 0.2 else 0
        if rng.random() < 0.25:
            end, ended = 2, day
            break
        if rng.random() < 0.9:
            entries.append((stage, day))
    if end == 0:
        ended = day + int(rng.geometric(0.08))
        end = 1 if rng.random() < 0.6 else 2
    if rng.random() < 0.1:
        end, ended = 0, None
    deals.append((entered, end, ended, entries))

with open("forecast_deals.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["entered", "end", "ended", "entries"])
    for entered, end, ended, entries in deals:
        out.writerow([entered, end, "NA" if ended is None else ended, " ".join(f"{s}:{d}" for s, d in entries)])

exposed = np.zeros((STATES, AGES))
exits = np.zeros((STATES, AGES, STATES + 2))  # states, won, lost
for entered, end, ended, entries in deals:
    way = [(0, entered)]
    for stage, day in sorted(entries, key=lambda e: (e[1], e[0])):
        if stage > way[-1][0] and (ended is None or day <= ended):
            way.append((stage, day))
    for at, (state, day) in enumerate(way):
        last = at + 1 == len(way)
        left = ended if last else way[at + 1][1]
        target = (STATES if end == 1 else STATES + 1) if last else way[at + 1][0]
        if day >= UNTIL:
            continue
        known = left is not None and left < UNTIL
        until = left if known else UNTIL
        weight = 2.0 ** (-(UNTIL - until) / HALF_LIFE)
        age = min(until - day, AGES - 1)
        for step in range(age):
            exposed[state, step] += weight
        if known:
            exposed[state, age] += weight
            exits[state, age, target] += weight

bands = np.searchsorted(BANDS, np.arange(AGES), side="right") - 1
hazard, shares = np.zeros((STATES, AGES)), np.zeros((STATES, AGES, STATES + 2))
for state in range(STATES):
    whole = exits[state].sum(axis=0)
    rate = whole.sum() / exposed[state].sum()
    for band in range(len(BANDS)):
        inside = bands == band
        seen = exits[state][inside].sum(axis=0)
        hazard[state, inside] = min(1.0, (seen.sum() + PRIOR_EVENTS) / (exposed[state][inside].sum() + PRIOR_EVENTS / rate))
        shares[state, inside] = (seen + PRIOR_EXITS * whole / whole.sum()) / (seen.sum() + PRIOR_EXITS)


def chance(state, age, steps):
    mass, won = np.zeros((STATES, AGES)), 0.0
    mass[state, age] = 1.0
    for _ in range(steps):
        next_day = np.zeros((STATES, AGES))
        for of in range(STATES):  # later states are entered on the same day, so in order
            for at in np.nonzero(mass[of])[0]:
                left = mass[of, at] * hazard[of, at]
                won += left * shares[of, at, STATES]
                for to in range(of + 1, STATES):
                    mass[to, 0] += left * shares[of, at, to]
                next_day[of, min(at + 1, AGES - 1)] += mass[of, at] - left
        mass = next_day
    return won


with open("forecast_chances.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["state", "age", "steps", "chance"])
    for state in range(STATES):
        for age in (0, 1, 6, 30, 120):
            for steps in (1, 2, 7, 30, 90):
                out.writerow([state, age, steps, repr(float(chance(state, age, steps)))])

with open("forecast_quantiles.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["mean", "variance", "p10", "p50", "p90"])
    for mean, sd in ((100, 5), (100, 20), (100, 40), (100, 60), (3e7, 6e6), (0.7, 0.3)):
        shape = mean**2 / sd**2
        out.writerow([mean, sd**2] + [repr(float(stats.gamma.ppf(p, shape, scale=mean / shape))) for p in (0.1, 0.5, 0.9)])
