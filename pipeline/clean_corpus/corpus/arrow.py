"""The files between the steps: Arrow IPC, written whole, read through a memory map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus.keys import run_keys
from clean_corpus.spill import batches, opened

Numbers = npt.NDArray[Any]

#: One document, in order. `digest_*` hash the text, white space apart; `length` is in code points;
#: `date` in seconds since 1970; `present` is false for a document that has left already or is white
#: space alone; `shingles` counts them with repetitions; of the `signature` the low byte of each
#: row, null without shingles.
DOCUMENTS = pa.schema(
    [
        ("key", pa.string()),
        ("source", pa.dictionary(pa.int32(), pa.string())),
        ("date", pa.int64()),
        ("length", pa.int64()),
        ("digest_high", pa.uint64()),
        ("digest_low", pa.uint64()),
        ("present", pa.bool_()),
        ("shingles", pa.int64()),
        ("signature", pa.binary()),
    ]
)

#: Keys of the bands of a shard, in order of their upper bits (`sort_upper`); `document` is a row.
BANDS = pa.schema([("key", pa.uint64()), ("document", pa.uint32())])

#: Exact copies: `document` equals `keeper`, which outranks it. Sorted by document.
COPIES = pa.schema([("document", pa.uint32()), ("keeper", pa.uint32())])

#: Pairs that share a band, a < b: one batch for each block of `a`, and again from the first block
#: on where there were too many to hold. `times` counts the oversized buckets that gave the pair, 0
#: says that an ordinary one did.
CANDIDATES = pa.schema([("a", pa.uint32()), ("b", pa.uint32()), ("times", pa.uint8())])

#: Documents of which the shingles are wanted, sorted.
WANTED = pa.schema([("document", pa.uint32())])

#: The shingles of a document, each once. Sorted by document.
SETS = pa.schema([("document", pa.uint32()), ("hashes", pa.large_list(pa.uint64()))])

#: Verified pairs: Jaccard is shared / joined, containment shared / smaller.
PAIRS = pa.schema(
    [
        ("a", pa.uint32()),
        ("b", pa.uint32()),
        ("shared", pa.uint32()),
        ("joined", pa.uint32()),
        ("smaller", pa.uint32()),
    ]
)

#: What was decided of each document that goes; `keeper` is a key, -1 counts what was not counted.
#: Each batch is sorted by document.
REMOVED = pa.schema(
    [
        ("document", pa.uint32()),
        ("keeper", pa.string()),
        ("exact", pa.bool_()),
        ("shared", pa.int64()),
        ("joined", pa.int64()),
        ("smaller", pa.int64()),
    ]
)


class Writer(NamedTuple):
    """An open file that takes batches as columns by name."""

    file: pa.ipc.RecordBatchFileWriter
    schema: pa.Schema

    def write(self, columns: Mapping[str, Any]) -> None:
        """Write one batch."""
        arrays = [
            values if isinstance(values, pa.Array) else pa.array(values, field.type)
            for field, values in ((field, columns[field.name]) for field in self.schema)
        ]
        self.file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self.schema))


@contextmanager
def writer(path: str, schema: pa.Schema) -> Iterator[Writer]:
    """Open a new file."""
    with spill.writer(path, schema) as file:
        yield Writer(file, schema)


def write(path: str, schema: pa.Schema, batches: Iterable[Mapping[str, Any]]) -> None:
    """Write batches, given as columns by name."""
    with writer(path, schema) as file:
        for columns in batches:
            file.write(columns)


def parts(paths: Sequence[str], name: str) -> Iterator[Numbers]:
    """Give a column without nulls, batch by batch of several files."""
    for path in paths:
        for batch in batches(path):
            yield batch.column(name).to_numpy()


def columns(paths: Sequence[str], part: int, *names: str) -> list[Numbers]:
    """Join columns without nulls, of one batch of each of several files."""
    found: list[list[Numbers]] = [[] for _ in names]
    for path in paths:
        batch = opened(path).get_batch(part)
        for values, name in zip(found, names, strict=True):
            values.append(batch.column(name).to_numpy())
    return [np.concatenate(values) if values else np.zeros(0, np.uint64) for values in found]


def column(paths: Sequence[str], name: str) -> Numbers:
    """Join a column without nulls of several files."""
    found = list(parts(paths, name))
    return np.concatenate(found) if found else np.zeros(0, np.uint32)


def holding(paths: Sequence[str], documents: Numbers) -> Iterator[tuple[pa.RecordBatch, Numbers]]:
    """Give each batch that holds some of the documents (sorted), and their rows in it."""
    for path in paths:
        for batch in batches(path):
            numbers = batch.column("document").to_numpy()
            low, high = np.searchsorted(documents, [numbers[0], numbers[-1] + 1])
            if high > low:
                yield batch, np.searchsorted(numbers, documents[low:high])


_SOURCE = pa.field("source", pa.string())


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of the run, numbered through the files in order.

    A file is mapped while it is looked at and no longer, so that what is resident stays small.
    Where there are `occurrences`, keys in the files are provisional.
    """

    paths: Sequence[str]
    starts: npt.NDArray[np.int64]
    held: pa.RecordBatch | None = None
    occurrences: Sequence[str] = ()

    @classmethod
    def of(
        cls, paths: Sequence[str], occurrences: Sequence[str] = (), rows: Sequence[int] = ()
    ) -> Documents:
        """Count the documents of each file, unless `rows` does; each holds one batch."""
        rows = rows or [opened(path).get_batch(0).num_rows for path in paths]
        return cls(paths, np.cumsum([0, *rows]), None, occurrences)

    def holding(self, documents: Numbers) -> Documents:
        """Take some documents (sorted) into memory, numbered anew, without their keys.

        It is for documents that are asked for again and again.
        """
        names = [name for name in DOCUMENTS.names if name != "key"]
        plain = pa.schema([DOCUMENTS.field(name) for name in names]).set(0, _SOURCE)
        parts = [
            batch.select(names).take(pa.array(rows)).cast(plain)
            for batch, _, rows in self._parts(documents)
        ]
        batch = pa.Table.from_batches(parts, plain).combine_chunks().to_batches()[0]
        return Documents([], np.array([0, len(documents)]), batch)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def all(self, *names: str) -> Iterator[tuple[Numbers, ...]]:
        """Give columns without nulls as arrays, file by file."""
        for path in self.paths:
            batch = opened(path).get_batch(0)
            yield tuple(_numpy(batch.column(name)) for name in names)

    def numbers(self, name: str, documents: Numbers) -> Numbers:
        """Give a column without nulls as an array, for the documents given, in their order."""
        out = np.zeros(len(documents), DOCUMENTS.field(name).type.to_pandas_dtype())
        for batch, where, rows in self._parts(documents):
            out[where] = _numpy(batch.column(name))[rows]
        return out

    def take(self, name: str, documents: Numbers) -> pa.Array:
        """Give a column of any type for the documents given, in their order."""
        parts, places = [], []
        for batch, where, rows in self._parts(documents):
            values = batch.column(name).take(pa.array(rows))
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            parts.append(values)
            places.append(where)
        if not parts:
            kind = DOCUMENTS.field(name).type
            return pa.array([], kind.value_type if pa.types.is_dictionary(kind) else kind)
        joined = pa.concat_arrays(parts)
        if not all(isinstance(where, slice) for where in places):
            back = np.empty(len(documents), np.int64)
            back[np.concatenate(places)] = np.arange(len(documents))
            joined = joined.take(pa.array(back))
        return run_keys(joined, documents, self.occurrences) if name == "key" else joined

    def signatures(self, documents: Numbers) -> Numbers:
        """Give the low bytes of the signatures of documents that have one, a row each."""
        values = self.take("signature", documents)
        first, last = np.frombuffer(values.buffers()[1], np.int32)[[0, len(values)]]
        return np.frombuffer(values.buffers()[2], np.uint8)[first:last].reshape(len(values), -1)

    def _parts(self, documents: Numbers) -> Iterator[tuple[pa.RecordBatch, Any, Numbers]]:
        """Give, for each file with some of them, its batch, their places, and their rows."""
        if self.held is not None:
            yield self.held, slice(len(documents)), documents
            return
        order = None
        if (documents[1:] < documents[:-1]).any():
            order = np.argsort(documents, kind="stable")
            documents = documents[order]
        cuts = np.searchsorted(documents, self.starts)
        for file in np.flatnonzero(np.diff(cuts)).tolist():
            here = slice(cuts[file], cuts[file + 1])
            rows = documents[here].astype(np.int64) - self.starts[file]
            batch = opened(self.paths[file]).get_batch(0)
            yield batch, here if order is None else order[here], rows


def _numpy(values: pa.Array) -> Numbers:
    found: Numbers = values.to_numpy(zero_copy_only=not pa.types.is_boolean(values.type))
    return found
