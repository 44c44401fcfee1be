"""Find out what a pattern needs to match, so that it is tried only where it may.

The idea is that of Russ Cox's code search (2012): follow the syntax upwards, and keep of each
piece either all that it can match, or sets of literals of which one must be there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from clean_corpus import heads
from clean_corpus.dialect import PatternError, tokens
from clean_corpus.heads import Heads

_MOST = 256  # literals that one place of a pattern may stand for
_LONGEST = 12  # characters of a literal that are looked for; more tell little
_CROSSED = 600  # and two places that follow one another
_CLAUSES = 2  # sets of literals of a pattern that are looked for
_KEPT = 3  # and of a piece of it, for one may say no more than another
_EDGE = "\x00"  # a word ends here
_NO_END = 1 << 30
_TIMES = ("?", "*", "+")
_SPECIAL = frozenset(".^$|()[]{}*+?\\")
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


class Needs(NamedTuple):
    """What a pattern needs: a literal of each clause, and at most so many bytes.

    There are no clauses where nothing is needed, or too little to be worth looking for; `digit`
    says that a decimal digit of some script is needed. `first` and `last` have a bit set for each
    byte that a match may begin or end with; `heads` are the ways its first letters and digits may
    run, see `clean_corpus.heads`.
    """

    clauses: tuple[Clause, ...]
    longest: int
    first: int
    last: int
    digit: bool
    heads: Heads


@cache
def needs(pattern: str, *, bounded: bool) -> Needs:
    """Find out what an expanded pattern needs; with `bounded`, words end at its own ends.

    Raises PatternError where the syntax is not of the dialect.
    """
    atoms = tokens(pattern)
    piece = _piece(tuple(atoms), bounded)
    found = (frozenset(map(_shortened, clause)) for clause in piece.required())
    clauses = sorted(dict.fromkeys(found), key=_weight)
    rare = [
        clause
        for clause in clauses[1:]
        if all(_frequency(x.text) < _OFTEN for x in clause) and not _follows(clause, clauses[0])
    ]
    return Needs(
        clauses=(*clauses[:1], *rare[: _CLAUSES - 1]),
        longest=piece.longest,
        first=piece.starts(),
        last=piece.stops(),
        digit=piece.has_digit(),
        heads=piece.heads,
    )


def _follows(clause: Clause, known: Clause) -> bool:
    """Tell whether a clause holds wherever another does: each literal of that has one in it."""
    texts = [literal.text.strip(_EDGE) for literal in clause]
    return all(any(text in literal.text for text in texts) for literal in known)


def _shortened(literal: Literal) -> Literal:
    text = _INNER_EDGE.sub("", literal.text)
    size = _LONGEST + text.startswith(_EDGE)
    return literal._replace(text=text if len(text.rstrip(_EDGE)) <= size else text[:size])


_INNER_EDGE = re.compile(f"(?<=[^{_EDGE}]){_EDGE}+(?=[^{_EDGE}])")
_BITS = dict.fromkeys("etaoinsr", 4) | dict.fromkeys("ldcumhp.,'-", 5) | {" ": 3, _EDGE: 2}
_FAR = 64  # bytes; a literal that must end sooner is met the less often
_OFTEN = 1 << 40  # a literal of a second clause that is met as often costs more than it spares


def _weight(clause: Clause) -> int:
    """Give how often a clause is met: the lower, the better to look for. Never negative."""
    return sum(_frequency(text) << (reach > _FAR) for text, reach in clause)


@lru_cache(1 << 16)
def _frequency(text: str) -> int:
    return 1 << max(0, 60 - sum(map(bits, text[: _LONGEST + 1])))


def bits(char: str) -> int:
    """Give how rare a character is in news, about, as minus the logarithm of its share."""
    return _BITS.get(char, 7 if char < "\x80" else 6 if char.isalpha() else 10)


_ALL = (1 << 256) - 1
_BEYOND = _ALL ^ ((1 << 128) - 1)  # bytes of letters outside ASCII
_DIGITS = (1 << 58) - (1 << 48)
# Letters and digits of ASCII, which are what an edge is asked of.
_INSIDE = _DIGITS | ((1 << 91) - (1 << 65)) | ((1 << 123) - (1 << 97))


class _Piece(NamedTuple):
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
        return self.begins if self.exact is None else self.exact

    def required(self) -> tuple[Clause, ...]:
        return _best(self.clauses, _useful(self.exact, self.longest))

    def has_digit(self) -> bool:
        return self.digit or (
            bool(self.exact) and all(any(map(str.isdigit, x)) for x in self.exact or ())
        )

    def starts(self) -> int:
        return _ALL if self.empty else self.first

    def stops(self) -> int:
        return _ALL if self.empty else self.last


@cache
def _exactly(char: str) -> _Piece:
    data = char.encode()
    begins = heads.exactly(char)
    return _Piece(frozenset([char]), (), len(data), 1 << data[0], 1 << data[-1], heads=begins)


@cache
def _text(text: str) -> _Piece:
    data = text.encode()
    begins = heads.joined(map(heads.exactly, text))
    return _Piece(frozenset([text]), (), len(data), 1 << data[0], 1 << data[-1], heads=begins)


@cache
def _one_of(atom: str) -> _Piece:
    """Read an atom that stands for one character of several."""
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
    mask |= _BEYOND
    digit = not mask & ~_BEYOND & ~_DIGITS and r"\p" not in atom
    begins = heads.DIGIT if digit else heads.ANY
    return _ANY._replace(first=mask, last=mask, digit=digit, heads=begins)


def _joined(parts: Sequence[_Piece]) -> _Piece:
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
    if begins is not None and len(begins) > _MOST:
        begins = None
    return _Piece(None, (), longest, first, last, empty, digit, head, begins)


_ANY = _Piece(None, (), 4)
_BOUND = _Piece(frozenset([_EDGE]), (), 0, 0, 0, empty=True, heads=heads.NOTHING)


@lru_cache(4096)
def _piece(atoms: tuple[str, ...], bounded: bool) -> _Piece:
    """Read a pattern or what stands in a group; the same words are in many patterns."""
    parser = _Parser(atoms, bounded)
    piece = parser.alternatives()
    if parser.at < len(atoms):
        raise PatternError("a ) has no (")
    return piece


class _Parser:
    """A recursive descent over the atoms of a pattern."""

    def __init__(self, atoms: tuple[str, ...], bounded: bool) -> None:
        self.atoms, self.at = atoms, 0
        self.edges = [_BOUND] if bounded else []

    def next(self) -> str:
        return self.atoms[self.at] if self.at < len(self.atoms) else ""

    def alternatives(self) -> _Piece:
        parts = [self.sequence()]
        while self.next() == "|":
            self.at += 1
            parts.append(self.sequence())
        if len(parts) == 1:
            return parts[0]
        joined = _joined(parts)
        exact = [part.exact for part in parts if part.exact is not None]
        if len(exact) == len(parts) and sum(map(len, exact)) <= _MOST:
            return joined._replace(exact=frozenset().union(*exact))
        needed = [part.required() for part in parts]
        if not all(needed):
            return joined
        # Each part has one literal of each of its clauses, so that all have one of these unions.
        most = max(map(len, needed))
        unions = [frozenset().union(*(x[min(i, len(x) - 1)] for x in needed)) for i in range(most)]
        return joined._replace(clauses=_best(tuple(unions), ()))

    def sequence(self) -> _Piece:
        parts = [*self.edges]
        while self.next() not in ("", "|", ")"):
            parts.append(self.run() or self.repeated())
        parts += self.edges
        return _sequence(parts)

    def run(self) -> _Piece | None:
        """Read characters that stand for themselves, once."""
        start = at = self.at
        atoms, size = self.atoms, len(self.atoms)
        while at < size and atoms[at] not in _SPECIAL and len(atoms[at]) == 1:
            at += 1
        if at < size and (atoms[at] in _TIMES or atoms[at][0] == "{"):
            at -= 1
        if at - start < 2:
            return None
        self.at = at
        return _text("".join(atoms[start:at]))

    def repeated(self) -> _Piece:
        piece = self.one()
        while (times := self.next()) in _TIMES or times[:1] == "{":
            self.at += 1
            if times == "?":
                exact = None if piece.exact is None else piece.exact | {""}
                piece = piece._replace(
                    exact=exact,
                    clauses=(),
                    empty=True,
                    digit=False,
                    heads=heads.either([piece.heads, heads.NOTHING]),
                    begins=None,
                )
            else:
                most = _most(times)
                longest = min(_NO_END if most is None else piece.longest * most, _NO_END)
                least = _least(times)
                none = least == 0
                piece = piece._replace(
                    exact=None,
                    clauses=() if none else piece.required(),
                    longest=longest,
                    empty=none or piece.empty,
                    digit=not none and piece.has_digit(),
                    heads=heads.repeated(piece.heads, least, most),
                    begins=None if none else piece.start(),
                )
        return piece

    def one(self) -> _Piece:
        atom = self.next()
        self.at += 1
        if atom.startswith(("(?-i", "(?i")):
            raise PatternError("(?i) is not of the dialect; use cased = true")
        if atom[0] == "(":
            if self.next() == "?":
                raise PatternError("(?... look-around is not of the dialect")
            return self.group()
        if atom in (r"\b", "^", "$"):
            return _BOUND
        if atom in (".", r"\w", r"\d") or atom[0] == "[" or atom[:2] == r"\p":
            return _one_of(atom)
        if atom[0] == "\\":
            if atom[1].isalnum():
                raise PatternError(f"{atom} is not of the dialect")
            return _exactly(atom[1])
        if atom in _TIMES:
            raise PatternError(f"{atom} has nothing to repeat")
        return _exactly(atom)

    def group(self) -> _Piece:
        depth = 1
        for at in range(self.at, len(self.atoms)):
            atom = self.atoms[at]
            if atom == ")":
                depth -= 1
                if depth == 0:
                    inside = self.atoms[self.at : at]
                    self.at = at + 1
                    return _piece(inside, bounded=False)
            elif atom[0] == "(":
                depth += 1
        raise PatternError("a ( has no )")


def _sequence(parts: list[_Piece]) -> _Piece:
    current = frozenset([""])
    clauses: tuple[Clause, ...] = ()
    before = 0  # bytes at most, up to the end of the parts looked at
    whole = True
    begins = current
    for i, part in enumerate(parts):
        longest, before = before, min(before + part.longest, _NO_END)
        if part.exact is not None and len(current) * len(part.exact) <= _MOST:
            current = frozenset(a + b for a, b in product(current, part.exact))
            continue
        crossed = _crossed(current, part.start())
        if crossed is not None:
            more = max((len(text.encode()) for text in part.start() or ()), default=0)
            clauses = _best(clauses, _useful(crossed, min(longest + more, _NO_END)))
        if whole:
            begins = current if crossed is None or len(crossed) > _MOST else crossed
        if _excludes_words(parts[i:], "first"):
            current = frozenset(text + _EDGE for text in current)
        clauses = _best(clauses, _useful(current, longest))
        clauses = _best(clauses, _moved(part.required(), longest))
        whole = False
        current = part.exact or frozenset([""])
        if _excludes_words(parts[: i + (part.exact is None)][::-1], "last"):
            current = frozenset(_EDGE + text for text in current)
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
        return _Piece(current, (), before, first, last, empty, digit, head)
    clauses = _best(clauses, _useful(current, before))
    return _Piece(None, clauses, before, first, last, empty, digit, head, begins)


def _crossed(some: frozenset[str], others: frozenset[str] | None) -> frozenset[str] | None:
    """Give what may stand where one piece goes on into the next; None if that is too much."""
    if others is None or others == {""} or len(some) * len(others) > _CROSSED:
        return None
    return frozenset(a + b for a, b in product(some, others))


def _excludes_words(parts: Sequence[_Piece], side: str) -> bool:
    """Tell whether what parts begin (or, given backwards, end) with is no letter or digit."""
    for part in parts:
        if part is _BOUND:
            return True
        if (part.first if side == "first" else part.last) & _INSIDE:
            return False
        if not part.empty:
            return True
    return False


def _useful(texts: frozenset[str] | None, reach: int) -> tuple[Clause, ...]:
    if not texts or not all(text.strip(" " + _EDGE) for text in texts):
        return ()
    return (frozenset(Literal(text, reach) for text in texts),)


def _moved(clauses: tuple[Clause, ...], by: int) -> tuple[Clause, ...]:
    return tuple(
        frozenset(Literal(text, min(reach + by, _NO_END)) for text, reach in clause)
        for clause in clauses
    )


def _best(some: tuple[Clause, ...], others: tuple[Clause, ...]) -> tuple[Clause, ...]:
    if not some or not others:
        return (some or others)[:_KEPT]
    return tuple(sorted(dict.fromkeys((*some, *others)), key=_weight)[:_KEPT])


def _least(times: str) -> int:
    return int(times.strip("{}").split(",")[0]) if times[0] == "{" else int(times == "+")


def _most(times: str) -> int | None:
    """Give how often at most something is repeated, or None for any number."""
    if times in ("*", "+") or times.endswith(",}"):
        return None
    return int(times.strip("{}").split(",")[-1])
