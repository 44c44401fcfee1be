"""Measure what repeats: learned furniture, shared passages, contained texts, and their cost.

    python benchmarks/passages.py [DATA_FOLDER] [--lines 25] [--pairs 50]

Without a folder only planted data is measured: 30 invented sites with furniture, counters and
variants, among syndicated stories, refrains and updates; and pieces of 10 to 90 % of an article of
another site, verbatim and with light edits. DATA_FOLDER holds `news_*.jsonl.gz` with `text`, `site`
and `date`: printed are the learned lines of sites with 20 articles or more and the shared passages,
to be read, and how many more documents these connect than MinHash does.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from jsonl import objects

from clean_corpus.config import Config, from_json
from clean_corpus.run.plan import clean_files

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from articles import edited, vocabulary
from sites import corpus, folded, planted

_EDITS = 0.05  # of the words


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--lines", type=int, default=0, help="learned lines to print for each file")
    parser.add_argument("--pairs", type=int, default=0, help="passages to print for each file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furniture(folder)
        for share in (0.0, _EDITS):
            embedded(folder, share)
        cost(folder)
        for path in sorted(options.data.glob("news_*.jsonl.gz")) if options.data else ():
            real(folder, path, options.lines, options.pairs)


def run(folder: Path, rows: Iterable[Mapping[str, Any]], **sections: Any) -> Path:
    """Clean records in this process; give the folder of the run."""
    source = folder / "records.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    config = from_json(Config, {"limits": {"max_removed": 1}, **sections})
    clean_files([str(source)], folder / "out", config, serial=True, fresh=True, limits=False)
    return folder / "out"


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON Lines."""
    with path.open("rb") as file:
        yield from map(orjson.loads, file)


def furniture(folder: Path) -> None:
    """Print how much of the planted furniture is learned, and what else is."""
    sites, table = corpus()
    rows = ({"id": r["key"], "text": r["text"], "source": r["source"]} for r in table.to_pylist())
    rules = tomllib.loads((run(folder, rows) / "learned.toml").read_text("utf-8"))["rules"]
    wanted = {(site.name, *unit) for site in sites for unit in planted(site)}
    found = {(rule["source"], rule["scope"], folded(rule["text"])) for rule in rules}
    share = 100 * len(wanted & found) / len(wanted)
    print(f"furniture: {len(wanted)} planted on 30 sites, {share:.1f} % learned, bar 98")
    print(f"  {len(found - wanted)} other lines learned (syndicated, refrains, updates), bar 0")


def embedded(folder: Path, share: float) -> None:
    """Print how many planted passages are found, and how many of those reported were planted."""
    chance = random.Random(1)  # noqa: S311
    words = vocabulary(chance)

    def text(size: int) -> list[list[str]]:
        return [chance.choices(words, k=chance.randint(7, 16)) for _ in range(size)]

    def joined(sentences: list[list[str]]) -> str:
        return "\n".join(" ".join(words).capitalize() + "." for words in sentences)

    rows, pieces = [], {}
    for i in range(1000):
        donor = text(20)
        size = chance.randint(2, 18)  # sentences of twenty: 10 to 90 %
        first = chance.randint(0, 20 - size)
        piece = [edited(chance, one, words, share) for one in donor[first : first + size]]
        before = text(chance.randint(0, 20 - size))
        host = before + piece + text(20 - size - len(before))
        rows.append(record(f"donor{i}", joined(donor), i % 7, "2024-01-01"))
        rows.append(record(f"host{i}", joined(host), 7 + i % 5, "2024-02-01"))
        start = len(joined([*before, []])) - 1
        pieces[f"host{i}"] = (start, start + len(joined(piece)))
    # Near-duplicates are not to take part of the pairs away.
    out = run(folder, rows, dedup={"near": False})
    covered: Counter[str] = Counter()
    wrong = total = 0
    for row in lines(out / "passages.jsonl"):
        start, end = pieces.get(row["id"], (0, 0))
        common = max(0, min(end, row["end"]) - max(start, row["start"]))
        right = row["first"] == row["id"].replace("host", "donor")
        right = right and 10 * common >= 9 * (row["end"] - row["start"])
        total += 1
        wrong += not right
        covered[row["id"]] += common if right else 0
    found = sum(10 * covered[key] >= 8 * (end - start) for key, (start, end) in pieces.items())
    kind = f"{100 * share:.0f} % of words edited" if share else "verbatim"
    print(f"embedded, {kind}: recall {found / len(pieces):.4f}, bar {0.9 if share else 0.99}")
    print(f"  {total} passages reported, precision {1 - wrong / max(total, 1):.4f}, bar 1")


def record(key: str, text: str, site: int, date: str) -> dict[str, Any]:
    """Make a record of one of several sites."""
    return {"id": key, "text": text, "source": f"site{site}.example", "date": date}


def cost(folder: Path) -> None:
    """Print the share of a run's time that learning and sharing take, for two sizes."""
    _, table = corpus()
    rows = [{"text": r["text"], "source": r["source"]} for r in table.to_pylist()]
    run(folder, rows[:100])  # compiles the kernels
    for part in (2, 1):
        ours, every = took(run(folder, rows[::part]))
        print(f"cost: {len(rows[::part])} articles, {ours:.2f} of {every:.2f} s, bar a quarter")


def took(out: Path) -> tuple[float, float]:
    """Give the seconds of learning and sharing, and of all steps, in one process."""
    seconds = orjson.loads((out / "timings.json").read_bytes())["seconds"]
    return seconds["learn"] + seconds.get("share", 0), sum(seconds.values())


def real(folder: Path, path: Path, shown: int, pairs: int) -> None:
    """Print what was learned and found in real articles."""
    rows = []
    for row in objects(path):
        kept = {name: row.get(name) for name in ("id", "text", "date")}
        rows.append({**kept, "source": row.get("site")})
    out = run(folder, rows)
    ours, every = took(out)
    sizes = Counter(row["source"] for row in rows)
    rules = tomllib.loads((out / "learned.toml").read_text("utf-8")).get("rules", [])
    rules = [rule for rule in rules if sizes[rule["source"]] >= 20]
    cut = Counter(e["rule"] for e in lines(out / "edits.jsonl") if e["class"] == "learned")
    print(f"{path.name}: {len(rows)} articles; this took {ours:.2f} of {every:.2f} s")
    print(f"  learned {len(rules)} lines of {len({rule['source'] for rule in rules})} sites")
    for rule in rules[:shown]:
        used = cut["learned." + rule["id"]]
        where = f"{rule['scope']} {rule['where']}".strip()
        print(f"    {rule['count']:5}/{rule['articles']} cut {used:5} {rule['source']}: {where}")
        print(f"      {rule['text']!r}")
    sources = {row["id"]: row["source"] for row in rows}
    passages = list(lines(out / "passages.jsonl"))
    found = {(row["id"], row["first"]) for row in passages}
    copies = [
        (row["keeper"], member["id"])
        for row in lines(out / "clusters.jsonl")
        for member in row["members"]
    ]
    alien = [pair for pair in copies if len({sources.get(key.split("#")[0]) for key in pair}) > 1]
    contained = sum(bool(r["clean"].get("contained")) for r in lines(out / "corpus/records.jsonl"))
    print(f"  copies across sites by MinHash: {len(alien)}; by passages {len(found)} more pairs,")
    print(f"  of {len({key for key, _ in found})} articles; {contained} texts inside others")
    sample = random.Random(1).sample(passages, min(pairs, len(passages)))  # noqa: S311
    for row in sample:
        print(f"    {row['id']} <- {row['first']} ({row['words']} words): {row['text'][:160]!r}")


if __name__ == "__main__":
    main()
