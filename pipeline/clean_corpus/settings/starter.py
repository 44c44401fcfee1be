"""The configuration file to start from: every option, its default, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from clean_corpus.config import Config

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
    for name, section in config:
        if isinstance(section, BaseModel):
            parts.append(f"\n# {section.__doc__}\n[{name}]\n")
            parts += _options(section, type(section).model_fields)
    return "".join(parts)


def schema() -> str:
    """Write the JSON Schema of a configuration file, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _options(section: BaseModel, keys: Iterable[str]) -> list[str]:
    """Write options one a line, their comments behind them where there is room."""
    values = section.model_dump(mode="json")
    options = {key: f"{key} = {written(values[key])}" for key in keys}
    width = max(map(len, options.values()))
    lines = []
    for key, option in options.items():
        comment = f"# {type(section).model_fields[key].description}"
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
