"""Is the output folder up to date? Decided by what went in, never by the order of time stamps.

The digest of an input is kept with the file's size, times and inode in `timings.json` (the one
output that may differ between equal runs), so that an untouched input need not be read again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from clean_corpus.config import Config, Input, as_json
from clean_corpus.run import disk, publish
from clean_corpus.run.version import fingerprint, learned
from clean_corpus.units import Unit, shown, state

State = list[list[int]]


def states(unit: Unit) -> State:
    """Give what the file system says of each file of a unit; empty where it cannot be trusted.

    A link that leads nowhere is a fault of that document only.
    """
    found = [list(state(path)) for path in unit.paths]
    return found if all(found) else []


def digest(pieces: Iterable[str]) -> str:
    """Hash the digests of a unit's pieces into one."""
    return hashlib.blake2b("\n".join(pieces).encode(), digest_size=16).hexdigest()


def stamp(version: str, units: Sequence[Unit], digests: Sequence[str], config: Config) -> str:
    """Hash all that decides the outputs of a run; where tasks run is no part of it.

    `version` is what `fingerprint` gives.
    """
    options = as_json(config)
    del options["run"]
    inputs = [[unit.name, unit.format, found] for unit, found in zip(units, digests, strict=True)]
    what = json.dumps([version, learned(config), options, inputs], sort_keys=True)
    return hashlib.blake2b(what.encode(), digest_size=16).hexdigest()


def is_current(out: Path, units: Sequence[Unit], config: Config) -> bool:
    """Tell whether `out` holds what a run over these inputs would write."""
    last = publish.read_published(out / publish.PRIVATE)
    if not last.fingerprint or not publish.is_whole(out, last):
        return False
    try:
        timings = orjson.loads((out / publish.TIMINGS).read_bytes())
        known = {entry["name"]: entry for entry in timings["inputs"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):  # somebody has edited it
        return False
    entries = [_entry(unit, known.get(shown(unit.name)), config.input) for unit in units]
    digests = [entry["digest"] for entry in entries]
    if stamp(fingerprint(config), units, digests, config) != last.fingerprint:
        return False
    if entries != timings["inputs"]:
        disk.write(out / publish.TIMINGS, publish.as_file({**timings, "inputs": entries}))
    return True


def _entry(unit: Unit, known: dict[str, Any] | None, options: Input) -> dict[str, Any]:
    now = states(unit)
    if known is not None and now and known["state"] == now:
        return known
    from clean_corpus import formats  # takes a while, and little changes

    found = digest(piece.digest for piece in formats.pieces(unit, options))
    return {"name": shown(unit.name), "digest": found, "state": now}
