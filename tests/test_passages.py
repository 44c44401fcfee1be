"""What each source repeats is learned; what authors write is not."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import learned, lexicons, spill
from clean_corpus.config import Boilerplate
from clean_corpus.corpus import learn, passages
from clean_corpus.kernels import passages as kernel
from clean_corpus.text import buffers

SYLLABLES = re.findall("..", "bacedifogulameniporusatevizobrcledrflogrupl")


# The kernel and its slow twin.


def folded(text: str) -> str:
    """The slow twin of the kernel's folding."""
    out = []
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\r\v\f\x85" or category in ("Zs", "Zl", "Zp"):
            out.append(" ")
        elif category in ("Cc", "Cf") or "\ufe00" <= char <= "\ufe0f":
            continue
        elif category == "Nd":
            out.append("0")
        elif category == "Pd" or char == "\u2212":
            out.append("-")
        elif category in ("Pi", "Pf") or char in "\"'`´„‟＂＇":
            out.append("'")
        else:
            out.append(char if ord(char) > 0xFFFF else char.lower()[0])
    line = re.sub(" +", " ", "".join(out)).strip()
    return re.sub("0(?:[ ,.']?0)*", "0", line)


def units(*texts: str) -> list[tuple[int, int, int, str]]:
    """Cut texts, and give document, line, kind and text of each unit."""
    data, offsets = buffers(pa.array(texts, pa.large_string()))
    cut, _ = kernel.cut(data, offsets)
    spans = zip(cut.start.tolist(), cut.end.tolist(), strict=True)
    return [
        (int(doc), int(line), int(kind), data[start:end].tobytes().decode())
        for doc, line, kind, (start, end) in zip(cut.doc, cut.line, cut.kind, spans, strict=True)
    ]


def fingerprint(text: str) -> int:
    data, offsets = buffers(pa.array([text], pa.large_string()))
    return int(kernel.fingerprints(data, offsets, np.zeros(1, np.uint8))[0])


LINE_TEXT = st.text(st.sampled_from("aÀé İß09٣ \t\u00a0\u200b.,'’«»-–—−()ñЖ字🙂|"), max_size=24)


@given(LINE_TEXT, LINE_TEXT)
def test_a_fingerprint_is_that_of_the_folded_text(one: str, other: str) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (folded(one) == folded(other))


@given(st.lists(st.text(st.sampled_from("ab1 .\n\u00a0—é字"), max_size=40), max_size=5))
def test_lines_are_those_that_are_not_blank(texts: list[str]) -> None:
    lines = [(doc, text) for doc, _, kind, text in units(*texts) if kind == kernel.LINE]
    assert lines == [
        (doc, line.strip())
        for doc, text in enumerate(texts)
        for line in text.split("\n")
        if line.strip()
    ]


def test_affixes_end_and_start_at_bars_brackets_and_last_sentences() -> None:
    found = {
        (kind, text) for _, _, kind, text in units("PARIS — A first. A second (dpa)\nX | Site")
    }
    assert (kernel.PREFIX, "PARIS —") in found
    assert (kernel.SUFFIX, "(dpa)") in found
    assert (kernel.SUFFIX, "| Site") in found
    assert (kernel.SUFFIX, "A second (dpa)") not in found  # only in the last line
    assert (kernel.SUFFIX, "Read on.") in {u[2:] for u in units("A story. Read on.")}
    assert not [unit for unit in units("- an item\nwell-known words") if unit[2] != kernel.LINE]


# Planted furniture.


class Site:
    """An invented site: its furniture, and a language of its own to write articles in."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)
        self.name = f"site{number}.example"
        self.words = [self.word() for _ in range(900)]
        title = self.phrase(2).title()
        chosen = self.random.sample(range(9), 4)
        makers = (
            lambda: f"© 20{self.random.randint(10, 26)} {title}",
            lambda: f"{self.random.randint(1, 2400)} comments",
            lambda: f"{self.random.randint(1, 28)}/0{self.random.randint(1, 9)}/2024 at 10:45",
        )
        fixed = [
            self.phrase(4).capitalize() + " »",
            self.phrase(6).capitalize() + ": www.site.example",
            self.phrase(9).capitalize() + ".",
            f"Follow {title} on our channel, and write to desk@site.example.",
            self.phrase(3).upper(),
            f"{title} [{self.phrase(2)}]",
        ]
        every: list[Callable[[], str]] = [*(partial(str, text) for text in fixed), *makers]
        self.bottom = [every[i] for i in sorted(chosen)]
        self.top = self.phrase(2).capitalize() if number % 2 else ""
        self.suffix = f" – {title}" if number % 3 == 0 else ""
        self.dateline = self.phrase(1).upper() + " — " if number % 4 == 0 else ""
        self.credit = f" ({self.phrase(1)}/{self.phrase(1)})" if number % 5 == 0 else ""
        self.refrain = self.sentence()
        self.heads = [self.phrase(2).capitalize() for _ in range(3)]
        self.background = self.sentence(20)
        self.closing = self.sentence(5)
        self.team = self.phrase(1).title()

    def word(self) -> str:
        return "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4)))

    def phrase(self, size: int) -> str:
        return " ".join(self.random.choices(self.words, k=size))

    def sentence(self, size: int = 0) -> str:
        return self.phrase(size or self.random.randint(7, 16)).capitalize() + "."

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self.random.randint(1, 4)))

    def body(self, number: int) -> list[str]:
        """The author's lines, with what authors repeat."""
        lines = [self.paragraph() for _ in range(self.random.randint(3, 9))]
        if number % 3 == 0:
            lines.insert(2, self.random.choice(self.heads))
        if number % 4 == 0:
            lines[1:1] = [self.refrain]
            lines.append(self.refrain)
            lines.append(self.paragraph())
        if number % 5 == 0:
            lines.insert(
                -1, f"Final score: {self.random.randint(0, 5)}-{self.random.randint(0, 5)}."
            )
        if number % 12 == 0:
            lines.append(self.background)
        if number % 15 == 1:
            lines.append(self.closing)
        if number % 7 == 3:
            lines.insert(1, f"{self.team} - {self.phrase(1).title()} {self.random.randint(0, 5)}-1")
        if number % 5 == 2:
            lines.insert(
                2, f"{self.phrase(4).title()} ({self.random.randint(1, 99)} %, 12 votes at noon)"
            )
        if number % 11 == 2:
            lines.insert(3, f"{self.team} – {self.sentence()}")
        return lines

    def dressed(self, body: list[str]) -> str:
        match = self.random.random() < 0.2
        title = f"{self.team} - {self.word()} 2-1" if match else self.phrase(5).capitalize()
        title += self.suffix
        lines = [title, *([self.top] if self.top else []), self.dateline + body[0], *body[1:]]
        lines[-1] += self.credit
        return "\n".join([*lines, *(make() for make in self.bottom)])


def corpus() -> tuple[list[Site], pa.Table]:
    """30 sites of 60 articles, with a syndicated series and with stories that are updated."""
    sites = [Site(number) for number in range(30)]
    wire = Site(99)
    stories = [wire.body(number) for number in range(10)]
    rows: list[tuple[str, str, str]] = []
    for site in sites:
        bodies = [site.body(number) for number in range(60)]
        bodies += [[*story[:-1], site.sentence()] for story in stories]
        story = site.body(1)
        for _ in range(12):  # one story, told on and on
            story = [*story[:2], site.sentence(), *story[2:]]
            bodies.append(list(story))
        texts = [site.dressed(body) for body in bodies]
        texts += [texts[0]] * 10  # and one that is published again and again
        rows += [(f"{site.name}/{i}", text, site.name) for i, text in enumerate(texts)]
    random.Random(5).shuffle(rows)
    key, text, source = zip(*rows, strict=True)
    table = pa.table(
        [pa.array(key), pa.array(text, pa.large_string()), pa.array(source)],
        ["key", "text", "source"],
    )
    return sites, table


def taught(folder: Path, table: pa.Table, shards: int, partitions: int) -> tuple[str, list[Any]]:
    """Learn from a table of documents in so many shards; give the lexicon and the counts."""
    documents, counted, lessons, stats = [], [], [], []
    size = -(-table.num_rows // shards)
    for i in range(shards):
        part = table.slice(i * size, size)
        documents.append(str(folder / f"documents{i}"))
        counted.append(str(folder / f"passages{i}"))
        with spill.writer(documents[-1], table.schema) as out:
            out.write_table(part, max_chunksize=97)
        inputs = {"documents": documents[-1:]}
        outputs = {"passages": counted[-1]}
        stats.append(passages.count(inputs, outputs, {"partitions": partitions}))
    for i in range(partitions):
        lessons.append(str(folder / f"lessons{i}"))
        options: dict[str, Any] = {"partition": i, "learn": {}}
        inputs = {"passages": counted, "documents": documents}
        stats.append(learn.gather(inputs, {"lessons": lessons[-1]}, options))
    path = folder / "learned.toml"
    stats.append(learn.write_learned({"lessons": lessons}, {"learned": str(path)}, {}))
    return path.read_text(encoding="utf-8"), stats


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Site], pa.Table, str]:
    sites, table = corpus()
    return sites, table, taught(tmp_path_factory.mktemp("learn"), table, 3, 4)[0]


def planted(site: Site) -> list[tuple[str, str]]:
    """The furniture of a site, as scope and folded text."""
    found = [("line", make()) for make in site.bottom]
    found += [("line", site.top)] * bool(site.top)
    found += [("tail", site.suffix), ("head", site.dateline), ("tail", site.credit)]
    return [(scope, folded(text)) for scope, text in found if text]


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
        assert 8 <= rule["count"] <= rule["articles"]
        assert rule["why"]
        assert len(rule["examples"]) == 3
        assert all(key.startswith(rule["source"] + "/") for key in rule["examples"])
        assert any(rule["text"] in texts[key] for key in rule["examples"])


def test_the_file_is_a_lexicon(lesson: tuple[list[Site], pa.Table, str], tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(lesson[2], encoding="utf-8")
    loaded = [rule for rule in lexicons.load(Boilerplate(), path).rules if rule.source]
    rules = tomllib.loads(lesson[2])["rules"]
    assert [rule.id for rule in loaded] == [f"learned.{rule['id']}" for rule in rules]
    assert [rule.text for rule in loaded] == [rule["text"] for rule in rules]


def test_rules_are_found_as_they_were_counted() -> None:
    index = learned.lookup(
        [
            learned.Wanted("a.example", "line", "bottom", "12 Comments"),
            learned.Wanted("a.example", "tail", "", "– A Site"),
            learned.Wanted("b.example", "line", "bottom", "Über uns"),
            learned.Wanted("a.example", "head", "top", "PARIS —"),
        ]
    )
    texts = [
        "A title - a site\nparis - It rained.\n\u00a01\u202f204 comments\n",
        "ÜBER UNS",
        "12 comments\n" + "It rained.\n" * 12,
        "12 comments",
    ]
    sources = pa.array(["a.example", "b.example", "a.example", None])
    found = learned.find(index, pa.array(texts, pa.large_string()), sources)
    spans = [
        (int(rule), texts[doc].encode()[start:end].decode())
        for rule, doc, start, end in zip(*found, strict=True)
    ]
    assert spans == [(1, "- a site"), (3, "paris -"), (0, "1\u202f204 comments"), (2, "ÜBER UNS")]


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
