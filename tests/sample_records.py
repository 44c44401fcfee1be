"""Invented articles by the hundred, with copies, mojibake and furniture, for runs in tests."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

_SUBJECTS = [
    "The council",
    "A baker",
    "The harbour master",
    "Mrs Orrin",
    "The school choir",
    "A fox",
]
_VERBS = ["opened", "painted", "counted", "missed", "praised", "mended", "borrowed", "watched"]
_OBJECTS = ["the old bridge", "nine lanterns", "a ferry", "the clock", "café chairs", "two geese"]
_PLACES = ["in Morn", "near Skerry", "by the quay", "after the rain", "on market day", "at dawn"]


def sentence(chance: random.Random) -> str:
    parts = (_SUBJECTS, _VERBS, _OBJECTS, _PLACES)
    words = " ".join(chance.choice(part) for part in parts)
    return f"{words}, {chance.randrange(2, 900)} times in {chance.randrange(1900, 2020)}."


def article(chance: random.Random) -> str:
    return "\n".join(
        " ".join(sentence(chance) for _ in range(chance.randrange(2, 5)))
        for _ in range(chance.randrange(2, 6))
    )


def records(size: int, seed: int = 1) -> list[dict[str, Any]]:
    """Make records of a few sites, of which about a fifth are copies of others."""
    chance = random.Random(seed)
    made: list[dict[str, Any]] = []
    for number in range(size):
        text = article(chance)
        if made and chance.random() < 0.2:
            text = chance.choice(made)["text"] or "Nothing."
            if chance.random() < 0.5:
                text += " " + sentence(chance)
        elif chance.random() < 0.2:
            text = text.replace("é", "Ã©") + "\n#Morn #Skerry"
        site = chance.choice(["harbourmail.example", "inland.example", None])
        day = chance.randrange(1, 28)
        made.append(
            {"id": f"a{number}", "text": text, "source": site, "date": f"2024-03-{day:02d}"}
        )
    made[size // 2]["text"] = None
    made[size // 3]["id"] = made[size // 4]["id"]
    return made


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write records as JSON Lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def content(out: Path) -> dict[str, bytes]:
    """Give everything a run has left by name, but for what says when and where it ran."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "timings.json"
    }
