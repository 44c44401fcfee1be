"""The files between the steps: Arrow IPC, written whole, read through a memory map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[Any]

#: One document, in order. `digest_*` hash the text, white space apart; `length` is in code points,
#: 0 for white space alone; `date` in seconds since 1970; `present` is false for a document that has
#: left already; of the `signature` the low byte of each row, null without shingles.
DOCUMENTS = pa.schema(
    [
        ("key", pa.string()),
        ("source", pa.dictionary(pa.int32(), pa.string())),
        ("date", pa.int64()),
        ("length", pa.int64()),
        ("digest_high", pa.uint64()),
        ("digest_low", pa.uint64()),
        ("present", pa.bool_()),
        ("signature", pa.binary()),
    ]
)

#: Keys of bands, one batch for each partition.
BANDS = pa.schema([("key", pa.uint64()), ("document", pa.uint32())])

#: Exact copies: `document` equals `keeper`, which outranks it. Sorted by document.
COPIES = pa.schema([("document", pa.uint32()), ("keeper", pa.uint32())])

#: Pairs that share a band, a < b, one batch for each block of `a`.
CANDIDATES = pa.schema([("a", pa.uint32()), ("b", pa.uint32())])

#: Documents of which the shingles are wanted, one bit each.
WANTED = pa.schema([("bits", pa.uint8())])

#: The shingles of a document: sorted, each once.
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

#: What was decided of each document that goes, by number; counts are null without a pair.
REMOVED = pa.schema(
    [
        ("document", pa.uint32()),
        ("keeper", pa.uint32()),
        ("exact", pa.bool_()),
        ("shared", pa.int64()),
        ("joined", pa.int64()),
        ("smaller", pa.int64()),
    ]
)


def write(
    path: str, schema: pa.Schema, batches: Iterable[Mapping[str, Any] | pa.RecordBatch]
) -> None:
    """Write batches, given as such or as columns by name."""
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for columns in batches:
            if isinstance(columns, pa.RecordBatch):
                writer.write_batch(columns)
            else:
                arrays = [pa.array(columns[field.name], field.type) for field in schema]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def opened(path: str, columns: Sequence[str] | None = None) -> pa.RecordBatchFileReader:
    """Open a file through a memory map, to read some columns or all."""
    source = pa.memory_map(path)
    if columns is None:
        return pa.ipc.open_file(source)
    names = pa.ipc.open_file(source).schema.names
    options = pa.ipc.IpcReadOptions(
        included_fields=[names.index(name) for name in columns if name in names]
    )
    return pa.ipc.open_file(source, options=options)


def batches(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a file batch by batch."""
    reader = opened(path, columns)
    for i in range(reader.num_record_batches):
        yield reader.get_batch(i)


def column(paths: Sequence[str], name: str, part: int | None = None) -> Numbers:
    """Join a column without nulls of several files, of one of their batches or of all."""
    found: list[Numbers] = []
    for path in paths:
        reader = opened(path)
        parts = range(reader.num_record_batches) if part is None else [part]
        found += [reader.get_batch(i).column(name).to_numpy() for i in parts]
    return np.concatenate(found) if found else np.zeros(0, np.uint32)


class Documents(NamedTuple):
    """All documents of the run, numbered through the files in order, mapped and not read."""

    batches: list[pa.RecordBatch]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, paths: Sequence[str]) -> Documents:
        """Map the files; each holds one batch."""
        batches_ = [opened(path).get_batch(0) for path in paths]
        starts = np.cumsum([0, *(batch.num_rows for batch in batches_)])
        return cls(batches_, starts)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def numbers(self, name: str, documents: Numbers | None = None) -> Numbers:
        """Give a column without nulls as an array, of all documents or of those given."""
        if documents is None:
            none = np.zeros(0, DOCUMENTS.field(name).type.to_pandas_dtype())
            return np.concatenate([none, *(_numpy(batch.column(name)) for batch in self.batches)])
        out = np.zeros(len(documents), DOCUMENTS.field(name).type.to_pandas_dtype())
        for batch, where, rows in self._parts(documents):
            out[where] = _numpy(batch.column(name))[rows]
        return out

    def take(self, name: str, documents: Numbers) -> pa.Array:
        """Give a column of any type for the documents given, in their order."""
        parts, places = [], []
        for batch, where, rows in self._parts(documents):
            values = batch.column(name)
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            parts.append(values.take(pa.array(rows)))
            places.append(where)
        if not parts:
            kind = DOCUMENTS.field(name).type
            return pa.array([], kind.value_type if pa.types.is_dictionary(kind) else kind)
        back = np.empty(len(documents), np.int64)
        back[np.concatenate(places)] = np.arange(len(documents))
        return pa.concat_arrays(parts).take(pa.array(back))

    def signatures(self, documents: Numbers) -> Numbers:
        """Give the low bytes of the signatures of documents that have one, a row each."""
        values = self.take("signature", documents)
        first, last = np.frombuffer(values.buffers()[1], np.int32)[[0, len(values)]]
        return np.frombuffer(values.buffers()[2], np.uint8)[first:last].reshape(len(values), -1)

    def _parts(self, documents: Numbers) -> Iterator[tuple[pa.RecordBatch, Numbers, Numbers]]:
        """Give, for each file with some of them, its batch, their places, and their rows."""
        files = np.searchsorted(self.starts, documents, "right") - 1
        for file in np.unique(files):
            where = np.flatnonzero(files == file)
            yield self.batches[file], where, documents[where].astype(np.int64) - self.starts[file]


def _numpy(values: pa.Array) -> Numbers:
    found: Numbers = values.to_numpy(zero_copy_only=not pa.types.is_boolean(values.type))
    return found
