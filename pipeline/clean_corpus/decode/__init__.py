"""Turn bytes into text, and say how: which charset, and whether what was declared held."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from clean_corpus.decode.charsets import codec, label, strict
from clean_corpus.decode.guess import guess

_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_MULTIBYTE = {"gb18030", "cp932", "cp949", "big5hkscs", "cp950", "euc_jp", "johab", "hz"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 16
#: Control characters that no text has, but for NUL, which is counted on its own.
_CONTROLS = bytes([*range(1, 9), *range(14, 27), *range(28, 32)])
_ISO_2022 = re.compile(rb"\x1b(?:\$[@ABC()]|\([BJI]|\.[AF])")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{2,40})["']""")


# The same and NUL, as characters: so many in 100 are no text.
_NOT_TEXT, _MANY = [chr(code) for code in (0, *_CONTROLS)], 2


class Decoded(NamedTuple):
    """A text, the charset it was read as, and what speaks against that.

    `overruled`: another charset was declared, and was wrong. `doubtful`: the charset is a guess
    of low confidence, or some bytes could not be read and are U+FFFD now.
    """

    text: str
    encoding: str
    overruled: bool = False
    doubtful: bool = False

    @property
    def account(self) -> str:
        """Say in words how bytes became text, for the summary."""
        words = ["not as declared"] * self.overruled + ["in doubt"] * self.doubtful
        return f"{self.encoding} ({', '.join(words)})" if words else self.encoding


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode a document; a byte order mark is dropped.

    In this order: byte order mark; the declared charset, if it decodes strictly and does not make
    mojibake of plain UTF-8; the patterns of UTF-16, UTF-32 and ISO-2022; strict UTF-8; UTF-8 with
    some damage; chardet's guess; windows-1252. Never fails.
    """
    named = codec(declared) if declared else None
    if mark := marked(data):
        charset, length = mark
        text = strict(data[length:], charset)
        if text is not None or charset != "utf-8":
            return Decoded(
                text if text is not None else data[length:].decode(charset, "replace"),
                label(charset),
                overruled=bool(declared) and not _agree(named, charset),
                doubtful=text is None,
            )
        data = data[length:]
    if named and (text := strict(data, named)) is not None and not _is_mojibake(data, named):
        return Decoded(text, label(named))
    found = _patterned(data) or _guessed(data)
    return found._replace(overruled=bool(declared) and named != codec(found.encoding))


def is_binary(text: str) -> bool:
    """Tell whether bytes were no text: two in 100 of what they became are control characters."""
    sample = text[:_SAMPLE]
    found = sum(map(sample.count, _NOT_TEXT))
    return found >= 8 and found * 100 > len(sample) * _MANY


def marked(data: bytes) -> tuple[str, int] | None:
    """Give the charset that a byte order mark names, and the length of the mark."""
    return next(((name, len(mark)) for mark, name in _MARKS if data.startswith(mark)), None)


def wide(data: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 without a mark by where the NUL bytes stand in the first 64 KiB.

    Latin letters are NUL in every other byte; in other scripts only blanks and line ends are, so
    that fewer prove it, but then the bytes are no plain text either.
    """
    sample = data[: min(len(data) & ~3, _SAMPLE)] or data
    zeros = [sample[phase::4].count(0) for phase in range(4)]
    quarter = len(sample) // 4
    least = 4 if _is_plain(sample) else 200
    if sum(zeros) < 2 or sum(zeros) * least < len(sample):
        return None
    if zeros[3] == quarter and zeros[2] * 10 >= quarter * 9 > zeros[0] * 90:
        return "utf-32-le"
    if zeros[0] == quarter and zeros[1] * 10 >= quarter * 9 > zeros[3] * 90:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if odd >= 8 * even:
        return "utf-16-le"
    if even >= 8 * odd:
        return "utf-16-be"
    return None


def _is_plain(sample: bytes) -> bool:
    """Tell whether bytes begin as UTF-8 with hardly a control character, NUL apart."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return (len(sample) - len(sample.translate(None, _CONTROLS))) * 50 <= len(sample)


def html_charset(data: bytes) -> str | None:
    """Find the charset that a page declares in its first 4096 bytes."""
    head = data[:4096]
    found = _XML.match(head) or _META.search(head)
    return found[1].decode("ascii", "replace") if found else None


def _agree(named: str | None, charset: str) -> bool:
    return named is not None and (named == charset or charset.startswith(f"{named}-"))


def _is_mojibake(data: bytes, charset: str) -> bool:
    """Tell whether a charset that decodes is wrong, since the bytes are UTF-8 beyond ASCII.

    Two bytes that are UTF-8 by chance are not rare in Chinese or Japanese charsets; eight
    characters are.
    """
    if charset == "utf-8" or charset in _WIDE or charset.startswith("iso2022") or data.isascii():
        return False
    text = strict(data, "utf-8")
    if text is None:
        return False
    return charset not in _MULTIBYTE or sum(character > "\x7f" for character in text[:4096]) >= 8


def _patterned(data: bytes) -> Decoded | None:
    if b"\0" in data and (charset := wide(data)):
        text = strict(data, charset)
        if text is not None:
            return Decoded(text, charset)
    if _ISO_2022.search(data):
        korean = b"\x1b$)C" in data
        for charset in ("iso2022_kr",) if korean else ("iso2022_jp_2", "iso2022_jp_ext"):
            text = strict(data, charset)
            if text is not None:
                return Decoded(text, "iso-2022-kr" if korean else "iso-2022-jp")
    text = strict(data, "utf-8")
    return None if text is None else Decoded(text, "utf-8")


def _guessed(data: bytes) -> Decoded:
    """Decode bytes that are not UTF-8."""
    damaged = data.decode("utf-8", "replace")
    bad = damaged.count("\N{REPLACEMENT CHARACTER}")
    good = len(re.findall(r"[^\x00-\x7f\ufffd]", damaged))
    # Text in another charset is hardly ever UTF-8 by chance, so these are a few broken bytes.
    if good >= 4 * bad:
        return Decoded(damaged, "utf-8", doubtful=True)
    charset, sure = guess(data)
    if charset is None:
        return Decoded(data.decode("cp1252", "replace"), "windows-1252", doubtful=True)
    return Decoded(data.decode(charset), label(charset), doubtful=not sure)
