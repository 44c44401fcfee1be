"""Find the rarer wordings of furniture, as editors and translators vary them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clean_corpus.corpus.learning.repeated import Numbers, Read, Rows, places_of
from clean_corpus.kernels import passages as kernel
from clean_corpus.learned import BOTTOM, TOP

# A wording shares two thirds of its words with another one, of both together, and three at least.
_SHARE, _LEAST = (2, 3), 3

# Other lines that may stand between a wording and its end of the article.
_SLACK = 2


def variants(rows: Rows, lines: Numbers, where: Mapping[int, str], read: Read) -> dict[int, str]:
    """Give the units that are a wording of one that is known, with the end of the article.

    `rows` are units of two articles at least; `where` has those known, lines and spans. A line must
    stand at the end at which the one stands that it resembles.
    """
    codes, first = np.unique(rows.code, return_index=True)
    models = [code for code in where if rows.kind[first[code]] in (kernel.LINE, kernel.SPAN)]
    ends = {(int(rows.kind[first[code]]), where[code]) for code in models}
    known = np.isin(codes, list(where))
    asked = [
        (code, kind, end)
        for code, kind, end in _standing(rows, lines, known)
        if (kind, end) in ends and not known[code]
    ]
    which = [*models, *(code for code, _, _ in asked)]
    at = first[which]
    spans = zip(rows.doc[at].tolist(), rows.start[at].tolist(), rows.end[at].tolist(), strict=True)
    words = dict(zip(which, map(_words, read(list(spans))), strict=True)) if asked else {}
    return {
        code: end
        for code, kind, end in asked
        if any(
            (int(rows.kind[first[model]]), where[model]) == (kind, end)
            and _alike(words[code], words[model])
            for model in models
        )
    }


def _standing(
    rows: Rows, lines: Numbers, known: np.typing.NDArray[np.bool_]
) -> Iterator[tuple[int, int, str]]:
    """Give code and kind of the lines that stand at an end of articles, and of the spans."""
    places = places_of(rows, lines, known)
    line = rows.kind == kernel.LINE
    votes = rows.votes(line)
    for end in (TOP, BOTTOM):
        there = rows.votes(line & places.at(end, _SLACK))
        for code in np.flatnonzero((votes > 0) & (4 * there >= 3 * votes)).tolist():
            yield code, kernel.LINE, end
    for code in np.unique(rows.code[rows.kind == kernel.SPAN]).tolist():
        yield code, kernel.SPAN, ""


def _words(text: str) -> frozenset[str]:
    """Give the words of a text, numbers apart."""
    spaced = "".join(c if c.isalpha() else " " for c in text.casefold())
    return frozenset(spaced.split())


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared, joined = len(one & other), len(one | other)
    return shared >= _LEAST and shared * _SHARE[1] >= joined * _SHARE[0]
