"""Compile kernels with numba to object files that need neither numba nor Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np

from clean_corpus.kernels import native
from clean_corpus.kernels.native import Kind

Function = Callable[..., Any]

# Numba makes vectors too, before the code is ours: for the same processor.
_, numba.config.CPU_NAME, numba.config.CPU_FEATURES = native.machine()

_OPTIONS = {"nogil": True, "fastmath": False, "error_model": "numpy"}
# Nobody calls the kernel itself, only what is made around it: a tenth less to compile.
_INNER = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

# What an object file may ask of the process that loads it.
_AT_HAND = ("llvm.", "memcpy", "memset", "memmove", "memcmp", "bcmp")


def compiled(
    symbol: str, function: Function, kinds: Sequence[Kind], siblings: Mapping[str, Function]
) -> bytes:
    """Give an object file with one function in C's manner, or nothing where there can be none.

    It takes of an array its address and its size along each axis, of a named tuple its fields, and
    behind all of them the address of integers for its results. There is none for a kernel that
    allocates or may raise.
    """
    names: dict[str, Any] = {"carray": numba.carray, "int64": np.int64}
    names["kernel"] = _dispatchers(siblings, cached=False)[function.__name__]
    parts = [_Part(f"a{i}", kind, names) for i, kind in enumerate(kinds)]
    call = f"kernel({', '.join(part.value for part in parts)})"
    given = native.results(function)
    if given is None:
        body = call
    elif isinstance(given, int):
        stores = "; ".join(f"to[{i}] = found[{i}]" for i in range(given))
        body = f"to = carray(out, ({given},), int64); found = {call}; {stores}"
    else:
        body = f"carray(out, (1,), int64)[0] = {call}"
    head = ", ".join([*(name for part in parts for name in part.names), "out"])
    exec(f"def entry({head}):\n    {body}", names)  # noqa: S102  the text is ours
    types = [kind for part in parts for kind in part.types]
    signature = numba.types.void(*types, numba.types.voidptr)
    entry = numba.cfunc(signature, **_OPTIONS)(names["entry"])
    return _object(symbol, entry.inspect_llvm(), entry.native_name)


class _Part:
    """One argument: its names and types in C, and how a kernel's argument is made of them."""

    def __init__(self, name: str, kind: Kind, known: dict[str, Any]) -> None:
        if isinstance(kind, str):
            self.names, self.value = [name], name
            self.types = [numba.types.boolean if kind == "bool" else getattr(numba.types, kind)]
        elif isinstance(kind[0], str):
            sizes = [f"{name}_{axis}" for axis in range(kind[1])]
            known[f"{name}_type"] = np.dtype(kind[0]).type
            self.names = [name, *sizes]
            self.value = f"carray({name}, ({', '.join(sizes)},), {name}_type)"
            self.types = [numba.types.voidptr, *[numba.types.int64] * kind[1]]
        else:
            fields = [_Part(f"{name}_{i}", field, known) for i, field in enumerate(kind[1])]
            known[f"{name}_type"] = kind[0]
            self.names = [one for field in fields for one in field.names]
            self.value = f"{name}_type({', '.join(field.value for field in fields)})"
            self.types = [one for field in fields for one in field.types]


def by_numba(function: Function, siblings: Mapping[str, Function]) -> Function:
    """Give what numba makes of a kernel, for what cannot stand alone."""
    found: Function = _dispatchers(siblings, cached=True)[function.__name__]
    return found


@cache
def _known() -> dict[tuple[str, bool], dict[str, Any]]:
    return {}


def _dispatchers(siblings: Mapping[str, Function], *, cached: bool) -> dict[str, Any]:
    """Make numba's functions of all kernels of a file, which see one another instead of ours."""
    module = next(iter(siblings.values())).__module__
    if (found := _known().get((module, cached))) is None:
        names = dict(next(iter(siblings.values())).__globals__)
        for name, function in siblings.items():
            alone = FunctionType(function.__code__, names, name, function.__defaults__)
            names[name] = numba.njit(**({**_OPTIONS, "cache": True} if cached else _INNER))(alone)
        found = _known()[module, cached] = {name: names[name] for name in siblings}
    return found


def _object(symbol: str, assembly: str, entry: str) -> bytes:
    """Make an object file of one function in LLVM's assembly and all that it calls.

    Once LLVM knows that nothing else calls those, it finds that they never fail, and drops what
    would tell Python so.
    """
    module = llvm.parse_assembly(assembly)
    for function in module.functions:
        if not function.is_declaration and function.name != entry:
            function.linkage = "internal"
    module.get_function(entry).name = symbol
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(native.target(), tuning)
    passes.getModulePassManager().run(module, passes)
    foreign = [function.name for function in module.functions if function.is_declaration]
    if not all(name.startswith(_AT_HAND) for name in foreign):
        return b""
    return bytes(native.target().emit_object(module))
