"""The steps from cleaned texts to decisions, as tasks over files.

| step | tasks | reads | writes |
|---|---|---|---|
| sketch | one a shard | the shard's texts | documents, bands |
| exact | one a part of the hashes | all documents | copies |
| match | one a partition of keys | its batch of all bands; documents, copies | candidates, wanted |
| sets | one a shard | the shard's texts; all wanted | sets |
| verify | one a block of documents | its batch of all candidates; all sets | pairs |
| decide | one | all documents, copies, pairs | removed, clusters, ranked |
| assign | one a shard | documents, removed | decisions |

A shard is an Arrow IPC file with the columns `clean_corpus.corpus.sketch.COLUMNS`. Documents are
numbered through the shards. How many parts, partitions and blocks there are bounds the memory of
a task and changes no result; small runs have one of each. Files are never read whole but mapped,
so that a task holds what it looks at: the keys of a partition (20 bytes each), the shingles of a
few thousand pairs, a flag of each document (match), and the verified pairs (decide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from clean_corpus.config import Dedup
from clean_corpus.corpus import nearest, parameters
from clean_corpus.corpus.assign import assign
from clean_corpus.corpus.decide import decide
from clean_corpus.corpus.exact import exact
from clean_corpus.corpus.match import match
from clean_corpus.corpus.shingles import FINGERPRINT
from clean_corpus.corpus.signatures import permutations
from clean_corpus.corpus.sketch import sketch
from clean_corpus.corpus.verify import sets, verify

# What one task takes in: keys of 12 bytes, and documents whose content hashes are compared.
_KEYS = 8_000_000
_DOCUMENTS = 8_000_000

#: More would only make more files.
_MOST_PARTS = 1024

_Files = Mapping[str, Sequence[str]]
_Options = Mapping[str, Any]


class Made(Protocol):
    """A task, of which only the files it will write matter here."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Give the path of each output by name."""


#: Makes a task: step, part, function, names of outputs; then inputs and options by name.
Make = Callable[..., Made]


class Plan(NamedTuple):
    """Tasks by step, each step needing only those before it, and where their results will be."""

    steps: list[tuple[str, list[Any]]]
    decisions: list[str]
    clusters: str
    ranked: str


def plan(texts: Sequence[str], rows: Sequence[int], dedup: Dedup, make: Make) -> Plan:
    """Plan the steps for shards of `rows` documents each.

    `make(step, part, function, outputs, inputs=..., options=...)` makes a task of any kind that
    knows the paths of its `outputs`.
    """
    steps: list[tuple[str, list[Any]]] = []

    def add(
        function: Callable[..., Any], outputs: str, tasks: Iterable[tuple[_Files, _Options]]
    ) -> dict[str, list[str]]:
        """Add a step of tasks (inputs, options); give the paths of its outputs by name."""
        step, names = function.__name__, outputs.split()
        made = [
            make(step, part, function, names, inputs=inputs, options=options)
            for part, (inputs, options) in enumerate(tasks)
        ]
        steps.append((step, made))
        return {name: [task.outputs[name] for task in made] for name in names}

    total = sum(rows)
    shards = list(zip(texts, accumulate(rows, initial=0), strict=False))
    bands = parameters.choose(dedup)
    floor = _ratio(min(bands.floor(), parameters.witness(dedup)))
    partitions = _parts(total * bands.bands if dedup.near else 0, _KEYS)
    parts = _parts(total, _DOCUMENTS)
    policy = {"keep": list(dedup.keep), "prefer": list(dedup.prefer)}
    shingle = {"shingle": dedup.shingle, "fingerprint": FINGERPRINT}
    reading = {
        **shingle,
        "near": dedup.near,
        "hash": dedup.hash,
        "bands": bands.bands,
        "permutations": permutations(bands.bands * bands.rows, dedup.seed),
        "partitions": partitions,
    }
    sketched = add(
        sketch,
        "documents bands",
        (({"texts": [text]}, {"first_document": first, **reading}) for text, first in shards),
    )
    documents = {"documents": sketched["documents"]}
    copies = add(
        exact,
        "copies",
        ((documents, {"part": i, "parts": parts, **policy}) for i in range(parts)),
    )
    pairs: dict[str, list[str]] = {"pairs": []}
    if dedup.near:
        matching = {"blocks": partitions, "max_bucket": dedup.max_bucket, **policy}
        keys = {"bands": sketched["bands"], **documents, **copies}
        found = add(
            match, "candidates wanted", ((keys, {"part": i, **matching}) for i in range(partitions))
        )
        made = add(
            sets,
            "sets",
            (
                ({"texts": [text], "wanted": found["wanted"]}, {"first_document": first, **shingle})
                for text, first in shards
            ),
        )
        proven = {"candidates": found["candidates"], **made}
        pairs = add(
            verify,
            "pairs",
            ((proven, {"block": i, "floor": floor}) for i in range(partitions)),
        )
    few = {"texts": list(texts) if total <= nearest.LARGEST else []}
    rules = {
        **shingle,
        **policy,
        "threshold": _ratio(Fraction(dedup.threshold)),
        "witness": _ratio(parameters.witness(dedup)),
        "floor": floor,
        "clusters": dedup.clusters,
        "exact": dedup.exact,
        "bands": bands.bands,
        "rows": bands.rows,
    }
    everything = {**documents, **copies, **pairs, **few}
    decided = add(decide, "removed clusters ranked", [(everything, rules)])
    settled = {**documents, "removed": decided["removed"]}
    assigned = add(assign, "decisions", ((settled, {"part": i}) for i in range(len(shards))))
    return Plan(steps, assigned["decisions"], decided["clusters"][0], decided["ranked"][0])


def summarise(stats: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Add up what the tasks counted, given as (step, counts) of each.

    Gives: candidates, verified, histogram (verified pairs by Jaccard in hundredths),
    oversized_buckets, pairs_lost, and what `decide` counted.
    """
    total: dict[str, Any] = {}
    for step, counts in stats:
        if step == "match":
            for key in ("oversized_buckets", "pairs_lost"):
                total[key] = total.get(key, 0) + counts[key]
        elif step == "verify":
            for key in ("candidates", "verified"):
                total[key] = total.get(key, 0) + counts[key]
            before = total.get("histogram", [0] * parameters.STEPS)
            total["histogram"] = [a + b for a, b in zip(before, counts["histogram"], strict=True)]
        elif step == "decide":
            total |= counts
    return total


def _parts(items: int, most: int) -> int:
    """Give the power of two that leaves at most so many items in a part."""
    parts = 1
    while parts * most < items and parts < _MOST_PARTS:
        parts *= 2
    return parts


def _ratio(share: Fraction) -> list[int]:
    return [share.numerator, share.denominator]
