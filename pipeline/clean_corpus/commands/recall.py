"""The command `recall`: how many copies a run finds, measured by brute force on a sample."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from clean_corpus import results
from clean_corpus.commands import console
from clean_corpus.commands.run import named, with_texts
from clean_corpus.config import Config, Dedup
from clean_corpus.corpus.duplicates import evidence, parameters
from clean_corpus.corpus.duplicates import recall as measure
from clean_corpus.errors import ConfigError
from clean_corpus.run import plan, publish

# Width of the bins of Jaccard, and of the one right above the threshold, in hundredths.
_BIN, _FIRST = 5, 2


def recall(inputs: Sequence[str], config: Config, size: int) -> None:
    """Clean the inputs in a temporary folder, and print the recall by Jaccard on stdout.

    `size` documents are compared with all others. Raises the errors of `plan.clean_files`, and
    ConfigError where near-duplicates are not looked for.
    """
    if not config.dedup.near:
        raise ConfigError("dedup.near: is false, so there is nothing to measure; set it to true.")
    config = with_texts(config)
    with named(inputs) as files, tempfile.TemporaryDirectory(prefix="clean-corpus-") as name:
        out = Path(name, "out")
        with console.Progress(sys.stderr) as progress:
            outcome = plan.clean_files(files, out, config, limits=False, progress=progress)
            progress("recall: comparing")
            for line in _table(out, outcome.summary, config.dedup, size):
                console.out(f"{line}\n")


def _table(out: Path, summary: dict[str, Any], dedup: Dedup, size: int) -> Iterator[str]:
    path = str(out / publish.EVIDENCE)
    copies = {id_ for group in evidence.read(path) for id_ in group.copies.flatten().to_pylist()}
    ids = set(measure.chosen(_documents(out, copies), size))
    sample = measure.sample(_documents(out, copies), ids, dedup.shingle)
    least = parameters.floor(dedup)
    there = list(measure.pairs(_documents(out, copies), sample, least, dedup.shingle))
    known = measure.found(path, ids)
    found = [pair for pair in there if frozenset((pair.sampled, pair.other)) in known]
    yield f"{len(sample.ids):,} documents compared with all that have a text of their own"
    yield _row("Jaccard", "pairs", "found", "measured", "estimated", "planned")
    counts = measure.by_step(there), measure.by_step(found)
    bands = parameters.choose(dedup)
    none = [0] * parameters.STEPS
    tally = parameters.Tally(summary["duplicates"]["histogram"], none, none)

    def estimate(low: int, high: int) -> float | None:
        return parameters.recall(tally, bands, Fraction(low, parameters.STEPS), high)

    for low, high in pairwise(_edges(dedup)):
        all_, mine = (sum(column[low:high]) for column in counts)
        planned = bands.probability(Fraction(low + high, 2 * parameters.STEPS))
        shares = _share(mine, all_), _maybe(estimate(low, high)), _percent(planned)
        yield _row(f"{low / 100:.2f} - {high / 100:.2f}", f"{all_:,}", f"{mine:,}", *shares)
    all_, mine = (
        sum(pair.shared >= pair.joined * Fraction(dedup.threshold) for pair in column)
        for column in (there, found)
    )
    said = _maybe(summary["duplicates"]["recall"])
    wanted = _percent(bands.probability(Fraction(dedup.threshold)))
    yield f"from {dedup.threshold} on: {mine:,} of {all_:,} pairs found, {_share(mine, all_)}"
    yield f"estimated by the run: {said}; planned at {dedup.threshold}: {wanted}"


def _documents(out: Path, copies: set[str]) -> Iterator[measure.Document]:
    """Give the documents that took part: kept, or removed as near-duplicates."""
    for document in results.kept(out):
        if not document.reason:
            yield document.id, document.text
    for document in results.removed(out):
        if document.reason == "near-duplicate" and document.id not in copies:
            yield document.id, document.text


def _edges(dedup: Dedup) -> list[int]:
    """Give the bounds of the bins, in hundredths."""
    floor = -(-parameters.floor(dedup) * parameters.STEPS // 1)
    threshold = int(dedup.threshold * parameters.STEPS)
    edges = {int(floor), threshold, threshold + _FIRST, *range(0, parameters.STEPS + 1, _BIN)}
    return sorted(edge for edge in edges if floor <= edge <= parameters.STEPS)


def _row(*cells: str) -> str:
    return f"{cells[0]:<12}" + "".join(f"{cell:>11}" for cell in cells[1:])


def _maybe(recall_: float | None) -> str:
    return "-" if recall_ is None else _percent(Fraction(str(recall_)))


def _share(part: int, whole: int) -> str:
    return _percent(Fraction(part, whole)) if whole else "-"


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):.2f} %"
