"""An article comes out of a page; a page that would take the run down does not."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from clean_corpus import config
from clean_corpus.stages import extract as module
from clean_corpus.stages.extract import extract
from clean_corpus.stages.page import PageFault, depth_exceeds

OPTIONS = config.Extract()

PARAGRAPHS = [
    "La vieille bibliothèque de la ville rouvrira ses portes samedi, après deux ans de travaux.",
    "Les rayons ont été refaits, la salle de lecture agrandie, et le toit ne fuit plus.",
    "« Nous avons gardé les fenêtres d’origine », dit l’architecte, qui habite la rue.",
]


def page(*, body: str | None = None, head: str = "", charset: str = "utf-8") -> bytes:
    inner = "".join(f"<p>{p}</p>" for p in PARAGRAPHS) if body is None else body
    html = (
        f"<html><head><meta charset='{charset}'><title>Réouverture - Le Quotidien</title>{head}"
        f"</head><body><nav><a href='/'>Accueil</a> <a href='/sport'>Sport</a></nav><article>"
        f"<h1>La bibliothèque rouvre</h1>{inner}"
        "<table><tr><td>samedi</td><td>de dix heures à dix-huit heures</td></tr></table></article>"
        "<section id='comments'><div class='comment'><p>Enfin une bonne nouvelle pour tous !</p>"
        "</div></section><footer>Mentions légales</footer></body></html>"
    )  # fmt: skip
    return html.encode(charset)


def test_the_article_comes_out_and_the_rest_does_not() -> None:
    found = extract(page(), None, "https://example.org/a", OPTIONS)
    lines = found.text.split("\n")
    assert [line for line in lines if line in PARAGRAPHS] == PARAGRAPHS
    assert "Mentions légales" not in found.text
    assert "Sport" not in found.text
    assert (found.title, found.encoding) == ("La bibliothèque rouvre", "utf-8")


def test_tables_and_comments_are_options() -> None:
    texts = {
        (tables, comments): extract(
            page(), None, None, config.Extract(tables=tables, comments=comments)
        ).text
        for tables in (True, False)
        for comments in (True, False)
    }
    for (tables, comments), text in texts.items():
        assert ("dix-huit heures" in text) == tables
        assert ("bonne nouvelle" in text) == comments


@pytest.mark.parametrize("focus", ["balanced", "precision", "recall"])
def test_every_focus_finds_the_article(focus: str) -> None:
    options = config.from_json(config.Extract, {"focus": focus})
    assert PARAGRAPHS[0] in extract(page(), None, None, options).text


def test_one_page_leaves_nothing_behind() -> None:
    """With trafilatura's own deduplication, the fourth copy of a page is empty."""
    assert len({extract(page(), None, None, OPTIONS) for _ in range(8)}) == 1


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("windows-1252", "windows-1252"), ("windows-1252", None), ("utf-8", "latin-1")],
)
def test_bytes_become_text_by_header_and_page(charset: str, declared: str | None) -> None:
    found = extract(page(charset=charset), declared, None, OPTIONS)
    assert PARAGRAPHS[1] in found.text
    assert found.encoding == (charset if charset != "utf-8" else "utf-8 (not as declared)")


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("<meta property='article:published_time' content='2025-02-12'>", "2025-02-12"),
        ("<meta name='Date' content=' 12/02/2025 '>", "12/02/2025"),
        ("<meta name='date' content=''>", None),
        ("", None),
    ],
)
def test_the_date_is_what_the_page_declares(head: str, date: str | None) -> None:
    assert extract(page(head=head), None, None, OPTIONS).date == date


@pytest.mark.parametrize("data", [b"", b"   ", b"<html></html>", b"<p>", b"\xff\xfe<"])
def test_a_page_without_an_article_gives_an_empty_text(data: bytes) -> None:
    assert extract(data, None, None, OPTIONS).text == ""


@pytest.mark.parametrize(
    "data",
    [
        b"<div>" * 90_000,
        b"<b>" * 3_000 + b"text",
        b"<div><span>" * 2_000 + b"text" + b"</span></div>" * 2_000,
    ],
)
def test_a_bottomless_page_is_a_fault_at_once(data: bytes) -> None:
    start = time.process_time()
    with pytest.raises(PageFault, match=r"nested deeper than extract\.max_depth = 2000 allows"):
        extract(data, None, None, OPTIONS)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("tag", ["<p>", "<div>", "<p>a</p>"])
def test_a_page_of_a_million_elements_is_a_fault_at_once(tag: str) -> None:
    start = time.process_time()
    with pytest.raises(PageFault, match=r"more elements than extract\.max_elements = 100000"):
        extract(tag.encode() * 1_000_000, None, None, OPTIONS)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("attribute", ["a{}", "a{}=1", "a{} = 'b c'", 'a{}="b > c < d"'])
def test_an_element_of_many_attributes_is_a_fault_at_once(attribute: str) -> None:
    start = time.process_time()
    attributes = " ".join(map(attribute.format, range(90_000)))
    with pytest.raises(PageFault, match="an element of the page has more than 10000 attributes"):
        extract(f"<body><p {attributes}>text</p>".encode(), None, None, OPTIONS)
    assert time.process_time() - start < 2


def test_long_attributes_and_scripts_are_no_fault() -> None:
    words = "a b = c < d " * 20_000
    head = f"<script>x = '{words}'</script><meta name=x content=\"{words}\">"
    assert PARAGRAPHS[0] in extract(page(head=head), None, None, OPTIONS).text


@pytest.mark.parametrize("data", [bytes(range(256)) * 20, b"\0" * 100])
def test_binary_data_is_no_page(data: bytes) -> None:
    with pytest.raises(PageFault, match="holds binary data, not HTML"):
        extract(data, None, None, OPTIONS)


def test_a_page_that_never_closes_is_read() -> None:
    body = "".join(f"<p>{p}<br>" for p in PARAGRAPHS)
    assert (
        PARAGRAPHS[0]
        in extract(b"<html><body><article>" + body.encode(), "utf-8", None, OPTIONS).text
    )


def test_a_page_of_short_lines_only_is_what_trafilatura_takes() -> None:
    lines = [f"Stall {number} open" for number in range(40)]
    body = "".join(f"<p>{line}</p>" for line in lines)
    html = f"<html><body><article>{body}</article></body></html>".encode()
    assert extract(html, None, None, OPTIONS).text.split("\n") == lines


def test_a_large_page_is_a_fault() -> None:
    with pytest.raises(PageFault, match="larger than"):
        extract(b" " * (2**20 + 1), None, None, config.Extract(max_page_mb=1))


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("<div><p>a<p>b<p>c</div>", 1),
        ("<ul><li>a<li>b<li>c</ul>", 1),
        ("<div><br><img><hr><input></div>", 1),
        ("<DIV><Section></SECTION></div>", 2),
        ("<!-- <div><div><div> --><b></b>", 1),
        ("<script>'<div><div><div>'</script><b></b>", 1),
        ("<style><div><div><div></style><b></b>", 1),
        ("a < b <3 <div/> < div>", 1),
        ("</div></div><div></div>", 1),
        ("<!-- <div><div>", 0),
        ("<script><div><div>", 0),
        ("<a><b><i><u>", 4),
    ],
)
def test_depth_is_counted_by_tags(text: str, depth: int) -> None:
    # Enough of what does not nest, so that the count of tags alone decides nothing.
    text = "<br>" * 20 + text
    assert not depth_exceeds(text, depth)
    assert depth == 0 or depth_exceeds(text, depth - 1)


def test_time_is_the_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = module._tools()

    def forever(*_: object, **__: object) -> str:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(module, "_tools", lambda: tools._replace(extract=forever))
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(PageFault, match=r"longer than extract\.seconds = 1 allows"):
        extract(page(), None, None, config.Extract(seconds=1))
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_trafilatura_fails_on_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = module._tools()

    def failing(*_: object, **__: object) -> str:
        raise RecursionError("too deep")

    monkeypatch.setattr(module, "_tools", lambda: tools._replace(extract=failing))
    with pytest.raises(
        PageFault, match=r"trafilatura fails on the page \(RecursionError: too deep\)"
    ):
        extract(page(), None, None, OPTIONS)


def test_it_works_off_the_main_thread() -> None:
    found: list[str] = []
    thread = threading.Thread(
        target=lambda: found.append(extract(page(), None, None, OPTIONS).text)
    )
    thread.start()
    thread.join()
    assert PARAGRAPHS[2] in found[0]
