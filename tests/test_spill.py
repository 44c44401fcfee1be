"""Files between tasks: what is read of them, and what it takes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from clean_corpus import spill

TEXT, OTHER = "A text that is there. " * 20_000, "Another column, and larger. " * 60_000
TABLE = pa.table({"key": ["a", "b"], "text": [TEXT, None], "raw": [OTHER, OTHER]})


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_packed_unpacks_the_columns_that_are_asked_for(
    tmp_path: Path, packed: bool
) -> None:
    path = str(tmp_path / "texts")
    spill.write_batches(path, TABLE.to_batches(), packed=packed)
    before = pa.total_allocated_bytes()
    batch = spill.opened(path, ["text", "key"]).get_batch(0)
    taken = pa.total_allocated_bytes() - before
    assert batch["text"].equals(TABLE["text"].chunk(0))
    assert taken < (1.2 * len(TEXT) if packed else 10_000)
    assert spill.read(path).equals(TABLE)


def test_what_is_known_of_records_stays_with_them(tmp_path: Path) -> None:
    table = TABLE.replace_schema_metadata({"format": "jsonl"})
    spill.write(str(tmp_path / "records"), table)
    assert spill.read(str(tmp_path / "records")).schema.metadata[b"format"] == b"jsonl"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="counts open files there")
def test_what_is_looked_at_is_not_held_open(tmp_path: Path) -> None:
    """A task may look at more files than the system lets a process hold open."""
    path = str(tmp_path / "texts")
    spill.write(path, TABLE)
    before = len([*Path("/dev/fd").iterdir()])
    held = [spill.batch(path, 0) for _ in range(20)]
    assert len([*Path("/dev/fd").iterdir()]) <= before
    assert {batch["key"][0].as_py() for batch in held} == {"a"}
