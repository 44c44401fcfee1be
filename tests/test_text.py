"""Edits compose, apply and undo: the only arithmetic that everything else relies on."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clean_corpus.text import (
    Batch,
    Edit,
    apply,
    code_points,
    compose,
    lift,
    make_edits,
    no_edits,
    undo,
)

TEXT = st.text(alphabet="ab é€😀\n", max_size=14)


@st.composite
def edited(draw: st.DrawFn, texts: list[str], flags: bool = True) -> pa.Table:
    """Disjoint edits at random places of the texts, with flags between them."""
    rows: list[tuple[int, int, int, str, str]] = []
    for doc, text in enumerate(texts):
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
        for i, j in zip(cuts[::2], cuts[1::2], strict=False):
            start, end = len(text[:i].encode()), len(text[:j].encode())
            action = draw(st.sampled_from(["remove", "replace", "flag"] if flags else ["replace"]))
            new = {"remove": "", "flag": text[i:j]}.get(action)
            new = draw(st.text(alphabet="xÿ€", max_size=3)) if new is None else new
            rows.append((doc, start, end, new, action))
    if not rows:
        return no_edits()
    doc_, start_, end_, new_, action_ = zip(*rows, strict=True)
    return make_edits(doc_, start_, end_, new_, "c", "r", action_)


def texts_of(values: list[str]) -> pa.Array:
    return pa.array(values, pa.large_string())


def naive_apply(texts: list[str], edits: pa.Table) -> list[str]:
    out = [text.encode() for text in texts]
    for row in reversed(edits.to_pylist()):
        if row["action"] != "flag":
            text = out[row["doc"]]
            out[row["doc"]] = (
                text[: row["start"]] + row["replacement"].encode() + text[row["end"] :]
            )
    return [text.decode() for text in out]


def ledger(texts: list[str], edits: pa.Table) -> list[list[Edit]]:
    starts, ends = code_points(texts_of(texts), edits)
    out: list[list[Edit]] = [[] for _ in texts]
    for row, start, end in zip(edits.to_pylist(), starts.tolist(), ends.tolist(), strict=True):
        text = texts[row["doc"]]
        edit = Edit(
            start, end, text[start:end], row["replacement"], row["class"], row["rule"],
            row["action"],
        )  # fmt: skip
        out[row["doc"]].append(edit)
    return out


@given(st.data(), st.lists(TEXT, min_size=1, max_size=4))
def test_apply_is_the_obvious_thing(data: st.DataObject, texts: list[str]) -> None:
    edits = data.draw(edited(texts))
    assert apply(texts_of(texts), edits).to_pylist() == naive_apply(texts, edits)


@given(st.data(), st.lists(TEXT, min_size=1, max_size=4))
def test_composed_edits_lead_there_and_back(data: st.DataObject, texts: list[str]) -> None:
    composed = data.draw(edited(texts))
    middle = apply(texts_of(texts), composed)
    for _ in range(3):
        second = data.draw(edited(middle.to_pylist()))
        composed = compose(middle, composed, second)
        middle = apply(middle, second)
    assert apply(texts_of(texts), composed).to_pylist() == middle.to_pylist()
    previous = (-1, 0)
    for row in composed.to_pylist():
        assert 0 <= row["start"] <= row["end"] <= len(texts[row["doc"]].encode())
        if row["action"] != "flag":
            assert row["doc"] > previous[0] or row["start"] >= previous[1], "overlap"
            previous = (row["doc"], row["end"])
    for text, clean, edits in zip(texts, middle.to_pylist(), ledger(texts, composed), strict=True):
        assert undo(clean, edits) == text


def test_a_repair_inside_a_removed_line_is_part_of_the_removal() -> None:
    text = "keep\nabonnÃ© ici\nkeep"
    first = make_edits([0], [10], [14], ["é"], "mojibake", "ftfy", "replace")
    middle = apply(texts_of([text]), first)
    assert middle.to_pylist() == ["keep\nabonné ici\nkeep"]
    second = make_edits([0], [5], [17], [""], "plea", "fr.plea", "remove")
    (edit,) = ledger([text], compose(middle, first, second))[0]
    assert edit == Edit(5, 17, "abonnÃ© ici\n", "", "plea", "fr.plea", "remove")


@given(st.lists(TEXT, min_size=1, max_size=3))
def test_any_function_can_be_a_stage(texts: list[str]) -> None:
    def shout(text: str) -> str:
        return text.replace("a", "AA").replace("é", "")

    batch = Batch(texts_of(texts), pa.nulls(0), pa.nulls(0), pa.nulls(0))
    edits = lift(shout, "tests:shout")(batch)
    assert apply(batch.texts, edits).to_pylist() == [shout(text) for text in texts]
