"""Tell what each document shares with others, with whom, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.sharing.align import PASSAGES
from clean_corpus.corpus.sharing.choose import Passages, chosen
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
_NEVER = np.iinfo(np.int64).max


def share(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write FOUND ("found") and SHARES ("shares") from all "passages" of different sources.

    Other inputs: documents. It holds some 300 bytes for each passage.
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
    columns["later"], columns["earlier"] = np.split(place[code], 2)
    passages = chosen(Passages(**{name: columns[name] for name in Passages._fields[:7]}))
    about = _About.of(documents, which[np.argsort(place)])
    arrow.write(outputs["found"], FOUND, [_found(passages, about)])
    shares = _shares(passages, about)
    arrow.write(outputs["shares"], SHARES, [shares])
    return {"passages": len(passages.later), "documents": len(shares["document"])}


class _About(NamedTuple):
    """What is known of the documents that share passages, by rank."""

    document: Numbers
    key: pa.Array
    source: pa.Array
    length: Numbers
    date: Numbers  # in seconds since 1970, _NEVER where there is none

    @classmethod
    def of(cls, documents: Documents, which: Numbers) -> _About:
        which = which.astype(np.uint32)
        key, source, date = (documents.take(name, which) for name in ("key", "source", "date"))
        known = pc.fill_null(date, _NEVER).to_numpy(zero_copy_only=False)
        return cls(which, key, source, documents.numbers("length", which), known)


def _found(passages: Passages, about: _About) -> dict[str, Any]:
    order = np.lexsort((passages.start, about.document[passages.later]))
    rows = passages.at(order)
    first = pa.array(rows.earlier)
    return {
        "document": about.document[rows.later],
        "start": rows.start,
        "end": rows.end,
        "words": rows.equal,
        "goes": pa.array(rows.goes),
        "first": about.key.take(first),
        "first_source": about.source.take(first),
        "first_start": rows.earlier_start,
        "first_end": rows.earlier_end,
        "since": _days(np.minimum(about.date[rows.later], about.date[rows.earlier])),
    }


def _shares(passages: Passages, about: _About) -> dict[str, Any]:
    """Give SHARES: each passage counts for both of its documents."""
    later, earlier, start, end, earlier_start, earlier_end, *_ = passages
    one, other = np.concatenate([later, earlier]), np.concatenate([earlier, later])
    start, end = np.concatenate([start, earlier_start]), np.concatenate([end, earlier_end])
    covered = _covered(one, start, end)
    order = np.lexsort((other, one))
    edges = _edges(one[order], other[order])
    pair = order[edges]
    much = np.add.reduceat((end - start)[order], edges) if len(edges) else edges
    most = np.lexsort((other[pair], -much, one[pair]))
    document, mate = one[pair][most], other[pair][most]
    begins = _edges(document)
    ranks_ = document[begins]
    sizes = np.diff(np.append(begins, len(document)))
    named = np.arange(len(document)) - np.repeat(begins, sizes) < _NAMED
    keys = about.key.take(pa.array(mate[named]))
    offsets = np.append(0, np.cumsum(np.minimum(sizes, _NAMED))).astype(np.int32)
    since = np.minimum.reduceat(about.date[mate], begins) if len(begins) else begins
    rows = np.argsort(about.document[ranks_], kind="stable")
    lists = pa.ListArray.from_arrays(pa.array(offsets), keys)
    return {
        "document": about.document[ranks_][rows],
        "key": about.key.take(pa.array(ranks_[rows])),
        "covered": covered[ranks_[rows]],
        "length": about.length[ranks_[rows]],
        "with": lists.take(pa.array(rows)),
        "since": _days(np.minimum(since, about.date[ranks_])[rows]),
    }


def _covered(document: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """Give the length of all spans of each document together, by its number."""
    order = np.lexsort((end, start, document))
    document, start, end = document[order], start[order], end[order]
    # With the documents one behind the other, what ends last so far does so in each of them.
    stride = int(end.max(initial=0)) + 1
    ends = np.maximum.accumulate(document * stride + end)
    before = np.append(0, ends[:-1])[: len(ends)]
    new = ends - np.maximum(document * stride + start, before)
    total = np.zeros(int(document.max(initial=-1)) + 1, np.int64)
    np.add.at(total, document, np.maximum(new, 0))
    return total


def _edges(*columns: Numbers) -> Numbers:
    """Give the first row of each group of equal rows, of columns that are sorted."""
    size = len(columns[0])
    new = np.ones(size, bool)
    if size:
        new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(new)


def _days(seconds: Numbers) -> pa.Array:
    """Write dates as YYYY-MM-DD."""
    days = pa.array(seconds // 86_400, mask=seconds == _NEVER).cast(pa.int32())
    return days.cast(pa.date32()).cast(pa.string())
