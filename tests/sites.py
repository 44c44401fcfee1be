"""Invented sites with furniture, the folding of lines in plain Python, and what they teach."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus.learning import learn, passages

SYLLABLES = re.findall("..", "bacedifogulameniporusatevizobrcledrflogrupl")


def folded(text: str) -> str:
    """The slow twin of the kernel's folding."""
    out: list[str] = []
    inside = False
    rest = iter(range(len(text)))
    for i in rest:
        char, category = text[i], unicodedata.category(text[i])
        if (
            not inside
            and category in ("Lu", "Lt")
            and char < "\U00010000"
            and text[i + 1 :][:1] == "."
        ):
            out.append("A")
            next(rest)
            continue
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
        inside = category[0] in "LN" or char > "\uffff"
    line = re.sub(" +", " ", "".join(out)).strip()
    return re.sub("A(?: ?A)*", "A", re.sub("0(?:[ ,.']?0)*", "0", line))


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


def planted(site: Site) -> list[tuple[str, str]]:
    """The furniture of a site, as scope and folded text."""
    found = [("line", make()) for make in site.bottom]
    found += [("line", site.top)] * bool(site.top)
    found += [("tail", site.suffix), ("head", site.dateline), ("tail", site.credit)]
    return [(scope, folded(text)) for scope, text in found if text]
