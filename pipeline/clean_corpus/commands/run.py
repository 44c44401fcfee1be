"""The command `run`: from the flags to a run, and from its outcome to what is said."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clean_corpus.commands import console
from clean_corpus.commands.bug import logged
from clean_corpus.config import Config
from clean_corpus.errors import OutputError
from clean_corpus.run import audit, disk, plan, publish

#: The name that stands for stdin and stdout.
PIPE = "-"

#: Bytes that are read at a time.
_CHUNK = 1 << 20

#: Documents that a dry run looks at, unless it is told how many.
_SAMPLE = 200


def run(
    inputs: Sequence[str],
    out: str | None,
    config: Config,
    *,
    run_dir: str | None = None,
    limit: int | None = None,
    fresh: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> None:
    """Clean `inputs` into `out`, and end with one clear line on stderr.

    "-" is JSONL on stdin or stdout; the evidence then goes to `run_dir`. Raises the errors of
    `plan.clean_files`, LimitExceeded after everything is said.
    """
    folder = _folder(out, run_dir, dry_run=dry_run)
    if out == PIPE:
        if config.output.to not in ("", "jsonl"):
            raise OutputError("stdout takes JSONL only. Leave output.to (--to) out.")
        output = config.output._replace(to="jsonl")
        config = config._replace(output=output)
    with named(inputs) as files, _temporary(folder) as target:
        progress = console.Progress(sys.stderr, quiet=quiet)
        with logged(target / publish.PRIVATE), progress:
            outcome = plan.clean_files(
                files,
                target,
                config,
                limit=limit or (_SAMPLE if dry_run else None),
                fresh=fresh,
                limits=False,
                progress=progress,
            )
        audit.check_read(outcome.summary, inputs)
        if not quiet:
            _tell(outcome, dry_run=dry_run)
        if out == PIPE:
            from clean_corpus.formats import IDS

            corpus = target / (IDS if config.output.mode == "ids" else "corpus.jsonl")
            with corpus.open("rb") as kept:
                while data := kept.read(_CHUNK):
                    console.out(data)
            console.out(b"", flush=True)
    if not dry_run:
        audit.check_limits(outcome.summary, config.limits)


def _folder(out: str | None, run_dir: str | None, *, dry_run: bool) -> Path | None:
    """Give the folder to write to; none for a dry run."""
    if dry_run:
        return None
    if out is None:
        raise OutputError("no output was named. Say where to write: -o OUT, or -o - for stdout.")
    if out == PIPE and run_dir is None:
        raise OutputError("-o - writes the corpus to stdout. Say --run-dir DIR for the evidence.")
    if out != PIPE and run_dir not in (None, out):
        raise OutputError(f"the evidence goes to {out} too. Use --run-dir only with -o -.")
    return Path(run_dir or out)


@contextmanager
def _temporary(folder: Path | None) -> Iterator[Path]:
    """Give the folder, or one that is removed afterwards."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="clean-corpus-") as name:
        yield Path(name, "out")


def with_texts(config: Config) -> Config:
    """Give the configuration of a run whose texts can be read back."""
    if config.output.mode != "ids":
        return config
    return config._replace(output=config.output._replace(mode="remove"))


@contextmanager
def named(inputs: Sequence[str]) -> Iterator[list[str]]:
    """Give the inputs, stdin as a file: a run reads its input more than once."""
    if PIPE not in inputs:
        yield list(inputs)
        return
    with tempfile.TemporaryDirectory(prefix="clean-corpus-") as name:
        path = Path(name, "stdin.jsonl")
        with disk.full_disk_is_an_error(Path(name)), path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [str(path) if one == PIPE else one for one in inputs]


def _tell(outcome: plan.Outcome, *, dry_run: bool) -> None:
    summary, out = outcome.summary, outcome.out
    equation = console.equation(summary)
    if outcome.unchanged:
        console.say(f"nothing to do: {out} is up to date ({equation})")
    elif dry_run:
        console.say(console.table(summary))
        console.say(f"dry run: {equation}; nothing was written")
    else:
        console.say(console.table(summary, str(out / "report.html")))
        console.say(f"done: {equation} -> {out}")
