"""The command `undo`: every base text from cleaned texts and edits alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import orjson

from clean_corpus import results, text
from clean_corpus.commands import console
from clean_corpus.errors import InputError, OutputError
from clean_corpus.results import Document
from clean_corpus.run import disk
from clean_corpus.text import Edit


def undo(out: Path, file: str | None) -> None:
    """Write one JSON line {"id", "text"} for each document of a run, to a file or to stdout.

    Raises InputError where `out` is not a run, or where its texts were changed after it.
    """
    results.summary(out)
    lines = (
        orjson.dumps({"id": id_, "text": base}, option=orjson.OPT_APPEND_NEWLINE)
        for id_, base in base_texts(out)
    )
    if not file:
        for line in lines:
            console.out(line)
        return
    try:
        target = Path(file).open("wb")  # noqa: SIM115
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}).") from error
    with disk.full_disk_is_an_error(Path(file)), target:
        target.writelines(lines)


def base_texts(out: Path) -> Iterator[tuple[str, str]]:
    """Give run key and base text of the documents that were kept, then of those removed.

    Both follow the input's order, as the edits do, so that nothing is held in memory but the ids
    of the removed.
    """
    marked = results.config(out).output.mode == "mark"
    gone = set() if marked else {document.id for document in results.removed(out)}
    edits = (group for group in results.edits(out) if group[0] not in gone)
    yield from _restored(results.kept(out), edits, out)
    if gone:
        edits = (group for group in results.edits(out) if group[0] in gone)
        yield from _restored(results.removed(out), edits, out)


def _restored(
    documents: Iterable[Document], edits: Iterator[tuple[str, list[Edit]]], out: Path
) -> Iterator[tuple[str, str]]:
    """Merge documents with their edits: a document that is not next among the edits has none."""
    next_id, group = next(edits, (None, []))
    for document in documents:
        if document.id == next_id:
            _check(document, group, out)
            yield document.id, text.undo(document.text, group)
            next_id, group = next(edits, (None, []))
        else:
            yield document.id, document.text
    if next_id is not None:
        raise InputError(
            f"{out / 'edits.jsonl'}: the edits of {next_id!r} fit no document. "
            "The outputs were changed after the run: run again with --fresh."
        )


def _check(document: Document, edits: Sequence[Edit], out: Path) -> None:
    """Raise InputError unless every replacement stands where the edits say."""
    grown = 0
    for edit in edits:
        if edit.action == "flag":
            continue
        start = edit.start + grown
        if document.text[start : start + len(edit.replacement)] != edit.replacement:
            raise InputError(
                f"{out}: the text of {document.id!r} was changed after the run: at character "
                f"{start} its edits expect {edit.replacement!r}. Run again with --fresh."
            )
        grown += len(edit.replacement) - (edit.end - edit.start)
