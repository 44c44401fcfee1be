"""Find the article among the blocks of a page: what is dense text, and what trafilatura took.

Each block is worth something: prose its length, links and scraps less than nothing. It is worth
more or less by what the page calls the parts it stands in, and by whether trafilatura took it too.
The article is the run of blocks that is worth most, in the innermost element that holds nearly all
of it (maximum subsequence segmentation: Pasternack and Roth, 2009). So a page where trafilatura
took a teaser, the comments, or nothing is rescued, and on others it decides what stays.

The numbers below were chosen on one half of the pages of seven public sets of pages and confirmed
on the other (`benchmarks/extraction.py` prints both).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from clean_corpus.stages.blocks import Block, Layout, key

# What a block is worth, in characters.
_LINKS = 30
_SCRAP = 20
_SCRAP_SIZE = 40
_HEADING = -5
_SENTENCE = 80
_STOP = 20
_MOST = 1500
# What trafilatura's voice adds, and the part of its worth that a block keeps without it.
_VOTE, _VOTE_SHARE, _VOTE_SIZE = 5, (3, 10), 400
_UNVOTED = (2, 10)
_COMMENT = (1, 10)
_DOUBTFUL = (5, 10)
# An element is left for one inside it that holds this share of what counts, and of the votes.
_NEARLY_ALL = (85, 100)
_VOTES_HELD = (70, 100)
# The share of the prose of the article from which trafilatura's choice of blocks is taken.
_AGREED = (75, 100)

# Beyond so many characters compared, blocks count as taken only where they are whole lines.
_COMPARED = 200_000_000


class _Sums(NamedTuple):
    """Of a run of blocks: all they are worth, and the best head, tail and middle."""

    all: int = 0
    head: int = 0
    tail: int = 0
    best: int = 0


def article(layout: Layout, taken: str, *, comments: bool = False, strict: bool = False) -> str:
    """Give the text of the article, one block a line, cells of a row in one line.

    `taken` is what trafilatura made of the page; where `strict`, nothing else is kept unless it
    took nothing. With `comments`, the readers' comments that it took follow.
    """
    voted = _voted(layout.blocks, taken)
    return _render(layout, _chosen(layout, voted, comments, strict and bool(taken)))


def _chosen(layout: Layout, voted: list[bool], comments: bool, strict: bool) -> list[int]:
    """Choose the blocks of the article."""
    blocks = layout.blocks
    own = [_worth(block) for block in blocks]
    worth = [_with_vote(*item) for item in zip(blocks, own, voted, strict=True)]
    first, last = _best_run(layout, worth, voted)
    while first < last < len(blocks) and voted[last] and _harmless(blocks[last]):
        last += 1
    prose = agreed = 0
    for index in range(first, last):
        if own[index] > 0:
            prose += blocks[index].size
            agreed += blocks[index].size * voted[index]
    trusted = strict or agreed * _AGREED[1] > prose * _AGREED[0]
    kept = [
        index for index in range(first, last) if voted[index] or (own[index] > 0 and not trusted)
    ]
    kept = kept if trusted else _filled(kept, own)
    if comments:
        kept += [at for at in range(last, len(blocks)) if voted[at] and blocks[at].comment]
    return kept


def _voted(blocks: Sequence[Block], taken: str) -> list[bool]:
    """Say which blocks trafilatura took, wherever it broke lines."""
    lines = {key(line) for line in taken.splitlines()}
    whole = key(taken)
    left = _COMPARED
    voted = []
    for block in blocks:
        found = block.key in lines
        if not found and block.key and left > 0:
            left -= len(whole)
            found = block.key in whole
        voted.append(found and bool(block.key))
    return voted


def _worth(block: Block) -> int:
    """Value a block by itself."""
    size, linked = block.size, block.linked
    if linked * 2 > size:
        return -_LINKS - min(linked, 100) // 2
    if block.heading:
        return _HEADING
    if not block.stops and size < _SCRAP_SIZE:
        return -_SCRAP
    if not block.stops and size < _SENTENCE:
        return -linked
    worth = min(size - linked, _MOST) + _STOP * block.stops - linked
    if worth > 0 and block.comment:
        worth = worth * _COMMENT[0] // _COMMENT[1]
    if worth > 0 and block.doubtful:
        worth = worth * _DOUBTFUL[0] // _DOUBTFUL[1]
    return worth


def _with_vote(block: Block, worth: int, voted: bool) -> int:
    if voted:
        added = _VOTE + min(block.size, _VOTE_SIZE) * _VOTE_SHARE[0] // _VOTE_SHARE[1]
        worth += added * _COMMENT[0] // _COMMENT[1] if block.comment else added
    elif worth > 0:
        worth = worth * _UNVOTED[0] // _UNVOTED[1]
    return worth * 2 if block.body and worth > 0 else worth


def _harmless(block: Block) -> bool:
    """Say whether a short line behind the article, such as a row of a table, may belong to it."""
    return block.linked * 2 <= block.size and not block.doubtful and not block.comment


def _best_run(layout: Layout, worth: list[int], voted: list[bool]) -> tuple[int, int]:
    """Give the first block of the article, and the one behind its last."""
    if not layout.elements:
        return 0, 0
    votes = [0]
    for value, vote in zip(worth, voted, strict=True):
        votes.append(votes[-1] + (value if vote and value > 0 else 0))
    sums = _sums(layout, worth)
    inner: int | None = 0
    at = 0
    while inner is not None:
        at, inner = inner, None
        element = layout.elements[at]
        enough = sums[at].best * _NEARLY_ALL[0]
        votes_here = (votes[element.last] - votes[element.first]) * _VOTES_HELD[0]
        for part in element.parts:
            if part >= 0 and sums[part].best > 0 and sums[part].best * _NEARLY_ALL[1] >= enough:
                child = layout.elements[part]
                if (votes[child.last] - votes[child.first]) * _VOTES_HELD[1] >= votes_here:
                    inner = part
    element = layout.elements[at]
    return _heaviest(worth, element.first, element.last)


def _sums(layout: Layout, worth: list[int]) -> list[_Sums]:
    """Sum up each element from its parts; those inside stand behind it, hence backwards."""
    found = [_Sums()] * len(layout.elements)
    for index in range(len(layout.elements) - 1, -1, -1):
        whole = head = tail = best = 0
        for part in layout.elements[index].parts:
            if part < 0:
                value = worth[~part]
                plus = max(value, 0)
                item = _Sums(value, plus, plus, plus)
            else:
                item = found[part]
            best = max(best, item.best, tail + item.head)
            head = max(head, whole + item.head)
            tail = max(item.tail, tail + item.all)
            whole += item.all
        found[index] = _Sums(whole, head, tail, best)
    return found


def _heaviest(worth: list[int], first: int, last: int) -> tuple[int, int]:
    """Find the run of blocks that is worth most (Kadane)."""
    best, run, start = 0, 0, first
    found = (first, first)
    for index in range(first, last):
        run += worth[index]
        if run <= 0:
            run, start = 0, index + 1
        elif run > best:
            best, found = run, (start, index + 1)
    return found


def _filled(kept: list[int], own: list[int]) -> list[int]:
    """Put back a single short block between two that are kept, unless it is a link."""
    filled = kept[:1]
    for before, after in pairwise(kept):
        if after - before == 2 and own[before + 1] > -_LINKS:
            filled.append(before + 1)
        filled.append(after)
    return filled


def _render(layout: Layout, kept: list[int]) -> str:
    """Write blocks one a line, and cells of one row beside each other."""
    elements = layout.elements
    lines: list[str] = []
    row, cell = -1, -1
    for index in kept:
        block = layout.blocks[index]
        element = elements[block.element]
        if element.tag in ("td", "th") and element.parent == row and block.element != cell:
            lines[-1] += f" | {block.text}"
        else:
            lines.append(block.text)
        row, cell = (element.parent if element.tag in ("td", "th") else -1), block.element
    return "\n".join(lines)
