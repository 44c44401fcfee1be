"""Ask CLD2 for a second opinion: it knows a hundred languages that langdetect does not."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import pycld2

from clean_corpus.languages import GROUPED

# About as much as langdetect's profiles are asked about (kernels.language.MAX_POINTS), in bytes.
_LONGEST = 40_000

# What CLD2 refuses to read: controls, and code points that are no characters.
_LAST_TWO = "".join(rf"\U{plane:04x}fffe-\U{plane:04x}ffff" for plane in range(17))
_REFUSED = re.compile(rf"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{_LAST_TWO}]")

# Bytes that combining accents begin with, and hardly any other characters.
_ACCENTS = (b"\xcc", b"\xcd")

# A text in capitals cannot be asked about without its names. Its fit counts for so many hundredths:
# then as many sentences are "und" as in small letters.
_IN_CAPITALS = 120

_RENAMED = {**GROUPED, "iw": "he", "jw": "jv"}
# Constructed languages, Scots and scripts: nearly always something else, spelt unusually.
_UNLIKELY = {"ia", "ie", "sco", "tlh", "un", "vo", "xx", "zzp"}


def codes() -> set[str]:
    """List the labels that `ask` gives."""
    return {_label(code) for name, code in pycld2.LANGUAGES if name in _DETECTED} - _UNLIKELY


_DETECTED = frozenset(pycld2.DETECTED_LANGUAGES)

# CLD2's score of 1024 bytes of text in a language, on average: that of its own tables
# (kAvgDeltaOctaScore). On sentences of Leipzig news and of Tatoeba, in 60 languages, medians are
# .8 to 1.1 times as high. 1024 where it is not named, as for all that have a script alone.
_USUAL = """
    aa 861 ab 784 af 1072 ak 1265 am 469 ar 872 as 610 ay 1371 az 1393 ba 870 be 862 bg 684 bh 614
    bi 1411 bn 569 bo 684 br 1230 ca 720 ceb 1102 co 740 crs 975 cs 1417 cy 1593 da 983 de 1146
    dz 711 en 1163 eo 844 es 640 et 1114 eu 1312 fa 890 fi 1245 fj 1286 fo 1135 fr 873 fy 877
    ga 1341 gd 1492 gl 809 gn 1223 gv 1374 ha 1180 haw 1040 he 901 hi 822 hmn 1927 hr 575 ht 1051
    hu 1370 id 1163 ig 1226 ik 800 is 1212 it 736 ja 3100 jv 1031 kha 1191 kk 955 kl 1783 ko 3669
    ks 868 ku 1074 ky 941 la 887 lb 963 lg 1026 ln 1060 lt 1169 lv 1295 mfe 931 mg 1530 mi 1262
    mk 793 mr 643 mt 1225 na 943 ne 620 nl 1036 no 836 nr 866 nso 1007 ny 1133 oc 701 om 1454
    pl 1372 ps 888 pt 1044 qu 1613 rm 878 rn 1060 ro 898 ru 648 rw 1433 sa 461 sd 947 sg 1589
    sk 1396 sl 744 sm 971 sn 1228 so 1375 sq 1265 sr 1023 ss 944 st 961 su 887 sv 866 sw 1058
    tg 1076 ti 465 tk 748 tl 1096 tn 1005 to 1257 tr 1184 ts 1240 tt 860 ug 1019 uk 801 ur 981
    uz 966 ve 1496 vi 1450 war 987 wo 1106 xh 1081 yi 1088 yo 920 za 1658 zh 1908 zu 1254
"""
_USUAL_SCORE = {code: int(score) for code, score in re.findall(r"(\w+) (\d+)", _USUAL)}


class Answer(NamedTuple):
    """The language of most of a text, None where CLD2 is not sure of any, and how well it fits.

    `fit` is CLD2's score, by 1000 of what texts in that language usually have.
    """

    label: str | None
    fit: int


def ask(text: bytes) -> Answer:
    """Ask about a UTF-8 text."""
    text = text[:_LONGEST]
    # It knows no letters whose accents come after them.
    if any(lead in text for lead in _ACCENTS):
        text = unicodedata.normalize("NFC", text.decode("utf-8", "ignore")).encode()
    try:
        reliable, _, found = pycld2.detect(text, isPlainText=True, bestEffort=True)
    except pycld2.error:
        readable = _REFUSED.sub(" ", text.decode("utf-8", "ignore"))
        reliable, _, found = pycld2.detect(readable, isPlainText=True, bestEffort=True)
    _, code, _, score = found[0]
    code = _label(code)
    fit = 1000 * int(score) // _USUAL_SCORE.get(code, 1024)
    return Answer(code if reliable and code not in _UNLIKELY else None, fit)


def ask_again(text: bytes, first: Answer) -> Answer:
    """Ask without the words that may be names; in capitals all may be, so the `first` fits more."""
    if text[:_LONGEST].decode("utf-8", "ignore").isupper():
        return first._replace(fit=_IN_CAPITALS * first.fit // 100)
    left = without_names(text)
    return ask(left) if left else first


def without_names(text: bytes) -> bytes:
    """Leave out words with capitals, if a third of the text is left; else give nothing."""
    text = text[:_LONGEST]
    words = text.decode("utf-8", "ignore").split()
    small = [word for word in words if word == word.lower()]
    left = " ".join(small).encode()
    return left if len(small) < len(words) and len(left) > len(text) // 3 else b""


def _label(code: str) -> str:
    code = code.partition("-")[0].lower()
    return _RENAMED.get(code, code)
