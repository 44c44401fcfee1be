"""The splice: spans and strings as a JSON parser has them, and nothing else ever changes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import formats
from clean_corpus.config import Fields, Input, Output
from clean_corpus.formats.fields import MISSING, NAMES, find, paths, readings, with_spellings
from clean_corpus.formats.records import CLEAN
from clean_corpus.kernels.json import UNKNOWN, USUAL, scan, unescape
from clean_corpus.units import Piece

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
        "",
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
    out = formats.render(table, texts, clean, Output(), pa.array([True]))
    if row["text"] is not None and new != row["text"]:
        put(record, path, new)
    written = json.loads(out)
    assert written.pop("clean") == {"id": "k", "tags": ["#a"]}
    assert written == record
    same = formats.render(table, table["text"], clean, Output(), pa.array([True])).decode()
    mark = same.rindex('"clean":')
    assert same[:mark].removesuffix(",") + same[same.index("}", mark) + 1 :] == line + "\n"
