"""What a run has written, read back in every format: with it, `undo` gives every base text."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from clean_corpus import results, settings
from clean_corpus.commands.undo import base_texts
from clean_corpus.errors import InputError
from clean_corpus.report import page
from clean_corpus.run import plan

SENTENCES = [
    f"On day {i} the ferry left at {5 + i} o'clock with {40 + i} people and the island's post."
    for i in range(9)
]
STORY = " ".join(SENTENCES)
TEXTS = {
    "plain": "Nothing is wrong with this one, and nothing will be done to it.",
    "mojibake": "Le caf\u00c3\u00a9 de la gare a ferm\u00c3\u00a9 ses portes, dit-on au village.",
    "blanks": "One paragraph stands here.  \n\n\n\n\nAnother one \u200bfollows it.\n",
    "story": STORY,
    "copy": f"{STORY}\n",
    "nearly": STORY.replace("day 3", "day three"),
    "astral": "\U0001f6b2 Ann \u2018rides\u2019, caf\u00c3\u00a9 \U00020000 and on.\n\n\n\nEnd.",
}

Write = Callable[[Path, Sequence[tuple[str, str]]], Path]


def jsonl_lines(rows: Iterable[tuple[str, str]]) -> bytes:
    records = ({"n": 123456789012345678901234, "id": id_, "text": text} for id_, text in rows)
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def jsonl(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    target = path.with_suffix(".jsonl")
    target.write_bytes(jsonl_lines(rows))
    return target


def jsonl_gz(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    target = path.with_suffix(".jsonl.gz")
    target.write_bytes(gzip.compress(jsonl_lines(rows)))
    return target


def jsonl_zst(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    target = path.with_suffix(".jsonl.zst")
    target.write_bytes(zstandard.compress(jsonl_lines(rows)))
    return target


def table(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    target = path.with_suffix(".csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["id", "_id", "text"])
        writer.writerows((id_, "", text) for id_, text in rows)
    return target


def parquet(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    target = path.with_suffix(".parquet")
    ids, texts = zip(*rows, strict=True)
    pq.write_table(pa.table({"id": ids, "text": texts}), target)
    return target


def folder(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    path.mkdir()
    for id_, text in rows:
        (path / f"{id_}.txt").write_text(text, encoding="utf-8", newline="")
    return path


def run(tmp_path: Path, write: Write, *overrides: str) -> Path:
    """Clean two inputs whose names are not in the order of the command line."""
    rows = list(TEXTS.items())
    inputs = [write(tmp_path / "second", rows[:4]), write(tmp_path / "first", rows[4:])]
    return clean([str(path) for path in inputs], tmp_path / "out", *overrides)


def clean(inputs: Sequence[str], out: Path, *overrides: str) -> Path:
    """Run without the lexicons, which are of no matter here and take their time to load."""
    config = settings.load(None, ['stages=["encoding", "whitespace"]', *overrides])
    plan.clean_files(inputs, out, config, serial=True)
    return out


@pytest.mark.parametrize("write", [jsonl, jsonl_gz, jsonl_zst, table, parquet, folder])
def test_undo_in_every_format(tmp_path: Path, write: Write) -> None:
    out = run(tmp_path, write)
    found = list(base_texts(out))
    assert sorted(text for _, text in found) == sorted(TEXTS.values())
    assert sum(1 for _ in results.removed(out)) == 2
    names = [document.id for document in results.kept(out)]
    assert len(names) == 5
    assert names == [name for name in TEXTS if name in names] or write is folder
    page.write(out)


@pytest.mark.parametrize("to", ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_undo_of_one_file(tmp_path: Path, to: str) -> None:
    out = run(tmp_path, jsonl, f"output.to={to}")
    assert dict(base_texts(out)) == TEXTS


@pytest.mark.parametrize("write", [jsonl, table, folder])
def test_undo_in_mark_mode(tmp_path: Path, write: Write) -> None:
    out = run(tmp_path, write, "output.mode=mark")
    found = list(base_texts(out))
    assert sorted(text for _, text in found) == sorted(TEXTS.values())
    assert not list(results.removed(out))
    page.write(out)


def test_fields_by_other_names(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        {"meta": {"title": "T"}, "body": {"main": text, "d.e": 1}} for text in (STORY, STORY + "!")
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    sets = ["fields.text=body.main", "fields.title=meta.title", "output.clean_field=cleaned"]
    out = clean([str(path)], tmp_path / "out", *sets)
    documents = [*results.kept(out), *results.removed(out)]
    assert sorted(document.text for document in documents) == sorted([STORY, STORY + "!"])
    assert {document.title for document in documents} == {"T"}


def test_pages_with_other_field_names_in_the_config(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for i in range(2):
        body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
        page_ = f"<html><body><article><h1>The ferry</h1>{body}</article></body></html>"
        (pages / f"p{i}.html").write_text(page_)
    found = dict(base_texts(clean([str(pages)], tmp_path / "out", "fields.text=body")))
    assert len(found) == 2
    assert all(SENTENCES[4] in text for text in found.values())


def test_half_a_surrogate_pair_is_read_as_the_run_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = r'{"id": "%s", "other": "\ud83d", "text": "Half \ude00 of a pair, and more words."}'
    path.write_text("".join(line % i + "\n" for i in "ab"))
    out = clean([str(path)], tmp_path / "out")
    expected = "Half \N{REPLACEMENT CHARACTER} of a pair, and more words."
    assert dict(base_texts(out)) == {"a": expected, "b": expected}


@pytest.mark.parametrize("content", ["{}", "[]"])
def test_a_summary_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(InputError, match=r"summary\.json: is not the summary of a run"):
        list(results.kept(tmp_path))


def test_a_missing_output_is_named(tmp_path: Path) -> None:
    out = run(tmp_path, jsonl)
    (out / "edits.jsonl").unlink()
    with pytest.raises(InputError, match=r"edits\.jsonl: cannot be read"):
        list(base_texts(out))
