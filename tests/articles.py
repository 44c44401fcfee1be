"""Invented articles with planted copies, by a seeded generator."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

_SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo"]


def vocabulary(random: Random, size: int = 3000) -> list[str]:
    """Invent words."""
    return ["".join(random.choices(_SYLLABLES, k=random.randint(1, 4))) for _ in range(size)]


def article(random: Random, words: Sequence[str], size: int) -> list[str]:
    """Write an article: few words are frequent, most are rare."""
    return [words[int(len(words) * random.random() ** 2.5)] for _ in range(size)]


def edited(random: Random, text: Sequence[str], words: Sequence[str], share: float) -> list[str]:
    """Replace, drop and insert a share of the words."""
    out: list[str] = []
    for word in text:
        chance = random.random()
        if chance >= share:
            out.append(word)
        elif chance < share / 2:
            out.append(random.choice(words))
        elif chance < share * 3 / 4:
            out += [word, random.choice(words)]
    return out


def corpus(seed: int, size: int, length: int = 120) -> list[dict[str, Any]]:
    """Make documents of which about half are copies of others, from slightly to hardly alike."""
    random = Random(seed)
    words = vocabulary(random)
    texts: list[list[str]] = []
    while len(texts) < size:
        if texts and random.random() < 0.5:
            original = random.choice(texts[-40:])
            share = random.choice([0, 0.01, 0.03, 0.06, 0.1, 0.13, 0.16, 0.2, 0.3])
            texts.append(edited(random, original, words, share))
        else:
            texts.append(article(random, words, random.randint(1, 2 * length)))
    dates = ["2024-05-0%d", "%d mai 2024", "0%d/05/2024"]
    return [
        {
            "key": f"doc-{i}",
            "text": " ".join(text),
            "source": random.choice(["a.example", "b.example", None]),
            "date": random.choice([random.choice(dates) % random.randint(1, 9), None]),
        }
        for i, text in enumerate(texts)
    ]
