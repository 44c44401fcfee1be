"""Measure how well, and how fast, articles come out of web pages, beside other extractors.

    python benchmarks/extraction.py DATA_FOLDER [--only ours,default] [--tail N] [--clean]

DATA_FOLDER holds html_*.jsonl(.gz), one page a line: `{"html": .., "gold": .., "page": ..}`, gold
being the article as a person marked it. Printed for each set and tool: mean and median word F1 of
all pages, and the means of the two halves into which pages fall by a hash of their names (the
constants of `stages/article.py` were chosen on the first); then the mean over sets, the share of
pages below .5, and CPU seconds, also as a ratio to bare `trafilatura.extract`. `--tail` lists the
worst pages of ours; `--clean` adds what our line cleaning leaves of each page: with what it moves
to fields of the record (datelines, bylines, stamps, agencies), which is not lost, and without.

Word F1: words as multisets, in lower case; a word is a run of letters, digits and marks, and each
character of the scripts that part no words by blanks. Tools that are not installed are left out:
readability-lxml, resiliparse, newspaper4k and jusText have environments of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import logging
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple, NoReturn, TypeAlias

from jsonl import objects

_DENSE = "\u2e80-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f"
_WORD = re.compile(rf"[{_DENSE}](?<=\w)|[^\W{_DENSE}]+")

#: What is measured of line cleaning, and what becomes of classes for it.
_MOVED = ("dateline", "byline", "date_stamp", "epoch", "agency_credit")
_CLEANED: Mapping[str, Mapping[str, str]] = {
    "ours, lines cleaned": dict.fromkeys(_MOVED, "off"),
    "ours, text alone": {},
}

Tool: TypeAlias = "Callable[[str], str | None]"


class Scores(NamedTuple):
    """What a tool made of a set: word F1 page by page, and CPU seconds."""

    f1: Sequence[float]
    seconds: float


def word_f1(text: str, gold: str) -> float:
    """Compare the words of two texts, order apart."""
    ours, theirs = (Counter(_WORD.findall(side.lower())) for side in (text, gold))
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 1.0


def half(page: Mapping[str, Any]) -> int:
    """Say in which half of its set a page is."""
    name = f"{page['set']}{page['page']}".encode()
    return hashlib.md5(name, usedforsecurity=False).digest()[0] & 1


def main() -> None:
    """Print tables of scores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="", help="tools, with commas between")
    parser.add_argument("--tail", type=int, default=0, metavar="N", help="list our N worst pages")
    parser.add_argument("--clean", action="store_true", help="measure our line cleaning as well")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    socket.getaddrinfo = _offline  # newspaper4k asks for a list of domains
    chosen = [name for name in options.only.split(",") if name]
    tools = {name: tool for name, tool in _tools() if not chosen or name in chosen}
    results: dict[str, dict[str, Scores]] = {name: {} for name in tools}
    cleaned: dict[str, dict[str, Scores]] = {}
    sets = {path.name.split(".")[0]: list(objects(path)) for path in _paths(options.data)}
    for name, pages in sets.items():
        print(f"\n{name}: {len(pages)} pages\n{'':22}  mean median   half 1  half 2    CPU s")
        for tool, function in tools.items():
            texts, seconds = _run(function, pages)
            results[tool][name] = scores = Scores(_scored(texts, pages), seconds)
            _print(tool, scores, pages)
            if tool == "ours" and options.clean:
                for which, actions in _CLEANED.items():
                    left = Scores(_scored(_cleaned(texts, pages, actions), pages), 0.0)
                    cleaned.setdefault(which, {})[name] = left
                    _print(which, left, pages)
            if tool == "ours" and options.tail:
                worst = sorted(zip(scores.f1, range(len(pages)), strict=True))[: options.tail]
                for score, at in worst:
                    print(f"    {100 * score:5.1f} {pages[at]['page']} {pages[at]['url'][:70]}")
    _summary({**results, **cleaned}, sets)


def _summary(results: Mapping[str, Mapping[str, Scores]], sets: Mapping[str, list[Any]]) -> None:
    bare = sum(scores.seconds for scores in results.get("default", {}).values())
    print(f"\n{'mean over the sets':22}   all  half 1  half 2   < .5 %    CPU s   × bare")
    for tool, by_set in results.items():
        every = [score for scores in by_set.values() for score in scores.f1]
        halves = [
            mean(_mean_of(scores, sets[name], part) for name, scores in by_set.items())
            for part in (0, 1)
        ]
        seconds = sum(scores.seconds for scores in by_set.values())
        low = sum(score < 0.5 for score in every) / len(every)
        print(
            f"{tool:22} {100 * mean(mean(scores.f1) for scores in by_set.values()):5.2f}"
            f" {100 * halves[0]:7.2f} {100 * halves[1]:7.2f} {100 * low:8.1f} {seconds:8.1f}"
            f" {seconds / bare if bare else float('nan'):8.2f}"
        )


def _print(tool: str, scores: Scores, pages: Sequence[Mapping[str, Any]]) -> None:
    print(
        f"{tool:22} {100 * mean(scores.f1):5.1f} {100 * median(scores.f1):6.1f}"
        f" {100 * _mean_of(scores, pages, 0):8.1f} {100 * _mean_of(scores, pages, 1):7.1f}"
        f" {scores.seconds:8.2f}",
        flush=True,
    )


def _mean_of(scores: Scores, pages: Sequence[Mapping[str, Any]], part: int) -> float:
    chosen = [score for score, page in zip(scores.f1, pages, strict=True) if half(page) == part]
    return mean(chosen) if chosen else float("nan")


def _scored(texts: Sequence[str], pages: Sequence[Mapping[str, Any]]) -> list[float]:
    return [word_f1(text, page["gold"]) for text, page in zip(texts, pages, strict=True)]


def _run(tool: Tool, pages: Sequence[Mapping[str, Any]]) -> tuple[list[str], float]:
    """Take the articles out of pages; a page that a tool fails on gives nothing."""
    texts = []
    tool(pages[0]["html"])  # imports and caches are not what is measured
    began = time.process_time()
    for page in pages:
        try:
            texts.append(tool(page["html"]) or "")
        except Exception:  # noqa: BLE001  peers raise whatever they like
            texts.append("")
    return texts, time.process_time() - began


def _cleaned(
    texts: Sequence[str], pages: Sequence[Mapping[str, Any]], actions: Mapping[str, str]
) -> list[str]:
    """Give what a whole run leaves of texts, each document for itself."""
    from clean_corpus import clean

    records = [
        {"id": str(at), "text": text or "-", "url": page["url"]}
        for at, (text, page) in enumerate(zip(texts, pages, strict=True))
    ]
    rules = {"learned": "off", "actions": dict(actions)}
    result = clean(records, {"output": {"mode": "mark"}, "boilerplate": rules})
    return [row["text"] for row in sorted(result.kept, key=lambda row: int(row["id"]))]


def _paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("html_*.jsonl*"))


def _offline(*_: object, **__: object) -> NoReturn:
    raise OSError("extractors are measured on what is in the page")


def _tools() -> Iterator[tuple[str, Tool]]:
    """Give the extractors that are installed."""
    from trafilatura import extract

    from clean_corpus import config
    from clean_corpus.stages.extract import extract as ours

    options = config.Extract()
    yield "ours", lambda page: ours(page.encode("utf-8", "replace"), "utf-8", None, options).text
    yield "default", extract
    yield "precision", lambda page: extract(page, favor_precision=True)
    yield "recall", lambda page: extract(page, favor_recall=True)
    yield "no comments", lambda page: extract(page, include_comments=False)
    yield "fast", lambda page: extract(page, fast=True)
    peers = {
        "readability": _readability,
        "resiliparse": _resiliparse,
        "newspaper": _newspaper,
        "justext": _justext,
    }
    for module, tool in peers.items():
        if importlib.util.find_spec(module):
            yield module, tool


def _readability(page: str) -> str:
    from lxml.html import fromstring
    from readability import Document

    return str(fromstring(Document(page).summary()).text_content())


def _resiliparse(page: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(page, main_content=True, alt_texts=False))


def _newspaper(page: str) -> str:
    from newspaper import Article

    article = Article("https://example.org/page", language="en")
    article.download(input_html=page)
    article.parse()
    return str(article.text)


def _justext(page: str) -> str:
    from justext import get_stoplist, justext

    found = justext(page.encode("utf-8", "replace"), get_stoplist("English"), encoding="utf-8")
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


if __name__ == "__main__":
    main()
