"""Take the article out of a web page, with trafilatura and the density of its blocks."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any, NamedTuple

from clean_corpus import config
from clean_corpus.decode import decode, html_charset, is_binary
from clean_corpus.stages.article import article
from clean_corpus.stages.blocks import lay_out
from clean_corpus.stages.page import PageFault, check_shape, check_size, tree
from clean_corpus.stages.thin import thin


class Extracted(NamedTuple):
    """The article of a page ("" where there is none), and what the page says of it.

    `date` is as the page writes it; `encoding` is how its bytes became text.
    """

    text: str
    title: str | None
    date: str | None
    encoding: str


def extract(
    page: bytes, charset: str | None, url: str | None, options: config.Extract
) -> Extracted:
    """Extract the article of an HTML page, its paragraphs on lines of their own.

    `charset` is what the HTTP header declares; without it the page is asked. One page leaves
    nothing behind that could change the next. Raises PageFault for a page that is larger, of
    more elements, or nested deeper than `options` allow, that takes longer (on the main thread
    only), that holds no text, or that trafilatura fails on.
    """
    check_size(page, options)
    decoded = decode(page, charset or html_charset(page))
    if is_binary(decoded.text):
        raise PageFault("the page holds binary data, not HTML")
    check_shape(decoded.text, options)
    tools = _tools()
    with _at_most(options.seconds):
        try:
            root = tree(decoded.text)
            if root is None:
                return Extracted("", None, None, decoded.account)
            title, date = tools.title(root), _date(root)
            layout = lay_out(root, tables=options.tables)
            thin(root, layout)
            taken = tools.extract(
                root,
                url=url,
                # Its other ways to the article cost as much again, and are worse than ours.
                fast=True,
                favor_precision=options.focus != "recall",
                favor_recall=options.focus == "recall",
                include_comments=options.comments,
                include_tables=options.tables,
                # Otherwise what was on earlier pages would be missing on this one.
                deduplicate=False,
            )
            strict = options.focus == "precision"
            text = article(layout, taken or "", comments=options.comments, strict=strict)
        except PageFault:
            raise
        # Whatever a page does to the parser, the others are still to come.
        except Exception as error:
            name = type(error).__name__
            raise PageFault(f"trafilatura fails on the page ({name}: {error})") from error
    # A page of short lines only has no dense text.
    return Extracted(text or taken or "", title, date, decoded.account)


class _Tools(NamedTuple):
    title: Callable[[Any], str | None]
    extract: Callable[..., str | None]


@cache
def _tools() -> _Tools:
    """Import trafilatura, which takes 0.1 s, for those who have HTML."""
    import trafilatura
    from trafilatura.metadata import examine_meta, extract_title

    def title(root: Any) -> str | None:
        return examine_meta(root).title or extract_title(root)

    # Its complaints about a page would end on the terminal; the fault says it all.
    logging.getLogger("trafilatura").addHandler(logging.NullHandler())
    return _Tools(title, trafilatura.extract)


_DATES = {
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished",
    "date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.issued", "pubdate",
    "publishdate", "publish-date", "parsely-pub-date", "sailthru.date",
}  # fmt: skip


def _date(root: Any) -> str | None:
    """Give the date of publication that the head of a page declares, first come first served."""
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name.lower() in _DATES and (value := (meta.get("content") or "").strip()):
            return str(value)
    return None


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Break off after so many seconds, where a signal can: on the main thread of a Unix."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise PageFault(f"the page takes longer than extract.seconds = {seconds} allows")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
