"""Do what no search for copies by MinHash can leave out, and nothing else: the floor of its cost.

    python benchmarks/dedup_floor.py TEXTS KEPT [OPTION=VALUE ...]

starts, reads ids and texts out of Parquet once, hashes their shingles, signs them, and sorts the
keys of their bands, with the kernels and the parameters of `clean-corpus duplicates`; one thread,
nothing verified, nothing kept on the disk but an empty file KEPT. What the command costs beyond
that is what it costs to verify, to bound its memory, and to write results that a kill cannot harm.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")  # as the command does, before Arrow is there

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clean_corpus import settings
from clean_corpus.corpus import shingles
from clean_corpus.corpus.duplicates import signatures
from clean_corpus.corpus.duplicates.plan import sketching
from clean_corpus.kernels import minhash

ROWS = 1000  # in a batch: what stays in the processor's caches


def main() -> None:
    """Go through the texts, and print the CPU seconds that each part took."""
    texts, kept, *given = sys.argv[1:]
    pa.set_cpu_count(1)
    options = sketching(settings.load(None, [f"dedup.{one}" for one in given]).dedup)
    keys = []
    spent = {"start": time.process_time(), "read": 0.0, "shingle": 0.0, "sign": 0.0, "sort": 0.0}
    for path in sorted(Path(texts).glob("*.parquet")):
        file = pq.ParquetFile(path, pre_buffer=False)
        batches = file.iter_batches(ROWS, columns=["id", "text"], use_threads=False)
        while True:
            began = time.process_time()
            batch = next(batches, None)
            spent["read"] += time.process_time() - began
            if batch is None:
                break
            began = time.process_time()
            large = batch["text"].cast(pa.large_string())
            hashes, offsets = shingles.hashes(large, options["shingle"])
            spent["shingle"] += time.process_time() - began
            began = time.process_time()
            signed = signatures.signatures(hashes, offsets, options["permutations"])
            keys.append(minhash.keys(signed, options["bands"]))
            spent["sign"] += time.process_time() - began
    began = time.process_time()
    np.sort(np.concatenate(keys), axis=None)
    spent["sort"] += time.process_time() - began
    Path(kept).touch()
    print(" ".join(f"{part} {seconds:.2f}" for part, seconds in spent.items()), file=sys.stderr)


if __name__ == "__main__":
    main()
