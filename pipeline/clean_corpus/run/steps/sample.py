"""Sample: choose by hash the few edits that the report shows, with what stands around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: So many edits are shown of a run, and thus are enough of each part of it.
_EDITS = 50
_CONTEXT = 70

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_MURMUR = np.uint64(0xFF51AFD7ED558CCD)
_HALF, _SHIFT = np.uint64(32), np.uint64(33)

#: An edit as the ledger has it, with its `turn`, and `before` and `after` in the base text.
Sample = Mapping[str, Any]


def sample(
    texts: pa.LargeStringArray, keys: pa.Array, doc: npt.NDArray[Any], edits: Mapping[str, pa.Array]
) -> list[dict[str, Any]]:
    """Draw some of the edits of a batch, one at least, given as columns of the ledger.

    `texts` and `keys` are those of the batch's documents, `doc` the row of each edit.
    """
    turn = _turns(keys, doc, edits)
    class_ = edits["class"].indices.to_numpy()
    order = np.lexsort((turn, class_))
    place = np.empty(len(order), np.int64)  # of each edit in its class
    place[order] = np.arange(len(order)) - np.searchsorted(class_[order], class_[order])
    last = np.sort(place)[:_EDITS][-1]
    chosen = np.flatnonzero(place <= last)
    rows = pa.table(dict(edits)).take(pa.array(chosen)).to_pylist()
    return drawn(
        {**edit, "turn": one, **_around(texts[row].as_py(), edit["start"], edit["end"])}
        for edit, one, row in zip(rows, turn[chosen].tolist(), doc[chosen].tolist(), strict=True)
    )


def _around(text: str, start: int, end: int) -> dict[str, str]:
    return {"before": text[max(0, start - _CONTEXT) : start], "after": text[end : end + _CONTEXT]}


def _turns(
    keys: pa.Array, doc: npt.NDArray[Any], edits: Mapping[str, pa.Array]
) -> npt.NDArray[np.uint64]:
    """Hash what each edit is: its document's key, its place and its rule."""
    of_key, of_rule = (
        np.array([crc32(name.encode()) for name in names.to_pylist()], np.uint64)
        for names in (keys, edits["rule"].dictionary)
    )
    turn = of_key[doc] << _HALF | of_rule[edits["rule"].indices.to_numpy()]
    turn ^= edits["start"].to_numpy().astype(np.uint64) * _SPREAD
    turn = (turn ^ turn >> _SHIFT) * _MURMUR
    mixed: npt.NDArray[np.uint64] = turn ^ turn >> _SHIFT
    return mixed


def drawn(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """Take the edits whose turn comes first, class by class, so that rare classes are seen too.

    What is drawn of parts, and then of all these, is what would have been drawn of the whole.
    """
    queues: dict[str, list[Sample]] = {}
    for one in samples:
        queues.setdefault(one["class"], []).append(one)
    for queue in queues.values():
        queue.sort(key=lambda one: (one["turn"], one["id"], one["start"], one["rule"]))
    rounds = (queues[name][turn : turn + 1] for turn in range(_EDITS) for name in sorted(queues))
    return [dict(one) for one, _ in zip(_flat(rounds), range(_EDITS), strict=False)]


def _flat(rounds: Iterable[list[Sample]]) -> Iterator[Sample]:
    for some in rounds:
        yield from some
