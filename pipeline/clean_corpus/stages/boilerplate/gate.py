"""The gate in front of the patterns: which are worth a try on which lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus import dialect, heads
from clean_corpus.kernels import scan
from clean_corpus.lexicons import Rule, anchors, bounded
from clean_corpus.needs import Needs
from clean_corpus.needs import needs as find_needs
from clean_corpus.stages.boilerplate import index

Bits = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int64]

_NO_LIMIT = 1 << 40
_ANY = (1 << 256) - 1
_EDGE = "\x00"
_TINY = 20  # bytes


class Matches:
    """Finds what a pattern matches in a line, and what of that goes.

    RE2 is quick at saying where a match begins and ends, but slow at groups. So what stands before
    the group `cut` is matched by itself; where that is not all there is to it, slowly.
    """

    def __init__(self, pattern: str, *, start: bool, end: bool) -> None:
        self.whole = dialect.compiled(pattern, start=start, end=end, groups=False)
        self.slow: Any = None
        self.ahead: Any = None
        self.inner: Any = None
        if _CUT not in pattern:
            return
        self.slow = dialect.compiled(pattern)
        if (parts := _parted(pattern)) is not None:
            self.ahead, self.inner = (dialect.compiled(part, groups=False) for part in parts)

    def occurs(self, text: bytes, where: int) -> bool:
        """Tell whether there is a match from a place on."""
        return self.whole.search(text, where) is not None

    def find(self, text: bytes, where: int) -> Iterator[tuple[int, int, int, int]]:
        """Give the spans of all matches from a place on, and of what goes."""
        for match in self.whole.finditer(text, where):
            start, end = match.span()
            yield start, end, *self._cut(text, start, end)

    def _cut(self, text: bytes, start: int, end: int) -> tuple[int, int]:
        if self.slow is None:
            return start, end
        if self.ahead is not None and (before := self.ahead.match(text, start, end)):
            at: int = before.end()
            if self.inner.fullmatch(text, at, end):
                return at, end
        match = self.slow.fullmatch(text, start, end)
        return match.span(self.slow.groupindex["cut"]) if match else (start, end)


_CUT = "(?P<cut>"


def _parted(pattern: str) -> tuple[str, str] | None:
    """Split a pattern that ends with its group `cut` into what is before and in it."""
    ahead, _, rest = pattern.partition(_CUT)
    if not ahead or not rest.endswith(")"):
        return None
    depth = 1
    for atom in dialect.tokens(rest[:-1]):
        depth += (atom[0] == "(") - (atom == ")")
        if depth == 0:
            return None
    for atom in (before := dialect.tokens(ahead)):
        depth += (atom[0] == "(") - (atom == ")")
    return (ahead, rest[:-1]) if depth == 1 and "|" not in _outside(before) else None


def _outside(atoms: list[str]) -> list[str]:
    """Give the atoms that are in no group."""
    depth, out = 0, []
    for atom in atoms:
        depth += (atom[0] == "(") - (atom == ")")
        out += [atom] if depth == 0 else []
    return out


@cache
def _matches(pattern: str, start: bool, end: bool) -> Matches:
    return Matches(pattern, start=start, end=end)


class Probe(NamedTuple):
    """One pattern of a rule, which has the number `rule`; bound to `start` and `end` of its line.

    A match begins at most `back` bytes before the place that the gate gives.
    """

    rule: int
    pattern: str
    start: bool
    end: bool
    back: int

    def matcher(self) -> Matches:
        """Give what finds its matches; made when first wanted."""
        return _matches(self.pattern, self.start, self.end)


class Gate(NamedTuple):
    """The patterns of some rules, and the tables to look for what they need.

    `rules` are the numbers of the rules of the probes, `least` how many of its probes each needs.
    """

    probes: tuple[Probe, ...]
    tables: scan.Index
    rules: Offsets
    least: Offsets

    @classmethod
    def of(cls, rules: Sequence[Rule], numbers: Sequence[int]) -> Gate:
        """Build the gate for those of the rules that have the numbers."""
        probes: list[Probe] = []
        tests: list[index.Probe] = []
        literals: list[index.Literal] = []
        for number in numbers:
            rule = rules[number]
            start, end = anchors(rule.scope, rule.least)
            for pattern in rule.patterns:
                needs = _needs(rule, pattern)
                literals += _literals(rule, needs, len(probes), start, end)
                back = max((x.reach for x in needs.clauses[0]), default=0) if needs.clauses else 0
                probes.append(Probe(number, pattern, start, end, _NO_LIMIT if start else back))
                tests.append(_test(rule, needs, start, end))
        owners = np.array([probe.rule for probe in probes], np.int64)
        least = np.array([rules[probe.rule].least for probe in probes], np.int64)
        return cls(tuple(probes), index.build(tests, literals), owners, least)


def _needs(rule: Rule, pattern: str) -> Needs:
    """Find out what a pattern needs; nothing where lines are so short that the test costs more."""
    needs = find_needs(pattern, bounded=bounded(rule))
    return needs._replace(clauses=()) if 0 < rule.max <= _TINY else needs


def _test(rule: Rule, needs: Needs, start: bool, end: bool) -> index.Probe:
    return index.Probe(
        limit=rule.max or _NO_LIMIT,
        clauses=len(needs.clauses),
        digit=needs.digit and not needs.clauses,
        opening=rule.where == "first",
        first=_bits(needs.first if start else _ANY, cased=rule.cased),
        last=_bits(needs.last if end else _ANY, cased=rule.cased),
        heads=packed(*heads.joined([needs.heads, _END if end else heads.ANY]) if start else "?"),
    )


_END = frozenset("$")


def packed(*found: str) -> npt.NDArray[np.uint8]:
    """Set a bit for each row of three signs that begins like one of some heads."""
    bits = np.zeros((scan.SIGNS,) * heads.LENGTH, bool)
    for head in found:
        bits[heads.signs(head)] = True
    return np.packbits(bits, bitorder="little")


def _bits(mask: int, *, cased: bool) -> Bits:
    """Spread a mask of 256 bits; without `cased`, what is there for "a" holds for "A" too."""
    data = np.frombuffer(mask.to_bytes(32, "little"), np.uint8)
    bits = np.unpackbits(data, bitorder="little").astype(bool)
    if not cased:
        bits[65:91] |= bits[97:123]
        bits[128:] |= bits[128:].any()
    return bits


def _literals(
    rule: Rule, needs: Needs, probe: int, start: bool, end: bool
) -> Iterator[index.Literal]:
    for number, clause in enumerate(needs.clauses):
        for text, reach in clause:
            bare = text.strip(_EDGE)
            yield index.Literal(
                text=_lower(bare).encode(),
                cased=bare.encode() if rule.cased and bare != _lower(bare) else b"",
                probe=probe,
                clause=number,
                left=text[0] == _EDGE and is_letter(bare[0]),
                right=text[-1] == _EDGE and is_letter(bare[-1]),
                reach=reach if start else _NO_LIMIT,
                tail=needs.longest if end and not start else _NO_LIMIT,
            )


def _lower(text: str) -> str:
    """Write text as the view in lower case has it, which has the same length."""
    if text.isascii():
        return text.lower()
    return "".join(
        small if len((small := char.lower()).encode()) == len(char.encode()) else char
        for char in text
    )


def is_letter(char: str) -> bool:
    """Tell whether a character is a letter or digit of a script that parts words by blanks."""
    return char.isalnum() and not (
        "\u0e00" <= char <= "\u10ff" or "\u1780" <= char <= "\u17ff" or "\u3040" <= char <= "\u9fff"
    )
