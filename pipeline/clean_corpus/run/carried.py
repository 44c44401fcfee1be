"""What a run carries from step to step: its shards, and what is to be written of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clean_corpus.run.steps.bare import Again
from clean_corpus.run.tasks import Done, Stats
from clean_corpus.units import Piece


class Shard(NamedTuple):
    """One piece of the input on its way through the steps."""

    unit: int
    piece: Piece
    first_document: int
    rows: int
    documents: str
    ids: str
    sketched: str = ""
    bands: str = ""


class Outcome(NamedTuple):
    """What is to be written of each shard; `told` and `passages` may be empty.

    `documents` are those of the search for copies, with keys that `occurrences` may number.
    `counts` says what texts share: passages, documents, contained. `again` is how texts that
    nothing was done to can be read once more, shard by shard.
    """

    cleaned: list[str]
    edits: list[str]
    documents: list[str]
    decisions: list[str]
    told: list[str]
    passages: list[str]
    shares: list[str]
    counts: Stats
    occurrences: Sequence[str] = ()
    again: Sequence[Again] = ()


#: What cleaning writes of each shard.
CLEANED = ("cleaned", "edits")


def cleaned(done: Sequence[Done]) -> Outcome:
    """Take what cleaning has left."""
    texts, edits = ([one.task.outputs[name] for one in done] for name in CLEANED)
    return Outcome(texts, edits, [], [], [], [], [], {})


def untouched(
    shards: Sequence[Shard], occurrences: Sequence[str], again: Sequence[Again]
) -> Outcome:
    """Take base texts as they are."""
    texts = [shard.documents for shard in shards]
    return Outcome(texts, [""] * len(shards), [], [], [], [], [], {}, occurrences, again)


class Result(NamedTuple):
    """What the steps have left for the outputs."""

    shards: list[Shard]
    ingested: list[Stats]
    learned: str | None
    clusters: str
    evidence: str
    duplicates: Stats
    outcome: Outcome


def to_write(
    shards: Sequence[Shard], outcome: Outcome, *, bare: bool
) -> Iterator[dict[str, list[str]]]:
    """Give the files that the output of each shard is made from."""
    told = outcome.told or [""] * len(shards)
    columns = (*outcome[:4], told)
    for shard, texts, edits, documents, decided, shared in zip(shards, *columns, strict=True):
        own = {"documents": [shard.documents], "decisions": [decided]}
        if bare:
            yield {**own, "sketched": [documents], "occurrences": [*outcome.occurrences]}
        else:
            more = {"told": [shared] if shared else []}
            yield {**own, "cleaned": [texts], "edits": [edits], **more}
