"""What the report quotes: drawn by content, the same however the edits are split."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clean_corpus.config import Config, from_json
from clean_corpus.corpus.duplicates.decide import CLUSTERS
from clean_corpus.report import samples
from clean_corpus.run import quotes
from clean_corpus.run.plan import clean_files
from clean_corpus.run.steps.sample import drawn, sample
from made_run import write_lines

TEXT = "".join(chr(97 + i % 26) for i in range(400))


def ledger(rows: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """Draw edits given as document, start and class; each cuts one character."""
    texts = pa.array([TEXT] * 40, pa.large_string())
    keys = pa.array([f"d{i}" for i in range(40)])
    doc = np.array([row[0] for row in rows], np.int32)
    start = pa.array([row[1] for row in rows], pa.int64())
    columns = {
        "id": keys.take(pa.array(doc)),
        "start": start,
        "end": pa.array([row[1] + 1 for row in rows], pa.int64()),
        "text": pa.array([TEXT[row[1]] for row in rows], pa.large_string()),
        "replacement": pa.array([""] * len(rows), pa.large_string()),
        **{
            name: pa.array([row[2] for row in rows]).dictionary_encode()
            for name in ("class", "rule", "action")
        },
    }
    return [dict(one) for one in sample(texts, keys, doc, columns)]


def test_every_class_of_edits_is_sampled() -> None:
    rows = [(0, i, "whitespace") for i in range(300)] + [(0, 301, "byline")]
    assert [one["class"] for one in ledger(rows)] == ["byline", *["whitespace"] * 49]


def test_samples_show_what_stands_around() -> None:
    (one,) = ledger([(3, 100, "byline")])
    assert (one["id"], one["text"]) == ("d3", TEXT[100])
    assert (one["before"], one["after"]) == (TEXT[30:100], TEXT[101:171])


@pytest.mark.parametrize("classes", [1, 3, 60])
def test_samples_depend_neither_on_order_nor_on_parts(classes: int) -> None:
    draw = random.Random(classes)
    rows = [(i % 40, draw.randrange(399), f"c{draw.randrange(classes):02}") for i in range(900)]
    rows = sorted(set(rows))
    whole = ledger(rows)
    assert len(whole) == 50
    draw.shuffle(rows)
    parts = [ledger(rows[i : i + 100]) for i in range(0, len(rows), 100)]
    assert drawn(one for part in parts for one in part) == whole


def counted(shared: int) -> dict[str, int]:
    return {"shared": shared, "joined": 100, "smaller": 100}


def test_the_doubtful_clusters_come_first() -> None:
    clusters = [
        {"keeper": f"k{i}", "members": [{"id": "near", **counted(99)}, {"id": "far", **counted(i)}]}
        for i in range(94, 59, -1)
    ]
    parts = (clusters[i : i + 9] for i in range(0, len(clusters), 9))
    chosen = quotes.doubtful([pa.RecordBatch.from_pylist(part, CLUSTERS) for part in parts], 20)
    assert [keeper for keeper, _, _ in chosen] == [f"k{i}" for i in range(60, 80)]
    assert {(member["id"], others) for _, member, others in chosen} == {("far", 1)}


def story(extra: str) -> str:
    return " ".join(
        f"On day {i} ferry {i * 7} left{extra if i == 3 else ''} on." for i in range(40)
    )


@pytest.mark.parametrize(("mode", "reason"), [("remove", "near-duplicate"), ("mark", "")])
def test_a_run_notes_what_its_report_quotes(tmp_path: Path, mode: str, reason: str) -> None:
    source = tmp_path / "in.jsonl"
    rows = [{"id": "one", "text": story(" late\u200b")}, {"id": "two", "text": story(" early")}]
    write_lines(source, [*rows, {"id": "bad", "text": 7}])
    config = from_json(Config, {"output": {"mode": mode}})
    clean_files([str(source)], tmp_path / "out", config, limits=False)
    found = samples.collect(tmp_path / "out")
    (pair,) = found.pairs
    assert {pair.keeper.id, pair.member.id} == {"one", "two"}
    assert (pair.keeper.reason, pair.member.reason) == ("", reason)
    assert {"late", "early"} <= {*pair.keeper.text.split(), *pair.member.text.split()}
    assert [one.edit.text for one in found.edits if one.id == "one"][:1] == ["\u200b"]
    assert all(one.before.endswith("late") for one in found.edits if one.edit.text == "\u200b")
    assert [row["origin"] for row in found.failed] == ["in.jsonl:3"]
