"""Clean and deduplicate articles, and show and undo everything that was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from clean_corpus.library import Result as Result
    from clean_corpus.library import clean as clean
    from clean_corpus.text import Edit as Edit
    from clean_corpus.text import undo as undo

__version__ = "0.1.0"
__all__ = ["Edit", "Result", "__version__", "clean", "undo"]

# Imported on first use: `clean-corpus --help` must not wait for the engines.
_HOMES = {
    "Edit": "clean_corpus.text",
    "Result": "clean_corpus.library",
    "clean": "clean_corpus.library",
    "undo": "clean_corpus.text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def configs() -> Path:
    """Give the folder of shipped configurations and lexicons, installed or in a checkout."""
    from pathlib import Path

    inside = Path(__file__).parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "configs"
