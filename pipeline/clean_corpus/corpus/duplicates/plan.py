"""The steps from cleaned texts to decisions, as tasks over files.

| step | tasks | reads | writes |
|---|---|---|---|
| sketch | one a shard | the shard's texts | documents, bands |
| exact | one a part of the hashes | all documents | copies |
| match | one a partition of keys | its part of all bands; copies, documents | candidates |
| sift | one a block of documents | its batch of all candidates; documents | likely, wanted |
| sets | one for some shards, if many | their texts; their part of all wanted | sets |
| verify | one; if many, one a block | its likely; documents; all texts, or sets | pairs |
| decide | one | all documents, copies, pairs; all texts if few | removed, clusters, evidence |
| assign | one a shard | removed | decisions |

A shard is an Arrow IPC file with the columns `sketch.COLUMNS`; where nothing is cleaned, shards are
sketched as they are read, before there is a plan, and their texts may be read again. Where texts
are not many, a single task makes the sets of all candidates as it verifies, and none are written.
Documents are numbered through the shards. How many parts, partitions and blocks there are follows
from the memory that a task may take and changes no result; small runs have one of each. Of all
documents together a task holds a flag each, and `decide` four bytes; the rest comes in pieces from
files, which are mapped while they are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

from clean_corpus import spill
from clean_corpus.config import Dedup, as_json
from clean_corpus.corpus.duplicates import nearest, parameters
from clean_corpus.corpus.duplicates.assign import assign
from clean_corpus.corpus.duplicates.decide import decide
from clean_corpus.corpus.duplicates.exact import exact
from clean_corpus.corpus.duplicates.match import match
from clean_corpus.corpus.duplicates.parameters import SELDOM, SELDOM_CROWDED, Tally
from clean_corpus.corpus.duplicates.sift import sift
from clean_corpus.corpus.duplicates.signatures import permutations
from clean_corpus.corpus.duplicates.sketch import sketch
from clean_corpus.corpus.duplicates.verify import verify
from clean_corpus.corpus.sets import Texts, sets
from clean_corpus.corpus.shingles import FINGERPRINT
from clean_corpus.corpus.steps import MEMORY, Make, adder

# Bytes for each of the things that tasks hold: keys, documents whose hashes are compared,
# candidates while repetitions are dropped, pairs with two signatures, candidates and shingles while
# they are counted; and for the candidates of a document. They may take half of the memory: the rest
# is what a process has without them, and what it keeps to use again.
_KEY, _HASH, _PAIR, _SIGNATURES, _PROOF, _SHINGLE, _DOCUMENT = 24, 80, 100, 1000, 200, 12, 1000

# Where texts have more bytes than so many times this half, their sets are written. Below, a set
# waits for its copies: where two fifths of the articles have some, a seventh of all at once.
_AGAIN = 5

# Tasks that read the texts for the second time: each of their files is opened by many others.
_SETS = 64

#: More would only make more files.
_MOST_PARTS = 1024

_Shard = tuple[str, int, int, Texts]  # its file, its first document, how many, how to read it


class Plan(NamedTuple):
    """Tasks by step, each step needing only those before it, and where their results will be."""

    steps: list[tuple[str, list[Any]]]
    documents: list[str]
    decisions: list[str]
    clusters: str
    evidence: str


class Sketched(NamedTuple):
    """What `sketch` has written of all shards, where they were sketched before they were numbered.

    `occurrences` number the documents that share a key; `again` says of each shard how to get at
    its texts.
    """

    documents: list[str]
    bands: list[str]
    occurrences: list[str]
    again: Sequence[Texts]


def sketching(dedup: Dedup) -> dict[str, Any]:
    """Give the options of `sketch`."""
    bands = parameters.choose(dedup)
    return {
        "shingle": dedup.shingle,
        "fingerprint": FINGERPRINT,
        "near": dedup.near,
        "hash": dedup.hash,
        "bands": bands.bands,
        "permutations": permutations(bands.bands * bands.rows, dedup.seed),
    }


def unwritten(memory: int) -> int:
    """Give the bytes of text up to which sets are not written, but wait for their copies."""
    return memory * 500_000 * _AGAIN


def plan(
    texts: Sequence[str],
    rows: Sequence[int],
    dedup: Dedup,
    make: Make,
    memory: int = MEMORY,
    sketched: Sketched | None = None,
    length: int = 0,
) -> Plan:
    """Plan the steps for shards of `rows` documents each; a task takes about `memory` megabytes.

    Leaves out `sketch` where that has been done (`sketched`), and does not look for the nearest two
    where there are many texts, or many bytes of text (`length`).

    `make(step, part, function, outputs, inputs=..., options=..., payload=...)` makes a task of any
    kind that knows the paths of its `outputs`.
    """
    steps: list[tuple[str, list[Any]]] = []

    add = adder(steps, make)

    total, size = sum(rows), memory * 500_000
    few = total <= nearest.LARGEST and length <= nearest.LONGEST
    bands = parameters.choose(dedup)
    partitions = _parts(total * bands.bands if dedup.near else 0, size // _KEY)
    parts = _parts(total, size // _HASH)
    policy = {"keep": list(dedup.keep), "prefer": list(dedup.prefer)}
    shingle = {"shingle": dedup.shingle, "fingerprint": FINGERPRINT}
    if sketched is None:
        reading = sketching(dedup)
        read = add(sketch, "documents bands", (({"texts": [text]}, reading) for text in texts))
        sketched = Sketched(read["documents"], read["bands"], [], [spill.texts] * len(texts))
    firsts = accumulate(rows, initial=0)
    shards = list(zip(texts, firsts, rows, sketched.again, strict=False))
    documents = {"documents": sketched.documents}
    naming = {**documents, "occurrences": sketched.occurrences}
    copies = add(
        exact,
        "copies",
        ((naming, {"part": i, "parts": parts, **policy}) for i in range(parts)),
    )
    threshold, floor = Fraction(dedup.threshold), parameters.floor(dedup)
    likely: dict[str, list[str]] = {"likely": [], "wanted": []}
    blocks = _parts(total, size // _DOCUMENT)
    if dedup.near:
        signature = bands.bands * bands.rows
        cut = {
            "rows": list(rows),
            "blocks": blocks,
            "held": size // _PAIR,
            "compared": size // _SIGNATURES,
        }
        matching = {
            **cut,
            **policy,
            "parts": partitions,
            "total": total,
            "max_bucket": dedup.max_bucket,
            "likely": parameters.agreeing(signature, threshold, SELDOM_CROWDED),
            "even": parameters.agreeing(signature, threshold, Fraction(1, 2)),
            "surely": parameters.agreeing(signature, threshold, 1 - SELDOM_CROWDED),
            "close": parameters.close(signature, threshold),
        }
        sifting = {
            **cut,
            "possible": parameters.agreeing(signature, floor, SELDOM),
        }
        keys = {"bands": sketched.bands, **documents, **copies}
        found = add(
            match, "candidates", ((keys, {"part": i, **matching}) for i in range(partitions))
        )
        likely = add(
            sift,
            "likely wanted",
            (({**found, **documents}, {"block": i, **sifting}) for i in range(blocks)),
        )
    everything = {"texts": list(texts)}
    none: dict[str, list[str]] = {"sets": [], "texts": []}
    held, again = {**none, **everything}, sketched.again
    proven = [likely["likely"]]
    if dedup.near and length > unwritten(memory):
        written = add(
            sets,
            "sets",
            (
                (
                    {"texts": names, "wanted": likely["wanted"]},
                    {"first": starts[0], "rows": counts, **shingle},
                    *ways,
                )
                for names, starts, counts, ways in _bundles(shards)
            ),
        )
        held, again = {**none, **written}, []
        proven = [[one] for one in likely["likely"]]
    reading = {"rows": list(rows), **shingle}
    proving = {"floor": _ratio(floor), "held": size // _PROOF, "shingles": size // _SHINGLE}
    pairs = add(
        verify,
        "pairs",
        (
            ({"likely": some, **documents, **held}, {**proving, **reading}, *again)
            for some in proven
            if some
        ),
    )
    rules = {"dedup": as_json(dedup), **reading}
    known = {**naming, **copies, **pairs, **(everything if few else none)}
    decided = add(decide, "removed clusters evidence", [(known, rules, *sketched.again)])
    removed = {"removed": decided["removed"]}
    assigned = add(
        assign,
        "decisions",
        ((removed, {"first": first, "rows": count}) for _, first, count, _ in shards),
    )
    outcome = assigned["decisions"], decided["clusters"][0], decided["evidence"][0]
    return Plan(steps, sketched.documents, *outcome)


def summarise(stats: Iterable[tuple[str, Mapping[str, Any]]], dedup: Dedup) -> dict[str, Any]:
    """Add up what the tasks counted, given as (step, counts) of each.

    Gives: candidates, verified, histogram (verified pairs by Jaccard in hundredths), recall (of
    pairs from the threshold on, estimated; None without any), oversized_buckets, pairs_lost, and
    what `decide` counted.
    """
    total: dict[str, Any] = {}
    verified = []
    for step, counts in stats:
        if step == "match":
            for key in ("oversized_buckets", "pairs_lost"):
                total[key] = total.get(key, 0) + counts[key]
        elif step == "sift":
            total["candidates"] = total.get("candidates", 0) + counts["candidates"]
        elif step == "verify":
            total["verified"] = total.get("verified", 0) + counts["verified"]
            verified.append(counts)
        elif step == "decide":
            total |= counts
    if dedup.near:
        tally = Tally.of(verified)
        total["histogram"] = list(tally.histogram)
        total["recall"] = parameters.recall(tally, parameters.choose(dedup), dedup.threshold)
    return total


def _parts(items: int, most: int) -> int:
    """Give the parts in which there are at most so many items each."""
    return min(max(1, -(-items // most)), _MOST_PARTS)


def _bundles(shards: Sequence[_Shard]) -> Iterator[list[list[Any]]]:
    """Put shards together for the tasks of `sets`; gives their columns."""
    size = max(1, -(-len(shards) // _SETS))
    for i in range(0, len(shards), size):
        yield [list(column) for column in zip(*shards[i : i + size], strict=True)]


def _ratio(share: Fraction) -> list[int]:
    return [share.numerator, share.denominator]
