"""Signatures of texts: datasketch's permutations in, datasketch's own objects out."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus.config import Dedup
from clean_corpus.corpus import shingles
from clean_corpus.corpus.duplicates.parameters import choose
from clean_corpus.kernels import minhash
from clean_corpus.kernels.minhash import Hashes, Offsets

_SCHEME = "affine32"


def permutations(size: int, seed: int) -> bytes:
    """Let datasketch draw permutations, for all tasks of a run.

    Gives `size` slopes and `size` shifts, little-endian 32-bit integers. Raises ImportError where
    datasketch is not installed.
    """
    drawn = _minhash().MinHash(num_perm=size, seed=seed, scheme=_SCHEME).permutations
    return np.asarray(drawn, "<u4").tobytes()


def _minhash() -> Any:
    """Import `datasketch.minhash` without the package around it.

    That would import scipy, for classes that nobody asks for here: a quarter of a second, a fifth
    of what a small run takes.
    """
    package = "datasketch"
    if package in sys.modules:
        return importlib.import_module(f"{package}.minhash")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(f"{package} is not installed", name=package)
    sys.modules[package] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module(f"{package}.minhash")
    finally:
        # Whoever imports datasketch after this gets all of it.
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]


def signatures(hashes: Hashes, offsets: Offsets, drawn: bytes) -> npt.NDArray[np.uint32]:
    """Give the signature of each text, from its hashes and from `permutations`.

    Of the hashes the upper halves count.
    """
    slopes, shifts = np.frombuffer(drawn, "<u4").reshape(2, -1)
    return minhash.signatures(hashes, offsets, slopes, shifts)


def sha1_hashes(texts: Sequence[str], size: int) -> tuple[Hashes, Offsets]:
    """Hash the shingles of texts as `datasketch.hashfunc.sha1_hash32` does: slow, but the same.

    The hashes are upper halves, above zeros.
    """
    found = [
        [hashlib.sha1(s.encode(), usedforsecurity=False).digest()[:4] for s in strings]
        for strings in (shingles.strings(text, size) for text in texts)
    ]
    offsets = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(part) for part in found], out=offsets[1:])
    hashes = np.frombuffer(b"".join(b"".join(part) for part in found), "<u4")
    return hashes.astype(np.uint64) << np.uint64(32), offsets


def to_datasketch(texts: Sequence[str], dedup: Dedup | None = None) -> list[Any]:
    """Make a real `datasketch.MinHash` of each text, with the signature that a run gives it.

    They are ready for `MinHashLSH(params=parameters.choose(dedup))`, and with `hash = "sha1"`
    equal those that datasketch makes by itself of `shingles.strings(text, dedup.shingle)`.
    """
    from datasketch import MinHash

    dedup = dedup or Dedup()
    if dedup.hash == "sha1":
        hashes, offsets = sha1_hashes(texts, dedup.shingle)
    else:
        hashes, offsets = shingles.hashes(pa.array(texts, pa.large_string()), dedup.shingle)
    size = math.prod(choose(dedup))
    drawn = permutations(size, dedup.seed)
    pair = MinHash(num_perm=size, seed=dedup.seed, scheme=_SCHEME).permutations
    return [
        MinHash(hashvalues=row, permutations=pair, seed=dedup.seed, scheme=_SCHEME)
        for row in signatures(hashes, offsets, drawn)
    ]
