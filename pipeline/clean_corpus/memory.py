"""How a process of a run is set up and left: it keeps its memory, and reads no manuals."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

#: Containers that are made before Python looks for cycles among the youngest; how often these
#: looks are for older ones, and for all.
_SELDOM = 500_000, 20, 100

# Modules that a command has no use for, and what others take from them: manuals that are there to
# answer `help`.
_UNREAD: dict[str, dict[str, Any]] = {
    "numpy._core._add_newdocs": {},
    "numpy._core._add_newdocs_scalars": {},
    "pyarrow.vendored.docscrape": {"NumpyDocString": lambda _: {"Parameters": []}},
}

# Of glibc's mallopt: arrays below the first size, in bytes, are taken from memory that was given
# back, of which at most the second is kept.
_FROM_KEPT = -3, 32 << 20
_KEPT = -1, 256 << 20


def settle() -> None:
    """Have Python look for cycles seldom, not at all at the end, reuse memory and read no manuals.

    Call it before Arrow is imported, which reads its setting then. Only the command and its local
    workers do so: a process that imports clean_corpus keeps its `help`.

    A look after every 100,000 containers took .04 s, and seven of them over 24 MB a twentieth of
    the run, to find 1,400 objects, most of them left from imports. The looks at the end take .1 s,
    and what they would free is gone a moment later. Each page that the system gives takes it a
    microsecond or two: a third fewer are a twentieth of a run.
    """
    # Where the C library is not glibc, Arrow has a pool of its own, which gives nothing back.
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")
    for name, taken in _UNREAD.items():
        if name not in sys.modules:
            sys.modules[name] = ModuleType(name)
            vars(sys.modules[name]).update(taken)
    gc.set_threshold(*_SELDOM)
    atexit.register(gc.freeze)
    with suppress(OSError, AttributeError, TypeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for setting in (_FROM_KEPT, _KEPT):
            mallopt(*setting)
        # One pool for all: Arrow takes what NumPy gave back, and a run a seventh less memory.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


@contextmanager
def left_at_once() -> Iterator[None]:
    """End the process, where what is done in here exits, without freeing all that it holds.

    That takes Python .03 s, and the system, which does it anyway, a few thousandths. What `atexit`
    was told in here is done before.
    """
    ended: list[int] = []
    atexit.register(_leave, ended)
    try:
        yield
    except SystemExit as end:
        if isinstance(end.code, int):
            ended.append(end.code)
        raise


def _leave(ended: list[int]) -> None:
    with suppress(OSError, ValueError):  # nobody can be told
        if sys.stderr is not None:
            sys.stderr.flush()
    with suppress(OSError, ValueError):  # a full disk, a closed stream: Python says so itself
        if sys.stdout is not None:
            sys.stdout.flush()
        for code in ended:
            os._exit(code)
