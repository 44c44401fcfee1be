"""JSON Lines: what is read, and that nothing else of a record ever changes."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from clean_corpus import formats, inputs
from clean_corpus.config import Fields, Input
from clean_corpus.errors import InputError
from clean_corpus.formats.compression import blocks
from clean_corpus.formats.records import host

Trip = Callable[..., Any]
File = Callable[..., Path]

LINES = [
    '{"id": "a1", "text": "Erste Zeile\\nzweite", "url": "https://www.Beispiel.org:80/x"}',
    '{ "id" : 123456789012345678901234 , "text" : "caf\\u00e9 \\/ \\ud83d\\ude00" , "n" : 1.50 }',
    "",
    '{"text": "one", "id": "dup", "text": "two", "extra": [1, {"text": "inner"}], "id": "last"}',
    '{"text": ["Absatz eins", "Absatz zwei\\n\\nmit Leerzeile"], "id": -0}',
    '{"text": null, "id": true, "title": "Kein Text"}',
    '{"id": "bare"}',
    '{"te\\u0078t": "escaped key", "id": 1e3}',
    '{"text": "", "source": "quelle", "date": 20240101}',
    '{"text": "lone \\ud800 surrogate", "x": NaN}\r',
    "{}",
]


def test_stdin(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "a"}\n{"text": "b"}')))
    read = trip("-", size=1)
    assert read.rows("origin", "text") == [("stdin:1", "a"), ("stdin:2", "b")]
    assert read.unit.output == "stdin.jsonl"


def test_records_are_read(trip: Trip, file: File) -> None:
    read = trip(file("a.jsonl", LINES))
    assert read.rows("row") == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert read.rows("origin")[2] == "a.jsonl:4"
    assert read.rows("id") == [
        *("a1", "123456789012345678901234", "last", "-0", None),
        *("bare", "1e3", None, None, None),
    ]
    assert read.rows("text") == [
        "Erste Zeile\nzweite",
        "café / 😀",
        "two",
        "Absatz eins\n\nAbsatz zwei\n\nmit Leerzeile",
        None,
        None,
        "escaped key",
        "",
        "lone \N{REPLACEMENT CHARACTER} surrogate",
        None,
    ]
    assert read.rows("paragraphs") == [i == 3 for i in range(10)]
    assert read.rows("source") == ["beispiel.org", *[None] * 6, "quelle", None, None]
    assert read.rows("date")[7] == "20240101"
    assert read.rows("fault") == [None] * 10
    assert set(read.rows("encoding")) == {"utf-8"}


def test_untouched_records_keep_every_byte(trip: Trip, file: File, tmp_path: Path) -> None:
    read = trip(file("a.jsonl", LINES))
    (out,) = read.write(tmp_path / "out.jsonl")
    for before, after in zip(
        [line for line in LINES if line], out.read_bytes().decode().split("\n"), strict=False
    ):
        mark = after.rindex('"clean":')
        assert after[mark:].rstrip("\r").endswith("}}")
        without = after[:mark].removesuffix(",") + after[after.index("}", mark) + 1 :]
        assert without == before


@pytest.mark.parametrize(
    ("name", "content"), [("a.jsonl", '{"text": "A"}\n' * 9), ("a.csv", "text\n" + "A\n" * 30)]
)
@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_file_that_changes_once_it_is_cut_is_not_read(
    file: File, name: str, content: str, seconds: float
) -> None:
    path = file(name, content)
    time.sleep(seconds)  # a state so fresh says nothing
    pieces = list(formats.pieces(inputs.units([str(path)])[0], Input(), 20))
    read = [formats.read(piece, Fields(), Input(), "clean") for piece in pieces]
    file(name, content.replace("A", "B"))
    with pytest.raises(InputError, match=f"{name}: changed while it was in use. Run again when"):
        list(read[0])
    file(name, content)
    assert list(read[1]), "it holds the same"


def test_a_changed_text_is_spliced_in(trip: Trip, file: File, tmp_path: Path) -> None:
    read = trip(file("a.jsonl", LINES[:5]))
    (out,) = read.write(
        tmp_path / "out.jsonl", change=lambda text: f"{text}!", clean=lambda _: {"site": "x"}
    )
    added = ',"clean":{"site":"x"}}'
    assert out.read_bytes().decode().splitlines() == [
        '{"id": "a1", "text": "Erste Zeile\\nzweite!", "url": "https://www.Beispiel.org:80/x"'
        + added,
        '{ "id" : 123456789012345678901234 , "text" : "café / 😀!" , "n" : 1.50 ' + added,
        '{"text": "one", "id": "dup", "text": "two!", "extra": [1, {"text": "inner"}], "id": "last"'
        + added,
        '{"text": ["Absatz eins","Absatz zwei","mit Leerzeile!"], "id": -0' + added,
    ]


def test_nested_and_html_fields(trip: Trip, file: File, tmp_path: Path) -> None:
    path = file(
        "a.jsonl",
        [
            '{"article": {"body": "tief", "x": 1}, "article.body": "flach"}',
            '{"article": {"x": 1, "body": "tief"}}',
            '{"page": "<p>Seite &amp; mehr</p>", "article": {"body": null}}',
            '{"page": "<p>ä</p>" }',
        ],
    )
    read = trip(path, fields={"text": "article.body", "html": "page"})
    assert read.rows("text") == ["flach", "tief", None, None]
    assert read.rows("html") == [None, None, b"<p>Seite &amp; mehr</p>", "<p>ä</p>".encode()]
    assert read.rows("charset") == [None, None, "utf-8", "utf-8"]
    (out,) = read.write(
        tmp_path / "out.jsonl", change=lambda text: text or "neu", clean=lambda _: {"id": "k"}
    )
    assert out.read_bytes().decode().splitlines() == [
        '{"article": {"body": "tief", "x": 1}, "article.body": "flach","clean":{"id":"k"}}',
        '{"article": {"x": 1, "body": "tief"},"clean":{"id":"k"}}',
        '{"page": "<p>Seite &amp; mehr</p>", "article": {"body": "neu"},"clean":{"id":"k"}}',
        '{"page": "<p>ä</p>" ,"article.body":"neu","clean":{"id":"k"}}',
    ]


def test_what_cannot_be_used_is_set_aside(trip: Trip, file: File) -> None:
    bad = [
        ('{"text": "offen', "not JSON: Unterminated string starting, at character 10"),
        ('{"text": "a"} x', "not JSON: Extra data, at character 15"),
        ('["a"]', "not a JSON object"),
        ("12", "not a JSON object"),
        ("\0\1 noise", "not JSON: Expecting value, at character 1"),
        ("\0\0\0", "not JSON: Expecting value, at character 1"),
        ('{"text": 12}', "the text is a number, where a string or a list of strings should be"),
        ('{"text": ["a", 1]}', "the text is a list that holds other things than strings"),
        ('{"text": {"de": "a"}}', "the text is an object"),
        ('{"text": "a", "clean": {}}', "the record has a field 'clean' already"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "nested too deeply"),
        ('{"text": "tab\there"}', "not JSON: Invalid control character"),
    ]
    read = trip(file("a.jsonl", ['{"text": "gut"}', *(line for line, _ in bad)]))
    faults = read.rows("fault", "raw", "text")[1:]
    for (line, why), (fault, raw, text) in zip(bad, faults, strict=True):
        assert fault.startswith(why), fault
        assert raw == line.encode()
        assert text is None


def test_bytes_that_are_no_utf8_are_decoded_line_by_line(trip: Trip, file: File) -> None:
    french = "L'été dernier, la forêt brûlée s'étendait jusqu'à la vallée voisine."
    lines = [f'{{"text": "{french}"}}'.encode(charset) for charset in ("utf-8", "cp1252")]
    cut = '{"text": "Überall grüne Bäume und süße Äpfel'.encode() + b'\xc3"}'
    read = trip(file("a.jsonl", b"\n".join([*lines, cut])))
    assert read.rows("text") == [
        french,
        french,
        "Überall grüne Bäume und süße Äpfel\N{REPLACEMENT CHARACTER}",
    ]
    assert read.rows("encoding") == ["utf-8", "windows-1252 (in doubt)", "utf-8 (in doubt)"]


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_marks_and_wide_charsets(trip: Trip, file: File, charset: str, tmp_path: Path) -> None:
    lines = ['{"text": "erste – Zeile"}', "", '{"text": "zweite"}']
    read = trip(file("a.jsonl", "\r\n".join(lines).encode(charset)))
    assert read.rows("row", "text") == [(1, "erste – Zeile"), (3, "zweite")]
    (out,) = read.write(tmp_path / "o.jsonl", clean=lambda _: {"id": "k"})
    assert out.read_bytes().decode() == (
        '{"text": "erste – Zeile","clean":{"id":"k"}}\r\n{"text": "zweite","clean":{"id":"k"}}\n'
    )


def test_a_mark_in_the_middle_of_joined_files(trip: Trip, file: File) -> None:
    read = trip(file("a.jsonl", '{"text": "a"}\n\ufeff{"text": "b"}\n'))
    assert read.rows("text") == ["a", "b"]


def compressed(data: bytes, kind: str) -> bytes:
    """Two members or frames, of which the first ends inside a line."""
    half = len(data) // 2
    if kind == "zst":
        engine = zstandard.ZstdCompressor()
        return engine.compress(data[:half]) + engine.compress(data[half:])
    return gzip.compress(data[:half]) + gzip.compress(data[half:]) if kind else data


@pytest.mark.parametrize("kind", ["", "gz", "zst"])
@pytest.mark.parametrize("size", [1, 100, 1000, 10**6])
def test_pieces_of_any_size_give_the_same(
    trip: Trip, file: File, kind: str, size: int, tmp_path: Path
) -> None:
    lines = [f'{{"id": {i}, "text": "Absatz {i} é{"x" * (i % 7)}"}}' for i in range(150)]
    lines[40:40] = ["", "kaputt"]
    data = "\n".join(lines).encode()
    name = "a.jsonl" + (kind and f".{kind}")
    whole = trip(file("whole.jsonl", data))
    read = trip(file(name, compressed(data, kind)), size=size)
    longest = max(len(line.encode()) for line in lines)
    sizes = [piece.stop - piece.start for piece in read.pieces]
    assert sum(sizes) == len(data)
    assert all(size <= one <= size + longest for one in sizes[:-1])
    assert read.rows("row", "id", "text", "fault") == whole.rows("row", "id", "text", "fault")
    assert read.rows("origin")[-1] == f"{name}:152"
    assert [piece.first for piece in read.pieces] == [True, *[False] * (len(read.pieces) - 1)]
    assert len({piece.digest for piece in read.pieces}) == len(read.pieces)
    assert all((piece.payload is None) == (kind == "") for piece in read.pieces)
    again = trip(tmp_path / name, size=size)
    assert [piece.digest for piece in again.pieces] == [piece.digest for piece in read.pieces]
    (out,) = read.write(tmp_path / f"out.{name}")
    (plain,) = whole.write(tmp_path / "out.jsonl")
    assert opened(out.read_bytes(), kind) == plain.read_bytes()


def opened(data: bytes, kind: str) -> bytes:
    if kind == "zst":
        engine = zstandard.ZstdDecompressor()
        with engine.stream_reader(data, read_across_frames=True) as reader:
            return bytes(reader.read())
    return gzip.decompress(data) if kind else data


def test_a_huge_line_works_and_a_larger_one_is_set_aside(trip: Trip, file: File) -> None:
    large, larger = "x" * (1 << 20), "y" * (5 << 19)
    lines = [
        '{"text": "a"}',
        f'{{"text": "{large[:-20]}"}}',
        f'{{"text": "{larger}"}}',
        '{"text": "b"}',
    ]
    for kind in ("", ".gz"):
        data = "\n".join(lines).encode()
        path = file(f"a.jsonl{kind}", gzip.compress(data) if kind else data)
        for size in (1000, 1 << 24):
            read = trip(path, size=size, options={"max_document_mb": 1})
            assert read.rows("row") == [1, 2, 3, 4]
            assert read.rows("text") == ["a", large[:-20], None, "b"]
            fault, raw = read.rows("fault", "raw")[2]
            assert fault.startswith(f"the record has {len(lines[2]):,} bytes, more than")
            assert raw == lines[2][:4096].encode()


def test_an_empty_file_has_one_piece_and_an_empty_output(
    trip: Trip, file: File, tmp_path: Path
) -> None:
    for name, data in (("a.jsonl", b""), ("b.jsonl.gz", gzip.compress(b""))):
        read = trip(file(name, data))
        assert len(read.pieces) == 1
        assert read.rows("row") == []
        (out,) = read.write(tmp_path / f"out-{name}")
        assert opened(out.read_bytes(), name[8:]) == b""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '{"title": "t", "body": "b", "meta": {"url": "u"}}\n' * 3,
            "a.jsonl:1: no field 'text'. Fields here: title, body, meta.url. Name the one",
        ),
        (
            'kaputt\n\n{"body": "b"}\n',
            "a.jsonl:3: no field 'text'. Fields here: body. Name the one",
        ),
        (
            '{"text": "t", "clean": {"language": "de"}}\n',
            "a.jsonl:1: there is a field 'clean' already. Set output.clean_field to another name.",
        ),
        ('[\n{"text": "t"}\n]\n', "a.jsonl:1: a JSON array, where JSON Lines have one object"),
    ],
)
def test_the_users_mistakes(trip: Trip, file: File, content: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        trip(file("a.jsonl", content))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pw@www.Example.org:8080/a?b", "example.org"),
        ("//cdn.example.org./x", "cdn.example.org"),
        ("www.example.org/a", "example.org"),
        ("http://[::1]:80/", "[::1]"),
        *((url, None) for url in ("", "not a url", "mailto:a@b.org", "12.5", "/path", "a@b.org")),
    ],
)
def test_the_host_of_a_url(url: str, expected: str | None) -> None:
    assert host(url) == expected


def test_records_without_text_are_no_mistake_among_others(trip: Trip, file: File) -> None:
    read = trip(file("a.jsonl", ['{"body": "b"}'] * 999 + ['{"text": "t"}'] + ['{"b": 1}'] * 9))
    assert read.rows("text") == [*[None] * 999, "t", *[None] * 9]
    assert read.rows("fault") == [None] * 1009


def test_damaged_compression_is_one_sentence(trip: Trip, file: File) -> None:
    data = gzip.compress(b'{"text": "a"}\n' * 1000)
    for content, what in ((data[:-9], "ends early"), (b"x" * 50, "is damaged")):
        with pytest.raises(InputError, match=f"a.jsonl.gz: the compressed data {what}"):
            trip(file("a.jsonl.gz", content))
    with pytest.raises(InputError, match="ends early"):
        trip(file("a.jsonl.zst", zstandard.ZstdCompressor().compress(b'{"text": 1}')[:-2]))


def test_compression_that_explodes_is_taken_bit_by_bit(file: File) -> None:
    path = file("a.jsonl.zst", zstandard.ZstdCompressor().compress(b"a" * (1 << 28)))
    assert path.stat().st_size < 10_000
    sizes = [len(block) for block in blocks(str(path), "zst")]
    assert sum(sizes) == 1 << 28
    assert max(sizes) <= 1 << 26


def test_as_objects_gives_whole_records(trip: Trip, file: File) -> None:
    read = trip(file("a.jsonl", [' {"text": "a", "n": 1.50} \r', '{"id": 1, "text": ["a"]}']))
    (table,) = read.tables
    assert formats.as_objects(table, table["text"]) == [
        b'{"text": "a", "n": 1.50}',
        b'{"id": 1, "text": ["a"]}',
    ]
