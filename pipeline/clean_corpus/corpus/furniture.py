"""Decide which repeated lines and affixes of one source are furniture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import config
from clean_corpus.kernels import passages as kernel
from clean_corpus.learned import BOTTOM, SCOPES, TOP

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Other lines that may stand between a label and its end of the article: a headline above, a
# signature and a counter below.
_SLACK = {TOP: 1, BOTTOM: 2}
_EXAMPLES = 3
_ROUNDS = 16
# A sentence in more than half of a source's articles, and in this many, is no story of its own.
_NO_STORY = 16
_NONE = np.uint64(2**64 - 1)
_LONG = 120
_LONG_AFFIX = 16


class Finding(NamedTuple):
    """A unit found to be furniture: where it stands, and the rows (places) that show it."""

    hash: int
    scope: str
    where: str
    votes: int
    voters: int
    rows: list[tuple[int, int, int]]  # article, start, end


def furniture(part: pa.Table, learn: config.Learn) -> list[Finding]:
    """Give the furniture of one source, from its articles (PASSAGES, sorted by content)."""
    alone = _independent(part["sketch"].combine_chunks())
    voters = int(alone.sum())
    needed = max(learn.min_articles, _part(voters, *config.ratio(learn.min_share)))
    rows = _repeated(part, alone, needed)
    if rows.doc.size == 0:
        return []
    lines = part["lines"].combine_chunks().to_numpy().astype(np.int64)
    where = _lines(rows, lines, voters, needed, wrapped=_is_wrapped(part))
    where.update(_affixes(rows, lines, where, voters, needed))
    findings = []
    for code, place in sorted(where.items()):
        of_code = np.flatnonzero(rows.code == code)
        docs, first = np.unique(rows.doc[of_code], return_index=True)
        shown = of_code[first[:_EXAMPLES]]
        findings.append(
            Finding(
                int(rows.hash[of_code[0]]),
                SCOPES[int(rows.kind[of_code[0]])],
                place,
                len(docs),
                voters,
                [(int(rows.doc[i]), int(rows.start[i]), int(rows.end[i])) for i in shown],
            )
        )
    return findings


def _is_wrapped(part: pa.Table) -> bool:
    """Tell whether a source breaks its lines inside sentences, as old wires do."""
    kind = part["kind"].combine_chunks().flatten().to_numpy()
    marks = part["marks"].combine_chunks().flatten().to_numpy()[kind == kernel.LINE]
    return bool(4 * np.count_nonzero(marks & kernel.RUNS_ON) > len(marks))


def _independent(sketches: pa.ListArray) -> Mask:
    """Tell which articles have a vote: not those that share most sentences with one before.

    Two articles are compared by the hashes that both sketches reach to; a single one proves nothing
    unless the sketches are complete.
    """
    sizes = np.diff(sketches.offsets.to_numpy())
    doc = np.repeat(np.arange(len(sizes)), sizes)
    hashes = sketches.flatten().to_numpy()
    table = np.full((len(sizes), kernel.SKETCH), _NONE)
    table[np.arange(kernel.SKETCH) < sizes[:, None]] = hashes
    reach = table[:, -1]
    order = np.lexsort((doc, hashes))
    hashes, doc = hashes[order], doc[order]
    edges = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if hashes.size else doc
    held = np.diff(np.append(edges, hashes.size))
    leader = np.repeat(doc[edges], held)
    story = np.repeat((2 * held <= len(sizes)) | (held < _NO_STORY), held)
    later = story & (leader != doc)
    pairs, shared = np.unique(leader[later] * len(sizes) + doc[later], return_counts=True)
    first, second = pairs // max(len(sizes), 1), pairs % max(len(sizes), 1)
    both = np.minimum(reach[first], reach[second])[:, None]
    fewer = np.minimum((table[first] <= both).sum(axis=1), (table[second] <= both).sum(axis=1))
    fewer = np.where(both[:, 0] == _NONE, np.minimum(sizes[first], sizes[second]), fewer)
    copies = (2 * shared > fewer) & ((shared > 1) | (both[:, 0] == _NONE))
    alone = np.ones(len(sizes), bool)
    alone[second[copies]] = False
    return alone


def _repeated(part: pa.Table, alone: Mask, needed: int) -> _Rows:
    """Take the units that at least `needed` of the articles with a vote hold."""
    lists = {name: part[name].combine_chunks() for name in _Rows._fields[2:]}
    sizes = np.diff(lists["hash"].offsets.to_numpy())
    doc = np.repeat(np.arange(len(sizes)), sizes)
    hashes = lists["hash"].flatten().to_numpy()
    voting = np.flatnonzero(alone[doc])
    distinct, code = np.unique(hashes[voting], return_inverse=True)
    pairs = np.unique(code.astype(np.int64) * len(sizes) + doc[voting])
    often = np.bincount(pairs // max(len(sizes), 1), minlength=len(distinct)) >= needed
    number = np.cumsum(often) - 1
    kept = voting[often[code]]
    columns = {name: lists[name].flatten().to_numpy()[kept] for name in _Rows._fields[2:]}
    for name in _Rows._fields[4:]:
        columns[name] = columns[name].astype(np.int64)
    return _Rows(doc=doc[kept], code=number[code[often[code]]], **columns)


class _Rows(NamedTuple):
    """Units of the articles of one source that repeat often enough, by article and line.

    `code` numbers the distinct units; the other columns are those of PASSAGES.
    """

    doc: Numbers
    code: Numbers
    hash: npt.NDArray[np.uint64]
    whole: npt.NDArray[np.uint64]
    kind: Numbers
    marks: Numbers
    line: Numbers
    before: Numbers
    after: Numbers
    start: Numbers
    end: Numbers

    def has(self, mark: int) -> Mask:
        marked: Mask = (self.marks & mark) != 0
        return marked

    def only(self, chosen: Numbers) -> _Rows:
        columns: Any = (column[chosen] for column in self)
        return _Rows(*columns)

    def votes(self, among: Mask) -> Numbers:
        """Count, for each unit, the articles with a row among those given."""
        docs = int(self.doc.max(initial=0)) + 1
        pairs = np.unique(self.code[among] * docs + self.doc[among])
        return np.bincount(pairs // docs, minlength=int(self.code.max(initial=-1)) + 1)


class _Places(NamedTuple):
    """For each row: lines, and lines of prose, on either side that are not known as furniture."""

    above: Numbers
    below: Numbers
    prose_above: Numbers
    prose_below: Numbers

    def at(self, end: str, slack: int) -> Mask:
        """Tell which rows stand at an end of an article that has prose besides."""
        lines, prose = (
            (self.above, self.prose_above) if end == TOP else (self.below, self.prose_below)
        )
        there: Mask = (lines <= slack) & (prose == 0) & (self.prose_above + self.prose_below > 0)
        return there


def _places(rows: _Rows, lines: Numbers, known: Mask) -> _Places:
    furniture = (rows.kind == kernel.LINE) & known[rows.code]
    above, below = _of_same_article(rows.doc, furniture)
    prose_above, prose_below = _of_same_article(rows.doc, furniture & rows.has(kernel.PROSE))
    return _Places(
        rows.line - above,
        lines[rows.doc] - 1 - rows.line - below,
        rows.before - prose_above,
        rows.after - prose_below,
    )


def _of_same_article(doc: Numbers, chosen: Mask) -> tuple[Numbers, Numbers]:
    """Count the chosen rows above and below each row, within its article."""
    total = np.concatenate([[0], np.cumsum(chosen)])
    first, end = np.searchsorted(doc, doc), np.searchsorted(doc, doc, "right")
    return total[:-1] - total[first], total[end] - total[1:]


def _lines(
    rows: _Rows, lines: Numbers, voters: int, needed: int, *, wrapped: bool
) -> dict[int, str]:
    """Give the lines that are furniture, by code, with the end of the article they stand at.

    They are peeled off the ends round by round: what stands next to furniture is next. Where lines
    are wrapped, a first line or one that ends a sentence may be a piece of prose.
    """
    line = rows.kind == kernel.LINE
    votes = rows.votes(line)
    prose = 2 * rows.votes(line & rows.has(kernel.PROSE)) > votes
    need = np.where(prose, _for_prose(rows, line, votes, voters, needed), needed)
    out_of_question = (votes == 0) | _runs_on(rows, line, votes) | _returns(rows, line, votes)
    if wrapped:
        out_of_question |= 4 * rows.votes(line & rows.has(kernel.ENDED)) > votes
    where: dict[int, str] = {}
    for _ in range(_ROUNDS):
        known = np.isin(np.arange(len(votes)), list(where))
        places = _places(rows, lines, known)
        new: dict[int, str] = {}
        for end in (BOTTOM,) if wrapped else (TOP, BOTTOM):
            label = _stable(rows, line & places.at(end, _SLACK[end]), votes, need, (3, 4))
            sentence = _stable(rows, line & places.at(end, 0), votes, need, (9, 10))
            found = np.where(prose, sentence, label) & ~known & ~out_of_question
            new.update(dict.fromkeys(np.flatnonzero(found).tolist(), end))
        if not new:
            break
        where.update(new)
    return where


def _stable(
    rows: _Rows, there: Mask, votes: Numbers, need: Numbers | int, share: tuple[int, int]
) -> Mask:
    """Tell which units stand there in enough articles, and in that share of their articles."""
    found = rows.votes(there)
    enough: Mask = (found >= need) & (found * share[1] >= votes * share[0])
    return enough


def _for_prose(rows: _Rows, chosen: Mask, votes: Numbers, voters: int, needed: int) -> Numbers:
    """Give the votes that a whole sentence needs: an author may repeat one.

    With an address or a credit in it a sentence needs no more than other lines.
    """
    size = np.zeros(len(votes), np.int64)
    np.maximum.at(size, rows.code[chosen], (rows.end - rows.start)[chosen])
    contact = 2 * rows.votes(chosen & rows.has(kernel.CONTACT)) > votes
    share = np.where(size > _LONG, _part(voters, 1, 5), _part(voters, 1, 10))
    return np.where(contact, needed, np.maximum(2 * needed, share))


def _runs_on(rows: _Rows, chosen: Mask, votes: Numbers) -> Mask:
    """Tell which units are pieces of sentences in a quarter of their articles."""
    return np.greater(4 * rows.votes(chosen & rows.has(kernel.RUNS_ON)), votes)


def _returns(rows: _Rows, chosen: Mask, votes: Numbers) -> Mask:
    """Tell which units stand several times in one article, as a refrain or a label does."""
    return np.greater(4 * np.bincount(rows.code[chosen], minlength=len(votes)), 5 * votes)


def _affixes(
    rows: _Rows, lines: Numbers, where: Mapping[int, str], voters: int, needed: int
) -> dict[int, str]:
    """Give the prefixes and suffixes that are furniture; of nested ones the longer goes first."""
    known = np.isin(np.arange(int(rows.code.max(initial=-1)) + 1), list(where))
    places = _places(rows, lines, known)
    line = rows.kind == kernel.LINE
    free = ~line & ~np.isin(rows.whole, rows.whole[line & known[rows.code]])
    codes = np.unique(rows.code[free])
    by_code = np.argsort(rows.code, kind="stable")
    bounds = np.searchsorted(rows.code[by_code], [codes, codes + 1])
    of_code = [by_code[a:b] for a, b in bounds.T]
    size = [int((rows.end - rows.start)[of].max()) for of in of_code]
    found: dict[int, str] = {}
    for i in np.lexsort((codes, -np.array(size, np.int64))):
        chosen = of_code[i][free[of_code[i]]]
        place = _affix_place(
            rows.only(chosen), _Places(*(x[chosen] for x in places)), voters, needed
        )
        if place is not None:
            found[int(codes[i])] = place
            free &= ~_same_ends(rows, chosen)
    return found


def _same_ends(rows: _Rows, chosen: Numbers) -> Mask:
    """Tell which rows are affixes of the same kind on the same lines."""
    at = (rows.doc << 32 | rows.line) << 2 | rows.kind
    return np.isin(at, at[chosen])


def _affix_place(rows: _Rows, places: _Places, voters: int, needed: int) -> str | None:
    """Give the end of the article that an affix belongs to ("" is any), or None if to none."""
    count = len(np.unique(rows.doc))
    varied = 4 * len(np.unique(rows.whole)) >= 3 * count
    if count < needed or not varied or 4 * rows.has(kernel.RUNS_ON).sum() > len(rows.doc):
        return None
    ended = 2 * rows.has(kernel.ENDED).sum() > len(rows.doc)
    contact = 2 * rows.has(kernel.CONTACT).sum() > len(rows.doc)
    if rows.kind[0] == kernel.PREFIX:
        # A dateline or a rubric, before a lead; "Home - Away 2-1" is no sentence.
        lead = (places.above <= 1) & rows.has(kernel.ENDED)
        return TOP if 10 * lead.sum() >= 9 * len(rows.doc) else None
    first = 10 * (places.above == 0).sum() >= 9 * len(rows.doc)
    last = 10 * (places.below == 0).sum() >= 9 * len(rows.doc)
    if last and (not ended or contact or count >= max(2 * needed, _part(voters, 1, 10))):
        return BOTTOM
    if ended:
        return None
    if first and count >= _part(voters, 1, 4):
        return TOP
    # In the middle of articles only what is long and frequent: "- watch it on Our Channel".
    long = (rows.end - rows.start).min() >= _LONG_AFFIX
    return "" if long and count >= _part(voters, 1, 8) else None


def _part(whole: int, numerator: int, denominator: int) -> int:
    """Give a share of a number, rounded up."""
    return -(-whole * numerator // denominator)
