"""Read back what a run has written: documents, edits and counts, from its folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus.config import Config
from clean_corpus.errors import InputError
from clean_corpus.text import Edit


class Document(NamedTuple):
    """A document as a run has left it: its run key, its cleaned text, and what became of it.

    `reason` is empty for a document that was kept; `keeper` is the one it is a copy of.
    """

    id: str
    text: str
    source: str | None
    title: str | None
    reason: str = ""
    origin: str = ""
    keeper: str | None = None
    jaccard: float | None = None
    containment: float | None = None


def summary(out: Path) -> dict[str, Any]:
    """Read summary.json; raise InputError where `out` is not what a run has written."""
    path = out / "summary.json"
    try:
        found: dict[str, Any] = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{out}: is not the output of a finished run (no summary.json). "
            "Name the folder that `run -o` was given."
        ) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: is not JSON ({error}). Run again with --fresh.") from error
    return found


def config(out: Path) -> Config:
    """Give the configuration that a run was made with."""
    return Config.model_validate(summary(out)["config"])


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a JSONL output; raise InputError naming the line that is not JSON."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}). Run again with --fresh."
        ) from error
    with file:
        for number, line in enumerate(file, 1):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise InputError(
                    f"{path}:{number}: is not JSON ({error}). Run again with --fresh."
                ) from error


def edits(out: Path) -> Iterator[tuple[str, list[Edit]]]:
    """Give the edits of each document that has some, in input order."""
    for id_, rows in groupby(lines(out / "edits.jsonl"), lambda row: row["id"]):
        yield id_, [_edit(row) for row in rows]


def _edit(row: dict[str, Any]) -> Edit:
    return Edit(
        row["start"],
        row["end"],
        row["text"],
        row["replacement"],
        row["class"],
        row["rule"],
        row["action"],
    )


def removed(out: Path) -> Iterator[Document]:
    """Give the documents that left the corpus, in input order."""
    fields = config(out).fields
    for row in lines(out / "removed.jsonl"):
        record = row["record"]
        yield Document(
            row["id"],
            _text(_at(record, fields.text)),
            _at(record, fields.source),
            _at(record, fields.title),
            row["reason"],
            row["origin"],
            row.get("keeper"),
            row.get("jaccard"),
            row.get("containment"),
        )


def _at(record: Any, path: str) -> Any:
    """Follow a dotted path; a key that has the dots in its name comes first."""
    if isinstance(record, dict) and path in record:
        return record[path]
    for part in path.split("."):
        if not isinstance(record, dict):
            return None
        record = record.get(part)
    return record


def _text(value: Any) -> str:
    return "\n\n".join(value) if isinstance(value, list) else value or ""


def kept(out: Path) -> Iterator[Document]:
    """Give the documents of the corpus, in input order."""
    options = config(out)
    fields = options.fields
    for path in sorted((out / "corpus").iterdir()):
        for record in lines(path):
            clean = record[options.output.clean_field]
            yield Document(
                clean["id"],
                _text(_at(record, fields.text)),
                _at(record, fields.source),
                _at(record, fields.title),
            )
