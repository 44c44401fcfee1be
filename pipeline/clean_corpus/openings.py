"""What the matches of a pattern begin with, up to where it counts: quick to look for.

RE2 has few states for that and keeps them, but hundreds for a repetition that counts to a hundred,
and those differ with each text.
"""

from __future__ import annotations

import re

from clean_corpus.dialect import tokens

_MOST = 8  # times; what is repeated more often is no part of an opening, but for once
_LEAST = 3
_COMMON = frozenset(" .,:;!?-'\"^$")
_TIMES = re.compile(r"\{(\d+)(,?)(\d*)\}")


def opening(pattern: str) -> str:
    """Give a pattern that matches wherever an expanded one does, and begins where that begins.

    It is empty where it would be met too often to be of use: one of its choices has neither three
    letters nor a sign that is rare in sentences.
    """
    found, _, weight = _Parser(tokens(pattern)).alternatives()
    return found if weight >= _LEAST else ""


class _Parser:
    """A recursive descent that gives openings, whether that is all, and their least weight."""

    def __init__(self, atoms: list[str]) -> None:
        self.atoms, self.at = [*atoms, ""], 0

    def take(self) -> str:
        self.at += 1
        return self.atoms[self.at - 1]

    def alternatives(self) -> tuple[str, bool, int]:
        parts = [self.sequence()]
        while self.atoms[self.at] == "|":
            self.at += 1
            parts.append(self.sequence())
        found, whole, weight = zip(*parts, strict=True)
        return "|".join(found), all(whole), min(weight)

    def sequence(self) -> tuple[str, bool, int]:
        out, going, total = "", True, 0
        while self.atoms[self.at] not in ("", "|", ")"):
            part, whole, weight = self.one()
            times = ""
            while self.atoms[self.at][:1] in ("?", "*", "+", "{"):
                times += self.take()
            if not going:
                continue
            least, most = _bounds(times)
            going = whole and most <= _MOST
            if going:
                part += times
            if going or least:
                out, total = out + part, total + weight * min(least, 1)
        return out, going, total

    def one(self) -> tuple[str, bool, int]:
        atom = self.take()
        if atom[0] != "(":
            return atom, True, _weight(atom)
        found, whole, weight = self.alternatives()
        self.at += 1
        return f"(?:{found})", whole, weight


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
