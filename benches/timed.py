"""Runs a command as one process and writes how long it took and its peak memory: GNU time, where that is missing.

    python3 timed.py RESULT COMMAND [ARGUMENT …]

The peak is that of the largest of its processes (ru_maxrss, in KiB on Linux). Ends as the command ends.
"""

import os
import sys
import time

result, command = sys.argv[1], sys.argv[2:]
begun = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - begun
code = os.waitstatus_to_exitcode(status)
with open(result, "w", encoding="utf-8") as out:
    print("command", *command, file=out)
    print(f"wall_s {wall:.2f}", f"user_s {used.ru_utime:.2f}", f"sys_s {used.ru_stime:.2f}", sep="\n", file=out)
    print(f"peak_kib {used.ru_maxrss}", f"read_blocks {used.ru_inblock}", f"written_blocks {used.ru_oublock}", sep="\n", file=out)
    print(f"exit {code}", file=out)
sys.exit(code if code >= 0 else 128 - code)
