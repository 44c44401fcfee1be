"""The report: one offline page, the same bytes each time, safe with hostile texts."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clean_corpus import report
from clean_corpus.config import Config
from clean_corpus.errors import InputError
from clean_corpus.report import charts, diff, samples
from made_run import make


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(tmp_path: Path) -> str:
    return report.write(make(tmp_path / "out")).read_text(encoding="utf-8")


def test_it_shows_what_was_done(page: str) -> None:
    text = re.sub(r"\s+", " ", Page(page).text)
    assert "5 read = 3 kept + 1 removed + 1 failed" in text
    assert "1 record has no source." in text
    assert "lake stays · lake#2 near-duplicate · Jaccard 0.7142, containment 0.9" in text
    assert "Read our newsletter!" in text
    assert "articles.jsonl:5" in text
    assert "first in bell, echo.example, since 2024-05-06" in text
    for words in ("line, bottom", "More from <b>the valley</b>", "9 of 12"):
        assert words in text
    threshold = f"threshold {Config().dedup.threshold}"
    for name in ("mojibake", "near-duplicate", "example.org", "(none)", "fr", threshold):
        assert name in text


def test_it_needs_no_network(page: str) -> None:
    found = Page(page)
    assert not {"link", "iframe", "img", "object", "base"} & set(found.tags)
    assert not {"src", "href", "srcset", "action"} & {name for name, _ in found.attributes}
    assert not re.search(r"url\(|@import", page)


def test_texts_are_escaped(page: str) -> None:
    assert "<b>Late</b>" not in page.replace("<b>markup_residue</b>", "")
    assert "&lt;b&gt;Late&lt;/b&gt;" in page


def test_the_island_holds_the_summary(tmp_path: Path) -> None:
    out = make(tmp_path / "out", notes=["</script><script>alert(1)</script>"])
    page = report.write(out).read_text(encoding="utf-8")
    island = re.search(r'<script type="application/json" id="summary">(.*?)</script>', page)
    assert island
    assert json.loads(island[1]) == json.loads((out / "summary.json").read_bytes())
    assert Page(page).tags.count("script") == 1


def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (report.write(make(tmp_path / name)).read_bytes() for name in ("a", "b"))
    assert first == second
    assert str(tmp_path).encode() not in first


def test_a_run_without_anything(tmp_path: Path) -> None:
    out = make(
        tmp_path / "out",
        read=0,
        kept=0,
        removed=0,
        failed=0,
        sources={},
        languages={},
        reasons={},
        edits={"by_class": {}, "by_rule": {}, "by_action": {}},
        characters={"read": 0, "kept": 0, "cut": 0},
        duplicates={},
    )
    for name in ("removed", "failed", "edits", "clusters"):
        (out / f"{name}.jsonl").write_text("")
    (out / "corpus" / "articles.jsonl").write_text("")
    text = Page(report.write(out).read_text(encoding="utf-8")).text
    assert "Nothing." in text
    assert "No document was read." in text


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not the output of a finished run"):
        report.write(tmp_path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    with (out / "failed.jsonl").open("a") as file:
        file.write("{]\n")
    with pytest.raises(InputError, match=r"failed\.jsonl:2: is not JSON"):
        report.write(out)


def test_what_the_report_quotes_must_be_there(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    (out / samples.SAMPLES).unlink()
    with pytest.raises(InputError, match=r"samples\.json: is missing .* --fresh"):
        report.write(out)


def test_sides_of_a_diff_rebuild_their_texts() -> None:
    left, right = "The old lake froze, again.\n\nAll of it.", "The lake froze again. All of it!"
    sides = diff.sides(left, right)
    for side, text in zip(sides, (left, right), strict=True):
        assert "".join(piece.text for piece in side) == text
    assert next(piece.text for piece in sides[0] if piece.differs).strip() == "old"


def test_a_long_text_is_cut_in_a_diff() -> None:
    left, right = diff.sides("word " * 5000, "word")
    assert left[-1].text == " …"
    assert len("".join(piece.text for piece in left)) < 2000
    assert [piece.text for piece in right] == ["word"]


def test_bars_are_ordered_and_summed_up() -> None:
    chart = charts.bars({f"name{i:02}": i for i in range(1, 31)} | {"<i>": 99})
    assert chart.index("&lt;i&gt;") < chart.index("name30") < chart.index("name29")
    assert "7 others" in chart
    assert f"7 others: {sum(range(1, 8))}" in chart


def test_the_curve_shows_chances_and_pairs() -> None:
    chart = charts.curve([0.0, 0.25, 1.0], 0.5, [0, 4, 2, 0])
    points = re.search(r'points="([^"]+)"', chart)
    assert points
    left, top, right, bottom = 34, 10, 454, 190
    middle = (left + right) / 2
    assert (
        points[1]
        == f"{left}.0,{bottom}.0 {middle:.1f},{(top + 3 * bottom) / 4:.1f} {right}.0,{top}.0"
    )
    assert f'class="limit" x1="{middle:.1f}"' in chart
    heights = re.findall(
        r'class="pairs" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', chart
    )
    assert heights == ["180.0", "90.0"]
