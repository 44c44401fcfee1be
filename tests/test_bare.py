"""Runs that look for copies and nothing else: the same decisions, without the texts again."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sample_records
from clean_corpus import clean, cli, results, spill
from clean_corpus.config import Config, from_json
from clean_corpus.corpus import hashed
from clean_corpus.corpus.duplicates import nearest
from clean_corpus.errors import InputError, OutputError
from clean_corpus.formats.records import PIECE
from clean_corpus.run import flow
from clean_corpus.run.flow import Flow, check_room
from clean_corpus.run.plan import clean_files
from clean_corpus.run.publish import prepare
from clean_corpus.run.steps import bare

ALONE: dict[str, Any] = {
    "limits": {"max_failed": 1, "max_removed": 1, "min_chars": 40},
    "stages": [],
    "language": {"detect": False},
    "dedup": {"passages": "off", "contained": "off"},
}


def run(source: Path, out: Path, mode: str, **sections: Any) -> Path:
    options = {**ALONE, "output": {"mode": mode}, **sections}
    clean_files([str(source)], out, from_json(Config, options))
    return out


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def rows() -> list[dict[str, Any]]:
    found = sample_records.records(90)
    found[7]["id"] = found[8]["id"] = None
    found[9]["id"], found[10]["text"] = "a#2", "Short."
    found[8]["text"] = found[7]["text"]
    return found


@pytest.fixture(params=["jsonl", "parquet"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"news.{request.param}"
    if request.param == "parquet":
        pq.write_table(pa.Table.from_pylist(rows()), path, row_group_size=20)
        return path
    sample_records.write(path, rows())
    with path.open("ab") as file:
        file.write(b'{"id": 3, "text": \n')
    return path


@pytest.mark.parametrize("stages", [[], ["encoding", "whitespace"]])
def test_ids_are_those_of_a_run_with_records(
    source: Path, tmp_path: Path, stages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "PIECE", 6_000)
    out = run(source, tmp_path / "out", "remove", stages=stages)
    ids = run(source, tmp_path / "ids", "ids", stages=stages)
    private = [f".clean-corpus/{name}" for name in ("evidence.arrow", "samples.json")]
    for name in ("clusters.jsonl", "failed.jsonl", "edits.jsonl", *private):
        assert (ids / name).read_bytes() == (out / name).read_bytes(), name
    assert [row["id"] for row in lines(ids / "kept.jsonl")] == [one.id for one in results.kept(out)]
    removed = lines(out / "removed.jsonl")
    assert [{**row, "record": None} for row in removed] == [
        {**row, "record": None} for row in lines(ids / "removed.jsonl")
    ]
    assert {row["reason"] for row in removed} >= {"empty", "too-short", "near-duplicate"}
    assert all("record" not in row for row in lines(ids / "removed.jsonl"))
    assert not (ids / "corpus").exists()
    counts = (orjson.loads((one / "summary.json").read_bytes()) for one in (out, ids))
    first, second = ({**one, "config": 0, "outputs": 0} for one in counts)
    assert first == second


def test_texts_of_a_large_input_are_handed_on_packed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(source, tmp_path / "plain", "remove")
    monkeypatch.setattr(spill, "_LARGE", 0)
    packed = run(source, tmp_path / "packed", "remove")
    for path in plain.rglob("*.jsonl"):
        assert path.read_bytes() == (packed / path.relative_to(plain)).read_bytes(), path.name


def test_what_was_cleaned_before_can_be_searched(source: Path, tmp_path: Path) -> None:
    out = run(source, tmp_path / "out", "remove")
    (cleaned,) = (out / "corpus").iterdir()
    ids = run(cleaned, tmp_path / "ids", "ids")
    assert lines(ids / "kept.jsonl")
    assert not lines(ids / "failed.jsonl")


def test_parquet_is_read_again_for_what_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text is handed on, and the outputs are those of a run that hands on all."""
    source = tmp_path / "news.parquet"
    pq.write_table(pa.Table.from_pylist(rows()), source, row_group_size=20)
    monkeypatch.setattr(flow, "PIECE", 6_000)
    handed: list[bool] = []

    def texts(path: str, *rest: Any, **how: Any) -> Any:
        handed.append("text" in spill.opened(path).schema.names)
        return read(path, *rest, **how)

    read = bare.texts
    monkeypatch.setattr(bare, "texts", texts)
    monkeypatch.setattr(hashed, "_scarce", lambda _: True)
    again = run(source, tmp_path / "again", "ids")
    assert handed
    assert not any(handed)
    handed.clear()
    monkeypatch.setattr(bare, "layout", lambda _: {})
    once = run(source, tmp_path / "once", "ids")
    assert all(handed)
    assert sample_records.content(again) == sample_records.content(once)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note whether there are shingles where they are to be written, or are looked for."""
    noted: list[bool] = []

    def beside(path: str) -> Path:
        noted.append(there(path).exists())
        return there(path)

    there = hashed.beside
    monkeypatch.setattr(hashed, "beside", beside)
    return noted


@pytest.mark.parametrize("name", ["affine32", "sha1"])
def test_shingles_are_kept_where_the_disk_has_room(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[bool], name: str
) -> None:
    """They are read instead of the texts, and what a run that died has left of them is not."""
    monkeypatch.setattr(flow, "PIECE", 6_000)
    monkeypatch.setattr(nearest, "LONGEST", 0)
    dedup = {**ALONE["dedup"], "hash": name}
    work = tmp_path / "with" / ".clean-corpus" / "work"
    prepare(tmp_path / "with", [])
    work.mkdir()
    (work / "ingest-00000-0.hashed.part").write_bytes(b"torn")
    kept = run(source, tmp_path / "with", "ids", dedup=dedup)
    assert sum(found) == (0 if name == "sha1" else len(found) // 2)  # when written: not yet
    found.clear()
    monkeypatch.setattr(hashed, "_scarce", lambda _: True)
    again = run(source, tmp_path / "without", "ids", dedup=dedup)
    assert found
    assert not any(found)
    assert sample_records.content(kept) == sample_records.content(again)


def test_shingles_are_kept_of_as_much_as_memory_holds(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[bool]
) -> None:
    """Where sets are written, they are made of the shingles of some shards, of texts of others."""
    monkeypatch.setattr(flow, "PIECE", 6_000)
    monkeypatch.setattr(nearest, "LONGEST", 0)
    for module in ("run.flow", "corpus.duplicates.plan"):
        monkeypatch.setattr(f"clean_corpus.{module}.unwritten", lambda _: 0)
    outs = []
    for held in (0, 2):
        monkeypatch.setattr(hashed, "at_hand", lambda held=held: held * 6_000)
        outs.append(run(source, tmp_path / str(held), "ids"))
        assert found.count(True) == held < len(found) // 2
        found.clear()
    assert sample_records.content(outs[0]) == sample_records.content(outs[1])


def test_an_input_that_changes_in_between_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashed, "_scarce", lambda _: True)
    source = tmp_path / "news.parquet"
    table = pa.Table.from_pylist(rows())
    pq.write_table(table, source, row_group_size=20)
    expected = run(source, tmp_path / "expected", "ids")
    identify = Flow._identify

    def changed(*known: Any) -> list[str]:
        pq.write_table(table.slice(1), source, row_group_size=20)
        return identify(*known)

    with monkeypatch.context() as patch:
        patch.setattr(Flow, "_identify", changed)
        with pytest.raises(InputError, match=r"news\.parquet: changed while it was in use"):
            run(source, tmp_path / "out", "ids")
    pq.write_table(table, source, row_group_size=20)
    out = run(source, tmp_path / "out", "ids")
    assert sample_records.content(out) == sample_records.content(expected)


def test_all_pairs_are_looked_at_only_of_little_text(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = results.summary(run(source, tmp_path / "small", "ids"))
    monkeypatch.setattr(nearest, "LONGEST", 1000)
    large = results.summary(run(source, tmp_path / "large", "ids"))
    assert small["duplicates"].pop("nearest")
    assert large["duplicates"].pop("nearest") is None
    assert large["duplicates"] == small["duplicates"]


def test_texts_that_are_not_there_are_not_shown(source: Path, tmp_path: Path) -> None:
    ids = run(source, tmp_path / "ids", "ids")
    for asked in (results.kept, results.removed):
        with pytest.raises(InputError, match=r"holds ids and no texts\. Run again without"):
            list(asked(ids))


def test_the_library_gives_ids(tmp_path: Path) -> None:
    found = clean(rows(), {**ALONE, "output": {"mode": "ids"}})
    assert found.kept[0].keys() == {"id", "origin"}
    assert len(found.kept) + len(found.removed) + len(found.failed) == 90


def test_a_command_does_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ids = tmp_path / "ids"
    arguments = ["duplicates", source, "-o", "-", "--run-dir", ids, "--set", "dedup.threshold=0.7"]
    monkeypatch.setattr("sys.argv", ["clean-corpus", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert not caught.value.code
    said = capfd.readouterr()
    assert said.out.encode() == (ids / "kept.jsonl").read_bytes()
    config = results.config(ids)
    assert (config.stages, float(config.dedup.threshold)) == ([], 0.7)


def test_large_inputs_are_cut_into_larger_pieces() -> None:
    for size, expected in ((0, 1), (100, 1), (256, 2), (10_000, 4)):
        units: Any = [SimpleNamespace(size=size * PIECE // 2)] * 2
        assert flow.piece_size(units) == expected * PIECE


def test_many_short_texts_are_asked_for_by_number(tmp_path: Path) -> None:
    many = shutil.disk_usage(tmp_path).free // 1000
    check_room(tmp_path, many // 2)
    with pytest.raises(OutputError, match="the run needs about"):
        check_room(tmp_path, 2 * many)
    with (tmp_path / "made").open("wb") as file:
        file.truncate(1000 * many)
    check_room(tmp_path, many + many // 2)


def test_shingles_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ingest-00000-0.hashed.part", "ingest-00000-0.bands"):
        (tmp_path / name).write_bytes(b"0" * 1000)
    check_room(tmp_path, 1000)
    assert len([*tmp_path.iterdir()]) == 2
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match="the run needs about"):
        check_room(tmp_path, 1000)
    assert [path.name for path in tmp_path.iterdir()] == ["ingest-00000-0.bands"]


def test_half_the_disk_is_asked_for(tmp_path: Path) -> None:
    source, asked = tmp_path / "large.jsonl", []
    with source.open("wb") as file:  # as large as the free space, and takes none
        file.truncate(shutil.disk_usage(tmp_path).free)
    for mode in ("remove", "ids"):
        with pytest.raises(OutputError, match="the run needs about") as caught:
            run(source, tmp_path / mode, mode)
        asked.append(int(str(caught.value).split("about ")[1].split(" MB")[0].replace(",", "")))
    assert asked[1] == pytest.approx(asked[0] / 2, abs=1)
