"""Read what the report quotes of a run: clusters, passages, learned lines, edits, failures."""

from __future__ import annotations

import heapq
import tomllib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus import results
from clean_corpus.errors import InputError
from clean_corpus.text import Edit

#: What a run has noted for its report. The choice depends on the content alone: the clusters with
#: the least similar members, and of every class of edits the same number, drawn by hash. The report
#: adds the longest passages, and the lines learned from most articles. Only a search for copies
#: alone takes those of many doubtful clusters that lie in the first shards.
SAMPLES = ".clean-corpus/samples.json"

_PASSAGES, _LESSONS, _FAILED = 20, 50, 50


class Quoted(NamedTuple):
    """A document as the run has left it; `reason` is empty if it was kept."""

    id: str
    text: str
    reason: str


class Pair(NamedTuple):
    """The keeper of a cluster and its least similar member; `others` more are not shown."""

    keeper: Quoted
    member: Quoted
    jaccard: float
    containment: float
    others: int


class Sample(NamedTuple):
    """An edit with what stands before and behind it in the base text."""

    id: str
    before: str
    edit: Edit
    after: str


class Samples(NamedTuple):
    """All that the report quotes from a run."""

    pairs: list[Pair]
    passages: list[dict[str, Any]]
    lessons: list[dict[str, Any]]
    edits: list[Sample]
    failed: list[dict[str, Any]]


def collect(out: Path) -> Samples:
    """Read what is quoted; raise InputError where the folder of a run has lost it."""
    path = out / SAMPLES
    try:
        noted = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"{path}: is missing or damaged. Run again with --fresh.") from error
    failed = list(islice(results.lines(out / "failed.jsonl"), _FAILED))
    pairs = [
        Pair(**{**pair, "keeper": Quoted(**pair["keeper"]), "member": Quoted(**pair["member"])})
        for pair in noted["pairs"]
    ]
    edits = [
        Sample(row["id"], row["before"], results.edit(row), row["after"]) for row in noted["edits"]
    ]
    return Samples(pairs, longest(_optional(out / "passages.jsonl")), lessons(out), edits, failed)


def _optional(path: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of an output that a run need not have."""
    return results.lines(path) if path.exists() else iter(())


def longest(passages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the longest passages, one of each document that has some and of each first one."""
    seen: set[str] = set()
    chosen: list[dict[str, Any]] = []
    size = 4 * _PASSAGES
    for row in heapq.nsmallest(size, passages, lambda x: (-x["words"], x["id"], x["start"])):
        if not seen & {row["id"], row["first"]} and len(chosen) < _PASSAGES:
            seen |= {row["id"], row["first"]}
            chosen.append(row)
    return chosen


def lessons(out: Path) -> list[dict[str, Any]]:
    """Give the rules of learned.toml that most articles taught."""
    path = out / "learned.toml"
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8")).get("rules", [])
    except OSError:
        return []
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML ({error}). Mend it, or run again.") from error
    return heapq.nsmallest(_LESSONS, rules, lambda x: (-x["count"], x["source"], x["id"]))
