"""What only neighbours can tell: places, headers and their links, pleas and theirs, menus.

Everything here looks at one document at a time, and only at documents in which a rule matched or
whose title is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus import dialect
from clean_corpus.kernels import fold
from clean_corpus.lexicons import Rule
from clean_corpus.stages.boilerplate.lines import Lines, Proposal, ends, is_prose, is_short
from clean_corpus.text import buffers

_TOP = 4  # lines from the top, or the bottom, of what is kept
_SUBHEAD = 70  # bytes; a longer line is no subhead
_OPEN = 30  # bytes; a shorter line without an end mark is a label and not an open sentence
_LINK_TEXT = 40  # bytes; a longer line is not the text of a link inside a sentence
_WRAPPED_LINES, _WRAPPED_LEAST = 60, 3
_LINK = 150  # bytes; a longer line is no headline
_MOST_LINKS = 8
_MENU_VOTES = 4  # different lines that vote for a menu
_MENU_GAP = 4  # lines between two votes that may go with them
_ABOVE = ("byline", "date_stamp", "relative_time")  # the headline stands between them and a menu
_MENU_LINE = 40  # bytes; a longer line is in no menu, for it may be the headline under it;
_MENU_WORDS = 5  # so may one of more words, or a question
_HEAD = 3  # lines among which a repeated headline is looked for
_TITLE = 8  # bytes; a shorter title proves nothing
_MENU_EDGE = 12  # lines between a menu and the edge of the document that go with it


class Found(NamedTuple):
    """What was found in one document: lines `[first, last)`, proposals with their rules."""

    lines: Lines
    first: int
    last: int
    proposals: list[tuple[Proposal, Rule]]


def placed(found: Found) -> list[Proposal]:
    """Give the proposals whose rules may match where they stand; votes are left out."""
    wrapped = _Memo(lambda _: _is_wrapped(found))
    waiting = [
        pair
        for pair in found.proposals
        if not pair[1].votes and not (pair[0].start == 0 and _runs_on(found, pair[0], wrapped))
    ]
    kept: list[Proposal] = []
    gone: list[int] = []  # whole lines, sorted; the more are gone, the more may go
    before = -1
    while before != len(gone):
        before = len(gone)
        for order in (1, -1):
            left = []
            for pair in waiting[::order]:
                proposal, rule = pair
                if not _stands(proposal.line, rule.where, found, gone):
                    left.append(pair)
                    continue
                kept.append(proposal)
                if proposal.whole and not _is_in(gone, proposal.line):
                    insort(gone, proposal.line)
            waiting = left[::order]
    return kept


def _is_in(lines: list[int], line: int) -> bool:
    at = bisect_left(lines, line)
    return at < len(lines) and lines[at] == line


def _is_wrapped(found: Found) -> bool:
    """Tell whether a text was broken into lines of a fixed width: many start inside a sentence."""
    lines = range(found.first + 1, min(found.last, found.first + _WRAPPED_LINES))
    inside = sum(_starts_small(found, line) and _is_open(found, line - 1) for line in lines)
    return inside >= _WRAPPED_LEAST and inside * 5 >= len(lines)


def _runs_on(found: Found, proposal: Proposal, wrapped: Callable[[int], bool]) -> bool:
    """Tell whether a proposal begins inside a sentence of the author's, broken into lines.

    In a wrapped text so does every line below an open one; elsewhere one in small letters, and
    the short text of a link, alone in a sentence that goes on in small letters below.
    """
    line = proposal.line
    if proposal.start > 0 or line == found.first or not _is_open(found, line - 1):
        return False
    if found.lines.size(line - 1) >= _OPEN and (_starts_small(found, line) or wrapped(0)):
        return True
    short = proposal.whole and found.lines.size(line) <= _LINK_TEXT
    below = line + 1 < found.last and found.lines.folded.breaks[line + 1] == 1
    return short and below and _starts_small(found, line + 1)


def _is_open(found: Found, line: int) -> bool:
    """Tell whether a line ends without the end of a sentence, with the next directly below."""
    return found.lines.folded.breaks[line + 1] == 1 and not ends(found.lines.lower(line))


def _starts_small(found: Found, line: int) -> bool:
    return found.lines.cased(line)[:4].decode(errors="ignore")[:1].islower()


def _stands(line: int, where: str, found: Found, gone: list[int]) -> bool:
    if where == "":
        return True
    if where == "first":
        return line == found.first
    above = bisect_left(gone, line)
    if where in ("top", "edge", "near") and line - found.first - above < _TOP:
        return True
    below = len(gone) - bisect_right(gone, line)
    if where in ("bottom", "edge") and found.last - line - 1 - below < _TOP:
        return True
    if where != "near":
        return False
    if _is_in(gone, line - 1) or _is_in(gone, line + 1) or line + 1 == found.last:
        return True
    return is_short(found.lines.lower(line - 1), _SUBHEAD)


def neighbours(found: Found, kept: list[Proposal]) -> Iterator[Proposal]:
    """Give the lines that go because of a proposal beside them."""
    gone = {proposal.line for proposal in kept if proposal.whole}
    dated = {proposal.line for proposal, _ in found.proposals if proposal.class_ in _ABOVE}
    for proposal in kept:
        if proposal.doubt:
            continue
        if proposal.class_ == "related_header" and proposal.whole:
            yield from _links(found, proposal, gone, dated)
        elif proposal.class_ == "donation_plea" and proposal.whole:
            yield from _plea_header(found, proposal, gone)
        elif proposal.class_ == "image_caption" and proposal.whole:
            yield from _label(found, proposal, gone)


def _whole(found: Found, line: int, class_: str, by: Proposal) -> Proposal:
    return Proposal(line, 0, found.lines.size(line), class_, by.rule, whole=True)


def _links(found: Found, header: Proposal, gone: set[int], dated: set[int]) -> Iterator[Proposal]:
    """Take the headlines under a header: to the end, or up to prose or an empty line.

    A headline above a date or a byline begins an article of its own.
    """
    breaks = found.lines.folded.breaks
    taken: list[int] = []
    line = header.line + 1
    spaced = line < found.last and breaks[line] > 1
    while line < found.last and len(taken) < _MOST_LINKS:
        if line in gone:
            break
        text = found.lines.lower(line)
        if not is_short(text, _LINK) or (taken and not spaced and breaks[line] > 1):
            break
        taken.append(line)
        line += 1
    before_prose = line < found.last and line not in gone and len(taken) < _MOST_LINKS
    if before_prose and taken and taken[-1] in dated:
        taken = taken[:-2]
    elif taken and line in dated:
        taken = taken[:-1]
    if before_prose and len(taken) > 1 and (spaced or breaks[line] == breaks[taken[-1]]):
        taken.pop()  # it may be the subhead of what follows
    if len(taken) == _MOST_LINKS and before_prose:
        return
    for link in taken:
        yield _whole(found, link, "related_link", header)


def _plea_header(found: Found, plea: Proposal, gone: set[int]) -> Iterator[Proposal]:
    """Take the plea's headline: a short line under prose and directly above the plea."""
    line = plea.line - 1
    if line <= found.first or line in gone or line - 1 in gone:
        return
    if is_short(found.lines.lower(line), _SUBHEAD) and is_prose(found.lines.lower(line - 1)):
        yield _whole(found, line, "donation_header", plea)


def _label(found: Found, label: Proposal, gone: set[int]) -> Iterator[Proposal]:
    """Take the line under a label that stands alone ("Image caption"), if it may be a caption."""
    line = label.line + 1
    if found.lines.size(label.line) > 40 or line >= found.last or line in gone:
        return
    alone = found.lines.folded.breaks[line] == 1 and found.lines.size(line) < 200
    if alone and line + 1 < found.last:
        yield _whole(found, line, "image_caption", label)


def menus(found: Found, kept: list[Proposal]) -> Iterator[Proposal]:
    """Give the lines of menus: runs of short lines in which several vote for one."""
    votes = {
        proposal.line
        for proposal in kept
        if proposal.whole and not proposal.doubt and proposal.class_ not in _ABOVE
    }
    by = {proposal.line: proposal for proposal in kept}
    for proposal, rule in found.proposals:
        if rule.votes and not proposal.doubt:
            votes.add(proposal.line)
            by.setdefault(proposal.line, proposal)
    if len(votes) < _MENU_VOTES:
        return
    short = _Memo(lambda line: _is_entry(found.lines.lower(line)))
    for cluster in _clusters(sorted(votes), short):
        texts = {found.lines.lower(line) for line in cluster}
        if len(texts) < _MENU_VOTES or not any(by[line].class_ == "navigation" for line in cluster):
            continue
        start, end = cluster[0], cluster[-1] + 1
        if start - found.first <= _MENU_EDGE and all(map(short, range(found.first, start))):
            start = found.first
        if found.last - end <= _MENU_EDGE and all(map(short, range(end, found.last))):
            end = found.last
        leader = next(by[line] for line in cluster if by[line].class_ == "navigation")
        for line in range(start, end):
            if line not in by or by[line].class_ == "navigation":
                yield _whole(found, line, "navigation", leader)


def _is_entry(line: bytes) -> bool:
    return line.count(b" ") < _MENU_WORDS and line[-1:] != b"?" and is_short(line, _MENU_LINE)


class _Memo:
    """A test of lines that remembers its answers."""

    def __init__(self, test: Callable[[int], bool]) -> None:
        self.test, self.known = test, dict[int, bool]()

    def __call__(self, line: int) -> bool:
        if line not in self.known:
            self.known[line] = self.test(line)
        return self.known[line]


def _clusters(votes: list[int], short: Callable[[int], bool]) -> Iterator[list[int]]:
    """Join votes with only a few short lines between them."""
    cluster = votes[:1]
    for line in votes[1:]:
        near = line - cluster[-1] <= _MENU_GAP + 1
        if near and all(map(short, range(cluster[-1] + 1, line))):
            cluster.append(line)
        else:
            yield cluster
            cluster = [line]
    yield cluster


def headlines(lines: Lines, titles: pa.StringArray) -> list[Proposal]:
    """Give the first line near each document's top that only repeats the record's title."""
    filled = titles.cast(pa.large_string()).fill_null("")
    data, offsets = buffers(filled)
    folded = fold.fold(data, offsets, dialect.tables())
    view = folded.lower.tobytes()
    out: dict[int, Proposal] = {}
    for k in range(_HEAD):
        line = lines.first[folded.doc] + k
        inside = np.flatnonzero(line < lines.first[folded.doc + 1])
        same = lines.folded.core[line[inside]] == folded.core[inside]
        for i in inside[same].tolist():
            seen = view[folded.view[i] : folded.view[i + 1]]
            at = int(line[i])
            if len(seen) >= _TITLE and lines.lower(at) == seen:
                out.setdefault(
                    int(folded.doc[i]),
                    Proposal(at, 0, len(seen), "repeated_headline", "common.title", whole=True),
                )
    return list(out.values())
