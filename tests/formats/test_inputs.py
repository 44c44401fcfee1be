"""INPUT arguments become units: names, groups, what is passed over, and the user's mistakes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clean_corpus import formats
from clean_corpus.config import Output
from clean_corpus.errors import InputError
from clean_corpus.inputs import look, units

File = Callable[..., Path]


def names(*inputs: str | Path) -> list[tuple[str, str, str]]:
    return [(unit.name, unit.format, unit.output) for unit in units([str(i) for i in inputs])]


@pytest.fixture
def folder(file: File, tmp_path: Path) -> Path:
    for name in (
        "data/b.jsonl.gz",
        "data/A.csv",
        "data/deep/c.PARQUET",
        "data/deep/d.warc.gz",
        "data/one.txt",
        "data/deep/two.txt",
        "data/pages/en/x.html",
        "data/pages/fr/y.htm",
        "data/.hidden.jsonl",
        "data/.git/z.jsonl",
        "data/readme.md",
        "data/LICENSE",
        "data/.jsonl",
    ):
        file(name, "")
    return tmp_path / "data"


def test_a_folder_of_everything(folder: Path) -> None:
    found = look([str(folder)])
    assert [(unit.name, unit.format, unit.compression, unit.output) for unit in found.units] == [
        ("data/A.csv", "csv", "", "data/A.csv"),
        ("data/b.jsonl.gz", "jsonl", "gz", "data/b.jsonl.gz"),
        ("data/deep/c.PARQUET", "parquet", "", "data/deep/c.PARQUET"),
        ("data/deep/d.warc.gz", "warc", "gz", "data/deep/d.jsonl"),
        ("data", "txt", "", "data"),
        ("data/pages", "html", "", "data/pages.jsonl"),
    ]
    assert found.ignored == {"": 1, ".md": 1}
    texts = found.units[4]
    assert [os.path.relpath(path, texts.root) for path in texts.paths] == [
        "deep/two.txt",
        "one.txt",
    ]
    assert formats.output_names(found.units, Output())[0] == "corpus/data/A.csv"
    assert set(formats.output_names(found.units, Output(to="jsonl.gz"))) == {"corpus.jsonl.gz"}


def test_files_and_globs(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert names("data/b.jsonl.gz", "data/A.csv") == [
        ("b.jsonl.gz", "jsonl", "b.jsonl.gz"),
        ("A.csv", "csv", "A.csv"),
    ]
    assert names("data/*.csv", folder / "A.csv") == [("A.csv", "csv", "A.csv")]
    assert [name for name, _, _ in names("data/**/*.PARQUET")] == ["c.PARQUET"]
    assert [name for name, _, _ in names("data/d*")] == ["deep/c.PARQUET", "deep/d.warc.gz", "deep"]
    assert {name for name, _, _ in names("data/**")} >= {"A.csv", "c.PARQUET", "data"}
    monkeypatch.chdir(folder)
    assert names(".")[0] == ("data/A.csv", "csv", "data/A.csv")
    monkeypatch.chdir(folder / "deep")
    assert names("..")[-1] == ("data/pages", "html", "data/pages.jsonl")


def test_texts_and_pages_named_one_by_one_are_one_group(folder: Path) -> None:
    texts = folder / "one.txt", folder / "deep/two.txt"
    assert names(*texts) == [("data", "txt", "data")]
    assert names(texts[1]) == [("deep", "txt", "deep")]
    pages = folder / "pages/en/x.html", folder / "pages/fr/y.htm"
    assert names(*pages) == [("pages", "html", "pages.jsonl")]
    assert names(pages[0]) == [("x", "html", "x.jsonl")]


def test_names_that_clash_grow(file: File, tmp_path: Path) -> None:
    for name in ("x/news/a.jsonl", "y/news/a.jsonl", "x/b.jsonl"):
        file(name, "")
    assert names(
        tmp_path / "x/news/a.jsonl", tmp_path / "y/news/a.jsonl", tmp_path / "x/b.jsonl"
    ) == [
        ("x/news/a.jsonl", "jsonl", "x/news/a.jsonl"),
        ("y/news/a.jsonl", "jsonl", "y/news/a.jsonl"),
        ("b.jsonl", "jsonl", "b.jsonl"),
    ]
    assert [name for name, _, _ in names(tmp_path / "x/news", tmp_path / "y/news")] == [
        "x/news/a.jsonl",
        "y/news/a.jsonl",
    ]


def test_outputs_that_clash_grow_or_are_refused(file: File, tmp_path: Path) -> None:
    for name in ("a.warc", "a.warc.gz", "t/x.txt", "t.clean.jsonl"):
        file(name, "")
    assert [output for _, _, output in names(tmp_path / "a.warc", tmp_path / "a.warc.gz")] == [
        "a.warc.jsonl",
        "a.warc.gz.jsonl",
    ]
    with pytest.raises(InputError, match=r"t.clean.jsonl: two inputs would have an output of this"):
        names(tmp_path / "t", tmp_path / "t.clean.jsonl")


def test_links_are_followed_once(file: File, tmp_path: Path) -> None:
    file("in/a.jsonl", "")
    file("other/b.jsonl", "")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/other").symlink_to(tmp_path / "other")
    (tmp_path / "in/twice.jsonl").symlink_to(tmp_path / "in/a.jsonl")
    assert [name for name, _, _ in names(tmp_path / "in")] == ["in/a.jsonl", "in/other/b.jsonl"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match=r"pipe.jsonl: is no ordinary file. Give JSON Lines on"):
        names(tmp_path)


def test_a_link_to_itself_is_left_to_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "a.jsonl")
    assert names(tmp_path / "a.jsonl") == [("a.jsonl", "jsonl", "a.jsonl")]


def test_two_stars_pass_over_results(
    file: File, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a.jsonl", "out/corpus/a.jsonl", "old/deep/corpus/a.jsonl"):
        file(f"in/{name}", "{}")
    for run in ("out", "old/deep"):
        (tmp_path / "in" / run / ".clean-corpus").mkdir()
    monkeypatch.chdir(tmp_path)
    for pattern in ("in/**/*.jsonl", str(tmp_path / "in/**"), "**/a.jsonl"):
        found = look([pattern], Path("in/out"))
        assert [unit.name for unit in found.units] == ["a.jsonl"]
        assert [Path(name).name for name in found.results] == ["deep"]
    assert len(look(["in/out/**/*.jsonl"]).units) == 1, "it is named"
    assert len(look(["in/old/*/corpus/*.jsonl"]).units) == 1, "it is named"


def test_results_of_a_run_are_no_input(file: File, tmp_path: Path) -> None:
    file("in/a.jsonl", "")
    file("in/out/corpus/a.jsonl", "")
    file("in/out/.clean-corpus/lock", "")
    for argument in ("in", "in/*", "*"):
        found = look([str(tmp_path / argument)])
        assert [Path(unit.name).name for unit in found.units] == ["a.jsonl"]
        assert found.results == [str(tmp_path / "in/out")]
    # What a shell makes of a pattern; what is named alone is taken.
    found = look([str(tmp_path / "in/a.jsonl"), str(tmp_path / "in/out")], tmp_path / "in/out")
    assert (len(found.units), found.results) == (1, [])
    assert names(tmp_path / "in/out") == [("out/corpus/a.jsonl", "jsonl", "out/corpus/a.jsonl")]
    (tmp_path / "in/a.jsonl").unlink()
    with pytest.raises(InputError, match=r"\(results of a run are no input: .*in/out\)\. Known"):
        names(tmp_path / "in")


def test_stdin_and_odd_names(file: File, tmp_path: Path) -> None:
    assert names("-") == [("stdin", "jsonl", "stdin.jsonl")]
    file("a[1] b.jsonl", "")
    assert names(tmp_path / "a[1] b.jsonl") == [("a[1] b.jsonl", "jsonl", "a[1] b.jsonl")]
    with pytest.raises(InputError, match=r"caf\\xe9.x: not a known format"):
        names(file(os.fsdecode(b"caf\xe9.x"), ""))


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("none.jsonl", "none.jsonl: does not exist in {here}. Check the path."),
        ("*.none", "*.none: matches nothing in {here}. Check the path."),
        ("a.json", "a.json: not a known format. Known are .jsonl .jsonl.gz"),
        ("empty", "empty: no file of a known format. Known are"),
        ("others", "others: no file of a known format (suffixes there: 2 of .md). Known are"),
    ],
)
def test_the_users_mistakes(
    file: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("a.json", "others/a.md", "others/b.md"):
        file(name, "")
    with pytest.raises(InputError) as caught:
        names(argument)
    assert str(caught.value).startswith(message.format(here=tmp_path))
