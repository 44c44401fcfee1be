"""JSON Lines: what is read, and that nothing else of a record ever changes."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import formats
from clean_corpus.config import Fields, Input, Output
from clean_corpus.errors import InputError
from clean_corpus.formats.fields import MISSING, NAMES, find, paths, readings, with_spellings
from clean_corpus.formats.records import CLEAN, Piece, host
from clean_corpus.kernels.json import UNKNOWN, USUAL, scan, unescape

Trip = Callable[..., Any]
File = Callable[..., Path]

KEY = st.sampled_from(["text", "body", "a", "a.b", "id", "url", "x", "é", 'q"', "", "te\\u0078t"])
ODD = 'aé😀"\\/\n\t\x7f\x00\u2028\ud800b'
WORD = st.text(alphabet=ODD, max_size=8)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(10**26), 10**26), WORD)


@st.composite
def spelled(draw: st.DrawFn, depth: int = 2) -> str:
    """JSON of an object, with repeated keys, escapes and blanks where they may stand."""
    blank = st.sampled_from(["", " ", "\t", " \r "])
    members = []
    for _ in range(draw(st.integers(0, 4))):
        key = draw(KEY)
        plain = (
            f'"{key}"'
            if key.startswith("te\\")
            else json.dumps(key, ensure_ascii=draw(st.booleans()))
        )
        kind = draw(st.integers(0, 4 if depth else 2))
        if kind == 3:
            value = draw(spelled(depth=depth - 1))
        elif kind == 4:
            value = "[" + ",".join([draw(spelled(depth=depth - 1)), '"]}"', "1e5"]) + "]"
        else:
            word = draw(SCALAR)
            value = json.dumps(word, ensure_ascii=draw(st.booleans()) or "\ud800" in str(word))
            value = value.replace("/", draw(st.sampled_from(["/", "\\/"])))
        members.append(draw(blank) + plain + draw(blank) + ":" + draw(blank) + value + draw(blank))
    return "{" + (",".join(members) or draw(blank)) + "}"


@given(spelled(), st.sampled_from(["text", "a.b", "body", "é", 'q"', "x", "a.b.text"]))
def test_the_scanner_finds_what_the_parser_finds(line: str, path: str) -> None:
    known = paths(Fields(text=path))
    data = line.encode("utf-8")
    tree = with_spellings(known.tree, data)
    ends = np.array([len(data)], np.int64)
    spans = scan(np.frombuffer(data, np.uint8), np.zeros(1, np.int64), ends, tree)
    record = json.loads(line)
    for ways, nodes in zip(known.ways, known.nodes, strict=True):
        expected = find(record, ways)
        there = [node for node in nodes if spans.start[0, node] >= 0]
        if expected is MISSING:
            assert not there
        else:
            found = data[spans.start[0, there[0]] : spans.stop[0, there[0]]]
            assert json.loads(found) == expected
            assert found == found.strip()
    assert data[spans.close[0] :].strip() == b"}"


@given(st.binary(max_size=60))
def test_the_scanner_stays_inside_lines_that_are_no_json(line: bytes) -> None:
    data = b'{"text":"' + line.replace(b"\n", b"") + b'"}'
    padded = np.frombuffer(b'"' + data + b'"}', np.uint8)
    bounds = np.array([1], np.int64), np.array([1 + len(data)], np.int64)
    spans = scan(padded, *bounds, paths(Fields()).tree)
    for start, stop in zip(spans.start.ravel(), spans.stop.ravel(), strict=True):
        assert start == -1 or 1 <= start <= 1 + len(data)
        assert stop == -1 or 1 <= stop <= 1 + len(data)


@given(st.lists(st.text(alphabet=ODD, max_size=12), max_size=4), st.booleans())
def test_unescape_agrees_with_the_parser(texts: list[str], ascii_only: bool) -> None:
    whole = [json.dumps(text, ensure_ascii=ascii_only or "\ud800" in text) for text in texts]
    data = "".join(whole).encode()
    stops = np.cumsum([len(one.encode()) for one in whole], dtype=np.int64)
    starts = np.concatenate([[0], stops[:-1]]).astype(np.int64) if texts else stops
    out, offsets, spelling = unescape(np.frombuffer(data, np.uint8), starts, stops)
    for i, text in enumerate(texts):
        if "\ud800" in text:
            assert spelling[i] == UNKNOWN
            assert offsets[i] == offsets[i + 1]
        else:
            assert out[offsets[i] : offsets[i + 1]].tobytes().decode() == text
            usual = data[starts[i] : stops[i]] == orjson.dumps(text)
            assert usual or spelling[i] != USUAL


@pytest.mark.parametrize(
    "value",
    [
        '"a\x01"',
        '"\\x"',
        '"\\u12"',
        '"\\u12g4"',
        '"\\ud800"',
        '"\\ud800\\u0041"',
        '"\\udc00"',
        "12",
    ],
)
def test_unescape_leaves_what_is_no_plain_string(value: str) -> None:
    data = np.frombuffer(value.encode(), np.uint8)
    spans = np.zeros(1, np.int64), np.array([len(value)], np.int64)
    _, offsets, spelling = unescape(data, *spans)
    assert spelling.tolist() == [UNKNOWN]
    assert offsets.tolist() == [0, 0]


def test_the_most_literal_reading_of_a_path_wins() -> None:
    assert list(readings("a.b.c")) == [
        ("a.b.c",),
        ("a.b", "c"),
        ("a", "b.c"),
        ("a", "b", "c"),
    ]
    ways = tuple(readings("article.body"))
    assert find({"article.body": 1, "article": {"body": 2}}, ways) == 1
    assert find({"article": {"body": 2}}, ways) == 2
    assert find({"article": 3}, ways) is MISSING
    assert len(NAMES) == 7


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


def put(record: dict[str, Any], path: str, new: str) -> None:
    """Set what `find` finds."""
    for way in readings(path):
        if find(record, (way,)) is not MISSING:
            for key in way[:-1]:
                record = record[key]
            record[way[-1]] = new
            return


@given(
    line=spelled(),
    new=st.text(alphabet='aé"\\\n', max_size=5),
    path=st.sampled_from(["text", "a.b", "a.text", "body"]),
)
def test_splicing_changes_the_text_and_nothing_else(line: str, new: str, path: str) -> None:
    # `first` is off: what a whole file lacks is another test.
    piece = Piece("", "x.jsonl", "jsonl", payload=line.encode(), first=False)
    batches = formats.read(piece, Fields(text=path), Input(), "clean")
    table = pa.Table.from_batches(batches)
    (row,) = table.to_pylist()
    record = json.loads(line)
    text = find(record, tuple(readings(path)))
    if row["fault"]:
        assert text is not None
        assert not isinstance(text, str)
        assert not (isinstance(text, list) and all(isinstance(one, str) for one in text))
        return
    clean = pa.array([{"id": "k", "tags": ["#a"]}], CLEAN)
    texts = pa.array([new if row["text"] is not None else None], pa.large_string())
    out = formats.render(table, texts, clean, Output())
    if row["text"] is not None and new != row["text"]:
        put(record, path, new)
    written = json.loads(out)
    assert written.pop("clean") == {"id": "k", "tags": ["#a"]}
    assert written == record
    same = formats.render(table, table["text"], clean, Output()).decode()
    mark = same.rindex('"clean":')
    assert same[:mark].removesuffix(",") + same[same.index("}", mark) + 1 :] == line + "\n"


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
        ('{"text": "offen', "not JSON: Unterminated string starting at, at character 10"),
        ('{"text": "a"} x', "not JSON: Extra data, at character 15"),
        ('["a"]', "not a JSON object"),
        ("12", "not a JSON object"),
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
    assert read.rows("encoding") == ["utf-8", "windows-1252", "utf-8"]


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
            "a.jsonl:1: no field 'text'. Fields here: title, body, meta.url. Set fields.text.",
        ),
        (
            'kaputt\n\n{"body": "b"}\n',
            "a.jsonl:3: no field 'text'. Fields here: body. Set fields.text.",
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


def test_as_objects_gives_whole_records(trip: Trip, file: File) -> None:
    read = trip(file("a.jsonl", [' {"text": "a", "n": 1.50} \r', '{"id": 1, "text": ["a"]}']))
    (table,) = read.tables
    assert formats.as_objects(table, table["text"]) == [
        b'{"text": "a", "n": 1.50}',
        b'{"id": 1, "text": ["a"]}',
    ]
