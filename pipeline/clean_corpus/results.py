"""Read back what a run has written: documents, edits and counts, from its folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus import formats, inputs
from clean_corpus.config import Config, Input, from_json
from clean_corpus.errors import InputError
from clean_corpus.formats.records import host
from clean_corpus.text import Edit
from clean_corpus.units import actual

#: What the side file of a folder of texts is called, behind the folder's name.
_SIDE = ".clean.jsonl"

#: A field name that no record has: outputs are read although they were cleaned before.
_NO_FIELD = "\0"

#: Megabytes that no record of an output has.
_LARGE = 1 << 20


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
    if not isinstance(found, dict) or "config" not in found:
        raise InputError(f"{path}: is not the summary of a run. Run again with --fresh.")
    return found


def config(out: Path) -> Config:
    """Give the configuration that a run was made with."""
    return from_json(Config, summary(out)["config"])


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a JSONL output; raise InputError naming the line that is not JSON."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Check the folder.") from error
    with file:
        for number, line in enumerate(file, 1):
            try:
                yield _parsed(line)
            except ValueError as error:
                raise InputError(
                    f"{path}:{number}: is not JSON ({error}). Run again with --fresh."
                ) from error


def _parsed(line: bytes) -> Any:
    """Parse JSON; that of users may hold half a surrogate pair, which orjson refuses."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)


def edits(out: Path) -> Iterator[tuple[str, list[Edit]]]:
    """Give the edits of each document that has some, in input order."""
    for id_, rows in groupby(lines(out / "edits.jsonl"), lambda row: row["id"]):
        yield id_, [edit(row) for row in rows]


#: The members of an edit, as a line of edits.jsonl has them.
_MEMBERS = ("start", "end", "text", "replacement", "class", "rule", "action")


def edit(row: Mapping[str, Any]) -> Edit:
    """Make an edit of a line of edits.jsonl."""
    return Edit(*(row[name] for name in _MEMBERS))


def kept(out: Path) -> Iterator[Document]:
    """Give the documents of the corpus, in input order."""
    found = summary(out)
    options = _with_texts(out)
    for name in [actual(name) for name in found.get("outputs", ())] or _outputs(out):
        path = out / name
        if path.is_dir():
            yield from _texts(path, options.output.clean_field)
        else:
            yield from _records(path, options)


def _with_texts(out: Path) -> Config:
    """Give the configuration of a run; raise InputError where it wrote no texts."""
    found = config(out)
    if found.output.mode == "ids":
        raise InputError(
            f"{out}: holds ids and no texts. Run again without output.mode = ids to see them."
        )
    return found


def _outputs(out: Path) -> list[str]:
    """Give the files and folders of the corpus by name."""
    single = sorted(out.glob("corpus.*"))
    paths = single or sorted((out / "corpus").iterdir())
    return [str(path.relative_to(out)) for path in paths if not path.name.endswith(_SIDE)]


def _texts(folder: Path, clean_field: str) -> Iterator[Document]:
    """Read a folder of texts by its side file."""
    for line in lines(folder.with_name(folder.name + _SIDE)):
        text = (folder / actual(line["file"])).read_bytes().decode()
        yield Document(line[clean_field]["id"], text, None, None)


def _records(path: Path, options: Config) -> Iterator[Document]:
    try:
        yield from _read(path, options, options.fields.text)
    except InputError:
        # What comes from pages and web archives has its text under the usual name.
        yield from _read(path, options, "text")


def _read(path: Path, options: Config, text: str) -> Iterator[Document]:
    (unit,) = inputs.units([str(path)])
    table = unit.format in ("csv", "tsv")
    id_ = f"{options.output.clean_field}{'_' if table else '.'}id"
    fields = options.fields._replace(id=id_, text=text)
    # Whatever the input was, the output is UTF-8.
    given = Input(encoding="utf-8", delimiter=options.input.delimiter, max_document_mb=_LARGE)
    for piece in formats.pieces(unit, given):
        for batch in formats.read(piece, fields, given, _NO_FIELD):
            columns = (batch[name].to_pylist() for name in ("id", "text", "source", "title"))
            for key, content, source, title in zip(*columns, strict=True):
                yield Document(key, content or "", source, title)


def removed(out: Path) -> Iterator[Document]:
    """Give the documents that left the corpus, in input order."""
    fields = _with_texts(out).fields
    for row in lines(out / "removed.jsonl"):
        record = row["record"]
        yield Document(
            row["id"],
            _text(_at(record, fields.text) or record.get("text")),
            _at(record, fields.source) or host(_at(record, fields.url) or ""),
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
    text = "\n\n".join(filter(None, value)) if isinstance(value, list) else value or ""
    # As at reading: half a surrogate pair is no character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
