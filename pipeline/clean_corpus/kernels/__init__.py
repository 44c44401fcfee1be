"""Arrays in, arrays out: the only place with numba.

A kernel calls nothing outside its own file: numba's cache is keyed by the file that a function
stands in, and would not notice a change elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function on first use, cached on disk, without the GIL, with exact arithmetic."""
    return cast("_Function", njit(cache=True, nogil=True, fastmath=False)(function))
