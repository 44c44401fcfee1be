"""Near-duplicates by sets of strings: slow, and independent of every kernel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations

_MARKS = r"\u0300-\u036f"
_PLAIN_MARKS = re.compile(rf"(?<=[a-z0-9\u0250-\u02ff\u0370-\u03ff])[{_MARKS}]+")
_SHORT = (
    r"\u3005-\u3007\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u4e00-\u9fff"
)
_LONG = r"\u0e01-\u0e3a\u0e40-\u0e4e"


def words(text: str) -> list[str]:
    """Words of a text in scripts with spaces and plain Han, Kana and Thai: no exotic ones."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = re.sub(r"[\u00ad\u200b-\u200f\ufeff\ufe0e\ufe0f]", "", folded)
    folded = _PLAIN_MARKS.sub("", folded)
    found: list[str] = []
    letter = rf"[^\W_{_SHORT}{_LONG}][{_MARKS}]*"
    for run in re.findall(rf"[{_SHORT}]+|[{_LONG}]+|(?:{letter})+", folded):
        size = 3 if re.match(f"[{_SHORT}]", run) else 6 if re.match(f"[{_LONG}]", run) else len(run)
        found += [run[i : i + size] for i in range(max(1, len(run) - size + 1))]
    return found


def shingles(text: str, size: int) -> frozenset[tuple[str, ...]]:
    """The set of runs of `size` words; of a shorter text the one run it is."""
    found = words(text)
    size = min(size, len(found))
    return frozenset(
        tuple(found[i : i + size]) for i in range(len(found) - size + 1 if size else 0)
    )


def jaccards(texts: Sequence[str], size: int) -> dict[tuple[int, int], Fraction]:
    """Jaccard of every pair of texts that share a shingle."""
    sets = [shingles(text, size) for text in texts]
    return {
        (i, j): Fraction(len(sets[i] & sets[j]), len(sets[i] | sets[j]))
        for i, j in combinations(range(len(texts)), 2)
        if not sets[i].isdisjoint(sets[j])
    }


def kept(
    size: int,
    jaccard: dict[tuple[int, int], Fraction],
    threshold: Fraction,
    witness: Fraction,
    rank: Callable[[int], object],
) -> set[int]:
    """The documents that stay, as `clean_corpus.corpus.keepers` describes it."""
    component = list(range(size))
    for (i, j), value in jaccard.items():
        if value >= threshold:
            old, new = component[i], component[j]
            component = [new if c == old else c for c in component]

    def like(i: int, j: int) -> bool:
        close = jaccard.get((min(i, j), max(i, j)), Fraction(0)) >= witness
        return component[i] == component[j] and close

    mates = [sum(like(i, j) for j in range(size) if j != i) for i in range(size)]
    stay: set[int] = set()
    for i in sorted(range(size), key=lambda i: (-mates[i], rank(i))):
        if not any(like(i, j) for j in stay):
            stay.add(i)
    return stay
