"""Runs a command as one process and writes how long it took and its peak memory: GNU time, where that is missing.

    python3 timed.py RESULT COMMAND [ARGUMENT …]

The peak is that of the largest of its processes as the kernel counts it (ru_maxrss, in KiB on Linux); `tree_peak_kib` that of all its
processes together, seen twenty times a second, and never below the former. `stalled_s` is how long the
command was stopped (kill -STOP), or nothing was seen of it for more than a second because this script was, or the machine slept: time that the
command did not take. Ends as the command ends.
"""

import os
import sys
import threading
import time

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


def resident_kib(process):
    """What a process and all that it started hold in memory; zero once it has ended."""
    try:
        with open(f"/proc/{process}/statm") as statm:
            held = int(statm.read().split()[1]) * PAGE_KIB
        tasks = os.listdir(f"/proc/{process}/task")
    except (OSError, IndexError):
        return 0
    for task in tasks:
        try:
            with open(f"/proc/{process}/task/{task}/children") as children:
                held += sum(resident_kib(child) for child in children.read().split())
        except OSError:
            pass
    return held


def is_stopped(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "Tt"
    except (OSError, IndexError):
        return False


def watch(process, ended, seen):
    last = time.monotonic()
    while not ended.wait(0.05):
        seen["peak_kib"] = max(seen["peak_kib"], resident_kib(process))
        now = time.monotonic()
        if now - last > 1 or is_stopped(process):
            seen["stalled_s"] += now - last
        last = now


result, command = sys.argv[1], sys.argv[2:]
begun = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
ended, seen = threading.Event(), {"peak_kib": 0, "stalled_s": 0.0}
watcher = threading.Thread(target=watch, args=(child, ended, seen), daemon=True)
watcher.start()
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - begun
ended.set()
watcher.join()
code = os.waitstatus_to_exitcode(status)
with open(result, "w", encoding="utf-8") as out:
    print("command", *command, file=out)
    print(f"wall_s {wall:.3f}", f"user_s {used.ru_utime:.3f}", f"sys_s {used.ru_stime:.3f}", sep="\n", file=out)
    print(f"peak_kib {used.ru_maxrss}", f"tree_peak_kib {max(seen['peak_kib'], used.ru_maxrss)}", sep="\n", file=out)
    print(f"stalled_s {seen['stalled_s']:.1f}", file=out)
    print(f"read_blocks {used.ru_inblock}", f"written_blocks {used.ru_oublock}", sep="\n", file=out)
    print(f"exit {code}", file=out)
sys.exit(code if code >= 0 else 128 - code)
