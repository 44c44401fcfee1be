"""Align linked documents: verify, word by word, what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import WANTED, Documents, Numbers
from clean_corpus.corpus.pairs import distinct, halves, ordered
from clean_corpus.corpus.sharing import words
from clean_corpus.kernels import align as kernel

#: Passages: words of `later` that stand in `earlier` as well, both as code points. `equal` of its
#: words are the same. `alien` says that the two have different sources.
PASSAGES = pa.schema(
    [
        ("later", pa.uint32()),
        ("earlier", pa.uint32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("earlier_start", pa.int64()),
        ("earlier_end", pa.int64()),
        ("equal", pa.int64()),
        ("alien", pa.uint8()),
    ]
)

_SIDES = ("later", "earlier")

#: Pairs of which one text may be contained in the other.
EMBEDDED = pa.schema([("later", pa.uint32()), ("earlier", pa.uint32())])

# A passage that has fewer words outside quotation marks is a quotation, which anybody may print.
_PLAIN = 8


def align(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PASSAGES ("passages"), EMBEDDED ("embedded") and WANTED ("wanted") of one block.

    Inputs: links (of all partitions), words (of all shards), documents. Options: block, words (held
    at once), passage_words, containment (numerator, denominator). Wanted are the documents that are
    embedded.
    """
    later, earlier = (arrow.column(inputs["links"], x, options["block"]) for x in _SIDES)
    later, earlier = halves(distinct([ordered(later, earlier)]))
    which = np.unique(np.concatenate([later, earlier]))
    sizes = words.sizes(inputs["words"], which)
    alien = _alien(Documents.of(inputs["documents"]), which, later, earlier)
    passages: list[dict[str, Any]] = []
    embedded: list[dict[str, Any]] = []
    for part in _parts(which, sizes, (later, earlier), options["words"]):
        a, b = later[part], earlier[part]
        here = np.unique(np.concatenate([a, b]))
        found, offsets = words.load(inputs["words"], here, sizes[np.searchsorted(which, here)])
        places = np.searchsorted(here, a), np.searchsorted(here, b)
        runs, covered = kernel.align(found, offsets, *places, options["passage_words"])
        passages.append(_passages(runs, found, offsets, places, (a, b), alien[part]))
        over, under = options["containment"]
        smaller = np.minimum(*(np.diff(offsets)[side] for side in places))
        # Shingles in common have their words in common.
        near = np.flatnonzero(covered * under >= smaller * over)
        embedded.append({"later": a[near], "earlier": b[near]})
    arrow.write(outputs["passages"], PASSAGES, passages)
    arrow.write(outputs["embedded"], EMBEDDED, embedded)
    wanted = np.unique(np.concatenate([side for x in embedded for side in x.values()]))
    arrow.write(outputs["wanted"], WANTED, [{"document": wanted}])
    return {"aligned": len(later), "passages": sum(len(part["equal"]) for part in passages)}


def _passages(
    runs: kernel.Runs,
    found: kernel.Words,
    offsets: Numbers,
    places: tuple[Numbers, Numbers],
    documents: tuple[Numbers, Numbers],
    alien: Numbers,
) -> dict[str, Any]:
    """Make PASSAGES of the runs that are no mere quotations."""
    chosen = np.flatnonzero(runs.plain >= _PLAIN)
    pair, a_start, a_end, b_start, b_end, equal, _ = (column[chosen] for column in runs)
    first, second = (offsets[side[pair]] for side in places)
    return {
        "later": documents[0][pair],
        "earlier": documents[1][pair],
        "alien": alien[pair],
        "start": found.start[first + a_start],
        "end": found.end[first + a_end - 1],
        "earlier_start": found.start[second + b_start],
        "earlier_end": found.end[second + b_end - 1],
        "equal": equal,
    }


def _alien(documents: Documents, which: Numbers, later: Numbers, earlier: Numbers) -> Numbers:
    """Tell which pairs have different sources; no source is one, too."""
    names = pc.fill_null(documents.take("source", which), "").dictionary_encode()
    source = names.indices.to_numpy()
    one, other = (source[np.searchsorted(which, side)] for side in (later, earlier))
    apart: Numbers = one != other
    return apart


def _parts(
    which: Numbers, sizes: Numbers, sides: tuple[Numbers, Numbers], most: int
) -> Iterator[slice]:
    """Cut pairs into runs of which the documents have at most so many words, or one pair each."""
    waiting = [slice(0, len(sides[0]))]
    while waiting:
        part = waiting.pop()
        both = np.unique(np.concatenate([side[part] for side in sides]))
        if sizes[np.searchsorted(which, both)].sum() <= most or part.stop - part.start < 2:
            yield part
        else:
            middle = (part.start + part.stop) // 2
            waiting += [slice(middle, part.stop), slice(part.start, middle)]
