"""The command line: what it says, where it says it, and the exit code of each ending."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from clean_corpus import cli, settings
from clean_corpus.commands import console
from clean_corpus.config import Output
from clean_corpus.errors import ConfigError
from clean_corpus.settings import starter
from command_line import Cli, Ending
from made_run import BASE, SUMMARY, make, write_lines


def test_help_answers_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    tries = 3
    for _ in range(tries):
        subprocess.run([sys.executable, "-m", "clean_corpus", "--help"], check=True, stdout=-3)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds / tries < 0.15


def test_every_command_is_listed(run: Cli) -> None:
    found = run("--help")
    assert found.code == 0
    for command in (
        "run",
        "duplicates",
        "explain",
        "undo",
        "check",
        "rules",
        "schema",
        "init",
        "report",
    ):
        assert f"\n  {command} " in found.out
        assert run(command, "--help").code == 0


def test_version(run: Cli) -> None:
    assert run("--version").out.startswith("clean-corpus ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("rnu", "clean-corpus: there is no command 'rnu'. Did you mean 'run'?"),
        ("--hlep", "clean-corpus: there is no command '--hlep'. There are: run, duplicates, "),
        ("run", "clean-corpus run: the following arguments are required: INPUT. See `clean-corpus"),
        (
            "run x --otu=y",
            "clean-corpus run: there is no argument '--otu=y'. Did you mean '--out'?",
        ),
        ("run x --worker 3", "clean-corpus run: there is no argument '--worker'. Did you mean"),
        (
            "run x --workers x",
            "clean-corpus run: argument --workers: must be a whole number from 0",
        ),
        ("run x -o", "clean-corpus run: argument -o/--out: expected one argument."),
        ("run x --mode kepe", "clean-corpus run: argument --mode: invalid choice: 'kepe'"),
        ("check x", "clean-corpus check: there is no argument 'x'. There are: -c, --config, "),
        ("explain x", "clean-corpus explain: the following arguments are required: --id."),
        ("run x -- -o y", "no output was named."),
    ],
)
def test_wrong_usage_is_one_sentence(run: Cli, arguments: str, said: str) -> None:
    found = run(*arguments.split())
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert found.err.startswith(said)


def test_an_argument_that_is_empty_is_no_folder_and_no_default(run: Cli) -> None:
    for arguments in (["run", "", "-o", "x"], ["run", "x", "-o", ""], ["check", "-c", ""]):
        assert run(*arguments).err.endswith(": an argument is empty. Is a variable not set?\n")


def test_names_behind_two_dashes_may_begin_with_one(
    run: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "-o.jsonl", [{"id": "a", "text": "One lamp is lit in the harbour."}])
    assert run("run", "-q", "--out=-out", "--", "-o.jsonl").code == 0
    timings = json.loads((tmp_path / "-out" / "timings.json").read_bytes())
    assert timings["inputs"][0]["name"] == "-o.jsonl"
    assert json.loads(run("undo", "--", "-out").out)["id"] == "a"
    assert run("explain", "--id", "a", "--", "-o.jsonl").out.startswith("a  kept")


def test_flags_offer_what_the_config_allows() -> None:
    assert get_args(get_args(Output.__annotations__["mode"])[0]) == cli.MODES
    assert get_args(get_args(Output.__annotations__["to"])[0]) == ("", *cli.FORMATS)


def test_init_writes_a_file_once(run: Cli, tmp_path: Path) -> None:
    path = tmp_path / "clean.toml"
    assert run("init", path) == (0, f"{path}\n", "")
    assert path.read_text(encoding="utf-8") == starter.toml()
    path.write_text("mine")
    found = run("init", path)
    assert found.code == 2
    assert found.err == f"{path}: is there already. Name another file, or --force.\n"
    assert path.read_text() == "mine"
    assert run("init", "--force", path).code == 0
    assert run("init", tmp_path / "no" / "clean.toml").code == 2


@pytest.mark.parametrize("sink", [">/dev/full", ">&-"])
@pytest.mark.parametrize("arguments", ["rules", "schema", "--version", "run --help", "piped"])
def test_a_stdout_that_takes_nothing_is_one_sentence(
    arguments: str, sink: str, tmp_path: Path
) -> None:
    if arguments == "piped":
        write_lines(tmp_path / "in.jsonl", [{"id": "heron", "text": "A heron waits by the weir."}])
        arguments = f"duplicates {tmp_path / 'in.jsonl'} -q -o - --run-dir {tmp_path / 'out'}"
    found = shell(f"{arguments} {sink}")
    why = "No space left on device" if sink == ">/dev/full" else "Bad file descriptor"
    assert found == (2, "", f"stdout: cannot be written to ({why}).\n")


@pytest.mark.parametrize("sink", ["2>/dev/full", "2>&-", "0>&- 1>&- 2>&-"])
def test_a_good_run_is_good_where_nobody_can_be_told(sink: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in.jsonl", [{"id": "heron", "text": "A heron waits by the weir."}])
    found = shell(f"duplicates {tmp_path / 'in.jsonl'} -o {tmp_path / 'out'} {sink}")
    assert found == (0, "", "")
    assert shell(f"report {tmp_path / 'out'} --decisions x 2>&-").code == 2


def shell(arguments: str) -> Ending:
    """Run the command line in a process of its own, with redirections."""
    command = f"exec {shlex.quote(sys.executable)} -m clean_corpus {arguments}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    return Ending(done.returncode, done.stdout, done.stderr)


def test_schema_is_json_with_every_option(run: Cli) -> None:
    schema = json.loads(run("schema").out)
    assert schema["additionalProperties"] is False
    assert "threshold" in schema["$defs"]["Dedup"]["properties"]


def test_a_mistake_in_the_config_is_one_line_and_2(run: Cli, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[dedup]\ntreshold = 1\n")
    found = run("run", "articles.jsonl", "-o", tmp_path / "out", "-c", path)
    message = "dedup.treshold: unknown option. Did you mean 'threshold'?"
    assert found == (2, "", f"{path}:2: {message}\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "no output was named. Say where to write: -o OUT, or -o - for stdout."),
        (["-o", "-"], "-o - writes the corpus to stdout. Say --run-dir DIR for the evidence."),
        (
            ["-o", "out", "--run-dir", "r"],
            "the evidence goes to out too. Use --run-dir only with -o -.",
        ),
    ],
)
def test_where_to_write_must_be_clear(run: Cli, flags: list[str], message: str) -> None:
    assert run("run", "articles.jsonl", *flags) == (2, "", f"{message}\n")


def test_flags_win_over_set(run: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def load(path: str | None, overrides: list[str]) -> None:
        seen.extend(overrides)
        raise ConfigError("seen")

    monkeypatch.setattr(settings, "load", load)
    run("run", "x", "--set", "a.b=1", "--workers", "3", "--mode", "mark", "--to", "jsonl.gz")
    assert seen == ["a.b=1", "run.workers=3", "output.mode=mark", "output.to=jsonl.gz"]


def test_undo_gives_every_base_text(run: Cli, tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    found = run("undo", out)
    assert found.code == 0
    assert {row["id"]: row["text"] for row in map(json.loads, found.out.splitlines())} == BASE
    assert run("undo", out, "-o", tmp_path / "base.jsonl").out == ""
    assert (tmp_path / "base.jsonl").read_text(encoding="utf-8") == found.out


def test_undo_notices_what_was_changed_after_the_run(run: Cli, tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    articles = out / "corpus" / "articles.jsonl"
    text = articles.read_text(encoding="utf-8")
    articles.write_text(text.replace("Le clocher", "Le vieux clocher"), encoding="utf-8")
    found = run("undo", out)
    assert found.code == 2
    assert "the text of 'bell' was changed after the run" in found.err
    write_lines(articles, [])
    assert "the edits of 'lake' fit no document" in run("undo", out).err


@pytest.mark.parametrize("command", [["undo"], ["report"]])
def test_what_is_no_run_is_2(run: Cli, tmp_path: Path, command: list[str]) -> None:
    found = run(*command, tmp_path)
    assert (found.code, found.out) == (2, "")
    assert "is not the output of a finished run" in found.err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    rows = [{"id": f"d{i}", "text": "word " * 99, "clean": {"id": f"d{i}"}} for i in range(2000)]
    write_lines(out / "corpus" / "articles.jsonl", rows)
    (out / "edits.jsonl").write_text("")
    command = [sys.executable, "-m", "clean_corpus", "undo", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_report_names_its_file(run: Cli, tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    assert run("report", out) == (0, f"{out / 'report.html'}\n", "")


def test_ctrl_c_is_130(run: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(out: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("clean_corpus.report.write", stop)
    assert run("report", tmp_path).code == 130


def test_a_bug_is_3_and_leaves_a_log(
    run: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(out: Path) -> None:
        raise ZeroDivisionError("by \udcff")

    monkeypatch.setattr("clean_corpus.report.write", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = run("report", tmp_path)
    (log,) = tmp_path.glob("clean-corpus-*.log")
    assert found.code == 3
    assert found.err == f"This is a bug in clean-corpus, not your mistake. Please report {log}\n"
    text = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    assert "pyarrow " in text
    assert "in fail" in text


def test_the_table_is_aligned() -> None:
    summary = {**SUMMARY, "read": 12480, "kept": 12478, "reasons": {"a": 1, "b": 2300, "c": 0}}
    assert console.table(summary, "out/report.html").splitlines() == [
        "  read     12,480",
        "  removed       1   b 2,300 · a 1",
        "  failed        1",
        "  kept     12,478   text cut: 15.2 % of 210 characters",
        "  note     1 record has no source.",
        "  report   out/report.html",
    ]


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "0.0 %"), (0, 9, "0.0 %"), (1, 5000, "< 0.1 %"), (1, 3, "33.3 %"), (2, 2, "100.0 %")],
)
def test_percent(part: int, whole: int, shown: str) -> None:
    assert console.percent(part, whole) == shown
