"""Each removed document has one reason, the first that holds."""

from __future__ import annotations

import pyarrow as pa
import pytest

from clean_corpus import config
from clean_corpus.stages.limits import reasons


def reason(text: str, label: str = "fr", languages: list[str] | None = None, **limits: int) -> str:
    wanted = config.Language(languages=languages or [], filter=languages is not None)
    found = reasons(
        pa.array([text], pa.large_string()),
        pa.array([label]),
        config.from_json(config.Limits, limits),
        wanted,
    )
    assert found.type == pa.string()
    return found.to_pylist()[0] or "stays"


@pytest.mark.parametrize("text", ["", " \n", "— … !", "👍👍", "***", "\u0301", "()", "\u200b"])
def test_a_text_without_letter_or_digit_is_empty(text: str) -> None:
    assert reason(text) == "empty"


@pytest.mark.parametrize("text", ["a", "7", "字", "é", "٣", "½", "  ก ", "ა!"])
def test_a_letter_or_a_digit_is_a_text(text: str) -> None:
    assert reason(text) == "stays"


def test_length_is_counted_in_code_points() -> None:
    assert reason("éé", min_chars=3) == "too-short"
    assert reason("ééé", min_chars=3, max_chars=3) == "stays"
    assert reason("😀字é!", max_chars=3) == "too-long"
    assert reason("x" * 5_000, max_chars=0) == "stays"


def test_the_filter_removes_other_languages_and_the_undetermined() -> None:
    assert reason("Bonjour", "fr", ["fr", "en"]) == "stays"
    assert reason("Hallo", "de", ["fr", "en"]) == "language"
    assert reason("Hm", "und", ["fr", "en"]) == "language"
    assert reason("Hm", "und", ["und"]) == "stays"


def test_without_languages_or_without_the_filter_any_will_do() -> None:
    assert reason("Hallo", "de", []) == "stays"
    assert reason("Hallo", "de") == "stays"


def test_the_first_reason_counts() -> None:
    assert reason("!", "de", ["fr"], min_chars=3) == "empty"
    assert reason("Ja", "de", ["fr"], min_chars=3) == "too-short"
    assert reason("Jawohl", "de", ["fr"], min_chars=3, max_chars=4) == "too-long"


def test_a_batch_keeps_its_rows() -> None:
    found = reasons(
        pa.array(["", "ja", "oui"], pa.large_string()),
        pa.array(["und", "de", "fr"]),
        config.Limits(),
        config.Language(languages=["fr"], filter=True),
    )
    assert found.to_pylist() == ["empty", "language", None]


def test_no_documents_have_no_reasons() -> None:
    none, texts = pa.array([], pa.string()), pa.array([], pa.large_string())
    found = reasons(texts, none, config.Limits(), config.Language())
    assert (len(found), found.type) == (0, pa.string())
