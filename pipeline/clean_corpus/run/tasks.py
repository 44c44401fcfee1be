"""A task: a pure step from input files to committed output files, named by what went into it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from clean_corpus.errors import TaskFailed
from clean_corpus.run import disk
from clean_corpus.run.executors import Executor, Failure
from clean_corpus.run.manifest import Manifest

Stats = dict[str, Any]

#: What a task carries out: paths of the inputs and of the outputs by name, and plain options; it
#: returns small counts. It must not look at anything else.
Function = Callable[[Mapping[str, Sequence[str]], Mapping[str, str], Mapping[str, Any]], Stats]


class Task(NamedTuple):
    """One call of a task function on one part of the corpus.

    `inputs` and `outputs` are file names inside the work folder. `payload` reaches the function as
    the option "payload" and is no part of the task's name, which must identify it otherwise.
    """

    step: str
    part: int
    name: str
    function: Function
    inputs: dict[str, list[str]]
    outputs: dict[str, str]
    options: dict[str, Any]
    payload: object = None


class Done(NamedTuple):
    """What a committed task made; the task has no payload any more, which may be large."""

    task: Task
    stats: Stats


def make(
    step: str,
    part: int,
    function: Function,
    *,
    outputs: Sequence[str],
    version: str,
    inputs: Mapping[str, Sequence[str]] | None = None,
    options: Mapping[str, Any] | None = None,
    payload: object = None,
) -> Task:
    """Make a task whose name is a hash of all that decides its result.

    Inputs are files of other tasks, so their names stand for their content; `version` stands for
    code, packages, lexicons and Unicode data.
    """
    options = dict(options or {})
    files = {name: list(paths) for name, paths in (inputs or {}).items()}
    what = [step, function.__module__, function.__qualname__, version, options, files]
    text = json.dumps(what, sort_keys=True, default=_hex)
    name = f"{step}-{part:05d}-{hashlib.blake2b(text.encode(), digest_size=10).hexdigest()}"
    made = {output: f"{name}.{output}" for output in outputs}
    return Task(step, part, name, function, files, made, options, payload)


def _hex(value: object) -> str:
    return cast("bytes", value).hex()


class _Call(NamedTuple):
    task: Task
    work: str


def execute(call: _Call) -> Stats:
    """Carry out a task in this process and commit its outputs."""
    task, work = call.task, Path(call.work)
    parts = {
        output: work / f"{name}.{os.getpid()}{disk.PART}" for output, name in task.outputs.items()
    }
    options = {**task.options, "payload": task.payload} if task.payload else task.options
    try:
        with disk.full_disk_is_an_error(work):
            stats = task.function(
                {name: [str(work / file) for file in files] for name, files in task.inputs.items()},
                {output: str(part) for output, part in parts.items()},
                options,
            )
            # Their names are not flushed: `Work` looks for each before it believes the manifest.
            disk.commit({part: work / task.outputs[output] for output, part in parts.items()})
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    return stats


def _avoiding(task: Task, failure: Failure) -> Task:
    """Make the task anew without the record that killed its worker; raise any other failure."""
    if failure.error is not None:
        raise failure.error
    if failure.at is None:
        raise TaskFailed(f"{task.name}: {failure.traceback}")
    avoid = [*task.options.get("avoid", ()), failure.at]
    name = f"{task.name}-{failure.at}"
    outputs = {output: f"{name}.{output}" for output in task.outputs}
    return task._replace(name=name, outputs=outputs, options={**task.options, "avoid": avoid})


class Work:
    """The work folder of a run: which tasks are done, and how the others get done."""

    def __init__(self, folder: Path, executor: Executor, retries: int) -> None:
        self.folder = folder
        self.executor = executor
        self.retries = retries
        folder.mkdir(exist_ok=True)
        for part in folder.glob(f"*{disk.PART}"):
            part.unlink()
        self.manifest = Manifest(folder / "manifest.jsonl")
        self.reused = 0

    def path(self, file: str) -> Path:
        """Give the place of a task's output."""
        return self.folder / file

    def do(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Carry out tasks, or take what they made before; results come in any order.

        Raises the CleaningError that a task raised, or TaskFailed with a worker's traceback.
        """
        ready: list[Done] = []
        while True:
            deadly: list[Task] = []
            calls = self._calls(tasks, ready)
            for call, result in self.executor.map(execute, calls, retries=self.retries):
                if isinstance(result, Failure):
                    deadly.append(_avoiding(call.task, result))
                    continue
                self.manifest.add(call.task.name, result, self._sizes(call.task))
                yield from self._emptied(ready)
                yield Done(call.task._replace(payload=None), result)
            yield from self._emptied(ready)
            if not deadly:
                return
            tasks = deadly

    def all(
        self, tasks: Iterable[Task], progress: Callable[[int], None] = lambda _: None
    ) -> list[Done]:
        """Carry out tasks and give their results in the order of their parts.

        `progress` is told after each how many are done.
        """
        done: list[Done] = []
        for result in self.do(tasks):
            done.append(result)
            progress(len(done))
        return sorted(done, key=lambda result: result.task.part)

    def in_order(
        self, tasks: Iterable[Task], progress: Callable[[int], None] = lambda _: None
    ) -> Iterator[Done]:
        """Do what `all` does with parts 0, 1 ..., and give each once those before it are given."""
        waiting: dict[int, Done] = {}
        turn = 0
        for number, result in enumerate(self.do(tasks), 1):
            progress(number)
            waiting[result.task.part] = result
            while turn in waiting:
                yield waiting.pop(turn)
                turn += 1

    def _calls(self, tasks: Iterable[Task], ready: list[Done]) -> Iterator[_Call]:
        for task in tasks:
            entry = self.manifest.entries.get(task.name)
            if entry is not None and entry["sizes"] == self._sizes(task):
                self.reused += 1
                ready.append(Done(task._replace(payload=None), entry["stats"]))
            else:
                yield _Call(task, str(self.folder))

    def _sizes(self, task: Task) -> dict[str, int]:
        files = {output: self.folder / name for output, name in task.outputs.items()}
        return {output: file.stat().st_size for output, file in files.items() if file.exists()}

    @staticmethod
    def _emptied(ready: list[Done]) -> Iterator[Done]:
        while ready:
            yield ready.pop()

    def close(self) -> None:
        """Close the manifest."""
        self.manifest.close()
