"""Arrays in, arrays out: the only place with numba.

A kernel calls nothing outside its own file: numba's cache is keyed by the file that a function
stands in, and would not notice a change elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function on first use, cached on disk, without the GIL, with exact arithmetic."""
    return cast("_Function", _Waiting(function))


class _Waiting:
    """A kernel before its first call, so that importing one does not import numba.

    The first call of any kernel replaces all of its file, for they call one another.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        from numba import njit

        home = sys.modules[self.function.__module__]
        for name, kernel in list(vars(home).items()):
            if isinstance(kernel, _Waiting):
                ready = njit(cache=True, nogil=True, fastmath=False)(kernel.function)
                setattr(home, name, ready)
        return getattr(home, self.function.__name__)(*args)
