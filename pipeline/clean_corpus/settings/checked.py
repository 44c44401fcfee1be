"""Make a configuration of plain values: what is wrong is named, and left at its default."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

from clean_corpus.config import Config, Told, from_json, is_section
from clean_corpus.settings.mistakes import Mistake, suggestion, unknown_option
from clean_corpus.toml import KeyPath

# The bounds of `Told`, what holds of a value within, and how that is said.
_BOUNDS: tuple[tuple[str, Callable[[Any, Any], bool], str], ...] = (
    ("gt", operator.gt, "more than"),
    ("ge", operator.ge, "at least"),
    ("lt", operator.lt, "less than"),
    ("le", operator.le, "at most"),
)

# What a number may be that has no upper bound of its own: that is handed to C in places.
_LARGEST = (1 << 31) - 1


def checked(values: Mapping[str, Any]) -> tuple[Config, list[Mistake]]:
    """Check the names and types of values as JSON has them."""
    wrong: list[Mistake] = []
    return from_json(Config, _right(Config, values, (), wrong)), wrong


def _right(kind: Any, values: Mapping[str, Any], at: KeyPath, wrong: list[Mistake]) -> Any:
    """Give the values of a section that are right, and note what is wrong with the others."""
    right = {}
    for name, value in values.items():
        key = (*at, name)
        default = kind._field_defaults.get(name)
        if name not in kind._fields:
            wrong.append(Mistake((key,), unknown_option(key)))
        elif is_section(default) and isinstance(value, dict):
            right[name] = _right(type(default), value, key, wrong)
        elif faults := list(_faults(kind.__annotations__[name], value, key)):
            wrong += faults
        else:
            right[name] = value
    return right


def _faults(kind: Any, value: Any, key: KeyPath) -> Iterator[Mistake]:
    """Say what is wrong with a value that should be of a kind."""
    told = Told("")
    if get_origin(kind) is Annotated:
        kind, told = get_args(kind)
    inside = get_args(kind)
    if get_origin(kind) is list and isinstance(value, list):
        for number, one in enumerate(value):
            yield from _faults(inside[0], one, (*key, number))
    elif get_origin(kind) is dict and isinstance(value, dict):
        for name, one in value.items():
            yield from _faults(inside[1], one, (*key, name))
    elif told.filled and value == "":
        yield Mistake((key,), "must not be empty.")
    elif what := _fault(kind, value, told):
        hint = suggestion(str(value), inside) if get_origin(kind) is Literal else ""
        yield Mistake((key,), f"must {what}, not {json.dumps(value, ensure_ascii=False)}.{hint}")


def _fault(kind: Any, value: Any, told: Told) -> str:
    """Say what a value must be, if it is not."""
    if get_origin(kind) is Literal:
        choices = ", ".join(choice or '""' for choice in get_args(kind))
        return "" if value in get_args(kind) else f"be one of {choices}"
    if kind is str:
        return "" if isinstance(value, str) and _is_utf8(value) else "be a text in quotes"
    if kind is bool:
        return "" if isinstance(value, bool) else "be true or false"
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        limit = {} if told.le or told.lt else {"le": _LARGEST}
        return _beyond(value, told._asdict() | limit) if whole else "be a whole number"
    if kind is Decimal:
        number, bounds = _number(value), {**told._asdict(), "ge": 0, "le": 1}
        return "be a number from 0 to 1" if number is None else _beyond(number, bounds)
    return 'be a list such as ["one", "two"]' if get_origin(kind) is list else "be a table"


def _is_utf8(text: str) -> bool:
    """Tell whether a text has no bytes of a shell's that are none."""
    return text.encode(errors="replace").decode() == text


def _number(value: Any) -> float | None:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _beyond(value: float, bounds: Mapping[str, Any]) -> str:
    for name, holds, words in _BOUNDS:
        if (bound := bounds[name]) is not None and not holds(value, bound):
            return f"be {words} {bound}"
    return ""
