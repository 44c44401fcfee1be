"""The pattern dialect of lexicons, which CONTRIBUTING.md describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import re2

from clean_corpus.patterns.view import seen

_WORD = r"\p{L}\p{M}\p{N}_"
_TOKEN = re.compile(
    r"\\p\{\^?\w+\}|\\.|\[\^?\]?(?:\\p\{\w+\}|\\.|[^\]\\])*\]|\(\?P<\w+>|\(\?:|\(\?-?i[:)]"
    r"|\{\d+(?:,\d*)?\}|<[\w-]+>|.",
    re.DOTALL,
)


def tokens(pattern: str) -> list[str]:
    """Split a pattern into its smallest parts: characters, classes, escapes, brackets."""
    return _TOKEN.findall(pattern)


class PatternError(ValueError):
    """A pattern is not of the dialect; the text says why, without naming the rule."""


def expand(pattern: str, words: Mapping[str, str], *, cased: bool = False) -> str:
    """Put the named words into a pattern, and write its letters as the view shows them.

    Raises PatternError where a name is unknown or leads back to itself, and where a capital
    letter could never match.
    """
    pattern = _plain(pattern, cased=cased)
    for _ in range(8):
        names = _NAME.findall(pattern)
        if not names:
            return pattern
        if unknown := sorted({name for name in names if name not in words}):
            known = ", ".join(sorted(words))
            raise PatternError(f"<{unknown[0]}> is not in [words] (there are: {known})")
        plain = {name: f"(?:{_plain(words[name], cased=cased)})" for name in names}
        pattern = _NAME.sub(lambda found: plain[found[1]], pattern)  # noqa: B023
    raise PatternError("its [words] lead back to themselves")


_NAME = re.compile(r"(?<!\?P)<([\w-]+)>")
# What is no character: capital letters there are names.
_NAMES = re.compile(r"\\p\{\^?\w+\}|\\.|\(\?P?<[\w-]+>|<[\w-]+>")


@cache
def _plain(text: str, *, cased: bool) -> str:
    """Write the letters of a pattern or word as the view shows them."""
    if not cased and (capital := re.search("[A-Z]", _NAMES.sub("", text))):
        token = next(token for token in tokens(_NAMES.sub("", text)) if capital[0] in token)
        raise PatternError(f"{token} is a capital letter, which needs cased = true")
    return text if text.isascii() else _BEYOND.sub(lambda found: _shown(found[0], cased), text)


_BEYOND = re.compile(r"\\.|[^\x00-\x7f]+")


def _shown(text: str, cased: bool) -> str:
    if text[0] == "\\":
        return text
    signs = (seen(char) for char in text)
    shown = "".join(" " if isinstance(sign, int) else sign for sign in signs)
    return shown if cased else "".join(c.lower() if c > "\x7f" else c for c in shown)


def to_re2(pattern: str) -> str:
    """Translate an expanded pattern into RE2's syntax."""
    out = []
    for token in tokens(pattern):
        if token.startswith("["):
            token = token.replace(r"\w", _WORD).replace(r"\d", r"\p{Nd}")  # noqa: PLW2901
        out.append({r"\w": f"[{_WORD}]", r"\d": r"\p{Nd}"}.get(token, token))
    return "".join(out)


_MEMORY = 32 << 20  # bytes; with RE2's 8 MB, patterns that count forget their states all the time


@cache
def compiled(pattern: str, *, start: bool = False, end: bool = False, groups: bool = True) -> Any:
    """Compile an expanded pattern, bound to the start or the end of a line or to neither.

    Without `groups` matches have none, which RE2 finds much faster. Raises PatternError where RE2
    will not have the pattern.
    """
    return compiled_as(bound(to_re2(pattern), start=start, end=end), groups=groups)


def bound(source: str, *, start: bool, end: bool) -> str:
    """Bind RE2's own syntax to the start or the end of a line."""
    return f"{'^' * start}(?:{source}){'$' * end}"


def compiled_as(source: str | bytes, *, groups: bool) -> Any:
    """Compile RE2's own syntax, of characters or of bytes; raises PatternError as `compiled`."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = not groups
    options.max_mem = _MEMORY
    if isinstance(source, bytes):
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "no pattern"
        what = reason.decode() if isinstance(reason, bytes) else reason
        raise PatternError(what) from error
