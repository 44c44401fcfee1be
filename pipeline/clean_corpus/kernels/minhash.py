"""Signatures as datasketch's `affine32` computes them, and the keys of their bands."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Hashes = npt.NDArray[np.uint64]
Hashes32 = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]

# The finalizer of MurmurHash3, by which datasketch mixes a hash before it permutes it.
_M1, _M2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
_13, _16 = np.uint32(13), np.uint32(16)
_EMPTY = np.uint32(0xFFFFFFFF)

_KEY = np.uint64(0x243F6A8885A308D3)
_K1, _K2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_32, _33 = np.uint64(32), np.uint64(33)

# Unsigned: with a signed index numba looks for negative ones.
_0, _1, _2, _3, _4 = np.arange(5, dtype=np.uint64)


@compiled
def _signatures(
    hashes: Hashes, offsets: Offsets, a: Hashes32, b: Hashes32, mixed: Hashes32, out: Hashes32
) -> None:
    for row in range(offsets.size - 1):
        first = np.uint64(offsets[row])
        count = np.uint64(offsets[row + 1]) - first
        for i in range(_0, count):
            h = np.uint32(hashes[first + i] >> _32)
            h = np.uint32((h ^ (h >> _16)) * _M1)
            h = np.uint32((h ^ (h >> _13)) * _M2)
            mixed[i] = h ^ (h >> _16)
        for i in range(count, (count + _3) & ~_3):
            mixed[i] = mixed[0]
        least = out[row]
        for k in range(a.size):
            least[k] = _EMPTY
        # Reductions and nothing else, so that they become vector instructions; four at a time, so
        # that `least` is read and written less often.
        for i in range(_0, count, _4):
            h0, h1, h2, h3 = mixed[i], mixed[i + _1], mixed[i + _2], mixed[i + _3]
            for k in range(a.size):
                v0, v1 = np.uint32(a[k] * h0 + b[k]), np.uint32(a[k] * h1 + b[k])
                v2, v3 = np.uint32(a[k] * h2 + b[k]), np.uint32(a[k] * h3 + b[k])
                least[k] = min(v0, v1, v2, v3, least[k])


@compiled
def _keys(signatures: Hashes32, bands: int, rows: int, out: Hashes) -> None:
    for doc in range(signatures.shape[0]):
        for band in range(bands):
            key = _KEY + np.uint64(band)
            for row in range(band * rows, band * rows + rows):
                key = (key ^ signatures[doc, row]) * _K1
                key ^= key >> _33
            out[doc, band] = (key ^ (key >> _33)) * _K2


def signatures(hashes: Hashes, offsets: Offsets, a: Hashes32, b: Hashes32) -> Hashes32:
    """Give the signatures of sets of hashes, shape (sets, permutations).

    Equal to `datasketch.MinHash(scheme="affine32")` with the permutations (a, b) and a hash
    function that gives the upper halves of these hashes; repetitions do not matter. An empty set
    is all 0xFFFFFFFF.
    """
    # Whole vectors: the loop over the permutations has no remainder.
    padded = np.zeros((2, -(-a.size // 16) * 16), np.uint32)
    padded[:, : a.size] = a, b
    mixed = np.zeros(int(np.diff(offsets).max(initial=0)) + 4, np.uint32)
    out = np.empty((offsets.size - 1, padded.shape[1]), np.uint32)
    _signatures(hashes, offsets, padded[0], padded[1], mixed, out)
    return out[:, : a.size]


def keys(signatures: Hashes32, bands: int) -> Hashes:
    """Hash all rows of each band, and its number, to 64 bits; shape (signatures, bands)."""
    out = np.empty((signatures.shape[0], bands), np.uint64)
    _keys(np.ascontiguousarray(signatures), bands, signatures.shape[1] // bands, out)
    return out
