"""Learned rules: how they are written as a lexicon, and where they hold in a text.

A rule is a whole line, or the head or tail of one, or the beginning of a sentence inside one (a
span), of one source. It is matched as it was counted (`clean_corpus.kernels.passages`): without
regard to case, numbers, initials, and kinds of quotes, dashes and blanks; and only near the end of
the article that it was learned at.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.kernels import passages as kernel
from clean_corpus.text import buffers

#: The scope of a rule for each kind of unit.
SCOPES = ("line", "head", "tail", "span")
TOP, BOTTOM = "top", "bottom"

_INITIALS = re.compile(r"(?:[^\W\d_]\.[\s-]*){2,4}")

# How many lines from its end of the article a rule still holds.
_REACH = 12

_HEADER = """\
# What each source repeats in its articles, as found in this input. Edit it, and give it back with
#   --set boilerplate.learned=FILE
# `count` of `articles` distinct articles hold the text, `examples` names some of them. Matching
# disregards case, numbers, initials, and the kinds of quotes, dashes and blanks.
language = "common"
version = "learned"
"""


#: A rule as it stands in the file.
Lesson = TypedDict(
    "Lesson",
    {
        "id": str,
        "why": str,
        "source": str,
        "class": str,
        "scope": str,
        "where": str,
        "text": str,
        "count": int,
        "articles": int,
        "examples": list[str],
    },
)


def lesson_id(source: str, value: int) -> str:
    """Name a rule by its source and the hash of its folded text; `learned.` comes before it."""
    slug = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40] or "source"
    digest = hashlib.blake2b(f"{source}\0{value}".encode(), digest_size=4).hexdigest()
    return f"{slug}.{digest}"


def is_telling(text: str, scope: str, where: str) -> bool:
    """Tell whether a text can be a rule.

    A mere separator cannot, nor a prefix like "18h30 -"; nor, but at the bottom of articles, the
    tail of a line that is a bracket or holds a number, such as "- 12 euros a kilo".
    """
    numbered = any(map(str.isdigit, text))
    bracket = unicodedata.category(text[0]) == "Ps"
    if scope == "tail" and where != BOTTOM and (numbered or bracket):
        return False
    if where == BOTTOM and _INITIALS.fullmatch(text):
        return True
    if "..." in text or "…" in text:
        return True
    if scope == "line":
        return sum(c.isalnum() for c in text) >= 2
    return sum(len(c.encode()) for c in text if c.isalpha()) >= 4


def to_toml(lessons: Iterable[Lesson]) -> str:
    """Write a lexicon, sorted by source, then count, then text."""
    order = sorted(
        lessons, key=lambda x: (x["source"], -x["count"], x["scope"], x["text"], x["id"])
    )
    return "\n".join([_HEADER, *map(_rule, order)])


def _rule(lesson: Lesson) -> str:
    return "\n".join(["[[rules]]", *(f"{key} = {_value(x)}" for key, x in lesson.items()), ""])


def _value(value: object) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


class Wanted(NamedTuple):
    """What a rule is looked for by."""

    source: str
    scope: str
    where: str
    text: str


class Lookup(NamedTuple):
    """Rules by hash of source and text: sorted `keys`, the `rule` behind each, and its place.

    `sources` are the hashes of the sources that have rules.
    """

    sources: npt.NDArray[np.uint64]
    keys: npt.NDArray[np.uint64]
    rule: npt.NDArray[np.int64]
    where: npt.NDArray[np.str_]


class Found(NamedTuple):
    """Where rules hold: number of the rule, row of the text, bytes of the text; sorted by text.

    `far` are the rows of texts that hold one too far from the end of the article.
    """

    rule: npt.NDArray[np.int64]
    doc: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    far: npt.NDArray[np.int64]


def lookup(wanted: Sequence[Wanted], numbers: Sequence[int] | None = None) -> Lookup:
    """Index what is wanted; the rules behind are numbered, or have the numbers given."""
    texts = pa.array([one.text for one in wanted], pa.large_string())
    kinds = np.array([SCOPES.index(one.scope) for one in wanted], np.uint8)
    keys = kernel.fingerprints(*buffers(texts), kinds)
    sources = np.array([_source_hash(one.source) for one in wanted], np.uint64)
    keys ^= sources
    order = np.argsort(keys, kind="stable")
    where = np.array([one.where for one in wanted], np.str_)
    rule = np.arange(len(wanted)) if numbers is None else np.array(numbers, np.int64)
    return Lookup(np.unique(sources), keys[order], rule[order], where[order])


def find(index: Lookup, texts: pa.LargeStringArray, sources: pa.StringArray) -> Found:
    """Find the rules of each text's source; a text without a source (null) has none."""
    of_text = source_hashes(sources)
    rows = np.flatnonzero(np.isin(of_text, index.sources))
    if len(rows) < len(texts):
        texts, of_text = texts.take(pa.array(rows)), of_text[rows]
    data, offsets = buffers(texts)
    units, about = kernel.cut(data, offsets)
    keys = units.hash ^ of_text[units.doc]
    at = np.minimum(np.searchsorted(index.keys, keys), max(len(index.keys) - 1, 0))
    hit = np.flatnonzero((index.keys[at] == keys) if len(index.keys) else np.zeros(len(keys), bool))
    below = about.lines[units.doc[hit]] - 1 - units.line[hit]
    where = index.where[at[hit]]
    far = ((where == TOP) & (units.line[hit] >= _REACH)) | ((where == BOTTOM) & (below >= _REACH))
    beyond = rows[units.doc[hit[far]]]
    hit = hit[~far & ((units.end - units.start)[hit] <= kernel.MAX_LINE)]
    doc = units.doc[hit].astype(np.int64)
    first = offsets[doc]
    rule = index.rule[at[hit]]
    return Found(rule, rows[doc], units.start[hit] - first, units.end[hit] - first, beyond)


def source_hashes(sources: pa.StringArray) -> npt.NDArray[np.uint64]:
    """Hash the source of each text as `Lookup.sources` has it; 0 for none."""
    names = sources.dictionary_encode()
    hashes = [0, *map(_source_hash, names.dictionary.to_pylist())]
    place: npt.NDArray[np.int32] = pc.fill_null(names.indices, -1).to_numpy() + 1
    return np.array(hashes, np.uint64)[place]


def _source_hash(source: str) -> int:
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "little")
