"""Measure what a second worker costs, and where the others wait for the driver.

    python benchmarks/workers.py INPUT [--workers 2] [--set fields.source=site]

Runs the tool over the input with one worker and with several. Printed are CPU seconds of all
processes and their ratio; and for the latter, phase by phase, wall seconds and those of them in
which no worker had a task, so that the driver worked alone: between two sets of tasks, before the
first and behind the last. An input of a gigabyte at least shows what the size does, and not the
start.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from processes import Cost, measured

#: Runs the tool, and writes [phase, wall seconds, seconds without a task] of each phase.
WATCHED = """
import json, sys, time
from clean_corpus.run.executors import Local
from clean_corpus.run.flow import Flow
from clean_corpus.cli import main

at, tasks, alone, free_since, phases = time.perf_counter(), 0, 0.0, time.perf_counter(), {}

def phase(name):
    global at, alone, free_since
    now = time.perf_counter()
    if not tasks:
        alone, free_since = alone + now - free_since, now
    wall, free = phases.get(name, (0.0, 0.0))
    phases[name] = wall + now - at, free + alone
    at, alone = now, 0.0

def taken(items):
    global tasks, alone
    for item in items:
        if not tasks:
            alone += time.perf_counter() - free_since
        tasks += 1
        yield item

def mapped(self, function, items, *, retries):
    global tasks, free_since
    for result in map_(self, function, taken(items), retries=retries):
        tasks -= 1
        if not tasks:
            free_since = time.perf_counter()
        yield result

def done(self, step, tasks):
    if not phases:
        phase("start")
    found = do(self, step, tasks)
    phase(step)
    return found

def written(self, result):
    yield from write(self, result)
    phase("write")

map_, Local.map = Local.map, mapped
do, Flow._do = Flow._do, done
write, Flow.write = Flow.write, written
path = sys.argv.pop(1)
try:
    main()
except SystemExit:
    pass
phase("outputs")
with open(path, "w") as file:
    json.dump([[name, *seconds] for name, seconds in phases.items()], file)
"""


def run(given: argparse.Namespace, workers: int, folder: Path) -> tuple[Cost, list[list[float]]]:
    """Run the tool; give its cost, and its phases."""
    phases = folder / "phases.json"
    command = [sys.executable, "-c", WATCHED, str(phases), "run", "--fresh", "--quiet"]
    command += ["--workers", str(workers), "-o", str(folder / "out"), str(given.input.absolute())]
    cost = measured([*command, *(part for one in given.set for part in ("--set", one))])
    return cost, json.loads(phases.read_bytes())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="an option, as for the tool")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.input.absolute().parent) as folder:
        one, _ = run(given, 1, Path(folder))
        many, phases = run(given, given.workers, Path(folder))
    for workers, cost in ((1, one), (given.workers, many)):
        print(f"{workers} workers: {cost.cpu:.1f} CPU s in {cost.wall:.1f} s")
    print(f"ratio of CPU {many.cpu / one.cpu:.2f}")
    for name, wall, alone in phases:
        print(f"{name:10}{wall:8.2f} s  driver alone {alone:6.2f} s  {alone / many.wall:6.1%}")


if __name__ == "__main__":
    main()
