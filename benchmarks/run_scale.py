"""Measure whole runs with all defaults over short texts: time, memory of all processes, disk.

    python benchmarks/run_scale.py FOLDER [--documents 250000,1000000] [--bytes 350] [--workers 2]

makes corpora of texts of that mean size in FOLDER (`dedup_corpus.py`; they stay there), each with a
source, so that furniture is learned and passages are looked for, and runs the tool over each.
Printed are CPU seconds of all processes; wall seconds, and what learning and sharing take of them;
the most memory that the largest process had, all of it and without the files it had mapped, and the
latter of all processes together; and the most disk that the run took. A million texts of 350 bytes
take about a minute to make.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import dedup_corpus
import orjson
from processes import measured

_LOOKED_AT = ("learn", "share")
_EVERY = 0.25  # seconds between two looks
_PAGE = os.sysconf("SC_PAGE_SIZE") / 1e6 if hasattr(os, "sysconf") else 0.004


class Peak(NamedTuple):
    """The most that was seen of anything, in megabytes."""

    largest: float = 0.0
    own: float = 0.0
    tree: float = 0.0
    disk: float = 0.0

    def greatest(self, other: Peak) -> Peak:
        """Take the greater of each."""
        return Peak(*map(max, self, other))


def processes() -> Iterator[tuple[float, float]]:
    """Give the resident megabytes of this process's descendants, and those that are no file's."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    family = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    for child in family - {os.getpid()}:
        with suppress(OSError):
            resident, mapped = Path(f"/proc/{child}/statm").read_text().split()[1:3]
            yield int(resident) * _PAGE, (int(resident) - int(mapped)) * _PAGE


def taken(folder: Path) -> float:
    """Give the megabytes of the files in a folder, in which files come and go."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(place, name).stat().st_size
    return size / 1e6


def watch(folder: Path, over: threading.Event, seen: list[Peak]) -> None:
    """Look at memory and disk until it is over; leave the peak in `seen`."""
    peak = Peak()
    while not over.wait(_EVERY):
        sizes = list(processes()) or [(0.0, 0.0)]
        largest, own = (max(column) for column in zip(*sizes, strict=True))
        now = Peak(largest, own, sum(own for _, own in sizes), taken(folder))
        peak = peak.greatest(now)
    seen.append(peak)


def run(texts: Path, out: Path, workers: int) -> str:
    """Run the tool over a corpus; give the line of figures."""
    command = [sys.executable, "-m", "clean_corpus", "run", "--fresh", "--quiet"]
    command += ["--workers", str(workers), "-o", str(out), str(texts)]
    over, seen = threading.Event(), list[Peak]()
    watcher = threading.Thread(target=watch, args=(out, over, seen))
    watcher.start()
    try:
        cost = measured(command)
    finally:
        over.set()
        watcher.join()
    seconds = orjson.loads((out / "timings.json").read_bytes())["seconds"]
    summary = orjson.loads((out / "summary.json").read_bytes())
    parts = ", ".join(f"{name} {100 * seconds[name] / cost.wall:.1f} %" for name in _LOOKED_AT)
    (peak,) = seen
    return (
        f"{cost.cpu:8.1f} CPU s  {cost.wall:7.1f} s ({parts})  "
        f"largest {peak.largest:.0f} MB, its own {peak.own:.0f} MB, tree {peak.tree:.0f} MB  "
        f"disk {peak.disk:.0f} MB  {summary['shared']}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", default="250000,1000000")
    parser.add_argument("--bytes", type=int, default=350)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    folder = given.folder.resolve()
    for documents in sorted(int(size) for size in given.documents.split(",")):
        name = f"en{documents}-{given.bytes}"
        texts = dedup_corpus.write(folder / name, documents, size=given.bytes)
        try:
            line = run(texts, folder / "out", given.workers)
        finally:
            shutil.rmtree(folder / "out", ignore_errors=True)
        print(f"{documents:>10,} texts  {line}", flush=True)


if __name__ == "__main__":
    main()
