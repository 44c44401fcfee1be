"""Run the steps from texts to decisions in one process, over files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from clean_corpus import spill
from clean_corpus.config import Dedup
from clean_corpus.corpus.duplicates import evidence
from clean_corpus.corpus.duplicates.plan import plan, summarise
from clean_corpus.corpus.steps import MEMORY

SHARD = pa.schema(
    [
        ("key", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("date", pa.string()),
        ("reason", pa.string()),
    ]
)


class Task(NamedTuple):
    """What `plan` makes here: enough to carry it out."""

    function: Callable[..., dict[str, Any]]
    inputs: Mapping[str, Sequence[str]]
    outputs: Mapping[str, str]
    options: Mapping[str, Any]


class Outcome(NamedTuple):
    """Decisions by key, clusters, pairs by key (better, worse, counts), counts, and evidence."""

    decisions: dict[str, dict[str, Any]]
    clusters: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    counts: dict[str, Any]
    evidence: str

    @property
    def kept(self) -> set[str]:
        """The keys of the documents that stay."""
        return {key for key, row in self.decisions.items() if row["reason"] is None}


def write_shard(path: Path, rows: Sequence[Mapping[str, Any]], batch: int = 7) -> None:
    """Write a shard in batches of a few documents."""
    with spill.writer(str(path), SHARD) as writer:
        for i in range(0, len(rows), batch):
            columns = [
                pa.array([row.get(field.name) for row in rows[i : i + batch]], field.type)
                for field in SHARD
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=SHARD))


def read(path: str) -> list[dict[str, Any]]:
    """Read an Arrow file as rows."""
    with pa.memory_map(path) as source:
        rows: list[dict[str, Any]] = pa.ipc.open_file(source).read_all().to_pylist()
        return rows


def run(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    dedup: Dedup | None = None,
    cuts: Sequence[int] = (),
    batch: int = 7,
    memory: int = MEMORY,
) -> Outcome:
    """Decide about documents {key, text, source, date, reason}, in shards cut at `cuts`."""
    folder.mkdir(exist_ok=True)
    bounds = [0, *cuts, len(rows)]
    sizes = [stop - start for start, stop in pairwise(bounds)]
    paths = []
    for i, (first, size) in enumerate(zip(accumulate(sizes, initial=0), sizes, strict=False)):
        write_shard(folder / f"{i}.texts", rows[first : first + size], batch)
        paths.append(str(folder / f"{i}.texts"))

    def make(
        step: str,
        part: int,
        function: Any,
        outputs: Sequence[str],
        *,
        inputs: Any,
        options: Any,
        **_: Any,
    ) -> Task:
        made = {name: str(folder / f"{step}-{part}.{name}") for name in outputs}
        return Task(function, inputs, made, options)

    dedup = dedup or Dedup()
    length = sum(len((row.get("text") or "").encode()) for row in rows)
    planned = plan(paths, sizes, dedup, make, memory, length=length)
    counts = [
        (step, task.function(task.inputs, task.outputs, task.options))
        for step, tasks in planned.steps
        for task in tasks
    ]
    decided = [row for path in planned.decisions for row in read(path)]
    return Outcome(
        {row["key"]: decision for row, decision in zip(rows, decided, strict=True)},
        read(planned.clusters),
        list(named_pairs(planned.evidence)),
        summarise(counts, dedup),
        planned.evidence,
    )


def decisions(outcome: Outcome) -> tuple[Any, ...]:
    """Give what must be the same however a run is cut."""
    return outcome.decisions, sorted(map(repr, outcome.pairs)), len(outcome.clusters)


def jaccard_of(row: dict[str, Any]) -> Fraction:
    """Give the Jaccard of a decision or a pair."""
    return Fraction(row["shared"], row["joined"])


def named_pairs(path: str) -> Iterator[dict[str, Any]]:
    """Give the pairs of the evidence with the keys of the documents."""
    for group in evidence.read(path):
        names = group.keys.to_pylist()
        for better, worse, shared, joined, smaller in zip(*group.pairs[1:], strict=True):
            yield {
                "better": names[better],
                "worse": names[worse],
                "shared": int(shared),
                "joined": int(joined),
                "smaller": int(smaller),
            }
