"""Measure how fast texts become signatures: megabytes of UTF-8 per CPU-second, part by part.

    python benchmarks/dedup_sketch.py DATA_FOLDER

takes articles of `news_*` in the data folder (gzip'd JSON Lines with `text`), and invented ones of
`dedup_corpus.py` where the folder has none of a language, and makes of them, in the pieces that a
run has, the shingles and the signatures of the shipped configuration. Best of some rounds, in one
thread. datasketch does the same with the same permutations, fed by the shortest Python (lower case,
a regular expression for words, which are three characters in Chinese, as for us, and a set of runs
of them), with its bulk update.

The roofline is what the permutations alone cost: `k` multiplications, additions and minima of 32
bits for each shingle, at one vector of 512 bits a cycle for the first, of which there is one unit.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasketch import MinHash
from dedup_corpus import generate

from clean_corpus.config import Dedup
from clean_corpus.corpus import shingles
from clean_corpus.corpus.duplicates import signatures, sketch
from clean_corpus.corpus.duplicates.parameters import choose
from clean_corpus.kernels import minhash

LANGUAGES = ("en", "fr", "es", "pt", "pl", "tr", "vi", "ar", "ru", "zh")
BYTES = 8_000_000  # of a language
ROUNDS = 7
PEER = 200_000  # bytes that datasketch gets


def texts(folder: Path, language: str) -> tuple[str, list[str]]:
    """Give texts of a language, and where they come from."""
    path = folder / f"news_{language}.jsonl.gz"
    if path.exists():
        with gzip.open(path) as lines:
            return "articles", [json.loads(line)["text"] for line in lines]
    batches = islice(generate(4000, [language]), 1)
    return "invented", [text for batch, _ in batches for text in batch["text"].to_pylist()]


def pieces(found: Sequence[str]) -> list[pa.LargeStringArray]:
    """Cut some of the texts, as often as it takes, into the pieces that a run sketches at once."""
    size = sum(len(text.encode()) for text in found)
    some = list(found) * math.ceil(BYTES / size)
    many = max(1, len(some) * sketch.BYTES // (size * math.ceil(BYTES / size)))
    return [pa.array(some[i : i + many], pa.large_string()) for i in range(0, len(some), many)]


def seconds(function: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Give the least CPU seconds that a function took for all items."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            function(item)
        taken.append(time.process_time() - start)
    return min(taken)


def peer(found: Sequence[str], language: str, options: Dedup, size: int) -> float:
    """Give the bytes per second of datasketch."""
    some = []
    total = 0
    for text in found:
        some.append(text)
        total += len(text.encode())
        if total > PEER:
            break
    word = r"(?=([\u3005-\u9fff]{3}))" if language == "zh" else r"\w+"
    start = time.process_time()
    for text in some:
        words = re.findall(word, text.lower())
        runs = range(max(1, len(words) - options.shingle + 1))
        bag = {" ".join(words[i : i + options.shingle]).encode() for i in runs}
        MinHash(num_perm=size, seed=options.seed, scheme="affine32").update_batch(list(bag))
    return total / (time.process_time() - start)


def main() -> None:
    """Measure and print."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    options = Dedup()
    size = math.prod(choose(options))
    drawn = signatures.permutations(size, options.seed)
    print(f"n={options.shingle}, k={size}; MB per CPU-second, best of {ROUNDS}")
    print("          texts     all  shingles  signatures  shingles/KB  datasketch   ratio")
    for language in LANGUAGES:
        kind, found = texts(Path(sys.argv[1]), language)
        cut = pieces(found)
        megabytes = sum(part.buffers()[2].size for part in cut) / 1e6
        hashed = [shingles.hashes(part, options.shingle) for part in cut]
        count = sum(len(hashes) for hashes, _ in hashed)

        def sign(one: Any) -> object:
            found = signatures.signatures(signatures.fast_hashes(one[0]), one[1], drawn)
            return minhash.keys(found, choose(options).bands)

        def both(part: Any) -> object:
            return sign(shingles.hashes(part, options.shingle))

        rates = [megabytes / seconds(both, cut)]
        rates.append(megabytes / seconds(lambda part: shingles.hashes(part, options.shingle), cut))
        rates.append(megabytes / seconds(sign, hashed))
        other = peer(found, language, options, size) / 1e6
        print(
            f"{language}  {kind:<10} {rates[0]:6.0f} {rates[1]:9.0f} {rates[2]:11.0f}"
            f" {count / megabytes / 1e3:12.0f} {other:11.2f} {rates[0] / other:7.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
