"""White space becomes plain, what cannot be seen goes, and what does its work stays."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clean_corpus import config
from clean_corpus.stages import whitespace
from clean_corpus.text import Batch, apply

LINES = st.integers(0, 3)
# Every kind of character, densely; and every other character at times.
TEXTS = st.text(
    st.one_of(
        st.sampled_from(
            "ab  \t\n\n\r\x0b\x00\x7f\x85\xa0\xad.:«éà中ก\u0e32म\u094d\u0645\u06cc\u1e00"
            "\u1680\u2009\u200b\u200c\u200c\u200d\u2019\u2028\u202f\u2060\u3000\ufeff\ufe0f👩💻\U00010a10"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=30,
)


def edits(texts: list[str], blank_lines: int = 1) -> pa.Table:
    column = pa.array(texts, pa.large_string())
    batch = Batch(column, *[pa.nulls(len(texts), pa.string())] * 3)
    return whitespace.stage(config.Whitespace(blank_lines=blank_lines))(batch)


def tidied(*texts: str, blank_lines: int = 1) -> list[str]:
    column = pa.array(texts, pa.large_string())
    out: list[str] = apply(column, edits(list(texts), blank_lines)).to_pylist()
    return out


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("deux  mots\tet \t trois", "deux mots et trois"),
        ("fin \n début\n\tsuite", "fin\ndébut\nsuite"),
        ("un\r\ndeux\rtrois\x0cquatre", "un\ndeux\ntrois\nquatre"),
        ("cinq\u2028six\u2029sept\x85huit", "cinq\nsix\nsept\nhuit"),
        ("un\n\n\n \ndeux\n\ntrois", "un\n\ndeux\n\ntrois"),
        ("\n\n  un\n\n", "un"),
        (" \ufeff \n", ""),
        ("\ufeffdé\u00adbut\x00 f\u200bin\u2060", "début fin"),
        ("a \u200b b", "a b"),
        ("prix\u00a0\u00a0: 10\u202f\u202f%", "prix\u00a0: 10\u202f%"),
        ("prix\u00a0 : 10", "prix : 10"),
        ("\u3000\u3000新华社北京\n\u3000\u3000记者", "新华社北京\n记者"),
        ("Auf\u200clage a\u200db", "Auflage ab"),
        ("می\u200c\u200cخواهم", "می\u200cخواهم"),
        ("mot \u200cmot", "mot mot"),
        ("fin\u200b\u200b ", "fin"),
    ],
)  # fmt: skip
def test_white_space_becomes_plain(text: str, plain: str) -> None:
    assert tidied(text) == [plain]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "« Oui\u00a0», dit-il\u202f; 10\u202f%, 1\u2009000",
        "« Oui », dit-il.\n\n— Non.\nFin",
        "新华社　北京",
        "می\u200cخواهم نمی\u200cدانم",
        "क्\u200dष र\u200dय ക്\u200c",
        "\N{WOMAN}\u200d\N{PERSONAL COMPUTER} \N{HEAVY BLACK HEART}\ufe0f\u200d\N{FIRE}",
        "ភាសា\u200bខ្មែរ และ\u200bไทย",
        "שלום \u200f(\u200e1\u200e)\u200f",
        "a\u0301 \ufffd \u061c",
        "Việt Nam, Ấn Độ, ẦM",
    ],
)
def test_what_does_its_work_stays(text: str) -> None:
    assert tidied(text) == [text]


@pytest.mark.parametrize(("lines", "plain"), [(0, "a\nb"), (1, "a\n\nb"), (3, "a\n\n\n\nb")])
def test_as_many_empty_lines_as_asked(lines: int, plain: str) -> None:
    assert tidied("a\n\n\n\n\n\nb", blank_lines=lines) == [plain]


def test_an_edit_is_no_larger_than_it_must_be() -> None:
    text = "un  deux \ntrois\r\n\n\n\nqua\u00adtre\tcinq "
    rows = [
        (r["start"], r["end"], r["replacement"], r["rule"], r["action"])
        for r in edits([text]).to_pylist()
    ]
    assert rows == [
        (3, 4, "", "whitespace.blanks", "remove"),
        (8, 9, "", "whitespace.line-edge", "remove"),
        (15, 18, "", "whitespace.blank-lines", "remove"),
        (23, 25, "", "whitespace.invisible", "remove"),
        (28, 29, " ", "whitespace.blanks", "replace"),
        (33, 34, "", "whitespace.line-edge", "remove"),
    ]


def test_classes_and_lone_line_ends() -> None:
    rows = edits(["a\rb\u00adc"]).to_pylist()
    assert [(r["class"], r["rule"]) for r in rows] == [
        ("whitespace", "whitespace.line-end"),
        ("invisible", "whitespace.invisible"),
    ]


BLANK = "\t \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
END = "\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]"
GONE = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u2060\u206a-\u206f\ufeff\ufff9-\ufffc"
JOINS = (
    "\u0600-\u0dff\u0f00-\u109f\u1780-\u180d\u180f-\u18af\u18b0-\u1cff\u2190-\u2bff\ua800-\uabff"
    "\ufb50-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f\U0001f000-\U0001faff"
)
UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u1950-\u1aaf"


def naive(text: str, blank_lines: int) -> str:
    """The kernel's slow twin: one rule after the other."""
    kept: list[str] = []
    text = re.sub(END, "\n", text)
    for at, c in enumerate(text):
        stays: object
        before = kept[-1] if kept else " "
        after = text[at + 1] if at + 1 < len(text) else " "
        if c == "\u200b":
            stays = re.match(f"[{UNSPACED}]{{2}}", before + after)
        elif c in "\u200c\u200d":
            stays = re.match(f"[{JOINS}]", before) or (
                c == "\u200d" and before not in "\u200b\u200c" and re.match(f"[{JOINS}]", after)
            )
            stays = stays if before != "\u200d" else None
        else:
            stays = re.match(f"[^{GONE}]", c, re.DOTALL)
        if stays:
            kept.append(c)
    text = re.sub(END, "\n", "".join(kept))
    text = re.sub(
        f"[{BLANK}]*\n[{BLANK}\n]*", lambda m: "\n" * min(m[0].count("\n"), blank_lines + 1), text
    )
    text = text.strip(
        BLANK.replace("\u2000-\u200a", "".join(map(chr, range(0x2000, 0x200B)))) + "\n"
    )
    return re.sub(
        f"[{BLANK}]+",
        lambda m: m[0][0] if len(set(m[0])) == 1 and m[0][0] != "\t" else " ",
        text,
    )  # fmt: skip


@given(st.lists(TEXTS, min_size=1, max_size=4), LINES)
@example(["a\r\x00\nb"], 1)
@example(["ก\u200b\u200bก\u200d\u200dม"], 0)
def test_the_kernel_does_what_its_twin_does(texts: list[str], lines: int) -> None:
    assert tidied(*texts, blank_lines=lines) == [naive(text, lines) for text in texts]


@given(TEXTS, LINES)
def test_once_is_enough(text: str, lines: int) -> None:
    once = tidied(text, blank_lines=lines)
    assert edits(once, lines).num_rows == 0


@given(st.lists(TEXTS, max_size=5), LINES)
def test_edits_are_disjoint_and_change_something(texts: list[str], lines: int) -> None:
    last = (-1, 0)
    for row in edits(texts, lines).to_pylist():
        raw = texts[row["doc"]].encode()
        assert (row["doc"], row["start"]) >= last
        assert raw[row["start"] : row["end"]].decode() != row["replacement"]
        last = (row["doc"], row["end"])


def test_a_long_text_of_nothing_but_edits() -> None:
    assert tidied("a  b\t" * 50_000) == [("a b " * 50_000).strip()]
