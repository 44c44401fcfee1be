"""The command `report --threshold`: what another threshold would have removed, without a run."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson

from clean_corpus import results
from clean_corpus.commands import console
from clean_corpus.config import Dedup
from clean_corpus.corpus.duplicates import evidence, parameters
from clean_corpus.errors import ConfigError, InputError, OutputError
from clean_corpus.run import publish
from clean_corpus.run.steps.write import similarity


def threshold(out: Path, wanted: str, decisions: Path | None) -> None:
    """Decide about the copies of a finished run once more, and print what that comes to.

    `decisions` is a file for the removals, as JSON Lines. Raises ConfigError where the run has not
    kept the pairs that this needs, InputError where `out` is not what a run has written.
    """
    summary = results.summary(out)
    before = results.config(out).dedup
    lacking = summary["duplicates"]
    cut, thinned = (lacking.get(name, 0) for name in ("pairs_cut", "pairs_thinned"))
    dedup = _asked(before, wanted, cut, thinned)
    path = out / publish.EVIDENCE
    if not path.is_file():
        raise InputError(f"{path}: is missing. Run again with --fresh.")
    counts = evidence.Counts()
    lines: list[bytes] = []
    for group, gone in evidence.again(str(path), dedup):
        counts = counts.plus(evidence.count(group, gone, dedup))
        if decisions is not None:
            lines += _lines(evidence.removals(group, gone, dedup))
    if decisions is not None:
        try:
            decisions.write_bytes(b"".join(lines))
        except OSError as error:
            raise OutputError(f"{decisions}: cannot be written ({error.strerror}).") from error
    reasons = summary["reasons"]
    now = {"exact-duplicate": counts.exact, "near-duplicate": counts.near}
    copies = sum(reasons.get(reason, 0) for reason in now)
    was = summary["duplicates"]
    rows = [
        ("threshold", before.threshold, dedup.threshold),
        ("kept", summary["kept"], summary["kept"] + copies - counts.exact - counts.near),
        *((reason, reasons.get(reason, 0), count) for reason, count in now.items()),
        ("clusters", was["clusters"], counts.clusters),
        ("copies in the largest", was["largest_cluster"], counts.largest_cluster),
        ("pairs that reach it", was["pairs"], counts.pairs),
    ]
    console.out(f"{'':<22}{'the run':>12}{'now':>12}\n")
    for name, one, other in rows:
        console.out(f"{name:<22}{one:>12,}{other:>12,}\n")


def _asked(dedup: Dedup, wanted: str, cut: int, thinned: int) -> Dedup:
    """Put another threshold into the options of a run, if it can answer for it."""
    try:
        value = Decimal(wanted)
    except InvalidOperation:
        value = Decimal(0)
    if value.is_nan() or not 0 < value <= 1:
        raise ConfigError(f"--threshold {wanted}: is not a number above 0 and up to 1.")
    if not dedup.near:
        raise ConfigError(
            f"--threshold {wanted}: this run looked for no near-duplicates. "
            "Run again with dedup.near = true."
        )
    floor = parameters.choose(dedup).floor()
    if value < floor:
        raise ConfigError(
            f"--threshold {wanted}: of pairs below {float(floor)} this run may have missed more "
            f"than one in ten. Name {float(floor)} or more, or run again with "
            f"dedup.threshold = {wanted}."
        )
    if thinned and value != dedup.threshold:
        raise ConfigError(
            f"--threshold {wanted}: {thinned:,} pairs of very large groups were not kept. "
            f"Run again with dedup.threshold = {wanted}."
        )
    if cut and value < dedup.threshold:
        raise ConfigError(
            f"--threshold {wanted}: {cut:,} pairs below {dedup.threshold} were not kept. "
            f"Name {dedup.threshold} or more, or run again with dedup.threshold = {wanted}."
        )
    return dedup._replace(threshold=value)


def _lines(removals: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for removal in removals:
        shared = removal.pop("shared")
        removal["jaccard"] = similarity(shared, removal.pop("joined"))
        removal["containment"] = similarity(shared, removal.pop("smaller"))
        yield orjson.dumps(removal, option=orjson.OPT_APPEND_NEWLINE)
