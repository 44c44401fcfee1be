"""Find out what a pattern needs to match, so that it is tried only where it may.

The idea is that of Russ Cox's code search (2012): follow the syntax upwards, and keep of each
piece either all that it can match, or sets of literals of which one must be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

from clean_corpus.patterns import heads
from clean_corpus.patterns.dialect import PatternError, tokens
from clean_corpus.patterns.heads import Heads
from clean_corpus.patterns.pieces import (
    BOUND,
    EDGE,
    LONGEST,
    MOST,
    NO_END,
    Clause,
    Literal,
    Piece,
    best,
    exactly,
    frequency,
    joined,
    one_of,
    sequence,
    text_of,
    weight,
)

_CLAUSES = 2  # sets of literals of a pattern that are looked for
_OFTEN = 1 << 40  # a literal of a second clause that is met as often costs more than it spares
_TIMES = ("?", "*", "+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPECIAL = frozenset(".^$|()[]{}*+?\\")


class Needs(NamedTuple):
    """What a pattern needs: a literal of each clause, and at most so many bytes.

    There are no clauses where nothing is needed, or too little to be worth looking for; `digit`
    says that a decimal digit of some script is needed. `first` and `last` have a bit set for each
    byte that a match may begin or end with; `heads` are the ways its first letters and digits may
    run, see `clean_corpus.patterns.heads`.
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
    if _CONTROL.search(pattern):
        raise PatternError("it has a control character, which no line has")
    atoms = tokens(pattern)
    piece = _piece(tuple(atoms), bounded)
    whole = {_fewest(map(_shortened, clause)): clause for clause in piece.required()}
    clauses = sorted(whole, key=weight)
    rare = [
        clause
        for clause in clauses[1:]
        if all(frequency(x.text) < _OFTEN for x in clause)
        and not _follows(whole[clause], whole[clauses[0]])
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
    texts = [literal.text.strip(EDGE) for literal in clause]
    return all(any(text in literal.text for text in texts) for literal in known)


def _shortened(literal: Literal) -> Literal:
    text = _MORE_EDGES.sub("", literal.text)
    size = LONGEST + text.startswith(EDGE)
    return literal._replace(text=text if len(text.rstrip(EDGE)) <= size else text[:size])


def _fewest(literals: Iterable[Literal]) -> Clause:
    """Drop literals that have another in them, which is there wherever they are."""
    clause = frozenset(literals)
    known: dict[str, list[Literal]] = {}
    for literal in clause:
        known.setdefault(literal.text.strip(EDGE), []).append(literal)
    return frozenset(literal for literal in clause if not _is_spare(literal, known))


def _is_spare(literal: Literal, known: Mapping[str, Sequence[Literal]]) -> bool:
    bare, size = literal.text.strip(EDGE), len(literal.text.strip(EDGE))
    for a, b in combinations(range(size + 1), 2):
        for other in known.get(bare[a:b], ()):
            left = literal.text[0] == EDGE if a == 0 else not bare[a - 1].isalnum()
            right = literal.text[-1] == EDGE if b == size else not bare[b].isalnum()
            stands = (left or other.text[0] != EDGE) and (right or other.text[-1] != EDGE)
            if stands and other.reach >= literal.reach and other != literal:
                return True
    return False


_MORE_EDGES = re.compile(f"(?<=[^{EDGE}]){EDGE}+(?=[^{EDGE}])|(?<={EDGE}){EDGE}+")


@lru_cache(4096)
def _piece(atoms: tuple[str, ...], bounded: bool) -> Piece:
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
        self.edges = [BOUND] if bounded else []

    def next(self) -> str:
        return self.atoms[self.at] if self.at < len(self.atoms) else ""

    def alternatives(self) -> Piece:
        parts = [self.sequence()]
        while self.next() == "|":
            self.at += 1
            parts.append(self.sequence())
        if len(parts) == 1:
            return parts[0]
        common = joined(parts)
        exact = [part.exact for part in parts if part.exact is not None]
        if len(exact) == len(parts) and sum(map(len, exact)) <= MOST:
            return common._replace(exact=frozenset().union(*exact))
        needed = [part.required() for part in parts]
        if not all(needed):
            return common
        # Each part has one literal of each of its clauses, so that all have one of these unions.
        most = max(map(len, needed))
        unions = [frozenset().union(*(x[min(i, len(x) - 1)] for x in needed)) for i in range(most)]
        return common._replace(clauses=best(tuple(unions), ()))

    def sequence(self) -> Piece:
        parts = [*self.edges]
        while self.next() not in ("", "|", ")"):
            parts.append(self.run() or self.repeated())
        parts += self.edges
        return sequence(parts)

    def run(self) -> Piece | None:
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
        return text_of("".join(atoms[start:at]))

    def repeated(self) -> Piece:
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
                longest = min(NO_END if most is None else piece.longest * most, NO_END)
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

    def one(self) -> Piece:
        atom = self.next()
        self.at += 1
        if atom.startswith(("(?-i", "(?i")):
            raise PatternError("(?i) is not of the dialect; use cased = true")
        if atom[0] == "(":
            if self.next() == "?":
                raise PatternError("(?... look-around is not of the dialect")
            return self.group()
        if atom in (r"\b", "^", "$"):
            return BOUND
        if atom in (".", r"\w", r"\d") or atom[0] == "[" or atom[:2] == r"\p":
            return one_of(atom)
        if atom[0] == "\\":
            if atom[1].isalnum():
                raise PatternError(f"{atom} is not of the dialect")
            return exactly(atom[1])
        if atom in _TIMES:
            raise PatternError(f"{atom} has nothing to repeat")
        return exactly(atom)

    def group(self) -> Piece:
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


def _least(times: str) -> int:
    return int(times.strip("{}").split(",")[0]) if times[0] == "{" else int(times == "+")


def _most(times: str) -> int | None:
    """Give how often at most something is repeated, or None for any number."""
    if times in ("*", "+") or times.endswith(",}"):
        return None
    return int(times.strip("{}").split(",")[-1])
