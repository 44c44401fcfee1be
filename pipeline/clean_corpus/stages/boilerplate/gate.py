"""The gate in front of the patterns: which are worth a try on which lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from clean_corpus import prepared
from clean_corpus.kernels import scan
from clean_corpus.lexicons import Rule, anchors, bounded
from clean_corpus.patterns import heads
from clean_corpus.patterns.needs import Needs
from clean_corpus.patterns.needs import needs as find_needs
from clean_corpus.stages.boilerplate import index
from clean_corpus.stages.boilerplate.matches import First, Matches, first, matches

Bits = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int64]

_NO_LIMIT = 1 << 40
_ANY = (1 << 256) - 1
_EDGE = "\x00"
_TINY = 20  # bytes


class Probe(NamedTuple):
    """One pattern of the rule `rule`, a number; bound to `start` and `end` of its line.

    `first` is what it is tried as first.
    """

    rule: int
    pattern: str
    start: bool
    end: bool
    first: First

    def matches(self) -> Matches:
        """Give what finds its matches."""
        return matches(self.pattern, self.start, self.end, self.first)


class Gate(NamedTuple):
    """The patterns of some rules, and the tables to look for what they need.

    For each probe: the number of its rule, how many of its probes that rule needs, how many bytes
    before the place that the index gives a match may begin, and how many its opening has at most.
    """

    probes: tuple[Probe, ...]
    tables: scan.Index
    rules: Offsets
    least: Offsets
    back: Offsets
    longest: Offsets

    @classmethod
    def of(cls, rules: Sequence[Rule], numbers: Sequence[int], language: str) -> Gate:
        """Give the gate for those of the rules that have the numbers, for texts in a language."""
        parts = [(i, which) for i in numbers for which in range(len(rules[i].patterns))]
        asked = [(*_asked(rules[i]), rules[i].patterns[which]) for i, which in parts]
        name, facts = f"gate-{language}", [repr(asked)]
        tables = prepared.tables(name, lambda: _tables(rules, parts), facts=facts)
        back, firsts = tables.pop("back"), orjson.loads(tables.pop("firsts").data)
        return cls(
            probes=tuple(
                Probe(
                    i,
                    rules[i].patterns[which],
                    *anchors(rules[i].scope, rules[i].least),
                    First(*known),
                )
                for (i, which), known in zip(parts, firsts, strict=True)
            ),
            tables=scan.Index(**tables),
            rules=np.array([i for i, _ in parts], np.int64),
            least=np.array([rules[i].least for i, _ in parts], np.int64),
            back=back,
            longest=np.array([First(*known).longest for known in firsts], np.int64),
        )


def _asked(rule: Rule) -> tuple[object, ...]:
    """Give all of a rule that its gate depends on, but for its patterns."""
    return rule.scope, rule.where, rule.least, rule.max, rule.cased, rule.glued


def _tables(rules: Sequence[Rule], parts: Sequence[tuple[int, int]]) -> dict[str, npt.NDArray[Any]]:
    """Build the index of patterns, given by the number of the rule and their own, and the rest."""
    tests: list[index.Probe] = []
    literals: list[index.Literal] = []
    backs: list[int] = []
    firsts: list[First] = []
    for i, which in parts:
        rule = rules[i]
        start, end = anchors(rule.scope, rule.least)
        needs = _needs(rule, rule.patterns[which])
        literals += _literals(rule, needs, len(tests), start, end)
        back = max((x.reach for x in needs.clauses[0]), default=0) if needs.clauses else 0
        backs.append(_NO_LIMIT if start else back)
        tests.append(_test(rule, needs, start, end))
        firsts.append(first(rule.patterns[which], start=start, end=end))
    return {
        **index.build(tests, literals)._asdict(),
        "back": np.array(backs, np.int64),
        "firsts": np.frombuffer(orjson.dumps([tuple(x) for x in firsts]), np.uint8),
    }


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


@cache
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
