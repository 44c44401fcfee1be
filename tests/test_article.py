"""The article is found where text is dense, with trafilatura's voice and against it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus.stages.article import article
from clean_corpus.stages.blocks import Layout, key, lay_out
from clean_corpus.stages.page import tree
from clean_corpus.stages.thin import thin

STORY = [
    "The harbour opened again on Tuesday, three weeks after the storm; boats left before dawn.",
    "“We had begun to count the days,” said Ann Holloway, who mends nets, sails and engines.",
    "The council paid for a new wall, which is two metres higher, and for lamps along the pier.",
]
TEASER = "Read how the baker of Northwick saved his oven, his flour and his cat from the flood."
COMMENT = "I was there, and it was windy, cold and very early, but the soup afterwards was great."
MENU = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in ("News", "Sport", "Weather"))


def layout(body: str, **options: bool) -> Layout:
    root = tree(f"<html><head><title>t</title></head><body>{body}</body></html>")
    return lay_out(root, **options)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_blocks_are_what_nothing_breaks() -> None:
    found = layout("<div>One <b>bold</b><i>er</i> line<br>two<p>three</p>four <a>five</a></div>")
    assert [block.text for block in found.blocks] == [
        "One bolder line",
        "two",
        "three",
        "four five",
    ]
    assert [block.linked for block in found.blocks] == [0, 0, 0, 4]


def test_lines_of_preformatted_text_stay_apart() -> None:
    found = layout("<pre>O ship,\n  O <b>proud\nship</b></pre><p>not\nhere</p>")
    assert [block.text for block in found.blocks] == ["O ship,", "O proud", "ship", "not here"]


@pytest.mark.parametrize(
    "tag", ["script", "style", "nav", "footer", "noscript", "figure", "select"]
)
def test_what_is_no_text_is_left_out(tag: str) -> None:
    found = layout(f"<div>before<{tag}>inside</{tag}>after</div>")
    assert [block.text for block in found.blocks] == ["before after"]


def test_an_aside_is_doubtful() -> None:
    found = layout("<aside><p>in</p></aside><p>out</p>").blocks
    assert [block.doubtful for block in found] == [True, False]


def test_an_ideograph_counts_for_a_word() -> None:
    (block,) = layout("<p>港口重新开放。</p>").blocks
    assert (block.size, block.stops) == (6 * 3 + 1, 1)


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ("class='post related-links'", "doubtful"),
        ("id='Sidebar'", "doubtful"),
        ("style='display: none'", "doubtful"),
        ("hidden", "doubtful"),
        ("class='comment-list'", "comment"),
        ("class='story-body'", "body"),
        ("itemprop='articleBody'", "body"),
    ],
)
def test_names_of_parts_are_read(attributes: str, field: str) -> None:
    found = layout(f"<div {attributes}><p>in</p></div><p>out</p>").blocks
    assert [getattr(block, field) for block in found] == [True, False]
    assert not any(getattr(found[1], name) for name in ("doubtful", "comment", "body"))


@pytest.mark.parametrize(
    "taken",
    ["", "\n".join(STORY), TEASER, COMMENT, f"News\nSport\n{STORY[1]}", "\n".join(STORY[:1])],
)
def test_the_article_is_found_whatever_trafilatura_took(taken: str) -> None:
    found = layout(
        f"<ul class='menu'>{MENU}</ul>"
        f"<div class='promo'><p><a href='/x'>{TEASER}</a></p><p>More</p></div>"
        f"<div><div>{paragraphs(*STORY)}</div><ul>{MENU}</ul></div>"
        f"<div id='comments'>{paragraphs(COMMENT)}</div>"
    )
    assert article(found, taken).split("\n") == STORY


def test_lines_parted_by_br_are_an_article_too() -> None:
    lines = "<br><br>".join(STORY)
    found = layout(f"<table><tr><td><a>News</a></td><td><font>{lines}</font></td></tr></table>")
    assert article(found, "").split("\n") == STORY


def test_a_teaser_that_was_taken_does_not_stand_for_a_longer_article() -> None:
    story = [
        *STORY,
        *(f"{text[:-1]}, and so on, and so on, as was to be expected." for text in STORY),
    ]
    story += [f"{text[:-1]}, as they say in Northwick, and in Southwick too." for text in story]
    found = layout(f"<p>{TEASER}</p><ul>{MENU * 5}</ul><div>{paragraphs(*story)}</div>")
    assert article(found, TEASER).split("\n") == story


def test_what_trafilatura_left_out_of_the_article_stays_out() -> None:
    credit = "Photograph by Jo March, who was there, and who holds all rights."
    found = layout(f"<div>{paragraphs(*STORY[:2], credit, STORY[2])}</div>")
    assert article(found, "\n".join(STORY)).split("\n") == STORY
    assert credit in article(found, "")


def test_comments_are_an_option() -> None:
    found = layout(f"<div>{paragraphs(*STORY)}<div class='comments'><p>{COMMENT}</p></div></div>")
    taken = "\n".join([*STORY, COMMENT])
    assert COMMENT not in article(found, "\n".join(STORY))
    assert COMMENT in article(found, taken, comments=True)


def test_strict_keeps_nothing_that_trafilatura_did_not_take() -> None:
    found = layout(f"<div>{paragraphs(*STORY)}</div>")
    assert article(found, STORY[1], strict=True) == STORY[1]
    assert article(found, "", strict=True).split("\n") == STORY


def test_cells_of_a_row_share_a_line() -> None:
    rows = "<tr><td>Monday</td><td>low tide</td></tr><tr><td>Friday</td><td>high tide</td></tr>"
    found = layout(f"<div>{paragraphs(*STORY)}<table>{rows}</table></div>")
    taken = "\n".join([*STORY, "|Monday|low tide|", "|Friday|high tide|"])
    lines = article(found, taken).split("\n")
    assert lines == [*STORY, "Monday | low tide", "Friday | high tide"]
    assert [block.text for block in layout(f"<table>{rows}</table>", tables=False).blocks] == []


def test_text_is_recognised_however_it_is_composed() -> None:
    assert key("Café “au lait”") == key("Cafe\N{COMBINING ACUTE ACCENT}\nau, lait") == "Caféaulait"


def test_a_million_comparisons_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the budget whole lines still count, so that the article is found all the same."""
    monkeypatch.setattr("clean_corpus.stages.article._COMPARED", 0)
    found = layout(f"<div>{paragraphs(*STORY)}<p>Short</p></div>")
    assert article(found, "\n".join([*STORY, "Short"])).split("\n") == [*STORY, "Short"]


def test_a_page_is_thinned_but_its_text_stays() -> None:
    links = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in ("one", "two", "three"))
    body = (
        f"<div>{paragraphs(STORY[0])}<script>x</script> tail <ul>{links}</ul>after<div></div>end"
        "<table><tr><td></td><td>cell</td></tr></table>"
        "<ul><li><a>see</a></li><li>Bread, salt and soup.</li><li><a>also</a></li></ul></div>"
    )
    root = tree(f"<html><head><title>t</title></head><body>{body}</body></html>")
    thin(root, lay_out(root))
    tags = " ".join(node.tag for node in root.find("body").iter())
    assert tags == "body div p table tr td td ul li a li li a"
    words = "".join(root.itertext()).replace(STORY[0], "")
    assert words == " tail afterendcellseeBread, salt and soup.also"


HTML = st.recursive(
    st.sampled_from(["", "text, with stops. ", "word ", STORY[0], "港口。", "<br>"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["div", "p", "a", "ul", "li", "td", "table", "nav", "b", "pre", "h2"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


def _all_parts(found: Layout, at: int) -> list[int]:
    parts = []
    for part in found.elements[at].parts:
        parts += [~part] if part < 0 else _all_parts(found, part)
    return parts


@given(HTML, st.sampled_from(["", STORY[0], "word word"]))
def test_any_page_has_a_layout_and_an_article_of_its_blocks(body: str, taken: str) -> None:
    found = layout(f"<p>one</p>{body}")
    indexes = list(range(len(found.blocks)))
    assert _all_parts(found, 0) == indexes
    for at, element in enumerate(found.elements):
        assert _all_parts(found, at) == indexes[element.first : element.last]
    blocks: Any = {block.text for block in found.blocks}
    for line in article(found, taken).split("\n"):
        assert not line or all(cell in blocks for cell in line.split(" | "))
