"""Measure how the cost of finding copies grows, up to ten million texts; and hot buckets.

    python benchmarks/dedup_scale.py FOLDER [--documents 100000,1000000,10000000] [--workers 2]
    python benchmarks/dedup_scale.py FOLDER --template 100000,200000 [--shared 150]
    python benchmarks/dedup_scale.py FOLDER --noise 100000,200000 [--changed 20]

The first makes corpora of 2 KB texts in FOLDER (`dedup_corpus.py`: zstd, 1 GB for a million; they
stay there), and runs `clean-corpus duplicates` over them, which needs 4 GB of disk for a million
while it works. Ten million take about 25 minutes to make and 4 to search on two cores, and 45 GB.
CPU seconds are those of the whole process and its workers; the
marginal cost is what a further document takes, against that of the step before.

The second does the same with pages of one template of 300 words, which share half of them and many
buckets (two thirds come close to the threshold, so that many more pairs must be counted). None is a
copy but one in a hundred, which has a few words of an earlier page's body changed. It also says how
many went, how many groups lost nothing that should have, and how many more went than are copies.

The third has copies of one text, each with so many words in a thousand changed: nearly all
should go. With none they are equal; with all, `--changed 1000`, they are empty.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import dedup_corpus
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from processes import Cost, measured

WORDS = 300  # of a page
COPIES = 100  # one page in so many is a copy
WORD = np.array([f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in range(600)])


def searched(texts: Path, out: Path, workers: int) -> Cost:
    """Run the command."""
    run = ["-m", "clean_corpus", "duplicates", str(texts), "-o", str(out), "--fresh", "--quiet"]
    limits = ["--set", "limits.max_removed=1", "--set", "limits.max_removed_per_source=1"]
    return measured([sys.executable, *run, "--workers", str(workers), *limits])


def ids(out: Path) -> list[str]:
    """Read who stays."""
    with (out / "kept.jsonl").open("rb") as lines:
        return [orjson.loads(line)["id"] for line in lines]


def grown(folder: Path, sizes: list[int], workers: int) -> None:
    """Print the cost of each size, and of what it has more than the size before."""
    before: tuple[int, float, float] | None = None
    for size in sizes:
        texts = dedup_corpus.write(folder / f"en{size}", size)
        cpu, wall, megabytes = searched(texts, folder / "out", workers)
        each = cpu / size
        line = f"{size:>10,} texts  {cpu:8.1f} CPU s  {wall:8.1f} s  {megabytes:6.0f} MB"
        if before:
            each = (cpu - before[1]) / (size - before[0])
            line += f"  {1e6 * each:6.1f} us more a text, x{each / before[2]:.2f}"
        print(line, flush=True)
        before = size, cpu, each


def pages(folder: Path, size: int, shared: int) -> tuple[Path, set[str]]:
    """Write pages of one template; give their folder and the ids of those that are copies."""
    rng = np.random.default_rng(1)
    template = WORD[rng.integers(0, len(WORD), shared)]
    own = WORDS - shared
    bodies = rng.integers(0, len(WORD), (size, own))
    copies = np.arange(COPIES - 1, size, COPIES)
    bodies[copies] = bodies[copies - rng.integers(1, COPIES, len(copies))]
    bodies[copies, : own // 20] = rng.integers(0, len(WORD), (len(copies), own // 20))
    half = " ".join(template[: shared // 2]), " ".join(template[shared // 2 :])
    rows = (f"{half[0]} {' '.join(WORD[body])} {half[1]}" for body in bodies)
    ids = {name(i) for i in copies.tolist()}
    return written(folder / f"template{size}-{shared}", rows), ids


def noisy(folder: Path, size: int, changed: int) -> Path:
    """Write copies of one text, each with words of its own; empty texts if all are changed."""
    rng = np.random.default_rng(1)
    text = WORD[rng.integers(0, len(WORD), WORDS)]

    def copy() -> str:
        own = rng.integers(0, 1000, WORDS) < changed
        return " ".join(np.where(own, WORD[rng.integers(0, len(WORD), WORDS)], text))

    rows = (copy() if changed < 1000 else "" for _ in range(size))
    return written(folder / f"noise{size}-{changed}", rows)


def name(page: int) -> str:
    """Name a page by its number."""
    return f"p{page:08}"


def written(folder: Path, texts: Iterator[str]) -> Path:
    """Write texts into a folder, a few at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    path, kind = folder / "part-00000.parquet", dedup_corpus.SCHEMA
    with pq.ParquetWriter(path, kind, compression="zstd") as file:
        first = 0
        while some := list(islice(texts, 4000)):
            ids = [name(first + i) for i in range(len(some))]
            columns = [ids, some, ["site.example"] * len(some)]
            file.write_table(pa.table(columns, schema=kind))
            first += len(some)
    return folder


def templates(folder: Path, sizes: list[int], workers: int, shared: int) -> None:
    """Print the cost of each size, and what was decided wrongly."""
    for size in sizes:
        texts, copies = pages(folder, size, shared)
        cpu, wall, megabytes = searched(texts, folder / "out", workers)
        kept = set(ids(folder / "out"))
        missed = both(kept, copies)
        print(
            f"{size:>10,} pages  {cpu:8.1f} CPU s  {wall:8.1f} s  {megabytes:6.0f} MB  "
            f"{size - len(kept)} of {len(copies)} went: {missed} too few, "
            f"{max(0, size - len(kept) - len(copies))} too many",
            flush=True,
        )


def noises(folder: Path, sizes: list[int], workers: int, changed: int) -> None:
    """Print the cost of each size, and how many stay."""
    for size in sizes:
        texts = noisy(folder, size, changed)
        cpu, wall, megabytes = searched(texts, folder / "out", workers)
        stay = len(ids(folder / "out"))
        print(
            f"{size:>10,} texts  {cpu:8.1f} CPU s  {wall:8.1f} s  {megabytes:6.0f} MB  {stay} stay",
            flush=True,
        )


def both(kept: set[str], copies: set[str]) -> int:
    """Count the groups of a hundred pages of which none went, though one is a copy."""
    gone = {int(i[1:]) // COPIES for i in copies}
    there: dict[int, int] = {}
    for id_ in kept:
        there[int(id_[1:]) // COPIES] = there.get(int(id_[1:]) // COPIES, 0) + 1
    return sum(there.get(group, 0) == COPIES for group in gone)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", default="100000,1000000")
    parser.add_argument("--template", default="")
    parser.add_argument("--shared", type=int, default=150)
    parser.add_argument("--noise", default="")
    parser.add_argument("--changed", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    asked = given.template or given.noise or given.documents
    sizes = sorted(int(size) for size in asked.split(","))
    given.folder.mkdir(parents=True, exist_ok=True)
    folder = given.folder.resolve()
    if given.template:
        templates(folder, sizes, given.workers, given.shared)
    elif given.noise:
        noises(folder, sizes, given.workers, given.changed)
    else:
        grown(folder, sizes, given.workers)


if __name__ == "__main__":
    main()
