"""Decide which passages count: of each document, and of whom it shares them with since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.sharing.align import PASSAGES
from clean_corpus.corpus.sharing.holders import ranks

#: A passage of a document that an earlier one of another source has too, in code points of the
#: cleaned texts. `goes` says that it may be removed: what it stands in stays. Sorted by document.
FOUND = pa.schema(
    [
        ("document", pa.uint32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("words", pa.int64()),
        ("goes", pa.bool_()),
        ("first", pa.string()),
        ("first_source", pa.string()),
        ("first_start", pa.int64()),
        ("first_end", pa.int64()),
        ("since", pa.string()),
    ]
)

#: What a document shares with others, earlier or later: `covered` of its code points; the keys of
#: those that share most; the date of the earliest, where one is dated. Sorted by document.
SHARES = pa.schema(
    [
        ("document", pa.uint32()),
        ("key", pa.string()),
        ("covered", pa.int64()),
        ("length", pa.int64()),
        ("with", pa.list_(pa.string())),
        ("since", pa.string()),
    ]
)

_NAMED = 5


class Passage(NamedTuple):
    """A passage by the ranks of its documents, earliest first; spans in code points."""

    later: int
    earlier: int
    start: int
    end: int
    earlier_start: int
    earlier_end: int
    equal: int
    goes: bool = True


def share(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write FOUND ("found") and SHARES ("shares") from all "passages" of different sources.

    Other inputs: documents.
    """
    del options
    columns = {name: arrow.column(inputs["passages"], name) for name in PASSAGES.names}
    alien = np.flatnonzero(columns["alien"])
    columns = {name: column[alien].astype(np.int64) for name, column in columns.items()}
    documents = Documents.of(inputs["documents"])
    which, code = np.unique(
        np.concatenate([columns["later"], columns["earlier"]]), return_inverse=True
    )
    place, _ = ranks(documents, which)
    by_rank = which[np.argsort(place)]
    columns["later"], columns["earlier"] = np.split(place[code], 2)
    order = np.lexsort((columns["start"], columns["earlier"], columns["later"]))
    table = np.stack([columns[name][order] for name in Passage._fields[:7]], axis=1)
    chosen = list(_chosen(Passage(*row) for row in table.tolist()))
    about = _About.of(documents, by_rank)
    arrow.write(outputs["found"], FOUND, [_found(chosen, about)])
    shares = list(_shares(chosen, about))
    shares.sort(key=lambda row: int(row["document"]))
    columns_ = {name: [row[name] for row in shares] for name in SHARES.names}
    arrow.write(outputs["shares"], SHARES, [columns_])
    return {"passages": len(chosen), "documents": len(shares)}


class _About(NamedTuple):
    """What is known of the documents that share passages, by rank."""

    document: Numbers
    key: list[str]
    source: list[str | None]
    length: Numbers
    date: list[int | None]

    @classmethod
    def of(cls, documents: Documents, which: Numbers) -> _About:
        which = which.astype(np.uint32)
        key, source, date = (
            documents.take(name, which).to_pylist() for name in ("key", "source", "date")
        )
        return cls(which, key, source, documents.numbers("length", which), date)

    def day(self, seconds: int | None) -> str | None:
        """Write a date as YYYY-MM-DD."""
        if seconds is None:
            return None
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date().isoformat()


def _chosen(passages: Iterator[Passage]) -> Iterator[Passage]:
    """Take passages that do not overlap, those with the earliest document first.

    Documents come in the order of their ranks, so that it is known of an earlier one what has gone.
    """
    gone: dict[int, list[tuple[int, int]]] = {}
    for later, group in groupby(passages, key=lambda passage: passage.later):
        taken: list[tuple[int, int]] = []
        for passage in group:
            start, end = _clipped(passage.start, passage.end, taken)
            if 2 * (end - start) < passage.end - passage.start:
                continue
            taken.append((start, end))
            stays = gone.get(passage.earlier, [])
            goes = not any(a < passage.earlier_end and passage.earlier_start < b for a, b in stays)
            if goes:
                gone.setdefault(later, []).append((start, end))
            yield passage._replace(start=start, end=end, goes=goes)


def _clipped(start: int, end: int, taken: list[tuple[int, int]]) -> tuple[int, int]:
    """Cut what is taken off the ends of a span; gives an empty one if it is taken in the middle."""
    for a, b in sorted(taken):
        if a <= start < b:
            start = b
        elif a < end <= b:
            end = a
        elif start < a and b < end:
            return start, start
    return start, max(start, end)


def _found(chosen: Sequence[Passage], about: _About) -> dict[str, Any]:
    rows = sorted(chosen, key=lambda passage: (int(about.document[passage.later]), passage.start))
    since = [_since(about, (row.later, row.earlier)) for row in rows]
    return {
        "document": about.document[[row.later for row in rows]] if rows else [],
        "start": [row.start for row in rows],
        "end": [row.end for row in rows],
        "words": [row.equal for row in rows],
        "goes": [row.goes for row in rows],
        "first": [about.key[row.earlier] for row in rows],
        "first_source": [about.source[row.earlier] for row in rows],
        "first_start": [row.earlier_start for row in rows],
        "first_end": [row.earlier_end for row in rows],
        "since": since,
    }


def _shares(chosen: Sequence[Passage], about: _About) -> Iterator[dict[str, Any]]:
    sides = [(row.later, row.earlier, row.start, row.end) for row in chosen]
    sides += [(row.earlier, row.later, row.earlier_start, row.earlier_end) for row in chosen]
    for document, group in groupby(sorted(sides), key=lambda side: side[0]):
        rows = list(group)
        much: dict[int, int] = {}
        for _, other, start, end in rows:
            much[other] = much.get(other, 0) + end - start
        most = sorted(much, key=lambda other: (-much[other], other))[:_NAMED]
        yield {
            "document": int(about.document[document]),
            "key": about.key[document],
            "covered": _union((start, end) for _, _, start, end in rows),
            "length": int(about.length[document]),
            "with": [about.key[other] for other in most],
            "since": _since(about, (document, *much)),
        }


def _since(about: _About, documents: Sequence[int]) -> str | None:
    dated = [date for date in (about.date[document] for document in documents) if date is not None]
    return about.day(min(dated)) if dated else None


def _union(spans: Iterator[tuple[int, int]]) -> int:
    """Give the length of all spans together."""
    total = last = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, last))
        last = max(last, end)
    return total
