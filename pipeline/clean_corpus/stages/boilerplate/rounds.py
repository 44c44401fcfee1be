"""What a round of cuts leaves of the round before: texts, edits, and what was found in other lines.

A cut may lay bare another, so cutting goes on until nothing more is found; but only lines that were
cut, and first lines, have to be looked at again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import text
from clean_corpus.lexicons import Rule
from clean_corpus.stages.boilerplate import titles
from clean_corpus.stages.boilerplate.lexicon import Matcher
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import Batch

_FEED = 10

Offsets = npt.NDArray[np.int64]
Pairs = list[tuple[Proposal, Rule]]


class Round(NamedTuple):
    """The documents `docs` of a batch as they are now, the edits that led here, and what matches.

    Rows of `edits` are numbered like `batch`, which has only these documents.
    """

    docs: Offsets
    batch: Batch
    lines: Lines
    edits: pa.Table
    pairs: Pairs


def first_round(matcher: Matcher, batch: Batch) -> Round:
    """Look at all lines of a batch."""
    lines = Lines.of(batch)
    pairs = matcher.find(lines, batch)
    return Round(np.arange(len(batch.texts)), batch, lines, text.no_edits(), pairs)


def next_round(
    matcher: Matcher, before: Round, cuts: pa.Table, edits: pa.Table, docs: Offsets
) -> Round:
    """Cut, and look at what has changed; `docs` are the rows of `before` that go on.

    `cuts` are edits of the texts of `before`, `edits` those and the ones before, composed.
    """
    part = Batch(*(column.take(pa.array(docs)) for column in before.batch))
    part = part._replace(texts=text.apply(part.texts, rows_of(cuts, docs)))
    lines = Lines.of(part)
    old = _old_lines(before.lines, cuts, docs, lines)
    fresh = old < 0
    fresh[lines.first[:-1][lines.first[:-1] < lines.first[1:]]] = True
    line_now = np.full(len(before.lines.folded.doc), -1, np.int64)
    line_now[old[~fresh]] = np.flatnonzero(~fresh)
    pairs = [
        (proposal._replace(line=int(line_now[proposal.line])), rule)
        for proposal, rule in before.pairs
        if line_now[proposal.line] >= 0
    ]
    pairs += matcher.find(lines, part, fresh)
    pairs.sort(key=lambda pair: (*pair[0][:3], pair[1].id))
    return Round(before.docs[docs], part, lines, rows_of(edits, docs), pairs)


def unsettled(now: Round, found: pa.Table, cuts: pa.Table) -> Offsets:
    """Give the rows of `now` that may hold more once `cuts`, of the edits `found`, are made.

    Headlines are looked for near the top. All else that is found, places, neighbours, menus and
    votes, begins with lines that rules match: where none of these stays, nothing will be found,
    nor will flags that they led to.
    """
    folded = now.lines.folded
    lost = _lost(now.lines, cuts)
    gone = lost == folded.end - folded.start
    row = np.arange(len(gone)) - now.lines.first[folded.doc]
    more = (lost > 0) & (row < titles.HEAD)
    matched = np.array([proposal.line for proposal, _ in now.pairs], np.int64)
    more[matched[~gone[matched]]] = True
    flagged = np.unique(found["doc"].to_numpy()[text.is_flag(found)])
    return np.intersect1d(cuts["doc"].to_numpy(), np.union1d(folded.doc[more], flagged))


def ending(lines: Lines, cuts: pa.Table) -> Offsets:
    """Give the rows of which the last line goes, or one that ends otherwise than with a line feed.

    To learned rules other breaks are none, and what stands beside them is of one line.
    """
    folded = lines.folded
    gone = np.flatnonzero(_lost(lines, cuts) == folded.end - folded.start)
    doc = folded.doc[gone].astype(np.int64)
    fed = lines.data[np.minimum(folded.stop, len(lines.data) - 1)] == _FEED
    last = gone + 1 == lines.first[doc + 1]
    apart = fed[gone] & (fed[gone - 1] | (gone == lines.first[doc]))
    rows: Offsets = doc[last | ~apart]
    return rows


def rows_of(edits: pa.Table, docs: Offsets) -> pa.Table:
    """Take the edits of some documents, sorted, and number these anew."""
    doc = edits["doc"].to_numpy()
    at = np.minimum(np.searchsorted(docs, doc), max(0, len(docs) - 1))
    mine = docs[at] == doc if len(docs) else np.zeros(len(doc), bool)
    numbered = pa.array(at[mine], pa.int32())
    return text.only(edits, mine).set_column(0, text.EDITS.field("doc"), numbered)


def _old_lines(before: Lines, cuts: pa.Table, docs: Offsets, lines: Lines) -> Offsets:
    """Give the line before of each line now, or -1 for one that is not as it was."""
    folded, lost = before.folded, _lost(before, cuts)
    stays = np.isin(folded.doc, docs) & (lost < folded.end - folded.start)
    kept = np.flatnonzero(stays)
    had = np.bincount(np.searchsorted(docs, folded.doc[kept]), minlength=len(docs))
    has = np.diff(lines.first)
    out = np.full(len(lines.folded.doc), -1, np.int64)
    # Where blanks or marks alone are left of a line, it is no line any more.
    same = had == has
    out[same[lines.folded.doc]] = kept[np.repeat(same, had)]
    out[lost[out] > 0] = -1
    return out


def _lost(lines: Lines, cuts: pa.Table) -> Offsets:
    """Give the bytes that cuts take of each line, without the blanks around it."""
    folded = lines.folded
    doc, start, end = (cuts[name].to_numpy().astype(np.int64) for name in ("doc", "start", "end"))
    start, end = start + lines.offsets[doc], end + lines.offsets[doc]
    line = np.searchsorted(folded.begin, start, "right") - 1
    cut = np.minimum(end, folded.end[line]) - np.maximum(start, folded.start[line])
    lost = np.zeros(len(folded.doc), np.int64)
    np.add.at(lost, line, np.maximum(cut, 0))
    return lost
