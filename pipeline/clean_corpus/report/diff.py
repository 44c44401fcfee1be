"""Word by word: what one text has and another has not."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

#: Words of each text that are compared; the page says where a text goes on.
_WORDS = 220

# With the white space behind it, which is not compared: it follows the words.
_WORD = re.compile(r"(?:[^\W_]+|\S)\s*|\s+")


class Piece(NamedTuple):
    """A stretch of text, and whether the other text lacks it."""

    text: str
    differs: bool


def sides(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Split two texts into what they share and what only one of them has."""
    a, b = _words(left), _words(right)
    sides_: tuple[list[Piece], list[Piece]] = ([], [])
    bare = [[word.rstrip() for word in words] for words in (a, b)]
    matcher = SequenceMatcher(None, bare[0], bare[1], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        for side, words in zip(sides_, (a[i:j], b[k:m]), strict=True):
            if words:
                side.append(Piece("".join(words), tag != "equal"))
    for side, words, text in zip(sides_, (a, b), (left, right), strict=True):
        if sum(map(len, words)) < len(text):
            side.append(Piece(" …", differs=False))
    return sides_


def _words(text: str) -> list[str]:
    return [match.group() for match, _ in zip(_WORD.finditer(text), range(_WORDS), strict=False)]
