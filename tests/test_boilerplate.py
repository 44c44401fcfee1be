"""Boilerplate: case files, and what holds for every text."""

from __future__ import annotations

import json
import random
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus import lexicons, text
from clean_corpus.config import Boilerplate, Whitespace
from clean_corpus.learned import Lesson, to_toml
from clean_corpus.patterns import view
from clean_corpus.stages import boilerplate, whitespace

CASES = Path(__file__).parent / "cases" / "boilerplate"
# Rules of every language as if all were proven: what they would cut is what is tested here.
SHIPPED = lexicons.load(Boilerplate())
LEXICONS = SHIPPED._replace(rules=tuple(rule._replace(flags=False) for rule in SHIPPED.rules))
# Cases are short, so that what goes is often most of them.
WHOLE = Boilerplate(max_share=Decimal(1))
STAGE = boilerplate.stage(LEXICONS, WHOLE)
GUARDED = boilerplate.stage(LEXICONS, Boilerplate())
TIDY = whitespace.stage(Whitespace())


def batch(
    texts: list[str], language: str = "und", source: str | None = None, title: str | None = None
) -> text.Batch:
    size = len(texts)
    return text.Batch(
        pa.array(texts, pa.large_string()),
        pa.array([language] * size),
        pa.array([source] * size, pa.string()),
        pa.array([title] * size, pa.string()),
    )


def tidy(value: str) -> str:
    """Do what the white-space stage does to what is left."""
    lines = [line.strip() for line in value.strip().split("\n")]
    return "\n".join(line for i, line in enumerate(lines) if line or lines[i - 1])


def clean(value: str, language: str = "und", stage: text.Stage = STAGE, **known: str) -> str:
    given_ = batch([value], language, **known)
    return tidy(text.apply(given_.texts, stage(given_))[0].as_py())


def tidied(value: str) -> str:
    """Apply the stage, and the one of white space behind it."""
    for stage in (STAGE, TIDY):
        given_ = batch([value])
        value = text.apply(given_.texts, stage(given_))[0].as_py()
    return value


def spans(value: str, language: str) -> list[list[str]]:
    given_ = batch([value], language)
    edits = STAGE(given_)
    starts, ends = text.code_points(given_.texts, edits)
    return [
        [row["class"], value[start:end].strip()]
        for row, start, end in zip(edits.to_pylist(), starts, ends, strict=True)
        if row["class"] != "whitespace"
    ]


def cases(name: str) -> list[Any]:
    rows = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["label"]) for row in rows]


@pytest.mark.parametrize("case", [*cases("in-the-wild"), *cases("keep")])
def test_case(case: dict[str, Any]) -> None:
    assert clean(case["text"], case["language"]) == case["cleaned"]
    for span in case.get("spans", []):
        assert span in spans(case["text"], case["language"])


@pytest.mark.parametrize("case", cases("keep"))
def test_keeps_hold_in_unknown_languages(case: dict[str, Any]) -> None:
    assert clean(case["text"]) == case["cleaned"]


@pytest.mark.xfail(reason="known failures", strict=True)
@pytest.mark.parametrize("case", cases("known-failures"))
def test_known_failure(case: dict[str, Any]) -> None:
    assert clean(case["text"], case["language"]) == case["cleaned"]


def examples() -> list[str]:
    rules = LEXICONS.rules
    marked = [text for rule in rules for text in rule.removes]
    return [
        *(line.replace("[[", "").replace("]]", "") for line in marked),
        *(line for rule in rules for line in rule.keeps),
        "The bridge was opened on Monday, and the town is glad of it.",
        "Le pont est ouvert depuis lundi, et la ville s'en réjouit.",
        "",
        "\u00a0 \t",
    ]


PAGES = st.lists(st.sampled_from(examples()), max_size=14).map("\n".join)


@given(PAGES, st.sampled_from(["und", "fr", "en", "ru", "zh"]))
def test_a_second_run_finds_nothing(page: str, language: str) -> None:
    once = clean(page, language)
    assert clean(once, language) == once


@given(PAGES, st.sampled_from(["\v", "\f", "\r", "\r\n", "\x85", "\u2028", "\u2029"]))
def test_lines_end_where_white_space_says_so(page: str, end: str) -> None:
    """Else a second run, which sees line feeds there, would find more."""
    whole, once = tidied(page), tidied(page.replace("\n", end))
    assert once == whole
    assert tidied(once) == tidied(whole)


@given(st.text("Adé1. \t\x00\x07\x1c\x1f\x7f\xa0\xad\u1680\u2000\u200b\u202f\u2060\u3000\ufeff"))
def test_blanks_are_where_white_space_says_so(line: str) -> None:
    given_ = batch([line])
    plain = text.apply(given_.texts, TIDY(given_))[0].as_py()
    assert view.view(line) == view.view(plain)


@given(st.lists(PAGES, max_size=4), st.sampled_from([STAGE, GUARDED]))
def test_edits_are_sorted_and_disjoint_and_can_be_undone(
    pages: list[str], stage: text.Stage
) -> None:
    given_ = batch(pages)
    edits = stage(given_)
    changed = text.apply(given_.texts, edits).to_pylist()
    starts, ends = text.code_points(given_.texts, edits)
    by_doc: dict[int, list[text.Edit]] = {}
    for row, start, end in zip(edits.to_pylist(), starts, ends, strict=True):
        if row["action"] != "flag":
            span = text.Edit(start, end, pages[row["doc"]][start:end], row["replacement"], *"crm")
            by_doc.setdefault(row["doc"], []).append(span)
    for doc, page in enumerate(pages):
        mine = by_doc.get(doc, [])
        assert all(a.end <= b.start for a, b in pairwise(mine))
        assert text.undo(changed[doc], mine) == page


def test_what_is_learned_gives_way_to_a_rule_that_knows_more(tmp_path: Path) -> None:
    lesson: Lesson = {
        "id": "ville.1",
        "why": "repeats",
        "source": "ville.example",
        "class": "learned",
        "scope": "tail",
        "where": "bottom",
        "text": " (avec agence)",
        "count": 9,
        "articles": 9,
        "examples": ["a"],
    }
    (tmp_path / "learned.toml").write_text(to_toml([lesson]))
    rules = lexicons.load(Boilerplate(), tmp_path / "learned.toml")
    page = "Le pont est ouvert, a dit le maire de la ville. (avec agence)"
    stage = boilerplate.stage(rules, WHOLE)
    (edit,) = stage(batch([page], "fr", "ville.example")).to_pylist()
    assert (edit["class"], edit["action"]) == ("agency_credit", "metadata")
    (edit,) = stage(batch([page], "ja", "ville.example")).to_pylist()
    assert edit["class"] == "learned"


def test_a_language_that_is_not_proven_only_flags() -> None:
    unproven = next(rule for rule in SHIPPED.rules if rule.flags and rule.scope == "line")
    page = f"{unproven.removes[0]}\n\n" + "The text stays as it is. " * 8
    given_ = batch([page], unproven.language)
    flagged = boilerplate.stage(SHIPPED, WHOLE)(given_)
    assert unproven.id in flagged["rule"].to_pylist()
    assert set(flagged["action"].to_pylist()) == {"flag"}
    assert text.apply(given_.texts, flagged)[0].as_py() == page
    assert text.apply(given_.texts, STAGE(given_))[0].as_py() != page


@given(st.lists(PAGES, min_size=2, max_size=4))
def test_a_batch_is_as_its_documents(pages: list[str]) -> None:
    given_ = batch(pages, "fr")
    together = text.apply(given_.texts, STAGE(given_)).to_pylist()
    assert [tidy(page) for page in together] == [clean(page, "fr") for page in pages]


def test_the_order_of_rules_does_not_matter() -> None:
    pages = ["\n".join(random.Random(i).sample(examples(), 12)) for i in range(12)]
    given_ = batch(pages)
    expected = STAGE(given_).to_pylist()
    rules = list(LEXICONS.rules)
    random.Random(1).shuffle(rules)
    stage = boilerplate.stage(lexicons.Lexicons(tuple(rules)), WHOLE)
    assert stage(given_).to_pylist() == expected


def test_no_rules_no_edits() -> None:
    given_ = batch(["Home\nPublicité\n#a #b", ""])
    assert boilerplate.stage(lexicons.Lexicons(()), WHOLE)(given_).num_rows == 0


def test_nothing_to_clean() -> None:
    assert STAGE(batch([])).num_rows == 0
    assert STAGE(batch(["", "\n\n", " "])).num_rows == 0


def test_too_much_is_only_flagged() -> None:
    page = "Le pont est ouvert.\nPublicité\nPartager sur Facebook\n12 commentaires"
    given_ = batch([page], "fr")
    edits = GUARDED(given_)
    assert set(edits["action"].to_pylist()) == {"flag"}
    assert text.apply(given_.texts, edits)[0].as_py() == page


def test_no_document_is_emptied() -> None:
    assert clean("Publicité", "fr") == "Publicité"


FRENCH = lexicons.Lexicons(tuple(rule for rule in LEXICONS.rules if rule.language == "fr"))


def test_actions_by_class_and_source() -> None:
    page = "Le pont est ouvert depuis lundi matin, dit le maire.\nPublicité"
    off = Boilerplate(actions={"advertising": "off"})
    flag = Boilerplate(sources={"example.org": {"advertising": "flag"}})
    assert clean(page, "fr", boilerplate.stage(FRENCH, off)).endswith("Publicité")
    here = boilerplate.stage(FRENCH, flag)
    assert clean(page, "fr", here, source="example.org").endswith("Publicité")
    assert not clean(page, "fr", here, source="example.com").endswith("Publicité")


def test_what_is_protected_stays() -> None:
    page = "Le pont est ouvert depuis lundi matin, dit le maire.\nPublicité\nPartager"
    # Written as a pattern, or as it stands in the article.
    for pattern in ("publicit.", "Publicité", r"PUBLICIT\w"):
        kept = lexicons.load(Boilerplate(protect=[pattern]))
        assert clean(page, "fr", boilerplate.stage(kept, WHOLE)).endswith("Publicité")


def test_a_repeated_headline_goes() -> None:
    page = "Le pont est ouvert\nLe pont est ouvert depuis lundi matin, dit le maire."
    assert clean(page, "fr", title="Le Pont  est ouvert") == page.split("\n")[1]
    assert clean(page, "fr", title="Le pont") == page
    broken = page.replace("\nLe pont", "\ndepuis lundi. Le pont")
    assert clean(broken, "fr", title="Le pont est ouvert") == broken


def test_a_headline_is_repeated_with_or_without_the_name_of_the_site() -> None:
    page = "Le pont du port est ouvert\nLe pont est ouvert depuis lundi, dit le maire."
    assert clean(page, "fr", title="Le pont du port est ouvert – Le Journal") == page.split("\n")[1]
    assert clean(page, "fr", title="Le pont du port – Le Journal") == page


PARAGRAPHS = "\n\n".join(f"The bridge was shut for {n} weeks, says the mayor." for n in range(8))


def test_a_caption_goes_with_its_credit_where_they_are_a_paragraph() -> None:
    caption = "Cyclists wait at the river.\nPhoto: Jane Martin / AFP"
    assert clean(f"{PARAGRAPHS}\n\n{caption}\n\nIt is open again.", "en") == (
        f"{PARAGRAPHS}\n\nIt is open again."
    )
    tight = PARAGRAPHS.replace("\n\n", "\n")
    assert "Cyclists wait" in clean(f"{tight}\n{caption}\nIt is open again.", "en")
    assert "Cyclists wait" in clean(f"{PARAGRAPHS}\n\n{caption}\nIt is open again.", "en")


@pytest.mark.parametrize(
    "page",
    [
        "\n".join(f"{day} May 2021\nTown {day}-0 Village" for day in range(10, 15)),
        "Best play: By the River\n" + "\n".join(
            f"By {name} Martin\nThe {name} Prize" for name in ("Jane", "Luke", "Rose", "Mary")
        ),
    ],
)  # fmt: skip
def test_lists_are_no_dates_and_authors_of_the_article(page: str) -> None:
    assert clean(page, "en") == page


def test_a_list_that_an_author_announces_is_no_menu() -> None:
    below = "\nSport\nPolitiek\nTech\nMedia\nAgenda\n"
    assert "Tech" not in clean(f"De brug is open.{below}De stad is blij.", "nl")
    page = f"De leerlingen van de school krijgen zes vakken:{below}De stad is blij."
    assert clean(page, "nl") == tidy(page)


def test_a_small_byline_stands_at_the_top_and_below_the_title_of_a_film_it_stays() -> None:
    line = "Il ponte della città apre lunedì, e chi vuole lo passa a piedi dalle nove del mattino."
    page = "\n\n".join([*[line] * 9, "Il ponte di notte", "di Mario Rossi", *[line] * 9])
    assert clean(page, "it") == page
    assert clean(f"di Piera Bianchi\n\n{page}", "it") == page


@pytest.mark.parametrize("line", ["By Jane Martin", "12.02.2025 10:15", "#town #river", "Share"])
def test_many_lines_take_linear_time(line: str) -> None:
    page = "The bridge is open.\n" + f"{line}\n" * 20_000 + "It was shut."
    began = time.process_time()
    clean(page, "en")
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    "line",
    [
        "#a " * 60_000,
        "(AFP) " * 40_000,
        "Lire aussi : " * 20_000,
        "A" * 300_000,
        "notre journalisme besoin de votre soutien " * 5_000,
        "![" * 100_000,
        "- " * 100_000,
    ],
)
def test_hostile_lines_take_linear_time(line: str) -> None:
    clean("Warm up.", "fr")
    began = time.process_time()
    clean("Une phrase.\n" + line + "\nUne autre.", "fr")
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("page", "left"),
    [
        ("A b c d.\nPublicité\nE f g h.", "A b c d.\nE f g h."),
        ("A b c d.\n\nPublicité\n\nE f g h.", "A b c d.\n\nE f g h."),
        ("A b c d.\nPublicité\n\n\nE f g h.", "A b c d.\n\n\nE f g h."),
        ("A b c d.\n\nPublicité\n \nPublicité\nE f g h.", "A b c d.\n\nE f g h."),
        ("Publicité\n\nA b c d.", "A b c d."),
        ("A b c d.\n\nPublicité\n", "A b c d.\n"),
    ],
)
def test_emptied_lines_take_their_breaks_along(page: str, left: str) -> None:
    assert text_of(page) == left


def test_white_space_does_not_take_over_an_edit() -> None:
    page = batch(["A b c d.\n\nPublicité\n\nE f g h."], "fr")
    first = STAGE(page)
    middle = text.apply(page.texts, first)
    second = whitespace.stage(Whitespace())(page._replace(texts=middle))
    edits = text.compose(middle, first, second)
    assert edits["class"].to_pylist() == ["advertising", "whitespace"]


def text_of(page: str) -> str:
    given_ = batch([page], "fr")
    return str(text.apply(given_.texts, STAGE(given_))[0].as_py())


def test_metadata() -> None:
    meta = boilerplate.metadata
    assert meta("dateline", "PARIS, 12 mars (Reuters) - ") == {
        "dateline": "PARIS, 12 mars (Reuters)",
        "agency": "Reuters",
    }
    assert meta("epoch", "1739434489") == {"date": "2025-02-13T08:14:49Z"}
    assert meta("date_stamp", " date 2025-02 ") == {"date": "2025-02"}
    assert meta("byline", "Par Jeanne Martin") == {"byline": "Jeanne Martin"}
    assert meta("hashtags", "#pont #ville") == {"tags": ["pont", "ville"]}
    assert meta("site_suffix", " – Town News") == {"site": "Town News"}
    assert meta("site_tagline", "Ville.org ➤ Toute l'actualité") == {"site": "Ville.org"}
    assert meta("agency_credit", " (AFP)") == {"agency": "AFP"}
    assert meta("advertising", "Publicité") == {}


def test_offsets_are_bytes() -> None:
    given_ = batch(["Été à la mer, dit-il.\nPublicité"], "fr")
    edits = STAGE(given_)
    data = np.frombuffer(given_.texts[0].as_py().encode(), np.uint8)
    cut = edits.filter(pa.compute.equal(edits["rule"].cast(pa.string()), "fr.advertising"))
    start, end = cut["start"][0].as_py(), cut["end"][0].as_py()
    assert data[start:end].tobytes().decode() == "Publicité"
