"""Find what patterns match, with as little as may be compiled for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

from clean_corpus import dialect, narrow
from clean_corpus.narrow import Beyond

#: A match, and what of it goes: bytes of a line.
Span = tuple[int, int, int, int]

_NEAR = 256  # bytes; where a match can only begin farther in a line, that is looked at alone


class Matches:
    """Finds what a pattern matches in lines, and what of that goes; compiled when first wanted.

    There is a form for all lines by their bytes, one for lines with a sign or two beyond ASCII, and
    the full one. What the first does not match, the others need not see; and what it matches is
    right where that is all of ASCII: the others could only leave some of its choices out.
    """

    def __init__(self, pattern: str, *, start: bool, end: bool) -> None:
        self.pattern, self.bounds = pattern, {"start": start, "end": end}

    def find(self, text: bytes, where: int) -> Sequence[Span]:
        """Give the spans of all matches from a place on, and of what goes."""
        form, spans = self._plain, self._plain.spans(text, where)
        if not self._exact and not all(text[start:end].isascii() for start, end in spans):
            form = self._signs if narrow.beyond(text) is Beyond.SIGNS else self._full
            spans = form.spans(text, where)
        return [(start, end, *form.cut(text, start, end)) for start, end in spans]

    def each(self, texts: Sequence[bytes], where: Sequence[int]) -> Iterator[tuple[int, Span]]:
        """Give what `find` does in each of some lines, with the number of the line.

        A call of RE2 costs more than a line that does not match, so that lines are joined.
        """
        near = [i for i, text in enumerate(texts) if where[i] <= max(_NEAR, len(text) >> 3)]
        for i in sorted(set(range(len(texts))).difference(near)):
            for span in self.find(texts[i], where[i]):
                yield i, span
        if not near:
            return
        past = list(accumulate(len(texts[i]) + 1 for i in near))
        form, exact = self._plain, self._exact
        done = -1
        for match in form.whole.finditer(b"\n".join([texts[i] for i in near])):
            first, last = match.span()
            k = bisect_right(past, first)
            i = near[k]
            text, begin = texts[i], past[k - 1] if k else 0
            if exact or text.isascii():
                start, end = first - begin, last - begin
                yield i, (start, end, *form.cut(text, start, end))
            elif i != done:
                for span in self.find(text, where[i]):
                    yield i, span
                done = i

    @cached_property
    def _exact(self) -> bool:
        """Whether the form by bytes is exact for all lines."""
        return narrow.narrowed(self.pattern, Beyond.ANYTHING, **self.bounds, groups=False)[1]

    @cached_property
    def _plain(self) -> _Form:
        return _Form(self.pattern, Beyond.NOTHING, self.bounds)

    @cached_property
    def _signs(self) -> _Form:
        return _Form(self.pattern, Beyond.SIGNS, self.bounds)

    @cached_property
    def _full(self) -> _Form:
        return _Form(self.pattern, Beyond.ANYTHING, self.bounds)


class _Form:
    """A pattern as it is for some lines.

    RE2 is quick at saying where a match begins and ends, but slow at groups. So what stands before
    the group `cut` is matched by itself; where that is not all there is to it, slowly.
    """

    def __init__(self, pattern: str, to: Beyond, bounds: dict[str, bool]) -> None:
        self.pattern, self.to, self.has_cut = pattern, to, _CUT in pattern
        self.whole = self._compiled(pattern, **bounds)

    def spans(self, text: bytes, where: int) -> list[tuple[int, int]]:
        """Give all matches from a place on."""
        return [match.span() for match in self.whole.finditer(text, where)]

    def cut(self, text: bytes, start: int, end: int) -> tuple[int, int]:
        """Give what goes of a match."""
        if not self.has_cut:
            return start, end
        if self._parts is not None:
            ahead, inner = self._parts
            if before := ahead.match(text, start, end):
                at: int = before.end()
                if inner.fullmatch(text, at, end):
                    return at, end
        match = self._slow.fullmatch(text, start, end)
        return match.span(self._group) if match else (start, end)

    @cached_property
    def _parts(self) -> tuple[Any, Any] | None:
        parts = _parted(self.pattern)
        return parts and (self._compiled(parts[0]), self._compiled(parts[1]))

    @cached_property
    def _slow(self) -> Any:
        return self._compiled(self.pattern, groups=True)

    @cached_property
    def _group(self) -> int:
        numbers: dict[str | bytes, int] = self._slow.groupindex
        return next(number for name, number in numbers.items() if name in ("cut", b"cut"))

    def _compiled(
        self, pattern: str, *, start: bool = False, end: bool = False, groups: bool = False
    ) -> Any:
        bounds = {"start": start, "end": end, "groups": groups}
        found, exact = narrow.narrowed(pattern, self.to, **bounds)
        return found if exact else dialect.compiled(pattern, **bounds)


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
def matches(pattern: str, start: bool, end: bool) -> Matches:
    """Give what finds the matches of a pattern that is bound to the start or end of its line."""
    return Matches(pattern, start=start, end=end)
