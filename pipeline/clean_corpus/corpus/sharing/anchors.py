"""Anchors: a few hashes of each text by which texts that share a passage find one another.

Of every five runs of eleven words that follow each other the one with the least hash is an anchor
(winnowing: Schleimer, Wilkerson and Aiken, 2003). Two texts with fifteen equal words in a row have
one in common for certain. Shorter runs would find few more passages of sixteen words, but many more
pairs that share a phrase, a number that grows with the square of the corpus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from clean_corpus import config, spill
from clean_corpus.corpus import arrow, bands, shingles
from clean_corpus.corpus.arrow import BANDS, Numbers

# As many runs of words as the shortest passage has.
_WORDS = 11
_WINDOW = config.SHORTEST_PASSAGE - _WORDS + 1
_BYTES = 8_000_000
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def anchor(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the anchors ("anchors", as BANDS) of the documents of one shard that are kept.

    Inputs: texts, decisions.
    """
    del options
    gone = decided(inputs["decisions"][0])
    keys: list[Numbers] = []
    documents: list[Numbers] = []
    row = 0
    for batch in spill.batches(inputs["texts"][0], ("text", "reason")):
        stays = ~gone[row : row + batch.num_rows] & batch.column("reason").is_null().to_numpy(False)
        texts = pc.fill_null(batch.column("text"), "")
        for rows in _pieces(np.flatnonzero(stays), pc.binary_length(texts).to_numpy()):
            found, document = anchors(*shingles.hashes(texts, _WORDS, rows))
            keys.append(found)
            documents.append((rows[document] + row).astype(np.uint32))
        row += batch.num_rows
    arrow.write(outputs["anchors"], BANDS, [bands.ordered(keys, documents)])
    return {"anchors": sum(map(len, keys))}


def decided(path: str) -> Numbers:
    """Tell for each document of a shard whether it is a copy that goes."""
    gone = [batch.column("reason").is_valid() for batch in spill.batches(path, ("reason",))]
    none = np.zeros(0, bool)
    return np.concatenate([none, *(column.to_numpy(zero_copy_only=False) for column in gone)])


def _pieces(rows: Numbers, sizes: Numbers) -> list[Numbers]:
    """Cut rows into runs of about 8 MB of text, which bounds the memory for their words."""
    if not len(rows):
        return []
    filled = np.cumsum(sizes[rows].astype(np.int64)) // _BYTES
    return np.split(rows, np.flatnonzero(filled[1:] != filled[:-1]) + 1)


def anchors(hashes: Numbers, offsets: Numbers) -> tuple[Numbers, Numbers]:
    """Give the anchors of texts from the hashes of their runs of words, and the text of each."""
    least = _least(hashes)
    begins, ends = offsets[:-1], offsets[1:]
    new = np.ones(len(hashes), bool)
    np.not_equal(least[1:], least[:-1], out=new[1:])
    filled = ends > begins
    new[begins[filled]] = True
    for over in range(1, _WINDOW):  # windows that run over the end of a text
        new[(ends - over)[ends - over >= begins]] = False
    short = filled & (ends - begins < _WINDOW)  # such a text has one anchor, its least
    if short.any():
        new[begins[short]] = True
        least[begins[short]] = np.minimum.reduceat(hashes, begins[filled])[short[filled]]
    chosen = np.flatnonzero(new)
    text = np.repeat(np.arange(len(begins)), np.diff(np.searchsorted(chosen, offsets)))
    # What is least has small upper bits, by which keys are partitioned.
    return least[chosen] * _SPREAD, text


def _least(hashes: Numbers) -> Numbers:
    """Give the least hash of each window, by the place of its first, in an array as long."""
    least, reach = hashes.copy(), 1
    while reach < _WINDOW:
        step = min(reach, _WINDOW - reach)
        np.minimum(least[:-step], least[step:], out=least[:-step])
        reach += step
    return least
