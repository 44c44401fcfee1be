"""What is installed: the code of this package, and which releases of others.

These are read from the names of the folders that tell of them: `importlib.metadata` reads whole
descriptions, with the parser for mail, 0.05 s for all that a run asks about.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from clean_corpus.errors import CleaningError

# Packages that an old pip built itself have the second.
_ENDINGS = (".dist-info", ".egg-info")


@cache
def version(package: str) -> str:
    """Give the version of an installed package; raise CleaningError where there is none."""
    found = _releases().get(_plain(package))
    if found is None:
        from importlib import metadata

        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError as error:
            told = f"clean-corpus needs {package}, which is not installed: pip install {package}"
            raise CleaningError(told) from error
    return found


@cache
def _releases() -> dict[str, str]:
    """Give the versions of packages by name, as the folders are called; the first in the path."""
    found = {}
    for folder in reversed(sys.path):
        with suppress(OSError):
            for name in sorted(os.listdir(folder or "."), reverse=True):  # noqa: PTH208
                package, *release = name.rpartition(".")[0].split("-")
                if name.endswith(_ENDINGS) and release:
                    found[_plain(package)] = release[0]
    return found


def _plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


@cache
def code() -> str:
    """Hash the code of this package, its trained vote and its template of the report.

    Whoever changes them need not think of what is kept.
    """
    root = str(Path(__file__).parent)
    state = hashlib.sha256()
    for path in sorted(_files(root)):
        state.update(path.removeprefix(root).encode())
        with open(path, "rb") as file:  # noqa: PTH123  a Path costs as much as reading it
            state.update(file.read())
    return state.hexdigest()


def _files(where: str) -> Iterator[str]:
    with os.scandir(where) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)
            elif entry.name.endswith((".py", ".npz", ".j2")):
                yield entry.path
