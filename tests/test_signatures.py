"""Signatures equal datasketch's, hash for hash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus.config import Dedup
from clean_corpus.corpus import shingles
from clean_corpus.corpus.duplicates import signatures
from clean_corpus.corpus.duplicates.parameters import choose
from clean_corpus.kernels import digest, minhash

HASHES = st.lists(st.integers(0, 2**32 - 1), max_size=40)


@given(
    st.lists(HASHES, min_size=1, max_size=4), st.sampled_from([1, 16, 42, 128]), st.integers(0, 9)
)
def test_equal_to_datasketch(sets: list[list[int]], size: int, seed: int) -> None:
    hashes = np.array([h << 32 | h for one in sets for h in one], np.uint64)
    offsets = np.cumsum([0, *map(len, sets)])
    found = signatures.signatures(hashes, offsets, signatures.permutations(size, seed))
    for one, row in zip(sets, found, strict=True):
        real = MinHash(size, seed=seed, hashfunc=lambda value: value, scheme="affine32")
        for value in one:
            real.update(value)
        assert row.tolist() == real.hashvalues.tolist()


TEXTS = [
    "The ferry to the island was cancelled again on Monday because of the wind.",
    "The ferry to the island was cancelled again on Tuesday because of the wind.",
    "Le conseil municipal a voté le budget à l'unanimité, sans débat.",
    "島のフェリーは強風のため月曜日も欠航した。",
    "Two words",
]


def test_sha1_is_what_datasketch_makes_by_itself() -> None:
    dedup = Dedup(permutations=64, bands=16, seed=3, hash="sha1")
    ours = signatures.to_datasketch(TEXTS, dedup)
    for text, one in zip(TEXTS, ours, strict=True):
        real = MinHash(64, seed=3)
        real.update_batch([shingle.encode() for shingle in shingles.strings(text, 3)])
        assert one == real


@pytest.mark.parametrize("hash_", ["fast", "sha1"])
def test_objects_serve_lsh(hash_: Literal["fast", "sha1"]) -> None:
    dedup = Dedup(shingle=2, hash=hash_)
    ours = signatures.to_datasketch(TEXTS, dedup)
    index = MinHashLSH(params=choose(dedup), num_perm=126)
    for i, one in enumerate(ours):
        index.insert(i, one)
    assert sorted(index.query(ours[0])) == [0, 1]
    assert ours[0].jaccard(ours[1]) == pytest.approx(11 / 15, abs=0.15)


def test_keys_tell_bands_apart() -> None:
    same = np.full((2, 12), 7, np.uint32)
    keys = minhash.keys(same, 4)
    assert (keys[0] == keys[1]).all()
    assert len(set(keys[0].tolist())) == 4
    same[1, 2] = 8
    assert (minhash.keys(same, 4)[0] == minhash.keys(same, 4)[1]).tolist() == [
        False,
        True,
        True,
        True,
    ]


def digests(texts: list[str]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    data = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, data)])
    hashes, sizes, lengths = digest.digests(np.frombuffer(b"".join(data), np.uint8), offsets)
    return [(int(high), int(low)) for high, low in hashes], sizes.tolist(), lengths.tolist()


def hashes(texts: list[str]) -> list[tuple[int, int]]:
    data = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, data)])
    found = digest.hashes(np.frombuffer(b"".join(data), np.uint8), offsets)
    return [(int(high), int(low)) for high, low in found]


def test_digest_is_murmur3() -> None:
    # Known values of MurmurHash3_x64_128 with seed 0.
    texts = ["", "hello", "The quick brown fox jumps over the lazy dog"]
    known = [
        (0, 0),
        (0xCBD8A7B341BD9B02, 0x5B1E906A48AE1D19),
        (0xE34BBC7BBC071B6C, 0x7A433CA9C49A9347),
    ]
    assert digests(texts)[0] == hashes(texts) == known


def lanes(data: bytes) -> tuple[int, int]:
    """Do in plain Python what is said of stripes, and leave the rest to what is known."""
    mask = 2**64 - 1

    def turned(value: int, by: int) -> int:
        return (value << by | value >> (64 - by)) & mask

    lanes = [0] * 8
    stripes = len(data) // 64 * 64
    for at in range(0, stripes, 8):
        lane = lanes[at // 8 % 8] ^ int.from_bytes(data[at : at + 8], "little")
        lanes[at // 8 % 8] = (turned(lane, 27) * 0x87C37B91114253D5 + 0x52DCE729) & mask
    words = np.zeros(19, np.uint64)
    words[:8] = lanes
    left = data[stripes:]
    words.view(np.uint8)[64 : 64 + len(left)] = [*left]
    out = np.zeros(2, np.uint64)
    digest._murmur3(words, np.uint64(64 + len(left)), np.uint64(len(data)), out)
    return int(out[0]), int(out[1])


@pytest.mark.parametrize("size", [64, 65, 71, 72, 127, 128, 200, 5000])
def test_long_texts_go_through_lanes(size: int, tmp_path: Path) -> None:
    text = "".join(chr(97 + i * i % 26) for i in range(size))
    assert hashes([text]) == digests([text])[0] == [lanes(text.encode())]
    changed = [f"{text[:at]}-{text[at + 1 :]}" for at in range(0, size, 13)]
    assert len(set(hashes(changed))) == len(changed)
    (tmp_path / "text").write_text(f"before{text}behind")
    room = np.full(size // 8 + 4, 2**64 - 1, np.uint64)
    with (tmp_path / "text").open("rb") as file:
        file.seek(6)
        found = digest.file_hash(file, size, room)
    assert np.frombuffer(found, np.uint64).tolist() == [*hashes([text])[0]]


def test_hashes_are_of_texts_as_they_are() -> None:
    texts = [" hello", "hello", "hello\n", "he  llo", "he llo", "he\tllo", "é" * 90, "é" * 91]
    assert len(set(hashes(texts))) == len(texts)
    assert len(set(digests(texts)[0])) == 4
    assert hashes(texts) == [hashes([text])[0] for text in texts]


SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


# Texts are looked at in blocks of 64 bytes, most of which are nothing special.
PIECES = st.sampled_from([*SPACES, *"aé€😀\u200b\u2010ￂ", "a few words " * 9, "слова, " * 11])


@given(st.lists(st.lists(PIECES, max_size=30).map("".join), min_size=1))
def test_digest_collapses_white_space(texts: list[str]) -> None:
    hashes, sizes, lengths = digests(texts)
    assert lengths == [len(text) for text in texts]
    for text, found, size in zip(texts, hashes, sizes, strict=True):
        plain = " ".join(text.translate(dict.fromkeys(map(ord, SPACES), " ")).split(" ")).strip()
        while "  " in plain:
            plain = plain.replace("  ", " ")
        assert (found, size) == (digests([plain])[0][0], len(plain.encode()))
    assert len({" ".join(text.split()) for text in texts}) >= len(set(hashes))


def test_drawing_permutations_needs_datasketch_but_no_scipy() -> None:
    draw = (
        "import sys\n"
        "from clean_corpus.corpus.duplicates.signatures import permutations\n"
        "one = permutations(64, 7)\n"
        "assert 'scipy' not in sys.modules\n"
        "from datasketch import MinHash, MinHashLSH\n"
        "assert MinHashLSH(num_perm=64) and isinstance(MinHash(), MinHash)\n"
        "assert one == permutations(64, 7)\n"
        "whole = MinHash(64, seed=7, scheme='affine32')\n"
        "assert one == whole.permutations.astype('<u4').tobytes()\n"
    )
    subprocess.run([sys.executable, "-c", draw], check=True)
    hide = "import sys; sys.modules['datasketch'] = None\n" + draw
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=False)
    assert "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr
