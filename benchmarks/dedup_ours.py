"""Deduplicate a corpus with our steps alone, from Parquet to the ids that are kept.

    python benchmarks/dedup_ours.py TEXTS KEPT [workers=2] [OPTION=VALUE ...]

does what a run does between its cleaned texts and its outputs: the tasks of
`clean_corpus.corpus.duplicates.plan`, each of which commits its files and is noted in the manifest.
Instead of reading, cleaning and writing records it copies ids and texts out of Parquet, and ids
into KEPT. Options are those of `[dedup]`: `threshold=0.7`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

# As the command does, before Arrow is there.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")

import pyarrow as pa
import pyarrow.parquet as pq

from clean_corpus import spill
from clean_corpus.config import Dedup
from clean_corpus.corpus.duplicates.plan import plan, summarise
from clean_corpus.run import disk
from clean_corpus.run.executors import Local, Serial
from clean_corpus.run.tasks import Task, Work, make

ROWS = 4000  # in a batch
SHARD = 50_000  # documents in a shard

_TEXTS = pa.schema(
    [
        ("key", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("date", pa.string()),
        ("reason", pa.string()),
    ]
)


def ingest(inputs: dict[str, list[str]], outputs: dict[str, str], options: Any) -> dict[str, Any]:
    """Copy some row groups into a shard."""
    del inputs
    source = pq.ParquetFile(options["path"])
    with spill.writer(outputs["texts"], _TEXTS) as shard:
        for batch in source.iter_batches(ROWS, row_groups=options["groups"]):
            none = pa.nulls(batch.num_rows, pa.string())
            text = batch["text"].cast(pa.large_string())
            date = batch["date"] if "date" in batch.schema.names else none
            shard.write_batch(
                pa.record_batch([batch["id"], text, batch["source"], date, none], schema=_TEXTS)
            )
    return {}


def shards(texts: Path) -> tuple[list[Task], list[int]]:
    """Plan the reading of a folder: tasks, and the rows of each."""
    tasks: list[Task] = []
    rows: list[int] = []
    paths = sorted(texts.glob("*.parquet"))
    for path in paths:
        about = pq.ParquetFile(path).metadata
        groups: list[int] = []
        held = 0
        for group in range(about.num_row_groups):
            groups.append(group)
            held += about.row_group(group).num_rows
            if held >= SHARD or group == about.num_row_groups - 1:
                options = {"path": str(path), "groups": groups}
                tasks.append(_task("ingest", len(tasks), ingest, ["texts"], options=options))
                rows.append(held)
                groups, held = [], 0
    return tasks, rows


def _task(step: str, part: int, function: Any, names: Any, **rest: Any) -> Task:
    return make(step, part, function, outputs=names, version="", **rest)


def dedup(
    texts: Path, folder: Path, options: Dedup, workers: int = 1
) -> tuple[list[str], dict[str, Any]]:
    """Carry out all tasks in a folder; give the ids that are kept, and what was counted."""
    executor = Local(workers) if workers > 1 else Serial()
    with closing(executor), closing(Work(folder, executor, 0)) as work:
        tasks, rows = shards(texts)
        read = [done.task.outputs["texts"] for done in work.all(tasks)]
        planned = plan(read, rows, options, _task)
        counts = [(step, one.stats) for step, tasks in planned.steps for one in work.all(tasks)]
        kept: list[str] = []
        for name, decided in zip(read, planned.decisions, strict=True):
            stays = _column(work.path(decided), "keeper").is_null()
            kept += _column(work.path(name), "key").filter(stays).to_pylist()
    return kept, summarise(counts, options)


def _column(path: Path, name: str) -> pa.ChunkedArray:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().column(name)


def main() -> None:
    """Write the kept ids, one a line."""
    texts, kept, *options = sys.argv[1:]
    pa.set_cpu_count(1)
    given = dict(option.split("=", 1) for option in options)
    workers = int(given.pop("workers", "1"))
    chosen = Dedup.model_validate(given)
    with tempfile.TemporaryDirectory(dir=Path(kept).parent) as folder:
        found, counts = dedup(Path(texts), Path(folder), chosen, workers)
        part = Path(folder) / "kept"
        part.write_text("".join(f"{key}\n" for key in found), encoding="utf-8")
        disk.commit({part: Path(kept)})
    print({name: count for name, count in counts.items() if isinstance(count, int | float)})


if __name__ == "__main__":
    main()
