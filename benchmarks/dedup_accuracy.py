"""Measure what the shipped definition of a near-duplicate is worth on labelled data.

    python benchmarks/dedup_accuracy.py DATA_FOLDER

reads, as gzip'd JSON Lines, `dedup_*_extractors` (id, cluster, extractor, text: a page as many
extractors saw it; copies are those of one page) and `dedup_copycat_pairs` (label, a, b: pairs of
pages with a human grade), and prints pair F1 of clusters, and AUC and best F1 of the Jaccard.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.config import Dedup
from clean_corpus.corpus import shingles
from clean_corpus.corpus.plan import plan

_SHARD = pa.schema(
    [
        ("key", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("date", pa.string()),
        ("reason", pa.string()),
    ]
)


class _Task(NamedTuple):
    function: Any
    inputs: Mapping[str, Sequence[str]]
    outputs: Mapping[str, str]
    options: Mapping[str, Any]


def load(path: Path) -> list[dict[str, Any]]:
    """Read gzip'd JSON Lines."""
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def keepers(texts: Sequence[str], dedup: Dedup) -> list[str]:
    """Run every step on the texts; give for each the key of the document that stands for it."""
    keys = [str(i) for i in range(len(texts))]
    none = pa.nulls(len(texts), pa.string())
    columns = [pa.array(keys), pa.array(texts, pa.large_string()), none, none, none]
    with tempfile.TemporaryDirectory() as folder:
        shard = f"{folder}/texts"
        with pa.OSFile(shard, "wb") as sink, pa.ipc.new_file(sink, _SHARD) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_SHARD))

        def make(step: str, part: int, function: Any, names: Sequence[str], **rest: Any) -> _Task:
            outputs = {name: f"{folder}/{step}-{part}.{name}" for name in names}
            return _Task(function, rest["inputs"], outputs, rest["options"])

        planned = plan([shard], [len(texts)], dedup, make)
        for _, tasks in planned.steps:
            for task in tasks:
                task.function(task.inputs, task.outputs, task.options)
        with pa.memory_map(planned.decisions[0]) as source:
            decided = pa.ipc.open_file(source).read_all().column("keeper").to_pylist()
    return [key if keeper is None else keeper for key, keeper in zip(keys, decided, strict=True)]


def pair_f1(found: Sequence[Hashable], true: Sequence[Hashable]) -> tuple[float, float, float]:
    """Give F1, precision and recall of the pairs that two clusterings make."""

    def pairs(labels: Iterable[Hashable]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(labels).values())

    both = pairs(zip(found, true, strict=True))
    precision, recall = both / max(1, pairs(found)), both / max(1, pairs(true))
    return 2 * precision * recall / max(1e-9, precision + recall), precision, recall


def pages(folder: Path) -> None:
    """Print pair F1 on the pages of the extractors, over thresholds and sizes of shingles."""
    rows = [row for path in sorted(folder.glob("dedup_*_extractors*")) for row in load(path)]
    texts, true = [row["text"] for row in rows], [row["cluster"] for row in rows]
    print(f"{len(rows)} extracted texts of {len(set(true))} pages: pair F1 (precision, recall)")
    shipped = Dedup()
    for size in (2, 3, 4, 5):
        for threshold in ("0.5", "0.6", "0.7", "0.8"):
            line = []
            for clusters in ("witness", "components"):
                dedup = Dedup(shingle=size, threshold=Decimal(threshold), clusters=clusters)
                f1, precision, recall = pair_f1(keepers(texts, dedup), true)
                line.append(f"{clusters} {f1:.3f} ({precision:.3f}, {recall:.3f})")
            mark = (size, Decimal(threshold)) == (shipped.shingle, shipped.threshold)
            print(f"{'*' if mark else ' '} n={size} t={threshold}", *line, sep="  ")


def jaccard(a: str, b: str, size: int) -> float:
    """Give the Jaccard of two texts."""
    one, other = set(shingles.strings(a, size)), set(shingles.strings(b, size))
    return len(one & other) / max(1, len(one | other))


def graded(folder: Path) -> None:
    """Print AUC and F1 on pairs with a human grade, for grades that count as copies."""
    (path,) = folder.glob("dedup_copycat_pairs*")
    rows = [row for row in load(path) if row["label"] != "unknown"]
    print(f"{len(rows)} graded pairs: AUC, best F1 at its threshold, F1 at the shipped one")
    for size in (2, 3, 4, 5):
        score = np.array([jaccard(row["a"], row["b"], size) for row in rows])
        line = []
        for grade in (1, 2, 3):
            copy = np.array([float(row["label"]) >= grade for row in rows])
            ahead = score[copy][:, None] - score[~copy]
            auc = ((ahead > 0) + (ahead == 0) / 2).mean()
            best, at = max((f1(score >= t, copy), t) for t in np.unique(score))
            shipped = f1(score >= float(Dedup().threshold), copy)
            line.append(f"grade>={grade} {auc:.3f} {best:.3f}@{at:.2f} {shipped:.3f}")
        print(f"{'*' if size == Dedup().shingle else ' '} n={size}", *line, sep="  ")


def f1(said: Any, true: Any) -> float:
    """Give the F1 of two boolean arrays."""
    return float(2 * (said & true).sum() / max(1, said.sum() + true.sum()))


def main() -> None:
    """Measure on the data in the folder that is given."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    pages(folder)
    graded(folder)


if __name__ == "__main__":
    main()
