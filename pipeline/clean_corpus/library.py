"""The pipeline as a function: `clean(records)` for any iterable of dicts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus import settings
from clean_corpus.config import Config
from clean_corpus.decode import decode
from clean_corpus.errors import InputError
from clean_corpus.formats import IDS
from clean_corpus.run import plan


class Result(NamedTuple):
    """What became of the records: each list holds dicts as the output files do."""

    kept: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    edits: list[dict[str, Any]]
    summary: dict[str, Any]


def clean(
    records: Iterable[Mapping[str, Any]], config: Config | Mapping[str, Any] | None = None
) -> Result:
    """Clean and deduplicate records, in this process and in a temporary folder.

    Records are mappings with at least the configured text field; they come back in the same order,
    as new dicts, `text` cleaned and an object `clean` added. Limits of the config do not apply:
    look at the summary. Values that JSON lacks come back as it would spell them: dates and other
    objects as strings, bytes decoded, arrays as lists. Raises the errors of `clean-corpus run`, and
    InputError where a record is no mapping or has no end. The config may be a dict, as in
    `{"dedup": {"threshold": 0.7}}`.
    """
    config = settings.of(config or {})
    config = config._replace(output=config.output._replace(to="jsonl"))
    with tempfile.TemporaryDirectory(prefix="clean-corpus-") as folder:
        source, out = Path(folder, "records.jsonl"), Path(folder, "out")
        with source.open("wb") as file:
            file.writelines(_line(number, record) for number, record in enumerate(records, 1))
        outcome = plan.clean_files([str(source)], out, config, serial=True, limits=False)
        return Result(
            _rows(out / (IDS if config.output.mode == "ids" else "corpus.jsonl")),
            _rows(out / "removed.jsonl"),
            _rows(out / "failed.jsonl"),
            _rows(out / "edits.jsonl"),
            outcome.summary,
        )


def _line(number: int, record: Any) -> bytes:
    if not isinstance(record, Mapping):
        kind = type(record).__name__
        raise InputError(f"record {number}: is of type {kind}, where a dict should be.")
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    try:
        return orjson.dumps(dict(record), default=_spelled, option=options)
    except TypeError:  # large numbers, lone surrogates, keys that are no strings
        try:
            return json.dumps(dict(record), default=_spelled).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"record {number}: cannot be written as JSON ({error}).") from error


def _spelled(value: Any) -> Any:
    """Give a value that JSON can hold for one that it cannot."""
    if isinstance(value, bytes):
        return decode(value).text
    if isinstance(value, date | time):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _rows(path: Path) -> list[dict[str, Any]]:
    # Not orjson, which makes floats of numbers of more than 64 bits.
    return [json.loads(line) for line in path.read_bytes().splitlines()]
