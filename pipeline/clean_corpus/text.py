"""Base text, edits, and the only code that knows two coordinate systems.

A stage proposes edits in the coordinates of the text that it was given. `compose` maps them to
the base text, so that one disjoint, sorted list of edits leads from the base text to the cleaned
text, and `undo` leads back. Inside a run offsets are UTF-8 bytes; in every output they are code
points (`code_points`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus.kernels import splice

Offsets = npt.NDArray[np.int64]
Names: TypeAlias = "Sequence[str] | pa.Array | str"

_NAME = pa.dictionary(pa.int32(), pa.string())

#: One row an edit, sorted by document and start. `start` and `end` are byte offsets in the text
#: of row `doc` of the batch; `replacement` is empty for a removal. Rows whose action is "flag"
#: change nothing, repeat the text as replacement, and may overlap other rows.
EDITS = pa.schema(
    [
        ("doc", pa.int32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("replacement", pa.large_string()),
        ("class", _NAME),
        ("rule", _NAME),
        ("action", _NAME),
    ]
)
_NONE = EDITS.empty_table()


class Edit(NamedTuple):
    """One span of a base text, what stood there, and what took its place (code points).

    `action` is "replace" for repairs and white space, else "remove", "metadata" or "flag".
    """

    start: int
    end: int
    text: str
    replacement: str
    class_: str
    rule: str
    action: str


class Batch(NamedTuple):
    """What a stage sees: texts (`large_string`) and, row by row, what is known about them.

    `languages` holds ISO 639-1 codes, told of the base texts and "und" where unsure;
    `sources` and `titles` are null where the record has none.
    """

    texts: pa.LargeStringArray
    languages: pa.StringArray
    sources: pa.StringArray
    titles: pa.StringArray


#: The one stage type: a batch in, edits out (schema `EDITS`, coordinates of `batch.texts`).
Stage = Callable[[Batch], pa.Table]


def no_edits() -> pa.Table:
    """Make an empty table of edits."""
    return _NONE


def make_edits(
    doc: Sequence[int] | npt.NDArray[Any],
    start: Sequence[int] | npt.NDArray[Any],
    end: Sequence[int] | npt.NDArray[Any],
    replacement: Sequence[str] | pa.Array,
    class_: Names,
    rule: Names,
    action: Names,
) -> pa.Table:
    """Build a table of edits from columns; a single name stands for every row."""
    size = len(doc)

    def names(values: Names) -> pa.Array:
        if isinstance(values, str):
            return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), [values])
        return values.cast(_NAME) if isinstance(values, pa.Array) else pa.array(values, _NAME)

    return pa.Table.from_arrays(
        [
            pa.array(doc, pa.int32()),
            pa.array(start, pa.int64()),
            pa.array(end, pa.int64()),
            pa.array(replacement, pa.large_string()),
            names(class_),
            names(rule),
            names(action),
        ],
        schema=EDITS,
    )


def buffers(texts: pa.LargeStringArray) -> tuple[npt.NDArray[np.uint8], Offsets]:
    """Give the bytes of a null-free array (read-only), and its offsets, the first of which is 0."""
    _, offsets_buffer, data_buffer = texts.buffers()
    data, offsets = np.zeros(0, np.uint8), np.zeros(len(texts) + 1, np.int64)
    if offsets_buffer is not None and len(texts):
        found = np.frombuffer(offsets_buffer, np.int64)
        offsets = found[texts.offset : texts.offset + len(texts) + 1]
    if data_buffer is not None:
        data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    # Always read-only: numba compiles a kernel once more for arrays that are not.
    data.flags.writeable = False
    return data, offsets - offsets[0]


def from_buffers(data: npt.NDArray[np.uint8], offsets: Offsets) -> pa.LargeStringArray:
    """Make an array of texts from UTF-8 bytes and offsets, without a copy."""
    return pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(np.ascontiguousarray(offsets, np.int64)), pa.py_buffer(data)
    )


def whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a column in one piece, without a copy where it is one already."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def only(edits: pa.Table, wanted: npt.NDArray[np.bool_]) -> pa.Table:
    """Give some of the edits, which most often are all."""
    return edits if wanted.all() else edits.filter(pa.array(wanted))


def is_flag(edits: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which edits are flags."""
    found = [np.zeros(0, bool)]
    for chunk in edits.column("action").chunks:
        names = [*chunk.dictionary.to_pylist(), "flag"]
        found.append(chunk.indices.to_numpy() == names.index("flag"))
    return np.concatenate(found)


def changes(edits: pa.Table) -> pa.Table:
    """Give the edits that are no flags."""
    return only(edits, ~is_flag(edits))


def apply(texts: pa.LargeStringArray, edits: pa.Table) -> pa.LargeStringArray:
    """Carry out the edits of a batch; flags change nothing."""
    made = changes(edits)
    if made.num_rows == 0:
        return texts
    data, offsets = buffers(texts)
    doc, start, end = _spans(made)
    base = offsets[doc]
    new, new_offsets = buffers(_column(made, "replacement"))
    out = splice.splice(data, base + start, base + end, new, new_offsets)
    grown = np.zeros(len(texts) + 1, np.int64)
    np.add.at(grown, doc + 1, np.diff(new_offsets) - (end - start))
    return from_buffers(out, offsets + np.cumsum(grown))


def compose(middle: pa.LargeStringArray, first: pa.Table, second: pa.Table) -> pa.Table:
    """Map edits of `middle` to the base text that `first` made `middle` from, and merge both.

    Edits that overlap become one, which carries the names of the largest of them, and of the later
    stage where they are equal. Spans that only touch stay apart. A flag grows to the edges of the
    edits that it cuts.
    """
    if first.num_rows == 0 or second.num_rows == 0:
        return second if first.num_rows == 0 else first
    data, offsets = buffers(middle)
    old, new, flags = changes(first), changes(second), only(second, is_flag(second))
    moves = _Moves.by(old, offsets)
    doc, start, end = moves.places(new)
    low, high = moves.cut(start, end)
    apart = low == high
    in_group = np.zeros(old.num_rows, bool)
    for a, b in zip(low[~apart], high[~apart], strict=True):
        in_group[a:b] = True
    parts = [
        _placed(only(new, apart), *moves.to_base(doc[apart], start[apart], end[apart])),
        only(old, ~in_group),
        _placed(flags, *moves.to_base(*moves.places(flags))),
        only(first, is_flag(first)),
    ]
    if not apart.all():
        groups = _groups(np.flatnonzero(~apart), low, high)
        parts.append(_merged(groups, old, new, moves, (doc, start, end), data))
    return sort_edits(pa.concat_tables(parts))


class _Moves(NamedTuple):
    """The changes that made a text, each as a span of the text it made.

    Positions run through the whole batch, with one unit between documents so that edits of
    neighbours never touch. `growth[i]` says by how many bytes the changes before the i-th have
    moved what stands behind them.
    """

    start: Offsets
    end: Offsets
    growth: Offsets
    offset: Offsets
    base_offset: Offsets

    @classmethod
    def by(cls, made: pa.Table, offsets: Offsets) -> _Moves:
        doc, start, end = _spans(made)
        size = np.diff(buffers(_column(made, "replacement"))[1])
        growth = np.concatenate([np.zeros(1, np.int64), np.cumsum(size - (end - start))])
        offset = offsets[:-1] + np.arange(len(offsets) - 1)
        base_offset = offset - growth[np.searchsorted(doc, np.arange(len(offset)))]
        begin = base_offset[doc] + start + growth[:-1]
        return cls(begin, begin + size, growth, offset, base_offset)

    def places(self, edits: pa.Table) -> tuple[Offsets, Offsets, Offsets]:
        """Give document, start and end of each edit of the made text, as positions."""
        doc, start, end = _spans(edits)
        return doc, self.offset[doc] + start, self.offset[doc] + end

    def cut(self, start: Offsets, end: Offsets) -> tuple[Offsets, Offsets]:
        """Give the range of changes that each span overlaps.

        Touching is not overlapping, but for an insertion: two at one place would have no order.
        """
        low = np.searchsorted(self.end, start, "right")
        high = np.searchsorted(self.start, end, "left")
        at = start == end
        low[at] = np.searchsorted(self.end, start[at], "left")
        high[at] = np.searchsorted(self.start, end[at], "right")
        return low, np.maximum(low, high)

    def outward(self, start: Offsets, end: Offsets) -> tuple[Offsets, Offsets]:
        """Widen spans to the edges of the changes they cut."""
        low, high = self.cut(start, end)
        hit = low < high
        start, end = start.copy(), end.copy()
        start[hit] = np.minimum(start[hit], self.start[low[hit]])
        end[hit] = np.maximum(end[hit], self.end[high[hit] - 1])
        return start, end

    def to_base(
        self, doc: Offsets, start: Offsets, end: Offsets
    ) -> tuple[Offsets, Offsets, Offsets]:
        """Map spans to offsets in the base texts of their documents."""
        start, end = self.outward(start, end)
        low, high = self.cut(start, end)
        base = self.base_offset[doc]
        return doc, start - self.growth[low] - base, end - self.growth[high] - base


def _groups(
    mixed: Offsets, low: Offsets, high: Offsets
) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    """Chain edits that cut a common change: (range of new edits, range of old changes)."""
    begin = mixed[0]
    for i, j in zip(mixed, [*mixed[1:], -1], strict=True):
        if j == i + 1 and low[j] < high[i]:
            continue
        yield (int(begin), int(i) + 1), (int(low[begin]), int(high[i]))
        begin = j


def _merged(
    groups: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    old: pa.Table,
    new: pa.Table,
    moves: _Moves,
    places: tuple[Offsets, Offsets, Offsets],
    data: npt.NDArray[np.uint8],
) -> pa.Table:
    """Make one edit of each group: the span of all its edits, and the text they leave."""
    doc, start, end = places
    replacement = _column(new, "replacement")
    old_size = np.subtract(*reversed(_spans(old)[1:]))
    named: list[int] = []
    docs, lefts, rights, texts = [], [], [], []
    for (i, j), (a, b) in groups:
        left = min(int(moves.start[a]), int(start[i]))
        right = max(int(moves.end[b - 1]), int(end[j - 1]))
        gap = int(doc[i])
        pieces, read = [], left
        for k in range(i, j):
            pieces.append(data[read - gap : start[k] - gap].tobytes())
            pieces.append(replacement[k].as_py().encode())
            read = int(end[k])
        pieces.append(data[read - gap : right - gap].tobytes())
        new_size = end[i:j] - start[i:j]
        by_new = new_size.max() >= old_size[a:b].max()
        newest = old.num_rows + i + int(new_size.argmax())
        named.append(newest if by_new else a + int(old_size[a:b].argmax()))
        docs.append(gap)
        lefts.append(left)
        rights.append(right)
        texts.append(b"".join(pieces).decode())
    names = pa.concat_tables([old, new]).take(pa.array(named))
    spans = moves.to_base(np.array(docs), np.array(lefts), np.array(rights))
    return _placed(names, *spans, pa.array(texts, pa.large_string()))


def sort_edits(edits: pa.Table) -> pa.Table:
    """Sort edits by document, start and end, with one dictionary for each name."""
    doc, start, end = _spans(edits)
    return edits.take(pa.array(np.lexsort((end, start, doc)))).unify_dictionaries().combine_chunks()


def _placed(
    edits: pa.Table, doc: Offsets, start: Offsets, end: Offsets, text: pa.Array | None = None
) -> pa.Table:
    columns = [pa.array(doc, pa.int32()), pa.array(start), pa.array(end)]
    columns += [edits.column(3) if text is None else text, *edits.columns[4:]]
    return pa.Table.from_arrays(columns, schema=EDITS)


def _spans(edits: pa.Table) -> tuple[Offsets, Offsets, Offsets]:
    doc, start, end = (edits.column(i).to_numpy() for i in range(3))
    return doc.astype(np.int64), start, end


def _column(edits: pa.Table, name: str) -> pa.Array:
    column = whole(edits.column(name))
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def code_points(texts: pa.LargeStringArray, edits: pa.Table) -> tuple[Offsets, Offsets]:
    """Turn the start and end of each edit from bytes into code points of its text."""
    data, offsets = buffers(texts)
    doc, start, end = _spans(edits)
    first = offsets[doc]
    places = np.concatenate([first, first + start, first + end])
    positions, inverse = np.unique(places, return_inverse=True)
    first, start, end = np.split(splice.code_points(data, positions)[inverse], 3)
    return start - first, end - first


def originals(texts: pa.LargeStringArray, edits: pa.Table) -> pa.LargeStringArray:
    """Give what stood in its text where each edit is."""
    data, offsets = buffers(texts)
    doc, start, end = _spans(edits)
    made = np.concatenate([np.zeros(1, np.int64), np.cumsum(end - start)])
    shift = np.repeat(offsets[doc] + start - made[:-1], end - start)
    return from_buffers(data[np.arange(made[-1]) + shift], made)


def undo(text: str, edits: Iterable[Edit]) -> str:
    """Rebuild a base text from a cleaned text and the document's edits, in order."""
    pieces, read, grown = [], 0, 0
    for edit in edits:
        if edit.action == "flag":
            continue
        pieces += [text[read : edit.start + grown], edit.text]
        read = edit.start + grown + len(edit.replacement)
        grown += len(edit.replacement) - (edit.end - edit.start)
    return "".join([*pieces, text[read:]])


def lift(function: Callable[[str], str], name: str) -> Stage:
    """Make a stage of a function from text to text; its edits are found by comparing.

    The edits have the class "custom" and carry `name` as their rule.
    """

    def stage(batch: Batch) -> pa.Table:
        rows: list[tuple[int, int, int, str]] = []
        for doc, text in enumerate(batch.texts.to_pylist()):
            changed = function(text)
            if changed != text:
                rows += [(doc, *difference) for difference in _differences(text, changed)]
        if not rows:
            return no_edits()
        doc_, start, end, new = zip(*rows, strict=True)
        action = ["replace" if piece else "remove" for piece in new]
        return make_edits(doc_, start, end, new, "custom", name, action)

    return stage


_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def _differences(old: str, new: str) -> Iterable[tuple[int, int, str]]:
    """Give the byte span and replacement of each run of tokens that differs."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    at = list(accumulate((len(token.encode()) for token in a), initial=0))
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            yield at[i], at[j], "".join(b[k:m])
