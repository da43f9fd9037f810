"""Numbers drawn by seed and key, through the reference implementation of XXH3; writes seeded.csv beside itself."""

from pathlib import Path

import xxhash

keys = ["", "a", "deal-1", "deal-2", "сделка 17", "x" * 40, "0123456789" * 30]
lines = ["seed,key,drawn"]
for seed in (0, 1, 7, 20260601, -1, 2**63 - 1):
    for key in keys:
        drawn = (xxhash.xxh3_64_intdigest(key.encode(), seed % 2**64) >> 11) / 2**53
        lines.append(f"{seed},{key},{drawn!r}")
(Path(__file__).parent / "seeded.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
