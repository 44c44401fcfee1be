"""Align linked documents: verify, word by word, what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.pairs import distinct, documents_of, halves, ordered
from clean_corpus.corpus.sharing import texts
from clean_corpus.corpus.sharing.contain import CONTAINED, verified
from clean_corpus.kernels import align as kernel
from clean_corpus.text import buffers

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

# A passage that has fewer words outside quotation marks is a quotation, which anybody may print.
_PLAIN = 8


def align(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PASSAGES ("passages") of one block, and what is CONTAINED in what ("embedded").

    Inputs: links (of all partitions), texts (of all shards), documents. Options: block, letters
    (code points held at once), passage_words, shingle, containment (numerator, denominator;
    None where containment is not asked for).
    """
    later, earlier = arrow.columns(inputs["links"], options["block"], *_SIDES)
    later, earlier = halves(distinct([ordered(later, earlier)]))
    which = documents_of(later, earlier)
    documents = Documents.of(inputs["documents"])
    sizes = documents.numbers("length", which)
    alien = _alien(documents, which, later, earlier)
    passages: list[dict[str, Any]] = []
    embedded: list[dict[str, Any]] = []
    for part in _parts(which, sizes, (later, earlier), options["letters"]):
        pairs = later[part], earlier[part]
        here = documents_of(*pairs)
        found = texts.load(inputs["texts"], documents.starts, here)
        words, offsets = kernel.words(*buffers(found), np.arange(len(here)), *shingles.tables())
        places = np.searchsorted(here, pairs[0]), np.searchsorted(here, pairs[1])
        runs, covered = kernel.align(words, offsets, *places, options["passage_words"])
        passages.append(_passages(runs, words, offsets, places, pairs, alien[part]))
        if least := options["containment"]:
            smaller = np.minimum(*(np.diff(offsets)[side] for side in places))
            # Shingles in common have their words in common.
            near = np.flatnonzero(covered * least[1] >= smaller * least[0])
            both = places[0][near], places[1][near]
            embedded.append(verified(found, here, both, options["shingle"], least))
    arrow.write(outputs["passages"], PASSAGES, passages)
    arrow.write(outputs["embedded"], CONTAINED, embedded)
    return {"aligned": len(later), "passages": sum(len(part["equal"]) for part in passages)}


def _passages(
    runs: kernel.Runs,
    words: kernel.Words,
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
        "start": words.start[first + a_start],
        "end": words.end[first + a_end - 1],
        "earlier_start": words.start[second + b_start],
        "earlier_end": words.end[second + b_end - 1],
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
    """Cut pairs into runs of which the texts have at most so many letters, or one pair each."""
    waiting = [slice(0, len(sides[0]))]
    while waiting:
        part = waiting.pop()
        both = documents_of(*(side[part] for side in sides))
        if sizes[np.searchsorted(which, both)].sum() <= most or part.stop - part.start < 2:
            yield part
        else:
            middle = (part.start + part.stop) // 2
            waiting += [slice(middle, part.stop), slice(part.start, middle)]
