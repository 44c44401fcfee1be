"""Publication dates in the notations of news, as seconds since 1970, or undated when in doubt."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_YEARS = range(1700, 2200)
_ISO = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(.*))?")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T,]? +(.*))?")
_NAMED = re.compile(
    r"(\d{1,2})(?:er|st|nd|rd|th|º|ª)?[.]?[ -]+(?:de +)?([^\W\d_]{3,12})[.]?,?[ -]+"
    r"(?:de +|del +)?(\d{4})\b(.*)"
)
_AMERICAN = re.compile(r"([^\W\d_]{3,12})[.]? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})\b(.*)")
_CLOCK = re.compile(r"\D{0,5}(\d{1,2})[:h](\d\d)(?::(\d\d))?")
_TIME = re.compile(r"\d\d:\d\d")
_WEEKDAY = re.compile(r"[^\W\d_]{2,13}[.]?,? +")
_EPOCH = re.compile(r"\d{9,10}|\d{13}")

# First letters of the months in the languages whose news spells them out; enough of them to tell
# the twelve apart, and no word that means two months in two languages (Polish listopad is
# November, Croatian October).
_MONTHS = (
    "jan janv janvier january januar januari janeiro enero ene gennaio gen stycznia sty ledna ocak",
    "feb fev fevr fevrier february februar februari fevereiro febrero febbraio lutego lut subat",
    "mar mars march marz maart marco marzo marca brezna mart",
    "apr avr avril april abr abril aprile kwietnia kwi dubna nisan",
    "may mai mei maio mayo maggio mag maja maj kvetna mayis",
    "jun juin june juni junho junio giugno giu czerwca cze cervna haziran",
    "jul juil juillet july juli julho julio luglio lug lipca lip cervence temmuz",
    "aug aout august augustus agosto ago sierpnia sie srpna agustos",
    "sep sept septembre september setembro set septiembre settembre wrzesnia wrz zari eylul",
    "oct octobre october oktober outubro out octubre ottobre ott pazdziernika paz rijna ekim okt",
    "nov novembre november novembro noviembre listopada kasim",
    "dec decembre december dezember dez dezembro dic diciembre dicembre grudnia gru aralik",
)
_MONTH = {name: i + 1 for i, names in enumerate(_MONTHS) for name in names.split()}


@lru_cache(65_536)
def seconds(date: str) -> int | None:
    """Read a date: ISO 8601, RFC 2822, 12 février 2025, Feb 12, 2025, 12/02/2025, seconds or ms.

    A date of two numbers has its day first, unless its second number can only be a day. A time
    without a zone counts as UTC, a date without a time as midnight. None for anything else.
    """
    text = " ".join(date.split())
    if _EPOCH.fullmatch(text):
        return _within(int(text) // (1000 if len(text) == 13 else 1))
    bare = _WEEKDAY.sub("", text, count=1)
    for read in (_iso, _rfc2822, _numbers, _named, _american):
        try:
            found = read(text) or (read(bare) if bare != text else None)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if found is not None and found.year in _YEARS:
            return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    return None


def _within(number: int) -> int | None:
    year = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return number if year.year in _YEARS else None


def _iso(text: str) -> datetime | None:
    match = _ISO.match(text)
    if not match:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        year, month, day, rest = match.groups()
        return _at(int(year), int(month), int(day), rest)


def _rfc2822(text: str) -> datetime | None:
    if not _TIME.search(text):
        return None
    from email.utils import parsedate_to_datetime  # which takes a while, and few have such dates

    return parsedate_to_datetime(text)


def _numbers(text: str) -> datetime | None:
    match = _NUMBERS.fullmatch(text)
    if not match:
        return None
    day, month = int(match[1]), int(match[3])
    if month > 12:
        day, month = month, day
    return _at(int(match[4]), month, day, match[5])


def _named(text: str) -> datetime | None:
    match = _NAMED.match(text)
    month = match and _month(match[2])
    return _at(int(match[3]), month, int(match[1]), match[4]) if match and month else None


def _american(text: str) -> datetime | None:
    match = _AMERICAN.match(text)
    month = match and _month(match[1])
    return _at(int(match[3]), month, int(match[2]), match[4]) if match and month else None


@lru_cache(1_024)
def _month(name: str) -> int | None:
    folded = unicodedata.normalize("NFKD", name.casefold()).replace("ı", "i")
    return _MONTH.get("".join(c for c in folded if not unicodedata.combining(c)))


def _at(year: int, month: int, day: int, rest: str | None) -> datetime:
    clock = _CLOCK.match(rest or "")
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (0, 0, 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
