"""Tell languages apart by letters and words that only one of them has, where n-grams cannot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class _Telltale(NamedTuple):
    """A text called `label` is `truly` another if it has more of `theirs` than of `ours`.

    Both are patterns, `ours` perhaps empty; `theirs` must turn up once in 1000 bytes. Where the
    label is clear, the text is searched only if the telltale is for `all_texts`.
    """

    label: str
    truly: str
    ours: str
    theirs: str
    all_texts: bool = False


def _words(words: str) -> str:
    """Give a pattern of whole words in small letters."""
    return rf"(?:^|[ \n(«„“])(?:{words.replace(' ', '|')})(?:[ \n.,;:!?)»”]|$)"


_MACEDONIAN = "[ЃѓЌќЅѕ]|" + _words("е го ги во со дека ќе сум беше кои овој тоа таа кога")
_SERBIAN = "[ЋћЂђ]|" + _words("је су сам смо није нису који које шта због када овде бити био још")
# What CLD2 calls Serbian may be any small language that is written in Cyrillic letters.
_BOTH, _NEITHER = "[ЈјЉљЊњЏџ]", "[ЙйЫыЬьЪъЯяЮюЭэЩщ]"
_BULGARIAN = "[ЙйЬьЪъЯяЮюЩщ]"
# Letters that one of the three has and another does not.
_RUSSIAN, _UKRAINIAN, _BELARUSIAN = "[ЫыЭэЪъЁё]", "[ІіЇїЄєҐґ]", "[ІіЎў]"
_NOT_BELARUSIAN, _NOT_UKRAINIAN = "[ИиЩщЪъ]", "[ЫыЭэЁёЎў]"
# Amharic writes another letter for the glottal vowel, and neither language writes both.
_AMHARIC, _TIGRINYA = "\N{ETHIOPIC SYLLABLE GLOTTAL A}", "\N{ETHIOPIC SYLLABLE GLOTTAL AA}"
# Croatian and Bosnian write `ije` where Serbian has `e`.
_CROATIAN = _words(
    "što gdje ovdje uvijek nigdje negdje čovjek čovjeka dijete djeca djece riječ riječi lijep "
    "lijepa lijepo mjesto mjesta mjestu vrijeme poslije također vijest vijesti htio tko netko nitko"
)
_SERBIAN_LATIN = _words(
    "šta gde ovde uvek nigde negde čovek čoveka dete deca dece reč reči lep lepa "
    "lepo mesto mesta mestu vreme posle takođe vest vesti hteo neko niko"
)

_TELLTALES = (
    _Telltale("sr", "und", _BOTH, _NEITHER),
    _Telltale("mk", "sr", _MACEDONIAN, _SERBIAN),
    _Telltale("sr", "mk", _SERBIAN, _MACEDONIAN),
    _Telltale("mk", "bg", _BOTH, _BULGARIAN),
    _Telltale("bg", "mk", _BULGARIAN, _BOTH),
    _Telltale("ru", "be", _NOT_BELARUSIAN, _BELARUSIAN),
    _Telltale("be", "ru", _BELARUSIAN, _NOT_BELARUSIAN),
    _Telltale("uk", "be", _NOT_BELARUSIAN, _NOT_UKRAINIAN),
    _Telltale("be", "uk", _NOT_UKRAINIAN, _NOT_BELARUSIAN),
    _Telltale("ru", "uk", _RUSSIAN, _UKRAINIAN),
    _Telltale("uk", "ru", _UKRAINIAN, _RUSSIAN),
    _Telltale("hr", "sr", _CROATIAN, _SERBIAN_LATIN),
    _Telltale("am", "ti", _AMHARIC, _TIGRINYA),
    # Kirundi is Kinyarwanda with `ivyo` for `ibyo` and `cane` for `cyane`.
    _Telltale("rw", "rn", "[bc]y", "vy"),
    # Nigerian Pidgin, which every detector takes for English, cannot do without these two words;
    # none of 8,000 English articles has either.
    _Telltale("en", "pcm", "", " (?:dey|wey) ", True),
)


def corrected(
    texts: pa.LargeStringArray, labels: npt.NDArray[np.object_], clear: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Correct labels in place, `clear` ones by few telltales; give the rows that were wrong."""
    changed = []
    lengths = pc.binary_length(texts).to_numpy()
    for telltale in _TELLTALES:
        rows = np.flatnonzero((labels == telltale.label) & (telltale.all_texts | ~clear))
        if len(rows):
            called = texts.take(pa.array(rows))
            theirs = _count(called, telltale.theirs)
            wrong = rows[
                (theirs > _count(called, telltale.ours)) & (theirs * 1000 >= lengths[rows])
            ]
            labels[wrong] = telltale.truly
            changed.append(wrong)
    return np.concatenate([*changed, np.zeros(0, np.int64)])


def _count(texts: pa.LargeStringArray, pattern: str) -> npt.NDArray[np.int64]:
    if not pattern:
        return np.zeros(len(texts), np.int64)
    found: npt.NDArray[np.int64] = pc.count_substring_regex(texts, pattern).to_numpy()
    return found
