"""Measure what the shipped definition of a near-duplicate is worth on labelled data.

    python benchmarks/dedup_accuracy.py DATA_FOLDER

reads, as gzip'd JSON Lines, `dedup_*_extractors` (id, cluster, extractor, url, text: a page as many
extractors saw it, "gold" among them; copies are those of one page) and `dedup_copycat_pairs`
(label, a, b: pairs of pages with a human grade). Prints

- pair F1 of clusters, of the texts as they are and as the default run cleans them, of all outputs
  and of those that hold the article and little else, over sizes of shingles and thresholds, with
  the pairs of different texts from different pages that were merged ("wrong");
- AUC and best F1 of the Jaccard on the graded pairs, for runs of words and of characters.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jsonl import objects

from clean_corpus import clean
from clean_corpus.config import Dedup
from clean_corpus.corpus import shingles
from clean_corpus.corpus.duplicates.plan import plan

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


def holds(text: str, article: str) -> bool:
    """Say whether a text is the article, give or take a seventh of the words (bag of words F1)."""
    one, other = (Counter(side.lower().split()) for side in (text, article))
    return 200 * (one & other).total() >= 85 * (one.total() + other.total())


def wrong(found: Sequence[str], true: Sequence[str], texts: Sequence[str]) -> int:
    """Count the documents that went for one of another page whose text differs."""
    return sum(
        true[int(keeper)] != page and texts[int(keeper)].split() != text.split()
        for keeper, page, text in zip(found, true, texts, strict=True)
    )


def pages(folder: Path) -> None:
    """Print pair F1 on the pages of the extractors, over thresholds and sizes of shingles."""
    rows = [row for path in sorted(folder.glob("dedup_*_extractors*")) for row in objects(path)]
    true = [row["cluster"] for row in rows]
    raw = [row["text"] for row in rows]
    records = [{"id": str(i), "text": r["text"], "url": r["url"]} for i, r in enumerate(rows)]
    run = clean(records, {"dedup": {"exact": False, "near": False}})
    kept = {record["id"]: record["text"] for record in run.kept}
    cleaned = [kept.get(str(i), "") for i in range(len(rows))]
    gold = {row["cluster"]: row["text"] for row in rows if row["extractor"] == "gold"}
    article = [i for i, row in enumerate(rows) if holds(row["text"], gold[row["cluster"]])]
    print(f"{len(rows)} texts of {len(set(true))} pages, {len(article)} hold the article: pair F1")
    shipped = Dedup()
    for size in (2, 3, 4, 5):
        for threshold in ("0.5", "0.55", "0.6", "0.7", "0.8"):
            dedup = Dedup(shingle=size, threshold=Decimal(threshold))
            mark = (size, dedup.threshold) == (shipped.shingle, shipped.threshold)
            line = [f"{'*' if mark else ' '} n={size} t={threshold:<4}"]
            for name, texts in (("raw", raw), ("cleaned", cleaned)):
                found = keepers(texts, dedup)
                few, their = [texts[i] for i in article], [true[i] for i in article]
                line.append(
                    f"{name} {pair_f1(found, true)[0]:.3f} ({wrong(found, true, texts)} wrong)"
                    f" article {pair_f1(keepers(few, dedup), their)[0]:.3f}"
                )
            print(*line, sep="  ", flush=True)


def jaccard(a: str, b: str, size: int, unit: str) -> float:
    """Give the Jaccard of two texts, in runs of words or of characters of their words."""
    sides = [shingles.words(side) for side in (a, b)]
    runs = [side if unit == "words" else " ".join(side) for side in sides]
    one, other = ({tuple(r[i : i + size]) for i in range(len(r) - size + 1)} for r in runs)
    return len(one & other) / max(1, len(one | other))


def graded(folder: Path) -> None:
    """Print AUC and F1 on pairs with a human grade, for grades that count as copies."""
    (path,) = folder.glob("dedup_copycat_pairs*")
    rows = [row for row in objects(path) if row["label"] != "unknown"]
    print(f"{len(rows)} graded pairs: AUC, best F1 at its threshold, F1 at the shipped one")
    sizes = [("words", size) for size in (1, 2, 3, 4, 5)]
    for unit, size in [*sizes, *(("characters", size) for size in (5, 9, 13))]:
        score = np.array([jaccard(row["a"], row["b"], size, unit) for row in rows])
        line = []
        for grade in (1, 2, 3):
            copy = np.array([float(row["label"]) >= grade for row in rows])
            ahead = score[copy][:, None] - score[~copy]
            auc = ((ahead > 0) + (ahead == 0) / 2).mean()
            best, at = max((f1(score >= t, copy), t) for t in np.unique(score))
            shipped = f1(score >= float(Dedup().threshold), copy)
            line.append(f"grade>={grade} {auc:.3f} {best:.3f}@{at:.2f} {shipped:.3f}")
        mark = unit == "words" and size == Dedup().shingle
        print(f"{'*' if mark else ' '} {size:>2} {unit:<10}", *line, sep="  ")


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
