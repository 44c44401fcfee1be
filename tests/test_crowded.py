"""Crowded buckets and very large groups: many that are alike, at a bounded cost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import articles
import oracle
from clean_corpus.config import Dedup
from clean_corpus.corpus.arrow import Documents
from clean_corpus.corpus.duplicates import evidence, groups, hubs, oversized
from clean_corpus.corpus.duplicates import plan as plan_
from clean_corpus.corpus.duplicates.sift import sift
from clean_corpus.corpus.duplicates.verify import verify
from dedup_run import decisions, jaccard_of, read, run


def test_hot_bucket(tmp_path: Path) -> None:
    """Pages of one template with bodies of their own, and a few true copies among them."""
    random = Random(2)
    words = articles.vocabulary(random)
    template = " ".join(articles.article(random, words, 60))
    rows = [
        {"key": f"p{i}", "text": template + " " + " ".join(articles.article(random, words, 60))}
        for i in range(1500)
    ]
    rows += [{"key": f"x{i}", "text": rows[i * 7]["text"] + " (ad)"} for i in range(100)]
    outcome = run(tmp_path, rows, Dedup(max_bucket=32), batch=400)
    removed = {frozenset((k, r["keeper"])) for k, r in outcome.decisions.items() if r["reason"]}
    assert removed == {frozenset((f"x{i}", f"p{i * 7}")) for i in range(100)}
    assert outcome.counts["oversized_buckets"] > 0
    assert outcome.counts["pairs_lost"] > 0
    assert outcome.counts["candidates"] < 1500 * 1500 // 4


def pages(count: int) -> list[dict[str, Any]]:
    """Make pages that share two thirds of their words, and one true copy of every tenth."""
    random = Random(3)
    words = articles.vocabulary(random)
    template = " ".join(articles.article(random, words, 80))
    texts = [template + " " + " ".join(articles.article(random, words, 40)) for _ in range(count)]
    texts += [text + " (ad)" for text in texts[::10]]
    return [{"key": f"p{i}", "text": text} for i, text in enumerate(texts)]


def noisy(count: int) -> list[dict[str, Any]]:
    """Make copies of one text, each with a few words of its own."""
    random = Random(4)
    words = articles.vocabulary(random)
    text = articles.article(random, words, 150)
    return [
        {
            "key": f"n{i}",
            "text": " ".join(random.choice(words) if random.random() < 0.04 else w for w in text),
        }
        for i in range(count)
    ]


def crowded(monkeypatch: pytest.MonkeyPatch) -> Dedup:
    """Have buckets of more than 32 documents be crowded, and not all of them compared."""
    monkeypatch.setattr(oversized, "_COMPARED", 1 << 10)
    monkeypatch.setattr(oversized, "_WINDOW", 16)
    return Dedup(max_bucket=32)


def test_what_all_pages_have_makes_no_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their Jaccard is just below the threshold: by signatures alone all would be verified."""
    outcome = run(tmp_path, pages(800), crowded(monkeypatch), batch=400)
    assert outcome.counts["near"] == 80
    assert outcome.counts["candidates"] < 30 * 880


def test_noisy_copies_leave_one_and_few_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = noisy(600)
    outcome = run(tmp_path, rows, crowded(monkeypatch), batch=400)
    assert len(outcome.kept) < 5
    assert outcome.counts["candidates"] < 80 * 600
    truth = oracle.jaccards([row["text"] for row in rows[:100]], Dedup().shingle)
    assert min(truth.values()) < Fraction("0.55") < sorted(truth.values())[len(truth) // 2]


@pytest.mark.parametrize("make", [pages, noisy])
def test_a_crowded_bucket_shows_a_pair_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[int], list[dict[str, Any]]]
) -> None:
    """So that `times` counts buckets, which the estimate of recall depends on."""
    run(tmp_path, make(300), crowded(monkeypatch), batch=100)
    documents = Documents.of([f"{tmp_path}/sketch-0.documents"])
    options = {"held": 1 << 30, "keep": ["longest"], "prefer": []}
    options |= {"likely": 1, "even": 40, "surely": 1000, "close": 1000}
    (found,) = oversized.split([(5, np.arange(len(documents)))], documents, options)
    assert len(found.found.pairs) > 500
    assert set(found.found.times.tolist()) == {1}
    assert found.lost > 0


@pytest.mark.parametrize("make", [pages, noisy])
def test_slices_and_memory_do_not_show_in_crowded_buckets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[int], list[dict[str, Any]]]
) -> None:
    rows = make(300)
    dedup = crowded(monkeypatch)
    whole = run(tmp_path / "whole", rows, dedup)
    monkeypatch.setattr(oversized, "_SLICE", 90)
    monkeypatch.setattr(plan_, "_SIGNATURES", 5000)
    sliced = run(tmp_path / "sliced", Random(1).sample(rows, len(rows)), dedup, memory=1)
    assert decisions(whole) == decisions(sliced)
    assert whole.counts["pairs_lost"] == sliced.counts["pairs_lost"] > 0


def test_pages_of_a_template_are_cut_apart_below_the_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their thousands of unlike pairs are never in one group, and decide nothing."""
    rows = pages(400)
    whole = run(tmp_path / "whole", rows, Dedup(max_bucket=32), batch=100)
    assert whole.counts["pairs_cut"] == 0
    monkeypatch.setattr(groups, "SIZE", 10)
    monkeypatch.setattr(groups, "LARGEST", 60)
    monkeypatch.setattr(groups, "_RANGES", 64)
    cut = run(tmp_path / "cut", rows, Dedup(max_bucket=32), batch=100)
    assert whole.counts["near"] == cut.counts["near"] == 40
    assert whole.decisions == cut.decisions
    held = [len(group.pairs.better) for group in evidence.read(cut.evidence)]
    assert len(held) > 1
    assert max(held) <= 2 * 10
    assert sum(held) + cut.counts["pairs_cut"] == len(whole.pairs) > 100 * len(cut.pairs)


def test_a_large_group_of_copies_keeps_a_few_pairs_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = noisy(250)
    dedup = Dedup(max_bucket=512)
    whole = run(tmp_path / "whole", rows, dedup)
    monkeypatch.setattr(groups, "LARGEST", 1000)
    few = run(tmp_path / "few", rows, dedup)
    shuffled = run(
        tmp_path / "other", Random(1).sample(rows, len(rows)), dedup, cuts=[40], memory=1
    )
    assert decisions(few) == decisions(shuffled)
    assert len(few.pairs) <= (hubs.KEPT + hubs.KEPT_CLOSE) * len(rows) < len(whole.pairs) // 10
    gone = few.counts["pairs_thinned"], few.counts["pairs_cut"]
    assert len(few.pairs) + sum(gone) == len(whole.pairs)
    assert whole.counts["pairs_thinned"] == 0 < gone[1] < gone[0]
    assert len(whole.kept) <= 2
    assert len(few.kept) <= 4
    for key, row in few.decisions.items():
        assert row["reason"] is None or (row["keeper"] in few.kept and key not in few.kept)
        assert row["reason"] is None or jaccard_of(row) >= Fraction("0.4")


def drifting(count: int) -> list[dict[str, Any]]:
    """Make versions of a text that each differ from the last in a word."""
    random = Random(5)
    words = articles.vocabulary(random)
    text = articles.article(random, words, 150)
    rows = []
    for i in range(count):
        text[random.randrange(len(text))] = random.choice(words)
        rows.append({"key": f"d{i}", "text": " ".join(text)})
    return rows


def test_a_large_group_that_drifts_loses_nearly_as_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its documents have pairs with few of the others, and not all with the same ones."""
    rows = drifting(400)
    whole = run(tmp_path / "whole", rows, Dedup(max_bucket=512))
    monkeypatch.setattr(groups, "LARGEST", 1000)
    few = run(tmp_path / "few", rows, Dedup(max_bucket=512))
    assert few.counts["pairs_thinned"] > 5000
    assert len(few.kept) <= 2 * len(whole.kept) < 30


def test_all_of_a_large_group_leave_for_one_of_a_preferred_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays before all, so each must keep its pair with it."""
    rows = noisy(250)
    rows[7]["source"] = "preferred"
    dedup = Dedup(max_bucket=512, keep=["source", "longest"], prefer=["preferred"])
    monkeypatch.setattr(groups, "LARGEST", 1000)
    few = run(tmp_path, rows, dedup)
    assert few.counts["pairs_thinned"] > 10_000
    assert "n7" in few.kept
    assert len(few.kept) <= 4


def test_many_candidates_of_one_block_are_held_in_parts(tmp_path: Path) -> None:
    """What sifting and verifying hold follows from their options, not from the candidates."""
    folder = tmp_path / "run"
    count = run(folder, pages(200), Dedup(max_bucket=512), batch=100).counts["candidates"]
    files = {"candidates": [f"{folder}/match-0.candidates"], "texts": [f"{folder}/0.texts"]}
    files |= {"documents": [f"{folder}/sketch-0.documents"], "sets": []}
    files |= {name: [f"{tmp_path}/many.{name}"] for name in ("likely", "wanted")}
    peaks = {}
    for name, most in (("many", count * 100), ("few", count // 20)):
        cut = {"block": 0, "blocks": 1, "rows": [220]}
        options = {**cut, "held": most, "compared": 2000, "possible": 0}
        outputs = {step: f"{tmp_path}/{name}.{step}" for step in ("likely", "wanted", "pairs")}
        proving = {"floor": [1, 3], "held": most, "shingles": most, "rows": [220], "shingle": 3}
        for task, given in ((sift, options), (verify, proving)):
            tracemalloc.start()
            task(files, outputs, given)
            peaks[name, task] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    for name in ("likely", "pairs"):
        assert read(f"{tmp_path}/many.{name}") == read(f"{tmp_path}/few.{name}")
    assert peaks["few", sift] < peaks["many", sift] // 3
    assert peaks["few", verify] < peaks["many", verify] // 3


def test_hot_bucket_of_near_copies_leaves_one(tmp_path: Path) -> None:
    text = "Weather for the coming night: calm, clear and cold, with frost in the valleys. " * 3
    rows = [{"key": f"w{i}", "text": f"{text} Bulletin {i}."} for i in range(600)]
    outcome = run(tmp_path, rows, Dedup(max_bucket=16), batch=400)
    assert len(outcome.kept) == 1
    assert outcome.counts["candidates"] < 600 * 100
