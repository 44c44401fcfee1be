"""Bare texts: what a run that does nothing but find copies holds of documents, and how it ends.

Nothing cleans them and no passages are looked for, so that base texts are cleaned texts; no record
is written again, so that nothing but the text need be held of it, and not even that where the few
texts that are wanted later can be read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config, formats, spill
from clean_corpus.config import Config
from clean_corpus.corpus import arrow, hashed
from clean_corpus.corpus.duplicates import sketch
from clean_corpus.corpus.keys import of_shard
from clean_corpus.formats.records import layout
from clean_corpus.stages import limits
from clean_corpus.stages.verdicts import UND
from clean_corpus.text import whole
from clean_corpus.units import Piece

#: One row a document, as in `ingest` and `clean`; without `text` where that can be read again.
TEXTS = pa.schema(
    [
        ("text", pa.large_string()),
        ("reason", pa.string()),
        ("stage", pa.string()),
        ("error", pa.string()),
        ("origin", pa.string()),
        ("raw", pa.large_binary()),
        ("language", pa.string()),
    ]
)

#: What is written of the search for copies.
FOR_COPIES = ("sketched", "bands")


def is_enough(options: Config) -> bool:
    """Tell whether nothing but a search for copies is asked for, and of these the ids alone."""
    dedup = options.dedup
    alone = dedup.passages == dedup.contained == "off"
    return (
        options.output.mode == "ids" and alone and not (options.stages or options.language.detect)
    )


class Again(NamedTuple):
    """What the texts of a shard were read from, and how."""

    piece: Piece
    fields: config.Fields
    input: config.Input


def texts(
    path: str, wanted: spill.Bools, again: Again | None
) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Do what `spill.texts` does, also with a shard that holds none: they are read again."""
    if again is None or "text" in spill.opened(path).schema.names:
        return spill.texts(path, wanted)
    return formats.texts(*again, wanted)


def write(
    records: Iterator[pa.RecordBatch],
    outputs: Mapping[str, str],
    options: Mapping[str, Any],
    *,
    hashing: bool,
) -> None:
    """Write TEXTS ("documents") of records, with the reason for which some leave, and FOR_COPIES.

    A batch is sketched while it is at hand, and its shingles are kept (`hashing`). Options: limits,
    language, sketch (`plan.sketching`).
    """
    limiting = config.from_json(config.Limits, options["limits"])
    asked = config.from_json(config.Language, options["language"])

    def written() -> Iterator[pa.RecordBatch]:
        for batch in chain([first], records):
            texts = pc.fill_null(batch["text"], "")
            languages = pa.repeat(UND, len(texts))
            failed = pc.is_valid(batch["fault"])
            reasons = limits.reasons(texts, languages, limiting, asked)
            own = {
                "text": texts,
                "reason": pc.if_else(failed, "failed", reasons),
                "stage": batch["stage"],
                "error": batch["fault"],
                "origin": batch["origin"],
                "raw": pc.if_else(failed, pc.fill_null(batch["raw"], b""), batch["raw"]),
                "language": languages,
            }
            file.write(own)
            own |= {name: batch[name] for name in ("key", "source", "date")}
            yield pa.RecordBatch.from_pydict({name: own[name] for name in sketch.COLUMNS})

    first = next(records)
    schema = TEXTS.remove(0) if layout(first).get("lasts") else TEXTS
    with arrow.writer(outputs["documents"], schema) as file:
        documents, bands = (outputs[name] for name in FOR_COPIES)
        made = {"documents": documents, "bands": bands}
        kept = hashed.beside(outputs["documents"]) if hashing else None
        sketch.write(written(), made, options["sketch"], kept)


def shard(
    inputs: Mapping[str, Sequence[str]], first: int
) -> tuple[pa.Table, pa.RecordBatch, pa.Array]:
    """Give a shard as base texts and as cleaned ones, both without texts, and their lengths.

    Inputs: documents (TEXTS), sketched (the documents of the search for copies) and occurrences.
    """
    names = [name for name in TEXTS.names if name != "text"]
    base = spill.read(inputs["documents"][0], names).combine_chunks()
    known = spill.read(inputs["sketched"][0], ["source", "length"]).combine_chunks()
    keys = of_shard(inputs["sketched"][0], first, inputs["occurrences"])
    columns = {name: whole(base[name]) for name in names} | {"key": keys}
    sources = whole(known["source"]).cast(pa.string())
    return (
        base.append_column("source", sources),
        pa.RecordBatch.from_pydict(columns),
        whole(known["length"]),
    )
