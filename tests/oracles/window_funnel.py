"""Random event sequences with ties and ClickHouse's windowFunnel over them; writes window_funnel.csv beside itself.

A sequence is written as `time:conditions`, so `3:12` is an event at second 3 that fulfils conditions 1 and 2, and
`3:` one that fulfils none. Columns 000 to 111 are the results by mode: the last digit is strict_deduplication, the
middle one strict_order, the first strict_increase.
"""

from pathlib import Path

import chdb
import numpy as np

MODES = ["strict_deduplication", "strict_order", "strict_increase"]
random = np.random.default_rng(20261123)

sequences = []
for _ in range(600):
    conditions = int(random.integers(1, 6))
    window = int(random.choice([0, 1, 3, 5, 10, 20]))
    span = int(random.choice([4, 12, 30]))
    events = []
    for _ in range(int(random.integers(1, 15))):
        fulfilled = [c for c in range(1, conditions + 1) if random.random() < random.choice([0.25, 0.5])]
        events.append((int(random.integers(0, span)), fulfilled))
    sequences.append((window, conditions, events))

results = []
for bits in range(8):
    modes = "".join(f", '{mode}'" for i, mode in enumerate(MODES) if bits >> i & 1)
    selects = []
    for window, conditions, events in sequences:
        rows = ",".join(
            "(" + ",".join([str(at), *(str(int(c in fulfilled)) for c in range(1, conditions + 1))]) + ")"
            for at, fulfilled in events)
        names = [f"c{c}" for c in range(1, conditions + 1)]
        types = ", ".join(["at UInt32", *(f"{name} UInt8" for name in names)])
        selects.append(f"SELECT windowFunnel({window}{modes})(toDateTime(at), {', '.join(names)}) "
                       f"FROM values('{types}', {rows})")
    out = []
    for start in range(0, len(selects), 50):
        out += str(chdb.query("SELECT r FROM (" + " UNION ALL ".join(
            f"SELECT {i} AS i, toUInt8(({s})) AS r" for i, s in enumerate(selects[start:start + 50])
        ) + ") ORDER BY i", "TSV")).split()
    results.append(out)

lines = ["window,conditions,events," + ",".join(f"{bits:03b}" for bits in range(8))]
for number, (window, conditions, events) in enumerate(sequences):
    cell = " ".join(f"{at}:{''.join(map(str, fulfilled))}" for at, fulfilled in events)
    lines.append(",".join([str(window), str(conditions), cell, *(result[number] for result in results)]))
(Path(__file__).parent / "window_funnel.csv").write_text("\n".join(lines) + "\n")
