"""Arrays in, arrays out: the only place with numba.

A kernel calls nothing outside its own file: its machine code is kept under a hash of that file, and
would not notice a change elsewhere. Nor does it allocate or raise, for machine code that needs
nothing runs without numba, which takes longer to import than most kernels to run.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

_Function = TypeVar("_Function", bound=Callable[..., object])

_lock = threading.Lock()


def compiled(function: _Function) -> _Function:
    """Compile a function on first use, for good; it runs without the GIL, in exact arithmetic.

    It takes contiguous arrays of numbers, named tuples of them, integers of 64 bits and flags, and
    gives None, an integer, a flag, or a tuple of integers, as its annotation says.
    """
    return cast("_Function", Kernel(function))


class Kernel:
    """A function, and its machine code for each kind of arguments that it was called with."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.ready: dict[tuple[object, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any) -> Any:
        """Run the machine code for these arguments."""
        kinds = tuple([_kind(arg) for arg in args])
        run = self.ready.get(kinds)
        if run is None:
            from clean_corpus.kernels import native

            with _lock:
                run = self.ready[kinds] = native.load(self.function, kinds, self.siblings())
        return run(*args)

    def siblings(self) -> dict[str, Callable[..., object]]:
        """Give all kernels of the same file by name, itself included: they may call one another."""
        home = vars(sys.modules[self.function.__module__])
        return {name: one.function for name, one in home.items() if isinstance(one, Kernel)}


def _kind(arg: Any) -> tuple[Any, ...] | str:
    """Give what code is made for: type and dimensions of an array, or the type of a scalar."""
    if type(arg) is np.ndarray:
        if not arg.flags.c_contiguous:
            raise TypeError("a kernel takes contiguous arrays")
        return arg.dtype.str, arg.ndim
    if isinstance(arg, tuple):
        return type(arg), tuple([_kind(field) for field in arg])
    return _SCALARS[type(arg)]


_SCALARS = {int: "int64", np.int64: "int64", np.uint64: "uint64", bool: "bool", np.bool_: "bool"}
