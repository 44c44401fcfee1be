"""Find where the values of wanted keys stand in lines of JSON, and what their strings mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


class Tree(NamedTuple):
    """Wanted keys as a tree: node 0 is the record, every other node a key inside its parent.

    Nodes are numbered depth first, so that node i and all below it are i to `last[i]`. Spelling k
    (bytes `offsets[k]` to `offsets[k + 1]` of `keys`) leads from node `parent[k]` to `child[k]`.
    """

    keys: Bytes
    offsets: Offsets
    parent: Offsets
    child: Offsets
    last: Offsets


class Spans(NamedTuple):
    """Where values stand, one row a line and one column a node of the tree; -1 is nowhere.

    `head` is the first byte of each line that is not blank (its end in an empty line), `close` the
    closing brace of its object. In an `escaped` line some key is spelled with a backslash, which
    no spelling of the tree may match.
    """

    start: Offsets
    stop: Offsets
    head: Offsets
    close: Offsets
    escaped: npt.NDArray[np.bool_]


@compiled
def _behind_string(data: Bytes, quotes: Offsets, q: int, i: int, end: int) -> tuple[int, int]:
    """Step over the string that opens at i: the next quote to look at, and the place behind."""
    while q < quotes.size and quotes[q] <= i:
        q += 1
    while q < quotes.size and quotes[q] < end:
        j = quotes[q]
        while data[j - 1] == 92:
            j -= 1
        q += 1
        if (quotes[q - 1] - j) % 2 == 0:
            return q, quotes[q - 1] + 1
    return q, end


@compiled
def _scan(
    data: Bytes,
    quotes: Offsets,
    begins: Offsets,
    ends: Offsets,
    keys: Bytes,
    offsets: Offsets,
    parent: Offsets,
    child: Offsets,
    last: Offsets,
    start: Offsets,
    stop: Offsets,
    head: Offsets,
    close: Offsets,
    escaped: npt.NDArray[np.bool_],
    stack: Offsets,
) -> None:
    q = 0
    for line in range(begins.size):
        i = begins[line]
        end = ends[line]
        # JSON's own white space only: a line of zeros, as a crash leaves them, is a damaged record.
        while i < end and (data[i] == 32 or (9 <= data[i] <= 13)):
            i += 1
        head[line] = i
        if i == end or data[i] != 123:  # {
            continue
        i += 1
        depth = 0
        while i < end:
            if data[i] == 125:  # }
                i += 1
                if depth == 0:
                    close[line] = i - 1
                    break
                stop[line, stack[depth]] = i
                depth -= 1
                continue
            if data[i] != 34:  # a blank, a comma
                i += 1
                continue
            key = i + 1
            q, i = _behind_string(data, quotes, q, i, end)
            size = i - 1 - key
            for j in range(key, key + size):
                if data[j] == 92:  # backslash
                    escaped[line] = True
            while i < end and (data[i] <= 32 or data[i] == 58):  # :
                i += 1
            node = -1
            for k in range(parent.size):
                if parent[k] == stack[depth] and offsets[k + 1] - offsets[k] == size:
                    same = True
                    for j in range(size):
                        if keys[offsets[k] + j] != data[key + j]:
                            same = False
                            break
                    if same:
                        node = child[k]
                        break
            if node >= 0:
                start[line, node : last[node]] = -1  # a later key of the same name counts
                start[line, node] = i
                if i < end and data[i] == 123 and last[node] > node + 1:
                    depth += 1
                    stack[depth] = node
                    i += 1
                    continue
            nesting = 0
            while i < end:
                byte = data[i]
                if byte == 34:
                    q, i = _behind_string(data, quotes, q, i, end)
                    if nesting == 0:
                        break
                    continue
                if byte == 123 or byte == 91:  # [
                    nesting += 1
                elif byte == 125 or byte == 93:  # ]
                    if nesting == 0:
                        break
                    nesting -= 1
                    if nesting == 0:
                        i += 1
                        break
                elif byte == 44 and nesting == 0:  # ,
                    break
                i += 1
            if node >= 0:
                after = min(i, end)
                while after > start[line, node] and data[after - 1] <= 32:
                    after -= 1
                stop[line, node] = after


def scan(data: Bytes, begins: Offsets, ends: Offsets, tree: Tree) -> Spans:
    """Find the values of a tree's keys in lines of UTF-8 JSON, lines as spans of `data`.

    Of a repeated key the last counts, as it does for every JSON parser here. The lines need not
    be valid: spans of an invalid line lie within it and mean nothing.
    """
    low, high = (int(begins[0]), int(ends[-1])) if begins.size else (0, 0)
    # A vectorised search for quotes steps over long strings many times faster than a loop.
    quotes = np.flatnonzero(data[low:high] == 34).astype(np.int64) + low
    shape = (begins.size, tree.last.size)
    spans = Spans(
        np.full(shape, -1, np.int64),
        np.full(shape, -1, np.int64),
        np.empty(begins.size, np.int64),
        np.full(begins.size, -1, np.int64),
        np.zeros(begins.size, np.bool_),
    )
    stack = np.zeros(tree.last.size + 1, np.int64)
    _scan(data, quotes, begins, ends, *tree, *spans, stack)
    return spans


#: What `unescape` says of a string: encoding its text anew spells it the same (as orjson does); it
#: does not; or the text could not be told, since this is no valid string of Unicode characters.
USUAL, UNUSUAL, UNKNOWN = 0, 1, 2


_SHORT = np.frombuffer(b'"\\/bfnrt', np.uint8)
_MEANT = np.frombuffer(b'"\\/\b\f\n\r\t', np.uint8)


@compiled
def _hex4(data: Bytes, i: int, end: int) -> int:
    """Read four hexadecimal digits; -1 where they are not."""
    if i + 4 > end:
        return -1
    value = 0
    for j in range(i, i + 4):
        byte = data[j]
        if 48 <= byte <= 57:
            value = value * 16 + byte - 48
        elif 97 <= (byte | 32) <= 102:
            value = value * 16 + (byte | 32) - 87
        else:
            return -1
    return value


@compiled
def _unescape(
    data: Bytes, starts: Offsets, stops: Offsets, out: Bytes, offsets: Offsets, spelling: Bytes
) -> None:
    write = 0
    for row in range(starts.size):
        i = starts[row] + 1
        end = stops[row] - 1
        spelling[row] = UNKNOWN
        if 0 < i <= end and data[i - 1] == 34 and data[end] == 34:
            spelling[row] = USUAL
        else:
            end = i
        while i < end:
            byte = data[i]
            i += 1
            if byte != 92:
                if byte < 32:
                    spelling[row] = UNKNOWN
                    break
                out[write] = byte
                write += 1
                continue
            byte = data[i]
            i += 1
            if byte != 117:  # u
                for short in range(8):
                    if _SHORT[short] == byte:
                        out[write] = _MEANT[short]
                        write += 1
                        if byte == 47:  # a slash needs no backslash
                            spelling[row] = UNUSUAL
                        break
                else:
                    spelling[row] = UNKNOWN
                    break
                continue
            spelling[row] = UNUSUAL
            point = _hex4(data, i, end)
            i += 4
            if 0xD800 <= point < 0xDC00 and i + 1 < end and data[i] == 92 and data[i + 1] == 117:
                low = _hex4(data, i + 2, end)
                if 0xDC00 <= low < 0xE000:
                    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
                    i += 6
            if point < 0 or 0xD800 <= point < 0xE000:
                spelling[row] = UNKNOWN
                break
            if point < 0x80:
                out[write] = point
                write += 1
            elif point < 0x800:
                out[write] = 0xC0 | point >> 6
                out[write + 1] = 0x80 | point & 0x3F
                write += 2
            elif point < 0x10000:
                out[write] = 0xE0 | point >> 12
                out[write + 1] = 0x80 | point >> 6 & 0x3F
                out[write + 2] = 0x80 | point & 0x3F
                write += 3
            else:
                out[write] = 0xF0 | point >> 18
                out[write + 1] = 0x80 | point >> 12 & 0x3F
                out[write + 2] = 0x80 | point >> 6 & 0x3F
                out[write + 3] = 0x80 | point & 0x3F
                write += 4
        if spelling[row] == UNKNOWN:
            write = offsets[row]
        offsets[row + 1] = write


def unescape(data: Bytes, starts: Offsets, stops: Offsets) -> tuple[Bytes, Offsets, Bytes]:
    """Decode JSON strings given as spans of UTF-8 data with their quotes; -1 is no string.

    Gives the texts (bytes and offsets) and for each USUAL, UNUSUAL or UNKNOWN, which has no text.
    """
    out = np.empty(int(np.maximum(stops - starts, 0).sum()), np.uint8)
    offsets = np.zeros(starts.size + 1, np.int64)
    spelling = np.empty(starts.size, np.uint8)
    _unescape(data, starts, stops, out, offsets, spelling)
    return out[: offsets[-1]], offsets, spelling
