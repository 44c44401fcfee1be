"""Ask CLD2 for a second opinion: it knows a hundred languages that langdetect does not."""

from __future__ import annotations

import re
from typing import NamedTuple

import pycld2

from clean_corpus.languages import GROUPED

# About as much as langdetect's profiles are asked about (kernels.language.MAX_POINTS), in bytes.
_LONGEST = 40_000

# What CLD2 refuses to read: controls, and code points that are no characters.
_LAST_TWO = "".join(rf"\U{plane:04x}fffe-\U{plane:04x}ffff" for plane in range(17))
_REFUSED = re.compile(rf"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{_LAST_TWO}]")

_RENAMED = {**GROUPED, "iw": "he", "jw": "jv"}
# Constructed languages, Scots and scripts: nearly always something else, spelt unusually.
_UNLIKELY = {"ia", "ie", "sco", "tlh", "un", "vo", "xx", "zzp"}


def codes() -> set[str]:
    """List the labels that `ask` gives."""
    return {_label(code) for name, code in pycld2.LANGUAGES if name in _DETECTED} - _UNLIKELY


_DETECTED = frozenset(pycld2.DETECTED_LANGUAGES)


class Answer(NamedTuple):
    """The language of most of a text, None where CLD2 is not sure of any, and how well it fits.

    The score is CLD2's own, by 1024 bytes: of most sentences in their language 600 to 1000.
    """

    label: str | None
    score: int


def ask(text: bytes) -> Answer:
    """Ask about a UTF-8 text."""
    text = text[:_LONGEST]
    try:
        reliable, _, found = pycld2.detect(text, isPlainText=True, bestEffort=True)
    except pycld2.error:
        readable = _REFUSED.sub(" ", text.decode("utf-8", "ignore"))
        reliable, _, found = pycld2.detect(readable, isPlainText=True, bestEffort=True)
    _, code, _, score = found[0]
    code = _label(code)
    return Answer(code if reliable and code not in _UNLIKELY else None, int(score))


def _label(code: str) -> str:
    code = code.partition("-")[0].lower()
    return _RENAMED.get(code, code)
