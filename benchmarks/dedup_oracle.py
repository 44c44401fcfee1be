"""Hold the engine against an independent count of the same thing, by sets of strings.

    python benchmarks/dedup_oracle.py DATA_FOLDER [CORPUS ...]

reads all `news_*` of the data folder (gzip'd JSON Lines with `text`) and corpora of
`dedup_corpus.py`, and finds every pair of different texts from Jaccard 0.4 on: words and shingles
as `clean_corpus.corpus.shingles` describes them, but by regular expressions and Python's own
hashes; pairs by a prefix filter, which leaves none out; Jaccard by counting. Prints, at each
threshold, the precision of the engine's pairs (a pair counts only with the very counts of shared
and joined shingles), its recall, pooled and just above the threshold, and for 10,000 of the
articles whether those kept are the ones that the rule of `corpus/duplicates/keepers.py` keeps by
brute force.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from jsonl import objects

from clean_corpus.config import Dedup
from clean_corpus.corpus.duplicates import evidence
from clean_corpus.run import publish

THRESHOLDS = ("0.5", "0.6", "0.7", "0.8")
LEAST = Fraction(2, 5)  # pairs below are not looked for
NEAR = Fraction(1, 50)  # "just above" the threshold
ARTICLES = 10_000

#: A set of shingles: the sorted hashes of tuples of words.
Shingles = npt.NDArray[np.int64]
Pairs = dict[tuple[int, int], tuple[int, int]]  # documents -> shared, joined


class _Folding(dict[int, str]):
    """What each code point folds to, found when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = out = self._fold(chr(code))
        return out

    @staticmethod
    def _fold(character: str) -> str:
        kind = unicodedata.category(character)
        if kind == "Cf" or character in "\u0640\ufe0e\ufe0f":
            return ""
        if kind[0] not in "LMN" or "\uac00" <= character <= "\ud7a3":
            return character
        folded = unicodedata.normalize("NFKD", character).casefold()
        folded = unicodedata.normalize("NFKD", folded).replace("ı", "i")
        return folded if all(unicodedata.category(c)[0] in "LMN" for c in folded) else character


def _class(names: str, kinds: str) -> str:
    """Give the inside of a character class: code points of some scripts and categories."""
    wanted = re.compile(names)
    found = [
        code
        for code in range(0x20000)
        if unicodedata.category(chr(code))[0] in kinds
        and wanted.match(unicodedata.name(chr(code), ""))
    ]
    starts = [b for a, b in pairwise([-2, *found]) if b != a + 1]
    ends = [a for a, b in pairwise([*found, 0x30000]) if b != a + 1]
    return "".join(
        f"{re.escape(chr(a))}-{re.escape(chr(b))}" for a, b in zip(starts, ends, strict=True)
    )


_HAN = "CJK UNIFIED|CJK COMP|HIRAGANA|KATAKANA|BOPOMOFO|IDEOGRAPHIC (ITER|NUMBER|CLOSING)"
_THAI = "THAI|LAO|KHMER|MYANMAR"
_FOLDING = _Folding()
_PLAIN = re.compile(f"([{_class('LATIN|GREEK|MODIFIER LETTER|DIGIT', 'LN')}])[{_class('', 'M')}]+")
_SHORT, _LONG = _class(_HAN + "|COMBINING KATA", "LMN"), _class(_THAI, "LMN")
_SPACED = _class(f"(?!{_HAN}|{_THAI})", "LN")
_RUNS = re.compile(f"([{_SHORT}]+)|([{_LONG}]+)|(?:[{_SPACED}][{_class('', 'M')}]*)+")


def words(text: str) -> list[str]:
    """Cut a text into words."""
    found: list[str] = []
    for run in _RUNS.finditer(_PLAIN.sub(r"\1", text.translate(_FOLDING))):
        whole = run[0]
        size = 3 if run[1] else 6 if run[2] else len(whole)
        found += [whole[i : i + size] for i in range(max(1, len(whole) - size + 1))]
    return found


def shingles(text: str, size: int) -> Shingles:
    """Make the set of runs of `size` words; of a shorter text the one run it is."""
    found = words(text)
    size = min(size, len(found))
    runs = {tuple(found[i : i + size]) for i in range(len(found) - size + 1)} if found else set()
    return np.sort(np.fromiter(map(hash, runs), np.int64, len(runs)))


def alike(sets: Sequence[Shingles]) -> Pairs:
    """Count every pair with a Jaccard of LEAST or more.

    Of two such sets the rarest LEAST-th parts have an element in common (Chaudhuri, Ganti, Kaushik
    2006), so that only documents with a common rare shingle are compared.
    """
    sizes = np.array([len(one) for one in sets])
    value = np.concatenate(sets)
    document = np.repeat(np.arange(len(sets)), sizes)
    _, place, count = np.unique(value, return_inverse=True, return_counts=True)
    order = np.lexsort((place, count[place], document))
    rank = np.arange(len(value)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = sizes - -(-sizes * LEAST.numerator // LEAST.denominator) + 1
    prefix = order[(rank < np.repeat(kept, sizes)) & (count[place][order] > 1)]
    prefix = prefix[np.argsort(place[prefix], kind="stable")]
    ends = np.flatnonzero(np.diff(place[prefix], append=-1)) + 1
    candidates: set[tuple[int, int]] = set()
    for start, stop in pairwise([0, *ends.tolist()]):
        group = np.sort(document[prefix[start:stop]])
        one, other = np.triu_indices(len(group), 1)
        one, other = group[one], group[other]
        fits = np.minimum(sizes[one], sizes[other]) >= LEAST * np.maximum(sizes[one], sizes[other])
        candidates.update(zip(one[fits].tolist(), other[fits].tolist(), strict=True))
    found = {}
    for i, j in candidates:
        shared = len(np.intersect1d(sets[i], sets[j], assume_unique=True))
        joined = len(sets[i]) + len(sets[j]) - shared
        if shared >= LEAST * joined:
            found[i, j] = shared, joined
    return found


def greedy(size: int, pairs: Pairs, threshold: Fraction, witness: Fraction) -> set[int]:
    """Keep what `corpus/duplicates/keepers.py` keeps, where earlier documents rank first."""
    component = list(range(size))

    def root(node: int) -> int:
        while component[node] != node:
            node = component[node]
        return node

    for (i, j), (shared, joined) in pairs.items():
        if shared >= threshold * joined:
            component[root(i)] = root(j)
    mates = defaultdict(set)
    for (i, j), (shared, joined) in pairs.items():
        if shared >= witness * joined and root(i) == root(j):
            mates[i].add(j)
            mates[j].add(i)
    stay: set[int] = set()
    for i in sorted(range(size), key=lambda i: (-len(mates[i]), i)):
        if stay.isdisjoint(mates[i]):
            stay.add(i)
    return stay


def engine(texts: Sequence[str], *options: str) -> tuple[set[int], Pairs]:
    """Run the command: the documents that it keeps, and its pairs."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(i) for i in range(len(texts))]
        dates = [
            (datetime(2000, 1, 1) + timedelta(minutes=i)).isoformat() for i in range(len(texts))
        ]
        columns = {"id": names, "text": texts, "date": dates}
        source, out = Path(folder, "texts.parquet"), Path(folder, "out")
        pq.write_table(pa.table(columns), source, row_group_size=4000)
        command = [sys.executable, "-m", "clean_corpus", "duplicates", str(source), "-o", str(out)]
        more = [part for option in options for part in ("--set", f"dedup.{option}")]
        subprocess.run([*command, "-q", *more], check=True)
        pairs: Pairs = {}
        for group in evidence.read(str(out / publish.EVIDENCE)):
            ids = np.array(group.keys.to_pylist()).astype(np.int64)
            ends = np.sort([ids[group.pairs.better], ids[group.pairs.worse]], axis=0).tolist()
            counts = group.pairs.shared.tolist(), group.pairs.joined.tolist()
            pairs |= zip(zip(*ends, strict=True), zip(*counts, strict=True), strict=True)
        lines = (out / "kept.jsonl").read_bytes().splitlines()
        return {int(orjson.loads(line)["id"]) for line in lines}, pairs


def compare(name: str, texts: Sequence[str]) -> None:
    """Print precision and recall at each threshold."""
    size = Dedup().shingle
    true = alike([shingles(text, size) for text in texts])
    print(
        f"{name}: {len(texts)} different texts, {len(true)} pairs from {float(LEAST)} on; n={size}"
    )
    for threshold in THRESHOLDS:
        least = Fraction(threshold)
        _, pairs = engine(texts, f"threshold={threshold}")
        said = {pair: count for pair, count in pairs.items() if count[0] >= least * count[1]}
        right = sum(true.get(pair) == count for pair, count in said.items())
        wanted = [pair for pair, count in true.items() if count[0] >= least * count[1]]
        near = [pair for pair in wanted if true[pair][0] <= (least + NEAR) * true[pair][1]]
        line = f"  t={threshold}  precision {right}/{len(said)}"
        for what, some in (("recall", wanted), (f"in [t, t+{float(NEAR)}]", near)):
            hit = sum(pair in said for pair in some)
            line += f"  {what} {hit}/{len(some)} = {hit / max(1, len(some)):.5f}"
        print(line, flush=True)


def keeping(texts: Sequence[str]) -> None:
    """Print how the kept documents differ from those kept by brute force."""
    options = Dedup()
    true = alike([shingles(text, options.shingle) for text in texts])
    kept, _ = engine(texts, 'keep=["earliest"]')
    wanted = greedy(len(texts), true, Fraction(options.threshold), Fraction(options.witness))
    print(
        f"{len(texts)} articles, defaults: {len(kept)} kept, {len(wanted)} by brute force, "
        f"{len(kept ^ wanted)} differ"
    )


def distinct(texts: Sequence[str]) -> list[str]:
    """Give the texts that differ in more than white space: others are exact duplicates."""
    return list({"".join(text.split()): text for text in texts}.values())


def news(folder: Path) -> Iterator[str]:
    """Read the articles."""
    for path in sorted(folder.glob("news_*")):
        yield from (row["text"] for row in objects(path))


def main() -> None:
    """Measure on the data in the folders that are given."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    articles = distinct(list(news(Path(sys.argv[1]))))
    compare("news_*", articles)
    step = max(1, len(articles) // ARTICLES)
    keeping((articles[::step] + articles[1::step])[:ARTICLES])
    for corpus in sys.argv[2:]:
        generated = pq.read_table(Path(corpus) / "texts", columns=["text"])["text"].to_pylist()
        compare(corpus, distinct(generated))


if __name__ == "__main__":
    main()
