"""What makes results differ besides input and options: code, packages, rules, Unicode data."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import clean_corpus
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
    "trafilatura",
    "zstandard",
)


@cache
def versions() -> dict[str, str]:
    """Give the versions that go into the summary."""
    found = {"clean-corpus": clean_corpus.__version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


def fingerprint(config: Config) -> str:
    """Hash everything but input and options that decides a result."""
    package = Path(clean_corpus.__file__).parent
    learned = config.boilerplate.learned
    files = [
        *sorted(package.rglob("*.py")),
        *sorted(clean_corpus.configs().rglob("*.toml")),
        *map(Path, config.boilerplate.lexicons),
        *([] if learned in ("auto", "off") else [Path(learned)]),
        *_own_stages(config.stages),
    ]
    state = hashlib.blake2b(digest_size=16)
    for name, version in {**versions(), "unicode": unicodedata.unidata_version}.items():
        state.update(f"{name}={version}\n".encode())
    for file in files:
        state.update(f"{file.name}\n".encode() + file.read_bytes())
    return state.hexdigest()


def _own_stages(stages: Iterable[str]) -> list[Path]:
    """Find the files of the user's stages, whose changes must be seen too."""
    found = (importlib.util.find_spec(name.partition(":")[0]) for name in stages if ":" in name)
    return [Path(spec.origin) for spec in found if spec is not None and spec.origin]
