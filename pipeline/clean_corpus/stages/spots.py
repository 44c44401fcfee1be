"""Mend what ftfy mends one spot at a time: entities, C1 controls, ligatures, control characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ftfy import chardata, fix_encoding, fixes
from ftfy.badness import is_bad

from clean_corpus.kernels.suspects import BAD, ENTITY, UNORDERED, Spots
from clean_corpus.stages import ftfy_guard
from clean_corpus.text import apply, buffers, make_edits, originals

Flags = npt.NDArray[np.bool_]

#: ftfy's fixes of single spots in its order, with the class of their edits.
FIXES: dict[str, tuple[str, Callable[[str], str]]] = {
    "unescape-html": ("entity", fixes.unescape_html),
    "fix-c1-controls": ("mojibake", fixes.fix_c1_controls),
    "fix-latin-ligatures": ("ligature", fixes.fix_latin_ligatures),
    "remove-terminal-escapes": ("control", fixes.remove_terminal_escapes),
    "remove-control-chars": ("control", fixes.remove_control_chars),
}


class _Spot(NamedTuple):
    """What fixes make of a spot: before ligatures and controls are seen to, and in the end."""

    middle: str
    text: str
    class_: str
    rule: str


def mended(
    lines: pa.LargeStringArray, reasons: npt.NDArray[np.uint8], spots: Spots
) -> tuple[pa.Table, Flags]:
    """Give the edits of the lines that ftfy mends in spots alone, and say which these are.

    `reasons` and `spots` are the guard's. What ftfy does to a line as a whole is to mend its
    encoding, between entities and ligatures, and to put it in normal form in the end; then it
    begins again. All of that changes nothing where the guard clears the line then.
    """
    alone = _may_be_mended_alone(lines, reasons)
    line, start, end = (column[alone[spots.line]] for column in spots)
    old = originals(lines, pa.table([line, start, end], ["doc", "start", "end"]))
    old = old.dictionary_encode()
    made = [_spot(text) for text in old.dictionary.to_pylist()]
    middle, text, class_, rule = (
        pa.array([spot[i] for spot in made], pa.large_string()).take(old.indices) for i in range(4)
    )
    edits = make_edits(line, start, end, text, class_, rule, "replace")
    # Without early fixes the middle is the line itself, without late ones it is what comes of it.
    both = pc.not_equal(middle, text).to_numpy(False) & (reasons[line] & (BAD | ENTITY) > 0)
    halfway = np.zeros(len(lines), bool)
    halfway[line[both]] = True
    early = edits.set_column(3, edits.field(3), middle)
    for changes, rows, why in ((early, halfway, BAD | UNORDERED), (edits, alone.copy(), 0xFF)):
        left = apply(lines, changes).filter(pa.array(rows))
        alone[rows] &= ftfy_guard.judge(left) & why == 0
    changed = pc.not_equal(class_, "").to_numpy(False)
    return edits.filter(pa.array(alone[line] & changed)), alone


def _may_be_mended_alone(lines: pa.LargeStringArray, reasons: npt.NDArray[np.uint8]) -> Flags:
    """Say of which lines all that the guard names may be spots that do not touch one another."""
    data, offsets = buffers(lines)
    alone: Flags = (reasons & UNORDERED == 0) & (reasons & (BAD | ENTITY) != BAD | ENTITY)
    # An escape has to do with what follows.
    alone[np.searchsorted(offsets, np.flatnonzero(data == _ESCAPE), "right") - 1] = False
    bad = np.flatnonzero(alone & (reasons & BAD > 0))
    texts = lines.take(pa.array(bad)).to_pylist()
    alone[bad] = [_is_whole_but_for_controls(text) for text in texts]
    return alone


_ESCAPE = 0x1B


def _spot(old: str) -> _Spot:
    """Carry out the fixes on a spot; its class is empty if they change nothing."""
    early = "unescape-html" if old[0] == "&" else "fix-c1-controls"
    middle = text = old
    named = ("", "")
    for name, (class_, fix) in FIXES.items():
        if name == early or name not in _EARLY:
            new = fix(text)
            if new != text and not named[0]:
                named = (class_, f"ftfy.{name}")
            text = new
            middle = new if name == early else middle
    return _Spot(middle, text, *(named if text != old else ("", "")))


_EARLY = {"unescape-html", "fix-c1-controls"}


def _is_whole_but_for_controls(line: str) -> bool:
    """Say whether ftfy can do nothing for the encoding of a line but replace its C1 controls.

    It must not be read anew, nor must there be a part of it that would be.
    """
    if _CONTROL.search(line) is None or may_be_reread(line):
        return False
    end = 0
    for lead in _LEAD.finditer(line):
        if lead.start() >= end and (part := chardata.UTF8_DETECTOR_RE.match(line, lead.start())):
            if _is_reread(part[0]):
                return False
            end = part.end()
    return True


def may_be_reread(line: str) -> bool:
    r"""Say whether ftfy may read a line anew as UTF-8, all of it at once.

    It does not if a character beyond ASCII is alone between letters, for that is one byte in the
    encodings that ftfy tries (next to `?`, a space or `\x1a` ftfy may add a byte); nor if none of
    these has all its characters.
    """
    return _ALONE.search(line) is None and any(
        chardata.possible_encoding(line, name) for name in chardata.CHARMAP_ENCODINGS
    )


@lru_cache(maxsize=4096)
def _is_reread(part: str) -> bool:
    """Say whether ftfy reads a part of a line anew."""
    return is_bad(part) and fix_encoding(part) != part


_CONTROL = re.compile("[\x80-\x9f]")
_ALONE = re.compile("[A-Za-z][^\0-\x7f\ufffd][A-Za-z]")
# A part that ftfy reads anew begins with what stands for the first byte of a character, and goes on
# with what stands for the others: less work than its own pattern.
_CLUES = chardata.UTF8_CLUES
_FIRST = {size: _CLUES[f"utf8_first_of_{size}"] for size in (2, 3, 4)}
_NEXT = f"[{_CLUES['utf8_continuation']}]"
_OTHERS = "|".join(f"(?<=[{some}]){_NEXT}{{{size - 1}}}" for size, some in _FIRST.items())
_LEAD = re.compile(f"[{''.join(_FIRST.values())}](?={_OTHERS})")
