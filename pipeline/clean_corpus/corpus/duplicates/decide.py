"""Decide which documents go, and write down why: removals, clusters, and the pairs behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.config import Dedup, from_json
from clean_corpus.corpus import arrow, rank, sets
from clean_corpus.corpus.arrow import PAIRS, REMOVED, Documents, Numbers
from clean_corpus.corpus.duplicates import evidence, nearest, parameters
from clean_corpus.corpus.duplicates.evidence import EVIDENCE, Counts, Evidence
from clean_corpus.corpus.duplicates.groups import Bounds, Group, groups
from clean_corpus.corpus.duplicates.keepers import Gone, Ranked
from clean_corpus.corpus.pairs import documents_of, places

_COUNTS = [(name, pa.int64()) for name in ("shared", "joined", "smaller")]

#: What left for which document: in the order of the first documents of their components, then of
#: the keepers, then of the members.
CLUSTERS = pa.schema(
    [("keeper", pa.string()), ("members", pa.list_(pa.struct([("id", pa.string()), *_COUNTS])))]
)


def decide(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write REMOVED ("removed"), CLUSTERS ("clusters") and EVIDENCE ("evidence").

    Inputs: all "documents", "occurrences", "copies" and "pairs"; also all "texts" where they are
    few enough to find the nearest two by brute force. Options: dedup (those of the configuration),
    and those of `sets.made`.
    Counts what goes, and the pairs that the evidence lacks: `pairs_cut` below the threshold,
    `pairs_thinned` of very large groups of copies. See `groups`.
    """
    dedup = from_json(Dedup, options["dedup"])
    documents = Documents.of(inputs["documents"], inputs["occurrences"])
    bounds = Bounds(
        Fraction(dedup.threshold).as_integer_ratio(), parameters.witness(dedup).as_integer_ratio()
    )
    cut = sum(batch.num_rows for path in inputs["pairs"] for batch in spill.batches(path))
    thinned = 0
    counts = Counts()
    gone: list[Numbers] = [np.zeros(0, np.int64)]
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(arrow.writer(outputs[name], schema))
            for name, schema in (
                ("removed", REMOVED),
                ("clusters", CLUSTERS),
                ("evidence", EVIDENCE),
            )
        }
        for group in groups(inputs["pairs"], inputs["copies"], documents, bounds, _policy(dedup)):
            thinned += group.thinned
            cut -= group.thinned + len(group.pairs["a"])
            settled = _settle(group, documents, dedup)
            counts = counts.plus(settled.counts)
            files["evidence"].write(evidence.row(settled.known))
            files["removed"].write(settled.removed.columns(documents))
            files["clusters"].write(_clusters(settled.removed, group.roots, documents))
            gone += [settled.removed.document] if inputs["texts"] else []
    everything = sets.made(inputs, np.ones(len(documents), bool), options)
    closest = nearest.nearest(everything, documents, np.concatenate(gone))
    left_out = {"pairs_cut": cut, "pairs_thinned": thinned}
    return {**counts._asdict(), **left_out, "nearest": closest}


def _policy(dedup: Dedup) -> dict[str, Any]:
    return {"keep": dedup.keep, "prefer": dedup.prefer}


class _Settled(NamedTuple):
    """What was decided of a group."""

    known: Evidence
    removed: _Removed
    counts: Counts


def _settle(group: Group, documents: Documents, dedup: Dedup) -> _Settled:
    copies = _copies(group, documents, dedup)
    which, pairs = _ranked(group, copies, documents, dedup)
    known = Evidence(pairs, documents.take("key", which), _listed(copies, which, documents))
    gone = evidence.decide(pairs, dedup)
    removed = _Removed.near(which, pairs, gone).with_copies(*copies, dedup.exact)
    return _Settled(known, removed, evidence.count(known, gone, dedup))


def _copies(group: Group, documents: Documents, dedup: Dedup) -> tuple[Numbers, Numbers]:
    """Give the exact copies; those without a word do not count where only near ones do."""
    document, keeper = group.copies["document"], group.copies["keeper"]
    if not dedup.exact and len(document):
        words = documents.take("signature", document).is_valid().to_numpy(zero_copy_only=False)
        document, keeper = document[words], keeper[words]
    return document, keeper


def _ranked(
    group: Group, copies: tuple[Numbers, Numbers], documents: Documents, dedup: Dedup
) -> tuple[Numbers, Ranked]:
    """Give the documents that have a pair or copies, by rank, and the pairs by rank."""
    a, b, *counts = (group.pairs[name] for name in PAIRS.names)
    which = documents_of(a, b, copies[1])
    options = _policy(dedup)
    columns = rank.policy(documents, which, options) + rank.content(documents, which)
    order = rank.order(columns)
    ranks = np.empty(len(which), np.int64)
    ranks[order] = np.arange(len(which))
    ends = [ranks[at] for at in places(which, a, b)]
    which = which[order]
    preference = rank.ahead(documents, which, options)
    better, worse = np.minimum(*ends), np.maximum(*ends)
    by_rank = np.lexsort((worse, better))
    sorted_counts = (count.astype(np.int64)[by_rank] for count in counts)
    return which, Ranked(preference, better[by_rank], worse[by_rank], *sorted_counts)


def _listed(copies: tuple[Numbers, Numbers], which: Numbers, documents: Documents) -> pa.Array:
    """List the keys of the copies of each document."""
    document, keeper = copies
    back = np.argsort(which)
    ranks = back[np.searchsorted(which, keeper, sorter=back)]
    order = np.lexsort((document, ranks))
    ends = np.append(0, np.cumsum(np.bincount(ranks, minlength=len(which))))
    keys = documents.take("key", document[order])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), keys)


class _Removed(NamedTuple):
    """The columns of REMOVED with numbers for keepers, sorted by document; -1 counts nothing."""

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

    def columns(self, documents: Documents) -> dict[str, Any]:
        """Give the columns of REMOVED."""
        return {**self._asdict(), "keeper": documents.take("key", self.keeper)}


def _clusters(removed: _Removed, roots: Numbers, documents: Documents) -> dict[str, Any]:
    """Group the removed by keeper."""
    order = np.lexsort((removed.document, removed.keeper, roots[removed.keeper]))
    keepers = removed.keeper[order]
    starts = np.flatnonzero(np.append(True, keepers[1:] != keepers[:-1])[: len(keepers)])
    counts = [_counted(getattr(removed, name)[order]) for name, _ in _COUNTS]
    members = pa.StructArray.from_arrays(
        [documents.take("key", removed.document[order]), *counts],
        fields=list(CLUSTERS.field("members").type.value_type),
    )
    offsets = pa.array(np.append(starts, len(order)), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, members)
    return {"keeper": documents.take("key", keepers[starts]), "members": lists}


def _counted(values: Numbers) -> pa.Array:
    """Make an Arrow column of counts, null where they are -1."""
    return pa.array(values, pa.int64(), mask=values < 0)
