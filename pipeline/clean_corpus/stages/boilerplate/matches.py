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


class Tries(NamedTuple):
    """Lines worth a try, by number: where each stands in a view, and what of it has all openings.

    That goes from the byte before the first one to the byte behind the last one, if the line does,
    since these tell whether words end there.
    """

    line: list[int]
    start: list[int]
    end: list[int]
    begin: list[int]
    stop: list[int]


class Matches:
    """Finds what a pattern matches in lines, and what of that goes; compiled when first wanted.

    There is a form for all lines by their bytes, one for lines with a sign or two beyond ASCII, and
    the full one. What the first does not match, the others need not see; and what it matches is
    right where that is all of ASCII: the others could only leave some of its choices out.
    """

    def __init__(self, pattern: str, start: bool, end: bool, first: First) -> None:
        self.start, self.end, self.first = start, end, first
        self.bound = dialect.bound(_with_cut(pattern), start=start, end=end)

    def find(
        self, view: bytes, tries: Tries, rows: range
    ) -> Iterator[tuple[int, bytes, list[Span]]]:
        """Give each of some rows of `tries` that has matches: its line and text, and the spans.

        They are those of matches and of what goes of each. Lines that read the same, as those of
        agencies do, are matched once.
        """
        known: dict[bytes, list[Span]] = {}
        for row, places in self._begun(view, tries, rows):
            text = view[tries.start[row] : tries.end[row]]
            if text not in known:
                known[text] = self._matched(text, places)
            if spans := known[text]:
                yield tries.line[row], text, spans

    def _matched(self, text: bytes, places: Sequence[int]) -> list[Span]:
        """Give what matches a line with openings at some places."""
        spans = self._spans(self._first, text, places)
        if self.first.exact or all(text[a:b].isascii() for a, b, *_ in spans):
            return spans
        form = self._for_signs if narrow.only_signs(text) else self._full
        return self._spans(form, text, places)

    def _begun(self, view: bytes, tries: Tries, rows: range) -> Iterator[tuple[int, list[int]]]:
        """Give the rows that have openings, and where in their lines, searching all in one go.

        A call of RE2 takes longer than a look at a line. Where matches are bound to an end, the
        first opening will do.
        """
        bounds = zip(
            tries.begin[rows.start : rows.stop], tries.stop[rows.start : rows.stop], strict=True
        )
        parts = [view[begin:stop] for begin, stop in bounds]
        joined = b"\n" + b"\n".join(parts)
        size = len(joined)
        most = 1 if self.start or self.end else _TRIES
        at, past, row, moved = 1 - self.start, 0, -1, 0
        places: list[int] = []
        ends: list[int] = []
        while at <= size and (found := self._opening(_ANYWHERE, joined, at, size)[0][0]) >= 0:
            place = found + self.start
            if place > past or row < 0:
                if places:
                    yield row, places
                ends = ends or list(accumulate([len(part) + 1 for part in parts]))
                i = bisect_left(ends, place)
                row, places, past = rows[i], [], ends[i]
                moved = tries.begin[row] - tries.start[row] - (past - len(parts[i]))
            places.append(place + moved)
            at = place + 1 if len(places) < most else past + 1 - self.start
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
