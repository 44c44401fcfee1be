"""What others would run in the place of `clean-corpus run`, each from one JSONL.zst to another.

    python benchmarks/whole_path_peers.py NAME SOURCE TARGET

`floor` only reads and writes. `packages` is the script that a user would write with ftfy,
langdetect and datasketch. `datatrove` is its pipeline of the nearest stages, and needs
`datatrove[io,processing]`, `langdetect` and `spacy` beside it.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def records(source: str) -> Iterator[dict[str, Any]]:
    """Read records."""
    import orjson
    import zstandard

    with Path(source).open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        for line in io.BufferedReader(stream, 1 << 20):
            yield orjson.loads(line)


def store(rows: Iterator[dict[str, Any]], target: str) -> None:
    """Write records."""
    import orjson
    import zstandard

    with Path(target).open("wb") as file, zstandard.ZstdCompressor(3).stream_writer(file) as out:
        for row in rows:
            out.write(orjson.dumps(row) + b"\n")


def floor(source: str, target: str) -> None:
    """Read and write, and nothing else."""
    store(records(source), target)


def packages(source: str, target: str) -> None:
    """Mend, tell the language, and leave out near-duplicates, one record after the other."""
    import ftfy
    import langdetect
    from datasketch import MinHash, MinHashLSH

    langdetect.DetectorFactory.seed = 0
    index = MinHashLSH(threshold=0.7, num_perm=128)

    def cleaned() -> Iterator[dict[str, Any]]:
        for number, record in enumerate(records(source)):
            text = ftfy.fix_text(record["text"])
            try:
                record["language"] = langdetect.detect(text)
            except langdetect.LangDetectException:
                record["language"] = "und"
            words = re.findall(r"\w+", text.lower())
            signature = MinHash(num_perm=128)
            shingles = {" ".join(words[i : i + 5]) for i in range(max(len(words) - 4, 1))}
            signature.update_batch([shingle.encode() for shingle in shingles])
            if index.query(signature):
                continue
            index.insert(str(number), signature)
            record["text"] = text
            yield record

    store(cleaned(), target)


def datatrove(source: str, target: str) -> None:
    """Run FTFYFormatter, the C4 filter, langdetect in a filter of its own, and MinHash."""
    import langdetect
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.filters import C4QualityFilter, LambdaFilter
    from datatrove.pipeline.formatters import FTFYFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    langdetect.DetectorFactory.seed = 0

    def told(document: Document) -> bool:
        try:
            document.metadata["language"] = langdetect.detect(document.text)
        except langdetect.LangDetectException:
            document.metadata["language"] = "und"
        return True

    def carry_out(*steps: Any, **where: int) -> None:
        # A folder for each: what the folder calls completed is skipped.
        logs = tempfile.mkdtemp(dir=folder)
        LocalPipelineExecutor(list(steps), workers=1, logging_dir=logs, **where).run()

    with tempfile.TemporaryDirectory() as folder:
        at = {name: f"{folder}/{name}" for name in ("texts", "signatures", "buckets", "removed")}
        carry_out(
            JsonlReader(str(Path(source).parent), glob_pattern=Path(source).name),
            FTFYFormatter(),
            C4QualityFilter(filter_no_terminal_punct=False),
            LambdaFilter(told),
            JsonlWriter(at["texts"], compression=None),
        )
        carry_out(JsonlReader(at["texts"]), MinhashDedupSignature(at["signatures"]))
        for bucket in range(14):
            step = MinhashDedupBuckets(at["signatures"], at["buckets"])
            carry_out(step, tasks=14, local_tasks=1, local_rank_offset=bucket)
        carry_out(MinhashDedupCluster(at["buckets"], at["removed"]))
        carry_out(
            JsonlReader(at["texts"]),
            MinhashDedupFilter(at["removed"]),
            JsonlWriter(str(Path(target).parent / "datatrove"), compression="gzip"),
        )
    Path(target).write_text(json.dumps({"pipeline": "datatrove"}))


if __name__ == "__main__":
    {"floor": floor, "packages": packages, "datatrove": datatrove}[sys.argv[1]](*sys.argv[2:])
