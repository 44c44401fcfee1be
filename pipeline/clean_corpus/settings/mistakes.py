"""Say in plain words what is wrong with a configuration, and what was probably meant."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from clean_corpus import languages
from clean_corpus.config import RULES, Boilerplate, Config, Input, is_section
from clean_corpus.errors import ConfigError
from clean_corpus.toml import KeyPath

#: The stages that can be named in `stages`; anything else is "module:function".
STAGES = tuple(Config().stages)


class Mistake(NamedTuple):
    """What is wrong, and the keys that take part in it, of which one is named."""

    keys: tuple[KeyPath, ...]
    what: str


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
            hint = suggestion(stage, STAGES) or f" There are: {', '.join(STAGES)}."
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
                hint = suggestion(class_, CLASSES)
                hint = hint or " See `clean-corpus rules` for the classes."
                yield Mistake(((*table, class_),), f"unknown class.{hint}")


def _unknown_rules(boilerplate: Boilerplate) -> Iterator[Mistake]:
    if boilerplate.rules not in RULES:
        what = f"there is no rule set {boilerplate.rules!r}. There is: {', '.join(RULES)}."
        yield Mistake((("boilerplate", "rules"),), what)
    for option in ("disable", "protect"):
        # Only these need all rules at hand, and reading them takes a while.
        if named := getattr(boilerplate, option):
            from clean_corpus import lexicons

            try:
                lexicons.load(Boilerplate(**{option: named}))
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
        except (LookupError, ValueError):  # the latter for a null character
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


def unknown_option(key: KeyPath) -> str:
    """Say that there is no such option, and which one was probably meant."""
    name, here = str(key[-1]), _OPTIONS[str(key[0]) if key[1:] else ""]
    if close := get_close_matches(name, here, 1):
        return f"unknown option. Did you mean {close[0]!r}?"
    for table, options in _OPTIONS.items():
        if table and (close := get_close_matches(name, options, 1, 0.8)):
            return f"unknown option. Did you mean '{table}.{close[0]}'?"
    return f"unknown option. There are: {', '.join(here)}."


#: The names of the options by table.
_OPTIONS = {name: type(one)._fields for name, one in Config()._asdict().items() if is_section(one)}
_OPTIONS[""] = Config._fields


def suggestion(word: str, known: Iterable[str]) -> str:
    """Name the known word that was probably meant, if there is one."""
    close = get_close_matches(word, list(known), 1)
    return f" Did you mean {close[0]!r}?" if close else ""
