"""Decide which documents go, and write down why: removals, clusters, and the pairs behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow, keepers, nearest, parameters, rank
from clean_corpus.corpus.arrow import PAIRS, REMOVED, Documents, Numbers
from clean_corpus.corpus.keepers import Gone, Ranked
from clean_corpus.corpus.parameters import STEPS, Bands

_KEYS = pa.dictionary(pa.int32(), pa.string())

#: The verified pairs of a run, down to the floor, for the report. The index of a key in the
#: dictionary is the document's rank in the policy: of a pair alone, `better` stays. The metadata
#: "floor" (numerator, denominator) and "preferred" (how many documents of each preference, best
#: first) are JSON.
RANKED = pa.schema(
    [("better", _KEYS), ("worse", _KEYS), *(PAIRS.field(name) for name in PAIRS.names[2:])]
)

_COUNTS = [(name, pa.int64()) for name in ("shared", "joined", "smaller")]

#: What left for which document, in the order of the keepers and then of the members.
CLUSTERS = pa.schema(
    [("keeper", pa.string()), ("members", pa.list_(pa.struct([("id", pa.string()), *_COUNTS])))]
)


def decide(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write REMOVED ("removed"), CLUSTERS ("clusters") and the RANKED pairs ("ranked").

    Inputs: all "documents", "copies" and "pairs"; also "texts" where there are few enough to find
    the nearest two by brute force. Options: threshold, witness, floor (numerator, denominator
    each), clusters, exact, keep, prefer, bands, rows, shingle.
    """
    documents = Documents.of(inputs["documents"])
    which, pairs = _ranked(inputs["pairs"], documents, options)
    threshold = options["threshold"]
    if options["clusters"] == "witness":
        gone = keepers.witnessed(pairs, threshold, options["witness"])
    else:
        gone = keepers.connected(pairs, threshold)
    near = _Removed.near(which, pairs, gone)
    removed = near.with_copies(*_copies(inputs["copies"], documents, options))
    arrow.write(outputs["removed"], REMOVED, [removed._asdict()])
    arrow.write(outputs["clusters"], CLUSTERS, _clusters(removed, documents))
    _write_ranked(outputs["ranked"], pairs, documents.take("key", which), options["floor"])
    exact = int(removed.exact.sum())
    bands = Bands(options["bands"], options["rows"])
    bins = np.minimum(pairs.shared * STEPS // np.maximum(pairs.joined, 1), STEPS - 1)
    histogram = np.bincount(bins, minlength=STEPS).tolist()
    return {
        "exact": exact,
        "near": len(removed.document) - exact,
        "pairs": int(pairs.reaching(threshold).sum()),
        "recall": parameters.recall(histogram, bands, Fraction(*threshold)),
        "largest_cluster": int(np.unique(removed.keeper, return_counts=True)[1].max(initial=0)),
        "nearest": nearest.nearest(
            inputs.get("texts", ()), documents, removed.document, options["shingle"]
        ),
    }


def _ranked(
    paths: Sequence[str], documents: Documents, options: Mapping[str, Any]
) -> tuple[Numbers, Ranked]:
    """Read verified pairs; give the documents that are in one, by rank, and the pairs by rank."""
    a, b, *counts = (arrow.column(paths, name) for name in PAIRS.names)
    there = np.zeros(len(documents), bool)
    there[a] = there[b] = True
    which = np.flatnonzero(there)
    columns = rank.policy(documents, which, options) + rank.content(documents, which)
    which = which[rank.order(columns)]
    ranks = np.zeros(len(documents), np.int64)
    ranks[which] = np.arange(len(which))
    preference = np.zeros(len(which), np.int64)
    if options["keep"][:1] == ["source"]:
        preference = rank.preference(documents, which, options)
    ends = ranks[a], ranks[b]
    better, worse = np.minimum(*ends), np.maximum(*ends)
    order = np.lexsort((worse, better))
    sorted_counts = (count.astype(np.int64)[order] for count in counts)
    return which, Ranked(preference, better[order], worse[order], *sorted_counts)


def _write_ranked(path: str, pairs: Ranked, keys: pa.Array, floor: Sequence[int]) -> None:
    sizes = np.unique(pairs.preference, return_counts=True)[1].tolist()
    said = {"floor": json.dumps(list(floor)), "preferred": json.dumps(sizes)}
    named = (
        pa.DictionaryArray.from_arrays(pa.array(side, pa.int32()), keys)
        for side in (pairs.better, pairs.worse)
    )
    columns = dict(zip(RANKED.names, (*named, *pairs[3:]), strict=True))
    arrow.write(path, RANKED.with_metadata(said), [columns])


def read_ranked(path: str) -> tuple[Ranked, pa.Array, Fraction]:
    """Read the pairs of a run back, the keys of the documents by rank, and the floor."""
    batch = arrow.opened(path).get_batch(0)
    said = {name.decode(): json.loads(value) for name, value in batch.schema.metadata.items()}
    sides = (batch.column(name).indices.to_numpy().astype(np.int64) for name in RANKED.names[:2])
    counts = (batch.column(name).to_numpy().astype(np.int64) for name in RANKED.names[2:])
    preference = np.repeat(np.arange(len(said["preferred"])), said["preferred"])
    keys = batch.column("better").dictionary
    return Ranked(preference, *sides, *counts), keys, Fraction(*said["floor"])


class _Removed(NamedTuple):
    """The columns of REMOVED, sorted by document; a count of -1 stands for none."""

    document: Numbers
    keeper: Numbers
    exact: Numbers
    shared: Numbers
    joined: Numbers
    smaller: Numbers

    @classmethod
    def near(cls, which: Numbers, pairs: Ranked, gone: Gone) -> _Removed:
        """Make rows of ranks; `which` are the documents by rank."""
        document = which[gone.rank]
        order = np.argsort(document)
        proof = gone.proof[order]
        counts = (
            np.where(proof < 0, -1, count[proof]) if len(proof) else proof
            for count in (pairs.shared, pairs.joined, pairs.smaller)
        )
        exact = np.zeros(len(order), bool)
        return cls(document[order], which[gone.keeper][order], exact, *counts)

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
    counts = [_counted(getattr(removed, name)[order]) for name, _ in _COUNTS]
    members = pa.StructArray.from_arrays(
        [documents.take("key", removed.document[order]), *counts],
        fields=list(CLUSTERS.field("members").type.value_type),
    )
    offsets = pa.array(np.append(starts, len(order)), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, members)
    return [pa.RecordBatch.from_arrays([documents.take("key", keepers), lists], schema=CLUSTERS)]


def _counted(values: Numbers) -> pa.Array:
    """Make an Arrow column of counts, null where they are -1."""
    return pa.array(values, pa.int64(), mask=values < 0)
