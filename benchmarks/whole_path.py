"""Measure the whole path: plain text from JSONL.zst to JSONL.zst, all stages, as configured.

    python benchmarks/whole_path.py DATA_FOLDER [--size 32] [--rounds 1]
        [--peers FOLDER] [--languages fr en]

For each `news_<language>.jsonl.gz` of the folder an input of `--size` MB of text is made of its
articles and, beyond these, of articles whose parts, of at most five words, are drawn from their
neighbours: shorter than the runs of words by which shared passages are looked for, so that no two
articles share more than real ones do. Printed are MB of text per CPU-second of the process with
everything it starts, one worker, the least of `--rounds` runs: of the tool on the whole input
(`whole`), of what the second half of the input adds (`further`, so that the start does not count),
and of reading and writing alone. `--peers` makes an environment in the folder, and runs what
others would write on the first 4 MB of the same input.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import zstandard
from jsonl import objects
from processes import environment, measured

PEERS = Path(__file__).parent / "whole_path_peers.py"
PACKAGES = ("datatrove[io,processing]", "langdetect", "spacy", "orjson", "ftfy", "datasketch")
SMALL = 4_000_000
_PART = re.compile(r"\S+(?:[^\S\n]+\S+){0,4}")


def articles(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """Give the articles of a set, then mixtures of them, until `size` bytes of text are full."""
    real = [row for row in objects(path) if row.get("text")]
    parts = [_PART.findall(row["text"]) for row in real]
    draw = random.Random(path.name)  # noqa: S311  the same input each time
    for number in range(sys.maxsize):
        here = number % len(real)
        row = dict(real[here])
        if number >= len(real):
            # Of neighbours alone: damage stays as rare as it is.
            near = [part for some in parts[max(here - 10, 0) : here + 10] for part in some]
            drawn = iter(draw.choices(near, k=len(parts[here])))
            row["text"] = _PART.sub(lambda _, drawn=drawn: next(drawn), row["text"])  # type: ignore[misc]
        row["id"] = str(number)
        size -= len(row["text"].encode())
        yield row
        if size <= 0:
            return


def write(rows: Iterator[dict[str, Any]], target: Path) -> int:
    """Write JSONL.zst; give the bytes of text."""
    size = 0
    with target.open("wb") as file, zstandard.ZstdCompressor(3).stream_writer(file) as out:
        for row in rows:
            size += len(row["text"].encode())
            out.write(orjson.dumps(row) + b"\n")
    return size


def tool(source: Path, out: Path) -> float:
    """Run the tool with one worker."""
    run = ["run", "--quiet", "--fresh", "--workers", "1", "--set", "fields.source=site"]
    command = [sys.executable, "-m", "clean_corpus", *run, "-o", str(out), str(source)]
    return measured(command).cpu


def peer(name: str, python: str, source: Path, target: Path) -> float:
    """Run what another would."""
    return measured([python, str(PEERS), name, str(source), str(target)]).cpu


def measure(path: Path, size: int, rounds: int, peers: str, folder: Path) -> str:
    """Measure one language; give its line."""
    half, whole, small = (folder / f"{name}.jsonl.zst" for name in ("half", "whole", "small"))
    half_size, whole_size = (
        write(articles(path, size // 2), half),
        write(articles(path, size), whole),
    )
    first, both = (
        min(tool(source, folder / "out") for _ in range(rounds)) for source in (half, whole)
    )
    reading = peer("floor", sys.executable, whole, folder / "copy.zst")
    rates = [
        whole_size / both,
        (whole_size - half_size) / max(both - first, 0.01),
        whole_size / reading,
    ]
    if peers:
        small_size = write(articles(path, SMALL), small)
        rates += [
            small_size / peer("packages", sys.executable, small, folder / "packages.zst"),
            small_size / peer("datatrove", peers, small, folder / "datatrove.zst"),
        ]
    return "".join(f"{rate / 1e6:11.2f}" for rate in rates)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--size", type=int, default=32, help="MB of text per language")
    parser.add_argument("--rounds", type=int, default=1, help="runs, of which the least counts")
    parser.add_argument("--languages", nargs="*", default=[])
    parser.add_argument("--peers", type=Path, help="folder for the environment of the peers")
    options = parser.parse_args()
    peers = environment(options.peers, PACKAGES) if options.peers else ""
    names = ("whole", "further", "floor", *(("packages", "datatrove") if peers else ()))
    print(
        f"MB of text per CPU-second, {options.size} MB of news\n{'':8}"
        + "".join(f"{n:>11}" for n in names)
    )
    for path in sorted(options.data.glob("news_*.jsonl.gz")):
        language = path.name.removeprefix("news_").removesuffix(".jsonl.gz")
        if options.languages and language not in options.languages:
            continue
        with tempfile.TemporaryDirectory() as folder:
            line = measure(path, options.size * 1_000_000, options.rounds, peers, Path(folder))
        print(f"{language:8}{line}", flush=True)


if __name__ == "__main__":
    main()
