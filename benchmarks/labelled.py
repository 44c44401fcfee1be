"""Read pages whose lines are labelled by hand: 1 content, 0 boilerplate, -1 neither."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse

import pyarrow as pa
from jsonl import objects

from clean_corpus.text import Batch

_CODES = {"english": "en", "chinese": "zh", "greek": "el", "russian": "ru", "polish": "pl"}


class Page(NamedTuple):
    """One page, or what an extractor left of it; `lines` are texts and labels."""

    set: str
    name: str
    site: str
    extractor: str
    language: str
    lines: Sequence[tuple[str, int]]

    def text(self) -> str:
        """Give the page as one text."""
        return "\n".join(line for line, _ in self.lines)


def paths(folder: Path) -> list[Path]:
    """Give the files of labelled pages in a folder."""
    return sorted(folder.glob("*lines_*.jsonl*"))


def read(path: Path, language: str = "und") -> list[Page]:
    """Read the pages of one file; `language` is that of pages that name none."""
    pages = []
    for row in objects(path):
        code = str(row.get("lang") or "").lower()
        url = str(row.get("url") or row.get("page") or "")
        host = urlparse(url).netloc if "://" in url else url.split("_")[1 if "_" in url else 0]
        pages.append(
            Page(
                set=path.name.split(".")[0],
                name=str(row.get("page") or ""),
                site=".".join(host.split(".")[-2:]),
                extractor=str(row.get("extractor") or ""),
                language=_CODES.get(code, code if len(code) == 2 else language),
                lines=[(" ".join(line.splitlines()), label) for line, label in row["lines"]],
            )
        )
    return pages


def batch(pages: Sequence[Page]) -> Batch:
    """Give pages as a stage takes them, without titles and sources."""
    blank = pa.nulls(len(pages), pa.string())
    texts = pa.array([page.text() for page in pages], pa.large_string())
    return Batch(texts, pa.array([page.language for page in pages]), blank, blank)


def part(page: Page, parts: int) -> int:
    """Tell to which of so many parts a page's site belongs."""
    return zlib.crc32(page.site.encode()) % parts
