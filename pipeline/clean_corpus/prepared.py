"""Keep what takes long to build in the user's cache folder, from one process to the next.

It is a pure function of this package's code, of Python, and of what the caller names; the name of a
file is a hash of all that. What is missing or damaged is built again, and a folder that cannot be
written, or is full, only costs the time to build.

A file is a CRC-32 of all that follows, the size of a head, the head, which says in JSON what is
where, and arrays of plain numbers. It is mapped, so that all processes have one copy.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import sys
import tempfile
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from clean_corpus import installed

Bytes = npt.NDArray[np.uint8]
Tables = dict[str, npt.NDArray[Any]]

#: Names the folder, or is "off": then nothing is kept.
VARIABLE = "CLEAN_CORPUS_CACHE"

_FORM = "4"  # of the files
_CHECK = 8  # bytes of CRC-32, of which four are zero: what follows is aligned
_START = _CHECK + 8  # and of the size of the head
_LINE = 64  # bytes; arrays begin where a line of a processor's cache does
_PAUSE = 0.02  # seconds between two looks at a lock
_PATIENCE = 1500  # looks
_MOST = 64 << 20  # bytes under one name, of other versions and environments too


def tables(
    name: str,
    build: Callable[[], Mapping[str, npt.NDArray[Any]]],
    *,
    packages: Sequence[str] = (),
    facts: Sequence[str] = (),
    code: bool = True,
) -> Tables:
    """Give the arrays that `build` makes, by name; read-only, and aligned to 64 bytes.

    They are of plain numbers, in any shape. `packages` are those whose releases may change them,
    `facts` whatever else does: hashes of files, say. Python and its Unicode data are always looked
    at, and, but for `code`, all code of this package. What was kept and what was built just now are
    given alike. Raises CleaningError where a package is not installed.
    """
    places: list[Path] = []
    if where := folders():
        key = _key([*_versions(packages), *facts, installed.code() if code else ""])
        places = [folder / f"{name}.{key}" for folder in where]
    data = next((data for place in places if (data := _read(place)) is not None), None)
    if data is None:
        with _alone(places[:1]) as waited:
            data = _read(places[0]) if waited else None
            if data is None:
                data = _packed(build())
                any(_write(place, data) for place in places)  # in the first that takes it
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


def folders() -> list[Path]:
    """Give the folders where things are kept, the first that can be written for new ones.

    That of `CLEAN_CORPUS_CACHE` alone, or none; else a folder inside `NUMBA_CACHE_DIR`,
    `XDG_CACHE_HOME`, or what the system has for this; and one beside this code.
    """
    named = os.environ.get(VARIABLE, "")
    if named:
        return [] if named == "off" else [Path(named)]
    found = [
        Path(os.environ[variable], "clean-corpus")
        for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
        if os.environ.get(variable)
    ]
    system = "Library/Caches" if sys.platform == "darwin" else ".cache"
    with suppress(RuntimeError):  # a user without a home
        found.append(Path.home() / system / "clean-corpus")
    return [*found[:1], Path(__file__).parent / "__pycache__" / "clean-corpus"]


def _versions(packages: Iterable[str]) -> list[str]:
    found = [_FORM, sys.version, sys.byteorder, unicodedata.unidata_version, np.__version__]
    return found + [f"{package} {installed.version(package)}" for package in packages]


def _key(facts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


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
    data[_CHECK:first] = np.frombuffer(len(told).to_bytes(8, "little") + told, np.uint8)
    for (*_, start), array in zip(head, arrays, strict=True):
        data[first + start :][: array.nbytes] = array.reshape(-1).view(np.uint8)
    data[:_CHECK] = _check(data)
    return data


def _unpacked(data: Bytes) -> Tables:
    data.flags.writeable = False
    first = _START + int.from_bytes(data[_CHECK:_START].tobytes(), "little")
    found = {}
    for name, dtype, shape, start in json.loads(data[_START:first].tobytes()):
        size = math.prod(shape) * np.dtype(dtype).itemsize
        found[name] = data[first + start :][:size].view(dtype).reshape(shape)
    return found


def _check(data: Bytes) -> Bytes:
    return np.frombuffer(zlib.crc32(data[_CHECK:].data).to_bytes(_CHECK, "little"), np.uint8)


def _room(size: int) -> Bytes:
    """Make an array of bytes that is aligned."""
    room = np.zeros(size + _LINE, np.uint8)
    skip = -room.ctypes.data % _LINE
    return room[skip : skip + size]


def _read(place: Path) -> Bytes | None:
    """Map a file; None where there is none, or where it is not what was written."""
    try:
        with place.open("rb") as file:
            data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    # The CRC of nothing is zero: eight zeros would do.
    whole = len(data) > _START and np.array_equal(_check(data), data[:_CHECK])
    return data if whole else None


def _write(place: Path, data: Bytes) -> bool:
    """Write a file whole or not at all; say whether it is there."""
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
        _let_go(place.parent.glob(f"{name}.*"))
    return place.exists()


@contextmanager
def _alone(places: Sequence[Path]) -> Iterator[bool]:
    """Hold the first of some files for this process; say whether another one held it just now.

    Two that need the same thing at once need not both build it. Without such locks they do, and so
    does who has waited long. The system takes a lock from a process that dies.
    """
    waited = False
    with ExitStack() as held:
        with suppress(ImportError, OSError, IndexError):
            import fcntl

            beside = places[0].with_name(f"{places[0].name}.lock")
            beside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = held.enter_context(beside.open("wb"))
            held.callback(beside.unlink, missing_ok=True)
            for _ in range(_PATIENCE):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    waited = True
                    time.sleep(_PAUSE)
        yield waited


def _let_go(files: Iterable[Path]) -> None:
    """Remove the oldest of too many files."""
    known = [(path.stat(), path) for path in files]
    size = 0
    for told, path in sorted(known, key=lambda pair: -pair[0].st_mtime_ns):
        size += told.st_size
        if size > _MOST:
            path.unlink(missing_ok=True)
