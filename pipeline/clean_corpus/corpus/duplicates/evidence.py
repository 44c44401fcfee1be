"""The pairs behind the decisions of a run, kept to decide again at another threshold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.config import Dedup
from clean_corpus.corpus.arrow import PAIRS
from clean_corpus.corpus.duplicates import keepers, parameters
from clean_corpus.corpus.duplicates.keepers import Gone, Ranked

#: One row a group of documents, which has nothing to do with the others. Documents that have a pair
#: or copies stand in the order of the policy, best first: `keys`, `preference` (the place of the
#: source among the preferred ones), and the exact `copies` of each. A pair names them by place: of
#: a pair alone, `better` stays. Pairs are kept down to the floor.
EVIDENCE = pa.schema(
    [
        ("keys", pa.large_list(pa.string())),
        ("preference", pa.large_list(pa.int32())),
        ("copies", pa.large_list(pa.list_(pa.string()))),
        ("better", pa.large_list(pa.uint32())),
        ("worse", pa.large_list(pa.uint32())),
        *((name, pa.large_list(pa.uint32())) for name in PAIRS.names[2:]),
    ]
)


class Evidence(NamedTuple):
    """One group: verified pairs of documents by rank, their keys, and their exact copies' keys."""

    pairs: Ranked
    keys: pa.Array
    copies: pa.Array


class Counts(NamedTuple):
    """What a threshold comes to.

    `pairs` reach it; `near` and `exact` documents go, from so many `clusters`, of which the largest
    loses `largest_cluster`.
    """

    pairs: int = 0
    near: int = 0
    exact: int = 0
    clusters: int = 0
    largest_cluster: int = 0

    def plus(self, other: Counts) -> Counts:
        """Add the counts of another group."""
        return Counts(
            self.pairs + other.pairs,
            self.near + other.near,
            self.exact + other.exact,
            self.clusters + other.clusters,
            max(self.largest_cluster, other.largest_cluster),
        )


def row(evidence: Evidence) -> dict[str, pa.Array]:
    """Make a row of EVIDENCE."""
    pairs = evidence.pairs
    columns = {
        "keys": evidence.keys,
        "preference": pairs.preference,
        "copies": evidence.copies,
        **{name: getattr(pairs, name) for name in EVIDENCE.names[3:]},
    }
    return {name: _one(values, EVIDENCE.field(name).type) for name, values in columns.items()}


def _one(values: Any, kind: pa.DataType) -> pa.Array:
    flat = values if isinstance(values, pa.Array) else pa.array(values, kind.value_type)
    return pa.LargeListArray.from_arrays(pa.array([0, len(flat)], pa.int64()), flat)


def read(path: str) -> Iterator[Evidence]:
    """Read a run's evidence, group by group."""
    for batch in spill.batches(path):
        columns = {name: batch.column(name).flatten() for name in EVIDENCE.names}
        numbers = [columns[name].to_numpy().astype(np.int64) for name in EVIDENCE.names[3:]]
        preference = columns["preference"].to_numpy().astype(np.int64)
        yield Evidence(Ranked(preference, *numbers), columns["keys"], columns["copies"])


def decide(pairs: Ranked, dedup: Dedup) -> Gone:
    """Decide who goes by the threshold, the witness and the clusters of a configuration."""
    threshold = Fraction(dedup.threshold).as_integer_ratio()
    if dedup.clusters == "components":
        return keepers.connected(pairs, threshold)
    return keepers.witnessed(pairs, threshold, parameters.witness(dedup).as_integer_ratio())


def again(path: str, dedup: Dedup) -> Iterator[tuple[Evidence, Gone]]:
    """Decide about every group of a run's evidence by other options."""
    for group in read(path):
        yield group, decide(group.pairs, dedup)


def count(evidence: Evidence, gone: Gone, dedup: Dedup) -> Counts:
    """Count what goes from a group."""
    copies = evidence.copies.value_lengths().to_numpy().astype(np.int64)
    stays = np.ones(len(copies), bool)
    stays[gone.rank] = False
    sizes = np.where(stays, copies, 0)
    equal = int(sizes.sum()) if dedup.exact else 0
    threshold = Fraction(dedup.threshold).as_integer_ratio()
    np.add.at(sizes, gone.keeper, 1 + copies[gone.rank])
    return Counts(
        int(evidence.pairs.reaching(threshold).sum()),
        int(sizes.sum()) - equal,
        equal,
        int((sizes > 0).sum()),
        int(sizes.max(initial=0)),
    )


def removals(evidence: Evidence, gone: Gone, dedup: Dedup) -> Iterator[dict[str, Any]]:
    """Give id, reason, keeper and counts (None where a pair was not compared) of what goes."""
    keeper = np.arange(len(evidence.keys))
    keeper[gone.rank] = gone.keeper
    proof = np.full(len(keeper), -1)
    proof[gone.rank] = gone.proof
    places = pa.array(proof, mask=proof < 0)
    counts = [
        pa.array(column).take(places).to_pylist()
        for column in (evidence.pairs.shared, evidence.pairs.joined, evidence.pairs.smaller)
    ]
    names = evidence.keys.to_pylist()
    columns = (keeper.tolist(), evidence.copies.to_pylist(), zip(*counts, strict=True))
    for rank, (other, copies, counted) in enumerate(zip(*columns, strict=True)):
        stays = other == rank
        reason = "exact-duplicate" if stays and dedup.exact else "near-duplicate"
        for id_ in copies if stays else (names[rank], *copies):
            shared, joined, smaller = (1, 1, 1) if stays else counted
            yield {
                "id": id_,
                "reason": reason,
                "keeper": names[other],
                "shared": shared,
                "joined": joined,
                "smaller": smaller,
            }
