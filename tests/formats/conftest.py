"""Read a whole unit and write it back, as a run does with its pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from clean_corpus import formats
from clean_corpus.config import Fields, Input, Output
from clean_corpus.formats.records import CLEAN, PIECE
from clean_corpus.inputs import units
from clean_corpus.units import Piece, Unit


class Trip(NamedTuple):
    """What reading a unit gave: its pieces, and one table of records for each."""

    unit: Unit
    pieces: list[Piece]
    tables: list[pa.Table]

    def rows(self, *names: str) -> list[Any]:
        """All rows as tuples of the named columns, or as single values of one."""
        rows = [row for table in self.tables for row in table.select(names).to_pylist()]
        return [tuple(row.values()) if len(names) > 1 else row[names[0]] for row in rows]

    def write(
        self,
        target: Path,
        change: Callable[[str | None], str | None] = lambda text: text,
        clean: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda row: {"id": row["id"]},
        **output: Any,
    ) -> list[Path]:
        """Write all usable records back, with texts changed and a `clean` object each."""
        options = Output(**output)
        parts = []
        for number, table in enumerate(self.tables):
            good = table.filter(pa.compute.is_null(table["fault"]))
            texts = [change(text) for text in good["text"].to_pylist()]
            objects = [clean(row) for row in good.select(["id", "origin"]).to_pylist()]
            part = target.with_name(f"{target.name}.{number}.part")
            columns = pa.array(texts, pa.large_string()), pa.array(objects, CLEAN)
            data = formats.render(
                good, *columns, options, pa.array([True] * len(texts), pa.bool_())
            )
            part.write_bytes(data)
            parts.append(part)
        written = formats.assemble(parts, target, self.unit, options)
        for part in parts:
            part.unlink()
        return written


@pytest.fixture
def trip() -> Callable[..., Trip]:
    """Read one unit; options of the configuration by section, and the size of pieces."""

    def read(
        *inputs: Path | str,
        size: int = PIECE,
        fields: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        clean_field: str = "clean",
    ) -> Trip:
        (unit,) = units([str(path) for path in inputs])
        given = Input(**(options or {}))
        cut = list(formats.pieces(unit, given, size))
        tables = [
            pa.Table.from_batches(formats.read(piece, Fields(**(fields or {})), given, clean_field))
            for piece in cut
        ]
        return Trip(unit, cut, tables)

    return read


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write a file from bytes, text or lines."""

    def write(name: str, content: bytes | str | Sequence[str]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes | str):
            content = "".join(f"{line}\n" for line in content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
