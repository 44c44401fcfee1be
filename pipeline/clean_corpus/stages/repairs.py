"""Let ftfy mend damaged lines, in one round where that is provably enough, and say what changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ftfy import TextFixerConfig, chardata, fix_and_explain, fix_encoding_and_explain, fixes
from ftfy.badness import badness, is_bad

from clean_corpus.kernels.suspects import BAD, LITERAL, UNORDERED, Spots
from clean_corpus.stages import ftfy_guard
from clean_corpus.stages.alignment import Change, changes
from clean_corpus.stages.spots import FIXES, may_be_reread, mended
from clean_corpus.text import make_edits, sort_edits


class Repair(NamedTuple):
    """A repair of a line: the code points from `start` to `end` became `text`."""

    start: int
    end: int
    text: str
    class_: str
    rule: str


class _Draft(NamedTuple):
    """A line, what fixes of ftfy made of it, and their names.

    `settled` says that there is no more to be done for its encoding.
    """

    line: str
    text: str
    names: tuple[str, ...]
    settled: bool


def repaired(
    lines: pa.LargeStringArray,
    reasons: npt.NDArray[np.uint8],
    spots: Spots,
    fixer: TextFixerConfig,
) -> pa.Table:
    """Let ftfy mend lines of at most `ftfy_guard.MAX_LINE` code points; give the edits of each.

    `reasons` and `spots` are the guard's, with entities only if they are to be decoded.
    """
    edits, done = mended(lines, reasons, spots)
    left = np.flatnonzero(~done)
    texts = lines.take(pa.array(left)).to_pylist()
    distinct = [*dict.fromkeys(texts)]
    found = dict(zip(distinct, _in_one_round(distinct, fixer), strict=True))
    rows: list[tuple[int, int, int, str, str, str]] = []
    for number, text in zip(left.tolist(), texts, strict=True):
        end = read = 0
        for repair in found[text]:
            start = end + len(text[read : repair.start].encode())
            read = repair.end
            end = start + len(text[repair.start : read].encode())
            rows.append((number, start, end, *repair[2:]))
    if not rows:
        return edits
    doc, starts, ends, new, class_, rule = zip(*rows, strict=True)
    more = make_edits(doc, starts, ends, new, class_, rule, "replace")
    return sort_edits(pa.concat_tables([edits, more]))


def _in_one_round(lines: Sequence[str], fixer: TextFixerConfig) -> list[list[Repair]]:
    """Give the repairs of lines that ftfy mends as a whole.

    ftfy goes round its fixes until a round changes nothing, and searches the whole line for damage
    several times in each. Here its fixes are called one by one, each only if the guard knows of
    something for it to do; if the guard then clears the line, or the round changed nothing, another
    would change nothing either.
    """
    plain = [fixes.unescape_html(line) if fixer.unescape_html else line for line in lines]
    decoded = [
        _decoded(line, text, reasons, fixer)
        for line, text, reasons in zip(lines, plain, _judged(plain), strict=True)
    ]
    doubts = _judged([one.text for one in decoded])
    tidy = [_tidy(one, reasons) for one, reasons in zip(decoded, doubts, strict=True)]
    left = _judged([one.text for one in tidy])
    return [
        _repairs(one.line, one.text, one.names, fixer)
        if one.settled and (reasons in {0, UNORDERED} or one.text == one.line)
        else repair(one.line, fixer)
        for one, reasons in zip(tidy, left, strict=True)
    ]


def _judged(lines: Sequence[str]) -> list[int]:
    judged: list[int] = ftfy_guard.judge(pa.array(lines, pa.large_string())).tolist()
    return judged


def repair(line: str, fixer: TextFixerConfig) -> list[Repair]:
    """Let ftfy mend a line of at most `ftfy_guard.MAX_LINE` code points, and say what changed."""
    fixed, steps = fix_and_explain(line, fixer)
    names = tuple(_STEPS.get(name, _ENCODING) for _, name in steps or ())
    if _ENCODING in names and badness(fixed) >= badness(line):
        fixed, names = fix_and_explain(line, fixer._replace(fix_encoding=False)).text, ()
    return _repairs(line, fixed, names, fixer)


def _decoded(line: str, plain: str, reasons: int, fixer: TextFixerConfig) -> _Draft:
    """Let ftfy mend the encoding of a line, given what it is without its entities."""
    names: tuple[str, ...] = () if plain == line else ("unescape-html",)
    if not reasons & BAD:
        return _Draft(line, plain, names, True)
    settled = False
    whole = _in_parts(plain)
    if whole is None:
        text, steps = fix_encoding_and_explain(plain, fixer)
        whole = text, tuple(_STEPS.get(name, _ENCODING) for _, name in steps or ())
        settled = True
    text, more = whole
    if _ENCODING in more and plain != line and not is_bad(line):
        # A repair that does not lessen the damage is none: `repair` sees to that.
        return _Draft(line, plain, (), False)
    return _Draft(line, text, names + more, settled)


def _in_parts(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Mend the encoding of a line that ftfy cannot read anew as a whole; give the fixes as well.

    None for any other line. What the guard clears then needs no more; ftfy would search
    all of it for damage once again.
    """
    names: tuple[str, ...] = ()
    while is_bad(text):
        if may_be_reread(text) or chardata.possible_encoding(text, "latin-1"):
            return None
        before, text = text, fixes.decode_inconsistent_utf8(text)
        if text != before:
            names += (_ENCODING,)
            continue
        text = fixes.fix_c1_controls(text)
        return text, names + (("fix-c1-controls",) if text != before else ())
    return text, names


def _tidy(draft: _Draft, reasons: int) -> _Draft:
    """Take ligatures and controls out of a line, and put it in normal form C."""
    line, text, names, settled = draft
    if reasons & LITERAL:
        for name in ("fix-latin-ligatures", "remove-terminal-escapes", "remove-control-chars"):
            before, text = text, _FIXES[name][1](text)
            names += (name,) if text != before else ()
    if reasons and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        names += ("normalize",)
    return _Draft(line, text, names, settled or not reasons & BAD)


_ENCODING = "fix-encoding"


def _repairs(line: str, fixed: str, names: tuple[str, ...], fixer: TextFixerConfig) -> list[Repair]:
    """Give each change from a line to what ftfy made of it, with the fix that made it."""
    repairs = []
    lone = set(_LONE.findall(fixed)) if _ENCODING in names else set()
    for start, end, new in changes(line, fixed):
        old = line[start:end]
        parts: Iterable[Change] = [(0, end - start, new)]
        if _far_fetched(old, new, lone):
            parts = changes(old, fix_and_explain(old, fixer._replace(fix_encoding=False)).text)
        for i, j, part in parts:
            named = _named(old[i:j], part, names)
            repairs.append(Repair(start + i, start + j, part, *named))
    return repairs


# Characters that a European text does not hold alone: rare Latin and phonetic letters, letters of
# other scripts, line drawing, private use.
_FOREIGN = r"[\u0180-\u018e\u0190-\u019f\u01a2-\u01ae\u01b1-\u0217\u021c-\u0258\u025a-\u02ff"
_FOREIGN += r"\u0530-\u1dff\u2500-\u259f\u3040-\ufaff]"
_LONE = re.compile(rf"(?<!{_FOREIGN}){_FOREIGN}(?!{_FOREIGN})")


def _far_fetched(old: str, new: str, lone: set[str]) -> bool:
    r"""Say whether a repair by ftfy is less likely than the text as it was.

    `É°` and, with a quotation mark in Windows-1252, `lá\x94 ` happen to be UTF-8 as well: of a
    phonetic letter and a Canadian syllable. Two characters, or three with a space or a control,
    are too little evidence for one of the `lone` letters, which have none of their kind near them.
    """
    weak = len(old) <= 2 or (len(old) == 3 and re.search(r"[ \x80-\x9f]", old))
    return bool(weak) and not lone.isdisjoint(new)


# The steps of ftfy by the class of their edits; what it does besides belongs to its encodings.
_STEPS = {
    "unescape_html": "unescape-html",
    "fix_latin_ligatures": "fix-latin-ligatures",
    "remove_terminal_escapes": "remove-terminal-escapes",
    "remove_control_chars": "remove-control-chars",
    "fix_c1_controls": "fix-c1-controls",
    "NFC": "normalize",
}
_FIXES = {
    **FIXES,
    "normalize": ("normalization", lambda text: unicodedata.normalize("NFC", text)),
}


@lru_cache(maxsize=4096)
def _named(old: str, new: str, steps: tuple[str, ...]) -> tuple[str, str]:
    """Name the class of a change and the fix of ftfy that makes it, or made the most of it."""
    for name, (class_, fix) in _FIXES.items():
        if fix(old) == new:
            return class_, f"ftfy.{name}"
    if _ENCODING in steps or not steps:
        return "mojibake", f"ftfy.{_ENCODING}"
    return _FIXES[steps[0]][0], f"ftfy.{steps[0]}"
