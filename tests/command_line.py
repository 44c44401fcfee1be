"""What a command of the command line ends with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Ending(NamedTuple):
    """Exit code, stdout and stderr of a command."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ending]
