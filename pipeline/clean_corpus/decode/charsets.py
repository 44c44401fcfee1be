"""Know charsets by the names that documents give them."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

#: What browsers read a declared charset as: the superset that people mean (WHATWG, Encoding).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf-8-sig": "utf-8",
}
#: Names that Python does not know.
_ALIASES = {
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "x-sjis": "shift_jis",
}
#: Codecs that Python has but no document is in.
_NOT_CHARSETS = {
    "idna",
    "mbcs",
    "oem",
    "punycode",
    "raw-unicode-escape",
    "undefined",
    "unicode-escape",
    "utf-7",
}


@lru_cache(256)
def codec(name: str) -> str | None:
    """Give Python's codec for a declared charset, or None where there is none."""
    name = name.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name
        b"-".decode(found, "ignore")  # refuses what is no text encoding, such as "hex"
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if found in _NOT_CHARSETS else _SUPERSETS.get(found, found)


def label(name: str) -> str:
    """Give the usual name of a codec: "windows-1252" rather than "cp1252"."""
    if match := re.fullmatch(r"cp(125\d|874)", name):
        return f"windows-{match[1]}"
    return name.replace("iso8859", "iso-8859").replace("_", "-").lower()


def strict(data: bytes, charset: str) -> str | None:
    """Decode bytes, or give None if they are not in this charset."""
    try:
        return data.decode(charset)
    except (UnicodeError, ValueError):
        return None
