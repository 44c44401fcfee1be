"""Measure what deduplication costs, ours and that of six peers: CPU seconds from Parquet to ids.

    python benchmarks/dedup_peers.py CORPUS ENVIRONMENTS [--tools command,daft] [--rounds 5]

CORPUS is a folder of `dedup_corpus.py`. Each peer comes from PyPI into an environment of its own
under ENVIRONMENTS, made at the first use. The tools run in turn, round by round, in one call, so
that a busy machine is busy for all; the median of the rounds is printed, with the least and the
most. CPU seconds are those of the whole process and of all that it starts, imports and reading
included, as the kernel counts them. All have the same threshold and the same size of shingle.

`missed` is the share of planted pairs from the threshold on of which both documents were kept; the
smaller the better. `command` is `clean-corpus duplicates`, which also reads any records, verifies
each candidate, numbers ids that are not unique, commits each step, and writes who stays, who goes
for whom, the summary and the report; `defaults` is the same with the threshold that ships; `floor`
is what none can leave out (`dedup_floor.py`), and finds nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from processes import Cost, environment, measured

from clean_corpus.config import Dedup

HERE = Path(__file__).parent
SHINGLE = str(Dedup().shingle)

#: What pip installs for each peer.
PEERS = {
    "daft": ["getdaft", "pyarrow"],
    "gaoya": ["gaoya", "pyarrow"],
    "rensa": ["rensa", "pyarrow"],
    "datasketch": ["datasketch", "pyarrow"],
    "text-dedup": ["text-dedup"],
    "datatrove": ["datatrove[io,processing]", "spacy"],
}
OURS = ("command", "defaults", "floor")


def command(tool: str, texts: Path, scratch: Path, threshold: str) -> list[str]:
    """Give the command that deduplicates with a tool; kept ids go to `scratch`."""
    kept = str(scratch / tool)
    if tool in ("command", "defaults"):
        ours = [sys.executable, "-m", "clean_corpus", "duplicates", str(texts), "-o", f"{kept}-out"]
        ours += ["--fresh", "--workers", "1", "-q"]
        return ours if tool == "defaults" else [*ours, "--set", f"dedup.threshold={threshold}"]
    if tool == "floor":
        least = str(HERE / "dedup_floor.py")
        return [sys.executable, least, str(texts), kept, f"threshold={threshold}"]
    python = environment(scratch.parent / f"env-{tool}", PEERS[tool])
    return [python, str(HERE / "dedup_peer.py"), tool, str(texts), kept, SHINGLE, threshold]


def kept(tool: str, scratch: Path) -> set[str]:
    """Give the ids that a tool has kept."""
    if tool in ("command", "defaults"):
        with (scratch / f"{tool}-out" / "kept.jsonl").open("rb") as file:
            return {json.loads(line)["id"] for line in file}
    return set((scratch / tool).read_text(encoding="utf-8").split())


def missed(corpus: Path, threshold: float) -> Callable[[set[str]], float]:
    """Make a function from kept ids to the share of planted pairs that both stayed."""
    truth = pq.read_table(corpus / "truth.parquet")
    columns = {name: truth[name].to_numpy() for name in truth.column_names}
    names = np.array([f"d{i:08}" for i in range(len(truth))])
    near = (columns["copy_of"] >= 0) & (columns["shared"] >= threshold * columns["joined"])

    def share(found: set[str]) -> float:
        stays = np.isin(names, np.array(sorted(found)))
        both = stays[columns["document"][near]] & stays[columns["copy_of"][near]]
        return float(both.mean())

    return share


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("environments", type=Path)
    parser.add_argument("--tools", default=",".join([*OURS, *PEERS]))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threshold", default="0.7")
    given = parser.parse_args()
    tools = given.tools.split(",")
    scratch = given.environments.resolve() / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    # Orphans become ours, so that what a forkserver used is counted too (PR_SET_CHILD_SUBREAPER).
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    texts = given.corpus.resolve() / "texts"
    commands = {tool: command(tool, texts, scratch, given.threshold) for tool in tools}
    costs: dict[str, list[Cost]] = {tool: [] for tool in tools}
    for _ in range(given.rounds):
        for tool in tools:
            costs[tool].append(measured(commands[tool]))
            print(f"  {tool} {costs[tool][-1].cpu:.2f}", file=sys.stderr, flush=True)
    report(given.corpus, given.threshold, costs, scratch)
    shutil.rmtree(scratch)


def report(corpus: Path, threshold: str, costs: dict[str, list[Cost]], scratch: Path) -> None:
    """Print a line for each tool."""
    share = missed(corpus, float(threshold))
    base = statistics.median(cost.cpu for cost in next(iter(costs.values())))
    print(f"{corpus}: t = {threshold}, n = {SHINGLE}; CPU seconds, median (least-most)")
    for tool, found in costs.items():
        cpu = [cost.cpu for cost in found]
        middle = statistics.median(cpu)
        ids = kept(tool, scratch)
        memory = max(cost.megabytes for cost in found)
        print(
            f"{tool:<11} {middle:8.2f} ({min(cpu):.2f}-{max(cpu):.2f})  x{middle / base:6.2f}  "
            f"{memory:6.0f} MB  {len(ids)} kept  {share(ids):.4f} missed  {len(found)} runs"
        )


if __name__ == "__main__":
    main()
