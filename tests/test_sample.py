"""The sample corpus gives the result that a reviewer has read: sample_corpus/expected."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import orjson
import pytest

from clean_corpus.config import Config
from clean_corpus.run.plan import clean_files

SAMPLE = Path(__file__).parents[1] / "sample_corpus"

#: Told apart from run to run, or from one environment to the next, and drawn from the rest.
_LEFT_OUT = ("timings.json", "report.html")


def files(folder: Path) -> dict[str, bytes]:
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".clean-corpus" not in path.parts and path.name not in _LEFT_OUT
    }
    summary = orjson.loads(found.pop("summary.json"))
    del summary["versions"]
    found["summary.json"] = orjson.dumps(summary, option=orjson.OPT_INDENT_2)
    # Compressed bytes depend on the zlib of the platform.
    return {
        name: gzip.decompress(data) if name.endswith(".gz") else data
        for name, data in found.items()
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "out"
    clean_files([str(SAMPLE / "articles")], out, Config())
    return out


def test_the_golden_result_is_met(run: Path) -> None:
    """If the change is meant, run `make golden` and read the difference before committing it."""
    found, expected = files(run), files(SAMPLE / "expected")
    assert sorted(found) == sorted(expected)
    for name, data in expected.items():
        assert found[name].decode() == data.decode(), name


def test_originals_come_back_byte_for_byte(run: Path) -> None:
    """Every kept JSON record is its original, but for the text and what was added."""
    originals = {
        around(line) for line in (SAMPLE / "articles" / "news.jsonl").read_bytes().splitlines()
    }
    kept = (run / "corpus" / "articles" / "news.jsonl").read_bytes().splitlines()
    assert len(kept) > 20
    for line in kept:
        assert around(re.sub(rb',"clean":\{.*?\}(?=\s*\}$)', b"", line)) in originals


def around(line: bytes) -> tuple[bytes, ...]:
    """Give what stands before and behind the text of a record."""
    found = re.fullmatch(rb'(.*"text"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|\[.*?\]|null)(.*)', line)
    return found.groups() if found else (line,)
