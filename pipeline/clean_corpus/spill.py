"""Arrow IPC files that tasks hand to one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]

# Bytes of input from which texts are packed, to .55 of their size: a gigabyte of them takes two
# seconds and a half more, little beside what it takes to clean it.
_LARGE = 2_000_000_000

# Batches that are read from one mapping of a file.
_MAPPED = 16

# The column that is not to be copied, and what a schema's metadata says of the file.
_TEXT, _PACKED = "text", b"packed"


def worth_packing(size: int) -> bool:
    """Tell whether the texts of an input of `size` bytes are to be packed."""
    return size > _LARGE


@contextmanager
def writer(
    path: str, schema: pa.Schema, *, packed: bool = False
) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """Open a new file for batches of one schema, `packed` to about half or as it stands in memory.

    Each file is read by up to five tasks, which can map one that is not packed.
    """
    codec = "lz4" if packed else None
    schema = schema.with_metadata({**(schema.metadata or {}), _PACKED: codec or ""})
    options = pa.ipc.IpcWriteOptions(use_threads=False, compression=codec)
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, schema, options=options) as out:
        yield out


def write_batches(path: str, batches: Iterable[pa.RecordBatch], *, packed: bool = False) -> None:
    """Write batches of one schema, one at least: their reader must see the columns."""
    left = iter(batches)
    first = next(left)
    with writer(path, first.schema, packed=packed) as out:
        for batch in chain([first], left):
            out.write_batch(batch)


def write(path: str, table: pa.Table) -> None:
    """Write a whole table."""
    write_batches(path, table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)])


def opened(path: str, columns: Sequence[str] | None = None) -> pa.RecordBatchFileReader:
    """Open a file through a memory map, to read some columns at least."""
    # A buffer: to read the end of a file, Arrow would start other threads. It has the system read
    # all that it is asked for, where little may be looked at: one byte holds the whole map. A map
    # of Python's would hold the file open too, and some tasks look at thousands.
    with pa.memory_map(path) as file:
        start = file.read_buffer(1)
        source = pa.foreign_buffer(start.address, file.size(), start)
    whole = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False))
    # Arrow copies the columns that it is asked for, and nothing where it is asked for all; but it
    # unpacks what it gives.
    packed = (whole.schema.metadata or {}).get(_PACKED)
    if columns is None or (_TEXT in columns and not packed):
        return whole
    names = whole.schema.names
    fields = [names.index(name) for name in columns if name in names]
    options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
    return pa.ipc.open_file(source, options=options)


def batches(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a file batch by batch, all columns or those of some names (in the order of the file).

    It is mapped anew now and then, so that little is resident.
    """
    reader = opened(path, columns)
    for i in range(reader.num_record_batches):
        if i and not i % _MAPPED:
            reader = opened(path, columns)
        yield _some(reader.get_batch(i), columns)


def batch(path: str, number: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """Read one batch of a file, all columns or some."""
    return _some(opened(path, columns).get_batch(number), columns)


def texts(path: str, wanted: Bools) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Give the texts of each batch that holds a row that is wanted, and its first row.

    Null is an empty text. `wanted` has a flag for each row of the file.
    """
    first = 0
    for batch in batches(path, [_TEXT]):
        if wanted[first : first + batch.num_rows].any():
            yield first, pc.fill_null(batch.column(_TEXT), "")
        first += batch.num_rows


def read(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a whole file, all columns or some (in the order of the file)."""
    schema = opened(path).schema
    if columns is not None:
        schema = pa.schema([field for field in schema if field.name in columns])
    return pa.Table.from_batches(batches(path, columns), schema)


def _some(batch: pa.RecordBatch, columns: Sequence[str] | None) -> pa.RecordBatch:
    if columns is None:
        return batch
    return batch.select([name for name in batch.schema.names if name in columns])
