"""What can go wrong, and the exit code that says so.

CleaningError
  + ConfigError     the config or a lexicon is wrong                       exit 2
  + InputError      the input cannot be read, or lacks a field             exit 2
  + OutputError     the output folder cannot be used                       exit 2
  + MissingExtra    a format or an executor needs a package                exit 2
  + LimitExceeded   the run is done, but past a limit of the config        exit 1
A TaskFailed, like anything else, is a bug: exit 3, with a log.
"""

from __future__ import annotations


class CleaningError(Exception):
    """A condition that the user can mend; its text is one sentence that says how."""

    exit_code = 2


class ConfigError(CleaningError):
    """The configuration or a lexicon is wrong: file, line, key, what, remedy."""


class InputError(CleaningError):
    """The input cannot be read, matches nothing, or lacks a field."""


class OutputError(CleaningError):
    """The output folder holds foreign files, is in use, lies around the input, or is full."""


class MissingExtra(CleaningError):
    """A format or an executor needs a package that is not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs: pip install 'clean-corpus[{extra}]'")


class LimitExceeded(CleaningError):
    """The run is done and its outputs are in place, but it went past a configured limit."""

    exit_code = 1


class TaskFailed(Exception):
    """A task failed again after its retries; the text is the worker's traceback."""

    exit_code = 3
