"""A small output folder as a run would leave it, made by hand: the tests of what reads one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clean_corpus.config import Config, as_json

#: Run keys and base texts, in input order; the third is a copy of the first.
BASE = {
    "lake": "The lake froze over.\nRead our newsletter!\nSkaters came from three villages.",
    "mill": "Das Mühlrad läuft wieder.",
    "lake#2": "The lake froze over. Skaters came from three villages. <b>Late</b>",
    "bell": "Le clocher a retrouv\u00c3\u00a9 sa cloche.  #culture",
}

CLEANED = {
    "lake": "The lake froze over.\nSkaters came from three villages.",
    "mill": "Das Mühlrad läuft wieder.",
    "lake#2": "The lake froze over. Skaters came from three villages. <b>Late</b>",
    "bell": "Le clocher a retrouv\u00e9 sa cloche.",
}

EDITS: tuple[tuple[str, int, int, str, str, str, str, str], ...] = (
    ("lake", 21, 42, "Read our newsletter!\n", "", "newsletter_plea", "en.newsletter", "remove"),
    ("lake#2", 55, 66, "<b>Late</b>", "<b>Late</b>", "markup_residue", "common.tag", "flag"),
    ("bell", 20, 22, "\u00c3\u00a9", "\u00e9", "mojibake", "ftfy.mojibake", "replace"),
    ("bell", 33, 43, "  #culture", "", "hashtags", "common.hashtags", "metadata"),
)

PASSAGE: dict[str, Any] = {
    "id": "mill",
    "start": 0,
    "end": 25,
    "words": 61,
    "first": "bell",
    "first_source": "echo.example",
    "first_start": 3,
    "first_end": 28,
    "since": "2024-05-06",
    "text": "Das Mühlrad <script>läuft</script> wieder.",
}

LEARNED = """[[rules]]
id = "example-org.00000000"
why = "stands at the bottom of 9 of 12 articles of this source"
source = "example.org"
class = "learned"
scope = "line"
where = "bottom"
text = "More from <b>the valley</b>"
count = 9
articles = 12
examples = ["lake"]
"""

NAMES = ("id", "start", "end", "text", "replacement", "class", "rule", "action")

SUMMARY: dict[str, Any] = {
    "read": 5,
    "kept": 3,
    "removed": 1,
    "failed": 1,
    "reasons": {"near-duplicate": 1},
    "edits": {
        "by_class": {"hashtags": 1, "markup_residue": 1, "mojibake": 1, "newsletter_plea": 1},
        "by_rule": {
            "common.hashtags": 1,
            "common.tag": 1,
            "en.newsletter": 1,
            "ftfy.mojibake": 1,
        },
        "by_action": {"flag": 1, "metadata": 1, "remove": 1, "replace": 1},
    },
    "languages": {"de": 1, "en": 1, "fr": 1},
    "sources": {
        "example.org": {"read": 3, "kept": 2, "removed": 1, "failed": 0},
        "": {"read": 2, "kept": 1, "removed": 0, "failed": 1},
    },
    "characters": {"read": 210, "kept": 140, "cut": 32},
    "encodings": {"utf-8": 5},
    "duplicates": {"histogram": [0, 0, 0, 0, 0, 0, 3, 0, 1, 0]},
    "notes": ["1 record has no source."],
    "config": as_json(Config()),
    "versions": {"clean-corpus": "0.1.0"},
}


def make(out: Path, **changes: Any) -> Path:
    """Write the folder; `changes` replace entries of the summary."""
    corpus = out / "corpus"
    corpus.mkdir(parents=True)
    kept = [_record(id_) for id_ in CLEANED if id_ != "lake#2"]
    write_lines(corpus / "articles.jsonl", kept)
    removed = {
        "id": "lake#2",
        "origin": "articles.jsonl:3",
        "reason": "near-duplicate",
        "keeper": "lake",
        "jaccard": 0.7142,
        "containment": 0.9,
        "record": _record("lake#2"),
    }
    write_lines(out / "removed.jsonl", [removed])
    fault = {
        "origin": "articles.jsonl:5",
        "stage": "ingest",
        "error": "not JSON",
        "raw": "{<script>",
    }
    write_lines(out / "failed.jsonl", [fault])
    write_lines(out / "edits.jsonl", [dict(zip(NAMES, edit, strict=True)) for edit in EDITS])
    members = [{"id": "lake#2", "jaccard": 0.7142, "containment": 0.9}]
    write_lines(out / "clusters.jsonl", [{"keeper": "lake", "members": members}])
    write_lines(out / "passages.jsonl", [PASSAGE])
    (out / "learned.toml").write_text(LEARNED)
    (out / ".clean-corpus").mkdir()
    (out / ".clean-corpus" / "samples.json").write_text(json.dumps(_samples()))
    (out / "summary.json").write_text(json.dumps({**SUMMARY, **changes}))
    return out


def _samples() -> dict[str, Any]:
    """Note what the report quotes."""
    edits = [
        {
            **dict(zip(NAMES, edit, strict=True)),
            "before": BASE[edit[0]][: edit[1]],
            "after": BASE[edit[0]][edit[2] :],
        }
        for edit in EDITS
    ]
    keeper = {"id": "lake", "text": CLEANED["lake"], "reason": ""}
    member = {"id": "lake#2", "text": CLEANED["lake#2"], "reason": "near-duplicate"}
    pair = {"keeper": keeper, "member": member, "jaccard": 0.7142, "containment": 0.9, "others": 0}
    return {"pairs": [pair], "edits": edits}


def _record(id_: str) -> dict[str, Any]:
    name = id_.partition("#")[0]
    return {
        "id": name,
        "title": f"The {name}",
        "text": CLEANED[id_],
        "clean": {"id": id_, "language": "en", "confidence": 0.99},
    }


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write JSON Lines."""
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
