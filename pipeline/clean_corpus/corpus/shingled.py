"""Shingles that are hashed to sketch texts, held for those that verify candidates in this process.

To make them again costs as much as to read the texts a second time. Nothing depends on whether they
are there: results are the same, and where a run is resumed, or has several processes, or many
texts, the texts are read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clean_corpus.corpus.arrow import Numbers


class Part(NamedTuple):
    """The hashes of some rows of a shard, in order; those of row i end before those of i + 1."""

    rows: Numbers
    hashes: Numbers
    offsets: Numbers

    @property
    def size(self) -> int:
        """Give the bytes that it takes."""
        return sum(column.nbytes for column in self)


@dataclass
class Room:
    """The bytes that may still be held, by whatever shares them."""

    left: int


@dataclass
class Shingled:
    """The hashes of one shard, until they are taken; in another process there are none."""

    room: Room
    parts: list[Part] | None = field(default_factory=list)

    def keep(self, part: Part) -> None:
        """Hold a copy, or nothing of this shard from now on where there is no room for it."""
        if self.parts is None:
            return
        self.parts.append(part._replace(hashes=part.hashes.copy()))
        self.room.left -= part.size
        if self.room.left < 0:
            self.take()

    def take(self) -> list[Part] | None:
        """Give what is held, which is not held any more, or None."""
        taken, self.parts = self.parts, None
        for part in taken or ():
            self.room.left += part.size
        return taken or None

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Shingled, (Room(0), None)
