"""The pipeline as a function: `clean(records)` for any iterable of dicts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clean_corpus.config import Config
from clean_corpus.run import plan


class Result(NamedTuple):
    """What became of the records: each list holds dicts as the output files do."""

    kept: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    edits: list[dict[str, Any]]
    summary: dict[str, Any]


def clean(records: Iterable[Mapping[str, Any]], config: Config | None = None) -> Result:
    """Clean and deduplicate records, in this process and in a temporary folder.

    Records are mappings with at least the configured text field; they come back in the same order,
    as new dicts, `text` cleaned and an object `clean` added. Limits of the config do not apply:
    look at the summary. Raises the errors of `clean-corpus run`.
    """
    config = config or Config()
    config = config.model_copy(update={"output": config.output.model_copy(update={"to": "jsonl"})})
    with tempfile.TemporaryDirectory(prefix="clean-corpus-") as folder:
        source, out = Path(folder, "records.jsonl"), Path(folder, "out")
        with source.open("wb") as file:
            file.writelines(
                orjson.dumps(dict(record), default=str, option=orjson.OPT_APPEND_NEWLINE)
                for record in records
            )
        if source.stat().st_size == 0:
            source.write_bytes(b"")
        outcome = plan.clean_files([str(source)], out, config, serial=True, limits=False)
        return Result(
            _rows(out / "corpus.jsonl"),
            _rows(out / "removed.jsonl"),
            _rows(out / "failed.jsonl"),
            _rows(out / "edits.jsonl"),
            outcome.summary,
        )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
