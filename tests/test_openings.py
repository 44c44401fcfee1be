"""How patterns are matched: by their openings, and in forms for bytes, as RE2 matches them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import lexicons
from clean_corpus.patterns import dialect, narrow, openings, view
from clean_corpus.stages.boilerplate import matches
from clean_corpus.stages.boilerplate.matches import Matches, Span, Tries, first
from test_lexicons import LEXICONS


def find(
    pattern: str, line: bytes, *, start: bool = False, end: bool = False, opening: bool = True
) -> list[Span]:
    """Give what a pattern matches in a line, with its opening or without."""
    known = first(pattern, start=start, end=end)
    known = known if opening else known._replace(opening="")
    found = search(Matches(pattern, start, end, known), [line])
    return [span for spans in found.values() for span in spans]


def search(known: Matches, lines: Sequence[bytes]) -> dict[int, list[Span]]:
    """Give the spans of each line that has some, by number."""
    ends = list(accumulate(map(len, lines)))
    starts = [0, *ends[:-1]]
    tries = Tries(list(range(len(lines))), starts, ends, starts, ends)
    found = known.find(b"".join(lines), tries, range(len(lines)))
    return {line: spans for line, _, spans in found}


def test_what_goes_is_as_the_group_says() -> None:
    for pattern in ("[.!] ?(?P<cut> ?© .*)", "(?:^|a)(?P<cut>b+)", "(?P<cut>ab)c", "a|b(?P<cut>c)"):
        for line in ("Ah.  © b", "ab abb", "abc", "bc a"):
            slow = dialect.compiled(pattern)
            wanted = [(*x.span(), *x.span("cut")) for x in re.finditer(pattern, line)]
            found = find(pattern, line.encode())
            assert slow is not None
            if line.isascii() and (-1, -1) not in [x[2:] for x in wanted]:
                assert found == wanted


CLASSES = st.sampled_from(
    [
        *("a", "ж", "€", ".", r"\w", r"\d", r"\b", r"\.", r"\p{L}", r"\p{Lu}", r"\p{M}", r"\p{N}"),
        *(
            "[a-c-]",
            "[aж€]",
            "[а-я]",
            "[^a]",
            "[^жa€ٖ]",
            r"[^\w]",
            r"[\p{L}€.-]",
            r"[\w-]",
            r"[\d٣]",
        ),
    ]
)


@given(
    st.lists(
        st.tuples(CLASSES, st.sampled_from(["", "", "?", "*", "{2,3}"])), min_size=1, max_size=4
    ),
    st.text("aA1.-€©жЖ٣ा語_ ", min_size=1, max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_forms_of_a_pattern_match_alike(
    parts: list[tuple[str, str]], line: str, start: bool, end: bool
) -> None:
    pattern = "".join(atom if atom == r"\b" else atom + times for atom, times in parts)
    data = line.encode()
    slow = dialect.compiled(pattern, start=start, end=end)
    wanted = [match.span() for match in slow.finditer(data)]
    found = find(pattern, data, start=start, end=end)
    # RE2 may find an empty match, which cuts nothing, twice.
    assert list(dict.fromkeys((a, b) for a, b, *_ in found)) == list(dict.fromkeys(wanted))
    for signs in {False, narrow.only_signs(data)}:
        bound = dialect.bound(pattern, start=start, end=end)
        source, exact = narrow.written(bound, signs=signs)
        narrowed = dialect.compiled_as(source.encode(), groups=False)
        spans = [match.span() for match in narrowed.finditer(data)]
        assert spans == wanted if exact or data.isascii() else spans or not wanted


# Such classes are bytes of characters at the most: what is left out, or begins like that, meets.
WITHOUT = st.sampled_from(["[^。]", "[^。、]", "[^жa]", "[^a-cж€ٖ]", "[^é.èa]", "[^а中。]"])


@given(
    st.lists(
        st.tuples(WITHOUT | st.sampled_from("xé。ж"), st.sampled_from(["", "", "?", "+", "{2,3}"])),
        min_size=1,
        max_size=4,
    ),
    st.text("axé。、中€жг.", min_size=1, max_size=12),
    st.booleans(),
)
def test_classes_that_leave_out_characters_match_alike(
    parts: list[tuple[str, str]], line: str, end: bool
) -> None:
    pattern = "".join(map("".join, parts))
    slow = dialect.compiled(pattern, end=end)
    wanted = {match.span() for match in slow.finditer(line.encode())}
    assert {span[:2] for span in find(pattern, line.encode(), end=end)} == wanted


@pytest.mark.parametrize(
    ("pattern", "line", "matched"),
    [
        ("[^。]来源", "foo. 。来源 x", ""),
        ("[^。]来源", "foo. 中来源 x", "中来源"),
        ("x[^。]{3}y", "x中y", ""),
        ("x[^。]{3}y", "x中a中y", "x中a中y"),
        ("foo[^a-zж]{3}bar", "foo中bar", ""),
    ],
)
def test_a_class_without_a_character_takes_whole_characters(
    pattern: str, line: str, matched: str
) -> None:
    data = line.encode()
    assert "".join(data[a:b].decode() for a, b, *_ in find(pattern, data)) == matched


WORDS = st.sampled_from(["abc", "ab", "a", "^", "#", "(?P<cut>ab?c)", "(?:abc|#)", "(?:b|ab{2})"])
WIDE = st.sampled_from([".", "[ab]", "[^a]", r"\p{L}", "b", "(?:a|bc)"])


@given(
    st.lists(
        WORDS
        | st.tuples(WIDE, st.sampled_from(["*", "+?", "{2,12}", "{9}", "?"])).map("".join)
        | st.tuples(WORDS, WORDS, st.sampled_from(["", "?"])).map(
            lambda x: f"(?:{x[0]}|{x[1]}){x[2]}"
        ),
        min_size=1,
        max_size=4,
    ),
    st.text("abc#é", min_size=1, max_size=24),
    st.booleans(),
)
def test_looking_for_openings_first_finds_the_same(parts: list[str], line: str, end: bool) -> None:
    pattern = "".join(parts)
    if pattern.count("cut") > 1:
        return
    plain, other = (find(pattern, line.encode(), end=end, opening=x) for x in (False, True))
    assert list(dict.fromkeys(plain)) == list(dict.fromkeys(other))


@given(
    st.lists(
        WORDS | st.tuples(WIDE, st.sampled_from(["*", "{2,12}", "?"])).map("".join), min_size=1
    ),
    st.lists(st.text("abc#é", min_size=1, max_size=12), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
)
def test_many_lines_are_searched_like_each_alone(
    parts: list[str], lines: list[str], start: bool, end: bool
) -> None:
    pattern = "".join(parts).replace("?P<cut>", "?:")
    known = Matches(pattern, start, end, first(pattern, start=start, end=end))
    found = search(known, [line.encode() for line in lines])
    slow = dialect.compiled(pattern, start=start, end=end)
    for i, line in enumerate(lines):
        wanted = [match.span() for match in slow.finditer(line.encode())]
        spans = [(a, b) for a, b, *_ in found.get(i, [])]
        assert list(dict.fromkeys(spans)) == list(dict.fromkeys(wanted))


def test_nothing_is_found_behind_the_end() -> None:
    assert find("(?:b{9,})?", b"ab") == [(0, 0, 0, 0), (1, 1, 1, 1), (2, 2, 2, 2)]


def test_a_long_line_is_as_quick_for_what_stands_at_its_end() -> None:
    """Openings all along the line are not tried one by one: that took half a second."""
    ends = [
        (pattern, view.view(rule.removes[0].replace("[[", "").replace("]]", "")).encode())
        for rule in LEXICONS.rules
        for pattern in rule.patterns
        if lexicons.anchors(rule.scope, rule.least) == (False, True)
    ]
    assert len(ends) > 50
    took = {"openings": 0.0, "none": 0.0}
    for pattern, example in ends:
        line = (example + b" ") * (400_000 // len(example))
        known = Matches(pattern, False, True, first(pattern, start=False, end=True))
        search(known, [example])
        for name, same in {"openings": line, "none": b"\x01" * len(line)}.items():
            began = process_time()
            search(known, [same])
            took[name] += process_time() - began
    # As many seconds as that would take say more of the machine than of the code.
    assert took["openings"] < 5 * took["none"], took


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [
        ("[.!] ?(?P<cut>read more: .{3,90}[a-z])", "[.!] ?(?:read more: .)"),
        ("(?:see (?:also|too)|more: [^.]+) here", "(?:see (?:also|too)|more: [^.])"),
        ("[.!?] [^.!?]{3,60} read more", "[.!?] [^.!?]+ read more"),
        ("a{0,9}?[bc]{2}", "a*?[bc]{2}"),
        ("x{3}yz(?:abc){2}", "x{3}yz(?:abc){2}"),
        (r"\(c\) .*", r"\(c\) "),
    ],
)
def test_an_opening_goes_up_to_where_a_pattern_counts(pattern: str, begins: str) -> None:
    assert openings.opening(pattern).pattern == begins


@pytest.mark.parametrize("pattern", [b"a(b)?c", b"(x)|y", b""])
def test_the_methods_of_re2_find_what_its_own_search_does(pattern: bytes) -> None:
    compiled = dialect.compiled_as(pattern, groups=True)
    own, methods = matches._search(compiled), matches._by_methods(compiled)
    for text in (b"zzabczac", b"yx", b""):
        for start in range(len(text) + 1):
            for anchor in (matches._HERE, matches._ANYWHERE):
                found = own(anchor, text, start, len(text))
                assert methods(anchor, text, start, len(text))[: len(found)] in (found, found[:1])
