"""Score the boilerplate stage on units of articles that a person has judged.

    python benchmarks/units.py UNITS [--list]

UNITS holds JSON Lines, one unit a line: `text` is the whole article, `start` and `end` the unit in
it (code points), `lang` and `title` what is known of it, and `verdict` what should become of it:

- keep: nothing is removed, of what `cut` does not list as optional;
- remove: nothing is left, in the text;
- mixed: what `cut` lists is gone, and the rest is whole.

`cut` is a list of `[words, optional]`, words of the unit that go, or may go. White space does not
count, nor does it count against a unit kept that a dateline or byline was moved to the record.
Printed for each language: how many of each kind are right, and how many were touched and are wrong.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.stages import boilerplate

KINDS = ("keep", "remove", "mixed")

Unit: TypeAlias = "Mapping[str, Any]"
Cut: TypeAlias = "tuple[int, int, str]"  # start, end, action


def main() -> None:
    """Print the table, and with `--list` what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("units", type=Path)
    parser.add_argument("--list", action="store_true", dest="listed")
    options = parser.parse_args()
    with options.units.open(encoding="utf-8") as lines:
        units = [unit for unit in map(json.loads, lines) if unit["verdict"] in KINDS]
    tally: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for unit, cuts in zip(units, _cuts(units), strict=True):
        left = _left(unit, cuts)
        result = "right" if _bare(left) in _wanted(unit) else "wrong"
        if result == "wrong" and _bare(left) == _bare(_words(unit)):
            result = "untouched"
        tally[unit["lang"]][unit["verdict"], result] += 1
        tally["all"][unit["verdict"], result] += 1
        if options.listed and result != "right":
            print(f"{unit['lang']} {unit['verdict']} {result}\n  {_words(unit)!r}\n  {left!r}\n")
    print("         " + "".join(f"{kind:>24}" for kind in KINDS))
    for language, counts in sorted(tally.items(), key=lambda item: (item[0] == "all", item[0])):
        cells = []
        for kind in KINDS:
            every = sum(counts[kind, result] for result in ("right", "wrong", "untouched"))
            cells.append(f"{counts[kind, 'right']} of {every} ({counts[kind, 'wrong']} wrong)")
        print(f"{language:9}" + "".join(f"{cell:>24}" for cell in cells))


def _cuts(units: Sequence[Unit]) -> Iterable[list[Cut]]:
    """Give what the stage takes out of the article of each unit, sorted."""
    options = Boilerplate()
    stage = boilerplate.stage(lexicons.load(options), options)
    texts = pa.array([unit["text"] for unit in units], pa.large_string())
    batch = text.Batch(
        texts,
        pa.array([unit["lang"] for unit in units], pa.string()),
        pa.nulls(len(units), pa.string()),
        pa.array([unit.get("title") or None for unit in units], pa.string()),
    )
    edits = stage(batch)
    found: list[list[Cut]] = [[] for _ in units]
    start, end = text.code_points(texts, edits)
    for row, a, b in zip(edits.to_pylist(), start.tolist(), end.tolist(), strict=True):
        if row["action"] != "flag":
            found[row["doc"]].append((a, b, row["action"]))
    return map(sorted, found)


def _left(unit: Unit, cuts: Sequence[Cut]) -> str:
    """Give what cuts leave of a unit; one that is to be kept keeps what is moved."""
    article, last = str(unit["text"]), int(unit["end"])
    out, at = "", int(unit["start"])
    for start, end, action in cuts:
        if action == "metadata" and unit["verdict"] == "keep":
            continue
        out += article[at : min(start, last)] if start > at else ""
        at = max(at, end)
    return out + article[at : max(at, last)] if at < last else out


def _words(unit: Unit) -> str:
    return str(unit["text"][unit["start"] : unit["end"]])


def _wanted(unit: Unit) -> set[str]:
    """Give all that may be left of a unit, without white space."""
    if unit["verdict"] == "remove":
        return {""}
    words = _words(unit)
    for cut, optional in unit["cut"]:
        words = words if optional else words.replace(cut, "", 1)
    out = {_bare(words)}
    for cut, optional in unit["cut"]:
        out |= {one.replace(_bare(cut), "", n) for one in out for n in (1, -1) if optional}
    return out


def _bare(words: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]+", "", words)


if __name__ == "__main__":
    main()
