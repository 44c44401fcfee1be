"""Train the trees of `stages/boilerplate/vote.py` on pages whose lines are labelled.

    python benchmarks/train_vote.py DATA_FOLDER [--folds DIR]

DATA_FOLDER is that of `benchmarks/boilerplate.py`. Learned from are the sets of SETS, whose
licences permit it; what is written is numbers about the look and place of lines, none of their
words. With `--folds DIR` the sites are split in three instead, trees are trained three times
without a part and written to DIR, for `boilerplate.py --folds DIR`; and recall and harm of trees
alone are printed for lines they have not seen, for several thresholds (thousandths of log odds).
Needs numpy only, and depends on nothing but the data.
"""

from __future__ import annotations

import argparse
import zlib
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import labelled
import numpy as np
import numpy.typing as npt

from clean_corpus import lexicons
from clean_corpus.config import Boilerplate
from clean_corpus.kernels import forest
from clean_corpus.stages.boilerplate import context, vote
from clean_corpus.stages.boilerplate.lexicon import Matcher
from clean_corpus.stages.boilerplate.lines import Lines

#: Sets to learn from, with their licences.
SETS = {
    "lines_wcxb_dev": "CC-BY-4.0",
    "lines_scrapinghub": "MIT",
    "lines_fundus_eval": "MIT",
    "lines_newspaper4k": "MIT",
    "lines_andythefactory": "Apache-2.0",
    "lines_readability": "Apache-2.0",
    "lines_magic_html": "Apache-2.0",
}

FOLDS = 3
FORESTS, TREES, DEPTH, RATE = 3, 250, 4, 0.1
_SHRINK, _LEAST = 5.0, 20.0  # of a leaf; weight of the lines on either side of a split
_COLUMNS, _LINES = 0.6, 0.7  # share that each tree sees
_CONTENT = 3.0  # what a line of content weighs that is cut, against one of furniture that stays

Floats: TypeAlias = "npt.NDArray[np.float64]"
Offsets: TypeAlias = "npt.NDArray[np.int64]"


class Lesson(NamedTuple):
    """Lines with a label: what they look like, what they are, how much they weigh."""

    rows: npt.NDArray[np.uint8]
    junk: npt.NDArray[np.bool_]
    size: npt.NDArray[np.int64]
    weight: Floats
    part: npt.NDArray[np.int64]
    permitted: npt.NDArray[np.bool_]


def main() -> None:
    """Train, and write or judge."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=Path, metavar="DIR")
    options = parser.parse_args()
    lesson = read(options.data)
    if options.folds:
        options.folds.mkdir(parents=True, exist_ok=True)
        judge(lesson, options.folds)
    else:
        trees = train(lesson, lesson.permitted)
        np.savez_compressed(Path(vote.__file__).with_name("vote.npz"), **trees._asdict())


def read(folder: Path) -> Lesson:
    """Read all whole pages and measure their lines, and again with little furniture left.

    The second is what later rounds see, in which a list of the article's own is soon the last.
    """
    options = Boilerplate()
    matcher = Matcher.of(lexicons.load(options))
    lessons = []
    for path in labelled.paths(folder):
        if path.name.startswith("lines_"):
            pages = labelled.read(path)
            lessons += [_lesson(pages, matcher), _lesson([*map(_thinned, pages)], matcher)]
    return _joined(lessons)


def _thinned(page: labelled.Page) -> labelled.Page:
    """Leave out two thirds of a page's furniture, the same in any order."""
    lines = [
        (line, label) for line, label in page.lines if label or not zlib.crc32(line.encode()) % 3
    ]
    return page._replace(lines=lines)


def _joined(lessons: list[Lesson]) -> Lesson:
    columns: list[Any] = [np.concatenate(column) for column in zip(*lessons, strict=True)]
    return Lesson(*columns)


def _lesson(pages: list[labelled.Page], matcher: Matcher) -> Lesson:
    batch = labelled.batch(pages)
    lines = Lines.of(batch)
    known = np.zeros(len(lines.folded.doc), np.uint8)
    pairs = matcher.find(lines, batch)
    for doc, group in groupby(pairs, key=lambda pair: lines.folded.doc[pair[0].line]):
        found = context.Found(lines, int(lines.first[doc]), int(lines.first[doc + 1]), [*group])
        listed = context.items(found)
        vote.note(known, found, listed, context.placed(found, listed))
    docs = np.arange(len(pages))
    _, rows = vote.measure(lines, known, docs)
    doc = lines.folded.doc
    starts = lines.folded.begin - lines.offsets[doc]
    labels = [dict(_labels(page)) for page in pages]
    label = np.array([labels[d][at] for d, at in zip(doc.tolist(), starts.tolist(), strict=True)])
    size = rows[:, 0].astype(np.int64) * 2
    weight = np.where(label == 1, _CONTENT * np.clip(size / 40, 0.5, 4), 1.0)
    weight /= np.sqrt(np.bincount(doc, minlength=len(pages))[doc] / 100)  # pages, not lines, count
    doubtful = (label == 1) & ((known == 2) | _has_twin(rows))
    weight[doubtful] *= 0.5
    part = np.array([labelled.part(page, FOLDS) for page in pages])[doc]
    permitted = np.full(len(label), pages[0].set in SETS)
    told = label >= 0
    columns: list[Any] = [rows, label == 0, size, weight, part, permitted]
    return Lesson(*(column[told] for column in columns))


def _labels(page: labelled.Page) -> list[tuple[int, int]]:
    """Give the byte at which each line starts, and its label."""
    sizes = [len(line.encode()) + 1 for line, _ in page.lines]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return [(at, label) for at, (_, label) in zip(starts, page.lines, strict=True)]


def _has_twin(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    twins = [vote.column(rows, name) > 0 for name in ("twins_back", "twins_ahead")]
    has: npt.NDArray[np.bool_] = twins[0] | twins[1]
    return has


def train(lesson: Lesson, use: npt.NDArray[np.bool_]) -> vote.Forest:
    """Boost trees for logistic loss (Friedman 2001), FORESTS times over, and take their mean."""
    forests = [_boost(lesson, use, seed) for seed in range(FORESTS)]
    column, limit = (np.concatenate([forest[part] for forest in forests]) for part in (0, 1))
    leaf = np.round(np.concatenate([forest.leaf for forest in forests]) / FORESTS)
    return vote.Forest(column, limit, leaf.astype(np.int16), forests[0].base)


def _boost(lesson: Lesson, use: npt.NDArray[np.bool_], seed: int) -> vote.Forest:
    """Boost trees, each of DEPTH full levels, with columns and lines that a seed chooses."""
    rows, junk, weight = lesson.rows[use], lesson.junk[use].astype(float), lesson.weight[use]
    chance = np.random.default_rng(seed)
    base = float(np.log((weight * junk).sum() / (weight * (1 - junk)).sum()))
    score = np.full(len(rows), base)
    columns, limits, leaves = [], [], []
    for _ in range(TREES):
        share = 1 / (1 + np.exp(-score))
        slope, curve = weight * (junk - share), weight * share * (1 - share) + 1e-6
        seen = chance.random(len(rows)) < _LINES
        allowed = np.flatnonzero(chance.random(rows.shape[1]) < _COLUMNS)
        column, limit, node = _grow(rows, slope * seen, curve * seen, allowed)
        size = 1 << DEPTH
        up = np.bincount(node, slope * seen, size)
        leaf = RATE * up / (np.bincount(node, curve * seen, size) + _SHRINK)
        score += leaf[node]
        columns.append(column)
        limits.append(limit)
        leaves.append(np.round(leaf * 1000))
    return vote.Forest(
        np.array(columns, np.uint8),
        np.array(limits, np.uint8),
        np.array(leaves, np.int16),
        round(base * 1000),
    )


def _grow(
    rows: npt.NDArray[np.uint8], slope: Floats, curve: Floats, allowed: Offsets
) -> tuple[list[int], list[int], npt.NDArray[np.int64]]:
    """Grow one tree; give its inner nodes, level by level, and the leaf of each row."""
    column: list[int] = []
    limit: list[int] = []
    node = np.zeros(len(rows), np.int64)
    for level in range(DEPTH):
        size = 1 << level
        best = np.full(size, 1e-9)
        at, over = np.zeros(size, np.int64), np.full(size, 255)
        for name in allowed.tolist():
            place = node * 256 + rows[:, name]
            up = np.bincount(place, slope, size * 256).reshape(size, 256).cumsum(1)
            down = np.bincount(place, curve, size * 256).reshape(size, 256).cumsum(1)
            gain = _gain(up, down)
            top = gain.argmax(1)
            better = gain[np.arange(size), top] > best
            best[better] = gain[np.arange(size), top][better]
            at[better], over[better] = name, top[better]
        column += at.tolist()
        limit += over.tolist()
        node = 2 * node + (rows[np.arange(len(rows)), at[node]] > over[node])
    return column, limit, node


def _gain(up: Floats, down: Floats) -> Floats:
    whole_up, whole_down = up[:, -1:], down[:, -1:]
    gain = up**2 / (down + _SHRINK) + (whole_up - up) ** 2 / (whole_down - down + _SHRINK)
    gain -= whole_up**2 / (whole_down + _SHRINK)
    gain[(down < _LEAST) | (whole_down - down < _LEAST)] = -1
    return gain


def judge(lesson: Lesson, folder: Path) -> None:
    """Write trees that have not seen a part of the sites, and print what they do to that part."""
    scores = np.zeros(len(lesson.junk), np.int64)
    for part in range(FOLDS):
        aside = lesson.part == part
        trees = train(lesson, lesson.permitted & ~aside)
        np.savez_compressed(folder / f"{part}.npz", **trees._asdict())
        scores[aside] = forest.score(lesson.rows[aside], *trees)
    for name, use in (("left out", lesson.permitted), ("other sets", ~lesson.permitted)):
        _print_curve(name, scores[use], lesson.junk[use], lesson.size[use])


def _print_curve(name: str, scores: Offsets, junk: npt.NDArray[np.bool_], size: Offsets) -> None:
    for limit in range(2000, 6500, 500):
        cut = scores >= limit
        harm = 100 * size[cut & ~junk].sum() / size[~junk].sum()
        print(
            f"{name:10} {limit / 1000:4} recall {100 * cut[junk].mean():5.1f} % harm {harm:.3f} %"
        )


if __name__ == "__main__":
    main()
