r"""Patterns for lines that have little or nothing beyond ASCII, which most lines have not.

The classes of Unicode are most of what RE2 compiles: a pattern with `\p{L}{2,20}` takes it a tenth
of a second, and a hundredth of that if a letter is one of ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from clean_corpus.patterns import dialect


def only_signs(line: bytes) -> bool:
    """Tell whether a line has no letter, mark or digit beyond ASCII."""
    found = map(unicodedata.category, _OTHERS.findall(line.decode()))
    return all(category[0] in "PSZ" for category in found)


_OTHERS = re.compile(r"[^\x00-\x7f]")


def written(pattern: str, *, signs: bool = False) -> tuple[str, bool]:
    r"""Write a pattern for the bytes of lines, and tell whether it matches as `compiled` does.

    If it does not match the same, it matches more: classes such as `\p{L}` have all that is beyond
    ASCII in them, or nothing of it where it is for lines that have `only_signs` there. In lines of
    ASCII both match the same.
    """
    exact = True

    def by_bytes(token: re.Match[str]) -> str:
        nonlocal exact
        part, same = _by_bytes(token[0], signs)
        exact &= same
        return part

    return _SPECIAL.sub(by_bytes, pattern), exact


# Tokens of the dialect that may be written otherwise, and escapes, which may not.
_SPECIAL = re.compile(
    r"\\p\{\^?\w+\}|\\.|\[\^?\]?(?:\\p\{\w+\}|\\.|[^\]\\])*\]|\.|[^\x00-\x7f]", re.DOTALL
)
_CLASS = re.compile(r"\[|\\[pwd]|\.$")
# Of letters, marks and digits.
_WORDS = re.compile(r"\\p\{(?:L[lu]?|M|N|Nd)\}|\\[wd]")
# Classes whose characters beyond ASCII are written out; those where the ones left out are; and
# those that, being of ASCII, leave out none beyond it.
_LISTED = re.compile(r"\[(?!\^)(?:[^\\\[-]|[ -~]-[ -~]|\\[^\w])*-?\]")
_WITHOUT = re.compile(r"\[\^(?:[^\\\[-]|[ -~]-[ -~]|\\[^\w])*-?\]")
_WITHOUT_ASCII = re.compile(r"\[\^(?:[^\\\[]|\\[^\w])+\]")
_ANY = "."
_NOTHING = r"[^\x00-\xff]"  # a class of bytes with none in it
_ASCII = bytes(range(10)), bytes(range(11, 128))  # lines have no breaks
_LEADS, _RESTS = (0xC2, 0xF4), (0x80, 0xBF)  # first bytes of characters beyond ASCII, and others
# The end of a class that has all characters beyond ASCII, and what follows its first byte.
_BEYOND = r"\xc2-\xf4][\x80-\xbf]*"


@cache
def _by_bytes(token: str, signs: bool) -> tuple[str, bool]:
    """Write a token for bytes, and tell whether it stands for the same characters of such lines."""
    if not _CLASS.match(token):
        if token.isascii():
            return token, True
        char = token.removeprefix("\\")
        return f"(?:{_escaped(char.encode())})", True
    plain = _of_ascii(token)
    rest = _WORDS.sub("", token) if signs else token
    if rest == "" or _LISTED.fullmatch(rest):
        others = [_escaped(char.encode()) for char in rest if not char.isascii()]
        return f"(?:{'|'.join([plain, *others])})", True
    if _WITHOUT.fullmatch(token) and not token.isascii():
        excluded = [char.encode() for char in token if not char.isascii()]
        return f"(?:{plain}|{_none_of(excluded, *_LEADS)})", True
    all_beyond = token == _ANY or (token.isascii() and bool(_WITHOUT_ASCII.fullmatch(token)))
    leads = "[" if plain == _NOTHING else plain[:-1]
    return f"(?:{leads}{_BEYOND})", all_beyond


def _none_of(some: Sequence[bytes], low: int, high: int) -> str:
    """Write the bytes, from `low` to `high` first, of what is none of some characters.

    It says which bytes may come: those that may not would leave the rests of characters.
    """
    rests: dict[int, list[bytes]] = {}
    for one in sorted(some):
        rests.setdefault(one[0], []).append(one[1:])
    gaps = pairwise([low - 1, *rests, high + 1])
    runs = "".join(f"\\x{a + 1:02x}-\\x{b - 1:02x}" for a, b in gaps if b - a > 1)
    parts = [rf"[{runs}][\x80-\xbf]*" if runs else _NOTHING]
    parts += [rf"\x{lead:02x}{_none_of(rest, *_RESTS)}" for lead, rest in rests.items() if rest[0]]
    return f"(?:{'|'.join(parts)})"


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


@cache
def _of_ascii(token: str) -> str:
    """Ask RE2 for the characters of ASCII that a class has, run by run."""
    source = dialect.to_re2(token)
    if source[0] == "\\":
        source = f"[{source}]"
    source = _NAMED.sub(lambda name: _PLAIN[name[1]], source)
    runs = dialect.compiled_as(f"(?:{source})+", groups=False)
    found = [run for part in _ASCII for run in runs.findall(part)]
    if not found:
        return _NOTHING
    return "[" + "".join(f"\\x{run[0]:02x}-\\x{run[-1]:02x}" for run in found) + "]"


# Names, and what they have of ASCII; to RE2 they are long lists.
_NAMED = re.compile(r"\\p\{(L[lu]?|M|N|Nd)\}")
_PLAIN = {"L": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "M": "\u0300", "N": "0-9", "Nd": "0-9"}
