"""Read TOML and remember on which line each key stands, so that a message can name it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from clean_corpus.errors import ConfigError

KeyPath = tuple[str | int, ...]


class Document(NamedTuple):
    """The values of a TOML file, and the line (from 1) of each key and table."""

    path: str
    values: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """Give the line of a key, or of the nearest table around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def where(self, key: KeyPath) -> str:
        """Give `file:line` of a key, for the start of a message."""
        return f"{self.path}:{self.line(key)}"


def read(path: str | Path) -> Document:
    """Read a TOML file (UTF-8).

    Raises ConfigError where the file is missing or is not TOML, naming the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8. Save it as UTF-8.") from error
    return parse(text, str(path))


def parse(text: str, path: str) -> Document:
    """Parse TOML text; `path` is only what messages call it."""
    try:
        values = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or that a number has thousands of digits
        what, line = str(error), 1
        if found := re.search(r" \(at line (\d+), column \d+\)$", what):
            what, line = what[: found.start()], int(found[1])
        elif what.endswith("(at end of document)"):
            what, line = what.removesuffix(" (at end of document)"), text.count("\n") + 1
        raise ConfigError(f"{path}:{line}: not TOML: {what}. Mend that line.") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not TOML: nested too deeply. Mend it.") from error
    return Document(path, values, _lines(text))


_TABLE = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_QUOTES = ('"""', "'''")


def _lines(text: str) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    open_quote = ""
    for number, line in enumerate(text.split("\n"), 1):
        if open_quote:
            if line.count(open_quote) % 2:
                open_quote = ""
            continue
        if found := _TABLE.match(line):
            table = _resolved(tuple(_parts(found[2])), counts)
            if found[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, *_parts(found[1])), number)
        open_quote = next((quote for quote in _QUOTES if line.count(quote) % 2), "")
    return lines


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _resolved(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """Put the number of the current element behind each array of tables on the way."""
    out: KeyPath = ()
    for i, part in enumerate(path):
        out = (*out, part)
        if i < len(path) - 1 and out in counts:
            out = (*out, counts[out])
    return out
