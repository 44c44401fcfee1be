"""What is left of a bug of ours: a log with all that is needed to find it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clean_corpus.errors import CleaningError

if TYPE_CHECKING:
    from pathlib import Path


class Bug(Exception):
    """Something that no user can mend has happened, and `log` describes it."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"This is a bug in clean-corpus, not your mistake. Please report {log}")
        self.log = log


@contextmanager
def logged(folder: Path | None = None) -> Iterator[None]:
    """Turn an exception that is no CleaningError into a Bug, with a log in `folder` if it is there.

    Otherwise the log goes to the folder for temporary files. Success removes the log in `folder`.
    """
    try:
        yield
        if folder is not None:
            (folder / "bug.log").unlink(missing_ok=True)
    except (CleaningError, BrokenPipeError, Bug):
        raise
    except Exception as error:
        raise Bug(_write(error, folder)) from error


def _write(error: Exception, folder: Path | None) -> Path:
    import platform
    import tempfile
    import traceback
    from importlib import metadata
    from pathlib import Path

    if folder is not None and folder.is_dir():
        log = folder / "bug.log"
    else:
        descriptor, name = tempfile.mkstemp(prefix="clean-corpus-", suffix=".log")
        os.close(descriptor)
        log = Path(name)
    packages = sorted(f"{found.name} {found.version}" for found in metadata.distributions())
    lines = [
        f"command: {sys.argv}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"packages: {', '.join(packages)}",
        "",
        *traceback.format_exception(error),
    ]
    log.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
    return log
