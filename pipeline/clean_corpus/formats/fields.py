"""Where a record keeps what: dotted paths, in parsed objects and as spans of their bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from clean_corpus.config import Fields
from clean_corpus.kernels.json import Tree

#: Stands for a field that a record does not have, which null is not.
MISSING: Any = object()

#: The fields that a record's own JSON may fill, in the order of `paths`.
NAMES = ("text", "html", "id", "title", "source", "url", "date")

Keys = tuple[str, ...]


class Paths(NamedTuple):
    """For each of NAMES the ways to read its path, the most literal first, and their nodes."""

    ways: tuple[tuple[Keys, ...], ...]
    nodes: tuple[tuple[int, ...], ...]
    tree: Tree


def paths(fields: Fields) -> Paths:
    """Prepare the configured paths for `find` and for the scanner."""
    ways = tuple(tuple(readings(getattr(fields, name))) for name in NAMES)
    prefixes = {way[: i + 1] for each in ways for way in each for i in range(len(way))}
    order = sorted(prefixes)  # a tuple sorts before all that begin with it: depth first
    number = {prefix: i for i, prefix in enumerate(order, 1)}
    last = [len(order) + 1] + [
        max(number[other] for other in order if other[: len(prefix)] == prefix) + 1
        for prefix in order
    ]
    links = [(number.get(p[:-1], 0), number[p], _spelled(p[-1])) for p in order]
    nodes = tuple(tuple(number[way] for way in each) for each in ways)
    return Paths(ways, nodes, _tree(links, last))


def readings(path: str) -> Iterator[Keys]:
    """Give every way to read a dotted path as nested keys; a literal key with the dot wins.

    >>> list(readings("a.b"))
    [('a.b',), ('a', 'b')]
    """
    yield (path,)
    parts = path.split(".")
    for i in range(len(parts) - 1, 0, -1):
        for rest in readings(".".join(parts[i:])):
            yield (".".join(parts[:i]), *rest)


def find(record: dict[str, Any], ways: Sequence[Keys]) -> Any:
    """Follow the first way that leads to a value; MISSING where none does."""
    value: Any = record.get(ways[0][0], MISSING)
    for way in ways[1:]:
        if value is not MISSING:
            break
        value = record
        for key in way:
            value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value


_STRING = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?', re.DOTALL)


def with_spellings(tree: Tree, line: bytes) -> Tree:
    """Add to a tree the spellings with escapes that its keys have in one line of valid JSON."""
    offsets = tree.offsets.tolist()
    keys = [tree.keys[a:b].tobytes() for a, b in pairwise(offsets)]
    links = list(zip(tree.parent.tolist(), tree.child.tolist(), keys, strict=True))
    for found in _STRING.finditer(line):
        if found[2] and b"\\" in found[1]:
            meant = _spelled(json.loads(b'"' + found[1] + b'"'))
            links += [(parent, child, found[1]) for parent, child, key in links if key == meant]
    return _tree(links, tree.last.tolist())


def _spelled(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _tree(links: Sequence[tuple[int, int, bytes]], last: Sequence[int]) -> Tree:
    sizes = [len(key) for _, _, key in links]
    return Tree(
        np.frombuffer(b"".join(key for _, _, key in links), np.uint8),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array([parent for parent, _, _ in links], np.int64),
        np.array([child for _, child, _ in links], np.int64),
        np.array(last, np.int64),
    )
