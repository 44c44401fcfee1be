"""The commands `check` and `rules`: is the configuration right, and what does each rule do."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from clean_corpus import lexicons
from clean_corpus.commands import console
from clean_corpus.config import Config
from clean_corpus.errors import ConfigError
from clean_corpus.lexicons import Rule
from clean_corpus.settings import starter
from clean_corpus.stages import boilerplate


def check(config: Config, *, show: bool) -> None:
    """Run every rule on its own examples, and say that all is well.

    Raises ConfigError with one line for each example that does not hold.
    """
    found = lexicons.load(config.boilerplate)
    if faults := list(boilerplate.check(found)):
        raise ConfigError("\n".join(faults))
    if show:
        console.out(starter.toml(config))
    languages = ", ".join(found.languages())
    console.say(f"all is well: {len(found.rules):,} rules for {languages}")


def rules(config: Config, id_: str | None) -> None:
    """List all rules, or explain one with its examples.

    Raises ConfigError with the nearest id where there is no such rule.
    """
    found = lexicons.load(config.boilerplate)
    lines = _explained(found.find(id_)) if id_ else map(_listed, found.rules)
    console.out("".join(f"{line}\n" for line in lines))


def _listed(rule: Rule) -> str:
    return f"{rule.id:<40} {rule.class_:<18} {rule.why}"


def _explained(rule: Rule) -> Iterator[str]:
    yield f"{rule.id}: {rule.why}"
    yield ""
    yield f"class     {rule.class_}"
    yield f"scope     {rule.scope}{f', {rule.where}' if rule.where else ''}"
    yield f"written   {rule.place}"
    if rule.flags:
        yield "action    flag, until its language is proven"
    for name, values in (
        ("pattern", rule.patterns),
        ("unless", (rule.unless,) if rule.unless else ()),
        ("lines", rule.lines),
        ("removes", rule.removes),
        ("keeps", rule.keeps),
    ):
        if values:
            yield f"\n{name}"
            yield from (indent(value, "  ") for value in values)
