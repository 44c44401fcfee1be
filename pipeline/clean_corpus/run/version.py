"""What makes results differ besides input and options: code, packages, rules, Unicode data."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import clean_corpus
from clean_corpus import installed
from clean_corpus.config import Config

#: The packages whose releases may change a decision or a byte of output.
PACKAGES = (
    "chardet",
    "datasketch",
    "ftfy",
    "google-re2",
    "langdetect",
    "lxml",
    "numba",
    "numpy",
    "orjson",
    "pyarrow",
    "pycld2",
    "trafilatura",
    "zstandard",
)


@cache
def versions() -> dict[str, str]:
    """Give the versions that go into the summary."""
    found = {"clean-corpus": clean_corpus.__version__, "python": platform.python_version()}
    return found | {name: installed.version(name) for name in PACKAGES}


def fingerprint(config: Config) -> str:
    """Hash everything but input, options and a learned lexicon that decides a result."""
    files = [
        *sorted((clean_corpus.configs() / "lexicons").rglob("*.toml")),
        *map(Path, config.boilerplate.lexicons),
        *_own_stages(config.stages),
    ]
    known = {**versions(), "unicode": unicodedata.unidata_version, "code": installed.code()}
    return _hash(files, *(f"{name}={version}" for name, version in known.items()))


def learned(config: Config) -> str:
    """Hash the learned lexicon that the config names; empty where it names none."""
    path = config.boilerplate.learned
    return "" if path in ("auto", "off") else _hash([Path(path)])


def _hash(files: Iterable[Path], *facts: str) -> str:
    state = hashlib.blake2b("\n".join(facts).encode(), digest_size=16)
    for file in files:
        state.update(f"{file.name}\n".encode() + file.read_bytes())
    return state.hexdigest()


def _own_stages(stages: Iterable[str]) -> list[Path]:
    """Find the files of the user's stages, whose changes must be seen too."""
    found = (importlib.util.find_spec(name.partition(":")[0]) for name in stages if ":" in name)
    return [Path(spec.origin) for spec in found if spec is not None and spec.origin]
