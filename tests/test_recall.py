"""The commands that look at a run's copies again: `report --threshold` and `recall`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

import articles
import oracle
import sample_records
from clean_corpus import cli
from clean_corpus.config import Config, Dedup
from clean_corpus.corpus.duplicates import groups
from clean_corpus.corpus.duplicates import recall as measure
from clean_corpus.run import plan, publish
from sample_records import lines

CORPUS = [{"id": row["key"], "text": row["text"]} for row in articles.corpus(seed=8, size=250)]


def cleaned(
    folder: Path, name: str, rows: Sequence[dict[str, str]] = CORPUS, **options: Any
) -> Path:
    """Run over the corpus; a cleaned text is the text."""
    source = sample_records.write(folder / "articles.jsonl", rows)
    config = Config(stages=[], dedup=Dedup(**options))
    plan.clean_files([str(source)], folder / name, config, serial=True, limits=False)
    return folder / name


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cleaned(tmp_path_factory.mktemp("run"), "out")


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command line in this process; give exit code, stdout and stderr."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["clean-corpus", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
    code = caught.value.code
    return (code if isinstance(code, int) else 0, *capfd.readouterr())


@pytest.mark.parametrize("threshold", ["0.45", "0.8"])
def test_another_threshold(
    out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], threshold: str
) -> None:
    """It says and writes what a run with that threshold does."""
    file = tmp_path / "decisions.jsonl"
    code, said, _ = told(capfd, "report", out, "--threshold", threshold, "--decisions", file)
    assert code == 0
    other = cleaned(tmp_path, "other", threshold=Decimal(threshold), bands=42)
    rows = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in said.splitlines()[1:]}
    for place, folder in enumerate((out, other)):
        summary = json.loads((folder / "summary.json").read_bytes())
        shown = {name: row[place] for name, row in rows.items()}
        assert shown == {
            "threshold": "0.55" if folder == out else threshold,
            "kept": str(summary["kept"]),
            "exact-duplicate": str(summary["reasons"]["exact-duplicate"]),
            "near-duplicate": str(summary["reasons"]["near-duplicate"]),
            "clusters": str(summary["duplicates"]["clusters"]),
            "copies in the largest": str(summary["duplicates"]["largest_cluster"]),
            "pairs that reach it": str(summary["duplicates"]["pairs"]),
        }
    wanted = lines(other / "removed.jsonl")
    found = lines(file)
    fields = ("id", "reason", "keeper", "jaccard", "containment")
    duplicates = [row for row in wanted if row["reason"].endswith("duplicate")]
    assert sorted(map(repr, found)) == sorted(
        repr({name: row[name] for name in fields}) for row in duplicates
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threshold", "0.3"], "--threshold 0.3: of pairs below 0.38 this run may have missed"),
        (["--threshold", "high"], "--threshold high: is not a number above 0 and up to 1."),
        (["--threshold", "nan"], "--threshold nan: is not a number above 0 and up to 1."),
        (["--decisions", "x"], "--decisions: needs --threshold T"),
        (["--threshold", "0.6", "--decisions", "no/where"], "no/where: cannot be written"),
    ],
)
def test_what_it_refuses(
    out: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, printed, error = told(capfd, "report", out, *arguments)
    assert (code, printed) == (2, "")
    assert error.startswith(said)


def test_a_run_without_pairs_refuses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exact = cleaned(tmp_path, "exact", near=False)
    assert "dedup.near = true" in told(capfd, "report", exact, "--threshold", "0.6")[2]
    near = cleaned(tmp_path, "near")
    (near / publish.EVIDENCE).unlink()
    assert "evidence.arrow: is missing" in told(capfd, "report", near, "--threshold", "0.6")[2]


def test_a_run_that_thinned_a_group_knows_its_own_threshold_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "LARGEST", 100)
    words = [f"word{i}" for i in range(60)]
    texts = (" ".join([*words[:i], "other", *words[i:]]) for i in range(40))
    rows = [{"id": f"v{i}", "text": text} for i, text in enumerate(texts)]
    run = cleaned(tmp_path, "run", rows)
    assert json.loads((run / "summary.json").read_bytes())["duplicates"]["pairs_thinned"] > 500
    for threshold in ("0.5", "0.95"):
        code, printed, error = told(capfd, "report", run, "--threshold", threshold)
        assert (code, printed) == (2, "")
        assert "pairs of very large groups were not kept" in error
    assert told(capfd, "report", run, "--threshold", "0.55")[0] == 0


def test_recall_is_counted_by_brute_force() -> None:
    documents = [(row["id"], row["text"]) for row in CORPUS]
    truth = {
        frozenset((documents[i][0], documents[j][0])): value
        for (i, j), value in oracle.jaccards([text for _, text in documents], 3).items()
    }
    ids = measure.chosen(documents, 60)
    shuffled = Random(2).sample(documents, len(documents))
    texts = dict(documents)
    assert {texts[id_] for id_ in measure.chosen(shuffled, 60)} == {texts[id_] for id_ in ids}
    sample = measure.sample(shuffled, set(ids), 3)
    found = list(measure.pairs(documents, sample, Fraction(2, 5), 3))
    assert {
        frozenset((pair.sampled, pair.other)): Fraction(pair.shared, pair.joined) for pair in found
    } == {
        pair: value
        for pair, value in truth.items()
        if value >= Fraction(2, 5) and not pair.isdisjoint(ids)
    }
    assert len(found) == len({frozenset(pair[:2]) for pair in found}) > 20
    assert sum(measure.by_step(found)) == len(found)


def test_the_command_prints_what_was_found(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "articles.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in CORPUS), encoding="utf-8")
    few = ("--set", "dedup.bands=2", "--set", "dedup.permutations=16", "--set", "stages=[]")
    code, said, _ = told(capfd, "recall", source, "--sample", "100", *few)
    assert code == 0
    lines = said.splitlines()
    assert lines[0].startswith("100 documents")
    assert lines[1].split() == ["Jaccard", "pairs", "found", "measured", "estimated", "planned"]
    cells = [line.split() for line in lines[2:-2]]
    there, found = (sum(int(row[place]) for row in cells) for place in (3, 4))
    assert there > found > 0  # two bands cannot find all
    assert " of " in lines[-2]
    assert lines[-1].startswith("estimated by the run: ")
    code, _, error = told(capfd, "recall", source, "--set", "dedup.near=false")
    assert (code, error[:11]) == (2, "dedup.near:")
