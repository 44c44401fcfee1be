"""Measure how long a user waits: for help, for the sample corpus cold and warm, for nothing to do.

    python benchmarks/start.py [INPUT]

Cold means without numba's cache, as after an installation. The median of five runs is printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "sample_corpus" / "articles"
RUNS = 5


def timed(arguments: list[str], cache: str) -> tuple[float, float]:
    """Run the tool; give its wall and CPU seconds."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-I", "-m", "clean_corpus", *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user
    return wall, cpu - before.children_system


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


if __name__ == "__main__":
    main()
