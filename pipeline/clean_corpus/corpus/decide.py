"""Decide which documents go, and for which one that stays.

Two texts are copies from the threshold on. Copies, and copies of copies, form a component; inside
one, each document that goes must reach the witness bound with one that stays, so that no chain
can carry off a text unlike the one kept. The documents that could vouch for most others are kept
first, which leaves few behind; among equals, and so in every component of texts that are all alike,
the policy decides. Explicitly preferred sources come before either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow, nearest, parameters, rank
from clean_corpus.corpus.arrow import PAIRS, REMOVED, Documents, Numbers
from clean_corpus.corpus.parameters import STEPS, Bands
from clean_corpus.kernels import clusters as kernel

_KEYS = pa.dictionary(pa.int32(), pa.string())

#: The verified pairs of a run, down to the floor, for the report. The index of a key in the
#: dictionary is the document's rank: `better` would stay where the pair alone decides.
RANKED = pa.schema(
    [("better", _KEYS), ("worse", _KEYS), *(PAIRS.field(name) for name in PAIRS.names[2:])]
)

_COUNTS = [(name, pa.int64()) for name in ("shared", "joined", "smaller")]

#: What left for which document, in the order of the keepers and then of the members.
CLUSTERS = pa.schema(
    [("keeper", pa.string()), ("members", pa.list_(pa.struct([("id", pa.string()), *_COUNTS])))]
)


class _Pairs(NamedTuple):
    """Verified pairs between the places of `documents`, which are sorted."""

    documents: Numbers
    a: Numbers
    b: Numbers
    shared: Numbers
    joined: Numbers
    smaller: Numbers

    @classmethod
    def of(cls, paths: Sequence[str]) -> _Pairs:
        a, b, *counts = (arrow.column(paths, name) for name in PAIRS.names)
        documents = np.unique(np.concatenate([a, b]))
        places = (np.searchsorted(documents, side) for side in (a, b))
        return cls(documents, *places, *(count.astype(np.int64) for count in counts))

    def reaching(self, bound: Sequence[int]) -> Numbers:
        """Say of each pair whether its Jaccard is at least numerator / denominator."""
        return self.shared * bound[1] >= self.joined * bound[0]


def decide(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write REMOVED ("removed"), CLUSTERS ("clusters") and the RANKED pairs ("ranked").

    Inputs: all "documents", "copies" and "pairs"; also "texts" where there are few enough to find
    the nearest two by brute force. Options: threshold, witness (numerator, denominator each),
    clusters, exact, keep, prefer, bands, rows, shingle.
    """
    documents = Documents.of(inputs["documents"])
    pairs = _Pairs.of(inputs["pairs"])
    ranks = _ranks(pairs, documents, options)
    settle = _witnessed if options["clusters"] == "witness" else _connected
    near = _Removed.near(pairs, *settle(pairs, ranks, options))
    removed = near.with_copies(*_copies(inputs["copies"], documents, options))
    arrow.write(outputs["removed"], REMOVED, [removed._asdict()])
    arrow.write(outputs["clusters"], CLUSTERS, _clusters(removed, documents))
    arrow.write(outputs["ranked"], RANKED, _ranked(pairs, ranks, documents))
    exact = int(removed.exact.sum())
    bands = Bands(options["bands"], options["rows"])
    bins = np.minimum(pairs.shared * STEPS // np.maximum(pairs.joined, 1), STEPS - 1)
    histogram = np.bincount(bins, minlength=STEPS).tolist()
    return {
        "exact": exact,
        "near": len(removed.document) - exact,
        "pairs": int(pairs.reaching(options["threshold"]).sum()),
        "recall": parameters.recall(histogram, bands, Fraction(*options["threshold"])),
        "largest_cluster": int(np.unique(removed.keeper, return_counts=True)[1].max(initial=0)),
        "nearest": nearest.nearest(
            inputs.get("texts", ()), documents, removed.document, options["shingle"]
        ),
    }


def _ranks(pairs: _Pairs, documents: Documents, options: Mapping[str, Any]) -> Numbers:
    """Give the rank of each document that is in a pair: 0 is kept first."""
    which = pairs.documents
    columns = rank.policy(documents, which, options) + rank.content(documents, which)
    if options["clusters"] == "witness":
        same = kernel.components(*_edges(pairs, pairs.reaching(options["threshold"])), len(which))
        inside = (same[pairs.a] == same[pairs.b]) & pairs.reaching(options["witness"])
        mates = np.bincount(np.concatenate(_edges(pairs, inside)), minlength=len(which))
        preferred = options["keep"][0] == "source" and bool(options["prefer"])
        columns.insert(1 if preferred else 0, -mates)
    ranks = np.empty(len(which), np.int64)
    ranks[rank.order(columns)] = np.arange(len(which))
    return ranks


def _edges(pairs: _Pairs, which: Numbers) -> tuple[Numbers, Numbers]:
    return pairs.a[which], pairs.b[which]


def _witnessed(
    pairs: _Pairs, ranks: Numbers, options: Mapping[str, Any]
) -> tuple[Numbers, Numbers, Numbers]:
    """Give the places of those that go and of their keepers, and the pair that proves each."""
    size = len(ranks)
    same = kernel.components(*_edges(pairs, pairs.reaching(options["threshold"])), size)
    proofs = np.flatnonzero((same[pairs.a] == same[pairs.b]) & pairs.reaching(options["witness"]))
    ends = ranks[pairs.a[proofs]], ranks[pairs.b[proofs]]
    worse, better = np.maximum(*ends), np.minimum(*ends)
    order = np.lexsort((better, worse))
    proofs, worse, better = proofs[order], worse[order], better[order]
    offsets = np.searchsorted(worse, np.arange(size + 1))
    found = kernel.keepers(offsets, better, pairs.shared[proofs], pairs.joined[proofs])
    at_rank = np.argsort(ranks)
    goes = np.flatnonzero(found >= 0)
    proof = found[goes]
    return at_rank[goes], at_rank[better[proof]], proofs[proof]


def _connected(
    pairs: _Pairs, ranks: Numbers, options: Mapping[str, Any]
) -> tuple[Numbers, Numbers, Numbers]:
    """Do the same where the best of a component stands for all of it: no proof is -1."""
    a, b = _edges(pairs, pairs.reaching(options["threshold"]))
    best = kernel.components(ranks[a], ranks[b], len(ranks))
    at_rank = np.argsort(ranks)
    goes = np.flatnonzero(best != np.arange(len(ranks)))
    document, keeper = at_rank[goes], at_rank[best[goes]]
    known = pairs.a << 32 | pairs.b
    order = np.argsort(known)
    wanted = np.minimum(document, keeper) << 32 | np.maximum(document, keeper)
    place = np.minimum(np.searchsorted(known, wanted, sorter=order), max(0, len(known) - 1))
    proof = order[place] if len(known) else place
    return document, keeper, np.where(known[proof] == wanted, proof, -1)


class _Removed(NamedTuple):
    """The columns of REMOVED, sorted by document; a count of -1 stands for none."""

    document: Numbers
    keeper: Numbers
    exact: Numbers
    shared: Numbers
    joined: Numbers
    smaller: Numbers

    @classmethod
    def near(cls, pairs: _Pairs, goes: Numbers, keeper: Numbers, proof: Numbers) -> _Removed:
        """Make rows of places in `pairs`."""
        order = np.argsort(goes)
        goes, keeper, proof = goes[order], keeper[order], proof[order]
        counts = (
            np.where(proof < 0, -1, count[proof]) if len(proof) else proof
            for count in (pairs.shared, pairs.joined, pairs.smaller)
        )
        exact = np.zeros(len(goes), bool)
        return cls(pairs.documents[goes], pairs.documents[keeper], exact, *counts)

    def with_copies(self, document: Numbers, keeper: Numbers, exact: bool) -> _Removed:
        """Add exact copies; where what they copy goes itself, they go for the same reason."""
        place = np.searchsorted(self.document, keeper)
        inherits = np.append(self.document, 0)[place] == keeper
        inherits &= place < len(self.document)
        mine = {"document": document, "exact": np.where(inherits, False, exact)}
        ones = np.ones(len(document), np.int64)
        own = {"keeper": keeper, "shared": ones, "joined": ones, "smaller": ones}
        for name, values in own.items():
            theirs = np.append(getattr(self, name), 0)[np.where(inherits, place, -1)]
            mine[name] = np.where(inherits, theirs, values)
        both = {name: np.concatenate([getattr(self, name), mine[name]]) for name in self._fields}
        order = np.argsort(both["document"])
        return _Removed(**{name: column[order] for name, column in both.items()})


def _copies(
    paths: Sequence[str], documents: Documents, options: Mapping[str, Any]
) -> tuple[Numbers, Numbers, bool]:
    """Give the exact copies; those without a word do not count where only near ones do."""
    document, keeper = (arrow.column(paths, name) for name in ("document", "keeper"))
    if not options["exact"] and len(document):
        words = documents.take("signature", document).is_valid().to_numpy(zero_copy_only=False)
        document, keeper = document[words], keeper[words]
    return document, keeper, options["exact"]


def _clusters(removed: _Removed, documents: Documents) -> list[pa.RecordBatch]:
    """Group the removed by keeper."""
    order = np.lexsort((removed.document, removed.keeper))
    keepers, starts = np.unique(removed.keeper[order], return_index=True)
    counts = [counted(getattr(removed, name)[order]) for name, _ in _COUNTS]
    members = pa.StructArray.from_arrays(
        [documents.take("key", removed.document[order]), *counts],
        fields=list(CLUSTERS.field("members").type.value_type),
    )
    offsets = pa.array(np.append(starts, len(order)), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, members)
    return [pa.RecordBatch.from_arrays([documents.take("key", keepers), lists], schema=CLUSTERS)]


def counted(values: Numbers) -> pa.Array:
    """Make an Arrow column of counts, null where they are -1."""
    return pa.array(values, pa.int64(), mask=values < 0)


def _ranked(pairs: _Pairs, ranks: Numbers, documents: Documents) -> list[dict[str, pa.Array]]:
    """Name the pairs by key, better-ranked first, in order of rank."""
    keys = documents.take("key", pairs.documents[np.argsort(ranks)])
    ends = ranks[pairs.a], ranks[pairs.b]
    better, worse = np.minimum(*ends), np.maximum(*ends)
    order = np.lexsort((worse, better))
    named = (
        pa.DictionaryArray.from_arrays(pa.array(side[order], pa.int32()), keys)
        for side in (better, worse)
    )
    counts = (pa.array(column[order], pa.uint32()) for column in pairs[3:])
    return [dict(zip(RANKED.names, (*named, *counts), strict=True))]
