"""The steps from cleaned texts and decisions to shared passages and contained texts.

| step | tasks | reads | writes |
|---|---|---|---|
| anchor | one a shard | the shard's texts and decisions | anchors |
| link | one a partition of anchors | its batch of all anchors; documents | links, linked |
| words | one a shard | the shard's texts; all linked | words |
| align | one a block | its batch of all links; words, documents | passages, embedded, wanted |
| sets | one a shard | the shard's texts; all wanted | sets |
| contain | one | all embedded, sets, documents | contained |
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
from clean_corpus.corpus.sets import sets
from clean_corpus.corpus.sharing.align import align
from clean_corpus.corpus.sharing.anchors import anchor
from clean_corpus.corpus.sharing.contain import contain
from clean_corpus.corpus.sharing.holders import link
from clean_corpus.corpus.sharing.settle import settle
from clean_corpus.corpus.sharing.share import share
from clean_corpus.corpus.sharing.tell import tell
from clean_corpus.corpus.sharing.words import words
from clean_corpus.corpus.shingles import FINGERPRINT
from clean_corpus.corpus.steps import MEMORY, Files, Make, Options, adder

# Bytes for the anchors of a document while they are sorted, and for a word while it is aligned.
_DOCUMENT, _WORD = 8_000, 48
_MOST_PARTS = 1024


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
) -> Sharing:
    """Plan the steps for shards of `rows` documents; `make`, `memory` as in `duplicates.plan`."""
    steps: list[tuple[str, list[Any]]] = []

    add = adder(steps, make)

    total = sum(rows)
    parts = 1
    while parts * memory * 1_000_000 < total * _DOCUMENT and parts < _MOST_PARTS:
        parts *= 2
    firsts = list(accumulate(rows, initial=0))
    everything = {"documents": list(documents)}
    kind = {"fingerprint": FINGERPRINT}
    containment = _ratio(Fraction(dedup.containment))

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
        shards(each, ("decisions", decisions), options={"partitions": parts, **kind}),
    )
    linked = add(
        link,
        "links linked",
        (
            ({**anchored, **everything}, {"part": i, "blocks": parts, "total": total})
            for i in range(parts)
        ),
    )
    spelt = add(words, "words", shards(each, inputs={"linked": linked["linked"]}, options=kind))
    aligned = add(
        align,
        "passages embedded wanted",
        (
            (
                {"links": linked["links"], **spelt, **everything},
                {
                    "block": i,
                    "words": memory * 1_000_000 // _WORD,
                    "passage_words": dedup.passage_words,
                    "containment": containment,
                },
            )
            for i in range(parts)
        ),
    )
    looking = dedup.contained != "off"
    embedded = {"embedded": aligned["embedded"] if looking else []}
    wanted = {"wanted": aligned["wanted"] if looking else []}
    shingle = {"shingle": dedup.shingle, **kind}
    verified = add(sets, "sets", shards(each, inputs=wanted, options=shingle))
    contained = add(
        contain,
        "contained",
        [({**embedded, **verified, **everything}, {"containment": containment})],
    )
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


def _ratio(share_: Fraction) -> list[int]:
    return [share_.numerator, share_.denominator]
