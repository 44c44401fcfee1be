"""The command line where it runs, explains and checks: what it says, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clean_corpus import settings
from command_line import Cli
from made_run import write_lines


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Give a file of three articles, of which one is a copy and one cannot be read."""
    path = tmp_path / "articles.jsonl"
    text = "The ferry left the harbour late, because the tide and the crew were not ready."
    write_lines(path, [{"id": "one", "text": text}, {"id": "two", "text": f"{text}  "}])
    path.write_text(f"{path.read_text()}{{broken\n")
    return path


QUICK = ("--set", 'stages=["whitespace"]', "--set", "limits.max_failed=0.5")


def test_a_run_says_everything_on_stderr(run: Cli, articles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = run("run", articles, "-o", out, *QUICK)
    assert (found.code, found.out) == (0, "")
    assert "  removed  1   exact-duplicate 1\n" in found.err
    assert found.err.endswith(
        f"  report   {out}/report.html\ndone: 3 read = 1 kept + 1 removed + 1 failed -> {out}\n"
    )
    again = run("run", articles, "-o", out, *QUICK)
    equation = "3 read = 1 kept + 1 removed + 1 failed"
    assert again == (0, "", f"nothing to do: {out} is up to date ({equation})\n")
    assert run("run", articles, "-o", out, *QUICK, "--fresh", "--quiet") == (0, "", "")


def test_a_limit_is_1_after_everything_is_written(run: Cli, articles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = run("run", articles, "-o", out, *QUICK[:2])
    assert found.code == 1
    done, past = found.err.splitlines()[-2:]
    assert done.startswith("done: ")
    assert past == ("past a limit: 1 of 3 documents failed (all sources; limits.max_failed = 0.02)")
    assert (out / "summary.json").is_file()
    assert run("run", articles, "-o", out, *QUICK[:2]).code == 1


def test_a_dry_run_writes_nothing(
    run: Cli, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    found = run("run", articles, "-o", tmp_path / "out", "--dry-run", "--limit", "2", *QUICK)
    assert (found.code, found.out) == (0, "")
    last = found.err.splitlines()[-1]
    assert last == "dry run: 2 read = 1 kept + 1 removed + 0 failed; nothing was written"
    assert not list(temporary.iterdir())
    assert not (tmp_path / "out").exists()


def test_stdin_to_stdout(articles: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    command = [sys.executable, "-m", "clean_corpus", "run", "-", "-o", "-"]
    command += ["--run-dir", str(evidence), *QUICK]
    with articles.open("rb") as source:
        found = subprocess.run(command, stdin=source, capture_output=True, check=True)
    (line,) = found.stdout.splitlines()
    assert json.loads(line)["clean"]["id"] in ("one", "two")
    assert (evidence / "removed.jsonl").is_file()
    assert b"\ndone: 3 read" in found.stderr


@pytest.mark.parametrize("nothing", ["nowhere.jsonl", "*.jsonl", "folder"])
def test_input_that_matches_nothing_is_2(run: Cli, tmp_path: Path, nothing: str) -> None:
    (tmp_path / "folder").mkdir()
    found = run("run", tmp_path / nothing, "-o", tmp_path / "out")
    assert (found.code, found.out) == (2, "")
    assert len(found.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_input_without_records_is_2(run: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    found = run("run", empty, "-o", tmp_path / "out", *QUICK)
    assert found.code == 2
    assert found.err == f"{empty}: holds no records. Check the input.\n"


def test_a_bug_in_a_run_leaves_its_log_until_a_run_goes_well(
    run: Cli, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("clean_corpus.run.outputs.write_outputs", fail)
    found = run("run", articles, "-o", tmp_path / "out", *QUICK)
    assert found.code == 3
    log = tmp_path / "out" / ".clean-corpus" / "bug.log"
    assert str(log) in found.err
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    monkeypatch.undo()
    assert run("run", articles, "-o", tmp_path / "out", *QUICK).code == 0
    assert not log.exists()


def test_explain_without_a_run(run: Cli, articles: Path) -> None:
    found = run("explain", articles, "--id", "two", *QUICK)
    assert found.code == 0
    assert found.out.splitlines()[0].startswith("two  removed: exact-duplicate of one (")
    assert run("explain", articles, "--id", "tow", *QUICK).code == 2


def test_check_and_rules(run: Cli, tmp_path: Path) -> None:
    found = run("check", "--show", "--set", "dedup.seed=7")
    assert found.code == 0
    assert "\nseed = 7 " in found.out
    assert found.err.startswith("all is well: ")
    (tmp_path / "shown.toml").write_text(found.out, encoding="utf-8")
    assert settings.load(str(tmp_path / "shown.toml")).dedup.seed == 7
    first, *_ = run("rules").out.splitlines()
    rule = first.split()[0]
    assert run("rules", rule).out.startswith(f"{rule}: ")
    assert run("rules", f"{rule}x").code == 2


def test_check_names_an_example_that_does_not_hold(run: Cli, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        'language = "en"\n[[rules]]\nid = "ours"\nwhy = "a test"\nclass = "legal"\n'
        'scope = "line"\npattern = "terms apply"\nremoves = ["Something else"]\nkeeps = ["Yes."]\n'
    )
    config = tmp_path / "my.toml"
    config.write_text('[boilerplate]\nlexicons = ["ours.toml"]\n')
    found = run("check", "-c", config)
    assert found.code == 2
    assert f"{tmp_path}/ours.toml:2" in found.err
