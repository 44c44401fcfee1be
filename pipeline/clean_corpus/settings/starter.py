"""The configuration file to start from: every option, its default, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from clean_corpus.config import Config, Told, as_json, is_section

_WIDTH = 100
_HEADER = """\
# Every option of clean-corpus with its default. A file of your own needs only what differs.
# Written by `clean-corpus init`; `clean-corpus check -c FILE` says what is wrong with a file.
"""


def toml(config: Config | None = None) -> str:
    """Write a configuration, or the defaults, as commented TOML; reading it gives it back."""
    config = config or Config()
    parts = [_HEADER, "\n"] if config == Config() else []
    parts += _options(config, ["stages"])
    for name, section in config._asdict().items():
        if is_section(section):
            parts.append(f"\n# {section.__doc__}\n[{name}]\n")
            parts += _options(section, section._fields)
    return "".join(parts)


def schema() -> str:
    """Write the JSON Schema of a configuration file, for editors."""
    sections = {name: one for name, one in Config()._asdict().items() if is_section(one)}
    found = _table(Config())
    for name, section in sections.items():
        kind = type(section).__name__
        found["properties"][name] = {"$ref": f"#/$defs/{kind}", "default": as_json(section)}
    tables = {type(one).__name__: _table(one) for one in sections.values()}
    whole = {"$defs": dict(sorted(tables.items())), **found}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _table(section: Any) -> dict[str, Any]:
    """Describe the options of a section, or those of the configuration outside all sections."""
    properties = {}
    for name, value in as_json(section).items():
        if not is_section(getattr(section, name)):
            kind, told = get_args(type(section).__annotations__[name])
            about = {"description": told.about, "default": value, "title": _title(name)}
            properties[name] = {**_kind(kind, told), **about}
    facts = {"title": type(section).__name__, "description": section.__doc__, "type": "object"}
    return {**facts, "additionalProperties": False, "properties": properties}


def _title(name: str) -> str:
    return name.replace("_", " ").title()


_NOTHING = Told("")
_KINDS = {bool: "boolean", int: "integer", str: "string", Decimal: "number"}
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _kind(kind: Any, told: Told = _NOTHING) -> dict[str, Any]:
    """Describe what values of a type may be."""
    inside = get_args(kind)
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(inside)}
    if get_origin(kind) is list:
        return {"type": "array", "items": _kind(inside[0])}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _kind(inside[1])}
    bounds = {"minimum": 0, "maximum": 1} if kind is Decimal else {}
    given = told._asdict()
    bounds |= {word: given[name] for name, word in _BOUNDS.items() if given[name] is not None}
    return {"type": _KINDS[kind], **bounds, **({"minLength": 1} if told.filled else {})}


def _options(section: Any, keys: Iterable[str]) -> list[str]:
    """Write options one a line, their comments behind them where there is room."""
    values = as_json(section)
    options = {key: f"{key} = {written(values[key])}" for key in keys}
    width = max(map(len, options.values()))
    lines = []
    for key, option in options.items():
        comment = f"# {get_args(type(section).__annotations__[key])[1].about}"
        line = f"{option:{width}}  {comment}\n"
        lines.append(line if len(line) <= _WIDTH else f"{comment}\n{option}\n")
    return lines


def written(value: Any) -> str:
    """Write a value as TOML, on one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{_name(key)} = {written(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
