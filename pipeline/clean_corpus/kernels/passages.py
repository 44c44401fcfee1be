"""Cut texts into lines, prefixes and suffixes of lines, and hash each as it reads when folded.

Folding ignores what varies in furniture: case, the kind of quotes, dashes and blanks, invisible
characters, and numbers with their grouping marks ("1 204" and "7" are both "0"). Accents stay.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Table = npt.NDArray[np.uint32]

LINE, PREFIX, SUFFIX = 0, 1, 2

#: Bits of `Units.marks`, all about the line that a unit stands in. ENDED: ends like a sentence.
#: PROSE: does so and is no abbreviation, or is long. RUNS_ON: starts in lower case, or the next
#: line does, so that the line breaks stand inside sentences. CONTACT: holds @, © or //, as
#: addresses and credits do.
ENDED, PROSE, RUNS_ON, CONTACT = 1, 2, 4, 8

#: Lines of more bytes are running text.
MAX_LINE = 300
#: Sentence hashes kept of each text.
SKETCH = 12
_MAX_AFFIX = 120
_LONG = 160
_MIN_SENTENCE = 40
_MIN_LETTERS = 15

# Classes of characters, in the upper half of an entry of the table.
_WORD, _LOWER, _STOP, _CLOSER, _BAR, _CONTACT, _OPENER, _JOINER = 1, 2, 4, 8, 16, 32, 64, 128
_DIGIT, _BLANK, _DASH, _QUOTE, _COMMA, _DOT, _SLASH, _BREAK = 48, 32, 45, 39, 44, 46, 47, 10
_WIDE = 0x3000  # from here on a full stop needs no blank behind it
_PRIME = np.uint64(0x9E3779B97F4A7C15)


class Units(NamedTuple):
    """Spans of a batch of texts, line by line; arrays of equal length.

    `doc` is the row of the text, `line` the number of the line among those that are not blank,
    `kind` one of LINE, PREFIX and SUFFIX, `marks` are about the whole line. `hash` depends on the
    kind and the folded text; in a line longer than `MAX_LINE` it only tells the line from others.
    `start` and `end` are byte offsets in the data, without the blanks around.
    """

    doc: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.uint8]
    hash: Hashes
    start: Offsets
    end: Offsets


class Texts(NamedTuple):
    """What is said of each text of a batch, row by row.

    `content` is a hash of all its letters and digits, `lines` the number of lines that are not
    blank. `sketch` (sorted) holds the smallest hashes of its sentences of `_MIN_SENTENCE` bytes or
    more (shorter ones are joined to the next), the first `sketch_size` of them valid.
    """

    content: Hashes
    lines: npt.NDArray[np.int32]
    sketch: Hashes
    sketch_size: Offsets


@cache
def folding() -> Table:
    """Give the folded form (lower 16 bits, 0 is nothing) and class (above) of BMP characters."""
    return np.array([_folded(chr(c)) | _class(chr(c)) << 16 for c in range(1 << 16)], np.uint32)


def _folded(char: str) -> int:
    category = unicodedata.category(char)
    if char in "\t\n\r\v\f\x85" or category in {"Zs", "Zl", "Zp"}:
        return _BLANK
    if category in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f":
        return 0
    if category == "Nd":
        return _DIGIT
    if category == "Pd" or char == "\u2212":
        return _DASH
    if category in {"Pi", "Pf"} or char in "\"'`´„‟＂＇":
        return _QUOTE
    return ord(char.lower()[0]) & 0xFFFF


def _class(char: str) -> int:
    category = unicodedata.category(char)
    marks = (
        (_WORD, category[0] in "LN"),
        (_LOWER, category == "Ll"),
        (_STOP, char in ".!?…。！？؟۔।።"),
        (_CLOSER, category in {"Pe", "Pf"} or char in "\"'"),
        (_BAR, category == "Pd" or char in "|•·\u2212"),
        (_CONTACT, char in "@©"),
        (_OPENER, category == "Ps"),
        (_JOINER, char in ",;"),
    )
    return sum(bit for bit, holds in marks if holds)


@compiled
def _decode(data: Bytes, at: int) -> tuple[int, int]:
    """Give the code point at a byte offset, and the offset of the next."""
    lead = int(data[at])
    if lead < 0x80:
        return lead, at + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    return 0x10000, at + 4


@compiled
def _finished(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    return value ^ value >> np.uint64(33)


@compiled
def _hash(data: Bytes, start: int, end: int, kind: int, table: Table) -> np.uint64:
    """Hash what is left of a span after folding (FNV-1a over characters, murmur3's finish)."""
    value = _PRIME * np.uint64(2 * kind + 1)
    last = 0
    held = 0
    blank = False
    at = start
    while at < end:
        lead = data[at]
        if lead < 0x80:
            folded = int(table[lead]) & 0xFFFF
            at += 1
        else:
            code, after = _decode(data, at)
            if code < 0x10000:
                folded = int(table[code]) & 0xFFFF
            else:
                folded = 0x10000 | int(data[at + 1]) << 16 | int(data[at + 2]) << 8 | data[at + 3]
            at = after
        if folded == 0:
            continue
        if folded == _BLANK:
            blank = True
            continue
        if last == _DIGIT:
            if folded == _DIGIT and not (held and blank):
                held = 0
                blank = False
                continue
            if held == 0 and not blank and folded in (_COMMA, _DOT, _QUOTE):
                held = folded
                continue
            if held:
                value = (value ^ np.uint64(held)) * _PRIME
                held = 0
        if blank and last:
            value = (value ^ np.uint64(_BLANK)) * _PRIME
        blank = False
        value = (value ^ np.uint64(folded)) * _PRIME
        last = folded
    if held:
        value = (value ^ np.uint64(held)) * _PRIME
    return _finished(value)


@compiled
def _hashes(
    data: Bytes,
    starts: Offsets,
    ends: Offsets,
    kinds: npt.NDArray[np.uint8],
    table: Table,
    out: Hashes,
) -> None:
    for i in range(out.size):
        if kinds[i] != LINE or ends[i] - starts[i] <= MAX_LINE:
            out[i] = _hash(data, starts[i], ends[i], kinds[i], table)


@compiled
def _put(out: Units, at: int, kind: int, start: int, end: int) -> int:
    """Write the span of one unit; give the place of the next."""
    out.kind[at] = kind
    out.start[at] = start
    out.end[at] = end
    return at + 1


@compiled
def _add(sketch: Hashes, doc: int, size: int, value: np.uint64) -> int:
    """Put a hash among the smallest of a text, in order; give their new number."""
    place = 0
    while place < size and sketch[doc, place] < value:
        place += 1
    if place == SKETCH or (place < size and sketch[doc, place] == value):
        return size
    size = min(size + 1, SKETCH)
    for i in range(size - 1, place, -1):
        sketch[doc, i] = sketch[doc, i - 1]
    sketch[doc, place] = value
    return size


@compiled
def _cut(data: Bytes, offsets: Offsets, table: Table, out: Units, texts: Texts) -> int:
    made = 0
    prefixes = np.empty(2, np.int64)
    suffixes = np.empty(2, np.int64)
    openings = np.empty(4, np.int64)
    for doc in range(offsets.size - 1):
        at = offsets[doc]
        stop = offsets[doc + 1]
        line = 0
        first_of_text = previous = made
        opening_count = 0
        last_end = at
        content = value = _PRIME
        sketched = 0
        while at < stop:
            first = made
            begun = ended = wide = bracketed = False
            blank = True
            begin = end = sentence = bracket = at
            bar = np.int64(-1)
            prefix_count = suffix_count = starts = letters = marks = kind = 0
            slash = False
            while at < stop and data[at] != _BREAK:
                here = at
                code = int(data[at])
                if code < 0x80:
                    at += 1
                else:
                    code, at = _decode(data, at)
                entry = int(table[code]) if code < 0x10000 else 0xFFFF
                folded = entry & 0xFFFF
                if folded == 0:
                    continue
                if folded == _BLANK:
                    if bar >= 0:
                        if prefix_count < 2 and end - begin <= _MAX_AFFIX:
                            prefixes[prefix_count] = end
                            prefix_count += 1
                        suffixes[suffix_count % 2] = bar
                        suffix_count += 1
                        bar = np.int64(-1)
                    blank = True
                    continue
                kind = entry >> 16
                if not begun:
                    begun = True
                    begin = sentence = here
                    if kind & (_LOWER | _JOINER):
                        marks |= RUNS_ON
                        for i in range(previous, made):
                            out.marks[i] |= RUNS_ON
                elif ended and (blank or (wide and not kind & (_STOP | _CLOSER))):
                    openings[starts % 4] = here
                    starts += 1
                    if end - sentence >= _MIN_SENTENCE:
                        value = _finished(value)
                        content = (content ^ value) * _PRIME
                        sketched = _add(texts.sketch, doc, sketched, value)
                        value = _PRIME
                        sentence = here
                if kind & _OPENER and (blank or ended):
                    bracketed = True
                    bracket = here
                if not kind & _BAR:
                    bar = np.int64(-1)
                elif blank and here > begin:
                    bar = here
                if kind & _STOP:
                    ended = True
                    wide = code >= _WIDE
                elif not kind & _CLOSER:
                    ended = wide = False
                if kind & _CONTACT or (slash and folded == _SLASH):
                    marks |= CONTACT
                slash = folded == _SLASH
                if kind & _WORD:
                    letters += 1
                    value = (value ^ np.uint64(code if folded == _DIGIT else folded)) * _PRIME
                end = at
                blank = False
            at += 1
            if not begun:
                continue
            value = _finished(value)
            content = (content ^ value) * _PRIME
            if end - sentence >= _MIN_SENTENCE:
                sketched = _add(texts.sketch, doc, sketched, value)
            value = _PRIME
            if ended:
                marks |= ENDED
            if (ended and letters >= _MIN_LETTERS) or end - begin > _LONG:
                marks |= PROSE
            out.hash[made] = content
            made = _put(out, made, LINE, begin, end)
            for i in range(prefix_count):
                made = _put(out, made, PREFIX, begin, prefixes[i])
            if bracketed and kind & _CLOSER and bracket > begin:
                suffixes[suffix_count % 2] = bracket
                suffix_count += 1
            for i in range(min(suffix_count, 2)):
                if end - suffixes[i] <= _MAX_AFFIX:
                    made = _put(out, made, SUFFIX, suffixes[i], end)
            for i in range(first, made):
                out.line[i] = line
                out.marks[i] = marks
            previous = first
            opening_count = min(starts, 4)
            last_end = end
            line += 1
        first = made
        for i in range(opening_count):
            if last_end - openings[i] <= MAX_LINE:
                made = _put(out, made, SUFFIX, openings[i], last_end)
        for i in range(first, made):
            out.line[i] = line - 1
            out.marks[i] = out.marks[previous]
        for i in range(first_of_text, made):
            out.doc[i] = doc
        texts.content[doc] = _finished(content)
        texts.lines[doc] = line
        texts.sketch_size[doc] = sketched
    return made


def cut(data: Bytes, offsets: Offsets) -> tuple[Units, Texts]:
    """Cut UTF-8 texts into units, line by line, and tell what each text is as a whole.

    A prefix ends with a dash or bar between blanks; a suffix starts with one, with a bracket that
    the line closes, or in the last line of a text with a sentence.
    """
    rows = len(offsets) - 1
    lines = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == _BREAK)) + rows
    size = lines * 5 + rows * 4
    texts = Texts(
        content=np.empty(rows, np.uint64),
        lines=np.empty(rows, np.int32),
        sketch=np.empty((rows, SKETCH), np.uint64),
        sketch_size=np.empty(rows, np.int64),
    )
    units = Units(
        doc=np.empty(size, np.int32),
        line=np.empty(size, np.int32),
        kind=np.empty(size, np.uint8),
        marks=np.empty(size, np.uint8),
        hash=np.empty(size, np.uint64),
        start=np.empty(size, np.int64),
        end=np.empty(size, np.int64),
    )
    made = _cut(data, offsets, folding(), units, texts)
    filled: Any = (column[:made] for column in units)
    units = Units(*filled)
    _hashes(data, units.start, units.end, units.kind, folding(), units.hash)
    return units, texts


def fingerprints(data: Bytes, offsets: Offsets, kinds: npt.NDArray[np.uint8]) -> Hashes:
    """Hash whole texts as `cut` hashes units of their kinds, so that rules can be looked up."""
    out = np.empty(len(kinds), np.uint64)
    _hashes(data, offsets[:-1], offsets[1:], kinds, folding(), out)
    return out
