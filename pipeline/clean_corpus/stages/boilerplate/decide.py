"""The one place that decides: which of the proposed spans are cut, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import text as base
from clean_corpus.config import Boilerplate, ratio
from clean_corpus.patterns import dialect
from clean_corpus.stages.boilerplate import vote
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import Batch

Offsets = npt.NDArray[np.int64]

#: What is moved to a field of the record; the values of the others are only in the ledger.
METADATA = ("dateline", "byline", "date_stamp", "epoch", "agency_credit")
_AROUND = (vote.HEAD, vote.TAIL)


def action(class_: str, source: str | None, options: Boilerplate) -> str:
    """Give what becomes of a class in a source: its own setting, else the class's, else ours."""
    default = "metadata" if class_ in METADATA else "remove"
    chosen = options.actions.get(class_, default)
    return options.sources.get(source or "", {}).get(class_, chosen)


def disjoint(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Resolve overlaps; the result is sorted and does not depend on the order of proposals.

    A whole line beats its parts. Of two parts, one that ends or begins with the other gives way
    where they overlap ("caption" + "credit"), one inside the other goes with it. What is learned
    gives way to a rule that cuts as much and knows what it is.
    """
    out: list[Proposal] = []
    ordered = sorted(set(proposals), key=lambda p: (p.line, not p.whole, p.start, -p.end, p.rule))
    for _, group in groupby(ordered, key=lambda p: p.line):
        line = _told(list(group))
        if line[0].whole and not _splits(line):
            out.append(line[0])
            continue
        kept: list[Proposal] = []
        for cut in sorted(line, key=lambda p: (p.start, -p.end, p.rule)):
            last = kept[-1] if kept else None
            if last is None or cut.start >= last.end:
                kept.append(cut)
            elif cut.end == last.end and cut.start > last.start and cut.class_ != last.class_:
                kept[-1] = last._replace(end=cut.start, whole=False)
                kept.append(cut)
            elif cut.end > last.end:
                kept.append(cut._replace(start=last.end, whole=False))
        out += kept
    return out


def _told(line: list[Proposal]) -> list[Proposal]:
    """Drop what is learned inside the span of a rule that is not."""
    rules = [cut for cut in line if cut.class_ != "learned"]
    return [
        cut
        for cut in line
        if cut.class_ != "learned"
        or not any(rule.start <= cut.start and cut.end <= rule.end for rule in rules)
    ]


def _splits(line: list[Proposal]) -> bool:
    """Tell whether a caption or credit is followed, in its line, by something of another class."""
    first = line[0]
    return first.class_ in ("image_caption", "image_credit") and any(
        cut.end == first.end and cut.start > 0 and cut.class_ == "info_header" for cut in line[1:]
    )


def edits(lines: Lines, batch: Batch, proposals: list[Proposal], options: Boilerplate) -> pa.Table:
    """Make the edits of proposals: cuts that are disjoint, and flags."""
    if not proposals:
        return base.no_edits()
    cuts: list[Proposal] = []
    flags: set[Proposal] = set()
    for proposal, what in zip(proposals, _actions(lines, batch, proposals, options), strict=True):
        if what == "flag" or (proposal.doubt and what != "off"):
            flags.add(proposal)
        elif what != "off":
            cuts.append(proposal)
    ordered = sorted(flags, key=lambda p: (p.line, p.start, p.end, p.rule))
    tables = [_table(lines, batch, disjoint(cuts), options), _flag_table(lines, ordered)]
    return base.sort_edits(pa.concat_tables(tables, promote_options="default"))


def _actions(
    lines: Lines, batch: Batch, proposals: Sequence[Proposal], options: Boilerplate
) -> list[str]:
    """Give what becomes of each proposal."""
    docs = lines.folded.doc[[proposal.line for proposal in proposals]]
    sources = batch.sources.take(pa.array(docs)).to_pylist()
    keys = [(proposal.class_, source) for proposal, source in zip(proposals, sources, strict=True)]
    told = {key: action(*key, options) for key in set(keys)}
    return [told[key] for key in keys]


def _table(lines: Lines, batch: Batch, cuts: list[Proposal], options: Boilerplate) -> pa.Table:
    if not cuts:
        return base.no_edits()
    start, end = lines.spans(cuts)
    line = np.array([cut.line for cut in cuts], np.int64)
    doc = lines.folded.doc[line]
    first = lines.offsets[doc]
    made = base.make_edits(
        doc,
        start - first,
        end - first,
        [""] * len(cuts),
        [cut.class_ for cut in cuts],
        [cut.rule for cut in cuts],
        _actions(lines, batch, cuts, options),
    )
    return pa.concat_tables([made, _breaks(lines, _emptied(lines, cuts, line))])


def _emptied(lines: Lines, cuts: list[Proposal], line: Offsets) -> Offsets:
    """Give the lines that cuts leave nothing of."""
    gone = np.zeros(len(lines.folded.doc), np.int64)
    np.add.at(gone, line, np.array([cut.end - cut.start for cut in cuts], np.int64))
    return np.flatnonzero(gone == np.diff(lines.folded.view))


def _breaks(lines: Lines, emptied: Offsets) -> pa.Table:
    """Make edits for the breaks around emptied lines, of which the longest stays.

    At the top and at the bottom of a document none stays.
    """
    folded = lines.folded
    doc = folded.doc[emptied]
    begins = np.flatnonzero((np.diff(emptied, prepend=-2) != 1) | (np.diff(doc, prepend=-1) != 0))
    past = np.append(emptied[begins[1:] - 1], emptied[-1:]) + 1
    runs = emptied[begins], past, lines.first[doc[begins]], lines.first[doc[begins] + 1]
    gaps: list[int] = []  # those before these lines
    for first, end, top, bottom in zip(*(column.tolist() for column in runs), strict=True):
        inside = range(max(first, top + 1), min(end + 1, bottom))
        stays = -1
        if top < first and end < bottom:
            stays = max(inside, key=lambda line: (int(folded.breaks[line]), -line))
        gaps += [line for line in inside if line != stays]
    below = np.array(gaps, np.int64)
    start = lines.offsets[folded.doc[below]]
    return base.make_edits(
        folded.doc[below],
        folded.stop[below - 1] - start,
        folded.begin[below] - start,
        [""] * len(below),
        "whitespace",
        "common.emptied-line",
        "replace",
    )


def _flag_table(lines: Lines, flags: list[Proposal]) -> pa.Table:
    if not flags:
        return base.no_edits()
    start, end = lines.spans(flags)
    doc = lines.folded.doc[np.array([flag.line for flag in flags], np.int64)]
    first = lines.offsets[doc]
    texts = [lines.data[a:b].tobytes().decode() for a, b in zip(start, end, strict=True)]
    return base.make_edits(
        doc,
        start - first,
        end - first,
        texts,
        [flag.class_ for flag in flags],
        [flag.rule for flag in flags],
        "flag",
    )


#: Drops the proposals that may not be carried out.
Protection: TypeAlias = Callable[[Lines, list[Proposal]], list[Proposal]]


def protection(patterns: Sequence[str]) -> Protection:
    """Make the filter that drops proposals which touch what a protected pattern matches."""
    compiled = [dialect.compiled(pattern) for pattern in patterns]

    def protected(lines: Lines, proposal: Proposal) -> bool:
        text = lines.lower(proposal.line)
        spans = (match.span() for pattern in compiled for match in pattern.finditer(text))
        return any(a < proposal.end and proposal.start < b for a, b in spans)

    def keep(lines: Lines, proposals: list[Proposal]) -> list[Proposal]:
        if not compiled:
            return proposals
        return [proposal for proposal in proposals if not protected(lines, proposal)]

    return keep


def guard(texts: pa.LargeStringArray, made: pa.Table, options: Boilerplate) -> pa.Table:
    """Turn all edits of a document into flags where they would take too much of it, or all.

    Too much is more than `max_share` of its code points; blanks count like any others. Menus are
    on neither side of the account: a page with a short article is as good as one with a long one.
    """
    cuts = base.changes(made)
    doubted = _doubted(texts, cuts, options)
    if len(doubted) == 0:
        return made
    cuts = base.only(cuts, np.isin(cuts["doc"].to_numpy(), doubted))
    docs, doc = np.unique(cuts["doc"].to_numpy(), return_inverse=True)
    cut = texts.take(pa.array(docs))
    cuts = cuts.set_column(0, base.EDITS.field("doc"), pa.array(doc, pa.int32()))
    start, end = base.code_points(cut, cuts)
    menu = pc.is_in(cuts["rule"].cast(pa.string()), pa.array(_AROUND)).to_numpy(
        zero_copy_only=False
    )
    lost = np.bincount(doc, (end - start) * ~menu).astype(np.int64)
    size = pc.utf8_length(cut).to_numpy()
    size = size - np.bincount(doc, (end - start) * menu).astype(np.int64)
    over, under = ratio(options.max_share)
    left = pc.utf8_length(pc.utf8_trim_whitespace(base.apply(cut, cuts)))
    spared = docs[(lost * under > size * over) | ((lost > 0) & (left.to_numpy() == 0))]
    if len(spared) == 0:
        return made
    return _flagged(texts, made, spared)


def _doubted(texts: pa.LargeStringArray, cuts: pa.Table, options: Boilerplate) -> Offsets:
    """Give the documents that may lose too much; most do not, as their bytes can tell."""
    data, offsets = base.buffers(texts)
    doc, start, end = (cuts[name].to_numpy().astype(np.int64) for name in ("doc", "start", "end"))
    docs, first = np.unique(doc, return_index=True)
    if len(docs) == 0:
        return docs
    lost = np.add.reduceat(end - start, first)
    begin = data[offsets[docs]]
    over, under = ratio(options.max_share)
    # A code point has four bytes at most; and a text that begins with a letter is not all blank.
    little = 4 * lost * under <= (np.diff(offsets)[docs] - lost) * over
    doubted: Offsets = docs[~(little & (start[first] > 0) & (begin > 32) & (begin < 127))]
    return doubted


def _flagged(texts: pa.LargeStringArray, made: pa.Table, docs: Offsets) -> pa.Table:
    """Turn the cuts of some documents into flags, without those of their breaks."""
    cut = ~base.is_flag(made)
    blank = pc.equal(made["class"].cast(pa.string()), "whitespace").to_numpy()
    mine = np.isin(made["doc"].to_numpy(), docs) & cut
    told, stays = np.flatnonzero(mine & ~blank), np.flatnonzero(~mine)
    part = made.take(pa.array(told))
    doc, start, end = (part[name].to_numpy() for name in ("doc", "start", "end"))
    data, offsets = base.buffers(texts)
    begins, ends = (offsets[doc] + start).tolist(), (offsets[doc] + end).tolist()
    spans = [data[a:b].tobytes().decode() for a, b in zip(begins, ends, strict=True)]
    names = base.whole(part["class"]), base.whole(part["rule"])
    flags = base.make_edits(doc, start, end, spans, *names, "flag")
    joined = pa.concat_tables([made.take(pa.array(stays)), flags])
    order = np.argsort(np.concatenate([stays, told]))
    return joined.take(pa.array(order)).unify_dictionaries().combine_chunks()
