"""Lexicons: every rule keeps its word, and every mistake has its line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.errors import ConfigError
from clean_corpus.stages import boilerplate

LEXICONS = lexicons.load(Boilerplate())
RULE = """
language = "xx"
version = "1"

[words]
fruit = "apple|pear"

[[rules]]
id = "one"
why = "because"
class = "advertising"
scope = "line"
pattern = "eat <fruit>s"
removes = ["Eat apples"]
keeps = ["Apples"]
"""


def test_every_rule_removes_and_keeps_what_it_says() -> None:
    assert boilerplate.check(LEXICONS) == []


def test_languages() -> None:
    wanted = {"common", "ar", "de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "tr", "zh"}
    assert wanted <= set(LEXICONS.languages())


def test_check_names_what_is_wrong() -> None:
    rules = lexicons.parse(RULE.replace('"Eat apples"', '"Eat plums"'), "x.toml")
    (fault,) = boilerplate.check(lexicons.Lexicons(rules))
    assert fault == ("x.toml:8: rule xx.one: removes [] of 'Eat plums'. Mend one of them.")
    rules = lexicons.parse(RULE.replace('"Apples"', '"Eat pears"'), "x.toml")
    (fault,) = boilerplate.check(lexicons.Lexicons(rules))
    assert fault.startswith("x.toml:8: rule xx.one: keeps 'Eat pears', of which xx.one removes")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('why = "because"\n', "", "x.toml:8: rule xx.one: needs why"),
        ('removes = ["Eat apples"]', "", "rule xx.one: needs removes"),
        ('keeps = ["Apples"]', "", "rule xx.one: needs keeps"),
        ('"advertising"', '"advertisng"', "did you mean 'advertising'?"),
        ('scope = "line"', 'scope = "page"', "scope cannot be 'page'"),
        ("pattern =", "patern =", "unknown key 'patern'; did you mean 'pattern'?"),
        ('"eat <fruit>s"', '"eat <fruits>s"', "<fruits> is not in [words] (there are: fruit)"),
        ('"eat <fruit>s"', '"Eat it"', "E is a capital letter, which needs cased = true"),
        ('"eat <fruit>s"', "7", "pattern must be a text"),
        ('version = "1"', 'verion = "1"', "x.toml:3: unknown key 'verion'"),
        ('language = "xx"', "", 'needs language = ".."'),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        lexicons.parse(RULE.replace(old, new, 1), "x.toml")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("eat (it", "a ( has no )"),
        ("eat it)", "a ) has no ("),
        ("(?=eat) it", "look-around"),
        (r"eat \1", "is not of the dialect"),
        ("eat\x00 it", "a control character"),
        ("eat [it", "missing ]"),
        ("x{500,600}{500}", "repetition"),
    ],
)
def test_patterns_outside_the_dialect_do_not_load(
    tmp_path: Path, pattern: str, message: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(RULE.replace('"eat <fruit>s"', json.dumps(pattern)), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        lexicons.load(Boilerplate(lexicons=[str(path)]))
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}:8: rule xx.one: ")


def test_a_line_that_holds_unless_is_left_alone() -> None:
    pattern = "pattern = 'eat <fruit>s.*'\nunless = ', (?:said|<fruit>)'\n"
    whole = RULE.replace('pattern = "eat <fruit>s"\n', pattern)
    keeps = '"Apples", "Eat apples, SAID the cook.", "Eat pears, apple by apple"'
    rules = lexicons.parse(
        whole.replace('["Eat apples"]', '["Eat apples", "Eat apples, saidst"]').replace(
            '"Apples"', keeps
        )
    )
    assert boilerplate.check(lexicons.Lexicons(rules)) == []
    bare = (rules[0]._replace(unless=""),)
    assert len(boilerplate.check(lexicons.Lexicons(bare))) == 2


@pytest.mark.parametrize("far", [196, 200, 201])
def test_unless_is_looked_for_near_a_match_to_the_end_of_a_word(far: int) -> None:
    (rule,) = lexicons.parse(RULE.replace('"line"', '"span"'), "x.toml")

    def cuts(line: str, unless: str) -> bool:
        kept = rule._replace(unless=unless, removes=(), keeps=(line,))
        return boilerplate.check(lexicons.Lexicons((kept,))) != []

    between = "x" * (far - 2)
    assert cuts(f"They said {between} eat apples", "said") is (far > 200)
    assert cuts(f"Eat apples {between} said it", "said") is (far > 200)
    assert cuts(f"Eat apples {between} saidst it", "said|s$")
    assert cuts(f"Ah, oh {between} eat apples", "^oh|h, oh x$")


@pytest.mark.parametrize("unless", ["'said(?=x)'", "'<saying>'", "'Said'", "3"])
def test_what_unless_looks_for_is_of_the_dialect(tmp_path: Path, unless: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(RULE.replace("removes", f"unless = {unless}\nremoves"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml:8: rule xx\.one: "):
        lexicons.load(Boilerplate(lexicons=[str(path)]))


def test_own_lexicons_disabled_rules_and_pinned_sets(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(RULE, encoding="utf-8")
    found = lexicons.load(Boilerplate(lexicons=[str(path)], disable=["fr.advertising"]))
    assert found.find("xx.one").patterns == ("eat (?:apple|pear)s",)
    with pytest.raises(ConfigError, match=r"Did you mean 'fr.newsletter-plea'"):
        found.find("fr.newsletter-ple")
    with pytest.raises(ConfigError, match=r"disable: there is no rule 'fr.advertizing'"):
        lexicons.load(Boilerplate(disable=["fr.advertizing"]))
    with pytest.raises(ConfigError, match=r"no rule set '1999'. This version has: 2026.1"):
        lexicons.load(Boilerplate(rules="1999"))
    with pytest.raises(ConfigError, match="is also at"):
        lexicons.load(Boilerplate(lexicons=[str(path), str(path)]))


def test_a_learned_rule_holds_for_its_source_and_for_any_number(tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(
        """
        [[rules]]
        id = "a1"
        class = "learned"
        source = "example.org"
        text = "Already 40 000 of us: join the friends of the bridge"
        count = 12
        articles = 30
        examples = ["a", "b"]
        """,
        encoding="utf-8",
    )
    found = lexicons.load(Boilerplate(), path)
    page = "The bridge was opened on Monday, and the town is very glad of it, says the mayor."
    junk = page + "\nAlready 51 204 of us: join the friends of the bridge"
    batch = text.Batch(
        pa.array([junk, junk], pa.large_string()),
        pa.array(["en", "en"]),
        pa.array(["example.org", "example.com"]),
        pa.nulls(2, pa.string()),
    )
    edits = boilerplate.stage(found, Boilerplate())(batch)
    assert text.apply(batch.texts, edits).to_pylist() == [page, junk]
