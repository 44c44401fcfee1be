"""Find what the rules of the lexicons match: a gate over all lines, then patterns on the few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import dialect
from clean_corpus.kernels import fold, scan
from clean_corpus.lexicons import Lexicons, Rule, anchors
from clean_corpus.needs import needs as find_needs
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import Batch

Offsets = npt.NDArray[np.int64]
Bits = npt.NDArray[np.bool_]

#: Rules of these languages are tried on every text; "und" texts are tried with all languages.
_ALWAYS = ("common", "en")
_SLACK = 24  # bytes that bullets, brackets and counters may add around a phrase
_NO_LIMIT = 1 << 40
_ANY = (1 << 256) - 1


class _Probe(NamedTuple):
    rule: int
    pattern: str
    start: bool  # bound to the start, and to the end, of the line
    end: bool
    limit: int  # bytes of the longest line to try
    needs: Mapping[str, int] | None  # literals, and within how many bytes each must end
    tail: int  # within how many bytes of the line's end they must begin
    first: int  # bits of the bytes that the line may begin with, in its own view, and end with
    last: int

    def compiled(self) -> tuple[Any, int]:
        """Give the pattern as RE2 has it, and its group `cut` or 0; made when first wanted."""
        return _compiled(self.pattern, self.start, self.end)


class Matcher(NamedTuple):
    """The rules, compiled. Made once per process: `Matcher.of`."""

    rules: tuple[Rule, ...]
    probes: tuple[_Probe, ...]
    automaton: scan.Automaton | None
    literal_probes: tuple[Offsets, Offsets]  # for each literal: start in, and list of, probes
    open_probes: Offsets  # those that need no literal
    gates: tuple[Offsets, Offsets, Bits, Bits]  # of each probe: limit, rule, first, last bytes
    cores: npt.NDArray[np.uint64]  # hashes of whole lines, sorted
    core_rules: Offsets  # and whose they are
    core_lines: tuple[bytes, ...]
    languages: tuple[str, ...]
    rule_language: Offsets

    @classmethod
    def of(cls, lexicons: Lexicons) -> Matcher:
        """Compile all rules."""
        rules = lexicons.rules
        probes = tuple(probe for i, rule in enumerate(rules) for probe in _probes(i, rule))
        literals = sorted({text for probe in probes for text in probe.needs or ()})
        number = {text: i for i, text in enumerate(literals)}
        users: list[list[int]] = [[] for _ in literals]
        for i, probe in enumerate(probes):
            for text in probe.needs or ():
                users[number[text]].append(i)
        built = [_literal(text, [probes[i] for i in users[k]]) for k, text in enumerate(literals)]
        lines = [(line, i) for i, rule in enumerate(rules) for line in rule.lines]
        cores = _cores([line for line, _ in lines])
        order = np.argsort(cores, kind="stable")
        languages = lexicons.languages()
        return cls(
            rules=rules,
            probes=probes,
            automaton=scan.build(built) if built else None,
            literal_probes=_ragged(users),
            open_probes=np.array([i for i, x in enumerate(probes) if x.needs is None], np.int64),
            gates=_gates(probes, rules),
            cores=cores[order],
            core_rules=np.array([lines[k][1] for k in order], np.int64),
            core_lines=tuple(_core(lines[k][0].encode()) for k in order),
            languages=languages,
            rule_language=np.array([languages.index(rule.language) for rule in rules], np.int64),
        )

    def find(self, lines: Lines, batch: Batch) -> list[tuple[Proposal, Rule]]:
        """Give what the rules match, sorted by line; positions (`where`) are not looked at yet."""
        if not self.rules or len(lines.folded.doc) == 0:
            return []
        allowed = self._allowed(batch.languages)
        sources = batch.sources
        found = [*self._whole_lines(lines), *self._patterns(lines, allowed)]
        out = []
        for proposal, i in found:
            rule = self.rules[i]
            doc = int(lines.folded.doc[proposal.line])
            if rule.source and rule.source != sources[doc].as_py():
                continue
            if allowed[doc, self.rule_language[i]]:
                out.append((proposal, rule))
        return sorted(out, key=lambda pair: (*pair[0][:3], pair[1].id))

    def _allowed(self, codes: pa.StringArray) -> npt.NDArray[np.bool_]:
        """Tell for each document and each language whether its rules are tried."""
        names = [code or "und" for code in codes.to_pylist()]
        known = {
            code: [code == "und" or name in (code, *_ALWAYS) for name in self.languages]
            for code in set(names)
        }
        return np.array([known[name] for name in names], bool).reshape(len(names), -1)

    def _whole_lines(self, lines: Lines) -> Iterator[tuple[Proposal, int]]:
        if len(self.cores) == 0:
            return
        core = lines.folded.core
        low = np.searchsorted(self.cores, core, "left")
        hit = np.flatnonzero(self.cores[np.minimum(low, len(self.cores) - 1)] == core)
        for line in hit.tolist():
            text = lines.lower(line)
            middle = _core(text)
            for k in range(int(low[line]), len(self.cores)):
                if self.cores[k] != core[line]:
                    break
                if self.core_lines[k] == middle and len(text) <= len(middle) + _SLACK:
                    i = int(self.core_rules[k])
                    yield _proposal(self.rules[i], line, 0, len(text), whole=True), i

    def _patterns(
        self, lines: Lines, allowed: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[Proposal, int]]:
        cues: dict[tuple[int, int], int] = {}
        text = seen = b""
        current = -1
        for line, number in zip(*(x.tolist() for x in self._pairs(lines, allowed)), strict=True):
            if line != current:
                current, text = line, lines.lower(line)
                seen = b""
            probe = self.probes[number]
            rule = self.rules[probe.rule]
            if rule.cased and not seen:
                seen = lines.cased(line)
            if rule.least > 1:
                if b'"' in text or probe.compiled()[0].search(text) is None:
                    continue
                key = (line, probe.rule)
                cues[key] = cues.get(key, 0) + 1
                if cues[key] == rule.least:
                    yield _proposal(rule, line, 0, len(text), whole=True), probe.rule
                continue
            for start, end in _matches(probe, seen if rule.cased else text, rule):
                whole = start == 0 and end == len(text)
                yield _proposal(rule, line, start, end, whole=whole), probe.rule

    def _pairs(self, lines: Lines, allowed: npt.NDArray[np.bool_]) -> tuple[Offsets, Offsets]:
        """Give the lines and probes that are worth a try, sorted."""
        size = np.diff(lines.folded.view)
        limits, rule, first, last = self.gates
        at = [np.zeros(0, np.int64)]
        who = [np.zeros(0, np.int64)]
        if self.automaton is not None:
            where, literal = scan.scan(self.automaton, lines.folded.lower, lines.folded.view)
            begins, users = self.literal_probes
            times = begins[literal + 1] - begins[literal]
            total = np.cumsum(times)
            step = np.arange(int(total[-1]) if len(total) else 0) - np.repeat(total - times, times)
            at.append(np.repeat(where, times).astype(np.int64))
            who.append(users[np.repeat(begins[literal], times) + step])
        for number in self.open_probes.tolist():
            short = np.flatnonzero(size <= limits[number])
            at.append(short)
            who.append(np.full(len(short), number, np.int64))
        line: Offsets = np.concatenate(at)
        probe: Offsets = np.concatenate(who)
        view = lines.folded.view
        fits = (
            (size[line] <= limits[probe])
            & first[probe, lines.folded.cased[view[line]]]
            & last[probe, lines.folded.cased[view[line + 1] - 1]]
            & allowed[lines.folded.doc[line], self.rule_language[rule[probe]]]
        )
        pairs = np.unique(line[fits] * len(self.probes) + probe[fits])
        line, probe = np.divmod(pairs, len(self.probes))
        enough = self._enough(line, rule[probe])
        return line[enough], probe[enough]

    def _enough(self, line: Offsets, rule: Offsets) -> npt.NDArray[np.bool_]:
        """Tell which pairs belong to a line with as many cues of a rule as that asks for."""
        least = np.array([rule.least for rule in self.rules], np.int64)
        _, place, times = np.unique(
            line * len(self.rules) + rule, return_inverse=True, return_counts=True
        )
        enough: Bits = times[place] >= least[rule]
        return enough


@cache
def _compiled(pattern: str, start: bool, end: bool) -> tuple[Any, int]:
    compiled = dialect.compiled(pattern, start=start, end=end)
    return compiled, compiled.groupindex.get("cut", 0)


def _probes(i: int, rule: Rule) -> Iterator[_Probe]:
    start, end = anchors(rule.scope, rule.least)
    for pattern in rule.patterns:
        needs = find_needs(pattern, bounded=not rule.glued)
        known = needs.literals
        yield _Probe(
            rule=i,
            pattern=pattern,
            start=start,
            end=end,
            limit=rule.max or _NO_LIMIT,
            needs=known if start or known is None else dict.fromkeys(known, _NO_LIMIT),
            tail=needs.longest if end and not start else _NO_LIMIT,
            first=needs.first if start else _ANY,
            last=needs.last if end else _ANY,
        )


def _gates(
    probes: tuple[_Probe, ...], rules: tuple[Rule, ...]
) -> tuple[Offsets, Offsets, Bits, Bits]:
    def bits(masks: list[int]) -> Bits:
        table = np.zeros((len(masks), 256), bool)
        for row, mask in enumerate(masks):
            table[row] = np.unpackbits(
                np.frombuffer(mask.to_bytes(32, "little"), np.uint8), bitorder="little"
            )
            if not rules[probes[row].rule].cased:  # it sees "a" where the view has "A"
                table[row, 65:91] |= table[row, 97:123]
                table[row, 128:] |= table[row, 128:].any()
        return table

    limits = np.array([probe.limit for probe in probes], np.int64)
    rule = np.array([probe.rule for probe in probes], np.int64)
    return limits, rule, bits([x.first for x in probes]), bits([x.last for x in probes])


def _proposal(rule: Rule, line: int, start: int, end: int, *, whole: bool) -> Proposal:
    return Proposal(line, start, end, rule.class_, rule.id, whole, rule.flags)


def _matches(probe: _Probe, text: bytes, rule: Rule) -> Iterator[tuple[int, int]]:
    """Give the spans to cut in one line; matches that would cut a word are none."""
    pattern, cut = probe.compiled()
    for match in pattern.finditer(text):
        start, end = match.span()
        if start == end or not (rule.glued or (_parts(text, start) and _parts(text, end))):
            continue
        start, end = match.span(cut)
        if start < end:
            yield start, end


def _parts(text: bytes, at: int) -> bool:
    """Tell whether a place is not inside a word of a script that parts words by blanks."""
    if at in (0, len(text)):
        return True
    before = text[max(0, at - 4) : at].decode(errors="ignore")[-1:]
    after = text[at : at + 4].decode(errors="ignore")[:1]
    return not (_is_letter(before) and _is_letter(after))


def _is_letter(char: str) -> bool:
    return char.isalnum() and not (
        "\u0e00" <= char <= "\u10ff" or "\u1780" <= char <= "\u17ff" or "\u3040" <= char <= "\u9fff"
    )


def _literal(text: str, users: list[_Probe]) -> scan.Literal:
    bare = text.strip("\x00")
    return scan.Literal(
        text=bare.encode(),
        left=text[0] == "\x00" and _is_letter(bare[0]),
        right=text[-1] == "\x00" and _is_letter(bare[-1]),
        longest=max(probe.limit for probe in users),
        head=max(probe.needs[text] for probe in users if probe.needs),
        tail=max(probe.tail for probe in users),
    )


def _core(line: bytes) -> bytes:
    """Give a view from its first to its last letter or digit."""
    other = bytes(set(range(128)) - set(b"abcdefghijklmnopqrstuvwxyz0123456789"))
    return line.strip(other)


def _cores(views: list[str]) -> npt.NDArray[np.uint64]:
    data = [view.encode() for view in views]
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in data])]).astype(np.int64)
    folded = fold.fold(np.frombuffer(b"".join(data), np.uint8), offsets, dialect.tables())
    return folded.core


def _ragged(lists: list[list[int]]) -> tuple[Offsets, Offsets]:
    begins = np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64)
    return begins, np.array([i for x in lists for i in x], np.int64)
