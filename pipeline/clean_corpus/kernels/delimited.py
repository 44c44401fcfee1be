"""Find the fields and the ends of records in delimited text, quotes as RFC 4180 has them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


class Grid(NamedTuple):
    """Fields as spans of the data with their quotes, and what each record has.

    Record i is bytes `begins[i]` to `begins[i + 1]`, its end of line included, has the fields
    `fields[i]` to `fields[i + 1]`, and begins `lines[i]` line ends behind the start of the data.
    """

    starts: Offsets
    stops: Offsets
    begins: Offsets
    fields: Offsets
    lines: Offsets


@compiled
def _scan(
    data: Bytes,
    delimiter: int,
    line_end: int,
    goal: int,
    final: bool,
    starts: Offsets,
    stops: Offsets,
    begins: Offsets,
    fields: Offsets,
    lines: Offsets,
) -> tuple[int, int, int]:
    """Give the first end of a record at or behind `goal` (-1: none), and the counts so far.

    Nothing is noted where the arrays have no room.
    """
    note = begins.size > 0
    field = record = line = start = begin = 0
    state = 0  # 0 a field begins, 1 in a field, 2 in quotes, 3 behind a quote in quotes
    for i in range(data.size):
        byte = data[i]
        if byte == line_end:
            line += 1
        if state == 2:
            if byte == 34:
                state = 3
        elif byte == 34 and state != 1:
            state = 2
        elif byte == delimiter:
            if note:
                starts[field] = start
                stops[field] = i
            field += 1
            start = i + 1
            state = 0
        elif byte == line_end:
            if note:
                starts[field] = start
                stops[field] = i
                if byte == 10 and i > start and data[i - 1] == 13:
                    stops[field] = i - 1
                begins[record + 1] = i + 1
                fields[record + 1] = field + 1
                lines[record + 1] = line
            field += 1
            record += 1
            start = begin = i + 1
            state = 0
            if begin >= goal:
                return begin, begin, record
        else:
            state = 1
    if final and state != 2 and begin < data.size:
        if note:
            starts[field] = start
            stops[field] = data.size
            begins[record + 1] = data.size
            fields[record + 1] = field + 1
            lines[record + 1] = line
        return data.size, begin, record + 1
    return -1, begin, record


def scan(data: Bytes, delimiter: int, line_end: int = 10) -> Grid:
    """Find all records and fields of data that ends with a record.

    `delimiter` and `line_end` are bytes; a carriage return before a line feed belongs to it.
    """
    records = int(np.count_nonzero(data == line_end)) + 2
    size = int(np.count_nonzero(data == delimiter)) + records
    starts, stops = np.empty(size, np.int64), np.empty(size, np.int64)
    begins, fields, lines = (np.zeros(records, np.int64) for _ in range(3))
    notes = (starts, stops, begins, fields, lines)
    _, _, found = _scan(data, delimiter, line_end, data.size + 1, True, *notes)
    width = fields[found]
    return Grid(
        starts[:width], stops[:width], begins[: found + 1], fields[: found + 1], lines[: found + 1]
    )


def record_end(
    data: Bytes, delimiter: int, line_end: int, goal: int, final: bool
) -> tuple[int, int]:
    """Give the first end of a record at or behind `goal`, and the start of the record still open.

    The end is 0 where the data, which begins with a record, has none; `final` data ends with one
    unless a quote is open.
    """
    none = np.empty(0, np.int64)
    end, begin, _ = _scan(data, delimiter, line_end, goal, final, none, none, none, none, none)
    return max(end, 0), begin
