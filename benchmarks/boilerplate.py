"""Measure the boilerplate stage on pages whose lines are labelled by hand.

    python benchmarks/boilerplate.py DATA_FOLDER [--errors 20] [--rules] [--curve] [--check]

DATA_FOLDER holds JSON Lines files (also .gz), one page a line: `{"lines": [[text, label], ...]}`
with label 1 for content, 0 for boilerplate and -1 for neither; `page`, `url`, `extractor` and
`lang` are optional. Each page is cleaned alone. Printed for each file, language and class, and
pooled over whole pages (`lines_*`) and over what extractors left (`leftover_lines_*`; "core" are
extractors of articles, without those that give all text of a page):

- harm: the share of characters of content removed (what is moved to metadata is not);
- harmed: the share of pages that lost any; emptied: pages that lost all of it;
- recall: the share of lines of boilerplate removed or moved.

Harm is given as labelled and, behind it, without what `adjudicated.toml` lists: lines that were
read one by one and are furniture, whatever their label says. `--check` compares the pooled figures
with `floors.toml` and fails where one is worse; `--raise` writes better ones there, never worse.
`--folds DIR` judges trees (`train_vote.py`) on sites that they have not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import labelled
import numpy as np

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.stages import boilerplate
from clean_corpus.stages.boilerplate.vote import Forest

HERE = Path(__file__).parent
ADJUDICATED, FLOORS = HERE / "adjudicated.toml", HERE / "floors.toml"

#: Extractors that give all text of a page, or most of it.
WHOLE = ("html-text", "inscriptis", "beautifulsoup", "readabilityrs", "dom_smoothie")
WORSE_IF_LOWER = ("recall",)

Cut: TypeAlias = "tuple[int, int, dict[str, Any]]"


class Tally(NamedTuple):
    """What some pages came to; counts of pages, lines and characters."""

    pages: int = 0
    harmed: int = 0
    harmed_really: int = 0
    emptied: int = 0
    characters: int = 0
    lost: int = 0
    lost_really: int = 0
    junk: int = 0
    found: int = 0

    def plus(self, other: Tally) -> Tally:
        """Add up two tallies."""
        return Tally(*map(sum, zip(self, other, strict=True)))

    def figures(self) -> dict[str, float]:
        """Give the figures that have floors, in per cent."""
        return {
            "recall": 100 * self.found / max(1, self.junk),
            "harm": 100 * self.lost / max(1, self.characters),
            "harm_adjudicated": 100 * self.lost_really / max(1, self.characters),
            "harmed": 100 * self.harmed / max(1, self.pages),
            "harmed_adjudicated": 100 * self.harmed_really / max(1, self.pages),
            "emptied": float(self.emptied),
        }


class Hit(NamedTuple):
    """A labelled line of which something was cut."""

    line: str
    label: int
    lost: int
    rule: str
    class_: str
    mark: str
    why: str


class Result(NamedTuple):
    """What became of one page."""

    page: labelled.Page
    tally: Tally
    hits: Sequence[Hit]


def main() -> int:
    """Print the tables; give 1 where a floor is broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--max-share", type=Decimal, default=Decimal("0.5"))
    parser.add_argument("--odds", type=int, default=Boilerplate().odds)
    parser.add_argument("--language", default="und", help="of pages that name none")
    parser.add_argument("--folds", type=Path, help="trees by part of the sites: 0.npz, 1.npz ..")
    parser.add_argument("--rules", action="store_true", help="what each rule did, over all files")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="of each file")
    parser.add_argument("--curve", action="store_true", help="pooled figures for several odds")
    parser.add_argument("--check", action="store_true", help="fail below the floors")
    parser.add_argument("--raise", action="store_true", dest="lift", help="lift the floors")
    options = parser.parse_args()
    pages = [
        page
        for path in labelled.paths(options.data)
        for page in labelled.read(path, options.language)
    ]
    for odds in (2, 5, 10, 20, 40, 150, 300) if options.curve else ():
        settings = Boilerplate(max_share=options.max_share, odds=odds)
        print(f"odds {odds} to 1")
        _table(_pooled(clean(pages, settings, options.folds)))
    settings = Boilerplate(max_share=options.max_share, odds=options.odds)
    began = time.process_time()
    results = clean(pages, settings, options.folds)
    seconds = time.process_time() - began
    by_set, by_language, by_class = _groups(results)
    _table(by_set)
    _table({f"language {name}": tally for name, tally in by_language.items()})
    _table(pooled := _pooled(results))
    _print_counts("class", by_class)
    if options.rules:
        _print_counts("rule", _by_rule(results))
    size = sum(len(page.text().encode()) for page in pages) / 1e6
    print(f"\n{size:.1f} MB in {seconds:.1f} CPU seconds")
    _print_errors(results, options.errors)
    if options.lift:
        _lift(pooled)
    return _check(pooled) if options.check else 0


def clean(pages: list[labelled.Page], settings: Boilerplate, folds: Path | None) -> list[Result]:
    """Clean all pages, each alone, and compare every line with its label."""
    rules = lexicons.load(settings)
    if folds is None:
        return _clean(pages, boilerplate.stage(rules, settings))
    trees = [Forest.load(path) for path in sorted(folds.glob("*.npz"))]
    results = []
    for part, forest in enumerate(trees):
        mine = [page for page in pages if labelled.part(page, len(trees)) == part]
        results += _clean(mine, boilerplate.stage(rules, settings, forest))
    return results


def _clean(pages: list[labelled.Page], stage: text.Stage) -> list[Result]:
    reasons = adjudicated()
    results = []
    for first in range(0, len(pages), 500):
        some = pages[first : first + 500]
        batch = labelled.batch(some)
        edits = stage(batch)
        cuts: dict[int, list[Cut]] = defaultdict(list)
        starts, ends = text.code_points(batch.texts, edits)
        for row, start, end in zip(edits.to_pylist(), starts, ends, strict=True):
            if row["action"] in ("remove", "metadata"):
                cuts[row["doc"]].append((int(start), int(end), row))
        results += [_compare(page, cuts[doc], reasons) for doc, page in enumerate(some)]
    return results


def _compare(page: labelled.Page, cuts: list[Cut], reasons: dict[str, str]) -> Result:
    size = sum(len(line) + 1 for line, _ in page.lines)
    what = np.zeros(size + 1, np.int64)
    for number, (start, end, row) in enumerate(cuts):
        what[start:end] = number + 1 if row["action"] == "remove" else -number - 1
    at = 0
    hits: list[Hit] = []
    tally = Tally(pages=1)
    seen: Counter[str] = Counter()
    left = 0
    for line, label in page.lines:
        cut = what[at : at + len(line)]
        at += len(line) + 1
        mark = _mark(page, line, seen)
        lost = int((cut > 0).sum()) if label == 1 else 0
        why = reasons.get(mark, "") if lost else ""
        left += label == 1 and lost < len(line.strip())
        tally = tally.plus(
            Tally(
                characters=len(line) * (label == 1),
                lost=lost,
                lost_really=0 if why else lost,
                junk=int(label == 0 and bool(line.strip())),
                found=int(label == 0 and 0 < len(line.strip()) < 2 * int((cut != 0).sum())),
            )
        )
        if label in (0, 1) and cut.any():
            row = cuts[abs(int(cut[np.argmax(cut != 0)])) - 1][2]
            hits.append(Hit(line, label, lost, row["rule"], row["class"], mark, why))
    tally = tally._replace(
        harmed=int(tally.lost > 0),
        harmed_really=int(tally.lost_really > 0),
        emptied=int(tally.lost_really > 0 and left == 0),
    )
    return Result(page, tally, hits)


def _mark(page: labelled.Page, line: str, seen: Counter[str]) -> str:
    """Name a line without repeating it: which line of which page of which set."""
    seen[line] += 1
    words = f"{page.set}\0{page.name}\0{seen[line]}\0{line.strip()}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def adjudicated() -> dict[str, str]:
    """Give the reasons of `adjudicated.toml` by line."""
    document = tomllib.loads(ADJUDICATED.read_text(encoding="utf-8"))
    return {mark: reason["why"] for reason in document["reasons"] for mark in reason["lines"]}


def _groups(
    results: list[Result],
) -> tuple[dict[str, Tally], dict[str, Tally], dict[str, Counter[str]]]:
    by_set: dict[str, Tally] = defaultdict(Tally)
    by_language: dict[str, Tally] = defaultdict(Tally)
    by_class: dict[str, Counter[str]] = defaultdict(Counter)
    for page, tally, hits in results:
        by_set[page.set] = by_set[page.set].plus(tally)
        if not page.extractor:
            by_language[page.language] = by_language[page.language].plus(tally)
        for hit in hits:
            _count(by_class[hit.class_], hit)
    return by_set, dict(sorted(by_language.items())), by_class


def _pooled(results: list[Result]) -> dict[str, Tally]:
    pools: dict[str, Tally] = {"whole-pages": Tally(), "core": Tally(), "leftovers": Tally()}
    for page, tally, _ in results:
        for name in _pools(page):
            pools[name] = pools[name].plus(tally)
    return pools


def _pools(page: labelled.Page) -> Iterator[str]:
    if not page.extractor:
        yield "whole-pages"
        return
    yield "leftovers"
    if page.extractor not in WHOLE:
        yield "core"


def _by_rule(results: list[Result]) -> dict[str, Counter[str]]:
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, hits in results:
        for hit in hits:
            _count(by_rule[hit.rule], hit)
    return by_rule


def _count(counter: Counter[str], hit: Hit) -> None:
    counter["junk"] += hit.label == 0
    counter["content"] += hit.label == 1
    counter["lost"] += hit.lost
    counter["really"] += 0 if hit.why else hit.lost


def _table(tallies: dict[str, Tally]) -> None:
    print(f"\n{'':28} pages    junk  recall   harm (adjudicated)   pages harmed  emptied")
    for name, tally in tallies.items():
        of = tally.figures()
        print(
            f"{name:28} {tally.pages:5} {tally.junk:7} {of['recall']:6.2f} %"
            f"  {of['harm']:.3f} ({of['harm_adjudicated']:.3f}) %"
            f"  {of['harmed']:5.2f} ({of['harmed_adjudicated']:.2f}) %  {tally.emptied:4}",
            flush=True,
        )


def _print_counts(what: str, counts: dict[str, Counter[str]]) -> None:
    print(f"\n{what:30} junk lines  content lines  characters lost (adjudicated)")
    for name, of in sorted(counts.items(), key=lambda item: (-item[1]["really"], item[0])):
        print(f"{name:32} {of['junk']:8} {of['content']:14}  {of['lost']:8} ({of['really']})")


def _print_errors(results: list[Result], most: int) -> None:
    by_set: dict[str, dict[str, tuple[Hit, labelled.Page]]] = defaultdict(dict)
    for page, _, hits in results:
        by_set[page.set].update({hit.mark: (hit, page) for hit in hits if hit.lost and not hit.why})
    for name, errors in by_set.items() if most else ():
        print(f"\n{name}: {len(errors)} lines of content were cut and are not adjudicated")
        for hit, page in sorted(errors.values(), key=lambda e: -e[0].lost)[:most]:
            print(f"  {hit.mark} {hit.lost:4} {hit.rule} {page.site}: {hit.line[:140]!r}")


def _check(pooled: dict[str, Tally]) -> int:
    """Say which figures are below their floors."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    broken = 0
    for pool, tally in pooled.items():
        for name, value in tally.figures().items():
            floor = floors.get(pool, {}).get(name, value)
            if _is_worse(name, round(value, 3), floor):
                print(f"{pool}: {name} is {value:.3f}, its floor {floor}", file=sys.stderr)
                broken = 1
    return broken


def _lift(pooled: dict[str, Tally]) -> None:
    """Write the figures that are better than their floors."""
    head = "# Pooled figures of benchmarks/boilerplate.py, in per cent. They only get better:\n"
    head += "# python benchmarks/train_vote.py DATA_FOLDER --folds DIR\n"
    head += "# python benchmarks/boilerplate.py DATA_FOLDER --folds DIR --raise\n"
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    parts = [head]
    for pool, tally in pooled.items():
        old = floors.get(pool, {})
        new = {name: round(value, 3) for name, value in tally.figures().items()}
        kept = {k: old[k] if k in old and _is_worse(k, v, old[k]) else v for k, v in new.items()}
        parts.append(f"\n[{pool}]\n" + "".join(f"{k} = {v}\n" for k, v in kept.items()))
    FLOORS.write_text("".join(parts), encoding="utf-8")


def _is_worse(name: str, value: float, floor: float) -> bool:
    return value < floor if name in WORSE_IF_LOWER else value > floor


if __name__ == "__main__":
    sys.exit(main())
