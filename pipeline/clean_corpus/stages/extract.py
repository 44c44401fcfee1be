"""Take the article out of a web page with trafilatura, within limits."""

from __future__ import annotations

import logging
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any, NamedTuple

from clean_corpus import config
from clean_corpus.decode import decode, html_charset


class Extracted(NamedTuple):
    """The article of a page ("" where there is none), and what the page says of it.

    `date` is as the page writes it; `encoding` is how its bytes became text.
    """

    text: str
    title: str | None
    date: str | None
    encoding: str


class ExtractFault(Exception):
    """A page that cannot be used; the text says why in one sentence."""


def extract(
    page: bytes, charset: str | None, url: str | None, options: config.Extract
) -> Extracted:
    """Extract the article of an HTML page, its paragraphs on lines of their own.

    `charset` is what the HTTP header declares; without it the page is asked. One page leaves
    nothing behind that could change the next. Raises ExtractFault for a page that is larger or
    nested deeper than `options` allow, that takes longer (on the main thread only), or that
    trafilatura fails on.
    """
    if len(page) > options.max_page_mb << 20:
        raise ExtractFault(
            f"the page is larger than extract.max_page_mb = {options.max_page_mb} allows"
        )
    decoded = decode(page, charset or html_charset(page))
    if depth_exceeds(decoded.text, options.max_depth):
        raise ExtractFault(
            f"the page is nested deeper than extract.max_depth = {options.max_depth} allows"
        )
    tools = _tools()
    with _at_most(options.seconds):
        try:
            tree = tools.load(decoded.text)
            if tree is None:
                return Extracted("", None, None, decoded.encoding)
            title, date = tools.title(tree), _date(tree)
            text = tools.extract(
                tree,
                url=url,
                favor_precision=options.focus == "precision",
                favor_recall=options.focus == "recall",
                include_comments=options.comments,
                include_tables=options.tables,
                # Otherwise what was on earlier pages would be missing on this one.
                deduplicate=False,
            )
        except ExtractFault:
            raise
        # Whatever a page does to the parser, the others are still to come.
        except Exception as error:
            name = type(error).__name__
            raise ExtractFault(f"trafilatura fails on the page ({name}: {error})") from error
    return Extracted(text or "", title, date, decoded.encoding)


class _Tools(NamedTuple):
    load: Callable[[str], Any]
    title: Callable[[Any], str | None]
    extract: Callable[..., str | None]


@cache
def _tools() -> _Tools:
    """Import trafilatura, which takes 0.1 s, for those who have HTML."""
    import trafilatura
    from trafilatura.metadata import examine_meta, extract_title

    def title(tree: Any) -> str | None:
        return examine_meta(tree).title or extract_title(tree)

    # Its complaints about a page would end on the terminal; the fault says it all.
    logging.getLogger("trafilatura").addHandler(logging.NullHandler())
    return _Tools(trafilatura.load_html, title, trafilatura.extract)


_DATES = {
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished",
    "date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.issued", "pubdate",
    "publishdate", "publish-date", "parsely-pub-date", "sailthru.date",
}  # fmt: skip


def _date(tree: Any) -> str | None:
    """Give the date of publication that the head of a page declares, first come first served."""
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name.lower() in _DATES and (value := (meta.get("content") or "").strip()):
            return str(value)
    return None


_TAG = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9]*))")
# Elements without content, and those that the parser closes by itself.
_FLAT = {
    "area", "base", "body", "br", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html",
    "img", "input", "li", "link", "meta", "option", "p", "param", "rp", "rt", "source", "tbody",
    "td", "tfoot", "th", "thead", "tr", "track", "wbr",
}  # fmt: skip
_RAW = {"noscript", "script", "style", "textarea", "title", "xmp"}


def depth_exceeds(page: str, limit: int) -> bool:
    """Say whether elements of a page are nested deeper than `limit`, without building the tree.

    One pass over the tags; comments, scripts and style sheets are stepped over.
    """
    if page.count("<") - page.count("</") <= limit:
        return False
    depth = at = 0
    while found := _TAG.search(page, at):
        at = found.end()
        name = (found[2] or "").lower()
        if not name or (name in _RAW and not found[1]):
            at = page.find(f"</{found[2]}" if name else "-->", at)
            if at < 0:
                return False
        elif name not in _FLAT and name not in _RAW:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > limit:
                return True
    return False


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Break off after so many seconds, where a signal can: on the main thread of a Unix."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise ExtractFault(f"the page takes longer than extract.seconds = {seconds} allows")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
