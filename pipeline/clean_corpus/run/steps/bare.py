"""Bare texts: what a run that does nothing but find copies holds of documents, and how it ends.

Nothing cleans them, so that base texts are cleaned texts; no record is written again, so that
nothing but the text need be held of it. Texts are not compressed: they are looked at in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config, spill
from clean_corpus.config import Config
from clean_corpus.corpus import arrow
from clean_corpus.stages import language, limits

#: One row a document, as in `ingest` and `clean`; `key` is provisional.
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
    ]
)


def is_enough(options: Config) -> bool:
    """Tell whether nothing but a search for copies is asked for, and of these the ids alone."""
    cut = options.dedup.passages == "remove"
    return options.output.mode == "ids" and not (options.stages or options.language.detect or cut)


def write(path: str, records: pa.Table, options: Mapping[str, Any]) -> None:
    """Write TEXTS of records, with the reason for which some leave. Options: limits, language."""
    limiting = config.Limits.model_validate(options["limits"])
    asked = config.Language.model_validate(options["language"])
    with arrow.writer(path, TEXTS) as file:
        for batch in records.to_batches():
            texts = pc.fill_null(batch["text"], "")
            said = language.no_answer(texts, asked)
            reasons = limits.reasons(texts, said, limiting, asked)
            given = {name: batch[name] for name in ("key", "source", "date", "stage", "origin")}
            own = {"text": texts, "error": batch["fault"], "language": said.labels}
            failed = pc.is_valid(batch["fault"])
            raw = pc.if_else(failed, pc.fill_null(batch["raw"], b""), batch["raw"])
            own |= {"reason": pc.if_else(failed, "failed", reasons), "raw": raw}
            file.write({**given, **own})


def shards(inputs: Mapping[str, Sequence[str]]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Give TEXTS batch by batch, as base texts and as cleaned ones, the latter with run keys.

    Inputs: documents (TEXTS), and sketched (the documents of the search for copies, whose keys are
    run keys).
    """
    keys = arrow.opened(inputs["sketched"][0], ["key"]).read_all()["key"].combine_chunks()
    first = 0
    for batch in spill.batches(inputs["documents"][0]):
        own = keys.slice(first, batch.num_rows)
        yield batch, batch.set_column(0, TEXTS.field("key"), own)
        first += batch.num_rows
