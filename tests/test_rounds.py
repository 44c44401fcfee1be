"""Rounds of cuts: what is not looked at again would have given nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clean_corpus import lexicons, text
from clean_corpus.config import Action, Boilerplate
from clean_corpus.stages import boilerplate
from clean_corpus.stages.boilerplate.repeated import Told
from clean_corpus.stages.boilerplate.rounds import Round

TITLE = "The old bridge over the mill stream opens again after ten years"
LABELS = [
    "Home", "News", "Weather", "Sports", "Obituaries", "Classifieds", "About us", "Contact us",
    "Search", "Sitemap", "Newsletters", "Mugs", "Calendars", "Garden gate", "House rules",
    "Facebook", "Privacy Policy", "Terms of Use", "Reader offers", "Puzzle corner", "Hill farms",
]  # fmt: skip
LINES = [
    *LABELS,
    TITLE,
    f"{TITLE} | Valley Paper",
    "By Jane Martin",
    "12.02.2025 10:15",
    "Share this article",
    "Related articles",
    "A walk along the river",
    "Photo: Jane Martin / Valley Paper",
    "Image caption",
    "The mill in the spring, before the flood came",
    "Subscribe to our newsletter to read more.",
    "© 2024 Valley Paper",
    "#town #river",
    "#valley",
    "2025-02-12 21:36:00",
    "ENDS",
    "It rained. To be continued",
    "It was summer. | Valley Paper",
    "MORN, June 3 (AP) - Share this article The bridge was opened on Monday, at last.",
    "",
]
PROSE = "\n".join(
    f"The mayor said on day {n} that the bridge had cost {n} million more than the council was "
    "told, and that nobody on the board could say who had signed for the stone and the timber."
    for n in range(1, 9)
)
#: What stands under an article, and goes for its header; a hashtag goes if it is at the bottom.
LINKS = f"{PROSE}\n#valley\n\nRelated articles\n" + "\n".join(
    f"The {name} by the mill opens after the flood"
    for name in ("inn", "weir", "ford", "barn", "inn")
)
#: A menu, what stands near the top, an article, what stands below it, and a footer.
PAGES = st.tuples(
    st.lists(st.sampled_from(LABELS), max_size=12),
    st.lists(st.sampled_from(LINES), max_size=8),
    st.sampled_from([[], [PROSE], [PROSE, *LINES[-9:-5], PROSE]]),
    st.lists(st.sampled_from(LINES), max_size=8),
    st.lists(st.sampled_from(LABELS), max_size=25),
).map(lambda parts: "\n".join(line for part in parts for line in part))

SITE = "valley.example"
SHIPPED = lexicons.load(Boilerplate())
FLAGGED: dict[str, Action] = {"navigation": "flag", "related_link": "flag", "byline": "off"}
#: As it comes; and with classes that are only flagged or left alone, and an eager vote.
STAGES = [
    boilerplate.stage(SHIPPED, options)
    for options in (Boilerplate(), Boilerplate(odds=2, actions=FLAGGED))
]


#: Learned rules hold near an end, in parts of lines, and in the last sentence of a text.
LEARNED = [
    lexicons.Rule(f"learned.{i}", "common", "", "learned", scope, where, source=SITE, text=told)
    for i, (scope, where, told) in enumerate(
        [
            ("line", "bottom", "A walk along the river"),
            ("line", "top", "Image caption"),
            ("head", "", "MORN, June 3 (AP) -"),
            ("tail", "bottom", "| Valley Paper"),
            ("tail", "bottom", "To be continued"),
        ]
    )
]
TAUGHT = [boilerplate.prepare(SHIPPED, Boilerplate())(LEARNED[i:]) for i in range(len(LEARNED))]


def all_that_changed(
    _: boilerplate.Finder, now: Round, told: Told, found: pa.Table, cuts: pa.Table
) -> npt.NDArray[np.int64]:
    return np.unique(cuts["doc"].to_numpy()).astype(np.int64)


def _with_other_breaks(page: str) -> str:
    return page.replace("\n", "\r").replace("\r\r", "\n\u2028")


@example([LINKS], STAGES[0])
@example([LINKS.replace("#valley", "")], STAGES[1])
@example([f"{PROSE} To be continued\rENDS"], TAUGHT[0])
@example([f"It rained. To be continued\n#valley\n{PROSE} To be continued\n#valley"], TAUGHT[4])
@example(
    [f"{PROSE}\nA walk along the river" + "\nShare this article" * 12 + "\nIt rained."], TAUGHT[0]
)
@example([f"{PROSE}\nA walk along the river\rShare this article\n\nIt rained."], TAUGHT[0])
@given(
    st.lists(PAGES | PAGES.map(_with_other_breaks), min_size=1, max_size=6),
    st.sampled_from([*STAGES, *TAUGHT]),
)
def test_nothing_more_is_found_by_looking_at_all_again(pages: list[str], stage: text.Stage) -> None:
    size = len(pages)
    batch = text.Batch(
        pa.array(pages, pa.large_string()),
        pa.array(["en"] * size),
        pa.array([SITE, None, SITE] * size)[:size],
        pa.array([TITLE] * size),
    )
    found: list[dict[str, Any]] = stage(batch).to_pylist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boilerplate.Finder, "unsettled", all_that_changed)
        assert found == stage(batch).to_pylist()
