"""Choose what the report shows of a run: clusters, passages, learned lines, edits, failures."""

from __future__ import annotations

import heapq
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from clean_corpus import results
from clean_corpus.errors import InputError
from clean_corpus.results import Document
from clean_corpus.text import Edit, undo

_CLUSTERS, _PASSAGES, _LESSONS, _EDITS, _FAILED = 20, 20, 50, 50, 50
_CONTEXT = 70


Member = Mapping[str, Any]


class Pair(NamedTuple):
    """The keeper of a cluster and its least similar member; `others` more are not shown."""

    keeper: Document
    member: Document
    jaccard: float
    containment: float
    others: int


class Sample(NamedTuple):
    """An edit with what stands before and behind it in the base text."""

    id: str
    before: str
    edit: Edit
    after: str


class Samples(NamedTuple):
    """All that the report quotes from a run."""

    pairs: list[Pair]
    passages: list[dict[str, Any]]
    lessons: list[dict[str, Any]]
    edits: list[Sample]
    failed: list[dict[str, Any]]


def collect(out: Path) -> Samples:
    """Read the outputs of a run once or twice, and keep only what will be shown.

    The choice depends on the content alone: the clusters with the least similar members, the
    longest passages, the lines learned from most articles, and of every class of edits the same
    number, drawn by hash.
    """
    clusters = doubtful(results.lines(out / "clusters.jsonl"))
    chosen = drawn(results.edits(out))
    wanted = {id_ for id_, _ in chosen}
    wanted.update(id_ for keeper, member, _ in clusters for id_ in (keeper, member["id"]))
    documents = {document.id: document for document in _documents(out) if document.id in wanted}
    by_document = {id_: edits for id_, edits in results.edits(out) if id_ in wanted}
    failed = [row for _, row in zip(range(_FAILED), results.lines(out / "failed.jsonl"))]  # noqa: B905
    return Samples(
        [
            Pair(
                documents[keeper],
                documents[member["id"]],
                member["jaccard"],
                member["containment"],
                others,
            )
            for keeper, member, others in clusters
            if keeper in documents and member["id"] in documents
        ],
        longest(_optional(out / "passages.jsonl")),
        lessons(out),
        [
            _in_context(documents[id_], edit, by_document[id_])
            for id_, edit in chosen
            if id_ in documents
        ],
        failed,
    )


def _documents(out: Path) -> Iterator[Document]:
    yield from results.kept(out)
    yield from results.removed(out)


def _optional(path: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of an output that a run need not have."""
    return results.lines(path) if path.exists() else iter(())


def longest(passages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the longest passages, one of each document that has some and of each first one."""
    seen: set[str] = set()
    chosen: list[dict[str, Any]] = []
    size = 4 * _PASSAGES
    for row in heapq.nsmallest(size, passages, lambda x: (-x["words"], x["id"], x["start"])):
        if not seen & {row["id"], row["first"]} and len(chosen) < _PASSAGES:
            seen |= {row["id"], row["first"]}
            chosen.append(row)
    return chosen


def lessons(out: Path) -> list[dict[str, Any]]:
    """Give the rules of learned.toml that most articles taught."""
    path = out / "learned.toml"
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8")).get("rules", [])
    except OSError:
        return []
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML ({error}). Mend it, or run again.") from error
    return heapq.nsmallest(_LESSONS, rules, lambda x: (-x["count"], x["source"], x["id"]))


def doubtful(clusters: Iterable[Mapping[str, Any]]) -> list[tuple[str, Member, int]]:
    """Give keeper, least similar member and number of others of the most doubtful clusters."""

    def doubt(cluster: Mapping[str, Any]) -> tuple[float, str]:
        return float(_least(cluster)["jaccard"]), cluster["keeper"]

    return [
        (cluster["keeper"], _least(cluster), len(cluster["members"]) - 1)
        for cluster in heapq.nsmallest(_CLUSTERS, clusters, doubt)
    ]


def _least(cluster: Mapping[str, Any]) -> Member:
    # In components a member may be a copy of another member only: nothing was measured then.
    member: Member = min(cluster["members"], key=lambda m: (float(m["jaccard"] or 0), m["id"]))
    return member


def drawn(edits: Iterable[tuple[str, Sequence[Edit]]]) -> list[tuple[str, Edit]]:
    """Draw edits by hash, class by class in turn, so that rare classes are seen too."""
    best: dict[str, list[tuple[int, str, Edit]]] = defaultdict(list)
    for id_, group in edits:
        for edit in group:
            heap = best[edit.class_]
            # Negative: the heap's smallest item, which goes first, has the largest hash.
            item = (-crc32(f"{id_}\0{edit.start}\0{edit.rule}".encode()), id_, edit)
            if len(heap) < _EDITS:
                heapq.heappush(heap, item)
            elif item > heap[0]:
                heapq.heapreplace(heap, item)
    queues = {class_: sorted(heap, reverse=True) for class_, heap in sorted(best.items())}
    drawn: list[tuple[str, Edit]] = []
    for turn in range(_EDITS):
        for queue in queues.values():
            if turn < len(queue) and len(drawn) < _EDITS:
                drawn.append(queue[turn][1:])
    return sorted(drawn, key=lambda item: (item[1].class_, item[1].rule, item[0], item[1].start))


def _in_context(document: Document, edit: Edit, edits: Sequence[Edit]) -> Sample:
    base = undo(document.text, edits)
    return Sample(
        document.id,
        base[max(0, edit.start - _CONTEXT) : edit.start],
        edit,
        base[edit.end : edit.end + _CONTEXT],
    )
