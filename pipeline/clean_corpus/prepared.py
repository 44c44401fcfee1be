"""Keep what takes long to build in the user's cache folder, from one process to the next.

It is a pure function of this package's code, of Python, and of what the caller names; the name of a
file is a hash of all that. What is missing or damaged is built again, and a folder that cannot be
written, or is full, only costs the time to build.

A file is a SHA-256 of all that follows, the size of a head, the head, which says in JSON what is
where, and arrays of plain numbers.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Bytes = npt.NDArray[np.uint8]
Tables = dict[str, npt.NDArray[Any]]

#: Names the folder, or is "off": then nothing is kept.
VARIABLE = "CLEAN_CORPUS_CACHE"

_DIGEST = 32  # bytes of SHA-256
_START = _DIGEST + 8  # and of the size of the head
_LINE = 64  # bytes; arrays begin where a line of a processor's cache does
_KEPT = 8  # files of one name: of other versions, or of another environment


def tables(
    name: str,
    build: Callable[[], Mapping[str, npt.NDArray[Any]]],
    *,
    packages: Sequence[str] = (),
    facts: Sequence[str] = (),
) -> Tables:
    """Give the arrays that `build` makes, by name; read-only, and aligned to 64 bytes.

    They are of plain numbers, in any shape. `packages` are those whose releases may change them,
    `facts` whatever else does: hashes of files, say. This package's code, Python and its Unicode
    data are always looked at. What was kept and what was built just now are given alike. Raises
    ImportError where a package is not installed.
    """
    place = _place(name, packages, facts)
    data = _read(place) if place else None
    if data is None:
        data = _packed(build())
        if place:
            _write(place, data)
    return _unpacked(data)


def document(
    name: str,
    build: Callable[[], Any],
    *,
    packages: Sequence[str] = (),
    facts: Sequence[str] = (),
) -> Any:
    """Give what `build` makes of dicts, lists, texts and numbers, as JSON has it: no tuples.

    See `tables`.
    """

    def packed() -> Tables:
        return {"json": np.frombuffer(orjson.dumps(build()), np.uint8)}

    found = tables(name, packed, packages=packages, facts=facts)
    return orjson.loads(found["json"].data)


def folder() -> Path | None:
    """Give the folder of what is kept, or None where there is to be none.

    `CLEAN_CORPUS_CACHE`, else a folder inside `NUMBA_CACHE_DIR`, `XDG_CACHE_HOME`, or what the
    system has for this.
    """
    named = os.environ.get(VARIABLE, "")
    if named:
        return None if named == "off" else Path(named)
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        if os.environ.get(variable):
            return Path(os.environ[variable], "clean-corpus")
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "clean-corpus"


def _place(name: str, packages: Sequence[str], facts: Sequence[str]) -> Path | None:
    """Give the file that holds what was built of all this."""
    where = folder()
    if where is None:
        return None
    known = [sys.version, sys.byteorder, unicodedata.unidata_version, np.__version__, _code()]
    known += [f"{package} {metadata.version(package)}" for package in packages]
    key = hashlib.sha256("\n".join([*known, *facts]).encode()).hexdigest()
    return where / f"{name}.{key[:32]}"


@cache
def _code() -> str:
    """Hash the code of this package: whoever changes it need not think of what is kept."""
    root = str(Path(__file__).parent)
    state = hashlib.sha256()
    for path in sorted(_sources(root)):
        state.update(path.removeprefix(root).encode())
        with open(path, "rb") as file:  # noqa: PTH123  a Path costs as much as reading it
            state.update(file.read())
    return state.hexdigest()


def _sources(where: str) -> Iterator[str]:
    with os.scandir(where) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sources(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path


def _packed(built: Mapping[str, npt.NDArray[Any]]) -> Bytes:
    arrays = [np.ascontiguousarray(array) for array in built.values()]
    assert all(array.dtype.kind in "biuf" for array in arrays), "only plain numbers"
    head: list[tuple[str, str, tuple[int, ...], int]] = []
    end = 0
    for name, array in zip(built, arrays, strict=True):
        start = end + -end % _LINE
        end = start + array.nbytes
        head.append((name, array.dtype.str, array.shape, start))
    told = json.dumps(head).encode()
    told += b" " * (-(_START + len(told)) % _LINE)
    first = _START + len(told)
    data = _room(first + end)
    data[_DIGEST:first] = np.frombuffer(len(told).to_bytes(8, "little") + told, np.uint8)
    for (*_, start), array in zip(head, arrays, strict=True):
        data[first + start :][: array.nbytes] = array.reshape(-1).view(np.uint8)
    data[:_DIGEST] = _digest(data)
    return data


def _unpacked(data: Bytes) -> Tables:
    data.flags.writeable = False
    first = _START + int.from_bytes(data[_DIGEST:_START].tobytes(), "little")
    found = {}
    for name, dtype, shape, start in json.loads(data[_START:first].tobytes()):
        size = math.prod(shape) * np.dtype(dtype).itemsize
        found[name] = data[first + start :][:size].view(dtype).reshape(shape)
    return found


def _digest(data: Bytes) -> Bytes:
    return np.frombuffer(hashlib.sha256(data[_DIGEST:].data).digest(), np.uint8)


def _room(size: int) -> Bytes:
    """Make an array of bytes that is aligned."""
    room = np.zeros(size + _LINE, np.uint8)
    skip = -room.ctypes.data % _LINE
    return room[skip : skip + size]


def _read(place: Path) -> Bytes | None:
    """Read a file; None where there is none, or where it is not what was written."""
    try:
        with place.open("rb") as file:
            data = _room(os.fstat(file.fileno()).st_size)
            if file.readinto(data.data) != len(data):
                return None
    except OSError:
        return None
    return data if np.array_equal(_digest(data), data[:_DIGEST]) else None


def _write(place: Path, data: Bytes) -> None:
    """Write a file whole or not at all, and let go of the oldest ones of its name."""
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = place.name.partition(".")[0]
        handle, part = tempfile.mkstemp(prefix=f"{name}.", suffix=".part", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data.data)
            Path(part).replace(place)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        files = sorted(place.parent.glob(f"{name}.*"), key=lambda path: path.stat().st_mtime_ns)
        for old in files[:-_KEPT]:
            old.unlink(missing_ok=True)
