"""Find what patterns match, compiling as little as will do.

RE2 finds where a match begins and ends by tables of states, which it makes as texts ask for them.
That takes long for a pattern that counts. It does without them where a match must begin at a place
that is known and its groups are asked for: so openings are looked for, and the rest from there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import re2

from clean_corpus.patterns import dialect, narrow, openings

#: A match, and what of it goes: bytes of a line.
Span = tuple[int, int, int, int]
#: A line, and between which bytes of it a match may begin.
Line = tuple[bytes, int, int]
#: RE2's search in bytes from one place to another, anchored or not: the span of each group, or -1.
Search = Callable[[Any, bytes, int, int], list[tuple[int, int]]]
#: What searches for a pattern, and the number of its group `cut`.
Form = tuple[Search, int]

# A version of the wrapper may name them otherwise; then its methods are called: see `_search`.
_ANCHORS = getattr(re2, "_Anchor", None)
_ANYWHERE = getattr(_ANCHORS, "UNANCHORED", "anywhere")
_HERE = getattr(_ANCHORS, "ANCHOR_START", "here")
_CUT = "(?P<cut>"
_BREAK = "\n"
_TRIES = 32  # openings that are looked for in a line; after so many, RE2's own search is cheaper


class First(NamedTuple):
    """A pattern as it is tried first, written for the bytes of all lines.

    If it is not `exact`, it matches more. `opening` is how all its matches begin, in `longest`
    bytes at most.
    """

    pattern: str
    exact: bool
    opening: str
    longest: int


def first(pattern: str, *, start: bool, end: bool) -> First:
    """Write a pattern as it is tried first."""
    bound = dialect.bound(_with_cut(pattern), start=start, end=end)
    begins = openings.opening(pattern)
    opening, _ = narrow.written(begins.pattern)
    last = "$" if end and begins.whole else ""
    opening = f"(?m:{_BREAK * start}(?:{opening}){last})"
    return First(*narrow.written(bound), opening, begins.longest)


class Matches:
    """Finds what a pattern matches in lines, and what of that goes; compiled when first wanted.

    There is a form for all lines by their bytes, one for lines with a sign or two beyond ASCII, and
    the full one. What the first does not match, the others need not see; and what it matches is
    right where that is all of ASCII: the others could only leave some of its choices out.
    """

    def __init__(self, pattern: str, start: bool, end: bool, first: First) -> None:
        self.start, self.end, self.first = start, end, first
        self.bound = dialect.bound(_with_cut(pattern), start=start, end=end)

    def find(self, lines: Sequence[Line]) -> Iterator[tuple[int, list[Span]]]:
        """Give the number of each line that has matches, with their spans and those of what goes.

        Of each line, matches that begin between two places are looked for; of lines that read the
        same, as those of agencies do, once.
        """
        rows: dict[Line, list[int]] = {}
        for row, line in enumerate(lines):
            rows.setdefault(line, []).append(row)
        alike = list(rows)
        for number, places in self._begun(alike):
            text = alike[number][0]
            spans = self._spans(self._first, text, places)
            if (
                spans
                and not self.first.exact
                and not all(text[a:b].isascii() for a, b, *_ in spans)
            ):
                form = self._for_signs if narrow.only_signs(text) else self._full
                spans = self._spans(form, text, places)
            if spans:
                yield from ((row, spans) for row in rows[alike[number]])

    def _begun(self, lines: Sequence[Line]) -> Iterator[tuple[int, list[int]]]:
        """Give the lines that have openings, and where these begin, searching all in one go.

        A call of RE2 takes longer than a look at a line. Where matches are bound to an end, the
        first opening will do.
        """
        most = 1 if self.start or self.end else _TRIES
        # A byte on either side tells whether words end there.
        windows = [text[max(0, a - 1) : b + self.first.longest + 1] for text, a, b in lines]
        joined = b"\n" + b"\n".join(windows)
        size = len(joined)
        ends = list(accumulate(len(window) + 1 for window in windows))
        at, row, begin = 1 - self.start, -1, 0
        places: list[int] = []
        while at <= size and (found := self._opening(_ANYWHERE, joined, at, size)[0][0]) >= 0:
            place = found + self.start
            if row < 0 or place > ends[row]:
                if places:
                    yield row, places
                row, places = bisect_left(ends, place), []
                begin = ends[row] - len(windows[row]) - max(0, lines[row][1] - 1)
            places.append(place - begin)
            at = place + 1 if len(places) < most else ends[row] + 1 - self.start
        if places:
            yield row, places

    def _spans(self, form: Form, text: bytes, places: Sequence[int]) -> list[Span]:
        """Give what a form matches in a line with openings at some places."""
        match, cut = form
        size = len(text)
        spans: list[Span] = []
        past = 0
        for place in [0] if self.start else places:
            if place >= past and (found := match(_HERE, text, place, size))[0][0] >= 0:
                spans.append(found[0] + found[cut])
                past = found[0][1]
        # Bound to the end, a search is done at once, and there may be openings all along the line.
        if not self.start and (self.end or len(places) == _TRIES):
            past = max(past, places[-1] + 1)
            while past <= size and (found := match(_ANYWHERE, text, past, size))[0][0] >= 0:
                spans.append(found[0] + found[cut])
                past = max(found[0][1], past + 1)
        return spans

    @cached_property
    def _opening(self) -> Search:
        return _search(dialect.compiled_as(self.first.opening.encode(), groups=False))

    @cached_property
    def _first(self) -> Form:
        return _by_bytes(self.first.pattern)

    @cached_property
    def _for_signs(self) -> Form:
        source, exact = narrow.written(self.bound, signs=True)
        return _by_bytes(source) if exact else self._full

    @cached_property
    def _full(self) -> Form:
        compiled = dialect.compiled(self.bound)
        return _search(compiled), compiled.groupindex["cut"]


#: Gives what finds the matches of a pattern; gates share it.
matches = cache(Matches)


def _search(compiled: Any) -> Search:
    """Give RE2's own search: the methods that Python has around it take longer than it does."""
    own: Search | None = getattr(getattr(compiled, "_regexp", None), "Match", None)
    return own if own and _ANCHORS else _by_methods(compiled)


def _by_methods(compiled: Any) -> Search:
    """Give the same search by the methods that the wrapper documents."""
    groups = range(compiled.groups + 1)

    def search(anchor: Any, text: bytes, start: int, end: int) -> list[tuple[int, int]]:
        match = (compiled.match if anchor is _HERE else compiled.search)(text, start, end)
        return [match.span(group) for group in groups] if match else [(-1, -1)]

    return search


def _by_bytes(source: str) -> Form:
    compiled = dialect.compiled_as(source.encode(), groups=True)
    return _search(compiled), compiled.groupindex[b"cut"]


def _with_cut(pattern: str) -> str:
    return pattern if _CUT in pattern else f"{_CUT}{pattern})"
