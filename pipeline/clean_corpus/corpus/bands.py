"""Keys of bands, or whatever documents may have in common: in order, and those that two share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, starmap

import numpy as np

from clean_corpus.corpus.arrow import Numbers
from clean_corpus.kernels import radix
from clean_corpus.kernels.radix import UPPER
from clean_corpus.kernels.repeats import repeats
from clean_corpus.spill import opened

# Keys that are looked at together: what is noted of them stays in the processor's caches.
_PIECE = 1 << 20


def ordered(keys: Sequence[Numbers], rows: Sequence[Numbers]) -> dict[str, Numbers]:
    """Join keys and the rows they are of, and give them as columns of BANDS."""
    key, document = radix.sort_upper(
        np.concatenate([np.zeros(0, np.uint64), *keys]),
        np.concatenate([np.zeros(0, np.uint32), *rows]),
    )
    return {"key": key, "document": document}


def repeated(
    paths: Sequence[str], starts: Numbers, part: int, parts: int, here: Numbers | None = None
) -> tuple[Numbers, Numbers]:
    """Give the keys of BANDS that several documents have, in order, and with each its documents.

    They are those of one of some parts by their upper bits. `starts` gives the first document of
    each file, `here` flags those that take part, if not all do.
    """
    found = [(np.zeros(0, np.uint64), np.zeros(0, np.uint32))]
    for piece in _pieces(paths, starts, part, parts):
        rows = repeats(piece[0]).astype(np.int64)
        if here is not None:
            rows = rows[here[piece[1][rows]]]
        keys, numbers = radix.sort_with(*(column[rows] for column in piece))
        same = keys[1:] == keys[:-1]
        several = (np.append(same, False) | np.append(False, same))[: len(keys)]
        found.append((keys[several], numbers[several]))
    keys, numbers = (np.concatenate(column) for column in zip(*found, strict=True))
    return keys, numbers


def _pieces(
    paths: Sequence[str], starts: Numbers, part: int, parts: int
) -> Iterator[tuple[Numbers, Numbers]]:
    """Give the keys of a part, and documents, in pieces, the least keys first."""
    low, high = range_of(part, parts)
    files: list[tuple[Numbers, Numbers]] = []
    for path in paths:
        keys, rows = (column.to_numpy() for column in opened(path).get_batch(0).columns)
        # Only their upper bits are in order, and more than these the ends do not have.
        mine = slice(keys.searchsorted(low), keys.searchsorted(high, "right"))
        # Copied: what was looked at of a file, and what is around it, stays while it is mapped.
        files.append((keys[mine].copy(), rows[mine].copy()))
    pieces = min(sum(len(keys) for keys, _ in files) // _PIECE + 1, (1 << UPPER) // parts)
    lows = [range_of(i, parts * pieces)[0] for i in range(part * pieces, (part + 1) * pieces)]
    cuts = [[*keys.searchsorted(lows), len(keys)] for keys, _ in files]
    for here in zip(*(starmap(slice, pairwise(own)) for own in cuts), strict=True):
        some = list(zip(files, starts.tolist(), here, strict=False))
        yield (
            np.concatenate([keys[mine] for (keys, _), _, mine in some]),
            np.concatenate([rows[mine] + np.uint32(first) for (_, rows), first, mine in some]),
        )


def range_of(part: int, parts: int) -> tuple[np.uint64, np.uint64]:
    """Give the least and the greatest 64-bit number of one of up to 2^UPPER equal parts."""
    low, high = ((i << UPPER) // parts << 64 - UPPER for i in (part, part + 1))
    return np.uint64(low), np.uint64(high - 1)
