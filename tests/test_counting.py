"""Lines and parts of lines are cut, folded, hashed and found again as they were counted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import learned
from clean_corpus.kernels import passages as kernel
from clean_corpus.text import buffers
from sites import folded


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


LINE_TEXT = st.text(st.sampled_from("aÀéA İß09٣ \t\u00a0\u200b.,'’«»-–—−()ñЖ字🙂|"), max_size=24)


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
        for rule, doc, start, end in zip(*found[:4], strict=True)
    ]
    assert found.far.tolist() == [2]
    assert spans == [(1, "- a site"), (3, "paris -"), (0, "1\u202f204 comments"), (2, "ÜBER UNS")]
