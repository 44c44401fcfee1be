"""Say in plain words what is wrong with a configuration, and what was probably meant."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from clean_corpus import languages
from clean_corpus.config import RULES, Boilerplate, Config, Input
from clean_corpus.errors import ConfigError
from clean_corpus.toml import KeyPath

#: The stages that can be named in `stages`; anything else is "module:function".
STAGES = tuple(Config().stages)


class Mistake(NamedTuple):
    """What is wrong, and the keys that take part in it, of which one is named."""

    keys: tuple[KeyPath, ...]
    what: str


def of_type(error: Any) -> Mistake:
    """Describe one of pydantic's errors: an unknown name, or a value of the wrong type."""
    key: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return Mistake((key,), _unknown_option(key))
    if kind == "string_too_short":
        return Mistake((key,), "must not be empty.")
    hint = ""
    if kind == "literal_error":
        choices = _choices(key)
        what = "must be one of " + ", ".join(choice or '""' for choice in choices)
        hint = _suggestion(str(error["input"]), choices)
    elif kind.startswith("decimal") or kind == "finite_number":
        what = "must be a number from 0 to 1"
    else:
        what = _WORDS.get(kind, error["msg"]).format(**context)
    shown = json.dumps(error["input"], ensure_ascii=False)
    return Mistake((key,), f"{what}, not {shown}.{hint}")


_WORDS = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text in quotes",
    "list_type": 'must be a list such as ["one", "two"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}


def of_meaning(config: Config) -> Iterator[Mistake]:
    """Give the mistakes that types cannot see: values that contradict each other or name nothing.

    Paths of lexicons are taken as they stand, from the working directory.
    """
    yield from _contradictions(config)
    yield from _unknown_stages(config.stages)
    yield from _unknown_classes(config.boilerplate)
    yield from _unknown_rules(config.boilerplate)
    yield from _unknown_charsets(config.input)
    yield from _unknown_languages(config.language.languages)
    yield from _missing_files(config.boilerplate)


def _contradictions(config: Config) -> Iterator[Mistake]:
    dedup, limits, language = config.dedup, config.limits, config.language
    if dedup.bands > dedup.permutations:
        yield Mistake(
            (("dedup", "bands"), ("dedup", "permutations")),
            f"{dedup.bands} bands cannot be made of {dedup.permutations} permutations. "
            "Lower dedup.bands or raise dedup.permutations.",
        )
    if 0 < limits.max_chars < limits.min_chars:
        yield Mistake(
            (("limits", "max_chars"), ("limits", "min_chars")),
            f"no text has at least {limits.min_chars} characters and at most {limits.max_chars}.",
        )
    if language.filter and not language.detect:
        yield Mistake(
            (("language", "filter"), ("language", "detect")),
            "needs the languages of the texts. Set language.detect = true.",
        )
    if language.filter and not language.languages:
        yield Mistake(
            (("language", "filter"), ("language", "languages")),
            "needs the languages to keep. Set language.languages.",
        )
    if config.run.executor == "ray" and not config.run.address:
        yield Mistake(
            (("run", "executor"), ("run", "address")),
            'ray needs run.address; "local" starts a cluster.',
        )
    if config.output.clean_field == config.fields.text:
        yield Mistake(
            (("output", "clean_field"), ("fields", "text")),
            "the text and `clean` need different names. Rename one of them.",
        )
    if len(config.input.delimiter) > 1:
        yield Mistake(
            (("input", "delimiter"),),
            f"must be one character, not {config.input.delimiter!r}.",
        )


def _unknown_stages(stages: Sequence[str]) -> Iterator[Mistake]:
    for number, stage in enumerate(stages):
        what = ""
        if stage in stages[:number]:
            what = f"{stage!r} is listed twice."
        elif ":" in stage:
            what = _fault_of_function(stage)
        elif stage not in STAGES:
            hint = _suggestion(stage, STAGES) or f" There are: {', '.join(STAGES)}."
            what = f"unknown stage {stage!r}.{hint}"
        if what:
            yield Mistake((("stages",),), what)


def _fault_of_function(name: str) -> str:
    """Say why "module:function" cannot be called, if it cannot."""
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function, None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's module may raise anything
        return f"{name!r} cannot be imported ({error}). Install it, or set PYTHONPATH."
    return "" if callable(found) else f"{name!r} is not a function of {module}."


def _unknown_classes(boilerplate: Boilerplate) -> Iterator[Mistake]:
    tables: dict[KeyPath, Iterable[str]] = {("boilerplate", "actions"): boilerplate.actions}
    for source, actions in boilerplate.sources.items():
        tables["boilerplate", "sources", source] = actions
    if not any(tables.values()):
        return
    from clean_corpus.lexicons import CLASSES

    for table, classes in tables.items():
        for class_ in classes:
            if class_ not in CLASSES:
                hint = _suggestion(class_, CLASSES)
                hint = hint or " See `clean-corpus rules` for the classes."
                yield Mistake(((*table, class_),), f"unknown class.{hint}")


def _unknown_rules(boilerplate: Boilerplate) -> Iterator[Mistake]:
    if boilerplate.rules not in RULES:
        what = f"there is no rule set {boilerplate.rules!r}. There is: {', '.join(RULES)}."
        yield Mistake((("boilerplate", "rules"),), what)
    for option in ("disable", "protect"):
        # Only these need all rules at hand, and reading them takes a while.
        if alone := boilerplate.model_dump(include={option}, exclude_defaults=True):
            from clean_corpus import lexicons

            try:
                lexicons.load(Boilerplate(**alone))
            except ConfigError as error:
                what = str(error).removeprefix(f"boilerplate.{option}: ")
                yield Mistake((("boilerplate", option),), what)


def _unknown_charsets(options: Input) -> Iterator[Mistake]:
    charsets: dict[KeyPath, str] = {("input", "encoding"): options.encoding}
    for pattern, charset in options.encodings.items():
        charsets["input", "encodings", pattern] = charset
    for key, charset in charsets.items():
        try:
            codecs.lookup(charset or "utf-8")
        except LookupError:
            what = f"unknown charset {charset!r}. Write it like cp1252."
            yield Mistake((key,), what)


def _unknown_languages(codes: Sequence[str]) -> Iterator[Mistake]:
    for code in codes:
        if code not in languages.NAMES:
            meant = languages.nearest(code)
            hint = f" Did you mean {meant!r}, {languages.NAMES[meant]}?" if meant else ""
            what = f"no text is found to be in {code!r}.{hint} docs/languages.md lists the codes."
            yield Mistake((("language", "languages"),), what)


def _missing_files(boilerplate: Boilerplate) -> Iterator[Mistake]:
    for path in boilerplate.lexicons:
        if not Path(path).is_file():
            yield Mistake((("boilerplate", "lexicons"),), f"{path} is not there. Check the path.")
    learned = boilerplate.learned
    if learned not in ("auto", "off") and not Path(learned).is_file():
        what = f'{learned} is not there. Write "auto", "off" or the path of a lexicon.'
        yield Mistake((("boilerplate", "learned"),), what)


def _unknown_option(key: KeyPath) -> str:
    name, section = str(key[-1]), _section(key[:-1])
    here = list(section.model_fields)
    if close := get_close_matches(name, here, 1):
        return f"unknown option. Did you mean {close[0]!r}?"
    for table, model in _sections().items():
        if close := get_close_matches(name, model.model_fields, 1, 0.8):
            return f"unknown option. Did you mean '{table}.{close[0]}'?"
    return f"unknown option. There are: {', '.join(here)}."


def _sections() -> dict[str, type[BaseModel]]:
    kinds = {name: field.annotation for name, field in Config.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _section(key: KeyPath) -> type[BaseModel]:
    return _sections()[str(key[0])] if key else Config


def _choices(key: KeyPath) -> list[str]:
    """Give the words that an option may be: the innermost Literal of its type."""
    kind: Any = _section(key[:1]).model_fields[str(key[1])].annotation
    while any(not isinstance(argument, str) for argument in get_args(kind)):
        kind = get_args(kind)[-1]
    return list(get_args(kind))


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f" Did you mean {close[0]!r}?" if close else ""
