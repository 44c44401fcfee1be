"""One text has one language, or none that we know; langdetect's profiles decide."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import config, languages, settings
from clean_corpus.errors import ConfigError
from clean_corpus.kernels import language as kernel
from clean_corpus.stages import cld2, language, profiles, telltales, verdicts
from clean_corpus.stages.verdicts import Case

CASES = tomllib.loads((Path(__file__).parent / "cases/languages.toml").read_text("utf-8"))
TEXTS, BY_SCRIPT = CASES["known"], CASES["script"]
BEYOND, STRANGERS = CASES["beyond"], CASES["stranger"]


def detect(*texts: str, **options: Any) -> list[str]:
    found = language.detect(pa.array(texts, pa.large_string()), config.Language(**options))
    labels: list[str] = found.labels.to_pylist()
    return labels


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_is_recognised(code: str) -> None:
    assert detect(TEXTS[code]) == [code]


@pytest.mark.parametrize("code", TEXTS)
def test_capitals_change_nothing(code: str) -> None:
    assert detect(TEXTS[code].upper()) == [code]


@pytest.mark.parametrize("code", BY_SCRIPT)
def test_a_script_can_give_a_language_away(code: str) -> None:
    assert detect(BY_SCRIPT[code]) == [code]


@pytest.mark.parametrize("code", BEYOND)
def test_cld2_knows_what_langdetect_does_not(code: str) -> None:
    assert detect(BEYOND[code]) == [code]


@pytest.mark.parametrize("code", STRANGERS)
def test_what_no_profile_fits_has_no_language(code: str) -> None:
    found = language.detect(pa.array([STRANGERS[code]], pa.large_string()), config.Language())
    assert (found.labels.to_pylist(), found.confidence.tolist()) == (["und"], [0])


def test_traditional_chinese_is_chinese() -> None:
    assert detect("市政府星期一宣布，舊圖書館在修繕之後將重新向讀者開放。") == ["zh"]
    assert detect("國務院總理表示，關鍵產業發展與兩岸經濟關係將繼續擴大。") == ["zh"]


@pytest.mark.parametrize(
    "text",
    ["", "   \n", "2026 12 31 24 7 365", "👍🎉😀 !!!", "https://example.org/a/very/long/path?query=words",
     "@someone @someone_else @another_person", "OK", "\0\0\0"],
)  # fmt: skip
def test_what_has_no_letters_has_no_language(text: str) -> None:
    assert detect(text) == ["und"]


def test_languages_that_nobody_tells_apart_share_a_label() -> None:
    bosnian = "Općina je saopćila da će stara biblioteka ponovo raditi nakon renoviranja."
    malay = (
        "Majlis bandaran mengumumkan pada hari Isnin bahawa perpustakaan lama akan dibuka semula."
    )
    nynorsk = "Kommunen opplyste måndag at det gamle biblioteket skal opne att etter ombygginga."
    assert detect(bosnian, malay, nynorsk) == ["hr", "id", "no"]


def test_letters_and_words_settle_what_ngrams_cannot() -> None:
    assert detect("Јован је рекао да ће доћи.", "Јован рече дека ќе дојде.") == ["sr", "mk"]
    assert detect("Vreme je bilo lepo, a deca su trčala. Gde je taj čovek bio?") == ["sr"]
    assert detect("Vrijeme je bilo lijepo, a djeca su trčala. Gdje je taj čovjek bio?") == ["hr"]
    assert detect("Мы ведаем, што ён піў ваду", "Ми знаємо, що він пив воду") == ["be", "uk"]
    assert detect("Kan du hjælpe mig efter skolen?", "Kan du hjelpe meg etter skolen?") == [
        "da",
        "no",
    ]
    assert detect("Deca ne mogu da čitaju bez svetla.") == ["sr"]
    assert detect("En la aldea hay gente que dice «ye» y «nun», como en las canciones.") == ["es"]
    english = "The old man told the council that the library will open again. " * 30
    assert detect(english + "“I dey house,” he said.") == ["en"]


def test_names_say_nothing_where_they_do_not_fit() -> None:
    guests = "Krzysztof Wojciechowski, Oluwaseun Adeyemi, Thorsteinn Gudmundsson, Szczebrzeszyn"
    bands = "Depeche Mode, Simple Minds, The Rolling Stones e The White Stripes"
    assert detect(
        f"Among the guests were {guests} Wrzesniewska and their children, who came by train.",
        f"I gruppi {bands} hanno suonato insieme per la prima volta.",
    ) == ["en", "it"]
    assert cld2.without_names("Ana e Zoé tocam — juntas".encode()) == "e tocam — juntas".encode()
    assert cld2.without_names(b"no names here") == cld2.without_names(b"ONE WORD only") == b""


def test_of_a_text_in_capitals_less_is_asked() -> None:
    firms = "Wojciechowski, Thorsteinn, Yokohama, Mitsubishi"
    assert detect(f"La société {firms} a signé un accord avec la ville de Lyon".upper()) == ["fr"]
    first = cld2.Answer("en", 500)
    assert cld2.ask_again(b"IN CAPITALS", first).fit == 600
    assert cld2.ask_again(b"no names here", first) == first


def test_scripts_without_capitals_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(cld2, "ask", asked.append)
    first = cld2.Answer("ar", 100)
    assert cld2.ask_again("في  البيت\nوفي المدينة".encode(), first) == first
    assert not asked


def test_quotations_of_a_neighbour_do_not_decide() -> None:
    assert detect(
        "Il Napoli vince in casa col Milan: 'o miracolo 'e Diego, e la città canta el suo nome",
        "The singer, who wrote songs in Scots, sang of the auld toun and aw its folk fae Ayr.",
    ) == ["it", "en"]


def test_a_name_with_an_accent_is_no_other_creole() -> None:
    assert detect(
        "Minis la te rankontre Émile ak André", "Ayiti: José Éric te pale ak moun yo"
    ) == ["ht", "ht"]


def test_few_letters_are_too_few() -> None:
    assert detect("Bonjour le monde", min_letters=14) == ["fr"]
    assert detect("Bonjour le monde", min_letters=15) == ["und"]
    assert detect("图书馆今天开放", min_letters=20) == ["zh"]


@pytest.mark.parametrize("code", ["fr", "zh", "th", "ja", "vi"])
def test_of_a_long_text_a_part_tells(code: str) -> None:
    assert detect(f"{TEXTS[code]} " * 400) == [code]
    if code in {"zh", "th", "ja"}:
        assert detect("".join(filter(str.isalpha, TEXTS[code])) * 400) == [code]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_addresses_say_nothing(scheme: str) -> None:
    link = f" {scheme}://example.com/the/english/words/in/this/link/are/not/the/text" * 5
    assert detect("La mairie a annoncé lundi la réouverture." + link) == ["fr"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("http://a", True), ("https://a", True), ("httpx://a", False), ("httpss:/", False)],
)
def test_an_address_begins_with_its_scheme(word: str, expected: bool) -> None:
    data = np.frombuffer(word.encode(), np.uint8)
    assert kernel._is_address(data, 0, len(data)) == expected


def test_decomposed_vietnamese_is_vietnamese() -> None:
    assert detect(unicodedata.normalize("NFD", TEXTS["vi"])) == ["vi"]
    assert detect("Ba\u0323n co\u0301 biê\u0301t đươ\u0300ng đê\u0301n thư viê\u0323n không?") == [
        "vi"
    ]


def test_languages_narrow_the_choice() -> None:
    short = "Den nye by"
    assert detect(short, min_letters=1, languages=["da", "en"]) == ["da"]
    assert detect(TEXTS["es"], TEXTS["ru"], BY_SCRIPT["ka"], languages=["fr", "en"]) == ["und"] * 3
    assert detect(TEXTS["fr"], BY_SCRIPT["ka"], languages=["fr", "ka"]) == ["fr", "ka"]


def test_languages_narrow_the_choice_of_cld2_too() -> None:
    texts = BEYOND["gl"], TEXTS["pt"], TEXTS["hu"]
    assert detect(*texts, languages=["gl", "pt"]) == ["gl", "pt", "und"]
    assert detect(*texts, languages=["gl"]) == ["gl", "und", "und"]
    assert detect(BEYOND["sr"], BEYOND["pcm"], languages=["mk", "en"]) == ["und", "und"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Latin", "la"), ("FR", "fr"), ("pt-BR", "pt"), ("ms", "id"), ("Norwegan", "no"), ("qq", "")],
)  # fmt: skip
def test_an_unknown_language_is_refused(word: str, meant: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings.load(None, [f'language.languages=["de", "{word}"]'])
    assert f"'{word}'" in str(refused.value)
    assert (f"Did you mean '{meant}'" in str(refused.value)) is bool(meant)


def test_every_label_has_a_name() -> None:
    labels = {name[:2] for name in profiles.load().names} | cld2.codes()
    labels |= {*language._BY_SCRIPT.values(), *(t.truly for t in telltales._TELLTALES)}
    assert labels - {"und"} == languages.NAMES.keys()
    assert not languages.NAMES.keys() & languages.GROUPED.keys()
    listed = (Path(__file__).parents[1] / "docs" / "languages.md").read_text("utf-8")
    for label, name in languages.NAMES.items():
        assert f"`{label}` {name}" in " ".join(listed.split())


def test_cld2_reads_what_it_refuses() -> None:
    text = TEXTS["de"]
    refused = "".join(map(chr, [0, 1, 0xB, 0x1F, 0x7F, 0x9F, 0xFDD0, 0xFFFE, 0x10FFFF]))
    assert cld2.ask(f"{text}{refused}{text}".encode()).label == "de"
    assert cld2.ask(b"").label is None
    long = BEYOND["be"] * 400
    assert len(long.encode()) > 60_000
    assert all(cld2.ask(b" " * pad + long.encode()).label == "be" for pad in range(2))


@pytest.mark.parametrize("code", [*TEXTS, *BEYOND])
def test_a_text_fits_its_own_language_as_usual(code: str) -> None:
    answer = cld2.ask((TEXTS | BEYOND)[code].encode())
    assert answer.label != code or 450 <= answer.fit <= 2_000


def test_scripts_of_one_language_are_so() -> None:
    loaded = profiles.load()
    for script in np.flatnonzero(language._OF_ONE).tolist():
        lanes = [i for i in range(len(loaded.names)) if int(loaded.admitted[script]) >> i & 1]
        assert len({loaded.names[lane][:2] for lane in lanes}) == 1


def test_what_is_usual_is_known_of_languages_that_cld2_detects() -> None:
    assert cld2._USUAL_SCORE.keys() <= cld2.codes()


def test_confidence_is_high_for_sentences_and_low_for_doubt() -> None:
    texts = [TEXTS["fr"], TEXTS["no"], "Det er en god dag for alle"]
    found = language.detect(pa.array(texts, pa.large_string()), config.Language(min_letters=1))
    assert found.confidence.dtype == np.int32
    sentence, close, doubtful = found.confidence.tolist()
    assert sentence > 9_900
    assert doubtful < close <= sentence


ALL = [*TEXTS.values(), *BY_SCRIPT.values(), *BEYOND.values(), *STRANGERS.values(), "", "123"]


@given(st.permutations(ALL), st.integers(1, len(ALL)))
def test_order_and_batches_change_nothing(texts: list[str], size: int) -> None:
    def found(part: list[str]) -> list[tuple[str, int]]:
        labels, confidence = language.detect(pa.array(part, pa.large_string()), config.Language())
        return list(zip(labels.to_pylist(), confidence.tolist(), strict=True))

    whole = dict(zip(texts, found(texts), strict=True))
    for i in range(0, len(texts), size):
        part = texts[i : i + size]
        assert found(part) == [whole[text] for text in part]


def doubt(lead: int, surprise: int = 0, strange: int = 0, windows: int = 100) -> verdicts.Doubt:
    return verdicts.Doubt(*(np.array([value]) for value in (lead, surprise, strange, windows)))


@pytest.mark.parametrize(
    ("first", "second", "fit", "behind", "evidence", "label", "case"),
    [
        ("es", "es", 900, 0, doubt(40), "es", Case.AGREED),
        ("it", "it", 402, 0, doubt(40), "und", Case.AGREED),
        ("it", "it", 403, 0, doubt(40, surprise=99), "it", Case.AGREED),
        ("it", "it", 239, 0, doubt(40, windows=30), "und", Case.AGREED),
        ("it", "it", 240, 0, doubt(40, windows=30), "it", Case.AGREED),
        ("it", "it", 239, 0, doubt(40, windows=29), "it", Case.AGREED),
        ("it", "it", 519, 0, doubt(40, windows=150), "und", Case.AGREED),
        ("it", "it", 520, 0, doubt(40, windows=9_000), "it", Case.AGREED),
        ("es", "pt", 900, 3, doubt(3), "pt", Case.PREFERRED),
        ("es", "pt", 399, 3, doubt(3), "und", Case.PREFERRED),
        ("es", "pt", 399, 6, doubt(3), "es", Case.OPPOSED),
        ("es", "pt", 399, 6, doubt(3, windows=11), "pt", Case.PREFERRED),
        ("es", "en", 900, 5, doubt(3), "en", Case.PREFERRED),
        ("es", "en", 900, 6, doubt(3), "es", Case.OPPOSED),
        ("es", "pt", 900, 90, doubt(60), "es", Case.OPPOSED),
        ("es", "pt", 900, 90, doubt(60, surprise=5), "und", Case.OPPOSED),
        ("es", "pt", 900, 90, doubt(60, surprise=25, windows=29), "es", Case.OPPOSED),
        ("es", "pt", 900, 90, doubt(60, surprise=26, windows=29), "und", Case.OPPOSED),
        ("es", "gl", 900, None, doubt(60, surprise=200), "gl", Case.BEYOND),
        ("es", "gl", 482, None, doubt(60, surprise=200), "und", Case.BEYOND),
        ("es", "gl", 299, None, doubt(60, surprise=200, windows=29), "gl", Case.BEYOND),
        ("es", "gl", 900, None, doubt(60, surprise=-3), "es", Case.KEPT),
        ("es", "gl", 900, None, doubt(60, surprise=-3, strange=50), "gl", Case.BEYOND),
        ("es", "gl", 900, None, doubt(3, surprise=0, windows=6), "gl", Case.BEYOND),
        ("bg", "sr", 900, None, doubt(60, surprise=3, strange=50), "bg", Case.KEPT),
        ("es", "gl", 499, None, doubt(3, surprise=0, windows=6), "es", Case.KEPT),
        ("es", None, 0, None, doubt(100), "es", Case.ALONE),
        ("es", None, 0, None, doubt(99), "und", Case.ALONE),
        ("es", None, 0, None, doubt(100, surprise=1), "und", Case.ALONE),
        ("es", None, 0, None, doubt(60, surprise=25, windows=29), "es", Case.ALONE),
        ("es", None, 900, None, doubt(60, surprise=25), "es", Case.ALONE),
        ("es", None, 0, None, doubt(60, surprise=200), "und", Case.ALONE),
        ("und", "gl", 900, None, doubt(0), "gl", Case.BEYOND),
        ("und", "gl", 900, 3, doubt(0), "gl", Case.BEYOND),
    ],
)
def test_two_witnesses_are_weighed(
    first: str,
    second: str | None,
    fit: int,
    behind: int | None,
    evidence: verdicts.Doubt,
    label: str,
    case: Case,
) -> None:
    assert verdicts.weigh(first, second, fit, behind, evidence, 0)[:2] == (label, case)


@given(st.sampled_from(Case), st.integers(0, 10_000), st.integers(-9, 1 << 31))
def test_confidence_follows_the_evidence(case: Case, windows: int, strength: int) -> None:
    def likely(windows: int, strength: int) -> int:
        arrays = (np.array([value], np.int64) for value in (case, windows, strength))
        return int(verdicts.confidence(*arrays)[0])

    here, stronger = likely(windows, strength), likely(windows, 2 * max(strength, 1))
    falls = case in {Case.PREFERRED, Case.KEPT}
    assert stronger <= here if falls else stronger >= here
    assert 0 <= here < 10_000
    assert likely(4 * windows, strength) >= here - 70


@given(st.lists(st.text(max_size=200), max_size=4))
def test_anything_can_be_asked(texts: list[str]) -> None:
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    found = language.detect(pa.array(clean, pa.large_string()), config.Language(min_letters=1))
    assert len(found.labels) == len(found.confidence) == len(texts)
    assert all(0 <= value <= 10_000 for value in found.confidence.tolist())


def test_all_of_a_long_text_counts() -> None:
    long = " ".join([TEXTS["fr"]] * (12_000 // len(TEXTS["fr"])))
    more = " ".join([TEXTS["de"]] * (36_000 // len(TEXTS["de"])))
    texts = pa.array([f"{long} {more}", f"{more} {long}"], pa.large_string())
    assert language.detect(texts, config.Language()).labels.to_pylist() == ["de", "de"]


def test_what_is_left_is_looked_at_again_where_much_is_gone() -> None:
    options = config.Language()
    long = " ".join([TEXTS["fr"]] * 8)
    whole = [long, f"{long} {TEXTS['de']}", TEXTS["fr"], "Oui, oui !"]
    rest = [f"{long} {TEXTS['de'][:9]}", TEXTS["de"], TEXTS["fr"], ""]
    texts, left = pa.array(whole, pa.large_string()), pa.array(rest, pa.large_string())
    told = language.detect(texts, options)
    found = language.detect_left(texts, told, left, options)
    anew = language.detect(left, options)
    assert found.labels.to_pylist() == anew.labels.to_pylist() == ["fr", "de", "fr", "und"]
    assert found.confidence.tolist() == anew.confidence.tolist()
    # What lost little is not looked at: a label made up stays.
    made_up = language.Detected(pa.array(["xx"] * 4), np.full(4, 9_990, np.int32))
    kept = language.detect_left(texts, made_up, left, options).labels.to_pylist()
    assert kept == ["xx", "de", "xx", "und"]
