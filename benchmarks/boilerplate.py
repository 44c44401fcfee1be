"""Measure the boilerplate stage on pages whose lines are labelled by hand.

    python benchmarks/boilerplate.py DATA_FOLDER [--max-share 0.5] [--language en] [--errors N]

DATA_FOLDER holds JSON Lines files (also .gz), one page a line: `{"lines": [[text, label], ...]}`
with label 1 for content, 0 for boilerplate and -1 for neither; `lang` (a code or an English name)
is optional. Printed for each file: pages, lines of content and boilerplate; harm, the share of
content characters removed (moved to metadata is not removed); documents harmed; recall, the share
of boilerplate lines removed or moved; and text per CPU-second. `--errors` lists removed content.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.stages import boilerplate

_CODES = {"english": "en", "chinese": "zh", "greek": "el", "russian": "ru", "polish": "pl"}


Lines: TypeAlias = "Sequence[tuple[str, int]]"


class Score(NamedTuple):
    """What one file came to; counts of pages, lines and characters."""

    pages: int
    content: int
    junk: int
    characters: int
    lost: int
    harmed: int
    found: int
    megabytes: float = 0.0
    seconds: float = 0.0
    errors: Sequence[tuple[int, str, str]] = ()
    hits: Sequence[tuple[str, int, int]] = ()


def main() -> None:
    """Print a table of scores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--max-share", type=Decimal, default=Decimal("0.5"))
    parser.add_argument("--language", default="und", help="of pages that name none")
    parser.add_argument("--rules", action="store_true", help="what each rule did, over all files")
    parser.add_argument("--errors", type=int, default=0, metavar="N")
    options = parser.parse_args()
    settings = Boilerplate(max_share=options.max_share)
    stage = boilerplate.stage(lexicons.load(settings), settings)
    _run(stage, [[("Warm up the kernels.", 1)]], ["en"])
    by_rule: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    header = f"{'set':34} pages content   junk  harm %  harmed %  recall %  MB/CPU-s"
    print(header, "-" * len(header), sep="\n")
    for path in sorted(options.data.glob("*lines*.jsonl*")):
        score = measure(stage, path, options.language)
        print(
            f"{path.name.split('.')[0]:34} {score.pages:5} {score.content:7} {score.junk:6}"
            f" {100 * score.lost / max(1, score.characters):7.3f}"
            f" {100 * score.harmed / max(1, score.pages):9.2f}"
            f" {100 * score.found / max(1, score.junk):9.2f}"
            f" {score.megabytes / max(1e-9, score.seconds):9.1f}",
            flush=True,
        )
        for rule, label, lost in score.hits:
            by_rule[rule][label] += 1
            by_rule[rule][2] += lost
        for size, rule, line in sorted(score.errors, reverse=True)[: options.errors]:
            print(f"    {size:5} {rule}: {line[:150]!r}")
    if options.rules:
        print("rule                             junk content  lost characters")
        for rule, (junk, content, lost) in sorted(by_rule.items(), key=lambda item: -item[1][2]):
            print(f"{rule:32} {junk:5} {content:7} {lost:6}")


def measure(stage: text.Stage, path: Path, language: str) -> Score:
    """Score the pages of one file."""
    pages = list(_pages(path))
    codes = [str(page.get("lang") or "").lower() for page in pages]
    codes = [_CODES.get(code, code if len(code) == 2 else language) for code in codes]
    return _run(stage, [page["lines"] for page in pages], codes)


def _pages(path: Path) -> Iterator[dict[str, Any]]:
    data = path.read_bytes()
    text_ = gzip.decompress(data) if path.suffix == ".gz" else data
    yield from map(json.loads, text_.splitlines())


def _run(stage: text.Stage, pages: list[Lines], languages: list[str]) -> Score:
    """Clean pages and compare every line with its label."""
    rows = [[(" ".join(line.splitlines()), label) for line, label in page] for page in pages]
    texts = ["\n".join(line for line, _ in page) for page in rows]
    blank = pa.nulls(len(texts), pa.string())
    batch = text.Batch(pa.array(texts, pa.large_string()), pa.array(languages), blank, blank)
    began = time.process_time()
    edits = stage(batch)
    seconds = time.process_time() - began
    cuts: dict[int, list[tuple[int, int, str, str]]] = defaultdict(list)
    starts, ends = text.code_points(batch.texts, edits)
    for row, start, end in zip(edits.to_pylist(), starts, ends, strict=True):
        cuts[row["doc"]].append((int(start), int(end), row["action"], row["rule"]))
    scores = [_compare(page, cuts[doc]) for doc, page in enumerate(rows)]
    size = sum(len(page.encode()) for page in texts) / 1e6
    sums = [sum(column) for column in zip(*(score[:7] for score in scores), strict=True)]
    total = Score(*sums)  # type: ignore[arg-type]
    errors = [error for score in scores for error in score.errors]
    hits = [hit for score in scores for hit in score.hits]
    return total._replace(megabytes=size, seconds=seconds, errors=errors, hits=hits)


def _compare(lines: Lines, cuts: list[tuple[int, int, str, str]]) -> Score:
    removed = np.zeros(sum(len(line) + 1 for line, _ in lines) + 1, np.int8)
    for start, end, action, _ in cuts:
        if action in ("remove", "metadata"):
            removed[start:end] = 1 if action == "remove" else 2
    at = content = junk = characters = lost = found = 0
    errors, hits = [], []
    for line, label in lines:
        cut = removed[at : at + len(line)]
        lost_here = int((cut == 1).sum()) if label == 1 else 0
        if label == 1:
            content += 1
            characters += len(line)
            lost += lost_here
        elif label == 0 and line.strip():
            junk += 1
            found += int((cut > 0).sum()) * 2 > len(line.strip())
        if cut.any() and label in (0, 1):
            first = at + int(np.argmax(cut > 0))
            rule = next((rule for a, b, _, rule in cuts if a <= first < b), "?")
            hits.append((rule, label, lost_here))
            if lost_here:
                errors.append((lost_here, rule, line))
        at += len(line) + 1
    return Score(1, content, junk, characters, lost, lost > 0, found, errors=errors, hits=hits)


if __name__ == "__main__":
    main()
