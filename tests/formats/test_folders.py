"""Folders of texts and pages, and web archives: one document a file or a record."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import formats, inputs
from clean_corpus.config import Fields, Input
from clean_corpus.errors import InputError, MissingExtra
from clean_corpus.units import actual, shown

Trip = Callable[..., Any]
File = Callable[..., Path]

FRENCH = "L'été dernier, la forêt brûlée s'étendait jusqu'à la vallée voisine."


def test_texts_are_read_in_the_order_of_their_names(trip: Trip, file: File, tmp_path: Path) -> None:
    file("letters/b/2.txt", "zwei\r\n")
    file("letters/a.txt", FRENCH.encode("cp1252"))
    file("letters/.hidden.txt", "no")
    file("letters/Z.txt", b"\xef\xbb\xbf")
    read = trip(tmp_path / "letters")
    assert read.rows("row", "id", "origin", "text", "encoding") == [
        (0, "Z.txt", "letters/Z.txt", "", "utf-8"),
        (0, "a.txt", "letters/a.txt", FRENCH, "windows-1252 (in doubt)"),
        (0, "b/2.txt", "letters/b/2.txt", "zwei\r\n", "utf-8"),
    ]


def test_texts_become_files_and_a_side_file(trip: Trip, file: File, tmp_path: Path) -> None:
    file("letters/b/2.txt", "zwei\r\n")
    file("letters/a.txt", "eins")
    read = trip(tmp_path / "letters", size=1)
    assert len(read.pieces) == 2
    out = tmp_path / "out"
    out.mkdir()
    written = read.write(out / "letters", clean=lambda row: {"id": row["id"], "language": "de"})
    assert sorted(path.relative_to(out).as_posix() for path in written) == [
        "letters.clean.jsonl",
        "letters/a.txt",
        "letters/b/2.txt",
    ]
    assert (out / "letters/b/2.txt").read_bytes() == b"zwei\r\n"
    assert (out / "letters.clean.jsonl").read_text().splitlines() == [
        '{"file":"a.txt","clean":{"id":"a.txt","language":"de"}}',
        '{"file":"b/2.txt","clean":{"id":"b/2.txt","language":"de"}}',
    ]
    (lines,) = read.write(tmp_path / "o.jsonl", to="jsonl", clean=lambda _: {"language": "de"})
    assert lines.read_text().splitlines()[0] == (
        '{"id":"a.txt","text":"eins","clean":{"language":"de"}}'
    )


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_odd_names(trip: Trip, file: File, tmp_path: Path) -> None:
    names = [b"caf\xe9.txt", b"two words.txt", b"new\nline.txt", "ü.txt".encode()]
    for name in names:
        file(f"in/{os.fsdecode(name)}", name)
    read = trip(tmp_path / "in")
    assert sorted(read.rows("origin")) == [
        "in/caf\\xe9.txt",
        "in/new\\x0aline.txt",
        "in/two words.txt",
        "in/ü.txt",
    ]
    (tmp_path / "out").mkdir()
    read.write(tmp_path / "out/in")
    assert sorted(os.fsencode(path.name) for path in (tmp_path / "out/in").iterdir()) == sorted(
        names
    )
    data = b'{"text": "x"}\n'
    path = file(os.fsdecode(b"caf\xe9.jsonl"), data)
    assert trip(path).rows("origin") == ["caf\\xe9.jsonl:1"]


@given(st.binary(min_size=1, max_size=8))
def test_shown_names_can_be_undone(name: bytes) -> None:
    spelled = shown(os.fsdecode(name))
    assert spelled.encode().decode().isprintable() or not name.isascii()
    assert os.fsencode(actual(spelled)) == name


def test_what_cannot_be_read_is_set_aside(trip: Trip, file: File, tmp_path: Path) -> None:
    file("in/a.txt", "x" * ((1 << 20) + 1))
    file("in/b.txt", "gut")
    file("in/d.txt", bytes(range(256)) * 20)
    (tmp_path / "in/c.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in/e.txt").symlink_to(tmp_path / "in/e.txt")
    read = trip(tmp_path / "in", options={"max_document_mb": 1})
    assert read.rows("text") == [None, "gut", None, None, None]
    large, _, missing, binary, circular = read.rows("fault")
    assert binary == "the file holds binary data, not text"
    assert circular == "the file cannot be read (Too many levels of symbolic links)"
    assert large.startswith("the record has 1,048,577 bytes, more than")
    assert missing == "the file cannot be read (No such file or directory)"


@pytest.mark.parametrize("name", ["a.txt", "a.html"])
def test_files_that_change_once_they_are_listed_are_not_read(
    file: File, name: str, tmp_path: Path
) -> None:
    path = file(f"in/{name}", "<p>A</p>")
    (unit,) = inputs.units([str(tmp_path / "in")])
    (piece,) = formats.pieces(unit, Input())
    for content in ("<p>B</p>", "<p>A</p>" * (1 << 18)):
        file(f"in/{name}", content)
        with pytest.raises(InputError, match="in: changed while it was in use"):
            list(formats.read(piece, Fields(), Input(max_document_mb=1), "clean"))
    path.unlink()
    with pytest.raises(InputError, match="changed while it was in use"):
        list(formats.read(piece, Fields(), Input(), "clean"))
    file(f"in/{name}", "<p>A</p>")
    assert list(formats.read(piece, Fields(), Input(), "clean")), "it holds the same"


def test_a_configured_charset_by_file(trip: Trip, file: File, tmp_path: Path) -> None:
    file("in/old/a.txt", "привет".encode("koi8-r"))
    file("in/b.txt", "привет")
    read = trip(tmp_path / "in", options={"encodings": {"old/*": "koi8-r"}})
    assert read.rows("text") == ["привет", "привет"]


@pytest.mark.parametrize("size", [1, 3000, 10**6])
def test_digests_follow_the_content(trip: Trip, file: File, tmp_path: Path, size: int) -> None:
    for i in range(8):
        file(f"in/{i}.txt", str(i))
    before = trip(tmp_path / "in", size=size)
    assert len(before.pieces) == {1: 8, 3000: 3, 10**6: 1}[size]
    assert before.rows("text") == list("01234567")
    file("in/7.txt", "changed")
    after = trip(tmp_path / "in", size=size)
    assert before.pieces[:-1] == after.pieces[:-1]
    assert before.pieces[-1].digest != after.pieces[-1].digest


def test_pages_become_json_lines(trip: Trip, file: File, tmp_path: Path) -> None:
    file("site/en/a.html", '<meta charset="windows-1251"><p>\xe9')
    file("site/en/b.htm", b"<p>b")
    read = trip(tmp_path / "site")
    assert (read.unit.name, read.unit.output) == ("site/en", "site/en.jsonl")
    assert read.rows("origin", "charset", "text", "encoding") == [
        ("site/en/a.html", "windows-1251", None, None),
        ("site/en/b.htm", None, None, None),
    ]
    assert read.rows("html")[1] == b"<p>b"
    (out,) = read.write(tmp_path / "o.jsonl", change=lambda _: "neu", clean=lambda _: {})
    assert json.loads(out.read_text().splitlines()[1]) == {
        "id": "b.htm",
        "text": "neu",
        "clean": {},
    }


def record(kind: str, body: bytes, number: int) -> bytes:
    content = "application/http; msgtype=response" if kind == "response" else "text/plain"
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{number:032}>",
        "WARC-Target-URI: http://www.a.org/x",
        "WARC-Date: 2024-05-01T10:00:00Z",
        f"Content-Type: {content}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body + b"\r\n\r\n"


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html; charset=iso-8859-2", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


ARCHIVE = [
    record("warcinfo", b"software: invented\r\n", 1),
    record("request", b"GET /x HTTP/1.1\r\n\r\n", 2),
    record("response", http(b"<p>caf\xe9"), 3),
    record("response", http(b"<p>gone", "404 Not Found"), 4),
    record(
        "response", http(gzip.compress(b"<p>zip", mtime=0), "200 OK", "Content-Encoding: gzip"), 5
    ),
    record("response", http(b"{}").replace(b"text/html", b"text/json"), 6),
    record("response", http(b"no gzip", "200 OK", "Content-Encoding: gzip"), 7),
    record(
        "response",
        http(b"6\r\n<p>chu\r\n3\r\nnks\r\n0\r\n\r\n", "200 OK", "Transfer-Encoding: chunked"),
        8,
    ),
    record("conversion", f"{FRENCH}\n".encode(), 9),
]


@pytest.mark.parametrize("size", [1, 700, 10**6])
@pytest.mark.parametrize("kind", ["", "records", "stream"])
def test_archives(trip: Trip, file: File, tmp_path: Path, size: int, kind: str) -> None:
    content = {
        "": b"".join(ARCHIVE),
        "records": b"".join(map(gzip.compress, ARCHIVE)),
        "stream": gzip.compress(b"".join(ARCHIVE)),
    }[kind]
    read = trip(file("a.warc.gz" if kind else "a.warc", content), size=size)
    assert len(read.pieces) == {1: 9, 700: 3, 10**6: 1}[size]
    assert read.rows("row", "html", "charset", "text") == [
        (3, b"<p>caf\xe9", "iso-8859-2", None),
        (5, b"<p>zip", "iso-8859-2", None),
        (7, None, None, None),
        (8, b"<p>chunks", "iso-8859-2", None),
        (9, None, None, f"{FRENCH}\n"),
    ]
    assert read.rows("id", "url", "source")[0] == (
        f"urn:uuid:{3:032}",
        "http://www.a.org/x",
        "a.org",
    )
    assert [fault is None for fault in read.rows("fault")] == [True, True, False, True, True]
    assert read.unit.output == "a.jsonl"
    (out,) = read.write(tmp_path / "o.jsonl", change=lambda _: "neu", clean=lambda _: {"site": "s"})
    assert json.loads(out.read_text().splitlines()[0]) == {
        "id": f"urn:uuid:{3:032}",
        "url": "http://www.a.org/x",
        "crawled": "2024-05-01T10:00:00Z",
        "text": "neu",
        "clean": {"site": "s"},
    }


def test_a_page_too_large_is_set_aside_and_other_files_passed_over(trip: Trip, file: File) -> None:
    large = http(b"<p>" + b"x" * (1 << 20))
    video = large.replace(b"text/html", b"video/mp4")
    content = [ARCHIVE[2], record("response", large, 10), record("response", video, 11), ARCHIVE[8]]
    for name, data in (
        ("a.warc", b"".join(content)),
        ("a.warc.gz", gzip.compress(b"".join(content))),
    ):
        read = trip(file(name, data), options={"max_document_mb": 1})
        assert read.rows("row", "origin") == [(i, f"{name}:{i}") for i in (1, 2, 4)]
        fault, raw = read.rows("fault", "raw")[1]
        assert fault.startswith(f"the record has {len(large):,} bytes, more than")
        assert raw == large[:4096]
        assert read.rows("text")[2] == f"{FRENCH}\n"


def test_a_page_that_explodes_is_set_aside(trip: Trip, file: File) -> None:
    body = gzip.compress(b"<p>" + b"x" * (3 << 20))
    bomb = record("response", http(body, "200 OK", "Content-Encoding: gzip"), 12)
    read = trip(file("a.warc", bomb + ARCHIVE[2]), options={"max_document_mb": 1})
    assert read.rows("fault") == [
        "the page is larger than input.max_document_mb = 1 allows, once it is decompressed",
        None,
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"".join(ARCHIVE)[:-40], "a.warc: ends in the middle of a record. Fetch the file again."),
        (b"<html>", "a.warc: no WARC record at byte 0 of the decompressed file."),
        (
            b"WARC/1.0\r\nX: y\r\n\r\n",
            "a.warc: the record at byte 0 of the decompressed file has no",
        ),
    ],
)
def test_damaged_archives(trip: Trip, file: File, content: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        trip(file("a.warc", content))
    assert str(caught.value).split("/")[-1].startswith(message)


def test_an_empty_archive(trip: Trip, file: File) -> None:
    read = trip(file("a.wet", b""))
    assert (len(read.pieces), read.rows("row")) == (1, [])


def test_archives_need_their_extra(trip: Trip, file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    with pytest.raises(MissingExtra, match=r"reading WARC files needs: pip install .*\[warc\]"):
        trip(file("a.warc", b""))


def test_formats_know_their_records(trip: Trip, file: File) -> None:
    (table,) = trip(file("a.warc", ARCHIVE[8])).tables
    (one,) = formats.as_objects(table, table["text"])
    assert json.loads(one)["text"] == f"{FRENCH}\n"
