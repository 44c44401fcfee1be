"""Machine code of kernels: kept as object files, and loaded by llvmlite alone.

Where none is kept, or a kernel needs more than its arguments, `clean_corpus.kernels.compiler` is
asked, and imports numba.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from clean_corpus import prepared

#: Type and dimensions of an array; the class of a named tuple, and the kinds in it; or a scalar's
#: type, which is int64, uint64 or bool.
Kind = tuple[Any, Any] | str
Function = Callable[..., Any]


def load(function: Function, kinds: Sequence[Kind], siblings: Mapping[str, Function]) -> Function:
    """Give what runs a kernel for arguments of these kinds; compile it where that is not kept.

    `siblings` are the kernels of its file by name, itself included.
    """
    file = Path(function.__code__.co_filename)
    name = f"{file.stem}-{function.__name__}"
    facts = [_hash(file), _hash(_HERE), _hash(_HERE.with_name("compiler.py")), repr(kinds)]
    facts += machine()
    symbol = f"{name}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"

    def build() -> dict[str, npt.NDArray[Any]]:
        from clean_corpus.kernels import ahead, compiler

        if file.parent == _HERE.parent:
            ahead.begin()
        code = compiler.compiled(symbol, function, kinds, siblings)
        return {"object": np.frombuffer(code, np.uint8)}

    found = prepared.tables(name, build, packages=["numba", "llvmlite"], facts=facts, code=False)
    if not found["object"].size:
        from clean_corpus.kernels import compiler

        return compiler.by_numba(function, siblings)
    _engine().add_object_file(llvm.ObjectFileRef.from_data(found["object"].tobytes()))
    _engine().finalize_object()
    return _bound(_engine().get_function_address(symbol), kinds, results(function))


_HERE = Path(__file__)


@cache
def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# LLVM makes vectors of 256 bits where those of 512 make the first Xeons to have them clock slower.
# Ice Lake and Zen 4, and what came after them, do not, and know this feature: there signatures
# take a quarter less, digests a sixth, and nothing takes more.
_LATER, _NARROW = "avx512vbmi2", "-prefer-256-bit"


@cache
def machine() -> tuple[str, str, str]:
    """Say for what processor code is made: its triple, name, and features."""
    there = llvm.get_host_cpu_features()
    features = there.flatten()
    if there.get(_LATER):
        features += f",{_NARROW}"
    return llvm.get_process_triple(), llvm.get_host_cpu_name(), features


@cache
def target() -> Any:
    """Give LLVM's description of this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, cpu, features = machine()
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="default", codemodel="jitdefault", jit=True
    )


@cache
def _engine() -> Any:
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())


def results(function: Function) -> type | int | None:
    """Read from the annotation what a kernel gives: a type, the length of a tuple, or nothing."""
    told = str(function.__annotations__["return"])
    if told.startswith("tuple["):
        return told.count(",") + 1
    return {"None": None, "bool": bool}.get(told, int)


def _bound(address: int, kinds: Sequence[Kind], given: type | int | None) -> Function:
    """Call machine code with the addresses and sizes of arrays, and scalars as they are."""
    call = ctypes.CFUNCTYPE(None, *_types(kinds), ctypes.c_void_p)(address)

    def run(*args: Any) -> Any:
        if given is None:
            return call(*_flat(args), None)
        out = np.zeros(given if isinstance(given, int) else 1, np.int64)
        call(*_flat(args), out.ctypes.data)
        found = out.tolist()
        return tuple(found) if isinstance(given, int) else given(found[0])

    return run


_SCALARS = {"int64": ctypes.c_int64, "uint64": ctypes.c_uint64, "bool": ctypes.c_bool}


def _types(kinds: Iterable[Kind]) -> Iterator[Any]:
    for kind in kinds:
        if isinstance(kind, str):
            yield _SCALARS[kind]
        elif isinstance(kind[0], str):
            yield ctypes.c_void_p
            yield from [ctypes.c_int64] * kind[1]
        else:
            yield from _types(kind[1])


def _flat(args: Iterable[Any]) -> Iterator[int]:
    for arg in args:
        if type(arg) is np.ndarray:
            yield arg.ctypes.data
            yield from arg.shape
        elif isinstance(arg, tuple):
            yield from _flat(arg)
        else:
            yield int(arg)
