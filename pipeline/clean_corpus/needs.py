"""Find out what a pattern needs to match, so that it is tried only where it may.

The idea is that of Russ Cox's code search (2012): follow the syntax upwards, and keep of each
piece either all that it can match, or literals of which one must be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from clean_corpus.dialect import PatternError, tokens

_MOST = 256  # literals that one place of a pattern may stand for
_LONGEST = 10  # characters of a literal that are looked for; more tell little and cost memory
_EDGE = "\x00"  # a word ends here
_NO_END = 1 << 30
_CLASS = re.compile(r"\[((?:[^\\^\]-]|\\[^\w])+)\]")


class Needs(NamedTuple):
    """What a pattern needs: one of some literals, in the lower view, and at most so many bytes.

    A zero byte at the end of a literal says that a word ends there; with each goes the number of
    bytes from the start of a match within which it must end. `literals` is None where nothing is
    needed, or too little to be worth looking for. `first` and `last` have a bit set for each byte
    that a match may begin or end with.
    """

    literals: Mapping[str, int] | None
    longest: int
    first: int
    last: int


@cache
def needs(pattern: str, *, bounded: bool) -> Needs:
    """Find out what an expanded pattern needs; with `bounded`, words end at its own ends.

    Raises PatternError where the syntax is not of the dialect.
    """
    parser = _Parser(tokens(pattern))
    piece = parser.alternatives()
    if parser.rest:
        raise PatternError("a ) has no (")
    if bounded and piece.exact:
        piece = piece._replace(exact=frozenset(_EDGE + text + _EDGE for text in piece.exact))
    found = piece.required()
    literals: dict[str, int] | None = None
    if found is not None and _worth(found)[0] > 0:
        literals = {}
        for text, reach in found:
            short = _shortened(_INNER_EDGE.sub("", text).lower())
            literals[short] = max(reach, literals.get(short, 0))
    return Needs(literals, piece.longest, piece.starts(), piece.stops())


def _shortened(text: str) -> str:
    size = _LONGEST + text.startswith(_EDGE)
    return text if len(text.rstrip(_EDGE)) <= size else text[:size]


_INNER_EDGE = re.compile(f"(?<=[^{_EDGE}]){_EDGE}+(?=[^{_EDGE}])")

# Literals of which a match holds one, each with its reach (see Needs).
_Literals = frozenset[tuple[str, int]]


def _worth(literals: _Literals) -> tuple[int, int]:
    sizes = [len(text.replace(_EDGE, "").replace(" ", "").encode()) for text, _ in literals]
    return (min(*sizes, 12), -len(sizes))


_ALL = (1 << 256) - 1
_BEYOND = _ALL ^ ((1 << 128) - 1)  # bytes of letters outside ASCII


class _Piece(NamedTuple):
    """A piece of a pattern: all it can match, or else what must be in it; and its bytes at most.

    `first` and `last` as in Needs; `empty` says that it may match nothing.
    """

    exact: frozenset[str] | None
    best: _Literals | None
    longest: int
    first: int = _ALL
    last: int = _ALL
    empty: bool = False

    def required(self) -> _Literals | None:
        return _better(self.best, _useful(self.exact, self.longest))

    def starts(self) -> int:
        return _ALL if self.empty else self.first

    def stops(self) -> int:
        return _ALL if self.empty else self.last


def _exactly(char: str) -> _Piece:
    data = char.encode()
    return _Piece(frozenset([char]), None, len(data), 1 << data[0], 1 << data[-1])


def _one_of(atom: str) -> _Piece:
    """Read a atom that stands for one character of several."""
    if atom == "." or atom.startswith(("[^", r"\p{^")):
        return _ANY
    if found := _CLASS.fullmatch(atom):
        chars = re.sub(r"\\(.)", r"\1", found[1])
        parts = [_exactly(char) for char in chars]
        return _joined(parts)._replace(exact=frozenset(chars))
    named = {r"\p{Lu}": "A-Z", r"\p{Ll}": "a-z", r"\p{L}": "A-Za-z", r"\p{M}": "", r"\w": r"\w"}
    bare = atom.strip("[]") if atom[0] == "[" else atom
    bare = re.sub(r"\\p\{\w+\}", lambda name: named.get(name[0], r"\d"), bare)
    plain = re.compile(f"[{bare}]", re.ASCII) if bare else None
    mask = sum(1 << code for code in range(128) if plain and plain.match(chr(code)))
    return _ANY._replace(first=mask | _BEYOND, last=mask | _BEYOND)


def _joined(parts: Sequence[_Piece]) -> _Piece:
    """Give what alternatives have in common, without their literals."""
    first = last = 0
    for part in parts:
        first, last = first | part.first, last | part.last
    longest = max(part.longest for part in parts)
    return _Piece(None, None, longest, first, last, any(part.empty for part in parts))


_ANY = _Piece(None, None, 4)
_BOUND = _Piece(frozenset([_EDGE]), None, 0, 0, 0, True)


class _Parser:
    """A recursive descent over the atoms of a pattern."""

    def __init__(self, atoms: list[str]) -> None:
        self.rest = atoms[::-1]

    def alternatives(self) -> _Piece:
        parts = [self.sequence()]
        while self.rest and self.rest[-1] == "|":
            self.rest.pop()
            parts.append(self.sequence())
        if len(parts) == 1:
            return parts[0]
        joined = _joined(parts)
        exact = [part.exact for part in parts if part.exact is not None]
        if len(exact) == len(parts) and sum(map(len, exact)) <= _MOST:
            return joined._replace(exact=frozenset().union(*exact))
        sets = [part.required() for part in parts]
        union = frozenset[tuple[str, int]]().union(*[x for x in sets if x])
        return joined._replace(best=union if all(sets) else None)

    def sequence(self) -> _Piece:
        current = frozenset([""])
        best: _Literals | None = None
        whole = True
        longest = first = last = 0
        empty = True
        while self.rest and self.rest[-1] not in "|)":
            part = self.repeated()
            before, longest = longest, min(longest + part.longest, _NO_END)
            first |= part.first if empty else 0
            last = part.last | (last if part.empty else 0)
            empty = empty and part.empty
            if part.exact is not None and len(current) * len(part.exact) <= _MOST:
                current = frozenset(a + b for a, b in product(current, part.exact))
                continue
            whole = False
            best = _better(best, _useful(current, before))
            best = _better(best, _moved(part.required(), before))
            current = part.exact or frozenset([""])
        if whole:
            return _Piece(current, None, longest, first, last, empty)
        best = _better(best, _useful(current, longest))
        return _Piece(None, best, longest, first, last, empty)

    def repeated(self) -> _Piece:
        piece = self.one()
        while self.rest and (self.rest[-1] in ("?", "*", "+") or self.rest[-1][0] == "{"):
            times = self.rest.pop()
            if times == "?":
                exact = None if piece.exact is None else piece.exact | {""}
                piece = piece._replace(exact=exact, best=None, empty=True)
            else:
                most = _most(times)
                longest = min(_NO_END if most is None else piece.longest * most, _NO_END)
                none = times == "*" or times.startswith("{0")
                piece = piece._replace(
                    exact=None,
                    best=None if none else piece.required(),
                    longest=longest,
                    empty=none or piece.empty,
                )
        return piece

    def one(self) -> _Piece:
        atom = self.rest.pop()
        if atom.startswith(("(?-i", "(?i")):
            raise PatternError("(?i) is not of the dialect; use cased = true")
        if atom[0] == "(":
            if self.rest and self.rest[-1] == "?":
                raise PatternError("(?... look-around is not of the dialect")
            piece = self.alternatives()
            if not self.rest or self.rest.pop() != ")":
                raise PatternError("a ( has no )")
            return piece
        if atom in (r"\b", "^", "$"):
            return _BOUND
        if atom in (".", r"\w", r"\d") or atom[0] == "[" or atom[:2] == r"\p":
            return _one_of(atom)
        if atom[0] == "\\":
            if atom[1].isalnum():
                raise PatternError(f"{atom} is not of the dialect")
            return _exactly(atom[1])
        if atom in "*+?":
            raise PatternError(f"{atom} has nothing to repeat")
        return _exactly(atom)


def _useful(texts: frozenset[str] | None, reach: int) -> _Literals | None:
    found = frozenset((text, reach) for text in texts or ())
    return found if found and _worth(found)[0] else None


def _moved(literals: _Literals | None, by: int) -> _Literals | None:
    if literals is None:
        return None
    return frozenset((text, min(reach + by, _NO_END)) for text, reach in literals)


def _better(one: _Literals | None, other: _Literals | None) -> _Literals | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=_worth)


def _most(times: str) -> int | None:
    """Give how often at most something is repeated, or None for any number."""
    if times in ("*", "+") or times.endswith(",}"):
        return None
    return int(times.strip("{}").split(",")[-1])
