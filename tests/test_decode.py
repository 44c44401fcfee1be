"""Bytes to text: each step of the decision, and what speaks against the result."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus.decode import Decoded, decode, html_charset, is_binary, marked, wide
from clean_corpus.decode.charsets import codec, label

FRENCH = "L'été dernier, la forêt brûlée s'étendait jusqu'à la vallée ; on n'y croyait guère."
POLISH = "Wczoraj wieczorem strażacy ugasili pożar lasu, który wybuchł w pobliżu małej wioski."
RUSSIAN = "Вчера вечером пожарные потушили лесной пожар, который вспыхнул возле деревни."
JAPANESE = "昨日の夜、消防隊は村の近くで起きた森林火災を消し止めた。けが人はいなかったという。"


@given(st.text())
def test_utf8_is_read_as_it_is(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    if marked(data) or b"\0" in data or b"\x1b" in data:
        return
    assert decode(data) == Decoded(data.decode(), "utf-8")


@given(st.binary(), st.sampled_from([None, "utf-8", "latin-1", "no-such", "gbk", "utf-16"]))
def test_it_never_fails(data: bytes, declared: str | None) -> None:
    found = decode(data, declared)
    found.text.encode()
    assert codec(found.encoding) is not None


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, JAPANESE, "plain"])
@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_decides(text: str, charset: str) -> None:
    found = decode(text.encode(charset), "windows-1252")
    assert found.text == text
    assert found.overruled
    assert not decode(text.encode(charset), charset.removesuffix("-sig")).overruled


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, f"{JAPANESE}\n" * 9, "Hello\n"])
def test_wide_charsets_without_a_mark(text: str, charset: str) -> None:
    assert decode(text.encode(charset)) == Decoded(text, charset)


def test_a_stray_nul_is_not_utf16() -> None:
    assert wide(b"abc\0 and so on, at some length, in plain ASCII") is None
    assert decode(b"abc\0def").encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "charset", "name"),
    [
        (JAPANESE, "iso2022_jp", "iso-2022-jp"),
        ("어제 저녁 소방대가 산불을 껐다.", "iso2022_kr", "iso-2022-kr"),
        (FRENCH, "cp1252", "windows-1252"),
        (POLISH, "cp1250", "windows-1250"),
        (RUSSIAN, "koi8_r", "koi8-r"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (JAPANESE, "euc_jp", "euc-jp"),
        ("“Curly”, she said – it’s fine…", "cp1252", "windows-1252"),
    ],
)
def test_undeclared_legacy_charsets(text: str, charset: str, name: str) -> None:
    found = decode(text.encode(charset))
    assert (found.text, found.encoding, found.overruled) == (text, name, False)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Die Lösung wurde gelöscht, schön böse.", "cp850"),  # ö is a quotation mark in Windows
        ("Le journal paraîtra. À vendre chez nous, près du marché de la vieille ville.", "cp850"),
        ("Я знаю.", "cp1251"),  # as if MacCyrillic, without its capitals
        ("Том ещё не пришёл", "cp1251"),
        ("かさをかして", "euc_jp"),
        ("のろまにはなりたくない。", "cp932"),
        ("The blanks of this old file are at signs, if read as ASCII or the like.", "cp037"),
        ("He waited … and then – at last – “it” came.", "cp1252"),
    ],
)
def test_short_texts_lead_nobody_astray(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


def test_a_guess_does_not_put_letters_of_another_script_into_words() -> None:
    found = decode("Ha già scelto.".encode("cp1252"))
    assert not any("\u0370" <= character <= "\u06ff" for character in found.text)


def test_the_account_names_what_speaks_against_it() -> None:
    assert decode(FRENCH.encode()).account == "utf-8"
    assert decode(FRENCH.encode(), "latin-1").account == "utf-8 (not as declared)"
    assert decode(b"caf\xe9").account.endswith(" (in doubt)")
    damaged = FRENCH.encode() + b"\xc3"
    assert decode(damaged, "utf-8").account == "utf-8 (in doubt)"
    assert decode(damaged, "no-such").account == "utf-8 (not as declared, in doubt)"


def test_mixed_charsets_in_one_file_lose_only_what_is_damaged() -> None:
    mixed = f"{FRENCH}\n".encode() * 3 + "é".encode("cp1252") + f"\n{FRENCH}".encode()
    assert decode(mixed) == Decoded(f"{FRENCH}\n" * 3 + f"\ufffd\n{FRENCH}", "utf-8", doubtful=True)


@pytest.mark.parametrize("declared", ["latin-1", "windows-1252", "cp1251", "us-ascii"])
def test_a_declared_charset_that_makes_mojibake_is_overruled(declared: str) -> None:
    assert decode(FRENCH.encode(), declared) == Decoded(FRENCH, "utf-8", overruled=True)


def test_a_declared_charset_that_holds_is_kept() -> None:
    assert decode(FRENCH.encode("latin-1"), "ISO-8859-1") == Decoded(FRENCH, "windows-1252")
    assert decode(RUSSIAN.encode("cp1251"), "cp1251").text == RUSSIAN
    # Two characters of GBK that are UTF-8 by chance: too few to overrule.
    assert decode("联通".encode("gbk"), "gb2312") == Decoded("联通", "gb18030")
    assert decode(JAPANESE.encode(), "shift_jis").text == JAPANESE


def test_a_declared_charset_that_fails_is_overruled() -> None:
    found = decode(FRENCH.encode("cp1252"), "utf-8")
    assert (found.text, found.encoding, found.overruled) == (FRENCH, "windows-1252", True)
    assert decode(b"plain", "no-such-charset") == Decoded("plain", "utf-8", True)


def test_damaged_utf8_stays_utf8() -> None:
    found = decode(FRENCH.encode() + b"\xc3")
    assert found == Decoded(f"{FRENCH}\N{REPLACEMENT CHARACTER}", "utf-8", doubtful=True)


def test_short_guesses_are_doubtful() -> None:
    assert decode(b"caf\xe9").doubtful
    assert not decode(f"{RUSSIAN} {RUSSIAN[::-1]}".encode("cp1251")).doubtful


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UTF8", "utf-8"),
        ("latin1", "cp1252"),
        ("Shift-JIS", "cp932"),
        ("gb2312", "gb18030"),
        (" 'windows-1251' ", "cp1251"),
        *((name, None) for name in ("hex", "rot13", "zlib", "unicode_escape", "utf-7", "", "a\0b")),
    ],
)
def test_declared_names(name: str, expected: str | None) -> None:
    assert codec(name) == expected


def test_labels_are_the_usual_names() -> None:
    assert [label(codecs.lookup(name).name) for name in ("cp1252", "latin2", "sjis")] == [
        "windows-1252",
        "iso-8859-2",
        "shift-jis",
    ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b'<html><head><META Charset = "ISO-8859-2"><title>', "ISO-8859-2"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        (b'<?xml version="1.0" encoding="shift_jis"?><html>', "shift_jis"),
        (b"<html><p>charset=none</p>", None),
        (b" " * 5000 + b'<meta charset="utf-8">', None),
    ],
)
def test_what_a_page_declares(page: bytes, expected: str | None) -> None:
    assert html_charset(page) == expected


def test_binary_data_is_told_from_text() -> None:
    assert is_binary(decode(bytes(range(256)) * 10).text)
    assert is_binary("text, padded with nothing" + 200 * "\0")
    for text in (
        "",
        "\0\1\2",
        "a\tb\r\n\f\x1b" * 99,
        "damaged \x01 here " + 99 * "and there " + "\x02" * 9,
    ):
        assert not is_binary(text)
