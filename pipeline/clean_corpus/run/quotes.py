"""Note what the report will quote while the texts are at hand: edits, and doubtful copies."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus.keys import of_shard
from clean_corpus.run.steps import bare
from clean_corpus.run.steps.sample import drawn
from clean_corpus.run.steps.write import similarities, similarity

_CLUSTERS = 20

# Among how many times as many they are looked for where texts may have to be read again: enough for
# some to lie in the first shards.
_CHOICE = 50

Member = Mapping[str, Any]

_Doubtful = tuple[str, Member, int]


def write(
    path: Path,
    samples: Iterable[Path],
    clusters: Iterable[pa.RecordBatch],
    shards: Iterable[Sequence[Any]],
    occurrences: Sequence[str],
    *,
    marking: bool,
) -> None:
    """Write what `clean_corpus.report.samples` reads.

    `samples` are those of all shards, `clusters` what `decide` wrote of them, `shards` the cleaned
    texts of each and how to read them again, its documents as the search for copies knows them, and
    the decisions; their keys may be numbered by `occurrences`.
    """
    shards = list(shards)
    chosen = doubtful(clusters, _CLUSTERS * (_CHOICE if any(one[1] for one in shards) else 1))
    wanted = {id_ for keeper, member, _ in chosen for id_ in (keeper, member["id"])}
    found: dict[str, dict[str, str]] = {}
    quoted: list[_Doubtful] = []
    for documents in _documents(wanted, shards, occurrences, marking=marking):
        found |= documents
        quoted = [one for one in chosen if one[0] in found and one[1]["id"] in found]
        if len(quoted) >= _CLUSTERS:
            break
    pairs = [
        {
            "keeper": found[keeper],
            "member": found[member["id"]],
            "jaccard": similarity(member["shared"], member["joined"]),
            "containment": similarity(member["shared"], member["smaller"]),
            "others": others,
        }
        for keeper, member, others in quoted[:_CLUSTERS]
    ]
    edits = drawn(one for part in samples for one in orjson.loads(part.read_bytes()))
    edits.sort(key=lambda one: (one["class"], one["rule"], one["id"], one["start"]))
    for one in edits:
        del one["turn"]
    path.write_bytes(orjson.dumps({"pairs": pairs, "edits": edits}))


def doubtful(clusters: Iterable[pa.RecordBatch], most: int) -> list[_Doubtful]:
    """Give keeper, least similar member and number of others of the most doubtful clusters."""

    def least() -> Iterator[tuple[float, str, Member, int]]:
        for batch in clusters:
            chosen = batch
            if batch.num_rows > most:
                lows = _least(batch)
                rows = np.flatnonzero(lows <= np.partition(lows, most)[most])
                chosen = batch.take(pa.array(rows))
            lists = chosen["members"]
            members = _measured(chosen).append_column("of", pc.list_parent_indices(lists))
            members = members.sort_by([(name, "ascending") for name in ("of", "alike", "id")])
            starts = lists.offsets.to_numpy()
            first = members.take(pa.array(starts[:-1])).to_pylist()
            keepers, others = chosen["keeper"].to_pylist(), (np.diff(starts) - 1).tolist()
            for keeper, member, more in zip(keepers, first, others, strict=True):
                yield member["alike"], keeper, member, more

    return [(keeper, member, more) for _, keeper, member, more in heapq.nsmallest(most, least())]


def _least(clusters: pa.RecordBatch) -> npt.NDArray[np.float64]:
    """Give how similar the least similar member of each cluster is to its keeper."""
    alike = _measured(clusters)["alike"].to_numpy()
    return np.minimum.reduceat(alike, clusters["members"].offsets.to_numpy()[:-1])


def _measured(clusters: pa.RecordBatch) -> pa.Table:
    """Give all members, and how similar each is: 0 where it is a copy of another member only."""
    members = pa.Table.from_struct_array(clusters["members"].flatten())
    return members.append_column("alike", pc.fill_null(similarities(members, "joined"), 0.0))


def _documents(
    wanted: Collection[str],
    shards: Iterable[Sequence[Any]],
    occurrences: Sequence[str],
    *,
    marking: bool,
) -> Iterator[dict[str, dict[str, str]]]:
    """Find the cleaned texts of some documents, batch by batch, and why they left the corpus."""
    ids = pa.array(sorted(wanted), pa.string())
    before = 0
    for cleaned, again, documents, decided in shards if wanted else ():
        keys = of_shard(documents, before, occurrences)
        before += len(keys)
        here = pc.is_in(keys, value_set=ids).to_numpy(False)
        if not here.any():
            continue
        reasons = spill.read(decided, ["reason"])["reason"]
        for first, texts in bare.texts(cleaned, here, again):
            found: dict[str, dict[str, str]] = {}
            rows = np.flatnonzero(here[first : first + len(texts)])
            columns = (
                keys.take(pa.array(rows + first)),
                texts.take(pa.array(rows)),
                reasons.take(pa.array(rows + first)),
            )
            for id_, text, reason in zip(*(c.to_pylist() for c in columns), strict=True):
                left = "" if marking else reason or ""
                found[id_] = {"id": id_, "text": text, "reason": left}
            yield found
