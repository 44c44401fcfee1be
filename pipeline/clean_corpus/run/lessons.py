"""Which learned rules a shard needs: those of its own sources, so that others do not concern it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from clean_corpus import lexicons, spill
from clean_corpus.config import Boilerplate
from clean_corpus.lexicons import Rule


class Lessons:
    """The rules of a learned lexicon, by source; those without one hold for every shard."""

    def __init__(self, learned: Path | None, options: Boilerplate) -> None:
        self.by_source: dict[str, list[Rule]] = {}
        for rule in lexicons.load_learned(learned, options) if learned else ():
            self.by_source.setdefault(rule.source, []).append(rule)

    def of(self, documents: Path) -> list[Rule]:
        """Give the rules for the sources of one shard, in an order of their own."""
        if not self.by_source:
            return []
        named = pc.unique(spill.read(str(documents), ["source"])["source"]).to_pylist()
        sources = sorted({"", *(name for name in named if name)} & self.by_source.keys())
        return [rule for source in sources for rule in self.by_source[source]]


def digest(rules: Sequence[Rule]) -> str:
    """Hash what rules do; where they stand in their file and why does not matter."""
    deeds = [rule._replace(why="", removes=(), keeps=(), place="") for rule in rules]
    return hashlib.blake2b(repr(deeds).encode(), digest_size=16).hexdigest() if deeds else ""
