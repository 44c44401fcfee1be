"""Records in and out: what a file holds, and how it is written back.

Every format has a module that cuts a file into pieces and reads them; where more is to be done than
to write new files, `*_write` writes records with new texts. A table of records knows by its
metadata which format it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from clean_corpus.config import Fields, Input, Output
from clean_corpus.formats import (
    delimited,
    delimited_write,
    folders,
    jsonl,
    jsonl_write,
    parquet,
    parquet_write,
    warc,
    writing,
)
from clean_corpus.formats.compression import compress
from clean_corpus.formats.records import CLEAN, PIECE, RECORDS, layout
from clean_corpus.spill import Bools
from clean_corpus.text import whole
from clean_corpus.units import Piece, Unit

__all__ = [
    "CLEAN",
    "IDS",
    "RECORDS",
    "Piece",
    "Unit",
    "as_objects",
    "assemble",
    "output_names",
    "pieces",
    "read",
    "render",
    "texts",
]

Objects: TypeAlias = "Callable[[pa.Table, pa.Array, pa.StructArray | None, str], list[bytes]]"

#: How to read a format: cut into pieces, read a piece.
_READ = {
    "jsonl": (jsonl.pieces, jsonl.read),
    "csv": (delimited.pieces, delimited.read),
    "tsv": (delimited.pieces, delimited.read),
    "parquet": (parquet.pieces, parquet.read),
    "txt": (folders.pieces, folders.read),
    "html": (folders.pieces, folders.read),
    "warc": (warc.pieces, warc.read),
    "wet": (warc.pieces, warc.read),
}
#: How records of a format become JSON objects.
_OBJECTS: dict[str, Objects] = {
    "jsonl": jsonl_write.objects,
    "csv": delimited_write.objects,
    "tsv": delimited_write.objects,
    "parquet": parquet_write.objects,
    "txt": folders.objects,
    "html": folders.objects,
    "warc": folders.objects,
    "wet": folders.objects,
}


#: The output of a run that writes no records.
IDS = "kept.jsonl"


def pieces(unit: Unit, options: Input, size: int = PIECE) -> Iterator[Piece]:
    """Cut a unit into pieces of about `size` bytes of text, one at least, reading it once.

    Lazy and sequential: for the process that makes the tasks. Raises InputError where a file
    cannot be read, MissingExtra where a package is needed, ConfigError for an impossible option.
    """
    for piece in _READ[unit.format][0](unit, options, size):
        # Workers may run in another folder.
        yield piece if piece.path == "-" else piece._replace(path=str(Path(piece.path).absolute()))


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the records of a piece in batches of about 4 MiB of text, one at least (RECORDS).

    `clean_field` is what will be added to them; without it they will not be written again, and what
    only a writer needs may be missing. A record that cannot be used is a row with `fault` and
    `raw`. Raises InputError where a whole file lacks the text, or was cleaned before.
    """
    return _READ[piece.format][1](piece, fields, options, clean_field)


def texts(
    piece: Piece, fields: Fields, options: Input, wanted: Bools
) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Read texts of a piece for the second time, where its batches say that it `lasts`.

    Gives those of each batch that holds a row that is wanted, and its first row; null is an empty
    text. `wanted` has a flag for each row of the piece. Raises InputError where the file has
    changed since the piece was cut.
    """
    return parquet.texts(piece, fields, options, wanted)


def as_objects(
    records: pa.Table,
    texts: pa.Array,
    clean: pa.StructArray | None = None,
    clean_field: str = "clean",
) -> list[bytes]:
    """Give each record of one piece as one line of JSON, with its new text and `clean` (CLEAN)."""
    objects = _OBJECTS[layout(records)["format"]]
    return [
        one.strip() for one in objects(records, whole(texts), clean and whole(clean), clean_field)
    ]


def render(
    records: pa.Table,
    texts: pa.ChunkedArray,
    clean: pa.ChunkedArray,
    output: Output,
    kept: pa.ChunkedArray,
) -> bytes:
    """Write the kept records of one piece as a part for `assemble`; the same bytes always.

    Every piece must be rendered, also when none of its records is kept: the first has the header.
    `texts` are the cleaned texts (large_string), `clean` has CLEAN, and `kept` flags, row by row.
    """
    facts = layout(records)
    name, mark = output.clean_field, output.mode == "mark"
    if facts["format"] == "jsonl" and not output.to:
        return compress(jsonl_write.render(records, texts, clean, kept, name), facts["compression"])
    records, texts, clean = (column.filter(kept) for column in (records, texts, clean))
    texts, clean = whole(texts), whole(clean)
    if output.to == "parquet":
        empty = pa.array([""] * len(texts), pa.large_string())
        wholes = as_objects(records, empty)
        return parquet_write.mapped(records, texts, clean, wholes, name, mark=mark)
    if output.to:
        lines = as_objects(records, texts, clean, name)
        return compress(_lines(lines), output.to.removeprefix("jsonl").removeprefix("."))
    match facts["format"]:
        case "csv" | "tsv":
            data = delimited_write.render(records, texts, clean, name, mark=mark)
            return compress(data, facts["compression"])
        case "parquet":
            return parquet_write.render(records, texts, clean, name, mark=mark)
        case "txt":
            return folders.render(records, texts, clean, name)
        case _:
            return _lines(as_objects(records, texts, clean, name))


def assemble(parts: Iterable[Path], target: Path, unit: Unit, output: Output) -> list[Path]:
    """Put the rendered parts of a unit together, in order, and give the files that were written.

    `target` is a file that is not there yet, or for `.txt` a folder; its side file is beside it.
    With `output.to` the parts may be those of several units, and ids always are. Constant memory.
    """
    if output.mode == "ids":
        return writing.join(parts, target)
    if output.to == "parquet" or (not output.to and unit.format == "parquet"):
        return writing.join_row_groups(parts, target)
    if unit.format == "txt" and not output.to:
        return writing.unpack(parts, target)
    return writing.join(parts, target)


def output_names(units: Sequence[Unit], output: Output) -> list[str]:
    """Give for each unit the path of its output below OUT: in `corpus/`, or one file for all."""
    if output.mode == "ids":
        return [IDS] * len(units)
    if output.to:
        return [f"corpus.{output.to}"] * len(units)
    return [f"corpus/{unit.output}" for unit in units]


def _lines(objects: Sequence[bytes]) -> bytes:
    return b"".join([line for one in objects for line in (one, b"\n")])
