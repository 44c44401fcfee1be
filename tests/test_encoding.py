"""ftfy repairs what is damaged, nothing else, and the guard in front of it loses nothing."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterable

import ftfy
import numpy as np
import pyarrow as pa
import pytest
from ftfy import chardata, fixes
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clean_corpus import config
from clean_corpus.kernels.suspects import BAD, UNORDERED, suspects
from clean_corpus.stages import encoding, ftfy_guard, repairs, spots
from clean_corpus.stages.alignment import changes
from clean_corpus.text import Batch, apply, buffers

STAGE = encoding.stage(config.Encoding())
FIXER = encoding.fixer_config(entities=True)

# What ftfy looks at, next to ordinary letters of several scripts.
CHARACTERS = st.one_of(
    st.sampled_from(
        "aéÃ©â€™œ\x92\x94 &;#<ltamp\n\r\u0301\u0323가ᄀ\u1161न\u093cß™ß°€¡»ΒΞГРсÂ\xa0\xad"
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(CHARACTERS, max_size=24)
DAMAGED = st.builds(
    lambda text, charset: text.encode().decode(charset, "replace"),
    st.text("éèà’“”…ñüаияقلم漢字 abc", max_size=20),
    st.sampled_from(["latin-1", "cp1252", "cp1251", "cp1250", "mac_roman", "cp437"]),
)


def batch(texts: Iterable[str]) -> Batch:
    column = pa.array(texts, pa.large_string())
    return Batch(column, *[pa.nulls(len(column), pa.string())] * 3)


def repaired(*texts: str) -> list[str]:
    given_ = batch(texts)
    out: list[str] = apply(given_.texts, STAGE(given_)).to_pylist()
    return out


def edits(text: str) -> list[tuple[str, str, str, str]]:
    raw = text.encode()
    return [
        (raw[e["start"] : e["end"]].decode(), e["replacement"], e["class"], e["rule"])
        for e in STAGE(batch([text])).to_pylist()
    ]


def cleared(texts: list[str], entities: bool = True) -> list[str]:
    """Give the lines that the guard takes for clean."""
    found = ftfy_guard.find(*buffers(pa.array(texts, pa.large_string())), entities)
    doubtful = set(found.doc.tolist())
    for doc in found.doc[found.reasons == UNORDERED].tolist():
        if unicodedata.is_normalized("NFC", texts[doc]):
            doubtful.discard(doc)
    return [text for doc, text in enumerate(texts) if doc not in doubtful]


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [
        ("Le thÃ©Ã¢tre rouvre", "Le théâtre rouvre"),
        ("Lâ€™annÃ©e derniÃ¨re", "L’année dernière"),
        ("un tarif de Â£30", "un tarif de £30"),
        ("РџСЂРёРІРµС‚, РјРёСЂ", "Привет, мир"),
        ("disse que \x93sim\x94", "disse que “sim”"),
        ("caf&eacute; &amp; th&#233;", "café & thé"),
        ("ﬁn de l’afﬂux", "fin de l’afflux"),
        ("cafe\u0301", "café"),
        ("un\x00 deux\ufeff", "un deux"),
        ("\x1b[31mrouge\x1b[0m", "rouge"),
    ],
)
def test_what_is_damaged_is_mended(damaged: str, whole: str) -> None:
    assert repaired(damaged) == [whole]


@pytest.mark.parametrize(
    "text",
    [
        "« L’été » : 25\u202f%, dit-elle ; “oui”…",
        "Ｗｉｄｅ，：（１）！？\u3000全角",
        "می\u200cخواهم",
        "क्\u200dष",
        "TRƯỜNG ĐẠI HỌC QUỐC GIA HÀ NỘI",
        "BLÅØYD ER IKKE ÅØ",
        "NESTLÉ® et É° : ¿QUÉ?",
        "Á€ 100 É° «Ñ»",
        "Oʼzbekiston, rock ’n’ roll, 10³ m²",
        "a < b & c; AT&T; R&D",
        "ligne une\r\nligne deux\u2028trois",
        "ＮＨＫ、ｶﾀｶﾅ",
        "\N{WOMAN}\u200d\N{ROCKET} ❤\ufe0f",
        "ВІКІ — це «вікі»",
        "\u00adcé\u00adsure\u200b",
    ],
)
def test_what_is_not_damaged_stays(text: str) -> None:
    assert repaired(text) == [text]


def test_a_lone_foreign_letter_is_no_repair() -> None:
    """ftfy reads a closing quotation mark of Windows-1252 after `lá` as a Canadian syllable."""
    assert ftfy.fix_text("chegar lá\x94 e ouvir", FIXER) == "chegar lᔠe ouvir"
    assert repaired("chegar lá\x94 e ouvir") == ["chegar lá” e ouvir"]
    assert repaired("ODTÜ\x92lü hâlâ\x94 dedi") == ["ODTÜ’lü hâlâ” dedi"]


def test_one_sign_of_markup_does_not_decide_for_the_next_line() -> None:
    assert repaired("a &amp; b\nx < y\nc &amp; d") == ["a & b\nx < y\nc & d"]


def test_a_vertical_tab_stays_for_white_space_to_end_a_line() -> None:
    """ftfy drops it, and joins the words around."""
    assert repaired("th&eacute;\vcafé\x07\v", "un\vdeux") == ["thé\vcafé\v", "un\vdeux"]


def test_entities_may_stay() -> None:
    stage = encoding.stage(config.Encoding(entities=False))
    given_ = batch(["caf&eacute; cÃ´tÃ©"])
    assert apply(given_.texts, stage(given_)).to_pylist() == ["caf&eacute; côté"]


def test_an_edit_is_short_and_named() -> None:
    assert edits("Une soirÃ©e, deux cafÃ©s &amp; un th&eacute;.") == [
        ("Ã©", "é", "mojibake", "ftfy.fix-encoding"),
        ("Ã©", "é", "mojibake", "ftfy.fix-encoding"),
        ("&amp;", "&", "entity", "ftfy.unescape-html"),
        ("&eacute;", "é", "entity", "ftfy.unescape-html"),
    ]
    assert edits("fin\x07 de ﬁlm") == [
        ("\x07", "", "control", "ftfy.remove-control-chars"),
        ("ﬁ", "fi", "ligature", "ftfy.fix-latin-ligatures"),
    ]
    assert edits("ce\u0301") == [("e\u0301", "é", "normalization", "ftfy.normalize")]
    assert edits("dit \x93oui\x94") == [
        ("\x93", "“", "mojibake", "ftfy.fix-c1-controls"),
        ("\x94", "”", "mojibake", "ftfy.fix-c1-controls"),
    ]


@given(st.lists(st.one_of(TEXTS, DAMAGED), max_size=5))
def test_a_batch_is_repaired_like_its_texts(texts: list[str]) -> None:
    assert repaired(*texts) == [repaired(text)[0] for text in texts]


# What the fixes of ftfy look at, in lines that most of them have something to do with.
PIECES = [
    *["&amp;", "&eacute;", "&lt;", "&#8217;", "&#1;", "&#10;", "&AElig;", "&no;", "&Atilde;"],
    *["amp;", "a", "I", " ", "?", "é", "aéa", "ışa", "ß", "©", "\xa0", "\u0301", "\u0323", "e"],
    *["\x93", "\x94", "\x92", "\x85", "\x81", "\x1a", "\x1b[31m", "\x07", "\ufeff", "\ufffd", "ﬁ"],
    *["Â£", "Ã©", "Ã ", "â€™", "â€", "à ", "É\x94", "İ\x92", "Рџ", "я", "漢"],
]
LINES = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@example(["ﬁ&AElig;", "&Atilde;©", "&AElig;\ufffd", "\x93\ufeff aéa", "œ,"], True)
@settings(max_examples=200)
@given(st.lists(LINES | TEXTS | DAMAGED, min_size=1, max_size=12), st.booleans())
def test_one_round_of_fixes_is_as_good_as_all_of_ftfys(texts: list[str], entities: bool) -> None:
    fixer = encoding.fixer_config(entities)
    lines = [line for text in texts for line in text.split("\n")]
    column = pa.array(lines, pa.large_string())
    found = ftfy_guard.find(*buffers(column), entities)
    suspected = column.take(pa.array(found.doc))
    made = repairs.repaired(suspected, found.reasons, found.spots, fixer)
    expected = [carried_out(line, repairs.repair(line, fixer)) for line in suspected.to_pylist()]
    assert apply(suspected, made).to_pylist() == expected


# What makes a spot, and what may part two of them.
NEAR = ["\x93", "\x07", "\ufeff", "ﬁ", "é", "\xa0", "a", "\v", "&amp;", "&lt;", "&", ";"]


@given(st.lists(st.lists(st.sampled_from(NEAR), max_size=9).map("".join), max_size=4))
def test_spots_are_what_a_pattern_finds(lines: list[str]) -> None:
    column = pa.array(lines, pa.large_string())
    found = ftfy_guard.find(*buffers(column), entities=True)
    spots_ = [
        (int(found.doc[line]), lines[found.doc[line]].encode()[start:end].decode())
        for line, start, end in zip(*found.spots, strict=True)
    ]
    special = "[\x93\x07\ufeffﬁ]"
    pattern = re.compile(rf"&\w+;|{special}+(?:[^\0-\x7f]*[\x93\ufeffﬁ])?", re.ASCII)
    assert spots_ == [
        (at, match[0]) for at, line in enumerate(lines) for match in pattern.finditer(line)
    ]


def carried_out(line: str, found: list[repairs.Repair]) -> str:
    pieces, read = [], 0
    for repair in found:
        assert read <= repair.start <= repair.end
        pieces += [line[read : repair.start], repair.text]
        read = repair.end
    return "".join([*pieces, line[read:]])


@given(LINES)
def test_of_controls_alone_ftfy_makes_nothing_else(line: str) -> None:
    if spots._is_whole_but_for_controls(line):
        fixed = fixes.fix_c1_controls(line)
        if not is_bad(fixed):
            assert ftfy.fix_encoding_and_explain(line, FIXER).text == fixed


@example("\u0301Ã ")
@given(LINES)
def test_what_is_mended_in_parts_is_what_ftfy_makes_of_the_whole(line: str) -> None:
    found = repairs._in_parts(line)
    if found and not is_bad(found[0]):
        text, steps = ftfy.fix_encoding_and_explain(line, FIXER)
        names = tuple(repairs._STEPS.get(name, "fix-encoding") for _, name in steps or ())
        assert found == (text, names)


@given(TEXTS | DAMAGED, TEXTS | DAMAGED)
def test_changes_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    pieces, read = [], 0
    for start, end, text in changes(old, new):
        assert read <= start <= end
        assert old[start:end] != text
        pieces += [old[read:start], text]
        read = end
    assert "".join([*pieces, old[read:]]) == new


@given(st.lists(TEXTS | DAMAGED, min_size=1, max_size=8), st.booleans())
def test_what_the_guard_clears_ftfy_does_not_change(texts: list[str], entities: bool) -> None:
    fixer = encoding.fixer_config(entities)
    for text in cleared(texts, entities):
        assert ftfy.fix_text(text, fixer) == text


@given(st.text(CHARACTERS, min_size=1, max_size=12), st.integers(1, 5))
def test_a_long_line_is_judged_in_the_parts_that_ftfy_makes(text: str, longest: int) -> None:
    data, offsets = buffers(pa.array([text], pa.large_string()))
    automaton = ftfy_guard.automaton()
    found = suspects(data, offsets, automaton, entities=False, longest=longest)
    spans = set(zip(found.start.tolist(), found.end.tolist(), strict=True))
    at = 0
    for line in text.split("\n"):
        parts = [line[i : i + longest] for i in range(0, len(line), longest)]
        for part in parts:
            size = len(part.encode())
            whole = part + "\n" if len(part) < longest else part
            if is_bad(part) and is_bad(whole):
                assert any(start <= at and at + size <= end for start, end in spans)
            at += size
        at += 1


def representatives() -> list[str]:
    """Give a code point of each class that the guard and ftfy tell apart."""
    table = ftfy_guard.automaton().table
    points = np.unique(table[:0x10000], return_index=True)[1]
    return [chr(point) for point in points if not 0xD800 <= point < 0xE000]


def wants_repair(text: str) -> bool:
    """Say in ftfy's own terms whether it may change a line: the guard's slow twin."""
    return (
        is_bad(text)
        or chardata.HTML_ENTITY_RE.search(text) is not None
        or any(ord(c) in chardata.LIGATURES or ord(c) in chardata.CONTROL_CHARS for c in text)
        or not unicodedata.is_normalized("NFC", text)
    )


def test_no_pair_of_classes_slips_by() -> None:
    pairs = itertools.product(representatives(), repeat=2)
    texts = [f"{a}{b}" for a, b in pairs if "\n" not in a + b]
    assert len(texts) > 20_000
    clear = cleared(texts)
    assert [text for text in clear if wants_repair(text)] == []
    assert [text for text in clear[::5] if ftfy.fix_text(text, FIXER) != text] == []


@pytest.mark.slow
@pytest.mark.skipif("EXHAUSTIVE" not in os.environ, reason="EXHAUSTIVE=1 runs it, in a minute")
def test_no_triple_of_classes_slips_by() -> None:
    kinds = sorted({*representatives()} - {"\n"})
    for first in kinds:
        texts = [first + a + b for a, b in itertools.product(kinds, [*kinds, "\n"])]
        assert [text for text in cleared(texts) if wants_repair(text)] == []


@pytest.mark.parametrize("context", ["{}", "a{}b", " {} ", "Ã{}", "{}¡", "{}\nx", "Ø¹{}", "вЂ{}"])
def test_no_pair_of_characters_slips_by(context: str) -> None:
    sets = "".join(MOJIBAKE_CATEGORIES.values()) + "".join(chardata.UTF8_CLUES.values())
    characters = sorted({*sets, *map(chr, chardata.LIGATURES), *"aZ ?\u0301\u093c가"})
    pairs = [context.format(a + b) for a, b in itertools.product(characters, repeat=2)]
    assert len(pairs) > 150_000
    assert [text for text in cleared(pairs) if wants_repair(text)] == []
    clear = cleared(pairs[::211])
    assert [text for text in clear if ftfy.fix_text(text, FIXER) != text] == []


def test_an_unknown_pattern_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftfy.badness.BADNESS_RE", re.compile("a+b", re.VERBOSE))
    with pytest.raises(ValueError, match="unknown part"):
        list(ftfy_guard.bad_sequences())


def test_a_pattern_that_there_is_no_room_for_is_refused() -> None:
    points = np.arange(ftfy_guard.automaton().table.size)
    bits = [ftfy_guard._Sequence([points >> bit & 1 == 1], BAD) for bit in range(9)]
    with pytest.raises(ValueError, match="too many kinds of characters"):
        ftfy_guard._laid_out(bits)
    # Seventeen places after a character, any of them may hold it again: 2^17 states.
    one, two = points == 0x4E00, (points == 0x4E00) | (points == 0x4E8C)
    with pytest.raises(ValueError, match="too many states"):
        ftfy_guard._laid_out([ftfy_guard._Sequence([one, *[two] * 17], BAD)])
