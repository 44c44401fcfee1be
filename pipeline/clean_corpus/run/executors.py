"""Executors decide where tasks run, and nothing else.

An executor has one method, `map(function, items, *, retries)`, an iterator of (item, result) in
any order, where a result may be a Failure. Items are taken one by one as workers become free, so
that a lazy iterable is read beside the work.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from clean_corpus.errors import CleaningError
from clean_corpus.memory import settle

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Failure(NamedTuple):
    """A call that gave no result: the user's mistake that it found, or a traceback.

    Where the worker died, `at` is the last place that it had told (`tell`), if it told any.
    """

    error: CleaningError | None
    traceback: str
    at: int | None = None


class _At(NamedTuple):
    """A worker's message: it has come to this place, and may stay there for so many seconds."""

    place: int | None
    seconds: float | None


_driver: Connection | None = None


def tell(place: int | None, seconds: float | None) -> None:
    """Tell the driver, if there is one, what comes next and how long it may take.

    A worker that takes longer is killed, so that not even a loop in C can stop a run. None says
    that what comes next is harmless, or may take as long as it likes.
    """
    if _driver is not None:
        _driver.send(_At(place, seconds))


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


@contextmanager
def _signals_later() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait: a worker that is half started prints a traceback.

    It inherits that, until it is up (`_serve`).
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else the worker's start does so, and lets signals in
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDING = (signal.SIGINT, signal.SIGTERM)


class _Worker:
    def __init__(self, number: int) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs,), name=f"clean-corpus-{number}", daemon=True
        )
        with _signals_later():
            self.process.start()
        theirs.close()

    def let_go(self) -> None:
        with suppress(OSError, ValueError):
            self.connection.send(None)
        self.connection.close()

    def wait(self) -> None:
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@dataclass(slots=True)
class _Call(Generic[_Item]):
    """What a worker is busy with, and how far it has come."""

    number: int
    item: _Item
    tries: int
    place: int | None = None
    deadline: float | None = None
    late: bool = False


class Local:
    """Run tasks in processes of this machine, started afresh (spawn) so that nothing is inherited.

    Workers are started when there is work for them: each takes a second to come up. One that dies
    is replaced, and its task is tried again.
    """

    def __init__(self, workers: int) -> None:
        self.limit = workers
        self.workers: list[_Worker] = []

    def map(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item], *, retries: int
    ) -> Iterator[tuple[_Item, _Result | Failure]]:
        """Call the function on each item, in whichever worker is free."""
        from multiprocessing.connection import wait

        source = iter(items)
        again: list[tuple[_Item, int]] = []
        busy: dict[Connection, _Call[_Item]] = {}
        idle = list(range(len(self.workers)))
        done: list[tuple[_Item, _Result | Failure]] = []
        while True:
            while len(busy) < self.limit:
                try:
                    item, tries = again.pop() if again else (next(source), 0)
                except StopIteration:
                    break
                if not idle:
                    idle.append(len(self.workers))
                    self.workers.append(_Worker(idle[0]))
                number = idle.pop()
                connection = self.workers[number].connection
                with suppress(BrokenPipeError):  # a dead worker is found by reading from it
                    connection.send((function, item))
                busy[connection] = _Call(number, item, tries)
            # Not before: the workers must not wait for what is done with their results.
            yield from done
            done.clear()
            if not busy:
                return
            for ready in wait(list(busy), self._until_late(busy)):
                connection = ready  # type: ignore[assignment]
                call = busy[connection]
                try:
                    result: _Result | Failure | _At = connection.recv()
                except (EOFError, ConnectionResetError):
                    del busy[connection]
                    idle.append(call.number)
                    code = self._replace(call.number)
                    if call.tries < retries and not call.late:
                        again.append((call.item, call.tries + 1))
                    else:
                        died = f"the worker died {call.tries + 1} times ({code})"
                        done.append((call.item, Failure(None, died, call.place)))
                    continue
                if isinstance(result, _At):
                    call.place, call.deadline = result.place, None
                    if result.seconds is not None:
                        call.deadline = time.monotonic() + result.seconds
                    continue
                del busy[connection]
                idle.append(call.number)
                done.append((call.item, result))

    def _until_late(self, busy: Mapping[Connection, _Call[_Item]]) -> float | None:
        """Kill the workers that are late, and say in how many seconds the next one may be."""
        now = time.monotonic()
        waits = []
        for connection, call in busy.items():
            if call.deadline is None:
                continue
            if call.deadline > now:
                waits.append(call.deadline - now)
            elif not connection.poll():  # else it is the driver that comes late to hear of it
                call.deadline, call.late = None, True
                self.workers[call.number].process.kill()
        return min(waits, default=None)

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
            worker.let_go()
        for worker in self.workers:
            worker.wait()


def _serve(connection: Connection) -> None:
    """Carry out calls until told to stop, or until the driver is gone."""
    settle()
    import pyarrow as pa

    # One worker is one core: the pool is the only place that decides about parallelism.
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    global _driver  # noqa: PLW0603  what a worker is: a process with a driver
    _driver = connection
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
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
