"""Dying before and after every durable operation of a run leaves nothing that cannot be mended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clean_corpus.config import Config, from_json
from clean_corpus.errors import OutputError
from clean_corpus.run import disk, publish
from clean_corpus.run.plan import clean_files
from sample_records import content

_DIED = 9


def records(path: Path) -> Path:
    story = "The ferry to the island of Morn was late again, and nobody on the quay was surprised. "
    texts = [story * 3, story * 3 + "Written by A. Hand", "Short.", "", story.upper() + "\u200b1"]
    path.write_bytes(
        b"".join(
            orjson.dumps({"id": n, "text": text}, option=orjson.OPT_APPEND_NEWLINE)
            for n, text in enumerate(texts)
        )
        + b'{"id": broken\n'
    )
    return path


WHOLE: dict[str, Any] = {"limits": {"max_failed": 1, "max_removed": 1}}
BARE = WHOLE | {
    "stages": [],
    "language": {"detect": False},
    "dedup": {"passages": "off", "contained": "off"},
    "output": {"mode": "ids"},
}


def run(source: Path, out: Path, options: dict[str, Any] = WHOLE) -> None:
    clean_files([str(source)], out, from_json(Config, options), serial=True)


def in_child(action: Callable[[], None]) -> int:
    """Carry out an action in a copy of this process; give its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _nothing(*_: object) -> None:
    pass


def hasty() -> None:
    """Flush nothing to the disk: what a killed process has written is in the page cache."""
    for name in ("fsync", "sync"):
        setattr(os, name, _nothing)


def dying(at: int, log: Path | None = None) -> Callable[[], None]:
    """Make durable operations die: the n-th counts 2n before it and 2n + 1 after it."""
    seen = 0

    def moment(name: str) -> None:
        nonlocal seen
        if seen == at:
            os._exit(_DIED)
        seen += 1
        if log is not None:
            with log.open("a") as file:
                file.write(f"{name}\n")

    def wrap(home: Any, name: str) -> None:
        real = getattr(home, name)

        def mortal(*args: Any, **kwargs: Any) -> Any:
            moment(f"before {name}")
            result = real(*args, **kwargs)
            moment(f"after {name}")
            return result

        setattr(home, name, mortal)

    def torn(file: Any, line: bytes) -> None:
        moment("before append")
        file.write(line[: len(line) // 2])
        file.flush()
        moment("in the middle of append")
        file.write(line[len(line) // 2 :] + b"\n")
        file.flush()
        os.fsync(file.fileno())

    def arm() -> None:
        hasty()
        for name in ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir", "sync"):
            wrap(os, name)
        disk.append_line = torn

    return arm


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("options", [WHOLE, BARE], ids=["whole", "bare"])
def test_dying_at_every_durable_operation(options: dict[str, Any], tmp_path: Path) -> None:
    source = records(tmp_path / "articles.jsonl")
    if options is BARE:
        lines = source.read_bytes().splitlines()[:-1]
        source = tmp_path / "articles.parquet"
        pq.write_table(pa.Table.from_pylist([orjson.loads(line) for line in lines]), source)
    expected = tmp_path / "expected"
    run(source, expected, options)
    log = tmp_path / "log"

    def whole() -> None:
        dying(-1, log)()
        run(source, tmp_path / "counted", options)

    assert in_child(whole) == 0
    moments = log.read_text().splitlines()
    assert len(moments) > 60, "the operations are not seen"
    # A bare run goes its own way in its first task and in the sixth, which read the input.
    ends = [at + 3 for at, moment in enumerate(moments) if moment == "in the middle of append"]
    own = [*range(ends[0]), *range(ends[4], ends[5])]
    for at in range(len(moments)) if options is WHOLE else own:
        out = tmp_path / f"out-{at}"

        def killed(at: int = at, out: Path = out) -> None:
            dying(at)()
            run(source, out, options)

        assert in_child(killed) == _DIED, moments[at]

        def resumed(out: Path = out) -> None:
            hasty()
            run(source, out, options)

        assert in_child(resumed) == 0, moments[at]
        assert content(out) == content(expected), moments[at]


def test_names_of_what_is_published_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, ready = tmp_path / "out", tmp_path / "ready"
    flushed: set[Path] = set()
    monkeypatch.setattr(disk, "flush_folder", flushed.add)
    (out / publish.PRIVATE).mkdir(parents=True)
    for name in ("corpus/news/one.jsonl", "two.jsonl"):
        (ready / name).parent.mkdir(parents=True)
        (ready / name).touch()
        publish.publish(ready, out, "")
        folders = {folder for folder in out.rglob("*") if folder.is_dir()}
        assert flushed == {out, *folders}, "new folders have names too, and what went had one"
        flushed.clear()
        disk.remove(ready)


def test_a_second_run_into_the_same_output_is_refused(tmp_path: Path) -> None:
    source, out = records(tmp_path / "articles.jsonl"), tmp_path / "out"
    run(source, out)
    holder = (
        "import sys, time, pathlib; from clean_corpus.run import disk\n"
        "with disk.lock(pathlib.Path(sys.argv[1]), ''): print('held', flush=True); time.sleep(60)"
    )
    lock = str(out / ".clean-corpus" / "lock")
    with subprocess.Popen([sys.executable, "-c", holder, lock], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OutputError, match="another run is writing here"):
            run(source, out)
        process.send_signal(signal.SIGKILL)
    time.sleep(0)
    run(source, out)
