"""`explain`: each stage's edits of one document, and what became of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from clean_corpus.commands import explain
from clean_corpus.config import Config
from clean_corpus.errors import InputError
from clean_corpus.results import Document
from clean_corpus.text import Edit, undo
from made_run import BASE, make


def shown(capsys: pytest.CaptureFixture[str], out: Path, id_: str) -> str:
    explain.explain([], id_, None, str(out))
    return capsys.readouterr().out


def test_stage_by_stage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = shown(capsys, make(tmp_path / "out"), "bell")
    assert text.startswith("bell  kept\n\nencoding  1 edit\n  mojibake · ")
    assert "a retrouv[-Ã©-]{+é+} sa cloche" in text
    assert "\nboilerplate  " in text
    assert "\nwhitespace  " in text
    assert "\x1b" not in text


def test_why_it_was_removed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = shown(capsys, make(tmp_path / "out"), "lake#2")
    first, *_ = text.splitlines()
    assert first == "lake#2  removed: near-duplicate of lake (Jaccard 0.7142, containment 0.9)"


def test_whether_two_are_copies(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(make(tmp_path / "out"))
    explain.explain([], "lake#2", None, out, "lake")
    first, second, _, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("lake#2  removed: near-duplicate of lake")
    assert second == "lake  kept"
    # Nine words are seven shingles; the other text has "b late b" behind them.
    assert rest == [
        "7 shingles of 3 words in both, 10 and 7 in each",
        "Jaccard 0.7, containment 1.0",
        "copies: dedup.threshold is 0.55",
    ]
    explain.explain([], "bell", None, out, "mill")
    assert capsys.readouterr().out.endswith("\nno copies: dedup.threshold is 0.55\n")


def test_an_unknown_id_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no document has the id 'bel'\. .*example: bell"):
        explain.explain([], "bel", None, str(make(tmp_path / "out")))


def test_the_trace_leads_from_the_base_text_to_the_cleaned() -> None:
    document = Document("bell", BASE["bell"] + "\u200b", None, None)
    steps = explain.trace(document, Config(), Path("none"))
    assert [step.stage for step in steps] == Config().stages
    assert steps[0].before == document.text
    for step, later in pairwise(steps):
        assert not step.error
        assert undo(later.before, step.edits) == step.before
        for edit in step.edits:
            assert step.before[edit.start : edit.end] == edit.text


@pytest.mark.parametrize(
    ("action", "new", "line"),
    [
        ("remove", "", "one [-two⏎\\u200b-] three"),
        ("replace", "2", "one [-two⏎\\u200b-]{+2+} three"),
        ("flag", "two\n\u200b", "one [?two⏎\\u200b?] three"),
    ],
)
def test_marks_without_colours(action: str, new: str, line: str) -> None:
    edit = Edit(4, 9, "two\n\u200b", new, "c", "r", action)
    assert explain.quoted("one two\n\u200b three", edit).plain == line


def test_long_texts_are_cut_around_the_edit() -> None:
    edit = Edit(500, 503, "two", "", "c", "r", "remove")
    line = explain.quoted("a" * 500 + "two" + "b" * 500, edit).plain
    assert line == f"…{'a' * 40}[-two-]{'b' * 40}…"
