"""The data files of a table of a Voronka store, at its newest version, as its Delta log names them."""

import glob
import json
import os
from urllib.parse import unquote


def data_files(store, table):
    live = {}
    folder = os.path.join(store, table)
    if glob.glob(os.path.join(folder, "_delta_log", "*.checkpoint*.parquet")):
        raise SystemExit(f"{folder} has a checkpoint: make the store anew")
    for log in sorted(glob.glob(os.path.join(folder, "_delta_log", "*.json"))):
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                action = json.loads(line)
                if "add" in action:
                    live[action["add"]["path"]] = True
                if "remove" in action:
                    live.pop(action["remove"]["path"], None)
    return [os.path.join(folder, unquote(path)) for path in sorted(live)]
