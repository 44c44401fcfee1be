"""Kernels run from machine code that is kept, without numba, and give what Python would."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import sample_records
from clean_corpus import prepared
from clean_corpus.kernels import native

KERNELS = """
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Numbers = npt.NDArray[np.int64]


class Pair(NamedTuple):
    left: Numbers
    right: npt.NDArray[np.uint8]


@compiled
def halved(value: int, odd: bool) -> int:
    return value // 2 + odd


@compiled
def both(pair: Pair, table: Numbers, by: np.uint64, out: Numbers) -> tuple[int, int]:
    for i in range(pair.left.size):
        out[i] = halved(pair.left[i], True) + pair.right[i] + table[i, 1] + np.int64(by)
    return out.size, table.shape[1]


@compiled
def positive(values: Numbers) -> bool:
    return values[0] > 0


@compiled
def allocates(values: Numbers, out: Numbers) -> int:
    room = np.zeros(values.size, np.int64)
    for i in range(values.size):
        room[i] = 2 * values[i]
    out[:] = room
    return room.size
"""


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv(prepared.VARIABLE, str(tmp_path / "cache"))
    file = tmp_path / "some_kernels.py"
    file.write_text(KERNELS)
    spec = importlib.util.spec_from_file_location("some_kernels", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "some_kernels", module)
    spec.loader.exec_module(module)
    return module


def test_arguments_and_results_cross_as_they_are(kernels: ModuleType) -> None:
    pair = kernels.Pair(np.array([10, -3]), np.array([1, 255], np.uint8))
    table, out = np.array([[0, 100], [0, 2**62]]), np.zeros(2, np.int64)
    assert kernels.both(pair, table, np.uint64(7), out) == (2, 2)
    assert out.tolist() == [5 + 1 + 1 + 100 + 7, -2 + 1 + 255 + 2**62 + 7]
    assert [kernels.halved(np.int64(-7), odd) for odd in (False, True)] == [-4, -3]
    assert kernels.positive(np.array([1])) is True
    frozen = np.array([-1])
    frozen.flags.writeable = False
    assert kernels.positive(frozen) is False


def test_what_is_kept_is_taken_while_the_file_is_the_same(
    kernels: ModuleType, tmp_path: Path
) -> None:
    assert kernels.positive(np.array([1])) is True
    files = sorted((tmp_path / "cache").iterdir())
    kernels.positive.ready.clear()
    assert kernels.positive(np.array([1])) is True
    assert sorted((tmp_path / "cache").iterdir()) == files
    Path(kernels.__file__ or "").write_text(KERNELS.replace("> 0", "> 1"))
    native._hash.cache_clear()
    kernels.positive.ready.clear()
    kernels.positive(np.array([1]))
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_kernel_that_allocates_runs_by_numba(kernels: ModuleType) -> None:
    out = np.zeros(3, np.int64)
    assert kernels.allocates(np.array([1, 2, 3]), out) == 3
    assert out.tolist() == [2, 4, 6]


def test_strided_arrays_are_refused(kernels: ModuleType) -> None:
    with pytest.raises(TypeError, match="contiguous"):
        kernels.positive(np.array([1, 2, 3, 4])[::2])


def test_a_run_needs_no_numba_once_everything_is_compiled(tmp_path: Path) -> None:
    """Then every kernel stands alone: none allocates, none raises."""
    sample_records.write(tmp_path / "news.jsonl", sample_records.records(12))
    start = "from clean_corpus.cli import main; main()"
    for hide in ("", "import sys; sys.modules['numba'] = None; "):
        command = [sys.executable, "-c", hide + start, "run", str(tmp_path / "news.jsonl"), "-q"]
        command += ["-o", str(tmp_path / "out"), "--fresh", "--workers", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_what_is_compiled_ahead_is_what_a_run_asks_for(tmp_path: Path) -> None:
    """Else time is lost, and nothing tells so."""
    sample_records.write(tmp_path / "news.jsonl", sample_records.records(12))
    command = [sys.executable, "-c", ASKED, "run", str(tmp_path / "news.jsonl"), "-q"]
    command += ["-o", str(tmp_path / "out"), "--fresh", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ASKED = """
import contextlib, sys
from clean_corpus.cli import main
with contextlib.suppress(SystemExit):
    main()
from clean_corpus.kernels import Kernel, ahead
known = {one.kernel: {one.kinds} for one in ahead.known()}
modules = [one for name, one in sys.modules.items() if name.startswith("clean_corpus.kernels.")]
kernels = {one for module in modules for one in vars(module).values() if isinstance(one, Kernel)}
assert sum(len(one.ready) for one in kernels) > 15
for one in kernels:
    assert set(one.ready) <= known.get(one, set()), (one.function, one.ready.keys())
"""
