"""The gate: what is folded, scanned and let through, as their slow twins say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import lexicons, text
from clean_corpus.kernels import fold, scan
from clean_corpus.patterns import dialect, needs, pieces
from clean_corpus.patterns import view as views
from clean_corpus.stages.boilerplate import gate, index
from clean_corpus.stages.boilerplate.lexicon import Matcher
from clean_corpus.stages.boilerplate.lines import Lines
from test_lexicons import LEXICONS, RULE


def test_the_view() -> None:
    assert views.view(" À LIRE\u00a0\u2009AUSSI\u202f: «l’Œuvre» — ŁÓDŹ…\r\n\n➤ Ёлка ") == (
        'a lire aussi : "l\'oeuvre" - lodz...\n* елка'
    )
    assert views.view("Où ÊTES-vous\u00ad?", cased=True) == "Ou ETES-vous?"
    assert views.view("发布时间：１２") == "发布时间:12"
    assert views.view("İstanbul ISPARTA ısı") == "istanbul isparta isi"


CHUNKS = [
    "Plain Words @[`{z",
    *"aÀé’«…Łß \u00a0\u200b\n\r\v\f\t\x00\x1cЖё中🌉\x85\u2028\u0301`\x7f\x94",
    "  ",
    "word" * 4,
]


@given(st.lists(st.sampled_from(CHUNKS), max_size=30).map("".join))
def test_folding_is_as_its_slow_twin(page: str) -> None:
    data = np.frombuffer(page.encode(), np.uint8)
    folded = fold.fold(data, np.array([0, data.size], np.int64), views.tables())
    lines = slow_lines(page)
    view = [
        folded.cased[a:b].tobytes().decode()
        for a, b in zip(folded.view, folded.view[1:], strict=False)
    ]
    assert view == [line for line, _ in lines]
    for i, (line, places) in enumerate(lines):
        size = len(line.encode())
        at = np.arange(size)
        left, right = fold.unfold(data, folded, views.tables()[0], np.full(size, i), at)
        assert [(int(a), int(b)) for a, b in zip(left, right, strict=True)] == places


def slow_lines(page: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Fold a text character by character, with the bytes that made each byte of the view."""
    table = views.tables()[0]
    lines: list[list[tuple[str, int, int]]] = [[]]
    at = 0
    for i, char in enumerate(page):
        entry = int(table[ord(char)]) if ord(char) < 65536 else 0
        kind, size = entry >> 24, len(char.encode())
        if kind == fold.BREAK and not (char == "\r" and page[i + 1 : i + 2] == "\n"):
            lines.append([])
        elif kind in (fold.BLANK, fold.BREAK):
            lines[-1].append((" ", at, at + size))
        elif kind != fold.DROP:
            seen = (entry & 0xFFFFFF).to_bytes(3, "little")[:kind].decode() if kind else char
            lines[-1].append((seen, at, at + size))
        at += size
    return [folded for line in lines if (folded := slow_line(line, page))[0]]


def slow_line(chars: list[tuple[str, int, int]], page: str) -> tuple[str, list[tuple[int, int]]]:
    while chars and chars[-1][0] == " ":
        chars.pop()
    view, places = "", list[tuple[int, int]]()
    blank = -1
    data = page.encode()
    for seen, start, end in chars:
        if seen == " ":
            blank = start if blank < 0 else blank
            continue
        if view and blank >= 0:
            stop = blank
            table = views.tables()[0]
            while int(table[min(ord(data[stop:].decode()[0]), 65535)]) >> 24 >= fold.BLANK:
                stop += len(data[stop:].decode()[0].encode())
            view += " "
            places.append((blank, stop))
        blank = -1
        view += seen
        places += [(start, end)] * len(seen.encode())
    return view, places


def bits(text: str) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(256), list(text.encode()))


PROBES = st.builds(
    index.Probe,
    limit=st.sampled_from([5, 64, 70, 400, 1000]),
    clauses=st.integers(0, 2),
    digit=st.booleans(),
    opening=st.booleans(),
    first=st.sampled_from([bits("ab 1é"), bits("a1")]),
    last=st.sampled_from([bits("ab 1é"), bits("b1")]),
    heads=st.sampled_from(["?", "a?", "ab0", "b$", "0?"]).map(gate.packed),
)
LITERALS = st.builds(
    index.Literal,
    text=st.text("ab 1é", min_size=1, max_size=9).map(str.encode),
    cased=st.just(b""),
    probe=st.integers(0, 2),
    clause=st.integers(0, 1),
    left=st.booleans(),
    right=st.booleans(),
    reach=st.sampled_from([3, 20, 64, 90, 2000]),
    tail=st.sampled_from([9, 160, 200, 2000]),
)
PIECES = st.tuples(st.text("ab 1é", min_size=1, max_size=9), st.integers(1, 60))


@given(
    st.lists(PROBES, min_size=3, max_size=3),
    st.lists(LITERALS, max_size=8),
    st.lists(st.lists(PIECES, max_size=3), max_size=4),
    st.booleans(),
)
def test_scanning_is_as_its_slow_twin(
    probes: list[index.Probe],
    literals: list[index.Literal],
    pieces: list[list[tuple[str, int]]],
    cased: bool,
) -> None:
    if cased:
        literals = [literal._replace(cased=literal.text.upper()) for literal in literals]
    literals = [x for x in literals if x.clause < probes[x.probe].clauses]
    lines = ["".join(text * times for text, times in line).encode() for line in pieces]
    lines = [line for line in lines if line]
    shown = [line.upper() if cased and i % 3 else line for i, line in enumerate(lines)]
    found = scan.scan(
        index.build(probes, literals),
        np.frombuffer(b"".join(lines), np.uint8),
        np.frombuffer(b"".join(shown), np.uint8),
        np.cumsum([0, *map(len, lines)]).astype(np.int64),
        np.arange(len(lines)),
        np.arange(len(lines)) % 2 == 0,
    )
    expected = [
        (n, i, *where)
        for i, probe in enumerate(probes)
        for n, line in enumerate(lines)
        for mine in [[x for x in literals if x.probe == i]]
        if (where := worth(line, shown[n], probe, mine, opening=n % 2 == 0)) is not None
    ]
    assert list(zip(*map(np.ndarray.tolist, found), strict=True)) == expected


def worth(
    line: bytes, shown: bytes, probe: index.Probe, literals: list[index.Literal], *, opening: bool
) -> tuple[int, int] | None:
    """Tell where the first and last literal of a probe stand if a line is worth trying."""
    head = ([x for x in map(sign, line) if x] + [0, 0, 0])[:3]
    if (
        len(line) > probe.limit
        or (probe.opening and not opening)
        or not (probe.first[shown[0]] and probe.last[shown[-1]])
        or not np.unpackbits(probe.heads, bitorder="little")[np.dot(head, [29 * 29, 29, 1])]
        or (probe.digit and not any(byte >= 128 or 48 <= byte <= 57 for byte in line))
    ):
        return None
    places = [
        [at for at in range(len(line)) if any(occurs(x, line, shown, at) for x in clause)]
        for i in range(probe.clauses)
        for clause in [[x for x in literals if x.clause == i]]
    ]
    if not all(places):
        return None
    return (min(places[0]), max(places[0])) if places else (0, len(line))


def sign(byte: int) -> int:
    char = chr(byte)
    return 28 if byte > 127 else 27 if char.isdigit() else ord(char) - 96 if char.isalpha() else 0


def occurs(literal: index.Literal, line: bytes, shown: bytes, at: int) -> bool:
    end = at + len(literal.text)
    before, after = line[max(0, at - 1) : at], line[end : end + 1]
    return (
        line.startswith(literal.text, at)
        and shown.startswith(literal.cased or shown[at:end], at)
        and end <= literal.reach
        and len(line) - at <= literal.tail
        and not (literal.left and before.isalnum())
        and not (literal.right and after.isalnum())
    )


def needed(pattern: str, *, bounded: bool) -> list[set[str]]:
    clauses = needs.needs(pattern, bounded=bounded).clauses
    return [{literal.text for literal in clause} for clause in clauses]


def test_what_a_pattern_needs() -> None:
    assert needed("(?:lire|voir) aussi ?:.*", bounded=True) == [
        {"\0lire aussi:", "\0lire aussi :", "\0voir aussi:", "\0voir aussi :"}
    ]
    assert needed(r"\d{10}", bounded=True) == []
    assert needs.needs(r"\d{10}", bounded=True).longest == 40
    assert needs.needs(r"\d{10}", bounded=True).digit
    assert needed("ads?", bounded=True) == [{"\0ad\0", "\0ads\0"}]
    assert needed("ads?", bounded=False) == [{"ad"}]
    assert needed("more(?: here|over)?|any more", bounded=True) == [{"\0more\0", "\0moreover\0"}]
    assert needed("follow.{1,9}facebook", bounded=True) == [{"facebook\0"}, {"\0follow"}]
    assert needed("(?:ap|dpa)[ /]{2}.*", bounded=False) == [{"ap ", "ap/", "dpa ", "dpa/"}]
    assert needed("[.!](?:voir |lire.*)", bounded=False) == [{".voir ", "!voir ", ".lire", "!lire"}]
    (found,) = needs.needs(".{2,3}lire aussi", bounded=True).clauses
    assert found == {pieces.Literal("lire aussi\0", 12 + 10)}


def test_how_a_match_may_begin() -> None:
    assert needs.needs('["*]{1,3} ?(?:ad|Épée|e-mail)', bounded=True).heads == {"ad", "~~p", "ema"}
    found = needs.needs(r"\d{1,2} mai", bounded=True).heads
    assert found == {a + b for a in "0~" for b in ("ma", "0m", "~m")}
    assert "?" in needs.needs(r"\d mai|.a", bounded=True).heads


RULES = lexicons.parse(RULE, "x.toml")
ATOMS = st.sampled_from(
    ["ab", "a b", "é", "1", "cd-e", "b", " ", "[ab]", r"\d", ".", "[^a]", r"\p{L}", r"\b1", "[ -]"]
)
GROUPS = st.tuples(
    st.lists(ATOMS, min_size=1, max_size=3).map("".join),
    st.lists(ATOMS, min_size=1, max_size=3).map("".join),
    st.sampled_from(["", "?", "*", "+", "{1,2}"]),
).map(lambda x: f"(?:{x[0]}|{x[1]}){x[2]}")


@given(
    st.lists(st.one_of(ATOMS, GROUPS), min_size=1, max_size=4).map("".join),
    st.text("ab1é cd-e", min_size=1, max_size=12),
    st.sampled_from(["line", "head", "tail", "span"]),
    st.booleans(),
)
def test_a_pattern_matches_only_what_passes_its_gate(
    pattern: str, line: str, scope: str, glued: bool
) -> None:
    if not line.strip():
        return
    rule = RULES[0]._replace(patterns=(pattern,), cased=True, scope=scope, glued=glued)
    given_ = text.Batch(
        pa.array([line], pa.large_string()), pa.array(["xx"]), *[pa.nulls(1, pa.string())] * 2
    )
    found = Matcher.of(lexicons.Lexicons((rule,))).find(Lines.of(given_), given_)
    seen = views.view(line, cased=True).encode()
    assert [seen[x.start : x.end] for x, _ in found] == ungated(rule, seen.decode())


def ungated(rule: lexicons.Rule, line: str) -> list[bytes]:
    """Match without a gate, as the dialect says."""
    start, end = lexicons.anchors(rule.scope)
    found = []
    for match in dialect.compiled(rule.patterns[0], start=start, end=end).finditer(line):
        a, b = match.span()
        edges = (line[at - 1 : at + 1] for at in (a, b) if 0 < at < len(line))
        if a < b and (rule.glued or not any(edge.isalnum() for edge in edges)):
            found.append(line[a:b].encode())
    return found


def test_the_gate_lets_through_what_patterns_match() -> None:
    for rule in LEXICONS.rules:
        start, end = lexicons.anchors(rule.scope, rule.least)
        for pattern in rule.patterns:
            need = needs.needs(pattern, bounded=lexicons.bounded(rule))
            compiled = dialect.compiled(pattern, start=start, end=end)
            for example in rule.removes:
                bare = example.replace("[[", "").replace("]]", "")
                line = views.view(bare, cased=rule.cased).encode()
                if (match := compiled.search(line)) is None:
                    continue
                matched = line[match.start() : match.end()]
                assert need.first >> matched[0] & 1, rule.id
                assert need.last >> matched[-1] & 1, rule.id
                assert len(matched) <= need.longest, rule.id
                for clause in need.clauses:
                    places = [(matched.find(x.strip("\0").encode()), reach) for x, reach in clause]
                    assert any(0 <= place <= reach for place, reach in places), rule.id
