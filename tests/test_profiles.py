"""What n-grams say is what langdetect's own n-grams and profiles say."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import langdetect
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langdetect.detector_factory import DetectorFactory
from langdetect.utils.ngram import NGram

from clean_corpus.kernels import language as kernel
from clean_corpus.stages import profiles
from clean_corpus.text import buffers

TEXTS = tomllib.loads((Path(__file__).parent / "cases/languages.toml").read_text("utf-8"))["known"]


@cache
def log2(value: int) -> int:
    """Give the binary logarithm in 1/512, rounded down: the size of the 512th power."""
    return (value**512).bit_length() - 1


@given(st.integers(1, 2**40))
def test_logarithms_are_exact(value: int) -> None:
    assert profiles.log2(np.array([value])).tolist() == [log2(value)]


def test_letters_are_folded_as_langdetect_folds_them() -> None:
    """Two code points share a number if they share a letter, or if no profile knows theirs."""
    letters = profiles.load().profiles.letters
    for point in range(0, 0x10000, 7):
        letter = NGram.normalize(chr(point))
        assert letters[point] in {letters[ord(letter)], kernel.UNKNOWN}
        assert bool(letters[point] == kernel.SPACE) is (letter == " ")
    known = [
        number for number in letters[list(map(ord, "aäеअ가"))].tolist() if number > kernel.SPACE
    ]
    assert len({*known}) == 5


@pytest.fixture(scope="module")
def factory() -> DetectorFactory:
    factory = DetectorFactory()
    folder = Path(langdetect.__file__).parent / "profiles"
    factory.load_json_profile([(folder / n).read_text("utf-8") for n in profiles.load().names])
    return factory


@pytest.fixture(scope="module")
def originals() -> list[dict[str, Any]]:
    folder = Path(langdetect.__file__).parent / "profiles"
    return [json.loads((folder / name).read_text("utf-8")) for name in profiles.load().names]


def score(grams: list[str], profile: dict[str, Any]) -> int:
    """Add up what n-grams say for a profile: the slow twin of the kernel's weights.

    langdetect gives the n-grams of a window one after the other, the shortest first.
    """
    total, window = 0, 0
    for i, gram in enumerate(grams):
        words = profile["n_words"][len(gram) - 1]
        window += log2(words + 20_000 * profile["freq"].get(gram, 0)) - log2(words)
        if i + 1 == len(grams) or len(grams[i + 1]) <= len(gram):
            total += (window * profiles.BIT + 256) // 512
            window = 0
    return total


@pytest.mark.parametrize("code", ["bg", "de", "fa", "fr", "hi", "tr", "vi"])
def test_scores_are_those_of_langdetects_own_ngrams(
    code: str, factory: DetectorFactory, originals: list[dict[str, Any]]
) -> None:
    text = TEXTS[code].lower()
    detector = factory.create()
    detector.append(text)
    grams = detector._extract_ngrams()
    loaded = profiles.load()
    groups = np.arange(kernel.LANES, dtype=np.uint8)
    found = kernel.evidence(
        *buffers(pa.array([text], pa.large_string())), np.zeros(1, np.int64), 10_000,
        loaded.profiles, loaded.admitted, groups, 2**64 - 1,
    )  # fmt: skip
    for lane, value in ((found.best, found.score), (found.second, found.second_score)):
        assert score(grams, originals[int(lane[0])]) == value[0]
    rivals = [
        i for i in range(len(originals)) if loaded.admitted[found.script[0]] >> np.uint64(i) & 1
    ]
    assert max(rivals, key=lambda lane: score(grams, originals[lane])) == found.best[0]


def test_without_langdetect_there_is_no_answer() -> None:
    code = "import sys; sys.modules['langdetect'] = None; import clean_corpus.stages.language"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "ModuleNotFoundError" in run.stderr or "ImportError" in run.stderr
