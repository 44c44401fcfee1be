"""Cut texts into lines and parts of lines, and hash each as it reads when folded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled
from clean_corpus.kernels.folding import (
    BAR,
    BLANK,
    CLOSER,
    COLON,
    DIGIT,
    JOINER,
    LETTER,
    LOWER,
    OPENER,
    SLASH,
    STOP,
    WORD,
    Table,
    folding,
    hashes,
)
from clean_corpus.kernels.folding import (
    CONTACT as CONTACT_SIGN,
)

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

LINE, PREFIX, SUFFIX, SPAN = range(4)

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

_BREAK, _WIDE_COLON = 10, 0xFF1A
_WIDE = 0x3000  # from here on a full stop needs no blank behind it
_SPANS = 8  # that are kept of a line
_STEP = np.uint64(25)  # from here on an entry has LETTER and SPACE
_PRIME = np.uint64(0x9E3779B97F4A7C15)


class Units(NamedTuple):
    """Spans of a batch of texts, line by line; arrays of equal length.

    `doc` is the row of the text, `line` the number of the line among those that are not blank,
    `kind` one of LINE, PREFIX, SUFFIX and SPAN, `marks` are about the whole line. `hash` depends on
    the kind and the folded text; in a line longer than `MAX_LINE` it only tells lines apart.
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
def _letters(
    data: Bytes, at: int, stop: int, table: Table, value: np.uint64
) -> tuple[int, int, np.uint64]:
    """Step over letters and the blanks between them; give the end, their count, and the hash.

    There is no branch on which of the two comes next: ends of words cannot be predicted.
    """
    count = 0
    while at < stop:
        after = at + 1
        code = int(data[at])
        if code >= 0x80:
            if code >= 0xF0:
                break
            code, after = _decode(data, at)
        entry = np.uint64(table[code])
        step = entry >> _STEP
        if step == np.uint64(0):
            break
        letter = step & np.uint64(1)
        value ^= (entry & np.uint64(0xFFFF)) * letter
        value *= np.uint64(1) + letter * (_PRIME - np.uint64(1))
        count += int(letter)
        at = after
    while data[at - 1] == BLANK:
        at -= 1
    return at, count, value


@compiled
def _cut(
    data: Bytes,
    offsets: Offsets,
    table: Table,
    out: Units,
    texts: Texts,
    prefixes: Offsets,
    suffixes: Offsets,
    openings: Offsets,
    spans: Offsets,
) -> int:
    made = 0
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
            begin = end = sentence = bracket = opening = at
            bar = np.int64(-1)
            colon = False
            span_count = prefix_count = suffix_count = starts = letters = marks = kind = 0
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
                if folded == BLANK:
                    if colon and opening > begin and end - opening <= _MAX_AFFIX:
                        spans[span_count % _SPANS, 0] = opening
                        spans[span_count % _SPANS, 1] = end
                        span_count += 1
                    colon = False
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
                    begin = sentence = opening = here
                    if kind & (LOWER | JOINER):
                        marks |= RUNS_ON
                        for i in range(previous, made):
                            out.marks[i] |= RUNS_ON
                elif ended and (blank or (wide and not kind & (STOP | CLOSER))):
                    openings[starts % 4] = opening = here
                    starts += 1
                    if end - sentence >= _MIN_SENTENCE:
                        value = _finished(value)
                        content = (content ^ value) * _PRIME
                        sketched = _add(texts.sketch, doc, sketched, value)
                        value = _PRIME
                        sentence = here
                if kind & OPENER and (blank or ended):
                    bracketed = True
                    bracket = here
                if not kind & BAR:
                    bar = np.int64(-1)
                elif blank and here > begin:
                    bar = here
                if kind & STOP:
                    ended = True
                    wide = code >= _WIDE
                elif not kind & CLOSER:
                    ended = wide = False
                if kind & CONTACT_SIGN or (slash and folded == SLASH):
                    marks |= CONTACT
                slash = folded == SLASH
                if kind & WORD:
                    letters += 1
                    value = (value ^ np.uint64(code if folded == DIGIT else folded)) * _PRIME
                colon = folded in (COLON, _WIDE_COLON)
                # Most of a text: letters, and blanks between them, change nothing but these.
                if kind & LETTER:
                    at, count, value = _letters(data, at, stop, table, value)
                    letters += count
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
            if colon and opening > begin and end - opening <= _MAX_AFFIX:
                spans[span_count % _SPANS, 0] = opening
                spans[span_count % _SPANS, 1] = end
                span_count += 1
            for i in range(min(span_count, _SPANS)):
                made = _put(out, made, SPAN, spans[i, 0], spans[i, 1])
            if bracketed and kind & CLOSER and bracket > begin:
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
    the line closes, or in the last line of a text with a sentence. A span is the beginning of a
    sentence inside a line, up to a colon.
    """
    rows = len(offsets) - 1
    lines = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == _BREAK)) + rows
    colons = int(np.count_nonzero((data == COLON) | (data == 0xEF)))
    size = lines * 5 + rows * 4 + colons
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
    made = _cut(
        data, offsets, folding(), units, texts,
        np.empty(2, np.int64), np.empty(2, np.int64), np.empty(4, np.int64),
        np.empty((_SPANS, 2), np.int64),
    )  # fmt: skip
    filled: Any = (column[:made] for column in units)
    units = Units(*filled)
    short = np.flatnonzero((units.kind != LINE) | (units.end - units.start <= MAX_LINE))
    hashes(data, units.start, units.end, units.kind, short, units.hash)
    return units, texts


def fingerprints(data: Bytes, offsets: Offsets, kinds: npt.NDArray[np.uint8]) -> Hashes:
    """Hash whole texts as `cut` hashes units of their kinds, so that rules can be looked up."""
    out = np.empty(len(kinds), np.uint64)
    hashes(data, offsets[:-1], offsets[1:], kinds, np.arange(len(kinds)), out)
    return out
