"""How long it takes to bring the 384 data files of an ingest to the disk, one by one and eight at once: sync.py FOLDER"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory


def sync(path):
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)


for at_once in (1, 8, 1, 8):
    with TemporaryDirectory(dir=sys.argv[1]) as folder:
        paths = [os.path.join(folder, str(number)) for number in range(384)]
        for path in paths:
            with open(path, "wb") as file:
                file.write(os.urandom(700_000))
        begun = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(sync, paths))
        print(f"{at_once} at once: {time.monotonic() - begun:.2f} s")
