"""Units and pieces of input, how they are named, and what the file system says of their files."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from clean_corpus.errors import InputError


class Unit(NamedTuple):
    """An input that becomes one output: a file of records, or a group of .txt or .html files.

    `name` is what origins call it, `output` what its output is called below `corpus/`. Documents
    of a group are named by their path below `root`. `size` is in bytes, on disk.
    """

    name: str
    format: str
    compression: str
    root: str
    paths: tuple[str, ...]
    output: str
    size: int = 0


class Piece(NamedTuple):
    """The part of one unit that one task reads.

    `start` to `stop` are bytes of a file without compression, row groups of a Parquet file, or
    numbers of a group's files. What a worker cannot seek comes along as `payload`: decompressed,
    and as UTF-8 where `charset` is another one. `row` is the number of its first line or record.
    `digest` covers everything that decides what records the piece holds. `state` is that of
    the file, and empty where it says nothing.
    """

    path: str
    name: str
    format: str
    compression: str = ""
    start: int = 0
    stop: int = 0
    row: int = 1
    first: bool = True
    digest: str = ""
    payload: bytes | None = None
    charset: str = "utf-8"
    header: bytes = b""
    delimiter: str = ""
    members: tuple[str, ...] = ()
    fault: str = ""
    state: tuple[int, ...] = ()

    def identity(self) -> str:
        """Give what a task that reads this piece may be named by."""
        return self.digest

    def lasts(self) -> bool:
        """Tell whether the file is surely what it was before the piece was cut from it."""
        return bool(self.state) and state(self.path) == self.state

    def sealed(self, content: bytes) -> Piece:
        """Add the digest, given a hash of the bytes or the bytes themselves."""
        known = self._replace(path="", digest="", payload=None, state=())
        seal = hashlib.blake2b(content, digest_size=16)
        seal.update(repr(tuple(known)).encode("utf-8", "surrogatepass"))
        return self._replace(digest=seal.hexdigest())


# A file changed this recently might change again within the resolution of its time stamp.
_RACY_NANOSECONDS = 50_000_000


def state(path: str) -> tuple[int, ...]:
    """Give what the file system says of a file; nothing where that cannot be trusted.

    Size, times and inode: a file that has them still is taken as unchanged.
    """
    now = time.time_ns()
    try:
        stat = Path(path).stat()
    except OSError:
        return ()
    if now - stat.st_ctime_ns < _RACY_NANOSECONDS:
        return ()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn an operating system's error into an InputError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{shown(path)}: cannot be read ({reason}). Check the file.") from error


def shown(name: str) -> str:
    r"""Spell a file name for people and outputs: one line, and bytes that are not UTF-8 as \xe9."""
    text = os.fsencode(name.replace("\\", "\\x5c")).decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def actual(shown: str) -> str:
    """Give the file name that `shown` spells."""
    code = re.compile(rb"\\x([0-9a-f]{2})")
    return os.fsdecode(code.sub(lambda found: bytes.fromhex(found[1].decode()), shown.encode()))
