"""Mend what ftfy mends one spot at a time: entities, C1 controls, ligatures, control characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from ftfy import chardata, fix_encoding, fixes
from ftfy.badness import is_bad

from clean_corpus.kernels.suspects import BAD, ENTITY, LITERAL, UNORDERED
from clean_corpus.stages import ftfy_guard


class Repair(NamedTuple):
    """A repair of a line: the code points from `start` to `end` became `text`."""

    start: int
    end: int
    text: str
    class_: str
    rule: str


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


def mended(lines: Sequence[str], reasons: Sequence[int]) -> list[list[Repair] | None]:
    """Give the repairs of the lines that ftfy mends in spots alone; None for the others.

    `reasons` are the guard's. What ftfy does to a line as a whole is to mend its encoding, between
    entities and ligatures, and to put it in normal form in the end; then it begins again. All of
    that changes nothing where the guard clears the line then.
    """
    found: list[list[Repair] | None] = [None] * len(lines)
    tried, texts = [], []
    for at, (line, why) in enumerate(zip(lines, reasons, strict=True)):
        if not _is_spotted(line, why):
            continue
        spots = [(match.span(), _spot(match[0], why)) for match in _pattern(why).finditer(line)]
        # Without early fixes that is the line itself, without late ones it is what comes of it.
        both = why & (BAD | ENTITY) and any(spot.middle != spot.text for _, spot in spots)
        middle = [(span, spot.middle) for span, spot in spots]
        texts.append(_replaced(line, middle) if both else "")
        texts.append(_replaced(line, [(span, spot.text) for span, spot in spots]))
        tried.append(at)
        found[at] = [
            Repair(*span, spot.text, spot.class_, spot.rule) for span, spot in spots if spot.class_
        ]
    judged = ftfy_guard.judge(texts)
    for at, middle_why, why in zip(tried, judged[::2], judged[1::2], strict=True):
        if middle_why & (BAD | UNORDERED) or why:
            found[at] = None
    return found


def _is_spotted(line: str, why: int) -> bool:
    """Say whether all that the guard names may be spots that have nothing to do with each other."""
    if why & ENTITY and (why & BAD or "\x1b" in line):
        return False
    return not why & UNORDERED and (not why & BAD or _is_whole_but_for_controls(line))


def _replaced(line: str, spots: Sequence[tuple[tuple[int, int], str]]) -> str:
    pieces, read = [], 0
    for (start, end), text in spots:
        pieces += [line[read:start], text]
        read = end
    return "".join([*pieces, line[read:]])


@lru_cache(maxsize=4096)
def _spot(old: str, why: int) -> _Spot:
    """Carry out the fixes on a spot; its class is empty if they change nothing."""
    early = {"unescape-html"} if why & ENTITY else {"fix-c1-controls"} if why & BAD else set()
    middle = text = old
    named = ("", "")
    for name, (class_, fix) in FIXES.items():
        if name in early or name not in _EARLY:
            new = fix(text)
            if new != text and not named[0]:
                named = (class_, f"ftfy.{name}")
            text = new
            middle = new if name in early else middle
    return _Spot(middle, text, *(named if text != old else ("", "")))


_EARLY = {"unescape-html", "fix-c1-controls"}


@cache
def _pattern(why: int) -> re.Pattern[str]:
    r"""Match the spots of a line: entities, or runs of characters that fixes look for.

    From the first to the last such character in a run beyond ASCII all is one spot.
    """
    wanted = [chr(point) for point in (*chardata.LIGATURES, *chardata.CONTROL_CHARS)]
    beyond = "\x80-\x9f" + "".join(c for c in wanted if not c.isascii())
    ascii_ = re.escape("".join(filter(str.isascii, wanted)))
    more = rf"(?<=\x1b)\[[\d;]*[a-zA-Z]|[^\0-\x7f]*[{beyond}]"
    runs = f"[{ascii_}{beyond}]+(?:{more})?"
    if not why & ENTITY:
        return re.compile(runs)
    entity = chardata.HTML_ENTITY_RE.pattern
    return re.compile(f"{entity}|{runs}" if why & LITERAL else entity)


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
