"""What neighbours can tell: headers and their links, pleas and theirs, credits and captions."""

from __future__ import annotations

from collections.abc import Iterator

from clean_corpus.stages.boilerplate.context import ABOUT_ARTICLE, SUBHEAD, Found, whole_line
from clean_corpus.stages.boilerplate.lines import Proposal, is_prose, is_short

_LEADERS = {"related_header", "donation_plea", "image_caption", "image_credit"}
_LINK = 150  # bytes; a longer line is no headline
_MOST_LINKS = 8
_CAPTION = 300  # bytes; a longer line is no caption
_PARAGRAPHS = 6  # breaks of a document that tell whether it has empty lines between paragraphs


def neighbours(found: Found, kept: list[Proposal]) -> Iterator[Proposal]:
    """Give the lines that go because of a proposal beside them."""
    if not any(proposal.class_ in _LEADERS for proposal in kept):
        return
    gone = {proposal.line for proposal in kept if proposal.whole}
    dated = {proposal.line for proposal, _ in found.proposals if proposal.class_ in ABOUT_ARTICLE}
    for proposal in kept:
        if proposal.doubt or not proposal.whole:
            continue
        if proposal.class_ == "related_header":
            yield from _links(found, proposal, gone, dated)
        elif proposal.class_ == "donation_plea":
            yield from _plea_header(found, proposal, gone)
        elif proposal.class_ == "image_caption":
            yield from _label(found, proposal, gone)
        elif proposal.class_ == "image_credit":
            yield from _caption(found, proposal, gone)


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
        yield whole_line(found, link, "related_link", header)


def _plea_header(found: Found, plea: Proposal, gone: set[int]) -> Iterator[Proposal]:
    """Take the plea's headline: a short line under prose and directly above the plea."""
    line = plea.line - 1
    if line <= found.first or line in gone or line - 1 in gone:
        return
    if is_short(found.lines.lower(line), SUBHEAD) and is_prose(found.lines.lower(line - 1)):
        yield whole_line(found, line, "donation_header", plea)


def _label(found: Found, label: Proposal, gone: set[int]) -> Iterator[Proposal]:
    """Take the line under a label that stands alone ("Image caption"), if it may be a caption."""
    line = label.line + 1
    if found.lines.size(label.line) > 40 or line >= found.last or line in gone:
        return
    alone = found.lines.folded.breaks[line] == 1 and found.lines.size(line) < 200
    if alone and line + 1 < found.last:
        yield whole_line(found, line, "image_caption", label)


def _caption(found: Found, credit: Proposal, gone: set[int]) -> Iterator[Proposal]:
    """Take the line above a credit if the two stand alone: a paragraph of their own."""
    breaks = found.lines.folded.breaks
    line, below = credit.line - 1, credit.line + 1
    if line <= found.first or line in gone or breaks[line] < 2 or breaks[credit.line] != 1:
        return
    apart = below >= found.last or breaks[below] > 1
    if apart and found.lines.size(line) <= _CAPTION and _is_spaced(found):
        yield whole_line(found, line, "image_caption", credit)


def _is_spaced(found: Found) -> bool:
    """Tell whether all paragraphs of a document, but for few, have an empty line between them."""
    breaks = found.lines.folded.breaks[found.first + 1 : found.last]
    return len(breaks) >= _PARAGRAPHS and int((breaks > 1).sum()) * 3 >= len(breaks) * 2
