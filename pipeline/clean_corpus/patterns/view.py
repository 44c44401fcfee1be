"""What a pattern sees of a text: marks and fancy signs folded, blanks as one, lines apart."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from clean_corpus import prepared
from clean_corpus.kernels.fold import BLANK, BREAK, DROP, fold

Table = npt.NDArray[np.int32]

_MAPPED = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u0060\u00b4\u02bc\u2039\u203a",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad",
    "*": "\u2022\u00b7\u2219\u25cf\u25aa\u25a0\u25a1\u25c6\u25b6\u25b8\u25ba\u25b7\u27a4\u279c"
    "\u2794\u2192\u2b50\u2605\u2606\u2b07\u25bc\u25be\u27a1\u00a4\u25e6\u2023\u2043\u2714\u2713",
    "...": "\u2026",
    "l": "\u0142",
    "L": "\u0141",
    "d": "\u0111",
    "D": "\u0110",
    "o": "\u00f8",
    "O": "\u00d8",
    "i": "\u0131",
    "I": "\u0130",
    "ae": "\u00e6",
    "AE": "\u00c6",
    "oe": "\u0153",
    "OE": "\u0152",
    "ss": "\u00df",
    "\u0627": "\u0622\u0623\u0625\u0671",
    "\u064a": "\u0649\u06cc",
    "\u0643": "\u06a9",
    "\u0435": "\u0451",
    "\u0415": "\u0401",
}
_RANGES = (
    *((0x00, 0x700), (0x1680, 0x1681), (0x180E, 0x180F), (0x1E00, 0x2C00), (0x3000, 0x3010)),
    *((0xFE00, 0xFE10), (0xFEFF, 0xFF60)),
)
_PLACES = {target: source for source, targets in _MAPPED.items() for target in targets}


@cache
def tables() -> tuple[Table, Table]:
    """Give the tables of `clean_corpus.kernels.fold`: of the view, and of its lower case."""
    found = prepared.tables("view", build)
    return found["view"], found["lower"]


def build() -> dict[str, Table]:
    """Make these tables."""
    table, lower = np.zeros(65536, np.int32), np.zeros(65536, np.int32)
    for code in (code for low, high in _RANGES for code in range(low, high)):
        char = chr(code)
        shown = seen(char)
        if isinstance(shown, int):
            table[code] = shown << 24
            continue
        if shown != char:
            table[code] = _packed(shown)
        small = "i" if char == "\u0130" else shown.lower()
        if small != shown and len(small.encode()) == len(shown.encode()):
            lower[code] = _packed(small)
    return {"view": table, "lower": lower}


def seen(char: str) -> str | int:
    """Give what the view shows for a character, or a kind."""
    if char in "\n\v\f\r\x85\u2028\u2029":  # as the whitespace stage has it, and what is a blank
        return BREAK
    if (char.isspace() and char not in "\x1c\x1d\x1e\x1f") or char == "\u2800":
        return BLANK
    if char in _PLACES:
        return _PLACES[char] if char != "\u00ad" else DROP
    if unicodedata.category(char) in ("Cf", "Cc"):
        return DROP
    if "\u0300" <= char <= "\u036f" or "\u064b" <= char <= "\u065f" or char == "\u0640":
        return DROP
    if "\uff01" <= char <= "\uff5e":
        return unicodedata.normalize("NFKC", char)
    if char < "\u0400" or "\u1e00" <= char <= "\u1fff":
        base = unicodedata.normalize("NFD", char)[0]
        if base.isalpha() and len(base.encode()) <= len(char.encode()):
            return base
    return char


def _packed(text: str) -> int:
    data = text.encode()
    return len(data) << 24 | int.from_bytes(data, "little")


def view(text: str, *, cased: bool = False) -> str:
    """Give what a pattern sees of a text; lines that are not blank, each on a line."""
    if text.isascii() and text.isprintable() and "`" not in text:
        plain = " ".join(text.split())
        return plain if cased else plain.lower()
    data = text.encode("utf-8", "replace")
    folded = fold(np.frombuffer(data, np.uint8), np.array([0, len(data)], np.int64), tables())
    data = (folded.cased if cased else folded.lower).tobytes()
    cuts = folded.view.tolist()
    return "\n".join(data[start:end].decode() for start, end in pairwise(cuts))
