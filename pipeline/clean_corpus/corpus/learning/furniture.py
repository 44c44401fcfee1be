"""Decide which repeated lines and affixes of one source are furniture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus import config
from clean_corpus.corpus.learning.repeated import (
    Mask,
    Numbers,
    Places,
    Read,
    Rows,
    independent,
    places_of,
    repeated,
)
from clean_corpus.corpus.learning.variants import variants
from clean_corpus.kernels import passages as kernel
from clean_corpus.learned import BOTTOM, SCOPES, TOP

# Other lines that may stand between a label and its end of the article: a headline above, a
# signature and a counter below.
_SLACK = {TOP: 1, BOTTOM: 2}
_EXAMPLES = 3
_ROUNDS = 16
_LONG = 120
_LONG_AFFIX = 16
_SHORT_NAME = 5


class Finding(NamedTuple):
    """A unit found to be furniture: where it stands, and the rows (places) that show it."""

    hash: int
    scope: str
    where: str
    votes: int
    voters: int
    rows: list[tuple[int, int, int]]  # article, start, end


def furniture(part: pa.Table, learn: config.Learn, source: str, read: Read) -> list[Finding]:
    """Give the furniture of one source, from its articles (PASSAGES, sorted by content)."""
    alone = independent(part["sketch"].combine_chunks())
    voters = int(alone.sum())
    needed = max(learn.min_articles, _part(voters, *config.ratio(learn.min_share)))
    rows = repeated(part, alone, needed)
    if rows.doc.size == 0:
        return []
    lines = part["lines"].combine_chunks().to_numpy().astype(np.int64)
    named = _named(rows, source, read)
    where = _lines(rows, lines, voters, needed, named, wrapped=_is_wrapped(part))
    where.update(_affixes(rows, lines, where, voters, needed, named))
    where.update(_spans(rows, needed, named))
    found = _findings(rows, where, voters)
    if not where:
        return found
    # Wordings of what is known need no votes of their own but that of a second article.
    seldom = repeated(part, alone, 2)
    places = {int(rows.hash[rows.code == code][0]): end for code, end in where.items()}
    of_seldom = dict(zip(seldom.hash.tolist(), seldom.code.tolist(), strict=True))
    told = {of_seldom[value]: end for value, end in places.items()}
    return [*found, *_findings(seldom, variants(seldom, lines, told, read), voters)]


def _findings(rows: Rows, where: Mapping[int, str], voters: int) -> list[Finding]:
    findings = []
    for code, place in sorted(where.items()):
        of_code = np.flatnonzero(rows.code == code)
        # Of a signature the longest spelling: "J. M." and not its "M.".
        of_code = of_code[np.argsort((rows.start - rows.end)[of_code], kind="stable")]
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


def _named(rows: Rows, source: str, read: Read) -> Mask:
    """Tell which units hold the name of their source, as "more on Our Channel:" does.

    Only sentences and spans are looked at, the rest needs no such proof.
    """
    asked = np.flatnonzero(rows.has(kernel.ENDED) | (rows.kind == kernel.SPAN))
    codes, first = np.unique(rows.code[asked], return_index=True)
    which = asked[first]
    spans = zip(rows.doc[which], rows.start[which], rows.end[which], strict=True)
    texts = read([(int(doc), int(start), int(end)) for doc, start, end in spans])
    name = called(source)
    named = np.zeros(int(rows.code.max(initial=-1)) + 1, bool)
    named[codes] = [holds(text, name) for text in texts]
    return named


def called(source: str) -> str:
    """Give the name in a source: the longest part of a host but its last, letters and digits."""
    host = source.casefold().partition("/")[0]
    longest = sorted(host.split(".")[:-1] or [host], key=len)[-1]
    return "".join(c for c in longest if c.isalnum())


def holds(text: str, name: str) -> bool:
    """Tell whether a text holds a name; a short one must be a word."""
    words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
    return name in words if len(name) < _SHORT_NAME else name in "".join(words)


def _is_wrapped(part: pa.Table) -> bool:
    """Tell whether a source breaks its lines inside sentences, as old wires do."""
    kind = part["kind"].combine_chunks().flatten().to_numpy()
    marks = part["marks"].combine_chunks().flatten().to_numpy()[kind == kernel.LINE]
    return bool(4 * np.count_nonzero(marks & kernel.RUNS_ON) > len(marks))


def _lines(
    rows: Rows, lines: Numbers, voters: int, needed: int, named: Mask, *, wrapped: bool
) -> dict[int, str]:
    """Give the lines that are furniture, by code, with the end of the article they stand at.

    They are peeled off the ends round by round: what stands next to furniture is next. Where lines
    are wrapped, a first line or one that ends a sentence may be a piece of prose.
    """
    line = rows.kind == kernel.LINE
    votes = rows.votes(line)
    prose = 2 * rows.votes(line & rows.has(kernel.PROSE)) > votes
    need = np.where(prose, _for_prose(rows, line, votes, voters, needed, named), needed)
    out_of_question = (votes == 0) | _runs_on(rows, line, votes) | _returns(rows, line, votes)
    if wrapped:
        out_of_question |= 4 * rows.votes(line & rows.has(kernel.ENDED)) > votes
    where: dict[int, str] = {}
    for _ in range(_ROUNDS):
        known = np.isin(np.arange(len(votes)), list(where))
        places = places_of(rows, lines, known)
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
    rows: Rows, there: Mask, votes: Numbers, need: Numbers | int, share: tuple[int, int]
) -> Mask:
    """Tell which units stand there in enough articles, and in that share of their articles."""
    found = rows.votes(there)
    enough: Mask = (found >= need) & (found * share[1] >= votes * share[0])
    return enough


def _for_prose(
    rows: Rows, chosen: Mask, votes: Numbers, voters: int, needed: int, named: Mask
) -> Numbers:
    """Give the votes that a whole sentence needs: an author may repeat one.

    With an address, a credit or the name of the source a sentence needs no more than other lines.
    """
    size = np.zeros(len(votes), np.int64)
    np.maximum.at(size, rows.code[chosen], (rows.end - rows.start)[chosen])
    contact = 2 * rows.votes(chosen & rows.has(kernel.CONTACT)) > votes
    share = np.where(size > _LONG, _part(voters, 1, 5), _part(voters, 1, 10))
    return np.where(contact | named, needed, np.maximum(2 * needed, share))


def _runs_on(rows: Rows, chosen: Mask, votes: Numbers) -> Mask:
    """Tell which units are pieces of sentences in a quarter of their articles."""
    return np.greater(4 * rows.votes(chosen & rows.has(kernel.RUNS_ON)), votes)


def _returns(rows: Rows, chosen: Mask, votes: Numbers) -> Mask:
    """Tell which units stand several times in one article, as a refrain or a label does."""
    return np.greater(4 * np.bincount(rows.code[chosen], minlength=len(votes)), 5 * votes)


def _affixes(
    rows: Rows,
    lines: Numbers,
    where: Mapping[int, str],
    voters: int,
    needed: int,
    named: Mask,
) -> dict[int, str]:
    """Give the prefixes and suffixes that are furniture; of nested ones the longer goes first."""
    known = np.isin(np.arange(int(rows.code.max(initial=-1)) + 1), list(where))
    places = places_of(rows, lines, known)
    line = rows.kind == kernel.LINE
    free = (
        ~line
        & (rows.kind != kernel.SPAN)
        & ~np.isin(rows.whole, rows.whole[line & known[rows.code]])
    )
    codes = np.unique(rows.code[free])
    by_code = np.argsort(rows.code, kind="stable")
    bounds = np.searchsorted(rows.code[by_code], [codes, codes + 1])
    of_code = [by_code[a:b] for a, b in bounds.T]
    size = [int((rows.end - rows.start)[of].max()) for of in of_code]
    found: dict[int, str] = {}
    for i in np.lexsort((codes, -np.array(size, np.int64))):
        chosen = of_code[i][free[of_code[i]]]
        place = _affix_place(
            rows.only(chosen),
            Places(*(x[chosen] for x in places)),
            voters,
            needed,
            named=bool(named[codes[i]]),
        )
        if place is not None:
            found[int(codes[i])] = place
            free &= ~_same_ends(rows, chosen)
    return found


def _same_ends(rows: Rows, chosen: Numbers) -> Mask:
    """Tell which rows are affixes of the same kind on the same lines."""
    at = (rows.doc << 32 | rows.line) << 2 | rows.kind
    return np.isin(at, at[chosen])


def _spans(rows: Rows, needed: int, named: Mask) -> dict[int, str]:
    """Give the beginnings of sentences inside lines that are furniture: those that name the source.

    Without the name, "he added:" and "the results:" look just the same.
    """
    found: dict[int, str] = {}
    for code in np.flatnonzero(named).tolist():
        of_code = rows.only(np.flatnonzero(rows.code == code))
        if of_code.kind[0] != kernel.SPAN:
            continue
        count = len(np.unique(of_code.doc))
        if count >= needed and 4 * len(np.unique(of_code.whole)) >= 3 * count:
            found[code] = ""
    return found


def _affix_place(
    rows: Rows, places: Places, voters: int, needed: int, *, named: bool
) -> str | None:
    """Give the end of the article that an affix belongs to ("" is any), or None if to none."""
    count = len(np.unique(rows.doc))
    varied = 4 * len(np.unique(rows.whole)) >= 3 * count
    if count < needed or not varied or 4 * rows.has(kernel.RUNS_ON).sum() > len(rows.doc):
        return None
    ended = 2 * rows.has(kernel.ENDED).sum() > len(rows.doc)
    contact = named or 2 * rows.has(kernel.CONTACT).sum() > len(rows.doc)
    contact |= rows.hash[0] == _initials()
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


@cache
def _initials() -> np.uint64:
    """Give the hash of a signature in initials, as in "He left at once. J. M."."""
    data = np.frombuffer(b"A. B.", np.uint8)
    kinds = np.array([kernel.SUFFIX], np.uint8)
    return np.uint64(kernel.fingerprints(data, np.array([0, len(data)]), kinds)[0])


def _part(whole: int, numerator: int, denominator: int) -> int:
    """Give a share of a number, rounded up."""
    return -(-whole * numerator // denominator)
