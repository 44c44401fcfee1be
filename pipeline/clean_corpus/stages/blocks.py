"""Take a page apart into blocks of text, and say of each what the page shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import normalize


class Block(NamedTuple):
    """A run of text without a break in it: a paragraph, a cell, a line before a `<br>`.

    `key` is its letters and digits, by which texts are compared. `size` and `linked` count its
    characters and those inside links; one that stands for a whole word (an ideograph) counts for
    three. `stops` counts commas and ends of sentences. `element` is the index of the element it
    stands in. `doubtful`, `comment` and `body` say whether an element around it is named like
    furniture, like readers' comments, or like the body of an article.
    """

    text: str
    key: str
    size: int
    linked: int
    stops: int
    heading: bool
    element: int
    doubtful: bool
    comment: bool
    body: bool


@dataclass(slots=True)
class Element:
    """An element that holds blocks: those from `first` until `last`.

    `parts` are its own blocks (as ~index) and the elements in it (as index), in order.
    """

    tag: str
    parent: int
    first: int
    last: int = -1
    parts: list[int] = field(default_factory=list)


class Layout(NamedTuple):
    """The blocks of a page and the elements around them, both in the order of the page."""

    blocks: list[Block]
    elements: list[Element]


_SKIPPED = {
    "applet", "area", "audio", "button", "canvas", "datalist", "dialog", "embed", "footer", "frame",
    "frameset", "head", "iframe", "input", "link", "map", "math", "menu", "meta", "nav", "noindex",
    "object", "option", "script", "select", "style", "svg", "template", "textarea", "time", "video",
}  # fmt: skip
#: What may hold the article where there is nothing else on the page.
_USUALLY_SKIPPED = {"aside", "figure", "noscript"}
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
}  # fmt: skip
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_WHOLE = {"article", "body", "html", "main"}

# Names that people give to parts of their pages, in `class` and `id`.
_COMMENT = re.compile(
    r"comment(?!ary)|disqus|respond|reply|replies|\bkoment|forum|opinie\b|pinglun|feedback"
    r"|talkback",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"side-?bar|foot(?:er|\b)|related|shar(?:e|ing)|social|newsletter|promo|breadcrumb|cookie"
    r"|consent|gdpr|byline|author|navi|\bnav\b|menu|banner|widget|\btags?\b|popular|most-"
    r"|recommend|sponsor|outbrain|taboola|advert|caption|credit|copyright|pager|paginat|toolbar"
    r"|login|signup|subscri|teaser|hidden|noprint|rating|vote|\bmeta\b|read-?more|also|\bnext"
    r"|\bprev|popup|modal|overlay|\bad-|-ad\b|\bads\b|trending|latest|headlines|outer-?links"
    r"|disclaimer|bio\b",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"(?:article|story|post)-?_?(?:body|text|content)|entry-?_?content|body-?_?text"
    r"|\bcontent-?body|main-?text|text-?body",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden")

# Kana, ideographs, Hangul, and the scripts of Thai, Lao, Tibetan and Burmese, without blanks.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f]")
_STOP = re.compile(r"[,;，、；،]|[.!?。！？](?=\s|$|[^\x00-\x7f])")
_NOT_WORD = re.compile(r"\W+")


def key(text: str) -> str:
    """Give the letters and digits of a text, composed, by which it is recognised elsewhere."""
    return _NOT_WORD.sub("", normalize("NFC", text))


class _Names(NamedTuple):
    doubtful: bool
    comment: bool
    body: bool


@lru_cache(4096)
def _judged(names: str) -> _Names:
    body = bool(_BODY.search(names))
    return _Names(not body and bool(_DOUBTFUL.search(names)), bool(_COMMENT.search(names)), body)


def _names(element: Any) -> _Names:
    """Say what an element is by its attributes."""
    get = element.get
    names = f"{get('class') or ''} {get('id') or ''}"
    found = _judged(names) if names != " " else _Names(False, False, False)
    if element.tag in _WHOLE:
        found = found._replace(doubtful=False, comment=False)
    if get("itemprop") == "articleBody":
        found = found._replace(body=True)
    style = get("style")
    if (
        (style and _HIDDEN.search(style))
        or get("hidden") is not None
        or get("aria-hidden") == "true"
    ):
        found = found._replace(doubtful=True)
    return found


class _Maker:
    """Collects text until something breaks it."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.elements: list[Element] = []
        self.open: list[int] = []
        self.around = [0, 0, 0]  # how many open elements are doubtful, for comments, a body
        self.links = 0
        self.preformatted = 0
        self.pieces: list[str] = []
        self.linked = 0

    def add(self, text: str | None) -> None:
        if not text:
            return
        if self.preformatted and "\n" in text:
            *lines, text = text.split("\n")
            for line in lines:
                self.pieces.append(line)
                self.end_block()
        self.pieces.append(text)
        if self.links:
            self.linked += len(text.strip())

    def end_block(self) -> None:
        if not self.pieces:
            return
        text = " ".join("".join(self.pieces).split())
        linked, self.linked = self.linked, 0
        self.pieces.clear()
        if not text or not self.open:
            return
        size = len(text) + 2 * (0 if text.isascii() else len(_DENSE.findall(text)))
        at = self.open[-1]
        element = self.elements[at]
        element.parts.append(~len(self.blocks))
        self.blocks.append(
            Block(
                text,
                key(text),
                size,
                min(linked, len(text)) * size // len(text),
                len(_STOP.findall(text)),
                element.tag in _HEADINGS,
                at,
                *(count > 0 for count in self.around),
            )
        )

    def start(self, tag: str, names: _Names) -> None:
        self.end_block()
        parent = self.open[-1] if self.open else -1
        if parent >= 0:
            self.elements[parent].parts.append(len(self.elements))
        self.open.append(len(self.elements))
        self.elements.append(Element(tag, parent, len(self.blocks)))
        for kind, yes in enumerate(names):
            self.around[kind] += yes

    def end(self, names: _Names) -> None:
        self.end_block()
        self.elements[self.open.pop()].last = len(self.blocks)
        for kind, yes in enumerate(names):
            self.around[kind] -= yes


def lay_out(tree: Any, *, tables: bool = True, everything: bool = False) -> Layout:
    """Take the body of a parsed page apart.

    Scripts, navigation, forms' controls and the like are left out, tables where `tables` is off,
    and asides, figures and what is for browsers without scripts unless `everything` is on.
    """
    skipped = _SKIPPED if everything else _SKIPPED | _USUALLY_SKIPPED
    skipped = skipped if tables else skipped | {"table"}
    body = tree.find("body")
    maker = _Maker()
    open_names: list[_Names] = []
    for event, element in _walk(tree if body is None else body, skipped):
        tag = element.tag
        if event == "skip":
            maker.add(" ")
        elif tag in _INLINE or ":" in tag:
            if tag == "a":
                maker.links += 1 if event == "start" else -1
        elif tag in ("br", "hr"):
            maker.end_block()
        elif event == "start":
            open_names.append(_names(element))
            maker.start(tag, open_names[-1])
        else:
            maker.end(open_names.pop())
        if tag == "pre":
            maker.preformatted += 1 if event == "start" else -1
        maker.add(element.text if event == "start" else element.tail)
    return Layout(maker.blocks, maker.elements)


def _walk(tree: Any, skipped: set[str]) -> Iterator[tuple[str, Any]]:
    """Give ("start", element), ("end", element), and ("skip", element) for what is left out."""
    from lxml.etree import iterwalk

    walk = iterwalk(tree, events=("start", "end"))
    left_out = None
    for event, element in walk:
        if event == "end":
            yield ("skip" if element is left_out else "end"), element
        elif element.tag in skipped:
            walk.skip_subtree()
            left_out = element
        else:
            yield event, element
