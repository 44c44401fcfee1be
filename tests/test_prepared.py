"""What is kept from one process to the next changes nothing but the time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from clean_corpus import prepared
from clean_corpus.corpus import shingles
from clean_corpus.errors import CleaningError
from clean_corpus.kernels import folding
from clean_corpus.stages import ftfy_guard, profiles

TABLES: dict[str, npt.NDArray[Any]] = {
    "words": np.arange(7, dtype=np.uint64),
    "rows": np.arange(6, dtype=np.int16).reshape(2, 3),
    "none": np.zeros((0, 4), np.int32),
    "flags": np.array([True, False]),
    "zeros": np.zeros(1000, np.int32),
}


class Builder:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, npt.NDArray[Any]]:
        self.calls += 1
        return TABLES


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(prepared.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def same(found: Mapping[str, npt.NDArray[Any]], wanted: Mapping[str, npt.NDArray[Any]]) -> bool:
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert np.array_equal(found[name], array)
    return True


def test_what_is_kept_is_what_was_built(cache: Path) -> None:
    build = Builder()
    for _ in range(3):
        found = prepared.tables("some", build)
        assert same(found, TABLES)
        assert all(array.ctypes.data % 64 == 0 for array in found.values())
        assert not any(array.flags.writeable for array in found.values())
    assert build.calls == 1
    assert len(list(cache.iterdir())) == 1


def test_documents_are_as_json_has_them(cache: Path) -> None:
    for _ in range(2):
        found = prepared.document("some", lambda: {"é": [1, ("a", None)], "n": 2**62})
        assert found == {"é": [1, ["a", None]], "n": 2**62}


def test_off_keeps_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prepared.VARIABLE, "off")
    build = Builder()
    for _ in range(2):
        assert same(prepared.tables("some", build), TABLES)
    assert build.calls == 2
    assert not cache.exists()


def damaged(whole: bytes) -> dict[str, bytes]:
    one, two = (TABLES["words"][i : i + 1].tobytes() for i in (1, 2))
    return {
        "a byte cut off": whole[:-1],
        "zeros cut off": whole[:-800],
        "a byte more": whole + b"\0",
        "zeros more": whole + bytes(8),
        "words swapped": whole.replace(one + two, two + one),
        "nothing left": b"",
        "eight zeros left": bytes(8),
        "all zeros": bytes(len(whole)),
    } | {
        f"byte {at} changed": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for at in range(0, 400, 23)
    }


def test_a_damaged_file_is_built_again(cache: Path) -> None:
    build = Builder()
    prepared.tables("some", build)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    for calls, (damage, left) in enumerate(damaged(whole).items(), 2):
        assert left != whole
        file.write_bytes(left)
        assert same(prepared.tables("some", build), TABLES)
        assert build.calls == calls, damage
        assert file.read_bytes() == whole


@pytest.mark.parametrize("name", ["a file", "/proc/none", "/dev/null/none"])
def test_a_folder_that_cannot_be_made_costs_only_time(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv(prepared.VARIABLE, str(tmp_path / name))
    build = Builder()
    for _ in range(2):
        assert same(prepared.tables("some", build), TABLES)
    assert build.calls == 2


def test_a_full_disk_costs_only_time(cache: Path) -> None:
    build = Builder()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        assert same(prepared.tables("some", build), TABLES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(cache.iterdir()) == []


def test_other_facts_are_another_file(cache: Path) -> None:
    build = Builder()
    prepared.tables("some", build)
    prepared.tables("some", build, facts=["a hash"])
    prepared.tables("some", build, packages=["numpy"])
    prepared.tables("other", build)
    assert build.calls == 4
    with pytest.raises(CleaningError, match="needs nothing-like-it, which is not installed"):
        prepared.tables("some", build, packages=["nothing-like-it"])


def test_old_files_go(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.tables("some", Builder())
    (file,) = cache.iterdir()
    monkeypatch.setattr(prepared, "_MOST", 9 * file.stat().st_size - 1)
    for number in range(12):
        prepared.tables("some", Builder(), facts=[str(number)])
        prepared.tables("other", Builder())
    names = sorted(path.name.split(".")[0] for path in cache.iterdir())
    assert names == ["other"] + ["some"] * 8
    build = Builder()
    prepared.tables("some", build, facts=["11"])
    assert build.calls == 0


BUILD = """
import sys
import numpy as np
from clean_corpus import prepared

def build():
    print("built")
    return {"a": np.arange(300_000)}

assert prepared.tables("some", build)["a"].sum() == 299_999 * 150_000
"""


def started(**more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )


def test_processes_at_once_do_not_disturb_each_other(cache: Path) -> None:
    together = [started() for _ in range(4)]
    assert {process.communicate()[0] for process in together} <= {"built\n", ""}
    assert [process.returncode for process in together] == [0] * 4
    assert len(list(cache.iterdir())) == 1
    assert started().communicate()[0] == ""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that has this module and little else, in a folder of its own."""
    package = tmp_path / "clean_corpus"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in ("errors.py", "installed.py", "prepared.py"):
        (package / name).write_bytes(Path(prepared.__file__).with_name(name).read_bytes())
    return package


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", ["new.py", "vote.npz", "page.html.j2"])
def test_other_code_is_another_file(package: Path, name: str) -> None:
    where = {"PYTHONPATH": str(package.parent)}
    assert [started(**where).communicate()[0] for _ in range(2)] == ["built\n", ""]
    (package / name).write_text("X = 1\n")
    assert [started(**where).communicate()[0] for _ in range(2)] == ["built\n", ""]


def test_without_a_place_of_the_user_it_is_beside_the_code(package: Path) -> None:
    nowhere = {"XDG_CACHE_HOME": "/dev/null", "NUMBA_CACHE_DIR": "", "CLEAN_CORPUS_CACHE": ""}
    where = {"PYTHONPATH": str(package.parent), **nowhere}
    assert [started(**where).communicate()[0] for _ in range(2)] == ["built\n", ""]
    assert len(list((package / "__pycache__" / "clean-corpus").iterdir())) == 1


BESIDE = str(Path(prepared.__file__).parent / "__pycache__" / "clean-corpus")


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"CLEAN_CORPUS_CACHE": "/a", "NUMBA_CACHE_DIR": "/b"}, ["/a"]),
        ({"CLEAN_CORPUS_CACHE": "off"}, []),
        ({"NUMBA_CACHE_DIR": "/b", "XDG_CACHE_HOME": "/c"}, ["/b/clean-corpus", BESIDE]),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/d"}, ["/c/clean-corpus", BESIDE]),
        ({"HOME": "/d"}, ["/d/.cache/clean-corpus", BESIDE]),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the place is another one elsewhere")
def test_the_folder_is_where_the_user_says(
    variables: dict[str, str], wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLEAN_CORPUS_CACHE", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert prepared.folders() == [Path(folder) for folder in wanted]


def _profiles() -> dict[str, npt.NDArray[Any]]:
    loaded = profiles.load()
    more = {"names": np.frombuffer(" ".join(loaded.names).encode(), np.uint8)}
    more |= {
        name: np.array([getattr(loaded.profiles, name)]) for name in ("digits", "other", "room")
    }
    return {**loaded.profiles._asdict(), **loaded._asdict(), **more}


@pytest.mark.parametrize(
    ("loaded", "build"),
    [
        (_profiles, profiles.build),
        (lambda: ftfy_guard.automaton()._asdict(), ftfy_guard.build),
        (lambda: {"folding": folding.folding()}, folding.build),
        (lambda: dict(zip(("table", "more"), shingles.tables(), strict=True)), shingles.build),
    ],
    ids=["profiles", "guard", "folding", "shingles"],
)
def test_decisions_rest_on_the_same_tables(
    loaded: Callable[[], dict[str, Any]], build: Callable[[], dict[str, Any]]
) -> None:
    found, wanted = loaded(), build()
    assert same({name: found[name] for name in wanted}, wanted)
