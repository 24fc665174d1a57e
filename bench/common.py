# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: getting ready, progress, CPU and memory of processes, figures and aims, one way to print."""
import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))

BUILD = Path(ROOT, os.environ.get("CERTDESK_BUILDS", "build"), "release")
TICKS = os.sysconf("SC_CLK_TCK")
MS = 1000.0  # microseconds


def arguments(about, more=None):
    """The command line that every benchmark has; more(parser) adds its own."""
    parse = argparse.ArgumentParser(description=about)
    parse.add_argument("--json", action="store_true", help="one JSON object, no table, no progress")
    parse.add_argument("--quick", action="store_true", help="a small version that takes seconds: does it work at all?")
    if more:
        more(parse)
    return parse.parse_args()


class Progress:
    """One line on a terminal's stderr that says what runs and for how long; nothing elsewhere."""

    def __init__(self, silent):
        self.live = not silent and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.began = time.monotonic()

    def __call__(self, text):
        if self.live:
            print(f"\r\x1b[K{time.monotonic() - self.began:6.1f} s  {text}", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def quietly(what, *command):
    r = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        sys.exit(f"{r.stdout[-4000:]}\nbench: {what} failed; the last lines above say why")


def prepare(progress):
    """Packages, the release build, and the programs of this folder."""
    progress("packages")
    quietly("script/setup", "script/setup", "bench")
    progress("build")
    if not (BUILD / "build.ninja").exists():
        quietly("meson", "meson", "setup", str(BUILD))
    quietly("the build", "ninja", "-C", str(BUILD), "programs", "bench-programs")
    os.environ["CERTDESK_BUILD"] = str(BUILD)


def tool(name):
    """A program of this folder, built."""
    return str(BUILD / "bench" / name)


@contextlib.contextmanager
def folder(name):
    path = Path(tempfile.mkdtemp(prefix=f"certdesk-bench-{name}-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def ask_tool(name, *args, log=None, **more):
    """Runs a program of this folder; its one line of JSON."""
    with open(log or os.devnull, "ab") as err:
        r = subprocess.run([tool(name), *map(str, args)], stdout=subprocess.PIPE, stderr=err, text=True, **more)
    if r.returncode:
        tail = Path(log).read_text(errors="replace")[-2000:] if log else ""
        raise RuntimeError(f"{name} {' '.join(map(str, args))}: status {r.returncode}\n{tail}")
    return json.loads(r.stdout)


# ---- processes

def stat_fields(pid):
    """/proc/PID/stat behind the name: [0] is the state."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(c) for c in task.read_text().split()]
    return found


def tree(pid):
    """The process and all below it."""
    return [pid] + [p for c in children(pid) for p in tree(c)]


def cpu(pid, with_ended=True):
    """Seconds of CPU, user and system; with those of its children that have ended."""
    fields = stat_fields(pid)
    return sum(int(f) for f in fields[11:15 if with_ended else 13]) / TICKS


def cpu_of_tree(pid):
    total = 0.0
    for p in tree(pid):
        with contextlib.suppress(OSError):  # it may end while we look
            total += cpu(p)
    return total


def memory(pid):
    """Bytes resident, and its proportional share of them (None where the kernel does not let us see)."""
    figures = {}
    for name in ("status", "smaps_rollup"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
                word, _, rest = line.partition(":")
                if word in ("VmRSS", "Pss"):
                    figures[word] = int(rest.split()[0]) * 1024
    return {"rss": figures.get("VmRSS"), "pss": figures.get("Pss")}


# ---- figures

def percentile(values, p):
    """The smallest value that p percent of them do not pass (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * p // 100) - 1)]


def spread(micros):
    """p50, p99 and the largest, in milliseconds."""
    return {"n": len(micros), "p50_ms": round(percentile(micros, 50) / MS, 3), "p99_ms": round(percentile(micros, 99) / MS, 3),
            "max_ms": round(max(micros) / MS, 3)}


class Result:
    """What a benchmark found: figures for machines, tables for people, aims met or missed and by how much."""

    def __init__(self, name, quick):
        self.data = {"benchmark": name, "quick": quick, "cpus": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2),
                     "figures": {}, "aims": []}
        self.tables = []

    def figure(self, name, value):
        self.data["figures"][name] = value
        return value

    def table(self, title, head, rows):
        self.tables.append((title, head, [[str(c) for c in row] for row in rows]))

    def aim(self, what, value, least=None, below=None, none=False):
        """least: the value must reach it; below: it must not; none: there must be none."""
        if none:
            words, met, by = "none", value == 0, f"by {value}"
        elif least is not None:
            words, met, by = f"at least {least}", value >= least, f"by {least / value:.2f}x" if value else "wholly"
        else:
            words, met, by = f"below {below}", value < below, f"by {value / below:.2f}x"
        self.data["aims"].append({"what": what, "value": value, "aim": words, "met": met, "missed": None if met else by})

    def show(self, as_json):
        if as_json:
            print(json.dumps(self.data, indent=1))
            return
        for title, head, rows in self.tables:
            print(f"\n{title}")
            width = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
            for row in [head, *rows]:
                print("  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, width))))
        print("\nAims" + (" (a quick run says little about them)" if self.data["quick"] else ""))
        for aim in self.data["aims"]:
            print(f"  {aim['what']}: {aim['value']} ({aim['aim']}): " + ("met" if aim["met"] else f"MISSED {aim['missed']}"))


def run(name, body, args):
    """body(result, progress) between getting ready and printing."""
    progress = Progress(args.json)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of every finally, so that nothing is left running
    try:
        prepare(progress)
        result = Result(name, args.quick)
        body(result, progress)
    finally:
        progress.end()
    result.show(args.json)
    return 0
