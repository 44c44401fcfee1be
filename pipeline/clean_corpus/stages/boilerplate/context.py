"""What only the whole document can tell: places where rules hold, lists, menus.

Everything here looks at one document at a time, and only at documents in which a rule matched.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from clean_corpus.lexicons import Rule
from clean_corpus.stages.boilerplate.lines import Lines, Proposal, ends, is_short

_TOP = 4  # lines from the top, or the bottom, of what is kept;
_EDGES = 4  # of a short text one line in so many, at least two, or all of it were edges
#: Bytes; a longer line is no subhead.
SUBHEAD = 70
_OPEN = 30  # bytes; a shorter line without an end mark is a label and not an open sentence
_QUOTATION = 120  # bytes; a longer one is a paragraph of speech
_LINK_TEXT = 40  # bytes; a longer line is not the text of a link inside a sentence
_WRAPPED_LINES, _WRAPPED_LEAST = 60, 3
_LISTED = ("date_stamp", "byline", "image_credit")
_NAMES = ("byline", "image_credit")
_ITEMS = 4  # so many in a row are a list
_ITEM_GAP = 4  # lines between two items, at most
_MENU_VOTES = 4  # different lines that vote for a menu
_MENU_GAP = 4  # lines between two votes that may go with them
#: The headline of an article stands above them.
ABOUT_ARTICLE = ("byline", "date_stamp", "relative_time", "dateline")
_MENU_LINE = 40  # bytes; a longer line is in no menu, for it may be the headline under it;
_MENU_WORDS = 5  # so may one of more words, or a question
_MENU_EDGE = 12  # lines between a menu and the edge of the document that go with it


class Found(NamedTuple):
    """What was found in one document: lines `[first, last)`, proposals with their rules."""

    lines: Lines
    first: int
    last: int
    proposals: list[tuple[Proposal, Rule]]


def whole_line(found: Found, line: int, class_: str, by: Proposal) -> Proposal:
    """Propose a line that goes because of another."""
    return Proposal(line, 0, found.lines.size(line), class_, by.rule, whole=True)


def placed(found: Found, listed: set[tuple[int, str]]) -> list[Proposal]:
    """Give the proposals whose rules may match where they stand; votes are left out.

    `listed` are lines that may not go for a class: see `items`.
    """
    wrapped = _Memo(lambda _: _is_wrapped(found))
    waiting = [
        pair
        for pair in found.proposals
        if not pair[1].votes
        and not (pair[0].start == 0 and _runs_on(found, pair[0], wrapped))
        and (pair[0].line, pair[0].class_) not in listed
    ]
    kept: list[Proposal] = []
    gone: list[int] = []  # whole lines, sorted; the more are gone, the more may go
    before = -1
    while waiting and before != len(gone):
        before = len(gone)
        for order in (1, -1):
            left = []
            for pair in waiting[::order]:
                proposal, rule = pair
                if not _stands(proposal, rule.where, found, gone):
                    left.append(pair)
                    continue
                kept.append(proposal)
                if proposal.whole and not _is_in(gone, proposal.line):
                    insort(gone, proposal.line)
            waiting = left[::order]
    return kept


def items(found: Found) -> set[tuple[int, str]]:
    """Give the lines that look like date or author of the article but are items of a list.

    A fixture list has one date after the other with something between them; a list of winners has
    names, or names and agencies, line by line. An article has one, or a few in a row.
    """
    by_class: dict[str, list[int]] = {}
    if len(found.proposals) < _ITEMS:
        return set()
    for proposal, rule in found.proposals:
        anywhere = not rule.votes and rule.where != "last"
        if proposal.whole and anywhere and proposal.class_ in _LISTED:
            by_class.setdefault(proposal.class_, []).append(proposal.line)
    out: set[tuple[int, str]] = set()
    for class_, lines in by_class.items():
        run: list[int] = []
        for line in [*sorted(set(lines)), found.last + _ITEM_GAP + 1]:
            if run and line - run[-1] > _ITEM_GAP:
                apart = sum(b - a > 1 for a, b in pairwise(run))
                if len(run) >= _ITEMS and (apart >= _ITEMS - 1 or class_ in _NAMES):
                    out |= {(item, class_) for item in run}
                run = []
            run.append(line)
    return out


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


def _stands(proposal: Proposal, where: str, found: Found, gone: list[int]) -> bool:
    line = proposal.line
    if where == "":
        return True
    if where == "first":
        return line == found.first
    above = bisect_left(gone, line)
    reach = min(_TOP, max(2, (found.last - found.first) // _EDGES))
    if where in ("top", "edge", "near") and line - found.first - above < reach:
        return True
    below = len(gone) - bisect_right(gone, line)
    if where == "last":
        signs = not proposal.whole or _may_sign(found, line)
        return found.last - line - 1 == below and signs
    if where in ("bottom", "edge") and found.last - line - 1 - below < reach:
        return True
    if where not in ("near", "beside"):
        return False
    if _is_in(gone, line - 1) or _is_in(gone, line + 1):
        return True
    last = line + 1 == found.last
    return where == "near" and (last or is_short(found.lines.lower(line - 1), SUBHEAD))


def _may_sign(found: Found, line: int) -> bool:
    """Tell whether a line stands close below a sentence that neither asks for it nor announces it.

    The name below a short quotation may be of whom it quotes.
    """
    above = [found.lines.lower(at) for at in range(max(line - 2, found.first), line)]
    if not any(map(ends, above)) or above[-1].endswith((b"?", b":", "؟".encode())):
        return False
    quoted = above[-1].startswith(b'"') and above[-1].endswith(b'"')
    return not (quoted and len(above[-1]) <= _QUOTATION)


def menus(found: Found, kept: list[Proposal]) -> Iterator[Proposal]:
    """Give the lines of menus: runs of short lines in which several vote for one."""
    if len(kept) + len(found.proposals) < _MENU_VOTES:
        return
    votes = {
        proposal.line
        for proposal in kept
        if proposal.whole and not proposal.doubt and proposal.class_ not in ABOUT_ARTICLE
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
        if start > found.first and _announces(found.lines.lower(start - 1)):
            continue
        if start - found.first <= _MENU_EDGE and all(map(short, range(found.first, start))):
            start = found.first
        if found.last - end <= _MENU_EDGE and all(map(short, range(end, found.last))):
            end = found.last
        leader = next(by[line] for line in cluster if by[line].class_ == "navigation")
        for line in range(start, end):
            if line not in by or by[line].class_ == "navigation":
                yield whole_line(found, line, "navigation", leader)


def _announces(line: bytes) -> bool:
    """Tell whether an author's list stands below a line."""
    return line.endswith(b":") and len(line) > _OPEN


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
