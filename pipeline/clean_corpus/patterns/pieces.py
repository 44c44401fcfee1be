"""Pieces of patterns: all that a piece can match, or what must be in it, and how they join."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from clean_corpus.patterns import heads
from clean_corpus.patterns.heads import Heads

#: Literals that one place of a pattern may stand for.
MOST = 256
_CROSSED = 600  # literals that two places may, one after the other
_KEPT = 3  # sets of literals of a piece, for one may say no more than another
#: Characters of a literal that are looked for; more tell little.
LONGEST = 12
#: A word ends here.
EDGE = "\x00"
NO_END = 1 << 30
_CLASS = re.compile(r"\[((?:[^\\^\]-]|\\[^\w])+-?)\]")


class Literal(NamedTuple):
    """Text that must be there, as the pattern has it, and where.

    A zero byte at its start or end says that a word ends there; `reach` is the number of bytes
    from the start of a match within which it must end.
    """

    text: str
    reach: int


#: Literals of which a match holds one.
Clause = frozenset[Literal]


_BITS = dict.fromkeys("etaoinsr", 4) | dict.fromkeys("ldcumhp.,'-", 5) | {" ": 3, EDGE: 2}
_FAR = 64  # bytes; a literal that must end sooner is met the less often


def weight(clause: Clause) -> int:
    """Give how often a clause is met: the lower, the better to look for. Never negative."""
    return sum(frequency(text) << (reach > _FAR) for text, reach in clause)


@lru_cache(1 << 16)
def frequency(text: str) -> int:
    """Give how often a literal is met, as a number that only compares."""
    return 1 << max(0, 60 - sum(map(bits, text[: LONGEST + 1])))


def bits(char: str) -> int:
    """Give how rare a character is in news, about, as minus the logarithm of its share."""
    return _BITS.get(char, 7 if char < "\x80" else 6 if char.isalpha() else 10)


_ALL = (1 << 256) - 1
_BEYOND = _ALL ^ ((1 << 128) - 1)  # bytes of letters outside ASCII
_DIGITS = (1 << 58) - (1 << 48)
# Letters and digits of ASCII, which are what an edge is asked of.
_INSIDE = _DIGITS | ((1 << 91) - (1 << 65)) | ((1 << 123) - (1 << 97))


class Piece(NamedTuple):
    """A piece of a pattern: all it can match, or else what must be in it; and its bytes at most.

    `first` and `last` as in Needs; `empty` says that it may match nothing; `begins` is what all it
    matches begins with, where that is known.
    """

    exact: frozenset[str] | None
    clauses: tuple[Clause, ...]
    longest: int
    first: int = _ALL
    last: int = _ALL
    empty: bool = False
    digit: bool = False
    heads: Heads = heads.ANY
    begins: frozenset[str] | None = None

    def start(self) -> frozenset[str] | None:
        """Give what all matches begin with, where that is known."""
        return self.begins if self.exact is None else self.exact

    def required(self) -> tuple[Clause, ...]:
        """Give the clauses that hold wherever it matches."""
        return best(self.clauses, _useful(self.exact, self.longest))

    def has_digit(self) -> bool:
        """Tell whether all matches have a digit."""
        return self.digit or (
            bool(self.exact) and all(any(map(str.isdigit, x)) for x in self.exact or ())
        )

    def starts(self) -> int:
        """Give the bytes that what begins with it may begin with."""
        return _ALL if self.empty else self.first

    def stops(self) -> int:
        """Give the bytes that what ends with it may end with."""
        return _ALL if self.empty else self.last


@cache
def exactly(char: str) -> Piece:
    """Give the piece that is one character."""
    data = char.encode()
    begins = heads.exactly(char)
    return Piece(frozenset([char]), (), len(data), 1 << data[0], 1 << data[-1], heads=begins)


@cache
def text_of(text: str) -> Piece:
    """Give the piece that is a text, of a character or more."""
    data = text.encode()
    begins = heads.joined(map(heads.exactly, text))
    return Piece(frozenset([text]), (), len(data), 1 << data[0], 1 << data[-1], heads=begins)


@cache
def one_of(atom: str) -> Piece:
    """Read an atom that stands for one character of several."""
    if atom == "." or atom.startswith(("[^", r"\p{^")):
        return ANY
    if found := _CLASS.fullmatch(atom):
        chars = re.sub(r"\\(.)", r"\1", found[1])
        parts = [exactly(char) for char in chars]
        return joined(parts)._replace(exact=frozenset(chars))
    named = {r"\p{Lu}": "A-Z", r"\p{Ll}": "a-z", r"\p{L}": "A-Za-z", r"\p{M}": "", r"\w": r"\w"}
    bare = atom.strip("[]") if atom[0] == "[" else atom
    bare = re.sub(r"\\p\{\w+\}", lambda name: named.get(name[0], r"\d"), bare)
    plain = re.compile(f"[{bare}]", re.ASCII) if bare else None
    mask = sum(1 << code for code in range(128) if plain and plain.match(chr(code)))
    mask |= _BEYOND
    digit = not mask & ~_BEYOND & ~_DIGITS and r"\p" not in atom
    begins = heads.DIGIT if digit else heads.ANY
    return ANY._replace(first=mask, last=mask, digit=digit, heads=begins)


def joined(parts: Sequence[Piece]) -> Piece:
    """Give what alternatives have in common, without their literals."""
    first = last = 0
    for part in parts:
        first, last = first | part.first, last | part.last
    longest = max(part.longest for part in parts)
    digit = all(part.has_digit() for part in parts)
    empty = any(part.empty for part in parts)
    head = heads.either(part.heads for part in parts)
    starts = [part.start() for part in parts]
    begins = None if None in starts else frozenset[str]().union(*(x for x in starts if x))
    if begins is not None and len(begins) > MOST:
        begins = None
    return Piece(None, (), longest, first, last, empty, digit, head, begins)


ANY = Piece(None, (), 4)
BOUND = Piece(frozenset([EDGE]), (), 0, 0, 0, empty=True, heads=heads.NOTHING)


def sequence(parts: list[Piece]) -> Piece:
    """Join pieces that follow one another."""
    current = frozenset([""])
    clauses: tuple[Clause, ...] = ()
    before = 0  # bytes at most, up to the end of the parts looked at
    whole = True
    begins = current
    for i, part in enumerate(parts):
        longest, before = before, min(before + part.longest, NO_END)
        if part.exact is not None and len(current) * len(part.exact) <= MOST:
            current = frozenset(a + b for a, b in product(current, part.exact))
            continue
        crossed = _crossed(current, part.start())
        if crossed is not None:
            more = max((len(text.encode()) for text in part.start() or ()), default=0)
            clauses = best(clauses, _useful(crossed, min(longest + more, NO_END)))
        if whole:
            begins = current if crossed is None or len(crossed) > MOST else crossed
        if _excludes_words(parts[i:], "first"):
            current = frozenset(text + EDGE for text in current)
        clauses = best(clauses, _useful(current, longest))
        clauses = best(clauses, _moved(part.required(), longest))
        whole = False
        current = part.exact or frozenset([""])
        if _excludes_words(parts[: i + (part.exact is None)][::-1], "last"):
            current = frozenset(EDGE + text for text in current)
    first = last = 0
    for part in parts:
        first |= part.first
        if not part.empty:
            break
    for part in reversed(parts):
        last |= part.last
        if not part.empty:
            break
    empty = all(part.empty for part in parts)
    digit = any(part.has_digit() for part in parts)
    head = heads.joined(part.heads for part in parts)
    if whole:
        return Piece(current, (), before, first, last, empty, digit, head)
    clauses = best(clauses, _useful(current, before))
    return Piece(None, clauses, before, first, last, empty, digit, head, begins)


def _crossed(some: frozenset[str], others: frozenset[str] | None) -> frozenset[str] | None:
    """Give what may stand where one piece goes on into the next; None if that is too much."""
    if others is None or others == {""} or len(some) * len(others) > _CROSSED:
        return None
    return frozenset(a + b for a, b in product(some, others))


def _excludes_words(parts: Sequence[Piece], side: str) -> bool:
    """Tell whether what parts begin (or, given backwards, end) with is no letter or digit."""
    for part in parts:
        if part is BOUND:
            return True
        if (part.first if side == "first" else part.last) & _INSIDE:
            return False
        if not part.empty:
            return True
    return False


def _useful(texts: frozenset[str] | None, reach: int) -> tuple[Clause, ...]:
    if not texts or not all(text.strip(" " + EDGE) for text in texts):
        return ()
    return (frozenset(Literal(text, reach) for text in texts),)


def _moved(clauses: tuple[Clause, ...], by: int) -> tuple[Clause, ...]:
    return tuple(
        frozenset(Literal(text, min(reach + by, NO_END)) for text, reach in clause)
        for clause in clauses
    )


def best(some: tuple[Clause, ...], others: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Keep the clauses that are met least often; some may say no more than others."""
    if not some or not others:
        return (some or others)[:_KEPT]
    return tuple(sorted(dict.fromkeys((*some, *others)), key=weight)[:_KEPT])
