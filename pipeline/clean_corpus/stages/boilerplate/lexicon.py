"""Find what the rules of the lexicons match: a gate over all lines, then patterns on the few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import fold, scan
from clean_corpus.lexicons import Lexicons, Rule
from clean_corpus.patterns import dialect, view
from clean_corpus.stages.boilerplate.gate import Gate, is_letter
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.stages.boilerplate.matches import Tries
from clean_corpus.text import Batch

Offsets = npt.NDArray[np.int64]
Bits = npt.NDArray[np.bool_]

#: Rules of these languages are tried on every text; "und" texts are tried with all languages.
_ALWAYS = ("common", "en")
_FEW = np.uint64(0xFFFF)
_NEAR = 200  # bytes on either side of a match in which `unless` is looked for
_SLACK = 24  # bytes that bullets, brackets and counters may add around a phrase


class Matcher(NamedTuple):
    """The rules, indexed. Made once per process: `Matcher.of`.

    What the rules of a language need is found out when the first text in it comes: `gates`.
    """

    rules: tuple[Rule, ...]
    languages: tuple[str, ...]
    gates: dict[str, Gate]
    cores: npt.NDArray[np.uint64]  # hashes of whole lines, sorted
    few: Bits  # which lower bits they have
    core_rules: Offsets  # and whose they are
    core_lines: tuple[bytes, ...]

    @classmethod
    def of(cls, lexicons: Lexicons) -> Matcher:
        """Index all rules."""
        rules = lexicons.rules
        lines = [(line, i) for i, rule in enumerate(rules) for line in rule.lines]
        cores = _cores([line for line, _ in lines])
        order = np.argsort(cores, kind="stable")
        few = np.zeros(int(_FEW) + 1, bool)
        few[(cores & _FEW).astype(np.int64)] = True
        return cls(
            rules=rules,
            languages=lexicons.languages(),
            gates={},
            cores=cores[order],
            few=few,
            core_rules=np.array([lines[k][1] for k in order], np.int64),
            core_lines=tuple(_core(lines[k][0].encode()) for k in order),
        )

    def find(
        self, lines: Lines, batch: Batch, only: Bits | None = None
    ) -> list[tuple[Proposal, Rule]]:
        """Give what the rules match, sorted by line; positions (`where`) are not looked at yet.

        `only` says of each line whether it is looked at.
        """
        if not self.rules or len(lines.folded.doc) == 0:
            return []
        sources = batch.sources
        out = []
        for proposal, i in [*self._whole_lines(lines, batch, only), *self._all(lines, batch, only)]:
            rule = self.rules[i]
            doc = int(lines.folded.doc[proposal.line])
            here = not rule.source or rule.source == sources[doc].as_py()
            if here and not _spared(lines, proposal, rule):
                out.append((proposal, rule))
        return sorted(out, key=lambda pair: (*pair[0][:3], pair[1].id))

    def _tried(self, rule: Rule, code: str) -> bool:
        return code == "und" or rule.language in (code, *_ALWAYS)

    def _gate(self, code: str) -> Gate:
        if code not in self.gates:
            numbers = [i for i, rule in enumerate(self.rules) if self._tried(rule, code)]
            self.gates[code] = Gate.of(self.rules, numbers, code or "other")
        return self.gates[code]

    def _whole_lines(
        self, lines: Lines, batch: Batch, only: Bits | None
    ) -> Iterator[tuple[Proposal, int]]:
        if len(self.cores) == 0:
            return
        core = lines.folded.core
        maybe = np.flatnonzero(self.few[(core & _FEW).astype(np.int64)])
        low = np.searchsorted(self.cores, core[maybe], "left")
        hits = self.cores[np.minimum(low, len(self.cores) - 1)] == core[maybe]
        if only is not None:
            hits &= only[maybe]
        for line, first in zip(maybe[hits].tolist(), low[hits].tolist(), strict=True):
            text = lines.lower(line)
            middle = _core(text)
            code = batch.languages[int(lines.folded.doc[line])].as_py() or "und"
            for k in range(first, len(self.cores)):
                if self.cores[k] != core[line]:
                    break
                if self.core_lines[k] == middle and len(text) <= len(middle) + _SLACK:
                    i = int(self.core_rules[k])
                    if self._tried(self.rules[i], code):
                        yield _proposal(self.rules[i], line, 0, len(text), whole=True), i

    def _all(self, lines: Lines, batch: Batch, only: Bits | None) -> Iterator[tuple[Proposal, int]]:
        """Match patterns, with the gate of each language that the batch has."""
        codes = [
            code if code in self.languages or code == "und" else ""
            for code in batch.languages.fill_null("und").to_pylist()
        ]
        doc = lines.folded.doc
        opening = np.zeros(len(doc), bool)
        opening[lines.first[:-1][lines.first[:-1] < lines.first[1:]]] = True
        spoken = sorted(set(codes))
        for code in spoken:
            chosen = np.ones(len(doc), bool) if only is None else only
            if len(spoken) > 1:
                chosen = chosen & np.array([code == other for other in codes], bool)[doc]
            yield from self._patterns(lines, self._gate(code), np.flatnonzero(chosen), opening)

    def _patterns(
        self, lines: Lines, gate: Gate, chosen: Offsets, opening: Bits
    ) -> Iterator[tuple[Proposal, int]]:
        """Try probes on the lines that are worth it, one probe after the other."""
        probes, tries = self._worth(lines, gate, chosen, opening)
        bounds = [*np.flatnonzero(np.diff(probes, prepend=-1)).tolist(), len(probes)]
        cued: dict[int, list[int]] = {}
        for first, past in pairwise(bounds):
            probe = gate.probes[probes[first]]
            rule = self.rules[probe.rule]
            found = probe.matches().find(lines.views[rule.cased], tries, range(first, past))
            for line, text, spans in found:
                if rule.least > 1:
                    if b'"' not in text:
                        cued.setdefault(probe.rule, []).append(line)
                    continue
                for start, end in _cuts(spans, text, rule):
                    whole = start == 0 and end == len(text)
                    yield _proposal(rule, line, start, end, whole=whole), probe.rule
        for i, hits in cued.items():
            for line, times in Counter(hits).items():
                if times >= self.rules[i].least:
                    yield _proposal(self.rules[i], line, 0, lines.size(line), whole=True), i

    def _worth(
        self, lines: Lines, gate: Gate, chosen: Offsets, opening: Bits
    ) -> tuple[Offsets, Tries]:
        """Give what is worth a try: probes, sorted, and a line for each.

        Of cues there must be as many as a rule asks for.
        """
        folded = lines.folded
        found = scan.scan(gate.tables, folded.lower, folded.cased, folded.view, chosen, opening)
        cues = np.flatnonzero(gate.least[found[1]] > 1)
        line, probe = found[:2, cues]
        _, place, times = np.unique(
            line * len(self.rules) + gate.rules[probe], return_inverse=True, return_counts=True
        )
        few = cues[times[place] < gate.least[probe]]
        line, probe, where, last = np.delete(found, few, axis=1)
        start, end = folded.view[line], folded.view[line + 1]
        begin = np.maximum(start, start + where - gate.back[probe] - 1)
        stop = np.minimum(end, start + last + gate.longest[probe] + 1)
        columns = line, start, end, begin, stop
        return probe, Tries(*(column.tolist() for column in columns))


def _proposal(rule: Rule, line: int, start: int, end: int, *, whole: bool) -> Proposal:
    return Proposal(line, start, end, rule.class_, rule.id, whole, rule.flags)


def _spared(lines: Lines, proposal: Proposal, rule: Rule) -> bool:
    """Tell whether what the rule's `unless` looks for is in what it matches, or near it."""
    if not rule.unless:
        return False
    text = lines.cased(proposal.line) if rule.cased else lines.lower(proposal.line)
    # From blank to blank, so that no word is cut, nor does the line seem to begin or end there.
    near = max(0, text.rfind(b" ", 0, max(0, proposal.start - _NEAR)))
    far = text.find(b" ", proposal.end + _NEAR)
    text = text[near : far + 1 if far >= 0 else None]
    found = dialect.compiled(rule.unless, groups=False).finditer(text)
    return any(_cuts([match.span() * 2 for match in found], text, rule))


def _cuts(
    found: Sequence[tuple[int, int, int, int]], text: bytes, rule: Rule
) -> Iterator[tuple[int, int]]:
    """Give the spans to cut in one line; matches that would cut a word are none."""
    for start, end, cut, past in found:
        if start == end or not (rule.glued or (_parts(text, start) and _parts(text, end))):
            continue
        if cut < past:
            yield cut, past


def _parts(text: bytes, at: int) -> bool:
    """Tell whether a place is not inside a word of a script that parts words by blanks."""
    if at in (0, len(text)):
        return True
    before = text[max(0, at - 4) : at].decode(errors="ignore")[-1:]
    after = text[at : at + 4].decode(errors="ignore")[:1]
    return not (is_letter(before) and is_letter(after))


_OTHER = bytes(set(range(128)) - set(b"abcdefghijklmnopqrstuvwxyz0123456789"))


def _core(line: bytes) -> bytes:
    """Give a view from its first to its last letter or digit."""
    return line.strip(_OTHER)


def _cores(views: list[str]) -> npt.NDArray[np.uint64]:
    data = [view.encode() for view in views]
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in data])]).astype(np.int64)
    folded = fold.fold(np.frombuffer(b"".join(data), np.uint8), offsets, view.tables())
    return folded.core
