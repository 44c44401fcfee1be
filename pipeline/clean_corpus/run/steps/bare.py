"""Bare texts: what a run that does nothing but find copies holds of documents, and how it ends.

Nothing cleans them, so that base texts are cleaned texts; no record is written again, so that
nothing but the text need be held of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config, spill
from clean_corpus.config import Config
from clean_corpus.corpus import arrow
from clean_corpus.stages import language, limits
from clean_corpus.text import whole

#: One row a document, as in `ingest` and `clean`; `key` is provisional, `length` in code points.
TEXTS = pa.schema(
    [
        ("key", pa.string()),
        ("text", pa.large_string()),
        ("source", pa.string()),
        ("date", pa.string()),
        ("reason", pa.string()),
        ("stage", pa.string()),
        ("error", pa.string()),
        ("origin", pa.string()),
        ("raw", pa.large_binary()),
        ("language", pa.string()),
        ("length", pa.int64()),
    ]
)


def is_enough(options: Config) -> bool:
    """Tell whether nothing but a search for copies is asked for, and of these the ids alone."""
    cut = options.dedup.passages == "remove"
    return options.output.mode == "ids" and not (options.stages or options.language.detect or cut)


def write(
    path: str, records: Iterable[pa.RecordBatch], options: Mapping[str, Any], *, packed: bool
) -> None:
    """Write TEXTS of records, with the reason for which some leave. Options: limits, language."""
    limiting = config.Limits.model_validate(options["limits"])
    asked = config.Language.model_validate(options["language"])
    with arrow.writer(path, TEXTS, packed=packed) as file:
        for batch in records:
            texts = pc.fill_null(batch["text"], "")
            said = language.no_answer(texts, asked)
            reasons = limits.reasons(texts, said, limiting, asked)
            given = {name: batch[name] for name in ("key", "source", "date", "stage", "origin")}
            own = {"text": texts, "error": batch["fault"], "language": said.labels}
            own["length"] = pc.utf8_length(texts)
            failed = pc.is_valid(batch["fault"])
            raw = pc.if_else(failed, pc.fill_null(batch["raw"], b""), batch["raw"])
            own |= {"reason": pc.if_else(failed, "failed", reasons), "raw": raw}
            file.write({**given, **own})


def shard(inputs: Mapping[str, Sequence[str]]) -> tuple[pa.Table, pa.RecordBatch]:
    """Give TEXTS without the texts, as base texts and as cleaned ones, the latter with run keys.

    Inputs: documents (TEXTS), and sketched (the documents of the search for copies, whose keys are
    run keys).
    """
    names = [name for name in TEXTS.names if name != "text"]
    base = spill.read(inputs["documents"][0], names).combine_chunks()
    keys = spill.read(inputs["sketched"][0], ["key"])["key"].combine_chunks()
    columns = {name: whole(base[name]) for name in names} | {"key": keys}
    return base, pa.RecordBatch.from_pydict(columns)
