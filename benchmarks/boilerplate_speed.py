"""Measure how fast the boilerplate stage is on news, with every lexicon loaded.

    python benchmarks/boilerplate_speed.py DATA_FOLDER [--repeat 3] [--parts]

DATA_FOLDER holds JSON Lines files `news_<language>.jsonl` (also .gz), one article a line, with its
`text` and, optionally, `title`. Printed for each language, and for all of them: articles, megabytes
of UTF-8, edits, and megabytes per CPU-second of this process, the best of some repetitions over
batches of 4 MB; first what loading and compiling the lexicons takes. `--parts` tells how much of it
each part takes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from jsonl import objects

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.stages import boilerplate

_BATCH = 4 << 20


def main() -> None:
    """Print one line for each language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--language", default="*", help="only this one")
    parser.add_argument("--parts", action="store_true", help="profile the slowest functions")
    options = parser.parse_args()
    began = time.process_time()
    settings = Boilerplate()
    stage = boilerplate.stage(lexicons.load(settings), settings)
    print(f"load: {time.process_time() - began:.2f} CPU-s")
    began = time.process_time()
    stage(_batch(["Warm up the kernels."], [""], "en"))
    print(f"first text: {time.process_time() - began:.2f} CPU-s")
    print("language  articles     MB    edits  MB/CPU-s")
    total = np.zeros(4)
    for path in sorted(options.data.glob(f"news_{options.language}.jsonl*")):
        language = path.name.removeprefix("news_").split(".")[0]
        batches = list(_batches(path, language))
        size = sum(batch.texts.nbytes - 8 * len(batch.texts) for batch in batches) / 1e6
        seconds = []
        for _ in range(options.repeat):
            began = time.process_time()
            edits = sum(stage(batch).num_rows for batch in batches)
            seconds.append(time.process_time() - began)
        count = sum(len(batch.texts) for batch in batches)
        found = np.array([count, size, edits, min(seconds)])
        _show(language, *found)
        total += found
        if options.parts:
            profile = cProfile.Profile()
            profile.runcall(lambda given: [stage(batch) for batch in given], batches)
            pstats.Stats(profile).sort_stats("tottime").print_stats(20)
    _show("all", *total)


def _show(language: str, count: float, size: float, edits: float, seconds: float) -> None:
    speed = size / seconds if seconds else 0.0
    print(f"{language:8} {count:9.0f} {size:6.1f} {edits:8.0f} {speed:9.1f}", flush=True)


def _batches(path: Path, language: str) -> Iterator[text.Batch]:
    texts: list[str] = []
    titles: list[str] = []
    size = 0
    for row in objects(path):
        texts.append(row.get("text") or "")
        titles.append(row.get("title") or "")
        size += len(texts[-1])
        if size >= _BATCH:
            yield _batch(texts, titles, language)
            texts, titles, size = [], [], 0
    if texts:
        yield _batch(texts, titles, language)


def _batch(texts: list[str], titles: list[str], language: str) -> text.Batch:
    blank = pa.nulls(len(texts), pa.string())
    languages = pa.array([language] * len(texts))
    given = [text_.encode("utf-8", "replace").decode() for text_ in texts]
    return text.Batch(pa.array(given, pa.large_string()), languages, blank, pa.array(titles))


if __name__ == "__main__":
    main()
