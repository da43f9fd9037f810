"""Questions and the weekly, by one process and by a cluster on this machine: times, and bytes that the executors wrote.

    python3 benches/cluster.py BINARY COMPANY OUT [--parts N] [--repeats N] [--questions a,b] [--report weekly]

COMPANY is a folder with `regulation.toml` and `store`. Starts a scheduler and two executors of two tasks each (BINARY must have the feature
`cluster`), asks each question here and there in turn, each answer computed anew, and checks that both print the same. "Written" is what both
executors wrote, to files and to the network (`wchar` of /proc/PID/io): rows on their way between stages, and answers; "read" is `rchar`.
Writes OUT, a table of tab-separated columns; medians of the repeats.
"""

import argparse
import filecmp
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTIONS = "response,funnel,lead_quality,contacts,client_coverage,concentration,adherence_by_stage"


def wait_for(port):
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"nobody listens on {port}")


def counted(nodes):
    total = {"rchar": 0, "wchar": 0}
    for node in nodes:
        for line in Path(f"/proc/{node.pid}/io").read_text().splitlines():
            name, value = line.split(": ")
            if name in total:
                total[name] += int(value)
    return total


def run(command, folder):
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "VORONKA_LANG": "en"})
    took = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    return took, done.stdout, done.stderr


def same(here, there):
    compared = filecmp.dircmp(here, there)
    names = compared.left_only + compared.right_only + compared.diff_files
    return not names and all(same(Path(here) / d, Path(there) / d) for d in compared.common_dirs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=Path)
    parser.add_argument("company", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", default="0", help="0: as the store is large")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--questions", default=QUESTIONS)
    parser.add_argument("--report", default="weekly")
    parser.add_argument("--as-of", default="2025-06-30")
    parser.add_argument("--port", type=int, default=51900)
    asked = parser.parse_args()
    binary, folder = str(asked.binary.resolve()), asked.company.resolve()
    scheduler, cluster = asked.port, f"127.0.0.1:{asked.port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    nodes = [subprocess.Popen([binary, "cluster", "scheduler", "--listen", cluster], **quiet)]
    try:
        wait_for(scheduler)
        for port in (scheduler + 10, scheduler + 20):
            command = [binary, "cluster", "executor", "--scheduler", cluster, "--listen", f"127.0.0.1:{port}"]
            nodes.append(subprocess.Popen([*command, "--data", str(folder), "--tasks", "2"], **quiet))
            wait_for(port)
        executors = nodes[1:]
        there = ["--cluster", cluster, *(["--parts", asked.parts] if asked.parts != "0" else [])]
        lines = ["question\tone process, s\tcluster, s\tread, MB\twritten, MB\tsame\ttold"]

        def both(name, command, alike):
            times, moved, told, is_same = {"here": [], "there": []}, None, set(), True
            for _ in range(asked.repeats):
                outputs = {}
                for place, more in (("here", []), ("there", there)):
                    before = counted(executors)
                    took, out, err = run([*command(place), *more], folder)
                    times[place].append(took)
                    outputs[place] = out
                    if place == "there":
                        after = counted(executors)
                        moved = {name: (after[name] - before[name]) / 1e6 for name in after}
                        told |= {line for line in err.splitlines() if line}
                is_same &= alike(outputs)
            here, elsewhere = (statistics.median(times[place]) for place in ("here", "there"))
            line = f"{name}\t{here:.2f}\t{elsewhere:.2f}\t{moved['rchar']:.1f}\t{moved['wchar']:.1f}\t{'yes' if is_same else 'NO'}\t{len(told)}"
            lines.append(line)
            print(line, *sorted(told), sep="\n    ", flush=True)

        day = ["--as-of", asked.as_of, "--fresh"]
        for question in filter(None, asked.questions.split(",")):
            command = [binary, "query", question, *day, "--format", "csv"]
            both(question, lambda _, command=command: command, lambda outputs: outputs["here"] == outputs["there"])
        with tempfile.TemporaryDirectory() as reports:
            for report in filter(None, asked.report.split(",")):
                command = [binary, "report", report, *day, "--format", "html,csv", "--out"]
                out = {place: str(Path(reports) / report / place) for place in ("here", "there")}
                both(report, lambda place: [*command, out[place]], lambda _: same(out["here"], out["there"]))
        asked.out.write_text("\n".join(lines) + "\n")
    finally:
        for node in reversed(nodes):
            node.terminate()
            node.wait()


main()
