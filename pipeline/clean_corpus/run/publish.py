"""Publish: put finished outputs in place, and remember what they were made from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus import inputs as inputs_
from clean_corpus.errors import InputError, OutputError
from clean_corpus.run import disk

#: Inside an output folder: the tool's lock, its memory, and the work of a run.
PRIVATE = inputs_.PRIVATE

#: The pairs that decided, as `clean_corpus.corpus.duplicates.evidence` writes them.
EVIDENCE = f"{PRIVATE}/evidence.arrow"

#: The one output that may differ between equal runs, and may be written again by a later one.
TIMINGS = "timings.json"


class Published(NamedTuple):
    """What an output folder holds: the fingerprint of all that made it, and its files' sizes.

    The fingerprint is empty while outputs are being put in place.
    """

    fingerprint: str
    outputs: dict[str, int]


def prepare(out: Path, inputs: list[Path]) -> Path:
    """Make the output folder and give the tool's own folder in it.

    Raises OutputError where `out` is no folder or holds files of somebody else, and InputError
    where an input lies inside it.
    """
    for path in inputs:
        if Path(os.path.realpath(path)).is_relative_to(out.resolve()):
            raise InputError(
                f"{path}: the input lies inside the output folder '{out}'. Choose another output."
            )
    private = out / PRIVATE
    try:
        if out.is_dir() and not private.is_dir() and any(out.iterdir()):
            raise OutputError(
                f"{out}: holds files that clean-corpus did not write. Choose a new or empty folder."
            )
        private.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{out}: is not a folder. Choose another output.") from error
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written to ({error.strerror}). Choose another output."
        ) from error
    return private


def read_published(private: Path) -> Published:
    """Read what the output folder holds; nothing, where no run was finished."""
    try:
        return Published(**json.loads((private / "published.json").read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return Published("", {})


def _remember(private: Path, published: Published) -> None:
    # Not orjson: a file name that is not UTF-8 holds lone surrogates.
    disk.write(private / "published.json", json.dumps(published._asdict(), indent=1).encode())


def is_whole(out: Path, published: Published) -> bool:
    """Tell whether all outputs are there with the sizes they had."""
    return all(
        (out / name).is_file() and size == _size(out, name)
        for name, size in published.outputs.items()
    )


def publish(ready: Path, out: Path, fingerprint: str) -> None:
    """Move every file of `ready` to its place in `out`, and remove what an earlier run left.

    Dying in between leaves a note of both, so that the next run cleans up after this one.
    """
    private = out / PRIVATE
    new = {name: _size(ready, name) for name in _files(ready)}
    old = read_published(private).outputs
    # Outputs may be a hundred thousand small files: one flush for all of them, not one for each.
    os.sync()
    _remember(private, Published("", {**old, **new}))
    for name in new:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (ready / name).replace(target)
    for name in old.keys() - new.keys():
        (out / name).unlink(missing_ok=True)
        _remove_empty(out, Path(name).parent)
    # Names that came, those of their folders too, and names that went.
    for folder in sorted({above for name in {**old, **new} for above in Path(name).parents}):
        if (out / folder).is_dir():
            disk.flush_folder(out / folder)
    _remember(private, Published(fingerprint, new))


def _size(folder: Path, name: str) -> int:
    return 0 if name == TIMINGS else (folder / name).stat().st_size


def _files(folder: Path) -> Iterator[str]:
    """Give the files below a folder by relative name, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder))


def _remove_empty(out: Path, folder: Path) -> None:
    while folder != Path() and not any((out / folder).iterdir()):
        (out / folder).rmdir()
        folder = folder.parent


def as_file(value: Any) -> bytes:
    """Encode a JSON output for people: indented, names in order, a newline at the end."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options)
