"""Cut what surrounds the article on a whole page: menus, link lists, forms, footers.

A forest of decision trees, trained by `benchmarks/train_vote.py`, tells from the look and place of
a line (`clean_corpus.kernels.layout`), in any language, whether it belongs to the article. It
never decides alone: the lexicons must know several lines of the text, and it must have a core of
prose; the line must stand outside of it, not where a headline may be, and neither the line nor one
beside it may be in the core as well. It takes more to cut a line that does not stand among lines
that are no prose, with several known on its side of the core, one of them on the way there, and
where the lexicons are certain of none.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import forest, layout
from clean_corpus.stages.boilerplate.context import Found
from clean_corpus.stages.boilerplate.lines import Lines, Proposal

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

#: The rules that edits made here name: above and below the core.
HEAD, TAIL = "common.page-head", "common.page-tail"

_KNOWN = 3  # lines that lexicons know, in the text and on the same side of the core
_RUN = 5  # lines in a row that are no prose
_DOUBT = 4  # times as high are the odds asked for where less is known, or in a row
_CORE = 8  # 64ths of letters of prose in the core: 512
_TITLES = 20  # lines above the core among which its headline stands, whatever it says
_TITLES_LIKE = 100  # and if half of its longer words, two or more, are in the core
_SHORTLY, _LONG = 8, 150  # or not so far above a sentence of so many letters, in a core or not
_LABEL = 24  # letters; a shorter line is no headline
_LINK = 30  # letters; a longer line in a run is the title of another article
_AT = {name: column for column, name in enumerate(layout.FEATURES)}


class Forest(NamedTuple):
    """Trees as `clean_corpus.kernels.forest` takes them; scores are thousandths of log odds."""

    column: Bytes
    limit: Bytes
    leaf: npt.NDArray[np.int16]
    base: int

    @classmethod
    def load(cls, path: Path | None = None) -> Forest:
        """Read trees from a file, or those that come with the package."""
        path = path or Path(__file__).with_name("vote.npz")
        with np.load(path, allow_pickle=False) as data:
            return cls(data["column"], data["limit"], data["leaf"], int(data["base"]))


class Voter(NamedTuple):
    """Trees, and the least score that counts."""

    trees: Forest
    least: int


def note(
    known: Bytes, found: Found, listed: Iterable[tuple[int, str]], kept: Iterable[Proposal]
) -> None:
    """Write into `known`, line by line, what the lexicons know of a document.

    Rules that may only flag, and items of lists (`context.items`), tell as much as words of menus:
    too little to cut, enough to support.
    """
    for line, _ in listed:
        known[line] = 1
    for proposal, rule in found.proposals:
        if rule.votes:
            known[proposal.line] = max(known[proposal.line], 1)
    for proposal in kept:
        if proposal.whole:
            known[proposal.line] = max(known[proposal.line], 1 if proposal.doubt else 2)


def measure(lines: Lines, known: Bytes, docs: Offsets) -> tuple[Offsets, Bytes]:
    """Give the lines of some documents, and a row of `layout.FEATURES` for each."""
    sizes = lines.first[docs + 1] - lines.first[docs]
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    line = np.arange(bounds[-1]) + np.repeat(lines.first[docs] - bounds[:-1], sizes)
    folded = lines.folded
    rows = layout.measure(
        folded.lower,
        folded.cased,
        folded.view[line],
        folded.view[line + 1],
        bounds,
        folded.core[line],
        known[line],
    )
    return line, rows


def threshold(odds: int) -> int:
    """Give odds, so many to one, as a score."""
    return int(Decimal(odds).ln(Context(prec=20)) * 1000)


def propose(voter: Voter, lines: Lines, known: Bytes) -> list[Proposal]:
    """Give the lines around the core of whole pages that get enough votes."""
    docs = np.flatnonzero(np.add.reduceat(np.append(known > 0, 0), lines.first[:-1]) >= _KNOWN)
    docs = docs[np.diff(lines.first)[docs] > 0]
    if len(docs) == 0:
        return []
    line, rows = measure(lines, known, docs)
    open_to_vote = np.flatnonzero(_surrounds(rows))
    line, rows = line[open_to_vote], rows[open_to_vote]
    # Once a round has cut all that is certain, what is left is more often the article's own.
    certain = np.maximum.reduceat(np.append(known, 0), lines.first[:-1])[lines.folded.doc[line]] > 1
    doubt = ~(certain & _is_supported(rows))
    sure = forest.score(rows, *voter.trees) >= voter.least + threshold(_DOUBT) * doubt
    below, long = column(rows, "core_side") > 0, column(rows, "width") > _LINK // 2
    return [
        Proposal(
            i,
            0,
            lines.size(i),
            "related_link" if is_long else "navigation",
            TAIL if is_below else HEAD,
            whole=True,
        )
        for i, is_below, is_long in zip(
            line[sure].tolist(), below[sure].tolist(), long[sure].tolist(), strict=True
        )
    ]


def _surrounds(rows: Bytes) -> npt.NDArray[np.bool_]:
    """Tell which lines may go: a menu beside the core may be the table of its contents."""
    around: npt.NDArray[np.bool_] = (
        (column(rows, "core_side") != 1)
        & (column(rows, "core_width") >= _CORE)
        & (column(rows, "in_core_near") == 0)
        & (column(rows, "hit") < 2)
        & ~_may_be_title(rows)
    )
    return around


def _is_supported(rows: Bytes) -> npt.NDArray[np.bool_]:
    """Tell which lines stand among others that are no prose, with enough known beside them."""
    inwards = column(rows, "hits_inwards")
    hits = inwards.astype(np.int64) + column(rows, "hits_outwards") + (column(rows, "hit") > 0)
    supported: npt.NDArray[np.bool_] = (
        (inwards > 0) & (hits >= _KNOWN) & (column(rows, "run") >= _RUN)
    )
    return supported


def _may_be_title(rows: Bytes) -> npt.NDArray[np.bool_]:
    """Tell which lines above the core may be its headline, or what stands between them."""
    far, shared = column(rows, "core_far"), column(rows, "shared")
    like = (shared >= 50) & (shared <= 100) & (column(rows, "shared_words") >= 2)
    near = (far <= _TITLES) | ((far <= _TITLES_LIKE) & like) | (column(rows, "row") == 0)
    short = (column(rows, "prose_ahead") <= _SHORTLY) & (column(rows, "width_ahead") >= _LONG // 2)
    above: npt.NDArray[np.bool_] = (column(rows, "core_side") == 0) & (near | short)
    return above & (column(rows, "width") > _LABEL // 2)


def column(rows: Bytes, name: str) -> Bytes:
    """Give one of `layout.FEATURES` for all rows."""
    values: Bytes = rows[:, _AT[name]]
    return values
