"""Lexicons: boilerplate rules as data, read from TOML, checked, and found by id.

A lexicon is a file `<language>.toml` (`common.toml` holds for every language); CONTRIBUTING.md
shows one and lists its keys. Learned lexicons carry `source` and `text` (a whole line, or the head
or tail of one, without regard to numbers) and need no examples.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from clean_corpus import configs, prepared, toml
from clean_corpus.config import RULES, Boilerplate
from clean_corpus.errors import ConfigError
from clean_corpus.patterns import dialect, needs, view

#: What boilerplate is called, everywhere.
CLASSES = (
    *("site_tagline", "site_suffix", "dateline", "byline", "date_stamp", "relative_time", "epoch"),
    *("image_credit", "image_caption", "info_header", "related_header", "related_link"),
    *("newsletter_plea", "app_plea", "social_plea", "subscribe_plea"),
    *("donation_header", "donation_plea", "membership", "survey", "advertising", "share_bar"),
    *("hashtags", "mentions", "comment_prompt", "cookie_notice", "legal", "copyright"),
    *("agency_credit", "paywall", "markdown_image", "markup_residue", "repeated_headline"),
    *("navigation", "learned"),
)

SCOPES = ("line", "head", "tail", "span")
#: Where a line must stand: the first one, the last of what is kept (a whole line only close below
#: the end of a sentence), near the top or the bottom of what is kept, `beside` a removed line, or
#: `near`, which is near the top, below a subhead, or beside a removed line.
PLACES = ("", "first", "top", "bottom", "edge", "near", "beside", "last")

# What each key of a rule must be, and what messages call that.
_KINDS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("id", "why", "class", "scope", "pattern", "unless"), (str, "a text")),
    **dict.fromkeys(("where", "status", "source", "text"), (str, "a text")),
    **dict.fromkeys(("phrases", "cues", "removes", "keeps", "examples"), (list, "a list of texts")),
    **dict.fromkeys(("cased", "glued", "votes"), (bool, "true or false")),
    **dict.fromkeys(("least", "max", "count", "articles"), (int, "a number")),
}


class Rule(NamedTuple):
    """One rule. `patterns` are expanded, in the dialect; a line longer than `max` is not tried.

    A line in which `unless` is found, if there is one, is left alone. `text` is that of a learned
    rule, as it stands in the file: `clean_corpus.learned` matches it.
    `seen` is the text as it reads when rules are applied.
    """

    id: str
    language: str
    why: str
    class_: str
    scope: str
    where: str = ""
    patterns: tuple[str, ...] = ()
    unless: str = ""
    lines: tuple[str, ...] = ()
    least: int = 1
    max: int = 0
    cased: bool = False
    glued: bool = False
    votes: bool = False
    flags: bool = False
    source: str = ""
    removes: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    place: str = ""
    text: str = ""
    seen: str = ""

    def origin(self) -> str:
        """Give `file:line` and the id, as messages begin."""
        return f"{self.place}: rule {self.id}"


class Lexicons(NamedTuple):
    """All rules that are on, in the order of the files, and what is protected from them."""

    rules: tuple[Rule, ...]
    protect: tuple[str, ...] = ()

    def find(self, rule_id: str) -> Rule:
        """Give the rule of that id; raises ConfigError with the nearest ids if there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise ConfigError(f"there is no rule {rule_id!r}.{_suggestion(rule_id, self.rules)}")

    def languages(self) -> tuple[str, ...]:
        """Give the languages that have rules, sorted; `common` is one of them."""
        return tuple(sorted({rule.language for rule in self.rules}))


#: What code finds without words of a lexicon; named here to be listed, explained and disabled.
BUILT_IN = (
    Rule(
        "common.title",
        "common",
        "the first lines only repeat the title that the record has",
        "repeated_headline",
        "line",
        place="stages/boilerplate/titles.py",
    ),
    Rule(
        "common.page-head",
        "common",
        "above the article of a whole page: menus and links, by their look, place and neighbours",
        "navigation",
        "line",
        place="stages/boilerplate/vote.py",
    ),
    Rule(
        "common.page-tail",
        "common",
        "below the article of a whole page: links and footers, by their look, place and neighbours",
        "navigation",
        "line",
        place="stages/boilerplate/vote.py",
    ),
)


def load(options: Boilerplate, learned: Path | None = None) -> Lexicons:
    """Read the shipped lexicons, the user's, and the learned one.

    Raises ConfigError with file, line and rule where one of them is wrong, where a rule set is
    pinned that is not there, or where a rule to be disabled is unknown.
    """
    if options.rules not in RULES:
        raise ConfigError(
            f"boilerplate.rules: there is no rule set {options.rules!r}. "
            f"This version has: {', '.join(RULES)}."
        )
    common, shipped_rules = _shipped()
    rules = [*shipped_rules, *BUILT_IN]
    own = [rule for path in options.lexicons for rule in _read(Path(path), common)]
    if learned is not None:
        own += _read(learned, common, learned=True)
    protect = Rule("protect", "", "", "", "span", place="boilerplate")
    try:
        patterns = tuple(dialect.expand(_small(one), common) for one in options.protect)
    except dialect.PatternError as error:
        raise ConfigError(f"{protect.origin()}: {error}.") from error
    for rule in [*own, protect._replace(patterns=patterns)]:
        check_patterns(rule)  # the shipped ones are held to it by the tests
    rules += own
    _check_twins(rules)
    for rule_id in options.disable:
        unread = learned is None and rule_id.startswith("learned.")
        if not unread and not any(rule.id == rule_id for rule in rules):
            raise ConfigError(
                f"boilerplate.disable: there is no rule {rule_id!r}.{_suggestion(rule_id, rules)}"
            )
    kept = tuple(rule for rule in rules if rule.id not in options.disable)
    return Lexicons(kept, patterns)


def _small(pattern: str) -> str:
    """Write a pattern in lower case: who protects a line writes it as it stands in the article."""
    parts = re.split(r"(\\p\{\^?\w+\}|\\.|\(\?P?<[\w-]+>|<[\w-]+>)", pattern)
    return "".join(part if i % 2 else part.lower() for i, part in enumerate(parts))


def load_learned(path: Path, options: Boilerplate) -> tuple[Rule, ...]:
    """Read the rules of a learned lexicon that are not disabled; raises ConfigError as `load`."""
    rules = _read(path, _shipped()[0], learned=True)
    for rule in rules:
        check_patterns(rule)
    _check_twins(rules)
    return tuple(rule for rule in rules if rule.id not in options.disable)


def parse(text: str, path: str = "lexicon.toml") -> tuple[Rule, ...]:
    """Read the rules of one lexicon from its text; `path` is what messages call it."""
    return tuple(_rules(toml.parse(text, path), {}, learned=False))


_TUPLES = [i for i, value in enumerate(BUILT_IN[0]) if isinstance(value, tuple)]


@cache
def _shipped() -> tuple[dict[str, str], list[Rule]]:
    """Give the words that all lexicons know, and the rules of the shipped ones."""
    folder = configs() / "lexicons"
    paths = sorted(folder.glob("*.toml"))

    def build() -> dict[str, Any]:
        words = {path.stem: _words(toml.read(path)) for path in paths if "-" not in path.stem}
        common = words["common"]
        known = {path: {**common, **words.get(path.stem.split("-")[0], {})} for path in paths}
        rules = (list(rule) for path in paths for rule in _read(path, known[path]))
        return {"words": common, "rules": list(rules)}

    facts = [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]
    found = prepared.document("lexicons", build, facts=facts)
    for row in found["rules"]:
        for i in _TUPLES:
            row[i] = tuple(row[i])
    return found["words"], [Rule._make(row) for row in found["rules"]]


def _read(path: Path, common: Mapping[str, str], *, learned: bool = False) -> list[Rule]:
    return list(_rules(toml.read(path), common, learned=learned))


def _words(document: toml.Document) -> dict[str, str]:
    words = document.values.get("words", {})
    for name, value in words.items():
        if not isinstance(value, str):
            raise ConfigError(f"{document.where(('words', name))}: words.{name} must be a text.")
    return dict(words)


def _rules(document: toml.Document, common: Mapping[str, str], *, learned: bool) -> Iterator[Rule]:
    values = document.values
    for name in sorted(set(values) - {"language", "version", "status", "words", "rules"}):
        raise ConfigError(f"{document.where((name,))}: unknown key {name!r}. Take it out.")
    language = values.get("language", "common" if learned else None)
    if not isinstance(language, str) or not language:
        raise ConfigError(f'{document.path}:1: needs language = "..", a code or "common".')
    words = {**common, **_words(document)}
    tables = values.get("rules", [])
    if not isinstance(tables, list) or not all(isinstance(x, dict) for x in tables):
        raise ConfigError(f"{document.where(('rules',))}: write each rule under [[rules]].")
    prefix = "learned" if learned else language
    for i, table in enumerate(tables):
        key: toml.KeyPath = ("rules", i)
        rule_id = f"{prefix}.{table.get('id', i + 1)}"
        try:
            _check_shape(table)
            yield _rule(
                table,
                rule_id,
                language,
                words,
                flags=table.get("status", values.get("status", "")) == "flag",
                place=document.where(key),
            )
        except dialect.PatternError as error:
            raise ConfigError(f"{document.where(key)}: rule {rule_id}: {error}.") from error


def _check_shape(table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if name not in _KINDS:
            raise dialect.PatternError(f"unknown key {name!r}{_nearest(name, _KINDS)}")
        kind, called = _KINDS[name]
        texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if type(value) is not kind or not texts:
            raise dialect.PatternError(f"{name} must be {called}")
    for name, allowed in (("class", CLASSES), ("scope", SCOPES), ("where", PLACES)):
        value = table.get(name, allowed[0])
        if value not in allowed:
            raise dialect.PatternError(f"{name} cannot be {value!r}{_nearest(value, allowed)}")
    if table.get("status", "") not in ("", "active", "flag"):
        raise dialect.PatternError('status must be "active" or "flag"')


def _rule(
    table: Mapping[str, Any],
    rule_id: str,
    language: str,
    words: Mapping[str, str],
    *,
    flags: bool,
    place: str,
) -> Rule:
    learned = "source" in table
    needed = ("class",) if learned else ("id", "why", "class", "scope", "removes", "keeps")
    for key in needed:
        if not table.get(key):
            raise dialect.PatternError(f"needs {key}; write it under [[rules]]")
    means = [key for key in ("pattern", "phrases", "cues", "text") if table.get(key)]
    if len(means) != 1:
        raise dialect.PatternError("needs exactly one of pattern, phrases, cues, text")
    scope = table.get("scope", "line")
    if "text" in table and not learned:
        raise dialect.PatternError("needs source, since it has a text")
    cased = table.get("cased", False)
    lines: list[str] = table.get("phrases", [])
    patterns: list[str] = [table["pattern"]] if "pattern" in table else table.get("cues", [])
    if lines and scope != "line":
        lines, patterns = [], ["|".join(map(_literal, lines))]
    return Rule(
        id=rule_id,
        language=language,
        why=table.get("why", ""),
        class_=table["class"],
        scope=scope,
        where=table.get("where", ""),
        patterns=tuple(dialect.expand(pattern, words, cased=cased) for pattern in patterns),
        unless=dialect.expand(table.get("unless", ""), words, cased=cased),
        lines=tuple(view.view(line) for line in lines),
        least=table.get("least", 1),
        max=table.get("max", 0),
        cased=cased,
        glued=table.get("glued", False),
        votes=table.get("votes", False),
        flags=flags,
        source=table.get("source", ""),
        removes=tuple(table.get("removes", ())),
        keeps=tuple(table.get("keeps", ())),
        place=place,
        text=table.get("text", ""),
    )


def _literal(phrase: str) -> str:
    """Write a phrase as a pattern."""
    return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", view.view(phrase))


def anchors(scope: str, least: int = 1) -> tuple[bool, bool]:
    """Tell whether a pattern of a scope is bound to the start and to the end of its line."""
    whole = scope == "line" and least == 1
    return whole or scope == "head", whole or scope == "tail"


def bounded(rule: Rule) -> bool:
    """Tell whether a match of the rule's patterns never begins or ends inside a word."""
    return not rule.glued and rule.least == 1


def check_patterns(rule: Rule) -> None:
    """Raise ConfigError unless all patterns of the rule are of the dialect."""
    start, end = anchors(rule.scope, rule.least)
    tried = [(pattern, start, end) for pattern in rule.patterns]
    if rule.unless:
        tried.append((rule.unless, False, False))
    for pattern, start, end in tried:
        try:
            needs.needs(pattern, bounded=bounded(rule))
            dialect.compiled(pattern, start=start, end=end)
        except dialect.PatternError as error:
            raise ConfigError(f"{rule.origin()}: {error}, in {pattern!r}. Mend it.") from error


def _check_twins(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if twin := seen.get(rule.id):
            raise ConfigError(f"{rule.origin()}: is also at {twin.place}. Rename one of them.")
        seen[rule.id] = rule


def _suggestion(rule_id: str, rules: Iterable[Rule]) -> str:
    return _nearest(rule_id, [rule.id for rule in rules]).replace("; did", " Did")


def _nearest(word: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(word), list(known), 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
