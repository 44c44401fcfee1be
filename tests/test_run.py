"""Whole runs: what is promised about counts, order, workers, undo, and the output folder."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sample_records
from clean_corpus import clean, results
from clean_corpus.config import Config, from_json
from clean_corpus.errors import ConfigError, InputError, LimitExceeded, OutputError
from clean_corpus.run import flow, plan
from clean_corpus.run.plan import clean_files
from clean_corpus.run.steps.write import similarities, similarity
from sample_records import content, lines

TOLERANT = {"limits": {"max_failed": 1, "max_removed": 1}}


def config(**sections: Any) -> Config:
    return from_json(Config, {**TOLERANT, **sections})


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small inputs as large ones are cut, and give them to workers."""
    monkeypatch.setattr(flow, "PIECE", 6_000)
    monkeypatch.setattr(plan, "_SMALL_INPUT", 0)


@pytest.mark.usefixtures("small_pieces")
def test_workers_and_pieces_change_no_byte(tmp_path: Path) -> None:
    source = sample_records.write(tmp_path / "news.jsonl", sample_records.records(120))
    for workers in (1, 2):
        clean_files([str(source)], tmp_path / f"out{workers}", config(run={"workers": workers}))
    assert content(tmp_path / "out1") == content(tmp_path / "out2")
    assert len(lines(tmp_path / "out1" / "clusters.jsonl")) > 5


def decisions(out: Path) -> Any:
    edits: dict[str, list[Any]] = {}
    for edit in lines(out / "edits.jsonl"):
        edits.setdefault(edit.pop("id"), []).append(edit)
    removed = {
        row["id"]: (row["reason"], row.get("keeper"), row.get("jaccard"))
        for row in lines(out / "removed.jsonl")
    }
    clusters = {
        row["keeper"]: sorted(member["id"] for member in row["members"])
        for row in lines(out / "clusters.jsonl")
    }
    return edits, removed, clusters


@pytest.mark.usefixtures("small_pieces")
def test_order_and_split_change_no_decision(tmp_path: Path) -> None:
    rows = sample_records.records(90)
    one = sample_records.write(tmp_path / "news.jsonl", rows)
    clean_files([str(one)], tmp_path / "out", config())
    random.Random(5).shuffle(rows)
    first = sample_records.write(tmp_path / "a.jsonl", rows[:17])
    second = sample_records.write(tmp_path / "b.jsonl", rows[17:])
    clean_files([str(first), str(second)], tmp_path / "shuffled", config())
    assert decisions(tmp_path / "out") == decisions(tmp_path / "shuffled")


def test_everything_is_accounted_for(tmp_path: Path) -> None:
    rows = sample_records.records(60)
    source = sample_records.write(tmp_path / "news.jsonl", rows)
    with source.open("ab") as file:
        file.write(b'{"id": "broken", "text"\n\n{"id": "list", "text": ["One.", "Two."]}\n')
    outcome = clean_files([str(source)], tmp_path / "out", config())
    summary = outcome.summary
    kept, removed, failed = (
        lines(tmp_path / "out" / name)
        for name in ("corpus/news.jsonl", "removed.jsonl", "failed.jsonl")
    )
    assert summary["read"] == 62
    assert (summary["kept"], summary["removed"]) == (len(kept), len(removed))
    assert [(row["origin"], row["raw"]) for row in failed] == [
        ("news.jsonl:61", '{"id": "broken", "text"')
    ]
    assert kept[-1]["text"] == ["One.", "Two."]
    ids = [row["clean"]["id"] for row in kept] + [row["id"] for row in removed]
    assert len(set(ids)) == 61
    original = {row["id"]: row for row in rows}
    for row in kept[:-1]:
        before = original[row["clean"].pop("id").partition("#")[0]]
        assert list(row) == [*before, "clean"]
        assert {**row, "text": before["text"]} | {"clean": 0} == {**before, "clean": 0}


def test_removals_name_a_witness_that_stays(tmp_path: Path) -> None:
    source = sample_records.write(tmp_path / "news.jsonl", sample_records.records(100))
    clean_files([str(source)], tmp_path / "out", config())
    kept = {row["clean"]["id"] for row in lines(tmp_path / "out" / "corpus" / "news.jsonl")}
    copies = [row for row in lines(tmp_path / "out" / "removed.jsonl") if row["reason"] != "empty"]
    assert len(copies) > 10
    assert {row["keeper"] for row in copies} <= kept
    assert min(row["jaccard"] for row in copies) >= 0.4


def test_mark_mode_keeps_every_document(tmp_path: Path) -> None:
    rows = sample_records.records(60)
    source = sample_records.write(tmp_path / "news.jsonl", rows)
    clean_files([str(source)], tmp_path / "out", config())
    clean_files([str(source)], tmp_path / "marked", config(output={"mode": "mark"}))
    marked = [row["clean"] for row in lines(tmp_path / "marked" / "corpus" / "news.jsonl")]
    assert len(marked) == len(rows)
    removed = lines(tmp_path / "out" / "removed.jsonl")
    assert [
        (row["id"], row["reason"], row.get("keeper"), row.get("jaccard")) for row in removed
    ] == [
        (row["id"], row["removed"], row.get("keeper"), row.get("jaccard"))
        for row in marked
        if "removed" in row
    ]
    assert not lines(tmp_path / "marked" / "removed.jsonl")


def test_nothing_to_do_is_seen_and_changes_are_too(tmp_path: Path) -> None:
    source, out = tmp_path / "letters", tmp_path / "out"
    source.mkdir()
    (source / "a.txt").write_text("The ferry was late again, said the harbour master.")
    (source / "b.txt").write_text("Nine lanterns were counted on the quay at dawn.")
    lexicon = tmp_path / "ours.toml"
    rule = """
        language = "common"
        version = "1"
        [[rules]]
        id = "x"
        why = "a test"
        class = "advertising"
        scope = "line"
        phrases = ["buy geese"]
        removes = ["buy geese"]
        keeps = ["geese fly"]
    """
    lexicon.write_text(rule)
    ours = config(boilerplate={"lexicons": [str(lexicon)]})

    def unchanged() -> bool:
        return clean_files([str(source)], out, ours).unchanged

    assert not unchanged()
    before = content(out)
    assert unchanged()
    (source / "a.txt").touch()
    assert unchanged()
    assert content(out) == before
    (source / "b.txt").write_text("Nine lanterns were counted on the quay at dusk.")
    assert not unchanged()
    (source / "c.txt").write_text("A third letter came by the morning boat.")
    assert not unchanged()
    lexicon.write_text(rule.replace("geese", "ducks"))
    assert not unchanged()
    (out / "corpus" / "letters" / "a.txt").unlink()
    assert not unchanged()
    (source / "c.txt").unlink()
    assert not unchanged()
    (out / "timings.json").write_text("{}")
    assert not unchanged()
    assert not (out / "corpus" / "letters" / "c.txt").exists()
    assert unchanged()


def test_file_names_need_not_be_utf8_and_links_may_lead_nowhere(tmp_path: Path) -> None:
    texts = {"a\udcff.txt": "The heron waits by the weir.", "b\n.txt": "The eel does not."}
    folder = tmp_path / "le\udce9ttres"
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    single = sample_records.write(tmp_path / "\udcfe.jsonl", sample_records.records(3))
    out = tmp_path / "out"
    inputs = [str(folder), str(single)]
    outcome = clean_files(inputs, out, config())
    assert outcome.summary["outputs"] == ["corpus/le\\xe9ttres", "corpus/\\xfe.jsonl"]
    assert [line["origin"] for line in lines(out / "failed.jsonl")] == ["le\\xe9ttres/gone.txt"]
    assert [one.text for one in results.kept(out)][:2] == [
        "The heron waits by the weir.",
        "The eel does not.",
    ]
    assert clean_files(inputs, out, config()).unchanged


def test_what_was_learned_can_be_edited_and_given_back(tmp_path: Path) -> None:
    rows = sample_records.records(40)
    for row in rows[::2]:
        row["source"] = "harbourmail.example"
        row["text"] = (
            f"The Harbour Mail, every tide\n{row['text'] or 'A fog.'}\nRing the bell twice"
        )
    source = sample_records.write(tmp_path / "news.jsonl", rows)
    clean_files([str(source)], tmp_path / "out", config())
    learned = (tmp_path / "out" / "learned.toml").read_text()
    assert "The Harbour Mail, every tide" in learned
    assert "Ring the bell twice" in learned
    ours = tmp_path / "ours.toml"
    ours.write_text(learned[: learned.rindex("[[rules]]")])
    clean_files([str(source)], tmp_path / "again", config(boilerplate={"learned": str(ours)}))
    assert (tmp_path / "again" / "learned.toml").read_text() == ours.read_text()

    def cut(out: Path) -> set[str]:
        return {e["text"] for e in lines(out / "edits.jsonl") if e["class"] == "learned"}

    assert len(cut(tmp_path / "out")) == 2
    assert len(cut(tmp_path / "again")) == 1


def test_an_output_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    source = sample_records.write(tmp_path / "news.jsonl", sample_records.records(12))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "notes").touch()
    with pytest.raises(OutputError, match="did not write"):
        clean_files([str(source)], theirs, config())
    with pytest.raises(OutputError, match="not a folder"):
        clean_files([str(source)], theirs / "notes", config())
    out = tmp_path / "out"
    clean_files([str(source)], out, config())
    (out / "corpus" / "mine.txt").write_text("notes")
    (out / "mine.txt").write_text("notes")
    clean_files([str(source)], out, config(limits={"min_chars": 50, "max_removed": 1}))
    assert (out / "corpus" / "mine.txt").read_text() == (out / "mine.txt").read_text() == "notes"
    inside = sample_records.write(out / "news.jsonl", sample_records.records(12))
    with pytest.raises(InputError, match="inside the output folder"):
        clean_files([str(inside)], out, config())


def test_limits_decide_after_everything_is_written(tmp_path: Path) -> None:
    source = sample_records.write(tmp_path / "news.jsonl", sample_records.records(60))
    strict = from_json(Config, {"limits": {"max_removed": 0.1}})
    for _ in range(2):  # a run that has nothing to do says it again
        with pytest.raises(LimitExceeded, match=r"documents removed .*limits.max_removed = 0.1"):
            clean_files([str(source)], tmp_path / "out", strict)
        assert (tmp_path / "out" / "corpus" / "news.jsonl").exists()


def test_a_stage_that_fails_on_one_document_sets_it_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_stage.py").write_text(
        "def cut(text):\n"
        "    if 'geese' in text:\n"
        "        raise ValueError('no geese please')\n"
        "    if 'ducks' in text:\n"
        "        raise SystemExit\n"
        "    return text.replace('lanterns', '')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = [
        {"id": n, "text": t}
        for n, t in enumerate(["Two geese.", "Ducks, ducks.", "Nine lanterns, ten."])
    ]
    result = clean(rows, config(stages=["own_stage:cut"]))
    assert [row["text"] for row in result.kept] == ["Nine , ten."]
    failed, quitting = result.failed
    assert "SystemExit" in quitting["error"]
    assert failed["stage"] == "own_stage:cut"
    assert "no geese please" in failed["error"]
    assert orjson.loads(failed["raw"])["text"] == "Two geese."
    assert [(e["text"], e["class"], e["rule"]) for e in result.edits] == [
        ("lanterns", "custom", "own_stage:cut")
    ]


@pytest.mark.parametrize("before", ["Two geese.", "Nine lanterns, ten."])
def test_a_stage_that_lacks_a_package_ends_the_run_with_a_sentence(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "poor_stage.py").write_text(
        "def cut(text):\n"
        "    if 'geese' in text:\n"
        "        raise ValueError('no geese please')\n"
        "    if 'weir' in text:\n"
        "        import not_there\n"
        "    return text\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = [{"text": before}, {"text": "A heron waits by the weir."}]
    lacks = r"'poor_stage:cut' lacks what it imports \(No module named 'not_there'\)\. Install it"
    with pytest.raises(ConfigError, match=lacks) as caught:
        clean(rows, config(stages=["poor_stage:cut"]))
    assert caught.value.exit_code == 2


def test_no_language_is_told_where_none_is_asked_for() -> None:
    records = [{"text": "Die Brücke ist wieder offen, und der Fluss führt kaum noch Wasser."}]
    for detect, said in ((True, "de"), (False, "und")):
        (kept,) = clean(records, {"language": {"detect": detect}}).kept
        assert kept["clean"]["language"] == said


def test_clean_takes_any_dicts() -> None:
    short = clean([{"text": "One lamp."}], {"limits": {"min_chars": 50}})
    with pytest.raises(ConfigError, match=r"^limits.min_char: unknown option. Did you mean 'min_"):
        clean([], {"limits": {"min_char": 50}})
    assert [row["reason"] for row in short.removed] == ["too-short"]
    assert clean([]).summary["read"] == 0
    result = clean([{"text": ["One lamp.", "Two lamps."], "x": 1.5}, {"text": ""}], config())
    assert result.kept[0]["x"] == 1.5
    assert [row["reason"] for row in result.removed] == ["empty"]


def test_clean_takes_values_that_json_lacks() -> None:
    odd: dict[Any, Any] = {
        "text": "A heron waits by the weir.",
        "large": 10**30,
        "half": "\ud83d",
        "day": date(2024, 2, 29),
        "array": np.arange(3),
        "number": np.float32(1.5),
        "bytes": "Zoë".encode(),
        7: "seven",
    }
    (kept,) = clean([odd], config()).kept
    told = {key: kept[key] for key in ("large", "day", "array", "number", "bytes", "7")}
    assert told == {
        "large": 10**30,
        "day": "2024-02-29",
        "array": [0, 1, 2],
        "number": 1.5,
        "bytes": "Zoë",
        "7": "seven",
    }
    (kept,) = clean([{"text": "Half a pair, \ud83d."}], config()).kept
    assert kept["text"] == "Half a pair, \ud83d."
    with pytest.raises(InputError, match="record 2: is of type str, where a dict should be"):
        clean([{"text": "a"}, "b"], config())  # type: ignore[list-item]


@pytest.mark.parametrize("package", ["ftfy", "trafilatura", "langdetect", "datasketch"])
def test_every_run_needs_its_four_engines(package: str, tmp_path: Path) -> None:
    """Hide one package after the other from a default run over text and pages, and see it fail."""
    (tmp_path / "page.html").write_text("<html><body><article><p>A fox ran.</p></article>" * 3)
    sample_records.write(tmp_path / "news.jsonl", sample_records.records(12))
    hide = f"import sys\nsys.modules[{package!r}] = None\nfrom clean_corpus.cli import main\nmain()"
    command = [sys.executable, "-c", hide, "run", str(tmp_path), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert not (tmp_path / "out" / "summary.json").exists()


COUNT = st.one_of(st.none(), st.integers(0, 1 << 40))


@given(st.lists(st.tuples(COUNT, COUNT), min_size=1))
def test_ratios_of_columns_are_those_of_numbers(
    counts: list[tuple[int | None, int | None]],
) -> None:
    columns = [pa.array(column, pa.int64()) for column in zip(*counts, strict=True)]
    decisions = pa.table(columns, ["shared", "joined"])
    assert similarities(decisions, "joined").to_pylist() == [similarity(*row) for row in counts]
