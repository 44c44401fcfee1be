"""Executors and tasks: what dies is tried again, what is done is not done twice."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from clean_corpus.errors import InputError, OutputError, TaskFailed
from clean_corpus.run import disk
from clean_corpus.run.executors import Executor, Failure, Local, Serial, cores, tell
from clean_corpus.run.tasks import Task, Work, make


def double(number: int) -> int:
    if number == 13:
        raise InputError("13 is not a number. Take 12.")
    if number < 0:
        raise RuntimeError("negative")
    return 2 * number


def die_once(path: str) -> str:
    mark = Path(path)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def die(_: int) -> None:
    os._exit(7)


def hang_at(where: tuple[int, float]) -> None:
    tell(*where)
    time.sleep(60)


def steadily(times: int) -> int:
    """Take a tenth of a second for each place, of the three that are allowed."""
    for place in range(times):
        tell(place, 0.3)
        time.sleep(0.1)
    return times


def visit(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Visit seven places, of which some are deadly unless they are avoided."""
    Path(outputs["out"]).touch()
    avoid = options.get("avoid", [])
    visited = [place for place in range(7) if place not in avoid]
    for place in visited:
        tell(place, 60)
        if place in options["deadly"]:
            os._exit(1)
    return {"visited": visited, "avoided": avoid}


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    pool = Local(2)
    yield pool
    pool.close()


@pytest.mark.parametrize("kind", ["serial", "local"])
def test_map_gives_every_item_its_result(kind: str, local: Local) -> None:
    executor = local if kind == "local" else Serial()
    results = dict(executor.map(double, [1, 2, 13, -1, *range(20, 40)], retries=1))
    assert results[1] == 2
    assert results[39] == 78
    mistake, bug = results[13], results[-1]
    assert isinstance(mistake, Failure)
    assert isinstance(mistake.error, InputError)
    assert isinstance(bug, Failure)
    assert bug.error is None
    assert "RuntimeError: negative" in bug.traceback


def test_items_are_taken_as_workers_become_free(local: Local) -> None:
    taken = []

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = local.map(double, source(), retries=0)
    next(results)
    assert len(taken) < 10
    assert len(list(results)) == 99


def test_no_more_workers_are_started_than_there_is_work() -> None:
    pool = Local(8)
    assert dict(pool.map(double, [1], retries=0)) == {1: 2}
    assert dict(pool.map(double, [2, 3], retries=0)) == {2: 4, 3: 6}
    assert 1 <= len(pool.workers) <= 2
    pool.close()


def test_a_killed_worker_is_replaced_and_its_task_tried_again(local: Local, tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in "abc"]
    assert dict(local.map(die_once, marks, retries=1)) == dict.fromkeys(marks, "alive")


def test_a_task_that_kills_every_worker_is_given_up(local: Local) -> None:
    ((_, failure),) = local.map(die, [0], retries=2)
    assert isinstance(failure, Failure)
    assert failure.traceback == "the worker died 3 times (exit code 7)"
    assert dict(local.map(double, [4], retries=0)) == {4: 8}


def test_a_late_worker_is_killed_and_says_where_it_was(local: Local) -> None:
    ((_, failure),) = local.map(hang_at, [(17, 0.2)], retries=5)
    assert failure == Failure(None, "the worker died 1 times (signal 9)", 17)


def test_a_worker_is_not_late_where_the_driver_is(local: Local) -> None:
    assert dict(local.map(double, [1, 2], retries=0)), "both are up"
    results = local.map(steadily, [1, 9], retries=0)
    assert next(results) == (1, 1)
    time.sleep(0.6)
    assert list(results) == [(9, 9)]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the children of a process")
def test_who_ends_a_run_as_its_workers_start_reads_no_traceback() -> None:
    code = "from clean_corpus.run.executors import Local\n"
    code += "print(list(Local(2).map(len, ['heron', 'otter'], retries=0)), flush=True)\n"
    code += "import time; time.sleep(60)\n"
    for _ in range(4):
        driver = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        children = Path(f"/proc/{driver.pid}/task/{driver.pid}/children")
        while not children.read_text():
            time.sleep(0.001)
        driver.terminate()
        assert driver.communicate(timeout=30)[1] == b""


def test_a_record_that_kills_its_worker_is_avoided(local: Local, tmp_path: Path) -> None:
    work = Work(tmp_path / "work", local, retries=1)
    options = {"deadly": [3, 5]}
    tasks = [make("visit", 0, visit, outputs=["out"], version="1", options=options)]
    (done,) = work.all(tasks)
    work.close()
    assert done.stats == {"visited": [0, 1, 2, 4, 6], "avoided": [3, 5]}
    assert work.path(done.task.outputs["out"]).exists()


def test_cores_respects_affinity() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def count(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    Path(outputs["out"]).write_text(options["text"] + "".join(inputs.get("in", [])))
    with Path(options["log"]).open("a") as log:
        log.write(options["text"])
    if options["text"] == "bad":
        raise ValueError("bad text")
    return {"length": len(options["text"])}


def task(log: Path, text: str, part: int = 0) -> Task:
    options = {"text": text, "log": str(log)}
    return make("count", part, count, outputs=["out"], version="1", options=options)


def test_done_tasks_are_not_done_again(tmp_path: Path) -> None:
    log, folder = tmp_path / "log", tmp_path / "work"
    work = Work(folder, Serial(), retries=0)
    (done,) = work.all([task(log, "abc")])
    assert done.stats == {"length": 3}
    work.close()
    # The output of one task is damaged, the manifest ends in the middle of a line.
    with (folder / "manifest.jsonl").open("ab") as manifest:
        manifest.write(b'{"task": "half')
    (folder / "left-over.part").touch()
    again = Work(folder, Serial(), retries=0)
    assert [d.stats["length"] for d in again.all([task(log, "abc"), task(log, "de", 1)])] == [3, 2]
    assert log.read_text() == "abcde"
    assert again.reused == 1
    assert not (folder / "left-over.part").exists()
    again.close()
    # It may also have lost its name with the power.
    damages: list[Callable[[Path], object]] = [lambda path: path.write_text("a"), Path.unlink]
    for damage in damages:
        damage(folder / done.task.outputs["out"])
        later = Work(folder, Serial(), retries=0)
        later.all([task(log, "abc"), task(log, "de", 1)])
        later.close()
    assert log.read_text() == "abcdeabcabc"


def test_payloads_are_let_go(tmp_path: Path) -> None:
    one = task(tmp_path / "log", "abc")._replace(payload=b"a piece of the input")
    for _ in "made", "there already":
        work = Work(tmp_path / "work", Serial(), retries=0)
        (done,) = work.all([one])
        work.close()
        assert done.task == one._replace(payload=None)


def fill(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write to a disk that is full."""
    del inputs, outputs, options
    with Path("/dev/full").open("wb") as file:
        file.write(b"more")
    return {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_in_a_task_is_no_bug(local: Local, tmp_path: Path) -> None:
    executors: list[Executor] = [Serial(), local]
    for number, executor in enumerate(executors):
        work = Work(tmp_path / str(number), executor, 2)
        with pytest.raises(OutputError, match="the disk is full"):
            work.all([make("fill", 0, fill, outputs=["out"], version="1")])
        work.close()


def test_a_file_larger_than_allowed_is_no_bug(tmp_path: Path) -> None:
    said = pytest.raises(OutputError, match="allows no larger files")
    with said, disk.full_disk_is_an_error(tmp_path):
        raise OSError(errno.EFBIG, "File too large")


def test_a_failing_task_leaves_nothing_behind(tmp_path: Path) -> None:
    work = Work(tmp_path / "work", Serial(), retries=0)
    with pytest.raises(TaskFailed, match="bad text"):
        work.all([task(tmp_path / "log", "bad")])
    work.close()
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["manifest.jsonl"]


def test_a_task_is_named_by_all_that_decides_its_result(tmp_path: Path) -> None:
    log = tmp_path / "log"
    base = task(log, "abc").name
    assert base == task(log, "abc").name
    assert base != task(log, "abd").name
    assert base != make("count", 0, count, outputs=["out"], version="2", options={}).name


def thresholds(_: int) -> tuple[int, int, int]:
    return gc.get_threshold()


def test_workers_look_for_cycles_seldom_and_nobody_elses_process_does(local: Local) -> None:
    ours = gc.get_threshold()
    (_, theirs), *_ = local.map(thresholds, [0], retries=0)
    list(Serial().map(thresholds, [0], retries=0))
    assert not isinstance(theirs, Failure)
    assert theirs[0] >= 50_000
    assert gc.get_threshold() == ours
