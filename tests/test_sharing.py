"""Passages that several sources have, and texts inside others: found, verified, told, removed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles import vocabulary
from clean_corpus import results, spill
from clean_corpus.config import SHORTEST_PASSAGE, Config, from_json
from clean_corpus.corpus import shingles
from clean_corpus.corpus.sharing import anchors
from clean_corpus.corpus.sharing import plan as sharing
from clean_corpus.corpus.sharing.choose import Passages, chosen
from clean_corpus.corpus.sharing.share import _covered
from clean_corpus.kernels import align
from clean_corpus.run.plan import clean_files
from clean_corpus.run.steps.excise import _sentences
from clean_corpus.text import Edit, buffers, undo
from sample_records import lines

# Kernels.


def words(*texts: str) -> tuple[align.Words, Any]:
    data, offsets = buffers(pa.array(texts, pa.large_string()))
    return align.words(data, offsets, np.arange(len(texts)), *shingles.tables())


@given(st.text(st.sampled_from("aÀé İßœ09٣ǅñЖ йαΆ'’-.\n\u00a0\u0301\u00ad½")))
def test_words_are_those_of_shingles(text: str) -> None:
    found, _ = words(text)
    spans = list(zip(found.start.tolist(), found.end.tolist(), strict=True))
    assert [shingles.words(text[start:end]) for start, end in spans] == [
        [word] for word in shingles.words(text)
    ]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_each_letter_of_a_dense_script_is_a_word() -> None:
    found, _ = words("天气 very 好ก")
    assert found.start.tolist() == [0, 1, 3, 8, 9]
    assert found.end.tolist() == [1, 2, 7, 9, 10]


def test_marks_tell_quotations_and_ends() -> None:
    text = 'He said: "It rains." She «never did» . “One”\nTwo "three\nfour'
    found, _ = words(text)
    marks = {
        text[start:end]: int(mark)
        for start, end, mark in zip(found.start, found.end, found.marks, strict=True)
    }
    assert {word for word, mark in marks.items() if mark & align.QUOTED} == {
        *("It", "rains", "never", "did", "One", "three")
    }
    assert {word for word, mark in marks.items() if mark & align.CLOSED} == {
        *("rains", "did", "One", "three", "four")
    }


WORDS = vocabulary(Random(3), 400)


@given(st.integers(0, 10_000))
def test_the_shortest_passages_that_may_be_asked_for_have_an_anchor_in_common(seed: int) -> None:
    random = Random(seed)
    passage = random.choices(WORDS, k=SHORTEST_PASSAGE)
    texts = [
        " ".join(random.choices(WORDS, k=before) + passage + random.choices(WORDS, k=after))
        for before, after in ((random.randint(0, 30), 7), (random.randint(0, 9), 0))
    ]
    found, document = anchors.anchors(*shingles.hashes(pa.array(texts, pa.large_string()), 11))
    assert set(found[document == 0]) & set(found[document == 1])
    alone = [anchors.anchors(*shingles.hashes(pa.array([t], pa.large_string()), 11)) for t in texts]
    assert [found[document == i].tolist() for i in (0, 1)] == [one[0].tolist() for one in alone]


@given(st.integers(0, 10_000))
def test_a_run_is_what_two_texts_have_in_common(seed: int) -> None:
    random = Random(seed)
    passage = random.choices(WORDS, k=40)
    edited = passage.copy()
    for place in (11, 24):
        edited[place] = "ÉDITÉ"
    one = random.choices(WORDS, k=30) + passage + random.choices(WORDS, k=9)
    other = random.choices(WORDS, k=random.randint(0, 20)) + edited
    found, offsets = words(" ".join(one), " ".join(other), "a b c d e f g h i j")
    a, b = np.array([0, 0, 2]), np.array([1, 2, 2])
    runs, covered = align.align(found, offsets, a, b, 16)
    first = runs.pair == 0
    (at,) = np.flatnonzero(first & (runs.a_start <= 30) & (runs.a_end >= 70))
    assert runs.b_end[at] == len(other)
    assert 38 <= runs.equal[at] <= 40
    assert runs.plain[at] == runs.equal[at]
    assert not (runs.pair == 1).any()
    assert covered[2] == 10
    for i in np.flatnonzero(first):
        mine = set(one[runs.a_start[i] : runs.a_end[i]])
        theirs = other[runs.b_start[i] : runs.b_end[i]]
        assert sum(word in mine for word in theirs) >= runs.equal[i]


SPANS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(1, 12)), max_size=12)


@given(SPANS)
def test_what_spans_cover_is_counted_once(spans: list[tuple[int, int, int]]) -> None:
    columns = np.array([(doc, a, a + size) for doc, a, size in spans], np.int64).reshape(-1, 3)
    found = _covered(*columns.T)
    for document, length in enumerate(found.tolist()):
        points = {x for doc, a, size in spans if doc == document for x in range(a, a + size)}
        assert length == len(points)


@given(SPANS)
def test_no_two_passages_lie_upon_one_another(spans: list[tuple[int, int, int]]) -> None:
    rows = np.array([(d + 1, d, a, a + n, a, a + n, n) for d, a, n in spans], np.int64)
    found = chosen(Passages(*rows.reshape(-1, 7).T))
    assert len(found.later) >= len({doc for doc, _, _ in spans})
    gone: dict[int, set[int]] = {}
    taken: dict[int, set[int]] = {}
    for later, earlier, start, end, first, last, _, goes in zip(*found, strict=True):
        assert not taken.setdefault(later, set()) & set(range(start, end))
        taken[later] |= set(range(start, end))
        assert goes != bool(gone.get(earlier, set()) & set(range(first, last)))
        if goes:
            gone.setdefault(later, set()).update(range(start, end))


def test_sentences_inside_a_span() -> None:
    text = "One two. «Three!» Four\nFive six.\n\nSeven? 八。九。"

    def inside(start: int, end: int) -> list[str]:
        return [text[a:b] for a, b in _sentences(text, [(start, end)])]

    assert inside(0, len(text)) == [text]
    assert inside(4, 22) == ["«Three!» Four\n"]
    assert inside(10, 15) == ["«Three!» "]
    assert inside(24, 31) == []
    assert inside(23, 31) == ["Five six.\n\n"]
    assert inside(41, 42) == ["八。"]


# Whole runs.


class Writer:
    """Writes invented articles in sentences."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.words = vocabulary(self.random)

    def sentence(self) -> str:
        size = self.random.randint(7, 16)
        return " ".join(self.random.choices(self.words, k=size)).capitalize() + "."

    def text(self, size: int) -> list[str]:
        return [self.sentence() for _ in range(size)]


def record(key: str, sentences: list[str], source: str | None, date: str = "") -> dict[str, Any]:
    paragraphs = ["\n".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3)]
    found = {"id": key, "text": "\n\n".join(paragraphs), "date": date}
    return found if source is None else {**found, "source": source}


def planted() -> list[dict[str, Any]]:
    """Wire copy in longer pieces, an update, a quotation, an abridged text, and no relation."""
    writer = Writer(1)
    wire, update, quoted, long = (writer.text(size) for size in (6, 12, 3, 20))
    quotation = f"“{' '.join(quoted)}”"
    rows = [
        record("wire", wire, "agency.example", "2024-03-01"),
        record("piece", writer.text(9) + wire[1:5] + writer.text(6), "gazette.example"),
        record("late", writer.text(8) + wire[2:6], "courier.example", "2024-03-05"),
        record("first", update, "gazette.example", "2024-02-01"),
        record("second", writer.text(14) + update[:4], "gazette.example", "2024-02-02"),
        record("speech", [*writer.text(4), quotation, *writer.text(4)], "gazette.example"),
        record("report", [*writer.text(7), quotation], "courier.example"),
        record("long", long, "gazette.example", "2024-01-01"),
        record("short", long[5:11], "gazette.example", "2024-01-02"),
    ]
    return rows + [record(f"other{i}", writer.text(8), f"{i % 3}.example") for i in range(12)]


def run(folder: Path, rows: list[dict[str, Any]], cut: int = 0, **dedup: Any) -> Path:
    """Clean records in one file, or two."""
    folder.mkdir()
    parts = [rows[:cut], rows[cut:]] if cut else [rows]
    for i, part in enumerate(parts):
        (folder / f"{i}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in part))
    config = from_json(Config, {"dedup": dedup, "limits": {"max_removed": 1}})
    names = [str(folder / f"{i}.jsonl") for i in range(len(parts))]
    clean_files(names, folder / "out", config, serial=True)
    return folder / "out"


def kept(out: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for path in (out / "corpus").iterdir() for row in lines(path)}


def passages(out: Path) -> list[dict[str, Any]]:
    return lines(out / "passages.jsonl")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    rows = planted()
    out = run(tmp_path_factory.mktemp("sharing") / "run", rows)
    return {row["id"]: row["text"] for row in rows}, out


def test_wire_copy_is_found_and_nothing_else(told: tuple[dict[str, str], Path]) -> None:
    texts, out = told
    found = {row["id"]: row for row in passages(out)}
    assert {key: (row["first"], row["first_source"]) for key, row in found.items()} == {
        "piece": ("wire", "agency.example"),
        "late": ("wire", "agency.example"),
    }
    for key, row in found.items():
        assert row["text"] == texts[key][row["start"] : row["end"]]
        assert row["since"] == "2024-03-01"
        other = texts["wire"][row["first_start"] : row["first_end"]]
        assert shingles.words(row["text"]) == shingles.words(other)
        assert row["words"] == len(shingles.words(other))


def test_a_record_says_what_it_shares(told: tuple[dict[str, str], Path]) -> None:
    texts, out = told
    said = {key: row["clean"] for key, row in kept(out).items()}
    assert {key for key, row in said.items() if "shared" in row} == {"wire", "piece", "late"}
    assert said["wire"]["shared_with"] in (["piece", "late"], ["late", "piece"])
    assert {said[key]["shared_since"] for key in ("wire", "piece", "late")} == {"2024-03-01"}
    (row,) = (row for row in passages(out) if row["id"] == "late")
    size = row["end"] - row["start"]
    assert said["late"]["shared"] == size * 10_000 // len(texts["late"]) / 10_000
    assert {key: row["contained"] for key, row in said.items() if "contained" in row} == {
        "short": "long"
    }
    assert said["short"]["contained_share"] > 0.8


def decided(out: Path) -> Any:
    shared = {
        key: {name: value for name, value in row["clean"].items() if name != "id"}
        for key, row in kept(out).items()
    }
    return shared, sorted(orjson.dumps(row) for row in passages(out))


def test_a_cluster_says_what_its_keeper_shares(tmp_path: Path) -> None:
    rows = planted()
    copy = {**rows[0], "id": "copy", "source": "courier.example", "date": "2024-04-01"}
    out = run(tmp_path / "run", [*rows, copy])
    (line,) = (out / "clusters.jsonl").read_bytes().splitlines()
    cluster = orjson.loads(line)
    assert (cluster["keeper"], cluster["members"][0]["id"]) == ("wire", "copy")
    assert cluster["shared"] == kept(out)["wire"]["clean"]["shared"]


def test_how_many_tasks_there_are_changes_nothing(
    told: tuple[dict[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_BYTE", 200_000)  # a few documents in a partition
    monkeypatch.setattr(sharing, "_LETTER", 500_000)  # and in what is aligned at once
    assert decided(run(tmp_path / "run", planted())) == decided(told[1])


def test_neither_order_nor_shards_matter(told: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    rows = planted()
    Random(2).shuffle(rows)
    assert decided(run(tmp_path / "other", rows, 7)) == decided(told[1])


def test_removal_leaves_a_passage_to_the_first_and_can_be_undone(tmp_path: Path) -> None:
    rows = planted()
    out = run(tmp_path / "run", rows, passages="remove", contained="remove")
    texts = {row["id"]: row["text"] for row in rows}
    wire = texts["wire"].replace("\n\n", "\n").split("\n")
    found = kept(out)
    assert found["wire"]["text"] == texts["wire"]
    for sentence in wire[1:5]:
        assert sentence not in found["piece"]["text"]
    assert wire[1] not in found["late"]["text"]
    (gone,) = results.removed(out)
    assert (gone.id, gone.reason, gone.keeper) == ("short", "contained", "long")
    assert gone.containment is not None
    assert gone.containment > 0.8
    cut = dict(results.edits(out))
    for key, row in found.items():
        edits: list[Edit] = cut.get(key, [])
        assert undo(row["text"], edits) == texts[key]
        assert {edit.class_ for edit in edits} <= {"shared_passage"}
    assert {key for key, edits in cut.items() if edits} == {"piece", "late"}


def test_packed_texts_are_looked_at_in_as_many_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in planted()))
    size = sum(len(row["text"].encode()) for row in planted())
    monkeypatch.setattr(sharing, "_SOME", size - 1)
    said: dict[bool, list[str]] = {False: [], True: []}
    for packed, tell in said.items():
        monkeypatch.setattr(spill, "_LARGE", 0 if packed else size * 100)
        out = tmp_path / str(packed)
        clean_files([str(path)], out, Config(), serial=True, limits=False, progress=tell.append)
    assert said[True] == said[False]
    assert said[True].count("share: 2 done") == 2  # link and align


def test_without_sources_nothing_is_looked_for(tmp_path: Path) -> None:
    rows = [{key: row[key] for key in ("id", "text", "date")} for row in planted()]
    out = run(tmp_path / "run", rows)
    assert passages(out) == []
    assert not any(
        "shared" in row["clean"] or "contained" in row["clean"] for row in kept(out).values()
    )
    summary = orjson.loads((out / "summary.json").read_bytes())
    assert summary["shared"] == {}
    assert sum("No record names a source" in note for note in summary["notes"]) == 1


def test_passages_alone_are_those_that_are_found_with_containment(
    told: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    out = run(tmp_path / "run", planted(), contained="off")
    assert passages(out) == passages(told[1])
    assert not any("contained" in row["clean"] for row in kept(out).values())


def test_switched_off_it_costs_nothing(tmp_path: Path) -> None:
    out = run(tmp_path / "run", planted(), passages="off", contained="off")
    assert passages(out) == []
    assert "share" not in orjson.loads((out / "timings.json").read_bytes())["seconds"]
