"""Resolve INPUT arguments (files, folders, globs, "-") to units, each of which makes one output."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from clean_corpus.errors import InputError
from clean_corpus.units import Unit, readable, shown

#: What the end of a file's name says: its format and compression.
SUFFIXES = {
    ".jsonl": ("jsonl", ""),
    ".jsonl.gz": ("jsonl", "gz"),
    ".jsonl.zst": ("jsonl", "zst"),
    ".ndjson": ("jsonl", ""),
    ".ndjson.gz": ("jsonl", "gz"),
    ".ndjson.zst": ("jsonl", "zst"),
    ".parquet": ("parquet", ""),
    ".csv": ("csv", ""),
    ".csv.gz": ("csv", "gz"),
    ".csv.zst": ("csv", "zst"),
    ".tsv": ("tsv", ""),
    ".tsv.gz": ("tsv", "gz"),
    ".tsv.zst": ("tsv", "zst"),
    ".txt": ("txt", ""),
    ".html": ("html", ""),
    ".htm": ("html", ""),
    ".warc": ("warc", ""),
    ".warc.gz": ("warc", "gz"),
    ".wet": ("wet", ""),
    ".wet.gz": ("wet", "gz"),
}
#: The tool's own folder in a folder of results, below which nothing is an input.
PRIVATE = ".clean-corpus"
#: Formats of which all files under one argument make one unit.
_GROUPED = ("txt", "html")
#: Formats whose output is JSON Lines.
_TO_JSONL = ("html", "warc", "wet")


class Found(NamedTuple):
    """The units of a run, how many files of other suffixes were left alone, and whose results."""

    units: list[Unit]
    ignored: dict[str, int]
    results: list[str]


class _File(NamedTuple):
    """A file that an argument leads to, and the folder that the argument names, if it does."""

    path: Path
    folder: Path | None


def suffix(path: Path) -> str:
    """Give the known suffix of a file, or the last part of another one."""
    name = path.name.lower()
    known = (one for one in SUFFIXES if name.endswith(one) and len(name) > len(one))
    return max(known, key=len, default=Path(name).suffix)


def units(inputs: Sequence[str]) -> list[Unit]:
    """Resolve INPUT arguments to units (see `look`)."""
    return look(inputs).units


def look(inputs: Sequence[str], out: Path | None = None) -> Found:
    """Resolve INPUT arguments to units, in the order of the arguments and of file names.

    Hidden files inside folders are passed over, the folder `out`, and folders of results that are
    not named themselves. A file that several arguments lead to counts once. Raises InputError
    where an argument leads to nothing, is a file of another format, or where two outputs would
    have one name.
    """
    seen: set[Path] = set()
    files: list[_File] = []
    ignored: Counter[str] = Counter()
    results: dict[str, None] = {}
    for argument in inputs:
        for file in _files(argument, out):
            # Not Path.resolve, which raises where a link leads to itself.
            if argument != "-" and file.path.exists() and not file.path.is_file():
                if file.path.is_dir():
                    results[shown(str(file.path))] = None
                    continue
                name = shown(str(file.path))
                raise InputError(f"{name}: is no ordinary file. Give JSON Lines on stdin, as -.")
            real = file.path if argument == "-" else Path(os.path.realpath(file.path))
            if real in seen:
                continue
            seen.add(real)
            if argument == "-" or suffix(file.path) in SUFFIXES:
                files.append(file)
            elif str(file.path) == argument:
                raise InputError(f"{shown(argument)}: not a known format. {_known()}")
            else:
                ignored[suffix(file.path)] += 1
    if not files:
        others = ", ".join(f"{n} of {kind or 'none'}" for kind, n in sorted(ignored.items()))
        there = f" (suffixes there: {others})" if others else ""
        there += f" (results of a run are no input: {', '.join(results)})" if results else ""
        names = ", ".join(map(shown, inputs))
        raise InputError(f"{names}: no file of a known format{there}. {_known()}")
    found = _distinct(list(_units(files)))
    return Found(found, dict(sorted(ignored.items())), list(results))


def _known() -> str:
    return f"Known are {' '.join(SUFFIXES)}, and - for JSON Lines on stdin."


def _files(argument: str, out: Path | None) -> Iterator[_File]:
    """Give the files that an argument leads to, and the folders of results, which are no input."""
    path = Path(argument)
    with readable(argument):
        there, is_folder = path.exists(), path.is_dir()
    if argument == "-" or (there and not is_folder):
        yield _File(path, None)
    elif is_folder:
        yield from _folder(path, out, named=True)
    else:
        # Path.glob refuses absolute patterns.
        matches = sorted(glob.glob(argument, recursive=True), key=os.fsencode)  # noqa: PTH207
        if not matches:
            what = "matches nothing" if glob.has_magic(argument) else "does not exist"
            here = "" if path.is_absolute() else f" in {shown(str(Path.cwd()))}"
            raise InputError(f"{shown(argument)}: {what}{here}. Check the path.")
        plain = len([*takewhile(lambda part: not glob.has_magic(part), path.parts)])
        for match in map(Path, matches):
            results = _results(match, plain) if "**" in argument else None
            if results is not None:
                if out is None or results.resolve() != out.resolve():
                    yield _File(results, None)
            elif not match.is_dir():
                yield _File(match, None)
            elif "**" not in argument:
                yield from _folder(match, out, named=False)


def _results(path: Path, named: int) -> Path | None:
    """Give the folder of results that a path lies in, if its first `named` parts do not."""
    for depth in range(named + 1, len(path.parts)):
        folder = Path(*path.parts[:depth])
        if (folder / PRIVATE).is_dir():
            return folder
    return None


def _folder(folder: Path, out: Path | None, *, named: bool) -> Iterator[_File]:
    """Give the files below a folder, sorted by the bytes of their paths."""
    visited = {out.resolve()} if out else set()
    paths = sorted(_below(folder, visited, named=named), key=os.fsencode)
    return (_File(path, folder) for path in paths)


def _below(folder: Path, visited: set[Path], *, named: bool) -> Iterator[Path]:
    """Walk a folder; one that links lead to again is not visited again.

    Of a folder of results that is not named gives nothing but itself.
    """
    real = folder.resolve()
    if real in visited:
        return
    if not named and (folder / PRIVATE).is_dir():
        yield folder
        return
    visited.add(real)
    with readable(str(folder)):
        inside = sorted(folder.iterdir(), key=os.fsencode)
    for path in inside:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _below(path, visited, named=False)
        else:
            yield path


def _units(files: Sequence[_File]) -> Iterator[Unit]:
    """Make units of files; a group stands where its first file does."""
    done: set[tuple[str, Path | None]] = set()
    for file in files:
        if str(file.path) == "-":
            yield Unit("stdin", "jsonl", "", "", ("-",), "stdin.jsonl")
            continue
        format_, compression = SUFFIXES[suffix(file.path)]
        size = _size(file.path)
        if format_ not in _GROUPED:
            name = _name(file.path, file.folder)
            yield Unit(name, format_, compression, "", (str(file.path),), "", size)
        elif (format_, file.folder) not in done:
            done.add((format_, file.folder))
            paths = [
                one.path
                for one in files
                if one.folder == file.folder
                and SUFFIXES.get(suffix(one.path), "")[:1] == (format_,)
            ]
            yield _group(format_, paths, file.folder)


def _group(format_: str, paths: Sequence[Path], folder: Path | None) -> Unit:
    """Make a unit of files: texts below the folder named, pages below their deepest common one."""
    root = folder
    if folder is None or format_ == "html":
        root = Path(os.path.commonpath([path.parent.absolute() for path in paths]))
    assert root is not None
    name = _name(root.absolute(), folder.absolute() if folder else None)
    if len(paths) == 1 and folder is None and format_ == "html":
        name = paths[0].stem
    return Unit(
        name or format_,
        format_,
        "",
        str(root),
        tuple(map(str, paths)),
        "",
        sum(map(_size, paths)),
    )


def _name(path: Path, folder: Path | None) -> str:
    """Name a path: by itself, or from the folder named on."""
    if folder is None:
        return path.name
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return (Path(named.name) / path.relative_to(folder)).as_posix()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _distinct(units: Sequence[Unit]) -> list[Unit]:
    """Give units of one name longer names, and every unit the name of its output."""
    names = Counter((unit.name, unit.format) for unit in units)
    places = {unit: Path(unit.root or unit.paths[0]).absolute() for unit in units}
    alike = [unit for unit in units if names[unit.name, unit.format] > 1]
    named = list(units)
    if alike:
        common = Path(os.path.commonpath([places[unit] for unit in alike]))
        base = common.parent if common in places.values() else common
        named = [
            unit._replace(name=places[unit].relative_to(base).as_posix()) if unit in alike else unit
            for unit in units
        ]
    outputs = [_output(unit) for unit in named]
    counts = Counter(outputs)
    finished = []
    for unit, output in zip(named, outputs, strict=True):
        longer = output if counts[output] == 1 else _output(unit, whole=True)
        finished.append(unit._replace(output=longer))
    written = Counter(unit.output for unit in finished)
    written.update(f"{unit.output}.clean.jsonl" for unit in finished if unit.format == "txt")
    if twice := next((name for name, count in written.items() if count > 1), None):
        raise InputError(
            f"{shown(twice)}: two inputs would have an output of this name. Rename one of them."
        )
    return finished


def _output(unit: Unit, *, whole: bool = False) -> str:
    """Name the output of a unit: as the input, or as JSON Lines where records come from pages."""
    if unit.format not in _TO_JSONL:
        return unit.output or unit.name
    path = Path(unit.name)
    kept = len(path.name) - len(suffix(path)) if unit.format != "html" and not whole else None
    return f"{path.with_name(path.name[:kept])}.jsonl"
