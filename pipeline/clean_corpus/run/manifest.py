"""The manifest: which tasks are done, one line each, written by the driver alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from clean_corpus.run import disk


class Manifest:
    """Entries of finished tasks by name: what they counted, and the sizes of their outputs.

    A line that was being written when the run died is dropped: its task is done again.
    """

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            entry = orjson.loads(line)
            self.entries[entry["task"]] = entry
        if len(whole) < len(content):
            disk.write(path, whole)
        self._file = path.open("ab")

    def add(self, task: str, stats: dict[str, Any], sizes: dict[str, int]) -> None:
        """Record that a task is done and its outputs are in place."""
        entry = {"task": task, "stats": stats, "sizes": sizes}
        disk.append_line(self._file, orjson.dumps(entry))
        self.entries[task] = entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()
