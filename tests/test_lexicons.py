"""Lexicons: every rule keeps its word, and every mistake has its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import dialect, lexicons, needs, text
from clean_corpus.config import Boilerplate
from clean_corpus.errors import ConfigError
from clean_corpus.kernels import fold, scan
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
        ("eat [it", "missing ]"),
        ("x{500,600}{500}", "repetition"),
    ],
)
def test_patterns_outside_the_dialect_do_not_load(
    tmp_path: Path, pattern: str, message: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(RULE.replace('"eat <fruit>s"', f"'{pattern}'"), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        lexicons.load(Boilerplate(lexicons=[str(path)]))
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}:8: rule xx.one: ")


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
    assert text.apply(batch.texts, edits).to_pylist() == [page + "\n", junk]


def test_the_view() -> None:
    assert dialect.view(" À LIRE\u00a0\u2009AUSSI\u202f: «l’Œuvre» — ŁÓDŹ…\r\n\n➤ Ёлка ") == (
        'a lire aussi : "l\'oeuvre" - lodz...\n* елка'
    )
    assert dialect.view("Où ÊTES-vous\u00ad?", cased=True) == "Ou ETES-vous?"
    assert dialect.view("发布时间：１２") == "发布时间:12"
    assert dialect.view("İstanbul ISPARTA ısı") == "istanbul isparta isi"


@given(st.text(alphabet="aÀé’«…Łß \u00a0\u200b\n\r\tЖё中🌉\u2028\u0301", max_size=60))
def test_folding_is_as_its_slow_twin(page: str) -> None:
    data = np.frombuffer(page.encode(), np.uint8)
    folded = fold.fold(data, np.array([0, data.size], np.int64), dialect.tables())
    lines = slow_lines(page)
    view = [
        folded.cased[a:b].tobytes().decode()
        for a, b in zip(folded.view, folded.view[1:], strict=False)
    ]
    assert view == [line for line, _ in lines]
    for i, (line, places) in enumerate(lines):
        size = len(line.encode())
        at = np.arange(size)
        left, right = fold.unfold(data, folded, dialect.tables()[0], np.full(size, i), at)
        assert [(int(a), int(b)) for a, b in zip(left, right, strict=True)] == places


def slow_lines(page: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Fold a text character by character, with the bytes that made each byte of the view."""
    table = dialect.tables()[0]
    lines: list[list[tuple[str, int, int]]] = [[]]
    at = 0
    for i, char in enumerate(page):
        entry = int(table[ord(char)]) if ord(char) < 65536 else 0
        kind, size = entry >> 24, len(char.encode())
        if kind == fold.BREAK and not (char == "\r" and page[i + 1 : i + 2] == "\n"):
            lines.append([])
        elif kind in (fold.BLANK, fold.BREAK):
            lines[-1].append((" ", at, at + size))
        elif kind != fold.DROP:
            seen = (entry & 0xFFFFFF).to_bytes(3, "little")[:kind].decode() if kind else char
            lines[-1].append((seen, at, at + size))
        at += size
    return [folded for line in lines if (folded := slow_line(line, page))[0]]


def slow_line(chars: list[tuple[str, int, int]], page: str) -> tuple[str, list[tuple[int, int]]]:
    while chars and chars[-1][0] == " ":
        chars.pop()
    view, places = "", list[tuple[int, int]]()
    blank = -1
    data = page.encode()
    for seen, start, end in chars:
        if seen == " ":
            blank = start if blank < 0 else blank
            continue
        if view and blank >= 0:
            stop = blank
            table = dialect.tables()[0]
            while int(table[min(ord(data[stop:].decode()[0]), 65535)]) >> 24 >= fold.BLANK:
                stop += len(data[stop:].decode()[0].encode())
            view += " "
            places.append((blank, stop))
        blank = -1
        view += seen
        places += [(start, end)] * len(seen.encode())
    return view, places


@given(
    st.lists(st.text("ab 1", min_size=1, max_size=3), min_size=1), st.text("ab 1\n", max_size=50)
)
def test_scanning_is_as_its_slow_twin(words: list[str], page: str) -> None:
    found = [
        scan.Literal(word.encode(), i % 2 == 0, i % 3 == 0, 20 + i, 9, 30 - i)
        for i, word in enumerate(words)
    ]
    lines = page.split("\n")
    view = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    data = np.frombuffer("".join(lines).encode(), np.uint8)
    line, who = scan.scan(scan.build(found), data, view)
    expected = [
        (n, i)
        for n, line_ in enumerate(lines)
        for i, literal in enumerate(found)
        for at in range(len(line_))
        if occurs(literal, line_, at)
    ]
    assert sorted(zip(line.tolist(), who.tolist(), strict=True)) == sorted(expected)


def occurs(literal: scan.Literal, line: str, at: int) -> bool:
    word = literal.text.decode()
    end = at + len(word)
    return (
        line.startswith(word, at)
        and len(line) <= literal.longest
        and end <= literal.head
        and len(line) - at <= literal.tail
        and not (literal.left and at > 0 and line[at - 1].isalnum())
        and not (literal.right and end < len(line) and line[end].isalnum())
    )


def test_what_a_pattern_needs() -> None:
    found = needs.needs("(?:lire|voir) aussi ?:.*", bounded=True).literals
    assert found is not None
    assert set(found) == {"lire aussi", "voir aussi"}  # the first ten characters
    assert set(found.values()) == {12}
    assert needs.needs(r"\d{10}", bounded=True).literals is None
    assert needs.needs(r"\d{10}", bounded=True).longest == 40
    assert set(needs.needs("ads?", bounded=True).literals or ()) == {"\x00ad\x00", "\x00ads\x00"}


def test_the_gate_lets_through_what_patterns_match() -> None:
    for rule in LEXICONS.rules:
        start, end = lexicons.anchors(rule.scope, rule.least)
        for pattern in rule.patterns:
            need = needs.needs(pattern, bounded=lexicons.bounded(rule))
            compiled = dialect.compiled(pattern, start=start, end=end)
            for example in rule.removes:
                bare = example.replace("[[", "").replace("]]", "")
                line = dialect.view(bare, cased=rule.cased)
                if (match := compiled.search(line.encode())) is None:
                    continue
                matched = line.encode()[match.start() : match.end()]
                assert need.first >> matched[0] & 1, rule.id
                assert need.last >> matched[-1] & 1, rule.id
                assert len(matched) <= need.longest, rule.id
                low = matched.decode().lower()
                assert need.literals is None or any(
                    0 <= low.find(word.strip("\x00")) <= reach
                    for word, reach in need.literals.items()
                ), rule.id
