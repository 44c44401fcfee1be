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


_MACEDONIAN = "[ЃѓЌќЅѕ]|" + _words(
    "е го ги во со дека ќе сум беше кој кое кои овој оваа тоа тој таа тие кога јас ние сите многу "
    "сега"
)
_SERBIAN = "[ЋћЂђ]|" + _words(
    "је су сам смо није нису који које којих шта због кад када где овде бити био још "
    "у са као из али све код после пре овај његов његова"
)
# What CLD2 calls Serbian may be any small language that is written in Cyrillic letters.
_BOTH, _NEITHER = "[ЈјЉљЊњЏџ]", "[ЙйЫыЬьЪъЯяЮюЭэЩщ]"
_BULGARIAN = "[ЙйЬьЪъЯяЮюЩщ]"
# Letters that one of the three has and another does not.
_RUSSIAN, _UKRAINIAN, _BELARUSIAN = "[ЫыЭэЪъЁё]", "[ІіЇїЄєҐґ]", "[ІіЎў]"
_NOT_BELARUSIAN, _NOT_UKRAINIAN = "[ИиЩщЪъ]", "[ЫыЭэЁёЎў]"
# Amharic writes another letter for the glottal vowel, and neither language writes both.
_AMHARIC, _TIGRINYA = "\N{ETHIOPIC SYLLABLE GLOTTAL A}", "\N{ETHIOPIC SYLLABLE GLOTTAL AA}"
# Croatian and Bosnian write `ije` or `je` where Serbian has `e`; and Serbian says *he can that he
# goes* where Croatian has an infinitive.
_CROATIAN = _words(
    "što gdje ovdje uvijek nigdje negdje čovjek čovjeka dijete djeca djece riječ riječi lijep "
    "lijepa lijepo mjesto mjesta mjestu vrijeme poslije prije također vijest vijesti htio htjela "
    "tko netko nitko cijela cijeli dio djevojka pjesma rijeka snijeg svijet svijeta vidjela"
)
_SERBIAN_LATIN = _words(
    "šta gde ovde uvek nigde negde čovek čoveka dete deca dece reč reči lep lepa "
    "lepo mesto mesta mestu vreme posle pre takođe vest vesti hteo htela neko niko "
    "cela ceo deo devojka pesma reka sneg sedi sećam sećaš razumem želeo želela voleo volela juče "
    "srećan srećna ponedeljak nedelja nedelje nedelju "
    "(?:hoću|hoćeš|hoće|mogu|možeš|može|možemo|možete|mogao|mogla|mogli|treba|trebalo|trebao|"
    r"trebala|moram|moraš|mora|moramo|želim|želiš|želi)\sda"
)
_DANISH = _words(
    "af blev bliver dig efter end hvad igen ind jer lige mig nej noget nogen nogle nu op os sagde "
    "sig tage tager ud uden bog uge mand mad pige dreng kvinde"
)
_NORWEGIAN = _words(
    "av ble blir deg etter enn hva igjen inn meg nei noe noen nå opp oss sa seg ta tar ut uten bok "
    "uke mann mat jente gutt kvinne eg ein eit ikkje frå kva"
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
    _Telltale("no", "da", _NORWEGIAN, _DANISH),
    _Telltale("da", "no", _DANISH, _NORWEGIAN),
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
