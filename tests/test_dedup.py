"""Duplicates from texts to decisions, against plain sets and brute force."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import articles
import oracle
from clean_corpus.config import Dedup, from_json
from clean_corpus.corpus import pairs
from clean_corpus.corpus.duplicates import evidence, groups
from clean_corpus.corpus.duplicates import plan as plan_
from clean_corpus.corpus.pairs import documents_of
from clean_corpus.kernels import radix
from clean_corpus.kernels.agreement import Bounds, Line, agreement, beyond, neighbours
from clean_corpus.kernels.buckets import pairs_of
from clean_corpus.kernels.repeats import repeats
from dedup_run import decisions, jaccard_of, run

SIZE = 400
CORPUS = articles.corpus(seed=5, size=SIZE)


def distinct(rows: list[dict[str, Any]]) -> list[int]:
    """Find the first of each group of equal texts."""
    first: dict[str, int] = {}
    for i, row in enumerate(rows):
        first.setdefault(" ".join(row["text"].split()), i)
    return sorted(first.values())


@pytest.fixture(scope="module")
def truth() -> dict[tuple[int, int], Fraction]:
    return oracle.jaccards([row["text"] for row in CORPUS], Dedup().shingle)


@pytest.mark.parametrize("threshold", ["0.5", "0.6", "0.7", "0.8"])
def test_pairs_are_exact_and_complete(
    tmp_path: Path, truth: dict[tuple[int, int], Fraction], threshold: str
) -> None:
    outcome = run(tmp_path, CORPUS, Dedup(threshold=Decimal(threshold)))
    place = {row["key"]: i for i, row in enumerate(CORPUS)}
    found = {}
    for row in outcome.pairs:
        pair = sorted((place[row["better"]], place[row["worse"]]))
        found[pair[0], pair[1]] = jaccard_of(row)
    assert all(truth[pair] == value for pair, value in found.items())
    once = {i for row in outcome.pairs for i in (place[row["better"]], place[row["worse"]])}
    wanted = {
        pair
        for pair, value in truth.items()
        if value >= Fraction(threshold) and once.issuperset(pair)
    }
    assert wanted <= found.keys()
    assert len(wanted) > 20


@pytest.mark.parametrize("threshold", ["0.5", "0.6", "0.7", "0.8"])
def test_kept_set_is_the_greedy_set(tmp_path: Path, threshold: str) -> None:
    """No two texts are of one length, so that the policy alone decides between any two."""
    rows: list[dict[str, Any]] = []
    for row in articles.corpus(seed=int(threshold[-1]), size=300):
        text = row["text"]
        while any(len(text) == len(other["text"]) for other in rows):
            text += "."
        rows.append({**row, "text": text})
    dedup = Dedup(keep=["longest"], threshold=Decimal(threshold), bands=42)
    outcome = run(tmp_path, rows, dedup)
    stay = oracle.kept(
        len(rows),
        oracle.jaccards([row["text"] for row in rows], dedup.shingle),
        Fraction(dedup.threshold),
        Fraction(dedup.witness),
        lambda i: -len(rows[i]["text"]),
    )
    assert outcome.kept == {rows[i]["key"] for i in stay}
    assert len(stay) < 250


def test_every_removal_has_a_kept_witness(
    tmp_path: Path, truth: dict[tuple[int, int], Fraction]
) -> None:
    outcome = run(tmp_path, CORPUS)
    place = {row["key"]: i for i, row in enumerate(CORPUS)}
    for key, row in outcome.decisions.items():
        if row["reason"] is None:
            continue
        assert row["keeper"] in outcome.kept
        pair = sorted((place[key], place[row["keeper"]]))
        assert truth[pair[0], pair[1]] == jaccard_of(row) >= Fraction("0.4")
        assert row["joined"] >= row["smaller"] >= row["shared"]
        same = CORPUS[place[key]]["text"] == CORPUS[place[row["keeper"]]]["text"]
        assert row["reason"] == ("exact-duplicate" if same else "near-duplicate")
    counts = outcome.counts
    assert counts["exact"] + counts["near"] + len(outcome.kept) == SIZE
    members = {m["id"]: c["keeper"] for c in outcome.clusters for m in c["members"]}
    removed = {k: r["keeper"] for k, r in outcome.decisions.items() if r["reason"]}
    assert members == removed


def test_order_shards_batches_and_partitions_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run(tmp_path / "plain", CORPUS)
    shuffled = Random(1).sample(CORPUS, SIZE)
    for name, size in {"_KEY": 500, "_HASH": 9_000, "_PAIR": 20_000, "_DOCUMENT": 9_000}.items():
        monkeypatch.setattr(plan_, name, size)
    for name, size in {"_SIGNATURES": 20_000, "_PROOF": 20_000, "_SHINGLE": 300}.items():
        monkeypatch.setattr(plan_, name, size)
    monkeypatch.setattr(groups, "SIZE", 30)
    monkeypatch.setattr(groups, "_RANGES", 64)
    for folder, again in ((tmp_path / "read again", 5), (tmp_path / "written", 0)):
        monkeypatch.setattr(plan_, "_AGAIN", again)
        other = run(folder, shuffled, cuts=[3, 100, 100, 255], batch=40, memory=1)
        assert len(list(folder.glob("match-*"))) > 1
        assert len(list(folder.glob("sift-*"))) > 2
        assert bool(list(folder.glob("sets-*"))) == (not again)
        assert len(list(evidence.read(other.evidence))) > 3
        assert decisions(plain) == decisions(other)
        assert plain.counts["recall"] == other.counts["recall"]


def test_policies(tmp_path: Path) -> None:
    base = "the mayor opened the new bridge over the river on a cold and windy morning in May"
    rows: list[dict[str, Any]] = [
        {"key": "long", "text": base + " and spoke", "source": "b", "date": None},
        {"key": "early", "text": base, "source": "c", "date": "3 May 2024"},
        {"key": "late", "text": base.upper() + "!", "source": "a", "date": "2024-05-09T10:00Z"},
    ]
    for keep, prefer, kept in [
        (["longest"], [], "long"),
        (["earliest"], [], "early"),
        (["latest"], [], "late"),
        (["source", "longest"], ["c", "b"], "early"),
        (["source", "earliest", "longest"], [], "early"),
    ]:
        for order in (rows, rows[::-1]):
            outcome = run(tmp_path, order, from_json(Dedup, {"keep": keep, "prefer": prefer}))
            assert outcome.kept == {kept}


def chain(words: int, step: int, count: int) -> list[dict[str, Any]]:
    """Make texts of which each shares much with the next, and the first nothing with the last."""
    random = Random(3)
    stream = articles.article(random, articles.vocabulary(random), words + step * count)
    return [
        {"key": f"c{i:02}", "text": " ".join(stream[i * step : i * step + words])}
        for i in range(count)
    ]


def test_a_chain_does_not_carry_off_what_is_unlike(tmp_path: Path) -> None:
    rows = chain(words=100, step=15, count=12)
    witness = run(tmp_path, rows)
    assert len(witness.kept) == 3
    for row in witness.decisions.values():
        assert row["reason"] is None or jaccard_of(row) >= Fraction("0.4")
    components = run(tmp_path, rows, Dedup(clusters="components"))
    assert len(components.kept) == 1
    unproven = [row for row in components.decisions.values() if row["reason"] and not row["joined"]]
    assert unproven


def test_copies_of_a_removed_text_follow_it(tmp_path: Path) -> None:
    base = "one two three four five six seven eight nine ten eleven twelve thirteen"
    rows = [
        {"key": "a", "text": base + " fourteen fifteen"},
        {"key": "b", "text": base},
        {"key": "c", "text": base.replace(" ", "\n")},
    ]
    outcome = run(tmp_path, rows)
    assert outcome.kept == {"a"}
    assert outcome.decisions["b"] == outcome.decisions["c"]
    assert outcome.decisions["c"]["reason"] == "near-duplicate"
    assert jaccard_of(outcome.decisions["c"]) == Fraction(11, 13)
    exact = run(tmp_path, rows, Dedup(near=False))
    assert exact.kept == {"a", "b"}
    assert exact.decisions["c"]["reason"] == "exact-duplicate"
    near = run(tmp_path, rows, Dedup(exact=False))
    assert near.decisions["c"]["reason"] == "near-duplicate"


def test_documents_that_have_left_take_no_part(tmp_path: Path) -> None:
    rows = [
        {"key": "a", "text": "the same text in both of them", "reason": "language"},
        {"key": "b", "text": "the same text in both of them"},
    ]
    assert run(tmp_path, rows).kept == {"a", "b"}


def test_odd_texts(tmp_path: Path) -> None:
    thai = "นายกรัฐมนตรีเดินทางไปเปิดสะพานข้ามแม่น้ำแห่งใหม่ในเช้าวันจันทร์ที่มีลมแรงและอากาศหนาวเย็น"
    hebrew = "ראש העיר פתח את הגשר החדש מעל הנהר בבוקר קר וסוער בחודש מאי האחרון"
    texts = {
        "empty": "",
        "empty2": "",
        "blank": " \n\u3000",
        "emoji": "😀😀",
        "emoji2": "😀😀",
        "emoji3": "😀",
        "dots": "…",
        "one": "word",
        "one2": "Word!",
        "two": "other",
        "nul": "a\x00b\x00c d e f g h",
        "nul2": "a b c d e f g h .",
        "hindi": "कल दिन की बात",
        "hindi2": "काल दीन कि बात",
        "thai": thai,
        "thai2": thai + "มาก",
        "hebrew": hebrew,
        "hebrew2": hebrew + " \u202b!\u202c",
        "zalgo": "the bridge is open for all who want to walk",
        "zalgo2": "t̷̢h̸͝e b̴͘r̶i̸d̷g̵e is open for all who want to walk",
        "null": None,
    }
    outcome = run(tmp_path, [{"key": key, "text": text} for key, text in texts.items()])
    gone = {key: row["reason"] for key, row in outcome.decisions.items() if row["reason"]}
    assert gone == {
        "emoji2": "exact-duplicate",
        "one": "near-duplicate",
        "nul": "near-duplicate",
        "thai": "near-duplicate",
        "hebrew": "near-duplicate",
        "zalgo": "near-duplicate",
    }


def test_many_identical_and_many_empty_texts(tmp_path: Path) -> None:
    rows = [{"key": f"k{i:05}", "text": "one and the same text"} for i in range(3000)]
    rows += [{"key": f"e{i:05}", "text": ""} for i in range(3000)]
    outcome = run(tmp_path, rows[::-1], batch=500)
    assert outcome.counts["exact"] == 2999
    assert outcome.counts["candidates"] == 0
    assert {key for key in outcome.kept if key[0] == "k"} == {"k00000"}
    assert len(outcome.kept) == 3001


def test_nearest_pair(tmp_path: Path, truth: dict[tuple[int, int], Fraction]) -> None:
    rows = CORPUS[:60]
    outcome = run(tmp_path, rows, Dedup(threshold=Decimal("0.95")))
    place = {row["key"]: i for i, row in enumerate(rows)}
    stay = {place[key] for key in outcome.kept}
    best = max(value for pair, value in truth.items() if stay.issuperset(pair))
    nearest = outcome.counts["nearest"]
    assert Fraction(nearest["shared"], nearest["joined"]) == best
    assert {nearest["a"], nearest["b"]} <= outcome.kept
    alone = run(tmp_path, [{"key": "a", "text": "some"}, {"key": "b", "text": "thing"}])
    assert alone.counts["nearest"] is None
    assert run(tmp_path, []).counts["near"] == 0


@pytest.mark.parametrize("clusters", ["witness", "components"])
def test_another_threshold_needs_no_other_run(tmp_path: Path, clusters: str) -> None:
    """What is stored of a run decides as another run would."""
    loose = run(tmp_path / "loose", CORPUS, from_json(Dedup, {"clusters": clusters}))
    strict = from_json(Dedup, {"threshold": 0.7, "bands": 42, "clusters": clusters})
    wanted = run(tmp_path / "strict", CORPUS, strict)
    found: list[dict[str, Any]] = []
    counts = evidence.Counts()
    for group, gone in evidence.again(loose.evidence, strict):
        found += evidence.removals(group, gone, strict)
        counts = counts.plus(evidence.count(group, gone, strict))
    assert {row.pop("id"): row for row in found} == {
        key: row for key, row in wanted.decisions.items() if row["reason"]
    }
    assert counts._asdict().items() <= wanted.counts.items()
    assert counts.near < loose.counts["near"]


def test_a_preferred_source_stays_though_others_vouch_for_more(tmp_path: Path) -> None:
    rows = chain(words=100, step=15, count=5)
    rows[0]["source"] = "preferred"
    dedup = Dedup(keep=["source", "longest"], prefer=["preferred"])
    assert "c00" in run(tmp_path, rows, dedup).kept
    assert "c00" not in run(tmp_path, rows).kept


def test_sha1_finds_the_same_copies(tmp_path: Path) -> None:
    rows = CORPUS[:150]
    fast, sha1 = run(tmp_path, rows), run(tmp_path, rows, Dedup(hash="sha1"))
    assert fast.decisions == sha1.decisions
    assert fast.counts["candidates"] != sha1.counts["candidates"]


def test_kernels_count_and_find_what_plain_python_does() -> None:
    rng = np.random.default_rng(7)
    rows = rng.integers(0, 3, (40, 126)).astype(np.uint8)
    a, b = rng.integers(0, 40, (2, 300))
    wanted = [
        sum(x == y for x, y in zip(rows[i], rows[j], strict=True))
        for i, j in zip(a, b, strict=True)
    ]
    assert agreement(rows, a, b).tolist() == wanted
    own = rng.integers(0, 2, rows.shape).astype(np.uint8)
    wanted = [int(((rows[i] == rows[j]) & (own[i] == 1)).sum()) for i, j in zip(a, b, strict=True)]
    assert beyond(rows, own, a, b).tolist() == wanted
    for size, values in ((0, 1), (1, 1), (2000, 1500), (5000, 1 << 60)):
        keys = rng.integers(0, values, size, dtype=np.uint64) * np.uint64(0xC4CEB9FE1A85EC53)
        repeated = {key for key, count in Counter(keys.tolist()).items() if count > 1}
        found = repeats(keys).astype(np.int64)
        assert np.array_equal(found, np.unique(found))
        assert {i for i, key in enumerate(keys.tolist()) if key in repeated} <= set(found.tolist())
        assert values < 1 << 60 or len(found) < size / 8


def test_documents_of_pairs_come_once_and_in_order() -> None:
    first, second = np.array([7, 1, 7], np.uint32), np.array([2, 9, 1], np.uint32)
    assert documents_of(first, second).tolist() == [1, 2, 7, 9]
    assert documents_of(first[:0]).tolist() == []


@pytest.mark.parametrize("size", [0, 1, 100, 5000, 20_000])
def test_numbers_are_sorted_with_what_they_carry(size: int) -> None:
    rng = np.random.default_rng(size)
    mixed = rng.integers(0, 2**64, size, np.uint64)
    alike = mixed[rng.integers(0, max(1, size // 3), size)]
    packed = rng.integers(0, 300, size, np.uint64) << np.uint64(32) | mixed & np.uint64(255)
    for values in (mixed, alike, alike >> np.uint64(9), packed, packed | np.uint64(2**63)):
        before = values.copy()
        assert np.array_equal(radix.sort(values), np.sort(values))
        places = np.argsort(values, kind="stable")
        found, carried = radix.sort_with(values, np.arange(size, dtype=np.uint32))
        assert np.array_equal(found, values[places])
        assert np.array_equal(carried, places)
        places = np.argsort(values >> np.uint64(64 - radix.UPPER), kind="stable")
        found, carried = radix.sort_upper(values, np.arange(size, dtype=np.uint32))
        assert np.array_equal(found, values[places])
        assert np.array_equal(carried, places)
        assert np.array_equal(values, before)


def test_places_are_those_of_a_search() -> None:
    rng = np.random.default_rng(3)
    for size in (0, 1, 7, 500):
        numbers = [rng.integers(0, 3 * size + 1, size).astype(np.uint32) for _ in range(2)]
        which = pairs.documents_of(*numbers)
        found = pairs.places(which, *numbers)
        for mine, part in zip(found, numbers, strict=True):
            assert mine.tolist() == np.searchsorted(which, part).tolist()


def test_numbers_alike_in_their_upper_bits_are_sorted_in_time() -> None:
    values = np.arange(200_000, 0, -1, dtype=np.uint64)
    values[0] = 2**63
    start = time.process_time()
    found, carried = radix.sort_with(values, np.arange(len(values), dtype=np.uint32))
    assert np.array_equal(found, np.sort(values))
    assert np.array_equal(values[carried], found)
    assert time.process_time() - start < 5, "some 15 if each is moved to its place"


def test_pairs_of_buckets_are_all_their_documents_with_all() -> None:
    documents = np.array([4, 9, 2, 7, 7, 1, 3], np.uint32)
    found = pairs_of(documents, np.array([0, 4, 1]), np.array([3, 1, 2]))
    a, b = pairs.halves(found)
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(4, 9), (2, 4), (2, 9), (2, 9)]
    assert pairs_of(documents, np.array([5]), np.array([1])).tolist() == []


def test_neighbours_are_compared_until_enough_are_alike() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 3, (60, 126)).astype(np.uint8)
    rows[20:40] = np.where(rng.integers(0, 3, (20, 126)), rows[20], rows[20:40])
    own = rng.integers(0, 2, rows.shape).astype(np.uint8)
    bucket = np.repeat([0, 1, 2], [30, 25, 5])
    window = np.repeat([12, 20], 30)
    of, held = rng.integers(-1, 6, 60), rng.integers(0, 2, 60).astype(bool)
    at = rng.permutation(60)
    line, bounds = Line(at, bucket, window, of, held), Bounds(40, 60, 20, 3)
    wanted, compared = [], 0
    for one in range(50):
        found = 0
        for other in range(one + 1, min(60, one + int(window[one]) + 1)):
            if bucket[one] != bucket[other] or found * 3 >= window[one]:
                break
            if of[one] == of[other] >= 0:
                continue
            compared += 1
            same = rows[at[one]] == rows[at[other]]
            surely = same.sum() >= 60 and not (held[one] and held[other])
            if surely or (same.sum() >= 40 and (same & (own[at[one]] == 1)).sum() >= 20):
                wanted.append((one, other))
                found += 1
    some = list(neighbours(rows, own, line, bounds, 50))
    assert 60 < len(wanted) < compared - 60
    assert [pair for a, b, _ in some for pair in zip(a, b, strict=True)] == wanted
    assert sum(looked_at for *_, looked_at in some) == compared
