"""Compile the kernels of a run beside it, in processes of their own, where none are kept yet.

Whoever needs a kernel first makes it (`prepared.tables`). So the others begin with what a run needs
last, and meet it half-way. They only save time: one that fails or is killed leaves nothing behind.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np

from clean_corpus import beside
from clean_corpus.kernels import Kernel, native
from clean_corpus.kernels.native import Kind

# Kernels in the order of a run. Annotations say what they take, but not the dimensions of an
# array: where that is not one, it stands here.
_INDEX = """\
index.tables=2 index.slots=2 index.members=2 index.bounds=2 index.use=2 index.probes=2 \
index.bits=3 index.heads=2"""
_ORDER = f"""
delimited._scan
json._scan start=2 stop=2
json._unescape
repeats._repeats
radix._by_digit
radix._insert
buckets._pairs
passages._cut texts.sketch=2 spans=2
folding._hashes
fold._fold lines=2
suspects._suspects moves=2
language._evidence profiles.accented=2 profiles.weights=3 profiles.facts=2 counts=2 totals=2 out=2
scan._hits {_INDEX} keys=2 out=2
scan._admit {_INDEX} hits=2 state=2 out=2
scan._open {_INDEX} out=2
layout._measure out=2
forest._score rows=2 column=2 limit=2 leaf=2
fold._unfold
splice._splice
splice._code_points
whitespace._spans spans=2
digest._digests out=2
shingle.fill
minhash._signatures out=2
minhash._keys signatures=2 out=2
agreement._agreement rows=2
agreement._beyond rows=2 own=2
agreement._neighbours rows=2 own=2 out=2
sets._sets
sets._close
sets._shared
clusters._join
clusters._settle
clusters._keepers
align._words
align._grams
align._align
"""


class Known(NamedTuple):
    """A kernel, and the kinds of arguments that runs call it with."""

    kernel: Kernel
    kinds: tuple[Kind, ...]


def known() -> Iterator[Known]:
    """Give what runs need, what they need last first."""
    for line in reversed(_ORDER.split("\n")[1:-1]):
        path, *told = line.split()
        module, _, name = path.partition(".")
        kernel = getattr(importlib.import_module(f"clean_corpus.kernels.{module}"), name)
        sizes = {field: int(size) for field, _, size in (one.partition("=") for one in told)}
        hints = get_type_hints(kernel.function)
        del hints["return"]
        yield Known(kernel, tuple(_kind(hint, field, sizes) for field, hint in hints.items()))


def _kind(hint: Any, field: str, sizes: dict[str, int]) -> Kind:
    """Give the kind of an argument: see `native.Kind`."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, tuple):
        inner = get_type_hints(hint).items()
        return hint, tuple(_kind(one, f"{field}.{name}", sizes) for name, one in inner)
    number = get_args(get_args(hint)[1])[0]
    return np.dtype(number).str, sizes.get(field, 1)


_SCALARS = {int: "int64", np.int64: "int64", np.uint64: "uint64", bool: "bool"}


@cache
def begin() -> None:
    """Start to compile on the other cores; once."""
    beside.start(__name__)


def _compile(first: int, step: int) -> None:
    """Compile each kernel that is not there, every `step`-th, while somebody waits for it."""
    for kernel, kinds in list(known())[first::step]:
        if not beside.wanted():
            return
        native.load(kernel.function, kinds, kernel.siblings())


if __name__ == "__main__":
    _compile(int(sys.argv[1]), int(sys.argv[2]))
