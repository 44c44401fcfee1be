"""Executors decide where tasks run, and nothing else.

An executor has one method, `map(function, items, *, retries)`, an iterator of (item, result) in
any order, where a result may be a Failure. Items are taken one by one as workers become free, so
that a lazy iterable is read beside the work.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from clean_corpus.errors import CleaningError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Failure(NamedTuple):
    """A call that gave no result: the user's mistake that it found, or a traceback."""

    error: CleaningError | None
    traceback: str


class Executor(Protocol):
    """Anything that can map a module-level function over picklable items."""

    def map(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], *, retries: int
    ) -> Iterator[tuple[_Item, _Result | Failure]]:
        """Call the function on each item, once more for each retry after a worker died."""
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...


def attempt(function: Callable[[_Item], _Result], item: _Item) -> _Result | Failure:
    """Call a function; an exception becomes a Failure."""
    try:
        return function(item)
    except CleaningError as error:
        return Failure(error, "")
    except Exception:  # noqa: BLE001  whatever it is, the driver must hear of it
        return Failure(None, traceback.format_exc())


class Serial:
    """Run every task in this process, one after the other."""

    def map(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], *, retries: int
    ) -> Iterator[tuple[_Item, _Result | Failure]]:
        """Call the function on each item in turn; without workers there is nothing to retry."""
        del retries
        for item in items:
            yield item, attempt(function, item)

    def close(self) -> None:
        """Do nothing: there are no workers."""


class _Worker:
    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs,), name=f"clean-corpus-{number}", daemon=True
        )
        self.process.start()
        theirs.close()

    def stop(self) -> None:
        with suppress(OSError, ValueError):
            self.connection.send(None)
        self.connection.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Local:
    """Run tasks in processes of this machine, started afresh (spawn) so that nothing is inherited.

    A worker that dies is replaced, and its task is tried again.
    """

    def __init__(self, workers: int) -> None:
        self.workers = [_Worker(number) for number in range(workers)]

    def map(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], *, retries: int
    ) -> Iterator[tuple[_Item, _Result | Failure]]:
        """Call the function on each item, in whichever worker is free."""
        source = iter(items)
        again: list[tuple[_Item, int]] = []
        busy: dict[Connection, tuple[int, _Item, int]] = {}
        idle = list(range(len(self.workers)))
        while True:
            while idle:
                try:
                    item, tries = again.pop() if again else (next(source), 0)
                except StopIteration:
                    break
                number = idle.pop()
                connection = self.workers[number].connection
                with suppress(BrokenPipeError):  # a dead worker is found by reading from it
                    connection.send((function, item))
                busy[connection] = (number, item, tries)
            if not busy:
                return
            for ready in wait(list(busy)):
                connection = ready  # type: ignore[assignment]
                number, item, tries = busy.pop(connection)
                try:
                    result: _Result | Failure = connection.recv()
                except (EOFError, ConnectionResetError):
                    code = self._replace(number)
                    idle.append(number)
                    if tries < retries:
                        again.append((item, tries + 1))
                    else:
                        yield item, Failure(None, f"the worker died {tries + 1} times ({code})")
                    continue
                idle.append(number)
                yield item, result

    def _replace(self, number: int) -> str:
        dead = self.workers[number]
        dead.connection.close()
        dead.process.join()
        code = dead.process.exitcode
        self.workers[number] = _Worker(number)
        return f"signal {-code}" if code and code < 0 else f"exit code {code}"

    def close(self) -> None:
        """Stop the workers; one that does not stop within five seconds is killed."""
        for worker in self.workers:
            worker.stop()


def _serve(connection: Connection) -> None:
    """Carry out calls until told to stop, or until the driver is gone."""
    import pyarrow as pa

    # One worker is one core: the pool is the only place that decides about parallelism.
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    with suppress(EOFError, KeyboardInterrupt):
        while (call := connection.recv()) is not None:
            function, item = call
            connection.send(attempt(function, item))


def cores() -> int:
    """Count the cores this process may use: its affinity, and its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        count = min(count or 1, -(-int(quota) // int(period)))
    return max(1, count or 1)
