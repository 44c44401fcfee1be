"""Find what patterns match, compiling as little as will do.

RE2 finds where a match begins and ends by tables of states, which it makes as texts ask for them.
That takes long for a pattern that counts. It does without them where a match must begin at a place
that is known and its groups are asked for: so openings are looked for, and the rest from there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from clean_corpus import dialect, narrow, openings

#: A match, and what of it goes: bytes of a line.
Span = tuple[int, int, int, int]
#: A compiled pattern, and the number of its group `cut`.
Form = tuple[Any, int]

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

    def tried(self, windows: Sequence[bytes]) -> Iterator[int]:
        """Give which of some windows of lines hold an opening; all are searched in one go."""
        text = b"\n" + b"\n".join(windows)
        ends = list(accumulate(len(window) + 1 for window in windows))
        at = 0
        while at <= len(text) and (begins := self._opening.search(text, at)):
            row = bisect_left(ends, begins.start() + self.start)
            yield row
            at = ends[row] + 1 - self.start

    def find(self, text: bytes, where: int, until: int) -> Sequence[Span]:
        """Give the spans of all matches that begin between two places, and of what goes."""
        spans = self._spans(self._first, text, where, until)
        if spans and not self.first.exact and not all(text[x[0] : x[1]].isascii() for x in spans):
            form = self._for_signs if narrow.only_signs(text) else self._full
            spans = self._spans(form, text, where, until)
        return spans

    def _spans(self, form: Form, text: bytes, where: int, until: int) -> list[Span]:
        """Give what a form matches."""
        pattern, cut = form
        if self.start:
            match = pattern.match(text)
            return [(*match.span(), *match.span(cut))] if match else []
        spans: list[Span] = []
        # Bound to the end, a search is done at once, and there may be openings all along the line.
        for _ in range(0 if self.end else _TRIES):
            begins = self._begins(text, where, until)
            if not begins:
                return spans
            where = begins.start()
            if match := pattern.match(text, where):
                spans.append((*match.span(), *match.span(cut)))
            where = max(where + 1, match.end() if match else 0)
        return [*spans, *((*x.span(), *x.span(cut)) for x in pattern.finditer(text, where))]

    def _begins(self, text: bytes, where: int, until: int) -> Any:
        """Find the next opening; there is none behind the end."""
        if where > len(text):
            return None
        return self._opening.search(text, where, until + self.first.longest)

    @cached_property
    def _opening(self) -> Any:
        return dialect.compiled_as(self.first.opening.encode(), groups=False)

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
        return compiled, compiled.groupindex["cut"]


#: Gives what finds the matches of a pattern; gates share it.
matches = cache(Matches)


def _by_bytes(source: str) -> Form:
    compiled = dialect.compiled_as(source.encode(), groups=True)
    return compiled, compiled.groupindex[b"cut"]


def _with_cut(pattern: str) -> str:
    return pattern if _CUT in pattern else f"{_CUT}{pattern})"
