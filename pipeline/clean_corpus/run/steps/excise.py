"""Excise: cut passages that an earlier document keeps, whole sentences at a time."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus.sharing.tell import mine
from clean_corpus.text import EDITS, apply, compose, make_edits, no_edits, sort_edits

#: What the edits are called in the ledger.
CLASS, RULE = "shared_passage", "dedup.passages"

# Where a sentence begins, and where one ends: at a line's ends, and behind an end mark.
_BREAK = re.compile(r"\n\s*|(?<=[.!?…])[»”\"')\]]*\s+|(?<=[。！？])[」』”]*")


def excise(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write "cleaned" and "edits" of one shard without the passages that "found" says may go.

    Other inputs: cleaned, edits. Options: first (document). A text of which nothing would
    be left stays whole.
    """
    edits = spill.read(inputs["edits"][0])
    schema = pa.schema([])
    made: list[pa.Table] = []
    first = cut = 0
    batches = []
    for batch in spill.batches(inputs["cleaned"][0]):
        schema = batch.schema
        found = mine(inputs["found"][0], options["first"] + first, batch.num_rows)
        cuts = _cuts(batch["text"], found, options["first"] + first)
        cut += cuts.num_rows
        texts = apply(batch["text"], cuts)
        batches.append(batch.set_column(schema.get_field_index("text"), "text", texts))
        both = compose(batch["text"], _of(edits, first, batch.num_rows), cuts)
        made.append(_moved(both, first))
        first += batch.num_rows
    with spill.writer(outputs["cleaned"], schema) as out:
        for batch in batches:
            out.write_batch(batch)
    spill.write(outputs["edits"], pa.concat_tables([no_edits(), *made]).unify_dictionaries())
    return {"cut": cut}


def _cuts(texts: pa.LargeStringArray, found: pa.Table, first: int) -> pa.Table:
    """Make the edits of a batch; spans shrink to whole sentences, and take the blanks behind."""
    rows: list[tuple[int, int, int]] = []
    by_row: dict[int, list[tuple[int, int]]] = {}
    for passage in found.filter(found["goes"]).to_pylist():
        spans = by_row.setdefault(passage["document"] - first, [])
        spans.append((passage["start"], passage["end"]))
    for row, spans in sorted(by_row.items()):
        text = texts[row].as_py()
        cuts = list(_sentences(text, spans))
        left = list(text)
        for start, end in cuts:
            left[start:end] = [""] * (end - start)
        if "".join(left).strip():
            ends = [0, *accumulate(len(c.encode()) for c in text)]
            rows += [(row, ends[start], ends[end]) for start, end in cuts]
    if not rows:
        return no_edits()
    doc, begin, stop = zip(*rows, strict=True)
    return sort_edits(make_edits(doc, begin, stop, [""] * len(rows), CLASS, RULE, "remove"))


def _sentences(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the sentences that lie in each span; the words of a span end before its last mark."""
    begins = [0, *(match.end() for match in _BREAK.finditer(text))]
    ends = [*(match.start() for match in _BREAK.finditer(text)), len(text)]
    for start, end in sorted(spans):
        low = bisect_left(begins, _word(text, start))
        high = bisect_right(ends, end + _marks(text, end)) - 1
        if low <= high:
            stop = begins[high + 1] if high + 1 < len(begins) else ends[high]
            yield begins[low], stop


def _word(text: str, start: int) -> int:
    """Give where a word begins with the marks that open it."""
    while start and not text[start - 1].isalnum() and not text[start - 1].isspace():
        start -= 1
    return start


def _marks(text: str, end: int) -> int:
    """Count the marks behind a word that belong to its sentence."""
    stop = end
    while stop < len(text) and not text[stop].isalnum() and text[stop] != "\n":
        stop += 1
    return stop - end


def _of(edits: pa.Table, first: int, rows: int) -> pa.Table:
    here = edits.filter(
        pc.and_(pc.greater_equal(edits["doc"], first), pc.less(edits["doc"], first + rows))
    )
    return _moved(here, -first)


def _moved(edits: pa.Table, rows: int) -> pa.Table:
    doc = pc.add(edits["doc"], pa.scalar(rows, pa.int32()))
    return edits.set_column(0, EDITS.field("doc"), doc)
