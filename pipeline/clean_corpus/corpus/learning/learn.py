"""Learn: turn what each source repeats into a lexicon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from clean_corpus import config, spill
from clean_corpus.corpus.learning.furniture import Finding, furniture
from clean_corpus.corpus.learning.passages import articles
from clean_corpus.corpus.learning.repeated import Read
from clean_corpus.learned import BOTTOM, TOP, Lesson, is_telling, lesson_id, to_toml

_WHY = {
    TOP: "stands at the top of {} of {} articles of this source",
    BOTTOM: "stands at the bottom of {} of {} articles of this source",
    "": "stands in {} of {} articles of this source",
}


def gather(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `lessons`: what the sources of one partition teach, as JSON.

    Inputs: passages and documents, shard by shard. Options: partition, learn.
    """
    learn = config.from_json(config.Learn, options["learn"])
    table = articles(inputs["passages"], options["partition"])
    lessons: list[Lesson] = []
    sources = 0
    for source, part in _by_source(table):
        if part.num_rows >= learn.min_articles:
            sources += 1
            read = partial(_read, part, inputs["documents"])
            lessons += _spelled(source, part, furniture(part, learn, source, read), read)
    Path(outputs["lessons"]).write_bytes(orjson.dumps(lessons))
    return {"articles": table.num_rows, "sources": sources, "rules": len(lessons)}


def _by_source(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    names = table["source"].combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy()
    edges = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else codes
    for start, end in pairwise([*edges, len(codes)]):
        yield names.dictionary[int(codes[start])].as_py(), table.slice(start, end - start)


def _spelled(
    source: str, part: pa.Table, findings: Sequence[Finding], read: Read
) -> Iterator[Lesson]:
    """Turn findings into rules, with texts and ids read from the documents that show them."""
    shown = iter(read([row for finding in findings for row in finding.rows]))
    for finding in findings:
        spellings = [next(shown) for _ in finding.rows]
        text = max(spellings, key=lambda x: (spellings.count(x), len(x)))
        if not is_telling(text, finding.scope, finding.where):
            continue
        keys = part["key"].take(pa.array([article for article, _, _ in finding.rows])).to_pylist()
        yield {
            "id": lesson_id(source, finding.hash),
            "why": _WHY[finding.where].format(finding.votes, finding.voters),
            "source": source,
            "class": "learned",
            "scope": finding.scope,
            "where": finding.where,
            "text": text,
            "count": finding.votes,
            "articles": finding.voters,
            "examples": keys,
        }


def _read(
    part: pa.Table, documents: Sequence[str], spans: Sequence[tuple[int, int, int]]
) -> list[str]:
    """Read spans (bytes) of the base texts of articles, in the order given."""
    found: dict[int, str] = {}
    columns = part.select(["shard", "batch", "row"])
    places = columns.take(pa.array([article for article, _, _ in spans], pa.int64())).to_pylist()
    by_batch = sorted(range(len(spans)), key=lambda i: _batch(places[i]))
    for (shard, number), group in groupby(by_batch, lambda i: _batch(places[i])):
        texts = _batch_texts(documents[shard], number)
        for i in group:
            _, start, end = spans[i]
            text = texts[places[i]["row"]].as_buffer()
            found[i] = text.slice(start, end - start).to_pybytes().decode()
    return [found[i] for i in range(len(spans))]


@lru_cache(maxsize=16)
def _batch_texts(path: str, number: int) -> pa.LargeStringArray:
    """Read the texts of a batch: those of several sources stand together."""
    return spill.batch(path, number, ["text"])["text"]


def _batch(place: Mapping[str, int]) -> tuple[int, int]:
    return place["shard"], place["batch"]


def write_learned(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `learned`, the lexicon, from the `lessons` of all partitions."""
    del options
    lessons = [
        lesson for path in inputs["lessons"] for lesson in orjson.loads(Path(path).read_bytes())
    ]
    Path(outputs["learned"]).write_text(to_toml(lessons), encoding="utf-8", newline="\n")
    return {"rules": len(lessons)}
