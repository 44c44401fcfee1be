"""Count: the lines and affixes of every article, as hashes with their places, by source."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.kernels import passages as kernel
from clean_corpus.text import buffers

Mask = npt.NDArray[np.bool_]

#: Articles of one source that are looked at: those with the smallest content hashes.
MAX_ARTICLES = 20_000

# Lines this near to an end are counted whatever they are; others if they are short and no prose.
_TOP, _BOTTOM = 4, 8
_SHORT = 120
_COMPACT_ROWS = 200_000

_UNITS = {
    "hash": pa.uint64(),
    "whole": pa.uint64(),
    "kind": pa.uint8(),
    "marks": pa.uint8(),
    "line": pa.int32(),
    "before": pa.int32(),
    "after": pa.int32(),
    "start": pa.int32(),
    "end": pa.int32(),
}

#: One row a distinct article, sorted by source and content; one record batch a partition.
#:
#: `content` is a hash of the text, `lines` the number of lines that are not blank, `sketch` the
#: smallest hashes of its longer sentences, `batch` and `row` its place in the shard's documents.
#: The lists run along the units: `hash` of the unit as folded, `whole` of the line around it, its
#: `kind` and `marks` (see the kernel), `line` its number, `before` and `after` the lines of prose
#: on either side, `start` and `end` its bytes in the text.
PASSAGES = pa.schema(
    [
        ("source", pa.string()),
        ("content", pa.uint64()),
        ("key", pa.string()),
        ("lines", pa.int32()),
        ("batch", pa.int32()),
        ("row", pa.int32()),
        ("sketch", pa.list_(pa.uint64())),
        *((name, pa.list_(kind)) for name, kind in _UNITS.items()),
    ]
)


def count(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `passages` (PASSAGES) of one shard of `documents`: a record batch for each partition.

    Options: partitions. An article that the shard holds twice is counted once; documents without
    a source are not looked at.
    """
    (documents,) = inputs["documents"]
    found = pa.Table.from_batches(_counted(documents), PASSAGES)
    table = distinct(found)
    partition = _partitions(table["source"].combine_chunks(), options["partitions"])
    with spill.writer(outputs["passages"], PASSAGES) as out:
        for i in range(options["partitions"]):
            chosen = table.take(pa.array(np.flatnonzero(partition == i))).combine_chunks()
            out.write_batch((*chosen.to_batches(), pa.RecordBatch.from_pylist([], PASSAGES))[0])
    return {
        "articles": table.num_rows,
        "lines": pc.sum(table["lines"]).as_py() or 0,
    }


def articles(paths: Sequence[str], partition: int) -> pa.Table:
    """Read one partition of the passages of all shards, each article once.

    Gives PASSAGES with a further column `shard`, the place of the file in `paths`.
    """
    schema = PASSAGES.append(pa.field("shard", pa.int32()))
    table = schema.empty_table()
    waiting: list[pa.Table] = []
    rows = 0
    for shard, path in enumerate(paths):
        batch = spill.batch(path, partition)
        rows += batch.num_rows
        number = pa.array(np.full(batch.num_rows, shard, np.int32))
        waiting.append(pa.Table.from_batches([batch]).append_column("shard", number))
        if rows > _COMPACT_ROWS:
            table, waiting, rows = distinct(pa.concat_tables([table, *waiting])), [], 0
    return distinct(pa.concat_tables([table, *waiting]))


def distinct(table: pa.Table) -> pa.Table:
    """Sort articles by source and content, and keep one of each content, `MAX_ARTICLES` a source.

    Of equal articles the one with the smallest key stays, whatever the order was.
    """
    if table.num_rows == 0:
        return table
    by = [("source", "ascending"), ("content", "ascending"), ("key", "ascending")]
    order = pc.sort_indices(table.select([name for name, _ in by]), by)
    source = table["source"].combine_chunks().dictionary_encode().indices.take(order).to_numpy()
    content = table["content"].combine_chunks().take(order).to_numpy()
    first = np.append(True, source[1:] != source[:-1])
    new = first | np.append(True, content[1:] != content[:-1])
    rank = np.cumsum(new)
    kept = new & (rank - np.maximum.accumulate(np.where(first, rank, 0)) < MAX_ARTICLES)
    return table.take(order.take(pa.array(np.flatnonzero(kept)))).combine_chunks()


def _counted(documents: str) -> Iterator[pa.RecordBatch]:
    sources = spill.read(documents, ["source"])["source"]
    if sources.null_count == len(sources):
        return
    for number, batch in enumerate(spill.batches(documents, ["key", "text", "source"])):
        usable = pc.and_(pc.is_valid(batch["source"]), pc.not_equal(batch["source"], ""))
        usable = pc.and_(usable, pc.greater(pc.binary_length(pc.fill_null(batch["text"], "")), 0))
        rows = np.flatnonzero(usable.to_numpy(zero_copy_only=False))
        if rows.size:
            yield _units(batch.take(pa.array(rows)), number, rows)


def _units(batch: pa.RecordBatch, number: int, rows: npt.NDArray[np.int64]) -> pa.RecordBatch:
    data, offsets = buffers(batch["text"])
    units, texts = kernel.cut(data, offsets)
    lines = units.kind == kernel.LINE
    whole = np.maximum.accumulate(np.where(lines, np.arange(len(lines)), 0))
    prose = lines & ((units.marks & kernel.PROSE) != 0)
    total = np.cumsum(prose)
    first = np.searchsorted(units.doc, np.arange(len(rows)))
    ends = np.append(first, len(lines))
    before_doc = np.concatenate([[0], total])[ends]
    before = total[whole] - prose[whole] - before_doc[units.doc]
    after = before_doc[units.doc + 1] - total[whole]
    kept = np.flatnonzero(_countable(units, texts))
    counts = np.bincount(units.doc[kept], minlength=len(rows))
    columns = {
        "hash": units.hash,
        "whole": units.hash[whole],
        "kind": units.kind,
        "marks": units.marks,
        "line": units.line,
        "before": before,
        "after": after,
        "start": units.start - offsets[units.doc],
        "end": units.end - offsets[units.doc],
    }
    arrays = [
        batch["source"],
        pa.array(texts.content),
        batch["key"],
        pa.array(texts.lines),
        pa.array(np.full(len(rows), number, np.int32)),
        pa.array(rows.astype(np.int32)),
        _lists(
            texts.sketch_size, texts.sketch[np.arange(kernel.SKETCH) < texts.sketch_size[:, None]]
        ),
        *(
            _lists(counts, column[kept].astype(_UNITS[name].to_pandas_dtype()))
            for name, column in columns.items()
        ),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=PASSAGES)


def _countable(units: kernel.Units, texts: kernel.Texts) -> Mask:
    """Tell which units can still be furniture."""
    size = units.end - units.start
    place = (units.line < _TOP) | (units.line >= texts.lines[units.doc] - _BOTTOM)
    label = (size <= _SHORT) & ((units.marks & kernel.PROSE) == 0)
    countable: Mask = (units.kind != kernel.LINE) | (size <= kernel.MAX_LINE) & (place | label)
    return countable


def _lists(counts: npt.NDArray[Any], values: npt.NDArray[Any]) -> pa.ListArray:
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)), pa.array(values)
    )


def _partitions(sources: pa.StringArray, partitions: int) -> npt.NDArray[np.int64]:
    names = sources.dictionary_encode()
    of_name = [zlib.crc32(name.encode()) % partitions for name in names.dictionary.to_pylist()]
    indices: npt.NDArray[np.int32] = names.indices.to_numpy()
    return np.array(of_name, np.int64)[indices]
