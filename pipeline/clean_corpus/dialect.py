"""The pattern dialect of lexicons, which CONTRIBUTING.md describes: what a pattern sees and is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import re2

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
        seen = _seen(char)
        if isinstance(seen, int):
            table[code] = seen << 24
            continue
        if seen != char:
            table[code] = _packed(seen)
        small = "i" if char == "\u0130" else seen.lower()
        if small != seen and len(small.encode()) == len(seen.encode()):
            lower[code] = _packed(small)
    return {"view": table, "lower": lower}


def _seen(char: str) -> str | int:
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
    seen = (folded.cased if cased else folded.lower).tobytes()
    cuts = folded.view.tolist()
    return "\n".join(seen[start:end].decode() for start, end in pairwise(cuts))


_WORD = r"\p{L}\p{M}\p{N}_"
_TOKEN = re.compile(
    r"\\p\{\^?\w+\}|\\.|\[\^?\]?(?:\\p\{\w+\}|\\.|[^\]\\])*\]|\(\?P<\w+>|\(\?:|\(\?-?i[:)]"
    r"|\{\d+(?:,\d*)?\}|<[\w-]+>|.",
    re.DOTALL,
)


def tokens(pattern: str) -> list[str]:
    """Split a pattern into its smallest parts: characters, classes, escapes, brackets."""
    return _TOKEN.findall(pattern)


class PatternError(ValueError):
    """A pattern is not of the dialect; the text says why, without naming the rule."""


def expand(pattern: str, words: Mapping[str, str], *, cased: bool = False) -> str:
    """Put the named words into a pattern, and write its letters as the view shows them.

    Raises PatternError where a name is unknown or leads back to itself, and where a capital
    letter could never match.
    """
    pattern = _plain(pattern, cased=cased)
    for _ in range(8):
        names = _NAME.findall(pattern)
        if not names:
            return pattern
        if unknown := sorted({name for name in names if name not in words}):
            known = ", ".join(sorted(words))
            raise PatternError(f"<{unknown[0]}> is not in [words] (there are: {known})")
        plain = {name: f"(?:{_plain(words[name], cased=cased)})" for name in names}
        pattern = _NAME.sub(lambda found: plain[found[1]], pattern)  # noqa: B023
    raise PatternError("its [words] lead back to themselves")


_NAME = re.compile(r"(?<!\?P)<([\w-]+)>")
# What is no character: capital letters there are names.
_NAMES = re.compile(r"\\p\{\^?\w+\}|\\.|\(\?P?<[\w-]+>|<[\w-]+>")


@cache
def _plain(text: str, *, cased: bool) -> str:
    """Write the letters of a pattern or word as the view shows them."""
    if not cased and (capital := re.search("[A-Z]", _NAMES.sub("", text))):
        token = next(token for token in tokens(_NAMES.sub("", text)) if capital[0] in token)
        raise PatternError(f"{token} is a capital letter, which needs cased = true")
    return text if text.isascii() else _BEYOND.sub(lambda found: _shown(found[0], cased), text)


_BEYOND = re.compile(r"\\.|[^\x00-\x7f]+")


def _shown(text: str, cased: bool) -> str:
    if text[0] == "\\":
        return text
    seen = (_seen(char) for char in text)
    shown = "".join(" " if isinstance(char, int) else char for char in seen)
    return shown if cased else "".join(c.lower() if c > "\x7f" else c for c in shown)


def to_re2(pattern: str) -> str:
    """Translate an expanded pattern into RE2's syntax."""
    out = []
    for token in tokens(pattern):
        if token.startswith("["):
            token = token.replace(r"\w", _WORD).replace(r"\d", r"\p{Nd}")  # noqa: PLW2901
        out.append({r"\w": f"[{_WORD}]", r"\d": r"\p{Nd}"}.get(token, token))
    return "".join(out)


_MEMORY = 32 << 20  # bytes; with RE2's 8 MB, patterns that count forget their states all the time


@cache
def compiled(pattern: str, *, start: bool = False, end: bool = False, groups: bool = True) -> Any:
    """Compile an expanded pattern, bound to the start or the end of a line or to neither.

    Without `groups` matches have none, which RE2 finds much faster. Raises PatternError where RE2
    will not have the pattern.
    """
    return compiled_as(bound(to_re2(pattern), start=start, end=end), groups=groups)


def bound(source: str, *, start: bool, end: bool) -> str:
    """Bind RE2's own syntax to the start or the end of a line."""
    return f"{'^' * start}(?:{source}){'$' * end}"


def compiled_as(source: str | bytes, *, groups: bool) -> Any:
    """Compile RE2's own syntax, of characters or of bytes; raises PatternError as `compiled`."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = not groups
    options.max_mem = _MEMORY
    if isinstance(source, bytes):
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "no pattern"
        what = reason.decode() if isinstance(reason, bytes) else reason
        raise PatternError(what) from error
