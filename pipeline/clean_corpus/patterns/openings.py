"""What the matches of a pattern begin with, up to where it counts: quick to look for.

RE2 needs few states for that. For a repetition that counts to a hundred it needs hundreds, and
others in each text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from clean_corpus.patterns.dialect import tokens

_MOST = 8  # times; what may be repeated more often counts, and an opening ends with its first time
_LEAST = 3  # the weight of an opening that is worth looking for
_BYTES = 4  # of a character, at most
_NO_END = 1 << 30
_COMMON = frozenset(" .,:;!?-'\"^$")
_TIMES = re.compile(r"\{(\d+)(,?)(\d*)\}")


class Opening(NamedTuple):
    """A pattern that begins like another; `whole` if it is all of it, `longest` its bytes at most.

    `weight` is the number of letters that each of its choices has at least; a sign that is rare in
    sentences weighs as much as three.
    """

    pattern: str
    whole: bool
    weight: int
    longest: int


def opening(pattern: str) -> Opening:
    """Give a pattern that matches wherever an expanded one does, and begins where that begins.

    It is the first part of that, up to where it counts; or where that would be met too often, all
    of it, without counting.
    """
    atoms = tokens(pattern)
    found = _Parser(atoms).alternatives()
    if found.weight >= _LEAST:
        return found
    return found._replace(pattern="".join(map(_uncounted, atoms)), whole=True, longest=_NO_END)


def _uncounted(atom: str) -> str:
    least, most = _bounds(atom) if atom[0] == "{" else (1, 1)
    return atom if most <= _MOST else "+" if least else "*"


class _Parser:
    """A recursive descent over the atoms of a pattern."""

    def __init__(self, atoms: list[str]) -> None:
        self.atoms, self.at = [*atoms, ""], 0

    def take(self) -> str:
        self.at += 1
        return self.atoms[self.at - 1]

    def alternatives(self) -> Opening:
        parts = [self.sequence()]
        while self.atoms[self.at] == "|":
            self.at += 1
            parts.append(self.sequence())
        found, whole, weight, longest = zip(*parts, strict=True)
        return Opening("|".join(found), all(whole), min(weight), max(longest))

    def sequence(self) -> Opening:
        out, going, weight, longest = "", True, 0, 0
        while self.atoms[self.at] not in ("", "|", ")"):
            part = self.one()
            times = ""
            while self.atoms[self.at][:1] in ("?", "*", "+", "{"):
                times += self.take()
            if not going:
                continue
            least, most = _bounds(times)
            going = part.whole and most <= _MOST
            if going or least:
                out += part.pattern + times * going
                weight += part.weight * min(least, 1)
                longest += part.longest * (most if going else 1)
        return Opening(out, going, weight, longest)

    def one(self) -> Opening:
        atom = self.take()
        if atom[0] != "(":
            return Opening(atom, True, _weight(atom), _BYTES)
        found = self.alternatives()
        self.at += 1
        return found._replace(pattern=f"(?:{found.pattern})")


def _bounds(times: str) -> tuple[int, int]:
    """Give how often at least and at most something is repeated."""
    if counted := _TIMES.match(times):
        least, comma, most = counted.groups()
        return int(least), int(most or (_MOST + 1 if comma else least))
    return int(times[:1] in ("", "+")), _MOST + 1 if times[:1] in ("*", "+") else 1


def _weight(atom: str) -> int:
    sign = atom[-1] if len(atom) == 1 or (atom[0] == "\\" and not atom[1].isalnum()) else ""
    if sign.isalnum() or (atom[0] == "[" and len(atom) == len("[Aa]")):
        return 1
    return _LEAST if sign and sign not in _COMMON else 0
