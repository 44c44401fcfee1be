"""Run a module of this package in processes beside this one, for as long as it lives."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress

_PARENT = "CLEAN_CORPUS_BESIDE"  # in such a process: the one that started it, by number
_MOST = 3  # processes: each takes memory, and a second to come up


def start(module: str) -> None:
    """Run a module in a process for each core but one; it is told its number and their count.

    Workers start none, since there are more of them, nor do such processes themselves. They are
    killed when this one ends; one that cannot be started is done without.
    """
    if multiprocessing.parent_process() is not None or _PARENT in os.environ:
        return
    affinity = getattr(os, "sched_getaffinity", None)
    count = min(_MOST, (len(affinity(0)) if affinity else os.cpu_count() or 1) - 1)
    facts = {_PARENT: str(os.getpid()), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for i in range(count):
        with suppress(OSError):
            process = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "-m", module, str(i), str(count)],
                env=os.environ | facts,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            atexit.register(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def wanted() -> bool:
    """Say, in such a process, whether the one that started it lives."""
    return str(os.getppid()) == os.environ.get(_PARENT)
