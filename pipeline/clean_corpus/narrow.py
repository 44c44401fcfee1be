r"""Patterns for lines that have little or nothing beyond ASCII, which most lines have not.

The classes of Unicode are most of what RE2 compiles: a pattern with `\p{L}{2,20}` takes it a tenth
of a second, and a hundredth of that if a letter is one of ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any

from clean_corpus import dialect


class Beyond(Enum):
    """What a line has beyond ASCII: nothing, no letters, marks or digits, or anything."""

    NOTHING = 0
    SIGNS = 1
    ANYTHING = 2


def beyond(line: bytes) -> Beyond:
    """Tell what a line has beyond ASCII."""
    if line.isascii():
        return Beyond.NOTHING
    for found in _OTHERS.finditer(line.decode()):
        if unicodedata.category(found[0])[0] not in "PSZ":
            return Beyond.ANYTHING
    return Beyond.SIGNS


_OTHERS = re.compile(r"[^\x00-\x7f]")


@cache
def narrowed(
    pattern: str, to: Beyond, *, start: bool = False, end: bool = False, groups: bool = True
) -> tuple[Any, bool]:
    r"""Compile a pattern for such lines alone, and tell whether it matches there as `compiled`.

    If it does not match the same, it matches more: classes such as `\p{L}` have all that is beyond
    ASCII in them. No match holds a line break, which no line has, and the start and the end that
    it is bound to are those of lines: what is for lines of ASCII may be tried on many, joined.
    """
    parts = [_by_bytes(token, to) for token in dialect.tokens(pattern)]
    source = "(?m)" + dialect.bound("".join(part for part, _ in parts), start=start, end=end)
    return dialect.compiled_as(source.encode(), groups=groups), all(exact for _, exact in parts)


_CLASS = re.compile(r"\[|\\[pwd]|\.$")
_WORDS = re.compile(r"\\p\{(?:L[lu]?|M|N|Nd)\}|\\[wd]")
_LISTED = re.compile(r"\[(?!\^)(?:[^\\\[-]|[ -~]-[ -~]|\\[^\w])*-?\]")
_EXCLUDED = re.compile(r"\[\^(?:[^\\\[]|\\[^\w])+\]")
_ALL = frozenset(".")
_ESCAPE = "\\"
_NOTHING = r"[^\x00-\xff]"
_ASCII = bytes(range(128)).replace(b"\n", b"")
_ONE = r"[\xc2-\xf4][\x80-\xbf]+"  # a character beyond ASCII


@cache
def _by_bytes(token: str, to: Beyond) -> tuple[str, bool]:
    """Write a token for bytes, and tell whether it stands for the same characters of such lines."""
    if not _CLASS.match(token):
        if token.isascii():
            return (_NOTHING if token.endswith("\n") else token), True
        none = to is Beyond.NOTHING
        return (_NOTHING if none else f"(?:{_escaped(token.lstrip(_ESCAPE))})"), True
    plain = _of_ascii(token)
    if to is Beyond.NOTHING:
        return plain, True
    rest = _WORDS.sub("", token) if to is Beyond.SIGNS else token
    if rest == "" or _LISTED.fullmatch(rest):
        others = [_escaped(char) for char in rest if not char.isascii()]
        return f"(?:{'|'.join([plain, *others])})", True
    all_beyond = token in _ALL or (token.isascii() and _EXCLUDED.fullmatch(token) is not None)
    return f"(?:{plain}|{_ONE})", all_beyond


def _escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


@cache
def _of_ascii(token: str) -> str:
    """Ask RE2 for the characters of ASCII that a class has."""
    found = dialect.compiled_as(dialect.to_re2(token), groups=False).findall(_ASCII)
    codes = sorted(ord(char) for char in found)
    if not codes:
        return _NOTHING
    cuts = [i for i in range(1, len(codes)) if codes[i] != codes[i - 1] + 1]
    runs = [codes[a:b] for a, b in pairwise([0, *cuts, len(codes)])]
    return "[" + "".join(f"\\x{run[0]:02x}-\\x{run[-1]:02x}" for run in runs) + "]"
