"""Tell languages apart by letters and words that only one of them has, where n-grams cannot.

The words were chosen by hand. Those of neighbours that neither source knows, in sight of articles
of the Universal Declaration of Human Rights and of invented notices in these languages;
docs/figures.md says how many of such texts they name rightly, and how many others wrongly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class _Telltale(NamedTuple):
    """A text called `label` is `truly` another by how often two patterns match.

    `theirs` must do so at least `lead` times more than `times` as often as `ours`, which may be
    empty, and once in 1000 bytes. Where the label is clear, the text is searched only if the
    telltale is for `all_texts`.
    """

    label: str
    truly: str
    ours: str
    theirs: str
    all_texts: bool = False
    lead: int = 1
    times: int = 1


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
    r"trebala|moram|moraš|mora|moramo|želim|želiš|želi)\s+da"
)
_DANISH = _words(
    "af blev bliver dig efter end hvad igen ind jer lige mig nej noget nogen nogle nu op os sagde "
    "sig tage tager ud uden bog uge mand mad pige dreng kvinde"
)
_NORWEGIAN = _words(
    "av ble blir deg etter enn hva igjen inn meg nei noe noen nå opp oss sa seg ta tar ut uten bok "
    "uke mann mat jente gutt kvinne eg ein eit ikkje frå kva"
)


def _neighbours(label: str, ours: str, theirs: str, all_texts: bool = False) -> _Telltale:
    # A sentence may begin with one of `ours`; with a capital, `theirs` may be a name.
    return _Telltale(label, "und", f"(?i:{_words(ours)})", _words(theirs), all_texts, 2, 2)


# What neither source knows is called what it is next to, and where that is near no measure of fit
# tells. So neighbours that are written most are known by small words that the language named lacks
# or hardly uses, if there are two more of them than twice its own: a quotation is not enough.
_NEIGHBOURS = (
    # Asturian, Aragonese, Ladino, Papiamento
    _neighbours(
        "es",
        "las es está están hay muy también desde tiene tienen este gente hacer como",
        "ye nun pa pola pol pel colos coles cola tolos toles tola na nel nes yera seya tien esti "
        "yá dende d'a d'o d'os d'as ista isto iste istas ta muito munchu fer ke kon komo kuando i "
        "ku nan den di hende chent dimpués asina agora mesmu otru añu tiempu mundu pueblu",
    ),
    _neighbours(
        "gl",
        "o os as da do das dos unha ao é non no e",
        "ye y el la los les las del d'o d'a ls l i tien nun pa",
    ),
    _neighbours(
        "ca",
        "els amb i per és una que als dels aquest",
        "y ye los las con nun pa o os d'o d'a d'os d'as ta sos pro at",
    ),
    # Venetian, Lombard, Neapolitan, Sicilian, Friulian, Sardinian
    _neighbours(
        "it",
        "il di è della del per con non una sono nel alla più gli dei un le da",
        "el ga xe ghe na co de lu cu nun nta pi iddu ca cchiù 'o 'e nu d'o gh'è hinn minga lis "
        "cun ducj sos sas est pro sunt l'ha l'è tucc tuti pol anmò fioi",
    ),
    _neighbours(
        "co",
        "u a i di hè chì cù è per",
        "lu li la cu nun pi 'o 'e el de che il sos sas",
    ),
    # Swiss German, Bavarian, Palatine, Low German
    _neighbours(
        "de",
        "ist nicht von auf auch haben der für ich wir die das den im des",
        "isch nöd nid ned gsi gseit het hät händ vo uf di dr mer alli wider san mia hod hom "
        "ham oba wia wieda olle oide fia koa scho aa un uff hän dat nich vun sünd hebbt op ik ok "
        "sin",
    ),
    # Limburgish, Flemish, Zeelandic
    _neighbours(
        "nl",
        "zijn hij wij bij mijn uit voor niet elkaar ook wordt",
        "zyn zyt hy wy myn ip moetn oek neet ouch hae haet mie veur oet aop nao èn vrie waere "
        "zeen zeet bint wörd è e èt d'r da olleman mekoar mekaore",
    ),
    # Scots
    _neighbours(
        "en",
        "of and from to with was not about out all which have old down house so two who what where "
        "more home over give make take own long their they wrote songs",
        "o wi frae fae tae hae wis whit nae oot doon aboot aw wha thay wad wes auld toun",
    ),
    # Hiligaynon, Bikol, Kapampangan, Pangasinan, Ilocano
    _neighbours(
        "tl",
        "ng ay nang hindi at",
        "kag sang nga sing asin nin kan an ini ding king ning ampong tan ed ti iti ken",
        # Where Tagalog is clear, it may be Hiligaynon or Bikol still.
        all_texts=True,
    ),
    _neighbours("war", "han hin ngan ha nga", "kan asin nin sa kag sang na"),
    # Balinese, Minangkabau, Banjarese, Acehnese
    _neighbours(
        "id",
        "yang dan untuk dengan dari tidak pada adalah ini itu",
        "sane ring antuk lan jo nan ka urang indak nang wan gasan ngon nyang ureueng",
    ),
    # Karelian, Veps
    _neighbours("fi", "ja on ei että se oli mutta kun", "da dai gu libo kui"),
    # Gagauz, Crimean Tatar
    _Telltale(
        "tr",
        "und",
        _words("için olarak değil gibi kadar çok olan daha ve bu"),
        "[ñÑäÄêÊ]|q[^uU]",
        lead=2,
    ),
    _Telltale("az", "und", "[əƏ]", "[ñÑâÂ]"),
    _Telltale("tt", "und", "[А-Яа-яäÄ]", "[ñÑâÂ]"),
    # Turkic languages of the Caucasus
    _Telltale("tk", "und", "[A-Za-z]", "[А-Яа-я]"),
    # Silesian, Kashubian
    _Telltale("pl", "und", "[óęÓĘ]", "[ōŌôÔŏŎëËòÒùÙéãÃ]"),
    # Creole of Guadeloupe
    _neighbours("ht", "ak nan te ap yo yon e epi se", "é ké té sé épi adan mé dé pé vyé anlè ja"),
    # Tok Pisin
    _Telltale("bi", "und", "blong", "bilong"),
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
    *_NEIGHBOURS,
)


def corrected(
    texts: pa.LargeStringArray, labels: npt.NDArray[np.object_], clear: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Correct labels in place, `clear` ones by few telltales; give the rows that were wrong."""
    changed = []
    lengths = pc.binary_length(texts).to_numpy()
    for telltale in _TELLTALES:
        asked = (labels == telltale.label) & (telltale.all_texts | ~clear)
        if asked.any():
            asked[asked] = _has(texts.filter(pa.array(asked)), telltale.theirs)
            rows = np.flatnonzero(asked)
            # A match takes the blank behind its word, which the next word needs before it.
            called = pc.replace_substring(texts.take(pa.array(rows)), " ", "  ")
            theirs = _count(called, telltale.theirs)
            ours = telltale.times * _count(called, telltale.ours)
            leads = theirs >= ours + telltale.lead
            wrong = rows[leads & (theirs * 1000 >= lengths[rows])]
            labels[wrong] = telltale.truly
            changed.append(wrong)
    return np.concatenate([*changed, np.zeros(0, np.int64)])


def _has(texts: pa.LargeStringArray, pattern: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(False)
    return found


def _count(texts: pa.LargeStringArray, pattern: str) -> npt.NDArray[np.int64]:
    if not pattern:
        return np.zeros(len(texts), np.int64)
    found: npt.NDArray[np.int64] = pc.count_substring_regex(texts, pattern).to_numpy()
    return found
