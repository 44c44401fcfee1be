"""Deduplicate a corpus with one peer, from Parquet to the ids that are kept, by its own means.

    python benchmarks/dedup_peer.py PEER TEXTS KEPT SHINGLE THRESHOLD

runs in the peer's environment (`dedup_peers.py` makes it and calls this), with the calls that its
documentation shows: 128 permutations, runs of SHINGLE words, the bands that fit THRESHOLD best, and
of each cluster the first document. None verifies its candidates, so all have less to do than we.
Where documentation stops short of kept ids, the shortest Python does the rest.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SIZE = 128
_WORD = re.compile(r"\w+")


def bands(threshold: float) -> tuple[int, int]:
    """Choose bands and rows whose curve is steepest next to the threshold: t = (1/b)^(1/r)."""
    choices = [(SIZE // rows, rows) for rows in range(2, 17)]
    return min(choices, key=lambda c: abs((1 / c[0]) ** (1 / c[1]) - threshold))


def batches(texts: str) -> Iterator[tuple[list[str], list[str]]]:
    """Read ids and texts."""
    for path in sorted(Path(texts).glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(4000, columns=["id", "text"]):
            yield batch.column("id").to_pylist(), batch.column("text").to_pylist()


def shingles(text: str, size: int) -> set[str]:
    """Cut a text into runs of words, as these libraries leave it to their users."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


def first_of(size: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Give for each of `size` nodes the first of its component."""
    parent = list(range(size))
    for one, other in edges:
        a, b = one, other
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        parent[max(a, b)] = min(a, b)
    for node in range(size):
        parent[node] = parent[parent[node]]
    return parent


def datasketch(texts: str, shingle: int, threshold: float) -> list[str]:
    """MinHash and MinHashLSH: what finds nothing like it in the index is kept."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=SIZE)
    kept = []
    for ids, batch in batches(texts):
        for name, text in zip(ids, batch, strict=True):
            sketch = MinHash(num_perm=SIZE)
            sketch.update_batch([s.encode() for s in shingles(text, shingle)])
            if not index.query(sketch):
                index.insert(name, sketch)
                kept.append(name)
    return kept


def rensa(texts: str, shingle: int, threshold: float) -> list[str]:
    """RMinHashDeduplicator over full sets, as its README shows."""
    from rensa import RMinHashDeduplicator

    rows = bands(threshold)
    index = RMinHashDeduplicator(
        threshold=threshold, num_perm=SIZE, use_lsh=True, num_bands=rows[0]
    )
    kept = []
    for ids, batch in batches(texts):
        sets = ((i, list(shingles(text, shingle))) for i, text in zip(ids, batch, strict=True))
        kept += [name for name, new in zip(ids, index.add_pairs(sets), strict=True) if new]
    return kept


def gaoya(texts: str, shingle: int, threshold: float) -> list[str]:
    """MinHashStringIndex: insert all, query all, keep what has no earlier match."""
    from gaoya.minhash import MinHashStringIndex

    chosen = bands(threshold)
    size = (shingle, shingle)
    index = MinHashStringIndex(32, threshold, *chosen, None, "word", True, size, "vec")
    names: list[str] = []
    for ids, batch in batches(texts):
        index.par_bulk_insert_docs(list(range(len(names), len(names) + len(ids))), batch)
        names += ids
    found = [match for _, batch in batches(texts) for match in index.par_bulk_query(batch)]
    edges = ((i, other) for i, match in enumerate(found) for other in match if other < i)
    first = first_of(len(names), edges)
    return [name for i, name in enumerate(names) if first[i] == i]


def daft(texts: str, shingle: int, threshold: float) -> list[str]:
    """Use `normalize`, `minhash`, and the grouping of bands of Daft's own tutorial."""
    import daft
    from daft import col
    from daft.functions import hash as hashed
    from daft.functions import monotonically_increasing_id, slice, to_list  # noqa: A004

    count, rows = bands(threshold)
    table = daft.read_parquet(f"{texts}/*.parquet").select("id", "text")
    table = table.with_column("node", monotonically_increasing_id())
    clean = col("text").normalize(
        remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True
    )
    hashes = clean.minhash(
        num_hashes=count * rows, ngram_size=shingle, seed=42, hash_function="xxhash"
    )
    sketched = table.select("id", "node", hashes.alias("hashes")).collect()
    # The tutorial takes the bands apart and groups by lists: this is a quarter faster.
    keys = [hashed(slice(col("hashes"), i * rows, (i + 1) * rows), seed=i) for i in range(count)]
    groups = (
        sketched.select("node", to_list(*keys).alias("key"))
        .explode("key")
        .groupby("key")
        .agg(col("node").list_agg().alias("nodes"))
        .where(col("nodes").list_count() > 1)
        .select("nodes")
        .to_pydict()["nodes"]
    )
    known = sketched.select("id", "node").to_pydict()
    place = {node: i for i, node in enumerate(known["node"])}
    edges = ((place[group[0]], place[node]) for group in groups for node in group[1:])
    first = first_of(len(place), edges)
    return [name for i, name in enumerate(known["id"]) if first[i] == i]


def text_dedup(texts: str, shingle: int, threshold: float) -> list[str]:
    """Run the command line of text-dedup and read what it leaves."""
    import datasets

    rows = bands(threshold)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "text_dedup.minhash", "--path", "parquet"]
        command += ["--data_files", f"{texts}/*.parquet", "--split", "train", "--column", "text"]
        command += ["--output", f"{folder}/kept", "--cache_dir", f"{folder}/cache"]
        command += ["--ngram", str(shingle), "--threshold", str(threshold), "--hash_func", "xxh3"]
        command += ["--b", str(rows[0]), "--r", str(rows[1]), "--num_perm", str(SIZE)]
        subprocess.run([*command, "--num_proc", "1"], check=True, capture_output=True)
        return list(datasets.load_from_disk(f"{folder}/kept")["id"])


def datatrove(texts: str, shingle: int, threshold: float) -> list[str]:
    """Run the four blocks of datatrove's MinHash example, one task each."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import JsonlWriter

    count, rows = bands(threshold)
    config = MinhashConfig(n_grams=shingle, num_buckets=count, hashes_per_bucket=rows)
    with tempfile.TemporaryDirectory() as folder:
        reader = ParquetReader(texts, glob_pattern="*.parquet")
        writer = JsonlWriter(f"{folder}/out", compression=None)
        signatures, buckets, removed = (f"{folder}/{name}" for name in ("s", "b", "r"))
        blocks: list[tuple[int, list[Any]]] = [
            (1, [reader, MinhashDedupSignature(signatures, config=config)]),
            (count, [MinhashDedupBuckets(signatures, buckets, config=config)]),
            (1, [MinhashDedupCluster(buckets, removed, config=config)]),
            (1, [reader, MinhashDedupFilter(removed), writer]),
        ]
        for tasks, pipeline in blocks:
            executor = LocalPipelineExecutor(
                pipeline, tasks=tasks, workers=1, logging_dir=f"{folder}/logs"
            )
            executor.run()
        out = sorted(Path(f"{folder}/out").glob("*.jsonl"))
        return [json.loads(line)["id"] for path in out for line in path.open(encoding="utf-8")]


PEERS = {
    peer.__name__.replace("_", "-"): peer
    for peer in (daft, gaoya, rensa, datasketch, text_dedup, datatrove)
}


def main() -> None:
    """Write the kept ids, one a line."""
    name, texts, kept, shingle, threshold = sys.argv[1:]
    found = PEERS[name](texts, int(shingle), float(threshold))
    with Path(kept).open("w", encoding="utf-8") as out:
        out.writelines(f"{key}\n" for key in found)
        out.flush()
        os.fsync(out.fileno())


if __name__ == "__main__":
    main()
