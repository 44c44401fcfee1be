"""How a process of a run is set up: it keeps the memory it has had, and reads no manuals."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from contextlib import suppress
from types import ModuleType

#: Containers that are made before Python looks for cycles among the youngest; how often these
#: looks are for older ones, and for all.
_SELDOM = 100_000, 20, 100

# Of glibc's mallopt: arrays below the first size, in bytes, are taken from memory that was given
# back, of which at most the second is kept.
_FROM_KEPT = -3, 32 << 20
_KEPT = -1, 256 << 20


def settle() -> None:
    """Have Python look for cycles seldom, not at all at the end, and reuse memory.

    Call it before Arrow is imported, which reads its setting then, and the manual of each of its
    functions, to answer `help`: half of the time that `pyarrow.compute` takes. Only the command
    and its local workers do so: a process that imports clean_corpus keeps its `help`.

    Over 33 MB, 340 looks took .09 s to find 1,600 objects, most of them left from imports. The
    looks at the end take .1 s, and what they would free is gone a moment later. Each page that the
    system gives takes it a microsecond or two: a third fewer are a twentieth of a run.
    """
    # Where the C library is not glibc, Arrow has a pool of its own, which gives nothing back.
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")
    manuals = ModuleType("pyarrow.vendored.docscrape")
    manuals.NumpyDocString = lambda _: {"Parameters": []}  # type: ignore[attr-defined]
    sys.modules.setdefault(manuals.__name__, manuals)
    gc.set_threshold(*_SELDOM)
    atexit.register(gc.freeze)
    with suppress(OSError, AttributeError, TypeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for setting in (_FROM_KEPT, _KEPT):
            mallopt(*setting)
        # One pool for all: Arrow takes what NumPy gave back, and a run a seventh less memory.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
