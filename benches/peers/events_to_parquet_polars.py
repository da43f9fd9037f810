"""The events export to zstd Parquet by Polars: text columns as they are, no checks, no keys, no journeys."""

import sys

import polars as pl

exports, out = sys.argv[1:3]
pl.scan_csv(f"{exports}/events*.csv", separator=";", infer_schema=False).sink_parquet(out, compression="zstd")
print(pl.__version__, pl.scan_parquet(out).select(pl.len()).collect().item())
