"""Load a configuration: the file, `--set` over it, and every mistake named at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clean_corpus import toml
from clean_corpus.config import Config, as_json
from clean_corpus.errors import ConfigError
from clean_corpus.settings import mistakes
from clean_corpus.settings.checked import checked
from clean_corpus.settings.mistakes import Mistake
from clean_corpus.toml import KeyPath

_NO_FILE = toml.Document("", {}, {})


def load(path: str | None, overrides: Sequence[str] = ()) -> Config:
    """Read a configuration file (none: the defaults), and put `key=value` overrides over it.

    An override's value is TOML; what is not TOML is taken as a string. Paths in the file are
    relative to its folder, paths in overrides to the working directory.

    Raises ConfigError with one line for each mistake, in the order of the file's lines.
    """
    document = toml.read(path) if path else _NO_FILE
    return _made(document, overrides, Path(path).parent if path else Path())


def of(values: Config | Mapping[str, Any]) -> Config:
    """Make a configuration of a dict, or of one that nobody checked; raises what `load` does."""
    values = as_json(values) if isinstance(values, Config) else dict(values)
    return _made(toml.Document("", values, {}), (), Path())


def _made(document: toml.Document, overrides: Sequence[str], folder: Path) -> Config:
    values, given = _overridden(document.values, overrides)
    config, wrong = checked(values)
    config = _resolved(config, folder, given)
    keys = [key for mistake in wrong for key in mistake.keys]
    wrong += [
        mistake
        for mistake in mistakes.of_meaning(config)
        if not any(_covers(a, b) for a in mistake.keys for b in keys)
    ]
    if wrong:
        raise ConfigError("\n".join(_messages(wrong, document, given)))
    return config


def _messages(
    wrong: Iterable[Mistake], document: toml.Document, given: Sequence[KeyPath]
) -> list[str]:
    """Say where each mistake stands, what its key is and what is wrong with it."""
    placed = []
    for keys, what in wrong:
        written = [key for key in keys if _stands(document.values, key)]
        by_set = [
            key
            for key in keys
            if any(
                _covers(other, key) or (_covers(key, other) and key not in written)
                for other in given
            )
        ]
        key = (by_set or written or keys)[0]
        where = "--set: " if by_set else f"{document.where(key)}: " if document.path else ""
        placed.append((bool(by_set), document.line(key), f"{where}{_dotted(key)}: {what}"))
    return [text for *_, text in sorted(placed)]


def _overridden(
    values: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], list[KeyPath]]:
    """Give a copy of the values with the overrides in it, and the keys that they set."""
    merged: dict[str, Any] = _plain(values)
    given: list[KeyPath] = []
    for override in overrides:
        *tables, name = key = _override_key(override)
        table = merged
        for part in tables:
            if not isinstance(table.get(part), dict):
                table[part] = {}
            table = table[part]
        table[name] = _override_value(override)
        given.append(tuple(key))
    return merged, given


def _override_key(override: str) -> list[str]:
    """Give the parts of the key of "dedup.threshold=0.7"."""
    key, equals, _ = override.partition("=")
    try:
        found: Any = tomllib.loads(f"{key} = 0") if equals else {}
    except tomllib.TOMLDecodeError:
        found = {}
    if not found:
        raise ConfigError(f"--set: {override}: is not KEY=VALUE. Write --set dedup.threshold=0.7.")
    parts: list[str] = []
    while isinstance(found, dict):
        parts.append(*found)
        found = found[parts[-1]]
    return parts


def _override_value(override: str) -> Any:
    """Read a value as TOML, or take it as it stands: bare words need no quotes in a shell."""
    text = override.partition("=")[2].strip()
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # also for numbers of thousands of digits
        return text
    return _plain(found["value"]) if len(found) == 1 else text


def _plain(values: Any) -> Any:
    """Copy TOML values as JSON values; a date becomes its text."""
    try:
        return json.loads(json.dumps(values, default=str))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"the options cannot be written as JSON ({error}).") from error


def _resolved(config: Config, folder: Path, given: Sequence[KeyPath]) -> Config:
    """Make the paths of the file relative to the working directory."""

    def found(option: str, path: str) -> str:
        by_set = any(_covers(key, ("boilerplate", option)) for key in given)
        return path if by_set else str(folder / path)

    boilerplate = config.boilerplate
    update: dict[str, Any] = {"lexicons": [found("lexicons", p) for p in boilerplate.lexicons]}
    if boilerplate.learned not in ("auto", "off"):
        update["learned"] = found("learned", boilerplate.learned)
    return config._replace(boilerplate=boilerplate._replace(**update))


def _covers(key: KeyPath, other: KeyPath) -> bool:
    """Whether one key is the other, or a table around it."""
    return other[: len(key)] == key


def _stands(values: Any, key: KeyPath) -> bool:
    """Whether a key was written down, and not left at its default."""
    for part in key:
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def _dotted(key: KeyPath) -> str:
    names = [part for part in key if isinstance(part, str)]
    return ".".join(f'"{name}"' if "." in name else name for name in names)
