"""Arrow IPC files that tasks hand to one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

# Not compressed: each file is read by up to five tasks, which can then map it as it is.
_OPTIONS = pa.ipc.IpcWriteOptions(use_threads=False)


@contextmanager
def writer(path: str, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """Open a new file for batches of one schema."""
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, schema, options=_OPTIONS) as out:
        yield out


def write(path: str, table: pa.Table) -> None:
    """Write a whole table, as one batch at least: its reader must see the columns."""
    with writer(path, table.schema) as out:
        out.write_table(table)
        if table.num_rows == 0:
            out.write_batch(pa.RecordBatch.from_pylist([], table.schema))


@contextmanager
def _opened(path: str, columns: Sequence[str] | None) -> Iterator[pa.RecordBatchFileReader]:
    with pa.memory_map(path) as source:
        names = pa.ipc.open_file(source).schema.names
        fields = None if columns is None else [names.index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
        with pa.ipc.open_file(source, options=options) as reader:
            yield reader


def batches(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a file batch by batch, all columns or some."""
    with _opened(path, columns) as reader:
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


def batch(path: str, number: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
    """Read one batch of a file, all columns or some."""
    with _opened(path, columns) as reader:
        return reader.get_batch(number)


def read(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a whole file, all columns or some (in the order of the file)."""
    with pa.memory_map(path) as source:
        schema = pa.ipc.open_file(source).schema
    if columns is not None:
        schema = pa.schema([field for field in schema if field.name in columns])
    return pa.Table.from_batches(batches(path, columns), schema)
