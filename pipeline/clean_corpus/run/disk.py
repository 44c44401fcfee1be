"""Durable operations: everything that a run leaves on disk goes through here.

A file appears under its name only when it is whole: it is written under another name, flushed to
the disk, and renamed. Dying before or after any of these leaves either the old state or the new
one. Where nobody would miss a name that goes with the power, the folder is flushed too.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clean_corpus.errors import OutputError

#: Ending of a file that is not whole yet.
PART = ".part"


def commit(files: Mapping[Path, Path]) -> None:
    """Flush finished files to the disk and give them their names, replacing what had them before.

    The names are not flushed: see `flush_folder`.
    """
    for part, target in files.items():
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk (Windows has no such call, and does it itself)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(target: Path, content: bytes) -> None:
    """Write a small file so that it is there whole or not at all."""
    part = target.with_name(target.name + PART)
    part.write_bytes(content)
    commit({part: target})
    flush_folder(target.parent)


def append_line(file: BinaryIO, line: bytes) -> None:
    """Append one line to an open file and flush it to the disk."""
    file.write(line + b"\n")
    file.flush()
    os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def lock(path: Path, in_use: str) -> Iterator[None]:
    """Hold a lock that dies with the process; raise OutputError(in_use) if another holds it."""
    try:
        file = path.open("ab")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written to ({error.strerror}).") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise OutputError(in_use) from error
        yield


def _lock(file: BinaryIO) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_space(folder: Path, needed: int) -> None:
    """Raise OutputError where the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"{folder}: the run needs about {megabytes(needed)} and {megabytes(free)} are free. "
            "Free some space, or choose an output folder on another disk."
        )


def used(folder: Path) -> int:
    """Add up the sizes of the whole files below a folder, which need not be there."""
    files = (path for path in folder.rglob("*") if path.suffix != PART)
    return sum(path.stat().st_size for path in files if path.is_file())


def megabytes(size: int) -> str:
    """Say a number of bytes in whole megabytes."""
    return f"{max(1, size // 1_000_000):,} MB"


@contextmanager
def full_disk_is_an_error(folder: Path) -> Iterator[None]:
    """Turn "no space left" and "file too large" into an OutputError that says what to do."""
    again = "start the same command again: finished work is kept."
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = f"the disk is full. Free some space and {again}"
        elif error.errno == errno.EFBIG:
            what = f"the disk, or `ulimit -f`, allows no larger files. Raise it and {again}"
        else:
            raise
        raise OutputError(f"{folder}: {what}") from error
