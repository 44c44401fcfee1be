"""What a person sees: what a command gives on stdout, and what is said of a run on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Self, TextIO

from clean_corpus.errors import OutputError

#: Seconds between two lines of progress in a log; a terminal sees every one.
_PAUSE = 30

#: Back to the start of a terminal's line, and empty it.
_CLEAR = "\r\x1b[2K"


class Progress:
    """Show how far a run is: on one line of a terminal, or now and then in a log."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Show one line, in place of the last."""
        now = time.monotonic()
        if self._quiet:
            return
        if self._stream.isatty():
            self._write(f"{_CLEAR}{line}")
        elif now - self._last >= _PAUSE:
            self._last = now
            self._write(f"{line}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream.isatty() and not self._quiet:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        with suppress(OSError):  # that nobody can be told ends no run
            self._stream.write(text)
            self._stream.flush()


def say(text: str) -> None:
    """Write a line to stderr, if that can be written to."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")


def out(data: str | bytes, *, flush: bool = False) -> None:
    """Write to stdout.

    Raises OutputError where that cannot be written to, BrokenPipeError where its reader has gone.
    """
    try:
        if isinstance(data, bytes):
            sys.stdout.buffer.write(data)
        else:
            sys.stdout.write(data)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        lose_stdout()
        raise OutputError(f"stdout: cannot be written to ({error.strerror}).") from error


def lose_stdout() -> None:
    """Point stdout at nothing: what it still holds cannot be written, and Python would say so."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def table(summary: Mapping[str, Any], report: str = "") -> str:
    """Give the totals of a run as an aligned table with what each consists of."""
    counts = ("read", "removed", "failed", "kept")
    width = max(len(f"{summary[name]:,}") for name in counts)
    about = {"removed": _largest(summary["reasons"]), "kept": _text_cut(summary)}
    lines = [
        f"  {name:<9}{summary[name]:>{width},}   {about.get(name, '')}".rstrip() for name in counts
    ]
    lines += [f"  {'note':<9}{note}" for note in _notes(summary)]
    if report:
        lines.append(f"  {'report':<9}{report}")
    return "\n".join(lines)


def equation(summary: Mapping[str, Any]) -> str:
    """Give "62 read = 49 kept + 12 removed + 1 failed"."""
    return (
        f"{summary['read']:,} read = {summary['kept']:,} kept + "
        f"{summary['removed']:,} removed + {summary['failed']:,} failed"
    )


def percent(part: int, whole: int) -> str:
    """Give a share with one decimal, rounded down; a share above 0 is at least "< 0.1 %"."""
    tenths = 1000 * part // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10} %" if tenths or not part else "< 0.1 %"


def _largest(counts: Mapping[str, int]) -> str:
    """Give counts by name, the largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return " · ".join(f"{name} {count:,}" for name, count in ranked if count)


def _text_cut(summary: Mapping[str, Any]) -> str:
    characters = summary["characters"]
    share = percent(characters["cut"], characters["read"])
    return f"text cut: {share} of {characters['read']:,} characters"


def _notes(summary: Mapping[str, Any]) -> Iterator[str]:
    nearest = summary["duplicates"].get("nearest")
    if nearest and not any(name.endswith("duplicate") for name in summary["reasons"]):
        pair = f"{nearest['a']} and {nearest['b']} (Jaccard {nearest['jaccard']})"
        yield f"No two are copies; the nearest are {pair}."
    yield from summary["notes"]
