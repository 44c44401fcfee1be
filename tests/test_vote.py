"""The vote on whole pages: its kernels against slow twins, and what it may and may not cut."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import kernels, lexicons, text
from clean_corpus.config import Boilerplate
from clean_corpus.kernels import fold, forest, layout
from clean_corpus.patterns import view
from clean_corpus.stages import boilerplate
from clean_corpus.stages.boilerplate import vote

MENU = (
    "Home\nNews\nLocal News\nWeather\nSports\nObituaries\nClassifieds\nAbout us\nContact us\nSearch"
)
TITLE = "The old bridge over the mill stream opens again after ten years"
ARTICLE = "\n".join(
    f"The mayor said on day {n} that the bridge had cost {n} million more than the council was "
    "told, and that nobody on the board could say who had signed for the stone and the timber."
    for n in range(1, 9)
)
RESULTS = "\n".join(f"{n}. Team {n} of the valley, {30 - n} points" for n in range(1, 12))
FOOT = (
    "Share this article\nFacebook\nTwitter\nValley shop\nThe book of the mill\nMugs\nCalendars\n"
    "Reader offers\nGarden gate\nMill cottage to let\nThe Valley and its paper\nPuzzle corner\n"
    "Young valley\nHill farms\nSubscribe\nPrivacy Policy\nTerms of Use\nAdvertise\n"
    "Contact Us\nWeekly papers\nValley group\nHouse rules\nNewsletters\nSitemap\n"
    "© 2024 Valley Paper"
)
OPTIONS = Boilerplate()
STAGE = boilerplate.stage(lexicons.load(OPTIONS), OPTIONS)


def cleaned(page: str, stage: text.Stage = STAGE) -> str:
    blank = pa.nulls(1, pa.string())
    batch = text.Batch(pa.array([page], pa.large_string()), pa.array(["en"]), blank, blank)
    kept: str = text.apply(batch.texts, stage(batch))[0].as_py()
    return kept


def measured(value: str, hits: list[int] | None = None) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(value.encode(), np.uint8)
    seen = fold.fold(data, np.array([0, len(data)]), view.tables())
    size = len(seen.doc)
    return layout.measure(
        seen.lower,
        seen.cased,
        seen.view[:-1],
        seen.view[1:],
        np.array([0, size]),
        seen.core,
        np.array(hits or [0] * size, np.uint8),
    )


def test_a_page_gives_up_what_stands_around_its_article() -> None:
    kept = cleaned(f"{MENU}\n{TITLE}\n{ARTICLE}\n{FOOT}")
    assert kept.strip().startswith(f"{TITLE}\n{ARTICLE}")
    assert not {"Home", "Obituaries", "House rules", "Weekly papers"} & set(kept.split("\n"))


@pytest.mark.parametrize("foot", ["", RESULTS, "A walk along the river\nThe mill\nThe weir\nHome"])
def test_an_article_alone_keeps_its_lists(foot: str) -> None:
    page = f"{TITLE}\n{ARTICLE}\n{foot}".strip()
    assert cleaned(page) == page


def test_a_list_at_the_end_of_an_article_stays_on_a_whole_page() -> None:
    kept = cleaned(f"{MENU}\n{TITLE}\n{ARTICLE}\n{RESULTS}\n{FOOT}")
    assert f"{TITLE}\n{ARTICLE}\n{RESULTS}" in kept


def test_a_page_of_nothing_but_lists_stays() -> None:
    page = "\n".join([MENU, RESULTS, RESULTS.replace("valley", "hills")])
    assert RESULTS in cleaned(page)


def test_the_vote_can_be_disabled() -> None:
    options = Boilerplate(disable=[vote.HEAD, vote.TAIL])
    stage = boilerplate.stage(lexicons.load(options), options)
    page = f"{MENU}\n{TITLE}\n{ARTICLE}\n{FOOT}"
    assert "Garden gate" in cleaned(page, stage)


def test_higher_odds_cut_less() -> None:
    page = f"{MENU}\n{TITLE}\n{ARTICLE}\n{FOOT}"
    sizes = []
    for odds in (2, 60, 10**6):
        options = Boilerplate(odds=odds)
        sizes.append(len(cleaned(page, boilerplate.stage(lexicons.load(options), options))))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_what_a_row_says() -> None:
    rows = measured("Home\nHome\n" + ARTICLE + "\nSeen © 2024, page 7:", [1, 1, *[0] * 8, 2])
    column = {name: rows[:, i].tolist() for i, name in enumerate(layout.FEATURES)}
    assert column["words"][0] == 1
    assert column["width"][0] == 2  # half of the letters
    assert column["twins_back"][:3] == [0, 1, 0]
    assert column["twins_ahead"][:3] == [1, 0, 0]
    assert column["core_side"] == [0, 0, *[1] * 8, 2]
    assert column["core_far"][:2] == [2, 1]
    assert column["hits_around"][0] == 4  # the last line is within ten of it
    assert column["run"][:2] == [2, 2]
    assert (column["hits_inwards"][:2], column["hits_outwards"][:2]) == ([1, 0], [0, 1])
    assert column["end"][-1] == 4
    assert column["contacts"][-1] == 2


def test_a_row_says_what_stands_in_the_core_as_well() -> None:
    rows = measured(f"Home\nThe mill\nThe weir\nNews\n{ARTICLE}\nThe mill\n{ARTICLE}\nThe mill")
    column = {name: rows[:, i].tolist() for i, name in enumerate(layout.FEATURES)}
    assert column["in_core"] == [0, 1, 0, 0, *[0] * 17, 1]
    assert column["in_core_near"] == [1, 1, 1, 0, *[0] * 16, 1, 1]
    assert column["in_core_around"][4:14] == [*[1] * 6, *[0] * 3, 1]


def test_layout_compiled_is_layout_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the same file uncompiled: numba has its own ideas of small integers."""
    monkeypatch.setattr(kernels, "compiled", lambda function: function)
    source = Path(layout.__file__)
    spec = spec_from_file_location("layout_as_written", source)
    assert spec is not None
    assert spec.loader is not None
    slow = module_from_spec(spec)
    spec.loader.exec_module(slow)
    page = f"{MENU}\n{TITLE}\n{ARTICLE}\n{FOOT}\n版权所有 中文版。\nΕπικοινωνία: é ©\n“Так”?\n" * 2
    hits = [n % 3 for n in range(len(page.splitlines()))]
    fast = measured(page, hits)
    monkeypatch.setattr(layout, "measure", slow.measure)
    with np.errstate(over="ignore"):
        assert np.array_equal(fast, measured(page, hits))


@given(st.lists(st.text("aB 。中:|@", max_size=90), max_size=40))
def test_widths_and_twins(lines: list[str]) -> None:
    lines = [line for line in (" ".join(line.split()) for line in lines) if line]
    rows = measured("\n".join(lines))
    assert rows.shape == (len(lines), len(layout.FEATURES))
    width = [sum(3 if c > "　" else 1 for c in line) for line in lines]
    assert rows[:, 0].tolist() == [min(255, n // 2) for n in width]
    if all(any(c.isalpha() for c in line) and line[0] > "A" and line[-1] > "A" for line in lines):
        low = [line.lower() for line in lines]
        above = [low[:i].count(line) for i, line in enumerate(low)]
        assert rows[:, layout.FEATURES.index("twins_back")].tolist() == above


@given(
    st.integers(1, 4).flatmap(
        lambda depth: st.tuples(
            st.just(depth), st.lists(st.randoms(), min_size=1, max_size=4), st.randoms()
        )
    )
)
def test_forest_adds_up_like_its_twin(made: tuple[int, list[Any], Any]) -> None:
    depth, trees, chance = made
    inner = 2**depth - 1
    column = np.array([[c.randrange(5) for _ in range(inner)] for c in trees], np.uint8)
    limit = np.array([[c.randrange(256) for _ in range(inner)] for c in trees], np.uint8)
    leaf = np.array([[c.randrange(-999, 999) for _ in range(inner + 1)] for c in trees], np.int16)
    rows = np.array([[chance.randrange(256) for _ in range(5)] for _ in range(6)], np.uint8)
    wanted = []
    for row in rows.tolist():
        total = 17
        for tree in range(len(trees)):
            node = 0
            while node < inner:
                over = row[column[tree, node]] > limit[tree, node]
                node = 2 * node + (2 if over else 1)
            total += int(leaf[tree, node - inner])
        wanted.append(total)
    assert forest.score(rows, column, limit, leaf, 17).tolist() == wanted
