"""Find what patterns match, with as little as may be compiled, and as few states, as will do.

RE2 finds where a match begins and ends by tables of states, which it makes as texts ask for them.
That takes long for a pattern that counts. It does without them where a match must begin at a place
that is known and its groups are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

from clean_corpus import dialect, narrow, openings
from clean_corpus.narrow import Beyond

#: A match, and what of it goes: bytes of a line.
Span = tuple[int, int, int, int]

_CUT = "(?P<cut>"
_TRIES = 32  # openings looked for in a line; one that is full of them is for tables


class First(NamedTuple):
    """A pattern as it is tried first, written for the bytes of all lines.

    If it is not `exact`, it matches more. `opening` is how all its matches begin, or empty, and
    `size` the bytes that it has at most.
    """

    pattern: str
    exact: bool
    opening: str
    size: int


def first(pattern: str, *, start: bool, end: bool) -> First:
    """Write a pattern as it is tried first."""
    begins = openings.opening(pattern)
    opening, _ = narrow.written("" if start else begins.pattern)
    bound = dialect.bound(_with_cut(pattern), start=start, end=end)
    return First(*narrow.written(bound), opening, begins.longest)


class Matches:
    """Finds what a pattern matches in lines, and what of that goes; compiled when first wanted.

    There is a form for all lines by their bytes, one for lines with a sign or two beyond ASCII, and
    the full one. What the first does not match, the others need not see; and what it matches is
    right where that is all of ASCII: the others could only leave some of its choices out.
    """

    def __init__(self, pattern: str, start: bool, end: bool, first: First) -> None:
        self.pattern, self.start, self.end, self.first = _with_cut(pattern), start, end, first
        self.forms: dict[Beyond, tuple[Any, int]] = {}

    def find(self, text: bytes, where: int, until: int) -> Sequence[Span]:
        """Give the spans of all matches that begin between two places, and of what goes."""
        spans = self._spans(Beyond.NOTHING, text, where, until)
        if spans and not self.first.exact and not all(text[x[0] : x[1]].isascii() for x in spans):
            spans = self._spans(narrow.beyond(text), text, where, until)
        return spans

    def _spans(self, to: Beyond, text: bytes, where: int, until: int) -> list[Span]:
        """Give what the form for some lines matches."""
        spans: list[Span] = []
        for _ in range(_TRIES if self.first.opening else 0):
            begins = self._begins.search(text, where, until + self.first.size)
            if not begins:
                return spans
            where = begins.start()
            form, cut = self._form(to)
            if match := form.match(text, where):
                spans.append((*match.span(), *match.span(cut)))
            where = max(where + 1, match.end() if match else 0)
        form, cut = self._form(to)
        if not self.start:
            return [*spans, *((*x.span(), *x.span(cut)) for x in form.finditer(text, where))]
        match = form.match(text)
        return [(*match.span(), *match.span(cut))] if match else spans

    def _form(self, to: Beyond) -> tuple[Any, int]:
        """Compile the pattern for some lines; give the number of its group `cut` as well."""
        if to not in self.forms:
            bound = dialect.bound(self.pattern, start=self.start, end=self.end)
            source, exact = narrow.written(bound, to) if to else (self.first.pattern, True)
            if exact:
                form = dialect.compiled_as(source.encode(), groups=True)
            else:
                form = dialect.compiled(bound)
            numbers: dict[str | bytes, int] = form.groupindex
            cut = next(number for name, number in numbers.items() if name in ("cut", b"cut"))
            self.forms[to] = form, cut
        return self.forms[to]

    @cached_property
    def _begins(self) -> Any:
        return dialect.compiled_as(self.first.opening.encode(), groups=False)


#: Gives what finds the matches of a pattern; gates share it.
matches = cache(Matches)


def _with_cut(pattern: str) -> str:
    return pattern if _CUT in pattern else f"{_CUT}{pattern})"
