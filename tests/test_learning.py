"""What each source repeats is learned; what authors write is not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from clean_corpus import lexicons
from clean_corpus.config import Boilerplate
from sites import Site, corpus, folded, planted, taught


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Site], pa.Table, str]:
    sites, table = corpus()
    return sites, table, taught(tmp_path_factory.mktemp("learn"), table, 3, 4)[0]


def test_planted_furniture_is_learned_and_nothing_else(
    lesson: tuple[list[Site], pa.Table, str],
) -> None:
    sites, _, text = lesson
    rules = tomllib.loads(text)["rules"]
    wanted = {(site.name, *unit) for site in sites for unit in planted(site)}
    found = {(rule["source"], rule["scope"], folded(rule["text"])) for rule in rules}
    assert found - wanted == set()
    assert len(wanted & found) >= 0.98 * len(wanted), sorted(wanted - found)[:5]


# One trap at a time: 60 articles of a site, and what is learned from them.


def wrapped(site: Site) -> str:
    """An article as old wires broke it, with lines that end inside sentences."""
    words = site.phrase(40).split()
    broken = [" ".join(words[i : i + 8]) for i in range(0, 40, 8)]
    return "\n".join(
        ["The Board Of Trade", "Governors said", *broken[:-1], broken[-1] + ".", "Wire"]
    )


def article(site: Site, *lines: str, at: int = -1) -> str:
    """Two paragraphs with lines between, above (at = 0) or below (at = 2)."""
    body = [site.paragraph(), site.paragraph()]
    body[at:at] = lines
    return "\n".join(body)


TRAPS: dict[str, tuple[Callable[[Site, int], str], set[tuple[str, str]]]] = {
    "a link that stands on a line of its own": (
        lambda site, _: article(
            site,
            "Lyon",
            "is the town of " + site.sentence(),
            *(site.sentence() for _ in range(6)),
            at=0,
        ),
        set(),
    ),
    "wrapped prose, and a wire's name": (lambda site, _: wrapped(site), {("line", "wire")}),
    "a refrain": (lambda site, _: article(site, "Hey ho", site.sentence(), "Hey ho", at=2), set()),
    "an author's last words": (
        lambda site, i: article(site, *["Keep well until next week."] * (i % 5 == 0), at=2),
        set(),
    ),
    "a plea": (
        lambda site, i: article(site, *["Keep us going with a gift."] * (i % 2), at=2),
        {("line", "keep us going with a gift.")},
    ),
    "a subhead with a dash": (
        lambda site, i: article(site, *["Cup – who won the final match"] * (i % 2)),
        set(),
    ),
    "scores above": (
        lambda site, _: article(site, f"Lyon - {site.word()} 2-{site.random.randint(0, 9)}", at=0),
        set(),
    ),
    "titles about one town": (
        lambda site, i: article(site, site.phrase(4).title() + " – Lyon" * (i % 5 == 0), at=0),
        set(),
    ),
    "a pointer inside a line": (
        lambda site, _: f"{site.paragraph()} More on Site7: {site.paragraph()}",
        {("span", "more on site0:")},
    ),
    "what somebody said": (
        lambda site, _: f"{site.paragraph()} The mayor added: {site.paragraph()}",
        set(),
    ),
    "a signature": (
        lambda site, _: f"{site.paragraph()} {site.word()[0].upper()}. {site.word()[0].upper()}.",
        {("tail", "A")},
    ),
    "a plea with the name of the site": (
        lambda site, i: article(site, *["Thank you for reading Site7."] * (i % 6 == 0), at=2),
        {("line", "thank you for reading site0.")},
    ),
    "wordings of a plea": (
        lambda site, i: article(
            site,
            "Join the weekly letter of our desk",
            *["Join our weekly letter of the desk today"] * (i < 2),
            *["Nothing of the kind"] * (3 < i < 6),
            at=2,
        ),
        {
            ("line", "join the weekly letter of our desk"),
            ("line", "join our weekly letter of the desk today"),
        },
    ),
    "a channel's name": (
        lambda site, _: article(site, f"{site.word().title()} – watch it on Our Channel"),
        {("tail", "- watch it on our channel")},
    ),
    "prices in a list": (
        lambda site, _: article(site, f"{site.word().title()} – 12 euros a kilo"),
        set(),
    ),
    "words in a list": (
        lambda site, _: article(site, f"{site.word().title()} – lentil"),
        set(),
    ),
    "a site and its section": (
        lambda site, _: article(site, site.phrase(4).title() + " – Sport – The Daily", at=0),
        {("tail", "- sport - the daily")},
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_one_site_teaches(trap: str, tmp_path: Path) -> None:
    write, expected = TRAPS[trap]
    site = Site(7)
    table = pa.table(
        {
            "key": pa.array([str(i) for i in range(60)]),
            "text": pa.array([write(site, i) for i in range(60)], pa.large_string()),
            "source": pa.array([site.name] * 60),
        }
    )
    rules = tomllib.loads(taught(tmp_path, table, 1, 1)[0]).get("rules", [])
    assert {(rule["scope"], folded(rule["text"])) for rule in rules} == expected


def test_the_lexicon_does_not_depend_on_order_shards_or_partitions(
    lesson: tuple[list[Site], pa.Table, str], tmp_path: Path
) -> None:
    _, table, text = lesson
    order = pa.array(np.random.default_rng(1).permutation(table.num_rows))
    assert taught(tmp_path, table.take(order), 5, 1)[0] == text


def test_a_rule_names_what_it_rests_on(lesson: tuple[list[Site], pa.Table, str]) -> None:
    _, table, text = lesson
    texts = dict(zip(table["key"].to_pylist(), table["text"].to_pylist(), strict=True))
    for rule in tomllib.loads(text)["rules"]:
        assert rule["class"] == "learned"
        assert 2 <= rule["count"] <= rule["articles"]
        assert rule["why"]
        assert len(rule["examples"]) == min(3, rule["count"])
        assert all(key.startswith(rule["source"] + "/") for key in rule["examples"])
        assert any(rule["text"] in texts[key] for key in rule["examples"])


def test_the_file_is_a_lexicon(lesson: tuple[list[Site], pa.Table, str], tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(lesson[2], encoding="utf-8")
    loaded = [rule for rule in lexicons.load(Boilerplate(), path).rules if rule.source]
    rules = tomllib.loads(lesson[2])["rules"]
    assert [rule.id for rule in loaded] == [f"learned.{rule['id']}" for rule in rules]
    assert [rule.text for rule in loaded] == [rule["text"] for rule in rules]


def test_texts_without_a_source_teach_nothing(tmp_path: Path) -> None:
    table = pa.table(
        {
            "key": pa.array([str(i) for i in range(40)]),
            "text": pa.array(
                [f"A story about {i}.\nRead more here" for i in range(40)], pa.large_string()
            ),
            "source": pa.nulls(40, pa.string()),
        }
    )
    text, stats = taught(tmp_path, table, 2, 2)
    assert "rules" not in tomllib.loads(text)
    assert all(not any(counts.values()) for counts in stats)


def test_awkward_texts_are_no_trouble(tmp_path: Path) -> None:
    texts = ["", None, "\n \n", "\u00ad", "a", "(", "- ", "... ...", "🙂" * 200, '"\x7f\\' * 9]
    table = pa.table(
        {
            "key": pa.array([str(i) for i in range(len(texts) * 20)]),
            "text": pa.array(
                [f"{text}\nWord {i}." if text else text for i in range(20) for text in texts],
                pa.large_string(),
            ),
            "source": pa.array(['"a"\n\\'] * len(texts) * 20),
        }
    )
    text, _ = taught(tmp_path, table, 1, 1)
    tomllib.loads(text)
