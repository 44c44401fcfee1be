"""Which of two copies stays: the policy of the configuration, as columns to sort by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from clean_corpus.corpus.arrow import Documents, Numbers

_LAST = np.iinfo(np.int64).max


def policy(documents: Documents, which: Numbers, options: Mapping[str, Any]) -> list[Numbers]:
    """Give the columns that rank some documents, the most telling first; least is best.

    `options` holds `keep` and `prefer` of the configuration. Unlisted sources come after the
    listed, undated documents after the dated.
    """
    columns = []
    for rule in options["keep"]:
        if rule == "source":
            if options["prefer"]:
                columns.append(preference(documents, which, options))
        elif rule == "longest":
            columns.append(-documents.numbers("length", which))
        else:
            dates = pc.fill_null(documents.take("date", which), _LAST).to_numpy()
            latest = rule == "latest"
            columns.append(np.where(dates == _LAST, _LAST, -dates) if latest else dates)
    return columns


def preference(documents: Documents, which: Numbers, options: Mapping[str, Any]) -> Numbers:
    """Give the place of each document's source among the preferred ones."""
    place = {source: i for i, source in enumerate(options["prefer"])}
    out = np.full(len(which), len(place), np.int64)
    sources = documents.take("source", which).dictionary_encode()
    places = np.array([place.get(name, len(place)) for name in sources.dictionary.to_pylist()])
    codes = pc.fill_null(sources.indices, -1).to_numpy()
    known = codes >= 0
    out[known] = places[codes[known]]
    return out


def ahead(documents: Documents, which: Numbers, options: Mapping[str, Any]) -> Numbers:
    """Give the column that comes before all else: `preference` where the policy begins with it."""
    if options["keep"][:1] == ["source"] and options["prefer"]:
        return preference(documents, which, options)
    return np.zeros(len(which), np.int64)


def content(documents: Documents, which: Numbers) -> list[Numbers]:
    """Give the columns that break ties between different texts: the hash of the content."""
    return [documents.numbers(name, which) for name in ("digest_high", "digest_low")]


def order(columns: list[Numbers]) -> npt.NDArray[np.int64]:
    """Give the order, best first, by columns of which the first is the most telling."""
    telling = [column for column in columns if (column != column[:1]).any()]
    return np.lexsort(telling[::-1]) if telling else np.arange(len(columns[0]))
