"""Near-duplicates by sets of strings: slow, and independent of every kernel."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction

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
    """Jaccard of every pair of texts that share a shingle; an index, so that thousands will do."""
    index: dict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes: list[int] = []
    found: dict[tuple[int, int], Fraction] = {}
    for j, text in enumerate(texts):
        own = shingles(text, size)
        shared = Counter(i for shingle in own for i in index[shingle])
        for i, count in shared.items():
            found[i, j] = Fraction(count, sizes[i] + len(own) - count)
        for shingle in own:
            index[shingle].append(j)
        sizes.append(len(own))
    return found


def kept(
    size: int,
    jaccard: dict[tuple[int, int], Fraction],
    threshold: Fraction,
    witness: Fraction,
    rank: Callable[[int], object],
) -> set[int]:
    """The documents that stay, as `clean_corpus.corpus.duplicates.keepers` describes it.

    One after the other, those first that resemble most others of their component, then by rank:
    a document stays if it resembles none that stays.
    """
    component = list(range(size))
    members = {i: [i] for i in range(size)}
    for (i, j), value in jaccard.items():
        old, new = component[i], component[j]
        if value >= threshold and old != new:
            members[new] += members[old]
            for member in members.pop(old):
                component[member] = new
    like: dict[int, set[int]] = {i: set() for i in range(size)}
    for (i, j), value in jaccard.items():
        if value >= witness and component[i] == component[j]:
            like[i].add(j)
            like[j].add(i)
    stay: set[int] = set()
    for i in sorted(range(size), key=lambda i: (-len(like[i]), rank(i))):
        if stay.isdisjoint(like[i]):
            stay.add(i)
    return stay
