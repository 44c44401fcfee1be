"""The steps from cleaned texts and decisions to shared passages and contained texts.

| step | tasks | reads | writes |
|---|---|---|---|
| anchor | one a shard | the shard's texts and decisions | anchors |
| link | one a partition of anchors | its batch of all anchors; documents | links |
| align | one a block | its batch of all links; all texts, documents | passages, embedded |
| contain | one | all embedded, documents | contained |
| share | one | all passages, documents | found, shares |
| tell | one a shard | the shard's texts; found, shares, contained | told, passages |

Shards and documents are those of `clean_corpus.corpus.duplicates.plan`; only what its decisions
keep is looked at. Tasks keep to the memory they are given, but `share` and `contain`, which hold
what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

from clean_corpus.config import Dedup
from clean_corpus.corpus.sharing.align import align
from clean_corpus.corpus.sharing.anchors import anchor
from clean_corpus.corpus.sharing.contain import contain
from clean_corpus.corpus.sharing.holders import link
from clean_corpus.corpus.sharing.settle import settle
from clean_corpus.corpus.sharing.share import share
from clean_corpus.corpus.sharing.tell import tell
from clean_corpus.corpus.shingles import FINGERPRINT
from clean_corpus.corpus.steps import MEMORY, Files, Make, Options, adder

# Bytes for the anchors of a byte of text while they are sorted, and for a letter that is a word of
# its own while it is aligned.
_BYTE, _LETTER = 4, 48

# More parts than memory asks for are made where all cores can have some, and never more than these.
_SOME, _ENOUGH, _MOST = 25_000_000, 16, 1024


class Sharing(NamedTuple):
    """Tasks by step, and where their results will be, shard by shard.

    `found` is empty, and `decisions` are those given, where nothing is to be removed.
    """

    steps: list[tuple[str, list[Any]]]
    told: list[str]
    passages: list[str]
    shares: list[str]
    found: list[str]
    decisions: list[str]


def plan(
    texts: Sequence[str],
    rows: Sequence[int],
    documents: Sequence[str],
    decisions: Sequence[str],
    dedup: Dedup,
    make: Make,
    memory: int = MEMORY,
    size: int = 0,
) -> Sharing:
    """Plan the steps for shards of `rows` documents, the texts of which have `size` bytes together.

    `make` and `memory` are as in `duplicates.plan`.
    """
    steps: list[tuple[str, list[Any]]] = []

    add = adder(steps, make)

    total = sum(rows)
    parts = _parts(size, memory * 1_000_000)
    firsts = list(accumulate(rows, initial=0))
    everything = {"documents": list(documents)}
    kind = {"fingerprint": FINGERPRINT}
    share_of = Fraction(dedup.containment)
    containment = [share_of.numerator, share_of.denominator] if dedup.contained != "off" else None

    def shards(
        *columns: tuple[str, Sequence[str]],
        inputs: Files | None = None,
        options: Options | None = None,
    ) -> Iterable[tuple[Files, Options]]:
        """Give a task for each shard: its part of the columns, and all of the inputs."""
        for i, (first, size) in enumerate(zip(firsts, rows, strict=False)):
            mine = {name: [column[i]] for name, column in columns}
            yield {**mine, **(inputs or {})}, {"first": first, "rows": size, **(options or {})}

    each = ("texts", texts)
    anchored = add(
        anchor,
        "anchors",
        shards(each, ("decisions", decisions), options=kind),
    )
    linked = add(
        link,
        "links",
        (
            (
                {**anchored, **everything},
                {"part": i, "parts": parts, "blocks": parts, "total": total},
            )
            for i in range(parts)
        ),
    )
    aligned = add(
        align,
        "passages embedded",
        (
            (
                {**linked, "texts": list(texts), **everything},
                {
                    "block": i,
                    "letters": memory * 1_000_000 // _LETTER,
                    "passage_words": dedup.passage_words,
                    "shingle": dedup.shingle,
                    "containment": containment,
                    **kind,
                },
            )
            for i in range(parts)
        ),
    )
    embedded = {"embedded": aligned["embedded"] if containment else []}
    contained = add(contain, "contained", [({**embedded, **everything}, {})])
    passages = {"passages": aligned["passages"] if dedup.passages != "off" else []}
    shared = add(share, "found shares", [({**passages, **everything}, {})])
    told = add(tell, "told passages", shards(each, inputs={**shared, **contained, **everything}))
    if dedup.contained == "remove":
        inputs = {**contained, **everything}
        decisions = add(settle, "decisions", shards(("decisions", decisions), inputs=inputs))[
            "decisions"
        ]
    found = shared["found"] if dedup.passages == "remove" else []
    return Sharing(steps, told["told"], told["passages"], shared["shares"], found, list(decisions))


def _parts(size: int, memory: int) -> int:
    """Give the power of two in which as many parts of the anchors and documents are made."""
    parts = 1
    while parts < _MOST and (
        parts * memory < size * _BYTE or (parts < _ENOUGH and parts * _SOME < size)
    ):
        parts *= 2
    return parts
