"""Shingles as they were hashed while texts were read, so that no text need be read again for them.

They stand beside the files of their shard and belong to no result: no manifest names them, they
are not flushed to the disk, and what a run that died has left is swept up with all that is not
whole. Who finds none reads the texts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus.arrow import Numbers, Writer, writer
from clean_corpus.kernels.shingle import Hashes, Offsets

#: One row a document, batch by batch as they were read; empty where it has left already.
HASHED = pa.schema([("hashes", pa.large_list(pa.uint64()))])

_ENDING = ".hashed.part"

# Parts of the disk, one of which is left to others.
_SPARED = 10


def beside(path: str) -> Path:
    """Give the place of a shard's shingles, from that of any file of the task that read it."""
    file = Path(path)
    return file.with_name(file.name.partition(".")[0] + _ENDING)


@contextmanager
def writing(path: Path | None) -> Iterator[Writer | None]:
    """Open the file, unless there is to be none, or the disk has little room."""
    if path is None or _scarce(path.parent):
        yield None
        return
    try:
        with writer(str(path), HASHED) as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)  # it may be tried again
        raise


def add(file: Writer, hashes: Hashes, sizes: Numbers) -> None:
    """Write the shingles of a batch, so many of each document."""
    offsets = pa.array(np.append(0, np.cumsum(sizes)), pa.int64())
    file.write({"hashes": pa.LargeListArray.from_arrays(offsets, pa.array(hashes))})


def read(path: Path, wanted: spill.Bools) -> Iterator[tuple[int, Hashes, Offsets]]:
    """Give the shingles of each batch that holds a row that is wanted, and its first row."""
    first = 0
    for batch in spill.batches(str(path)):
        if wanted[first : first + batch.num_rows].any():
            lists = batch.column("hashes")
            yield first, lists.values.to_numpy(), lists.offsets.to_numpy()
        first += batch.num_rows


def at_hand() -> int:
    """Give the bytes of text of which shingles are worth a file: as many as the memory has.

    Shingles take four thirds of an English text, and twice that where there are no spaces. Of 20 GB
    of text, and 24 of memory, some are written to the disk and read again, and yet a run takes a
    seventh less CPU and a tenth less time. Much beyond, the disk would be what it waits for.
    """
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not told everywhere
        return 0


def drop(folder: Path) -> None:
    """Remove those of all shards."""
    for path in folder.glob(f"*{_ENDING}"):
        path.unlink()


def _scarce(folder: Path) -> bool:
    disk = shutil.disk_usage(folder)
    return disk.free < disk.total // _SPARED
