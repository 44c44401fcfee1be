"""Measure how long a user waits: for help, for the sample corpus cold and warm, for nothing to do.

    python benchmarks/start.py [INPUT]

Cold means with nothing kept, as after an installation. The median of five runs is printed, and what
of the CPU time of a warm run is start-up: imports, by package, machine code, and kept tables.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from processes import measured

SAMPLE = Path(__file__).parents[1] / "sample_corpus" / "articles"
RUNS = 5

#: Runs the tool, and prints the milliseconds that two functions of it took, without imports.
PARTS = """
import sys, time
from clean_corpus import prepared
from clean_corpus.kernels import native
from clean_corpus.cli import main

def timed(module, name):
    function, spent = getattr(module, name), [0.0]
    def run(*args, **options):
        start = time.process_time()
        try:
            return function(*args, **options)
        finally:
            spent[0] += time.process_time() - start
    setattr(module, name, run)
    return spent

code, tables = timed(native, "load"), timed(prepared, "tables")
try:
    main()
except SystemExit:
    pass
print(code[0], tables[0])
"""


def timed(arguments: list[str], cache: str) -> tuple[float, float]:
    """Run the tool; give its wall and CPU seconds."""
    command = [sys.executable, "-I", "-m", "clean_corpus", *arguments]
    cost = measured(command, {**os.environ, "NUMBA_CACHE_DIR": cache})
    return cost.wall, cost.cpu


def imports(arguments: list[str], cache: str) -> Counter[str]:
    """Give the microseconds that a run spends in the modules of each package when it imports."""
    done = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", "-m", "clean_corpus", *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )
    spent: Counter[str] = Counter()
    for own, package in re.findall(r"import time: +(\d+) \| +\d+ \| +(\w+)", done.stderr):
        spent[package] += int(own)
    return spent


def parts(arguments: list[str], cache: str) -> tuple[float, float]:
    """Give the seconds that a run spends on loading machine code, and on all that is kept."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", PARTS, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )
    code, tables = map(float, done.stdout.split()[-2:])
    return code, tables


def report(name: str, times: list[tuple[float, float]]) -> None:
    """Print the medians of some runs."""
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<24} {wall:6.2f} s wall {cpu:6.2f} s CPU   ({len(times)} runs)")


def main() -> None:
    """Measure and print."""
    source = sys.argv[1] if len(sys.argv) > 1 else str(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        cache, out = f"{folder}/cache", f"{folder}/out"
        run = ["run", source, "-o", out]
        report("--help", [timed(["--help"], cache) for _ in range(RUNS)])
        report("a run, cold", [timed(run, cache)])
        report("a run, warm", [timed([*run, "--fresh"], cache) for _ in range(RUNS)])
        report("nothing to do", [timed(run, cache) for _ in range(RUNS)])
        found = imports([*run, "-q", "--fresh"], cache)
        code, tables = parts([*run, "-q", "--fresh"], cache)
    print(f"of a warm run: imports {found.total() / 1e6:.2f} s (of the wall), ", end="")
    print(f"machine code {code:.2f} s, with tables {tables:.2f} s")
    print(
        "imports:", ", ".join(f"{name} {spent // 1000} ms" for name, spent in found.most_common(8))
    )


if __name__ == "__main__":
    main()
