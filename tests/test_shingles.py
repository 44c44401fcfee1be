"""Words, shingles and their hashes: the kernel says what plain Python says, in every script."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from clean_corpus.corpus import shingles

SCRIPTS = "abÉßİıς éÀñΆώЖйԱאבּشَـहिन्दीกำลังລາວខ្មែရန်漢字カタがﾃ゙한국ﬁ½²Ⅷ9٣①"
ODD = "\u00ad\u200b\u200d\ufe0f\u0301\u0308\u3099😀♥_'’-.\n\t \x00\U00020000\U000e0100\ufdfa"
TEXT = st.one_of(st.text(alphabet=SCRIPTS + ODD, max_size=40), st.text(max_size=20))

WORD, SPREAD = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
MIX_1, MIX_2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
FULL = (1 << 64) - 1


def turn(value: int, bits: int) -> int:
    return value << bits & FULL | value >> 64 - bits


def mix(value: int, multiplier: int) -> int:
    value = (value ^ value >> 32) * multiplier & FULL
    return value ^ value >> 32


def slow_word(word: str) -> int:
    value = 0
    for character in word:
        letter = ord(character) * WORD & FULL
        value = turn(value, 7) ^ (letter ^ letter >> 32) * SPREAD & FULL
    return mix(value ^ len(word) * WORD & FULL, MIX_1)


def slow_hashes(text: str, size: int) -> list[int]:
    words = [slow_word(word) for word in shingles.words(text)]
    size = min(size, len(words))
    out = []
    for i in range(len(words) - size + 1 if size else 0):
        value = 0
        for word in words[i : i + size]:
            value = turn(value, 21) ^ word
        out.append(mix(value + size * WORD & FULL, MIX_2))
    return out


def fast_hashes(texts: list[str], size: int, rows: list[int] | None = None) -> list[list[int]]:
    array = pa.array(texts, pa.large_string())
    which = None if rows is None else np.array(rows, np.int64)
    hashes, offsets = shingles.hashes(array, size, which)
    return [part.tolist() for part in np.split(hashes, offsets[1:-1])] if len(offsets) > 1 else []


@given(st.lists(TEXT, min_size=1, max_size=5), st.integers(1, 5))
def test_kernel_equals_definition(texts: list[str], size: int) -> None:
    assert fast_hashes(texts, size) == [slow_hashes(text, size) for text in texts]


def test_rows_of_a_slice() -> None:
    texts = ["one two", "", "three", "four five six"]
    array = pa.array(["before", *texts, "after"], pa.large_string()).slice(1, 4)
    hashes, offsets = shingles.hashes(array, 2, np.array([3, 1]))
    assert np.split(hashes, offsets[1:-1])[0].tolist() == slow_hashes(texts[3], 2)
    assert offsets.tolist() == [0, 2, 2]


@given(st.text(alphabet="abcÉéñ ΆώЖй漢字カタがกำลัง.,-\u00ad\n0٣", max_size=30))
def test_oracle_cuts_the_same_words(text: str) -> None:
    assert oracle.words(text) == shingles.words(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L’État, c'est-à-dire", ["l", "etat", "c", "est", "a", "dire"]),
        ("ＡＢＣ １２", ["abc", "12"]),
        ("soft\u00adhyphen zero\u200bwidth", ["softhyphen", "zerowidth"]),
        ("İSTANBUL ısı", ["istanbul", "isi"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("Z͑ͫa̴l̀ģo", ["zalgo"]),
        ("की कि", ["की", "कि"]),
        ("й и\u0306", ["и\u0306", "и\u0306"]),
        ("كـــتاب", ["كتاب"]),
        ("한국 뉴스", ["한국", "뉴스"]),
        ("東京都知事", ["東京都", "京都知", "都知事"]),
        ("2024年に", ["2024", "年に"]),
        ("iPhone新", ["iphone", "新"]),
        ("ｶﾞス", ["カ\u3099ス"]),
        ("ประเทศ", ["ประเทศ"]),
        ("9\u0301 a\u03019", ["9", "a9"]),
        ("½ 1½ ²", ["½", "1½", "2"]),
        ("😀 ♥️ ‼️ 🇫🇷", []),
        ("\x00a\x00b\x00", ["a", "b"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert shingles.words(text) == words


def test_marks_that_carry_meaning_stay_apart() -> None:
    # As marks are dropped nowhere but in Latin and Greek, these stay different words.
    for one, other in [("कल", "काल"), ("มา", "ม้า"), ("は", "ば"), ("мой", "мои")]:
        assert shingles.words(one) != shingles.words(other)


def test_short_texts_are_one_shingle() -> None:
    assert shingles.strings("one two", 4) == ["one two"]
    assert shingles.strings("one two three", 2) == ["one two", "two three"]
    assert shingles.strings("…", 4) == []
    # A text of two words is not a part of one of three.
    assert not set(slow_hashes("one two", 3)) & set(slow_hashes("one two three", 3))


def test_long_runs() -> None:
    text = "x" * 5000 + " " + "字" * 3000 + " " + "ก" * 10
    assert fast_hashes([text], 3) == [slow_hashes(text, 3)]


@pytest.mark.parametrize("mark", "\u0344\u0f77\u0e33")
def test_marks_that_are_a_word_a_byte(mark: str) -> None:
    texts = ["กขคงจฉ" + mark * 4000, "one two", "ก" * 7 + mark * 9, "", mark * 3000]
    assert fast_hashes(texts, 2) == [slow_hashes(text, 2) for text in texts]


def test_any_ascii_character_behind_any_other() -> None:
    every = [chr(code) for code in range(128)]
    text = "".join(one + two for one in every for two in every)
    for start in range(8):
        assert fast_hashes([text[start:]], 1) == [slow_hashes(text[start:], 1)]


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("step", [1, 2, 5, 9, 70])
def test_words_over_the_borders_of_blocks(step: int, size: int) -> None:
    # Texts of each length, and words at each distance from where a block begins.
    text = "".join(" " if i % (step + 1) == step else chr(97 + i % 26) for i in range(300))
    texts = [text[:end] for end in range(300)] + [text[start:] for start in range(80)]
    assert fast_hashes(texts, size) == [slow_hashes(text, size) for text in texts]


@pytest.mark.parametrize("gap", [" ", "—", "字", " é "])
def test_words_longer_than_what_is_held(gap: str) -> None:
    text = gap.join("x" * length for length in (10_000, 1, 1023, 1024, 1025, 63, 3000))
    assert fast_hashes([text, gap + text + gap], 3) == [
        slow_hashes(text, 3),
        slow_hashes(gap + text + gap, 3),
    ]


@pytest.mark.parametrize("odd", "éạ’й字ก😀")
def test_what_is_not_ascii_among_much_that_is(odd: str) -> None:
    plain = "The ferry to the Island (No. 7) was late, " * 3
    texts = [plain[:i] + odd * (i % 5 + 1) + plain[i:] for i in range(len(plain))]
    assert fast_hashes(texts, 2) == [slow_hashes(text, 2) for text in texts]
