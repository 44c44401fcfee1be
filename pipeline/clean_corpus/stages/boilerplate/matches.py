"""Find what patterns match, with as little as may be compiled, and as few states, as will do.

RE2 finds where a match begins and ends by tables of states, which it makes as texts ask for them.
That takes long for a pattern that counts. It does without them where a match must begin at a place
that is known and its groups are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any

from clean_corpus import dialect, narrow
from clean_corpus.narrow import Beyond

#: A match, and what of it goes: bytes of a line.
Span = tuple[int, int, int, int]

_CUT = "(?P<cut>"
_TRIES = 32  # openings looked for in a line; one that is full of them is for tables


class Matches:
    """Finds what a pattern matches in lines, and what of that goes; compiled when first wanted.

    There is a form for all lines by their bytes, one for lines with a sign or two beyond ASCII, and
    the full one. What the first does not match, the others need not see; and what it matches is
    right where that is all of ASCII: the others could only leave some of its choices out. `opening`
    is what all its matches begin with, as `clean_corpus.openings` gives it, or empty.
    """

    def __init__(self, pattern: str, *, start: bool, end: bool, opening: str = "") -> None:
        self.pattern = pattern if _CUT in pattern else f"{_CUT}{pattern})"
        self.start, self.bounds, self.opening = start, {"start": start, "end": end}, opening
        self.forms: dict[Beyond, tuple[Any, int]] = {}

    def find(self, text: bytes, where: int) -> Sequence[Span]:
        """Give the spans of all matches from a place on, and of what goes."""
        spans = list(self._spans(Beyond.NOTHING, text, where))
        if spans and not self._exact and not all(text[x[0] : x[1]].isascii() for x in spans):
            spans = list(self._spans(narrow.beyond(text), text, where))
        return spans

    def _spans(self, to: Beyond, text: bytes, where: int) -> Iterator[Span]:
        """Give what the form for some lines matches."""
        for _ in range(_TRIES if self.opening else 0):
            begins = self._begins.search(text, where)
            if not begins:
                return
            where = begins.start()
            form, cut = self._form(to)
            if match := form.match(text, where):
                yield (*match.span(), *match.span(cut))
            where = max(where + 1, match.end() if match else 0)
        form, cut = self._form(to)
        for match in filter(None, [form.match(text)]) if self.start else form.finditer(text, where):
            yield (*match.span(), *match.span(cut))

    def _form(self, to: Beyond) -> tuple[Any, int]:
        """Compile the pattern for some lines; give the number of its group `cut` as well."""
        if to not in self.forms:
            form, exact = narrow.narrowed(self.pattern, to, **self.bounds, groups=True)
            if not exact:
                form = dialect.compiled(self.pattern, **self.bounds)
            numbers: dict[str | bytes, int] = form.groupindex
            cut = next(number for name, number in numbers.items() if name in ("cut", b"cut"))
            self.forms[to] = form, cut
        return self.forms[to]

    @cached_property
    def _exact(self) -> bool:
        """Whether the form by bytes is exact for all lines."""
        return narrow.narrowed(self.pattern, Beyond.ANYTHING, **self.bounds, groups=True)[1]

    @cached_property
    def _begins(self) -> Any:
        return narrow.narrowed(self.opening, Beyond.NOTHING, groups=False)[0]


@cache
def matches(pattern: str, start: bool, end: bool, opening: str) -> Matches:
    """Give what finds the matches of a pattern that is bound to the start or end of its line."""
    return Matches(pattern, start=start, end=end, opening=opening)
