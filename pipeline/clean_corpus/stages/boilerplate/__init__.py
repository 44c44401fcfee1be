"""Boilerplate: detectors propose spans, one applier decides (see `decide`), nothing is guessed.

`stage` gives the stage, `prepare` the same for changing learned rules, `metadata` what a moved span
says about the record, `check` what is wrong with the examples of a lexicon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import text
from clean_corpus.config import Boilerplate
from clean_corpus.lexicons import BUILT_IN, Lexicons, Rule
from clean_corpus.stages.boilerplate import context, decide, neighbours, rounds, titles, vote
from clean_corpus.stages.boilerplate.check import check
from clean_corpus.stages.boilerplate.lexicon import Matcher
from clean_corpus.stages.boilerplate.lines import Proposal
from clean_corpus.stages.boilerplate.metadata import metadata
from clean_corpus.stages.boilerplate.repeated import Repeated, Told
from clean_corpus.stages.boilerplate.rounds import Round
from clean_corpus.text import Batch, Stage

__all__ = ["check", "metadata", "prepare", "stage"]

_ROUNDS = 8  # a cut may lay bare another; two are the rule, and texts that need more are hostile


def stage(lexicons: Lexicons, options: Boilerplate, trees: vote.Forest | None = None) -> Stage:
    """Make the stage that cuts boilerplate, with its patterns compiled.

    Its edits have the classes of `clean_corpus.lexicons.CLASSES`, the ids of the rules, and the
    actions remove, metadata or flag; a line that is emptied takes its line break along ("replace",
    class "whitespace"). Cutting goes on until nothing more is found, so a second run finds
    nothing; what that would do to more than `max_share` of a document is only flagged.
    """
    return prepare(lexicons, options, trees)(())


def prepare(
    lexicons: Lexicons, options: Boilerplate, trees: vote.Forest | None = None
) -> Callable[[Sequence[Rule]], Stage]:
    """Make what makes the stage from learned rules: patterns take long to compile, those do not."""
    told = [rule for rule in lexicons.rules if rule.text]
    ordinary = [rule for rule in lexicons.rules if not rule.text]
    matcher = Matcher.of(lexicons._replace(rules=tuple(ordinary)))
    voter = vote.Voter(trees or vote.Forest.load(), vote.threshold(options.odds))
    off = frozenset(rule.id for rule in BUILT_IN) - {rule.id for rule in ordinary}
    protect = decide.protection(lexicons.protect)

    def with_learned(rules: Sequence[Rule]) -> Stage:
        return _stage(Finder(matcher, Repeated.of([*told, *rules]), voter, off), protect, options)

    return with_learned


def _stage(finder: Finder, protect: decide.Protection, options: Boilerplate) -> Stage:
    def run(batch: Batch) -> pa.Table:
        now = rounds.first_round(finder.matcher, batch)
        done = [text.no_edits()]
        for turn in range(_ROUNDS):
            told = finder.repeated.find(now.lines, now.batch)
            proposals = protect(now.lines, finder.propose(now, told))
            found = decide.edits(now.lines, now.batch, proposals, options)
            cuts = text.changes(found)
            again = finder.unsettled(now, told, found, cuts)
            edits = text.compose(now.batch.texts, now.edits, found)
            if len(again) == 0 or turn == _ROUNDS - 1:
                done.append(_numbered(edits, now.docs))
                break
            still = np.setdiff1d(np.arange(len(now.docs)), again)
            done.append(_numbered(rounds.rows_of(edits, still), now.docs[still]))
            # Flags of what is looked at again would be found again.
            edits = text.compose(now.batch.texts, now.edits, cuts)
            now = rounds.next_round(finder.matcher, now, cuts, edits, again)
        return decide.guard(batch.texts, text.sort_edits(pa.concat_tables(done)), options)

    return run


class Finder(NamedTuple):
    """All that proposes; `off` are the rules that are not in a lexicon, if they are disabled."""

    matcher: Matcher
    repeated: Repeated
    voter: vote.Voter
    off: frozenset[str]

    def propose(self, now: Round, told: Told) -> list[Proposal]:
        """Give all spans that rules and their contexts would cut, overlapping as they may."""
        lines, pairs = now.lines, now.pairs
        proposals = titles.headlines(lines, now.batch.titles)
        if told.pairs:
            pairs = sorted(pairs + told.pairs, key=lambda pair: pair[0].line)
        known = np.zeros(len(lines.folded.doc), np.uint8)
        doc = lines.folded.doc[[proposal.line for proposal, _ in pairs]]
        _, begins = np.unique(doc, return_index=True)
        first, last = lines.first[doc[begins]], lines.first[doc[begins] + 1]
        ends = np.append(begins, len(pairs))[1:]
        bounds = zip(*(column.tolist() for column in (begins, ends, first, last)), strict=True)
        for begin, end, top, bottom in bounds:
            found = context.Found(lines, top, bottom, pairs[begin:end])
            listed = context.items(found)
            kept = context.placed(found, listed)
            vote.note(known, found, listed, kept)
            kept += neighbours.neighbours(found, kept)
            proposals += kept
            proposals += context.menus(found, kept)
        proposals += vote.propose(self.voter, lines, known)
        return [cut for cut in proposals if cut.rule not in self.off]

    def unsettled(
        self, now: Round, told: Told, found: pa.Table, cuts: pa.Table
    ) -> npt.NDArray[np.int64]:
        """Give the rows that may hold more once `cuts`, of the edits `found`, are made.

        What learned rules match, they match whatever other lines there are; but for what comes
        into reach, and for the tails of a line that becomes the last.
        """
        if cuts.num_rows == 0:
            return np.zeros(0, np.int64)
        reached = rounds.ending(now.lines, cuts)
        reached = reached[self.repeated.concerns(now.batch.sources)[reached]]
        reached = np.union1d(reached, np.intersect1d(told.far, cuts["doc"].to_numpy()))
        now = now._replace(pairs=[*now.pairs, *told.pairs])
        return np.union1d(reached, rounds.unsettled(now, found, cuts)).astype(np.int64)


def _numbered(edits: pa.Table, docs: npt.NDArray[np.int64]) -> pa.Table:
    """Give edits the numbers that their documents have in the whole batch."""
    doc = docs[edits["doc"].to_numpy()] if edits.num_rows else []
    return edits.set_column(0, text.EDITS.field("doc"), pa.array(doc, pa.int32()))
