"""Parquet: every column comes back in its type, and texts of every kind are read."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clean_corpus import formats, inputs
from clean_corpus.config import Config
from clean_corpus.errors import InputError
from clean_corpus.formats.records import CLEAN, layout
from clean_corpus.units import Piece

Trip = Callable[..., Any]

MOMENT = datetime.datetime(2024, 2, 29, 12, 30, 15, 250_000, datetime.UTC)
TABLE = pa.table(
    {
        "id": pa.array([11, 12, 13], pa.uint64()),
        "text": pa.array(["eins", None, "drei é"], pa.string()),
        "day": pa.array([datetime.date(2024, 2, 29)] * 3, pa.date32()),
        "moment": pa.array([MOMENT, None, MOMENT], pa.timestamp("ns", "Europe/Paris")),
        "price": pa.array([decimal.Decimal("1.50")] * 3, pa.decimal128(9, 2)),
        "blob": pa.array([b"\xff\x00", b"", None], pa.binary()),
        "tags": pa.array([["a", None], None, []], pa.list_(pa.string())),
        "meta": pa.array([{"n": 1, "t": [MOMENT]}, None, {"n": None, "t": None}]),
        "pairs": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int8())),
        "kind": pa.array(["x", "y", None]).dictionary_encode(),
        "url": pa.array(["https://www.a.org/1", None, "b.org"]),
    },
    metadata={"origin": "invented"},
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(table: pa.Table, name: str = "a.parquet", **options: Any) -> Path:
        path = tmp_path / name
        pq.write_table(table, path, **options)
        return path

    return written


def test_records_are_read(trip: Trip, write: Callable[..., Path]) -> None:
    read = trip(write(TABLE))
    assert read.rows("row", "id", "text") == [
        (1, "11", "eins"),
        (2, "12", None),
        (3, "13", "drei é"),
    ]
    assert read.rows("origin")[2] == "a.parquet:3"
    assert read.rows("source") == ["a.org", None, "b.org"]
    dated = trip(write(TABLE), fields={"date": "moment", "title": "day"})
    assert dated.rows("date", "title")[0] == ("2024-02-29T12:30:15Z", "2024-02-29")


def test_every_column_comes_back_in_its_type(
    trip: Trip, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write(TABLE, compression="zstd")
    read = trip(path)
    (out,) = read.write(
        tmp_path / "o.parquet",
        change=lambda text: text and f"{text}!",
        clean=lambda row: {"id": row["id"], "confidence": 0.5, "tags": ["#a"]},
    )
    original, written = pq.read_table(path), pq.read_table(out)
    assert written.schema.metadata == original.schema.metadata
    for field in original.schema:
        assert written.schema.field(field.name) == field
        if field.name != "text":
            assert written[field.name] == original[field.name]
    assert written["text"].to_pylist() == ["eins!", None, "drei é!"]
    clean = written["clean"].to_pylist()[0]
    assert (clean["id"], clean["confidence"], clean["tags"]) == ("11", 0.5, ["#a"])
    assert "removed" not in clean
    assert pq.ParquetFile(out).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()],
)
def test_text_columns_keep_their_type(
    trip: Trip, write: Callable[..., Path], tmp_path: Path, kind: pa.DataType
) -> None:
    table = pa.table({"text": pa.array(["a", None, ""]).cast(kind), "n": [1, 2, 3]})
    read = trip(write(table))
    assert read.rows("text") == ["a", None, ""]
    (out,) = read.write(tmp_path / "o.parquet", change=lambda text: text and "new")
    assert pq.read_table(out)["text"].cast(pa.string()).to_pylist() == ["new", None, ""]
    assert (
        pq.read_schema(out).field("text").type
        == pq.read_schema(tmp_path / "a.parquet").field("text").type
    )


def test_dictionaries_and_charsets(trip: Trip, write: Callable[..., Path], tmp_path: Path) -> None:
    table = pa.table({"text": pa.array(["a", "b", "a", None]).dictionary_encode()})
    (out,) = trip(write(table)).write(tmp_path / "o.parquet", change=lambda text: text and text * 2)
    assert pq.read_table(out)["text"].to_pylist() == ["aa", "bb", "aa", None]
    french = "L'été dernier, la forêt brûlée s'étendait jusqu'à la vallée."
    odd = pa.table({"text": pa.array([french.encode("cp1252"), french.encode()])})
    read = trip(write(odd))
    assert read.rows("text", "encoding") == [(french, "windows-1252 (in doubt)"), (french, "utf-8")]
    unchecked = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\x03\0\0\0"), pa.py_buffer(b"it\x92")]
    )
    assert trip(write(pa.table({"text": unchecked}))).rows("text") == ["it’"]


def test_lists_of_paragraphs_stay_lists(
    trip: Trip, write: Callable[..., Path], tmp_path: Path
) -> None:
    lists = [["a", "b\n\nc"], ["x", None, "y"], [], None, ["z"]]
    for kind in (pa.list_(pa.string()), pa.large_list(pa.large_string())):
        read = trip(write(pa.table({"text": pa.array(lists, kind)})))
        assert read.rows("text") == ["a\n\nb\n\nc", "x\n\ny", "", None, "z"]
        assert read.rows("paragraphs") == [True] * 5
        (out,) = read.write(
            tmp_path / "o.parquet", change=lambda text: "p\n\nq" if text == "z" else text
        )
        written = pq.read_table(out)["text"]
        assert written.type == kind
        assert written.to_pylist() == [*lists[:4], ["p", "q"]]


def test_texts_inside_structs(trip: Trip, write: Callable[..., Path], tmp_path: Path) -> None:
    table = pa.table({"doc": pa.array([{"n": 1, "body": "a"}, None, {"n": 2, "body": None}])})
    read = trip(write(table), fields={"text": "doc.body", "id": "doc.n"})
    assert read.rows("id", "text") == [("1", "a"), (None, None), ("2", None)]
    (out,) = read.write(tmp_path / "o.parquet", change=lambda text: text and "neu")
    written = pq.read_table(out)["doc"].to_pylist()
    assert written == [{"n": 1, "body": "neu"}, None, {"n": 2, "body": None}]
    flat = pa.table({"doc.body": ["flach"], "doc": pa.array([{"body": "tief"}])})
    assert trip(write(flat), fields={"text": "doc.body"}).rows("text") == ["flach"]


def test_pages(trip: Trip, write: Callable[..., Path], tmp_path: Path) -> None:
    page = b'<meta charset="cp1251"><p>x'
    read = trip(write(pa.table({"html": [page, b""], "n": [1, 2]})))
    assert read.rows("html", "charset", "text") == [(page, "cp1251", None), (None, None, None)]
    (out,) = read.write(tmp_path / "o.parquet", change=lambda _: "neu")
    assert pq.read_table(out).select(["html", "text"]).to_pylist()[0] == {
        "html": page,
        "text": "neu",
    }


@pytest.mark.parametrize("size", [1, 1000, 10**9])
@pytest.mark.parametrize("rows", [7, 1000])
def test_pieces_of_any_size_give_the_same(
    trip: Trip, write: Callable[..., Path], tmp_path: Path, size: int, rows: int
) -> None:
    table = pa.table(
        {
            "id": range(60),
            "text": [f"Text {i} {i * i}" for i in range(60)],
        }
    )
    path = write(table, row_group_size=rows)
    read = trip(path, size=size)
    assert read.rows("row") == list(range(1, 61))
    assert read.rows("text") == table["text"].to_pylist()
    assert (len(read.pieces) == 1) == (size > 10**6 or (rows, size) == (1000, 1000))
    assert len({piece.digest for piece in read.pieces}) == len(read.pieces)
    (out,) = read.write(tmp_path / "o.parquet")
    assert pq.read_table(out).select(["id", "text"]) == table
    (again,) = trip(path, size=size).write(tmp_path / "again.parquet")
    assert out.read_bytes() == again.read_bytes()


def test_an_empty_table(trip: Trip, write: Callable[..., Path], tmp_path: Path) -> None:
    read = trip(write(TABLE.slice(0, 0)))
    assert (len(read.pieces), read.rows("row")) == (1, [])
    (out,) = read.write(tmp_path / "o.parquet")
    assert pq.read_schema(out).names == [*TABLE.column_names, "clean"]


def test_a_text_too_large_is_set_aside(trip: Trip, write: Callable[..., Path]) -> None:
    read = trip(write(pa.table({"text": ["é" * 600_000, "b"]})), options={"max_document_mb": 1})
    assert read.rows("text") == [None, "b"]
    fault, raw = read.rows("fault", "raw")[0]
    assert fault.startswith("the record has 1,200,000 bytes, more than")
    assert raw == "é".encode() * 2048


def again(piece: Piece, rows: int, wanted: Sequence[int]) -> dict[int, str]:
    """Read texts for the second time; give all of the batches that hold some that are wanted."""
    flags = np.zeros(rows, bool)
    flags[list(wanted)] = True
    batches = formats.texts(piece, Config().fields, Config().input, flags)
    return {
        row: text for first, texts in batches for row, text in enumerate(texts.to_pylist(), first)
    }


@pytest.mark.parametrize(
    "texts",
    [
        pa.array([None, *"bcdefgh"]),
        pa.array([[name, None, name] for name in "abcdefgh"]),
        pa.array([b"caf\xe9", *[name.encode() for name in "bcdefgh"]]),
        pa.array([*"aabbccdd"]).dictionary_encode(),
    ],
    ids=["strings", "paragraphs", "bytes", "dictionary"],
)
def test_texts_are_read_again_as_before(write: Callable[..., Path], texts: pa.Array) -> None:
    path = write(pa.table({"id": range(8), "text": texts}), row_group_size=2)
    unit = inputs.look([str(path)]).units[0]
    fields, options = Config().fields, Config().input
    for size in (100, 10_000):
        for piece in formats.pieces(unit, options, size):
            batches = list(formats.read(piece, fields, options, ""))
            assert all(layout(batch)["lasts"] for batch in batches)
            known = [text or "" for batch in batches for text in batch["text"].to_pylist()]
            assert again(piece, len(known), range(len(known))) == dict(enumerate(known))
            # Only the row group of what is wanted is looked at.
            some = again(piece, len(known), [len(known) - 1])
            assert len(some) <= 2
            assert some.items() <= dict(enumerate(known)).items()
            assert not again(piece, len(known), [])


def test_values_that_a_dictionary_repeats_are_read_in_small_batches(
    write: Callable[..., Path],
) -> None:
    long = pa.array(["a" * 300_000, "b" * 200_000])
    path = write(pa.table({"text": long.take(pa.array([0, 1] * 200)), "id": [*range(400)]}))
    assert path.stat().st_size < 100_000
    (unit,) = inputs.look([str(path)]).units
    pieces = list(formats.pieces(unit, Config().input))
    assert len(pieces) > 4, "of 100 MB"
    rows = 0
    for piece in pieces:
        for batch in formats.read(piece, Config().fields, Config().input, "clean"):
            assert batch.nbytes < 9 << 20
            rows += batch.num_rows
    assert rows == 400
    (piece,) = formats.pieces(unit, Config().input, 1 << 30)
    for _, texts in formats.texts(piece, Config().fields, Config().input, np.ones(400, bool)):
        assert texts.nbytes < 5 << 20


def test_pages_cannot_be_read_again(write: Callable[..., Path]) -> None:
    path = write(pa.table({"text": [None, "b"], "html": ["<p>a</p>", None]}))
    unit = inputs.look([str(path)]).units[0]
    (piece,) = formats.pieces(unit, Config().input)
    (batch,) = formats.read(piece, Config().fields, Config().input, "")
    assert not layout(batch)["lasts"]


def test_a_file_that_has_changed_is_not_read_again(write: Callable[..., Path]) -> None:
    table = pa.table({"text": [*"abcdefgh"]})
    path = write(table, row_group_size=2)
    unit = inputs.look([str(path)]).units[0]
    pieces = list(formats.pieces(unit, Config().input, 100))
    assert again(pieces[-1], 2, [1])
    os.utime(path)
    assert again(pieces[-1], 2, [1]), "it holds the same"
    write(pa.table({"text": [*"abcdefgH"]}), row_group_size=2)
    assert again(pieces[0], 2, [1]), "nor has all changed"
    with pytest.raises(InputError, match=r"a\.parquet: changed while it was in use\. Run again"):
        list(formats.read(pieces[-1], Config().fields, Config().input, "clean"))
    with pytest.raises(InputError, match=r"a\.parquet: changed while it was in use\. Run again"):
        again(pieces[-1], 2, [1])
    write(table.slice(0, 2))
    with pytest.raises(InputError, match="changed while it was in use"):
        again(pieces[-1], 2, [1])
    path.unlink()
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read"):
        again(pieces[-1], 2, [1])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"body": ["a"], "doc": pa.array([{"x": 1}])},
            "a.parquet: no field 'text'. Fields here: body, doc.x. Name the one",
        ),
        ({"text": [1]}, "a.parquet: the column 'text' is int64, no text. Set fields.text."),
        ({"text": ["a"], "clean": [1]}, "a.parquet: there is a column 'clean' already."),
    ],
)
def test_the_users_mistakes(
    trip: Trip, write: Callable[..., Path], table: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        trip(write(pa.table(table)))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("names", [["text", "text"], ["text", "x", "x"]])
def test_two_columns_of_one_name_are_refused(
    trip: Trip, write: Callable[..., Path], names: list[str]
) -> None:
    table = pa.Table.from_arrays([pa.array(["a"])] * len(names), names)
    with pytest.raises(InputError, match=f"a.parquet: there is more than one column '{names[-1]}'"):
        trip(write(table))


def test_a_damaged_file_is_one_sentence(trip: Trip, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read as Parquet"):
        trip(tmp_path / "a.parquet")


def test_as_objects_gives_whole_records(trip: Trip, write: Callable[..., Path]) -> None:
    (table,) = trip(write(TABLE)).tables
    clean = pa.array([{"id": str(i)} for i in range(3)], CLEAN)
    texts = pa.array(["neu", "", "drei é"], pa.large_string())
    first, second, _ = map(json.loads, formats.as_objects(table, texts, clean))
    assert first == {
        "id": 11,
        "text": "neu",
        "day": "2024-02-29",
        "moment": "2024-02-29T12:30:15.250000+00:00",
        "price": "1.50",
        "blob": "/wA=",
        "tags": ["a", None],
        "meta": {"n": 1, "t": ["2024-02-29T12:30:15.250000+00:00"]},
        "pairs": [["k", 1]],
        "kind": "x",
        "url": "https://www.a.org/1",
        "clean": {"id": "0"},
    }
    assert second["text"] is None


def test_any_format_to_parquet(trip: Trip, write: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(
        '{"text": "a", "n": 123456789012345678901234, "title": "t"}\n'
    )
    (tmp_path / "c.csv").write_text("text,n\nx,007\n")
    outputs = []
    for path in (tmp_path / "b.jsonl", tmp_path / "c.csv", write(TABLE)):
        (out,) = trip(path).write(tmp_path / "o", change=lambda _: "neu", to="parquet")
        outputs.append(pq.read_table(out))
    rows = pa.concat_tables(outputs).to_pylist()
    assert [row["text"] for row in rows] == ["neu"] * 5
    assert rows[0]["title"] == "t"
    assert rows[0]["record"] == '{"text": "", "n": 123456789012345678901234, "title": "t"}'
    assert json.loads(rows[1]["record"]) == {"text": "", "n": "007"}
    assert rows[2]["clean"]["id"] == "11"
