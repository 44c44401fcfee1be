"""What is learned reaches the texts it was learned from, and only the shards of its source."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from clean_corpus import lexicons, spill
from clean_corpus.config import Boilerplate, Config
from clean_corpus.learned import Lesson, to_toml
from clean_corpus.run.lessons import Lessons, digest
from clean_corpus.run.steps.clean import chain, trace
from clean_corpus.text import Batch, apply

PAGE = "Le pont a été rouvert lundi, et la ville en est très contente, dit le maire."


def lesson(source: str, text: str, **more: object) -> Lesson:
    made = {
        "id": f"{source}.1",
        "why": "repeats",
        "source": source,
        "class": "learned",
        "scope": "line",
        "where": "bottom",
        "text": text,
        "count": 9,
        "articles": 9,
        "examples": ["a"],
    }
    return {**made, **more}  # type: ignore[typeddict-item]


def cleaned(path: Path, text: str, source: str) -> str:
    rules = lexicons.load_learned(path, Boilerplate())
    one = Batch(
        pa.array([text], pa.large_string()),
        pa.array(["fr"]),
        pa.array([source]),
        pa.nulls(1, pa.string()),
    )
    for step in trace(one, chain(Config(), rules)):
        texts = apply(step.texts, step.edits)
    return str(texts[0].as_py())


def test_a_rule_learned_from_damaged_texts_finds_the_repaired_line(tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    line = "La rédaction a été équipée par nos abonnés préférés"
    damaged = line.encode().decode("cp1252")
    path.write_text(to_toml([lesson("ville.example", damaged)]), encoding="utf-8")
    for text in (line, damaged, damaged.upper().replace("Ã©".upper(), "Ã©")):
        assert cleaned(path, f"{PAGE}\n{text}", "ville.example") == PAGE
    assert line in cleaned(path, f"{PAGE}\n{line}", "other.example")


def test_a_span_learned_inside_a_line_leaves_the_blanks_in_order(tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    rules = [
        lesson("ville.example", "– La Gazette", scope="tail", where=""),
        lesson("ville.example", "MÂCON —", scope="head", where="top", id="2"),
        lesson("ville.example", "请关注我们。", scope="tail", where="", id="3"),
    ]
    path.write_text(to_toml(rules), encoding="utf-8")
    text = f"Mâcon \u2014  {PAGE}\nUn titre \u00a0- la  gazette\n天气很好。请关注我们。"
    assert cleaned(path, text, "ville.example") == f"{PAGE}\nUn titre\n天气很好。"


def test_a_shard_is_concerned_by_the_rules_of_its_sources_only(tmp_path: Path) -> None:
    def found(*lessons: Lesson) -> list[str]:
        path = tmp_path / "learned.toml"
        path.write_text(to_toml(lessons), encoding="utf-8")
        known = Lessons(path, Boilerplate())
        return [digest(known.of(tmp_path / name)) for name in ("a", "b")]

    for name in "ab":
        spill.write(str(tmp_path / name), pa.table({"source": [name, name, None]}))
    before = found(lesson("a", "one"), lesson("b", "two"))
    after = found(lesson("a", "one", count=12, examples=["b"]), lesson("b", "three"))
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert found(lesson("c", "one")) == ["", ""]
