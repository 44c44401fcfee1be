"""CSV and TSV: quotes, delimiters, charsets, and columns that stay as they are."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus.errors import ConfigError, InputError
from clean_corpus.formats.delimited import quoted, unquoted
from clean_corpus.kernels.delimited import record_end, scan

Trip = Callable[..., Any]
File = Callable[..., Path]

CLEANED = (
    "clean_id,clean_language,clean_confidence,clean_dateline,clean_agency,clean_date,"
    "clean_byline,clean_tags,clean_site,clean_shared,clean_shared_with,clean_shared_since,"
    "clean_contained,clean_contained_share"
)


def cells(data: str, line_end: str = "\n") -> list[list[bytes]]:
    """The fields that the kernel finds, as what they mean."""
    raw = data.encode()
    grid = scan(np.frombuffer(raw, np.uint8), ord(","), ord(line_end))
    fields = [
        unquoted(raw[a:b]) for a, b in zip(grid.starts.tolist(), grid.stops.tolist(), strict=True)
    ]
    return [fields[a:b] for a, b in pairwise(grid.fields.tolist())]


@given(
    st.lists(
        st.lists(st.text(alphabet='aé",;\n\r ', max_size=5), min_size=2, max_size=4), max_size=4
    ),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_the_scanner_reads_what_csv_writes(
    rows: Sequence[Sequence[str]], quoting: Any, end: str
) -> None:
    if end == "\n":
        quoting = csv.QUOTE_ALL  # the writer leaves a stray carriage return bare
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator=end).writerows(rows)
    assert cells(out.getvalue(), end[-1]) == [[field.encode() for field in row] for row in rows]


@given(st.text(alphabet='ab",\n', max_size=12))
def test_the_scanner_agrees_with_csv_on_anything(data: str) -> None:
    expected = list(csv.reader(io.StringIO(data, newline="")))
    # An open quote at the end is closed by csv; here the cutter has set it aside before.
    raw = np.frombuffer(data.encode(), np.uint8)
    end, _ = record_end(raw, ord(","), 10, len(data), final=True)
    if end or not data:
        found = [[field.decode() for field in row] for row in cells(data)]
        assert [row for row in found if row != [""]] == [
            row for row in expected if row not in ([], [""])
        ]


@given(st.text(alphabet='ab",\n\r', max_size=12), st.integers(1, 12))
def test_record_ends_do_not_depend_on_what_follows(data: str, size: int) -> None:
    raw = np.frombuffer(data.encode(), np.uint8)
    whole, _ = record_end(raw, ord(","), 10, size, final=True)
    for length in range(len(data)):
        end, tail = record_end(raw[:length], ord(","), 10, size, final=False)
        assert end in (0, whole)
        assert tail <= length


@given(st.binary(max_size=20))
def test_quoting_can_be_undone(text: bytes) -> None:
    assert unquoted(quoted(text)) == text


def test_records_are_read(trip: Trip, file: File) -> None:
    path = file(
        "a.csv",
        'id,title,text,url\n1,"Ein ""Titel""","Zeile eins\nZeile zwei",http://www.a.org/x\n\n'
        "2,,unquoted text,\n3,t,,\n",
    )
    read = trip(path)
    assert read.rows("row", "id", "text") == [
        (2, "1", "Zeile eins\nZeile zwei"),
        (5, "2", "unquoted text"),
        (6, "3", ""),
    ]
    assert read.rows("origin")[1] == "a.csv:5"
    assert read.rows("title", "source") == [('Ein "Titel"', "a.org"), (None, None), ("t", None)]


def test_other_columns_stay_as_they_are(trip: Trip, file: File, tmp_path: Path) -> None:
    path = file(
        "a.csv",
        'id , text,"odd ""name"""\r\n 007 ,plain,"  x, y "\r\n1e5,"quoted ""so""",\'z\'\r\n8,"a",b',
    )
    (out,) = trip(path).write(
        tmp_path / "o.csv",
        change=lambda text: text.replace("so", "so, more"),
        clean=lambda row: {
            "id": row["id"],
            "language": "de",
            "confidence": 0.9876,
            "tags": ["#a", "#b"],
        },
    )
    added = b",de,0.9876,,,,,#a; #b,,,,,,\r\n"
    assert out.read_bytes() == (
        b'id , text,"odd ""name""",' + CLEANED.encode() + b"\r\n"
        b' 007 ,plain,"  x, y ",007'
        + added
        + b'1e5,"quoted ""so, more""",\'z\',1e5'
        + added
        + b'8,"a",b,8'
        + added
    )


def test_marks_have_columns_only_in_mark_mode(trip: Trip, file: File, tmp_path: Path) -> None:
    read = trip(file("a.csv", "text;n\nx;1\n"))
    (out,) = read.write(
        tmp_path / "o.csv",
        mode="mark",
        clean_field="c",
        clean=lambda _: {"id": "k;1", "removed": "empty", "jaccard": 0.5},
    )
    header, row = out.read_text().splitlines()
    assert header.startswith("text;n;c_id;")
    assert header.endswith(";c_contained_share;c_removed;c_keeper;c_jaccard;c_containment")
    assert row == 'x;1;"k;1";;;;;;;;;;;;;;empty;;0.5;'


@pytest.mark.parametrize(
    ("name", "header", "delimiter"),
    [
        ("a.csv", "id,text", ","),
        ("a.csv", "id;text", ";"),
        ("a.csv", "id\ttext", "\t"),
        ("a.csv", "id|text", "|"),
        ("a.csv", '"a,b,c";text', ";"),
        ("a.tsv", "id\ttext", "\t"),
        ("a.tsv", "a,b,c\ttext", "\t"),
        ("a.tsv", "id,text", ","),
        ("a.csv", "text", ","),
        ("a.csv", "sep=;\nid;text", ";"),
        ("a.csv", "\nid,text", ","),
    ],
)
def test_the_header_tells_the_delimiter(
    trip: Trip, file: File, name: str, header: str, delimiter: str
) -> None:
    row = "x" if header == "text" else f"1{delimiter}x"
    read = trip(file(name, f"{header}\n{row}\n"))
    assert read.pieces[0].delimiter == delimiter
    assert read.rows("row", "text") == [(header.count("\n") + 2, "x")]


def test_a_configured_delimiter(trip: Trip, file: File) -> None:
    path = file("a.csv", "a,b~text\n1,2~x\n")
    assert trip(path, options={"delimiter": "~"}).rows("text") == ["x"]
    with pytest.raises(ConfigError, match=r"input\.delimiter: '::' cannot stand between fields"):
        trip(path, options={"delimiter": "::"})


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("cp1252", "windows-1252"),
        ("cp1250", "windows-1250"),
    ],
)
@pytest.mark.parametrize("size", [1, 10**6])
def test_charsets_of_spreadsheets(
    trip: Trip, file: File, charset: str, name: str, size: int, tmp_path: Path
) -> None:
    text = {
        "cp1250": "Wczoraj strażacy ugasili pożar lasu, który wybuchł w pobliżu wioski.",
    }.get(charset, "L'été dernier, la forêt brûlée s'étendait jusqu'à la vallée voisine.")
    rows = f'id;text\r\n1;"{text}"\r\n2;"plain"\r\n'
    read = trip(file("a.csv", rows.encode(charset)), size=size)
    assert read.rows("text") == [text, "plain"]
    assert set(read.rows("encoding")) == {name}
    (out,) = read.write(tmp_path / "o.csv", clean=lambda _: {})
    mark = "\ufeff" if charset in ("utf-8-sig", "utf-16") else ""
    assert out.read_bytes().decode().startswith(f"{mark}id;text;clean_id")
    assert f'1;"{text}";;' in out.read_bytes().decode()


def test_a_configured_charset(trip: Trip, file: File) -> None:
    path = file("old/a.csv", 'text\n"привет"\n'.encode("koi8-r"))
    assert trip(path, options={"encodings": {"*.csv": "koi8-r"}}).rows("text") == ["привет"]
    late = file("b.csv", b"text\ncaf\xe9\n" + b"x\n" * 200_000 + b"\x81\n")
    with pytest.raises(InputError, match=r"b.csv: is not cp1252 as .* says \(byte 0x81\)"):
        trip(late, options={"encoding": "cp1252"})
    with pytest.raises(
        ConfigError, match=r"input\.encoding: 'cp99' is no charset that Python knows"
    ):
        trip(path, options={"encoding": "cp99"})


def test_damaged_rows_are_decoded_alone(trip: Trip, file: File) -> None:
    text = "Überall grüne Bäume und süße Äpfel"
    data = f"text;n\n{text};1\n".encode() + text.encode()[:-2] + b"\xc3;2\nende;3\n"
    read = trip(file("a.csv", data))
    assert read.rows("text")[1].endswith("\N{REPLACEMENT CHARACTER}")
    assert read.rows("text")[::2] == [text, "ende"]


def test_line_ends_of_old_macs_and_stray_ones(trip: Trip, file: File, tmp_path: Path) -> None:
    read = trip(file("a.csv", 'id,text\r1,"a\rb"\r2,c\r'))
    assert read.rows("row", "text") == [(2, "a\rb"), (4, "c")]
    (out,) = read.write(tmp_path / "o.csv", clean=lambda _: {})
    assert out.read_bytes().endswith(b"\r2,c,,,,,,,,,,,,,,\r")
    assert trip(file("b.csv", "id,text\n1,a\rb\n")).rows("text") == ["a\rb"]


def test_what_cannot_be_used_is_set_aside(trip: Trip, file: File) -> None:
    data = 'id,text\n1,a\n2,b,c\nonly\n4,"open quote\n5,fine\n'
    read = trip(file("a.csv", data))
    assert read.rows("row", "text", "fault", "raw") == [
        (2, "a", None, None),
        (
            3,
            None,
            "3 fields, where the header has 2; a quote or a delimiter may be missing",
            b"2,b,c\n",
        ),
        (
            4,
            None,
            "1 fields, where the header has 2; a quote or a delimiter may be missing",
            b"only\n",
        ),
        (5, None, "a quote that opens in this line is never closed", b'4,"open quote\n'),
        (6, "fine", None, None),
    ]


@pytest.mark.parametrize("size", [1, 60, 10**6])
def test_pieces_of_any_size_give_the_same(
    trip: Trip, file: File, size: int, tmp_path: Path
) -> None:
    rows = [f'{i},"Absatz {i}\nmit ""Anführung"", Komma{"x" * (i % 5)}"' for i in range(60)]
    data = "\r\n".join(["id,text", *rows]).encode()
    whole = trip(file("whole.csv", data))
    for name, content in (("a.csv", data), ("a.csv.gz", gzip.compress(data))):
        read = trip(file(name, content), size=size)
        assert read.rows("row", "id", "text") == whole.rows("row", "id", "text")
        assert read.rows("row")[-1] == 2 + 2 * 59
        (out,) = read.write(tmp_path / f"out-{name}")
        (plain,) = whole.write(tmp_path / "out.csv")
        written = out.read_bytes()
        assert (gzip.decompress(written) if name.endswith("gz") else written) == plain.read_bytes()
    with plain.open(newline="") as opened:
        assert [row["text"] for row in csv.DictReader(opened)] == whole.rows("text")


def test_a_huge_field_works_and_a_larger_one_is_set_aside(trip: Trip, file: File) -> None:
    large, larger = "x" * 900_000, "y" * 3_000_000
    data = f'n,text\n1,"{large}\n"\n2,"{larger}"\n3,"z"\n'
    read = trip(file("a.csv", data), options={"max_document_mb": 1})
    assert read.rows("text") == [f"{large}\n", None, "z"]
    assert read.rows("fault")[1].startswith("the record has 3,000,005 bytes, more than")


def test_an_empty_file_and_one_with_a_header_only(trip: Trip, file: File, tmp_path: Path) -> None:
    for name, content, expected in (
        ("a.csv", b"", b""),
        ("b.csv", b"id,text\n", b"id,text," + CLEANED.encode() + b"\n"),
    ):
        read = trip(file(name, content))
        assert (len(read.pieces), read.rows("row")) == (1, [])
        (out,) = read.write(tmp_path / f"out-{name}")
        assert out.read_bytes() == expected


def test_pages_add_a_text_column(trip: Trip, file: File, tmp_path: Path) -> None:
    read = trip(file("a.csv", 'id,html\n1,"<p>a</p>"\n2,\n'))
    assert read.rows("html", "text") == [(b"<p>a</p>", None), (None, None)]
    (out,) = read.write(
        tmp_path / "o.csv", change=lambda text: text or "", clean=lambda _: {"id": "k"}
    )
    assert out.read_text().splitlines() == [
        f"id,html,text,{CLEANED}",
        '1,"<p>a</p>","",k,,,,,,,,,,,,,',
        "2,,,k,,,,,,,,,,,,,",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "id,body\n1,a\n",
            "a.csv:1: no field 'text'. Fields here: id, body. Name the one",
        ),
        ("text,clean_id\n", "a.csv:1: there is a column 'clean_id' already."),
        ('id,"text\n1,a\n', "a.csv:1: the header line has no end; a quote in it may be open."),
    ],
)
def test_the_users_mistakes(trip: Trip, file: File, content: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        trip(file("a.csv", content))
    assert str(caught.value).startswith(message)


def test_as_objects_gives_whole_records(trip: Trip, file: File) -> None:
    import pyarrow as pa

    from clean_corpus import formats
    from clean_corpus.formats.records import CLEAN

    (table,) = trip(file("a.csv", 'id,text,n\n1,"a ""b""",007\n')).tables
    clean = pa.array([{"id": "1", "language": "de"}], CLEAN)
    assert formats.as_objects(table, table["text"], clean, "c") == [
        b'{"id":"1","text":"a \\"b\\"","n":"007","c":{"id":"1","language":"de"}}'
    ]
